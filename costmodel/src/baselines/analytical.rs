//! Analysis without learning, save for the units: roofline for time, liveness for registers.
//!
//! The roofline takes the longer of computing and moving (Williams, Waterman and Patterson, 2009), at the two rates
//! per target that fit the training rows best: not vendors' peaks, which no compiled loop reaches. Registers are a
//! line through the most values live at once. Both answer only what they are about.

use serde::{Deserialize, Serialize};

use crate::features::Feature;
use crate::model::{Fit, FitError, Predict, Rows, Run};
use crate::quantity::Quantity;
use crate::sample::{Dataset, Input};

/// Fits the roofline's rates. It has no hyper-parameters.
#[derive(Debug, Clone, Copy, Default)]
pub struct Roofline;

/// Cycles per operation and per byte, by output; `None` for outputs that are no time.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct RooflineModel(Vec<Option<(f64, f64)>>);

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
                    let (work, bytes) = work_and_bytes(&sample.input);
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

fn work_and_bytes(input: &Input) -> (f64, f64) {
    (input.feature(Feature::Work), input.feature(Feature::BytesLoaded) + input.feature(Feature::BytesStored))
}

/// The pair of rates, each 2^(i/2), of the least mean error of logarithms.
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

impl RooflineModel {
    /// Number of outputs.
    pub(crate) fn outputs(&self) -> usize {
        self.0.len()
    }
}

impl Predict for RooflineModel {
    fn predict(&self, input: &Input) -> Vec<Option<f64>> {
        let (work, bytes) = work_and_bytes(input);
        self.0.iter().map(|rates| rates.map(|(a, b)| (a * work).max(b * bytes))).collect()
    }
}

/// Fits the line through live values. It has no hyper-parameters.
#[derive(Debug, Clone, Copy, Default)]
pub struct Liveness;

/// Quantity, intercept and slope, by output; `None` for outputs that are no pressure.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct LivenessModel(Vec<Option<(Quantity, f64, f64)>>);

/// What is alive of a quantity's kind.
fn alive(quantity: Quantity) -> Option<Feature> {
    match quantity {
        Quantity::VectorRegisterPressure => Some(Feature::MaxLiveData),
        Quantity::GeneralRegisterPressure => Some(Feature::MaxLiveIndices),
        _ => None,
    }
}

impl Fit for Liveness {
    type Model = LivenessModel;

    fn fit(&self, data: &Dataset, rows: &Rows, _: &Run<'_>) -> Result<LivenessModel, FitError> {
        let line = |output: usize| {
            let quantity = data.outputs()[output].quantity;
            let feature = alive(quantity)?;
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

impl LivenessModel {
    /// Number of outputs.
    pub(crate) fn outputs(&self) -> usize {
        self.0.len()
    }
}

impl Predict for LivenessModel {
    fn predict(&self, input: &Input) -> Vec<Option<f64>> {
        let value = |&(quantity, intercept, slope): &(Quantity, f64, f64)| {
            Some((intercept + slope * input.feature(alive(quantity)?)).max(0.0))
        };
        self.0.iter().map(|line| line.as_ref().and_then(value)).collect()
    }
}
