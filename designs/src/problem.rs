//! Mistakes in what a user wrote: every one of them at once, each with its place in the text.
//!
//! A [`Problem`] points into one of the [`Source`] texts by byte span, so that a command can print the
//! line itself; [`Problems`] alone prints `name:line:column: message`. Nothing here reads files.

use std::fmt;
use std::ops::Range;

pub use names::suggest::{did_you_mean, nearest, shorten};

/// What kind of text a [`Source`] is; decides the provenance of the values written in it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SourceKind {
    /// A file of the user.
    File,
    /// A preset that ships with this crate.
    Preset,
    /// An argument of the command line.
    Argument,
}

/// A text that was read: a file, a preset or a command-line argument.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Source {
    /// Path of the file, `preset NAME`, or `--set ARGUMENT`.
    pub name: String,
    /// The whole text.
    pub text: String,
    /// What it is.
    pub kind: SourceKind,
}

impl Source {
    /// Line and column (both from 1, columns in characters) of the byte `offset`.
    #[must_use]
    pub fn line_column(&self, offset: usize) -> (usize, usize) {
        let mut end = offset.min(self.text.len());
        while !self.text.is_char_boundary(end) {
            end -= 1;
        }
        let before = &self.text[..end];
        let start_of_line = before.rfind('\n').map_or(0, |newline| newline + 1);
        (before.matches('\n').count() + 1, before[start_of_line..].chars().count() + 1)
    }
}

/// A place in one of the sources.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Location {
    /// Index into [`Problems::sources`].
    pub source: usize,
    /// Bytes of the source's text.
    pub span: Range<usize>,
}

/// One mistake.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// What is wrong.
    pub message: String,
    /// What would be right.
    pub help: Option<String>,
    /// Where, unless it concerns no text.
    pub at: Option<Location>,
}

impl Problem {
    /// A problem at a place.
    #[must_use]
    pub fn at(at: Location, message: impl Into<String>) -> Self {
        Self { message: message.into(), help: None, at: Some(at) }
    }

    /// A problem of no text in particular.
    #[must_use]
    pub fn general(message: impl Into<String>) -> Self {
        Self { message: message.into(), help: None, at: None }
    }

    /// The same with advice.
    #[must_use]
    pub fn help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }
}

/// Everything found wrong with one input.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub struct Problems {
    /// The texts that the problems point into.
    pub sources: Vec<Source>,
    /// At least one problem.
    pub problems: Vec<Problem>,
}

impl Problems {
    /// A single problem that concerns no text.
    #[must_use]
    pub fn general(message: impl Into<String>) -> Self {
        Self { sources: Vec::new(), problems: vec![Problem::general(message)] }
    }

    /// Name, line and column of a problem, unless it concerns no text.
    #[must_use]
    pub fn place(&self, problem: &Problem) -> Option<(&str, usize, usize)> {
        let at = problem.at.as_ref()?;
        let source = self.sources.get(at.source)?;
        let (line, column) = source.line_column(at.span.start);
        Some((&source.name, line, column))
    }
}

impl fmt::Display for Problems {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (i, problem) in self.problems.iter().enumerate() {
            if i > 0 {
                writeln!(f)?;
            }
            if let Some((name, line, column)) = self.place(problem) {
                write!(f, "{name}:{line}:{column}: ")?;
            }
            write!(f, "{}", problem.message)?;
            if let Some(help) = &problem.help {
                write!(f, "\n    help: {help}")?;
            }
        }
        Ok(())
    }
}

/// Problems of one report; a text that has more is not what it claims to be.
const MAX_PROBLEMS: usize = 50;

/// Bounds a report.
pub fn cap(problems: &mut Vec<Problem>) {
    let more = problems.len().saturating_sub(MAX_PROBLEMS);
    if more > 0 {
        problems.truncate(MAX_PROBLEMS);
        problems.push(Problem::general(format!("{more} more problems")));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn source(text: &str) -> Source {
        Source { name: "a.toml".into(), text: text.into(), kind: SourceKind::File }
    }

    #[test]
    fn line_and_column_count_characters() {
        let source = source("a\nµµb\n");
        assert_eq!(source.line_column(0), (1, 1));
        assert_eq!(source.line_column(6), (2, 3));
        assert_eq!(source.line_column(3), (2, 1), "inside a character counts as its start");
        assert_eq!(source.line_column(999), (3, 1));
    }

    #[test]
    fn display_names_the_place_and_the_help() {
        let problems = Problems {
            sources: vec![source("x = 1\ny = 2\n")],
            problems: vec![
                Problem::at(Location { source: 0, span: 6..7 }, "wrong").help("right"),
                Problem::general("also"),
            ],
        };
        assert_eq!(problems.to_string(), "a.toml:2:1: wrong\n    help: right\nalso");
    }

    #[test]
    fn reports_and_quotations_are_bounded() {
        let mut problems = vec![Problem::general("x"); 1000];
        cap(&mut problems);
        assert_eq!(problems.len(), MAX_PROBLEMS + 1);
        assert_eq!(problems[MAX_PROBLEMS].message, "950 more problems");
        assert_eq!(shorten("a\nb\u{1b}[1m\"c\""), "a\\nb\\u{1b}[1m\"c\"");
        assert_eq!(shorten(&"x".repeat(1000)).len(), 63);
    }
}
