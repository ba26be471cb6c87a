//! Cache traffic of MLIR functions, by walking their accesses through simulated caches.
//!
//! [`Traffic::of`] takes a function of an analysed text and the caches of a machine and returns, for each level, line misses of
//! loads and stores, write-backs, and the bytes that cross the boundary to the next level, as a whole and for each access.
//!
//! | module | does |
//! | --- | --- |
//! | [`hierarchy`] | caches of the targets as data, with sources |
//! | `build` | function to program: loops, branches, accesses with linear subscripts |
//! | `registers` | which accesses an innermost loop keeps in registers |
//! | `walk` | program to touches of lines |
//! | `cache`, `simulator` | set-associative caches one behind the other |
//! | `window` | shortcut for long rectangular nests |
//! | [`traffic`] | methods with bounded cost, results, cycles |
//!
//! What is assumed: caches are empty at the call; buffers are page-aligned and consecutive, first arguments in order,
//! then globals and allocations; an allocation inside a loop gets the same memory each time; lines of 64 B,
//! least recently used replacement, lines allocated on writes and written back when they are replaced; no prefetcher (misses that
//! one could foresee are the streamed share); one core; no address translation. A subscript that depends on data makes
//! the traffic unknown.

mod build;
mod cache;
mod expression;
pub mod hierarchy;
mod program;
mod reason;
mod registers;
mod simulator;
pub mod traffic;
mod walk;
mod window;

pub use hierarchy::{Hierarchy, HierarchyError, LINE_BYTES, Level};
pub use reason::{Reason, Unknown};
pub use traffic::{AccessTraffic, Cycles, LevelTraffic, Limits, Method, Traffic};
