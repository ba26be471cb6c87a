//! A labelling worker: reads batches of modules and writes their labels, one JSON document a line.
//!
//! A fatal error in LLVM ends the process, so the worker is a process of its own; its parent restarts it
//! (see [`crate::labels::Batch`]).

use std::io::{BufRead, Write};

#[cfg(feature = "mlir")]
use crate::labels::Batch;
use crate::labels::Failure;
#[cfg(feature = "mlir")]
use crate::labels::gpu::GpuBatch;

/// Why a worker ends before its input does.
#[derive(Debug, thiserror::Error)]
pub enum WorkerError {
    /// A line is not a batch.
    #[error("line {line}: {reason}")]
    Request {
        /// Number of the line, from 1.
        line: usize,
        /// The JSON parser's message.
        reason: String,
    },
    /// Reading or writing failed: the parent process is gone.
    #[error("{0}")]
    Io(#[from] std::io::Error),
    /// The block simulator is not installed.
    #[error("{0}")]
    Toolchain(#[from] Failure),
    /// The feature `mlir` is off.
    #[error("{}", super::NOT_BUILT)]
    NotBuilt,
}

/// Most bytes of a line.
#[cfg(feature = "mlir")]
const LONGEST_LINE: u64 = 256 << 20;

/// Serves batches until the input ends.
///
/// # Errors
/// A line that is not a batch, a broken pipe, or no block simulator.
#[cfg(feature = "mlir")]
pub fn serve(input: impl BufRead, output: impl Write) -> Result<(), WorkerError> {
    let mut labeller = super::codegen::Labeller::new()?;
    serve_lines(input, output, |batch: Batch| {
        let mut reply = labeller.label(&batch);
        if batch.jobs.is_empty() {
            reply.toolchain = Some(labeller.toolchain(&batch.settings));
        }
        reply
    })
}

/// Serves batches for GPUs until the input ends.
///
/// # Errors
/// A line that is not a batch, or a broken pipe.
#[cfg(feature = "mlir")]
pub fn serve_gpu(input: impl BufRead, output: impl Write) -> Result<(), WorkerError> {
    let mut labeller = super::gpu::GpuLabeller::new();
    serve_lines(input, output, |batch: GpuBatch| labeller.label(&batch))
}

/// Answers each line, a JSON document, with a line.
#[cfg(feature = "mlir")]
fn serve_lines<Q: serde::de::DeserializeOwned, A: serde::Serialize>(
    mut input: impl BufRead,
    mut output: impl Write,
    mut answer: impl FnMut(Q) -> A,
) -> Result<(), WorkerError> {
    use std::io::Read;
    for line in 1.. {
        let mut text = String::new();
        if input.by_ref().take(LONGEST_LINE).read_line(&mut text)? == 0 {
            break;
        }
        if text.trim().is_empty() {
            continue;
        }
        let request = |error: serde_json::Error| WorkerError::Request { line, reason: error.to_string() };
        let reply = answer(serde_json::from_str(&text).map_err(request)?);
        serde_json::to_writer(&mut output, &reply).map_err(std::io::Error::from)?;
        output.write_all(b"\n")?;
        output.flush()?;
    }
    Ok(())
}

/// Fails: this build cannot label.
///
/// # Errors
/// Always: the feature `mlir` is off.
#[cfg(not(feature = "mlir"))]
pub fn serve(_: impl BufRead, _: impl Write) -> Result<(), WorkerError> {
    Err(WorkerError::NotBuilt)
}

/// Fails: this build cannot label.
///
/// # Errors
/// Always: the feature `mlir` is off.
#[cfg(not(feature = "mlir"))]
pub fn serve_gpu(_: impl BufRead, _: impl Write) -> Result<(), WorkerError> {
    Err(WorkerError::NotBuilt)
}
