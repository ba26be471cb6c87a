//! Tensors cut, padded, joined, reshaped and generated, with arithmetic between.

use super::sizes::{graph_type, limit};
use super::steps::{Style, activate, list};
use crate::kernels::chain::Chain;
use crate::kernels::draw::Draw;
use crate::kernels::linalg::Access;
use crate::kernels::types::{Buffer, Scalar, Value};
use crate::kernels::writer::Writer;

impl Writer {
    /// A tensor padded by a number, by `low` and `high` elements of every dimension.
    fn padded(&mut self, a: &Buffer, low: &[u64], high: &[u64], number: f64) -> Buffer {
        let value = self.number(a.scalar, number);
        let shape: Vec<u64> = (0..a.shape.len()).map(|i| a.shape[i] + low[i] + high[i]).collect();
        let result = Buffer { value: self.define(a.scalar), scalar: a.scalar, shape, tensor: true };
        let counters: Vec<String> =
            (0..a.shape.len()).map(|_| format!("{}: index", self.define(Scalar::Index))).collect();
        self.line(&format!("{} = tensor.pad {} low[{}] high[{}] {{", result.value, a.value, list(low), list(high)));
        self.line(&format!("^bb0({}):", counters.join(", ")));
        self.indent();
        self.line(&format!("tensor.yield {value} : {}", a.scalar.name()));
        self.dedent();
        self.line(&format!("}} : {a} to {result}"));
        result
    }

    /// A tensor with a part replaced.
    fn inserted(&mut self, part: &Buffer, into: &Buffer, offsets: &[u64], strides: &[u64]) -> Buffer {
        self.tensor(into.scalar, &into.shape, |_| {
            let place = format!("[{}] [{}] [{}]", list(offsets), list(&part.shape), list(strides));
            format!("tensor.insert_slice {} into {}{place} : {part} into {into}", part.value, into.value)
        })
    }

    /// Tensors joined along a dimension.
    fn joined(&mut self, parts: &[&Buffer], along: usize) -> Buffer {
        let mut shape = parts[0].shape.clone();
        shape[along] = parts.iter().map(|p| p.shape[along]).sum();
        let names: Vec<Value> = parts.iter().map(|p| p.value).collect();
        self.tensor(parts[0].scalar, &shape, |b| {
            format!("tensor.concat dim({along}) {} : ({}) -> {b}", list(&names), list(parts))
        })
    }

    /// `tensor.generate`: the body gives the element at counters.
    fn generated(&mut self, scalar: Scalar, shape: &[u64], body: impl FnOnce(&mut Self, &[Value]) -> Value) -> Buffer {
        let result = Buffer { value: self.define(scalar), scalar, shape: shape.to_vec(), tensor: true };
        let counters: Vec<Value> = shape.iter().map(|_| self.define(Scalar::Index)).collect();
        let arguments: Vec<String> = counters.iter().map(|c| format!("{c}: index")).collect();
        self.line(&format!("{} = tensor.generate {{", result.value));
        self.line(&format!("^bb0({}):", arguments.join(", ")));
        self.indent();
        let element = body(self, &counters);
        self.line(&format!("tensor.yield {element} : {}", scalar.name()));
        self.dedent();
        self.line(&format!("}} : {result}"));
        result
    }

    /// An element of a tensor.
    fn extracted(&mut self, a: &Buffer, place: &[Value]) -> Value {
        self.result(a.scalar, &format!("tensor.extract {}[{}] : {a}", a.value, list(place)))
    }
}

/// Stencils by shifted parts of a tensor, the result put back into the middle or returned alone.
pub fn shifted_parts(w: &mut Writer, d: &mut Draw, s: &mut Draw) {
    let scalar = d.pick(&[Scalar::F32, Scalar::F32, Scalar::F64, Scalar::I32, Scalar::I16]);
    let rank = d.within(1, 3) as usize;
    let mut inner: Vec<u64> = (0..rank).map(|_| if rank == 1 { d.length() } else { d.small_size() }).collect();
    limit(&mut inner, 1 << 17);
    let radius = d.within(1, 2);
    let points = d.within(2, 6);
    let rounds = d.within(1, 2);
    let kept = d.chance(60);
    let style = Style::draw(w, s);
    let shape: Vec<u64> = inner.iter().map(|extent| extent + 2 * radius).collect();
    let mut field = w.array(scalar, &shape);
    let mut result = field.clone();
    for _ in 0..rounds {
        let mut sum = w.part(&field, &vec![radius as i64; rank], &inner);
        for _ in 0..points {
            let offsets: Vec<i64> = inner.iter().map(|_| d.within(0, 2 * radius) as i64).collect();
            let part = w.part(&field, &offsets, &inner);
            let factor = d.coefficient() * if scalar.is_float() { 1.0 } else { 16.0 };
            let factor = w.whole_constant(&part, factor);
            let product = w.step(style, "mul", &[&part, &factor]);
            sum = w.step(style, d.pick(&["add", "add", "sub", "max"]), &[&sum, &product]);
        }
        result = sum.clone();
        if kept {
            field = w.inserted(&sum, &field, &vec![radius; rank], &vec![1; rank]);
            result = field.clone();
        }
    }
    w.returns(result);
}

/// Padded images under a convolution, a pooling or a difference of neighbours.
pub fn padded(w: &mut Writer, d: &mut Draw, s: &mut Draw) {
    let scalar = d.pick(&[Scalar::F32, Scalar::F32, Scalar::F64, Scalar::F16, Scalar::I32]);
    let (n, h, c, f) = (d.within(1, 3), d.within(5, 40), d.pick(&[3, 4, 8, 16, 32]), d.pick(&[4, 8, 16, 32]));
    let kernel = d.pick(&[3u64, 3, 5, 7]);
    let (low, high) = (kernel / 2, if d.chance(80) { kernel / 2 } else { kernel / 2 + 1 });
    let stride = d.pick(&[1, 1, 2]);
    let kind = d.below(4);
    let value = if kind == 1 { -30_000.0 } else { d.pick(&[0.0, 0.0, 1.0]) };
    let style = Style::draw(w, s);
    let image = w.array(scalar, &[n, h, h, c]);
    let wide = w.padded(&image, &[0, low, low, 0], &[0, high, high, 0], value);
    let out = (wide.shape[1] - kernel) / stride + 1;
    let attributes = format!("dilations = dense<1> : tensor<2xi64>, strides = dense<{stride}> : tensor<2xi64>");
    let result = match kind {
        0 => {
            let filter = w.array(scalar, &[kernel, kernel, c, f]);
            let zero = w.number(scalar, 0.0);
            let onto = w.filled(scalar, &[n, out, out, f], zero);
            w.named("linalg.conv_2d_nhwc_hwcf", &attributes, &[&wide, &filter], &onto)
        }
        1 => {
            let taps = w.empty(scalar, &[kernel, kernel]);
            let low = w.number(scalar, value);
            let onto = w.filled(scalar, &[n, out, out, c], low);
            w.named("linalg.pooling_nhwc_max", &attributes, &[&wide, &taps], &onto)
        }
        2 => {
            let filter = w.array(scalar, &[kernel, kernel, c]);
            let zero = w.number(scalar, 0.0);
            let onto = w.filled(scalar, &[n, out, out, c], zero);
            w.named("linalg.depthwise_conv_2d_nhwc_hwc", &attributes, &[&wide, &filter], &onto)
        }
        _ => {
            let sizes = [n, h, h, c];
            let before = w.part(&wide, &[0, 0, low as i64, 0], &sizes);
            let behind = w.part(&wide, &[0, (low + high) as i64, low as i64, 0], &sizes);
            let off = w.step(style, "sub", &[&behind, &before]);
            w.step(style, "mul", &[&off, &image])
        }
    };
    let activation = if scalar.is_float() { d.pick(&["relu", "tanh", "silu", "none"]) } else { "relu" };
    let result = activate(w, style, activation, &result);
    w.returns(result);
}

/// Tensors joined along a dimension: halves turned as in rotary embeddings, channels of several paths, a cache that grows.
pub fn joined(w: &mut Writer, d: &mut Draw, s: &mut Draw) {
    let scalar = graph_type(d);
    let style = Style::draw(w, s);
    let result = match d.below(3) {
        0 => {
            let (rows, half) = (d.size(), d.pick(&[8u64, 16, 32, 64]));
            let x = w.array(scalar, &[rows, 2 * half]);
            let (cosine, sine) = (w.array(scalar, &[rows, 2 * half]), w.array(scalar, &[rows, 2 * half]));
            let left = w.part(&x, &[0, 0], &[rows, half]);
            let right = w.part(&x, &[0, half as i64], &[rows, half]);
            let negative = w.step(style, "negf", &[&right]);
            let turned = w.joined(&[&negative, &left], 1);
            let straight = w.step(style, "mul", &[&x, &cosine]);
            let across = w.step(style, "mul", &[&turned, &sine]);
            w.step(style, "add", &[&straight, &across])
        }
        1 => {
            let (pixels, inputs) = (d.size(), d.pick(&[8u64, 16, 32]));
            let x = w.array(scalar, &[pixels, inputs]);
            let mut paths = vec![x.clone()];
            for _ in 0..d.within(1, 3) {
                let features = d.pick(&[4u64, 8, 16, 24]);
                let weights = w.array(scalar, &[inputs, features]);
                let zero = w.number(scalar, 0.0);
                let onto = w.filled(scalar, &[pixels, features], zero);
                let product = w.named("linalg.matmul", "", &[&x, &weights], &onto);
                let function = d.pick(&["relu", "tanh", "sigmoid"]);
                paths.push(activate(w, style, function, &product));
            }
            let all = w.joined(&paths.iter().collect::<Vec<_>>(), 1);
            let bias = w.array(scalar, &all.shape[1..]);
            super::steps::add_along(w, style, &all, &bias, 1)
        }
        _ => {
            let (old, new, width) = (d.size(), d.within(1, 16), d.small_size());
            let (cache, x) = (w.array(scalar, &[old, width]), w.array(scalar, &[new, width]));
            let scale = w.whole_constant(&x, d.coefficient());
            let x = w.step(style, "mul", &[&x, &scale]);
            let all = w.joined(&[&cache, &x], 0);
            w.reduced(d.pick(&["add", "max"]), &all, &[d.below(2)])
        }
    };
    w.returns(result);
}

/// Dimensions split, permuted and merged: heads of attention, pixels to channels, channels shuffled among groups.
pub fn reshaped(w: &mut Writer, d: &mut Draw, s: &mut Draw) {
    let scalar = d.pick(&[Scalar::F32, Scalar::F32, Scalar::F64, Scalar::F16, Scalar::I32, Scalar::I8]);
    let style = Style::draw(w, s);
    let (function, after) = (d.pick(&["add", "mul", "max", "sub"]), Chain::exactly(d, scalar, 2));
    let moved = match d.below(3) {
        0 => {
            let (tokens, heads, width) = (d.size(), d.within(2, 12), d.pick(&[8u64, 16, 32, 64]));
            let x = w.array(scalar, &[tokens, heads * width]);
            let split = w.reshaped(&x, &[tokens, heads, width], "[[0], [1, 2]]");
            w.transposed(&split, &[1, 0, 2])
        }
        1 => {
            let (h, width, block, c) = (d.within(3, 24), d.within(3, 24), d.within(2, 4), d.pick(&[1u64, 3, 4, 8, 16]));
            let x = w.array(scalar, &[h * block, width * block, c]);
            let split = w.reshaped(&x, &[h, block, width, block, c], "[[0, 1], [2, 3], [4]]");
            let turned = w.transposed(&split, &[0, 2, 1, 3, 4]);
            w.reshaped(&turned, &[h, width, block * block * c], "[[0], [1], [2, 3, 4]]")
        }
        _ => {
            let (n, groups, each, pixels) = (d.within(1, 4), d.within(2, 8), d.within(2, 12), d.size());
            let x = w.array(scalar, &[n, groups * each, pixels]);
            let split = w.reshaped(&x, &[n, groups, each, pixels], "[[0], [1, 2], [3]]");
            let turned = w.transposed(&split, &[0, 2, 1, 3]);
            w.reshaped(&turned, &[n, groups * each, pixels], "[[0], [1, 2], [3]]")
        }
    };
    let other = w.array(scalar, &moved.shape);
    let result = w.step(style, function, &[&moved, &other]);
    let result = w.elementwise(&[&result], scalar, |w, e| after.apply(w, e[0]));
    w.returns(result);
}

/// Tensors generated element by element from their subscripts and from elements of others.
pub fn generated(w: &mut Writer, d: &mut Draw, s: &mut Draw) {
    let scalar = d.pick(&[Scalar::F32, Scalar::F32, Scalar::F64, Scalar::I32]);
    let (rows, columns) = (d.size(), d.small_size());
    let (kind, chain, shift) = (d.below(5), Chain::exactly(d, scalar, 2), d.within(1, 7));
    let style = Style::draw(w, s);
    let x = w.array(scalar, &[rows, columns]);
    let made = w.generated(scalar, &[rows, columns], |w, at| {
        let (i, j) = (at[0], at[1]);
        let place = match kind {
            // Reversed, rolled, reflected, nearest of a coarser grid, and plain with a ramp.
            0 => {
                let last = w.integer(Scalar::Index, columns as i64 - 1);
                vec![i, w.sub(last, j)]
            }
            1 => {
                let (by, size) = (w.integer(Scalar::Index, shift as i64), w.integer(Scalar::Index, columns as i64));
                let moved = w.add(j, by);
                vec![i, w.binary("arith.remui", moved, size)]
            }
            2 => {
                let middle = w.integer(Scalar::Index, columns as i64 / 2);
                vec![i, w.binary("arith.minui", j, middle)]
            }
            3 => {
                let two = w.integer(Scalar::Index, 2);
                vec![w.binary("arith.divui", i, two), w.binary("arith.divui", j, two)]
            }
            _ => vec![i, j],
        };
        let element = w.extracted(&x, &place);
        if kind < 4 {
            return chain.apply(w, element);
        }
        let number = w.cast(j, Scalar::I32);
        let number = w.cast(number, scalar);
        let sum = w.add(element, number);
        chain.apply(w, sum)
    });
    let result = w.step(style, d.pick(&["add", "sub", "mul", "max"]), &[&made, &x]);
    w.returns(result);
}

/// Rows looked up by index: tables of embeddings, sums over neighbours, interpolation between two entries.
pub fn lookup(w: &mut Writer, d: &mut Draw, s: &mut Draw) {
    let scalar = d.pick(&[Scalar::F32, Scalar::F32, Scalar::F64, Scalar::F16, Scalar::I32, Scalar::I8]);
    let subscript = d.pick(&[Scalar::I32, Scalar::I64]);
    let (entries, width, rows, neighbours) = (d.pick(&[64u64, 256, 1000]), d.small_size(), d.size(), d.within(2, 12));
    let (summed, weighted, chain) = (d.chance(50), d.chance(50), Chain::exactly(d, scalar, 1));
    let style = Style::draw(w, s);
    let table = w.array(scalar, &[entries, width]);
    let zero = w.number(scalar, 0.0);
    let onto = w.filled(scalar, &[rows, width], zero);
    let out = Access::dims(&[0, 1]);
    let result = if summed {
        // Loops: row, element, neighbour.
        let (indices, weights) = (w.array(subscript, &[rows, neighbours]), w.array(scalar, &[rows, neighbours]));
        let inputs = [(&indices, Access::dims(&[0, 2])), (&weights, Access::dims(&[0, 2]))];
        w.generic("ppr", &inputs, (&onto, out), |w, e| {
            let row = w.cast(e[0], Scalar::Index);
            let column = w.result(Scalar::Index, "linalg.index 1 : index");
            let element = w.extracted(&table, &[row, column]);
            let element = if weighted { w.mul(element, e[1]) } else { element };
            w.add(e[2], element)
        })
    } else {
        let indices = w.array(subscript, &[rows]);
        w.generic("pp", &[(&indices, Access::dims(&[0]))], (&onto, out), |w, e| {
            let row = w.cast(e[0], Scalar::Index);
            let column = w.result(Scalar::Index, "linalg.index 1 : index");
            let element = w.extracted(&table, &[row, column]);
            chain.apply(w, element)
        })
    };
    let position = w.array(scalar, &[rows, width]);
    let result = w.step(style, d.pick(&["add", "mul", "sub"]), &[&result, &position]);
    w.returns(result);
}
