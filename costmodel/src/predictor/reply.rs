//! Predictions of one function, and why a text has none.

use ir::span::Diagnostic;
use names::named;

use crate::bounds::Bound;
use crate::quantity::Quantity;
use crate::reason::{Reason, ReasonKind};
use crate::shipped::Estimate;
use crate::warning::Warning;

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
    /// One per output of [`Predictor::outputs`](super::Predictor::outputs); `None` where a reason concerns the quantity.
    pub estimates: Vec<Option<Estimate>>,
    /// One per output: the bound that its estimate was moved to.
    pub bounded: Vec<Option<Bound>>,
    /// Why quantities are not known, in the order of the text.
    pub reasons: Vec<Reason>,
    /// How the function differs from the training set.
    pub warnings: Vec<Warning>,
}

impl Reply {
    /// Whether the function has no body in the text, or none that could be read.
    #[must_use]
    pub fn is_without_body(&self) -> bool {
        self.reasons.iter().any(|reason| matches!(reason.kind, ReasonKind::Declaration | ReasonKind::Unread))
    }

    /// Why a quantity is not known; none if it is.
    pub fn why(&self, quantity: Quantity) -> impl Iterator<Item = &Reason> {
        self.reasons.iter().filter(move |reason| reason.concerns(quantity))
    }

    /// The reply for a range of assumptions, from those for its ends: estimates span both, and their values are the means.
    #[must_use]
    pub(super) fn spanning(mut self, other: &Self) -> Self {
        for (index, estimate) in self.estimates.iter_mut().enumerate() {
            *estimate = estimate.zip(other.estimates[index]).map(|(a, b)| Estimate {
                value: (a.value + b.value) / 2.0,
                low: a.low.min(b.low),
                high: a.high.max(b.high),
                doubt: a.doubt.max(b.doubt),
            });
            self.bounded[index] = self.bounded[index].or(other.bounded[index]);
        }
        self.ood_score = self.ood_score.max(other.ood_score);
        for warning in &other.warnings {
            if !self.warnings.iter().any(|known| known.kind() == warning.kind()) {
                self.warnings.push(warning.clone());
            }
        }
        self
    }

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
    /// The text has no function.
    #[error("the text has no function")]
    NoFunction,
    /// The text has no value of the name in an assumption.
    #[error("the text has no value of the name in the assumption `{0}`")]
    Assumption(String),
}

fn first(diagnostics: &[Diagnostic]) -> &str {
    diagnostics.first().map_or("the text is wrong", |d| &d.message)
}
