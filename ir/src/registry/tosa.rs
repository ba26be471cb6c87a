//! `tosa`.

use super::facts::ElementArithmetic::{Product, Simple, Sum, Transcendental};
use super::facts::{
    Arithmetic, BranchForm, Dialect, Drawing, ElementArithmetic, LoopForm, Nest, RegionExecution, StepClass,
    TrafficRule,
};
use super::features::{InstructionClass as Class, MachineWork as Machine};
use super::record::Record;
use super::syntax::Reader;

/// Arithmetic is not counted.
const fn op(name: &'static str) -> Record {
    Record::new(Dialect::Tosa, name)
        .reader(Reader::ValuesAndFunction)
        .traffic(TrafficRule::Whole)
        .steps(StepClass::Nonlinear(1))
        .class(Class::Structured)
}

const fn each(name: &'static str, arithmetic: ElementArithmetic) -> Record {
    op(name).each(arithmetic)
}

const fn simple(name: &'static str) -> Record {
    each(name, Simple(1))
}

const fn reduction(name: &'static str) -> Record {
    op(name).arithmetic(Arithmetic::PerOperand(Simple(1)))
}

const fn moves(name: &'static str, steps: StepClass) -> Record {
    op(name).no_arithmetic().steps(steps)
}

const fn reshape(name: &'static str, steps: StepClass) -> Record {
    moves(name, steps).class(Class::Reshape)
}

const fn constant(name: &'static str) -> Record {
    moves(name, StepClass::Constant).no_traffic().class(Class::Free)
}

/// Regions, variables and custom operations: no class in steps.
const fn opaque(name: &'static str) -> Record {
    moves(name, StepClass::Unknown)
}

const fn without_form(record: Record) -> Record {
    Record { syntax: super::syntax::Syntax::Guessed, ..record }
}

const fn convolution(name: &'static str, letters: &'static str) -> Record {
    op(name).arithmetic(Arithmetic::BiasedConvolution).steps(StepClass::Contraction).convolution(letters)
}

const fn product(name: &'static str, arithmetic: Arithmetic, nest: Nest) -> Record {
    op(name).arithmetic(arithmetic).steps(StepClass::Contraction).contraction_over(nest)
}

const fn nest(loops: &'static str, operands: &'static [&'static str]) -> Nest {
    Nest { loops, operands }
}

pub(super) const RECORDS: &[Record] = &[
    constant("tosa.const").drawing(Drawing::LeftOut),
    constant("tosa.const_shape"),
    each("tosa.add", Sum),
    each("tosa.sub", Sum),
    each("tosa.mul", Product),
    simple("tosa.intdiv"),
    simple("tosa.maximum"),
    simple("tosa.minimum"),
    simple("tosa.logical_and"),
    simple("tosa.logical_or"),
    simple("tosa.logical_xor"),
    simple("tosa.logical_not"),
    simple("tosa.bitwise_and"),
    simple("tosa.bitwise_or"),
    simple("tosa.bitwise_xor"),
    simple("tosa.bitwise_not"),
    simple("tosa.equal"),
    simple("tosa.greater"),
    simple("tosa.greater_equal"),
    simple("tosa.arithmetic_right_shift"),
    simple("tosa.logical_left_shift"),
    simple("tosa.logical_right_shift"),
    simple("tosa.abs"),
    simple("tosa.ceil"),
    simple("tosa.floor"),
    simple("tosa.negate"),
    simple("tosa.clz"),
    simple("tosa.reciprocal"),
    each("tosa.clamp", Simple(2)),
    each("tosa.exp", Transcendental),
    each("tosa.log", Transcendental),
    each("tosa.rsqrt", Transcendental),
    each("tosa.sigmoid", Transcendental),
    each("tosa.tanh", Transcendental),
    each("tosa.erf", Transcendental),
    each("tosa.sin", Transcendental),
    each("tosa.cos", Transcendental),
    each("tosa.pow", Transcendental),
    reduction("tosa.reduce_sum"),
    reduction("tosa.reduce_max"),
    reduction("tosa.reduce_min"),
    reduction("tosa.reduce_product"),
    reduction("tosa.reduce_prod"),
    reduction("tosa.reduce_all"),
    reduction("tosa.reduce_any"),
    reduction("tosa.argmax"),
    product("tosa.matmul", Arithmetic::Contraction, nest("bmnk", &["b,m,k", "b,k,n", "b,m,n"])),
    product("tosa.fully_connected", Arithmetic::BiasedConvolution, nest("mnk", &["m,k", "n,k", "m,n"])),
    convolution("tosa.conv2d", "fhwc"),
    convolution("tosa.conv3d", "fdhwc"),
    convolution("tosa.transpose_conv2d", "fhwc").arithmetic(Arithmetic::TransposedConvolution),
    op("tosa.depthwise_conv2d")
        .arithmetic(Arithmetic::BiasedConvolution)
        .steps(StepClass::Contraction)
        .depthwise_convolution("hwcm"),
    op("tosa.max_pool2d").arithmetic(Arithmetic::Pooling),
    op("tosa.avg_pool2d").arithmetic(Arithmetic::Pooling),
    reshape("tosa.cast", StepClass::Nonlinear(1)),
    moves("tosa.select", StepClass::Nonlinear(1)),
    reshape("tosa.reshape", StepClass::View).no_traffic(),
    reshape("tosa.identity", StepClass::View).no_traffic(),
    reshape("tosa.transpose", StepClass::Copy),
    reshape("tosa.pad", StepClass::Copy).machine(Machine::Runtime),
    reshape("tosa.slice", StepClass::Copy),
    reshape("tosa.tile", StepClass::Copy),
    reshape("tosa.reverse", StepClass::Copy),
    reshape("tosa.concat", StepClass::Gather).machine(Machine::Runtime),
    moves("tosa.gather", StepClass::Gather),
    moves("tosa.scatter", StepClass::Gather),
    op("tosa.cast_from_block_scaled").steps(StepClass::View),
    op("tosa.cast_to_block_scaled"),
    // Drawn as contractions; their sums of products are not analysed.
    op("tosa.conv2d_block_scaled").drawing(Drawing::Contraction),
    op("tosa.matmul_t_block_scaled").drawing(Drawing::Contraction),
    op("tosa.apply_scale"),
    op("tosa.fft2d"),
    op("tosa.rfft2d"),
    op("tosa.rescale"),
    op("tosa.resize"),
    op("tosa.table"),
    // Arithmetic on shapes.
    op("tosa.add_shape"),
    op("tosa.concat_shape"),
    op("tosa.dim"),
    op("tosa.div_ceil_shape"),
    op("tosa.div_floor_shape"),
    op("tosa.exp2_shape"),
    op("tosa.log2_ceil_shape"),
    op("tosa.log2_floor_shape"),
    op("tosa.max_shape"),
    op("tosa.min_shape"),
    op("tosa.mod_shape"),
    op("tosa.mul_shape"),
    op("tosa.slice_shape"),
    op("tosa.sub_shape"),
    op("tosa.custom").steps(StepClass::Unknown),
    without_form(opaque("tosa.variable")),
    opaque("tosa.variable_read"),
    opaque("tosa.variable_write"),
    without_form(opaque("tosa.cond_if"))
        .no_traffic()
        .regions(RegionExecution::Branch(BranchForm::Other))
        .class(Class::Branch),
    without_form(opaque("tosa.while_loop"))
        .no_traffic()
        .regions(RegionExecution::Loop(LoopForm::GraphWhile))
        .class(Class::Loop),
    without_form(moves("tosa.yield", StepClass::Terminator)).no_traffic().terminator().class(Class::Free),
];
