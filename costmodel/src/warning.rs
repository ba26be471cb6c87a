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
        /// It works on floating-point numbers of 16 bits or fewer, whose cost the model knows from few functions.
        NarrowFloats = "narrow_floats",
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
    /// The function works on floating-point numbers of 16 bits or fewer.
    NarrowFloats,
}

impl Warning {
    /// Its kind.
    #[must_use]
    pub fn kind(&self) -> WarningKind {
        match self {
            Self::BeyondTraining { .. } => WarningKind::BeyondTraining,
            Self::UnseenWords(_) => WarningKind::UnseenWords,
            Self::NoWords => WarningKind::NoWords,
            Self::NarrowFloats => WarningKind::NarrowFloats,
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
            Self::NarrowFloats => {
                f.write_str("it works on floating-point numbers of 16 bits or fewer, as few training functions do")
            }
        }
    }
}

/// The warnings about a function.
pub(crate) fn warnings(novelty: &Novelty, input: &Input, narrow_floats: bool) -> Vec<Warning> {
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
    if narrow_floats {
        warnings.push(Warning::NarrowFloats);
    }
    warnings
}
