//! Replies, one JSON object each.

use costmodel::predictor::Refusal;
use costmodel::rows::Row;
use serde::Serialize;
use serde_json::value::RawValue;

use super::health::Health;

/// The id of a request as it was sent: any JSON value.
pub type Id = Option<Box<RawValue>>;

#[derive(Serialize)]
struct Reply<'a> {
    id: Option<&'a RawValue>,
    #[serde(flatten)]
    body: Body<'a>,
}

/// What a reply has beside the id.
#[derive(Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Body<'a> {
    Predictions(Vec<Row<'a>>),
    Answers(Vec<Body<'a>>),
    /// Whether the request was still waiting, or its texts not all predicted.
    Cancelled(bool),
    Health(Health<'a>),
    Error(Problem),
}

/// An error.
#[derive(Debug, Serialize)]
pub struct Problem {
    pub code: &'static str,
    pub message: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    line: Option<usize>,
    #[serde(skip_serializing_if = "Option::is_none")]
    column: Option<usize>,
}

impl Problem {
    pub fn new(code: &'static str, message: impl Into<String>) -> Self {
        Self { code, message: message.into(), line: None, column: None }
    }

    /// Why a text has no predictions.
    pub fn of(text: &str, refusal: &Refusal) -> Self {
        match refusal {
            Refusal::TooLarge { .. } => Self::new("too_large", refusal.to_string()),
            Refusal::NoFunction => Self::new("no_function", refusal.to_string()),
            Refusal::Assumption(_) => Self::new("assumption", refusal.to_string()),
            Refusal::Text(diagnostics) => {
                let place = diagnostics.first().map(|d| d.span.line_column(text));
                let (line, column) = (place.map(|p| p.0), place.map(|p| p.1));
                Self { line, column, ..Self::new("text", refusal.to_string()) }
            }
        }
    }
}

/// The line of a reply, with its end.
pub fn line(id: &Id, body: Body<'_>) -> Vec<u8> {
    let mut line = serde_json::to_vec(&Reply { id: id.as_deref(), body }).expect("replies serialize");
    line.push(b'\n');
    line
}
