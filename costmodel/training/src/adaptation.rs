//! Fits the line that adapts a model to one more target ([`Adaptation`](costmodel::shipped::Adaptation)).
//!
//! Least squares with a prior of slope 1 that weighs as much as `PRIOR` rows: few functions only shift the line. Intervals
//! come from leaving one kernel out at a time. The method assumes that the two targets are similar; wide intervals show that
//! they are not.

use costmodel::shipped::{Line, NOMINAL};

/// Weight of the prior (slope 1), in rows.
pub(crate) const PRIOR: f64 = 8.0;

/// Predictions whose squared deviations have at most this sum or mean count as equal.
pub(crate) const FLAT: f64 = 1e-12;

/// Minimum number of labelled functions for a fit.
pub const FEWEST: usize = 8;

/// A prediction and the truth on the scale of the fit, and the kernel they belong to.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Pair {
    /// Predicted for the known target.
    pub predicted: f64,
    /// Measured on the new one.
    pub truth: f64,
    /// Pairs of one kernel are left out together.
    pub kernel: u32,
}

/// Fits a line; `None` if there are fewer than [`FEWEST`] pairs.
#[must_use]
pub fn fit(pairs: &[Pair]) -> Option<Line> {
    if pairs.len() < FEWEST {
        return None;
    }
    let (intercept, slope) = least_squares(pairs.iter().copied());
    let mut errors: Vec<f64> = pairs
        .iter()
        .map(|pair| {
            let (intercept, slope) = least_squares(pairs.iter().copied().filter(|p| p.kernel != pair.kernel));
            (pair.truth - intercept - slope * pair.predicted).abs()
        })
        .collect();
    errors.sort_by(f64::total_cmp);
    // The next error counts as infinite (split conformal prediction).
    let rank = ((errors.len() + 1) as f64 * NOMINAL).ceil() as usize;
    let half = errors[rank.clamp(1, errors.len()) - 1];
    Some(Line { intercept: intercept as f32, slope: slope as f32, half: half as f32 })
}

fn least_squares(pairs: impl Iterator<Item = Pair> + Clone) -> (f64, f64) {
    let count = pairs.clone().count().max(1) as f64;
    let x = pairs.clone().map(|p| p.predicted).sum::<f64>() / count;
    let y = pairs.clone().map(|p| p.truth).sum::<f64>() / count;
    let variance = pairs.clone().map(|p| (p.predicted - x) * (p.predicted - x)).sum::<f64>();
    let covariance = pairs.map(|p| (p.predicted - x) * (p.truth - y)).sum::<f64>();
    // The prior as rows with the variance of the pairs and slope 1.
    let belief = PRIOR * variance / count;
    let slope = if variance > FLAT { (covariance + belief) / (variance + belief) } else { 1.0 };
    (y - slope * x, slope)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::random::Random;

    fn pairs(count: usize, law: impl Fn(f64) -> f64, noise: f64) -> Vec<Pair> {
        let mut random = Random::new(3);
        let mut pair = |kernel: usize| {
            let predicted = 10.0 * random.unit();
            Pair { predicted, truth: law(predicted) + noise * random.normal(), kernel: kernel as u32 }
        };
        (0..count).map(&mut pair).collect()
    }

    #[test]
    fn many_functions_fix_the_line_and_few_shift_it() {
        let line = fit(&pairs(2000, |x| 2.0 + 0.5 * x, 0.0)).unwrap();
        assert!((line.slope - 0.5).abs() < 0.01 && (line.intercept - 2.0).abs() < 0.05, "{line:?}");
        let line = fit(&pairs(8, |x| 2.0 + x, 0.0)).unwrap();
        assert!((line.slope - 1.0).abs() < 1e-6 && (line.intercept - 2.0).abs() < 1e-5 && line.half < 1e-5, "{line:?}");
        assert_eq!(fit(&pairs(FEWEST - 1, |x| x, 0.0)), None);
    }

    #[test]
    fn intervals_hold_for_new_functions() {
        let law = |x: f64| 1.0 + 1.1 * x;
        let all = pairs(4040, law, 0.3);
        let line = fit(&all[..40]).unwrap();
        let inside = |p: &&Pair| (p.truth - f64::from(line.at(p.predicted as f32))).abs() <= f64::from(line.half);
        let share = all[40..].iter().filter(inside).count() as f64 / 4000.0;
        assert!((0.83..0.99).contains(&share), "{share}");
    }
}
