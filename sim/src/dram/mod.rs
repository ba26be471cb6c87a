//! Cycle-level model of stacked DRAM: channels with their controller, bank groups and banks, for bandwidth and latency
//! against load.
//!
//! What it models: a channel has one controller, a row and a column command bus, and pseudo-channels with a data bus
//! each. A controller has a queue of reads and one of writes, serves reads until the writes reach a high mark (or no
//! read waits), drains them to a low mark, and issues the oldest command that is ready on each bus. A request whose
//! row is opened leaves its queue and keeps its bank until it is served. Rows close by the page policy and for the
//! refresh of all banks of a pseudo-channel. All times between commands are those of `designs::Dram`; `checker` tests
//! every command of a recorded run against its own table of them. The rules of the controller follow Ramulator 2.1, whose curves are
//! in `tests/validation/ramulator2`.
//!
//! Timing, in ticks (`commands.ticks_per_clock` a clock cycle). Times count from the end of one command to the end of
//! the next: an activation of 3 ticks and a read of 2 are `t_rcd + 3 - 2` apart. Data of a read start `t_cl` after its
//! command. A request that arrives in tick `t` can be served in `t`. Ticks without an event are skipped.
//!
//! A data bus is busy or idle. Each idle tick has one cause ([`Stall`]): what the request waited for whose data end the
//! idle time. Data and causes add up to the elapsed ticks of every bus.
//!
//! Left out: refresh of single banks, power-down, refresh management, ECC, the time from the processor to the
//! controller.

mod address;
mod channel;
pub mod checker;
mod device;
mod measure;
mod scheduler;
mod spec;
mod stall;
mod state;
mod stream;

pub use address::{Mapper, Place};
pub use channel::{BusWait, Channel, Outcome, Request};
pub use device::{Device, DeviceOutcome};
pub use measure::{LoadPoint, measure};
pub use spec::{DramError, MAX_REQUESTS, MAX_STACKS, Spec};
pub use stall::{PerStall, Stall};
pub use state::{Command, CommandKind, PerCommand};
pub use stream::{Pattern, Stream};
