//! Novelty score: how far a function lies outside the training set, by its words and its sizes.
//!
//! The score is the larger of two ratios: the share of words that no training function has, and the largest distance of a
//! feature's logarithm beyond the range of the training set, in standard deviations. Each is divided by its 99th percentile
//! over families left out, or by a fixed minimum if that is larger. A function with a score up to 1 is in distribution.
//!
//! The score is information, not a decision: on functions of families outside the corpus its correlation with the error was -0.07.
//! It says that a function is unusual, not that the answer is wrong.

use crate::features::Feature;
use crate::input::{Input, Scheme, logarithm};

/// Words and ranges of the training set.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Novelty {
    /// By word: 1 if some training function has it.
    pub seen: Vec<u8>,
    /// By feature: smallest logarithm.
    pub smallest: Vec<f32>,
    /// By feature: largest logarithm.
    pub largest: Vec<f32>,
    /// By feature: standard deviation of the logarithm, above 0.
    pub deviations: Vec<f32>,
    /// Share of unseen words and distance beyond the range that give a score of 1.
    pub references: Vec<f32>,
}

impl Novelty {
    /// Share of unseen words (0 to 1), and distance beyond the range in standard deviations.
    #[must_use]
    pub fn parts(&self, input: &Input) -> (f64, f64) {
        let words = input.tokens.of(Scheme::Shaped);
        let unseen = words.iter().filter(|&&word| self.seen.get(usize::from(word)) != Some(&1)).count();
        let share = unseen as f64 / words.len().max(1) as f64;
        (share, self.furthest(input).map_or(0.0, |(_, beyond)| beyond))
    }

    /// The feature furthest beyond the range of the training set, and its distance in standard deviations; `None` if all lie
    /// within.
    #[must_use]
    pub fn furthest(&self, input: &Input) -> Option<(Feature, f64)> {
        let mut found = None;
        let mut beyond = 0f32;
        for (&feature, &value) in Feature::ALL.iter().zip(&input.features) {
            let (index, log) = (feature as usize, logarithm(value));
            let outside = (log - self.largest[index]).max(self.smallest[index] - log) / self.deviations[index];
            if outside > beyond {
                beyond = outside;
                found = Some((feature, f64::from(outside)));
            }
        }
        found
    }

    /// The score, at least 0; up to 1 the function is in distribution.
    #[must_use]
    pub fn score(&self, input: &Input) -> f64 {
        let (unseen, beyond) = self.parts(input);
        (unseen / f64::from(self.references[0])).max(beyond / f64::from(self.references[1]))
    }
}
