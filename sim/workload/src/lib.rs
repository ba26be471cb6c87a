//! Model layers as MLIR, and MLIR functions on one chip of the simulated machine.
//!
//! [`emit`] writes the layers of any [`designs::Model`] as `linalg` on tensors; [`lower`] schedules a function
//! on one chip with the cycle counts of [`sim::units`] and returns latency and utilization.

pub mod emit;
mod lower;
mod program;

pub use lower::{Lowered, MissingPlace, Options, Placed, Reason, UnitShare, Unplaced, WeightRule, Work, lower};
pub use program::{Program, ProgramError};
