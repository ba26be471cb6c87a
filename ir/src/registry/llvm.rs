//! `gpu`, `llvm`, `ml_program` and `spirv`: the operations that occur in texts of other dialects.

use super::facts::{Dialect, Drawing, RegionExecution, StepClass, TrafficRule};
use super::record::Record;
use super::syntax::Reader;

/// Arithmetic is not counted.
const fn llvm(name: &'static str) -> Record {
    Record::new(Dialect::Llvm, name).traffic(TrafficRule::UnknownIfShaped).steps(StepClass::Scalar)
}

const fn binary(name: &'static str) -> Record {
    llvm(name).form("%lhs , %rhs {} : !lhs=rhs=r", "r")
}

const fn program(name: &'static str) -> Record {
    Record::new(Dialect::MlProgram, name).no_arithmetic().traffic(TrafficRule::UnknownIfShaped)
}

const fn opaque(dialect: Dialect, name: &'static str) -> Record {
    Record::new(dialect, name).traffic(TrafficRule::UnknownIfShaped)
}

pub(super) const RECORDS: &[Record] = &[
    llvm("llvm.func").reader(Reader::AnyFunction).function().isolated().regions(RegionExecution::Once),
    llvm("llvm.return").form("[? %a* {} : !a* ?]", "").terminator(),
    llvm("llvm.unreachable").terminator(),
    llvm("llvm.mlir.constant").form("( @value ) {} : !r", "r").drawing(Drawing::LeftOut),
    llvm("llvm.mlir.undef").form("{} : !r", "r"),
    llvm("llvm.mlir.poison").form("{} : !r", "r"),
    llvm("llvm.mlir.zero").form("{} : !r", "r"),
    binary("llvm.fadd"),
    binary("llvm.fsub"),
    binary("llvm.fmul"),
    binary("llvm.fdiv"),
    binary("llvm.frem"),
    program("ml_program.func").reader(Reader::AnyFunction).function().isolated().regions(RegionExecution::Once),
    program("ml_program.subgraph"),
    program("ml_program.return").terminator(),
    program("ml_program.output").terminator(),
    program("ml_program.global"),
    program("ml_program.global_load").steps(StepClass::Constant),
    program("ml_program.global_load_const").steps(StepClass::Constant),
    program("ml_program.global_load_graph").steps(StepClass::Constant),
    program("ml_program.global_store"),
    program("ml_program.global_store_graph"),
    program("ml_program.token"),
    opaque(Dialect::Gpu, "gpu.module").isolated(),
    opaque(Dialect::Gpu, "gpu.func").reader(Reader::AnyFunction).function().isolated().regions(RegionExecution::Once),
    opaque(Dialect::Spirv, "spirv.module").isolated(),
];
