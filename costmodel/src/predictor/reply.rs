//! Predictions of one function, and why a text has none.

use ir::span::Diagnostic;
use names::named;

use crate::shipped::Estimate;

named! {
    /// The model that answered.
    pub enum Provider {
        /// The learned model.
        Learned = "learned",
        /// The analytical models: a roofline for cycles, liveness for registers.
        Analytical = "analytical",
    }
}

/// Predictions for one function.
#[derive(Debug, Clone, PartialEq)]
pub struct Reply {
    /// Its symbol, without `@`.
    pub function: String,
    /// Novelty score; up to 1 the function is in distribution.
    pub ood_score: f64,
    /// The model that answered.
    pub provider: Provider,
    /// One per output of [`Predictor::outputs`](super::Predictor::outputs); `None` where the provider has no answer.
    pub estimates: Vec<Option<Estimate>>,
}

impl Reply {
    /// Whether the function is like those of the training set.
    #[must_use]
    pub fn in_distribution(&self) -> bool {
        self.ood_score <= 1.0
    }
}

/// Why a text has no answer.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// Longer than the limit.
    #[error("the text has {bytes} bytes; at most {limit} are read")]
    TooLarge {
        /// Length in bytes.
        bytes: usize,
        /// Limit in bytes.
        limit: usize,
    },
    /// The text does not parse.
    #[error("{}", first(.0))]
    Text(Vec<Diagnostic>),
    /// The text has no function with a body.
    #[error("the text has no function with a body")]
    NoFunction,
}

fn first(diagnostics: &[Diagnostic]) -> &str {
    diagnostics.first().map_or("the text is wrong", |d| &d.message)
}
