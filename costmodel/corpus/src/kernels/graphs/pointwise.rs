//! Named element-wise operations, and named operations that move, repeat and reduce.

use super::sizes::{graph_type, limit};
use super::steps::{Style, combine_along};
use crate::kernels::chain::Chain;
use crate::kernels::draw::Draw;
use crate::kernels::linalg::Access;
use crate::kernels::types::{Buffer, Scalar};
use crate::kernels::writer::Writer;

/// A shape of one to four dimensions, at most about a quarter of a million elements.
pub(super) fn shape(d: &mut Draw) -> Vec<u64> {
    let mut shape: Vec<u64> = match d.pick(&[1, 2, 2, 3, 4]) {
        1 => vec![d.length()],
        2 => vec![d.size(), d.size()],
        3 => vec![d.within(1, 16), d.small_size(), d.small_size()],
        _ => vec![d.within(1, 4), d.within(2, 32), d.within(4, 32), d.within(4, 32)],
    };
    limit(&mut shape, 1 << 18);
    shape
}

/// A sequence of named functions of one operand, as graphs have them before fusion.
pub fn unary(w: &mut Writer, d: &mut Draw, s: &mut Draw) {
    const ALL: &[&str] = &[
        "exp",
        "log",
        "abs",
        "ceil",
        "floor",
        "negf",
        "reciprocal",
        "round",
        "sqrt",
        "rsqrt",
        "square",
        "tanh",
        "erf",
    ];
    let scalar = graph_type(d);
    let shape = shape(d);
    let functions: Vec<&str> = (0..d.within(1, 4)).map(|_| d.pick(ALL)).collect();
    let (scaled, factor) = (d.chance(40), d.coefficient());
    let style = Style::draw(w, s);
    let input = w.array(scalar, &shape);
    let mut x = input;
    for (index, function) in functions.into_iter().enumerate() {
        // Logarithms and roots are taken of magnitudes.
        if matches!(function, "log" | "sqrt" | "rsqrt") {
            x = w.step(style, "abs", &[&x]);
        }
        x = w.step(style, function, &[&x]);
        if scaled && index == 0 {
            let by = w.constant_like(&x, factor);
            x = w.step(style, "mul", &[&x, &by]);
        }
    }
    w.returns(x);
}

/// A graph of named functions of two operands over several arrays, some of them with fewer dimensions.
pub fn binary(w: &mut Writer, d: &mut Draw, s: &mut Draw) {
    const FLOAT: &[&str] = &["add", "add", "sub", "mul", "mul", "div", "max", "min", "powf"];
    const INTEGER: &[&str] = &["add", "add", "sub", "mul", "mul", "max", "min"];
    let scalar = d.pick(&[
        Scalar::F32,
        Scalar::F32,
        Scalar::F64,
        Scalar::F16,
        Scalar::Bf16,
        Scalar::I32,
        Scalar::I64,
        Scalar::I8,
    ]);
    let functions = if scalar.is_float() { FLOAT } else { INTEGER };
    let shape = shape(d);
    let (count, steps) = (d.within(2, 4) as usize, d.within(2, 8) as usize);
    let narrow = shape.len() > 1 && d.chance(35);
    let (along, narrow_function) = (d.below(shape.len()), d.pick(&["add", "sub", "mul"]));
    let style = Style::draw(w, s);
    let mut values: Vec<Buffer> = (0..count).map(|_| w.array(scalar, &shape)).collect();
    if narrow {
        let row = w.array(scalar, &shape[along..=along]);
        let wide = combine_along(w, style, narrow_function, &values[0], &row, &[along]);
        values.push(wide);
    }
    for _ in 0..steps {
        // Not the last value twice: the larger of a value and itself is that value.
        let (last, other) = (values.len() - 1, d.below(values.len() - 1));
        let function = d.pick(functions);
        let a = if function == "powf" { w.step(style, "abs", &[&values[last]]) } else { values[last].clone() };
        let result = w.step(style, function, &[&a, &values[other]]);
        values.push(result);
    }
    let result = values.pop().expect("at least two");
    w.returns(result);
}

/// Choices between arrays by masks: `linalg.select` of masks that are arguments or compared.
pub fn choose(w: &mut Writer, d: &mut Draw, s: &mut Draw) {
    let scalar = d.pick(&[Scalar::F32, Scalar::F32, Scalar::F64, Scalar::I32, Scalar::I16, Scalar::I8]);
    let shape = shape(d);
    let (given, rounds) = (d.chance(30), d.within(1, 3));
    let style = Style::draw(w, s);
    let arrays = [w.array(scalar, &shape), w.array(scalar, &shape)];
    let mut value = arrays[0].clone();
    for _ in 0..rounds {
        let (predicate, bound) = (d.pick(&["lt", "gt", "le", "ne"]), d.coefficient() * 8.0);
        let mask = if given {
            w.array(Scalar::I1, &shape)
        } else {
            w.elementwise(&[&value, &arrays[1]], Scalar::I1, |w, e| {
                let bound = w.number(scalar, bound);
                let sum = w.add(e[0], bound);
                w.compare(predicate, sum, e[1])
            })
        };
        let chain = Chain::exactly(d, scalar, 1);
        let other = w.step(style, d.pick(&["add", "sub", "mul", "max"]), &[&value, &arrays[1]]);
        let other = w.elementwise(&[&other], scalar, |w, e| chain.apply(w, e[0]));
        let empty = w.empty(scalar, &shape);
        value = w.named("linalg.select", "", &[&mask, &value, &other], &empty);
    }
    w.returns(value);
}

/// Arrays permuted, repeated, copied and reduced by named operations, with arithmetic between.
pub fn rearrange(w: &mut Writer, d: &mut Draw, s: &mut Draw) {
    let scalar = d.pick(&[Scalar::F32, Scalar::F32, Scalar::F64, Scalar::F16, Scalar::I32, Scalar::I8]);
    let rank = d.within(2, 4) as usize;
    let shape: Vec<u64> = (0..rank).map(|_| if rank == 2 { d.small_size() } else { d.within(3, 24) }).collect();
    let steps = d.within(2, 5);
    let style = Style::draw(w, s);
    let mut x = w.array(scalar, &shape);
    for _ in 0..steps {
        let dimension = d.below(x.shape.len());
        x = match d.below(6) {
            0 | 1 => {
                let order = d.order(x.shape.len());
                w.transposed(&x, &order)
            }
            2 if x.shape.len() < 4 => {
                let mut wide = x.shape.clone();
                wide.insert(dimension, d.within(2, 12));
                limit(&mut wide[dimension..=dimension], ((1u64 << 20) / x.shape.iter().product::<u64>()).max(1));
                w.broadcast(&x, &wide, &[dimension])
            }
            3 if x.shape.len() > 1 => w.reduced(d.pick(&["add", "max", "min"]), &x, &[dimension]),
            4 => {
                let onto = w.empty(scalar, &x.shape);
                w.named("linalg.copy", "", &[&x], &onto)
            }
            _ => {
                let other = w.array(scalar, &x.shape);
                w.step(style, d.pick(&["add", "sub", "mul", "max"]), &[&x, &other])
            }
        };
    }
    let factor = w.constant_like(&x, 3.0);
    let result = w.step(style, "mul", &[&x, &factor]);
    w.returns(result);
}

/// Reductions by name over one or several dimensions, of one array or of functions of several, and their spread over the array again.
pub fn reductions(w: &mut Writer, d: &mut Draw, s: &mut Draw) {
    let scalar = d.pick(&[Scalar::F32, Scalar::F32, Scalar::F64, Scalar::F16, Scalar::I32, Scalar::I64]);
    let shape = shape(d);
    let rank = shape.len();
    let count = d.within(1, rank as u64) as usize;
    let mut along: Vec<usize> = d.order(rank).into_iter().take(count).collect();
    along.sort_unstable();
    let kept: Vec<usize> = (0..rank).filter(|dimension| !along.contains(dimension)).collect();
    let (function, second) = (d.pick(&["add", "add", "mul", "max", "min"]), d.chance(40));
    let (before, spread) = (d.below(4), d.chance(50) && !kept.is_empty());
    let style = Style::draw(w, s);
    let input = w.array(scalar, &shape);
    let value = match before {
        0 => w.step(style, "mul", &[&input, &input]),
        1 if scalar.is_float() => w.step(style, "abs", &[&input]),
        2 => {
            let other = w.array(scalar, &shape);
            let off = w.step(style, "sub", &[&input, &other]);
            w.step(style, "mul", &[&off, &off])
        }
        _ => input.clone(),
    };
    let mut result = w.reduced(function, &value, &along);
    if second {
        let other = w.reduced(d.pick(&["add", "max", "min"]), &input, &along);
        result = w.step(style, d.pick(&["add", "sub", "mul"]), &[&result, &other]);
    }
    if spread {
        result = combine_along(w, style, d.pick(&["sub", "mul", "add"]), &input, &result, &kept);
    }
    w.returns(result);
}

/// Sums along one dimension that every element keeps, by a product with a triangle of ones or by indices of the loops.
pub fn indexed(w: &mut Writer, d: &mut Draw, s: &mut Draw) {
    let scalar = d.pick(&[Scalar::F32, Scalar::F64, Scalar::I32, Scalar::I64]);
    let (rows, columns) = (d.size(), d.small_size());
    let kind = d.below(4);
    let style = Style::draw(w, s);
    let x = w.array(scalar, &[rows, columns]);
    let empty = w.empty(scalar, &[rows, columns]);
    let coefficient = d.coefficient();
    let plain = || Access::dims(&[0, 1]);
    // A mask, a ramp, a diagonal or a checkerboard made of the indices.
    let pattern = w.generic("pp", &[(&x, plain())], (&empty, plain()), |w, e| {
        let (i, j) =
            (w.result(Scalar::Index, "linalg.index 0 : index"), w.result(Scalar::Index, "linalg.index 1 : index"));
        let zero = w.number(scalar, 0.0);
        match kind {
            0 => {
                let below = w.compare("le", j, i);
                w.select(below, e[0], zero)
            }
            1 => {
                let sum = w.add(i, j);
                let number = w.cast(sum, Scalar::I32);
                let number = if scalar == Scalar::I32 { number } else { w.cast(number, scalar) };
                w.fma(number, e[0], e[0])
            }
            2 => {
                let same = w.compare("eq", i, j);
                let shift = w.number(scalar, coefficient * 8.0);
                let shifted = w.add(e[0], shift);
                w.select(same, shifted, e[0])
            }
            _ => {
                let (sum, two) = (w.add(i, j), w.integer(Scalar::Index, 2));
                let odd = w.binary("arith.remui", sum, two);
                let first = w.integer(Scalar::Index, 0);
                let even = w.compare("eq", odd, first);
                w.select(even, e[0], zero)
            }
        }
    });
    let other = w.array(scalar, &[columns, rows]);
    let turned = w.transposed(&other, &[1, 0]);
    let result = w.step(style, d.pick(&["add", "sub", "mul", "max"]), &[&pattern, &turned]);
    w.returns(result);
}
