//! Predictions for a processor or design that the model was not trained for, from those for one that it was.
//!
//! On the scale of the fit the new target's value is a linear function of the known target's prediction, fitted to a few
//! dozen labelled functions (the crate `training`).

use serde::{Deserialize, Serialize};

use crate::quantity::{Output, Scale};

/// A line through the predictions for another target, on the scale of the fit, with its interval.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Line {
    /// Predicted value where the known target's prediction is 0.
    pub intercept: f32,
    /// Change of the predicted value per unit of the known target's prediction.
    pub slope: f32,
    /// Half width of the interval, at least 0.
    pub half: f32,
}

/// One output of a new target.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Adaptation {
    /// What is predicted.
    pub output: Output,
    /// The target whose predictions it comes from.
    pub base: String,
    /// Number of functions that it was fitted to.
    pub rows: usize,
    /// Line through the learned predictions.
    pub learned: Line,
    /// Line through the analytical predictions, if the quantity has one.
    pub analytical: Option<Line>,
}

impl Line {
    /// The value for a value of the known target, both on the scale of the fit.
    #[must_use]
    pub fn at(&self, known: f32) -> f32 {
        self.intercept + self.slope * known
    }

    /// Ends of the interval in the quantity's unit.
    pub(super) fn interval(&self, scale: Scale, value: f32) -> (f64, f64) {
        let (value, half) = (f64::from(value), f64::from(self.half));
        (scale.from(value - half), scale.from(value + half))
    }

    pub(super) fn is_sound(&self) -> bool {
        self.intercept.is_finite() && self.slope.is_finite() && self.half.is_finite() && self.half >= 0.0
    }
}
