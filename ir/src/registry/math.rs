//! `math`.

use super::facts::ElementArithmetic::{Simple, Transcendental};
use super::facts::{Dialect, ElementArithmetic, Expansion, StepClass, SumTerm, TrafficRule};
use super::features::{Accumulation, InstructionClass as Class, MachineWork as Machine};
use super::record::Record;

const fn op(name: &'static str, each: ElementArithmetic, class: Class) -> Record {
    Record::new(Dialect::Math, name)
        .traffic(TrafficRule::Whole)
        .steps(StepClass::Elementwise)
        .calculates(true)
        .expansion(Expansion::Elements)
        .each(each)
        .class(class)
}

/// A function of one floating-point number.
const fn unary(name: &'static str, each: ElementArithmetic, class: Class) -> Record {
    op(name, each, class).form("%a fastmath {} : !a=r", "r")
}

/// A transcendental function of one number.
const fn transcendental(name: &'static str) -> Record {
    unary(name, Transcendental, Class::Transcendental)
}

/// A transcendental function of one number without an intrinsic: a call of the mathematical library.
const fn library(name: &'static str) -> Record {
    transcendental(name).machine(Machine::Call)
}

/// A function of one number that takes one instruction.
const fn simple(name: &'static str) -> Record {
    unary(name, Simple(1), Class::Float)
}

const fn integer(name: &'static str) -> Record {
    op(name, Simple(1), Class::Integer).form("%a {} : !a=r", "r")
}

const fn test(name: &'static str) -> Record {
    op(name, Simple(1), Class::Float).form("%a fastmath {} : !a", "r=i1(a)").machine(Machine::Select)
}

const fn binary(name: &'static str, each: ElementArithmetic, class: Class) -> Record {
    op(name, each, class).form("%lhs , %rhs fastmath {} : !lhs=rhs=r", "r")
}

pub(super) const RECORDS: &[Record] = &[
    simple("math.absf"),
    simple("math.ceil"),
    simple("math.floor"),
    simple("math.round"),
    simple("math.roundeven"),
    simple("math.trunc"),
    binary("math.copysign", Simple(1), Class::Float),
    op("math.fma", Simple(2), Class::Float)
        .form("%a , %b , %c fastmath {} : !a=b=c=r", "r")
        .sum(SumTerm::FusedProduct)
        .accumulation(Accumulation::Fused),
    op("math.clampf", Simple(1), Class::Float).form("%value to [ %min , %max ] fastmath {} : !value=min=max=r", "r"),
    integer("math.absi"),
    integer("math.ctlz").machine(Machine::ZeroCount),
    integer("math.cttz").machine(Machine::ZeroCount),
    integer("math.ctpop").machine(Machine::BitCount),
    op("math.ipowi", Transcendental, Class::Integer)
        .form("%lhs , %rhs {} : !lhs=rhs=r", "r")
        .machine(Machine::IntegerDivide),
    test("math.isfinite"),
    test("math.isinf"),
    test("math.isnan"),
    test("math.isnormal"),
    unary("math.sqrt", Transcendental, Class::Division),
    unary("math.rsqrt", Transcendental, Class::Division),
    transcendental("math.acos"),
    library("math.acosh"),
    transcendental("math.asin"),
    library("math.asinh"),
    transcendental("math.atan"),
    library("math.atanh"),
    library("math.cbrt"),
    transcendental("math.cos"),
    transcendental("math.cosh"),
    library("math.erf"),
    library("math.erfc"),
    transcendental("math.exp"),
    transcendental("math.exp2"),
    transcendental("math.expm1"),
    transcendental("math.log"),
    transcendental("math.log10"),
    transcendental("math.log1p"),
    transcendental("math.log2"),
    transcendental("math.sin"),
    transcendental("math.sinh"),
    transcendental("math.tan"),
    transcendental("math.tanh"),
    transcendental("math.sincos").form("%a fastmath {} : !a=sin=cos", "sin cos"),
    binary("math.atan2", Transcendental, Class::Transcendental),
    binary("math.powf", Transcendental, Class::Transcendental),
    binary("math.fpowi", Transcendental, Class::Transcendental).form("%lhs , %rhs fastmath {} : !lhs=r , !rhs", "r"),
];
