//! Whether the model knows how wrong it is: errors of the rows with the narrowest intervals, families left out.

use super::document::Withheld;
use super::measure::Held;
use super::variants::is_ordered;
use crate::corpus_rows::CorpusRows;
use crate::metrics::quantile;

/// Rows that are answered, in % of all.
const ANSWERED_PCT: [f64; 5] = [100.0, 90.0, 75.0, 50.0, 25.0];

/// Errors of instructions and time by how many rows are answered.
pub(super) fn withholding(corpus: &CorpusRows, held: &[Vec<Held>]) -> Vec<Withheld> {
    let outputs = corpus.data.outputs();
    let shown = |output: &usize| is_ordered(outputs[*output].quantity);
    let mut rows = Vec::new();
    for output in (0..outputs.len()).filter(shown) {
        for withheld in of_output(&held[output]) {
            let (quantity, target) = (outputs[output].quantity.name().to_owned(), outputs[output].target.clone());
            rows.push(Withheld { quantity, target, ..withheld });
        }
    }
    rows
}

/// The figures of the rows of one output that have a truth above 0; none without such rows.
fn of_output(held: &[Held]) -> Vec<Withheld> {
    let width = |h: &Held| libm::log((h.high + 1.0) / (h.low + 1.0));
    let mut sorted: Vec<&Held> = held.iter().filter(|h| h.truth > 0.0).collect();
    sorted.sort_by(|a, b| width(a).total_cmp(&width(b)).then(a.row.cmp(&b.row)));
    if sorted.is_empty() {
        return vec![];
    }
    let of_share = |pct: f64| {
        let rows = ((sorted.len() as f64 * pct / 100.0).round() as usize).max(1);
        let mut errors: Vec<f64> = sorted[..rows].iter().filter_map(|held| held.relative_error_pct()).collect();
        errors.sort_by(f64::total_cmp);
        Withheld {
            answered_pct: pct,
            rows: rows as u64,
            median_relative_error_pct: Some(quantile(&errors, 0.5)),
            p90_relative_error_pct: Some(quantile(&errors, 0.9)),
            ..Withheld::default()
        }
    };
    ANSWERED_PCT.map(of_share).into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_widest_intervals_are_withheld_first() {
        let held = |row: usize| {
            let error = row as f64;
            Held { row, truth: 100.0, predicted: 100.0 + error, low: 100.0 - error, high: 100.0 + error }
        };
        let figures = of_output(&[7, 3, 1, 5].map(held));
        let found: Vec<_> = figures.iter().map(|w| (w.rows, w.median_relative_error_pct)).collect();
        assert_eq!((found[0].0, found[3], found[4]), (4, (2, Some(2.0)), (1, Some(1.0))));
        assert!(of_output(&[]).is_empty());
    }
}
