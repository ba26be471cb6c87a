//! The hidden labelling workers: batches on standard input, replies on standard output.

use std::io::{stdin, stdout};
use std::process::ExitCode;

use ir::mlir::worker::{WorkerError, serve, serve_gpu};

use crate::diagnostics::Failure;

/// Labels functions for processors.
pub fn run() -> Result<ExitCode, Failure> {
    ended(serve(stdin().lock(), stdout().lock()))
}

/// Labels kernels for GPUs.
pub fn run_gpu() -> Result<ExitCode, Failure> {
    ended(serve_gpu(stdin().lock(), stdout().lock()))
}

fn ended(result: Result<(), WorkerError>) -> Result<ExitCode, Failure> {
    match result {
        Ok(()) => Ok(ExitCode::SUCCESS),
        Err(WorkerError::Io(error)) => Err(Failure::Output(error)),
        Err(error) => Err(Failure::Request(error.to_string())),
    }
}
