//! Results on standard output.
//!
//! It may be a pipe whose reader has gone; that never changes what a command does or its exit code.

mod csv;
mod fit;

use std::io::{ErrorKind, IsTerminal, Write};
use std::sync::atomic::{AtomicBool, Ordering};

use serde::Serialize;

use crate::cli::Colour;
use crate::diagnostics::{Failure, is_coloured};

/// Whether tables keep their width on a terminal.
static WIDE: AtomicBool = AtomicBool::new(false);

/// Whether verdicts are coloured.
static COLOURED: AtomicBool = AtomicBool::new(false);

/// Decides whether verdicts are coloured.
pub fn colour(when: Colour) {
    COLOURED.store(is_coloured(when, std::io::stdout().is_terminal()), Ordering::Relaxed);
}

/// Decides whether tables keep their width on a terminal.
pub fn wide(wide: bool) {
    WIDE.store(wide, Ordering::Relaxed);
}

/// Columns of the terminal that standard output is, if it is one.
pub fn terminal_width() -> Option<usize> {
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

/// Writes text for people, in which lines end with a verdict: what is `good` is green, what is `bad` red.
pub fn judged(text: &str, good: &str, bad: &str) -> Result<(), Failure> {
    let fitted = terminal_width().map(|columns| fit::fit(text, columns));
    let text = fitted.as_deref().unwrap_or(text);
    if !COLOURED.load(Ordering::Relaxed) {
        return raw(text);
    }
    raw(&text.lines().map(|line| painted(line, good, bad)).collect::<String>())
}

/// A line with its end coloured, if that is a verdict.
fn painted(line: &str, good: &str, bad: &str) -> String {
    let ends = |verdict: &str| {
        let before = line.strip_suffix(verdict)?;
        (before.is_empty() || before.ends_with(' ')).then_some(before)
    };
    match (ends(good), ends(bad)) {
        (Some(before), _) => format!("{before}\x1b[32m{good}\x1b[0m\n"),
        (None, Some(before)) => format!("{before}\x1b[1m\x1b[91m{bad}\x1b[0m\n"),
        (None, None) => format!("{line}\n"),
    }
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

#[cfg(test)]
mod tests {
    use super::painted;

    #[test]
    fn only_a_verdict_at_the_end_is_coloured() {
        assert_eq!(painted("figure  1.0  ok", "ok", "OFF"), "figure  1.0  \x1b[32mok\x1b[0m\n");
        assert_eq!(painted("figure  9.0  OFF", "ok", "OFF"), "figure  9.0  \x1b[1m\x1b[91mOFF\x1b[0m\n");
        for line in ["ok  figure", "look", "", "figure"] {
            assert_eq!(painted(line, "ok", "OFF"), format!("{line}\n"));
        }
    }
}
