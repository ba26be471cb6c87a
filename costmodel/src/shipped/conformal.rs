//! Intervals around predictions, calibrated by split conformal prediction over families (the crate `training`).
//!
//! A half width is `factor x (floor + distance)`: the floor is a constant per output, the distance is the error that the model expects
//! of itself (or, where a network is blended in, the difference between the two models).

use crate::quantity::Output;

/// Nominal coverage of the intervals.
pub const NOMINAL: f64 = 0.9;

/// Half widths of intervals, by output: `factor x (floor + distance)` on the scale of the labels.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Widths {
    /// Constant term, on the scale of the fit.
    pub floors: Vec<f32>,
    /// Half width per unit of floor plus distance.
    pub factors: Vec<f32>,
}

impl Widths {
    /// Ends of the interval around a prediction, in the quantity's unit.
    #[must_use]
    pub fn interval(&self, output: &Output, index: usize, (answer, distance): (f32, f32)) -> (f64, f64) {
        let half = f64::from(self.factors[index]) * f64::from(self.floors[index] + distance);
        let scale = output.quantity.scale();
        let (low, high) = (scale.from(f64::from(answer) - half), scale.from(f64::from(answer) + half));
        output.quantity.counted_interval(low, high)
    }

    /// Ends of the interval around a ratio, whose logarithm is on the scale of these widths; `doubt` is the sum of the errors
    /// expected of both functions.
    #[must_use]
    pub fn around_ratio(&self, index: usize, ratio: f64, doubt: f64) -> (f64, f64) {
        let half = f64::from(self.factors[index]) * (f64::from(self.floors[index]) + doubt);
        (ratio / libm::exp(half), ratio * libm::exp(half))
    }
}

/// Intervals of ratios of two variants of a kernel.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct RatioTable {
    /// Half widths of the logarithm, by output; of outputs without ratios they are 0.
    pub widths: Widths,
    /// Pairs that they were calibrated on, of families that the calibrating fits had left out.
    pub pairs: u64,
}
