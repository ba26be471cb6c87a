//! The event engine: clock domains, a totally ordered event queue, and first-come first-served servers.
//!
//! The engine knows nothing of chips. Time is an integer count of cycles of one reference clock; other
//! clocks are related to it by exact ratios, so nothing drifts and every machine computes the same bits.

mod clock;
mod queue;
mod server;

pub use clock::ClockDomain;
pub use queue::{Key, Priority, Queue};
pub use server::{IDLE_CAUSES, IdleCause, Server, Usage};
