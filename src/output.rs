//! Results on standard output.

use std::io::Write;

use serde::Serialize;

use crate::diagnostics::Failure;

/// Writes text to standard output.
pub fn text(text: &str) -> Result<(), Failure> {
    let mut out = std::io::stdout().lock();
    out.write_all(text.as_bytes())?;
    out.flush()?;
    Ok(())
}

/// Writes a value as indented JSON with a final newline.
pub fn json<T: Serialize>(value: &T) -> Result<(), Failure> {
    let mut body = serde_json::to_string_pretty(value).expect("results serialize");
    body.push('\n');
    text(&body)
}
