//! Model layers as MLIR, and MLIR graphs on the simulated machine.
//!
//! [`emit`] writes the layers of any [`designs::Model`] as `linalg` on tensors; [`lower`] puts a function on one
//! chip with the cycle counts of [`sim::units`], and says latency and utilization.

pub mod emit;
mod lower;
mod program;

pub use lower::{Lowered, MissingPlace, Options, Place, Placed, Reason, UnitShare, Unplaced, WeightRule, Work, lower};
pub use program::{Program, ProgramError};
