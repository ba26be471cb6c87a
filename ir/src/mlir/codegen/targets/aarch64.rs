//! 64-bit Arm: `p` predicate registers, scalar floating point in the vector registers.

use llvm_sys::target::{
    LLVMInitializeAArch64AsmPrinter, LLVMInitializeAArch64Target, LLVMInitializeAArch64TargetInfo,
    LLVMInitializeAArch64TargetMC,
};

use super::backend::{Backend, PhysicalRegisters, RegisterClass, VirtualRegister};

/// LLVM's AArch64 back end.
pub struct Aarch64;

impl Backend for Aarch64 {
    fn initialise(&self) {
        // SAFETY: the functions take nothing, and registration may be repeated.
        unsafe {
            LLVMInitializeAArch64TargetInfo();
            LLVMInitializeAArch64Target();
            LLVMInitializeAArch64TargetMC();
            LLVMInitializeAArch64AsmPrinter();
        }
    }

    fn comment(&self) -> &'static str {
        "//"
    }

    fn has(&self, class: RegisterClass) -> bool {
        class != RegisterClass::Float
    }

    fn virtual_register(&self, class: &str) -> Option<VirtualRegister> {
        if class == "ccr" {
            return Some(VirtualRegister::Status);
        }
        let (class, count) = counted(class)?;
        Some(VirtualRegister::Counted(class, count))
    }

    fn physical_register(&self, name: &str) -> Option<PhysicalRegisters> {
        match name {
            "fp" => return Some(PhysicalRegisters::one(RegisterClass::General, 29)),
            "lr" => return Some(PhysicalRegisters::one(RegisterClass::General, 30)),
            _ => {}
        }
        let (letters, digits) = name.split_at(name.find(|c: char| c.is_ascii_digit())?);
        let class = match letters {
            "x" | "w" => RegisterClass::General,
            "b" | "h" | "s" | "d" | "q" | "z" => RegisterClass::Vector,
            "p" | "pn" => RegisterClass::Mask,
            _ => return None,
        };
        Some(PhysicalRegisters::one(class, digits.parse().ok()?))
    }

    fn is_call(&self, opcode: &str) -> bool {
        opcode == "BL" || opcode.starts_with("BLR") || opcode.starts_with("TCRETURN")
    }
}

/// The class and number of registers of one of LLVM's register classes.
fn counted(class: &str) -> Option<(RegisterClass, u32)> {
    // `zpr2`, `ppr2`: tuples of two to four.
    let tuple = |prefix: &str| {
        let rest = class.strip_prefix(prefix)?;
        let digit = rest.chars().next().and_then(|c| c.to_digit(10));
        Some(digit.unwrap_or(1))
    };
    if class.starts_with("xseqpairs") || class.starts_with("wseqpairs") {
        return Some((RegisterClass::General, 2));
    }
    if class.contains("gpr") {
        return Some((RegisterClass::General, 1));
    }
    if let Some(count) = tuple("zpr") {
        return Some((RegisterClass::Vector, count));
    }
    if let Some(count) = tuple("ppr").or_else(|| tuple("pnr")) {
        return Some((RegisterClass::Mask, count));
    }
    if class.starts_with("fpr") {
        return Some((RegisterClass::Vector, 1));
    }
    // Tuples of two to four registers: `dd`, `ddd`, `dddd`, `qq`, `qqq`, `qqqq`, with a suffix if they are restricted.
    let letters = class.split('_').next().unwrap_or(class);
    let first = letters.chars().next()?;
    let uniform = "dq".contains(first) && letters.len() <= 4 && letters.chars().all(|letter| letter == first);
    uniform.then_some((RegisterClass::Vector, letters.len() as u32))
}
