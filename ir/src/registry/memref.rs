//! `memref`.

use super::facts::{
    Aliasing, Dialect, Evaluation, IndexedAccess, MemoryEffect, RegionExecution, StepClass, TrafficRule, ViewForm,
};
use super::features::{BufferSource, InstructionClass as Class, MachineWork as Machine};
use super::record::Record;
use super::syntax::Reader;

const fn op(name: &'static str) -> Record {
    Record::new(Dialect::MemRef, name).no_arithmetic().no_traffic().class(Class::Reshape)
}

const fn storage(name: &'static str) -> Record {
    op(name).steps(StepClass::Storage("storage"))
}

/// The result is a view of the first operand.
const fn view(name: &'static str) -> Record {
    op(name).steps(StepClass::View).aliasing(Aliasing::MemRefView).buffer(BufferSource::First)
}

const fn cast(name: &'static str) -> Record {
    view(name).form("%a {} : !a to !r", "r").view(ViewForm::Same)
}

const ALLOCATION: &str = "( %sizes*:index ) [? [ %symbols*:index ] ?] {} : !r";

pub(super) const RECORDS: &[Record] = &[
    storage("memref.alloc").form(ALLOCATION, "r").allocates().machine(Machine::Runtime),
    storage("memref.alloca").form(ALLOCATION, "r").allocates(),
    storage("memref.alloca_scope").reader(Reader::MemRefAllocaScope).allocates().regions(RegionExecution::Once),
    op("memref.alloca_scope.return").form("{} [? %a* : !a* ?]", "").terminator(),
    storage("memref.dealloc").form("%a {} : !a", "").effect(MemoryEffect::Write).machine(Machine::Runtime),
    storage("memref.realloc").form("%a [? ( %size?:index ) ?] {} : !a to !r", "r"),
    storage("memref.dim")
        .form("{} %a , %i:index : !a", "r=index")
        .effect(MemoryEffect::None)
        .evaluation(Evaluation::Dimension),
    storage("memref.rank").form("%a {} : !a", "r=index").effect(MemoryEffect::None),
    storage("memref.extract_aligned_pointer_as_index").form("%a : !a -> !r {}", "r").effect(MemoryEffect::None),
    storage("memref.extract_strided_metadata").form("%a : !a -> !r* {}", "r*").effect(MemoryEffect::None),
    op("memref.distinct_objects").form("%a* {} : !a=r*", "r*"),
    storage("memref.prefetch").reader(Reader::MemRefPrefetch),
    op("memref.global").reader(Reader::MemRefGlobal).isolated(),
    op("memref.get_global").form("@name : !r {}", "r").steps(StepClass::Constant).class(Class::Free),
    cast("memref.cast"),
    cast("memref.memory_space_cast"),
    view("memref.reshape").form("%a ( %shape ) {} : fn", "r"),
    view("memref.view").form("%a [ %shift:index ] [ %sizes*:index ] {} : !a to !r", "r"),
    view("memref.subview")
        .form("%a &offsets/static_offsets &sizes/static_sizes &strides/static_strides {} : !a to !r", "r")
        .view(ViewForm::Slice),
    view("memref.reinterpret_cast").view(ViewForm::Reinterpretation).form(
        "%a to offset : &offsets/static_offsets , sizes : &sizes/static_sizes , strides : &strides/static_strides {} \
         : !a to !r",
        "r",
    ),
    view("memref.expand_shape").form("%a @reassociation output_shape &shape/static_output_shape {} : !a into !r", "r")
        .view(ViewForm::Reshape),
    view("memref.collapse_shape").form("%a @reassociation {} : !a into !r", "r").view(ViewForm::Reshape),
    view("memref.transpose").reader(Reader::MemRefTranspose).view(ViewForm::Transposition),
    view("memref.assume_alignment").form("%a , @alignment:int {} : !a", "r=a")
        .steps(StepClass::Storage("storage"))
        .view(ViewForm::Same),
    op("memref.load")
        .form("%a [ %i*:index ] {} : !a", "r=elem(a)")
        .traffic(TrafficRule::Load)
        .effect(MemoryEffect::Read)
        .access(IndexedAccess::Load)
        .steps(StepClass::Scalar)
        .class(Class::Load),
    op("memref.store")
        .form("%v , %a [ %i*:index ] {} : !a", "")
        .traffic(TrafficRule::Store)
        .effect(MemoryEffect::Write)
        .access(IndexedAccess::Store)
        .steps(StepClass::Scalar)
        .class(Class::Store),
    op("memref.copy")
        .form("%a , %b {} : !a to !b", "")
        .traffic(TrafficRule::CopyFirst)
        .effect(MemoryEffect::Copy)
        .steps(StepClass::Insert)
        .class(Class::Structured),
    op("memref.atomic_rmw")
        .form("@kind:rmw %v , %a [ %i*:index ] {} : ( !v , !a ) -> !r", "r")
        .traffic(TrafficRule::ReadModifyWrite)
        .steps(StepClass::Scalar),
    op("memref.generic_atomic_rmw")
        .reader(Reader::MemRefGenericAtomic)
        .traffic(TrafficRule::ReadModifyWrite)
        .regions(RegionExecution::Once),
    op("memref.atomic_yield").form("%a {} : !a", "").terminator(),
    op("memref.dma_start").form(
        "%from [ %i*:index ] , %to [ %j*:index ] , %n:index , %tag [ %k*:index ] [? , %stride?:index , %each?:index ?] {} \
         : !from , !to , !tag",
        "",
    ),
    op("memref.dma_wait").form("%a [ %i*:index ] , %n:index {} : !a", ""),
];
