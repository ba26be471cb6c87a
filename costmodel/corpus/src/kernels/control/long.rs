//! Long straight-line code: hundreds to thousands of operations in one body.

use crate::kernels::draw::Draw;
use crate::kernels::types::{Buffer, Scalar, Type, Value, at};
use crate::kernels::writer::Writer;

/// Loads lanes or, without lanes, an element of a row.
fn load(w: &mut Writer, a: &Buffer, row: usize, t: Value, lanes: u64) -> Value {
    let place = [(row as u64).into(), at(t)];
    if lanes > 0 { w.load_lanes(a, &place, lanes) } else { w.load(a, &place) }
}

fn store(w: &mut Writer, value: Value, a: &Buffer, row: usize, t: Value) {
    let place = [(row as u64).into(), at(t)];
    if value.ty.lanes > 0 { w.store_lanes(value, a, &place) } else { w.store(value, a, &place) }
}

/// Polynomials of high degree in one or two variables, by Horner's or Estrin's scheme, many for one argument.
pub fn polynomials(w: &mut Writer, d: &mut Draw, s: &mut Draw) {
    let scalar = d.pick(&[Scalar::F32, Scalar::F64, Scalar::F64, Scalar::I64]);
    let (count, length) = (d.within(6, 40) as usize, d.within(4, 60) * 16);
    let degrees: Vec<u64> = (0..count).map(|_| d.within(4, 28)).collect();
    let coefficients: Vec<Vec<f64>> =
        degrees.iter().map(|&degree| (0..=degree).map(|_| d.coefficient() * 8.0).collect()).collect();
    let (chained, rational) = (d.chance(40), d.chance(30));
    let lanes = s.pick(&[0u64, 0, 4, 8]);
    let estrin = s.chance(40);
    let (a, out) = (w.array(scalar, &[2, length]), w.array(scalar, &[count as u64, length]));
    w.strided(0u64, length, lanes.max(1), |w, t| {
        let (x, mut y) = (load(w, &a, 0, t, lanes), load(w, &a, 1, t, lanes));
        for (row, coefficients) in coefficients.iter().enumerate() {
            let argument = if row % 2 == 0 { x } else { y };
            let value =
                if estrin { estrin_scheme(w, coefficients, argument) } else { horner(w, coefficients, argument) };
            let value = if rational && row % 3 == 2 && scalar.is_float() { w.div(value, y) } else { value };
            if chained {
                y = w.add(y, value);
            }
            store(w, value, &out, row, t);
        }
    });
}

fn horner(w: &mut Writer, coefficients: &[f64], x: Value) -> Value {
    let mut sum = w.number(x.ty, coefficients[0]);
    for coefficient in &coefficients[1..] {
        let coefficient = w.number(x.ty, *coefficient);
        sum = w.fma(sum, x, coefficient);
    }
    sum
}

/// Pairs of neighbouring terms are joined, then pairs of pairs, with powers of the argument.
fn estrin_scheme(w: &mut Writer, coefficients: &[f64], x: Value) -> Value {
    let mut terms: Vec<Value> = coefficients.iter().map(|c| w.number(x.ty, *c)).collect();
    let mut power = x;
    while terms.len() > 1 {
        let joined = terms.chunks(2).map(|pair| match pair {
            [low, high] => w.fma(*high, power, *low),
            rest => rest[0],
        });
        terms = joined.collect();
        power = w.mul(power, power);
    }
    terms[0]
}

/// Rounds of a hash or cipher on a state of several words, all written out: sums, rotations, exclusive ors, choices.
pub fn hash_rounds(w: &mut Writer, d: &mut Draw, s: &mut Draw) {
    let scalar = d.pick(&[Scalar::I32, Scalar::I32, Scalar::I64]);
    let (words, rounds, blocks) = (d.pick(&[4usize, 5, 8, 12, 16]), d.within(6, 40), d.within(1, 40) * 8);
    let kind = d.below(3);
    let rotations: Vec<i64> = (0..8).map(|_| d.within(1, 30) as i64).collect();
    let keys: Vec<i64> = (0..rounds).map(|_| d.within(1, 2_000_000_000) as i64).collect();
    let lanes = s.pick(&[0u64, 0, 4, 8]);
    let (message, state) = (w.array(scalar, &[words as u64, blocks]), w.array(scalar, &[words as u64, blocks]));
    w.strided(0u64, blocks, lanes.max(1), |w, t| {
        let input: Vec<Value> = (0..words).map(|row| load(w, &message, row, t, lanes)).collect();
        let old: Vec<Value> = (0..words).map(|row| load(w, &state, row, t, lanes)).collect();
        let mut now = old.clone();
        for (round, key) in keys.iter().enumerate() {
            let key = w.integer(now[0].ty, *key);
            for step in 0..words.div_ceil(4) {
                let [a, b, c, e] = [0, 1, 2, 3].map(|k| (step * 4 + k + if round % 2 == 1 { k } else { 0 }) % words);
                let bits = rotations[(round + step) % rotations.len()];
                let word = input[(round * 5 + step) % words];
                now[a] = mixed(w, kind, [now[a], now[b], now[c], now[e]], word, key);
                now[a] = rotated(w, now[a], bits);
                now[e] = w.binary("arith.xori", now[e], now[a]);
                now[c] = w.add(now[c], now[e]);
            }
        }
        for (row, (new, old)) in now.into_iter().zip(old).enumerate() {
            let sum = w.add(new, old);
            store(w, sum, &state, row, t);
        }
    });
}

/// One step: a choice, a majority or a sum of the state with a word and a key.
fn mixed(w: &mut Writer, kind: usize, state: [Value; 4], word: Value, key: Value) -> Value {
    let [a, b, c, e] = state;
    let function = match kind {
        0 => {
            let difference = w.binary("arith.xori", c, e);
            let chosen = w.binary("arith.andi", b, difference);
            w.binary("arith.xori", chosen, e)
        }
        1 => {
            let (both, any) = (w.binary("arith.andi", b, c), w.binary("arith.ori", b, c));
            let rest = w.binary("arith.andi", any, e);
            w.binary("arith.ori", both, rest)
        }
        _ => w.add(b, word),
    };
    let sum = w.add(a, function);
    let sum = w.add(sum, word);
    w.add(sum, key)
}

fn rotated(w: &mut Writer, x: Value, bits: i64) -> Value {
    let (left, right) = (w.integer(x.ty, bits), w.integer(x.ty, i64::from(x.ty.scalar.bits()) - bits));
    let (high, low) = (w.binary("arith.shli", x, left), w.binary("arith.shrui", x, right));
    w.binary("arith.ori", high, low)
}

/// Transforms of 8 to 64 points written out: Walsh, Haar and lifted cosine transforms, complex butterflies.
pub fn transforms(w: &mut Writer, d: &mut Draw, s: &mut Draw) {
    let scalar = d.pick(&[Scalar::F32, Scalar::F64, Scalar::I32]);
    let (points, kind) = (d.pick(&[8usize, 16, 16, 32, 32, 64]), d.below(3));
    let (batches, twice) = (d.within(2, 60) * 16, d.chance(35));
    let factors: Vec<f64> = (0..points).map(|_| d.coefficient()).collect();
    let lanes = s.pick(&[0u64, 0, 4, 8]);
    let by_stride = s.chance(50);
    let (a, out) = (w.array(scalar, &[points as u64, batches]), w.array(scalar, &[points as u64, batches]));
    w.strided(0u64, batches, lanes.max(1), |w, t| {
        let mut now: Vec<Value> = (0..points).map(|row| load(w, &a, row, t, lanes)).collect();
        for pass in 0..if twice { 2 } else { 1 } {
            let mut stage = 0;
            let mut half = 1;
            while half < points {
                let distance = if by_stride { points / 2 / half } else { half };
                for low in (0..points).filter(|k| k & distance == 0) {
                    let factor = w.number(now[0].ty, factors[(low + stage + pass) % points]);
                    [now[low], now[low + distance]] = butterfly(w, kind, [now[low], now[low + distance]], factor);
                }
                half *= 2;
                stage += 1;
            }
        }
        for (row, value) in now.into_iter().enumerate() {
            store(w, value, &out, row, t);
        }
    });
}

/// Two values after one step: sum and difference, the second scaled; or two lifting steps.
fn butterfly(w: &mut Writer, kind: usize, pair: [Value; 2], factor: Value) -> [Value; 2] {
    let [x, y] = pair;
    match kind {
        0 => [w.add(x, y), w.sub(x, y)],
        1 => {
            let scaled = w.mul(y, factor);
            [w.add(x, scaled), w.sub(x, scaled)]
        }
        _ => {
            let x = w.fma(y, factor, x);
            [x, w.fma(x, factor, y)]
        }
    }
}

/// Layers of a small network with constant weights, written out: sums of products, biases, activations.
pub fn network(w: &mut Writer, d: &mut Draw, s: &mut Draw) {
    let scalar = d.pick(&[Scalar::F32, Scalar::F32, Scalar::F64, Scalar::I32]);
    let layers = d.within(2, 5) as usize;
    let widths: Vec<usize> = (0..=layers).map(|_| d.within(4, 24) as usize).collect();
    let (samples, activation) = (d.within(2, 40) * 16, d.below(3));
    let weights: Vec<f64> = (0..d.within(20, 400)).map(|_| d.coefficient()).collect();
    let density = d.pick(&[60usize, 85, 100]);
    let lanes = s.pick(&[0u64, 0, 4, 8]);
    let input = w.array(scalar, &[widths[0] as u64, samples]);
    let output = w.array(scalar, &[widths[layers] as u64, samples]);
    w.strided(0u64, samples, lanes.max(1), |w, t| {
        let mut now: Vec<Value> = (0..widths[0]).map(|row| load(w, &input, row, t, lanes)).collect();
        let mut number = 0;
        for width in &widths[1..] {
            let next = (0..*width).map(|_| {
                let mut sum = w.number(now[0].ty, weights[number % weights.len()]);
                for x in &now {
                    number += 1;
                    if number * 37 % 100 < density {
                        let weight = w.number(x.ty, weights[number % weights.len()] * 8.0);
                        sum = w.fma(*x, weight, sum);
                    }
                }
                activated(w, activation, sum)
            });
            now = next.collect();
        }
        for (row, value) in now.into_iter().enumerate() {
            store(w, value, &output, row, t);
        }
    });
}

/// A rectifier, a clamp or a leaky rectifier.
fn activated(w: &mut Writer, kind: usize, x: Value) -> Value {
    let zero = w.number(x.ty, 0.0);
    match kind {
        0 => w.max(x, zero),
        1 => {
            let six = w.number(x.ty, 6.0);
            let low = w.max(x, zero);
            w.min(low, six)
        }
        _ => {
            let quarter = w.number(x.ty, if x.ty.scalar.is_float() { 0.25 } else { 3.0 });
            let leaked = w.mul(x, quarter);
            let positive = w.compare("gt", x, zero);
            w.select(positive, x, leaked)
        }
    }
}

/// Solvers of one fixed size, written out: elimination with right sides, or Cholesky factors, of 5 to 10 rows.
#[expect(clippy::needless_range_loop, reason = "subscripts as in the mathematics")]
pub fn fixed_solver(w: &mut Writer, d: &mut Draw, s: &mut Draw) {
    let scalar = d.pick(&[Scalar::F32, Scalar::F64]);
    let (n, systems) = (d.within(5, 10) as usize, d.within(1, 20) * 16);
    let (symmetric, sides) = (d.chance(50), d.within(1, 3) as usize);
    let lanes = s.pick(&[0u64, 0, 0, 4]);
    let (a, b) = (w.array(scalar, &[(n * n) as u64, systems]), w.array(scalar, &[(n * sides) as u64, systems]));
    w.strided(0u64, systems, lanes.max(1), |w, t| {
        let mut m: Vec<Vec<Value>> =
            (0..n).map(|i| (0..n).map(|j| load(w, &a, i * n + j, t, lanes)).collect()).collect();
        let mut r: Vec<Vec<Value>> =
            (0..n).map(|i| (0..sides).map(|j| load(w, &b, i * sides + j, t, lanes)).collect()).collect();
        forward(w, &mut m, &mut r, symmetric, Type { scalar, lanes });
        for i in (0..n).rev() {
            for side in 0..sides {
                for k in i + 1..n {
                    let product = w.mul(m[i][k], r[k][side]);
                    r[i][side] = w.sub(r[i][side], product);
                }
                r[i][side] = w.div(r[i][side], m[i][i]);
                store(w, r[i][side], &b, i * sides + side, t);
            }
        }
    });
}

/// Elimination below the diagonal; of a symmetric matrix, rows are scaled by the root of the pivot.
#[expect(clippy::needless_range_loop, reason = "subscripts as in the mathematics")]
fn forward(w: &mut Writer, m: &mut [Vec<Value>], r: &mut [Vec<Value>], symmetric: bool, ty: Type) {
    let n = m.len();
    for k in 0..n {
        let one = w.float(ty, 1.0);
        let inverse = if symmetric { w.unary("math.rsqrt", m[k][k]) } else { w.div(one, m[k][k]) };
        let pivots: Vec<Value> =
            if symmetric { m[k][k..].iter().map(|x| w.mul(*x, inverse)).collect() } else { m[k][k..].to_vec() };
        m[k].splice(k.., pivots);
        for i in k + 1..n {
            let factor = w.mul(m[i][k], inverse);
            for j in k + 1..n {
                let product = w.mul(factor, m[k][j]);
                m[i][j] = w.sub(m[i][j], product);
            }
            for side in 0..r[i].len() {
                let product = w.mul(factor, r[k][side]);
                r[i][side] = w.sub(r[i][side], product);
            }
        }
    }
}
