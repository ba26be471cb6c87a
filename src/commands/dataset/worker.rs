//! The hidden labelling worker: batches on standard input, replies on standard output.

use std::io::{stdin, stdout};
use std::process::ExitCode;

use ir::mlir::worker::{WorkerError, serve};

use crate::diagnostics::Failure;

/// Runs the command.
pub fn run() -> Result<ExitCode, Failure> {
    match serve(stdin().lock(), stdout().lock()) {
        Ok(()) => Ok(ExitCode::SUCCESS),
        Err(WorkerError::Io(error)) => Err(Failure::Output(error)),
        Err(error) => Err(Failure::Request(error.to_string())),
    }
}
