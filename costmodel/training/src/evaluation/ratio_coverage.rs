//! Coverage and width of the intervals of ratios, on families left out.

use std::collections::BTreeMap;

use costmodel::compare::has_ratio;
use costmodel::shipped::NOMINAL;

use super::answers::Answers;
use super::document::RatioInterval;
use super::measure::{Held, others};
use super::variants::{ALL, VariantKind};
use crate::corpus_rows::CorpusRows;
use crate::metrics::{coverage, median};
use crate::ratios;

/// Pairs of which it is counted how many are told apart: those whose labels differ by more than this.
const TOLD_ABOVE: f64 = 1.1;

/// A pair of variants of a kernel of a family left out.
struct Pair {
    kind: Option<VariantKind>,
    family: u32,
    /// Label of the second variant over that of the first.
    truth: f64,
    /// Lower end of the interval of the ratio.
    low: f64,
    /// Upper end.
    high: f64,
    /// Upper over lower end of the quotient of both variants' own intervals.
    quotient: f64,
}

/// Coverage by output and kind of pair, over all pairs first: pairs of each fold, with intervals calibrated on the other folds.
/// `held` are the rows of the same folds.
pub(super) fn ratio_intervals(corpus: &CorpusRows, folds: &[Answers], held: &[Vec<Held>]) -> Vec<RatioInterval> {
    let (data, count) = (&corpus.data, corpus.data.outputs().len());
    let own: Vec<BTreeMap<usize, &Held>> =
        held.iter().map(|rows| rows.iter().map(|held| (held.row, held)).collect()).collect();
    let mut pairs: Vec<Vec<Pair>> = (0..count).map(|_| Vec::new()).collect();
    for (fold, answers) in folds.iter().enumerate() {
        let table = ratios::fit(data, &others(folds, fold).held_out(count));
        let tested = answers.held_out(count);
        let places = ratios::pairs(data, &tested.rows);
        for output in (0..count).filter(|&output| has_ratio(data.outputs()[output].quantity)) {
            for ratio in places.iter().filter_map(|&pair| ratios::ratio(data, &tested, output, pair)) {
                let [first, second] = ratio.rows.map(|row| own[output][&row]);
                let (low, high) = table.widths.around_ratio(output, libm::exp(ratio.predicted), ratio.doubt);
                let kind = |held: &Held| VariantKind::of(&corpus.entries[held.row].row.variant);
                pairs[output].push(Pair {
                    kind: VariantKind::of_pair(kind(first), kind(second)),
                    family: ratio.family,
                    truth: libm::exp(ratio.truth),
                    low,
                    high,
                    quotient: (second.high / first.low) / (second.low / first.high),
                });
            }
        }
    }
    let mut rows = Vec::new();
    for (output, pairs) in pairs.iter().enumerate().filter(|(_, pairs)| !pairs.is_empty()) {
        for kind in [None].into_iter().chain(VariantKind::ALL.map(Some)) {
            let some: Vec<&Pair> = pairs.iter().filter(|pair| kind.is_none() || pair.kind == kind).collect();
            let name = &data.outputs()[output];
            rows.extend((!some.is_empty()).then(|| RatioInterval {
                quantity: name.quantity.name().to_owned(),
                target: name.target.clone(),
                kind: kind.map_or(ALL, VariantKind::name).to_owned(),
                ..of_pairs(&some)
            }));
        }
    }
    rows
}

/// The figures of pairs, of which there is at least one.
fn of_pairs(pairs: &[&Pair]) -> RatioInterval {
    let inside = coverage(&pairs.iter().map(|p| (p.truth, p.low, p.high, p.family)).collect::<Vec<_>>());
    let median = |of: &dyn Fn(&Pair) -> f64| {
        median(pairs.iter().map(|pair| of(pair)).collect()).filter(|value| value.is_finite())
    };
    let apart: Vec<&&Pair> = pairs.iter().filter(|p| p.truth.max(1.0 / p.truth) > TOLD_ABOVE).collect();
    let share = |is: &dyn Fn(&Pair) -> bool| {
        let counted = apart.iter().filter(|pair| is(pair)).count();
        (!apart.is_empty()).then(|| 100.0 * counted as f64 / apart.len() as f64)
    };
    RatioInterval {
        pairs: Some(pairs.len() as u64),
        nominal_pct: Some(100.0 * NOMINAL),
        covered_pct: inside.map(|inside| inside.mean_pct),
        median_width: median(&|p| p.high / p.low),
        median_width_of_quotients: median(&|p| p.quotient),
        told_pct: share(&|p| if p.truth < 1.0 { p.high < 1.0 } else { p.low > 1.0 }),
        mistaken_pct: share(&|p| if p.truth < 1.0 { p.low > 1.0 } else { p.high < 1.0 }),
        ..RatioInterval::default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn figures_of_pairs_match_hand_computation() {
        let pair = |truth, low, high| Pair { kind: None, family: 1, truth, low, high, quotient: 9.0 };
        // Told faster, told slower; mistaken; too close to count; not told.
        let pairs = [(0.5, 0.4, 0.8), (2.0, 1.5, 3.0), (2.0, 0.4, 0.8), (1.05, 0.5, 2.0), (1.5, 0.5, 2.0)];
        let pairs = pairs.map(|(truth, low, high)| pair(truth, low, high));
        let found = of_pairs(&pairs.iter().collect::<Vec<_>>());
        assert_eq!((found.pairs, found.covered_pct), (Some(5), Some(80.0)));
        assert_eq!((found.told_pct, found.mistaken_pct), (Some(50.0), Some(25.0)));
        assert_eq!((found.median_width, found.median_width_of_quotients), (Some(2.0), Some(9.0)));
    }
}
