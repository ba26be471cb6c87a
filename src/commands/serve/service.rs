//! State shared by all clients, and the answers to requests.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use costmodel::predictor::{Answer, Predictor, Refusal};
use costmodel::rows::{Row, Wanted, rows};

use super::health::{Counters, Health};
use super::reply::{Body, Id, Problem, line};
use super::request::Predict;
use crate::commands::predict::log::Log;
use crate::diagnostics::report;

/// Texts predicted together. Between them a request can be cancelled.
const TOGETHER: usize = 256;

/// State shared by all clients.
pub struct Service {
    /// The predictor.
    pub predictor: Predictor,
    /// Name of the model and hash of its training set.
    pub model_version: String,
    /// Checksum of the model file.
    pub model_checksum: String,
    /// Targets of requests that do not name any.
    pub wanted: Wanted,
    /// Log of texts and predictions, if any.
    pub log: Option<Log>,
    /// Longest request, in bytes.
    pub max_bytes: usize,
    /// Counts since the start.
    pub counters: Counters,
    /// Connected clients of the socket.
    pub clients: AtomicU64,
    /// Whether the server ends.
    pub stopping: AtomicBool,
}

impl Service {
    /// The line of a reply, which is counted.
    pub fn reply(&self, id: &Id, body: Body<'_>) -> Vec<u8> {
        self.counters.replies.add(1);
        if matches!(body, Body::Error(_)) {
            self.counters.errors.add(1);
        }
        line(id, body)
    }

    /// The line of an error.
    pub fn error(&self, id: &Id, problem: Problem) -> Vec<u8> {
        self.reply(id, Body::Error(problem))
    }

    /// The state of the server.
    pub fn health(&self, id: &Id) -> Vec<u8> {
        let health = Health {
            version: env!("CARGO_PKG_VERSION"),
            model: &self.model_version,
            model_checksum: &self.model_checksum,
            stopping: self.stopping.load(Ordering::SeqCst),
            clients: self.clients.load(Ordering::SeqCst),
            counts: self.counters.counts(),
        };
        line(id, Body::Health(health))
    }

    /// The predictions for a request. Ends early once `cancelled` is set.
    pub fn predict(&self, id: &Id, request: &Predict, cancelled: &AtomicBool) -> Vec<u8> {
        let settled;
        let wanted = if request.targets.is_empty() && request.designs.is_empty() {
            &self.wanted
        } else {
            match Wanted::settle(self.predictor.outputs(), &request.targets, &request.designs) {
                Ok(wanted) => {
                    settled = wanted;
                    &settled
                }
                Err(unknown) => return self.error(id, Problem::new("unknown_target", unknown.to_string())),
            }
        };
        let mut answers = Vec::with_capacity(request.texts.len());
        for texts in request.texts.chunks(TOGETHER) {
            if cancelled.load(Ordering::SeqCst) {
                self.counters.cancelled.add(1);
                return self.error(id, Problem::new("cancelled", "the client has cancelled the request"));
            }
            let texts: Vec<&str> = texts.iter().map(String::as_str).collect();
            self.counters.texts.add(texts.len());
            // A panic on one text must not affect other clients.
            let batch = || self.predictor.predict_batch_assuming(&texts, threads(), &request.assumptions);
            let Ok(found) = catch_unwind(AssertUnwindSafe(batch)) else {
                let message = "the prediction failed; please report the text";
                return self.error(id, Problem::new("internal", message));
            };
            answers.extend(found);
        }
        let mut bodies: Vec<Body<'_>> =
            request.texts.iter().zip(&answers).map(|(text, answer)| self.body(text, answer, wanted)).collect();
        let body = match bodies.pop() {
            Some(body) if !request.many => body,
            last => Body::Answers(bodies.into_iter().chain(last).collect()),
        };
        self.reply(id, body)
    }

    fn body<'a>(&'a self, text: &str, answer: &'a Result<Answer, Arc<Refusal>>, wanted: &'a Wanted) -> Body<'a> {
        match answer {
            Err(refusal) => Body::Error(Problem::of(text, refusal)),
            Ok(answer) => {
                let name = &self.predictor.model().card.name;
                let rows: Vec<Row<'a>> = rows(None, answer, self.predictor.outputs(), wanted, name).collect();
                self.append_to_log(text, &rows);
                Body::Predictions(rows)
            }
        }
    }

    /// A log that cannot be written costs no client its answer: the first failure is reported, all are counted.
    fn append_to_log(&self, text: &str, rows: &[Row<'_>]) {
        let Some(log) = &self.log else { return };
        if let Err(failure) = log.append(text, rows)
            && self.counters.log_failures.add(1) == 0
        {
            report(&failure);
        }
    }
}

fn threads() -> usize {
    std::thread::available_parallelism().map_or(1, std::num::NonZero::get)
}
