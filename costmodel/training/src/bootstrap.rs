//! Paired bootstrap over families: confidence interval of the difference of two models.
//!
//! Rows of a family resemble each other, so families are drawn, not rows (Cameron, Gelbach and Miller, "Bootstrap-
//! Based Improvements for Inference with Clustered Errors", 2008). Both models are scored on the same draw.

use serde::Serialize;

use crate::metrics::quantile;
use crate::random::Random;

/// A difference with its interval.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Difference {
    /// Difference on all rows.
    pub value: f64,
    /// 2.5th percentile over draws of families.
    pub low: f64,
    /// 97.5th percentile.
    pub high: f64,
}

impl Difference {
    /// Whether zero lies outside.
    #[must_use]
    pub fn excludes_zero(&self) -> bool {
        self.low > 0.0 || self.high < 0.0
    }
}

/// The interval of `statistic` over `draws` draws of families with replacement. `clusters` holds each family's rows;
/// a draw on which the statistic is undefined is left out. `None` if it is undefined on all rows, or on most draws.
pub fn clustered(
    clusters: &[Vec<usize>],
    draws: usize,
    seed: u64,
    statistic: impl Fn(&[usize]) -> Option<f64>,
) -> Option<Difference> {
    let mut rows: Vec<usize> = clusters.iter().flatten().copied().collect();
    let value = statistic(&rows)?;
    let mut random = Random::new(seed);
    let mut values = Vec::with_capacity(draws);
    for _ in 0..draws {
        rows.clear();
        for _ in clusters {
            rows.extend(&clusters[random.below(clusters.len())]);
        }
        values.extend(statistic(&rows));
    }
    if values.is_empty() || values.len() * 2 < draws {
        return None;
    }
    values.sort_by(f64::total_cmp);
    Some(Difference { value, low: quantile(&values, 0.025), high: quantile(&values, 0.975) })
}

/// The rows of each family, families in the order of their numbers.
#[must_use]
pub fn clusters(families: &[u32]) -> Vec<Vec<usize>> {
    let mut rows: Vec<usize> = (0..families.len()).collect();
    rows.sort_by_key(|&row| families[row]);
    rows.chunk_by(|&a, &b| families[a] == families[b]).map(<[usize]>::to_vec).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mean(values: &[f64]) -> impl Fn(&[usize]) -> Option<f64> {
        |rows: &[usize]| (!rows.is_empty()).then(|| rows.iter().map(|&r| values[r]).sum::<f64>() / rows.len() as f64)
    }

    #[test]
    fn the_interval_of_a_mean_has_the_known_width() {
        let mut random = Random::new(3);
        let values: Vec<f64> = (0..400).map(|_| random.normal()).collect();
        let alone: Vec<Vec<usize>> = (0..400).map(|row| vec![row]).collect();
        let d = clustered(&alone, 2000, 1, mean(&values)).unwrap();
        // 1.96 standard errors of 1/20 each way.
        assert!(((d.high - d.low) - 2.0 * 1.96 / 20.0).abs() < 0.03, "{d:?}");
    }

    #[test]
    fn families_of_copies_widen_it() {
        let mut random = Random::new(4);
        let distinct: Vec<f64> = (0..25).map(|_| random.normal()).collect();
        let values: Vec<f64> = (0..400).map(|row| distinct[row % 25]).collect();
        let families: Vec<u32> = (0..400).map(|row| row % 25).collect();
        let by_family = clustered(&clusters(&families), 2000, 1, mean(&values)).unwrap();
        let alone: Vec<Vec<usize>> = (0..400).map(|row| vec![row]).collect();
        let by_row = clustered(&alone, 2000, 1, mean(&values)).unwrap();
        assert!(by_family.high - by_family.low > 3.0 * (by_row.high - by_row.low));
    }

    #[test]
    fn a_constant_difference_excludes_zero() {
        let d = clustered(&[vec![0, 1], vec![2]], 100, 1, mean(&[2.0, 2.0, 2.0])).unwrap();
        assert_eq!((d.value, d.low, d.high, d.excludes_zero()), (2.0, 2.0, 2.0, true));
        assert!(clustered(&[vec![0]], 100, 1, |_| None).is_none());
    }
}
