//! How unlike its training a function is: words never seen, sizes never seen.
//!
//! The score is the larger of two ratios, each to its 99th percentile over families left out (or a fixed least, where
//! that is smaller): the share of words that no training function has, and the largest distance of a feature's
//! logarithm beyond the range of the training, in its deviations. Up to 1 a function is familiar.

use crate::features::Feature;
use crate::metrics::quantile;
use crate::sample::{Dataset, Input, Scheme};

/// A share of unseen words below this is always familiar.
const LEAST_UNSEEN: f32 = 0.02;
/// A distance beyond the range below this is always familiar, in deviations.
const LEAST_BEYOND: f32 = 0.5;

/// What training has seen.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Novelty {
    /// By word: 1 if some training function has it.
    pub(super) seen: Vec<u8>,
    /// By feature: smallest and largest logarithm, and deviation.
    pub(super) smallest: Vec<f32>,
    pub(super) largest: Vec<f32>,
    pub(super) deviations: Vec<f32>,
    /// What counts as 1: share of unseen words, distance.
    pub(super) references: Vec<f32>,
}

impl Novelty {
    /// Notes what the training rows have; references are the least ones.
    #[must_use]
    pub fn fit(data: &Dataset, training: &[usize]) -> Self {
        let mut seen = vec![0; data.vocabulary(Scheme::Shaped)];
        for &row in training {
            for &word in data.samples()[row].input.tokens.of(Scheme::Shaped) {
                // Ids of padding and of unknown words are no words.
                if word > ir::vocabulary::UNKNOWN {
                    seen[usize::from(word)] = 1;
                }
            }
        }
        let mut novelty = Self { seen, references: vec![LEAST_UNSEEN, LEAST_BEYOND], ..Self::default() };
        for feature in 0..Feature::COUNT {
            let logs = training.iter().map(|&row| logarithm(data.samples()[row].input.features[feature]));
            let (smallest, largest) =
                logs.clone().fold((f32::INFINITY, f32::NEG_INFINITY), |(s, l), x| (s.min(x), l.max(x)));
            let mean = logs.clone().map(f64::from).sum::<f64>() / training.len().max(1) as f64;
            let variance = logs.map(|x| (f64::from(x) - mean).powi(2)).sum::<f64>() / training.len().max(1) as f64;
            novelty.smallest.push(smallest);
            novelty.largest.push(largest);
            novelty.deviations.push(variance.sqrt().max(0.1) as f32);
        }
        novelty
    }

    /// Sets the references by functions of families left out: each with what had been seen without its family.
    #[must_use]
    pub fn with_references(mut self, mut unseen: Vec<f64>, mut beyond: Vec<f64>) -> Self {
        for (reference, values) in self.references.iter_mut().zip([&mut unseen, &mut beyond]) {
            values.sort_by(f64::total_cmp);
            if !values.is_empty() {
                *reference = reference.max(quantile(values, 0.99) as f32);
            }
        }
        self
    }

    /// Share of unseen words, and distance beyond the range.
    #[must_use]
    pub fn parts(&self, input: &Input) -> (f64, f64) {
        let words = input.tokens.of(Scheme::Shaped);
        let unseen = words.iter().filter(|&&word| self.seen.get(usize::from(word)) != Some(&1)).count();
        let share = unseen as f64 / words.len().max(1) as f64;
        let mut beyond = 0f32;
        for (feature, &value) in input.features.iter().enumerate() {
            let log = logarithm(value);
            let outside = (log - self.largest[feature]).max(self.smallest[feature] - log);
            beyond = beyond.max(outside / self.deviations[feature]);
        }
        (share, f64::from(beyond))
    }

    /// The score; up to 1 is familiar.
    #[must_use]
    pub fn score(&self, input: &Input) -> f64 {
        let (unseen, beyond) = self.parts(input);
        (unseen / f64::from(self.references[0])).max(beyond / f64::from(self.references[1]))
    }
}

fn logarithm(x: f32) -> f32 {
    libm::log1pf(x.max(0.0))
}
