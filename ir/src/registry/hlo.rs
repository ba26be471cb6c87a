//! `stablehlo`, `mhlo` (its earlier name) and `chlo`.

use super::facts::ElementArithmetic::{Product, Simple, Sum, Transcendental};
use super::facts::{
    Arithmetic, BranchForm, Dialect, Drawing, ElementArithmetic, Evaluation, LoopForm, ProductForm, RegionExecution,
    StepClass, TrafficRule,
};
use super::features::{InstructionClass as Class, MachineWork as Machine};
use super::record::Record;
use super::syntax::{HloNames, HloTypes, Reader, Syntax};

/// Arithmetic is not counted.
const fn op() -> Record {
    Record::new(Dialect::StableHlo, "")
        .reader(Reader::Hlo { names: &[], types: HloTypes::Shared })
        .traffic(TrafficRule::Whole)
        .steps(StepClass::Nonlinear(1))
        .class(Class::Structured)
}

const fn each(arithmetic: ElementArithmetic) -> Record {
    op().each(arithmetic)
}

const fn simple() -> Record {
    each(Simple(1))
}

const fn transcendental() -> Record {
    each(Transcendental)
}

/// Moves and changes of form.
const fn moves(steps: StepClass) -> Record {
    op().no_arithmetic().steps(steps)
}

const fn reshape(steps: StepClass) -> Record {
    moves(steps).class(Class::Reshape)
}

/// Work depends on data, or on an algorithm that is not fixed.
const fn data_dependent() -> Record {
    op().arithmetic(Arithmetic::DataDependent).steps(StepClass::Unknown)
}

/// Communication and side effects.
const fn opaque() -> Record {
    op().steps(StepClass::Unknown)
}

const fn branch() -> Record {
    opaque().no_arithmetic().no_traffic().regions(RegionExecution::Branch(BranchForm::Other)).class(Class::Branch)
}

const fn renamed(record: Record, names: HloNames) -> Record {
    record.reader(Reader::Hlo { names, types: HloTypes::Function })
}

/// The form without named attributes, with other types than usual.
const fn typed(record: Record, types: HloTypes) -> Record {
    record.reader(Reader::Hlo { names: &[], types })
}

/// Named attributes and the type of the result.
const fn result_typed(record: Record, names: HloNames) -> Record {
    record.reader(Reader::Hlo { names, types: HloTypes::Result })
}

const fn with_body(record: Record, regions: RegionExecution) -> Record {
    record.regions(regions).scalar_body()
}

const fn stablehlo(name: &'static str, record: Record) -> Record {
    // Regions with an unknown execution count are assumed to repeat.
    let regions = match record.regions {
        RegionExecution::Unknown => RegionExecution::Repeated,
        known => known,
    };
    record.named(name).regions(regions)
}

/// Forms and regions of `mhlo` are not known.
const fn mhlo(name: &'static str, record: Record) -> Record {
    Record {
        name,
        dialect: Dialect::Mhlo,
        syntax: Syntax::Guessed,
        regions: RegionExecution::Unknown,
        has_scalar_body: false,
        ..record
    }
}

const fn chlo(name: &'static str) -> Record {
    Record { dialect: Dialect::Chlo, ..typed(op(), HloTypes::Arrow).named(name) }
}

const fn chlo_transcendental(name: &'static str) -> Record {
    chlo(name).each(Transcendental)
}

const DIMS: HloNames = &[("dims", "broadcast_dimensions")];

/// Operations of `stablehlo` and `mhlo`, by the name that they share.
macro_rules! shared {
    ($($short:literal => $record:expr,)*) => {
        pub(super) const STABLEHLO: &[Record] = &[$(stablehlo(concat!("stablehlo.", $short), $record)),*];
        pub(super) const MHLO: &[Record] = &[$(mhlo(concat!("mhlo.", $short), $record)),*];
    };
}

shared! {
    "constant" => moves(StepClass::Constant)
        .reader(Reader::HloConstant)
        .element(Evaluation::Constant)
        .no_traffic()
        .class(Class::Free)
        .drawing(Drawing::LeftOut),
    "iota" => result_typed(moves(StepClass::Constant), &[("dim", "iota_dimension")]).no_traffic(),
    "dynamic_iota" => renamed(op(), &[("dim", "iota_dimension")]),
    "return" => moves(StepClass::Terminator)
        .form("{} [? %a* {} : !a* ?]", "")
        .no_traffic()
        .terminator()
        .class(Class::Free),
    "add" => each(Sum).element(Evaluation::Add),
    "subtract" => each(Sum),
    "multiply" => each(Product),
    "divide" => simple().machine(Machine::Divide),
    "remainder" => simple().machine(Machine::Remainder),
    "maximum" => simple().machine(Machine::MinMax),
    "minimum" => simple().machine(Machine::MinMax),
    "negate" => simple(),
    "abs" => simple(),
    "sign" => simple(),
    "floor" => simple(),
    "ceil" => simple(),
    "round_nearest_even" => simple(),
    "round_nearest_afz" => simple(),
    "compare" => simple().reader(Reader::HloCompare).element(Evaluation::Compare).machine(Machine::Select),
    "and" => simple(),
    "or" => simple(),
    "xor" => simple(),
    "not" => simple(),
    "shift_left" => simple(),
    "shift_right_arithmetic" => simple(),
    "shift_right_logical" => simple(),
    "popcnt" => simple(),
    "count_leading_zeros" => simple(),
    "is_finite" => simple(),
    "clamp" => each(Simple(2)).machine(Machine::MinMax),
    "exponential" => transcendental(),
    "exponential_minus_one" => transcendental(),
    "log" => transcendental(),
    "log_plus_one" => transcendental(),
    "logistic" => transcendental(),
    "sine" => transcendental(),
    "cosine" => transcendental(),
    "tan" => transcendental(),
    "tanh" => transcendental(),
    "sqrt" => transcendental().machine(Machine::Divide),
    "rsqrt" => transcendental().machine(Machine::Divide),
    "cbrt" => transcendental(),
    "atan2" => transcendental(),
    "power" => transcendental(),
    "erf" => transcendental(),
    "convert" => moves(StepClass::Nonlinear(1)).machine(Machine::Truncation),
    "bitcast_convert" => typed(moves(StepClass::View), HloTypes::Function),
    "select" => typed(moves(StepClass::Nonlinear(1)), HloTypes::Selection).machine(Machine::Select),
    "broadcast" => moves(StepClass::View),
    "broadcast_in_dim" => renamed(moves(StepClass::View), DIMS),
    "dynamic_broadcast_in_dim" => renamed(moves(StepClass::Nonlinear(1)), DIMS),
    "reshape" => typed(reshape(StepClass::View), HloTypes::Function).no_traffic(),
    "dynamic_reshape" => moves(StepClass::Nonlinear(1)),
    "transpose" => renamed(moves(StepClass::Copy), &[("dims", "permutation")]),
    "slice" => reshape(StepClass::Copy).reader(Reader::HloSlice),
    "dynamic_slice" => renamed(reshape(StepClass::Copy), &[("sizes", "slice_sizes")]),
    "real_dynamic_slice" => moves(StepClass::Nonlinear(1)),
    "dynamic_update_slice" => typed(reshape(StepClass::Insert), HloTypes::Function),
    "concatenate" => renamed(moves(StepClass::Gather), &[("dim", "dimension")]),
    "pad" => renamed(
        moves(StepClass::Copy),
        &[("low", "edge_padding_low"), ("high", "edge_padding_high"), ("interior", "interior_padding")],
    ),
    "dynamic_pad" => moves(StepClass::Nonlinear(1)),
    "gather" => moves(StepClass::Gather),
    "dynamic_gather" => moves(StepClass::Nonlinear(1)),
    "torch_index_select" => op(),
    "reverse" => result_typed(moves(StepClass::Copy), &[("dims", "dimensions")]),
    "tuple" => moves(StepClass::Nonlinear(1)).no_traffic(),
    "get_tuple_element" => moves(StepClass::Nonlinear(1)).reader(Reader::HloTupleElement).no_traffic(),
    "get_dimension_size" => renamed(moves(StepClass::Nonlinear(1)), &[("dim", "dimension")]).no_traffic(),
    "set_dimension_size" => renamed(op(), &[("dim", "dimension")]),
    "optimization_barrier" => typed(moves(StepClass::View), HloTypes::Each).no_traffic(),
    "copy" => op().steps(StepClass::View),
    "real" => moves(StepClass::Nonlinear(1)),
    "imag" => moves(StepClass::Nonlinear(1)),
    "complex" => typed(moves(StepClass::Nonlinear(1)), HloTypes::Result),
    "after_all" => moves(StepClass::Nonlinear(1)).no_traffic(),
    "create_token" => moves(StepClass::Nonlinear(1)).no_traffic(),
    "reduce_precision" => moves(StepClass::Nonlinear(1)),
    "uniform_quantize" => op(),
    "uniform_dequantize" => op(),
    "dot" => typed(op(), HloTypes::Function)
        .arithmetic(Arithmetic::Contraction)
        .steps(StepClass::Contraction)
        .contraction(ProductForm::Dot),
    "dot_general" => typed(op(), HloTypes::Function)
        .arithmetic(Arithmetic::Contraction)
        .steps(StepClass::Contraction)
        .contraction(ProductForm::DotGeneral),
    "convolution" => op()
        .reader(Reader::HloConvolution)
        .arithmetic(Arithmetic::Contraction)
        .steps(StepClass::Contraction)
        .contraction(ProductForm::HloConvolution),
    "dynamic_conv" => op().reader(Reader::HloConvolution).drawing(Drawing::Contraction),
    "einsum" => op(),
    "unary_einsum" => op(),
    "map" => with_body(moves(StepClass::Nonlinear(1)), RegionExecution::PerResult),
    "reduce" => with_body(moves(StepClass::Nonlinear(1)), RegionExecution::PerFirstOperand).reader(Reader::HloReduce),
    "reduce_window" => with_body(moves(StepClass::Nonlinear(1)), RegionExecution::Window),
    "scatter" => with_body(moves(StepClass::Gather), RegionExecution::PerLastOperand),
    "select_and_scatter" => op().scalar_body(),
    "sort" => data_dependent().scalar_body(),
    "rng" => renamed(data_dependent(), &[("distribution", "rng_distribution")]),
    "rng_bit_generator" => renamed(data_dependent(), &[("algorithm", "rng_algorithm")]),
    "custom_call" => data_dependent().reader(Reader::HloCustomCall).class(Class::Call),
    "composite" => op().reader(Reader::HloComposite),
    "fft" => renamed(data_dependent(), &[("type", "fft_type"), ("length", "fft_length")]),
    "cholesky" => data_dependent(),
    "triangular_solve" => data_dependent(),
    "batch_norm_grad" => op(),
    "batch_norm_inference" => op(),
    "batch_norm_training" => op(),
    "while" => opaque()
        .reader(Reader::HloWhile)
        .no_arithmetic()
        .no_traffic()
        .regions(RegionExecution::Loop(LoopForm::GraphWhile))
        .class(Class::Loop),
    "if" => branch(),
    "case" => branch(),
    "all_reduce" => opaque().scalar_body(),
    "all_gather" => opaque(),
    "all_to_all" => opaque(),
    "reduce_scatter" => opaque(),
    "collective_broadcast" => op(),
    "collective_permute" => opaque(),
    "cross-replica-sum" => op(),
    "partition_id" => op(),
    "replica_id" => op(),
    "send" => opaque(),
    "recv" => opaque(),
    "infeed" => opaque(),
    "outfeed" => opaque(),
    "trace" => op(),
}

pub(super) const CHLO: &[Record] = &[
    Record { dialect: Dialect::Chlo, ..moves(StepClass::Constant).named("chlo.constant") }
        .reader(Reader::HloConstant)
        .no_traffic()
        .class(Class::Free)
        .drawing(Drawing::LeftOut),
    chlo("chlo.constant_like"),
    chlo_transcendental("chlo.erf"),
    chlo_transcendental("chlo.erf_inv"),
    chlo_transcendental("chlo.square"),
    chlo_transcendental("chlo.tan"),
    chlo("chlo.acos"),
    chlo("chlo.acosh"),
    chlo("chlo.asin"),
    chlo("chlo.asinh"),
    chlo("chlo.atan"),
    chlo("chlo.atanh"),
    chlo("chlo.bessel_i1e"),
    chlo("chlo.conj"),
    chlo("chlo.cosh"),
    chlo("chlo.digamma"),
    chlo("chlo.erfc"),
    chlo("chlo.is_inf"),
    chlo("chlo.is_neg_inf"),
    chlo("chlo.is_pos_inf"),
    chlo("chlo.lgamma"),
    chlo("chlo.next_after"),
    chlo("chlo.polygamma"),
    chlo("chlo.sinh"),
    chlo("chlo.zeta"),
    chlo("chlo.top_k"),
    // Drawn as a contraction; its sum of products is not analysed.
    chlo("chlo.ragged_dot").drawing(Drawing::Contraction),
    chlo("chlo.dynamic_reshape").no_arithmetic(),
    chlo("chlo.minimum_broadcast_shapes"),
    chlo("chlo.rank_specialization_cluster"),
    chlo("chlo.rank_specialization_cluster_yield"),
    chlo("chlo.broadcast_add"),
    chlo("chlo.broadcast_and"),
    chlo("chlo.broadcast_atan2"),
    chlo("chlo.broadcast_compare"),
    chlo("chlo.broadcast_complex"),
    chlo("chlo.broadcast_divide"),
    chlo("chlo.broadcast_maximum"),
    chlo("chlo.broadcast_minimum"),
    chlo("chlo.broadcast_multiply"),
    chlo("chlo.broadcast_next_after"),
    chlo("chlo.broadcast_or"),
    chlo("chlo.broadcast_polygamma"),
    chlo("chlo.broadcast_power"),
    chlo("chlo.broadcast_remainder"),
    chlo("chlo.broadcast_select"),
    chlo("chlo.broadcast_shift_left"),
    chlo("chlo.broadcast_shift_right_arithmetic"),
    chlo("chlo.broadcast_shift_right_logical"),
    chlo("chlo.broadcast_subtract"),
    chlo("chlo.broadcast_xor"),
    chlo("chlo.broadcast_zeta"),
];
