//! Conditions on loop counters: borders, triangles, padding, cases.

use super::syntax::{Condition, not_negative, zero};
use crate::kernels::chain::Chain;
use crate::kernels::dense::float_type;
use crate::kernels::draw::Draw;
use crate::kernels::types::{Buffer, Scalar, Subscript, Value, at};
use crate::kernels::writer::Writer;

/// `-value`.
fn minus(value: Value) -> Subscript {
    at(value) * -1
}

/// The conditions under which all counters are `margin` away from both ends.
fn inside(counters: &[Value], extents: &[u64], margin: i64) -> Vec<Condition> {
    let both =
        |(c, e): (&Value, &u64)| [not_negative(at(*c) - margin), not_negative(minus(*c) + (*e as i64 - 1 - margin))];
    counters.iter().zip(extents).flat_map(both).collect()
}

/// Stencils over whole arrays that treat the border by a condition: copied, constant, or scaled.
pub fn border(w: &mut Writer, d: &mut Draw, s: &mut Draw) {
    let scalar = d.pick(&[Scalar::F32, Scalar::F64, Scalar::F32, Scalar::I32]);
    let rank = d.pick(&[1usize, 2, 2, 2, 3]);
    let extents: Vec<u64> = (0..rank).map(|_| if rank == 1 { d.length() } else { d.small_size() }).collect();
    let (margin, kind) = (d.pick(&[1i64, 1, 2]), d.below(4));
    let (factor, edge) = (d.coefficient(), d.coefficient());
    let finish = Chain::draw(d, scalar, 2);
    let (order, with_value) = (s.order(rank), s.chance(60));
    let (a, b) = (w.array(scalar, &extents), w.array(scalar, &extents));
    w.nest(&extents, &order, &mut |w, counters| {
        let place: Vec<Subscript> = counters.iter().map(|c| at(*c)).collect();
        let conditions = inside(counters, &extents, margin);
        let interior = |w: &mut Writer| {
            let sum = neighbours(w, &a, counters, margin);
            let factor = w.number(scalar, factor * 4.0);
            let scaled = w.mul(sum, factor);
            finish.apply(w, scaled)
        };
        let outside = |w: &mut Writer| {
            let edge = w.number(scalar, edge * 8.0);
            match kind {
                0 => w.load(&a, &place),
                1 => edge,
                _ => {
                    let old = w.load(&a, &place);
                    if kind == 2 { w.mul(old, edge) } else { w.add(old, edge) }
                }
            }
        };
        if with_value {
            let value = w.choose(&conditions, scalar, interior, outside);
            return w.store(value, &b, &place);
        }
        let mut otherwise = |w: &mut Writer| {
            let value = outside(w);
            w.store(value, &b, &place);
        };
        let then = |w: &mut Writer| {
            let value = interior(w);
            w.store(value, &b, &place);
        };
        w.when(&conditions, then, (kind > 0).then_some(&mut otherwise));
    });
}

/// The sum of an element and its neighbours along every axis.
fn neighbours(w: &mut Writer, a: &Buffer, counters: &[Value], distance: i64) -> Value {
    let centre: Vec<Subscript> = counters.iter().map(|c| at(*c)).collect();
    let mut sum = w.load(a, &centre);
    for axis in 0..counters.len() {
        for step in [-distance, distance] {
            let mut place = centre.clone();
            place[axis] = at(counters[axis]) + step;
            let value = w.load(a, &place);
            sum = w.add(sum, value);
        }
    }
    sum
}

/// Triangular, banded and diagonal matrices by conditions: products, updates and copies.
pub fn triangular_mask(w: &mut Writer, d: &mut Draw, s: &mut Draw) {
    let scalar = float_type(d);
    let (n, depth) = (d.size(), d.small_size());
    let (kind, body, band) = (d.below(4), d.below(3), d.within(1, 8) as i64);
    let (otherwise, factor) = (d.chance(55), d.coefficient());
    let finish = Chain::draw(d, scalar, 2);
    let (order, with_value) = (s.order(2), s.chance(50));
    let (a, b) = (w.array(scalar, &[n, depth.max(n)]), w.array(scalar, &[n, depth.max(n)]));
    let c = w.array(scalar, &[n, n]);
    w.nest(&[n, n], &order, &mut |w, counters| {
        let (i, j) = (counters[0], counters[1]);
        let conditions = match kind {
            0 => vec![not_negative(at(i) + minus(j))],
            1 => vec![not_negative(at(j) + minus(i) - 1)],
            2 => vec![not_negative(at(i) + minus(j) + band), not_negative(at(j) + minus(i) + band)],
            _ => vec![zero(at(i) + minus(j))],
        };
        let inner = |w: &mut Writer| {
            let value = match body {
                0 => {
                    let start = w.number(scalar, 0.0);
                    w.fold(0u64, depth, start, |w, k, sum| {
                        let (x, y) = (w.load(&a, &[at(i), at(k)]), w.load(&b, &[at(j), at(k)]));
                        w.fma(x, y, sum)
                    })
                }
                1 => {
                    let (x, y) = (w.load(&a, &[at(i), at(j)]), w.load(&b, &[at(j), at(i)]));
                    w.add(x, y)
                }
                _ => {
                    let x = w.load(&a, &[at(i), at(j)]);
                    let factor = w.number(scalar, factor);
                    w.mul(x, factor)
                }
            };
            finish.apply(w, value)
        };
        let place = [at(i), at(j)];
        let outside = |w: &mut Writer| w.number(scalar, if factor < 0.0 { -10_000.0 } else { 0.0 });
        if with_value && otherwise {
            let value = w.choose(&conditions, scalar, inner, outside);
            return w.store(value, &c, &place);
        }
        let mut rest = |w: &mut Writer| {
            let value = outside(w);
            w.store(value, &c, &place);
        };
        let then = |w: &mut Writer| {
            let value = inner(w);
            w.store(value, &c, &place);
        };
        w.when(&conditions, then, otherwise.then_some(&mut rest));
    });
}

/// Padding, concatenation and shifts of arrays by conditions on the place.
pub fn padding(w: &mut Writer, d: &mut Draw, s: &mut Draw) {
    let scalar = d.pick(&[Scalar::F32, Scalar::F64, Scalar::I8, Scalar::I16, Scalar::I32, Scalar::F16]);
    let rank = d.pick(&[1usize, 2, 2, 3]);
    let extents: Vec<u64> = (0..rank).map(|_| if rank == 1 { d.length() } else { d.small_size() }).collect();
    let (low, high) = (d.within(0, 6) as i64, d.within(1, 6) as i64);
    let (joined, fill) = (d.chance(35), d.within(0, 3) as f64);
    let steps = if scalar == Scalar::F16 { Chain::default() } else { Chain::draw(d, scalar, 2) };
    let order = s.order(rank);
    let outer: Vec<u64> = extents.iter().map(|e| e + (low + high) as u64).collect();
    let (a, b) = (w.array(scalar, &extents), w.array(scalar, &outer));
    let other = w.array(scalar, &outer);
    w.nest(&outer, &order, &mut |w, counters| {
        let place: Vec<Subscript> = counters.iter().map(|c| at(*c)).collect();
        let shifted: Vec<Subscript> = counters.iter().map(|c| at(*c) - low).collect();
        let within =
            |(c, e): (&Value, &u64)| [not_negative(at(*c) - low), not_negative(minus(*c) + (*e as i64 - 1 + low))];
        let conditions: Vec<Condition> = counters.iter().zip(&extents).flat_map(within).collect();
        let inner = |w: &mut Writer| {
            let value = w.load(&a, &shifted);
            steps.apply(w, value)
        };
        let outside = |w: &mut Writer| if joined { w.load(&other, &place) } else { w.number(scalar, fill) };
        let value = w.choose(&conditions, scalar, inner, outside);
        w.store(value, &b, &place);
    });
}

/// A switch on the counter's remainder in a loop: interleaved channels, round robin of formulas, alternating signs.
pub fn dispatch(w: &mut Writer, d: &mut Draw, s: &mut Draw) {
    let scalar = d.pick(&[Scalar::F32, Scalar::F64, Scalar::I32, Scalar::I64, Scalar::I16]);
    let (length, cases) = (d.length(), d.within(2, 7) as usize);
    let rows = d.pick(&[1u64, 1, 4, 16, 40]);
    let (carried, by_block) = (d.chance(30), d.chance(30));
    let formulas: Vec<Chain> = (0..cases).map(|_| Chain::exactly(d, scalar, 1)).collect();
    let mixed: Vec<bool> = (0..cases).map(|_| d.chance(50)).collect();
    let by_row = s.chance(30);
    let (a, b) = (w.array(scalar, &[rows, length]), w.array(scalar, &[rows, length]));
    let out = w.array(scalar, &[rows, length]);
    w.each(0u64, rows, |w, r| {
        let one = |w: &mut Writer, i: Value, sum: Option<Value>| {
            let divisor = w.integer(Scalar::Index, cases as i64);
            let operation = if by_block { "arith.divui" } else { "arith.remui" };
            let on = w.binary(operation, if by_row && rows > 1 { r } else { i }, divisor);
            let place = [at(r), at(i)];
            let x = w.load(&a, &place);
            let value = w.switch(on, cases, scalar, &mut |w, case| {
                let value = formulas[case].apply(w, x);
                if !mixed[case] {
                    return value;
                }
                let y = w.load(&b, &place);
                w.add(value, y)
            });
            let value = sum.map_or(value, |sum| w.add(sum, value));
            w.store(value, &out, &place);
            value
        };
        if carried {
            let start = w.number(scalar, 0.0);
            w.fold(0u64, length, start, |w, i, sum| one(w, i, Some(sum)));
        } else {
            w.each(0u64, length, |w, i| {
                one(w, i, None);
            });
        }
    });
}

/// Branches on elements with cheap sides: thresholds, piecewise formulas, sums of what passes a test.
pub fn data_branch(w: &mut Writer, d: &mut Draw, s: &mut Draw) {
    let scalar = d.pick(&[Scalar::F32, Scalar::F64, Scalar::I32, Scalar::I16]);
    let (rows, columns) = (d.pick(&[1u64, 4, 20, 64]), d.length());
    let (limits, summed) = (d.within(1, 3) as usize, d.chance(40));
    let thresholds: Vec<f64> = (0..limits).map(|_| d.coefficient() * 8.0).collect();
    let sides: Vec<Chain> = (0..=limits).map(|_| Chain::draw(d, scalar, 2)).collect();
    let predicate = d.pick(&["lt", "gt", "ge", "ne"]);
    let by_column = s.chance(30);
    let (a, b) = (w.array(scalar, &[rows, columns]), w.array(scalar, &[rows, columns]));
    let out = w.array(scalar, &[rows, columns]);
    w.each(0u64, if by_column { columns } else { rows }, |w, p| {
        let element = |w: &mut Writer, q: Value, sum: Option<Value>| {
            let place = if by_column { [at(q), at(p)] } else { [at(p), at(q)] };
            let (x, y) = (w.load(&a, &place), w.load(&b, &place));
            let value = pieces(w, predicate, &thresholds, &sides, [x, y]);
            let value = sum.map_or(value, |sum| w.add(sum, value));
            w.store(value, &out, &place);
            value
        };
        let extent = if by_column { rows } else { columns };
        if summed {
            let start = w.number(scalar, 0.0);
            w.fold(0u64, extent, start, |w, q, sum| element(w, q, Some(sum)));
        } else {
            w.each(0u64, extent, |w, q| {
                element(w, q, None);
            });
        }
    });
}

/// The first side whose test the first value passes, else the last side, which reads the second value.
fn pieces(w: &mut Writer, predicate: &str, thresholds: &[f64], sides: &[Chain], values: [Value; 2]) -> Value {
    let [x, y] = values;
    let Some((threshold, rest)) = thresholds.split_first() else {
        let sum = w.add(x, y);
        return sides[0].apply(w, sum);
    };
    let threshold = w.number(x.ty, *threshold);
    let passes = w.compare(predicate, x, threshold);
    let then = |w: &mut Writer| sides[0].apply(w, x);
    w.choose_by(passes, x.ty, then, |w| pieces(w, predicate, rest, &sides[1..], values))
}
