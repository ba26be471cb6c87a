//! The event engine: clock domains, a totally ordered event queue, and first-come first-served servers.
//!
//! The engine is independent of chips. Time is an integer count of cycles of one reference clock; other clocks
//! have exact ratios to it, so rounding does not accumulate and results are the same on every machine.

mod clock;
mod queue;
mod server;

pub use clock::{Clock, ClockDomain};
pub use queue::{Key, Priority, Queue};
pub use server::{IDLE_CAUSES, IdleCause, Server, Usage};
