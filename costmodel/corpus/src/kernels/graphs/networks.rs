//! Small networks of named operations: layers as exporters of models write them.

use super::sizes::graph_type;
use super::steps::{Style, activate, add_along, combine_along};
use crate::kernels::draw::Draw;
use crate::kernels::types::{Buffer, Scalar};
use crate::kernels::writer::Writer;

const ACTIVATIONS: &[&str] = &["relu", "relu", "relu6", "tanh", "sigmoid", "silu", "none"];

/// A dense layer on rows: product with new weights, and a bias at times.
fn dense(w: &mut Writer, style: Style, x: &Buffer, outputs: u64, bias: bool) -> Buffer {
    let weights = w.array(x.scalar, &[x.shape[1], outputs]);
    let zero = w.number(x.scalar, 0.0);
    let onto = w.filled(x.scalar, &[x.shape[0], outputs], zero);
    let product = w.named("linalg.matmul", "", &[x, &weights], &onto);
    if !bias {
        return product;
    }
    let bias = w.array(x.scalar, &[outputs]);
    add_along(w, style, &product, &bias, 1)
}

/// A convolution with a window of one, channels last.
fn pointwise_convolution(w: &mut Writer, x: &Buffer, outputs: u64, stride: u64) -> Buffer {
    let filter = w.array(x.scalar, &[1, 1, x.shape[3], outputs]);
    let zero = w.number(x.scalar, 0.0);
    let small = |extent: u64| (extent - 1) / stride + 1;
    let onto = w.filled(x.scalar, &[x.shape[0], small(x.shape[1]), small(x.shape[2]), outputs], zero);
    let attributes = format!("dilations = dense<1> : tensor<2xi64>, strides = dense<{stride}> : tensor<2xi64>");
    w.named("linalg.conv_2d_nhwc_hwcf", &attributes, &[x, &filter], &onto)
}

/// Mean over the last dimension of rows.
fn row_mean(w: &mut Writer, style: Style, x: &Buffer) -> Buffer {
    let last = x.shape.len() - 1;
    let sum = w.reduced("add", x, &[last]);
    let share = w.constant_like(&sum, 1.0 / x.shape[last] as f64);
    w.step(style, "mul", &[&sum, &share])
}

/// Softmax along the last dimension: maximum, exponential, sum, quotient.
fn softmax(w: &mut Writer, style: Style, x: &Buffer) -> Buffer {
    let last = x.shape.len() - 1;
    let rows: Vec<usize> = (0..last).collect();
    let most = w.reduced("max", x, &[last]);
    let off = combine_along(w, style, "sub", x, &most, &rows);
    let powers = w.step(style, "exp", &[&off]);
    let sums = w.reduced("add", &powers, &[last]);
    combine_along(w, style, "div", &powers, &sums, &rows)
}

/// Layer or root-mean-square normalisation along the last dimension, with a gain and a shift at times.
fn normalise(w: &mut Writer, style: Style, x: &Buffer, centred: bool, scaled: bool) -> Buffer {
    let last = x.shape.len() - 1;
    let rows: Vec<usize> = (0..last).collect();
    let x = match centred {
        true => {
            let mean = row_mean(w, style, x);
            combine_along(w, style, "sub", x, &mean, &rows)
        }
        false => x.clone(),
    };
    let squares = w.step(style, "mul", &[&x, &x]);
    let variance = row_mean(w, style, &squares);
    let small = w.constant_like(&variance, 0.0001);
    let variance = w.step(style, "add", &[&variance, &small]);
    let factor = w.step(style, "rsqrt", &[&variance]);
    let result = combine_along(w, style, "mul", &x, &factor, &rows);
    if !scaled {
        return result;
    }
    let (gain, shift) = (w.array(x.scalar, &x.shape[last..]), w.array(x.scalar, &x.shape[last..]));
    let result = combine_along(w, style, "mul", &result, &gain, &[last]);
    add_along(w, style, &result, &shift, last)
}

/// Several dense layers with activations.
pub fn perceptron(w: &mut Writer, d: &mut Draw, s: &mut Draw) {
    let scalar = graph_type(d);
    let style = Style::draw(w, s);
    let mut x = w.array(scalar, &[d.within(1, 64), d.small_size()]);
    let (layers, residual) = (d.within(2, 4), d.chance(25));
    let width = d.small_size();
    for layer in 0..layers {
        let outputs = if residual {
            x.shape[1]
        } else if layer + 1 == layers {
            d.pick(&[1u64, 10, 16, 64])
        } else {
            width
        };
        let bias = d.chance(80);
        let y = dense(w, style, &x, outputs, bias);
        let y = activate(w, style, d.pick(ACTIVATIONS), &y);
        x = if residual { w.step(style, "add", &[&x, &y]) } else { y };
    }
    w.returns(x);
}

/// Residual blocks of convolutions: narrow, depthwise or plain, widen, and the input or a projection of it added.
pub fn residual_block(w: &mut Writer, d: &mut Draw, s: &mut Draw) {
    let scalar = graph_type(d);
    let style = Style::draw(w, s);
    let (n, h, c) = (d.within(1, 2), d.within(5, 28), d.pick(&[8u64, 16, 24, 32]));
    let (inner, stride, depthwise) = (d.pick(&[4u64, 8, 16, 32]), d.pick(&[1u64, 1, 2]), d.chance(40));
    let (projected, activation, scaled) =
        (d.chance(35) || stride > 1, d.pick(&["relu", "relu6", "silu"]), d.chance(50));
    let outputs = if projected { d.pick(&[8u64, 16, 32]) } else { c };
    let image = w.array(scalar, &[n, h + 2, h + 2, c]);
    let narrow = pointwise_convolution(w, &image, inner, 1);
    let narrow = activate(w, style, activation, &narrow);
    let attributes = format!("dilations = dense<1> : tensor<2xi64>, strides = dense<{stride}> : tensor<2xi64>");
    let out = (h - 1) / stride + 1;
    let zero = w.number(scalar, 0.0);
    let onto = w.filled(scalar, &[n, out, out, inner], zero);
    let middle = if depthwise {
        let filter = w.array(scalar, &[3, 3, inner]);
        w.named("linalg.depthwise_conv_2d_nhwc_hwc", &attributes, &[&narrow, &filter], &onto)
    } else {
        let filter = w.array(scalar, &[3, 3, inner, inner]);
        w.named("linalg.conv_2d_nhwc_hwcf", &attributes, &[&narrow, &filter], &onto)
    };
    let middle = if scaled {
        let (gain, shift) = (w.array(scalar, &[inner]), w.array(scalar, &[inner]));
        let product = combine_along(w, style, "mul", &middle, &gain, &[3]);
        add_along(w, style, &product, &shift, 3)
    } else {
        middle
    };
    let middle = activate(w, style, activation, &middle);
    let wide = pointwise_convolution(w, &middle, outputs, 1);
    // The input of the sum has the size of the result: the other path is an argument of its own.
    let other = match projected {
        true => {
            let image = w.array(scalar, &[n, h, h, c]);
            pointwise_convolution(w, &image, outputs, stride)
        }
        false => w.array(scalar, &wide.shape),
    };
    let sum = w.step(style, "add", &[&wide, &other]);
    let result = activate(w, style, activation, &sum);
    w.returns(result);
}

/// Channels weighted by a network of their means: squeeze and excite.
pub fn squeeze_excite(w: &mut Writer, d: &mut Draw, s: &mut Draw) {
    let scalar = graph_type(d);
    let style = Style::draw(w, s);
    let (n, h, width, c) = (d.within(1, 4), d.within(4, 28), d.within(4, 28), d.pick(&[8u64, 16, 32, 48, 64]));
    let (ratio, last, channels_last) = (d.pick(&[2u64, 4, 8]), d.chance(60), d.chance(50));
    let (shape, space, kept) =
        if channels_last { (vec![n, h, width, c], [1, 2], [0, 3]) } else { (vec![n, c, h, width], [2, 3], [0, 1]) };
    let x = w.array(scalar, &shape);
    let sums = w.reduced(d.pick(&["add", "add", "max"]), &x, &space);
    let share = w.constant_like(&sums, 1.0 / (h * width) as f64);
    let means = w.step(style, "mul", &[&sums, &share]);
    let hidden = dense(w, style, &means, c / ratio, true);
    let hidden = activate(w, style, d.pick(&["relu", "silu", "tanh"]), &hidden);
    let gates = dense(w, style, &hidden, c, last);
    let gates = activate(w, style, "sigmoid", &gates);
    let result = combine_along(w, style, "mul", &x, &gates, &kept);
    let result = if d.chance(30) { w.step(style, "add", &[&result, &x]) } else { result };
    w.returns(result);
}

/// Gated units: products of two paths, and cells with a state (GRU, LSTM).
pub fn gated_unit(w: &mut Writer, d: &mut Draw, s: &mut Draw) {
    let scalar = graph_type(d);
    let style = Style::draw(w, s);
    let (rows, width, hidden) = (d.within(1, 48), d.small_size(), d.pick(&[16u64, 24, 32, 48, 64]));
    let x = w.array(scalar, &[rows, width]);
    let bias = d.chance(70);
    match d.below(3) {
        0 => {
            let function = d.pick(&["sigmoid", "silu", "relu", "tanh"]);
            let (gate, value) = (dense(w, style, &x, hidden, bias), dense(w, style, &x, hidden, bias));
            let gate = activate(w, style, function, &gate);
            let product = w.step(style, "mul", &[&gate, &value]);
            let result = if d.chance(60) { dense(w, style, &product, width, false) } else { product };
            w.returns(result);
        }
        1 => {
            let state = w.array(scalar, &[rows, hidden]);
            let [update, reset] = ["sigmoid", "sigmoid"].map(|function| {
                let (a, b) = (dense(w, style, &x, hidden, bias), dense(w, style, &state, hidden, false));
                let sum = w.step(style, "add", &[&a, &b]);
                activate(w, style, function, &sum)
            });
            let kept = w.step(style, "mul", &[&reset, &state]);
            let (a, b) = (dense(w, style, &x, hidden, bias), dense(w, style, &kept, hidden, false));
            let sum = w.step(style, "add", &[&a, &b]);
            let new = activate(w, style, "tanh", &sum);
            let off = w.step(style, "sub", &[&state, &new]);
            let part = w.step(style, "mul", &[&update, &off]);
            let result = w.step(style, "add", &[&new, &part]);
            w.returns(result);
        }
        _ => {
            let (state, cell) = (w.array(scalar, &[rows, hidden]), w.array(scalar, &[rows, hidden]));
            let [input, forget, output, new] = ["sigmoid", "sigmoid", "sigmoid", "tanh"].map(|function| {
                let (a, b) = (dense(w, style, &x, hidden, bias), dense(w, style, &state, hidden, false));
                let sum = w.step(style, "add", &[&a, &b]);
                activate(w, style, function, &sum)
            });
            let kept = w.step(style, "mul", &[&forget, &cell]);
            let added = w.step(style, "mul", &[&input, &new]);
            let cell = w.step(style, "add", &[&kept, &added]);
            let bounded = activate(w, style, "tanh", &cell);
            let result = w.step(style, "mul", &[&output, &bounded]);
            w.returns(cell);
            w.returns(result);
        }
    }
}

/// Normalisations by rows, by channels over a batch, or by groups, alone or before a dense layer.
pub fn norm(w: &mut Writer, d: &mut Draw, s: &mut Draw) {
    let scalar = graph_type(d);
    let style = Style::draw(w, s);
    let (centred, scaled) = (d.chance(60), d.chance(70));
    let result = match d.below(4) {
        0 | 1 => {
            let rank = d.within(2, 3);
            let mut shape = vec![d.small_size(), d.size()];
            if rank == 3 {
                shape.insert(0, d.within(1, 6));
            }
            let x = w.array(scalar, &shape);
            let other = d.chance(40).then(|| w.array(scalar, &shape));
            let x = other.map_or(x.clone(), |other| w.step(style, "add", &[&x, &other]));
            let y = normalise(w, style, &x, centred, scaled);
            if rank == 2 && d.chance(40) { dense(w, style, &y, d.pick(&[16, 32, 64]), true) } else { y }
        }
        2 => {
            // Statistics of every channel over batch and space.
            let (n, pixels, c) = (d.within(1, 8), d.small_size(), d.pick(&[8u64, 16, 32, 64]));
            let x = w.array(scalar, &[n, pixels, c]);
            let turned = w.transposed(&x, &[2, 0, 1]);
            let flat = w.reduced("add", &turned, &[1, 2]);
            let share = w.constant_like(&flat, 1.0 / (n * pixels) as f64);
            let mean = w.step(style, "mul", &[&flat, &share]);
            let off = combine_along(w, style, "sub", &x, &mean, &[2]);
            let squares = w.step(style, "mul", &[&off, &off]);
            let sum = w.reduced("add", &squares, &[0, 1]);
            let variance = w.step(style, "mul", &[&sum, &share]);
            let small = w.constant_like(&variance, 0.001);
            let variance = w.step(style, "add", &[&variance, &small]);
            let factor = w.step(style, "rsqrt", &[&variance]);
            combine_along(w, style, "mul", &off, &factor, &[2])
        }
        _ => {
            // Groups of channels, each normalised over channel and space.
            let (n, groups, each) = (d.within(1, 4), d.within(2, 8), d.pick(&[64u64, 96, 128, 256]));
            let x = w.array(scalar, &[n, groups, each]);
            let y = normalise(w, style, &x, centred, false);
            let gain = w.array(scalar, &[groups]);
            combine_along(w, style, "mul", &y, &gain, &[1])
        }
    };
    let result = if d.chance(35) { activate(w, style, d.pick(&["relu", "silu", "tanh"]), &result) } else { result };
    w.returns(result);
}

/// Losses: squared, absolute, smooth and cross-entropy of rows, their means, and gradients at times.
pub fn loss(w: &mut Writer, d: &mut Draw, s: &mut Draw) {
    let scalar = d.pick(&[Scalar::F32, Scalar::F32, Scalar::F64]);
    let style = Style::draw(w, s);
    let shape = [d.size(), d.pick(&[2u64, 10, 16, 32, 100])];
    let (x, target) = (w.array(scalar, &shape), w.array(scalar, &shape));
    let kind = d.below(5);
    let element = match kind {
        0 => {
            let off = w.step(style, "sub", &[&x, &target]);
            w.step(style, "mul", &[&off, &off])
        }
        1 => {
            let off = w.step(style, "sub", &[&x, &target]);
            w.step(style, "abs", &[&off])
        }
        2 => {
            // Square root of one more than the square, less one.
            let off = w.step(style, "sub", &[&x, &target]);
            let square = w.step(style, "mul", &[&off, &off]);
            let one = w.constant_like(&square, 1.0);
            let sum = w.step(style, "add", &[&square, &one]);
            let root = w.step(style, "sqrt", &[&sum]);
            w.step(style, "sub", &[&root, &one])
        }
        3 => {
            let shares = softmax(w, style, &x);
            let logs = w.step(style, "log", &[&shares]);
            let product = w.step(style, "mul", &[&logs, &target]);
            w.step(style, "negf", &[&product])
        }
        _ => {
            // Divergence of two distributions.
            let (p, q) = (softmax(w, style, &x), softmax(w, style, &target));
            let ratio = w.step(style, "div", &[&p, &q]);
            let logs = w.step(style, "log", &[&ratio]);
            w.step(style, "mul", &[&p, &logs])
        }
    };
    let rows = w.reduced("add", &element, &[1]);
    let result = match d.below(3) {
        0 => rows,
        1 => {
            let weights = w.array(scalar, &rows.shape);
            w.step(style, "mul", &[&rows, &weights])
        }
        _ => {
            let total = w.reduced("add", &rows, &[0]);
            let share = w.constant_like(&total, 1.0 / shape[0] as f64);
            w.step(style, "mul", &[&total, &share])
        }
    };
    if d.chance(30) {
        let off = w.step(style, "sub", &[&x, &target]);
        let scale = w.constant_like(&off, 2.0 / shape[0] as f64);
        let gradient = w.step(style, "mul", &[&off, &scale]);
        w.returns(gradient);
    }
    w.returns(result);
}

/// Attention of one or several heads by named products: scores, mask or bias, softmax, weighted values.
pub fn attention(w: &mut Writer, d: &mut Draw, s: &mut Draw) {
    let scalar = graph_type(d);
    let style = Style::draw(w, s);
    let (queries, keys) = (d.pick(&[1u64, 8, 16, 32, 48, 64]), d.pick(&[16u64, 32, 48, 64, 96]));
    let (width, heads) = (d.pick(&[8u64, 16, 32, 64]), d.pick(&[1u64, 2, 4, 8]));
    let (shared, biased) = (d.chance(30), d.chance(40));
    let q = w.array(scalar, &[heads, queries, width]);
    // Keys and values of one head may serve all.
    let kv = if shared { vec![keys, width] } else { vec![heads, keys, width] };
    let (k, v) = (w.array(scalar, &kv), w.array(scalar, &kv));
    let zero = w.number(scalar, 0.0);
    let (first, second) = match shared {
        true => ("affine_map<(b, m, n, k) -> (n, k)>", "affine_map<(b, m, n, k) -> (k, n)>"),
        false => ("affine_map<(b, m, n, k) -> (b, n, k)>", "affine_map<(b, m, n, k) -> (b, k, n)>"),
    };
    let contract = |map: &str| {
        let (left, out) = ("affine_map<(b, m, n, k) -> (b, m, k)>", "affine_map<(b, m, n, k) -> (b, m, n)>");
        format!("linalg.contract indexing_maps = [{left}, {map}, {out}]")
    };
    let onto = w.filled(scalar, &[heads, queries, keys], zero);
    let scores = w.named(&contract(first), "", &[&q, &k], &onto);
    let scale = w.constant_like(&scores, 1.0 / (width as f64).sqrt());
    let mut scores = w.step(style, "mul", &[&scores, &scale]);
    if biased {
        let bias = w.array(scalar, &[queries, keys]);
        scores = combine_along(w, style, "add", &scores, &bias, &[1, 2]);
    }
    let weights = softmax(w, style, &scores);
    let onto = w.filled(scalar, &[heads, queries, width], zero);
    let name = if shared { contract(second) } else { "linalg.batch_matmul".into() };
    let result = w.named(&name, "", &[&weights, &v], &onto);
    w.returns(result);
}
