//! Stencils in one to three dimensions, time-stepped fields, and image filters.

use super::chain::Chain;
use super::dense::float_type;
use super::draw::Draw;
use super::types::{Buffer, Scalar, Subscript, Value, at};
use super::writer::{Form, Writer};

/// Offsets of the neighbours read, and the weight of each.
struct Pattern {
    radius: i64,
    taps: Vec<(Vec<i64>, f64)>,
}

impl Pattern {
    /// A star, a box, or a random part of a box.
    fn draw(d: &mut Draw, dimensions: usize) -> Self {
        let radius = if dimensions == 1 { d.within(1, 4) } else { d.pick(&[1, 1, 1, 2]) } as i64;
        let kind = d.below(3);
        let mut taps = Vec::new();
        let width = 2 * radius + 1;
        for cell in 0..width.pow(dimensions as u32) {
            let offset: Vec<i64> = (0..dimensions as u32).map(|i| cell / width.pow(i) % width - radius).collect();
            let axes = offset.iter().filter(|o| **o != 0).count();
            let taken = match kind {
                0 => axes <= 1,
                1 => radius == 1 || dimensions < 3 || axes <= 1,
                _ => axes == 0 || d.chance(45),
            };
            if taken {
                taps.push((offset, d.coefficient() / 8.0));
            }
        }
        Self { radius, taps }
    }
}

/// Sums the weighted neighbours; one weight for all where `uniform`.
fn weighted(w: &mut Writer, uniform: bool, fused: bool, elements: &[(Value, f64)]) -> Value {
    let mut sum: Option<Value> = None;
    for (element, weight) in elements {
        sum = Some(match sum {
            None if uniform => *element,
            None => {
                let weight = w.float(element.ty, *weight);
                w.mul(*element, weight)
            }
            Some(sum) if uniform => w.add(sum, *element),
            Some(sum) => {
                let weight = w.float(element.ty, *weight);
                if fused {
                    w.fma(*element, weight, sum)
                } else {
                    let term = w.mul(*element, weight);
                    w.add(sum, term)
                }
            }
        });
    }
    let sum = sum.expect("a stencil reads at least its centre");
    let share = w.float(sum.ty, 1.0 / elements.len() as f64);
    if uniform { w.mul(sum, share) } else { sum }
}

fn stencil(w: &mut Writer, d: &mut Draw, s: &mut Draw, dimensions: usize) {
    let scalar = float_type(d);
    let pattern = Pattern::draw(d, dimensions);
    let extent = |d: &mut Draw| match dimensions {
        1 => d.length(),
        2 => d.size(),
        _ => d.small_size(),
    };
    let inner: Vec<u64> = (0..dimensions).map(|_| extent(d)).collect();
    let (uniform, fused, coupled) = (d.chance(35), d.chance(35), d.chance(25));
    let before = if d.chance(20) { Chain::draw(d, scalar, 1) } else { Chain::default() };
    let finish = Chain::draw(d, scalar, 3);
    let order = s.order(dimensions);
    let outer: Vec<u64> = inner.iter().map(|e| e + 2 * pattern.radius as u64).collect();
    let source = w.array(scalar, &outer);
    let second = coupled.then(|| w.array(scalar, &outer));
    let combine = |w: &mut Writer, elements: &[Value], coupling: Option<Value>| {
        let elements: Vec<(Value, f64)> =
            elements.iter().zip(&pattern.taps).map(|(e, (_, weight))| (before.apply(w, *e), *weight)).collect();
        let sum = weighted(w, uniform, fused, &elements);
        let sum = coupling.map_or(sum, |c| w.mul(sum, c));
        finish.apply(w, sum)
    };
    if w.form == Form::Linalg {
        // Linalg infers loops from operand shapes, so neighbours are shifted parts of one size.
        let mut shifted = |offset: &[i64], from: &Buffer| {
            let offsets: Vec<i64> = offset.iter().map(|o| o + pattern.radius).collect();
            w.part(from, &offsets, &inner)
        };
        let mut operands: Vec<Buffer> = pattern.taps.iter().map(|(o, _)| shifted(o, &source)).collect();
        operands.extend(second.iter().map(|b| shifted(&vec![0; dimensions], b)));
        let operands: Vec<&Buffer> = operands.iter().collect();
        let result = w.elementwise(&operands, scalar, |w, e| {
            let taps = pattern.taps.len();
            combine(w, &e[..taps], coupled.then(|| e[taps]))
        });
        return w.returns(result);
    }
    let target = w.array(scalar, &outer);
    let ranges: Vec<(i64, i64)> = inner.iter().map(|e| (pattern.radius, *e as i64 + pattern.radius)).collect();
    w.nest_between(&ranges, &order, &mut |w, counters| {
        let place =
            |offset: &[i64]| -> Vec<Subscript> { counters.iter().zip(offset).map(|(c, o)| at(*c) + *o).collect() };
        let elements: Vec<Value> = pattern.taps.iter().map(|(o, _)| w.load(&source, &place(o))).collect();
        let centre = place(&vec![0; dimensions]);
        let coupling = second.as_ref().map(|b| w.load(b, &centre));
        let result = combine(w, &elements, coupling);
        w.store(result, &target, &centre);
    });
}

/// Stencils over a line.
pub fn stencil_1d(w: &mut Writer, d: &mut Draw, s: &mut Draw) {
    stencil(w, d, s, 1);
}

/// Stencils over a plane.
pub fn stencil_2d(w: &mut Writer, d: &mut Draw, s: &mut Draw) {
    stencil(w, d, s, 2);
}

/// Stencils over a volume.
pub fn stencil_3d(w: &mut Writer, d: &mut Draw, s: &mut Draw) {
    stencil(w, d, s, 3);
}

/// Fields stepped in time: in place (Seidel), between two arrays (heat), leapfrog (wave), staggered (FDTD).
pub fn time_stepping(w: &mut Writer, d: &mut Draw, s: &mut Draw) {
    let scalar = float_type(d);
    let dimensions = d.pick(&[1, 2, 2]);
    let pattern = Pattern::draw(d, dimensions);
    let inner: Vec<u64> = (0..dimensions).map(|_| if dimensions == 1 { d.length() } else { d.size() }).collect();
    let steps = d.pick(&[10, 20, 50, 100]);
    let kind = d.below(4);
    let (uniform, fused, rate) = (d.chance(35), d.chance(35), d.coefficient() / 8.0);
    let finish = Chain::draw(d, scalar, 1);
    let order = s.order(dimensions);
    let outer: Vec<u64> = inner.iter().map(|e| e + 2 * pattern.radius as u64).collect();
    let fields: Vec<Buffer> = (0..if kind == 3 { 3 } else { 2 }).map(|_| w.array(scalar, &outer)).collect();
    let ranges: Vec<(i64, i64)> = inner.iter().map(|e| (pattern.radius, *e as i64 + pattern.radius)).collect();
    let sweep = |w: &mut Writer, from: &Buffer, to: &Buffer| {
        w.nest_between(&ranges, &order, &mut |w, counters| {
            let place =
                |offset: &[i64]| -> Vec<Subscript> { counters.iter().zip(offset).map(|(c, o)| at(*c) + *o).collect() };
            let elements: Vec<(Value, f64)> =
                pattern.taps.iter().map(|(o, weight)| (w.load(from, &place(o)), *weight)).collect();
            let sum = weighted(w, uniform, fused, &elements);
            let centre = place(&vec![0; dimensions]);
            let result = if kind == 0 || kind == 1 {
                finish.apply(w, sum)
            } else {
                // Leapfrog and staggered updates add to what is there.
                let rate = w.float(scalar, rate);
                let old = w.load(to, &centre);
                let change = w.mul(sum, rate);
                let new = w.sub(old, change);
                finish.apply(w, new)
            };
            w.store(result, to, &centre);
        });
    };
    w.each(0u64, steps, |w, _| match kind {
        0 => sweep(w, &fields[0], &fields[0]),
        3 => {
            sweep(w, &fields[0], &fields[1]);
            sweep(w, &fields[0], &fields[2]);
            sweep(w, &fields[1], &fields[0]);
        }
        _ => {
            sweep(w, &fields[0], &fields[1]);
            sweep(w, &fields[1], &fields[0]);
        }
    });
}

/// Image filters on 8-bit or float pixels: blurs, gradients, thresholds, blends, colour to grey.
pub fn image(w: &mut Writer, d: &mut Draw, s: &mut Draw) {
    let pixel = d.pick(&[Scalar::I8, Scalar::I8, Scalar::I16, Scalar::F32]);
    let (height, width) = (d.size(), d.size());
    let kind = d.below(5);
    let planes = if kind == 4 { 3 } else { 1 };
    let weights: Vec<i64> = (0..9).map(|_| d.within(0, 8) as i64 - 3).collect();
    let (threshold, shift) = (d.within(10, 100) as i64, d.within(1, 6) as i64);
    let wide = if pixel == Scalar::F32 { Scalar::F32 } else { Scalar::I32 };
    let finish = Chain::draw(d, wide, 2);
    let order = s.order(2);
    let source = w.array(pixel, &[planes, height + 2, width + 2]);
    let other = w.array(pixel, &[planes, height + 2, width + 2]);
    let target = w.array(pixel, &[height, width]);
    w.nest(&[height, width], &order, &mut |w, counters| {
        let (y, x) = (counters[0], counters[1]);
        let tap = |w: &mut Writer, plane: u64, dy: i64, dx: i64| {
            let value = w.load(&source, &[plane.into(), at(y) + dy, at(x) + dx]);
            w.cast(value, wide)
        };
        let filtered = |w: &mut Writer, turn: bool| {
            let mut sum = w.number(wide, 0.0);
            for (i, weight) in weights.iter().enumerate().filter(|(_, weight)| **weight != 0) {
                let (dy, dx) = (i as i64 / 3, i as i64 % 3);
                let value = if turn { tap(w, 0, dx, dy) } else { tap(w, 0, dy, dx) };
                let weight = w.number(wide, *weight as f64);
                let term = w.mul(value, weight);
                sum = w.add(sum, term);
            }
            sum
        };
        let value = match kind {
            0 => filtered(w, false),
            1 => {
                // Gradient magnitude from a filter and its transpose.
                let (gx, gy) = (filtered(w, false), filtered(w, true));
                let (gx, gy) = (w.mul(gx, gx), w.mul(gy, gy));
                w.add(gx, gy)
            }
            2 => {
                let (value, limit) = (tap(w, 0, 1, 1), w.number(wide, threshold as f64));
                let (on, off) = (w.number(wide, 100.0), w.number(wide, 0.0));
                let above = w.compare("gt", value, limit);
                w.select(above, on, off)
            }
            3 => {
                let a = tap(w, 0, 1, 1);
                let b = w.load(&other, &[0u64.into(), at(y) + 1, at(x) + 1]);
                let b = w.cast(b, wide);
                let difference = w.sub(b, a);
                let alpha = w.number(wide, threshold as f64);
                let step = w.mul(difference, alpha);
                w.add(a, step)
            }
            _ => {
                let mut sum = w.number(wide, 0.0);
                for (plane, weight) in [77, 150, 29].into_iter().enumerate() {
                    let value = tap(w, plane as u64, 0, 0);
                    let weight = w.number(wide, f64::from(weight));
                    let term = w.mul(value, weight);
                    sum = w.add(sum, term);
                }
                sum
            }
        };
        let value = if wide == Scalar::I32 && kind != 2 {
            let shift = w.integer(wide, shift);
            w.binary("arith.shrsi", value, shift)
        } else {
            value
        };
        let value = finish.apply(w, value);
        let value = w.cast(value, pixel);
        w.store(value, &target, &[at(y), at(x)]);
    });
}
