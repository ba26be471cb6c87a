//! Long straight-line bodies: small matrices, sorting networks, butterflies, integrators, particles, filters.
//!
//! They hold many values at once, which is where registers run out.

use super::chain::Chain;
use super::dense::{float_type, multiply_add};
use super::draw::Draw;
use super::types::{Buffer, Scalar, Value, at};
use super::writer::Writer;

/// Batches of small matrices, fully unrolled: products, products with transposes, determinants, solves, quaternions.
pub fn small_matrix(w: &mut Writer, d: &mut Draw, s: &mut Draw) {
    let scalar = float_type(d);
    let n = d.within(2, 6) as usize;
    let batches = d.length();
    let kind = d.below(5);
    let (transposed, fused, accumulated) = (d.chance(40), d.chance(50), d.chance(40));
    let steps = Chain::draw(d, scalar, 1);
    let batch_last = s.chance(50);
    let size = n as u64;
    let shape = if batch_last { [size, size, batches] } else { [batches, size, size] };
    let (a, b, c) = (w.array(scalar, &shape), w.array(scalar, &shape), w.array(scalar, &shape));
    w.each(0u64, batches, |w, t| {
        let place = |i: usize, j: usize| {
            let (i, j) = (i as u64, j as u64);
            if batch_last { [i.into(), j.into(), at(t)] } else { [at(t), i.into(), j.into()] }
        };
        let read = |w: &mut Writer, m: &Buffer| -> Vec<Vec<Value>> {
            (0..n).map(|i| (0..n).map(|j| w.load(m, &place(i, j))).collect()).collect()
        };
        let (x, y) = (read(w, &a), read(w, &b));
        let results: Vec<Vec<Value>> = match kind {
            0 | 1 => matrix_product(w, &x, &y, transposed, fused),
            2 => elimination(w, scalar, x, y),
            3 => element_differences(w, &x, &y, transposed),
            _ => givens_rotations(w, x),
        };
        for (i, row) in results.into_iter().enumerate() {
            for (j, value) in row.into_iter().enumerate() {
                let value = steps.apply(w, value);
                let value = if accumulated {
                    let old = w.load(&c, &place(i, j));
                    w.add(old, value)
                } else {
                    value
                };
                w.store(value, &c, &place(i, j));
            }
        }
    });
}

type Matrix = Vec<Vec<Value>>;

/// `X Y`, or `X Y'` if `transposed`.
#[expect(clippy::needless_range_loop, reason = "subscripts as in the mathematics")]
fn matrix_product(w: &mut Writer, x: &Matrix, y: &Matrix, transposed: bool, fused: bool) -> Matrix {
    let n = x.len();
    let mut element = |i: usize, j: usize| {
        let right = |k: usize| if transposed { y[j][k] } else { y[k][j] };
        let mut sum = w.mul(x[i][0], right(0));
        for k in 1..n {
            sum = multiply_add(fused)(w, sum, &[x[i][k], right(k)]);
        }
        sum
    };
    (0..n).map(|i| (0..n).map(|j| element(i, j)).collect()).collect()
}

/// Forward elimination of `m` without pivoting, applied to the right sides `r`, which are returned.
#[expect(clippy::needless_range_loop, reason = "subscripts as in the mathematics")]
fn elimination(w: &mut Writer, scalar: Scalar, mut m: Matrix, mut r: Matrix) -> Matrix {
    let n = m.len();
    for k in 0..n {
        let one = w.float(scalar, 1.0);
        let inverse = w.div(one, m[k][k]);
        for i in k + 1..n {
            let factor = w.mul(m[i][k], inverse);
            for j in k + 1..n {
                let product = w.mul(factor, m[k][j]);
                m[i][j] = w.sub(m[i][j], product);
            }
            for j in 0..n {
                let product = w.mul(factor, r[k][j]);
                r[i][j] = w.sub(r[i][j], product);
            }
        }
    }
    r
}

/// Element-wise products with the transposes, added if `sums`, else subtracted.
fn element_differences(w: &mut Writer, x: &Matrix, y: &Matrix, sums: bool) -> Matrix {
    let n = x.len();
    let mut element = |i: usize, j: usize| {
        let (left, right) = (w.mul(x[i][j], y[j][i]), w.mul(x[j][i], y[i][j]));
        if sums { w.add(left, right) } else { w.sub(left, right) }
    };
    (0..n).map(|i| (0..n).map(|j| element(i, j)).collect()).collect()
}

/// Givens rotations of neighbouring rows.
#[expect(clippy::needless_range_loop, reason = "subscripts as in the mathematics")]
fn givens_rotations(w: &mut Writer, mut m: Matrix) -> Matrix {
    let n = m.len();
    for k in 0..n - 1 {
        let (first, second) = (m[k][k], m[k + 1][k]);
        let square = w.mul(second, second);
        let length = w.fma(first, first, square);
        let inverse = w.unary("math.rsqrt", length);
        let (cosine, sine) = (w.mul(first, inverse), w.mul(second, inverse));
        for j in 0..n {
            let (top, below) = (m[k][j], m[k + 1][j]);
            let (p, q) = (w.mul(sine, below), w.mul(sine, top));
            m[k][j] = w.fma(cosine, top, p);
            let turned = w.mul(cosine, below);
            m[k + 1][j] = w.sub(turned, q);
        }
    }
    m
}

/// Sorting and selection networks on registers: odd-even, bitonic, bubble, medians; with keys only or keys and values.
pub fn sorting_network(w: &mut Writer, d: &mut Draw, s: &mut Draw) {
    let scalar = d.pick(&[Scalar::F32, Scalar::F64, Scalar::I32, Scalar::I64, Scalar::I8]);
    let kind = d.below(3);
    let n = if kind == 1 { d.within(3, 24) } else { d.within(3, 13) } as usize;
    let count = d.length();
    let (descending, paired, median) = (d.chance(40), d.chance(30), d.chance(40));
    let steps = Chain::draw(d, scalar, 2);
    let lanes = if !paired && s.chance(40) { s.pick(&[4u64, 8, 16]) } else { 0 };
    let count = count / 16 * 16 + 16;
    let mut pairs: Vec<(usize, usize)> = Vec::new();
    match kind {
        0 => {
            for round in 0..n {
                pairs.extend((round % 2..n - 1).step_by(2).map(|i| (i, i + 1)));
            }
        }
        1 => {
            // Batcher's odd-even merge for any length.
            let mut p = 1;
            while p < n {
                let mut k = p;
                while k >= 1 {
                    for j in (k % p..n.saturating_sub(k)).step_by(2 * k) {
                        for i in 0..k.min(n - j - k) {
                            if (i + j) / (2 * p) == (i + j + k) / (2 * p) {
                                pairs.push((i + j, i + j + k));
                            }
                        }
                    }
                    k /= 2;
                }
                p *= 2;
            }
        }
        _ => {
            for end in (1..n).rev().take(if median { n / 2 } else { n }) {
                pairs.extend((0..end).map(|i| (i, i + 1)));
            }
        }
    }
    let (a, out) = (w.array(scalar, &[n as u64, count]), w.array(scalar, &[n as u64, count]));
    let other = w.array(scalar, &[n as u64, count]);
    w.strided(0u64, count, lanes.max(1), |w, t| {
        let load = |w: &mut Writer, from: &Buffer, k: usize| {
            let place = [(k as u64).into(), at(t)];
            if lanes > 0 { w.load_lanes(from, &place, lanes) } else { w.load(from, &place) }
        };
        let mut keys: Vec<Value> = (0..n)
            .map(|k| {
                let key = load(w, &a, k);
                steps.apply(w, key)
            })
            .collect();
        let mut values: Vec<Value> = if paired { (0..n).map(|k| load(w, &other, k)).collect() } else { Vec::new() };
        for &(i, j) in &pairs {
            let (low, high) = if descending { (j, i) } else { (i, j) };
            let (x, y) = (keys[low], keys[high]);
            if paired {
                let ordered = w.compare("lt", x, y);
                let (p, q) = (values[low], values[high]);
                keys[low] = w.select(ordered, x, y);
                keys[high] = w.select(ordered, y, x);
                values[low] = w.select(ordered, p, q);
                values[high] = w.select(ordered, q, p);
            } else {
                keys[low] = w.min(x, y);
                keys[high] = w.max(x, y);
            }
        }
        let kept: Vec<usize> = if median { vec![n / 2] } else { (0..n).collect() };
        for k in kept {
            let place = [(k as u64).into(), at(t)];
            let value = if paired { values[k] } else { keys[k] };
            if lanes > 0 { w.store_lanes(value, &out, &place) } else { w.store(value, &out, &place) }
        }
    });
}

/// Butterflies on complex or real numbers: Fourier, Hadamard, Haar and cosine shapes, fully unrolled.
pub fn butterfly(w: &mut Writer, d: &mut Draw, s: &mut Draw) {
    let scalar = d.pick(&[Scalar::F32, Scalar::F64, Scalar::I32]);
    let n = d.pick(&[4usize, 8, 8, 16, 16, 32]);
    let count = d.length();
    let complex = scalar.is_float() && n <= 16 && d.chance(60);
    let (stages_reversed, scaled, conjugated) = (d.chance(50), d.chance(50), d.chance(50));
    let partial = d.chance(30);
    let twiddles: Vec<f64> = (0..2 * n).map(|_| d.coefficient() / 4.0).collect();
    let steps = Chain::draw(d, scalar, 2);
    let batch_last = s.chance(50);
    let size = n as u64;
    let shape = if batch_last { [size, count] } else { [count, size] };
    let (re, im) = (w.array(scalar, &shape), w.array(scalar, &shape));
    let (out_re, out_im) = (w.array(scalar, &shape), w.array(scalar, &shape));
    let mut spans: Vec<usize> = (0..n.trailing_zeros()).map(|p| 1 << p).collect();
    if stages_reversed {
        spans.reverse();
    }
    if partial {
        spans.pop();
    }
    w.each(0u64, count, |w, t| {
        let place = |k: usize| if batch_last { [(k as u64).into(), at(t)] } else { [at(t), (k as u64).into()] };
        let mut x: Vec<Value> = (0..n).map(|k| w.load(&re, &place(k))).collect();
        let mut y: Vec<Value> = if complex { (0..n).map(|k| w.load(&im, &place(k))).collect() } else { Vec::new() };
        for span in &spans {
            for k in (0..n).filter(|k| k & span == 0) {
                let j = k + span;
                let (a, b) = (x[k], x[j]);
                if complex {
                    let (c, e) = (y[k], y[j]);
                    let (p, q) = (w.float(scalar, twiddles[k]), w.float(scalar, twiddles[n + k]));
                    let (bp, bq, ep, eq) = (w.mul(b, p), w.mul(b, q), w.mul(e, p), w.mul(e, q));
                    let (turned_re, turned_im) =
                        if conjugated { (w.add(bp, eq), w.sub(ep, bq)) } else { (w.sub(bp, eq), w.add(bq, ep)) };
                    (x[k], y[k]) = (w.add(a, turned_re), w.add(c, turned_im));
                    (x[j], y[j]) = (w.sub(a, turned_re), w.sub(c, turned_im));
                } else {
                    let b = if scaled {
                        let twiddle = w.number(scalar, if scalar.is_float() { twiddles[k] } else { 3.0 });
                        w.mul(b, twiddle)
                    } else {
                        b
                    };
                    x[k] = w.add(a, b);
                    x[j] = w.sub(a, b);
                }
            }
        }
        for k in 0..n {
            let value = steps.apply(w, x[k]);
            w.store(value, &out_re, &place(k));
            if complex {
                w.store(y[k], &out_im, &place(k));
            }
        }
    });
}

/// Runge-Kutta and Euler integration of small random systems, the state in registers.
pub fn integrator(w: &mut Writer, d: &mut Draw, s: &mut Draw) {
    let scalar = float_type(d);
    let n = d.within(2, 8) as usize;
    let steps = d.pick(&[50u64, 100, 200, 500]);
    let stages = d.pick(&[1usize, 2, 4]);
    let trajectories = d.length();
    let terms: Vec<Vec<(usize, usize, f64, bool)>> = (0..n)
        .map(|_| {
            let count = d.within(1, 3);
            (0..count).map(|_| (d.below(n), d.below(n), d.coefficient(), d.chance(50))).collect()
        })
        .collect();
    let periodic = d.chance(25);
    let recorded = d.chance(40);
    let step = d.coefficient().abs() / 64.0;
    let batch_last = s.chance(50);
    let size = n as u64;
    let shape = if batch_last { [size, trajectories] } else { [trajectories, size] };
    let (state, trace) = (w.array(scalar, &shape), w.array(scalar, &[steps, size]));
    let slope = |w: &mut Writer, x: &[Value]| -> Vec<Value> {
        terms
            .iter()
            .map(|terms| {
                let mut sum: Option<Value> = None;
                for &(i, j, coefficient, product) in terms {
                    let coefficient = w.float(scalar, coefficient);
                    let mut term = w.mul(x[i], coefficient);
                    if product {
                        term = w.mul(term, x[j]);
                    } else if periodic {
                        term = w.unary("math.sin", term);
                    }
                    sum = Some(sum.map_or(term, |sum| w.add(sum, term)));
                }
                sum.expect("every equation has a term")
            })
            .collect()
    };
    let advance = |w: &mut Writer, x: &[Value], k: &[Value], share: f64| -> Vec<Value> {
        let h = w.float(scalar, step * share);
        x.iter().zip(k).map(|(x, k)| w.fma(*k, h, *x)).collect()
    };
    w.each(0u64, trajectories, |w, t| {
        let place = |k: usize| if batch_last { [(k as u64).into(), at(t)] } else { [at(t), (k as u64).into()] };
        let start: Vec<Value> = (0..n).map(|k| w.load(&state, &place(k))).collect();
        let last = w.carry(0u64, steps, &start, |w, time, x| {
            let first = slope(w, x);
            let next = match stages {
                1 => advance(w, x, &first, 1.0),
                2 => {
                    let middle = advance(w, x, &first, 0.5);
                    let second = slope(w, &middle);
                    advance(w, x, &second, 1.0)
                }
                _ => {
                    let middle = advance(w, x, &first, 0.5);
                    let second = slope(w, &middle);
                    let middle = advance(w, x, &second, 0.5);
                    let third = slope(w, &middle);
                    let end = advance(w, x, &third, 1.0);
                    let fourth = slope(w, &end);
                    let two = w.float(scalar, 2.0);
                    let sums: Vec<Value> = (0..n)
                        .map(|k| {
                            let inner = w.add(second[k], third[k]);
                            let outer = w.add(first[k], fourth[k]);
                            w.fma(inner, two, outer)
                        })
                        .collect();
                    advance(w, x, &sums, 1.0 / 6.0)
                }
            };
            if recorded {
                for (k, value) in next.iter().enumerate() {
                    w.store(*value, &trace, &[at(time), (k as u64).into()]);
                }
            }
            next
        });
        for (k, value) in last.into_iter().enumerate() {
            w.store(value, &state, &place(k));
        }
    });
}

/// Pairwise interactions of particles: gravity, springs, Lennard-Jones shapes, kernels of distances.
pub fn particles(w: &mut Writer, d: &mut Draw, s: &mut Draw) {
    let scalar = float_type(d);
    let count = d.size();
    let dimensions = d.within(1, 4) as usize;
    let kind = d.below(5);
    let (cut, charged, energy) = (d.chance(40), d.chance(50), d.chance(40));
    let (softening, limit) = (d.coefficient().abs() / 8.0, d.coefficient().abs() * 4.0);
    let shaped = Chain::draw(d, scalar, 1);
    let (arrays, targets) = (s.chance(50), s.pick(&[1u64, 1, 2, 3, 4]));
    let size = dimensions as u64;
    let shape = if arrays { [size, count + 8] } else { [count + 8, size] };
    let (position, force) = (w.array(scalar, &shape), w.array(scalar, &shape));
    let (charge, potential) = (w.array(scalar, &[count + 8]), w.array(scalar, &[count + 8]));
    let place =
        |i: super::types::Subscript, k: usize| if arrays { [(k as u64).into(), i] } else { [i, (k as u64).into()] };
    w.strided(0u64, count, targets, |w, i| {
        let own: Vec<Vec<Value>> =
            (0..targets).map(|t| (0..dimensions).map(|k| w.load(&position, &place(at(i) + t, k))).collect()).collect();
        let zero = w.float(scalar, 0.0);
        let width = dimensions + usize::from(energy);
        let start = vec![zero; width * targets as usize];
        let sums = w.carry(0u64, count, &start, |w, j, acc| {
            let other: Vec<Value> = (0..dimensions).map(|k| w.load(&position, &place(at(j), k))).collect();
            let weight = if charged { Some(w.load(&charge, &[at(j)])) } else { None };
            let mut next = Vec::new();
            for (t, own) in own.iter().enumerate() {
                let off: Vec<Value> = own.iter().zip(&other).map(|(p, q)| w.sub(*q, *p)).collect();
                let mut square = w.float(scalar, softening);
                for off in &off {
                    square = w.fma(*off, *off, square);
                }
                let strength = match kind {
                    0 => {
                        let inverse = w.unary("math.rsqrt", square);
                        let cube = w.mul(inverse, inverse);
                        w.mul(cube, inverse)
                    }
                    1 => {
                        let length = w.unary("math.sqrt", square);
                        let rest = w.float(scalar, 1.0);
                        w.sub(length, rest)
                    }
                    2 => {
                        let one = w.float(scalar, 1.0);
                        let inverse = w.div(one, square);
                        let square = w.mul(inverse, inverse);
                        let sixth = w.mul(square, inverse);
                        let twelfth = w.mul(sixth, sixth);
                        w.sub(twelfth, sixth)
                    }
                    3 => {
                        let negative = w.unary("arith.negf", square);
                        w.unary("math.exp", negative)
                    }
                    _ => {
                        let one = w.float(scalar, 1.0);
                        let below = w.add(square, one);
                        w.div(one, below)
                    }
                };
                let mut strength = shaped.apply(w, strength);
                if let Some(weight) = weight {
                    strength = w.mul(strength, weight);
                }
                if cut {
                    let limit = w.float(scalar, limit);
                    let near = w.compare("lt", square, limit);
                    strength = w.select(near, strength, zero);
                }
                let acc = &acc[t * width..(t + 1) * width];
                for (k, off) in off.iter().enumerate() {
                    next.push(w.fma(*off, strength, acc[k]));
                }
                if energy {
                    next.push(w.add(acc[dimensions], strength));
                }
            }
            next
        });
        for t in 0..targets {
            let base = t as usize * width;
            for k in 0..dimensions {
                w.store(sums[base + k], &force, &place(at(i) + t, k));
            }
            if energy {
                w.store(sums[base + dimensions], &potential, &[at(i) + t]);
            }
        }
    });
}

/// Digital filters: finite responses with taps in registers, cascades of second-order sections, running averages.
#[expect(clippy::needless_range_loop, reason = "subscripts read as in the mathematics")]
pub fn filter(w: &mut Writer, d: &mut Draw, s: &mut Draw) {
    let scalar = d.pick(&[Scalar::F32, Scalar::F64, Scalar::I32]);
    let length = d.length();
    let channels = d.within(1, 8);
    let kind = d.below(3);
    let taps = d.within(3, 32) as usize;
    let sections = d.within(1, 6) as usize;
    let (symmetric, decimated) = (d.chance(40), d.pick(&[1u64, 1, 2, 4]));
    let weights: Vec<f64> =
        (0..taps.max(5 * sections)).map(|_| d.coefficient() * if scalar.is_float() { 0.25 } else { 8.0 }).collect();
    let steps = Chain::draw(d, scalar, 2);
    let outputs = s.pick(&[1u64, 1, 2, 4]);
    let a = w.array(scalar, &[channels, length * decimated + 64]);
    let out = w.array(scalar, &[channels, length + 8]);
    w.each(0u64, channels, |w, c| match kind {
        0 => w.strided(0u64, length, outputs, |w, i| {
            for o in 0..outputs {
                let element =
                    |w: &mut Writer, k: usize| w.load(&a, &[at(c), (at(i) + o) * decimated as i64 + k as u64]);
                let mut sum = w.number(scalar, 0.0);
                let half = if symmetric { taps.div_ceil(2) } else { taps };
                for k in 0..half {
                    let mut value = element(w, k);
                    if symmetric && taps - 1 - k > k {
                        let mirrored = element(w, taps - 1 - k);
                        value = w.add(value, mirrored);
                    }
                    let weight = w.number(scalar, weights[k]);
                    sum = w.fma(value, weight, sum);
                }
                let sum = steps.apply(w, sum);
                w.store(sum, &out, &[at(c), at(i) + o]);
            }
        }),
        1 => {
            let zero = w.number(scalar, 0.0);
            w.carry(0u64, length, &vec![zero; 2 * sections], |w, i, delays| {
                let mut value = w.load(&a, &[at(c), at(i)]);
                let mut next = Vec::new();
                for section in 0..sections {
                    let weight: Vec<Value> =
                        weights[5 * section..5 * section + 5].iter().map(|x| w.number(scalar, *x)).collect();
                    let (first, second) = (delays[2 * section], delays[2 * section + 1]);
                    // Transposed direct form II.
                    let result = w.fma(value, weight[0], first);
                    let kept = w.fma(value, weight[1], second);
                    let fed = w.mul(result, weight[3]);
                    next.push(w.sub(kept, fed));
                    let (straight, fed) = (w.mul(value, weight[2]), w.mul(result, weight[4]));
                    next.push(w.sub(straight, fed));
                    value = result;
                }
                let value = steps.apply(w, value);
                w.store(value, &out, &[at(c), at(i)]);
                next
            });
        }
        _ => {
            // A window of samples shifts through registers.
            let start: Vec<Value> = (0..taps).map(|k| w.load(&a, &[at(c), (k as u64).into()])).collect();
            w.carry(0u64, length, &start, |w, i, window| {
                let mut sum = window[0];
                for value in &window[1..] {
                    sum = if symmetric { w.add(sum, *value) } else { w.max(sum, *value) };
                }
                let sum = steps.apply(w, sum);
                w.store(sum, &out, &[at(c), at(i)]);
                let newest = w.load(&a, &[at(c), at(i) + 32]);
                window[1..].iter().copied().chain([newest]).collect()
            });
        }
    });
}
