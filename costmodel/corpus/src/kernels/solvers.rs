//! Triangular updates: factorisations, triangular solves, recursions, statistics of columns.

use super::chain::Chain;
use super::dense::{float_type, multiply_add};
use super::draw::Draw;
use super::types::{Value, at};
use super::writer::Writer;

/// In-place factorisations of a matrix: Cholesky, LU, LDL^T and Gram-Schmidt shapes, right- or left-looking.
pub fn factorisation(w: &mut Writer, d: &mut Draw, s: &mut Draw) {
    let scalar = float_type(d);
    let n = d.size();
    let kind = d.below(4);
    let (fused, damped, updated) = (d.chance(40), d.chance(40), d.chance(30));
    let damping = d.coefficient() / 16.0;
    let row_steps = Chain::draw(d, scalar, 1);
    let right_looking = s.chance(50);
    let a = w.array(scalar, &[n, n]);
    let side = w.array(scalar, &[n]);
    w.each(0u64, n, |w, k| {
        let mut pivot = w.load(&a, &[at(k), at(k)]);
        if damped {
            let damping = w.float(scalar, damping);
            pivot = w.add(pivot, damping);
        }
        if kind == 0 {
            pivot = w.unary("math.sqrt", pivot);
            w.store(pivot, &a, &[at(k), at(k)]);
        }
        if kind == 2 {
            w.store(pivot, &side, &[at(k)]);
        }
        let column = |i: Value| if kind == 3 { [at(k), at(i)] } else { [at(i), at(k)] };
        w.each(at(k) + 1, n, |w, i| {
            w.update(&a, &column(i), |w, old| {
                let quotient = w.div(old, pivot);
                row_steps.apply(w, quotient)
            });
        });
        let from = at(k) + 1;
        w.each(from.clone(), n, |w, i| {
            let to = if kind == 0 || kind == 2 { at(i) + 1 } else { n.into() };
            let factor = w.load(&a, &column(i));
            if right_looking || kind != 1 {
                w.each(from, to, |w, j| {
                    let other = w.load(&a, &if kind == 1 { [at(k), at(j)] } else { column(j) });
                    let other = if kind == 2 { w.mul(other, pivot) } else { other };
                    w.update(&a, &[at(i), at(j)], |w, old| {
                        let product = w.mul(factor, other);
                        w.sub(old, product)
                    });
                });
            } else {
                let zero = w.float(scalar, 0.0);
                let sum = w.fold(0u64, at(k), zero, |w, j, acc| {
                    let left = w.load(&a, &[at(i), at(j)]);
                    let right = w.load(&a, &[at(j), at(k)]);
                    multiply_add(fused)(w, acc, &[left, right])
                });
                w.update(&a, &column(i), |w, old| w.sub(old, sum));
            }
            if updated {
                w.update(&side, &[at(i)], |w, old| {
                    let product = w.mul(factor, factor);
                    w.add(old, product)
                });
            }
        });
    });
}

/// Forward and backward substitution and first- and second-order recursions over rows.
pub fn triangular_solve(w: &mut Writer, d: &mut Draw, s: &mut Draw) {
    let scalar = float_type(d);
    let n = d.size();
    let columns = d.within(1, 16);
    let kind = d.below(3);
    let (fused, unit_diagonal, transposed) = (d.chance(40), d.chance(40), d.chance(40));
    let finish = Chain::draw(d, scalar, 2);
    let in_register = s.chance(60);
    let l = w.array(scalar, &[n, n]);
    let b = w.array(scalar, &[n, columns]);
    let x = w.array(scalar, &[n, columns]);
    let cell = |i: Value, j: Value| if transposed { [at(j), at(i)] } else { [at(i), at(j)] };
    w.each(0u64, n, |w, i| {
        w.each(0u64, columns, |w, c| {
            let start = w.load(&b, &[at(i), at(c)]);
            let term = |w: &mut Writer, j: Value, acc: Value| {
                let (left, right) = (w.load(&l, &cell(i, j)), w.load(&x, &[at(j), at(c)]));
                let product = w.mul(left, right);
                if kind == 2 && fused {
                    let damped = w.mul(product, left);
                    return w.sub(acc, damped);
                }
                w.sub(acc, product)
            };
            let rest = if in_register {
                w.fold(0u64, at(i), start, |w, j, acc| term(w, j, acc))
            } else {
                w.store(start, &x, &[at(i), at(c)]);
                w.each(0u64, at(i), |w, j| w.update(&x, &[at(i), at(c)], |w, old| term(w, j, old)));
                w.load(&x, &[at(i), at(c)])
            };
            let solved = if unit_diagonal {
                rest
            } else {
                let diagonal = w.load(&l, &[at(i), at(i)]);
                w.div(rest, diagonal)
            };
            let solved = finish.apply(w, solved);
            w.store(solved, &x, &[at(i), at(c)]);
        });
    });
}

/// Means, variances, covariances and correlations of the columns of a table.
pub fn statistics(w: &mut Writer, d: &mut Draw, s: &mut Draw) {
    let scalar = float_type(d);
    let (rows, columns) = (d.size(), d.size());
    let (normalised, full, weighted) = (d.chance(50), d.chance(40), d.chance(30));
    let (fused, third) = (d.chance(40), d.chance(25));
    let before = if d.chance(40) { Chain::draw(d, scalar, 2) } else { Chain::default() };
    let order = s.order(2);
    let data = w.array(scalar, &[rows, columns]);
    let weights = w.array(scalar, &[rows]);
    let mean = w.array(scalar, &[columns]);
    let spread = w.array(scalar, &[columns]);
    let share = w.float(scalar, 1.0 / rows as f64);
    let zero = w.float(scalar, 0.0);
    let element = |w: &mut Writer, i: Value, j: Value| {
        let value = w.load(&data, &[at(i), at(j)]);
        let value = before.apply(w, value);
        if weighted {
            let weight = w.load(&weights, &[at(i)]);
            return w.mul(value, weight);
        }
        value
    };
    w.each(0u64, columns, |w, j| {
        let sum = w.fold(0u64, rows, zero, |w, i, acc| {
            let value = element(w, i, j);
            w.add(acc, value)
        });
        let centre = w.mul(sum, share);
        w.store(centre, &mean, &[at(j)]);
        if normalised {
            let squares = w.fold(0u64, rows, zero, |w, i, acc| {
                let value = element(w, i, j);
                let off = w.sub(value, centre);
                let power = if third { w.mul(off, off) } else { off };
                multiply_add(fused)(w, acc, &[power, off])
            });
            let variance = w.mul(squares, share);
            let small = w.float(scalar, 0.001);
            let magnitude = w.unary("math.absf", variance);
            let magnitude = w.max(magnitude, small);
            let deviation = w.unary("math.sqrt", magnitude);
            w.store(deviation, &spread, &[at(j)]);
        }
    });
    w.nest(&[rows, columns], &order, &mut |w, counters| {
        let (i, j) = (counters[0], counters[1]);
        let centre = w.load(&mean, &[at(j)]);
        w.update(&data, &[at(i), at(j)], |w, old| {
            let off = w.sub(old, centre);
            if normalised {
                let deviation = w.load(&spread, &[at(j)]);
                w.div(off, deviation)
            } else {
                off
            }
        });
    });
    if full {
        let covariance = w.array(scalar, &[columns, columns]);
        w.each(0u64, columns, |w, j| {
            w.each(at(j), columns, |w, k| {
                let sum = w.fold(0u64, rows, zero, |w, i, acc| {
                    let (left, right) = (w.load(&data, &[at(i), at(j)]), w.load(&data, &[at(i), at(k)]));
                    multiply_add(fused)(w, acc, &[left, right])
                });
                let value = w.mul(sum, share);
                w.store(value, &covariance, &[at(j), at(k)]);
                w.store(value, &covariance, &[at(k), at(j)]);
            });
        });
    }
}
