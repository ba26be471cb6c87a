//! What can be wrong with a request, as Python's exceptions of `hardwire.errors`.

use costmodel::predictor::{AssumptionError, Refusal};
use costmodel::rows::UnknownTarget;
use designs::Problems;
use explore::folder::FolderError;
use explore::task::TaskError;
use ir::span::Diagnostic;
use names::UnknownName;
use pyo3::prelude::*;
use study::StudyError;

/// Why a request has no answer.
#[derive(Debug)]
pub enum Fault {
    /// Problems in designs, models, overrides or sweep files.
    Problems(Problems),
    /// Problems in an MLIR text, each with its place.
    Text(Vec<Place>),
    /// An invalid request: what is wrong, what would be right.
    Request(String, Option<String>),
    /// An exception of Python.
    Python(PyErr),
}

/// A problem with the place of its first and last character.
#[derive(Debug)]
pub struct Place {
    message: String,
    help: Option<String>,
    source: Option<String>,
    start: Option<(usize, usize)>,
    end: Option<(usize, usize)>,
}

impl Fault {
    /// An invalid request.
    pub fn request(message: impl Into<String>) -> Self {
        Self::Request(message.into(), None)
    }

    /// Why an MLIR text has no answer. `name` is what the message calls it.
    pub fn refusal(name: &str, text: &str, refusal: &Refusal) -> Self {
        match refusal {
            Refusal::Text(diagnostics) => Self::diagnostics(name, text, diagnostics),
            other => Self::request(format!("{name}: {other}")),
        }
    }

    /// The problems of an MLIR text.
    pub fn diagnostics(name: &str, text: &str, diagnostics: &[Diagnostic]) -> Self {
        let place = |diagnostic: &Diagnostic| {
            let end = ir::span::Span { start: diagnostic.span.end, ..diagnostic.span };
            Place {
                message: diagnostic.message.clone(),
                help: diagnostic.help.clone(),
                source: Some(name.to_owned()),
                start: Some(diagnostic.span.line_column(text)),
                end: Some(end.line_column(text)),
            }
        };
        Self::Text(diagnostics.iter().map(place).collect())
    }

    /// The exception.
    pub fn raise(self, py: Python<'_>) -> PyErr {
        let (class, places) = match self {
            Self::Python(error) => return error,
            Self::Problems(problems) => ("DesignError", places(&problems)),
            Self::Text(places) => ("TextError", places),
            Self::Request(message, help) => {
                ("RequestError", vec![Place { message, help, source: None, start: None, end: None }])
            }
        };
        let problems: Vec<_> = places.into_iter().map(|p| (p.message, p.help, p.source, p.start, p.end)).collect();
        let raised = py
            .import("hardwire.errors")
            .and_then(|errors| errors.getattr(class)?.call_method1("of", (problems,)))
            .map(PyErr::from_value);
        raised.unwrap_or_else(|error| error)
    }
}

fn places(problems: &Problems) -> Vec<Place> {
    let place = |problem: &designs::Problem| {
        let source = problem.at.as_ref().and_then(|at| problems.sources.get(at.source));
        let at = |offset: fn(&designs::problem::Location) -> usize| {
            source.zip(problem.at.as_ref()).map(|(source, at)| source.line_column(offset(at)))
        };
        Place {
            message: problem.message.clone(),
            help: problem.help.clone(),
            source: source.map(|source| source.name.clone()),
            start: at(|at| at.span.start),
            end: at(|at| at.span.end),
        }
    };
    problems.problems.iter().map(place).collect()
}

impl From<Problems> for Fault {
    fn from(problems: Problems) -> Self {
        Self::Problems(problems)
    }
}

impl From<StudyError> for Fault {
    fn from(error: StudyError) -> Self {
        match error {
            StudyError::Problems(problems) => Self::Problems(problems),
            StudyError::Term { term, value, range } => {
                Self::request(format!("{} is {value}; it must be {range}", term.replace('-', "_")))
            }
            StudyError::NoMaskStack(_) => Self::Request(error.to_string(), Some("name one as mask_stack".to_owned())),
            StudyError::DifferentModels { .. } => Self::request(format!("{error}, as model")),
            other => Self::request(other.to_string()),
        }
    }
}

impl From<FolderError> for Fault {
    fn from(error: FolderError) -> Self {
        let help = match &error {
            FolderError::OtherShard { .. } => Some("name another folder".to_owned()),
            FolderError::Other(_) => Some("name another folder, or discard it with fresh=True".to_owned()),
            _ => None,
        };
        Self::Request(error.to_string(), help)
    }
}

impl From<TaskError> for Fault {
    fn from(error: TaskError) -> Self {
        Self::request(error.to_string())
    }
}

impl From<labelling::folder::FolderError> for Fault {
    fn from(error: labelling::folder::FolderError) -> Self {
        Self::Request(error.to_string(), error.help().map(str::to_owned))
    }
}

impl From<labelling::task::TaskError> for Fault {
    fn from(error: labelling::task::TaskError) -> Self {
        Self::request(error.to_string())
    }
}

impl From<UnknownTarget> for Fault {
    fn from(unknown: UnknownTarget) -> Self {
        Self::Request(unknown.message, Some(unknown.help))
    }
}

impl From<UnknownName> for Fault {
    fn from(unknown: UnknownName) -> Self {
        let message = format!("no {} `{}`", unknown.kind, names::suggest::shorten(&unknown.name));
        Self::Request(message, Some(unknown.help))
    }
}

impl From<AssumptionError> for Fault {
    fn from(error: AssumptionError) -> Self {
        Self::request(error.to_string())
    }
}

impl From<PyErr> for Fault {
    fn from(error: PyErr) -> Self {
        Self::Python(error)
    }
}
