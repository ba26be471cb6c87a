//! From a mapping to time: the event machine and the three disciplines by name.

pub mod cost;
pub mod dataflow;
pub mod ids;
pub mod instruction;
pub mod lockstep;
pub mod machine;
pub mod program;
pub mod request;
pub mod router;
pub mod serial;
pub mod statistics;
pub mod steady;
pub mod trace;
pub mod utilization;
pub mod wires;
