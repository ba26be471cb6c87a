//! Kernels on explicit vectors: register-tiled products, fused row kernels, attention on blocks.

use super::chain::Chain;
use super::dense::float_type;
use super::draw::Draw;
use super::types::{Scalar, Type, Value, at};
use super::writer::Writer;

/// Products with a register tile of vectors: rows by vectors, broadcast times load (4x4, 6x2, 8x3, ...).
pub fn vector_gemm(w: &mut Writer, d: &mut Draw, s: &mut Draw) {
    let scalar = d.pick(&[Scalar::F32, Scalar::F32, Scalar::F64, Scalar::I32]);
    let depth = d.size();
    let packed = d.chance(50);
    let (alpha, accumulated) = (d.chance(30).then(|| d.coefficient()), d.chance(50));
    let batches = if d.chance(25) { d.within(2, 16) } else { 0 };
    let finish = Chain::draw(d, scalar, 3);
    let biased = d.chance(30);
    let (m, n) = (d.within(2, 24), d.within(2, 12));
    let lanes = s.pick(&[4u64, 8, 8, 16, 16]);
    let (rows, vectors) = (s.pick(&[1u64, 2, 3, 4, 6, 8, 12]), s.pick(&[1u64, 2, 2, 3, 4]));
    let unrolled = s.pick(&[1u64, 1, 2]);
    let (height, width) = (m * 12, n * 192);
    let a_shape = if packed { [depth + 2, height] } else { [height, depth + 2] };
    let ty = Type { scalar, lanes };
    let outer: Vec<u64> = if batches > 0 { vec![batches] } else { vec![] };
    let shaped = |own: &[u64]| -> Vec<u64> { outer.iter().chain(own).copied().collect() };
    let (a, b) = (w.array(scalar, &shaped(&a_shape)), w.array(scalar, &shaped(&[depth + 2, width])));
    let (c, bias) = (w.array(scalar, &shaped(&[height, width])), w.array(scalar, &[width]));
    w.nest(&outer, &(0..outer.len()).collect::<Vec<_>>(), &mut |w, batch| {
        let with = |own: [super::types::Subscript; 2]| batch.iter().map(|b| at(*b)).chain(own).collect::<Vec<_>>();
        w.strided(0u64, height, rows, |w, i| {
            w.strided(0u64, width, lanes * vectors, |w, j| {
                let mut start = Vec::new();
                for r in 0..rows {
                    for v in 0..vectors {
                        start.push(if accumulated {
                            w.load_lanes(&c, &with([at(i) + r, at(j) + v * lanes]), lanes)
                        } else if biased {
                            w.load_lanes(&bias, &[at(j) + v * lanes], lanes)
                        } else {
                            w.number(ty, 0.0)
                        });
                    }
                }
                let sums = w.carry(0u64, depth / unrolled, &start, |w, k, acc| {
                    let mut sums = acc.to_vec();
                    for u in 0..unrolled {
                        let k = at(k) * unrolled as i64 + u;
                        let right: Vec<Value> = (0..vectors)
                            .map(|v| w.load_lanes(&b, &with([k.clone(), at(j) + v * lanes]), lanes))
                            .collect();
                        for r in 0..rows {
                            let place = if packed { [k.clone(), at(i) + r] } else { [at(i) + r, k.clone()] };
                            let left = w.load(&a, &with(place));
                            let left = w.splat(left, lanes);
                            for (v, right) in right.iter().enumerate() {
                                let which = (r * vectors) as usize + v;
                                sums[which] = w.fma(left, *right, sums[which]);
                            }
                        }
                    }
                    sums
                });
                for r in 0..rows {
                    for v in 0..vectors {
                        let mut sum = sums[(r * vectors + v) as usize];
                        if let Some(alpha) = alpha {
                            let alpha = w.number(ty, if scalar.is_float() { alpha } else { 3.0 });
                            sum = w.mul(sum, alpha);
                        }
                        let sum = finish.apply(w, sum);
                        w.store_lanes(sum, &c, &with([at(i) + r, at(j) + v * lanes]));
                    }
                }
            });
        });
    });
}

/// Row kernels on vectors: several passes over a row with vector accumulators and a reduction across lanes.
pub fn vector_rows(w: &mut Writer, d: &mut Draw, s: &mut Draw) {
    let scalar = d.pick(&[Scalar::F32, Scalar::F32, Scalar::F64, Scalar::I32]);
    let (rows, columns) = (d.size(), d.within(1, 12) * 128);
    let kind = d.below(4);
    let before = Chain::draw(d, scalar, 3);
    let finish = Chain::draw(d, scalar, 2);
    let (normalised, inputs) = (d.chance(50), d.within(1, 3) as usize);
    let lanes = s.pick(&[4u64, 8, 16]);
    let parts = s.pick(&[1u64, 2, 4, 8]);
    let ty = Type { scalar, lanes };
    let arrays: Vec<_> = (0..inputs).map(|_| w.array(scalar, &[rows, columns])).collect();
    let (out, total) = (w.array(scalar, &[rows, columns]), w.array(scalar, &[rows]));
    w.each(0u64, rows, |w, i| {
        let start = match kind {
            2 => w.extreme(ty, true),
            _ => w.number(ty, 0.0),
        };
        let element = |w: &mut Writer, j: super::types::Subscript| {
            let values: Vec<Value> = arrays.iter().map(|a| w.load_lanes(a, &[at(i), j.clone()], lanes)).collect();
            let mut value = values[0];
            for other in &values[1..] {
                value = if kind == 0 { w.add(value, *other) } else { w.mul(value, *other) };
            }
            before.apply(w, value)
        };
        let partial = w.carry(0u64, columns / (lanes * parts), &vec![start; parts as usize], |w, j, acc| {
            let mut next = Vec::new();
            for (part, acc) in acc.iter().enumerate() {
                let value = element(w, at(j) * (lanes * parts) as i64 + part as u64 * lanes);
                next.push(match kind {
                    0 | 1 => w.add(*acc, value),
                    2 => w.max(*acc, value),
                    _ => w.fma(value, value, *acc),
                });
            }
            next
        });
        let mut sum = partial[0];
        for part in &partial[1..] {
            sum = if kind == 2 { w.max(sum, *part) } else { w.add(sum, *part) };
        }
        let across = match (kind, scalar.is_float()) {
            (2, true) => "maximumf",
            (2, false) => "maxsi",
            _ => "add",
        };
        let sum = w.across(across, sum);
        w.store(sum, &total, &[at(i)]);
        if normalised {
            let spread = w.splat(sum, lanes);
            w.strided(0u64, columns, lanes * parts, |w, j| {
                for part in 0..parts {
                    let j = at(j) + part * lanes;
                    let value = element(w, j.clone());
                    let value = w.sub(value, spread);
                    let value = finish.apply(w, value);
                    w.store_lanes(value, &out, &[at(i), j]);
                }
            });
        }
    });
}

/// Scaled dot-product attention of one or more heads: plain, or blocked with a running maximum and sum.
pub fn attention(w: &mut Writer, d: &mut Draw, s: &mut Draw) {
    let scalar = float_type(d);
    let (heads, groups) = (d.within(1, 16), d.within(1, 4));
    let (queries, keys) = (d.size(), d.size());
    let head = d.pick(&[8u64, 16, 24, 32, 40, 64]);
    let (causal, online, capped, sink) = (d.chance(40), d.chance(50), d.chance(25), d.chance(25));
    let scale = d.coefficient().abs() / 8.0;
    let finish = Chain::draw(d, scalar, 2);
    let unrolled = s.pick(&[1u64, 2, 4, 8]);
    let kv_heads = heads;
    let q = w.array(scalar, &[kv_heads * groups, queries, head]);
    let (k, v) = (w.array(scalar, &[kv_heads, keys, head]), w.array(scalar, &[kv_heads, keys, head]));
    let out = w.array(scalar, &[kv_heads * groups, queries, head]);
    let scores = w.array(scalar, &[keys]);
    let keys_for = |i: Value| if causal && keys >= queries { at(i) + 1 } else { keys.into() };
    w.nest(&[kv_heads, groups, queries], &[0, 1, 2], &mut |w, c| {
        let (h, g, i) = (c[0], c[1], c[2]);
        let query = at(h) * groups as i64 + g;
        let (zero, scale, lowest) = (w.float(scalar, 0.0), w.float(scalar, scale), w.extreme(scalar, true));
        let score = |w: &mut Writer, j: Value| {
            let sums = w.carry(0u64, head / unrolled, &vec![zero; unrolled as usize], |w, e, acc| {
                let mut next = Vec::new();
                for (u, acc) in acc.iter().enumerate() {
                    let e = at(e) * unrolled as i64 + u as u64;
                    let left = w.load(&q, &[query.clone(), at(i), e.clone()]);
                    let right = w.load(&k, &[at(h), at(j), e]);
                    next.push(w.fma(left, right, *acc));
                }
                next
            });
            let mut sum = sums[0];
            for part in &sums[1..] {
                sum = w.add(sum, *part);
            }
            let sum = w.mul(sum, scale);
            if capped { w.unary("math.tanh", sum) } else { sum }
        };
        let start = if sink { zero } else { lowest };
        let (top, sum) = if online {
            // Running maximum and sum; what is accumulated is rescaled when the maximum rises.
            w.each(0u64, head, |w, e| w.store(zero, &out, &[query.clone(), at(i), at(e)]));
            let last = w.carry(0u64, keys_for(i), &[start, zero], |w, j, acc| {
                let value = score(w, j);
                let top = w.max(acc[0], value);
                let (fall, off) = (w.sub(acc[0], top), w.sub(value, top));
                let (old, new) = (w.unary("math.exp", fall), w.unary("math.exp", off));
                w.each(0u64, head, |w, e| {
                    let right = w.load(&v, &[at(h), at(j), at(e)]);
                    w.update(&out, &[query.clone(), at(i), at(e)], |w, so_far| {
                        let kept = w.mul(so_far, old);
                        w.fma(right, new, kept)
                    });
                });
                let sum = w.fma(acc[1], old, new);
                vec![top, sum]
            });
            (last[0], last[1])
        } else {
            let top = w.fold(0u64, keys_for(i), start, |w, j, acc| {
                let value = score(w, j);
                w.store(value, &scores, &[at(j)]);
                w.max(acc, value)
            });
            let sum = w.fold(0u64, keys_for(i), zero, |w, j, acc| {
                let value = w.load(&scores, &[at(j)]);
                let off = w.sub(value, top);
                let power = w.unary("math.exp", off);
                w.store(power, &scores, &[at(j)]);
                w.add(acc, power)
            });
            w.each(0u64, head, |w, e| {
                let mixed = w.fold(0u64, keys_for(i), zero, |w, j, acc| {
                    let (share, value) = (w.load(&scores, &[at(j)]), w.load(&v, &[at(h), at(j), at(e)]));
                    w.fma(share, value, acc)
                });
                w.store(mixed, &out, &[query.clone(), at(i), at(e)]);
            });
            (top, sum)
        };
        let sum = if sink {
            let negative = w.unary("arith.negf", top);
            let rest = w.unary("math.exp", negative);
            w.add(sum, rest)
        } else {
            sum
        };
        w.each(0u64, head, |w, e| {
            w.update(&out, &[query.clone(), at(i), at(e)], |w, mixed| {
                let value = w.div(mixed, sum);
                finish.apply(w, value)
            });
        });
    });
}
