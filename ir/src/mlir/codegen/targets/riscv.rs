//! 64-bit RISC-V: scalar floating-point registers of their own, masks in the vector registers, groups of vector
//! registers.
//!
//! An instruction's cost depends on the element width and the length of register groups, which `vsetvli` sets for the
//! instructions after it, often in an earlier block. llvm-mca sees single blocks, so each block gets directives with
//! the configuration that reaches it.

use llvm_sys::target::{
    LLVMInitializeRISCVAsmPrinter, LLVMInitializeRISCVTarget, LLVMInitializeRISCVTargetInfo,
    LLVMInitializeRISCVTargetMC,
};

use super::super::machine_ir::{MachineBlock, MachineFunction};
use super::backend::{Backend, PhysicalRegisters, RegisterClass, VirtualRegister};

/// LLVM's RISC-V back end.
pub struct Riscv;

/// Numbers of `x` registers that hold no value of the program: zero, stack, global and thread pointer.
const RESERVED: [u32; 4] = [0, 2, 3, 4];

impl Backend for Riscv {
    fn initialise(&self) {
        // SAFETY: the functions take nothing, and registration may be repeated.
        unsafe {
            LLVMInitializeRISCVTargetInfo();
            LLVMInitializeRISCVTarget();
            LLVMInitializeRISCVTargetMC();
            LLVMInitializeRISCVAsmPrinter();
        }
    }

    fn comment(&self) -> &'static str {
        "#"
    }

    fn has(&self, class: RegisterClass) -> bool {
        class != RegisterClass::Mask
    }

    fn virtual_register(&self, class: &str) -> Option<VirtualRegister> {
        if class == "vcsr" {
            return Some(VirtualRegister::Status);
        }
        let (class, count) = counted(class)?;
        Some(VirtualRegister::Counted(class, count))
    }

    fn physical_register(&self, name: &str) -> Option<PhysicalRegisters> {
        let letter = name.chars().next()?;
        let rest = &name[letter.len_utf8()..];
        match letter {
            'x' => {
                let number = rest.parse().ok()?;
                (!RESERVED.contains(&number)).then(|| PhysicalRegisters::one(RegisterClass::General, number))
            }
            'f' => Some(PhysicalRegisters::one(RegisterClass::Float, rest.parse().ok()?)),
            'v' => {
                // `v8m4` is the group of four registers from `v8` on.
                let (first, count) = rest.split_once('m').unwrap_or((rest, "1"));
                let (first, count) = (first.parse().ok()?, count.parse().ok()?);
                Some(PhysicalRegisters { class: RegisterClass::Vector, first, count })
            }
            _ => None,
        }
    }

    fn is_call(&self, opcode: &str) -> bool {
        opcode.starts_with("PseudoCALL") || opcode.starts_with("PseudoTAIL")
    }

    fn preambles(&self, function: &MachineFunction) -> Vec<String> {
        let on_entry = vector_types_on_entry(function).into_iter();
        on_entry.map(|vtype| vtype.map_or_else(String::new, directives)).collect()
    }
}

/// The class and number of registers of one of LLVM's register classes.
fn counted(class: &str) -> Option<(RegisterClass, u32)> {
    if class.starts_with("gprpair") {
        Some((RegisterClass::General, 2))
    } else if class.starts_with("gpr") || class.starts_with("sr07") {
        Some((RegisterClass::General, 1))
    } else if class.starts_with("fpr") {
        Some((RegisterClass::Float, 1))
    } else if class == "vm" || class.starts_with("vmv0") {
        Some((RegisterClass::Vector, 1))
    } else {
        // `vr`, `vrm4`, `vrn3m2`: registers of a tuple times registers of a group; `nov0` leaves out the first.
        let rest = class.strip_prefix("vr")?.trim_end_matches("nov0");
        let digit = |text: &str| text.chars().next().and_then(|c| c.to_digit(10));
        let registers = rest.strip_prefix('n').map_or(Some(1), digit);
        let group = rest.find('m').map_or(Some(1), |at| digit(&rest[at + 1..]));
        let fields = registers.zip(group);
        fields.map(|(registers, group)| (RegisterClass::Vector, registers * group))
    }
}

/// What is known of the vector configuration (`vtype`) that reaches a block.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Incoming {
    /// No predecessor has been visited yet.
    Unvisited,
    /// All predecessors leave this one.
    Known(i64),
    /// Predecessors differ, or none was set: the block sets its own before it needs one.
    Conflicting,
}

impl Incoming {
    fn merge(self, other: Self) -> Self {
        match (self, other) {
            (Self::Unvisited, one) | (one, Self::Unvisited) => one,
            (one, two) if one == two => one,
            _ => Self::Conflicting,
        }
    }
}

/// The `vtype` that the last `vset` instruction of a block sets.
fn vector_type_set_in(block: &MachineBlock) -> Option<i64> {
    let sets = |opcode: &str| opcode.trim_start_matches("Pseudo").starts_with("VSET");
    block.instructions.iter().rev().find(|one| sets(&one.opcode)).and_then(|one| one.constants.last().copied())
}

/// The `vtype` on entry to each block where all its predecessors agree: forward data flow to a fixed point.
fn vector_types_on_entry(function: &MachineFunction) -> Vec<Option<i64>> {
    let count = function.blocks.len();
    let mut predecessors = vec![Vec::new(); count];
    for (index, successors) in function.successors().into_iter().enumerate() {
        successors.into_iter().for_each(|successor| predecessors[successor].push(index));
    }
    let set: Vec<Option<i64>> = function.blocks.iter().map(vector_type_set_in).collect();
    let mut incoming = vec![Incoming::Unvisited; count];
    if let Some(entry) = incoming.first_mut() {
        *entry = Incoming::Conflicting;
    }
    let mut changed = true;
    while changed {
        changed = false;
        for index in 1..count {
            let outgoing = predecessors[index].iter().map(|&from| set[from].map_or(incoming[from], Incoming::Known));
            let merged = outgoing.fold(Incoming::Unvisited, Incoming::merge);
            // A conflict is final, so that the iteration ends.
            if merged != incoming[index] && incoming[index] != Incoming::Conflicting {
                incoming[index] = merged;
                changed = true;
            }
        }
    }
    let known = |one| if let Incoming::Known(vtype) = one { Some(vtype) } else { None };
    incoming.into_iter().map(known).collect()
}

/// llvm-mca's directives for a `vtype`: bits 0 to 2 are the group's length, bits 3 to 5 the element width.
fn directives(vtype: i64) -> String {
    const GROUPS: [&str; 8] = ["M1", "M2", "M4", "M8", "M1", "MF8", "MF4", "MF2"];
    let group = GROUPS[(vtype & 7) as usize];
    let width = 8 << ((vtype >> 3) & 7);
    format!("# LLVM-MCA-RISCV-LMUL {group}\n# LLVM-MCA-RISCV-SEW E{width}\n")
}
