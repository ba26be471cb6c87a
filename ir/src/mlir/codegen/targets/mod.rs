//! Instruction sets, one module each: everything that differs from one back end of LLVM to another.
//!
//! A processor is a record in `crate::labels` and needs nothing here. To add an instruction set, add a variant of
//! [`InstructionSet`] and a module with its [`Backend`]; the compiler names the matches to extend.

mod aarch64;
mod backend;
mod riscv;
mod x86;

pub use backend::{Backend, PhysicalRegisters, RegisterClass, VirtualRegister};

use crate::labels::{InstructionSet, PerClass};

/// The back end of an instruction set.
#[must_use]
pub fn backend(set: InstructionSet) -> &'static dyn Backend {
    match set {
        InstructionSet::X86 => &x86::X86,
        InstructionSet::Aarch64 => &aarch64::Aarch64,
        InstructionSet::Riscv => &riscv::Riscv,
    }
}

/// Arranges counts by class; `None` for classes that the instruction set lacks.
#[must_use]
pub fn per_class(backend: &dyn Backend, count: impl Fn(RegisterClass) -> u32) -> PerClass {
    let optional = |class| backend.has(class).then(|| count(class));
    PerClass {
        general: count(RegisterClass::General),
        vector: count(RegisterClass::Vector),
        float: optional(RegisterClass::Float),
        mask: optional(RegisterClass::Mask),
    }
}

/// The physical registers that a register's name covers, such as both of `q0_q1`; none for registers that labels do
/// not count.
#[must_use]
pub fn physical_registers(backend: &dyn Backend, name: &str) -> Vec<PhysicalRegisters> {
    name.split('_').filter_map(|part| backend.physical_register(part)).collect()
}
