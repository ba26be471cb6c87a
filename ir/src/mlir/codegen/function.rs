//! One function on one target: from the code generator's output to labels.
//!
//! The output is parsed and cut into blocks ([`Emitted::function`]), the blocks are simulated elsewhere, and the
//! labels are sums over the blocks, weighted by their executions ([`CompiledFunction::labels`]).

use std::collections::BTreeMap;

use super::assembly::AssemblyBlock;
use super::control::Counts;
use super::frequency::{Frequency, frequencies};
use super::machine_ir::{MachineBlock, MachineFunction, StackObject};
use super::pressure::{pressure, registers_used};
use super::simulator::{Cost, Region, Simulator};
use super::targets::{Backend, backend};
use crate::labels::{Failure, Frequencies, FrequencySource, Labels, Phase, Port, Target};

/// What the code generator emitted of a module for one target, by function.
pub(super) struct Emitted {
    /// Machine IR before register allocation.
    pub(super) before: BTreeMap<String, MachineFunction>,
    /// Final machine IR.
    pub(super) after: BTreeMap<String, MachineFunction>,
    /// Assembly.
    pub(super) assembly: BTreeMap<String, Vec<AssemblyBlock>>,
    /// Execution counts of the functions whose control flow could be run.
    pub(super) counts: BTreeMap<String, Counts>,
}

/// A function on a target, ready for the simulator.
pub(super) struct CompiledFunction {
    target: Target,
    before: MachineFunction,
    after: MachineFunction,
    counts: Option<Counts>,
    /// The instructions of each block of `after`.
    pub(super) regions: Vec<Region>,
}

impl Emitted {
    /// One function of the module.
    ///
    /// # Errors
    /// The three outputs of the code generator do not have the same functions and blocks.
    pub(super) fn function(&self, target: Target, name: &str) -> Result<CompiledFunction, Failure> {
        let missing = |what: &str| Failure { phase: Phase::Generate, reason: format!("no {what} for @{name}") };
        let before = self.before.get(name).ok_or_else(|| missing("machine IR before allocation"))?.clone();
        let after = self.after.get(name).ok_or_else(|| missing("final machine IR"))?.clone();
        let assembly = self.assembly.get(name).ok_or_else(|| missing("assembly"))?;
        let mut by_number: BTreeMap<usize, Vec<String>> = BTreeMap::new();
        for block in assembly {
            by_number.entry(block.number).or_default().extend(block.instructions.iter().cloned());
        }
        let mut regions = Vec::new();
        for (block, preamble) in after.blocks.iter().zip(backend(target.instruction_set()).preambles(&after)) {
            let instructions = by_number.remove(&block.number).unwrap_or_default();
            regions.push(Region { preamble, instructions });
        }
        if let Some((number, _)) = by_number.into_iter().find(|(_, instructions)| !instructions.is_empty()) {
            return Err(missing(&format!("machine block {number}")));
        }
        Ok(CompiledFunction { target, before, after, counts: self.counts.get(name).cloned(), regions })
    }
}

impl CompiledFunction {
    /// The labels, from a simulator that has simulated the regions.
    ///
    /// # Errors
    /// LLVM uses an unknown register class, or llvm-mca refused a block.
    pub(super) fn labels(&self, simulator: &Simulator) -> Result<Labels, Failure> {
        let Self { target, before, after, counts, regions } = self;
        let backend = backend(target.instruction_set());
        let pressure =
            pressure(backend, before).map_err(|error| Failure { phase: Phase::Generate, reason: error.to_string() })?;
        let frequencies = frequencies(after, counts.as_ref());
        let mut accesses = Accesses::default();
        let mut timing = Timing::new(simulator.ports().len());
        for ((block, frequency), region) in after.blocks.iter().zip(&frequencies).zip(regions) {
            accesses.add(block, frequency.count, &after.stack, backend);
            if region.instructions.is_empty() {
                continue;
            }
            let cost = simulator.cost(region).ok_or_else(|| Failure {
                phase: Phase::Simulate,
                reason: format!("llvm-mca refuses block {} of @{}", block.number, after.name),
            })?;
            timing.add(region.instructions.len(), cost, *frequency);
        }
        let ports = timing.ports(simulator);
        let busiest = ports.iter().max_by(|a, b| a.utilization.total_cmp(&b.utilization)).cloned();
        Ok(Labels {
            pressure: pressure.maximum,
            live_across_call: pressure.across_call,
            registers_used: registers_used(backend, after),
            spill_bytes: self.spill_bytes(),
            stack_bytes: self.stack_bytes(),
            spills: accesses.spills,
            reloads: accesses.reloads,
            spills_dynamic: accesses.spills_dynamic,
            reloads_dynamic: accesses.reloads_dynamic,
            instructions_static: timing.instructions_static,
            instructions_dynamic: timing.instructions_dynamic,
            cycles: timing.cycles,
            ipc: timing.per_cycle(timing.instructions_dynamic),
            busiest_port: busiest.as_ref().map_or_else(String::new, |port| port.name.clone()),
            port_utilization: busiest.map_or(0.0, |port| port.utilization),
            ports,
            calls: accesses.calls,
            calls_dynamic: accesses.calls_dynamic,
            frequencies: Frequencies {
                exact: frequencies.iter().all(|frequency| frequency.exact),
                source: frequency_source(counts.as_ref()),
                estimated_share: timing.per_cycle(timing.estimated_cycles),
            },
            instructions_unmodelled: timing.instructions_unmodelled,
        })
    }

    /// Bytes of the stack slots for spilled registers, at the target's vector length.
    fn spill_bytes(&self) -> u64 {
        self.after.stack.values().filter(|object| object.spill).map(|object| self.bytes(object)).sum()
    }

    /// Bytes of the frame, at the target's vector length.
    fn stack_bytes(&self) -> u64 {
        let scalable = self.after.stack.values().filter(|object| object.scalable);
        self.after.stack_bytes + scalable.map(|object| self.bytes(object)).sum::<u64>()
    }

    fn bytes(&self, object: &StackObject) -> u64 {
        if object.scalable { object.size * self.target.vscale() } else { object.size }
    }
}

fn frequency_source(counts: Option<&Counts>) -> FrequencySource {
    match counts {
        None => FrequencySource::Guessed,
        Some(counts) if counts.data_dependent => FrequencySource::DataDependent,
        Some(_) => FrequencySource::Executed,
    }
}

/// Spills, reloads and calls: in the code, and executed per call of the function.
#[derive(Default)]
struct Accesses {
    spills: u32,
    reloads: u32,
    calls: u32,
    spills_dynamic: f64,
    reloads_dynamic: f64,
    calls_dynamic: f64,
}

impl Accesses {
    fn add(
        &mut self,
        block: &MachineBlock,
        executions: f64,
        stack: &BTreeMap<u32, StackObject>,
        backend: &dyn Backend,
    ) {
        let is_spill = |slot: &&u32| stack.get(slot).is_some_and(|object| object.spill);
        for instruction in &block.instructions {
            let stores = instruction.slots_written.iter().filter(is_spill).count() as u32;
            let loads = instruction.slots_read.iter().filter(is_spill).count() as u32;
            let calls = u32::from(backend.is_call(&instruction.opcode));
            self.spills += stores;
            self.reloads += loads;
            self.calls += calls;
            self.spills_dynamic += f64::from(stores) * executions;
            self.reloads_dynamic += f64::from(loads) * executions;
            self.calls_dynamic += f64::from(calls) * executions;
        }
    }
}

/// Instructions, cycles and port use per call of the function.
struct Timing {
    instructions_static: u64,
    instructions_dynamic: f64,
    cycles: f64,
    /// The part of `cycles` in blocks whose executions are estimates.
    estimated_cycles: f64,
    instructions_unmodelled: u32,
    /// Busy cycles of each port, in the simulator's order.
    busy: Vec<f64>,
}

impl Timing {
    fn new(ports: usize) -> Self {
        Self {
            instructions_static: 0,
            instructions_dynamic: 0.0,
            cycles: 0.0,
            estimated_cycles: 0.0,
            instructions_unmodelled: 0,
            busy: vec![0.0; ports],
        }
    }

    fn add(&mut self, instructions: usize, cost: &Cost, frequency: Frequency) {
        let executions = frequency.count;
        let cycles = cost.cycles * executions;
        self.instructions_static += instructions as u64;
        self.instructions_dynamic += instructions as f64 * executions;
        self.cycles += cycles;
        if !frequency.exact {
            self.estimated_cycles += cycles;
        }
        self.instructions_unmodelled += cost.unmodelled;
        for (sum, port) in self.busy.iter_mut().zip(&cost.ports) {
            *sum += port * executions;
        }
    }

    /// A sum over `cycles`; 0 if there are none.
    fn per_cycle(&self, sum: f64) -> f64 {
        if self.cycles > 0.0 { sum / self.cycles } else { 0.0 }
    }

    /// The ports that are used.
    fn ports(&self, simulator: &Simulator) -> Vec<Port> {
        if self.cycles <= 0.0 {
            return Vec::new();
        }
        let used = simulator.ports().iter().zip(&self.busy).filter(|(_, busy)| **busy > 0.0);
        used.map(|(name, &busy)| Port { name: name.clone(), utilization: self.per_cycle(busy) }).collect()
    }
}
