//! `hardwire dataset`: the corpus of the learned cost model, from drawing its rows to checking its labels.

mod build;
mod compare;
pub mod file;
mod kernels;
mod label;
mod memory;
mod passes;
mod show;
mod summary;
mod verify;
mod worker;

use std::process::ExitCode;

use crate::cli::{Dataset, DatasetAction};
use crate::diagnostics::Failure;

/// Runs the command.
pub fn run(arguments: &Dataset) -> Result<ExitCode, Failure> {
    match &arguments.action {
        DatasetAction::Build(arguments) => build::run(arguments),
        DatasetAction::Extend(arguments) => build::extend(arguments),
        DatasetAction::Join(arguments) => build::join(arguments),
        DatasetAction::Label(arguments) => label::run(arguments),
        DatasetAction::Kernels(arguments) => kernels::run(arguments),
        DatasetAction::Memory(arguments) => memory::run(arguments),
        DatasetAction::Worker => worker::run(),
        DatasetAction::GpuWorker => worker::run_gpu(),
        DatasetAction::Passes => serve_passes(),
        DatasetAction::CompareParsers(arguments) => compare::run(arguments),
        DatasetAction::Compare => compare::serve(),
        DatasetAction::Show(arguments) => show::run(arguments),
        DatasetAction::Verify(arguments) => verify::run(arguments),
    }
}

#[cfg(feature = "mlir")]
fn serve_passes() -> Result<ExitCode, Failure> {
    passes::serve()
}

#[cfg(not(feature = "mlir"))]
fn serve_passes() -> Result<ExitCode, Failure> {
    file::needs_llvm("running MLIR passes").map(|()| ExitCode::SUCCESS)
}
