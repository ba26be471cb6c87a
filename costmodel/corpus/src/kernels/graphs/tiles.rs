//! Named operations on tiles of tensors, in loops that carry the result.

use super::sizes::{graph_type, operand_types};
use super::steps::{Style, Tail, activate, combine_along, list};
use crate::kernels::draw::Draw;
use crate::kernels::types::{Buffer, Scalar, Value};
use crate::kernels::writer::Writer;

/// What a tile does: counters of the loops and the tensor so far give the next tensor.
type Body<'a> = &'a mut dyn FnMut(&mut Writer, &[Value], &Buffer) -> Buffer;

/// An offset of a tile: a loop counter or zero.
fn offset(counter: Option<Value>) -> String {
    counter.map_or("0".into(), |counter| counter.to_string())
}

impl Writer {
    /// Loops over `(extent, step)` that carry a tensor, outermost first.
    fn tile_loops(&mut self, ranges: &[(u64, u64)], counters: &mut Vec<Value>, onto: &Buffer, body: Body) -> Buffer {
        let Some((&(extent, step), inner)) = ranges.split_first() else {
            return body(self, counters, onto);
        };
        let [low, high, step] = [0, extent, step].map(|number| self.integer(Scalar::Index, number as i64));
        let counter = self.define(Scalar::Index);
        let carried = Buffer { value: self.define(onto.scalar), ..onto.clone() };
        let result = Buffer { value: self.define(onto.scalar), ..onto.clone() };
        let (name, start) = (carried.value, onto.value);
        self.line(&format!(
            "{} = scf.for {counter} = {low} to {high} step {step} iter_args({name} = {start}) -> ({onto}) {{",
            result.value
        ));
        self.indent();
        counters.push(counter);
        let next = self.tile_loops(inner, counters, &carried, body);
        counters.pop();
        self.line(&format!("scf.yield {} : {onto}", next.value));
        self.dedent();
        self.line("}");
        result
    }

    /// A tile of a tensor from counters on, zero where there is none.
    fn tile(&mut self, a: &Buffer, offsets: &[Option<Value>], sizes: &[u64]) -> Buffer {
        let offsets: Vec<String> = offsets.iter().copied().map(offset).collect();
        let strides = vec![1; sizes.len()];
        self.tensor(a.scalar, sizes, |b| {
            let place = format!("[{}] [{}] [{}]", list(&offsets), list(sizes), list(&strides));
            format!("tensor.extract_slice {}{place} : {a} to {b}", a.value)
        })
    }

    /// A tensor with a tile replaced.
    fn put_tile(&mut self, tile: &Buffer, into: &Buffer, offsets: &[Option<Value>]) -> Buffer {
        let offsets: Vec<String> = offsets.iter().copied().map(offset).collect();
        let strides = vec![1; offsets.len()];
        self.tensor(into.scalar, &into.shape, |b| {
            let place = format!("[{}] [{}] [{}]", list(&offsets), list(&tile.shape), list(&strides));
            format!("tensor.insert_slice {} into {}{place} : {tile} into {b}", tile.value, into.value)
        })
    }
}

/// A matrix product by tiles: two loops, or three with a tile of the sum too.
pub fn matmul(w: &mut Writer, d: &mut Draw, s: &mut Draw) {
    let (scalar, sum) = operand_types(d);
    let tile = [d.pick(&[4u64, 8, 16]), d.pick(&[8u64, 16, 32]), d.pick(&[8u64, 16, 32])];
    let extents = tile.map(|size| size * d.within(2, 8));
    let (inner, tail) = (d.chance(50), Tail::draw(d, sum));
    let order = s.order(if inner { 3 } else { 2 });
    let [m, n, k] = extents;
    let (a, b) = (w.array(scalar, &[m, k]), w.array(scalar, &[k, n]));
    let zero = w.number(sum, 0.0);
    let onto = w.filled(sum, &[m, n], zero);
    let ranges: Vec<(u64, u64)> = order.iter().map(|&i| (extents[i], tile[i])).collect();
    let depth = if inner { tile[2] } else { k };
    let result = w.tile_loops(&ranges, &mut Vec::new(), &onto, &mut |w, counters, onto| {
        let of = |dimension: usize| order.iter().position(|&o| o == dimension).map(|i| counters[i]);
        let (i, j, k) = (of(0), of(1), of(2));
        let left = w.tile(&a, &[i, k], &[tile[0], depth]);
        let right = w.tile(&b, &[k, j], &[depth, tile[1]]);
        let old = w.tile(onto, &[i, j], &[tile[0], tile[1]]);
        let new = w.named("linalg.matmul", "", &[&left, &right], &old);
        w.put_tile(&new, onto, &[i, j])
    });
    let result = tail.apply(w, s, result, Some(1));
    w.returns(result);
}

/// Element-wise steps, or reductions of rows and what follows them, fused by tiles.
pub fn fused(w: &mut Writer, d: &mut Draw, s: &mut Draw) {
    let scalar = graph_type(d);
    let tile = [d.pick(&[1u64, 2, 4, 8]), d.pick(&[8u64, 16, 32, 64])];
    let extents = tile.map(|size| size * d.within(2, 10));
    let (rows, function) = (d.chance(50), d.pick(&["relu", "silu", "tanh", "sigmoid", "square", "none"]));
    let steps: Vec<&str> = (0..d.within(1, 4)).map(|_| d.pick(&["add", "sub", "mul", "max", "min"])).collect();
    let style = Style::draw(w, s);
    let (a, b) = (w.array(scalar, &extents), w.array(scalar, &extents));
    let onto = w.empty(scalar, &extents);
    // A tile of rows has all columns.
    let sizes = if rows { [tile[0], extents[1]] } else { tile };
    let ranges = [(extents[0], sizes[0]), (extents[1], sizes[1])];
    let ranges = if rows { &ranges[..1] } else { &ranges[..] };
    let result = w.tile_loops(ranges, &mut Vec::new(), &onto, &mut |w, counters, onto| {
        let place = [Some(counters[0]), counters.get(1).copied()];
        let (x, y) = (w.tile(&a, &place, &sizes), w.tile(&b, &place, &sizes));
        let mut value = x;
        for step in &steps {
            value = w.step(style, step, &[&value, &y]);
        }
        if rows {
            let sums = w.reduced("add", &value, &[1]);
            let share = w.constant_like(&sums, 1.0 / extents[1] as f64);
            let means = w.step(style, "mul", &[&sums, &share]);
            value = combine_along(w, style, "sub", &value, &means, &[0]);
        }
        let value = activate(w, style, function, &value);
        w.put_tile(&value, onto, &place)
    });
    w.returns(result);
}
