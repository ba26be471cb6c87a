//! Calibration of intervals on ratios: split conformal prediction over pairs of variants of a kernel.
//!
//! The score of a pair is the absolute error of the logarithm of the ratio over the sum of the errors expected of both rows. Families
//! have equal weight, as in [`crate::intervals`]. Pairs with a label or a prediction of 0 have no ratio and are left out.

use std::collections::BTreeMap;

use costmodel::compare::has_ratio;
use costmodel::shipped::{RatioTable, Widths};

use crate::dataset::Dataset;
use crate::intervals::{HeldOut, calibrated};

/// Variants of a kernel that are paired with one another; a kernel with more is thinned.
const MOST_VARIANTS: usize = 12;

/// Calibrates on the pairs among held-out rows. Outputs without ratios have widths of 0, which nothing reads; outputs without
/// pairs get intervals that cover every ratio.
#[must_use]
pub fn fit(data: &Dataset, held_out: &HeldOut) -> RatioTable {
    let pairs = pairs(data, &held_out.rows);
    let of = |output: usize| {
        if !has_ratio(data.outputs()[output].quantity) {
            return (0.0, 0.0);
        }
        let error = |ratio: Ratio| (ratio.family, (ratio.predicted - ratio.truth).abs(), ratio.doubt);
        calibrated(pairs.iter().filter_map(|&pair| ratio(data, held_out, output, pair)).map(error).collect())
    };
    let (floors, factors) = (0..data.outputs().len()).map(of).unzip();
    RatioTable { widths: Widths { floors, factors }, pairs: pairs.len() as u64 }
}

/// Places among `rows` of two variants of a kernel.
pub(crate) fn pairs(data: &Dataset, rows: &[usize]) -> Vec<(usize, usize)> {
    let mut kernels: BTreeMap<u32, Vec<usize>> = BTreeMap::new();
    for (at, &row) in rows.iter().enumerate() {
        kernels.entry(data.samples()[row].kernel).or_default().push(at);
    }
    let mut pairs: Vec<(usize, usize)> = Vec::new();
    for variants in kernels.values() {
        let step = variants.len().div_ceil(MOST_VARIANTS);
        let some: Vec<usize> = variants.iter().copied().step_by(step).collect();
        for (place, &a) in some.iter().enumerate() {
            pairs.extend(some[place + 1..].iter().map(|&b| (a, b)));
        }
    }
    pairs
}

/// The ratio of an output of two rows, second over first.
pub(crate) struct Ratio {
    /// The rows.
    pub rows: [usize; 2],
    /// Family of the first.
    pub family: u32,
    /// Logarithm of the predicted ratio.
    pub predicted: f64,
    /// Logarithm of the ratio of the labels.
    pub truth: f64,
    /// Errors expected of both.
    pub doubt: f64,
}

/// The ratio of a pair of places; `None` without a label or prediction, or where one is 0.
pub(crate) fn ratio(data: &Dataset, held_out: &HeldOut, output: usize, (a, b): (usize, usize)) -> Option<Ratio> {
    let scale = data.outputs()[output].quantity.scale();
    let logarithms = |at: usize| {
        let row = held_out.rows[at];
        let (answer, doubt) = held_out.answers[at][output]?;
        let answer = scale.from(f64::from(answer));
        let label = scale.from(data.scaled_label(row, output)?);
        (answer > 0.0 && label > 0.0).then(|| (libm::log(answer), libm::log(label), f64::from(doubt)))
    };
    let (first, second) = (logarithms(a)?, logarithms(b)?);
    let rows = [a, b].map(|at| held_out.rows[at]);
    let family = data.samples()[rows[0]].family;
    let doubt = first.2 + second.2;
    Some(Ratio { rows, family, predicted: second.0 - first.0, truth: second.1 - first.1, doubt })
}

#[cfg(test)]
mod tests {
    use costmodel::features::{Feature, WORK};
    use costmodel::input::{Input, Tokens};
    use costmodel::quantity::{Output, Quantity};

    use super::*;
    use crate::dataset::Sample;
    use crate::random::Random;

    /// Kernels of three variants. Predictions of a kernel share an error, so ratios err less than values.
    #[test]
    fn ratios_of_new_families_are_covered_as_promised() {
        let mut random = Random::new(7);
        let output = Output { target: "cpu".into(), quantity: Quantity::Cycles };
        let scale = output.quantity.scale();
        let (mut samples, mut answers) = (Vec::new(), Vec::new());
        let families = 300;
        for family in 0..families {
            let hardness = 0.1 + 0.2 * random.unit();
            for kernel in 0..5 {
                let shared = 2.0 * random.normal();
                for _ in 0..3 {
                    let truth = 8.0 + random.normal();
                    samples.push(Sample {
                        input: Input {
                            tokens: Tokens::default(),
                            features: vec![0.0; Feature::COUNT],
                            work: vec![0.0; WORK],
                            ..Input::default()
                        },
                        labels: vec![Some(libm::exp(truth))],
                        family,
                        kernel: family * 5 + kernel,
                    });
                    let answer = scale.to(libm::exp(truth + shared + hardness * random.normal()));
                    answers.push(vec![Some((answer as f32, hardness as f32))]);
                }
            }
        }
        let names = (0..families).map(|f| f.to_string()).collect();
        let data = Dataset::new(vec![output], [0; 3], names, samples).unwrap();
        let known = 150 * 15;
        let held_out = HeldOut { rows: (0..known).collect(), answers: answers[..known].to_vec() };
        let table = fit(&data, &held_out);
        assert_eq!(table.pairs, 150 * 5 * 3);
        let new = HeldOut { rows: (known..answers.len()).collect(), answers: answers[known..].to_vec() };
        let (mut inside, mut all) = (0, 0);
        for kernel in 0..new.rows.len() / 3 {
            for (a, b) in [(0, 1), (0, 2), (1, 2)] {
                let pair = (3 * kernel + a, 3 * kernel + b);
                let ratio = ratio(&data, &new, 0, pair).unwrap();
                let (low, high) = table.widths.around_ratio(0, libm::exp(ratio.predicted), ratio.doubt);
                inside += usize::from((low..=high).contains(&libm::exp(ratio.truth)));
                all += 1;
            }
        }
        let share = f64::from(inside as u32) / f64::from(all);
        assert!((0.87..0.94).contains(&share), "{share}");
        // Far narrower than the error that the variants share.
        assert!(table.widths.around_ratio(0, 1.0, 0.4).1 < 3.0);
    }
}
