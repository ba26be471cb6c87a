//! Monte Carlo over the uncertain inputs: independent draws, quantiles of every outcome, and a tornado.
//!
//! The same seed gives the same result to the bit. Quantiles are order statistics (nearest rank). The tornado moves one input from its 10th to
//! its 90th percentile with all others at their medians and reports the total cost with re-spins. Correlation between
//! inputs is left out.

use rand_core::{RngCore, SeedableRng};
use rand_pcg::Pcg64Mcg;
use serde::Serialize;

use super::inputs::{Input, Inputs, Sample};
use super::plan::{OUTCOMES, Plan};

/// Largest number of samples.
pub const MAX_SAMPLES: usize = 10_000_000;

/// Percentiles of one outcome.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Percentiles {
    /// 10th percentile.
    pub p10: f64,
    /// Median.
    pub p50: f64,
    /// 90th percentile.
    pub p90: f64,
}

/// Effect of one input on the total cost.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Bar {
    /// Path of the input.
    pub input: &'static str,
    /// Total cost with the input at its 10th percentile.
    pub at_p10: f64,
    /// At its 90th percentile.
    pub at_p90: f64,
    /// Cost at the 90th percentile less cost at the 10th.
    pub swing: f64,
}

/// Percentiles of all outcomes over the samples.
#[derive(Debug, Clone, PartialEq)]
pub struct MonteCarlo {
    /// Number of samples.
    pub samples: usize,
    /// Percentiles in the order of [`super::plan::Outcome::NAMES`].
    pub percentiles: [Percentiles; OUTCOMES],
}

/// Fills `sample` with independent draws.
#[inline]
pub fn draw(inputs: &Inputs, random: &mut impl RngCore, sample: &mut Sample) {
    for (value, range) in sample.0.iter_mut().zip(&inputs.ranges) {
        *value = if range.low == range.high {
            range.low
        } else {
            range.quantile((random.next_u64() >> 11) as f64 / (1u64 << 53) as f64)
        };
    }
}

impl MonteCarlo {
    /// Evaluates `samples` draws (at least 1, at most [`MAX_SAMPLES`]).
    #[must_use]
    pub fn run(plan: &Plan, inputs: &Inputs, samples: usize, seed: u64) -> Self {
        assert!((1..=MAX_SAMPLES).contains(&samples), "{samples} samples");
        let mut random = Pcg64Mcg::seed_from_u64(seed);
        let mut columns: Vec<Vec<f64>> = (0..OUTCOMES).map(|_| vec![0.0; samples]).collect();
        let mut sample = inputs.at(0.5);
        for index in 0..samples {
            draw(inputs, &mut random, &mut sample);
            for (column, value) in columns.iter_mut().zip(plan.evaluate(&sample).values()) {
                column[index] = value;
            }
        }
        let mut percentiles = [Percentiles { p10: 0.0, p50: 0.0, p90: 0.0 }; OUTCOMES];
        for (percentiles, column) in percentiles.iter_mut().zip(&mut columns) {
            *percentiles = Self::percentiles(column);
        }
        Self { samples, percentiles }
    }

    fn percentiles(column: &mut [f64]) -> Percentiles {
        // Constant outcomes are frequent, and selection is slow on equal keys.
        if column.iter().all(|value| value.to_bits() == column[0].to_bits()) {
            return Percentiles { p10: column[0], p50: column[0], p90: column[0] };
        }
        let mut rank = |share: f64| {
            let index = ((column.len() as f64 * share).ceil() as usize).clamp(1, column.len()) - 1;
            *column.select_nth_unstable_by(index, f64::total_cmp).1
        };
        Percentiles { p10: rank(0.1), p50: rank(0.5), p90: rank(0.9) }
    }
}

/// Inputs by their effect on the total cost with re-spins, largest first; inputs without effect are left out.
#[must_use]
pub fn tornado(plan: &Plan, inputs: &Inputs) -> Vec<Bar> {
    let median = inputs.at(0.5);
    let mut bars: Vec<Bar> = Input::ALL
        .into_iter()
        .map(|input| {
            let at = |share| {
                let mut sample = median;
                sample.0[input as usize] = inputs.ranges[input as usize].quantile(share);
                plan.evaluate(&sample).tco_dynamic_usd
            };
            let (at_p10, at_p90) = (at(0.1), at(0.9));
            Bar { input: input.path(), at_p10, at_p90, swing: at_p90 - at_p10 }
        })
        .filter(|bar| bar.swing != 0.0)
        .collect();
    bars.sort_by(|a, b| b.swing.abs().total_cmp(&a.swing.abs()));
    bars
}
