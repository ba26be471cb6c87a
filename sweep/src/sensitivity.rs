//! How much of the variance of a result each axis explains: Sobol' indices over the rows of a sweep.
//!
//! First order: `Var(E[y | x_i]) / Var(y)`, the means taken over the values of the axis, or over [`BINS`] equal parts of it
//! where it has more. Total: `1 - Var(E[y | all others]) / Var(y)`, on a full grid only, where both are exact for the
//! uniform distribution over its points (Saltelli and others, Comput. Phys. Commun. 181, 2010). Rows without a result are
//! left out, which biases both when they are many. Points of an optimiser are no sample: do not ask.

use std::collections::BTreeMap;

/// Parts of an axis with more values.
pub const BINS: usize = 16;

/// What one axis does to one result.
#[derive(Debug, Clone, PartialEq)]
pub struct Effect {
    /// First-order index: share of the variance that the axis explains alone.
    pub first_order: f64,
    /// Total index: share with all interactions; on a full grid only.
    pub total: Option<f64>,
    /// Mean result over all rows.
    pub mean: f64,
    /// Least mean over a value of the axis, and which value (or part).
    pub low: (f64, usize),
    /// Largest mean over a value of the axis, and which value (or part).
    pub high: (f64, usize),
}

/// Sum and number of some rows.
type Cell = (f64, u64);

fn mean((sum, n): Cell) -> f64 {
    sum / n as f64
}

/// Variance of the cells' means, each weighted by its rows.
fn between(cells: impl Iterator<Item = Cell>, overall: f64, rows: f64) -> f64 {
    cells
        .filter(|(_, n)| *n > 0)
        .map(|cell| (mean(cell) - overall) * (mean(cell) - overall) * cell.1 as f64)
        .sum::<f64>()
        / rows
}

/// Effect of every axis on `results`; `levels[axis][row]` is the part of the axis that the row lies in, and `grid` says
/// whether rows are all combinations of parts. `None` where fewer than two results differ.
#[must_use]
pub fn effects(levels: &[Vec<u32>], results: &[f64], grid: bool) -> Option<Vec<Effect>> {
    let known: Vec<usize> = (0..results.len()).filter(|&row| results[row].is_finite()).collect();
    let n = known.len() as f64;
    let overall = known.iter().map(|&row| results[row]).sum::<f64>() / n;
    let variance = known.iter().map(|&row| (results[row] - overall) * (results[row] - overall)).sum::<f64>() / n;
    // Rounding leaves a little variance in results that are all the same.
    if known.len() < 2 || variance.partial_cmp(&(1e-24 * overall * overall)) != Some(std::cmp::Ordering::Greater) {
        return None;
    }
    let effect = |axis: usize| {
        let parts = levels[axis].iter().max().map_or(0, |&most| most as usize + 1);
        let mut cells: Vec<Cell> = vec![(0.0, 0); parts];
        for &row in &known {
            let cell = &mut cells[levels[axis][row] as usize];
            *cell = (cell.0 + results[row], cell.1 + 1);
        }
        let means = cells.iter().enumerate().filter(|(_, c)| c.1 > 0).map(|(part, cell)| (mean(*cell), part));
        let low = means.clone().min_by(|a, b| a.0.total_cmp(&b.0)).expect("some rows are known");
        let high = means.max_by(|a, b| a.0.total_cmp(&b.0)).expect("some rows are known");
        Effect {
            first_order: between(cells.into_iter(), overall, n) / variance,
            total: grid.then(|| 1.0 - rest(levels, axis, &known, results, overall) / variance),
            mean: overall,
            low,
            high,
        }
    };
    Some((0..levels.len()).map(effect).collect())
}

/// Variance of the means over all axes but one.
fn rest(levels: &[Vec<u32>], axis: usize, known: &[usize], results: &[f64], overall: f64) -> f64 {
    let radix: Vec<u64> = levels.iter().map(|l| l.iter().max().map_or(1, |&most| u64::from(most) + 1)).collect();
    let mut cells: BTreeMap<u64, Cell> = BTreeMap::new();
    for &row in known {
        let others = (0..levels.len()).filter(|&other| other != axis);
        let key = others.fold(0u64, |key, other| key * radix[other] + u64::from(levels[other][row]));
        let cell = cells.entry(key).or_insert((0.0, 0));
        *cell = (cell.0 + results[row], cell.1 + 1);
    }
    between(cells.into_values(), overall, known.len() as f64)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn grid(sides: &[u32]) -> Vec<Vec<u32>> {
        let total: u32 = sides.iter().product();
        let mut below = total;
        sides
            .iter()
            .map(|side| {
                below /= side;
                (0..total).map(|i| i / below % side).collect()
            })
            .collect()
    }

    #[test]
    fn an_additive_function_has_equal_first_and_total_indices() {
        let levels = grid(&[5, 3, 4]);
        let y: Vec<f64> = (0..60).map(|i| f64::from(levels[0][i]) * 2.0 + f64::from(levels[1][i])).collect();
        let effects = effects(&levels, &y, true).unwrap();
        // Var of 2 * (0..5) is 8, of 0..3 is 2/3.
        for (effect, expected) in effects.iter().zip([8.0, 2.0 / 3.0, 0.0].map(|v| v / (8.0 + 2.0 / 3.0))) {
            assert!((effect.first_order - expected).abs() < 1e-12);
            assert!((effect.total.unwrap() - expected).abs() < 1e-12);
        }
        assert_eq!((effects[0].low, effects[0].high, effects[0].mean), ((1.0, 0), (9.0, 4), 5.0));
    }

    #[test]
    fn a_pure_interaction_shows_in_the_total_only() {
        let levels = grid(&[2, 2]);
        let effects = effects(&levels, &[1.0, -1.0, -1.0, 1.0], true).unwrap();
        assert_eq!(effects.iter().map(|e| (e.first_order, e.total)).collect::<Vec<_>>(), [(0.0, Some(1.0)); 2]);
    }

    #[test]
    fn nothing_varies_nothing_is_said() {
        assert_eq!(effects(&grid(&[2, 2]), &[3.0; 4], true), None);
        assert_eq!(effects(&grid(&[2, 2]), &[f64::NAN; 4], true), None);
    }
}
