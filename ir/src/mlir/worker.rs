//! A labelling worker: batches of modules in, labels out, one JSON document a line.
//!
//! A fatal error of LLVM ends the process that runs this, so it runs in a process of its own
//! (see [`crate::labels::Batch`] for what its parent does then).

use std::io::{BufRead, Write};

#[cfg(feature = "mlir")]
use crate::labels::Batch;

/// What ends a worker before its input does.
#[derive(Debug, thiserror::Error)]
pub enum WorkerError {
    /// A line is no batch.
    #[error("line {line}: {reason}")]
    Request {
        /// From 1.
        line: usize,
        /// What is wrong with it.
        reason: String,
    },
    /// The other side is gone.
    #[error("{0}")]
    Io(#[from] std::io::Error),
    /// The toolchain is not complete.
    #[error("{0}")]
    Toolchain(String),
}

/// Longest line accepted, in bytes.
#[cfg(feature = "mlir")]
const LONGEST_LINE: u64 = 256 << 20;

/// Serves batches until the input ends.
///
/// # Errors
/// A line that is no batch, a broken pipe, or an incomplete toolchain.
#[cfg(feature = "mlir")]
pub fn serve(mut input: impl BufRead, mut output: impl Write) -> Result<(), WorkerError> {
    use std::io::Read;
    let mut labeller =
        super::codegen::Labeller::new().map_err(|failure| WorkerError::Toolchain(failure.to_string()))?;
    for line in 1.. {
        let mut text = String::new();
        if input.by_ref().take(LONGEST_LINE).read_line(&mut text)? == 0 {
            break;
        }
        if text.trim().is_empty() {
            continue;
        }
        let request = |error: serde_json::Error| WorkerError::Request { line, reason: error.to_string() };
        let batch: Batch = serde_json::from_str(&text).map_err(request)?;
        serde_json::to_writer(&mut output, &labeller.label(&batch)).map_err(std::io::Error::from)?;
        output.write_all(b"\n")?;
        output.flush()?;
    }
    Ok(())
}

/// Says that this build cannot label.
///
/// # Errors
/// Always: the feature `mlir` is off.
#[cfg(not(feature = "mlir"))]
pub fn serve(_: impl BufRead, _: impl Write) -> Result<(), WorkerError> {
    Err(WorkerError::Toolchain(super::NOT_BUILT.into()))
}
