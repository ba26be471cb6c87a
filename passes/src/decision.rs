//! The decisions that the core reports.

use serde::{Deserialize, Serialize};

/// What becomes of a candidate.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// It replaces the nest.
    Chosen,
    /// Another one is predicted or measured to be better, or a gain is not certain enough.
    NotBetter,
    /// Its cost is not known.
    Unknown,
    /// The model knows no code like it.
    Unfamiliar,
    /// It is predicted to spill more than the original.
    Spills,
    /// It could change the result.
    Illegal,
    /// Upstream's transformation does not support the nest.
    Unsupported,
}

/// A candidate of a nest; the first one is the original.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Candidate {
    /// Its steps, e.g. `interchange:0:1x0+unroll:1:4`; `keep` for the original.
    pub steps: String,
    /// What becomes of it.
    pub verdict: Verdict,
    /// Predicted cost of the nest in the quantity's unit; `None` if it is not known.
    pub predicted: Option<f64>,
    /// Lower end of the 90 % interval.
    pub low: Option<f64>,
    /// Upper end of the 90 % interval.
    pub high: Option<f64>,
    /// Predicted cost of the original over its own.
    pub ratio: Option<f64>,
    /// Lower end of the 90 % interval of the ratio.
    pub ratio_low: Option<f64>,
    /// Upper end.
    pub ratio_high: Option<f64>,
    /// Predicted spill instructions, rounded down.
    pub predicted_spills: Option<f64>,
    /// Novelty score; at most 1 for code like the training data.
    pub ood_score: Option<f64>,
    /// Measured cost, if it was compiled.
    pub measured: Option<f64>,
    /// Measured spill instructions.
    pub measured_spills: Option<f64>,
    /// Why it is illegal, unsupported or unknown, or cannot be measured.
    pub why: Option<String>,
    /// Its text as a function, if asked for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub text: Option<String>,
}

/// The decision about one loop nest.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Decision {
    /// Symbol of its function.
    pub function: String,
    /// Place among the top-level nests of the function, from 0.
    pub nest: u32,
    /// Nests that it is about: 2 for a fusion of neighbours, else 1.
    pub nests: u32,
    /// Line of the nest in the text, from 1.
    pub line: usize,
    /// Column, from 1.
    pub column: usize,
    /// The steps taken; `keep` if there are none.
    pub steps: String,
    /// Why the nest is kept; `None` if it is changed.
    pub kept: Option<String>,
    /// Predicted cost of the original over that of the result; `None` if it is not known.
    pub predicted_ratio: Option<f64>,
    /// All candidates, the original first.
    pub candidates: Vec<Candidate>,
}

impl Decision {
    /// The candidate that stands in the result.
    #[must_use]
    pub fn chosen(&self) -> &Candidate {
        let found = self.candidates.iter().find(|candidate| candidate.verdict == Verdict::Chosen);
        found.unwrap_or(&self.candidates[0])
    }
}
