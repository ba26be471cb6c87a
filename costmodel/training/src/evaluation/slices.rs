//! Errors by what a function is: its family, its dialect, its size. Families left out, means over processors; none of GPUs.

use std::collections::BTreeMap;

use costmodel::quantity::Quantity;

use super::document::Slice;
use super::measure::Held;
use crate::corpus_rows::CorpusRows;
use crate::metrics::median;

/// Instructions executed at which a size begins, and its name.
const SIZES: [(f64, &str); 6] = [
    (0.0, "under 100"),
    (1e2, "100 to 1,000"),
    (1e3, "1,000 to 10,000"),
    (1e4, "10,000 to 10^5"),
    (1e5, "10^5 to 10^7"),
    (1e7, "over 10^7"),
];

/// Errors of a group of rows on one output.
#[derive(Default)]
struct Errors {
    instructions: Vec<Vec<f64>>,
    cycles: Vec<Vec<f64>>,
}

/// Errors by dialect, size and family.
pub(super) fn slices(corpus: &CorpusRows, held: &[Vec<Held>]) -> Vec<Slice> {
    let outputs = corpus.data.outputs();
    let mut groups: BTreeMap<(&'static str, usize, String), Errors> = BTreeMap::new();
    for (output, name) in outputs.iter().enumerate() {
        let is_cycles = match name.quantity {
            Quantity::Cycles => true,
            Quantity::Instructions => false,
            _ => continue,
        };
        let sized = outputs.iter().position(|o| o.target == name.target && o.quantity == Quantity::Instructions);
        let mut own: BTreeMap<(&'static str, usize, String), Vec<f64>> = BTreeMap::new();
        for h in &held[output] {
            let Some(error) = h.relative_error_pct() else { continue };
            let row = &corpus.entries[h.row].row;
            own.entry(("dialect", 0, row.dialect.clone())).or_default().push(error);
            own.entry(("family", 0, row.family.clone())).or_default().push(error);
            if let Some(size) = sized.and_then(|at| corpus.data.samples()[h.row].labels[at]) {
                let place = SIZES.iter().rposition(|(from, _)| size >= *from).unwrap_or(0);
                own.entry(("size", place, SIZES[place].1.to_owned())).or_default().push(error);
            }
        }
        for (key, errors) in own {
            let group = groups.entry(key).or_default();
            if is_cycles { &mut group.cycles } else { &mut group.instructions }.push(errors);
        }
    }
    let slice = |((by, _, name), errors): ((&str, usize, String), Errors)| Slice {
        by: by.to_owned(),
        name,
        rows: errors.cycles.iter().map(|of_target| of_target.len() as u64).max().unwrap_or(0),
        instructions_median_error_pct: mean_of_medians(errors.instructions),
        cycles_median_error_pct: mean_of_medians(errors.cycles),
    };
    groups.into_iter().map(slice).collect()
}

/// The mean over targets of the median over rows; `None` without rows.
fn mean_of_medians(targets: Vec<Vec<f64>>) -> Option<f64> {
    let medians: Vec<f64> = targets.into_iter().filter_map(median).collect();
    (!medians.is_empty()).then(|| medians.iter().sum::<f64>() / medians.len() as f64)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn medians_are_taken_by_target() {
        assert_eq!(mean_of_medians(vec![vec![1.0, 9.0, 3.0], vec![5.0]]), Some(4.0));
        assert_eq!(mean_of_medians(vec![]), None);
    }
}
