//! `linalg`.

use super::facts::{
    Aliasing, Arithmetic, Dialect, Evaluation, IterationSpace as Space, MemoryEffect, Nest, RegionExecution, StepClass,
    TrafficRule,
};
use super::features::{BufferSource, InstructionClass as Class};
use super::record::Record;
use super::syntax::BinaryFunction::{Add, Div, DivUnsigned, Max, MaxUnsigned, Min, MinUnsigned, Mul, Powf, Sub};
use super::syntax::UnaryFunction as Unary;
use super::syntax::{BinaryFunction, Body, Reader};

pub(super) const PACK: &str = "%a [? padding_value ( %pad? : !pad ) ?] [? outer_dims_perm = @outer_dims_perm:ints ?] \
    inner_dims_pos = @inner_dims_pos:ints inner_tiles = &tiles/static_inner_tiles into %dest {} : !a -> !dest";
pub(super) const UNPACK: &str = "%a [? outer_dims_perm = @outer_dims_perm:ints ?] inner_dims_pos = \
    @inner_dims_pos:ints inner_tiles = &tiles/static_inner_tiles into %dest {} : !a -> !dest";

const fn op(name: &'static str) -> Record {
    Record::new(Dialect::Linalg, name)
        .arithmetic(Arithmetic::Body)
        .traffic(TrafficRule::Structured)
        .effect(MemoryEffect::Structured)
        .aliasing(Aliasing::FreshOutputs)
        .regions(RegionExecution::Structured(Space::None))
        .scalar_body()
        .class(Class::Structured)
        .buffer(BufferSource::Output)
}

/// An operation over an iteration space.
const fn structured(name: &'static str, space: Space, steps: StepClass) -> Record {
    op(name).regions(RegionExecution::Structured(space)).steps(steps)
}

const fn elementwise(name: &'static str, body: Body) -> Record {
    structured(name, Space::LastOperand, StepClass::Nonlinear(1)).reader(Reader::LinalgNamed(body))
}

const fn unary(name: &'static str, function: Unary) -> Record {
    elementwise(name, Body::Unary(function))
}

const fn binary(name: &'static str, function: BinaryFunction) -> Record {
    elementwise(name, Body::Binary(function))
}

const fn contraction(name: &'static str) -> Record {
    structured(name, Space::Contraction, StepClass::Contraction).reader(Reader::LinalgNamed(Body::Contraction))
}

const fn nest(loops: &'static str, operands: &'static [&'static str]) -> Nest {
    Nest { loops, operands, implied: false, in_features: true }
}

/// A nest that the features do not use.
const fn hidden(loops: &'static str, operands: &'static [&'static str]) -> Nest {
    Nest { loops, operands, implied: false, in_features: false }
}

const fn implied(nest: Nest) -> Nest {
    Nest { implied: true, ..nest }
}

/// A convolution; letters are the dimensions of the filter.
const fn convolution(name: &'static str, letters: &'static str) -> Record {
    contraction(name).convolution(letters)
}

const fn depthwise(name: &'static str, letters: &'static str) -> Record {
    contraction(name).depthwise_convolution(letters)
}

const fn quantized(record: Record) -> Record {
    record.reader(Reader::LinalgNamed(Body::Quantized))
}

const fn pooling(name: &'static str, function: BinaryFunction) -> Record {
    structured(name, Space::Pooling, StepClass::Pooling).reader(Reader::LinalgNamed(Body::Pooling(function)))
}

const fn short_form(record: Record, attribute: &'static str, body: Body) -> Record {
    record.reader(Reader::LinalgShort { attribute, accumulates: false, body })
}

/// An operation without a region.
const fn opaque(name: &'static str) -> Record {
    op(name).reader(Reader::LinalgWithoutBody)
}

const MATMUL: Nest = nest("mnk", &["m,k", "k,n", "m,n"]);
const BATCH_MATMUL: Nest = nest("bmnk", &["b,m,k", "b,k,n", "b,m,n"]);
const POOLING_NHWC: (&str, &[&str]) = ("nhwcyx", &["n,hy,wx,c", "y,x", "n,h,w,c"]);

pub(super) const RECORDS: &[Record] = &[
    op("linalg.index")
        .form("@dim {}", "r=index")
        .no_arithmetic()
        .evaluation(Evaluation::LoopIndex)
        .steps(StepClass::Terminator)
        .class(Class::Free),
    op("linalg.yield")
        .form("[? %a* {} : !a* ?]", "")
        .no_arithmetic()
        .terminator()
        .steps(StepClass::Terminator)
        .class(Class::Free),
    op("linalg.pack")
        .ordered_form("a dest pad? tiles*", PACK, "r=dest")
        .no_arithmetic()
        .traffic(TrafficRule::Whole)
        .steps(StepClass::Copy),
    op("linalg.unpack")
        .ordered_form("a dest tiles*", UNPACK, "r=dest")
        .no_arithmetic()
        .traffic(TrafficRule::Whole)
        .steps(StepClass::Copy),
    // Maximum, exponential, sum, quotient.
    opaque("linalg.softmax").arithmetic(Arithmetic::Softmax).traffic(TrafficRule::Whole).steps(StepClass::Nonlinear(4)),
    opaque("linalg.winograd_filter_transform"),
    opaque("linalg.winograd_input_transform"),
    opaque("linalg.winograd_output_transform"),
    structured("linalg.generic", Space::Unknown, StepClass::Body).reader(Reader::LinalgGeneric),
    short_form(structured("linalg.map", Space::LastOperand, StepClass::Body), "", Body::Empty),
    structured("linalg.reduce", Space::FirstOperand, StepClass::Body).reader(Reader::LinalgShort {
        attribute: "dimensions",
        accumulates: true,
        body: Body::Empty,
    }),
    short_form(structured("linalg.transpose", Space::LastOperand, StepClass::Copy), "permutation", Body::First),
    short_form(structured("linalg.broadcast", Space::LastOperand, StepClass::View), "dimensions", Body::First),
    elementwise("linalg.fill", Body::First).fresh().steps(StepClass::Storage("a constant fill")),
    elementwise("linalg.fill_rng_2d", Body::Empty),
    elementwise("linalg.copy", Body::Copy).steps(StepClass::Insert),
    elementwise("linalg.select", Body::Select),
    elementwise("linalg.elementwise", Body::Elementwise),
    unary("linalg.exp", Unary::Exp),
    unary("linalg.log", Unary::Log),
    unary("linalg.abs", Unary::Abs),
    unary("linalg.ceil", Unary::Ceil),
    unary("linalg.floor", Unary::Floor),
    unary("linalg.negf", Unary::Negf),
    unary("linalg.reciprocal", Unary::Reciprocal),
    unary("linalg.round", Unary::Round),
    unary("linalg.sqrt", Unary::Sqrt),
    unary("linalg.rsqrt", Unary::Rsqrt),
    unary("linalg.square", Unary::Square),
    unary("linalg.tanh", Unary::Tanh),
    unary("linalg.erf", Unary::Erf),
    binary("linalg.add", Add),
    binary("linalg.sub", Sub),
    binary("linalg.mul", Mul),
    binary("linalg.div", Div),
    binary("linalg.div_unsigned", DivUnsigned),
    binary("linalg.max", Max),
    binary("linalg.min", Min),
    binary("linalg.powf", Powf),
    structured("linalg.contract", Space::Unknown, StepClass::Contraction)
        .reader(Reader::LinalgNamed(Body::Contraction))
        .drawing(super::facts::Drawing::Contraction),
    contraction("linalg.matmul").contraction_over(implied(MATMUL)),
    contraction("linalg.matmul_transpose_a").contraction_over(nest("mnk", &["k,m", "k,n", "m,n"])),
    contraction("linalg.matmul_transpose_b").contraction_over(nest("mnk", &["m,k", "n,k", "m,n"])),
    contraction("linalg.batch_matmul").contraction_over(implied(BATCH_MATMUL)),
    contraction("linalg.batch_matmul_transpose_a").contraction_over(hidden("bmnk", &["b,k,m", "b,k,n", "b,m,n"])),
    contraction("linalg.batch_matmul_transpose_b").contraction_over(nest("bmnk", &["b,m,k", "b,n,k", "b,m,n"])),
    contraction("linalg.batch_reduce_matmul").contraction_over(implied(hidden("bmnk", &["b,m,k", "b,k,n", "m,n"]))),
    contraction("linalg.matvec").contraction_over(nest("mk", &["m,k", "k", "m"])),
    contraction("linalg.vecmat").contraction_over(nest("nk", &["k", "k,n", "n"])),
    contraction("linalg.batch_matvec").contraction_over(nest("bmk", &["b,m,k", "b,k", "b,m"])),
    contraction("linalg.batch_vecmat").contraction_over(hidden("bnk", &["b,k", "b,k,n", "b,n"])),
    contraction("linalg.dot").contraction_over(nest("k", &["k", "k", ""])),
    // Tiles: rows a, columns c, summed b.
    contraction("linalg.mmt4d").contraction_over(hidden("mnkacb", &["m,k,a,b", "n,k,c,b", "m,n,a,c"])),
    contraction("linalg.batch_mmt4d").contraction_over(hidden("zmnkacb", &["z,m,k,a,b", "z,n,k,c,b", "z,m,n,a,c"])),
    quantized(contraction("linalg.quantized_matmul").contraction_over(hidden("mnk", &["m,k", "k,n", "m,n"]))),
    quantized(
        contraction("linalg.quantized_batch_matmul").contraction_over(hidden("bmnk", &["b,m,k", "b,k,n", "b,m,n"])),
    ),
    convolution("linalg.conv_1d", "w"),
    convolution("linalg.conv_2d", "hw"),
    convolution("linalg.conv_3d", "dhw"),
    convolution("linalg.conv_1d_nwc_wcf", "wcf").nest("nwfxc", &["n,wx,c", "x,c,f", "n,w,f"]),
    convolution("linalg.conv_1d_ncw_fcw", "fcw"),
    convolution("linalg.conv_2d_nhwc_hwcf", "hwcf").nest("nhwfyxc", &["n,hy,wx,c", "y,x,c,f", "n,h,w,f"]),
    convolution("linalg.conv_2d_nhwc_fhwc", "fhwc"),
    quantized(convolution("linalg.conv_2d_nhwc_hwcf_q", "hwcf")),
    quantized(convolution("linalg.conv_2d_nhwc_fhwc_q", "fhwc")),
    convolution("linalg.conv_2d_nchw_fchw", "fchw").nest("nfhwcyx", &["n,c,hy,wx", "f,c,y,x", "n,f,h,w"]),
    quantized(convolution("linalg.conv_2d_nchw_fchw_q", "fchw")),
    convolution("linalg.conv_2d_ngchw_fgchw", "fgchw"),
    convolution("linalg.conv_2d_ngchw_gfchw", "gfchw"),
    quantized(convolution("linalg.conv_2d_ngchw_gfchw_q", "gfchw")),
    convolution("linalg.conv_2d_nhwgc_gfhwc", "gfhwc"),
    quantized(convolution("linalg.conv_2d_nhwgc_gfhwc_q", "gfhwc")),
    convolution("linalg.conv_3d_ndhwc_dhwcf", "dhwcf").nest("ndhwfzyxc", &["n,dz,hy,wx,c", "z,y,x,c,f", "n,d,h,w,f"]),
    quantized(convolution("linalg.conv_3d_ndhwc_dhwcf_q", "dhwcf")),
    convolution("linalg.conv_3d_ncdhw_fcdhw", "fcdhw"),
    depthwise("linalg.depthwise_conv_1d_nwc_wc", "wc").nest("nwcx", &["n,wx,c", "x,c", "n,w,c"]),
    depthwise("linalg.depthwise_conv_1d_ncw_cw", "cw"),
    depthwise("linalg.depthwise_conv_1d_nwc_wcm", "wcm"),
    depthwise("linalg.depthwise_conv_2d_nhwc_hwc", "hwc").nest("nhwcyx", &["n,hy,wx,c", "y,x,c", "n,h,w,c"]),
    depthwise("linalg.depthwise_conv_2d_nchw_chw", "chw"),
    quantized(depthwise("linalg.depthwise_conv_2d_nhwc_hwc_q", "hwc")),
    depthwise("linalg.depthwise_conv_2d_nhwc_hwcm", "hwcm"),
    quantized(depthwise("linalg.depthwise_conv_2d_nhwc_hwcm_q", "hwcm")),
    depthwise("linalg.depthwise_conv_3d_ndhwc_dhwc", "dhwc"),
    depthwise("linalg.depthwise_conv_3d_ncdhw_cdhw", "cdhw"),
    depthwise("linalg.depthwise_conv_3d_ndhwc_dhwcm", "dhwcm"),
    pooling("linalg.pooling_nhwc_sum", Add).nest(POOLING_NHWC.0, POOLING_NHWC.1),
    pooling("linalg.pooling_nhwc_max", Max).nest(POOLING_NHWC.0, POOLING_NHWC.1),
    pooling("linalg.pooling_nhwc_min", Min).nest(POOLING_NHWC.0, POOLING_NHWC.1),
    pooling("linalg.pooling_nhwc_max_unsigned", MaxUnsigned),
    pooling("linalg.pooling_nhwc_min_unsigned", MinUnsigned),
    pooling("linalg.pooling_nchw_sum", Add),
    pooling("linalg.pooling_nchw_max", Max),
    pooling("linalg.pooling_nwc_sum", Add),
    pooling("linalg.pooling_nwc_max", Max),
    pooling("linalg.pooling_nwc_max_unsigned", MaxUnsigned),
    pooling("linalg.pooling_nwc_min", Min),
    pooling("linalg.pooling_nwc_min_unsigned", MinUnsigned),
    pooling("linalg.pooling_ncw_sum", Add),
    pooling("linalg.pooling_ncw_max", Max),
    pooling("linalg.pooling_ndhwc_sum", Add),
    pooling("linalg.pooling_ndhwc_max", Max),
    pooling("linalg.pooling_ndhwc_min", Min),
];
