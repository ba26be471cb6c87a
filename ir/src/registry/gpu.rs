//! `gpu`: kernels, launches, and what threads ask of the machine.
//!
//! How often a launch runs its region is a product of operands; it is not counted, and neither is the arithmetic of a
//! reduction over the threads of a group. Operations that can be asynchronous end with a token among their results.

use super::facts::{Arithmetic, Dialect, Drawing, MemoryEffect, RegionExecution, StepClass, TrafficRule};
use super::features::{InstructionClass as Class, MachineWork as Machine};
use super::record::Record;
use super::syntax::Reader;

/// Arithmetic and traffic are not known.
const fn gpu(name: &'static str) -> Record {
    Record::new(Dialect::Gpu, name).traffic(TrafficRule::UnknownIfShaped)
}

/// Neither arithmetic nor traffic.
const fn idle(name: &'static str) -> Record {
    gpu(name).no_arithmetic().no_traffic()
}

/// The place of a thread among others, or their number.
const fn place(name: &'static str) -> Record {
    idle(name)
        .form("@dimension:word [? upper_bound @upper_bound:index ?] {}", "r=index")
        .effect(MemoryEffect::None)
        .class(Class::Integer)
}

const fn number(name: &'static str) -> Record {
    place(name).form("[? upper_bound @upper_bound:index ?] {} : !r", "r")
}

const fn end(name: &'static str) -> Record {
    idle(name)
        .form("{} [? %a* : !a* ?]", "")
        .terminator()
        .effect(MemoryEffect::None)
        .steps(StepClass::Terminator)
        .class(Class::Free)
}

/// A value of another thread.
const fn exchange(name: &'static str, items: &'static str, results: &'static str) -> Record {
    idle(name).form(items, results).effect(MemoryEffect::None).class(Class::Vector)
}

/// A call of a library for sparse matrices.
const fn library(name: &'static str, items: &'static str, results: &'static str) -> Record {
    gpu(name).form(items, results)
}

pub(super) const RECORDS: &[Record] = &[
    idle("gpu.module").form("@sym_name:symbol [? < @offloadingHandler > ?] [? @targets:array ?] [? attributes {} ?] region", "").isolated().regions(RegionExecution::Once).class(Class::Free),
    gpu("gpu.func").reader(Reader::AnyFunction).function().isolated().regions(RegionExecution::Once),
    idle("gpu.binary").form("@sym_name:symbol [? < @offloadingHandler > ?] {} @objects", "").class(Class::Free),
    gpu("gpu.launch").reader(Reader::GpuLaunch).drawing(Drawing::ControlFlow),
    gpu("gpu.launch_func").reader(Reader::GpuLaunchFunction).class(Class::Call).drawing(Drawing::ControlFlow),
    gpu("gpu.warp_execute_on_lane_0").reader(Reader::GpuWarp),
    end("gpu.return"),
    end("gpu.yield"),
    end("gpu.terminator").form("{}", ""),
    place("gpu.block_dim"),
    place("gpu.block_id"),
    place("gpu.cluster_block_id"),
    place("gpu.cluster_dim"),
    place("gpu.cluster_dim_blocks"),
    place("gpu.cluster_id"),
    place("gpu.global_id"),
    place("gpu.grid_dim"),
    place("gpu.thread_id"),
    place("gpu.lane_id").form("[? upper_bound @upper_bound:index ?] {}", "r=index"),
    number("gpu.num_subgroups"),
    number("gpu.subgroup_id"),
    number("gpu.subgroup_size"),
    idle("gpu.barrier").form("[? memfence @address_spaces ?] {}", "").class(Class::Call),
    idle("gpu.wait").form("async:deps {}", "").class(Class::Call),
    idle("gpu.alloc").form("async:deps 'host_shared=hostShared ( %sizes*:index ) [? [ %symbols*:index ] ?] {} : !r", "r").allocates().steps(StepClass::Storage("storage")).class(Class::Reshape).machine(Machine::Runtime),
    idle("gpu.dealloc").form("async:deps %a {} : !a", "").effect(MemoryEffect::Write).steps(StepClass::Storage("storage")).class(Class::Reshape).machine(Machine::Runtime),
    gpu("gpu.memcpy").form("async:deps %to , %from : !to , !from {}", "").no_arithmetic().traffic(TrafficRule::CopyFirst).class(Class::Structured),
    gpu("gpu.memset").form("async:deps %to , %value : !to , !value {}", "").no_arithmetic(),
    idle("gpu.host_register").form("%a {} : !a", "").class(Class::Call),
    idle("gpu.host_unregister").form("%a {} : !a", "").class(Class::Call),
    idle("gpu.dynamic_shared_memory").form("{} : !r", "r").effect(MemoryEffect::None).steps(StepClass::Storage("storage")).class(Class::Reshape),
    idle("gpu.set_default_device").form("{} %a", "").class(Class::Call),
    idle("gpu.printf").form("@format:string {} [? , %args* : !args* ?]", "").class(Class::Call),
    exchange("gpu.shuffle", "@mode:word %a , %offset , %width {} : !a", "r=a valid=i1"),
    exchange("gpu.rotate", "%a , @offset:int , @width:int {} : !a", "r=a valid=i1"),
    exchange("gpu.subgroup_broadcast", "%a , @broadcast_type:word %lane? {} : !a=r", "r"),
    exchange("gpu.all_reduce", "[? @op:word ?] %a 'uniform [? region ?] {} : fn", "r").arithmetic(Arithmetic::Unknown),
    exchange("gpu.subgroup_reduce", "[? @op:word ?] %a 'uniform [? cluster ( size = @cluster_size:int [? , stride = @cluster_stride:int ?] ) ?] {} : fn", "r").arithmetic(Arithmetic::Unknown),
    gpu("gpu.subgroup_mma_compute").form("%a , %b , %c {} : !a , !b -> !r=c", "r").no_traffic(),
    idle("gpu.subgroup_mma_constant_matrix").form("%a {} : !r", "r"),
    gpu("gpu.subgroup_mma_elementwise").form("@opType:word %args* {} : fn", "r").no_traffic(),
    idle("gpu.subgroup_mma_extract_thread_local").form("%a [ %i* ] {} : !a -> !r", "r"),
    idle("gpu.subgroup_mma_insert_thread_local").form("%value , %a [ %i* ] {} : !value , !a -> !r", "r"),
    gpu("gpu.subgroup_mma_load_matrix").form("%a [ %i* ] {} : !a -> !r", "r").no_arithmetic().traffic(TrafficRule::Unknown).effect(MemoryEffect::Read),
    gpu("gpu.subgroup_mma_store_matrix").form("%value , %a [ %i* ] {} : !value , !a", "").no_arithmetic().traffic(TrafficRule::Unknown).effect(MemoryEffect::Write),
    library("gpu.create_2to4_spmat", "async:deps { @pruneFlag:word } %rows , %cols , %a {} : !a", "r=?"),
    library("gpu.create_bsr", "async:deps %a , %b , %c , %d , %e , %f , %g , %h {} : !f , !g , !h", "r=?"),
    library("gpu.create_coo", "async:deps %a , %b , %c , %d , %e , %f {} : !d , !e , !f", "r=?"),
    library("gpu.create_csc", "async:deps %a , %b , %c , %d , %e , %f {} : !d , !e , !f", "r=?"),
    library("gpu.create_csr", "async:deps %a , %b , %c , %d , %e , %f {} : !d , !e , !f", "r=?"),
    library("gpu.create_coo_aos", "async:deps %a , %b , %c , %d , %e {} : !d , !e", "r=?"),
    library("gpu.create_dn_tensor", "async:deps %a , %dims* {} : !dims* into !a", "r=?"),
    library("gpu.destroy_dn_tensor", "async:deps %a {}", ""),
    library("gpu.destroy_sp_mat", "async:deps %a {}", ""),
    library("gpu.set_csr_pointers", "async:deps %a , %b , %c , %d {} : !b , !c , !d", ""),
    library("gpu.sddmm", "async:deps %a [? { @modeA:word } ?] , %b [? { @modeB:word } ?] , %c , %buffer {} : !buffer into @computeType", ""),
    library("gpu.sddmm_buffer_size", "async:deps %a [? { @modeA:word } ?] , %b [? { @modeB:word } ?] , %c {} into @computeType", "r=index"),
    library("gpu.spgemm_copy", "async:deps %a [? { @modeA:word } ?] , %b [? { @modeB:word } ?] , %c , %desc {} : @computeType", ""),
    library("gpu.spgemm_create_descr", "async:deps {}", "r=?"),
    library("gpu.spgemm_destroy_descr", "async:deps %a {}", ""),
    library("gpu.spgemm_work_estimation_or_compute", "async:deps { @kind:word } %a [? { @modeA:word } ?] , %b [? { @modeB:word } ?] , %c , %desc , %size , %buffer {} : @computeType into !buffer", "r=index"),
    library("gpu.spmat_get_size", "async:deps %a {}", "rows=index cols=index nnz=index"),
    library("gpu.spmm", "async:deps %a [? { @modeA:word } ?] , %b [? { @modeB:word } ?] , %c , %buffers* {} : !buffers* into @computeType", ""),
    library("gpu.spmm_buffer_size", "async:deps %a [? { @modeA:word } ?] , %b [? { @modeB:word } ?] , %c {} : !r* into @computeType", "r*"),
    library("gpu.spmv", "async:deps %a [? { @modeA:word } ?] , %x , %y , %buffer {} : !buffer into @computeType", ""),
    library("gpu.spmv_buffer_size", "async:deps %a [? { @modeA:word } ?] , %x , %y {} into @computeType", "r=index"),
];
