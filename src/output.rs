//! Results on standard output.
//!
//! It may be a pipe whose reader has gone; that never changes what a command does or its exit code.

use std::io::{ErrorKind, Write};

use serde::Serialize;

use crate::diagnostics::Failure;

/// Writes text to standard output. A reader that has gone is no error.
pub fn text(text: &str) -> Result<(), Failure> {
    let mut out = std::io::stdout().lock();
    match out.write_all(text.as_bytes()).and_then(|()| out.flush()) {
        Err(error) if error.kind() != ErrorKind::BrokenPipe => Err(error.into()),
        _ => Ok(()),
    }
}

/// Writes a value as indented JSON with a final newline.
pub fn json<T: Serialize>(value: &T) -> Result<(), Failure> {
    let mut body = serde_json::to_string_pretty(value).expect("results serialize");
    body.push('\n');
    text(&body)
}
