//! `arith`, `index`, `complex` and `ub`.

use super::facts::Dialect::{Arith, Complex, Index, Ub};
use super::facts::ElementArithmetic::{Product, Simple, Sum};
use super::facts::{Drawing, Evaluation as Value, Expansion, StepClass, SumTerm, TrafficRule};
use super::features::{Accumulation, BitRule, FusedPart, InstructionClass as Class, MachineWork as Machine, Shift};
use super::names::CONSTANT;
use super::record::Record;
use super::syntax::Reader;

const CAST: &str = "%in {} : !in to !out";

const fn op(name: &'static str) -> Record {
    Record::new(Arith, name)
        .traffic(TrafficRule::Whole)
        .steps(StepClass::Elementwise)
        .calculates(true)
        .expansion(Expansion::Elements)
}

/// Two integers of one type.
const fn integers(name: &'static str) -> Record {
    op(name).form("%lhs , %rhs {} : !lhs=rhs=r", "r").each(Simple(1)).class(Class::Integer)
}

const fn wrapping(name: &'static str) -> Record {
    integers(name).form("%lhs , %rhs overflow {} : !lhs=rhs=r", "r")
}

/// A product twice as wide as its factors, in two halves.
const fn wide_product(name: &'static str) -> Record {
    integers(name).form("%lhs , %rhs {} : !lhs=rhs=low=high", "low high").machine(Machine::WideProduct)
}

const fn exact(name: &'static str) -> Record {
    integers(name).form("%lhs , %rhs 'exact=isExact {} : !lhs=rhs=r", "r")
}

/// Two floating-point numbers of one type.
const fn floats(name: &'static str) -> Record {
    op(name).form("%lhs , %rhs rounding fastmath {} : !lhs=rhs=r", "r").each(Simple(1)).class(Class::Float)
}

/// `arith-expand` makes two comparisons and two selections of it, whatever its fast-math flags say.
const fn extreme(name: &'static str) -> Record {
    floats(name).accumulation(Accumulation::Extreme).machine(Machine::MinMax)
}

const fn cast(name: &'static str) -> Record {
    op(name).form(CAST, "out").no_arithmetic().class(Class::Cast).sum(SumTerm::Conversion)
}

const fn integer_extreme(name: &'static str) -> Record {
    integers(name).machine(Machine::Select).accumulation(Accumulation::Integers)
}

const fn bitwise(name: &'static str, rule: BitRule) -> Record {
    integers(name).accumulation(Accumulation::Integers).bits(rule)
}

const fn index(name: &'static str) -> Record {
    Record::new(Index, name).no_traffic().steps(StepClass::Scalar).class(Class::Integer).no_arithmetic()
}

const fn indices(name: &'static str) -> Record {
    index(name).form("%lhs:index , %rhs:index {}", "r=index").each(Simple(1))
}

const fn complex(name: &'static str) -> Record {
    Record::new(Complex, name).traffic(TrafficRule::Whole).steps(StepClass::Elementwise)
}

const fn complex_pair(name: &'static str) -> Record {
    complex(name).form("%lhs , %rhs fastmath {} : !lhs=rhs=r", "r")
}

const fn complex_unary(name: &'static str) -> Record {
    complex(name).form("%a fastmath {} : !a=r", "r")
}

const fn complex_part(name: &'static str) -> Record {
    complex(name).form("%a fastmath {} : !a", "r=elem(a)")
}

const fn complex_comparison(name: &'static str) -> Record {
    complex(name).form("%lhs , %rhs {} : !lhs=rhs", "r=i1")
}

const fn ub(name: &'static str) -> Record {
    Record::new(Ub, name).no_arithmetic().no_traffic().steps(StepClass::Constant).class(Class::Free)
}

pub(super) const RECORDS: &[Record] = &[
    op(CONSTANT)
        .reader(Reader::Constant)
        .no_arithmetic()
        .no_traffic()
        .calculates(false)
        .expansion(Expansion::None)
        .evaluation(Value::Constant)
        .steps(StepClass::ScalarConstant)
        .class(Class::Free)
        .drawing(Drawing::LeftOut),
    op("arith.select").reader(Reader::Select).no_arithmetic().class(Class::Branch).machine(Machine::Select),
    wrapping("arith.addi").each(Sum).evaluation(Value::Add).sum(SumTerm::Sum).accumulation(Accumulation::Integers),
    wrapping("arith.subi").each(Sum).evaluation(Value::Sub).accumulation(Accumulation::Integers),
    wrapping("arith.muli")
        .each(Product)
        .evaluation(Value::Mul)
        .sum(SumTerm::Product)
        .accumulation(Accumulation::Integers),
    wrapping("arith.shli").shift(Shift::Left),
    exact("arith.shrsi").shift(Shift::RightSigned),
    exact("arith.shrui").shift(Shift::Right),
    exact("arith.divsi").machine(Machine::IntegerDivide).evaluation(Value::DivSigned),
    exact("arith.divui").machine(Machine::IntegerDivide).evaluation(Value::DivUnsigned),
    integers("arith.ceildivsi").machine(Machine::IntegerDivide).evaluation(Value::CeilDiv),
    integers("arith.ceildivui").machine(Machine::IntegerDivide).evaluation(Value::CeilDivUnsigned),
    integers("arith.floordivsi").machine(Machine::IntegerDivide).evaluation(Value::FloorDiv),
    integers("arith.remsi").machine(Machine::IntegerDivide).evaluation(Value::Remainder),
    integers("arith.remui").machine(Machine::IntegerDivide).evaluation(Value::RemainderUnsigned),
    bitwise("arith.andi", BitRule::Conjunction),
    bitwise("arith.ori", BitRule::Disjunction),
    bitwise("arith.xori", BitRule::Disjunction),
    integer_extreme("arith.maxsi").evaluation(Value::MaxSigned),
    integer_extreme("arith.maxui").evaluation(Value::MaxUnsigned),
    integer_extreme("arith.minsi").evaluation(Value::MinSigned),
    integer_extreme("arith.minui").evaluation(Value::MinUnsigned),
    integers("arith.addui_extended")
        .form("%lhs , %rhs {} : !lhs=rhs=sum , !overflow", "sum overflow")
        .machine(Machine::Carry),
    wide_product("arith.mulsi_extended"),
    wide_product("arith.mului_extended"),
    integers("arith.cmpi")
        .form("@predicate:cmpi , %lhs , %rhs {} : !lhs=rhs", "r=i1(lhs)")
        .evaluation(Value::Compare)
        .machine(Machine::Select),
    floats("arith.cmpf")
        .form("@predicate:cmpf , %lhs , %rhs fastmath {} : !lhs=rhs", "r=i1(lhs)")
        .machine(Machine::Select),
    floats("arith.addf").each(Sum).sum(SumTerm::Sum).accumulation(Accumulation::Sum).fused(FusedPart::Sum),
    floats("arith.subf").each(Sum).accumulation(Accumulation::Floats).fused(FusedPart::Sum),
    floats("arith.mulf")
        .each(Product)
        .sum(SumTerm::Product)
        .accumulation(Accumulation::Floats)
        .fused(FusedPart::Product),
    floats("arith.divf").class(Class::Division),
    floats("arith.remf").class(Class::Division).machine(Machine::Remainder),
    floats("arith.negf").form("%a fastmath {} : !a=r", "r").fused(FusedPart::Negation),
    extreme("arith.maximumf"),
    extreme("arith.minimumf"),
    extreme("arith.maxnumf"),
    extreme("arith.minnumf"),
    // Names of earlier versions, which have no known form.
    Record { syntax: super::syntax::Syntax::Guessed, ..floats("arith.maxf") },
    Record { syntax: super::syntax::Syntax::Guessed, ..floats("arith.minf") },
    cast("arith.extsi").evaluation(Value::Extend),
    cast("arith.extui")
        .form("%in 'nneg=nonNeg {} : !in to !out", "out")
        .evaluation(Value::Extend)
        .bits(BitRule::ZeroExtension),
    cast("arith.trunci").form("%in overflow {} : !in to !out", "out").evaluation(Value::Truncate),
    cast("arith.extf").form("%in rounding fastmath {} : !in to !out", "out"),
    cast("arith.truncf").form("%in rounding fastmath {} : !in to !out", "out").machine(Machine::Truncation),
    cast("arith.sitofp"),
    cast("arith.uitofp").form("%in 'nneg=nonNeg {} : !in to !out", "out"),
    cast("arith.fptosi"),
    cast("arith.fptoui"),
    cast("arith.bitcast").machine(Machine::None),
    cast("arith.index_cast").machine(Machine::Address).evaluation(Value::IndexCast),
    cast("arith.index_castui")
        .machine(Machine::Address)
        .evaluation(Value::Extend)
        .bits(BitRule::ZeroExtension)
        .sum(SumTerm::None),
    cast("arith.scaling_extf")
        .form("%in , %scale rounding fastmath {} : !in , !scale to !out", "out")
        .sum(SumTerm::None),
    cast("arith.scaling_truncf")
        .form("%in , %scale rounding fastmath {} : !in , !scale to !out", "out")
        .sum(SumTerm::None),
    index("index.constant")
        .form("{} @value:index", "r=index")
        .evaluation(Value::Constant)
        .drawing(Drawing::LeftOut)
        .class(Class::Free)
        .machine(Machine::None),
    index("index.bool.constant")
        .form("{} @value", "r=i1")
        .drawing(Drawing::LeftOut)
        .class(Class::Free)
        .machine(Machine::None),
    index("index.sizeof").form("{}", "r=index").class(Class::Free).machine(Machine::None),
    index("index.casts").form(CAST, "out").class(Class::Cast).machine(Machine::Address),
    index("index.castu").form(CAST, "out").class(Class::Cast).machine(Machine::Address),
    index("index.cmp")
        .form("@pred:indexcmp ( %lhs:index , %rhs:index ) {}", "r=i1")
        .each(Simple(1))
        .machine(Machine::Select),
    indices("index.add").each(Sum).evaluation(Value::Add),
    indices("index.sub").each(Sum).evaluation(Value::Sub),
    indices("index.mul").each(Product).evaluation(Value::Mul),
    indices("index.divs").evaluation(Value::DivSigned).machine(Machine::IntegerDivide),
    indices("index.divu").evaluation(Value::DivUnsigned).machine(Machine::IntegerDivide),
    indices("index.ceildivs").evaluation(Value::CeilDiv).machine(Machine::IntegerDivide),
    indices("index.ceildivu").evaluation(Value::CeilDivUnsigned).machine(Machine::IntegerDivide),
    indices("index.floordivs").evaluation(Value::FloorDiv).machine(Machine::IntegerDivide),
    indices("index.rems").evaluation(Value::Remainder).machine(Machine::IntegerDivide),
    indices("index.remu").evaluation(Value::RemainderUnsigned).machine(Machine::IntegerDivide),
    indices("index.maxs").evaluation(Value::MaxSigned),
    indices("index.maxu").evaluation(Value::MaxUnsigned),
    indices("index.mins").evaluation(Value::MinSigned),
    indices("index.minu").evaluation(Value::MinUnsigned),
    indices("index.shl"),
    indices("index.shrs"),
    indices("index.shru"),
    indices("index.and"),
    indices("index.or"),
    indices("index.xor"),
    complex("complex.constant").form("{} @value : !r", "r").no_arithmetic().no_traffic().drawing(Drawing::LeftOut),
    complex("complex.create").form("%re , %im {} : !r", "r").no_arithmetic(),
    complex("complex.bitcast").form("%a {} : !a to !r", "r").no_arithmetic(),
    complex_part("complex.re").no_arithmetic(),
    complex_part("complex.im").no_arithmetic(),
    complex_part("complex.abs"),
    complex_part("complex.angle"),
    complex_pair("complex.atan2"),
    complex_pair("complex.add").each(Sum),
    complex_pair("complex.sub").each(Sum),
    complex_pair("complex.mul").each(Product),
    complex_pair("complex.div"),
    complex_pair("complex.pow"),
    complex("complex.powi").form("%lhs , %rhs fastmath {} : !lhs=r , !rhs", "r"),
    complex_comparison("complex.eq"),
    complex_comparison("complex.neq"),
    complex_unary("complex.neg").each(Sum),
    complex_unary("complex.exp"),
    complex_unary("complex.expm1"),
    complex_unary("complex.log"),
    complex_unary("complex.log1p"),
    complex_unary("complex.sin"),
    complex_unary("complex.cos"),
    complex_unary("complex.tan"),
    complex_unary("complex.tanh"),
    complex_unary("complex.sqrt"),
    complex_unary("complex.rsqrt"),
    complex_unary("complex.sign"),
    complex_unary("complex.conj"),
    ub("ub.poison").form("{} [? < @value > ?] : !r", "r"),
    ub("ub.unreachable").form("{}", "").terminator(),
];
