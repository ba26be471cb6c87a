//! Parallel loops: element-wise steps, stencils, products and reductions.

use super::syntax::Parallel;
use crate::kernels::chain::Chain;
use crate::kernels::dense::float_type;
use crate::kernels::draw::Draw;
use crate::kernels::types::{Scalar, Subscript, Value, at};
use crate::kernels::writer::Writer;

fn kind(s: &mut Draw) -> Parallel {
    s.pick(&[Parallel::Parallel, Parallel::Parallel, Parallel::Forall])
}

fn whole(extents: &[u64]) -> Vec<(i64, i64, i64)> {
    extents.iter().map(|&e| (0, e as i64, 1)).collect()
}

/// Element-wise steps over arrays, on one or several inputs, some read through a broadcast.
pub fn map(w: &mut Writer, d: &mut Draw, s: &mut Draw) {
    let scalar = d.pick(&[Scalar::F32, Scalar::F32, Scalar::F64, Scalar::I32, Scalar::I64, Scalar::I16]);
    let rank = d.within(1, 3) as usize;
    let extents: Vec<u64> = (0..rank).map(|_| if rank == 1 { d.length() } else { d.small_size() }).collect();
    let (inputs, broadcast) = (d.within(1, 3), d.chance(40));
    let count = d.within(1, 4) as usize;
    let steps = Chain::exactly(d, scalar, count);
    let kind = if s.chance(60) { Parallel::Parallel } else { Parallel::Forall };
    let blocked = s.chance(40);
    let block = s.pick(&[2i64, 4, 8]);
    let arrays: Vec<_> = (0..inputs).map(|_| w.array(scalar, &extents)).collect();
    let row = w.array(scalar, &[extents[rank - 1]]);
    let out = w.array(scalar, &extents);
    let one = |w: &mut Writer, place: &[Subscript]| {
        let mut value = w.load(&arrays[0], place);
        for other in &arrays[1..] {
            let next = w.load(other, place);
            value = w.mul(value, next);
        }
        if broadcast {
            let last = w.load(&row, &place[rank - 1..]);
            value = w.add(value, last);
        }
        let value = steps.apply(w, value);
        w.store(value, &out, place);
    };
    let mut ranges = whole(&extents);
    // A block that does not divide the extent would leave elements out.
    let block = if blocked && extents[0].is_multiple_of(block as u64) { block } else { 1 };
    ranges[0].2 = block;
    w.parallel(kind, &ranges, |w, counters| {
        let place: Vec<Subscript> = counters.iter().map(|c| at(*c)).collect();
        for part in 0..block {
            let mut place = place.clone();
            place[0] = place[0].clone() + part;
            one(w, &place);
        }
    });
}

/// Stencils whose rows or planes are independent, in sweeps between two arrays.
pub fn stencil(w: &mut Writer, d: &mut Draw, s: &mut Draw) {
    let scalar = float_type(d);
    let rank = d.pick(&[1usize, 2, 2, 3]);
    let extents: Vec<u64> = (0..rank).map(|_| if rank == 1 { d.length() } else { d.small_size() }).collect();
    let (radius, sweeps) = (d.pick(&[1i64, 1, 2]), d.pick(&[1u64, 1, 10, 20]));
    let weights: Vec<f64> = (0..=rank).map(|_| d.coefficient() / 4.0).collect();
    let finish = Chain::draw(d, scalar, 2);
    let (kind, inner_loops) = (kind(s), s.chance(40));
    let outer: Vec<u64> = extents.iter().map(|e| e + 2 * radius as u64).collect();
    let (a, b) = (w.array(scalar, &outer), w.array(scalar, &outer));
    let ranges: Vec<_> = extents.iter().map(|&e| (radius, e as i64 + radius, 1)).collect();
    w.each(0u64, sweeps, |w, _| {
        for (from, to) in [(&a, &b), (&b, &a)] {
            let element = |w: &mut Writer, counters: &[Value]| {
                let centre: Vec<Subscript> = counters.iter().map(|c| at(*c)).collect();
                let value = w.load(from, &centre);
                let weight = w.float(scalar, weights[rank]);
                let mut sum = w.mul(value, weight);
                for axis in 0..rank {
                    let weight = w.float(scalar, weights[axis]);
                    for step in (-radius..=radius).filter(|step| *step != 0) {
                        let mut place = centre.clone();
                        place[axis] = at(counters[axis]) + step;
                        let value = w.load(from, &place);
                        sum = w.fma(value, weight, sum);
                    }
                }
                let value = finish.apply(w, sum);
                w.store(value, to, &centre);
            };
            if inner_loops && rank > 1 {
                let (low, high, _) = ranges[rank - 1];
                w.parallel(kind, &ranges[..rank - 1], |w, counters| {
                    w.each(low, high, |w, last| element(w, &[counters, &[last]].concat()));
                });
            } else {
                w.parallel(kind, &ranges, |w, counters| element(w, counters));
            }
        }
    });
}

/// Products of matrices and vectors with parallel loops over the result and a loop over the sum.
pub fn product(w: &mut Writer, d: &mut Draw, s: &mut Draw) {
    let scalar = d.pick(&[Scalar::F32, Scalar::F32, Scalar::F64, Scalar::I32]);
    let (m, n, k) = (d.size(), d.small_size(), d.small_size());
    let (batches, shape, transposed) = (d.within(1, 8), d.below(3), d.chance(40));
    let finish = Chain::draw(d, scalar, 2);
    let (kind, columns) = (kind(s), s.pick(&[1usize, 1, 2, 4]));
    // One column is the product with a vector; batches come first.
    let n = if shape == 1 { 1 } else { n };
    let columns = if n.is_multiple_of(columns as u64) { columns } else { 1 };
    let batches = if shape == 2 { batches } else { 1 };
    let a = w.array(scalar, &[batches, m, k]);
    let b = if transposed { w.array(scalar, &[n, k]) } else { w.array(scalar, &[k, n]) };
    let c = w.array(scalar, &[batches, m, n]);
    let ranges = [(0, batches as i64, 1), (0, m as i64, 1), (0, n as i64, columns as i64)];
    w.parallel(kind, &ranges, |w, counters| {
        let (t, i, j) = (counters[0], counters[1], counters[2]);
        let zero = w.number(scalar, 0.0);
        let sums = w.carry(0u64, k, &vec![zero; columns], |w, p, sums| {
            let x = w.load(&a, &[at(t), at(i), at(p)]);
            let next = sums.iter().enumerate().map(|(column, sum)| {
                let j = at(j) + column as i64;
                let y = if transposed { w.load(&b, &[j, at(p)]) } else { w.load(&b, &[at(p), j]) };
                w.fma(x, y, *sum)
            });
            next.collect()
        });
        for (column, sum) in sums.into_iter().enumerate() {
            let value = finish.apply(w, sum);
            w.store(value, &c, &[at(t), at(i), at(j) + column as i64]);
        }
    });
}

/// Reductions that parallel loops state: sums, products, extremes of floats and joined bits of integers, of whole arrays or by rows.
pub fn reduction(w: &mut Writer, d: &mut Draw, s: &mut Draw) {
    let scalar = d.pick(&[Scalar::F32, Scalar::F32, Scalar::F64, Scalar::I32, Scalar::I64]);
    let (rows, columns, kind) = (d.size(), d.size(), d.below(5));
    let (by_row, paired) = (d.chance(45), d.chance(45));
    let before = Chain::draw(d, scalar, 3);
    let flat = s.chance(40);
    let operations = if scalar.is_float() {
        [("addf", 0.0), ("mulf", 1.0), ("maximumf", -30_000.0), ("minimumf", 30_000.0), ("addf", 0.0)]
    } else {
        [("addi", 0.0), ("muli", 1.0), ("ori", 0.0), ("andi", -1.0), ("addi", 0.0)]
    };
    let (operation, start) = operations[kind];
    let (a, b) = (w.array(scalar, &[rows, columns]), w.array(scalar, &[rows, columns]));
    let out = w.array(scalar, &[rows]);
    let element = |w: &mut Writer, place: [Subscript; 2]| {
        let mut value = w.load(&a, &place);
        if paired {
            let other = w.load(&b, &place);
            value = w.mul(value, other);
        }
        before.apply(w, value)
    };
    let start = w.number(scalar, start);
    let along = [(0, columns as i64, 1)];
    if by_row {
        let row = |w: &mut Writer, i: Value| {
            let sum = w.parallel_reduce(&along, operation, start, |w, j| element(w, [at(i), at(j[0])]));
            w.store(sum, &out, &[at(i)]);
        };
        if flat {
            return w.each(0u64, rows, row);
        }
        return w.parallel(Parallel::Parallel, &[(0, rows as i64, 1)], |w, i| row(w, i[0]));
    }
    let sum = if flat {
        w.fold(0u64, rows, start, |w, i, sum| {
            w.parallel_reduce(&along, operation, sum, |w, j| element(w, [at(i), at(j[0])]))
        })
    } else {
        let both = [(0, rows as i64, 1), along[0]];
        w.parallel_reduce(&both, operation, start, |w, c| element(w, [at(c[0]), at(c[1])]))
    };
    w.store(sum, &out, &[0u64.into()]);
}
