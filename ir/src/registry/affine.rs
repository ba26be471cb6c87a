//! `affine`.

use super::facts::{
    Arithmetic, BranchForm, Dialect, Drawing, Evaluation, IndexedAccess, LoopForm, MemoryEffect, RegionExecution,
    StepClass, TrafficRule,
};
use super::features::InstructionClass as Class;
use super::record::Record;
use super::syntax::Reader;

const fn op(name: &'static str) -> Record {
    Record::new(Dialect::Affine, name)
        .no_arithmetic()
        .no_traffic()
        .steps(StepClass::Scalar)
        .class(Class::Integer)
        .drawing(Drawing::ControlFlow)
}

const fn looping(name: &'static str, form: LoopForm) -> Record {
    op(name).regions(RegionExecution::Loop(form)).decides_execution().steps(StepClass::Loop).class(Class::Loop)
}

const fn map(name: &'static str, evaluation: Evaluation) -> Record {
    op(name).reader(Reader::AffineApply).arithmetic(Arithmetic::AffineMap).evaluation(evaluation)
}

const fn load(name: &'static str) -> Record {
    op(name).traffic(TrafficRule::Load).effect(MemoryEffect::Read).access(IndexedAccess::Load).class(Class::Load)
}

const fn store(name: &'static str) -> Record {
    op(name).traffic(TrafficRule::Store).effect(MemoryEffect::Write).access(IndexedAccess::Store).class(Class::Store)
}

pub(super) const RECORDS: &[Record] = &[
    looping("affine.for", LoopForm::AffineFor).reader(Reader::AffineFor).effect(MemoryEffect::None),
    looping("affine.parallel", LoopForm::AffineParallel).reader(Reader::AffineParallel),
    op("affine.if")
        .reader(Reader::AffineIf)
        .regions(RegionExecution::Branch(BranchForm::AffineIf))
        .decides_execution()
        .steps(StepClass::Condition)
        .class(Class::Branch),
    op("affine.yield")
        .form("{} [? %a* : !a* ?]", "")
        .terminator()
        .effect(MemoryEffect::None)
        .steps(StepClass::Terminator)
        .class(Class::Free),
    map("affine.apply", Evaluation::AffineApply),
    map("affine.min", Evaluation::AffineMin),
    map("affine.max", Evaluation::AffineMax),
    op("affine.delinearize_index").form("%i:index into (&basis/static_basis) {} : !r*", "r*"),
    op("affine.linearize_index").form("'disjoint [ %i*:index ] by (&basis/static_basis) {} : !r", "r"),
    load("affine.load").reader(Reader::AffineLoad { vector: false }),
    load("affine.vector_load").reader(Reader::AffineLoad { vector: true }),
    store("affine.store").reader(Reader::AffineStore { vector: false }),
    store("affine.vector_store").reader(Reader::AffineStore { vector: true }),
    op("affine.prefetch").reader(Reader::AffinePrefetch),
    op("affine.dma_start").reader(Reader::AffineDmaStart),
    op("affine.dma_wait").reader(Reader::AffineDmaWait),
];
