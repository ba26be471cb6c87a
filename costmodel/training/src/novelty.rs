//! Fits the novelty score: words and ranges of features of the training rows.

use costmodel::features::Feature;
use costmodel::input::{Scheme, logarithm};
use costmodel::shipped::Novelty;

use crate::dataset::Dataset;
use crate::metrics::quantile;

/// Minimum reference of the share of unseen words.
const LEAST_UNSEEN: f32 = 0.02;
/// Minimum reference of the distance beyond the range, in standard deviations.
const LEAST_BEYOND: f32 = 0.5;

/// Words and ranges of the training rows, with the minimum references.
#[must_use]
pub fn fit(data: &Dataset, training: &[usize]) -> Novelty {
    let mut seen = vec![0; data.vocabulary(Scheme::Shaped)];
    for &row in training {
        for &word in data.samples()[row].input.tokens.of(Scheme::Shaped) {
            // Padding and unknown are not words.
            if word > ir::vocabulary::UNKNOWN {
                seen[usize::from(word)] = 1;
            }
        }
    }
    let mut novelty = Novelty { seen, references: vec![LEAST_UNSEEN, LEAST_BEYOND], ..Novelty::default() };
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

/// Sets the references to percentiles over functions of families that were left out.
#[must_use]
pub fn with_references(mut novelty: Novelty, mut unseen: Vec<f64>, mut beyond: Vec<f64>) -> Novelty {
    for (reference, values) in novelty.references.iter_mut().zip([&mut unseen, &mut beyond]) {
        values.sort_by(f64::total_cmp);
        if !values.is_empty() {
            *reference = reference.max(quantile(values, 0.99) as f32);
        }
    }
    novelty
}
