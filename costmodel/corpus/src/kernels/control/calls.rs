//! Functions that call private ones in loops: on scalars, on arrays, with bounds as arguments.

use crate::kernels::chain::Chain;
use crate::kernels::dense::float_type;
use crate::kernels::draw::Draw;
use crate::kernels::types::{Buffer, Scalar, Type, Value, at};
use crate::kernels::writer::Writer;

/// Inlining of the callees, alone and with clean-up, and clean-up alone.
pub const INLINING: &[(&str, &str)] = &[
    ("inline", "builtin.module(inline)"),
    ("inline-clean", "builtin.module(inline,canonicalize,cse)"),
    ("clean", "builtin.module(canonicalize,cse)"),
];

/// A call of a private function with results.
fn call(w: &mut Writer, name: &str, arguments: &[String], types: &[String], result: Option<Type>) -> Option<Value> {
    let text = format!("func.call @{name}({}) : ({})", arguments.join(", "), types.join(", "));
    match result {
        Some(ty) => Some(w.result(ty, &format!("{text} -> {ty}"))),
        None => {
            w.line(&format!("{text} -> ()"));
            None
        }
    }
}

fn call_value(w: &mut Writer, name: &str, arguments: &[Value], result: Scalar) -> Value {
    let (values, types): (Vec<_>, Vec<_>) = arguments.iter().map(|v| (v.to_string(), v.ty.to_string())).unzip();
    call(w, name, &values, &types, Some(result.into())).expect("a result was asked for")
}

/// Loops that call functions of scalars, which may call others; several of them for one element, or an accumulator.
pub fn scalar_calls(w: &mut Writer, d: &mut Draw, s: &mut Draw) {
    let scalar = d.pick(&[Scalar::F32, Scalar::F64, Scalar::F32, Scalar::I32, Scalar::I64]);
    let (rows, columns) = (d.pick(&[1u64, 1, 8, 50]), d.length());
    let count = d.within(1, 4) as usize;
    let bodies: Vec<Chain> = (0..count)
        .map(|_| {
            let steps = d.within(1, 8) as usize;
            Chain::exactly(d, scalar, steps)
        })
        .collect();
    let (nested, carried, paired) = (d.chance(40), d.chance(35), d.chance(60));
    let copies = s.pick(&[1u64, 1, 2, 4]);
    for (number, body) in bodies.iter().enumerate() {
        w.callee(&format!("step{number}"), |w| {
            let (x, y) = (w.argument(scalar), w.argument(scalar));
            let mixed = if paired { w.add(x, y) } else { x };
            let value = body.apply(w, mixed);
            let value = if nested && number > 0 {
                call_value(w, &format!("step{}", number - 1), &[value, y], scalar)
            } else {
                value
            };
            vec![w.mul(value, y)]
        });
    }
    let columns = columns.next_multiple_of(copies);
    let (a, b) = (w.array(scalar, &[rows, columns]), w.array(scalar, &[rows, columns]));
    let out = w.array(scalar, &[rows, columns]);
    w.each(0u64, rows, |w, r| {
        let one = |w: &mut Writer, place: [crate::kernels::types::Subscript; 2], sum: Option<Value>| {
            let (x, y) = (w.load(&a, &place), w.load(&b, &place));
            let first = if nested { count - 1 } else { 0 };
            let start = sum.map_or(x, |sum| w.add(x, sum));
            let value =
                (first..count).fold(start, |v, number| call_value(w, &format!("step{number}"), &[v, y], scalar));
            w.store(value, &out, &place);
            value
        };
        if carried {
            let start = w.number(scalar, 0.0);
            w.fold(0u64, columns, start, |w, j, sum| one(w, [at(r), at(j)], Some(sum)));
            return;
        }
        w.strided(0u64, columns, copies, |w, j| {
            for copy in 0..copies {
                one(w, [at(r), at(j) + copy], None);
            }
        });
    });
}

fn call_arrays(w: &mut Writer, name: &str, arrays: &[&Buffer], values: &[Value]) {
    let arguments: Vec<String> =
        arrays.iter().map(|a| a.value.to_string()).chain(values.iter().map(Value::to_string)).collect();
    let types: Vec<String> =
        arrays.iter().map(|a| a.to_string()).chain(values.iter().map(|v| v.ty.to_string())).collect();
    call(w, name, &arguments, &types, None);
}

/// Stages over whole arrays, each a private function whose bounds are arguments, called once or in a loop over time.
pub fn array_calls(w: &mut Writer, d: &mut Draw, s: &mut Draw) {
    let scalar = float_type(d);
    let extent = d.size().max(16);
    let (stages, times) = (d.within(1, 4) as usize, d.pick(&[1u64, 1, 5, 20]));
    let kinds: Vec<usize> = (0..stages).map(|_| d.below(4)).collect();
    let steps: Vec<Chain> = (0..stages).map(|_| Chain::draw(d, scalar, 3)).collect();
    let bounds: Vec<(u64, u64)> = (0..stages).map(|_| (d.within(1, 4), extent - d.within(1, 4))).collect();
    let order = s.order(2);
    let shape = [extent, extent];
    for stage in 0..stages {
        w.callee(&format!("stage{stage}"), |w| {
            let (a, b) = (w.array(scalar, &shape), w.array(scalar, &shape));
            let (low, high) = (w.argument(Scalar::Index), w.argument(Scalar::Index));
            w.each(low, high, |w, p| {
                w.each(low, high, |w, q| {
                    let (i, j) = if order[0] == 0 { (p, q) } else { (q, p) };
                    let value = stage_value(w, &a, kinds[stage], [i, j], [low, high]);
                    let value = steps[stage].apply(w, value);
                    w.store(value, &b, &[at(i), at(j)]);
                });
            });
            Vec::new()
        });
    }
    let (a, b) = (w.array(scalar, &shape), w.array(scalar, &shape));
    w.each(0u64, times, |w, _| {
        for (stage, &(low, high)) in bounds.iter().enumerate() {
            let bounds = [low, high].map(|bound| w.integer(Scalar::Index, bound as i64));
            let arrays = if stage % 2 == 0 { [&a, &b] } else { [&b, &a] };
            call_arrays(w, &format!("stage{stage}"), &arrays, &bounds);
        }
    });
}

/// The new element of a stage: scaled, smoothed, transposed, or a sum over the row.
fn stage_value(w: &mut Writer, a: &Buffer, kind: usize, place: [Value; 2], bounds: [Value; 2]) -> Value {
    let [i, j] = place;
    let centre = w.load(a, &[at(i), at(j)]);
    match kind {
        0 => w.mul(centre, centre),
        1 => {
            let neighbours = [at(j) - 1, at(j) + 1].map(|column| w.load(a, &[at(i), column]));
            let sum = w.add(neighbours[0], neighbours[1]);
            w.add(sum, centre)
        }
        2 => {
            let turned = w.load(a, &[at(j), at(i)]);
            w.sub(centre, turned)
        }
        _ => w.fold(bounds[0], bounds[1], centre, |w, k, sum| {
            let x = w.load(a, &[at(i), at(k)]);
            w.fma(x, x, sum)
        }),
    }
}

/// A function on rows that returns a value which the caller combines: norms, dot products, extremes, then a pass by it.
pub fn row_calls(w: &mut Writer, d: &mut Draw, s: &mut Draw) {
    let scalar = d.pick(&[Scalar::F32, Scalar::F64, Scalar::I32]);
    let (rows, columns) = (d.size(), d.size());
    let (kind, second) = (d.below(4), d.chance(60));
    let steps = Chain::draw(d, scalar, 2);
    let parts = s.pick(&[1u64, 1, 2, 4]);
    let columns = columns.next_multiple_of(parts);
    let shape = [rows, columns];
    w.callee("row", |w| {
        let (a, b) = (w.array(scalar, &shape), w.array(scalar, &shape));
        let (row, end) = (w.argument(Scalar::Index), w.argument(Scalar::Index));
        let start = if kind == 2 { w.extreme(scalar, true) } else { w.number(scalar, 0.0) };
        let sums = w.carry(0u64, end, &vec![start; parts as usize], |w, j, sums| {
            let one = |(part, sum): (usize, &Value)| {
                let place = [at(row), at(j) * parts as i64 + part as u64];
                let (x, y) = (w.load(&a, &place), w.load(&b, &place));
                match kind {
                    0 => w.fma(x, y, *sum),
                    1 => w.fma(x, x, *sum),
                    2 => w.max(x, *sum),
                    _ => {
                        let difference = w.sub(x, y);
                        w.fma(difference, difference, *sum)
                    }
                }
            };
            sums.iter().enumerate().map(one).collect()
        });
        vec![sums[1..].iter().fold(sums[0], |total, sum| w.add(total, *sum))]
    });
    let (a, b) = (w.array(scalar, &shape), w.array(scalar, &shape));
    let out = w.array(scalar, &shape);
    w.each(0u64, rows, |w, r| {
        let end = w.integer(Scalar::Index, (columns / parts) as i64);
        let arguments = [a.value.to_string(), b.value.to_string(), r.to_string(), end.to_string()];
        let types = [a.to_string(), b.to_string(), "index".into(), "index".into()];
        let sum = call(w, "row", &arguments, &types, Some(scalar.into())).expect("a result was asked for");
        let sum = steps.apply(w, sum);
        if !second {
            return w.store(sum, &out, &[at(r), 0u64.into()]);
        }
        w.each(0u64, columns, |w, j| {
            let x = w.load(&a, &[at(r), at(j)]);
            let value = w.mul(x, sum);
            w.store(value, &out, &[at(r), at(j)]);
        });
    });
}
