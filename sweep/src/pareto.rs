//! Pareto fronts of rows of costs (less is better), and the knee of the frontier.

/// Whether `a` is nowhere worse than `b` and somewhere better. Unknown costs (NaN) neither dominate nor are dominated.
#[must_use]
pub fn dominates(a: &[f64], b: &[f64]) -> bool {
    a.iter().zip(b).all(|(a, b)| a <= b) && a.iter().zip(b).any(|(a, b)| a < b)
}

/// Positions of the rows that no other dominates, in order; rows with an unknown cost are left out, and of equal rows the first
/// is kept.
///
/// Rows are sorted by the first cost, so that a row can only be dominated by an earlier one. O(n log n + n f) for a frontier of f
/// rows.
#[must_use]
pub fn frontier<R: AsRef<[f64]>>(rows: &[R]) -> Vec<usize> {
    let row = |i: usize| rows[i].as_ref();
    let mut order: Vec<usize> = (0..rows.len()).filter(|&i| row(i).iter().all(|c| !c.is_nan())).collect();
    let compare = |a: &[f64], b: &[f64]| a.iter().zip(b).map(|(a, b)| a.total_cmp(b)).find(|o| o.is_ne());
    order.sort_by(|&a, &b| compare(row(a), row(b)).unwrap_or(std::cmp::Ordering::Equal).then(a.cmp(&b)));
    let mut kept: Vec<usize> = Vec::new();
    for i in order {
        // Recent rows are closest in the first cost, hence most likely to dominate.
        if !kept.iter().rev().any(|&k| row(k).iter().zip(row(i)).all(|(k, c)| k <= c)) {
            kept.push(i);
        }
    }
    kept.sort_unstable();
    kept
}

/// Positions of at least `wanted` rows (or all), front by front: the frontier, then that of the rest, and so on.
#[must_use]
pub fn best<R: AsRef<[f64]>>(rows: &[R], wanted: usize) -> Vec<usize> {
    let mut rest: Vec<usize> = (0..rows.len()).collect();
    let mut chosen: Vec<usize> = Vec::new();
    while chosen.len() < wanted && !rest.is_empty() {
        let view: Vec<&[f64]> = rest.iter().map(|&i| rows[i].as_ref()).collect();
        let front = frontier(&view);
        if front.is_empty() {
            break;
        }
        let picked: Vec<usize> = front.iter().map(|&i| rest[i]).collect();
        let mut next = front.iter().peekable();
        let mut position = 0;
        rest.retain(|_| {
            let taken = next.next_if(|&&i| i == position).is_some();
            position += 1;
            !taken
        });
        chosen.extend(spread(rows, picked, wanted - chosen.len()));
    }
    chosen.sort_unstable();
    chosen
}

/// At most `wanted` of `front`, evenly spread along the first cost, both ends included.
fn spread<R: AsRef<[f64]>>(rows: &[R], mut front: Vec<usize>, wanted: usize) -> Vec<usize> {
    if front.len() <= wanted {
        return front;
    }
    front.sort_by(|&a, &b| rows[a].as_ref()[0].total_cmp(&rows[b].as_ref()[0]).then(a.cmp(&b)));
    let last = front.len() - 1;
    let at = |i: usize| if wanted == 1 { 0 } else { i * last / (wanted - 1) };
    (0..wanted).map(|i| front[at(i)]).collect()
}

/// Position in `rows` of the knee: the row nearest to the best of every cost, costs scaled to their range over the frontier
/// `front` (by ratio where all are of one sign). None without rows.
#[must_use]
pub fn knee<R: AsRef<[f64]>>(rows: &[R], front: &[usize]) -> Option<usize> {
    let costs = rows.get(*front.first()?)?.as_ref().len();
    let scaled: Vec<Vec<f64>> = (0..costs)
        .map(|c| {
            let values: Vec<f64> = front.iter().map(|&i| rows[i].as_ref()[c]).collect();
            let positive = values.iter().all(|v| *v > 0.0);
            let negative = values.iter().all(|v| *v < 0.0);
            let values: Vec<f64> = values
                .into_iter()
                .map(|v| {
                    if positive {
                        libm::log(v)
                    } else if negative {
                        -libm::log(-v)
                    } else {
                        v
                    }
                })
                .collect();
            let (low, high) =
                values.iter().fold((f64::INFINITY, f64::NEG_INFINITY), |(l, h), v| (l.min(*v), h.max(*v)));
            values.iter().map(|v| if high > low { (v - low) / (high - low) } else { 0.0 }).collect()
        })
        .collect();
    let distance = |at: usize| scaled.iter().map(|c| c[at] * c[at]).sum::<f64>();
    (0..front.len()).min_by(|&a, &b| distance(a).total_cmp(&distance(b))).map(|at| front[at])
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_knee_is_where_both_costs_are_nearly_best() {
        let rows = [[1.0, 100.0], [2.0, 10.0], [3.0, 9.0], [50.0, 8.5], [60.0, 60.0]];
        let front = frontier(&rows);
        assert_eq!(front, [0, 1, 2, 3]);
        assert_eq!(knee(&rows, &front), Some(1));
        assert_eq!(knee(&rows[..0], &[]), None);
    }

    #[test]
    fn fronts_follow_each_other_and_thin_out_evenly() {
        let rows: Vec<[f64; 2]> = (0..10).map(|i| [f64::from(i), f64::from(9 - i)]).collect();
        assert_eq!(best(&rows, 3), [0, 4, 9]);
        assert_eq!(best(&rows, 99).len(), 10);
        let two: Vec<[f64; 2]> = [[0.0, 1.0], [1.0, 0.0], [1.0, 2.0], [2.0, 1.0], [9.0, 9.0]].into();
        assert_eq!(best(&two, 4), [0, 1, 2, 3]);
        assert_eq!(frontier(&[[f64::NAN, 0.0], [1.0, 1.0], [1.0, 1.0]]), [1]);
    }

    proptest! {
        #[test]
        fn the_frontier_is_what_nothing_dominates(rows in prop::collection::vec(prop::array::uniform3(0u8..6), 0..60)) {
            let rows: Vec<[f64; 3]> = rows.iter().map(|row| row.map(f64::from)).collect();
            let front = frontier(&rows);
            for (i, row) in rows.iter().enumerate() {
                let dominated = rows.iter().any(|other| dominates(other, row));
                let repeated = rows[..i].contains(row);
                prop_assert_eq!(front.contains(&i), !dominated && !repeated);
            }
        }
    }
}
