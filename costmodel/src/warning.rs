//! Warnings: how a function differs from those that the model was trained on. They withhold no answer.

use std::fmt;

use names::named;

use crate::features::Feature;
use crate::input::{Input, Scheme};
use crate::shipped::Novelty;

named! {
    /// How a function differs from the training set.
    pub enum WarningKind {
        /// A count lies beyond the range of the training set.
        BeyondTraining = "beyond_training",
        /// Some words occur in no training function.
        UnseenWords = "unseen_words",
        /// The tokenizer reads no functions of its dialect, so that the model sees its counts only.
        NoWords = "no_words",
        /// It computes on 16-bit floating-point numbers, whose cost the model knows from few functions.
        HalfPrecision = "half_precision",
    }
}

/// A warning.
#[derive(Debug, Clone, PartialEq)]
pub enum Warning {
    /// The feature that lies furthest beyond the training set.
    BeyondTraining {
        /// The feature.
        feature: Feature,
        /// Its value.
        value: f64,
        /// Distance beyond the range in standard deviations of the logarithm.
        deviations: f64,
    },
    /// The share of words that no training function has, 0 to 1.
    UnseenWords(f64),
    /// The function has no words.
    NoWords,
    /// 16-bit floating-point operations executed.
    HalfPrecision(f64),
}

impl Warning {
    /// Its kind.
    #[must_use]
    pub fn kind(&self) -> WarningKind {
        match self {
            Self::BeyondTraining { .. } => WarningKind::BeyondTraining,
            Self::UnseenWords(_) => WarningKind::UnseenWords,
            Self::NoWords => WarningKind::NoWords,
            Self::HalfPrecision(_) => WarningKind::HalfPrecision,
        }
    }
}

impl fmt::Display for Warning {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::BeyondTraining { feature, value, deviations } => {
                write!(
                    f,
                    "the feature `{feature}` is {value}, {deviations:.1} standard deviations beyond the training set"
                )
            }
            Self::UnseenWords(share) => write!(f, "{:.1} % of its words occur in no training function", 100.0 * share),
            Self::NoWords => {
                f.write_str("the tokenizer reads no functions of its dialect: the model sees its counts only")
            }
            Self::HalfPrecision(_) => {
                f.write_str("it computes on 16-bit floating-point numbers, which few training functions do")
            }
        }
    }
}

/// The warnings about a function.
pub(crate) fn warnings(novelty: &Novelty, input: &Input) -> Vec<Warning> {
    let mut warnings = Vec::new();
    let (unseen, _) = novelty.parts(input);
    if let Some((feature, deviations)) = novelty.furthest(input)
        && deviations > f64::from(novelty.references[1])
    {
        warnings.push(Warning::BeyondTraining { feature, value: input.feature(feature), deviations });
    }
    if unseen > f64::from(novelty.references[0]) {
        warnings.push(Warning::UnseenWords(unseen));
    }
    if input.tokens.of(Scheme::Shaped).is_empty() {
        warnings.push(Warning::NoWords);
    }
    let half = input.feature(Feature::KeptF16) + input.feature(Feature::KeptBf16);
    if half > 0.0 {
        warnings.push(Warning::HalfPrecision(half));
    }
    warnings
}
