//! Coverage of intervals on families that were left out.

use serde::Serialize;

use super::quantile;

/// Coverage of intervals.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Coverage {
    /// Mean over families of the share of rows inside their interval, in %.
    pub mean_pct: f64,
    /// Tenth percentile over families.
    pub p10_pct: f64,
    /// Smallest over families.
    pub least_pct: f64,
    /// Mean width of the intervals on the scale of the quantity.
    pub width: f64,
}

/// Coverage by family; `rows` gives truth, lower and upper end and family of each row. `None` without rows.
#[must_use]
pub fn coverage(rows: &[(f64, f64, f64, u32)]) -> Option<Coverage> {
    if rows.is_empty() {
        return None;
    }
    let mut sorted: Vec<_> = rows.iter().collect();
    sorted.sort_by_key(|row| row.3);
    let mut shares: Vec<f64> = sorted
        .chunk_by(|a, b| a.3 == b.3)
        .map(|family| {
            let inside = family.iter().filter(|row| (row.1..=row.2).contains(&row.0)).count();
            100.0 * inside as f64 / family.len() as f64
        })
        .collect();
    shares.sort_by(f64::total_cmp);
    Some(Coverage {
        mean_pct: shares.iter().sum::<f64>() / shares.len() as f64,
        p10_pct: quantile(&shares, 0.1),
        least_pct: shares[0],
        width: rows.iter().map(|row| row.2 - row.1).sum::<f64>() / rows.len() as f64,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn families_count_equally() {
        let rows = [(1.0, 0.0, 2.0, 7), (1.0, 0.0, 2.0, 7), (1.0, 2.0, 3.0, 7), (1.0, 0.0, 1.0, 7), (5.0, 5.0, 6.0, 9)];
        let coverage = coverage(&rows).unwrap();
        assert_eq!((coverage.mean_pct, coverage.least_pct), (87.5, 75.0));
        assert!((coverage.width - (2.0 + 2.0 + 1.0 + 1.0 + 1.0) / 5.0).abs() < 1e-12);
    }
}
