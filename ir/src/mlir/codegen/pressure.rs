//! Register pressure before allocation, and registers used after it.
//!
//! Backward liveness over machine IR: at each instruction, the values live after it and the values it writes occupy
//! registers. Physical registers (arguments, results, fixed operands) count while they hold a value. The pressure of
//! a class is its maximum over the function.

use std::collections::{BTreeMap, BTreeSet};

use super::machine_ir::{MachineFunction, Register};
use super::targets::{Backend, RegisterClass, VirtualRegister, per_class, physical_registers};
use crate::labels::PerClass;

/// Register pressure of a function.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Pressure {
    /// Most registers live at once.
    pub maximum: PerClass,
    /// Most registers live across one call.
    pub across_call: PerClass,
}

/// LLVM uses a register class that its back end's module here does not list.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("unknown register class `{0}`")]
pub struct UnknownRegisterClass(
    /// LLVM's name of the class.
    pub String,
);

/// Pressure of a function before register allocation.
///
/// # Errors
/// A register class that is not known.
pub fn pressure(backend: &dyn Backend, function: &MachineFunction) -> Result<Pressure, UnknownRegisterClass> {
    let liveness = Liveness::new(backend, function)?;
    let live_out = liveness.live_out();
    let (mut maximum, mut across_call) = (Totals::default(), Totals::default());
    for (block, mut live) in liveness.blocks.iter().zip(live_out) {
        let mut now = Totals::default();
        for (place, _) in live.iter().enumerate().filter(|(_, live)| **live) {
            now.add(liveness.weights[place]);
        }
        for step in block.steps.iter().rev() {
            // A result occupies registers even if nothing reads it.
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
        maximum: per_class(backend, |class| maximum.of(class)),
        across_call: per_class(backend, |class| across_call.of(class)),
    })
}

/// Distinct registers that the instructions of a function name, after allocation.
#[must_use]
pub fn registers_used(backend: &dyn Backend, function: &MachineFunction) -> PerClass {
    let mut used = BTreeSet::new();
    for instruction in function.blocks.iter().flat_map(|block| &block.instructions) {
        if backend.clears_registers(&instruction.opcode) {
            continue;
        }
        for register in instruction.reads.iter().chain(&instruction.writes) {
            let Register::Physical(name) = register else { continue };
            for covered in physical_registers(backend, name) {
                used.extend(covered.numbers().map(|number| (covered.class, number)));
            }
        }
    }
    per_class(backend, |class| used.iter().filter(|one| one.0 == class).count() as u32)
}

/// Number of registers by class.
#[derive(Debug, Clone, Copy, Default)]
struct Totals([u32; 4]);

impl Totals {
    fn add(&mut self, (class, count): (RegisterClass, u32)) {
        self.0[class as usize] += count;
    }

    fn remove(&mut self, (class, count): (RegisterClass, u32)) {
        self.0[class as usize] -= count;
    }

    fn raise(&mut self, other: Self) {
        for (most, now) in self.0.iter_mut().zip(other.0) {
            *most = (*most).max(now);
        }
    }

    fn of(&self, class: RegisterClass) -> u32 {
        self.0[class as usize]
    }
}

/// The operands of an instruction that liveness needs, as indices of places.
struct Step {
    reads: Vec<usize>,
    writes: Vec<usize>,
    call: bool,
}

struct LiveBlock {
    steps: Vec<Step>,
    successors: Vec<usize>,
}

/// A function with its registers numbered: a place is one virtual register or one physical register.
struct Liveness {
    blocks: Vec<LiveBlock>,
    weights: Vec<(RegisterClass, u32)>,
}

impl Liveness {
    fn new(backend: &dyn Backend, function: &MachineFunction) -> Result<Self, UnknownRegisterClass> {
        let mut places = Places { backend, function, known: BTreeMap::new(), weights: Vec::new() };
        let mut blocks = Vec::new();
        for (block, successors) in function.blocks.iter().zip(function.successors()) {
            let mut steps = Vec::new();
            for instruction in &block.instructions {
                steps.push(Step {
                    reads: places.of(&instruction.reads)?,
                    writes: places.of(&instruction.writes)?,
                    call: backend.is_call(&instruction.opcode),
                });
            }
            blocks.push(LiveBlock { steps, successors });
        }
        Ok(Self { blocks, weights: places.weights })
    }

    /// The live places at the end of each block: backward data flow to the least fixed point.
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

/// Assigns indices to registers in the order of their first use.
struct Places<'f> {
    backend: &'f dyn Backend,
    function: &'f MachineFunction,
    known: BTreeMap<Register, Vec<usize>>,
    weights: Vec<(RegisterClass, u32)>,
}

impl Places<'_> {
    fn of(&mut self, registers: &[Register]) -> Result<Vec<usize>, UnknownRegisterClass> {
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
                    match self.backend.virtual_register(class) {
                        None => return Err(UnknownRegisterClass(class.to_owned())),
                        Some(VirtualRegister::Status) => {}
                        Some(VirtualRegister::Counted(class, count)) => {
                            places.push(self.weights.len());
                            self.weights.push((class, count));
                        }
                    }
                }
                Register::Physical(name) => {
                    for covered in physical_registers(self.backend, name) {
                        for number in covered.numbers() {
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

    /// The place of one physical register; all its names share it.
    fn single(&mut self, class: RegisterClass, number: u32) -> usize {
        let name = Register::Physical(format!("{class:?} {number}"));
        let next = self.weights.len();
        let place = self.known.entry(name).or_insert_with(|| vec![next])[0];
        if place == next {
            self.weights.push((class, 1));
        }
        place
    }
}
