//! Nests that are not boxes: triangular, skewed and blocked bounds, work between loops, loops written as `scf.while`.

use crate::kernels::chain::Chain;
use crate::kernels::dense::float_type;
use crate::kernels::draw::Draw;
use crate::kernels::loops::list;
use crate::kernels::types::{Scalar, Subscript, Value, at};
use crate::kernels::writer::{Form, Writer};

/// A loop between bounds that are the largest of some sums and the smallest of others.
fn between(w: &mut Writer, low: &[Subscript], high: &[Subscript], body: impl FnOnce(&mut Writer, Value)) {
    if w.form != Form::Affine {
        let (low, high) = (extreme(w, low, "arith.maxsi"), extreme(w, high, "arith.minsi"));
        return w.each(low, high, body);
    }
    let (low, high) = (several(low), several(high));
    let counter = Value { affine: true, ..w.define(Scalar::Index) };
    w.line(&format!("affine.for {counter} = max {low} to min {high} {{"));
    w.indent();
    body(w, counter);
    w.dedent();
    w.line("}");
}

fn extreme(w: &mut Writer, sums: &[Subscript], operation: &str) -> Value {
    let values: Vec<Value> = sums.iter().map(|s| w.index(s)).collect();
    values[1..].iter().fold(values[0], |a, b| w.binary(operation, a, *b))
}

/// Several sums as one map with its operands.
fn several(sums: &[Subscript]) -> String {
    let mut operands: Vec<String> = Vec::new();
    let results: Vec<String> = sums
        .iter()
        .map(|sum| {
            sum.spell(&mut |value| {
                operands.push(value.to_string());
                format!("d{}", operands.len() - 1)
            })
        })
        .collect();
    let dims: Vec<String> = (0..operands.len()).map(|d| format!("d{d}")).collect();
    format!("affine_map<({}) -> ({})>({})", dims.join(", "), results.join(", "), operands.join(", "))
}

/// Triangular and banded nests: bounds that follow outer counters, with smallest and largest of several.
pub fn bounded(w: &mut Writer, d: &mut Draw, s: &mut Draw) {
    let scalar = d.pick(&[Scalar::F32, Scalar::F64, Scalar::I32]);
    let (n, band, kind) = (d.small_size().max(16), d.within(1, 12) as i64, d.below(4));
    let (symmetric, inner) = (d.chance(40), d.chance(50));
    let finish = Chain::draw(d, scalar, 2);
    let swapped = s.chance(40);
    let [a, b, c] = [(); 3].map(|()| w.array(scalar, &[n, n]));
    let size = n as i64;
    w.each(0u64, n, |w, i| {
        let (low, high): (Vec<Subscript>, Vec<Subscript>) = match kind {
            0 => (vec![0.into(), at(i) - band], vec![size.into(), at(i) + band]),
            1 => (vec![0.into(), at(i) * 2 - size], vec![size.into(), at(i) + 1]),
            2 => (vec![at(i), band.into()], vec![size.into(), at(i) + 4 * band]),
            _ => (vec![0.into(), at(i) + -size / 2], vec![at(i) * -1 + size, size.into()]),
        };
        between(w, &low, &high, |w, j| {
            let place = if swapped { [at(j), at(i)] } else { [at(i), at(j)] };
            let start = w.load(&a, &place);
            let value = if inner {
                w.fold(0u64, at(i) + 1, start, |w, k, sum| {
                    let (x, y) = (w.load(&a, &[at(i), at(k)]), w.load(&b, &[at(j), at(k)]));
                    w.fma(x, y, sum)
                })
            } else {
                let y = w.load(&b, &place);
                w.mul(start, y)
            };
            let value = finish.apply(w, value);
            w.store(value, &c, &place);
            if symmetric {
                let [p, q] = place;
                w.store(value, &c, &[q, p]);
            }
        });
    });
}

/// Wavefronts: recurrences over a table swept by anti-diagonals.
pub fn wavefront(w: &mut Writer, d: &mut Draw, s: &mut Draw) {
    let scalar = d.pick(&[Scalar::F32, Scalar::F64, Scalar::I32, Scalar::I16]);
    let (rows, columns, kind) = (d.small_size(), d.small_size(), d.below(3));
    let weights: Vec<f64> = (0..3).map(|_| d.coefficient()).collect();
    let steps = Chain::draw(d, scalar, 1);
    let by_column = s.chance(50);
    let (a, t) = (w.array(scalar, &[rows + 1, columns + 1]), w.array(scalar, &[rows + 1, columns + 1]));
    let (m, n) = (rows as i64, columns as i64);
    let (outer, other) = if by_column { (n, m) } else { (m, n) };
    w.each(2i64, m + n + 1, |w, diagonal| {
        // On a diagonal the two subscripts have one sum.
        let low = [1.into(), at(diagonal) - other];
        let high = [(outer + 1).into(), at(diagonal)];
        between(w, &low, &high, |w, p| {
            let q = at(diagonal) + at(p) * -1;
            let (i, j) = if by_column { (q, at(p)) } else { (at(p), q) };
            let near = [[i.clone() - 1, j.clone()], [i.clone(), j.clone() - 1], [i.clone() - 1, j.clone() - 1]];
            let near: Vec<Value> = near.iter().map(|place| w.load(&t, place)).collect();
            let own = w.load(&a, &[i.clone(), j.clone()]);
            let weighted: Vec<Value> = near
                .iter()
                .zip(&weights)
                .map(|(value, weight)| {
                    let weight = w.number(scalar, *weight);
                    if kind == 0 { w.mul(*value, weight) } else { w.add(*value, weight) }
                })
                .collect();
            let joined = match kind {
                1 => {
                    let most = w.max(weighted[0], weighted[1]);
                    w.max(most, weighted[2])
                }
                2 => {
                    let least = w.min(weighted[0], weighted[1]);
                    w.min(least, weighted[2])
                }
                _ => {
                    let sum = w.add(weighted[0], weighted[1]);
                    w.add(sum, weighted[2])
                }
            };
            let value = w.add(joined, own);
            let value = steps.apply(w, value);
            w.store(value, &t, &[i, j]);
        });
    });
}

/// Nests with work before, between and after their loops, steps and offsets, and results of one loop used in the next.
pub fn imperfect(w: &mut Writer, d: &mut Draw, s: &mut Draw) {
    let scalar = float_type(d);
    let (rows, columns) = (d.size(), d.size());
    let (low, step) = (d.within(0, 5), d.within(1, 5));
    let loops = d.within(1, 4) as usize;
    let kinds: Vec<usize> = (0..loops).map(|_| d.below(4)).collect();
    let chains: Vec<Chain> = (0..loops).map(|_| Chain::draw(d, scalar, 2)).collect();
    let (between, remainder) = (d.chance(60), s.chance(40));
    let copies = s.pick(&[2u64, 4, 8]);
    let (a, out) = (w.array(scalar, &[rows, columns]), w.array(scalar, &[rows, columns]));
    let (totals, high) = (w.array(scalar, &[rows]), columns - 1);
    w.each(0u64, rows, |w, r| {
        let mut kept = w.load(&totals, &[at(r)]);
        for (&kind, chain) in kinds.iter().zip(&chains) {
            let element = |w: &mut Writer, j: Subscript| {
                let x = w.load(&a, &[at(r), j]);
                chain.apply(w, x)
            };
            match kind {
                0 => w.strided(low, high, step, |w, j| {
                    let x = element(w, at(j));
                    let value = w.add(x, kept);
                    w.store(value, &out, &[at(r), at(j)]);
                }),
                1 => {
                    kept = w.fold(low, high, kept, |w, j, sum| {
                        let x = element(w, at(j));
                        w.add(sum, x)
                    });
                }
                2 => {
                    // Every second element, by its half.
                    let factor = w.float(scalar, 0.5);
                    w.each(0u64, columns / 2, |w, j| {
                        let (x, y) = (element(w, at(j) * 2), element(w, at(j) * 2 + 1u64));
                        let sum = w.add(x, y);
                        let value = w.mul(sum, factor);
                        w.store(value, &out, &[at(r), at(j)]);
                    });
                }
                _ if remainder => {
                    // Unrolled by hand, the rest in a loop of its own.
                    let whole = columns / copies * copies;
                    w.strided(0u64, whole, copies, |w, j| {
                        for copy in 0..copies {
                            let x = element(w, at(j) + copy);
                            w.store(x, &out, &[at(r), at(j) + copy]);
                        }
                    });
                    w.each(whole, columns, |w, j| {
                        let x = element(w, at(j));
                        w.store(x, &out, &[at(r), at(j)]);
                    });
                }
                _ => w.each(1u64, columns, |w, j| {
                    let (x, old) = (element(w, at(j)), w.load(&out, &[at(r), at(j) - 1]));
                    let value = w.fma(x, kept, old);
                    w.store(value, &out, &[at(r), at(j)]);
                }),
            }
            if between {
                let factor = w.float(scalar, 0.25);
                kept = w.mul(kept, factor);
            }
        }
        w.store(kept, &totals, &[at(r)]);
    });
}

/// A loop written as `scf.while` that runs a known number of times and carries values; gives their last.
fn repeat(
    w: &mut Writer,
    range: (u64, u64, u64),
    start: &[Value],
    body: impl FnOnce(&mut Writer, Value, &[Value]) -> Vec<Value>,
) -> Vec<Value> {
    let (low, high, step) = range;
    let [low, high, step] = [low, high, step].map(|bound| w.integer(Scalar::Index, bound as i64));
    let all: Vec<Value> = [low].iter().chain(start).copied().collect();
    let fresh = |w: &mut Writer| -> Vec<Value> { all.iter().map(|v| w.define(v.ty)).collect() };
    let (before, after) = (fresh(w), fresh(w));
    let types = list(all.iter().map(|v| v.ty));
    let pairs = list(before.iter().zip(&all).map(|(b, v)| format!("{b} = {v}")));
    let results = w.define(Scalar::Index);
    let count = if all.len() > 1 { format!(":{}", all.len()) } else { String::new() };
    w.line(&format!("{results}{count} = scf.while ({pairs}) : ({types}) -> ({types}) {{"));
    w.indent();
    let more = w.compare("lt", before[0], high);
    w.line(&format!("scf.condition({more}) {} : {types}", list(&before)));
    w.dedent();
    w.line("} do {");
    let arguments = list(after.iter().map(|v| format!("{v}: {}", v.ty)));
    w.line(&format!("^bb0({arguments}):"));
    w.indent();
    let next = body(w, after[0], &after[1..]);
    let counter = w.binary("arith.addi", after[0], step);
    let values: Vec<Value> = [counter].iter().chain(&next).copied().collect();
    w.line(&format!("scf.yield {} : {types}", list(&values)));
    w.dedent();
    w.line("}");
    start.iter().enumerate().map(|(i, v)| Value { part: Some(i as u8 + 1), ty: v.ty, ..results }).collect()
}

/// Loops written as `scf.while`: reductions, recurrences and passes by steps, inside loops over rows.
pub fn while_loops(w: &mut Writer, d: &mut Draw, s: &mut Draw) {
    let scalar = d.pick(&[Scalar::F32, Scalar::F64, Scalar::I32, Scalar::I64]);
    let (rows, columns, step) = (d.pick(&[1u64, 4, 16, 60]), d.length(), d.pick(&[1u64, 1, 2, 3]));
    let (kind, sums) = (d.below(3), d.within(1, 4) as usize);
    let steps = Chain::draw(d, scalar, 3);
    let rate = d.coefficient() / 4.0;
    let outer_while = s.chance(40);
    let (a, out) = (w.array(scalar, &[rows, columns]), w.array(scalar, &[rows, columns]));
    let row = |w: &mut Writer, r: Value| {
        let zero = w.number(scalar, 0.0);
        let start = vec![zero; if kind == 1 { 0 } else { sums }];
        let last = repeat(w, (0, columns, step), &start, |w, j, carried| {
            let place = [at(r), at(j)];
            let x = w.load(&a, &place);
            let x = steps.apply(w, x);
            if kind == 1 {
                w.store(x, &out, &place);
                return Vec::new();
            }
            let mut next = Vec::new();
            let mut value = x;
            for sum in carried {
                value = if kind == 0 {
                    w.add(*sum, value)
                } else {
                    let rate = w.number(scalar, rate * if scalar.is_float() { 1.0 } else { 16.0 });
                    w.fma(*sum, rate, value)
                };
                next.push(value);
            }
            if kind == 2 {
                w.store(value, &out, &place);
            }
            next
        });
        for (part, sum) in last.into_iter().enumerate() {
            w.store(sum, &out, &[at(r), part.try_into().map(|p: u64| p.into()).unwrap_or_default()]);
        }
    };
    // In affine form the outer loop is affine: the text would be that of the other form.
    if outer_while && w.form == Form::Scf {
        repeat(w, (0, rows, 1), &[], |w, r, _| {
            row(w, r);
            Vec::new()
        });
    } else {
        w.each(0u64, rows, row);
    }
}
