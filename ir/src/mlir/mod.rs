//! The bridge to LLVM and upstream MLIR (feature `mlir`): the one place of the project that knows them.
//!
//! Without the feature, what remains says precisely what is missing.

#[cfg(feature = "mlir")]
#[allow(unsafe_code)]
pub mod annotate;
#[cfg(feature = "mlir")]
pub mod bridge;
#[cfg(feature = "mlir")]
#[allow(unsafe_code)]
pub mod codegen;
pub mod differential;
pub mod worker;

/// What a build without LLVM says when it is asked for something that needs it.
pub const NOT_BUILT: &str = "this build has no LLVM: install it with `make deps-mlir` and build with `--features mlir`";
