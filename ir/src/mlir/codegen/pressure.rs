//! Register pressure before allocation, and registers used after it.
//!
//! Backward liveness over machine IR: at every instruction, what is live after it together with what it
//! writes occupies registers. Physical registers (arguments, results, fixed operands) count while they hold a
//! value. The maximum over the function is its pressure, class by class.

use std::collections::{BTreeMap, BTreeSet};

use super::machine_ir::{MachineFunction, MachineInstruction, Register};
use super::registers::{Class, per_class, physical, virtual_class};
use crate::labels::{PerClass, Target};

/// What liveness says of a function.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Pressure {
    /// Most registers needed at once.
    pub maximum: PerClass,
    /// Most registers whose value outlives one call.
    pub across_call: PerClass,
}

/// Whether an instruction calls a function, tail calls included.
#[must_use]
pub fn is_call(instruction: &MachineInstruction) -> bool {
    let opcode = instruction.opcode.as_str();
    opcode == "BL"
        || ["CALL", "TAILJMP", "TCRETURN", "BLR", "PseudoCALL", "PseudoTAIL"].iter().any(|one| opcode.starts_with(one))
}

/// Pressure of a function before register allocation.
///
/// # Errors
/// A register class that is not known.
pub fn pressure(target: Target, function: &MachineFunction) -> Result<Pressure, String> {
    let liveness = Liveness::new(target, function)?;
    let live_out = liveness.live_out();
    let (mut maximum, mut across_call) = (Totals::default(), Totals::default());
    for (block, mut live) in liveness.blocks.iter().zip(live_out) {
        let mut now = Totals::default();
        for (place, _) in live.iter().enumerate().filter(|(_, live)| **live) {
            now.add(liveness.weights[place]);
        }
        for step in block.steps.iter().rev() {
            // What is written needs its registers even if nothing reads it.
            let mut occupied = now;
            for &place in &step.writes {
                if std::mem::replace(&mut live[place], false) {
                    now.remove(liveness.weights[place]);
                } else {
                    occupied.add(liveness.weights[place]);
                }
            }
            maximum.raise(occupied);
            if step.call {
                across_call.raise(now);
            }
            for &place in &step.reads {
                if !std::mem::replace(&mut live[place], true) {
                    now.add(liveness.weights[place]);
                }
            }
            maximum.raise(now);
        }
    }
    Ok(Pressure {
        maximum: per_class(target, |class| maximum.of(class)),
        across_call: per_class(target, |class| across_call.of(class)),
    })
}

/// Distinct registers that the instructions of a function name, after allocation.
#[must_use]
pub fn registers_used(target: Target, function: &MachineFunction) -> PerClass {
    let mut used = BTreeSet::new();
    for instruction in function.blocks.iter().flat_map(|block| &block.instructions) {
        // It clears the upper halves of all registers and holds no value in any.
        if instruction.opcode.starts_with("VZERO") {
            continue;
        }
        for register in instruction.reads.iter().chain(&instruction.writes) {
            let Register::Physical(name) = register else { continue };
            for covered in physical(target, name) {
                used.extend((covered.first..covered.first + covered.count).map(|number| (covered.class, number)));
            }
        }
    }
    per_class(target, |class| used.iter().filter(|one| one.0 == class).count() as u32)
}

/// Registers by class.
#[derive(Debug, Clone, Copy, Default)]
struct Totals([u32; 4]);

impl Totals {
    fn add(&mut self, (class, count): (Class, u32)) {
        self.0[class as usize] += count;
    }

    fn remove(&mut self, (class, count): (Class, u32)) {
        self.0[class as usize] -= count;
    }

    fn raise(&mut self, other: Self) {
        for (most, now) in self.0.iter_mut().zip(other.0) {
            *most = (*most).max(now);
        }
    }

    fn of(&self, class: Class) -> u32 {
        self.0[class as usize]
    }
}

/// An instruction as liveness sees it: places by index.
struct Step {
    reads: Vec<usize>,
    writes: Vec<usize>,
    call: bool,
}

struct LiveBlock {
    steps: Vec<Step>,
    successors: Vec<usize>,
}

/// A function with its registers numbered: a place is a virtual register or one physical register.
struct Liveness {
    blocks: Vec<LiveBlock>,
    weights: Vec<(Class, u32)>,
}

impl Liveness {
    fn new(target: Target, function: &MachineFunction) -> Result<Self, String> {
        let numbers: BTreeMap<usize, usize> =
            function.blocks.iter().enumerate().map(|(index, block)| (block.number, index)).collect();
        let mut places = Places { target, function, known: BTreeMap::new(), weights: Vec::new() };
        let mut blocks = Vec::new();
        for block in &function.blocks {
            let mut steps = Vec::new();
            for instruction in &block.instructions {
                steps.push(Step {
                    reads: places.of(&instruction.reads)?,
                    writes: places.of(&instruction.writes)?,
                    call: is_call(instruction),
                });
            }
            let successors = block.successors.iter().filter_map(|(number, _)| numbers.get(number).copied()).collect();
            blocks.push(LiveBlock { steps, successors });
        }
        Ok(Self { blocks, weights: places.weights })
    }

    /// What is live at the end of each block: the least fixed point, from the last block backwards.
    fn live_out(&self) -> Vec<Vec<bool>> {
        let none = vec![false; self.weights.len()];
        let mut live_in = vec![none.clone(); self.blocks.len()];
        let mut live_out = vec![none; self.blocks.len()];
        let mut changed = true;
        while changed {
            changed = false;
            for (index, block) in self.blocks.iter().enumerate().rev() {
                for &successor in &block.successors {
                    for (out, &into) in live_out[index].iter_mut().zip(&live_in[successor]) {
                        *out |= into;
                    }
                }
                let mut live = live_out[index].clone();
                for step in block.steps.iter().rev() {
                    step.writes.iter().for_each(|&place| live[place] = false);
                    step.reads.iter().for_each(|&place| live[place] = true);
                }
                if live != live_in[index] {
                    live_in[index] = live;
                    changed = true;
                }
            }
        }
        live_out
    }
}

/// Numbers registers as they are met.
struct Places<'f> {
    target: Target,
    function: &'f MachineFunction,
    known: BTreeMap<Register, Vec<usize>>,
    weights: Vec<(Class, u32)>,
}

impl Places<'_> {
    fn of(&mut self, registers: &[Register]) -> Result<Vec<usize>, String> {
        let mut all = Vec::new();
        for register in registers {
            if let Some(places) = self.known.get(register) {
                all.extend(places);
                continue;
            }
            let mut places = Vec::new();
            match register {
                Register::Virtual(number) => {
                    let class = self.function.classes.get(number).map_or("", String::as_str);
                    if let Some(weight) = virtual_class(self.target, class)? {
                        places.push(self.weights.len());
                        self.weights.push(weight);
                    }
                }
                Register::Physical(name) => {
                    for covered in physical(self.target, name) {
                        for number in covered.first..covered.first + covered.count {
                            places.push(self.single(covered.class, number));
                        }
                    }
                }
            }
            self.known.insert(register.clone(), places.clone());
            all.extend(places);
        }
        all.sort_unstable();
        all.dedup();
        Ok(all)
    }

    /// The place of one physical register, whatever name it goes by.
    fn single(&mut self, class: Class, number: u32) -> usize {
        let name = Register::Physical(format!("{class:?} {number}"));
        let next = self.weights.len();
        let place = self.known.entry(name).or_insert_with(|| vec![next])[0];
        if place == next {
            self.weights.push((class, 1));
        }
        place
    }
}
