//! Intervals around predictions, calibrated by split conformal prediction over families (the crate `training`).
//!
//! A half width is `factor x (floor + distance)`: the floor is a constant per output, the distance is the difference
//! between two blended models (0 for trees alone).

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
}
