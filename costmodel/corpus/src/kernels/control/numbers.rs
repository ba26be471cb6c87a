//! Integer arithmetic beyond sums and shifts, and narrow element types.

use crate::kernels::draw::Draw;
use crate::kernels::types::{Buffer, Scalar, Type, Value, at};
use crate::kernels::writer::Writer;

/// A loop over words of two arrays into a third, by vectors where the schedule says so.
fn each_word(
    w: &mut Writer,
    s: &mut Draw,
    scalar: Scalar,
    length: u64,
    mut body: impl FnMut(&mut Writer, Value, Value) -> Value,
) {
    let lanes = s.pick(&[0u64, 0, 0, 4, 8, 16]);
    let copies = s.pick(&[1u64, 1, 2, 4]);
    let step = lanes.max(1) * copies;
    let length = length.next_multiple_of(step);
    let (a, b) = (w.array(scalar, &[length]), w.array(scalar, &[length]));
    let out = w.array(scalar, &[length]);
    w.strided(0u64, length, step, |w, i| {
        for copy in 0..copies {
            let place = [at(i) + copy * lanes.max(1)];
            let load = |w: &mut Writer, a: &Buffer| match lanes {
                0 => w.load(a, &place),
                lanes => w.load_lanes(a, &place, lanes),
            };
            let (x, y) = (load(w, &a), load(w, &b));
            let value = body(w, x, y);
            match lanes {
                0 => w.store(value, &out, &place),
                _ => w.store_lanes(value, &out, &place),
            }
        }
    });
}

/// Quotients and remainders: signed and unsigned, rounded in every way, by constants and by elements.
pub fn division(w: &mut Writer, d: &mut Draw, s: &mut Draw) {
    let scalar = d.pick(&[Scalar::I32, Scalar::I32, Scalar::I64, Scalar::I64, Scalar::I16, Scalar::I8]);
    let (length, count) = (d.length(), d.within(1, 4));
    let limit = if scalar == Scalar::I8 { 100 } else { 10_000 };
    let operations = ["divsi", "divui", "remsi", "remui", "ceildivsi", "floordivsi", "ceildivui"];
    let steps: Vec<(&str, bool, i64)> =
        (0..count).map(|_| (d.pick(&operations), d.chance(60), d.within(2, limit) as i64)).collect();
    let joined = d.pick(&["addi", "xori", "subi", "muli"]);
    each_word(w, s, scalar, length, |w, x, y| {
        let one = w.integer(x.ty, 1);
        let mut value = x;
        for &(operation, constant, number) in &steps {
            let divisor = if constant { w.integer(x.ty, number) } else { w.binary("arith.ori", y, one) };
            let result = w.binary(&format!("arith.{operation}"), value, divisor);
            value = w.binary(&format!("arith.{joined}"), result, x);
        }
        value
    });
}

/// Dates and times of day: years, months and days from days, weekdays, leap years, hours from seconds, digits.
pub fn calendar(w: &mut Writer, d: &mut Draw, s: &mut Draw) {
    let scalar = d.pick(&[Scalar::I32, Scalar::I64, Scalar::I64]);
    let (length, kind, offset) = (d.length(), d.below(5), d.within(1, 1000) as i64);
    let signed = d.chance(50);
    let digits = d.within(2, 9);
    each_word(w, s, scalar, length, |w, x, y| {
        let by = |w: &mut Writer, operation: &str, a: Value, number: i64| {
            let number = w.integer(a.ty, number);
            w.binary(&format!("arith.{operation}"), a, number)
        };
        let (div, rem) = if signed { ("divsi", "remsi") } else { ("divui", "remui") };
        let x = by(w, "addi", x, offset);
        match kind {
            0 => date(w, by, div, x),
            1 => {
                // A leap year divides by four and not by a hundred, or by four hundred.
                let zero = w.integer(x.ty, 0);
                let rests = [4, 100, 400].map(|years| by(w, rem, x, years));
                let fourth = w.compare("eq", rests[0], zero);
                let other = w.compare("ne", rests[1], zero);
                let long = w.compare("eq", rests[2], zero);
                let usual = w.binary("arith.andi", fourth, other);
                let leap = w.binary("arith.ori", usual, long);
                let days = [365, 366].map(|days| w.integer(x.ty, days));
                w.select(leap, days[1], days[0])
            }
            2 => {
                let (seconds, rest) = (by(w, rem, x, 60), by(w, div, x, 60));
                let (minutes, rest) = (by(w, rem, rest, 60), by(w, div, rest, 60));
                let (hours, days) = (by(w, rem, rest, 24), by(w, div, rest, 24));
                let weekday = by(w, rem, days, 7);
                [minutes, hours, weekday].into_iter().fold(seconds, |packed, part| {
                    let packed = by(w, "shli", packed, 6);
                    w.binary("arith.ori", packed, part)
                })
            }
            3 => {
                // The sum of decimal digits.
                let (mut rest, mut sum) = (x, w.integer(x.ty, 0));
                for _ in 0..digits {
                    let digit = by(w, rem, rest, 10);
                    sum = w.add(sum, digit);
                    rest = by(w, div, rest, 10);
                }
                sum
            }
            _ => {
                let difference = w.sub(x, y);
                let weeks = by(w, "floordivsi", difference, 7);
                let rest = by(w, rem, difference, 7);
                let scaled = by(w, "muli", weeks, 5);
                let most = by(w, "minsi", rest, 5);
                w.add(scaled, most)
            }
        }
    });
}

/// Year, month and day of a day number, packed (Hinnant's algorithm).
fn date(w: &mut Writer, by: impl Fn(&mut Writer, &str, Value, i64) -> Value, div: &str, x: Value) -> Value {
    let era = by(w, div, x, 146_097);
    let before = by(w, "muli", era, 146_097);
    let day_of_era = w.sub(x, before);
    let parts = [1460, 36_524, 146_096].map(|days| by(w, div, day_of_era, days));
    let days = w.sub(day_of_era, parts[0]);
    let days = w.add(days, parts[1]);
    let days = w.sub(days, parts[2]);
    let year = by(w, div, days, 365);
    let whole = by(w, "muli", year, 365);
    let day_of_year = w.sub(day_of_era, whole);
    let month = by(w, "muli", day_of_year, 5);
    let month = by(w, "addi", month, 2);
    let month = by(w, div, month, 153);
    let first = by(w, "muli", month, 153);
    let first = by(w, "addi", first, 2);
    let first = by(w, div, first, 5);
    let day = w.sub(day_of_year, first);
    let packed = by(w, "muli", year, 512);
    let month = by(w, "muli", month, 32);
    let packed = w.add(packed, month);
    w.add(packed, day)
}

/// Two results of an operation on two words: low and high, or sum and carry.
fn pair(w: &mut Writer, operation: &str, a: Value, b: Value, second: Type) -> [Value; 2] {
    let both = w.define(a.ty);
    let types = if second == a.ty { a.ty.to_string() } else { format!("{}, {second}", a.ty) };
    w.line(&format!("{both}:2 = arith.{operation} {a}, {b} : {types}"));
    [Value { part: Some(0), ..both }, Value { part: Some(1), ty: second, ..both }]
}

/// Products with both halves: fixed-point scaling, mixed hashes, sums and products of long numbers by words.
pub fn wide_product(w: &mut Writer, d: &mut Draw, s: &mut Draw) {
    let scalar = d.pick(&[Scalar::I32, Scalar::I64, Scalar::I64]);
    let (length, kind, rounds) = (d.length(), d.below(4), d.within(1, 5));
    let (signed, factor, shift) = (d.chance(50), d.within(3, 1_000_000) as i64 | 1, d.within(1, 14) as i64);
    let operation = if signed { "mulsi_extended" } else { "mului_extended" };
    if kind == 3 {
        let words = d.within(2, 6) as usize;
        return long_numbers(w, s, scalar, length, words);
    }
    each_word(w, s, scalar, length, |w, x, y| {
        let mut value = x;
        for round in 0..rounds {
            let other = if kind == 1 || round % 2 == 1 { y } else { w.integer(x.ty, factor + round as i64) };
            let [low, high] = pair(w, operation, value, other, x.ty);
            value = match kind {
                0 => {
                    let shift = w.integer(x.ty, shift);
                    w.binary(if signed { "arith.shrsi" } else { "arith.shrui" }, high, shift)
                }
                1 => w.binary("arith.xori", low, high),
                _ => w.add(low, high),
            };
        }
        w.binary("arith.xori", value, y)
    });
}

/// Sums of numbers of several words, with carries, times one word.
fn long_numbers(w: &mut Writer, s: &mut Draw, scalar: Scalar, count: u64, words: usize) {
    let last = s.chance(50);
    let size = words as u64;
    let shape = if last { [count, size] } else { [size, count] };
    let [a, b, out] = [(); 3].map(|()| w.array(scalar, &shape));
    w.each(0u64, count, |w, i| {
        let mut carry = w.integer(scalar, 0);
        for word in 0..size {
            let place = if last { [at(i), word.into()] } else { [word.into(), at(i)] };
            let (x, y) = (w.load(&a, &place), w.load(&b, &place));
            let [low, high] = pair(w, "mului_extended", x, y, scalar.into());
            let [sum, over] = pair(w, "addui_extended", low, carry, Scalar::I1.into());
            let over = w.cast(over, scalar);
            carry = w.add(high, over);
            w.store(sum, &out, &place);
        }
    });
}

/// Number theory with a fixed number of steps: greatest common divisors, powers by a modulus, Collatz steps, square roots, bit counts.
pub fn number_theory(w: &mut Writer, d: &mut Draw, s: &mut Draw) {
    let scalar = d.pick(&[Scalar::I32, Scalar::I64, Scalar::I64]);
    let (length, kind, steps) = (d.within(1, 16) * 32, d.below(5), d.within(4, 24));
    let (modulus, exponent) = (d.within(3, 30_000) as i64 | 1, d.within(3, 4095));
    let unrolled = s.chance(30) && steps < 12;
    each_word(w, s, scalar, length, |w, x, y| {
        let (zero, one) = (w.integer(x.ty, 0), w.integer(x.ty, 1));
        if kind == 4 {
            return bit_counts(w, x, y);
        }
        let modulus = w.integer(x.ty, modulus);
        let step = |w: &mut Writer, a: Value, b: Value, bit: bool| match kind {
            0 => {
                // Euclid; the divisor is never zero.
                let divisor = w.binary("arith.maxsi", b, one);
                let rest = w.binary("arith.remsi", a, divisor);
                [b, rest]
            }
            1 => {
                let square = w.mul(b, b);
                let square = w.binary("arith.remui", square, modulus);
                if !bit {
                    return [a, square];
                }
                let product = w.mul(a, square);
                [w.binary("arith.remui", product, modulus), square]
            }
            2 => {
                let three = w.integer(x.ty, 3);
                let odd = w.binary("arith.andi", a, one);
                let is_odd = w.compare("ne", odd, zero);
                let tripled = w.mul(a, three);
                let tripled = w.add(tripled, one);
                let halved = w.binary("arith.shrui", a, one);
                [w.select(is_odd, tripled, halved), w.add(b, one)]
            }
            _ => {
                // Newton's step of the square root of the first.
                let divisor = w.binary("arith.maxsi", b, one);
                let quotient = w.binary("arith.divsi", a, divisor);
                let sum = w.add(divisor, quotient);
                [a, w.binary("arith.shrsi", sum, one)]
            }
        };
        let last = if unrolled {
            (0..steps).fold([x, y], |[a, b], bit| step(w, a, b, exponent >> (bit % 12) & 1 == 1)).to_vec()
        } else {
            w.carry(0u64, steps, &[x, y], |w, _, v| step(w, v[0], v[1], true).to_vec())
        };
        w.add(last[0], last[1])
    });
}

/// Counts of bits, leading and trailing zeros, and what is made of them: logarithms, parities, distances.
fn bit_counts(w: &mut Writer, x: Value, y: Value) -> Value {
    let one = w.integer(x.ty, 1);
    let different = w.binary("arith.xori", x, y);
    let distance = w.unary("math.ctpop", different);
    let leading = w.unary("math.ctlz", x);
    let trailing = w.unary("math.cttz", y);
    let parity = w.binary("arith.andi", distance, one);
    let sum = w.add(leading, trailing);
    let scaled = w.binary("arith.shli", sum, parity);
    w.add(scaled, distance)
}

/// Checksums over bytes: cyclic ones bit by bit and by table, Adler, Fletcher, FNV; rows of messages.
pub fn checksum(w: &mut Writer, d: &mut Draw, s: &mut Draw) {
    let word = d.pick(&[Scalar::I32, Scalar::I32, Scalar::I64, Scalar::I16]);
    let (messages, length, kind) = (d.within(1, 64), d.within(8, 1000), d.below(5));
    let (polynomial, bits) = (d.within(4000, 30_000) as i64, d.pick(&[4u64, 8]));
    let unrolled = s.chance(50);
    let data = w.array(Scalar::I8, &[messages, length]);
    let (table, out) = (w.array(word, &[256]), w.array(word, &[messages]));
    let byte = |w: &mut Writer, r: Value, i: Value| {
        let value = w.load(&data, &[at(r), at(i)]);
        w.result(word, &format!("arith.extui {value} : i8 to {}", word.name()))
    };
    w.each(0u64, messages, |w, r| {
        let (one, start) = (w.integer(word, 1), w.integer(word, 17));
        let last = w.carry(0u64, length, &[start, one], |w, i, sums| {
            let x = byte(w, r, i);
            let mixed = w.binary("arith.xori", sums[0], x);
            match kind {
                0 => {
                    let turn = |w: &mut Writer, v: Value| {
                        let (polynomial, zero) = (w.integer(word, polynomial), w.integer(word, 0));
                        let low = w.binary("arith.andi", v, one);
                        let odd = w.compare("ne", low, zero);
                        let half = w.binary("arith.shrui", v, one);
                        let other = w.binary("arith.xori", half, polynomial);
                        w.select(odd, other, half)
                    };
                    let next = if unrolled {
                        (0..bits).fold(mixed, |v, _| turn(w, v))
                    } else {
                        w.fold(0u64, bits, mixed, |w, _, v| turn(w, v))
                    };
                    vec![next, sums[1]]
                }
                1 => {
                    let (mask, eight) = (w.integer(word, 255), w.integer(word, 8));
                    let low = w.binary("arith.andi", mixed, mask);
                    let place =
                        w.result(Scalar::Index, &format!("arith.index_castui {low} : {} to index", word.name()));
                    let entry = w.load(&table, &[at(place)]);
                    let rest = w.binary("arith.shrui", sums[0], eight);
                    vec![w.binary("arith.xori", entry, rest), sums[1]]
                }
                2 | 3 => {
                    let modulus = w.integer(
                        word,
                        match (kind, word) {
                            (3, _) => 255,
                            (_, Scalar::I16) => 251,
                            _ => 65_521,
                        },
                    );
                    let sum = w.add(sums[0], x);
                    let sum = w.binary("arith.remui", sum, modulus);
                    let both = w.add(sums[1], sum);
                    vec![sum, w.binary("arith.remui", both, modulus)]
                }
                _ => {
                    let prime = w.integer(word, 16_777 + 2 * (polynomial / 2));
                    let next = w.mul(mixed, prime);
                    vec![next, w.add(sums[1], next)]
                }
            }
        });
        let value = w.binary("arith.xori", last[0], last[1]);
        w.store(value, &out, &[at(r)]);
    });
}

/// Image code on bytes and shorts without signs: blends, averages, saturated sums, colours, contrast.
pub fn pixels(w: &mut Writer, d: &mut Draw, s: &mut Draw) {
    let narrow = d.pick(&[Scalar::I8, Scalar::I8, Scalar::I16]);
    let wide = if narrow == Scalar::I8 { d.pick(&[Scalar::I16, Scalar::I32]) } else { Scalar::I32 };
    let (length, kind) = (d.length() * d.within(1, 4), d.below(5));
    let (alpha, gain, shift) = (d.within(1, 100) as i64, d.within(2, 31) as i64, d.within(1, 6) as i64);
    let most = if narrow == Scalar::I8 { 255 } else { 32_767 };
    each_word(w, s, narrow, length, |w, x, y| {
        let ty = Type { scalar: wide, lanes: x.ty.lanes };
        let [x, y] = [x, y].map(|v| w.result(ty, &format!("arith.extui {v} : {} to {ty}", v.ty)));
        let number = |w: &mut Writer, number: i64| w.integer(ty, number);
        let (one, shift) = (number(w, 1), number(w, shift));
        let value = match kind {
            0 => {
                let (alpha, rest, eight) = (number(w, alpha), number(w, 128 - alpha), number(w, 7));
                let (x, y) = (w.mul(x, alpha), w.mul(y, rest));
                let sum = w.add(x, y);
                w.binary("arith.shrui", sum, eight)
            }
            1 => {
                let sum = w.add(x, y);
                let sum = w.add(sum, one);
                w.binary("arith.shrui", sum, one)
            }
            2 => w.add(x, y),
            3 => {
                let difference = w.sub(x, y);
                let zero = number(w, 0);
                let other = w.sub(zero, difference);
                w.binary("arith.maxsi", difference, other)
            }
            _ => {
                let (gain, middle) = (number(w, gain), number(w, 64));
                let centred = w.sub(x, middle);
                let scaled = w.mul(centred, gain);
                let scaled = w.binary("arith.shrsi", scaled, shift);
                let sum = w.add(scaled, middle);
                w.add(sum, y)
            }
        };
        let (low, high) = (number(w, 0), number(w, most));
        let value = w.binary("arith.minsi", value, high);
        let value = w.binary("arith.maxsi", value, low);
        w.cast(value, narrow)
    });
}

/// Sound on 16-bit samples: filters with saturation, mixes, resampling, envelopes with feedback.
pub fn audio(w: &mut Writer, d: &mut Draw, s: &mut Draw) {
    let (length, channels, kind) = (d.length(), d.pick(&[1u64, 2, 2, 6]), d.below(3));
    let taps: Vec<i64> = (0..d.within(2, 16)).map(|_| d.within(1, 4000) as i64 - 1000).collect();
    let (decay, shift) = (d.within(100, 32_000) as i64, d.pick(&[8i64, 12, 14, 15]));
    let channel_first = s.chance(50);
    let extent = length + taps.len() as u64;
    let shape = if channel_first { [channels, extent] } else { [extent, channels] };
    let (a, out) = (w.array(Scalar::I16, &shape), w.array(Scalar::I16, &shape));
    let saturated = |w: &mut Writer, sum: Value| {
        let bits = w.integer(Scalar::I32, shift);
        let value = w.binary("arith.shrsi", sum, bits);
        let (low, high) = (w.integer(Scalar::I32, -32_768), w.integer(Scalar::I32, 32_767));
        let value = w.min(value, high);
        let value = w.max(value, low);
        w.cast(value, Scalar::I16)
    };
    w.each(0u64, channels, |w, c| {
        let place = |i: crate::kernels::types::Subscript| if channel_first { [at(c), i] } else { [i, at(c)] };
        let sample = |w: &mut Writer, i: crate::kernels::types::Subscript| {
            let value = w.load(&a, &place(i));
            w.cast(value, Scalar::I32)
        };
        if kind == 2 {
            let start = w.integer(Scalar::I32, 0);
            let last = w.fold(0u64, length, start, |w, i, envelope| {
                let x = sample(w, at(i));
                let (decay, bits) = (w.integer(Scalar::I32, decay), w.integer(Scalar::I32, 15));
                let kept = w.mul(envelope, decay);
                let kept = w.binary("arith.shrsi", kept, bits);
                let next = w.add(kept, x);
                let value = saturated(w, next);
                w.store(value, &out, &place(at(i)));
                next
            });
            let value = w.cast(last, Scalar::I16);
            return w.store(value, &out, &place(length.into()));
        }
        w.each(0u64, length, |w, i| {
            let mut sum = w.integer(Scalar::I32, if kind == 0 { 0 } else { 1 << (shift - 1) });
            for (tap, weight) in taps.iter().enumerate() {
                let x = sample(w, at(i) + tap as u64);
                let weight = w.integer(Scalar::I32, *weight);
                let term = w.mul(x, weight);
                sum = w.add(sum, term);
            }
            let value = saturated(w, sum);
            w.store(value, &out, &place(at(i)));
        });
    });
}

/// Element-wise steps and reductions on 16-bit floats, widened for the arithmetic or not.
pub fn half(w: &mut Writer, d: &mut Draw, s: &mut Draw) {
    let narrow = d.pick(&[Scalar::F16, Scalar::Bf16, Scalar::Bf16]);
    let (rows, columns) = (d.size(), d.within(1, 12) * 32);
    let (kind, widened) = (d.below(4), d.chance(70));
    let (scale, shift) = (d.coefficient(), d.coefficient());
    let lanes = s.pick(&[0u64, 0, 8, 16]);
    let arithmetic = if widened { Scalar::F32 } else { narrow };
    let (a, b) = (w.array(narrow, &[rows, columns]), w.array(narrow, &[rows, columns]));
    let (out, totals) = (w.array(narrow, &[rows, columns]), w.array(narrow, &[rows]));
    let load = |w: &mut Writer, from: &Buffer, r: Value, j: Value| {
        let place = [at(r), at(j) * lanes.max(1) as i64];
        let value = if lanes > 0 { w.load_lanes(from, &place, lanes) } else { w.load(from, &place) };
        w.cast(value, arithmetic)
    };
    let step = |w: &mut Writer, x: Value, y: Value| {
        let (scale, shift) = (w.float(x.ty, scale), w.float(x.ty, shift));
        match kind {
            0 => w.fma(x, scale, y),
            1 => {
                let moved = w.add(x, shift);
                w.mul(moved, y)
            }
            2 => {
                let zero = w.float(x.ty, 0.0);
                let sum = w.add(x, y);
                w.max(sum, zero)
            }
            _ => {
                let difference = w.sub(x, y);
                w.mul(difference, difference)
            }
        }
    };
    w.each(0u64, rows, |w, r| {
        let start = w.float(Type { scalar: arithmetic, lanes }, 0.0);
        let body = |w: &mut Writer, j: Value| {
            let (x, y) = (load(w, &a, r, j), load(w, &b, r, j));
            step(w, x, y)
        };
        let extent = columns / lanes.max(1);
        if kind % 2 == 1 {
            let sum = w.fold(0u64, extent, start, |w, j, sum| {
                let value = body(w, j);
                w.add(sum, value)
            });
            let sum = if lanes > 0 { w.across("add", sum) } else { sum };
            let sum = w.cast(sum, narrow);
            return w.store(sum, &totals, &[at(r)]);
        }
        w.each(0u64, extent, |w, j| {
            let value = body(w, j);
            let value = w.cast(value, narrow);
            let place = [at(r), at(j) * lanes.max(1) as i64];
            if lanes > 0 { w.store_lanes(value, &out, &place) } else { w.store(value, &out, &place) }
        });
    });
}
