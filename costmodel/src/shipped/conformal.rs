//! Intervals around predictions, calibrated by split conformal prediction over families (the crate `training`).
//!
//! A half width is `factor x (floor + distance)`: the floor is the least doubt, the distance is how far two models are
//! apart where there are two.

use crate::quantity::Output;

/// Share of rows that an interval shall cover.
pub const NOMINAL: f64 = 0.9;

/// Half widths of intervals, by output: `factor x (floor + distance)` on the scale of the labels.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Widths {
    /// Least doubt, on the scale of the fit.
    pub floors: Vec<f32>,
    /// Half width per unit of doubt.
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
