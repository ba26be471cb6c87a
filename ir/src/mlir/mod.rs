//! The bridge to LLVM and upstream MLIR (feature `mlir`): the one place of the project that knows them.
//!
//! Without the feature the same entry points exist and say precisely what is missing.

#[cfg(feature = "mlir")]
#[allow(unsafe_code)]
pub mod bridge;
