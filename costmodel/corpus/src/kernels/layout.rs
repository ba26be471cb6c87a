//! Data movement: transposes and permutations, packing, gathers and scatters, sparse products by index.

use super::chain::Chain;
use super::dense::{float_type, multiply_add};
use super::draw::Draw;
use super::types::{Buffer, Scalar, Subscript, Value, at};
use super::writer::{Form, Writer};

/// Permutations of the dimensions of an array, with a conversion or steps on the way.
pub fn transpose(w: &mut Writer, d: &mut Draw, s: &mut Draw) {
    let scalar = d.pick(&[Scalar::F32, Scalar::F64, Scalar::I8, Scalar::I32]);
    let rank = d.within(2, 4) as usize;
    let shape: Vec<u64> = (0..rank).map(|_| if rank == 2 { d.size() } else { d.small_size() / 2 + 2 }).collect();
    let order = d.order(rank);
    let steps = Chain::draw(d, scalar, 2);
    let (summed, named) = (d.chance(30), d.chance(50));
    let loops = s.order(rank);
    let tile = s.pick(&[1u64, 1, 2, 4]);
    let moved: Vec<u64> = order.iter().map(|&k| shape[k]).collect();
    let a = w.array(scalar, &shape);
    let b = w.array(scalar, &moved);
    if w.form == Form::Linalg {
        let mut result = if named {
            w.transposed(&a, &order)
        } else {
            let empty = w.empty(scalar, &moved);
            let all: Vec<usize> = (0..rank).collect();
            let mut back = vec![0; rank];
            for (to, &from) in order.iter().enumerate() {
                back[from] = to;
            }
            let inputs = [(&a, super::linalg::Access::dims(&back))];
            let onto = (&empty, super::linalg::Access::dims(&all));
            w.generic(&"p".repeat(rank), &inputs, onto, |w, e| steps.apply(w, e[0]))
        };
        if summed {
            result = w.elementwise(&[&result, &b], scalar, |w, e| w.add(e[0], e[1]));
        }
        return w.returns(result);
    }
    // A few elements of the last dimension at a time, where it divides.
    let tile = if shape[rank - 1].is_multiple_of(tile) { tile } else { 1 };
    let mut extents = shape.clone();
    extents[rank - 1] /= tile;
    w.nest(&extents, &loops, &mut |w, counters| {
        for part in 0..tile {
            let mut from: Vec<Subscript> = counters.iter().map(|c| at(*c)).collect();
            from[rank - 1] = at(counters[rank - 1]) * tile as i64 + part;
            let to: Vec<Subscript> = order.iter().map(|&k| from[k].clone()).collect();
            let value = w.load(&a, &from);
            let value = steps.apply(w, value);
            if summed {
                w.update(&b, &to, |w, old| w.add(old, value));
            } else {
                w.store(value, &b, &to);
            }
        }
    });
}

/// Copies between layouts: concatenation, slices, padding, interleaving, reversal, tiles of a packed matrix.
pub fn rearrange(w: &mut Writer, d: &mut Draw, s: &mut Draw) {
    let scalar = d.pick(&[Scalar::F32, Scalar::F64, Scalar::I8, Scalar::I32]);
    let (rows, columns) = (d.size(), d.size());
    let (block, kind) = (d.pick(&[2i64, 4, 8]), d.below(7));
    let parts = d.within(1, 4) as usize;
    let steps: Vec<Chain> = (0..parts).map(|_| Chain::draw(d, scalar, 2)).collect();
    let offset = d.within(0, 7) as i64;
    let order = s.order(2);
    let (rows, columns) = (rows / 8 * 8 + 8, columns / 8 * 8 + 8);
    let sources: Vec<Buffer> = (0..parts).map(|_| w.array(scalar, &[rows + 8, columns + 8])).collect();
    let wide = parts as u64 * (rows + 8) * 2;
    let target = w.array(scalar, &[wide, 2 * columns + 16]);
    let packed = w.array(scalar, &[rows / block as u64, columns / block as u64, block as u64, block as u64]);
    for (part, (source, steps)) in sources.iter().zip(&steps).enumerate() {
        let base = part as u64 * rows;
        if kind == 6 {
            let extents = [rows / block as u64, columns / block as u64];
            w.nest(&extents, &order, &mut |w, c| {
                w.nest(&[block as u64, block as u64], &[0, 1], &mut |w, inner| {
                    let value = w.load(source, &[at(c[0]) * block + inner[0], at(c[1]) * block + inner[1]]);
                    let value = steps.apply(w, value);
                    w.store(value, &packed, &[at(c[0]), at(c[1]), at(inner[0]), at(inner[1])]);
                });
            });
            continue;
        }
        w.nest(&[rows, columns], &order, &mut |w, c| {
            let (i, j) = (c[0], c[1]);
            let (from, to) = match kind {
                0 => ([at(i), at(j)], [at(i) + base, at(j)]),
                1 => ([at(i), at(j) + offset], [at(i), at(j)]),
                2 => ([at(i), at(j)], [at(i) + offset, at(j) + offset + 1]),
                3 => ([at(i), at(j)], [at(i), at(j) * 2 + (part as u64 % 2)]),
                4 => ([at(i), at(j) * -1 + columns - 1], [at(i) + base, at(j)]),
                _ => ([at(i), at(j)], [at(i) * 2 + (part as u64 % 2), at(j) * 2]),
            };
            let value = w.load(source, &from);
            let value = steps.apply(w, value);
            w.store(value, &target, &to);
        });
    }
}

/// Reads and writes by index: embeddings, gathers along rows, scatter-adds, permutes, table look-ups with interpolation.
pub fn gather_scatter(w: &mut Writer, d: &mut Draw, s: &mut Draw) {
    let scalar = d.pick(&[Scalar::F32, Scalar::F32, Scalar::F64, Scalar::I32]);
    let index = d.pick(&[Scalar::I32, Scalar::I64, Scalar::I16]);
    let (table_rows, width, count) = (d.size(), d.size(), d.length());
    let kind = d.below(6);
    let (weighted, twice) = (d.chance(40), d.chance(30));
    let steps = Chain::draw(d, scalar, 2);
    let unrolled = s.pick(&[1u64, 1, 2, 4]);
    let table = w.array(scalar, &[table_rows, width]);
    let places = w.array(index, &[count]);
    let weights = w.array(scalar, &[count]);
    let out = w.array(scalar, &[count, width]);
    let row = |w: &mut Writer, i: &Subscript| {
        let mut place = w.load(&places, std::slice::from_ref(i));
        if twice {
            let mask = w.integer(index, 31);
            place = w.binary("arith.andi", place, mask);
        }
        w.cast(place, Scalar::Index)
    };
    if kind >= 4 {
        // One element for each index; kind 5 interpolates between neighbours.
        return w.each(0u64, count / unrolled, |w, i| {
            for part in 0..unrolled {
                let i = at(i) * unrolled as i64 + part;
                let place = row(w, &i);
                let mut value = w.load(&table, &[at(place), 0u64.into()]);
                if kind == 5 {
                    let next = w.load(&table, &[at(place), 1u64.into()]);
                    let share = w.load(&weights, std::slice::from_ref(&i));
                    let difference = w.sub(next, value);
                    value = w.fma(difference, share, value);
                }
                let value = steps.apply(w, value);
                w.store(value, &out, &[i, 0u64.into()]);
            }
        });
    }
    w.each(0u64, count, |w, i| {
        let place = row(w, &at(i));
        let weight = w.load(&weights, &[at(i)]);
        w.strided(0u64, width / unrolled * unrolled, unrolled, |w, j| {
            for part in 0..unrolled {
                let j = at(j) + part;
                let (from, to, from_place, to_place) = match kind {
                    0 | 1 => (&table, &out, [at(place), j.clone()], [at(i), j]),
                    _ => (&out, &table, [at(i), j.clone()], [at(place), j]),
                };
                let value = w.load(from, &from_place);
                let value = if weighted { w.mul(value, weight) } else { value };
                let value = steps.apply(w, value);
                if kind == 1 || kind == 3 {
                    w.update(to, &to_place, |w, old| w.add(old, value));
                } else {
                    w.store(value, to, &to_place);
                }
            }
        });
    });
}

/// Products with sparse matrices of a fixed number of entries per row (ELLPACK), vectors or blocks of them.
pub fn sparse(w: &mut Writer, d: &mut Draw, s: &mut Draw) {
    let scalar = float_type(d);
    let index = d.pick(&[Scalar::I32, Scalar::I64]);
    let (rows, columns) = (d.size(), d.length());
    let entries = d.pick(&[3u64, 4, 5, 7, 8, 16, 27, 32]);
    let width = d.pick(&[1u64, 1, 4, 8, 16]);
    let (column_major, fused, diagonal) = (d.chance(40), d.chance(40), d.chance(35));
    let block = d.pick(&[1u64, 1, 2, 3]);
    let steps = Chain::draw(d, scalar, 2);
    let unrolled = entries <= 8 && s.chance(40);
    let shape = if column_major { [entries, rows, block] } else { [rows, entries, block] };
    let (values, places) = (w.array(scalar, &shape), w.array(index, &shape[..2]));
    let x = w.array(scalar, &[columns, width]);
    let y = w.array(scalar, &[rows * block, width]);
    let own = w.array(scalar, &[rows]);
    w.nest(&[rows, width], &s.order(2), &mut |w, c| {
        let (i, v) = (c[0], c[1]);
        let zero = w.float(scalar, 0.0);
        let cell = |k: &Subscript| if column_major { [k.clone(), at(i)] } else { [at(i), k.clone()] };
        let step = |w: &mut Writer, k: Subscript, acc: &[Value]| -> Vec<Value> {
            let place = w.load(&places, &cell(&k));
            let place = w.cast(place, Scalar::Index);
            let right = w.load(&x, &[at(place), at(v)]);
            acc.iter()
                .enumerate()
                .map(|(b, acc)| {
                    let [first, second] = cell(&k);
                    let left = w.load(&values, &[first, second, (b as u64).into()]);
                    multiply_add(fused)(w, *acc, &[left, right])
                })
                .collect()
        };
        let start = vec![zero; block as usize];
        let sums = if unrolled {
            (0..entries).fold(start, |acc, k| step(w, k.into(), &acc))
        } else {
            w.carry(0u64, entries, &start, |w, k, acc| step(w, at(k), acc))
        };
        for (b, mut sum) in sums.into_iter().enumerate() {
            if diagonal {
                let scale = w.load(&own, &[at(i)]);
                sum = w.mul(sum, scale);
            }
            let sum = steps.apply(w, sum);
            w.store(sum, &y, &[at(i) * block as i64 + b as u64, at(v)]);
        }
    });
}
