//! `vector`.

use super::facts::ElementArithmetic::Simple;
use super::facts::{
    Arithmetic, Dialect, Drawing, IndexedAccess, MemoryEffect, RegionExecution, StepClass, SumTerm, TrafficRule,
};
use super::features::{Accumulation, InstructionClass as Class, LaneAccess, MachineWork as Machine};
use super::record::Record;
use super::syntax::Reader;

const fn op(name: &'static str) -> Record {
    Record::new(Dialect::Vector, name)
        .no_arithmetic()
        .no_traffic()
        .steps(StepClass::Scalar)
        .class(Class::Vector)
        .calculates(true)
}

/// Moves lanes between vectors and scalars, or makes a vector from none.
const fn moves(name: &'static str) -> Record {
    op(name).calculates(false)
}

/// Moves rows or lanes between a vector and a part of it.
const fn moves_part(name: &'static str) -> Record {
    moves(name).machine(Machine::LaneMove)
}

const fn cast(name: &'static str) -> Record {
    op(name).form("%a {} : !a to !r", "r")
}

const fn load(name: &'static str) -> Record {
    op(name).traffic(TrafficRule::Load).effect(MemoryEffect::Read).class(Class::Load)
}

const fn store(name: &'static str) -> Record {
    op(name).traffic(TrafficRule::Store).effect(MemoryEffect::Write).class(Class::Store)
}

/// The value to store comes last.
const fn masked_store(name: &'static str) -> Record {
    store(name).traffic(TrafficRule::StoreLast)
}

const MASKED_LOAD: &str = "%a [ %i*:index ] , %m , %p {} : !a , !m , !p into !r";
const MASKED_STORE: &str = "%a [ %i*:index ] , %m , %v {} : !a , !m , !v";

pub(super) const RECORDS: &[Record] = &[
    op("vector.yield").form("{} [? %a* : !a* ?]", "").terminator().class(Class::Free),
    op("vector.mask").reader(Reader::VectorMask).regions(RegionExecution::Once),
    op("vector.print")
        .form("[? %a : !a ?] [? str @stringLiteral:string ?] [? punctuation @punctuation:angles ?] {}", ""),
    moves_part("vector.broadcast").form("%a {} : !a to !r", "r").sum(SumTerm::Conversion),
    moves_part("vector.shape_cast").form("%a {} : !a to !r", "r"),
    cast("vector.bitcast"),
    cast("vector.type_cast"),
    cast("vector.extract_strided_slice").machine(Machine::LaneMove),
    op("vector.insert_strided_slice").form("%v , %a {} : !v into !a", "r=a").machine(Machine::LaneMove),
    moves_part("vector.splat").form("%a* {} : !r", "r").sum(SumTerm::Conversion),
    op("vector.from_elements").form("%a* {} : !r", "r").machine(Machine::Gathering),
    op("vector.to_elements").reader(Reader::VectorToElements).machine(Machine::None),
    moves("vector.create_mask").form("%a* {} : !r", "r").machine(Machine::LaneMask),
    moves("vector.constant_mask").form("@mask_dim_sizes:ints {} : !r", "r").class(Class::Free),
    moves("vector.step").form("{} : !r", "r"),
    moves("vector.vscale").form("{}", "r=index"),
    op("vector.transpose").form("%a , @permutation:ints {} : !a to !r", "r").machine(Machine::Transposition),
    moves_part("vector.extract").form("%a &at/static_position {} : !r from !a", "r"),
    moves_part("vector.insert").form("%v , %a &at/static_position {} : !v into !a", "r=a"),
    moves_part("vector.extractelement").form("%a [ %i? [? : !i ?] ] {} : !a", "r=elem(a)"),
    moves_part("vector.insertelement").form("%v , %a [ %i? [? : !i ?] ] {} : !a", "r=a"),
    op("vector.scalable.insert").form("%v , %a [ @pos ] {} : !v into !a", "r=a"),
    op("vector.scalable.extract").form("%a [ @pos ] {} : !r from !a", "r"),
    op("vector.interleave").form("%a , %b {} : !a=b -> !r", "r"),
    op("vector.deinterleave").form("%a {} : !a -> !r=s", "r s"),
    moves("vector.shuffle").reader(Reader::VectorShuffle),
    op("vector.fma")
        .form("%a , %b , %c {} : !a=b=c=r", "r")
        .arithmetic(Arithmetic::PerOperand(Simple(2)))
        .sum(SumTerm::FusedProduct)
        .class(Class::Float)
        .accumulation(Accumulation::Floats),
    op("vector.contract")
        .reader(Reader::VectorContract)
        .arithmetic(Arithmetic::VectorContraction)
        .class(Class::Float)
        .machine(Machine::Contraction)
        .drawing(Drawing::Contraction),
    op("vector.outerproduct")
        .reader(Reader::VectorOuterProduct)
        .arithmetic(Arithmetic::OuterProduct)
        .class(Class::Float)
        .machine(Machine::OuterProduct),
    op("vector.reduction")
        .form("@kind:angle , %a [? , %acc? ?] fastmath {} : !a into !r=acc", "r")
        .arithmetic(Arithmetic::Reduction)
        .class(Class::Float)
        .machine(Machine::LaneReduction),
    op("vector.multi_reduction")
        .form("@kind:angle , %a , %acc {} @reduction_dims:ints : !a to !r=acc", "r")
        .arithmetic(Arithmetic::PerOperand(Simple(1)))
        .class(Class::Float)
        .machine(Machine::Reduction),
    op("vector.scan")
        .form("@kind:angle , %a , %init {} : !a , !init", "r=a s=init")
        .arithmetic(Arithmetic::PerOperand(Simple(1))),
    load("vector.load").form("%a [ %i*:index ] {} : !a , !r", "r").access(IndexedAccess::Load).calculates(false),
    store("vector.store").form("%v , %a [ %i*:index ] {} : !a , !v", "").access(IndexedAccess::Store),
    load("vector.transfer_read")
        .reader(Reader::VectorTransferRead)
        .access(IndexedAccess::Load)
        .calculates(false)
        .lanes(LaneAccess::UnlessInBounds),
    store("vector.transfer_write")
        .reader(Reader::VectorTransferWrite)
        .access(IndexedAccess::Store)
        .lanes(LaneAccess::UnlessInBounds),
    load("vector.maskedload").form(MASKED_LOAD, "r").lanes(LaneAccess::Masked),
    load("vector.expandload").form(MASKED_LOAD, "r").lanes(LaneAccess::Scattered),
    masked_store("vector.maskedstore").form(MASKED_STORE, "").lanes(LaneAccess::Masked),
    masked_store("vector.compressstore").form(MASKED_STORE, "").lanes(LaneAccess::Scattered),
    load("vector.gather")
        .form("%a [ %o*:index ] [ %i ] , %m , %p {} : !a , !i , !m , !p into !r", "r")
        .lanes(LaneAccess::Scattered),
    masked_store("vector.scatter")
        .form("%a [ %o*:index ] [ %i ] , %m , %v {} : !a , !i , !m , !v [? -> !r ?]", "r")
        .lanes(LaneAccess::Scattered),
];
