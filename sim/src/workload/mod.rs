//! Model layers as MLIR, and MLIR graphs on the simulated machine.
//!
//! [`emit`] writes the layers of any [`designs::Model`] as `linalg` on tensors.

pub mod emit;
