//! Compiler passes that ask the cost model: decisions about affine loop nests by predicted cost.
//!
//! The core is C++ (`cpp`), because it works on upstream's data structures: it enumerates transformations of a nest, checks by
//! its own dependence analysis that they keep the result, prints the candidates, and replaces the nest by the best one. This
//! crate compiles it into the command (feature `mlir`), with a predictor as its scorer; `make plugin` compiles the same files
//! into a plugin for `mlir-opt`. Without the feature the functions return [`PassError::NotBuilt`].

#[cfg(feature = "mlir")]
#[allow(unsafe_code)]
mod boundary;
mod decision;
#[cfg(feature = "mlir")]
mod execute;
#[cfg(feature = "mlir")]
mod measure;
#[cfg(feature = "mlir")]
mod optimize;
mod terms;

pub use decision::{Candidate, Decision, Verdict};
#[cfg(feature = "mlir")]
pub use execute::check;
#[cfg(feature = "mlir")]
pub use measure::Measurer;
#[cfg(feature = "mlir")]
pub use optimize::{optimize, target_of};
pub use terms::{
    Checked, Cost, Kind, Measure, Message, Omitted, Optimized, Options, PassError, PassedOver, Question, Schedule,
};

/// Fails: this build has no LLVM.
///
/// # Errors
/// Always: the feature `mlir` is off.
#[cfg(not(feature = "mlir"))]
pub fn optimize(_: &str, _: &Options, _: Question<'_>) -> Result<Optimized, PassError> {
    Err(PassError::NotBuilt)
}

/// Fails: this build has no LLVM.
///
/// # Errors
/// Always: the feature `mlir` is off.
#[cfg(not(feature = "mlir"))]
pub fn target_of(_: &str) -> Result<Option<String>, PassError> {
    Err(PassError::NotBuilt)
}

/// Fails: this build has no LLVM.
///
/// # Errors
/// Always: the feature `mlir` is off.
#[cfg(not(feature = "mlir"))]
pub fn check(_: &str, _: &str, _: u64, _: bool, _: f64) -> Result<Vec<Checked>, PassError> {
    Err(PassError::NotBuilt)
}
