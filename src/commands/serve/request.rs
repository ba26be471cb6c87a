//! Requests and answers, one JSON object each.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use costmodel::predictor::{Answer, Refusal};
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use super::service::Service;
use crate::commands::predict::rows::{Row, rows};
use crate::cost_model::Wanted;
use crate::diagnostics::Failure;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Request<'a> {
    #[serde(borrow, default)]
    id: Option<&'a RawValue>,
    #[serde(default)]
    text: Option<String>,
    #[serde(default)]
    texts: Option<Vec<String>>,
    #[serde(default)]
    targets: Vec<String>,
    #[serde(default)]
    designs: Vec<String>,
}

#[derive(Serialize)]
struct Reply<'a> {
    id: Option<&'a RawValue>,
    #[serde(flatten)]
    body: Body<'a>,
}

#[derive(Serialize)]
#[serde(rename_all = "snake_case")]
enum Body<'a> {
    Predictions(Vec<Row<'a>>),
    Answers(Vec<Body<'a>>),
    Error(Problem),
}

/// Error reply.
#[derive(Serialize)]
struct Problem {
    code: &'static str,
    message: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    line: Option<usize>,
    #[serde(skip_serializing_if = "Option::is_none")]
    column: Option<usize>,
}

impl Problem {
    fn new(code: &'static str, message: impl Into<String>) -> Self {
        Self { code, message: message.into(), line: None, column: None }
    }

    fn of(text: &str, refusal: &Refusal) -> Self {
        match refusal {
            Refusal::TooLarge { .. } => Self::new("too_large", refusal.to_string()),
            Refusal::NoFunction => Self::new("no_function", refusal.to_string()),
            Refusal::Text(diagnostics) => {
                let place = diagnostics.first().map(|d| d.span.line_column(text));
                Self {
                    code: "text",
                    message: refusal.to_string(),
                    line: place.map(|p| p.0),
                    column: place.map(|p| p.1),
                }
            }
        }
    }
}

/// The answer to a request that is too long to be read.
pub fn too_long(limit: usize) -> Vec<u8> {
    error("too_large", format!("the request has more than {} MiB, the most that is read", limit >> 20))
}

/// An error reply without a request id.
pub fn error(code: &'static str, message: impl Into<String>) -> Vec<u8> {
    serialize(&Reply { id: None, body: Body::Error(Problem::new(code, message)) })
}

fn serialize(reply: &Reply<'_>) -> Vec<u8> {
    serde_json::to_vec(reply).expect("answers serialize")
}

impl Service {
    /// The answer to a request. `Err` only if the log cannot be written.
    pub(super) fn answer(&self, line: &[u8]) -> Result<Vec<u8>, Failure> {
        let request: Request<'_> = match serde_json::from_slice(line) {
            Ok(request) => request,
            Err(wrong) => return Ok(error("request", format!("not a request: {wrong}"))),
        };
        let id = request.id;
        let problem = |code, message: String| serialize(&Reply { id, body: Body::Error(Problem::new(code, message)) });
        let settled;
        let wanted = if request.targets.is_empty() && request.designs.is_empty() {
            &self.wanted
        } else {
            match Wanted::settle(self.predictor.outputs(), &request.targets, &request.designs) {
                Ok(wanted) => {
                    settled = wanted;
                    &settled
                }
                Err(message) => return Ok(problem("unknown_target", message)),
            }
        };
        let (texts, many): (Vec<&str>, bool) = match (&request.text, &request.texts) {
            (Some(text), None) => (vec![text], false),
            (None, Some(texts)) => (texts.iter().map(String::as_str).collect(), true),
            _ => return Ok(problem("request", "a request has either `text` or `texts`".to_owned())),
        };
        // A panic on one text must not affect other clients.
        let Ok(answers) = catch_unwind(AssertUnwindSafe(|| self.predictor.predict_batch(&texts, self.threads())))
        else {
            return Ok(problem("internal", "the prediction failed; please report the text".to_owned()));
        };
        let mut bodies = Vec::with_capacity(texts.len());
        for (text, answer) in texts.iter().zip(&answers) {
            bodies.push(self.body(text, answer, wanted)?);
        }
        let body = match bodies.pop() {
            Some(body) if !many => body,
            last => Body::Answers(bodies.into_iter().chain(last).collect()),
        };
        Ok(serialize(&Reply { id, body }))
    }

    fn threads(&self) -> usize {
        std::thread::available_parallelism().map_or(1, std::num::NonZero::get)
    }

    fn body<'a>(
        &'a self,
        text: &str,
        answer: &'a Result<Answer, Arc<Refusal>>,
        wanted: &'a Wanted,
    ) -> Result<Body<'a>, Failure> {
        match answer {
            Err(refusal) => Ok(Body::Error(Problem::of(text, refusal))),
            Ok(answer) => {
                let name = &self.predictor.model().card.name;
                let rows: Vec<Row<'a>> = rows(None, answer, self.predictor.outputs(), wanted, name).collect();
                if let Some(log) = &self.log {
                    log.append(text, &rows)?;
                }
                Ok(Body::Predictions(rows))
            }
        }
    }
}
