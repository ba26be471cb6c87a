//! Named convolutions and poolings in their layouts, with strides and dilations.
//!
//! Layouts are written in letters: `n` batch, `c` input channels, `f` features, `g` groups, `m` multiplier. Window dimensions are
//! `X`, `Y`, `Z` in the image, and `x`, `y`, `z` in the filter and in the output.

use super::sizes::operand_types;
use super::steps::{Tail, requantise};
use crate::kernels::draw::Draw;
use crate::kernels::types::{Buffer, Scalar, Value};
use crate::kernels::writer::Writer;

/// An operation with the layouts of image, filter and output.
type Layout = (&'static str, [&'static str; 3]);

/// Most multiply-adds.
const MOST: u64 = 30_000_000;

/// Extents of a convolution.
struct Geometry {
    out: [u64; 3],
    kernel: [u64; 3],
    stride: [u64; 3],
    dilation: [u64; 3],
    channels: Vec<(char, u64)>,
    windows: usize,
}

fn window(letter: char) -> Option<usize> {
    "xyz".find(letter.to_ascii_lowercase())
}

impl Geometry {
    /// Draws extents for a layout; `plain` operations have neither strides nor dilations.
    fn draw(d: &mut Draw, layout: &[&str; 3], plain: bool) -> Self {
        let windows = layout[0].chars().filter(|c| c.is_ascii_uppercase()).count();
        let kernel = d.pick(&[1u64, 2, 3, 3, 3, 4, 5, 7]);
        let mut step = |choices: &[u64]| {
            let same = d.pick(choices);
            let other = d.pick(choices);
            let mixed = d.chance(15);
            if plain { [1; 3] } else { [same, if mixed { other } else { same }, same] }
        };
        let (stride, dilation) = (step(&[1, 1, 1, 2, 2, 3]), step(&[1, 1, 1, 1, 2, 3]));
        let square = d.chance(80);
        let tall = d.pick(&[1u64, 2, 3, 5]);
        let out = [0; 3].map(|_| match windows {
            1 => d.size(),
            2 => d.within(4, 48),
            _ => d.within(3, 16),
        });
        let channels = vec![
            ('n', d.within(1, 4)),
            ('g', d.within(2, 6)),
            ('m', d.within(2, 4)),
            ('c', d.pick(&[1, 3, 4, 8, 12, 16, 24, 32, 64])),
            ('f', d.pick(&[1, 4, 8, 12, 16, 24, 32, 64])),
        ];
        let kernel = [kernel, if square { kernel } else { tall }, kernel];
        let mut this = Self { out, kernel, stride, dilation, channels, windows };
        while this.work(layout) > MOST {
            let largest = this.out.iter_mut().max().expect("three extents");
            *largest = largest.div_ceil(2);
            if let Some(features) = this.channels.iter_mut().find(|(letter, _)| *letter == 'f') {
                features.1 = features.1.div_ceil(2);
            }
        }
        this
    }

    fn work(&self, layout: &[&str; 3]) -> u64 {
        let output: u64 = self.shape(2, layout).iter().product();
        let taps: u64 = self.shape(1, layout).iter().product();
        // Features are in both.
        let shared = layout[2].chars().filter(|c| layout[1].contains(*c) && window(*c).is_none());
        output * taps / shared.map(|c| self.channel(c)).product::<u64>().max(1)
    }

    fn channel(&self, letter: char) -> u64 {
        self.channels.iter().find(|(l, _)| *l == letter).map_or(1, |(_, extent)| *extent)
    }

    /// The shape of the image (0), the filter (1) or the output (2).
    fn shape(&self, operand: usize, layout: &[&str; 3]) -> Vec<u64> {
        let extent = |letter: char| match (window(letter), operand) {
            (None, _) => self.channel(letter),
            (Some(i), 0) => (self.out[i] - 1) * self.stride[i] + (self.kernel[i] - 1) * self.dilation[i] + 1,
            (Some(i), 1) => self.kernel[i],
            (Some(i), _) => self.out[i],
        };
        layout[operand].chars().map(extent).collect()
    }

    fn attributes(&self) -> String {
        let dense = |values: &[u64; 3]| {
            let values: Vec<String> = values[..self.windows].iter().map(u64::to_string).collect();
            format!("dense<[{}]> : tensor<{}xi64>", values.join(", "), self.windows)
        };
        format!("dilations = {}, strides = {}", dense(&self.dilation), dense(&self.stride))
    }
}

/// The dimension of the features in an output: `f`, or the last channel letter of a depthwise one.
fn features(output: &str) -> Option<usize> {
    output.find('f').or_else(|| output.find('c'))
}

/// One convolution of a layout; the image is `given` or a new argument.
fn convolve(
    w: &mut Writer,
    (operation, layout): Layout,
    geometry: &Geometry,
    (scalar, sum): (Scalar, Scalar),
    points: &[Value],
) -> Buffer {
    let image = w.array(scalar, &geometry.shape(0, &layout));
    let filter = w.array(scalar, &geometry.shape(1, &layout));
    let zero = w.number(sum, 0.0);
    let onto = w.filled(sum, &geometry.shape(2, &layout), zero);
    let attributes = if is_plain(operation) { String::new() } else { geometry.attributes() };
    w.named_with(operation, &attributes, &[&image, &filter], points, &onto)
}

fn is_plain(operation: &str) -> bool {
    matches!(operation, "linalg.conv_1d" | "linalg.conv_2d" | "linalg.conv_3d")
}

fn convolution_of(w: &mut Writer, d: &mut Draw, s: &mut Draw, layouts: &[Layout]) {
    let layout = d.pick(layouts);
    let types = operand_types(d);
    let geometry = Geometry::draw(d, &layout.1, is_plain(layout.0));
    let tail = Tail::draw(d, types.1);
    let result = convolve(w, layout, &geometry, types, &[]);
    let result = tail.apply(w, s, result, features(layout.1[2]));
    w.returns(result);
}

/// Convolutions of one to three dimensions, without channels, channels last and channels first.
pub fn convolution(w: &mut Writer, d: &mut Draw, s: &mut Draw) {
    const ALL: &[Layout] = &[
        ("linalg.conv_1d", ["X", "x", "x"]),
        ("linalg.conv_2d", ["XY", "xy", "xy"]),
        ("linalg.conv_3d", ["XYZ", "xyz", "xyz"]),
        ("linalg.conv_1d_nwc_wcf", ["nXc", "xcf", "nxf"]),
        ("linalg.conv_1d_ncw_fcw", ["ncX", "fcx", "nfx"]),
        ("linalg.conv_2d_nhwc_hwcf", ["nXYc", "xycf", "nxyf"]),
        ("linalg.conv_2d_nhwc_hwcf", ["nXYc", "xycf", "nxyf"]),
        ("linalg.conv_2d_nhwc_fhwc", ["nXYc", "fxyc", "nxyf"]),
        ("linalg.conv_2d_nchw_fchw", ["ncXY", "fcxy", "nfxy"]),
        ("linalg.conv_2d_nchw_fchw", ["ncXY", "fcxy", "nfxy"]),
        ("linalg.conv_3d_ndhwc_dhwcf", ["nXYZc", "xyzcf", "nxyzf"]),
        ("linalg.conv_3d_ncdhw_fcdhw", ["ncXYZ", "fcxyz", "nfxyz"]),
    ];
    convolution_of(w, d, s, ALL);
}

/// Depthwise convolutions, with and without a channel multiplier.
pub fn depthwise(w: &mut Writer, d: &mut Draw, s: &mut Draw) {
    const ALL: &[Layout] = &[
        ("linalg.depthwise_conv_1d_nwc_wc", ["nXc", "xc", "nxc"]),
        ("linalg.depthwise_conv_1d_ncw_cw", ["ncX", "cx", "ncx"]),
        ("linalg.depthwise_conv_1d_nwc_wcm", ["nXc", "xcm", "nxcm"]),
        ("linalg.depthwise_conv_2d_nhwc_hwc", ["nXYc", "xyc", "nxyc"]),
        ("linalg.depthwise_conv_2d_nchw_chw", ["ncXY", "cxy", "ncxy"]),
        ("linalg.depthwise_conv_2d_nhwc_hwcm", ["nXYc", "xycm", "nxycm"]),
        ("linalg.depthwise_conv_3d_ndhwc_dhwc", ["nXYZc", "xyzc", "nxyzc"]),
        ("linalg.depthwise_conv_3d_ncdhw_cdhw", ["ncXYZ", "cxyz", "ncxyz"]),
        ("linalg.depthwise_conv_3d_ndhwc_dhwcm", ["nXYZc", "xyzcm", "nxyzcm"]),
    ];
    convolution_of(w, d, s, ALL);
}

/// Convolutions in groups of channels.
pub fn grouped(w: &mut Writer, d: &mut Draw, s: &mut Draw) {
    const ALL: &[Layout] = &[
        ("linalg.conv_2d_ngchw_fgchw", ["ngcXY", "fgcxy", "ngfxy"]),
        ("linalg.conv_2d_ngchw_gfchw", ["ngcXY", "gfcxy", "ngfxy"]),
        ("linalg.conv_2d_nhwgc_gfhwc", ["nXYgc", "gfxyc", "nxygf"]),
    ];
    convolution_of(w, d, s, ALL);
}

/// Convolutions of 8-bit arrays with zero points, scaled back to 8 bits at times.
pub fn zero_point(w: &mut Writer, d: &mut Draw, s: &mut Draw) {
    const ALL: &[Layout] = &[
        ("linalg.conv_2d_nhwc_hwcf_q", ["nXYc", "xycf", "nxyf"]),
        ("linalg.conv_2d_nhwc_fhwc_q", ["nXYc", "fxyc", "nxyf"]),
        ("linalg.conv_2d_nchw_fchw_q", ["ncXY", "fcxy", "nfxy"]),
        ("linalg.conv_2d_nhwgc_gfhwc_q", ["nXYgc", "gfxyc", "nxygf"]),
        ("linalg.conv_2d_ngchw_gfchw_q", ["ngcXY", "gfcxy", "ngfxy"]),
        ("linalg.conv_3d_ndhwc_dhwcf_q", ["nXYZc", "xyzcf", "nxyzf"]),
        ("linalg.depthwise_conv_2d_nhwc_hwc_q", ["nXYc", "xyc", "nxyc"]),
        ("linalg.depthwise_conv_2d_nhwc_hwcm_q", ["nXYc", "xycm", "nxycm"]),
    ];
    let layout = d.pick(ALL);
    let geometry = Geometry::draw(d, &layout.1, false);
    let points = [d.within(0, 120), d.within(0, 7)].map(|point| w.integer(Scalar::I32, point as i64));
    let (tail, scaled) = (Tail::draw(d, Scalar::I32), d.chance(60));
    let sums = convolve(w, layout, &geometry, (Scalar::I8, Scalar::I32), &points);
    let sums = tail.apply(w, s, sums, features(layout.1[2]));
    let result = if scaled { requantise(w, d, &sums) } else { sums };
    w.returns(result);
}

/// Pooling of every named kind, and averages.
pub fn pooling(w: &mut Writer, d: &mut Draw, s: &mut Draw) {
    const ALL: &[Layout] = &[
        ("linalg.pooling_nhwc_sum", ["nXYc", "xy", "nxyc"]),
        ("linalg.pooling_nhwc_max", ["nXYc", "xy", "nxyc"]),
        ("linalg.pooling_nhwc_min", ["nXYc", "xy", "nxyc"]),
        ("linalg.pooling_nhwc_max_unsigned", ["nXYc", "xy", "nxyc"]),
        ("linalg.pooling_nhwc_min_unsigned", ["nXYc", "xy", "nxyc"]),
        ("linalg.pooling_nchw_sum", ["ncXY", "xy", "ncxy"]),
        ("linalg.pooling_nchw_max", ["ncXY", "xy", "ncxy"]),
        ("linalg.pooling_nwc_sum", ["nXc", "x", "nxc"]),
        ("linalg.pooling_nwc_max", ["nXc", "x", "nxc"]),
        ("linalg.pooling_nwc_max_unsigned", ["nXc", "x", "nxc"]),
        ("linalg.pooling_nwc_min", ["nXc", "x", "nxc"]),
        ("linalg.pooling_nwc_min_unsigned", ["nXc", "x", "nxc"]),
        ("linalg.pooling_ncw_sum", ["ncX", "x", "ncx"]),
        ("linalg.pooling_ncw_max", ["ncX", "x", "ncx"]),
        ("linalg.pooling_ndhwc_sum", ["nXYZc", "xyz", "nxyzc"]),
        ("linalg.pooling_ndhwc_max", ["nXYZc", "xyz", "nxyzc"]),
        ("linalg.pooling_ndhwc_min", ["nXYZc", "xyz", "nxyzc"]),
    ];
    let (operation, layout) = d.pick(ALL);
    let unsigned = operation.ends_with("unsigned");
    let (scalar, sum) = operand_types(d);
    // A pooling that compares has one element type.
    let scalar = match (unsigned, operation.ends_with("sum")) {
        (true, _) => d.pick(&[Scalar::I8, Scalar::I16, Scalar::I32]),
        (_, true) => scalar,
        _ => sum,
    };
    let sum = if operation.ends_with("sum") { sum } else { scalar };
    let geometry = Geometry::draw(d, &layout, false);
    let (average, tail) = (d.chance(50), Tail::draw(d, sum));
    let image = w.array(scalar, &geometry.shape(0, &layout));
    let taps = w.empty(scalar, &geometry.shape(1, &layout));
    let start = match operation {
        _ if operation.ends_with("min_unsigned") => w.integer(sum, -1),
        _ if operation.ends_with("max") => w.extreme(sum, true),
        _ if operation.ends_with("min") => w.extreme(sum, false),
        _ => w.number(sum, 0.0),
    };
    let onto = w.filled(sum, &geometry.shape(2, &layout), start);
    let mut result = w.named(operation, &geometry.attributes(), &[&image, &taps], &onto);
    if average && operation.ends_with("sum") {
        let count: u64 = geometry.shape(1, &layout).iter().product();
        result = w.elementwise(&[&result], sum, |w, e| {
            if sum.is_float() {
                let share = w.float(sum, 1.0 / count as f64);
                w.mul(e[0], share)
            } else {
                let count = w.integer(sum, count as i64);
                w.div(e[0], count)
            }
        });
    }
    let result = tail.apply(w, s, result, features(layout[2]));
    w.returns(result);
}
