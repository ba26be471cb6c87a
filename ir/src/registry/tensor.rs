//! `tensor` and `bufferization`.

use super::facts::{
    Aliasing, Dialect, Drawing, Evaluation, Expansion, IndexedAccess, MemoryEffect, RegionExecution, StepClass,
    SumTerm, TrafficRule,
};
use super::features::{BufferSource, InstructionClass as Class, MachineWork as Machine};
use super::linalg::{PACK, UNPACK};
use super::record::Record;
use super::syntax::Reader;

const fn op(name: &'static str) -> Record {
    Record::new(Dialect::Tensor, name).no_arithmetic().no_traffic().class(Class::Reshape)
}

/// The result is a view of the first operand.
const fn view(name: &'static str) -> Record {
    op(name).steps(StepClass::View).aliasing(Aliasing::TensorView).buffer(BufferSource::First)
}

/// The result is put together from whole operands.
const fn moves(name: &'static str, steps: StepClass) -> Record {
    op(name).traffic(TrafficRule::Whole).steps(steps)
}

const fn buffers(name: &'static str) -> Record {
    Record::new(Dialect::Bufferization, name).no_arithmetic().no_traffic().class(Class::Reshape)
}

pub(super) const RECORDS: &[Record] = &[
    view("tensor.cast").form("%a {} : !a to !r", "r"),
    view("tensor.bitcast").form("%a {} : !a to !r", "r").buffer(BufferSource::None),
    view("tensor.reshape").form("%a ( %shape ) {} : fn", "r"),
    view("tensor.extract_slice")
        .form("%a &offsets/static_offsets &sizes/static_sizes &strides/static_strides {} : !a to !r", "r"),
    view("tensor.expand_shape").form("%a @reassociation output_shape &shape/static_output_shape {} : !a into !r", "r"),
    view("tensor.collapse_shape").form("%a @reassociation {} : !a into !r", "r"),
    op("tensor.dim")
        .form("{} %a , %i:index : !a", "r=index")
        .evaluation(Evaluation::Dimension)
        .steps(StepClass::Storage("storage")),
    op("tensor.rank").form("%a {} : !a", "r=index").steps(StepClass::Storage("storage")),
    op("tensor.empty")
        .form("( %sizes*:index ) {} : !r", "r")
        .fresh()
        .steps(StepClass::Storage("storage"))
        .drawing(Drawing::LeftOut),
    op("tensor.splat").form("%a [? [ %sizes*:index ] ?] {} : !r", "r").steps(StepClass::View),
    op("tensor.from_elements").form("%a* {} : !r", "r").steps(StepClass::Scalar).sum(SumTerm::FromElements),
    op("tensor.extract")
        .form("%a [ %i*:index ] {} : !a", "r=elem(a)")
        .traffic(TrafficRule::Load)
        .access(IndexedAccess::Load)
        .sum(SumTerm::Element)
        .steps(StepClass::Scalar)
        .class(Class::Load),
    op("tensor.insert")
        .form("%v into %a [ %i*:index ] {} : !a", "r=a")
        .traffic(TrafficRule::Store)
        .steps(StepClass::Scalar)
        .class(Class::Store)
        .buffer(BufferSource::Second),
    op("tensor.insert_slice")
        .form("%v into %a &offsets/static_offsets &sizes/static_sizes &strides/static_strides {} : !v into !a", "r=a")
        .traffic(TrafficRule::CopyFirst)
        .steps(StepClass::Insert)
        .machine(Machine::Runtime),
    op("tensor.parallel_insert_slice")
        .form("%v into %a &offsets/static_offsets &sizes/static_sizes &strides/static_strides {} : !v into !a", "")
        .traffic(TrafficRule::CopyFirst)
        .steps(StepClass::Insert),
    moves("tensor.concat", StepClass::Gather).form("dim ( @dim ) %a* {} : fn", "r").machine(Machine::Runtime),
    moves("tensor.gather", StepClass::Gather).form("%a [ %i ] gather_dims ( @gather_dims:ints ) 'unique {} : fn", "r"),
    moves("tensor.scatter", StepClass::Insert)
        .form("%v into %a [ %i ] scatter_dims ( @scatter_dims:ints ) 'unique {} : fn", "r"),
    moves("tensor.pad", StepClass::Copy)
        .reader(Reader::TensorPad)
        .regions(RegionExecution::Padding)
        .machine(Machine::Runtime),
    moves("tensor.pack", StepClass::Copy).ordered_form("a dest pad? tiles*", PACK, "r=dest").expansion(Expansion::Pack),
    moves("tensor.unpack", StepClass::Copy)
        .ordered_form("a dest tiles*", UNPACK, "r=dest")
        .expansion(Expansion::Unpack),
    moves("tensor.generate", StepClass::Nonlinear(1))
        .reader(Reader::TensorGenerate)
        .regions(RegionExecution::PerResult),
    op("tensor.yield").form("%a {} : !a", "").terminator().steps(StepClass::Terminator).class(Class::Free),
    buffers("bufferization.clone")
        .form("%a {} : !a to !r", "r")
        .traffic(TrafficRule::CopyFirst)
        .effect(MemoryEffect::Read)
        .steps(StepClass::Copy)
        .machine(Machine::Runtime),
    buffers("bufferization.to_tensor")
        .form("%a 'restrict 'writable {} : !a to !r", "r")
        .effect(MemoryEffect::Read)
        .steps(StepClass::View)
        .buffer(BufferSource::First),
    buffers("bufferization.to_buffer")
        .form("%a 'read_only {} : !a to !r", "r")
        .steps(StepClass::View)
        .buffer(BufferSource::First),
    buffers("bufferization.to_memref")
        .form("%a 'read_only {} : !a to !r", "r")
        .steps(StepClass::View)
        .buffer(BufferSource::First),
    buffers("bufferization.alloc_tensor").reader(Reader::AllocTensor).fresh().steps(StepClass::Storage("storage")),
    buffers("bufferization.dealloc_tensor").form("%a {} : !a", "").steps(StepClass::Storage("storage")),
    buffers("bufferization.materialize_in_destination")
        .form("%a in 'restrict 'writable %b {} : fn", "r*")
        .steps(StepClass::Insert),
    buffers("bufferization.dealloc")
        .ordered_form(
            "memrefs* conditions* retained*",
            "[? ( %memrefs* : !memrefs* ) if ( %conditions* ) ?] [? retain ( %retained* : !retained* ) ?] {}",
            "r=each(retained)",
        )
        .steps(StepClass::Storage("storage"))
        .machine(Machine::Runtime),
];
