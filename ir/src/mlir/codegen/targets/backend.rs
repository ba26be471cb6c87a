//! What labels need to know of an instruction set's back end in LLVM: register names and classes, and which
//! instructions call. One implementation per instruction set.
//!
//! Names are LLVM's. Stack pointers, zero registers, flags and status registers belong to no counted class: they hold
//! no value of the program, or the allocator cannot assign them.

use super::super::machine_ir::MachineFunction;

/// A class of registers that compete for the same physical registers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum RegisterClass {
    /// General-purpose registers.
    General,
    /// Vector registers; on x86 and AArch64 scalar floating point uses them too.
    Vector,
    /// Scalar floating-point registers of an instruction set that has them apart from the vector registers.
    Float,
    /// Mask or predicate registers.
    Mask,
}

/// Physical registers of one class, from `first` on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PhysicalRegisters {
    /// The class.
    pub class: RegisterClass,
    /// Number of the first register, from 0.
    pub first: u32,
    /// Number of registers, at least 1.
    pub count: u32,
}

impl PhysicalRegisters {
    /// One register.
    #[must_use]
    pub fn one(class: RegisterClass, number: u32) -> Self {
        Self { class, first: number, count: 1 }
    }

    /// Numbers of the registers.
    pub fn numbers(self) -> std::ops::Range<u32> {
        self.first..self.first + self.count
    }
}

/// What a virtual register of one of LLVM's register classes occupies.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum VirtualRegister {
    /// Registers of a counted class: which, and how many.
    Counted(RegisterClass, u32),
    /// Flags or a status word, which labels do not count.
    Status,
}

/// A back end of LLVM, as labels see it.
pub trait Backend: Sync {
    /// Registers the back end with LLVM; may be repeated.
    fn initialise(&self);

    /// What starts a comment in assembly.
    fn comment(&self) -> &'static str;

    /// Whether the instruction set has registers of a class.
    fn has(&self, class: RegisterClass) -> bool;

    /// What a virtual register of one of LLVM's register classes occupies; `None` if the class is unknown.
    fn virtual_register(&self, class: &str) -> Option<VirtualRegister>;

    /// The registers that one component of a physical register's name covers; `None` if labels do not count it.
    fn physical_register(&self, name: &str) -> Option<PhysicalRegisters>;

    /// Whether an instruction calls a function, tail calls included.
    fn is_call(&self, opcode: &str) -> bool;

    /// Whether an instruction names registers without keeping a value in any of them.
    fn clears_registers(&self, _opcode: &str) -> bool {
        false
    }

    /// Lines of directives for llvm-mca before each block of a function, in the order of the code: state that was set
    /// in an earlier block and changes the cost of instructions.
    fn preambles(&self, function: &MachineFunction) -> Vec<String> {
        vec![String::new(); function.blocks.len()]
    }
}
