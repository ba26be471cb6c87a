//! LLVM and upstream MLIR (feature `mlir`). No other module of the workspace uses them.
//!
//! Without the feature, the remaining functions return errors that say how to build with it.

#[cfg(feature = "mlir")]
#[allow(unsafe_code)]
pub mod annotate;
#[cfg(feature = "mlir")]
pub mod bridge;
#[cfg(feature = "mlir")]
#[allow(unsafe_code)]
pub mod codegen;
pub mod differential;
#[cfg(feature = "mlir")]
#[allow(unsafe_code)]
pub mod gpu;
pub mod worker;

/// Message of a build without the feature `mlir` when LLVM is needed.
pub const NOT_BUILT: &str = "this build has no LLVM: install it with `make deps-mlir` and build with `--features mlir`";
