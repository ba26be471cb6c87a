//! Reductions, scans, segments, softmax and normalisations.

use super::chain::Chain;
use super::dense::float_type;
use super::draw::Draw;
use super::linalg::Access;
use super::types::{Buffer, Scalar, Value, at};
use super::writer::{Form, Writer};

/// What a reduction keeps.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Kind {
    Sum,
    Product,
    Max,
    Min,
    SquareSum,
    Dot,
    Distance,
    Count,
}

impl Kind {
    fn draw(d: &mut Draw) -> Self {
        d.pick(&[
            Self::Sum,
            Self::Sum,
            Self::Product,
            Self::Max,
            Self::Min,
            Self::SquareSum,
            Self::Dot,
            Self::Dot,
            Self::Distance,
            Self::Count,
        ])
    }

    fn start(self, w: &mut Writer, scalar: Scalar) -> Value {
        match self {
            Self::Product => w.number(scalar, 1.0),
            Self::Max => w.extreme(scalar, true),
            Self::Min => w.extreme(scalar, false),
            _ => w.number(scalar, 0.0),
        }
    }

    fn combine(self, w: &mut Writer, acc: Value, a: Value, b: Value) -> Value {
        match self {
            Self::Sum => w.add(acc, a),
            Self::Product => w.mul(acc, a),
            Self::Max => w.max(acc, a),
            Self::Min => w.min(acc, a),
            Self::SquareSum => w.fma(a, a, acc),
            Self::Dot => w.fma(a, b, acc),
            Self::Distance => {
                let off = w.sub(a, b);
                w.fma(off, off, acc)
            }
            Self::Count => {
                let above = w.compare("gt", a, b);
                let one = w.cast(above, if acc.ty.scalar.is_float() { Scalar::I32 } else { acc.ty.scalar });
                let one = w.cast(one, acc.ty.scalar);
                w.add(acc, one)
            }
        }
    }
}

/// Reductions of arrays of rank 1 to 3 over any set of dimensions.
pub fn reduction(w: &mut Writer, d: &mut Draw, s: &mut Draw) {
    let scalar = d.pick(&[Scalar::F32, Scalar::F32, Scalar::F64, Scalar::I32, Scalar::I64]);
    let rank = d.within(1, 3) as usize;
    let shape: Vec<u64> = (0..rank)
        .map(|_| match rank {
            1 => d.length(),
            2 => d.size(),
            _ => d.small_size(),
        })
        .collect();
    let kind = Kind::draw(d);
    let order = d.order(rank);
    let kept = d.below(rank);
    let (kept, reduced) = order.split_at(kept);
    let before = Chain::draw(d, scalar, 3);
    let finish = Chain::draw(d, scalar, 2);
    let parts = if reduced.len() == 1 && kind != Kind::Count { d.pick(&[1, 1, 2, 4, 8]) } else { 1 };
    let outer = s.order(kept.len());
    let a = w.array(scalar, &shape);
    let b = w.array(scalar, &shape);
    let out_shape: Vec<u64> = kept.iter().map(|&k| shape[k]).collect();
    let all: Vec<usize> = (0..rank).collect();
    if w.form == Form::Linalg {
        let iterators: String = all.iter().map(|i| if kept.contains(i) { 'p' } else { 'r' }).collect();
        let start = kind.start(w, scalar);
        let onto = w.filled(scalar, &out_shape, start);
        let inputs = [(&a, Access::dims(&all)), (&b, Access::dims(&all))];
        let mut result = w.generic(&iterators, &inputs, (&onto, Access::dims(kept)), |w, e| {
            let (x, y) = (before.apply(w, e[0]), e[1]);
            kind.combine(w, e[2], x, y)
        });
        if !finish.is_empty() && !out_shape.is_empty() {
            result = w.elementwise(&[&result], scalar, |w, e| finish.apply(w, e[0]));
        }
        return w.returns(result);
    }
    let out = w.array(scalar, &if out_shape.is_empty() { vec![1] } else { out_shape });
    let kept_extents: Vec<u64> = kept.iter().map(|&k| shape[k]).collect();
    w.nest(&kept_extents, &outer, &mut |w, counters| {
        let mut place: Vec<Option<Value>> = vec![None; rank];
        for (&dimension, counter) in kept.iter().zip(counters) {
            place[dimension] = Some(*counter);
        }
        let start = kind.start(w, scalar);
        let partial = reduce(w, &shape, reduced, parts, &mut place, vec![start; parts as usize], &mut |w, at, acc| {
            let (x, y) = (w.load(&a, at), w.load(&b, at));
            let x = before.apply(w, x);
            kind.combine(w, acc, x, y)
        });
        let mut total = partial[0];
        for part in &partial[1..] {
            total = match kind {
                Kind::Product => w.mul(total, *part),
                Kind::Max => w.max(total, *part),
                Kind::Min => w.min(total, *part),
                _ => w.add(total, *part),
            };
        }
        let total = finish.apply(w, total);
        let place: Vec<_> = counters.iter().map(|c| at(*c)).collect();
        w.store(total, &out, &if place.is_empty() { vec![0u64.into()] } else { place });
    });
}

type Step<'a> = &'a mut dyn FnMut(&mut Writer, &[super::types::Subscript], Value) -> Value;

/// Carries accumulators through the reduced loops, the innermost split into independent parts.
fn reduce(
    w: &mut Writer,
    shape: &[u64],
    reduced: &[usize],
    parts: u64,
    place: &mut Vec<Option<Value>>,
    carried: Vec<Value>,
    step: Step,
) -> Vec<Value> {
    let Some((&dimension, inner)) = reduced.split_first() else {
        let place: Vec<_> = place.iter().map(|c| at(c.expect("inside all loops"))).collect();
        return vec![step(w, &place, carried[0])];
    };
    let length = shape[dimension] / parts;
    w.carry(0u64, length, &carried, |w, counter, carried| {
        place[dimension] = Some(counter);
        if parts == 1 {
            return reduce(w, shape, inner, 1, place, carried.to_vec(), step);
        }
        let mut next = Vec::new();
        for (part, acc) in carried.iter().enumerate() {
            let mut at: Vec<_> = place.iter().map(|c| at(c.expect("inside all loops"))).collect();
            at[dimension] = at[dimension].clone() + (part as u64 * length);
            next.push(step(w, &at, *acc));
        }
        next
    })
}

/// Places of extremes, with the value: the index travels through selects.
pub fn arg_extreme(w: &mut Writer, d: &mut Draw, s: &mut Draw) {
    let scalar = d.pick(&[Scalar::F32, Scalar::F64, Scalar::I32, Scalar::I8]);
    let index = d.pick(&[Scalar::I32, Scalar::I64]);
    let (rows, columns) = (d.size(), d.length());
    let (lowest, both, transposed) = (d.chance(40), d.chance(30), d.chance(30));
    let before = Chain::draw(d, scalar, 3);
    let outputs = d.within(1, 2);
    let unrolled = s.pick(&[1u64, 1, 2, 4]);
    let a = w.array(scalar, &if transposed { [columns, rows] } else { [rows, columns] });
    let places = w.array(index, &[rows, 2]);
    let values = w.array(scalar, &[rows, 2]);
    w.each(0u64, rows, |w, i| {
        let start = [w.extreme(scalar, !lowest), w.integer(index, 0), w.extreme(scalar, lowest), w.integer(index, 0)];
        let carried = if both { 4 } else { 2 };
        let last = w.carry(0u64, columns / unrolled, &start[..carried], |w, j, carried| {
            let mut now = carried.to_vec();
            for part in 0..unrolled {
                let column = at(j) + part * (columns / unrolled);
                let value = w.load(&a, &if transposed { [column.clone(), at(i)] } else { [at(i), column.clone()] });
                let value = before.apply(w, value);
                let place = w.index(&column);
                let place = w.cast(place, index);
                for which in 0..now.len() / 2 {
                    let predicate = if (which == 1) == lowest { "gt" } else { "lt" };
                    let better = w.compare(predicate, value, now[2 * which]);
                    now[2 * which] = w.select(better, value, now[2 * which]);
                    now[2 * which + 1] = w.select(better, place, now[2 * which + 1]);
                }
            }
            now
        });
        for which in 0..last.len() as u64 / 2 {
            w.store(last[2 * which as usize + 1], &places, &[at(i), which.into()]);
            if outputs == 2 {
                w.store(last[2 * which as usize], &values, &[at(i), which.into()]);
            }
        }
    });
}

/// Sums over segments of fixed length, strided or tree-like.
pub fn segmented(w: &mut Writer, d: &mut Draw, s: &mut Draw) {
    let scalar = d.pick(&[Scalar::F32, Scalar::F64, Scalar::I32, Scalar::I64]);
    let (segments, length) = (d.size(), d.pick(&[2, 3, 4, 5, 8, 16, 32, 50, 64, 100]));
    let (kind, strided) = (Kind::draw(d), d.chance(40));
    let before = Chain::draw(d, scalar, 2);
    let finish = Chain::draw(d, scalar, 2);
    let running = d.chance(30);
    let unrolled = length <= 8 && s.chance(50);
    let a = w.array(scalar, &[segments * length]);
    let b = w.array(scalar, &[segments * length]);
    let out = w.array(scalar, &[segments]);
    w.each(0u64, segments, |w, i| {
        let place =
            |j: super::types::Subscript| if strided { j * segments as i64 + at(i) } else { at(i) * length as i64 + j };
        let start = kind.start(w, scalar);
        let step = |w: &mut Writer, place: super::types::Subscript, acc| {
            let (x, y) = (w.load(&a, std::slice::from_ref(&place)), w.load(&b, std::slice::from_ref(&place)));
            let x = before.apply(w, x);
            let next = kind.combine(w, acc, x, y);
            if running {
                w.store(next, &b, &[place]);
            }
            next
        };
        let total = if unrolled {
            (0..length).fold(start, |acc, j| step(w, place(j.into()), acc))
        } else {
            w.fold(0u64, length, start, |w, j, acc| step(w, place(at(j)), acc))
        };
        let total = finish.apply(w, total);
        w.store(total, &out, &[at(i)]);
    });
}

/// Prefix sums and first- and second-order linear recurrences along rows or columns.
pub fn scan(w: &mut Writer, d: &mut Draw, s: &mut Draw) {
    let scalar = d.pick(&[Scalar::F32, Scalar::F32, Scalar::F64, Scalar::I32, Scalar::I64]);
    let (rows, columns) = (d.size(), d.length());
    let kind = d.below(5);
    let (exclusive, columnwise, backward) = (d.chance(30), d.chance(40), d.chance(30));
    let before = Chain::draw(d, scalar, 2);
    let finish = Chain::draw(d, scalar, 2);
    let decay = d.coefficient() / 4.0;
    let in_memory = s.chance(30) && !exclusive;
    let shape = if columnwise { [columns, rows] } else { [rows, columns] };
    let (a, gates, out) = (w.array(scalar, &shape), w.array(scalar, &shape), w.array(scalar, &shape));
    w.each(0u64, rows, |w, i| {
        let place = |j: Value, offset: i64| {
            let j = if backward { at(j) * -1 + columns - 1 - offset } else { at(j) + offset };
            if columnwise { [j, at(i)] } else { [at(i), j] }
        };
        let step = |w: &mut Writer, j: Value, acc: Value| {
            let value = w.load(&a, &place(j, 0));
            let value = before.apply(w, value);
            match kind {
                0 => w.add(acc, value),
                1 => w.max(acc, value),
                2 => w.mul(acc, value),
                // h = gate * h + x, as in linear recurrent layers.
                3 => {
                    let gate = w.load(&gates, &place(j, 0));
                    w.fma(gate, acc, value)
                }
                _ => {
                    let decay = w.number(scalar, decay * if scalar.is_float() { 1.0 } else { 8.0 });
                    w.fma(acc, decay, value)
                }
            }
        };
        if in_memory {
            w.each(1u64, columns, |w, j| {
                let before = w.load(&out, &place(j, -1));
                let next = step(w, j, before);
                w.store(next, &out, &place(j, 0));
            });
        } else {
            let start = w.number(scalar, if kind == 2 { 1.0 } else { 0.0 });
            w.fold(0u64, columns, start, |w, j, acc| {
                let next = step(w, j, acc);
                let result = finish.apply(w, if exclusive { acc } else { next });
                w.store(result, &out, &place(j, 0));
                next
            });
        }
    });
}

/// Softmax and log-softmax over rows: three passes or fused, scaled, masked.
pub fn softmax(w: &mut Writer, d: &mut Draw, _s: &mut Draw) {
    let scalar = float_type(d);
    let rank = d.pick(&[2, 2, 3]);
    let shape: Vec<u64> = (0..rank).map(|_| if rank == 3 { d.small_size() } else { d.size() }).collect();
    let (logarithm, stable, scaled, masked) = (d.chance(30), d.chance(75), d.chance(40), d.chance(30));
    let scale = d.coefficient().abs();
    let before = Chain::draw(d, scalar, 1);
    let finish = Chain::draw(d, scalar, 2);
    let a = w.array(scalar, &shape);
    let mask = w.array(scalar, &shape);
    let enter = |w: &mut Writer, x: Value, m: Value| {
        let mut x = before.apply(w, x);
        if scaled {
            let scale = w.float(scalar, scale);
            x = w.mul(x, scale);
        }
        if masked { w.add(x, m) } else { x }
    };
    let leave = |w: &mut Writer, x: Value, top: Value, sum: Value| {
        let off = if stable { w.sub(x, top) } else { x };
        let y = if logarithm {
            let log = w.unary("math.log", sum);
            w.sub(off, log)
        } else {
            let power = w.unary("math.exp", off);
            w.div(power, sum)
        };
        finish.apply(w, y)
    };
    let rows = rank - 1;
    if w.form == Form::Linalg {
        let all: Vec<usize> = (0..rank).collect();
        let (full, row) = (Access::dims(&all), Access::dims(&all[..rows]));
        let iterators = "p".repeat(rows) + "r";
        let x = w.elementwise(&[&a, &mask], scalar, |w, e| enter(w, e[0], e[1]));
        let (lowest, zero) = (w.extreme(scalar, true), w.float(scalar, 0.0));
        let onto = w.filled(scalar, &shape[..rows], lowest);
        let top = w.generic(&iterators, &[(&x, full.clone())], (&onto, row.clone()), |w, e| w.max(e[1], e[0]));
        let onto = w.filled(scalar, &shape[..rows], zero);
        let inputs = [(&x, full.clone()), (&top, row.clone())];
        let sum = w.generic(&iterators, &inputs, (&onto, row.clone()), |w, e| {
            let off = if stable { w.sub(e[0], e[1]) } else { e[0] };
            let power = w.unary("math.exp", off);
            w.add(e[2], power)
        });
        let empty = w.empty(scalar, &shape);
        let inputs = [(&x, full.clone()), (&top, row.clone()), (&sum, row)];
        let out = w.generic(&"p".repeat(rank), &inputs, (&empty, full), |w, e| leave(w, e[0], e[1], e[2]));
        return w.returns(out);
    }
    let out = w.array(scalar, &shape);
    let order: Vec<usize> = (0..rows).collect();
    w.nest(&shape[..rows], &order, &mut |w, counters| {
        let place = |j: Value| counters.iter().map(|c| at(*c)).chain([at(j)]).collect::<Vec<_>>();
        let element = |w: &mut Writer, j: Value| {
            let x = w.load(&a, &place(j));
            let m = if masked { w.load(&mask, &place(j)) } else { x };
            enter(w, x, m)
        };
        let length = shape[rows];
        let lowest = w.extreme(scalar, true);
        let top = if stable {
            w.fold(0u64, length, lowest, |w, j, acc| {
                let x = element(w, j);
                w.max(acc, x)
            })
        } else {
            lowest
        };
        let zero = w.float(scalar, 0.0);
        let sum = w.fold(0u64, length, zero, |w, j, acc| {
            let x = element(w, j);
            let off = if stable { w.sub(x, top) } else { x };
            let power = w.unary("math.exp", off);
            w.add(acc, power)
        });
        w.each(0u64, length, |w, j| {
            let x = element(w, j);
            let y = leave(w, x, top, sum);
            w.store(y, &out, &place(j));
        });
    });
}

/// Layer, root-mean-square, batch, group and instance normalisation.
pub fn normalisation(w: &mut Writer, d: &mut Draw, s: &mut Draw) {
    let scalar = float_type(d);
    let kind = d.below(4);
    let (rows, columns) = (d.size(), d.size());
    let (scaled, shifted, residual) = (d.chance(70), d.chance(50), d.chance(35));
    let finish = Chain::draw(d, scalar, 2);
    let two_pass = d.chance(50);
    let columnwise = kind == 2;
    let groups = if kind == 3 { d.within(2, 8) } else { 1 };
    let swapped = s.chance(50);
    let shape = if columnwise { vec![columns, rows] } else { vec![rows, groups, columns] };
    let (a, rest) = (w.array(scalar, &shape), w.array(scalar, &shape));
    let (gain, bias) = (w.array(scalar, &[columns]), w.array(scalar, &[columns]));
    let out = w.array(scalar, &shape);
    let place = |i: Value, g: Value, j: Value| -> Vec<_> {
        if columnwise { vec![at(j), at(i)] } else { vec![at(i), at(g), at(j)] }
    };
    let order = if swapped { [1, 0] } else { [0, 1] };
    w.nest(&[rows, groups], &order, &mut |w, counters| {
        let (i, g) = (counters[0], counters[1]);
        let element = |w: &mut Writer, j: Value| {
            let x = w.load(&a, &place(i, g, j));
            if !residual {
                return x;
            }
            let r = w.load(&rest, &place(i, g, j));
            w.add(x, r)
        };
        let (zero, share) = (w.float(scalar, 0.0), w.float(scalar, 1.0 / columns as f64));
        // Root-mean-square normalisation has no mean.
        let (mean, squares) = if kind == 1 {
            let squares = w.fold(0u64, columns, zero, |w, j, acc| {
                let x = element(w, j);
                w.fma(x, x, acc)
            });
            (zero, w.mul(squares, share))
        } else if two_pass {
            let sum = w.fold(0u64, columns, zero, |w, j, acc| {
                let x = element(w, j);
                w.add(acc, x)
            });
            let mean = w.mul(sum, share);
            let squares = w.fold(0u64, columns, zero, |w, j, acc| {
                let x = element(w, j);
                let off = w.sub(x, mean);
                w.fma(off, off, acc)
            });
            (mean, w.mul(squares, share))
        } else {
            let sums = w.carry(0u64, columns, &[zero, zero], |w, j, acc| {
                let x = element(w, j);
                vec![w.add(acc[0], x), w.fma(x, x, acc[1])]
            });
            let (mean, square) = (w.mul(sums[0], share), w.mul(sums[1], share));
            let mean_square = w.mul(mean, mean);
            (mean, w.sub(square, mean_square))
        };
        let small = w.float(scalar, 0.00001);
        let shifted_variance = w.add(squares, small);
        let factor = w.unary("math.rsqrt", shifted_variance);
        w.each(0u64, columns, |w, j| {
            let x = element(w, j);
            let off = if kind == 1 { x } else { w.sub(x, mean) };
            let mut y = w.mul(off, factor);
            if scaled {
                let gain = w.load(&gain, &[at(j)]);
                y = w.mul(y, gain);
            }
            if shifted {
                let bias = w.load(&bias, &[at(j)]);
                y = w.add(y, bias);
            }
            let y = finish.apply(w, y);
            w.store(y, &out, &place(i, g, j));
        });
    });
}

/// Histograms and binned sums: the bin is computed or read.
pub fn histogram(w: &mut Writer, d: &mut Draw, s: &mut Draw) {
    let count = d.pick(&[Scalar::I32, Scalar::I64, Scalar::F32]);
    let data = d.pick(&[Scalar::I32, Scalar::I8, Scalar::F32]);
    let (length, bins) = (d.length(), d.pick(&[16u64, 32, 64, 100, 256]));
    let (weighted, two, clamped) = (d.chance(40), d.chance(35), d.chance(60));
    let before = Chain::draw(d, data, 2);
    let unrolled = s.pick(&[1u64, 1, 2, 4]);
    let a = w.array(data, &[length]);
    let weights = w.array(count, &[length]);
    let tables: Vec<Buffer> = (0..if two { 2 } else { 1 }).map(|_| w.array(count, &[bins])).collect();
    w.each(0u64, length / unrolled, |w, i| {
        for part in 0..unrolled {
            let place = at(i) * unrolled as i64 + part;
            let value = w.load(&a, std::slice::from_ref(&place));
            let value = before.apply(w, value);
            let mut bin = w.cast(value, if data.bits() < 32 { Scalar::I32 } else { data });
            bin = w.cast(bin, Scalar::I32);
            let (zero, last) = (w.integer(Scalar::I32, 0), w.integer(Scalar::I32, bins as i64 - 1));
            if clamped {
                bin = w.max(bin, zero);
                bin = w.min(bin, last);
            } else {
                let size = w.integer(Scalar::I32, bins as i64);
                bin = w.binary("arith.remui", bin, size);
            }
            let bin = w.cast(bin, Scalar::Index);
            let amount = if weighted { w.load(&weights, &[place]) } else { w.number(count, 1.0) };
            for (which, table) in tables.iter().enumerate() {
                let amount = if which == 1 { w.mul(amount, amount) } else { amount };
                w.update(table, &[at(bin)], |w, old| w.add(old, amount));
            }
        }
    });
}
