//! Metrics of binary decisions.

/// F1 score of "more than `threshold`". `None` if neither truth nor prediction is positive anywhere.
///
/// Counts are rounded down as in [`costmodel::quantity::Quantity::counted`]: more than 0 means at least 1.
#[must_use]
pub fn f1_above(truth: &[f64], predicted: &[f64], threshold: f64) -> Option<f64> {
    let (mut hits, mut wrong) = (0u64, 0u64);
    for (&truth, &predicted) in truth.iter().zip(predicted) {
        match (truth > threshold, predicted.floor() > threshold) {
            (true, true) => hits += 1,
            (false, false) => {}
            _ => wrong += 1,
        }
    }
    (hits + wrong > 0).then(|| 2.0 * hits as f64 / (2 * hits + wrong) as f64)
}

/// Area under the receiver operating characteristic: the probability that a random member scores higher than a random
/// non-member; ties count half. `None` without members or without non-members.
#[must_use]
pub fn auroc(members: &[f64], others: &[f64]) -> Option<f64> {
    if members.is_empty() || others.is_empty() {
        return None;
    }
    let mut others = others.to_vec();
    others.sort_by(f64::total_cmp);
    let wins: f64 = members
        .iter()
        .map(|member| {
            let below = others.partition_point(|other| other.total_cmp(member).is_lt());
            let not_above = others.partition_point(|other| other.total_cmp(member).is_le());
            (below + not_above) as f64 / 2.0
        })
        .sum();
    Some(wins / (members.len() * others.len()) as f64)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn f1_matches_hand_computation() {
        // Hits: row 0; miss: row 1 (0.9 is no whole one); false alarm: row 3; 2 / (2 + 2).
        assert_eq!(f1_above(&[3.0, 2.0, 0.0, 0.0], &[1.0, 0.9, 0.3, 1.2], 0.0), Some(0.5));
        assert_eq!(f1_above(&[17.0, 16.0], &[17.0, 16.4], 16.0), Some(1.0));
        assert_eq!(f1_above(&[0.0, 0.0], &[0.0, 0.1], 0.0), None);
    }

    #[test]
    fn auroc_counts_pairs() {
        // Pairs (2,1) (2,3) (3,1) (3,3): 1 + 0 + 1 + 0.5 of 4.
        assert_eq!(auroc(&[2.0, 3.0], &[1.0, 3.0]), Some(0.625));
        assert_eq!(auroc(&[5.0, 6.0], &[1.0]), Some(1.0));
        assert_eq!(auroc(&[], &[1.0]), None);
    }
}
