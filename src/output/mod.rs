//! Results on standard output.
//!
//! It may be a pipe whose reader has gone; that never changes what a command does or its exit code.

mod csv;
mod fit;

use std::io::{ErrorKind, IsTerminal, Write};
use std::sync::atomic::{AtomicBool, Ordering};

use serde::Serialize;

use crate::diagnostics::Failure;

/// Whether tables keep their width on a terminal.
static WIDE: AtomicBool = AtomicBool::new(false);

/// Decides whether tables keep their width on a terminal.
pub fn wide(wide: bool) {
    WIDE.store(wide, Ordering::Relaxed);
}

/// Columns of the terminal that standard output is, if it is one.
fn terminal_width() -> Option<usize> {
    if WIDE.load(Ordering::Relaxed) || !std::io::stdout().is_terminal() {
        return None;
    }
    console::Term::stdout().size_checked().map(|(_, columns)| usize::from(columns))
}

/// Writes text for people to standard output; on a terminal it is fitted. A reader that has gone is no error.
pub fn text(text: &str) -> Result<(), Failure> {
    let fitted = terminal_width().map(|columns| fit::fit(text, columns));
    raw(fitted.as_deref().unwrap_or(text))
}

/// Writes text for programs, as it is.
pub fn raw(text: &str) -> Result<(), Failure> {
    let mut out = std::io::stdout().lock();
    match out.write_all(text.as_bytes()).and_then(|()| out.flush()) {
        Err(error) if error.kind() != ErrorKind::BrokenPipe => Err(error.into()),
        _ => Ok(()),
    }
}

/// Writes records as CSV; the column names are the keys of their JSON.
pub fn csv<T: Serialize>(records: impl IntoIterator<Item = T>) -> Result<(), Failure> {
    raw(&csv::csv(records))
}

/// Writes a value as indented JSON with a final newline.
pub fn json<T: Serialize>(value: &T) -> Result<(), Failure> {
    let mut body = serde_json::to_string_pretty(value).expect("results serialize");
    body.push('\n');
    raw(&body)
}
