//! What is said of a function or a text: predictions, or why there are none.

use ir::span::Diagnostic;
use names::named;

use crate::shipped::Estimate;

named! {
    /// Who answered.
    pub enum Provider {
        /// The learned model.
        Learned = "learned",
        /// Analysis of the text: a roofline for cycles, liveness for registers, nothing for the rest.
        Analytical = "analytical",
    }
}

/// What is predicted of one function.
#[derive(Debug, Clone, PartialEq)]
pub struct Reply {
    /// Its symbol, without `@`.
    pub function: String,
    /// Up to 1 the function is like those of the training.
    pub ood_score: f64,
    /// Who answered.
    pub provider: Provider,
    /// One an output of [`Predictor::outputs`](super::Predictor::outputs); `None` where the provider has no answer.
    pub estimates: Vec<Option<Estimate>>,
}

impl Reply {
    /// Whether the function is like those of the training.
    #[must_use]
    pub fn in_distribution(&self) -> bool {
        self.ood_score <= 1.0
    }
}

/// Why a text has no answer.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// Longer than what is read.
    #[error("the text has {bytes} bytes; at most {limit} are read")]
    TooLarge {
        /// Bytes.
        bytes: usize,
        /// Bytes allowed.
        limit: usize,
    },
    /// Something is wrong with the text.
    #[error("{}", first(.0))]
    Text(Vec<Diagnostic>),
    /// There is nothing to predict.
    #[error("the text has no function with a body")]
    NoFunction,
}

fn first(diagnostics: &[Diagnostic]) -> &str {
    diagnostics.first().map_or("the text is wrong", |d| &d.message)
}
