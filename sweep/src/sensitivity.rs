//! How much of the variance of a result each axis explains: Sobol' indices over the rows of a sweep.
//!
//! First order: `Var(E[y | x_i]) / Var(y)`, the means taken over the values of the axis, or over [`BINS`] equal parts of it
//! where it has more. Total: `1 - Var(E[y | all others]) / Var(y)`, on a full grid only, where both are exact for the
//! uniform distribution over its points (Saltelli and others, Comput. Phys. Commun. 181, 2010). Points of an optimiser are no
//! sample: do not ask.
//!
//! Values of an axis are compared over the same points: on a grid over the combinations of the other axes for which every value
//! of the axis that has results at all has one, in a sample over the parts of the axis whose points all have one. So rows without a result
//! favour no value. An axis of which less than two values can be compared has no effect to state.

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
    /// Rows that were compared.
    pub points: u64,
    /// Mean result over them.
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

/// Rows by which the values of an axis are compared; see the module.
fn comparable(levels: &[Vec<u32>], axis: usize, results: &[f64], grid: bool) -> Vec<usize> {
    let known = |row: &usize| results[*row].is_finite();
    let rows = 0..results.len();
    if rows.clone().all(|row| known(&row)) {
        return rows.collect();
    }
    let sides: Vec<usize> = levels.iter().map(|l| l.iter().max().map_or(1, |&most| most as usize + 1)).collect();
    // The line of a row along the axis, or the part of the axis that it lies in.
    let group = |row: usize| {
        if !grid {
            return levels[axis][row] as usize;
        }
        let others = (0..levels.len()).filter(|&other| other != axis);
        others.fold(0, |key, other| key * sides[other] + levels[other][row] as usize)
    };
    // A value without any result is no value to compare.
    let mut possible = vec![false; sides[axis]];
    rows.clone().filter(known).for_each(|row| possible[levels[axis][row] as usize] = true);
    let possible = |row: &usize| possible[levels[axis][*row] as usize];
    let mut unknown: Vec<bool> = Vec::new();
    for row in rows.clone().filter(|row| !known(row) && possible(row)) {
        let group = group(row);
        unknown.resize(unknown.len().max(group + 1), false);
        unknown[group] = true;
    }
    let complete = |row: &usize| !unknown.get(group(*row)).is_some_and(|unknown| *unknown);
    rows.filter(|row| possible(row) && complete(row)).collect()
}

/// Mean and variance of some results; `None` where fewer than two differ.
fn moments(rows: &[usize], results: &[f64]) -> Option<(f64, f64)> {
    let n = rows.len() as f64;
    let overall = rows.iter().map(|&row| results[row]).sum::<f64>() / n;
    let variance = rows.iter().map(|&row| (results[row] - overall) * (results[row] - overall)).sum::<f64>() / n;
    // Rounding leaves a little variance in results that are all the same.
    let differ = variance.partial_cmp(&(1e-24 * overall * overall)) == Some(std::cmp::Ordering::Greater);
    (rows.len() >= 2 && differ).then_some((overall, variance))
}

/// Effect of every axis on `results`, not finite where a row has none; `levels[axis][row]` is the part of the axis that the row lies
/// in, and `grid` says whether rows are all combinations of parts. `None` for the whole where fewer than two results differ, for an
/// axis where none of its values can be compared.
#[must_use]
pub fn effects(levels: &[Vec<u32>], results: &[f64], grid: bool) -> Option<Vec<Option<Effect>>> {
    let known: Vec<usize> = (0..results.len()).filter(|&row| results[row].is_finite()).collect();
    moments(&known, results)?;
    let complete = known.len() == results.len();
    let effect = |axis: usize| {
        let rows = comparable(levels, axis, results, grid);
        let (overall, variance) = moments(&rows, results)?;
        let parts = levels[axis].iter().max().map_or(0, |&most| most as usize + 1);
        let mut cells: Vec<Cell> = vec![(0.0, 0); parts];
        for &row in &rows {
            let cell = &mut cells[levels[axis][row] as usize];
            *cell = (cell.0 + results[row], cell.1 + 1);
        }
        let means = cells.iter().enumerate().filter(|(_, c)| c.1 > 0).map(|(part, cell)| (mean(*cell), part));
        let low = means.clone().min_by(|a, b| a.0.total_cmp(&b.0))?;
        let high = means.clone().max_by(|a, b| a.0.total_cmp(&b.0))?;
        // Fewer than two values are no comparison, unless the axis has but one.
        if means.count() < parts.min(2) {
            return None;
        }
        Some(Effect {
            first_order: between(cells.into_iter(), overall, rows.len() as f64) / variance,
            total: (grid && complete).then(|| 1.0 - rest(levels, axis, &rows, results, overall) / variance),
            points: rows.len() as u64,
            mean: overall,
            low,
            high,
        })
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
        let effects: Vec<Effect> = effects(&levels, &y, true).unwrap().into_iter().flatten().collect();
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
        let effects: Vec<Effect> =
            effects(&levels, &[1.0, -1.0, -1.0, 1.0], true).unwrap().into_iter().flatten().collect();
        assert_eq!(effects.iter().map(|e| (e.first_order, e.total)).collect::<Vec<_>>(), [(0.0, Some(1.0)); 2]);
    }

    #[test]
    fn nothing_varies_nothing_is_said() {
        assert_eq!(effects(&grid(&[2, 2]), &[3.0; 4], true), None);
        assert_eq!(effects(&grid(&[2, 2]), &[f64::NAN; 4], true), None);
    }

    /// A result that grows along the first axis and does not depend on the second, but whose largest rows are missing at the first
    /// value of the second axis.
    #[test]
    fn rows_without_a_result_favour_no_value() {
        let levels = grid(&[4, 2]);
        let mut y: Vec<f64> = levels[0].iter().map(|&x| f64::from(x)).collect();
        let row = |x: u32, other: u32| (0..8).find(|&row| (levels[0][row], levels[1][row]) == (x, other)).unwrap();
        for x in [2, 3] {
            y[row(x, 0)] = f64::NAN;
        }
        let on_grid = effects(&levels, &y, true).unwrap();
        let [Some(first), Some(second)] = on_grid.as_slice() else { panic!("{on_grid:?}") };
        // The second axis over the lines x = 0 and x = 1, the first over the line that is complete.
        assert_eq!((second.points, second.first_order, second.low.0, second.high.0), (4, 0.0, 0.5, 0.5));
        assert_eq!((first.points, first.first_order, first.low, first.high), (4, 1.0, (0.0, 0), (3.0, 3)));
        assert_eq!((first.total, second.total), (None, None));
        // In a sample, parts with a missing row are left out.
        let sampled = effects(&levels, &y, false).unwrap();
        assert_eq!(sampled[0].as_ref().map(|effect| (effect.points, effect.high)), Some((4, (1.0, 1))));
        assert_eq!(sampled[1], None, "only one value has all its rows");
    }

    #[test]
    fn a_value_without_any_result_is_not_compared() {
        let levels = grid(&[3, 2]);
        let y = [1.0, 2.0, 3.0, 4.0, f64::NAN, f64::NAN];
        let effects = effects(&levels, &y, true).unwrap();
        let stated: Vec<_> = effects.iter().flatten().map(|e| (e.points, e.low, e.high)).collect();
        assert_eq!(stated, [(4, (1.5, 0), (3.5, 1)), (4, (2.0, 0), (3.0, 1))]);
    }

    #[test]
    fn an_axis_without_a_complete_line_has_no_effect_to_state() {
        let levels = grid(&[2, 2]);
        let effects = effects(&levels, &[f64::NAN, 1.0, 2.0, f64::NAN], true).unwrap();
        assert_eq!(effects, [None, None]);
    }
}
