//! 64-bit x86: `k` mask registers, scalar floating point in the vector registers.

use llvm_sys::target::{
    LLVMInitializeX86AsmPrinter, LLVMInitializeX86Target, LLVMInitializeX86TargetInfo, LLVMInitializeX86TargetMC,
};

use super::backend::{Backend, PhysicalRegisters, RegisterClass, VirtualRegister};

/// LLVM's X86 back end.
pub struct X86;

/// General-purpose registers with names of their own, and the names of their parts.
const NAMED: [[&str; 5]; 7] = [
    ["rax", "eax", "ax", "al", "ah"],
    ["rbx", "ebx", "bx", "bl", "bh"],
    ["rcx", "ecx", "cx", "cl", "ch"],
    ["rdx", "edx", "dx", "dl", "dh"],
    ["rsi", "esi", "si", "sil", "sih"],
    ["rdi", "edi", "di", "dil", "dih"],
    ["rbp", "ebp", "bp", "bpl", "bph"],
];

impl Backend for X86 {
    fn initialise(&self) {
        // SAFETY: the functions take nothing, and registration may be repeated.
        unsafe {
            LLVMInitializeX86TargetInfo();
            LLVMInitializeX86Target();
            LLVMInitializeX86TargetMC();
            LLVMInitializeX86AsmPrinter();
        }
    }

    fn comment(&self) -> &'static str {
        "#"
    }

    fn has(&self, class: RegisterClass) -> bool {
        class != RegisterClass::Float
    }

    fn virtual_register(&self, class: &str) -> Option<VirtualRegister> {
        use VirtualRegister::{Counted, Status};
        match class {
            "ccr" | "fpccr" | "dfccr" | "segment_reg" => Some(Status),
            _ if class.starts_with("gr") || class.starts_with("low32_addr_access") => {
                Some(Counted(RegisterClass::General, 1))
            }
            _ if class.starts_with("vk") => {
                Some(Counted(RegisterClass::Mask, if class.contains("pair") { 2 } else { 1 }))
            }
            _ if class.starts_with("fr") || class.starts_with("vr") => Some(Counted(RegisterClass::Vector, 1)),
            _ => None,
        }
    }

    fn physical_register(&self, name: &str) -> Option<PhysicalRegisters> {
        if let Some(index) = NAMED.iter().position(|names| names.contains(&name)) {
            return Some(PhysicalRegisters::one(RegisterClass::General, index as u32));
        }
        let number = |prefix: &str| name.strip_prefix(prefix)?.parse().ok();
        if let Some(number) = number("xmm").or_else(|| number("ymm")).or_else(|| number("zmm")) {
            return Some(PhysicalRegisters::one(RegisterClass::Vector, number));
        }
        if let Some(number) = number("k") {
            return Some(PhysicalRegisters::one(RegisterClass::Mask, number));
        }
        // `r8` to `r31`, and their parts `r8d`, `r8w`, `r8b`.
        let number = name.strip_prefix('r')?.trim_end_matches(['b', 'w', 'd']).parse().ok()?;
        Some(PhysicalRegisters::one(RegisterClass::General, number))
    }

    fn is_call(&self, opcode: &str) -> bool {
        ["CALL", "TAILJMP", "TCRETURN"].iter().any(|prefix| opcode.starts_with(prefix))
    }

    /// `vzeroupper` and `vzeroall` clear all vector registers.
    fn clears_registers(&self, opcode: &str) -> bool {
        opcode.starts_with("VZERO")
    }
}
