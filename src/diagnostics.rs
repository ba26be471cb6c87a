//! Mistakes as people read them: what, where, what would be right.

use annotate_snippets::{AnnotationKind, Group, Level, Renderer, Snippet};
use designs::{Problem, Problems};

/// Why a command gave no result.
#[derive(Debug)]
pub enum Failure {
    /// Problems in designs, models or overrides.
    Problems(Problems),
    /// A request that makes no sense.
    Request(String),
    /// A file could not be written.
    File {
        /// Which.
        path: String,
        /// Why.
        error: std::io::Error,
    },
    /// Standard output could not be written.
    Output(std::io::Error),
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

/// Writes a failure to standard error.
pub fn report(failure: &Failure) {
    match failure {
        Failure::Problems(problems) => {
            for problem in &problems.problems {
                eprintln!("{}", render(problems, problem));
            }
            if let count @ 2.. = problems.problems.len() {
                eprintln!("{count} problems found");
            }
        }
        Failure::File { path, error } => eprintln!("error: cannot write `{path}`: {error}"),
        Failure::Request(message) => eprintln!("error: {message}"),
        Failure::Output(error) => eprintln!("error: the result could not be written: {error}"),
    }
}

/// Longest source line quoted; hostile files have lines of megabytes.
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
        return format!("error: {place}{}{help}\n", problem.message);
    };
    let snippet =
        Snippet::source(source.text.as_str()).path(source.name.as_str()).annotation(AnnotationKind::Primary.span(span));
    let mut group: Group = Level::ERROR.primary_title(problem.message.as_str()).element(snippet);
    if let Some(help) = &problem.help {
        group = group.element(Level::HELP.message(help.as_str()));
    }
    Renderer::plain().render(&[group]) + "\n"
}
