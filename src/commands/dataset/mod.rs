//! `hardwire dataset`: the corpus of the learned cost model, from drawing its rows to checking its labels.

mod build;
mod columns;
mod journal;
mod label;
mod passes;
mod pool;
mod progress;
mod summary;
mod table;
mod worker;

use std::process::ExitCode;

use crate::cli::{Dataset, DatasetAction};
use crate::diagnostics::Failure;

/// Runs the command.
pub fn run(arguments: &Dataset) -> Result<ExitCode, Failure> {
    match &arguments.action {
        DatasetAction::Build(arguments) => build::run(arguments),
        DatasetAction::Label(arguments) => label::run(arguments),
        DatasetAction::Worker => worker::run(),
        DatasetAction::Passes => serve_passes(),
        _ => needs_llvm("labelling").map(|()| ExitCode::SUCCESS),
    }
}

#[cfg(feature = "mlir")]
fn serve_passes() -> Result<ExitCode, Failure> {
    passes::serve()
}

#[cfg(not(feature = "mlir"))]
fn serve_passes() -> Result<ExitCode, Failure> {
    needs_llvm("running MLIR passes").map(|()| ExitCode::SUCCESS)
}

/// Refuses what only a build with LLVM can do.
fn needs_llvm(what: &str) -> Result<(), Failure> {
    if cfg!(feature = "mlir") {
        return Ok(());
    }
    Err(Failure::Request(format!("{what}: {}", ir::mlir::NOT_BUILT)))
}
