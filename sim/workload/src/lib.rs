//! Model layers as MLIR, and MLIR functions on one chip of the simulated machine.
//!
//! [`emit`] writes the layers of any [`designs::Model`] as `linalg` on tensors; [`lower`](lower()) schedules a function
//! on one chip with the cycle counts of [`sim::units`] and returns latency and utilization; [`place`](place()) decides by predicted
//! latency which units, chips and memories a function uses.

pub mod emit;
mod lower;
mod place;
mod program;

pub use lower::{Lowered, MissingPlace, Options, Placed, Reason, UnitShare, Unplaced, WeightRule, Work, lower};
pub use place::{
    Alternative, Choice, ChosenCut, Data, Figures, Fused, Home, Operation, Order, PlaceError, PlaceOptions, Placement,
    Rejected, place,
};
pub use program::{Program, ProgramError};
