//! Fits of the analytical models to the training rows; neither has hyper-parameters.

use costmodel::analytical::{LivenessModel, RooflineModel};
use costmodel::quantity::Quantity;

use crate::dataset::Dataset;
use crate::fit::{Fit, FitError, Rows, Run};

/// Fits the roofline's two rates per target.
#[derive(Debug, Clone, Copy, Default)]
pub struct Roofline;

impl Fit for Roofline {
    type Model = RooflineModel;

    fn fit(&self, data: &Dataset, rows: &Rows, _: &Run<'_>) -> Result<RooflineModel, FitError> {
        let rates = |output: usize| {
            if !matches!(data.outputs()[output].quantity, Quantity::Cycles | Quantity::XpuLatencyCycles) {
                return None;
            }
            let points: Vec<(f64, f64, f64)> = rows
                .training
                .iter()
                .filter_map(|&row| {
                    let sample = &data.samples()[row];
                    let (work, bytes) = RooflineModel::work_and_bytes(&sample.input);
                    Some((work, bytes, libm::log1p(sample.labels[output]?)))
                })
                .collect();
            (!points.is_empty()).then(|| best_rates(&points))
        };
        if rows.training.is_empty() {
            return Err(FitError::NoRows);
        }
        Ok(RooflineModel((0..data.outputs().len()).map(rates).collect()))
    }
}

/// The pair of rates, each 2^(i/2), with the least mean error of logarithms.
fn best_rates(points: &[(f64, f64, f64)]) -> (f64, f64) {
    let rate = |i: i32| libm::exp2(f64::from(i) / 2.0);
    let error = |a: f64, b: f64| -> f64 {
        points.iter().map(|(work, bytes, log)| (libm::log1p((a * work).max(b * bytes)) - log).abs()).sum()
    };
    let (mut best, mut found) = (f64::INFINITY, (1.0, 1.0));
    for (i, j) in (-16..=8).flat_map(|i| (-16..=8).map(move |j| (i, j))) {
        let error = error(rate(i), rate(j));
        if error < best {
            (best, found) = (error, (rate(i), rate(j)));
        }
    }
    found
}

/// Fits the line through live values.
#[derive(Debug, Clone, Copy, Default)]
pub struct Liveness;

impl Fit for Liveness {
    type Model = LivenessModel;

    fn fit(&self, data: &Dataset, rows: &Rows, _: &Run<'_>) -> Result<LivenessModel, FitError> {
        let line = |output: usize| {
            let quantity = data.outputs()[output].quantity;
            let feature = LivenessModel::live_values(quantity)?;
            let points: Vec<(f64, f64)> = rows
                .training
                .iter()
                .filter_map(|&row| {
                    let sample = &data.samples()[row];
                    Some((sample.input.feature(feature), sample.labels[output]?))
                })
                .collect();
            let (intercept, slope) = least_squares(&points)?;
            Some((quantity, intercept, slope))
        };
        if rows.training.is_empty() {
            return Err(FitError::NoRows);
        }
        Ok(LivenessModel((0..data.outputs().len()).map(line).collect()))
    }
}

fn least_squares(points: &[(f64, f64)]) -> Option<(f64, f64)> {
    let count = points.len() as f64;
    let mean = |of: fn(&(f64, f64)) -> f64| points.iter().map(of).sum::<f64>() / count;
    let (x, y) = (mean(|p| p.0), mean(|p| p.1));
    let variance = points.iter().map(|p| (p.0 - x) * (p.0 - x)).sum::<f64>();
    let covariance = points.iter().map(|p| (p.0 - x) * (p.1 - y)).sum::<f64>();
    let slope = if variance > 0.0 { covariance / variance } else { 0.0 };
    (!points.is_empty()).then_some((y - slope * x, slope))
}
