//! Regression errors.

use serde::Serialize;

/// Errors of one output.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Regression {
    /// Number of rows.
    pub rows: usize,
    /// Root of the mean squared error, in the quantity's unit.
    pub rmse: f64,
    /// RMSE over the range of the truth (largest minus smallest), in %. `None` if the range is 0.
    pub rmse_pct_of_range: Option<f64>,
    /// RMSE over the mean of the truth, in %. `None` if the mean is 0.
    pub rmse_pct_of_mean: Option<f64>,
    /// Mean absolute error over the truth, in %, of rows whose truth is not zero.
    pub mape_pct: Option<f64>,
    /// Median of the same.
    pub median_ape_pct: Option<f64>,
    /// 90th percentile of the same.
    pub p90_ape_pct: Option<f64>,
    /// Share of rows within 10 % of the truth (a truth of zero: predicted as zero), in %.
    pub within_10_pct: f64,
    /// Share of rows that round to the truth, in %.
    pub exact_pct: f64,
    /// Share of rows that round to within 1 of the truth, in %.
    pub within_1_pct: f64,
    /// Share of rows that round to within 2 of the truth, in %.
    pub within_2_pct: f64,
    /// Share of rows that round to within 4 of the truth, in %.
    pub within_4_pct: f64,
}

/// The median of values in any order; `None` without values.
#[must_use]
pub fn median(mut values: Vec<f64>) -> Option<f64> {
    values.sort_by(f64::total_cmp);
    (!values.is_empty()).then(|| quantile(&values, 0.5))
}

/// Errors of predictions. RMSE is related to `range`, or to the range of the truth if `None`.
///
/// # Panics
/// If there are no rows, or the lengths differ.
#[must_use]
pub fn regression(truth: &[f64], predicted: &[f64], range: Option<f64>) -> Regression {
    assert!(!truth.is_empty() && truth.len() == predicted.len(), "one prediction for each of at least one row");
    let rows = truth.len();
    let count = rows as f64;
    let pairs = || truth.iter().zip(predicted);
    let rmse = (pairs().map(|(t, p)| (p - t) * (p - t)).sum::<f64>() / count).sqrt();
    let mean = truth.iter().sum::<f64>() / count;
    let largest = truth.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    let smallest = truth.iter().copied().fold(f64::INFINITY, f64::min);
    let range = range.unwrap_or(largest - smallest);
    let mut relative: Vec<f64> =
        pairs().filter(|(t, _)| **t != 0.0).map(|(t, p)| 100.0 * ((p - t) / t).abs()).collect();
    relative.sort_by(f64::total_cmp);
    let some = !relative.is_empty();
    let share =
        |good: &dyn Fn(f64, f64) -> bool| 100.0 * pairs().filter(|(t, p)| good(**t, **p)).count() as f64 / count;
    let within = |distance: f64| share(&|t, p| (p.round() - t.round()).abs() <= distance);
    Regression {
        rows,
        rmse,
        rmse_pct_of_range: (range > 0.0).then(|| 100.0 * rmse / range),
        rmse_pct_of_mean: (mean != 0.0).then(|| 100.0 * rmse / mean.abs()),
        mape_pct: some.then(|| relative.iter().sum::<f64>() / relative.len() as f64),
        median_ape_pct: some.then(|| quantile(&relative, 0.5)),
        p90_ape_pct: some.then(|| quantile(&relative, 0.9)),
        within_10_pct: share(&|t, p| (p - t).abs() <= 0.1 * t.abs()),
        exact_pct: within(0.0),
        within_1_pct: within(1.0),
        within_2_pct: within(2.0),
        within_4_pct: within(4.0),
    }
}

/// Quantile of sorted values with linear interpolation.
///
/// # Panics
/// If there are none.
#[must_use]
pub fn quantile(sorted: &[f64], share: f64) -> f64 {
    let place = share * (sorted.len() - 1) as f64;
    let low = place.floor() as usize;
    let high = (low + 1).min(sorted.len() - 1);
    sorted[low] + (place - low as f64) * (sorted[high] - sorted[low])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn errors_match_hand_computation() {
        // Errors 1, -2, 0, 4; squares 1 + 4 + 0 + 16 = 21, / 4 = 5.25.
        let r = regression(&[10.0, 20.0, 0.0, 50.0], &[11.0, 18.0, 0.0, 54.0], None);
        assert!((r.rmse - 5.25f64.sqrt()).abs() < 1e-12);
        assert!((r.rmse_pct_of_range.unwrap() - 100.0 * 5.25f64.sqrt() / 50.0).abs() < 1e-12);
        assert!((r.rmse_pct_of_mean.unwrap() - 100.0 * 5.25f64.sqrt() / 20.0).abs() < 1e-12);
        // 10 %, 10 %, 8 % of the rows that are not zero.
        assert!((r.mape_pct.unwrap() - 28.0 / 3.0).abs() < 1e-12);
        assert!((r.median_ape_pct.unwrap() - 10.0).abs() < 1e-12);
        assert_eq!(
            [r.within_10_pct, r.exact_pct, r.within_1_pct, r.within_2_pct, r.within_4_pct],
            [100.0, 25.0, 50.0, 75.0, 100.0]
        );
        let stated = regression(&[10.0, 20.0], &[10.0, 24.0], Some(100.0));
        assert!((stated.rmse_pct_of_range.unwrap() - 8f64.sqrt()).abs() < 1e-12);
    }

    #[test]
    fn what_is_undefined_is_none() {
        let r = regression(&[0.0, 0.0], &[0.2, 3.0], None);
        assert_eq!((r.rmse_pct_of_range, r.rmse_pct_of_mean, r.mape_pct), (None, None, None));
        assert_eq!((r.exact_pct, r.within_10_pct), (50.0, 0.0));
    }

    #[test]
    fn quantiles_interpolate() {
        let sorted = [1.0, 2.0, 4.0, 8.0];
        assert_eq!([0.0, 0.25, 0.5, 0.75, 1.0].map(|s| quantile(&sorted, s)), [1.0, 1.75, 3.0, 5.0, 8.0]);
    }
}
