//! Tests that need LLVM (feature `mlir`), in one binary because each links all of it.

mod bridge;
mod differential;
mod gpu;
mod labels;
