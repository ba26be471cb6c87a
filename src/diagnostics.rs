//! Error messages: what is wrong, where, and what would be right.

use std::io::IsTerminal;
use std::sync::atomic::{AtomicBool, Ordering};

use annotate_snippets::{AnnotationKind, Group, Level, Renderer, Snippet};
use designs::{Problem, Problems};

use crate::cli::Colour;
use crate::messages::message;

/// Whether messages are coloured; decided once, from the arguments.
static COLOURED: AtomicBool = AtomicBool::new(false);

/// Decides whether messages are coloured.
pub fn colour(when: Colour) {
    COLOURED.store(is_coloured(when, std::io::stderr().is_terminal()), Ordering::Relaxed);
}

/// Whether what goes to a terminal, or not to one, is coloured.
pub fn is_coloured(when: Colour, terminal: bool) -> bool {
    match when {
        Colour::Always => true,
        Colour::Never => false,
        // https://no-color.org: set and not empty.
        Colour::Auto => {
            std::env::var_os("NO_COLOR").is_none_or(|value| value.is_empty())
                && std::env::var_os("TERM").is_none_or(|term| term != "dumb")
                && terminal
        }
    }
}

fn renderer() -> Renderer {
    if COLOURED.load(Ordering::Relaxed) { Renderer::styled() } else { Renderer::plain() }
}

/// The word that starts an error.
fn error() -> &'static str {
    if COLOURED.load(Ordering::Relaxed) { "\x1b[1m\x1b[91merror\x1b[0m" } else { "error" }
}

/// Error of a command.
#[derive(Debug)]
pub enum Failure {
    /// Problems in designs, models or overrides.
    Problems(Problems),
    /// Problems in an MLIR text.
    Text(Box<TextProblems>),
    /// An invalid request.
    Request(String),
    /// A file could not be written.
    File {
        /// Path of the file.
        path: String,
        /// Error of the file system.
        error: std::io::Error,
    },
    /// Standard output could not be written.
    Output(std::io::Error),
}

/// Problems of an MLIR text.
#[derive(Debug)]
pub struct TextProblems {
    /// Path of the file, or the name of standard input.
    pub name: String,
    /// The text.
    pub text: String,
    /// The problems, in the order found.
    pub diagnostics: Vec<ir::span::Diagnostic>,
}

impl From<Problems> for Failure {
    fn from(problems: Problems) -> Self {
        Self::Problems(problems)
    }
}

impl From<std::io::Error> for Failure {
    fn from(error: std::io::Error) -> Self {
        Self::Output(error)
    }
}

impl From<sim::SimulateError> for Failure {
    fn from(error: sim::SimulateError) -> Self {
        Self::Request(error.to_string())
    }
}

impl From<sim::economics::EconomicsError> for Failure {
    fn from(error: sim::economics::EconomicsError) -> Self {
        Self::Request(error.to_string())
    }
}

impl From<costmodel::rows::UnknownTarget> for Failure {
    fn from(error: costmodel::rows::UnknownTarget) -> Self {
        Self::Request(error.to_string())
    }
}

impl From<study::StudyError> for Failure {
    fn from(error: study::StudyError) -> Self {
        use study::StudyError;
        match error {
            StudyError::Problems(problems) => Self::Problems(problems),
            StudyError::Term { .. } => Self::Request(format!("--{error}")),
            StudyError::NoMaskStack(_) => Self::Request(format!("{error}; name one with --mask-stack")),
            StudyError::DifferentModels { .. } => Self::Request(format!("{error} with --model")),
            other => Self::Request(other.to_string()),
        }
    }
}

/// Writes an error to standard error.
pub fn report(failure: &Failure) {
    match failure {
        Failure::Problems(problems) => {
            for problem in &problems.problems {
                message!("{}", render(problems, problem));
            }
            if let count @ 2.. = problems.problems.len() {
                message!("{count} problems found");
            }
        }
        Failure::File { path, error } => message!("{}: cannot write `{path}`: {error}", self::error()),
        Failure::Text(problems) => {
            for diagnostic in problems.diagnostics.iter().take(MAX_SHOWN) {
                message!("{}", render_text(&problems.name, &problems.text, diagnostic, &Level::ERROR));
            }
            if let count @ 2.. = problems.diagnostics.len() {
                let shown = if count > MAX_SHOWN { format!(", the first {MAX_SHOWN} shown") } else { String::new() };
                message!("{count} problems found{shown}");
            }
        }
        Failure::Request(message) => message!("{}: {message}", error()),
        Failure::Output(error) => message!("{}: the result could not be written: {error}", self::error()),
    }
}

/// Writes what could not be read of a text and is kept as it is written.
pub fn warn(name: &str, text: &str, warnings: &[ir::span::Diagnostic]) {
    for warning in warnings.iter().take(MAX_SHOWN) {
        message!("{}", render_text(name, text, warning, &Level::WARNING));
    }
    if warnings.len() > MAX_SHOWN {
        message!("{} warnings, the first {MAX_SHOWN} shown", warnings.len());
    }
}

/// Largest number of problems shown for a text; one mistake may cause many.
const MAX_SHOWN: usize = 20;

/// Longest source line quoted, in bytes; malformed files can have lines of megabytes.
const MAX_QUOTED_LINE: usize = 400;

fn render(problems: &Problems, problem: &Problem) -> String {
    let quotable = problem.at.as_ref().and_then(|at| {
        let source = problems.sources.get(at.source)?;
        let text = &source.text;
        let start = text.get(..at.span.start)?.rfind('\n').map_or(0, |i| i + 1);
        let end = text.get(at.span.start..)?.find('\n').map_or(text.len(), |i| at.span.start + i);
        (end - start <= MAX_QUOTED_LINE).then_some((source, at.span.clone()))
    });
    let Some((source, span)) = quotable else {
        let place = problems.place(problem);
        let place = place.map_or(String::new(), |(name, line, column)| format!("{name}:{line}:{column}: "));
        let help = problem.help.as_ref().map_or(String::new(), |h| format!("\n  help: {h}"));
        return format!("{}: {place}{}{help}\n", error(), problem.message);
    };
    let snippet =
        Snippet::source(source.text.as_str()).path(source.name.as_str()).annotation(AnnotationKind::Primary.span(span));
    let mut group: Group = Level::ERROR.primary_title(problem.message.as_str()).element(snippet);
    if let Some(help) = &problem.help {
        group = group.element(Level::HELP.message(help.as_str()));
    }
    renderer().render(&[group]) + "\n"
}

/// A problem with its first source line. Only that line is passed to the renderer, because a text may have millions of lines.
fn render_text(name: &str, text: &str, diagnostic: &ir::span::Diagnostic, level: &Level<'static>) -> String {
    let span = diagnostic.span;
    let (line, column) = span.line_column(text);
    let at = span.start as usize;
    let start = text[..at].rfind('\n').map_or(0, |i| i + 1);
    let end = text[at..].find('\n').map_or(text.len(), |i| at + i);
    if end - start > MAX_QUOTED_LINE {
        let help = diagnostic.help.as_ref().map_or(String::new(), |h| format!("\n  help: {h}"));
        let kind = if *level == Level::ERROR { "error" } else { "warning" };
        return format!("{kind}: {name}:{line}:{column}: {}{help}\n", diagnostic.message);
    }
    let marked = at - start..(span.end as usize).clamp(at, end) - start;
    let snippet =
        Snippet::source(&text[start..end]).line_start(line).path(name).annotation(AnnotationKind::Primary.span(marked));
    let mut group: Group = level.clone().primary_title(diagnostic.message.as_str()).element(snippet);
    if let Some(help) = &diagnostic.help {
        group = group.element(Level::HELP.message(help.as_str()));
    }
    renderer().render(&[group]) + "\n"
}
