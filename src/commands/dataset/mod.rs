//! `hardwire dataset`: the corpus of the learned cost model, from drawing its rows to checking its labels.

mod build;
pub mod columns;
mod compare;
mod journal;
mod label;
mod passes;
mod pool;
mod show;
mod summary;
pub mod table;
mod verify;
mod worker;
pub mod xpu;

use std::path::{Path, PathBuf};
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
    needs_llvm("running MLIR passes").map(|()| ExitCode::SUCCESS)
}

/// The corpus of the repository.
const CORPUS: &str = "corpus/hardwire-corpus-v1.parquet";

/// The file that was named, or the corpus of the repository.
pub fn file_or_default(file: Option<&Path>) -> PathBuf {
    file.map_or_else(|| PathBuf::from(CORPUS), Path::to_path_buf)
}

/// Refuses what only a build with LLVM can do.
fn needs_llvm(what: &str) -> Result<(), Failure> {
    if cfg!(feature = "mlir") {
        return Ok(());
    }
    Err(Failure::Request(format!("{what}: {}", ir::mlir::NOT_BUILT)))
}
