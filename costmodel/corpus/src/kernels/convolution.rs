//! Convolutions (1-d to 3-d, grouped, dilated), depthwise convolutions and pooling.

use super::chain::Chain;
use super::contraction::{Contraction, Start};
use super::dense::{finish_with, float_type, multiply_add};
use super::draw::Draw;
use super::linalg::{Access, Sum};
use super::types::Scalar;
use super::writer::{Form, Writer};

/// Window geometry of one spatial dimension.
#[derive(Clone, Copy)]
struct Window {
    extent: u64,
    kernel: u64,
    stride: i64,
    dilation: i64,
}

fn windows(d: &mut Draw, dimensions: usize) -> Vec<Window> {
    let (stride, dilation) = (d.pick(&[1, 1, 1, 2]), d.pick(&[1, 1, 1, 2, 3]));
    let kernel = d.pick(&[1, 2, 3, 3, 3, 5, 7]);
    let extent = |d: &mut Draw| if dimensions == 1 { d.size() } else { d.within(6, 56) };
    (0..dimensions).map(|_| Window { extent: extent(d), kernel, stride, dilation }).collect()
}

/// Spatial subscripts `out * stride + tap * dilation`; out loops start at `out`, taps at `tap`.
fn spatial(windows: &[Window], out: usize, tap: usize) -> Vec<Sum> {
    let one = |(i, w): (usize, &Window)| (vec![(out + i, w.stride), (tap + i, w.dilation)], 0);
    windows.iter().enumerate().map(one).collect()
}

fn plain(dims: impl IntoIterator<Item = usize>) -> Vec<Sum> {
    dims.into_iter().map(|d| (vec![(d, 1)], 0)).collect()
}

fn per_window(windows: &[Window], attribute: impl Fn(&Window) -> i64) -> String {
    let values: Vec<String> = windows.iter().map(|w| attribute(w).to_string()).collect();
    format!("dense<[{}]> : tensor<{}xi64>", values.join(", "), windows.len())
}

/// Convolutions with channels, channels first or last, grouped or not.
pub fn convolution(w: &mut Writer, d: &mut Draw, s: &mut Draw) {
    let scalar = float_type(d);
    let dimensions = d.pick(&[1, 2, 2, 2, 3]);
    let shape = windows(d, dimensions);
    let (channels_last, grouped) = (d.chance(50), d.chance(25));
    let (batch, inputs, outputs) = (d.within(1, 4), d.within(1, 32), d.pick(&[4, 8, 12, 16, 24, 32, 48, 64]));
    let (fused, named) = (d.chance(40), d.chance(60));
    let finish = Chain::draw(d, scalar, 3);
    let groups = d.within(2, 4);
    // Loops: n, [g,] f, x..., c, k...
    let g = usize::from(grouped);
    let (f, x) = (1 + g, 2 + g);
    let c = x + dimensions;
    let k = c + 1;
    let mut extents = vec![batch];
    if grouped {
        extents.push(groups);
    }
    extents.push(outputs);
    extents.extend(shape.iter().map(|w| w.extent));
    extents.push(inputs);
    extents.extend(shape.iter().map(|w| w.kernel));
    let (space, taps) = (spatial(&shape, x, k), plain(k..k + dimensions));
    let channels: Vec<usize> = if grouped { vec![1, c] } else { vec![c] };
    let features: Vec<usize> = if grouped { vec![1, f] } else { vec![f] };
    let join = |parts: Vec<Vec<Sum>>| Access(parts.concat());
    let (image, filter, output) = if channels_last {
        (
            join(vec![plain([0]), space, plain(channels)]),
            join(vec![taps, plain([c]), plain(features.clone())]),
            join(vec![plain([0]), plain(x..c), plain(features)]),
        )
    } else {
        (
            join(vec![plain([0]), plain(channels), space]),
            join(vec![plain(features.clone()), plain([c]), taps]),
            join(vec![plain([0]), plain(features), plain(x..c)]),
        )
    };
    let image_buffer = w.array(scalar, &image.extents(&extents));
    let filter_buffer = w.array(scalar, &filter.extents(&extents));
    let operation = match (dimensions, channels_last) {
        (1, true) => "linalg.conv_1d_nwc_wcf",
        (1, false) => "linalg.conv_1d_ncw_fcw",
        (2, true) => "linalg.conv_2d_nhwc_hwcf",
        (2, false) => "linalg.conv_2d_nchw_fchw",
        (_, true) => "linalg.conv_3d_ndhwc_dhwcf",
        (_, false) => "linalg.conv_3d_ncdhw_fcdhw",
    };
    let contraction = Contraction {
        parallel: c,
        inputs: vec![(image_buffer, image), (filter_buffer, filter)],
        output,
        scalar,
        start: Start::Number(0.0),
        combine: &multiply_add(fused),
        finish,
        extents,
    };
    if w.form == Form::Linalg && named && !grouped {
        named_window(w, &contraction, operation, &shape);
    } else {
        finish_with(w, s, &contraction);
    }
}

fn named_window(w: &mut Writer, contraction: &Contraction, operation: &str, shape: &[Window]) {
    let start = match contraction.start {
        Start::Number(number) => w.number(contraction.scalar, number),
        Start::Lowest => w.extreme(contraction.scalar, true),
        Start::Highest => w.extreme(contraction.scalar, false),
    };
    let onto = w.filled(contraction.scalar, &contraction.output.extents(&contraction.extents), start);
    let attributes =
        format!("dilations = {}, strides = {}", per_window(shape, |w| w.dilation), per_window(shape, |w| w.stride));
    let result = w.named(operation, &attributes, &[&contraction.inputs[0].0, &contraction.inputs[1].0], &onto);
    let result = contraction.finished(w, result);
    w.returns(result);
}

/// Depthwise convolutions, with a channel multiplier at times.
pub fn depthwise(w: &mut Writer, d: &mut Draw, s: &mut Draw) {
    let scalar = float_type(d);
    let dimensions = d.pick(&[1, 2, 2]);
    let shape = windows(d, dimensions);
    let (channels_last, multiplied) = (d.chance(60), d.chance(30));
    let (batch, channels, multiplier) = (d.within(1, 4), d.pick(&[8, 16, 24, 32, 48, 64, 96]), d.within(2, 4));
    let (fused, named) = (d.chance(40), d.chance(50));
    let finish = Chain::draw(d, scalar, 3);
    // Loops: n, c, [m,] x..., k...
    let m = usize::from(multiplied);
    let x = 2 + m;
    let k = x + dimensions;
    let mut extents = vec![batch, channels];
    if multiplied {
        extents.push(multiplier);
    }
    extents.extend(shape.iter().map(|w| w.extent));
    extents.extend(shape.iter().map(|w| w.kernel));
    let (space, taps) = (spatial(&shape, x, k), plain(k..k + dimensions));
    let features = plain(1..x);
    let (image, filter, output) = if channels_last {
        (
            Access([plain([0]), space, plain([1])].concat()),
            Access([taps, features.clone()].concat()),
            Access([plain([0]), plain(x..k), features].concat()),
        )
    } else {
        (
            Access([plain([0, 1]), space].concat()),
            Access([features.clone(), taps].concat()),
            Access([plain([0]), features, plain(x..k)].concat()),
        )
    };
    let operation = match (dimensions, multiplied) {
        (1, false) => "linalg.depthwise_conv_1d_nwc_wc",
        (1, true) => "linalg.depthwise_conv_1d_nwc_wcm",
        (_, false) => "linalg.depthwise_conv_2d_nhwc_hwc",
        (_, true) => "linalg.depthwise_conv_2d_nhwc_hwcm",
    };
    let inputs =
        vec![(w.array(scalar, &image.extents(&extents)), image), (w.array(scalar, &filter.extents(&extents)), filter)];
    let combine = multiply_add(fused);
    let contraction = Contraction {
        parallel: k,
        inputs,
        output,
        scalar,
        start: Start::Number(0.0),
        combine: &combine,
        finish,
        extents,
    };
    if w.form == Form::Linalg && named && channels_last {
        named_window(w, &contraction, operation, &shape);
    } else {
        finish_with(w, s, &contraction);
    }
}

/// Pooling by sum, average, maximum, minimum or squares over windows.
pub fn pooling(w: &mut Writer, d: &mut Draw, s: &mut Draw) {
    let scalar = d.pick(&[Scalar::F32, Scalar::F32, Scalar::F64, Scalar::I32, Scalar::I8]);
    let dimensions = d.pick(&[1, 2, 2, 2, 3]);
    let mut shape = windows(d, dimensions);
    for window in &mut shape {
        window.kernel = window.kernel.max(2);
    }
    let channels_last = d.chance(50);
    let (batch, channels) = (d.within(1, 4), d.pick(&[4, 8, 16, 24, 32, 64]));
    let kind = d.below(5);
    let before = if d.chance(30) { Chain::draw(d, scalar, 2) } else { Chain::default() };
    let finish = Chain::draw(d, scalar, 3);
    let x = 2;
    let k = x + dimensions;
    let mut extents = vec![batch, channels];
    extents.extend(shape.iter().map(|w| w.extent));
    extents.extend(shape.iter().map(|w| w.kernel));
    let space = spatial(&shape, x, k);
    let (image, output) = if channels_last {
        (Access([plain([0]), space, plain([1])].concat()), Access([plain([0]), plain(x..k), plain([1])].concat()))
    } else {
        (Access([plain([0, 1]), space].concat()), Access(plain(0..k)))
    };
    let start = [Start::Number(0.0), Start::Number(0.0), Start::Lowest, Start::Highest, Start::Number(0.0)][kind];
    let contraction = Contraction {
        parallel: k,
        inputs: vec![(w.array(scalar, &image.extents(&extents)), image)],
        output,
        scalar,
        start,
        combine: &|w, acc, e| {
            let e = before.apply(w, e[0]);
            match kind {
                0 => w.add(acc, e),
                1 if scalar.is_float() => {
                    let share = w.float(scalar, 1.0 / 9.0);
                    w.fma(e, share, acc)
                }
                2 => w.max(acc, e),
                3 => w.min(acc, e),
                _ => w.fma(e, e, acc),
            }
        },
        finish,
        extents,
    };
    finish_with(w, s, &contraction);
}
