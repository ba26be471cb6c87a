//! Requests of one client, one a line, and their answers.

use std::io::{BufRead, Write};

use super::lines::{Line, Lines};
use super::request;
use super::service::Service;
use crate::diagnostics::Failure;

/// Answers requests, one a line, until the input ends.
pub fn converse(service: &Service, input: impl BufRead, mut output: impl Write) -> Result<(), Failure> {
    let mut lines = Lines::new(input, service.max_bytes);
    loop {
        let mut answer = match lines.next()? {
            Line::End => return Ok(()),
            Line::Whole(line) if line.trim_ascii().is_empty() => continue,
            Line::Whole(line) => service.answer(line)?,
            Line::TooLong => request::too_long(service.max_bytes),
        };
        answer.push(b'\n');
        output.write_all(&answer)?;
        output.flush()?;
    }
}
