//! Fits the sums of counts of work that trees start from ([`WorkSums`]).
//!
//! Weighted non-negative least squares on the logarithmic scale of the labels: rows are counts of work, targets are labels,
//! the solution is a coefficient per count.

use std::collections::BTreeMap;

use costmodel::features::work_of;
use costmodel::quantity::TargetKind;
use costmodel::trees::{WorkSums, counts, total_time};

use crate::dataset::Dataset;
use crate::fit::{Rows, Run};
use crate::least_squares::NormalEquations;

/// Iterations of the fit: each solves again with the errors of the solution before.
const ITERATIONS: usize = 12;

/// Errors below this, as differences of logarithms, weigh by their square; larger ones by their size, so that functions
/// whose work is not understood do not dominate.
const QUADRATIC_BELOW: f64 = 0.1;

/// Fits the coefficients of all outputs to the training rows. `pair_weight` is the weight of the error of the difference between a row
/// and the mean of its kernel's rows; the error of the row itself has weight 1.
pub(super) fn fit(data: &Dataset, rows: &Rows, pair_weight: f64, run: &Run<'_>) -> WorkSums {
    let outputs = data.outputs();
    WorkSums(costmodel::parallel::map(run.threads, outputs.len(), |output| {
        let size = WorkSums::coefficients(&outputs[output]);
        if size == 0 {
            return vec![];
        }
        let total = total_time(outputs, output);
        let own = match outputs[output].quantity.target_kind() {
            TargetKind::Processor => work_of(false),
            TargetKind::Design => work_of(true),
            TargetKind::Gpu => 0..size - 1,
        };
        let rows = rows.training.iter().filter_map(|&row| {
            let sample = &data.samples()[row];
            // A share of the time: busy time is what adds up.
            let target = sample.labels[output]? * total.map_or(Some(1.0), |total| sample.labels[total])?;
            (target > 0.0)
                .then(|| Row::new(counts(&outputs[output], &sample.input), own.clone(), target, sample.kernel))
        });
        let mut rows: Vec<Row> = rows.collect();
        rows.sort_by_key(|row| row.kernel);
        let pair_weight = if outputs[output].quantity.grows() { pair_weight } else { 0.0 };
        coefficients(&rows, size, pair_weight)
    }))
}

/// The counts of one function that are not zero, and its label.
struct Row {
    counts: Vec<(usize, f64)>,
    target: f64,
    kernel: u32,
}

impl Row {
    fn new(work: &[f32], of: std::ops::Range<usize>, target: f64, kernel: u32) -> Self {
        let counts = of.map(|at| (at, f64::from(work[at]))).filter(|(_, count)| *count > 0.0);
        Self { counts: counts.chain([(work.len(), 1.0)]).collect(), target, kernel }
    }

    fn predicted(&self, coefficients: &[f64]) -> f64 {
        self.counts.iter().map(|&(at, count)| coefficients[at] * count).sum::<f64>().max(1e-3)
    }
}

/// The `size` coefficients whose predictions are closest to the targets, from the better of two starts.
fn coefficients(rows: &[Row], size: usize, pair_weight: f64) -> Vec<f32> {
    // All counts with one coefficient, that of the median function.
    let mut each: Vec<f64> =
        rows.iter().map(|r| r.target / r.counts.iter().map(|(_, count)| count).sum::<f64>()).collect();
    each.sort_by(f64::total_cmp);
    let alike = vec![each.get(each.len() / 2).copied().unwrap_or(0.0); size];
    // Least squares of errors relative to the target.
    let mut equations = NormalEquations::new(size);
    rows.iter().for_each(|row| equations.add(&row.counts, row.target, 1.0, 1.0));
    let [(one, error), (other, other_error)] = [alike, equations.solve()].map(|start| refine(rows, pair_weight, start));
    let best = if error <= other_error { one } else { other };
    best.into_iter().map(|coefficient| coefficient as f32).collect()
}

/// Gauss-Newton steps on logarithms with iteratively reweighted errors; the coefficients and the mean absolute error. Rows of a
/// kernel follow each other.
fn refine(rows: &[Row], pair_weight: f64, mut coefficients: Vec<f64>) -> (Vec<f64>, f64) {
    let error = |row: &Row, coefficients: &[f64]| libm::log(row.target / row.predicted(coefficients));
    for _ in 0..ITERATIONS {
        let mut equations = NormalEquations::new(coefficients.len());
        for rows in rows.chunk_by(|a, b| a.kernel == b.kernel) {
            add_kernel(&mut equations, rows, pair_weight, &coefficients);
        }
        coefficients = equations.solve();
    }
    let errors: f64 = rows.iter().map(|row| error(row, &coefficients).abs()).sum();
    (coefficients, errors / rows.len().max(1) as f64)
}

/// Adds the rows of a kernel, and with weight `pair_weight` the differences between them and their mean.
fn add_kernel(equations: &mut NormalEquations, rows: &[Row], pair_weight: f64, coefficients: &[f64]) {
    let predicted: Vec<f64> = rows.iter().map(|row| row.predicted(coefficients)).collect();
    let errors: Vec<f64> = rows.iter().zip(&predicted).map(|(row, p)| libm::log(row.target / p)).collect();
    let share = 1.0 / rows.len() as f64;
    let mean_error = share * errors.iter().map(|error| error.clamp(-1.0, 1.0)).sum::<f64>();
    let pair_weight = if rows.len() < 2 { 0.0 } else { pair_weight };
    // By column: the weighted sum and the mean of the rows whose differences count.
    let mut columns: BTreeMap<usize, (f64, f64)> = BTreeMap::new();
    let (mut weights, mut weighted_differences) = (0.0, 0.0);
    for ((row, &predicted), error) in rows.iter().zip(&predicted).zip(&errors) {
        let weight = 1.0 / error.abs().max(QUADRATIC_BELOW);
        let error = error.clamp(-1.0, 1.0);
        let difference = error - mean_error;
        let of_difference = pair_weight / difference.abs().max(QUADRATIC_BELOW);
        let weighted_target = weight * (1.0 + error) + of_difference * difference;
        equations.add_parts(&row.counts, predicted, weighted_target, weight + of_difference);
        if pair_weight > 0.0 {
            weights += of_difference;
            weighted_differences += of_difference * difference;
            for &(at, count) in &row.counts {
                let column = columns.entry(at).or_default();
                column.0 += of_difference * count / predicted;
                column.1 += share * count / predicted;
            }
        }
    }
    if pair_weight > 0.0 {
        let columns: Vec<(usize, f64, f64)> = columns.into_iter().map(|(at, (sum, mean))| (at, sum, mean)).collect();
        equations.subtract_mean(&columns, weighted_differences, weights);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::random::Random;

    /// Three counts and a constant term.
    const SIZE: usize = 4;

    fn rows(random: &mut Random, count: usize, target: impl Fn(&[f64; 3], &mut Random) -> f64) -> Vec<Row> {
        (0..count)
            .map(|_| {
                // Sizes far apart, as those of functions are.
                let work = [0; 3].map(|_| if random.unit() < 0.3 { 0.0 } else { libm::exp(12.0 * random.unit()) });
                let target = target(&work, random);
                let counts =
                    work.iter().copied().enumerate().filter(|(_, count)| *count > 0.0).chain([(SIZE - 1, 1.0)]);
                Row { counts: counts.collect(), target, kernel: 0 }
            })
            .collect()
    }

    #[test]
    fn coefficients_are_found_however_far_apart_the_sizes_are() {
        let exact = rows(&mut Random::new(3), 400, |w, _| 2.0 * w[0] + 0.25 * w[2] + 30.0);
        let found = coefficients(&exact, SIZE, 0.0);
        for (at, expected) in [(0, 2.0), (1, 0.0), (2, 0.25), (SIZE - 1, 30.0)] {
            assert!((found[at] - expected).abs() <= 0.01 * expected.max(0.01), "coefficient {at} is {}", found[at]);
        }
    }

    #[test]
    fn outliers_do_not_dominate() {
        let target = |w: &[f64; 3], random: &mut Random| {
            let factor = if random.unit() < 0.1 { 1000.0 } else { 1.0 };
            factor * (2.0 * w[0] + 0.25 * w[2] + 30.0)
        };
        let found = coefficients(&rows(&mut Random::new(4), 1000, target), SIZE, 0.0);
        for (at, expected) in [(0, 2.0), (2, 0.25)] {
            assert!((found[at] / expected - 1.0).abs() < 0.2, "coefficient {at} is {}", found[at]);
        }
    }

    #[test]
    fn differences_are_those_of_rows_less_their_mean() {
        let mut random = Random::new(5);
        let kernel = rows(&mut random, 7, |w, random| w[0] + 2.0 * w[1] + 100.0 * random.unit());
        let (coefficients, weight) = ([1.0, 1.0, 1.0, 50.0], 2.0);
        let mut whole = NormalEquations::new(SIZE);
        add_kernel(&mut whole, &kernel, weight, &coefficients);
        // The same, one row after another.
        let mut parts = NormalEquations::new(SIZE);
        let scaled = |row: &Row| {
            let mut all = [0.0; SIZE];
            row.counts.iter().for_each(|&(at, count)| all[at] = count / row.predicted(&coefficients));
            all
        };
        let error = |row: &Row| libm::log(row.target / row.predicted(&coefficients));
        let share = 1.0 / kernel.len() as f64;
        let mean: Vec<f64> = (0..SIZE).map(|at| kernel.iter().map(|row| share * scaled(row)[at]).sum()).collect();
        let mean_error: f64 = kernel.iter().map(|row| share * error(row).clamp(-1.0, 1.0)).sum();
        for row in &kernel {
            let (own, bounded) = (scaled(row), error(row).clamp(-1.0, 1.0));
            let dense: Vec<(usize, f64)> = own.into_iter().enumerate().collect();
            parts.add(&dense, 1.0, 1.0 + bounded, 1.0 / error(row).abs().max(QUADRATIC_BELOW));
            let less: Vec<(usize, f64)> = (0..SIZE).map(|at| (at, own[at] - mean[at])).collect();
            let difference = bounded - mean_error;
            parts.add(&less, 1.0, difference, weight / difference.abs().max(QUADRATIC_BELOW));
        }
        for (one, other) in whole.solve().iter().zip(parts.solve()) {
            assert!((one - other).abs() <= 1e-6 * other.abs().max(1.0), "{one} and {other}");
        }
    }

    #[test]
    fn no_rows_give_zero_coefficients() {
        assert_eq!(coefficients(&[], SIZE, 0.0), vec![0.0; SIZE]);
    }
}
