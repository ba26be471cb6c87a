//! `builtin`, `cf`, `func` and `scf`.

use super::facts::{BranchForm, Dialect, Drawing, LoopForm, MemoryEffect, RegionExecution, StepClass};
use super::features::InstructionClass as Class;
use super::names::FUNCTION;
use super::record::Record;
use super::syntax::{
    Reader,
    ShortNamePrinted::{InOwnDialect, Never},
};

const fn op(dialect: Dialect, name: &'static str) -> Record {
    Record::new(dialect, name).no_arithmetic().no_traffic().class(Class::Free)
}

const fn builtin(name: &'static str) -> Record {
    op(Dialect::Builtin, name)
}

const fn branch(name: &'static str) -> Record {
    op(Dialect::Cf, name).terminator().steps(StepClass::Branch).class(Class::Branch).drawing(Drawing::ControlFlow)
}

const fn func(name: &'static str) -> Record {
    op(Dialect::Func, name).drawing(Drawing::ControlFlow)
}

const fn scf(name: &'static str) -> Record {
    op(Dialect::Scf, name).drawing(Drawing::ControlFlow)
}

const fn looping(name: &'static str, form: LoopForm) -> Record {
    scf(name).regions(RegionExecution::Loop(form)).decides_execution().steps(StepClass::Loop).class(Class::Loop)
}

const fn end(name: &'static str) -> Record {
    scf(name).terminator().steps(StepClass::Terminator)
}

pub(super) const RECORDS: &[Record] = &[
    builtin("builtin.module")
        .reader(Reader::Module)
        .short_name("module", InOwnDialect, true)
        .default_dialect(Dialect::Builtin)
        .isolated()
        .regions(RegionExecution::Once),
    builtin("builtin.unrealized_conversion_cast")
        .reader(Reader::ConversionCast)
        .short_name("unrealized_conversion_cast", Never, true)
        .steps(StepClass::View),
    branch("cf.br").reader(Reader::Branch),
    branch("cf.cond_br").reader(Reader::ConditionalBranch),
    branch("cf.switch").reader(Reader::Switch),
    op(Dialect::Cf, "cf.assert")
        .form("%a , @msg {}", "")
        .steps(StepClass::Storage("a check"))
        .class(Class::Branch)
        .drawing(Drawing::ControlFlow),
    func(FUNCTION)
        .reader(Reader::Function)
        .short_name("func", Never, false)
        .default_dialect(Dialect::Func)
        .function()
        .isolated()
        .regions(RegionExecution::Once),
    func("func.return")
        .form("{} [? %a* : !a* ?]", "")
        .short_name("return", InOwnDialect, true)
        .terminator()
        .effect(MemoryEffect::None)
        .steps(StepClass::Terminator)
        .drawing(Drawing::ByWork),
    func("func.call")
        .form("@callee ( %a* ) {} : fn", "r*")
        .short_name("call", InOwnDialect, true)
        .call()
        .steps(StepClass::Call)
        .class(Class::Call),
    func("func.call_indirect")
        .reader(Reader::CallIndirect)
        .short_name("call_indirect", InOwnDialect, true)
        .call()
        .class(Class::Call),
    func("func.constant")
        .form("{} @value : !r", "r")
        .short_name("constant", InOwnDialect, false)
        .drawing(Drawing::LeftOut),
    looping("scf.for", LoopForm::For).reader(Reader::ScfFor).effect(MemoryEffect::None),
    looping("scf.parallel", LoopForm::Parallel).reader(Reader::ScfParallel),
    looping("scf.forall", LoopForm::Forall).reader(Reader::ScfForall),
    looping("scf.while", LoopForm::While).reader(Reader::ScfWhile),
    scf("scf.if")
        .reader(Reader::ScfIf)
        .regions(RegionExecution::Branch(BranchForm::If))
        .decides_execution()
        .effect(MemoryEffect::None)
        .steps(StepClass::Condition)
        .class(Class::Branch),
    scf("scf.index_switch")
        .reader(Reader::ScfIndexSwitch)
        .regions(RegionExecution::Branch(BranchForm::Other))
        .steps(StepClass::Condition)
        .class(Class::Branch),
    scf("scf.execute_region")
        .reader(Reader::ScfExecuteRegion)
        .regions(RegionExecution::Once)
        .steps(StepClass::Condition),
    end("scf.yield").form("{} [? %a* : !a* ?]", "").effect(MemoryEffect::None),
    end("scf.condition").form("( %c ) {} [? %a* : !a* ?]", "").decides_execution(),
    end("scf.reduce").reader(Reader::ScfReduce).regions(RegionExecution::OnceHeld),
    end("scf.reduce.return").form("%a {} : !a", ""),
    end("scf.forall.in_parallel").reader(Reader::ScfInParallel).regions(RegionExecution::OnceHeld),
];
