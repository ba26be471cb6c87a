//! The registry of operations: its records agree with each other and cover the operations of MLIR 22.

mod consistency;
mod coverage;
