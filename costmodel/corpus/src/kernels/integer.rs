//! Integer kernels: hashes and bit tricks, random numbers, quantised products.

use super::chain::Chain;
use super::contraction::{Contraction, Start};
use super::dense::finish_with;
use super::draw::Draw;
use super::linalg::Access;
use super::types::{Buffer, Scalar, Value, at};
use super::writer::{Form, Writer};

/// A random sequence of mixing steps on one word, with a second word as key.
struct Mix(Vec<(usize, i64)>);

impl Mix {
    fn draw(d: &mut Draw, steps: usize) -> Self {
        Self((0..steps).map(|_| (d.below(10), d.within(1, 27) as i64)).collect())
    }

    fn write(&self, w: &mut Writer, word: Value, key: Value) -> Value {
        self.0.iter().fold(word, |x, &(kind, bits)| {
            let ty = x.ty;
            let shift = w.integer(ty, bits % i64::from(ty.scalar.bits()).max(2));
            match kind {
                0 | 1 => {
                    let shifted = w.binary("arith.shrui", x, shift);
                    w.binary("arith.xori", x, shifted)
                }
                2 => {
                    let shifted = w.binary("arith.shli", x, shift);
                    w.binary("arith.xori", x, shifted)
                }
                3 => {
                    let odd = w.integer(ty, (74 * bits) % if ty.scalar.bits() == 8 { 126 } else { 2000 } + 1);
                    w.mul(x, odd)
                }
                4 => w.add(x, key),
                5 => w.binary("arith.xori", x, key),
                6 => {
                    // Rotation.
                    let rest = w.integer(ty, i64::from(ty.scalar.bits()) - bits % i64::from(ty.scalar.bits()).max(2));
                    let (left, right) = (w.binary("arith.shli", x, shift), w.binary("arith.shrui", x, rest));
                    w.binary("arith.ori", left, right)
                }
                7 => w.unary("math.ctpop", x),
                8 => {
                    let mask = w.integer(ty, 85);
                    let (even, shifted) = (w.binary("arith.andi", x, mask), w.binary("arith.shrui", x, shift));
                    let odd = w.binary("arith.andi", shifted, mask);
                    w.add(even, odd)
                }
                _ => w.binary("arith.andi", x, key),
            }
        })
    }
}

/// Hashes, checksums, bit reversals and population counts over arrays of words.
pub fn bitwise(w: &mut Writer, d: &mut Draw, s: &mut Draw) {
    let scalar = d.pick(&[Scalar::I32, Scalar::I32, Scalar::I64, Scalar::I16, Scalar::I8]);
    let length = d.length();
    let steps = d.pick(&[2, 4, 6, 10, 16, 24]);
    let mix = Mix::draw(d, steps);
    let chained = d.chance(40);
    let unrolled = s.pick(&[1u64, 1, 2, 4, 8]);
    let a = w.array(scalar, &[length]);
    let b = w.array(scalar, &[length]);
    if w.form == Form::Linalg {
        let result = w.elementwise(&[&a, &b], scalar, |w, e| mix.write(w, e[0], e[1]));
        return w.returns(result);
    }
    let out = w.array(scalar, &[length]);
    if chained {
        let start = w.integer(scalar, 17);
        let last = w.fold(0u64, length, start, |w, i, acc| {
            let (x, y) = (w.load(&a, &[at(i)]), w.load(&b, &[at(i)]));
            let x = w.binary("arith.xori", x, acc);
            mix.write(w, x, y)
        });
        return w.store(last, &out, &[0u64.into()]);
    }
    w.each(0u64, length / unrolled, |w, i| {
        for part in 0..unrolled {
            let place = [at(i) * unrolled as i64 + part];
            let (x, y) = (w.load(&a, &place), w.load(&b, &place));
            let value = mix.write(w, x, y);
            w.store(value, &out, &place);
        }
    });
}

/// Generators of random numbers, several streams in registers: shifts, congruences, lagged sums; samples summed.
pub fn random_numbers(w: &mut Writer, d: &mut Draw, s: &mut Draw) {
    let scalar = d.pick(&[Scalar::I32, Scalar::I64]);
    let float = d.pick(&[Scalar::F32, Scalar::F64]);
    let count = d.length();
    let streams = d.pick(&[1usize, 2, 4, 6, 8, 12]);
    let steps = d.pick(&[3, 5, 8]);
    let mix = Mix::draw(d, steps);
    let (inside, stored) = (d.chance(50), d.chance(50));
    let shaped = Chain::draw(d, float, 2);
    let swapped = s.chance(50);
    let seeds = w.array(scalar, &[16]);
    let out = w.array(float, &[count + 1]);
    let start: Vec<Value> = (0..streams).map(|k| w.load(&seeds, &[(k as u64).into()])).collect();
    let zero = w.float(float, 0.0);
    let all: Vec<Value> = start.iter().copied().chain([zero]).collect();
    let last = w.carry(0u64, count, &all, |w, i, carried| {
        let mut next: Vec<Value> = Vec::new();
        let mut sum = carried[streams];
        for k in 0..streams {
            let other = carried[if swapped { k } else { (k + 1) % streams }];
            let word = mix.write(w, carried[k], other);
            next.push(word);
            let number = w.cast(word, float);
            let scale = w.float(float, 0.000_061);
            let number = w.mul(number, scale);
            let number = shaped.apply(w, number);
            sum = if inside {
                let square = w.mul(number, number);
                let one = w.float(float, 1.0);
                let within = w.compare("lt", square, one);
                let more = w.add(sum, one);
                w.select(within, more, sum)
            } else {
                w.add(sum, number)
            };
        }
        if stored {
            w.store(sum, &out, &[at(i)]);
        }
        next.push(sum);
        next
    });
    w.store(last[streams], &out, &[count.into()]);
}

/// Products of 8- and 16-bit integers into 32 bits, with zero points and requantisation.
pub fn quantised_matmul(w: &mut Writer, d: &mut Draw, s: &mut Draw) {
    let (left, right) =
        (d.pick(&[Scalar::I8, Scalar::I8, Scalar::I16]), d.pick(&[Scalar::I8, Scalar::I8, Scalar::I16]));
    let wide = if left == Scalar::I16 && right == Scalar::I16 { Scalar::I64 } else { Scalar::I32 };
    let vector = d.chance(25);
    let (rows, columns, depth) = (if vector { 1 } else { d.size() }, d.size(), d.size());
    let transposed = d.chance(50);
    let zero_points = d.chance(60).then(|| (d.within(1, 100) as i64, d.within(1, 100) as i64));
    let requantised = d.below(4);
    let (factor, bits) = (d.within(3, 900) as i64, d.within(3, 12) as i64);
    let bias = d.chance(50);
    let steps = Chain::draw(d, wide, 2);
    let a = Access::dims(&[0, 2]);
    let b = Access::dims(if transposed { &[1, 2] } else { &[2, 1] });
    let extents = vec![rows, columns, depth];
    let inputs = vec![(w.array(left, &a.extents(&extents)), a), (w.array(right, &b.extents(&extents)), b)];
    let biases = w.array(wide, &[columns]);
    let contraction = Contraction {
        extents,
        parallel: 2,
        inputs,
        output: Access::dims(&[0, 1]),
        scalar: wide,
        start: Start::Number(0.0),
        combine: &|w, acc, e| {
            let (mut x, mut y) = (w.cast(e[0], wide), w.cast(e[1], wide));
            if let Some((p, q)) = zero_points {
                let (p, q) = (w.integer(wide, p), w.integer(wide, q));
                x = w.sub(x, p);
                y = w.sub(y, q);
            }
            let product = w.mul(x, y);
            w.add(acc, product)
        },
        finish: steps,
    };
    if requantised == 0 {
        return finish_with(w, s, &contraction);
    }
    let requantise = |w: &mut Writer, sum: Value, bias_value: Value| {
        let sum = if bias { w.add(sum, bias_value) } else { sum };
        let value = if requantised == 1 {
            let scaled = w.cast(sum, Scalar::F32);
            let scale = w.float(Scalar::F32, factor as f64 / 4096.0);
            let scaled = w.mul(scaled, scale);
            let scaled = w.unary("math.roundeven", scaled);
            w.cast(scaled, Scalar::I32)
        } else {
            let factor = w.integer(wide, factor);
            let product = w.mul(sum, factor);
            let bits = w.integer(wide, bits);
            w.binary("arith.shrsi", product, bits)
        };
        let (low, high) = (w.integer(value.ty, -128), w.integer(value.ty, 127));
        let below = w.min(value, high);
        let clamped = w.max(below, low);
        w.cast(clamped, Scalar::I8)
    };
    let sums = contraction.write(w, s);
    if w.form == Form::Linalg {
        let empty = w.empty(Scalar::I8, &[rows, columns]);
        let inputs = [(&sums, Access::dims(&[0, 1])), (&biases, Access::dims(&[1]))];
        let result = w.generic("pp", &inputs, (&empty, Access::dims(&[0, 1])), |w, e| requantise(w, e[0], e[1]));
        return w.returns(result);
    }
    let out: Buffer = w.array(Scalar::I8, &[rows, columns]);
    w.nest(&[rows, columns], &s.order(2), &mut |w, counters| {
        let (i, j) = (counters[0], counters[1]);
        let sum = w.load(&sums, &[at(i), at(j)]);
        let bias_value = if bias { w.load(&biases, &[at(j)]) } else { sum };
        let value = requantise(w, sum, bias_value);
        w.store(value, &out, &[at(i), at(j)]);
    });
}
