//! Element-wise kernels: random expression graphs, mathematical functions, optimizer steps, mixed precision.

use super::chain::{Chain, gelu, sigmoid};
use super::dense::float_type;
use super::draw::Draw;
use super::linalg::Access;
use super::types::{Buffer, Scalar, Type, Value, at};
use super::writer::{Form, Writer};

/// A random expression graph: operations on earlier nodes.
struct Graph {
    nodes: Vec<(usize, usize, usize, usize)>,
    inputs: usize,
    outputs: Vec<usize>,
}

impl Graph {
    /// `live` steers how far back operands reach: nodes used late stay in registers for long.
    fn draw(d: &mut Draw, inputs: usize, count: usize, outputs: usize, live: usize) -> Self {
        let mut nodes = Vec::new();
        for i in 0..count {
            let defined = inputs + i;
            let near = |d: &mut Draw| defined - 1 - d.below(live.min(defined));
            let (a, b, c) = (near(d), near(d), near(d));
            nodes.push((d.below(16), a, b, c));
        }
        let defined = inputs + count;
        let outputs = (0..outputs).map(|o| defined - 1 - o.min(defined - 1)).collect();
        Self { nodes, inputs, outputs }
    }

    fn write(&self, w: &mut Writer, inputs: &[Value]) -> Vec<Value> {
        let mut values = inputs.to_vec();
        debug_assert_eq!(values.len(), self.inputs);
        for &(operation, a, b, c) in &self.nodes {
            let (a, b, c) = (values[a], values[b], values[c]);
            values.push(if a.ty.scalar.is_float() {
                float_node(w, operation, a, b, c)
            } else {
                int_node(w, operation, a, b, c)
            });
        }
        self.outputs.iter().map(|&o| values[o]).collect()
    }
}

fn float_node(w: &mut Writer, operation: usize, a: Value, b: Value, c: Value) -> Value {
    match operation {
        0..=2 => w.add(a, b),
        3..=4 => w.sub(a, b),
        5..=8 => w.mul(a, b),
        9 | 10 => w.fma(a, b, c),
        11 => w.max(a, b),
        12 => w.min(a, b),
        13 => {
            let less = w.compare("lt", a, b);
            w.select(less, c, a)
        }
        14 => w.unary("math.absf", a),
        _ => {
            let one = w.float(a.ty, 1.0);
            let below = w.fma(b, b, one);
            w.div(a, below)
        }
    }
}

fn int_node(w: &mut Writer, operation: usize, a: Value, b: Value, c: Value) -> Value {
    match operation {
        0..=2 => w.add(a, b),
        3 | 4 => w.sub(a, b),
        5 | 6 => w.mul(a, b),
        7 => w.binary("arith.xori", a, b),
        8 => w.binary("arith.andi", a, b),
        9 => w.binary("arith.ori", a, b),
        10 | 11 => w.max(a, b),
        12 => w.min(a, b),
        13 => {
            let less = w.compare("lt", a, b);
            w.select(less, c, a)
        }
        14 => {
            let bits = w.integer(a.ty, 3);
            w.binary("arith.shrsi", a, bits)
        }
        _ => {
            let bits = w.integer(a.ty, 5);
            w.binary("arith.shli", a, bits)
        }
    }
}

/// Random expression graphs over several arrays; wide ones hold many values at once.
pub fn expression(w: &mut Writer, d: &mut Draw, s: &mut Draw) {
    let scalar = d.pick(&[Scalar::F32, Scalar::F32, Scalar::F64, Scalar::I32, Scalar::I64]);
    let rank = d.pick(&[1, 1, 2]);
    let shape: Vec<u64> = (0..rank).map(|_| if rank == 1 { d.length() } else { d.size() }).collect();
    let inputs = d.within(1, 8) as usize;
    let count = d.pick(&[3, 5, 8, 12, 16, 24, 32, 48]);
    let outputs = if d.chance(60) { 1 } else { d.within(2, 4) as usize };
    let live = d.pick(&[4, 8, 16, 32, 48]);
    let graph = Graph::draw(d, inputs, count, outputs, live);
    let broadcast = rank == 2 && d.chance(40);
    let all: Vec<usize> = (0..rank).collect();
    let order = s.order(rank);
    let arrays: Vec<Buffer> =
        (0..inputs).map(|i| w.array(scalar, if broadcast && i == 0 { &shape[1..] } else { &shape })).collect();
    let dims = |i: usize| if broadcast && i == 0 { vec![1] } else { all.clone() };
    if w.form == Form::Linalg {
        let empty = w.empty(scalar, &shape);
        let operands: Vec<(&Buffer, Access)> =
            arrays.iter().enumerate().map(|(i, b)| (b, Access::dims(&dims(i)))).collect();
        let result = w.generic(&"p".repeat(rank), &operands, (&empty, Access::dims(&all)), |w, e| {
            graph.write(w, &e[..inputs])[0]
        });
        return w.returns(result);
    }
    let results: Vec<Buffer> = (0..outputs).map(|_| w.array(scalar, &shape)).collect();
    w.nest(&shape, &order, &mut |w, counters| {
        let place = |dims: &[usize]| dims.iter().map(|&i| at(counters[i])).collect::<Vec<_>>();
        let values: Vec<Value> = arrays.iter().enumerate().map(|(i, b)| w.load(b, &place(&dims(i)))).collect();
        for (value, result) in graph.write(w, &values).into_iter().zip(&results) {
            w.store(value, result, &place(&all));
        }
    });
}

/// Expression graphs in which every value stays live to the end: a window of loads, then a tree over all pairs.
pub fn many_live(w: &mut Writer, d: &mut Draw, s: &mut Draw) {
    let scalar = d.pick(&[Scalar::F32, Scalar::F64, Scalar::I32, Scalar::I64]);
    let lanes = if s.chance(35) { s.pick(&[4, 8, 16]) } else { 0 };
    let window = d.pick(&[6u64, 8, 10, 12, 16, 20, 24, 28, 32, 36, 40]);
    let length = d.length() / 16 * 16;
    let passes = d.within(1, 3) as usize;
    let strides: Vec<usize> = (0..passes).map(|_| 1 + d.below(window as usize - 1)).collect();
    let operations: Vec<usize> = (0..passes).map(|_| d.below(14)).collect();
    let carried = d.chance(30);
    let finish = Chain::draw(d, scalar, 1);
    let inputs = d.within(1, 3);
    let arrays: Vec<Buffer> = (0..inputs).map(|_| w.array(scalar, &[window, length])).collect();
    let out = w.array(scalar, &[window, length]);
    let ty = Type { scalar, lanes };
    let row = |w: &mut Writer, i: Value, values: &mut Vec<Value>| {
        for (&stride, &operation) in strides.iter().zip(&operations) {
            let before = values.clone();
            for (k, value) in values.iter_mut().enumerate() {
                let (other, third) = (before[(k + stride) % before.len()], before[(k + 2 * stride) % before.len()]);
                *value = if ty.scalar.is_float() {
                    float_node(w, operation, *value, other, third)
                } else {
                    int_node(w, operation, *value, other, third)
                };
            }
        }
        for (k, value) in values.iter_mut().enumerate() {
            *value = finish.apply(w, *value);
            if !carried {
                let place = [(k as u64).into(), at(i)];
                if lanes > 0 { w.store_lanes(*value, &out, &place) } else { w.store(*value, &out, &place) }
            }
        }
    };
    let load = |w: &mut Writer, which: u64, i: Value| {
        let place = [which.into(), at(i)];
        let from = &arrays[(which % inputs) as usize];
        if lanes > 0 { w.load_lanes(from, &place, lanes) } else { w.load(from, &place) }
    };
    if !carried {
        return w.strided(0u64, length, lanes.max(1), |w, i| {
            let mut values: Vec<Value> = (0..window).map(|k| load(w, k, i)).collect();
            row(w, i, &mut values);
        });
    }
    let zero = w.number(ty, 0.0);
    let last = w.carry(0u64, length / lanes.max(1), &vec![zero; window as usize], |w, i, carried| {
        let mut values = carried.to_vec();
        for (k, value) in values.iter_mut().enumerate() {
            let place = [(k as u64).into(), at(i) * lanes.max(1) as i64];
            let from = &arrays[k % inputs as usize];
            let element = if lanes > 0 { w.load_lanes(from, &place, lanes) } else { w.load(from, &place) };
            *value = w.add(*value, element);
        }
        row(w, i, &mut values);
        values
    });
    for (k, value) in last.into_iter().enumerate() {
        let place = [(k as u64).into(), 0u64.into()];
        if lanes > 0 { w.store_lanes(value, &out, &place) } else { w.store(value, &out, &place) }
    }
}

/// Unary steps over an array, long chains of them, with calls into the mathematical library.
pub fn activation(w: &mut Writer, d: &mut Draw, s: &mut Draw) {
    let scalar = float_type(d);
    let rank = d.within(1, 3) as usize;
    let shape: Vec<u64> = (0..rank).map(|_| if rank == 1 { d.length() } else { d.small_size() }).collect();
    let steps = d.within(1, 5) as usize;
    let chain = Chain::exactly(d, scalar, steps);
    let (gated, biased) = (d.chance(35), d.chance(35));
    let order = s.order(rank);
    let last = [rank - 1];
    let (a, b, bias) = (w.array(scalar, &shape), w.array(scalar, &shape), w.array(scalar, &shape[last[0]..]));
    let body = |w: &mut Writer, x: Value, y: Value, z: Value| {
        let x = if biased { w.add(x, z) } else { x };
        let x = chain.apply(w, x);
        if gated { w.mul(x, y) } else { x }
    };
    if w.form == Form::Linalg {
        let all: Vec<usize> = (0..rank).collect();
        let empty = w.empty(scalar, &shape);
        let inputs = [(&a, Access::dims(&all)), (&b, Access::dims(&all)), (&bias, Access::dims(&last))];
        let result =
            w.generic(&"p".repeat(rank), &inputs, (&empty, Access::dims(&all)), |w, e| body(w, e[0], e[1], e[2]));
        return w.returns(result);
    }
    let out = w.array(scalar, &shape);
    w.nest(&shape, &order, &mut |w, counters| {
        let place: Vec<_> = counters.iter().map(|c| at(*c)).collect();
        let x = w.load(&a, &place);
        let y = if gated { w.load(&b, &place) } else { x };
        let z = if biased { w.load(&bias, &[at(counters[rank - 1])]) } else { x };
        let result = body(w, x, y, z);
        w.store(result, &out, &place);
    });
}

/// Transcendental kernels: trigonometry, roots, powers, logarithms and polynomials in Horner's form.
pub fn math_function(w: &mut Writer, d: &mut Draw, s: &mut Draw) {
    const FUNCTIONS: [&str; 14] = [
        "math.sin",
        "math.cos",
        "math.exp",
        "math.exp2",
        "math.log",
        "math.log2",
        "math.log1p",
        "math.expm1",
        "math.sqrt",
        "math.rsqrt",
        "math.tanh",
        "math.atan",
        "math.erf",
        "math.floor",
    ];
    let scalar = float_type(d);
    let length = d.length();
    let degree = d.below(11);
    let coefficients: Vec<f64> = (0..degree).map(|_| d.coefficient()).collect();
    let (estrin, rational, fused) = (d.chance(30), d.chance(25), d.chance(60));
    let functions: Vec<&str> =
        (0..if degree > 0 { d.below(3) } else { d.within(1, 3) as usize }).map(|_| d.pick(&FUNCTIONS)).collect();
    let (powered, reduced) = (d.chance(15), d.chance(25));
    let unrolled = s.pick(&[1u64, 1, 2, 4, 8]);
    let (a, b) = (w.array(scalar, &[length]), w.array(scalar, &[length]));
    let horner = |w: &mut Writer, x: Value, coefficients: &[f64]| {
        let Some((first, rest)) = coefficients.split_first() else { return x };
        let mut sum = w.float(x.ty, *first);
        if estrin && rest.len() > 3 {
            // Estrin's scheme: pairs, then powers of two.
            let mut terms: Vec<Value> = coefficients.iter().map(|c| w.float(x.ty, *c)).collect();
            let mut power = x;
            while terms.len() > 1 {
                terms = terms.chunks(2).map(|p| if let [p, q] = p { w.fma(*q, power, *p) } else { p[0] }).collect();
                power = w.mul(power, power);
            }
            return terms[0];
        }
        for coefficient in rest {
            let coefficient = w.float(x.ty, *coefficient);
            sum = if fused {
                w.fma(sum, x, coefficient)
            } else {
                let product = w.mul(sum, x);
                w.add(product, coefficient)
            };
        }
        sum
    };
    let body = |w: &mut Writer, x: Value, y: Value| {
        let mut x = x;
        if reduced {
            let inverse = w.float(x.ty, std::f64::consts::FRAC_1_PI);
            let turns = w.mul(x, inverse);
            let whole = w.unary("math.floor", turns);
            x = w.sub(turns, whole);
        }
        for function in &functions {
            if matches!(*function, "math.log" | "math.log2" | "math.log1p" | "math.sqrt" | "math.rsqrt") {
                x = w.unary("math.absf", x);
            }
            x = w.unary(function, x);
        }
        if powered {
            let base = w.unary("math.absf", x);
            x = w.binary("math.powf", base, y);
        }
        if degree == 0 {
            return x;
        }
        let value = horner(w, x, &coefficients);
        if rational {
            let below = horner(w, x, &coefficients[degree / 2..]);
            let one = w.float(x.ty, 1.0);
            let below = w.fma(below, below, one);
            return w.div(value, below);
        }
        value
    };
    if w.form == Form::Linalg {
        let result = w.elementwise(&[&a, &b], scalar, |w, e| body(w, e[0], e[1]));
        return w.returns(result);
    }
    let out = w.array(scalar, &[length]);
    w.each(0u64, length / unrolled, |w, i| {
        for part in 0..unrolled {
            let place = [at(i) * unrolled as i64 + part];
            let x = w.load(&a, &place);
            let y = if powered { w.load(&b, &place) } else { x };
            let result = body(w, x, y);
            w.store(result, &out, &place);
        }
    });
}

/// Optimizer steps over parameters and their moments: gradient descent, momentum, Adagrad, Adam, clipped, decayed.
pub fn optimizer(w: &mut Writer, d: &mut Draw, s: &mut Draw) {
    let scalar = float_type(d);
    let rank = d.pick(&[1, 2]);
    let shape: Vec<u64> = (0..rank).map(|_| if rank == 1 { d.length() } else { d.size() }).collect();
    let kind = d.below(5);
    let (decayed, clipped, nesterov, bounded) = (d.chance(50), d.chance(35), d.chance(40), d.chance(30));
    let rates: Vec<f64> = (0..6).map(|_| d.coefficient().abs() / 4.0).collect();
    let shaped = Chain::draw(d, scalar, 1);
    let parts = s.pick(&[1usize, 1, 1, 2, 3]);
    let order = s.order(rank);
    let arrays: Vec<[Buffer; 4]> = (0..parts).map(|_| [0; 4].map(|_| w.array(scalar, &shape))).collect();
    w.nest(&shape, &order, &mut |w, counters| {
        let place: Vec<_> = counters.iter().map(|c| at(*c)).collect();
        let rates: Vec<Value> = rates.iter().map(|r| w.float(scalar, *r)).collect();
        for [parameters, gradients, first, second] in &arrays {
            let old = w.load(parameters, &place);
            let mut gradient = w.load(gradients, &place);
            gradient = shaped.apply(w, gradient);
            if decayed {
                gradient = w.fma(old, rates[0], gradient);
            }
            if clipped {
                let (low, high) = (w.float(scalar, -1.0), w.float(scalar, 1.0));
                let below = w.min(gradient, high);
                gradient = w.max(below, low);
            }
            let mut step = gradient;
            if kind >= 1 {
                let moment = w.load(first, &place);
                let kept = w.mul(moment, rates[1]);
                let moment = w.fma(gradient, rates[2], kept);
                w.store(moment, first, &place);
                step = if nesterov { w.fma(moment, rates[1], gradient) } else { moment };
            }
            if kind >= 2 {
                let moment = w.load(second, &place);
                let square = w.mul(gradient, gradient);
                let kept = w.mul(moment, rates[3]);
                let mut moment = w.fma(square, rates[4], kept);
                if kind == 3 {
                    moment = w.max(moment, square);
                }
                w.store(moment, second, &place);
                let magnitude = w.unary("math.absf", moment);
                let root = w.unary("math.sqrt", magnitude);
                let small = w.float(scalar, 0.000_001);
                let below = w.add(root, small);
                step = w.div(step, below);
                if kind == 4 {
                    // Sign-like steps, as in Lion.
                    step = w.unary("math.tanh", step);
                }
            }
            let change = w.mul(step, rates[5]);
            let mut new = w.sub(old, change);
            if bounded {
                let limit = w.float(scalar, 4.0);
                new = w.min(new, limit);
            }
            w.store(new, parameters, &place);
        }
    });
}

/// Narrow storage, wide arithmetic: half-precision and integer data converted on the way in and out.
pub fn mixed_precision(w: &mut Writer, d: &mut Draw, s: &mut Draw) {
    let wide = d.pick(&[Scalar::F32, Scalar::F32, Scalar::F64]);
    let rank = d.pick(&[1, 2]);
    let shape: Vec<u64> = (0..rank).map(|_| if rank == 1 { d.length() } else { d.size() }).collect();
    let kinds = [Scalar::F32, Scalar::F64, Scalar::I32, Scalar::I64, Scalar::I16, Scalar::I8, Scalar::F16];
    let inputs: Vec<Scalar> = (0..d.within(1, 4)).map(|_| d.pick(&kinds)).collect();
    let output = d.pick(&kinds);
    let count = d.pick(&[2, 4, 8, 12]);
    let graph = Graph::draw(d, inputs.len(), count, 1, 8);
    let finish = Chain::draw(d, wide, 3);
    let order = s.order(rank);
    let arrays: Vec<Buffer> = inputs.iter().map(|kind| w.array(*kind, &shape)).collect();
    let body = |w: &mut Writer, elements: &[Value]| {
        let widened: Vec<Value> = elements.iter().map(|e| w.cast(*e, wide)).collect();
        let value = graph.write(w, &widened)[0];
        let value = finish.apply(w, value);
        w.cast(value, output)
    };
    if w.form == Form::Linalg {
        let arrays: Vec<&Buffer> = arrays.iter().collect();
        let result = w.elementwise(&arrays, output, |w, e| body(w, &e[..inputs.len()]));
        return w.returns(result);
    }
    let out = w.array(output, &shape);
    w.nest(&shape, &order, &mut |w, counters| {
        let place: Vec<_> = counters.iter().map(|c| at(*c)).collect();
        let elements: Vec<Value> = arrays.iter().map(|a| w.load(a, &place)).collect();
        let value = body(w, &elements);
        w.store(value, &out, &place);
    });
}

/// Losses summed over rows, and their gradients: squared, absolute, Huber, logistic, hinge, focal.
pub fn loss(w: &mut Writer, d: &mut Draw, s: &mut Draw) {
    let scalar = float_type(d);
    let (rows, columns) = (d.size(), d.size());
    let kind = d.below(6);
    let (weighted, gradient, per_row) = (d.chance(40), d.chance(40), d.chance(50));
    let before = Chain::draw(d, scalar, 2);
    let delta = d.coefficient().abs();
    let swapped = s.chance(40);
    let shape = [rows, columns];
    let (guess, truth, weights) = (w.array(scalar, &shape), w.array(scalar, &shape), w.array(scalar, &shape));
    let (grad, out) = (w.array(scalar, &shape), w.array(scalar, &[if per_row { rows } else { 1 }]));
    let (outer, inner) = if swapped { (columns, rows) } else { (rows, columns) };
    let zero = w.float(scalar, 0.0);
    let one = w.float(scalar, 1.0);
    let row = |w: &mut Writer, i: Value, start: Value| {
        w.fold(0u64, inner, start, |w, j, acc| {
            let place = if swapped { [at(j), at(i)] } else { [at(i), at(j)] };
            let (x, y) = (w.load(&guess, &place), w.load(&truth, &place));
            let x = before.apply(w, x);
            let off = w.sub(x, y);
            let size = w.unary("math.absf", off);
            let mut value = match kind {
                0 => w.mul(off, off),
                1 => size,
                2 => {
                    let delta = w.float(scalar, delta);
                    let (square, linear) = (w.mul(off, off), w.mul(size, delta));
                    let near = w.compare("lt", size, delta);
                    w.select(near, square, linear)
                }
                3 => {
                    let power = w.unary("math.exp", x);
                    let sum = w.add(power, one);
                    let log = w.unary("math.log", sum);
                    let hit = w.mul(x, y);
                    w.sub(log, hit)
                }
                4 => {
                    let product = w.mul(x, y);
                    let margin = w.sub(one, product);
                    w.max(margin, zero)
                }
                _ => {
                    let chance = sigmoid(w, x);
                    let missed = w.sub(one, chance);
                    let focus = w.mul(missed, missed);
                    let smooth = gelu(w, off);
                    w.mul(focus, smooth)
                }
            };
            if weighted {
                let weight = w.load(&weights, &place);
                value = w.mul(value, weight);
            }
            if gradient {
                let slope = w.mul(value, off);
                w.store(slope, &grad, &place);
            }
            w.add(acc, value)
        })
    };
    if per_row && !swapped {
        w.each(0u64, outer, |w, i| {
            let sum = row(w, i, zero);
            w.store(sum, &out, &[at(i)]);
        });
    } else {
        let sum = w.fold(0u64, outer, zero, |w, i, acc| row(w, i, acc));
        w.store(sum, &out, &[0u64.into()]);
    }
}
