//! `linalg`.

use super::facts::{
    Aliasing, Arithmetic, Dialect, Drawing, Evaluation, Expansion, MemoryEffect, RegionExecution, StepClass,
    TrafficRule, WinogradPart,
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
        .regions(RegionExecution::Structured)
        .steps(StepClass::Body)
        .scalar_body()
        .class(Class::Structured)
        .buffer(BufferSource::Output)
}

/// An operation whose loops and subscripts follow from its name and attributes.
const fn named(name: &'static str, body: Body) -> Record {
    op(name).reader(Reader::LinalgNamed(body)).expansion(Expansion::Structured)
}

const fn unary(name: &'static str, function: Unary) -> Record {
    named(name, Body::Unary(function))
}

const fn binary(name: &'static str, function: BinaryFunction) -> Record {
    named(name, Body::Binary(function))
}

const fn contraction(name: &'static str) -> Record {
    named(name, Body::Contraction).drawing(Drawing::Contraction)
}

/// A contraction of integers with zero points.
const fn quantized(name: &'static str) -> Record {
    named(name, Body::Quantized).drawing(Drawing::Contraction)
}

const fn pooling(name: &'static str, function: BinaryFunction) -> Record {
    named(name, Body::Pooling(function))
}

const fn short_form(record: Record, attribute: &'static str, body: Body) -> Record {
    record.reader(Reader::LinalgShort { attribute, accumulates: false, body })
}

/// An operation without a region.
const fn opaque(name: &'static str) -> Record {
    op(name).reader(Reader::LinalgWithoutBody)
}

pub(super) const RECORDS: &[Record] = &[
    op("linalg.index")
        .form("@dim:index {} : !r", "r")
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
        .expansion(Expansion::Pack),
    op("linalg.unpack")
        .ordered_form("a dest tiles*", UNPACK, "r=dest")
        .no_arithmetic()
        .traffic(TrafficRule::Whole)
        .expansion(Expansion::Unpack),
    // Maximum, exponential, sum, quotient.
    opaque("linalg.softmax").traffic(TrafficRule::Whole).steps(StepClass::Nonlinear(4)).expansion(Expansion::Softmax),
    opaque("linalg.winograd_filter_transform").expansion(Expansion::Winograd(WinogradPart::Filter)),
    opaque("linalg.winograd_input_transform").expansion(Expansion::Winograd(WinogradPart::Input)),
    opaque("linalg.winograd_output_transform").expansion(Expansion::Winograd(WinogradPart::Output)),
    op("linalg.generic").reader(Reader::LinalgGeneric),
    short_form(op("linalg.map"), "", Body::Empty).expansion(Expansion::Pointwise),
    op("linalg.reduce")
        .reader(Reader::LinalgShort { attribute: "dimensions", accumulates: true, body: Body::Empty })
        .expansion(Expansion::Reduction),
    short_form(op("linalg.transpose"), "permutation", Body::First).expansion(Expansion::Transposition),
    short_form(op("linalg.broadcast"), "dimensions", Body::First).expansion(Expansion::Broadcast),
    named("linalg.fill", Body::First).fresh(),
    named("linalg.fill_rng_2d", Body::Empty),
    named("linalg.copy", Body::Copy),
    named("linalg.select", Body::Select),
    named("linalg.elementwise", Body::Elementwise),
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
    contraction("linalg.contract"),
    contraction("linalg.matmul").implied_maps(),
    contraction("linalg.matmul_transpose_a"),
    contraction("linalg.matmul_transpose_b"),
    contraction("linalg.batch_matmul").implied_maps(),
    contraction("linalg.batch_matmul_transpose_a"),
    contraction("linalg.batch_matmul_transpose_b"),
    contraction("linalg.batch_reduce_matmul").implied_maps(),
    contraction("linalg.matvec"),
    contraction("linalg.vecmat"),
    contraction("linalg.batch_matvec"),
    contraction("linalg.batch_vecmat"),
    contraction("linalg.dot"),
    contraction("linalg.mmt4d"),
    contraction("linalg.batch_mmt4d"),
    quantized("linalg.quantized_matmul"),
    quantized("linalg.quantized_batch_matmul"),
    contraction("linalg.conv_1d"),
    contraction("linalg.conv_2d"),
    contraction("linalg.conv_3d"),
    contraction("linalg.conv_1d_nwc_wcf"),
    contraction("linalg.conv_1d_ncw_fcw"),
    contraction("linalg.conv_2d_nhwc_hwcf"),
    contraction("linalg.conv_2d_nhwc_fhwc"),
    quantized("linalg.conv_2d_nhwc_hwcf_q"),
    quantized("linalg.conv_2d_nhwc_fhwc_q"),
    contraction("linalg.conv_2d_nchw_fchw"),
    quantized("linalg.conv_2d_nchw_fchw_q"),
    contraction("linalg.conv_2d_ngchw_fgchw"),
    contraction("linalg.conv_2d_ngchw_gfchw"),
    quantized("linalg.conv_2d_ngchw_gfchw_q"),
    contraction("linalg.conv_2d_nhwgc_gfhwc"),
    quantized("linalg.conv_2d_nhwgc_gfhwc_q"),
    contraction("linalg.conv_3d_ndhwc_dhwcf"),
    quantized("linalg.conv_3d_ndhwc_dhwcf_q"),
    contraction("linalg.conv_3d_ncdhw_fcdhw"),
    contraction("linalg.depthwise_conv_1d_nwc_wc"),
    contraction("linalg.depthwise_conv_1d_ncw_cw"),
    contraction("linalg.depthwise_conv_1d_nwc_wcm"),
    contraction("linalg.depthwise_conv_2d_nhwc_hwc"),
    contraction("linalg.depthwise_conv_2d_nchw_chw"),
    quantized("linalg.depthwise_conv_2d_nhwc_hwc_q"),
    contraction("linalg.depthwise_conv_2d_nhwc_hwcm"),
    quantized("linalg.depthwise_conv_2d_nhwc_hwcm_q"),
    contraction("linalg.depthwise_conv_3d_ndhwc_dhwc"),
    contraction("linalg.depthwise_conv_3d_ncdhw_cdhw"),
    contraction("linalg.depthwise_conv_3d_ndhwc_dhwcm"),
    pooling("linalg.pooling_nhwc_sum", Add),
    pooling("linalg.pooling_nhwc_max", Max),
    pooling("linalg.pooling_nhwc_min", Min),
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
