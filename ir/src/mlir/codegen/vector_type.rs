//! The vector configuration that a RISC-V block starts with.
//!
//! Cost on RISC-V depends on the width of elements and the length of register groups, which an instruction
//! sets for those after it, often in an earlier block. The simulator sees single blocks, so it is told.

use std::collections::BTreeMap;

use super::machine_ir::{MachineBlock, MachineFunction};
use crate::labels::Target;

/// The operand of the last instruction of a block that sets the configuration.
fn set_in(block: &MachineBlock) -> Option<i64> {
    let sets = |opcode: &str| opcode.trim_start_matches("Pseudo").starts_with("VSET");
    block.instructions.iter().rev().find(|one| sets(&one.opcode)).and_then(|one| one.constants.last().copied())
}

/// Lines for the simulator before each block, in the order of the code.
#[must_use]
pub fn preambles(target: Target, function: &MachineFunction) -> Vec<String> {
    if target != Target::SifiveX280 {
        return vec![String::new(); function.blocks.len()];
    }
    let numbers: BTreeMap<usize, usize> =
        function.blocks.iter().enumerate().map(|(index, block)| (block.number, index)).collect();
    let mut predecessors = vec![Vec::new(); function.blocks.len()];
    for (index, block) in function.blocks.iter().enumerate() {
        for successor in block.successors.iter().filter_map(|(number, _)| numbers.get(number)) {
            predecessors[*successor].push(index);
        }
    }
    let set: Vec<Option<i64>> = function.blocks.iter().map(set_in).collect();
    // Unvisited, agreed on, or different from one side to the other: in that case the block sets its own.
    let mut into: Vec<Option<Option<i64>>> = vec![None; function.blocks.len()];
    if let Some(entry) = into.first_mut() {
        *entry = Some(None);
    }
    let mut changed = true;
    while changed {
        changed = false;
        for index in 1..function.blocks.len() {
            let mut merged: Option<Option<i64>> = None;
            for &from in &predecessors[index] {
                let Some(out) = set[from].map_or(into[from], |set| Some(Some(set))) else { continue };
                merged = Some(match merged {
                    None => out,
                    Some(other) if other == out => out,
                    Some(_) => None,
                });
            }
            if merged != into[index] && into[index] != Some(None) {
                into[index] = merged;
                changed = true;
            }
        }
    }
    into.into_iter().map(|configuration| configuration.flatten().map_or_else(String::new, preamble)).collect()
}

fn preamble(configuration: i64) -> String {
    const GROUPS: [&str; 8] = ["M1", "M2", "M4", "M8", "M1", "MF8", "MF4", "MF2"];
    let group = GROUPS[(configuration & 7) as usize];
    let width = 8 << ((configuration >> 3) & 7);
    format!("# LLVM-MCA-RISCV-LMUL {group}\n# LLVM-MCA-RISCV-SEW E{width}\n")
}
