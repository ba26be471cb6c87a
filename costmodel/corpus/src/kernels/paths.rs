//! Dynamic programming: all-pairs paths, alignments, interval tables, knapsacks.

use super::chain::Chain;
use super::draw::Draw;
use super::types::{Scalar, Value, at};
use super::writer::Writer;

/// Closures over semirings: shortest, widest, most reliable paths, reachability.
pub fn all_pairs(w: &mut Writer, d: &mut Draw, s: &mut Draw) {
    let scalar = d.pick(&[Scalar::I32, Scalar::I64, Scalar::F32, Scalar::F64]);
    let n = d.size();
    let kind = d.below(4);
    let (counted, penalised) = (d.chance(35), d.chance(35));
    let (penalty, finish) = (d.coefficient().abs() * 8.0 + 1.0, Chain::draw(d, scalar, 1));
    let order = s.order(2);
    let distance = w.array(scalar, &[n, n]);
    let next = w.array(Scalar::I32, &[n, n]);
    w.each(0u64, n, |w, k| {
        w.nest(&[n, n], &order, &mut |w, counters| {
            let (i, j) = (counters[0], counters[1]);
            let direct = w.load(&distance, &[at(i), at(j)]);
            let (first, second) = (w.load(&distance, &[at(i), at(k)]), w.load(&distance, &[at(k), at(j)]));
            let mut through = match kind {
                0 | 3 => w.add(first, second),
                1 => w.min(first, second),
                _ => w.mul(first, second),
            };
            if penalised {
                let penalty = w.number(scalar, penalty);
                through = w.add(through, penalty);
            }
            through = finish.apply(w, through);
            let better = w.compare(if kind == 0 || kind == 3 { "lt" } else { "gt" }, through, direct);
            let best = w.select(better, through, direct);
            w.store(best, &distance, &[at(i), at(j)]);
            if counted {
                let old = w.load(&next, &[at(i), at(j)]);
                let via = w.cast(k, Scalar::I32);
                let new = w.select(better, via, old);
                w.store(new, &next, &[at(i), at(j)]);
            }
        });
    });
}

/// Alignment of two sequences: edit distance, longest common subsequence, local and affine-gap scores, time warping.
pub fn alignment(w: &mut Writer, d: &mut Draw, _s: &mut Draw) {
    let symbol = d.pick(&[Scalar::I8, Scalar::I32, Scalar::F32]);
    let score = if symbol == Scalar::F32 { Scalar::F32 } else { d.pick(&[Scalar::I32, Scalar::I16, Scalar::I64]) };
    let (rows, columns) = (d.size(), d.size());
    let (local, gaps, highest) = (d.chance(40), d.chance(40), d.chance(60));
    let (hit, miss, gap) = (d.within(1, 5) as f64, d.within(1, 5) as f64, d.within(1, 4) as f64);
    let cost = Chain::draw(d, score, 1);
    let a = w.array(symbol, &[rows]);
    let b = w.array(symbol, &[columns]);
    let table = w.array(score, &[rows + 1, columns + 1]);
    let gap_table = w.array(score, &[rows + 1, columns + 1]);
    w.each(0u64, rows, |w, i| {
        w.each(0u64, columns, |w, j| {
            let (left, right) = (w.load(&a, &[at(i)]), w.load(&b, &[at(j)]));
            let change = if symbol == Scalar::F32 {
                let difference = w.sub(left, right);
                w.unary("math.absf", difference)
            } else {
                let same = w.compare("eq", left, right);
                let (hit, miss) = (w.number(score, hit), w.number(score, -miss));
                w.select(same, hit, miss)
            };
            let change = cost.apply(w, change);
            let gap = w.number(score, gap);
            let best = |w: &mut Writer, x: Value, y: Value| if highest { w.max(x, y) } else { w.min(x, y) };
            let corner = w.load(&table, &[at(i), at(j)]);
            let (above, beside) = (w.load(&table, &[at(i), at(j) + 1]), w.load(&table, &[at(i) + 1, at(j)]));
            let diagonal = w.add(corner, change);
            let mut vertical = w.sub(above, gap);
            if gaps {
                let open = w.load(&gap_table, &[at(i), at(j) + 1]);
                let longer = w.sub(open, gap);
                vertical = best(w, vertical, longer);
                w.store(vertical, &gap_table, &[at(i) + 1, at(j) + 1]);
            }
            let horizontal = w.sub(beside, gap);
            let chosen = best(w, diagonal, vertical);
            let mut chosen = best(w, chosen, horizontal);
            if local {
                let zero = w.number(score, 0.0);
                chosen = best(w, chosen, zero);
            }
            w.store(chosen, &table, &[at(i) + 1, at(j) + 1]);
        });
    });
}

/// Tables over intervals and capacities: folding, matrix-chain orders, knapsacks, lattice paths.
pub fn interval_table(w: &mut Writer, d: &mut Draw, _s: &mut Draw) {
    let scalar = d.pick(&[Scalar::I32, Scalar::I64, Scalar::F32, Scalar::F64]);
    let (n, m) = (d.size(), d.size());
    let kind = d.below(3);
    let highest = d.chance(50);
    let gain = Chain::draw(d, scalar, 2);
    let second = d.chance(40);
    let table = w.array(scalar, &[n, n + 1]);
    let weight = w.array(scalar, &[n, n + 1]);
    let best = |w: &mut Writer, x: Value, y: Value| if highest { w.max(x, y) } else { w.min(x, y) };
    match kind {
        // Spans of growing length, split at every place.
        0 => w.each(1u64, n, |w, span| {
            w.each(0u64, at(span) * -1 + n, |w, i| {
                let start = w.load(&table, &[at(i), at(i) + at(span)]);
                let chosen = w.fold(at(i), at(i) + at(span), start, |w, k, acc| {
                    let (left, right) = (w.load(&table, &[at(i), at(k)]), w.load(&table, &[at(k), at(i) + at(span)]));
                    let sum = w.add(left, right);
                    let sum = gain.apply(w, sum);
                    let sum = if second {
                        let cost = w.load(&weight, &[at(i), at(k)]);
                        w.add(sum, cost)
                    } else {
                        sum
                    };
                    best(w, acc, sum)
                });
                w.store(chosen, &table, &[at(i), at(i) + at(span)]);
            });
        }),
        // Items against capacities.
        1 => {
            let capacity = w.array(scalar, &[n + 1, m + 8]);
            w.each(0u64, n, |w, i| {
                let value = w.load(&weight, &[at(i), 0i64.into()]);
                let value = gain.apply(w, value);
                w.each(0u64, m, |w, c| {
                    let without = w.load(&capacity, &[at(i), at(c) + 8]);
                    let with = w.load(&capacity, &[at(i), at(c) + if second { 3 } else { 1 }]);
                    let with = w.add(with, value);
                    let chosen = best(w, without, with);
                    w.store(chosen, &capacity, &[at(i) + 1, at(c) + 8]);
                });
            });
        }
        // Cheapest way through a grid.
        _ => {
            let grid = w.array(scalar, &[n + 1, m + 2]);
            w.each(0u64, n, |w, i| {
                w.each(0u64, m, |w, j| {
                    let ways = [0, 1, 2].map(|o| w.load(&grid, &[at(i), at(j) + o]));
                    let chosen = best(w, ways[0], ways[1]);
                    let chosen = if second { best(w, chosen, ways[2]) } else { chosen };
                    w.update(&grid, &[at(i) + 1, at(j) + 1], |w, own| {
                        let own = gain.apply(w, own);
                        w.add(own, chosen)
                    });
                });
            });
        }
    }
}
