//! Calibration of intervals: split conformal prediction over families.
//!
//! The score of a held-out row is its absolute error over the local uncertainty (a floor plus the error that the model expects of
//! itself). The half width of an interval is the 90 % quantile of the scores times the uncertainty (Lei et al.,
//! "Distribution-Free Predictive Inference for Regression", 2018). Families have equal weight, and one more family with infinite
//! scores stands for the next one (Dunn, Wasserman and Ramdas, "Distribution-Free Prediction Sets for Two-Layer Hierarchical
//! Models", 2022).

use costmodel::shipped::{NOMINAL, Widths};

use crate::dataset::Dataset;
use crate::metrics::median;

/// Predictions for rows whose families the model had left out, on the scale of the fit.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct HeldOut {
    /// The rows.
    pub rows: Vec<usize>,
    /// By row and output: prediction and expected error; `None` without a prediction.
    pub answers: Vec<Vec<Option<(f32, f32)>>>,
}

/// Calibrates widths on held-out rows. An output without any gets an unbounded interval.
#[must_use]
pub fn fit(data: &Dataset, held_out: &HeldOut) -> Widths {
    let (floors, factors) = (0..data.outputs().len()).map(|output| of_output(data, held_out, output)).unzip();
    Widths { floors, factors }
}

/// Half width without calibration: covers a logarithmic scale.
const UNBOUNDED: f32 = 50.0;

fn of_output(data: &Dataset, held_out: &HeldOut, output: usize) -> (f32, f32) {
    let mut errors: Vec<(u32, f64, f64)> = Vec::new();
    for (&row, answers) in held_out.rows.iter().zip(&held_out.answers) {
        if let (Some((answer, distance)), Some(label)) = (answers[output], data.scaled_label(row, output)) {
            errors.push((data.samples()[row].family, (label - f64::from(answer)).abs(), f64::from(distance)));
        }
    }
    calibrated(errors)
}

/// Floor, as a share of the median distance: what a model that expects no error may still miss.
const FLOOR_SHARE: f64 = 0.3;

/// Floor and factor that cover errors: family, error, distance. Without any, the interval is unbounded.
pub(crate) fn calibrated(errors: Vec<(u32, f64, f64)>) -> (f32, f32) {
    let Some(distance) = median(errors.iter().map(|e| e.2).collect()) else { return (1.0, UNBOUNDED) };
    let floor = (FLOOR_SHARE * distance).max(0.01);
    (floor as f32, factor(errors, floor))
}

/// The factor that covers errors, of which there is at least one.
fn factor(mut errors: Vec<(u32, f64, f64)>, floor: f64) -> f32 {
    errors.sort_by_key(|e| e.0);
    let mut scores: Vec<(f64, f64)> = Vec::new();
    let families = errors.chunk_by(|a, b| a.0 == b.0).count();
    for family in errors.chunk_by(|a, b| a.0 == b.0) {
        let weight = 1.0 / (family.len() * (families + 1)) as f64;
        scores.extend(family.iter().map(|(_, error, distance)| (error / (floor + distance), weight)));
    }
    scores.sort_by(|a, b| a.0.total_cmp(&b.0));
    let mut covered = 0.0;
    for &(score, weight) in &scores {
        covered += weight;
        if covered >= NOMINAL {
            return score as f32;
        }
    }
    // Too few families for the quantile: the largest score.
    scores[scores.len() - 1].0 as f32
}

#[cfg(test)]
mod tests {
    use costmodel::features::{Feature, WORK};
    use costmodel::input::{Input, Tokens};
    use costmodel::quantity::{Output, Quantity};

    use super::*;
    use crate::dataset::Sample;
    use crate::random::Random;

    #[test]
    fn new_families_are_covered_as_promised() {
        let mut random = Random::new(5);
        let output = Output { target: "cpu".into(), quantity: Quantity::Ipc };
        // Families differ in how hard they are; labels are far from zero, so that nothing is cut off.
        let families = 400;
        let mut samples = Vec::new();
        for family in 0..families {
            let hardness = 0.5 + random.unit();
            for _ in 0..20 {
                samples.push(Sample {
                    input: Input {
                        tokens: Tokens::default(),
                        features: vec![0.0; Feature::COUNT],
                        work: vec![0.0; WORK],
                        ..Input::default()
                    },
                    labels: vec![Some(100.0 + hardness * random.normal())],
                    family,
                    kernel: 0,
                });
            }
        }
        let names = (0..families).map(|f| f.to_string()).collect();
        let data = Dataset::new(vec![output.clone()], [0; 3], names, samples).unwrap();
        let known = 40 * 20;
        let held_out = HeldOut { rows: (0..known).collect(), answers: vec![vec![Some((100.0, 0.1))]; known] };
        let widths = fit(&data, &held_out);
        let (low, high) = widths.interval(&output, 0, (100.0, 0.1));
        let new = &data.samples()[known..];
        let inside = new.iter().filter(|s| (low..=high).contains(&s.labels[0].unwrap())).count();
        let share = inside as f64 / new.len() as f64;
        assert!((0.88..0.95).contains(&share), "{share}");
        // Twice as unsure, about twice as wide.
        let (wider_low, wider_high) = widths.interval(&output, 0, (100.0, 0.3));
        assert!((wider_high - wider_low) > 1.9 * (high - low));
    }
}
