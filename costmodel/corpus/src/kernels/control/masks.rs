//! Masked vectors: tails of loops, gathers and scatters, compression, masked reductions; reductions of every kind.

use super::syntax::{Tile, vector_type};
use crate::kernels::chain::Chain;
use crate::kernels::draw::Draw;
use crate::kernels::loops::list;
use crate::kernels::types::{Buffer, Scalar, Subscript, Type, Value, at};
use crate::kernels::writer::{Form, Writer};

/// The mask of the lanes of a vector at `i` that are below `length`.
fn tail_mask(w: &mut Writer, i: Value, length: u64, lanes: u64) -> Value {
    let rest = if w.form == Form::Affine {
        w.result(Scalar::Index, &format!("affine.min affine_map<(d0) -> (-d0 + {length}, {lanes})>({i})"))
    } else {
        let (length, lanes) = (w.integer(Scalar::Index, length as i64), w.integer(Scalar::Index, lanes as i64));
        let rest = w.binary("arith.subi", length, i);
        w.binary("arith.minsi", rest, lanes)
    };
    let ty = Type { scalar: Scalar::I1, lanes };
    w.result(ty, &format!("vector.create_mask {rest} : {ty}"))
}

/// Loads lanes under a mask.
fn masked_load(w: &mut Writer, a: &Buffer, place: &[Subscript], mask: Value, rest: Value) -> Value {
    let place = w.places(place);
    let ty = rest.ty;
    let text = format!("vector.maskedload {}[{place}], {mask}, {rest} : {a}, {}, {ty} into {ty}", a.value, mask.ty);
    w.result(ty, &text)
}

/// Stores lanes under a mask.
fn masked_store(w: &mut Writer, value: Value, a: &Buffer, place: &[Subscript], mask: Value) {
    let place = w.places(place);
    w.line(&format!("vector.maskedstore {}[{place}], {mask}, {value} : {a}, {}, {}", a.value, mask.ty, value.ty));
}

/// A transfer of lanes that may lie outside, with or without a mask.
fn transfer(w: &mut Writer, a: &Buffer, place: &[Subscript], lanes: u64, mask: Option<Value>, inside: bool) -> Value {
    let (padding, place) = (w.number(a.scalar, 0.0), w.places(place));
    let ty = Type { scalar: a.scalar, lanes };
    let mask = mask.map_or_else(String::new, |mask| format!(", {mask}"));
    w.result(
        ty,
        &format!("vector.transfer_read {}[{place}], {padding}{mask} {{in_bounds = [{inside}]}} : {a}, {ty}", a.value),
    )
}

/// Vector loops over lengths that no vector divides: masks on loads and stores, masked transfers, transfers out of bounds.
pub fn masked_tail(w: &mut Writer, d: &mut Draw, s: &mut Draw) {
    let scalar = d.pick(&[Scalar::F32, Scalar::F32, Scalar::F64, Scalar::I32, Scalar::I64, Scalar::I16]);
    let (rows, length, inputs) = (d.pick(&[1u64, 8, 33, 100]), d.length() + d.within(1, 15), d.within(1, 3) as usize);
    let steps = Chain::draw(d, scalar, 3);
    let lanes = s.pick(&[4u64, 8, 16, 32]);
    let kind = s.below(4);
    let arrays: Vec<_> = (0..inputs).map(|_| w.array(scalar, &[rows, length])).collect();
    let out = w.array(scalar, &[rows, length]);
    w.each(0u64, rows, |w, r| {
        w.strided(0u64, length, lanes, |w, i| {
            let place = [at(r), at(i)];
            let mask = (kind != 3).then(|| tail_mask(w, i, length, lanes));
            let load = |w: &mut Writer, a: &Buffer| match mask {
                Some(mask) if kind < 2 => {
                    let rest = w.number(Type { scalar, lanes }, 0.0);
                    masked_load(w, a, &place, mask, rest)
                }
                mask => transfer(w, a, &place, lanes, mask, mask.is_some()),
            };
            let mut value = load(w, &arrays[0]);
            for other in &arrays[1..] {
                let next = load(w, other);
                value = w.mul(value, next);
            }
            let value = steps.apply(w, value);
            match mask {
                Some(mask) if kind < 2 => masked_store(w, value, &out, &place, mask),
                mask => {
                    let place = w.places(&place);
                    let inside = mask.is_some();
                    let mask = mask.map_or_else(String::new, |mask| format!(", {mask}"));
                    w.line(&format!(
                        "vector.transfer_write {value}, {}[{place}]{mask} {{in_bounds = [{inside}]}} : {}, {out}",
                        out.value, value.ty
                    ));
                }
            }
        });
    });
}

/// Gathers by arrays of subscripts and scatters of results, under masks of comparisons or whole.
pub fn masked_gather(w: &mut Writer, d: &mut Draw, s: &mut Draw) {
    let scalar = d.pick(&[Scalar::F32, Scalar::F32, Scalar::F64, Scalar::I32]);
    let (length, table) = (d.length() / 64 * 64 + 64, d.length());
    let (scattered, compared, count) = (d.chance(45), d.chance(50), d.within(1, 2));
    let steps = Chain::draw(d, scalar, 3);
    let lanes = s.pick(&[4u64, 8, 16]);
    let places: Vec<_> = (0..count).map(|_| w.array(Scalar::I32, &[length])).collect();
    let (from, to) = (w.array(scalar, &[table]), w.array(scalar, &[table.max(length)]));
    let ty = Type { scalar, lanes };
    w.strided(0u64, length, lanes, |w, i| {
        let mut sum = w.number(ty, 0.0);
        let mut last = None;
        for array in &places {
            let which = w.load_lanes(array, &[at(i)], lanes);
            let mask = if compared {
                let zero = w.integer(which.ty, 0);
                w.compare("ge", which, zero)
            } else {
                w.result(
                    Type { scalar: Scalar::I1, lanes },
                    &format!("vector.constant_mask [{lanes}] : vector<{lanes}xi1>"),
                )
            };
            let (zero, rest) = (w.integer(Scalar::Index, 0), w.number(ty, 0.0));
            let text = format!(
                "vector.gather {}[{zero}] [{which}], {mask}, {rest} : {from}, {}, {}, {ty} into {ty}",
                from.value, which.ty, mask.ty
            );
            let value = w.result(ty, &text);
            sum = w.add(sum, value);
            last = Some((which, mask));
        }
        let value = steps.apply(w, sum);
        match last {
            Some((which, mask)) if scattered => {
                let zero = w.integer(Scalar::Index, 0);
                w.line(&format!(
                    "vector.scatter {}[{zero}] [{which}], {mask}, {value} : {to}, {}, {}, {ty}",
                    to.value, which.ty, mask.ty
                ));
            }
            _ => w.store_lanes(value, &to, &[at(i)]),
        }
    });
}

/// Lanes that a comparison keeps, stored without gaps, or elements without gaps spread over lanes.
pub fn compression(w: &mut Writer, d: &mut Draw, s: &mut Draw) {
    let scalar = d.pick(&[Scalar::F32, Scalar::I32, Scalar::F64, Scalar::I64]);
    let (rows, columns) = (d.size(), d.within(1, 8) * 32);
    let (expanding, threshold) = (d.chance(50), d.coefficient().abs() * 4.0);
    let predicate = d.pick(&["gt", "lt", "ne", "ge"]);
    let steps = Chain::draw(d, scalar, 2);
    let lanes = s.pick(&[4u64, 8, 16]);
    let (a, b) = (w.array(scalar, &[rows, columns]), w.array(scalar, &[rows, columns]));
    let ty = Type { scalar, lanes };
    w.each(0u64, rows, |w, r| {
        w.strided(0u64, columns, lanes, |w, j| {
            let place = [at(r), at(j)];
            let keys = w.load_lanes(&a, &place, lanes);
            let limit = w.number(ty, threshold);
            let mask = w.compare(predicate, keys, limit);
            let spelled = w.places(&place);
            if expanding {
                let text = format!(
                    "vector.expandload {}[{spelled}], {mask}, {keys} : {b}, {}, {ty} into {ty}",
                    b.value, mask.ty
                );
                let value = w.result(ty, &text);
                let value = steps.apply(w, value);
                return w.store_lanes(value, &a, &place);
            }
            let value = steps.apply(w, keys);
            w.line(&format!("vector.compressstore {}[{spelled}], {mask}, {value} : {b}, {}, {ty}", b.value, mask.ty));
        });
    });
}

/// Reductions of tiles and vectors under `vector.mask`.
pub fn masked_reduction(w: &mut Writer, d: &mut Draw, s: &mut Draw) {
    let scalar = d.pick(&[Scalar::F32, Scalar::F32, Scalar::F64, Scalar::I32]);
    let (rows, length) = (d.size(), d.length() + d.within(1, 15));
    let (kind, squared) = (d.pick(&["add", "add", "max"]), d.chance(40));
    let kind = if kind == "max" { if scalar.is_float() { "maximumf" } else { "maxsi" } } else { kind };
    let steps = Chain::draw(d, scalar, 1);
    let lanes = s.pick(&[4u64, 8, 16, 32]);
    let (a, out) = (w.array(scalar, &[rows, length]), w.array(scalar, &[rows]));
    let ty = Type { scalar, lanes };
    w.each(0u64, rows, |w, r| {
        let start = w.number(scalar, 0.0);
        // The counter is that of vectors.
        let sum = w.fold(0u64, length.div_ceil(lanes), start, |w, block, sum| {
            let size = w.integer(Scalar::Index, lanes as i64);
            let i = w.binary("arith.muli", block, size);
            let (length, size) = (w.integer(Scalar::Index, length as i64), size);
            let rest = w.binary("arith.subi", length, i);
            let rest = w.binary("arith.minsi", rest, size);
            let mask_type = Type { scalar: Scalar::I1, lanes };
            let mask = w.result(mask_type, &format!("vector.create_mask {rest} : {mask_type}"));
            let value = transfer(w, &a, &[at(r), at(i)], lanes, Some(mask), true);
            let value = steps.apply(w, value);
            let value = if squared { w.mul(value, value) } else { value };
            let name = scalar.name();
            let text = format!(
                "vector.mask {mask} {{ vector.reduction <{kind}>, {value}, {sum} : {ty} into {name} }} : {mask_type} -> {name}"
            );
            w.result(scalar, &text)
        });
        w.store(sum, &out, &[at(r)]);
    });
}

/// Reductions across lanes of every kind, in order or reassociated, with several accumulators.
pub fn lane_reduction(w: &mut Writer, d: &mut Draw, s: &mut Draw) {
    let scalar = d.pick(&[Scalar::F32, Scalar::F32, Scalar::F64, Scalar::I32, Scalar::I64, Scalar::I16, Scalar::I8]);
    let (rows, columns) = (d.size(), d.within(1, 10) * 128);
    let kinds: &[&str] = if scalar.is_float() {
        &["add", "add", "mul", "maximumf", "minimumf", "maxnumf", "minnumf"]
    } else {
        &["add", "mul", "and", "or", "xor", "minsi", "maxsi", "minui", "maxui"]
    };
    let kind = d.pick(kinds);
    let flags = d.pick(&["", "", " fastmath<fast>", " fastmath<reassoc>"]);
    let flags = if scalar.is_float() { flags } else { "" };
    let steps = Chain::draw(d, scalar, 2);
    let paired = d.chance(40);
    let lanes = s.pick(&[4u64, 8, 16, 32]);
    let parts = s.pick(&[1u64, 1, 2, 4]);
    let (a, b) = (w.array(scalar, &[rows, columns]), w.array(scalar, &[rows, columns]));
    let out = w.array(scalar, &[rows]);
    w.each(0u64, rows, |w, r| {
        let start = w.number(scalar, 1.0);
        let sums = w.carry(0u64, columns / (lanes * parts), &vec![start; parts as usize], |w, j, sums| {
            let one = |(part, sum): (usize, &Value)| {
                let place = [at(r), at(j) * (lanes * parts) as i64 + part as u64 * lanes];
                let mut value = w.load_lanes(&a, &place, lanes);
                if paired {
                    let other = w.load_lanes(&b, &place, lanes);
                    value = w.mul(value, other);
                }
                let value = steps.apply(w, value);
                let text =
                    format!("vector.reduction <{kind}>, {value}, {sum}{flags} : {} into {}", value.ty, scalar.name());
                w.result(scalar, &text)
            };
            sums.iter().enumerate().map(one).collect()
        });
        let total = sums[1..].iter().fold(sums[0], |total, sum| w.add(total, *sum));
        w.store(total, &out, &[at(r)]);
    });
}

/// Prefix sums and interleaved channels on vectors.
pub fn lane_shuffle(w: &mut Writer, d: &mut Draw, s: &mut Draw) {
    let scalar = d.pick(&[Scalar::F32, Scalar::F64, Scalar::I32, Scalar::I16, Scalar::I8]);
    let (rows, columns) = (d.size(), d.within(1, 8) * 64);
    let kind = d.below(4);
    let steps = Chain::draw(d, scalar, 2);
    let rotation = d.within(1, 3) as usize;
    let lanes = s.pick(&[4u64, 8, 16]);
    let (a, b) = (w.array(scalar, &[rows, columns]), w.array(scalar, &[rows, columns]));
    let out = w.array(scalar, &[rows, 2 * columns]);
    let one = |shape: u64| vector_type(scalar, &[shape]);
    let (ty, wide) = (Type { scalar, lanes }, Type { scalar, lanes: 2 * lanes });
    w.each(0u64, rows, |w, r| {
        w.strided(0u64, columns, lanes, |w, j| {
            let place = [at(r), at(j)];
            let (x, y) = (w.load_lanes(&a, &place, lanes), w.load_lanes(&b, &place, lanes));
            let (x, y) = (steps.apply(w, x), y);
            let mixed: Value = match kind {
                0 => w.result(wide, &format!("vector.interleave {x}, {y} : {ty} -> {}", one(2 * lanes))),
                1 => {
                    let order = list((0..2 * lanes).rev());
                    w.result(wide, &format!("vector.shuffle {x}, {y} [{order}] : {ty}, {ty}"))
                }
                2 => {
                    let n = 2 * lanes as usize;
                    let order = list((0..n).map(|lane| (lane * rotation + lane / 2) % n));
                    w.result(wide, &format!("vector.shuffle {x}, {y} [{order}] : {ty}, {ty}"))
                }
                _ => {
                    let sum = running_sum(w, x);
                    let sum = w.add(sum, y);
                    return w.store_lanes(sum, &out, &place);
                }
            };
            w.store_lanes(mixed, &out, &[at(r), at(j) * 2]);
        });
    });
}

/// The sums of the lanes up to each lane, by shifted additions.
fn running_sum(w: &mut Writer, x: Value) -> Value {
    let zero = Tile { value: w.number(x.ty, 0.0), scalar: x.ty.scalar, shape: vec![x.ty.lanes] };
    let mut sum = x;
    let mut distance = 1;
    while distance < x.ty.lanes {
        // Lane `l` of the shifted vector is lane `l - distance`, or zero from the second operand.
        let order = list((0..x.ty.lanes).map(|l| if l < distance { x.ty.lanes } else { l - distance }));
        let shifted = w.result(x.ty, &format!("vector.shuffle {sum}, {} [{order}] : {}, {}", zero.value, x.ty, x.ty));
        sum = w.add(sum, shifted);
        distance *= 2;
    }
    sum
}
