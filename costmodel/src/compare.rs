//! The ratio of a quantity of two functions, with an interval on the ratio.
//!
//! Errors of two variants of one kernel have much in common, so the interval on their ratio is narrower than the intervals of both
//! would give. It is calibrated on pairs of variants (the crate `training`): on the logarithmic scale, half its width is a factor times the
//! sum of the errors that the model expects of both functions. It holds for variants of one computation, not for unrelated functions.

use std::fmt;

use names::named;
use serde::Serialize;

use crate::predictor::{Predictor, Provider, Reply};
use crate::quantity::Quantity;

named! {
    /// What the ratio says about the second function.
    pub enum Verdict {
        /// It needs less: the interval lies below 1.
        Faster = "faster",
        /// It needs more: the interval lies above 1.
        Slower = "slower",
        /// The interval holds 1: the model cannot tell.
        Within = "within_interval",
    }
}

/// The quantity of the second function over that of the first.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Ratio {
    /// Predicted ratio.
    pub value: f64,
    /// Ends of the 90 % interval; `None` where the model has no calibration for it.
    pub interval: Option<(f64, f64)>,
}

impl Ratio {
    /// What it says; `None` without an interval.
    #[must_use]
    pub fn verdict(self) -> Option<Verdict> {
        let (low, high) = self.interval?;
        Some(match (high < 1.0, low > 1.0) {
            (true, _) => Verdict::Faster,
            (_, true) => Verdict::Slower,
            _ => Verdict::Within,
        })
    }
}

/// Why there is no ratio, or none with an interval.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum NoRatio {
    /// The quantity of one function is not known: the reason, and which function (0 or 1).
    Unknown(usize, String),
    /// A quantity of 0 has no ratio.
    Zero,
    /// The table is not for this output: an adapted one.
    NotCalibrated,
    /// The table is for the learned model only.
    Provider,
}

impl fmt::Display for NoRatio {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unknown(which, why) => write!(f, "the {} function: {why}", ["first", "second"][*which]),
            Self::Zero => f.write_str("a prediction of 0 has no ratio"),
            Self::NotCalibrated => f.write_str("intervals of ratios are not calibrated for this target"),
            Self::Provider => f.write_str("intervals of ratios are calibrated for the learned model only"),
        }
    }
}

/// The ratio of one output.
#[derive(Debug, Clone, PartialEq)]
pub struct Compared {
    /// Index among the predictor's outputs.
    pub output: usize,
    /// The ratio; `None` where a quantity is not known or 0.
    pub ratio: Option<Ratio>,
    /// Why the ratio or its interval is missing.
    pub missing: Option<NoRatio>,
}

/// Quantities of which there are ratios: those that grow with the work.
#[must_use]
pub fn has_ratio(quantity: Quantity) -> bool {
    quantity.grows()
}

impl Predictor {
    /// The ratios of two replies, for each output that has one.
    #[must_use]
    pub fn ratios(&self, first: &Reply, second: &Reply) -> Vec<Compared> {
        let outputs = self.outputs().iter().enumerate();
        outputs.filter(|(_, o)| has_ratio(o.quantity)).map(|(at, _)| self.ratio(at, [first, second])).collect()
    }

    fn ratio(&self, output: usize, replies: [&Reply; 2]) -> Compared {
        let quantity = self.outputs()[output].quantity;
        let missing = |why| Compared { output, ratio: None, missing: Some(why) };
        let (mut values, mut doubt) = ([0.0; 2], 0.0);
        for (at, reply) in replies.iter().enumerate() {
            match reply.estimates[output] {
                Some(estimate) => {
                    values[at] = estimate.value;
                    doubt += estimate.doubt;
                }
                None => {
                    let why =
                        reply.why(quantity).next().map_or_else(|| "not predicted".to_owned(), ToString::to_string);
                    return missing(NoRatio::Unknown(at, why));
                }
            }
        }
        if values.iter().any(|value| *value <= 0.0) {
            return missing(NoRatio::Zero);
        }
        let value = values[1] / values[0];
        let widths = &self.model().ratios.widths;
        let why = if replies.iter().any(|reply| reply.provider != Provider::Learned) {
            Some(NoRatio::Provider)
        } else {
            widths.floors.get(output).is_none().then_some(NoRatio::NotCalibrated)
        };
        let interval = why.is_none().then(|| widths.around_ratio(output, value, doubt));
        Compared { output, ratio: Some(Ratio { value, interval }), missing: why }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::shipped::Widths;

    #[test]
    fn verdicts_follow_from_the_interval() {
        let of = |interval| Ratio { value: 1.0, interval }.verdict();
        assert_eq!(of(Some((0.5, 0.9))), Some(Verdict::Faster));
        assert_eq!(of(Some((1.1, 2.0))), Some(Verdict::Slower));
        assert_eq!(of(Some((0.9, 1.1))), Some(Verdict::Within));
        assert_eq!(of(None), None);
    }

    #[test]
    fn intervals_widen_with_the_doubt_and_turn_round() {
        let widths = Widths { floors: vec![0.1], factors: vec![0.5] };
        let (low, high) = widths.around_ratio(0, 1.0, 0.0);
        assert!((high - libm::exp(0.05)).abs() < 1e-6 && (low * high - 1.0).abs() < 1e-6);
        let (wide_low, wide_high) = widths.around_ratio(0, 4.0, 0.3);
        assert!((wide_high / 4.0 - libm::exp(0.2)).abs() < 1e-6);
        let (back_low, back_high) = widths.around_ratio(0, 0.25, 0.3);
        assert!((back_low * wide_high - 1.0).abs() < 1e-6 && (back_high * wide_low - 1.0).abs() < 1e-6);
    }
}
