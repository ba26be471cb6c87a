//! Order within groups: rank correlations, and the regret of choosing the variant predicted best.

use serde::Serialize;

/// Order of the variants of kernels, averaged over kernels with equal weight.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Ranking {
    /// Kernels with at least two variants that differ.
    pub groups: usize,
    /// Kendall's tau-b: agreeing minus disagreeing pairs, corrected for ties; 1 is the true order.
    pub kendall_tau: f64,
    /// Spearman's correlation of ranks.
    pub spearman: f64,
    /// Excess of the variant predicted best over the best, in %.
    pub top_1_regret_pct: f64,
    /// Excess of the best of the five predicted best over the best, in %.
    pub top_5_regret_pct: f64,
    /// Share of pairs in the right order, in %, of those whose truth differs by more than 1 %; equal predictions count half.
    pub decision_accuracy_pct: f64,
}

/// Pairs whose truth differs by less than this share are not counted.
const MARGIN: f64 = 0.01;

/// Scores the order in which `predicted` puts each group (rows of one group share its number); less is better.
/// `None` if no group has two rows with different truths.
#[must_use]
pub fn ranking(truth: &[f64], predicted: &[f64], groups: &[u32]) -> Option<Ranking> {
    let mut rows: Vec<usize> = (0..truth.len()).collect();
    rows.sort_by_key(|&row| groups[row]);
    let mut sum = Ranking {
        groups: 0,
        kendall_tau: 0.0,
        spearman: 0.0,
        top_1_regret_pct: 0.0,
        top_5_regret_pct: 0.0,
        decision_accuracy_pct: 0.0,
    };
    let mut decided_groups = 0usize;
    for group in rows.chunk_by(|&a, &b| groups[a] == groups[b]) {
        let t: Vec<f64> = group.iter().map(|&row| truth[row]).collect();
        let p: Vec<f64> = group.iter().map(|&row| predicted[row]).collect();
        if t.iter().all(|value| *value == t[0]) {
            continue;
        }
        sum.groups += 1;
        sum.kendall_tau += kendall_tau(&t, &p).unwrap_or(0.0);
        sum.spearman += spearman(&t, &p).unwrap_or(0.0);
        sum.top_1_regret_pct += regret_pct(&t, &p, 1);
        sum.top_5_regret_pct += regret_pct(&t, &p, 5);
        if let Some(accuracy) = decision_accuracy_pct(&t, &p) {
            sum.decision_accuracy_pct += accuracy;
            decided_groups += 1;
        }
    }
    if sum.groups == 0 {
        return None;
    }
    let count = sum.groups as f64;
    Some(Ranking {
        groups: sum.groups,
        kendall_tau: sum.kendall_tau / count,
        spearman: sum.spearman / count,
        top_1_regret_pct: sum.top_1_regret_pct / count,
        top_5_regret_pct: sum.top_5_regret_pct / count,
        decision_accuracy_pct: sum.decision_accuracy_pct / decided_groups.max(1) as f64,
    })
}

/// Kendall's tau-b; `None` where one side is constant.
#[must_use]
pub fn kendall_tau(a: &[f64], b: &[f64]) -> Option<f64> {
    let (mut score, mut untied_a, mut untied_b) = (0i64, 0i64, 0i64);
    for i in 0..a.len() {
        for j in 0..i {
            let x = a[i].total_cmp(&a[j]) as i64;
            let y = b[i].total_cmp(&b[j]) as i64;
            score += x * y;
            untied_a += x * x;
            untied_b += y * y;
        }
    }
    let norm = (untied_a as f64 * untied_b as f64).sqrt();
    (norm > 0.0).then(|| score as f64 / norm)
}

/// Spearman's correlation, ties at their mean rank; `None` where one side is constant.
#[must_use]
pub fn spearman(a: &[f64], b: &[f64]) -> Option<f64> {
    let (a, b) = (ranks(a), ranks(b));
    let mean = (a.len() as f64 - 1.0) / 2.0;
    let product = |x: &[f64], y: &[f64]| x.iter().zip(y).map(|(x, y)| (x - mean) * (y - mean)).sum::<f64>();
    let norm = (product(&a, &a) * product(&b, &b)).sqrt();
    (norm > 0.0).then(|| product(&a, &b) / norm)
}

/// Ranks from 0, ties at their mean.
fn ranks(values: &[f64]) -> Vec<f64> {
    let mut order: Vec<usize> = (0..values.len()).collect();
    order.sort_by(|&i, &j| values[i].total_cmp(&values[j]));
    let mut ranks = vec![0.0; values.len()];
    let mut start = 0;
    for tied in order.chunk_by(|&i, &j| values[i] == values[j]) {
        let rank = start as f64 + (tied.len() - 1) as f64 / 2.0;
        tied.iter().for_each(|&i| ranks[i] = rank);
        start += tied.len();
    }
    ranks
}

/// Best truth among the `chosen` rows predicted best, over the best of all, minus 1, in %. Rows with equal predictions keep
/// their order.
fn regret_pct(truth: &[f64], predicted: &[f64], chosen: usize) -> f64 {
    let mut order: Vec<usize> = (0..truth.len()).collect();
    order.sort_by(|&i, &j| predicted[i].total_cmp(&predicted[j]));
    let least = |rows: &[usize]| rows.iter().map(|&i| truth[i]).fold(f64::INFINITY, f64::min);
    let best = least(&order);
    let found = least(&order[..chosen.min(order.len())]);
    if best > 0.0 { 100.0 * (found / best - 1.0) } else { 0.0 }
}

fn decision_accuracy_pct(truth: &[f64], predicted: &[f64]) -> Option<f64> {
    let (mut right, mut decided) = (0.0, 0u64);
    for i in 0..truth.len() {
        for j in 0..i {
            if (truth[i] - truth[j]).abs() <= MARGIN * truth[i].abs().max(truth[j].abs()) {
                continue;
            }
            decided += 1;
            right += match (truth[i] < truth[j], predicted[i].partial_cmp(&predicted[j])) {
                (true, Some(std::cmp::Ordering::Less)) | (false, Some(std::cmp::Ordering::Greater)) => 1.0,
                (_, Some(std::cmp::Ordering::Equal)) => 0.5,
                _ => 0.0,
            };
        }
    }
    (decided > 0).then(|| 100.0 * right / decided as f64)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tau_and_rho_match_hand_computation() {
        // Pairs of (1,2,3,4) against (1,3,2,4): five agree, one does not: (5 - 1) / 6.
        assert!((kendall_tau(&[1.0, 2.0, 3.0, 4.0], &[1.0, 3.0, 2.0, 4.0]).unwrap() - 4.0 / 6.0).abs() < 1e-12);
        // Squared rank differences 0, 1, 1, 0: 1 - 6 x 2 / (4 x 15).
        assert!((spearman(&[1.0, 2.0, 3.0, 4.0], &[1.0, 3.0, 2.0, 4.0]).unwrap() - 0.8).abs() < 1e-12);
        // A tie in one side: pairs agree 2, tied 1: 2 / sqrt(3 x 2).
        assert!((kendall_tau(&[1.0, 2.0, 3.0], &[1.0, 1.0, 2.0]).unwrap() - 2.0 / 6f64.sqrt()).abs() < 1e-12);
        assert_eq!(kendall_tau(&[1.0, 2.0], &[5.0, 5.0]), None);
        assert_eq!(ranks(&[3.0, 1.0, 3.0, 2.0]), [2.5, 0.0, 2.5, 1.0]);
    }

    #[test]
    fn groups_count_equally_and_constant_ones_not() {
        let truth = [10.0, 20.0, 30.0, 100.0, 200.0, 7.0, 7.0, 5.0];
        let predicted = [2.0, 1.0, 3.0, 1.0, 2.0, 1.0, 2.0, 9.0];
        let groups = [0, 0, 0, 1, 1, 2, 2, 3];
        let r = ranking(&truth, &predicted, &groups).unwrap();
        assert_eq!(r.groups, 2);
        // Group 0: tau 1/3, regret 100 %, two of three pairs; group 1: perfect.
        assert!((r.kendall_tau - (1.0 / 3.0 + 1.0) / 2.0).abs() < 1e-12);
        assert!((r.top_1_regret_pct - 50.0).abs() < 1e-12);
        assert_eq!(r.top_5_regret_pct, 0.0);
        assert!((r.decision_accuracy_pct - (200.0 / 3.0 + 100.0) / 2.0).abs() < 1e-9);
        assert_eq!(ranking(&[1.0, 1.0], &[1.0, 2.0], &[0, 0]), None);
    }

    #[test]
    fn an_undecided_model_decides_half() {
        assert_eq!(decision_accuracy_pct(&[1.0, 2.0], &[3.0, 3.0]), Some(50.0));
        assert_eq!(decision_accuracy_pct(&[100.0, 100.5], &[1.0, 2.0]), None);
    }
}
