//! `llvm`: operations by their own syntax; intrinsics with arithmetic where they have one.
//!
//! Operations on pointers move the bytes of the value that is loaded or stored. Masked and vector-predicated intrinsics
//! work on as many elements as a mask says, so their work depends on data.

use super::facts::ElementArithmetic::{self, Simple, Transcendental};
use super::facts::{Arithmetic, Dialect, Drawing, MemoryEffect, RegionExecution, StepClass, SumTerm, TrafficRule};
use super::features::{InstructionClass as Class, MachineWork as Machine};
use super::record::Record;
use super::syntax::Reader;

/// Arithmetic is not counted.
const fn llvm(name: &'static str) -> Record {
    Record::new(Dialect::Llvm, name).traffic(TrafficRule::UnknownIfShaped).steps(StepClass::Scalar)
}

/// Neither arithmetic nor traffic.
const fn idle(name: &'static str) -> Record {
    llvm(name).no_arithmetic().no_traffic().effect(MemoryEffect::None).class(Class::Free)
}

/// No memory is touched.
const fn pure(name: &'static str, each: ElementArithmetic, class: Class) -> Record {
    llvm(name).no_traffic().effect(MemoryEffect::None).each(each).class(class)
}

const fn binary(name: &'static str, class: Class) -> Record {
    pure(name, Simple(1), class).form("%lhs , %rhs overflow {} : !lhs=rhs=r", "r")
}

const fn exact(name: &'static str, class: Class) -> Record {
    pure(name, Simple(1), class).form("'exact=isExact %lhs , %rhs {} : !lhs=rhs=r", "r")
}

const fn compare(name: &'static str, class: Class) -> Record {
    pure(name, Simple(1), class)
}

const fn cast(name: &'static str) -> Record {
    idle(name).form("'nneg=nonNeg %a overflow {} : !a to !r", "r").sum(SumTerm::Conversion).class(Class::Cast)
}

/// A constant, an undefined value, an address.
const fn constant(name: &'static str) -> Record {
    idle(name).form("{} : !r", "r").drawing(Drawing::LeftOut)
}

const fn branch(name: &'static str) -> Record {
    idle(name).terminator().steps(StepClass::Branch).class(Class::Branch).drawing(Drawing::ControlFlow)
}

/// Something at the level of a module.
const fn symbol(name: &'static str) -> Record {
    idle(name)
}

/// An intrinsic that is written as a call of its operands.
const fn intrinsic(name: &'static str, each: ElementArithmetic, class: Class) -> Record {
    pure(name, each, class).form("( %operands* ) {} : fn", "r*")
}

const fn function(name: &'static str) -> Record {
    intrinsic(name, Transcendental, Class::Transcendental)
}

const fn float(name: &'static str) -> Record {
    intrinsic(name, Simple(1), Class::Float)
}

const fn integer(name: &'static str) -> Record {
    intrinsic(name, Simple(1), Class::Integer)
}

/// The result is a pair; the operands have the elements that are computed with.
const fn of_operands(name: &'static str, each: ElementArithmetic, class: Class) -> Record {
    integer(name).arithmetic(Arithmetic::PerOperand(each)).class(class)
}

/// Each element of a vector is combined with the others.
const fn reduction(name: &'static str) -> Record {
    float(name).arithmetic(Arithmetic::Reduction).class(Class::Vector)
}

/// As many elements as a mask says.
const fn predicated(name: &'static str) -> Record {
    llvm(name).arithmetic(Arithmetic::DataDependent).no_traffic().effect(MemoryEffect::None).class(Class::Vector)
}

/// Memory accesses whose number of bytes depends on operands.
const fn accesses(name: &'static str) -> Record {
    llvm(name).no_arithmetic().traffic(TrafficRule::Unknown)
}

/// Neither arithmetic nor traffic; what it does is for later passes or the debugger.
const fn annotation(name: &'static str, items: &'static str, results: &'static str) -> Record {
    idle(name).form(items, results)
}

const fn program(name: &'static str) -> Record {
    Record::new(Dialect::MlProgram, name).no_arithmetic().traffic(TrafficRule::UnknownIfShaped)
}

const fn opaque(dialect: Dialect, name: &'static str) -> Record {
    Record::new(dialect, name).traffic(TrafficRule::UnknownIfShaped)
}

pub(super) const RECORDS: &[Record] = &[
    llvm("llvm.func").reader(Reader::AnyFunction).function().isolated().regions(RegionExecution::Once),
    idle("llvm.return").form("{} [? %a* : !a* ?]", "").terminator().steps(StepClass::Terminator),
    idle("llvm.unreachable").form("{}", "").terminator().steps(StepClass::Terminator),
    idle("llvm.resume").form("%a {} : !a", "").terminator().steps(StepClass::Terminator),
    constant("llvm.mlir.constant").form("( @value ) {} : !r", "r"),
    constant("llvm.mlir.undef"),
    constant("llvm.mlir.poison"),
    constant("llvm.mlir.zero"),
    constant("llvm.mlir.none"),
    constant("llvm.mlir.addressof").form("@global_name {} : !r", "r"),
    constant("llvm.dso_local_equivalent").form("@function_name {} : !r", "r"),
    constant("llvm.blockaddress").form("@block_addr:angles {} : !r", "r"),
    annotation("llvm.blocktag", "@tag:angles {}", ""),
    binary("llvm.fadd", Class::Float),
    binary("llvm.fsub", Class::Float),
    binary("llvm.fmul", Class::Float),
    binary("llvm.fdiv", Class::Division),
    binary("llvm.frem", Class::Division).machine(Machine::Remainder),
    pure("llvm.fneg", Simple(1), Class::Float).form("%a {} : !a=r", "r"),
    binary("llvm.add", Class::Integer),
    binary("llvm.sub", Class::Integer),
    binary("llvm.mul", Class::Integer),
    binary("llvm.shl", Class::Integer),
    binary("llvm.and", Class::Integer),
    pure("llvm.or", Simple(1), Class::Integer).form("'disjoint=isDisjoint %lhs , %rhs {} : !lhs=rhs=r", "r"),
    binary("llvm.xor", Class::Integer),
    exact("llvm.sdiv", Class::Integer).machine(Machine::IntegerDivide),
    exact("llvm.udiv", Class::Integer).machine(Machine::IntegerDivide),
    exact("llvm.ashr", Class::Integer),
    exact("llvm.lshr", Class::Integer),
    binary("llvm.srem", Class::Integer).machine(Machine::IntegerDivide),
    binary("llvm.urem", Class::Integer).machine(Machine::IntegerDivide),
    compare("llvm.icmp", Class::Integer).form("'samesign @predicate:cmpi %lhs , %rhs {} : !lhs=rhs", "r=i1(lhs)"),
    compare("llvm.fcmp", Class::Float).form("@predicate:fcmp %lhs , %rhs {} : !lhs=rhs", "r=i1(lhs)"),
    pure("llvm.select", Simple(1), Class::Branch).form("%c , %a , %b {} : !c , !a=b=r", "r").machine(Machine::Select),
    idle("llvm.freeze").form("%a {} : !a", "r=a"),
    cast("llvm.addrspacecast"),
    cast("llvm.bitcast"),
    cast("llvm.fpext"),
    cast("llvm.fptosi"),
    cast("llvm.fptoui"),
    cast("llvm.fptrunc"),
    cast("llvm.ptrtoint"),
    cast("llvm.sext"),
    cast("llvm.sitofp"),
    cast("llvm.trunc"),
    cast("llvm.uitofp"),
    cast("llvm.zext"),
    cast("llvm.inttoptr").form("%a [? dereferenceable @dereferenceable:angles ?] {} : !a to !r", "r"),
    idle("llvm.alloca").form("'inalloca %n x @elem_type {} : fn", "r").steps(StepClass::Storage("storage")),
    llvm("llvm.load").form("'volatile=volatile_ %a [? atomic [? syncscope ( @syncscope:string ) ?] @ordering:word ?] 'invariant 'invariant_group=invariantGroup [? dereferenceable @dereferenceable:angles ?] {} : !a -> !r", "r").no_arithmetic().traffic(TrafficRule::Load).effect(MemoryEffect::Read).class(Class::Load),
    llvm("llvm.store").form("'volatile=volatile_ %v , %a [? atomic [? syncscope ( @syncscope:string ) ?] @ordering:word ?] 'invariant_group=invariantGroup {} : !v , !a", "").no_arithmetic().traffic(TrafficRule::Store).effect(MemoryEffect::Write).class(Class::Store),
    idle("llvm.getelementptr").form("[? @noWrapFlags:words ?] %base &indices/rawConstantIndices {} : fn , @elem_type", "r").class(Class::Integer).machine(Machine::Address),
    llvm("llvm.atomicrmw").form("'volatile=volatile_ @bin_op:word %a , %v [? syncscope ( @syncscope:string ) ?] @ordering:word {} : !a , !v", "r=v").traffic(TrafficRule::ReadModifyWrite),
    llvm("llvm.cmpxchg").form("'weak 'volatile=volatile_ %a , %cmp , %v [? syncscope ( @syncscope:string ) ?] @success_ordering:word @failure_ordering:word {} : !a , !v", "r=?"),
    idle("llvm.fence").form("[? syncscope ( @syncscope:string ) ?] @ordering:word {}", "").effect(MemoryEffect::Any),
    idle("llvm.extractvalue").form("%a @position:ints {} : !a", "r=?"),
    idle("llvm.insertvalue").ordered_form("a value", "%value , %a @position:ints {} : !a", "r=a"),
    idle("llvm.extractelement").form("%a [ %i : !i ] {} : !a", "r=elem(a)").class(Class::Vector),
    idle("llvm.insertelement").ordered_form("a value i", "%value , %a [ %i : !i ] {} : !a", "r=a").class(Class::Vector),
    idle("llvm.shufflevector").form("%a , %b @mask:ints32 {} : !a=b", "r=?").class(Class::Vector),
    branch("llvm.br").reader(Reader::Branch),
    branch("llvm.cond_br").reader(Reader::ConditionalBranch),
    branch("llvm.switch").reader(Reader::LlvmSwitch),
    branch("llvm.indirectbr").reader(Reader::LlvmIndirectBranch),
    llvm("llvm.call").reader(Reader::LlvmCall).call().steps(StepClass::Call).class(Class::Call),
    llvm("llvm.call_intrinsic").reader(Reader::LlvmCallIntrinsic).class(Class::Call),
    llvm("llvm.invoke").reader(Reader::LlvmInvoke).call().terminator().steps(StepClass::Branch).class(Class::Branch),
    llvm("llvm.landingpad").reader(Reader::LlvmLandingpad),
    llvm("llvm.inline_asm").form("'has_side_effects 'is_align_stack [? tail_call_kind = @tail_call_kind ?] [? asm_dialect = @asm_dialect ?] [? operand_attrs = @operand_attrs ?] {} @asm_string:string , @constraints:string %operands* : fn", "r*"),
    accesses("llvm.va_arg").form("%a {} : fn", "r"),
    symbol("llvm.mlir.global").reader(Reader::LlvmGlobal).isolated(),
    symbol("llvm.mlir.alias").reader(Reader::LlvmGlobal).isolated(),
    symbol("llvm.mlir.ifunc").reader(Reader::LlvmIfunc),
    symbol("llvm.mlir.global_ctors").form("ctors = @ctors , priorities = @priorities , data = @data {}", ""),
    symbol("llvm.mlir.global_dtors").form("dtors = @dtors , priorities = @priorities , data = @data {}", ""),
    symbol("llvm.comdat").form("@sym_name:symbol region {}", ""),
    symbol("llvm.comdat_selector").form("@sym_name:symbol @comdat:word {}", ""),
    symbol("llvm.linker_options").form("@options {}", ""),
    symbol("llvm.module_flags").form("@flags {}", ""),
    function("llvm.intr.acos"),
    function("llvm.intr.asin"),
    function("llvm.intr.atan"),
    function("llvm.intr.atan2"),
    function("llvm.intr.cos"),
    function("llvm.intr.cosh"),
    function("llvm.intr.exp"),
    function("llvm.intr.exp10"),
    function("llvm.intr.exp2"),
    function("llvm.intr.log"),
    function("llvm.intr.log10"),
    function("llvm.intr.log2"),
    function("llvm.intr.pow"),
    function("llvm.intr.powi"),
    function("llvm.intr.sin"),
    function("llvm.intr.sinh"),
    function("llvm.intr.tan"),
    function("llvm.intr.tanh"),
    function("llvm.intr.sqrt").class(Class::Division),
    of_operands("llvm.intr.sincos", Transcendental, Class::Transcendental),
    float("llvm.intr.ceil"),
    float("llvm.intr.copysign"),
    float("llvm.intr.fabs"),
    float("llvm.intr.floor"),
    float("llvm.intr.ldexp"),
    float("llvm.intr.llrint"),
    float("llvm.intr.llround"),
    float("llvm.intr.lrint"),
    float("llvm.intr.lround"),
    float("llvm.intr.maximum").machine(Machine::MinMax),
    float("llvm.intr.maxnum"),
    float("llvm.intr.minimum").machine(Machine::MinMax),
    float("llvm.intr.minnum"),
    float("llvm.intr.nearbyint"),
    float("llvm.intr.rint"),
    float("llvm.intr.round"),
    float("llvm.intr.roundeven"),
    float("llvm.intr.trunc"),
    of_operands("llvm.intr.frexp", Simple(1), Class::Float),
    float("llvm.intr.fma").each(Simple(2)).sum(SumTerm::FusedProduct),
    float("llvm.intr.fmuladd").each(Simple(2)).sum(SumTerm::FusedProduct),
    integer("llvm.intr.abs"),
    integer("llvm.intr.bitreverse"),
    integer("llvm.intr.bswap"),
    integer("llvm.intr.ctlz"),
    integer("llvm.intr.ctpop"),
    integer("llvm.intr.cttz"),
    integer("llvm.intr.fshl"),
    integer("llvm.intr.fshr"),
    integer("llvm.intr.sadd.sat"),
    integer("llvm.intr.scmp"),
    integer("llvm.intr.smax"),
    integer("llvm.intr.smin"),
    integer("llvm.intr.sshl.sat"),
    integer("llvm.intr.ssub.sat"),
    integer("llvm.intr.uadd.sat"),
    integer("llvm.intr.ucmp"),
    integer("llvm.intr.umax"),
    integer("llvm.intr.umin"),
    integer("llvm.intr.ushl.sat"),
    integer("llvm.intr.usub.sat"),
    of_operands("llvm.intr.sadd.with.overflow", Simple(1), Class::Integer),
    of_operands("llvm.intr.smul.with.overflow", Simple(1), Class::Integer),
    of_operands("llvm.intr.ssub.with.overflow", Simple(1), Class::Integer),
    of_operands("llvm.intr.uadd.with.overflow", Simple(1), Class::Integer),
    of_operands("llvm.intr.umul.with.overflow", Simple(1), Class::Integer),
    of_operands("llvm.intr.usub.with.overflow", Simple(1), Class::Integer),
    integer("llvm.intr.is.constant"),
    integer("llvm.intr.is.fpclass"),
    integer("llvm.intr.ptrmask").form("%a , %mask {} : fn", "r"),
    reduction("llvm.intr.vector.reduce.add"),
    reduction("llvm.intr.vector.reduce.and"),
    reduction("llvm.intr.vector.reduce.fadd").arithmetic(Arithmetic::Unknown),
    reduction("llvm.intr.vector.reduce.fmax"),
    reduction("llvm.intr.vector.reduce.fmaximum"),
    reduction("llvm.intr.vector.reduce.fmin"),
    reduction("llvm.intr.vector.reduce.fminimum"),
    reduction("llvm.intr.vector.reduce.fmul").arithmetic(Arithmetic::Unknown),
    reduction("llvm.intr.vector.reduce.mul"),
    reduction("llvm.intr.vector.reduce.or"),
    reduction("llvm.intr.vector.reduce.smax"),
    reduction("llvm.intr.vector.reduce.smin"),
    reduction("llvm.intr.vector.reduce.umax"),
    reduction("llvm.intr.vector.reduce.umin"),
    reduction("llvm.intr.vector.reduce.xor"),
    idle("llvm.intr.vector.deinterleave2").class(Class::Vector),
    idle("llvm.intr.vector.interleave2").class(Class::Vector),
    idle("llvm.intr.vector.extract").form("%a [ @pos:int ] {} : !r from !a", "r").class(Class::Vector),
    idle("llvm.intr.vector.insert").ordered_form("a b", "%b , %a [ @pos:int ] {} : !b into !a=r", "r").class(Class::Vector),
    predicated("llvm.intr.get.active.lane.mask").arithmetic(Arithmetic::PerResult(Simple(1))).form("%a , %n {} : !a , !n to !r", "r"),
    constant("llvm.intr.stepvector"),
    idle("llvm.intr.vscale"),
    cast("llvm.intr.experimental.constrained.fptrunc").form("%a @roundingmode:word @fpExceptionBehavior:word {} : !a to !r", "r"),
    cast("llvm.intr.experimental.constrained.sitofp").form("%a @roundingmode:word @fpExceptionBehavior:word {} : !a to !r", "r"),
    cast("llvm.intr.experimental.constrained.uitofp").form("%a @roundingmode:word @fpExceptionBehavior:word {} : !a to !r", "r"),
    cast("llvm.intr.experimental.constrained.fpext").form("%a @fpExceptionBehavior:word {} : !a to !r", "r"),
    predicated("llvm.intr.vp.add"),
    predicated("llvm.intr.vp.and"),
    predicated("llvm.intr.vp.ashr"),
    predicated("llvm.intr.vp.fadd"),
    predicated("llvm.intr.vp.fdiv"),
    predicated("llvm.intr.vp.fma"),
    predicated("llvm.intr.vp.fmul"),
    predicated("llvm.intr.vp.fmuladd"),
    predicated("llvm.intr.vp.fneg"),
    idle("llvm.intr.vp.fpext").class(Class::Vector),
    idle("llvm.intr.vp.fptosi").class(Class::Vector),
    idle("llvm.intr.vp.fptoui").class(Class::Vector),
    idle("llvm.intr.vp.fptrunc").class(Class::Vector),
    predicated("llvm.intr.vp.frem"),
    predicated("llvm.intr.vp.fsub"),
    idle("llvm.intr.vp.inttoptr").class(Class::Vector),
    accesses("llvm.intr.vp.load"),
    predicated("llvm.intr.vp.lshr"),
    idle("llvm.intr.vp.merge").class(Class::Vector),
    predicated("llvm.intr.vp.mul"),
    predicated("llvm.intr.vp.or"),
    idle("llvm.intr.vp.ptrtoint").class(Class::Vector),
    predicated("llvm.intr.vp.reduce.add"),
    predicated("llvm.intr.vp.reduce.and"),
    predicated("llvm.intr.vp.reduce.fadd"),
    predicated("llvm.intr.vp.reduce.fmax"),
    predicated("llvm.intr.vp.reduce.fmin"),
    predicated("llvm.intr.vp.reduce.fmul"),
    predicated("llvm.intr.vp.reduce.mul"),
    predicated("llvm.intr.vp.reduce.or"),
    predicated("llvm.intr.vp.reduce.smax"),
    predicated("llvm.intr.vp.reduce.smin"),
    predicated("llvm.intr.vp.reduce.umax"),
    predicated("llvm.intr.vp.reduce.umin"),
    predicated("llvm.intr.vp.reduce.xor"),
    predicated("llvm.intr.vp.sdiv"),
    predicated("llvm.intr.vp.select"),
    idle("llvm.intr.vp.sext").class(Class::Vector),
    predicated("llvm.intr.vp.shl"),
    idle("llvm.intr.vp.sitofp").class(Class::Vector),
    predicated("llvm.intr.vp.smax"),
    predicated("llvm.intr.vp.smin"),
    predicated("llvm.intr.vp.srem"),
    accesses("llvm.intr.vp.store"),
    predicated("llvm.intr.vp.sub"),
    idle("llvm.intr.vp.trunc").class(Class::Vector),
    predicated("llvm.intr.vp.udiv"),
    idle("llvm.intr.vp.uitofp").class(Class::Vector),
    predicated("llvm.intr.vp.umax"),
    predicated("llvm.intr.vp.umin"),
    predicated("llvm.intr.vp.urem"),
    predicated("llvm.intr.vp.xor"),
    idle("llvm.intr.vp.zext").class(Class::Vector),
    accesses("llvm.intr.experimental.vp.strided.load"),
    accesses("llvm.intr.experimental.vp.strided.store"),
    accesses("llvm.intr.masked.compressstore"),
    accesses("llvm.intr.masked.expandload"),
    accesses("llvm.intr.memcpy"),
    accesses("llvm.intr.memcpy.inline"),
    accesses("llvm.intr.memmove"),
    accesses("llvm.intr.memset"),
    accesses("llvm.intr.memset.inline"),
    accesses("llvm.intr.masked.gather").form("%operands* {} : fn", "r").effect(MemoryEffect::Read),
    accesses("llvm.intr.masked.load").form("%operands* {} : fn", "r").effect(MemoryEffect::Read),
    accesses("llvm.intr.masked.scatter").form("%v , %a , %mask {} : !v , !mask into !a", "").effect(MemoryEffect::Write),
    accesses("llvm.intr.masked.store").form("%v , %a , %mask {} : !v , !mask into !a", "").effect(MemoryEffect::Write),
    llvm("llvm.intr.matrix.multiply").form("%a , %b {} : ( !a , !b ) -> !r", "r").no_traffic(),
    idle("llvm.intr.matrix.transpose").form("%a {} : !a into !r", "r").class(Class::Vector),
    llvm("llvm.intr.matrix.column.major.load").form("%a , < stride = %n > {} : !r from !a stride !n", "r").no_arithmetic().effect(MemoryEffect::Read),
    llvm("llvm.intr.matrix.column.major.store").form("%v , %a , < stride = %n > {} : !v to !a stride !n", "").no_arithmetic().effect(MemoryEffect::Write),
    annotation("llvm.intr.assume", "%c bundles : !c {}", ""),
    annotation("llvm.intr.debugtrap", "{}", "").effect(MemoryEffect::Any),
    annotation("llvm.intr.trap", "{}", "").effect(MemoryEffect::Any),
    idle("llvm.intr.ubsantrap"),
    annotation("llvm.intr.expect", "%a , %b {} : !a=b", "r=a"),
    annotation("llvm.intr.expect.with.probability", "%a , %b , @prob:number {} : !a=b", "r=a"),
    annotation("llvm.intr.ssa.copy", "%a {} : !a", "r=a"),
    idle("llvm.intr.annotation"),
    idle("llvm.intr.ptr.annotation"),
    idle("llvm.intr.var.annotation"),
    annotation("llvm.intr.dbg.declare", "@varInfo [? @locationExpr:hash ?] = %a : !a {}", ""),
    annotation("llvm.intr.dbg.value", "@varInfo [? @locationExpr:hash ?] = %a : !a {}", ""),
    annotation("llvm.intr.dbg.label", "@label {}", ""),
    annotation("llvm.intr.lifetime.start", "%a {} : !a", ""),
    annotation("llvm.intr.lifetime.end", "%a {} : !a", ""),
    annotation("llvm.intr.invariant.start", "@size:int , %a {} : !a", "r=?"),
    annotation("llvm.intr.invariant.end", "%s , @size:int , %a {} : !a", ""),
    annotation("llvm.intr.launder.invariant.group", "%a {} : !a", "r=a"),
    annotation("llvm.intr.strip.invariant.group", "%a {} : !a", "r=a"),
    annotation("llvm.intr.experimental.noalias.scope.decl", "@scope {}", ""),
    idle("llvm.intr.prefetch"),
    idle("llvm.intr.threadlocal.address"),
    annotation("llvm.intr.stacksave", "{} : !r", "r"),
    annotation("llvm.intr.stackrestore", "%a {} : !a", ""),
    annotation("llvm.intr.vastart", "%a {} : !a", ""),
    annotation("llvm.intr.vaend", "%a {} : !a", ""),
    annotation("llvm.intr.vacopy", "%a to %b {} : !a , !b", "").effect(MemoryEffect::Any),
    annotation("llvm.intr.eh.typeid.for", "%a {} : fn", "r"),
    annotation("llvm.intr.coro.align", "{} : !r", "r").effect(MemoryEffect::Any),
    annotation("llvm.intr.coro.size", "{} : !r", "r").effect(MemoryEffect::Any),
    annotation("llvm.intr.coro.begin", "%a , %b {} : fn", "r").effect(MemoryEffect::Any),
    annotation("llvm.intr.coro.end", "%a , %b , %c {} : fn", "r").effect(MemoryEffect::Any),
    annotation("llvm.intr.coro.free", "%a , %b {} : fn", "r").effect(MemoryEffect::Any),
    annotation("llvm.intr.coro.id", "%a , %b , %c , %d {} : fn", "r").effect(MemoryEffect::Any),
    annotation("llvm.intr.coro.promise", "%a , %b , %c {} : fn", "r").effect(MemoryEffect::Any),
    annotation("llvm.intr.coro.resume", "%a {} : !a", "").effect(MemoryEffect::Any),
    annotation("llvm.intr.coro.save", "%a {} : fn", "r").effect(MemoryEffect::Any),
    annotation("llvm.intr.coro.suspend", "%a , %b {} : !r", "r").effect(MemoryEffect::Any),
    program("ml_program.func").reader(Reader::AnyFunction).function().isolated().regions(RegionExecution::Once),
    program("ml_program.subgraph").reader(Reader::AnyFunction).function().isolated().regions(RegionExecution::Once),
    program("ml_program.return").terminator(),
    program("ml_program.output").terminator(),
    program("ml_program.global"),
    program("ml_program.global_load").steps(StepClass::Constant),
    program("ml_program.global_load_const").steps(StepClass::Constant),
    program("ml_program.global_load_graph").steps(StepClass::Constant),
    program("ml_program.global_store"),
    program("ml_program.global_store_graph"),
    program("ml_program.token"),
    opaque(Dialect::Spirv, "spirv.module").isolated(),
];
