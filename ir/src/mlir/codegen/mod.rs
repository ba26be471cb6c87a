//! Labels of functions by LLVM's back ends, in process.
//!
//! MLIR text is lowered to LLVM IR once ([`lowering`]). Per target it is then optimised, its control flow is
//! run to get exact execution counts ([`control`]), the counts are attached as branch weights, and the code
//! generator runs three times: stopped before register allocation for the pressure ([`pressure`]), to the end
//! as machine IR for spills and frequencies ([`frequency`]), and to assembly, whose blocks llvm-mca simulates
//! ([`simulator`]).

pub mod assembly;
pub mod checks;
pub mod control;
pub mod frequency;
pub mod llvm;
pub mod lowering;
pub mod machine_ir;
pub mod pressure;
pub mod read_control;
pub mod registers;
pub mod simulator;
pub mod vector_type;

use std::collections::BTreeMap;

use self::assembly::AssemblyBlock;
use self::control::Counts;
use self::llvm::{Code, Machine};
use self::machine_ir::MachineFunction;
use self::simulator::{Region, Simulator};
use super::bridge::Bridge;
use crate::labels::{
    Batch, BatchReply, Failure, Frequencies, FrequencySource, FunctionLabels, Job, Labels, Outcome, Phase, Port, Reply,
    Settings, Target, TargetOutcome, Toolchain,
};

/// LLVM's passes.
pub const PASSES: &str = "default<O3>";

/// Where the code generator stops for the pressure, and for frequencies and spills.
const STOPS: [&str; 2] = ["-stop-before=greedy", "-stop-after=unpack-mi-bundles"];

/// Block executions that a run of a function's control flow may take.
const FUEL: u64 = 1_000_000;

/// Labels modules, keeping what is costly to set up.
pub struct Labeller {
    bridge: Bridge,
    program: String,
    machines: BTreeMap<Target, (Machine, Simulator)>,
}

/// A function on a target, ready for the simulator.
struct Prepared {
    before: MachineFunction,
    after: MachineFunction,
    counts: Option<Counts>,
    /// Per block of `after`: its instructions and the number of passes simulated.
    regions: Vec<(u32, Region)>,
}

type PreparedFunction = (String, Vec<Result<Prepared, Failure>>);

impl Labeller {
    /// A labeller with the block simulator that is installed.
    ///
    /// # Errors
    /// The block simulator is not installed.
    pub fn new() -> Result<Self, Failure> {
        Ok(Self { bridge: Bridge::new(), program: simulator::find(&llvm::version())?, machines: BTreeMap::new() })
    }

    /// What a data set records about the labels' origin.
    #[must_use]
    pub fn toolchain(&self, settings: &Settings) -> Toolchain {
        Toolchain {
            llvm_version: llvm::version(),
            mlir_pipelines: lowering::pipelines().to_vec(),
            llvm_pipeline: PASSES.to_owned(),
            codegen_options: STOPS
                .into_iter()
                .chain(["-relocation-model=pic", "-O2", "noalias on pointer arguments"])
                .map(str::to_owned)
                .collect(),
            targets: Target::ALL.iter().map(|target| format!("-mtriple={} -mcpu={target}", target.triple())).collect(),
            simulator: format!("llvm-mca {}", simulator::OPTIONS.join(" ")),
            settings: settings.clone(),
        }
    }

    /// The optimised LLVM IR of a module on a target, with execution counts as branch weights: what the code
    /// generator is given.
    ///
    /// # Errors
    /// The phase that failed.
    pub fn optimised(&mut self, text: &str, target: Target, settings: &Settings) -> Result<String, Failure> {
        let _turn = llvm::turn();
        let code = self.translate(text, settings)?.0;
        Ok(self.optimise(&code, target, settings)?.0.text())
    }

    /// Labels every public function of every job on every target.
    pub fn label(&mut self, batch: &Batch) -> BatchReply {
        let _turn = llvm::turn();
        let prepared: Vec<Result<Vec<PreparedFunction>, Failure>> =
            batch.jobs.iter().map(|job| self.prepare(job, batch)).collect();
        let mut failed: BTreeMap<Target, Failure> = BTreeMap::new();
        for (position, target) in batch.targets.iter().enumerate() {
            let regions: Vec<(u32, Region)> = prepared
                .iter()
                .flatten()
                .flatten()
                .filter_map(|function| function.1[position].as_ref().ok())
                .flat_map(|prepared| prepared.regions.iter().cloned())
                .collect();
            if let Some((_, simulator)) = self.machines.get_mut(target)
                && let Err(failure) = simulator.simulate(&regions)
            {
                failed.insert(*target, failure);
            }
        }
        let finish = |target: Target, prepared: Result<Prepared, Failure>| {
            let labels = prepared.and_then(|prepared| {
                let simulator = &self.machines.get(&target).ok_or_else(|| unsimulated(&failed, target))?.1;
                finish(target, &prepared, simulator).map_err(|failure| failed.get(&target).cloned().unwrap_or(failure))
            });
            let outcome = labels.map_or_else(Outcome::Failure, |labels| Outcome::Labels(Box::new(labels)));
            TargetOutcome { target, outcome }
        };
        let replies = batch.jobs.iter().zip(prepared).map(|(job, prepared)| match prepared {
            Err(failure) => Reply { id: job.id, functions: Vec::new(), failure: Some(failure) },
            Ok(functions) => {
                let functions = functions.into_iter().map(|(function, targets)| FunctionLabels {
                    function,
                    targets: batch.targets.iter().zip(targets).map(|(&target, one)| finish(target, one)).collect(),
                });
                Reply { id: job.id, functions: functions.collect(), failure: None }
            }
        });
        BatchReply { replies: replies.collect() }
    }

    /// LLVM IR of a module, for any target, and its public functions.
    fn translate(&self, text: &str, settings: &Settings) -> Result<(Code, Vec<String>), Failure> {
        if text.len() as u64 > settings.text_limit_bytes {
            let reason = format!("the text has {} bytes, at most {}", text.len(), settings.text_limit_bytes);
            return Err(Failure { phase: Phase::Size, reason });
        }
        let lowered = lowering::lower(&self.bridge, text)?;
        let code = Code::translate(&lowered.module)
            .ok_or_else(|| lowering::failure(Phase::Translate, &self.bridge.take_diagnostics()))?;
        check_size(&code, settings)?;
        code.internalise(&lowered.private);
        code.separate_arguments();
        Ok((code, lowered.public))
    }

    /// Everything up to the block simulator.
    fn prepare(&mut self, job: &Job, batch: &Batch) -> Result<Vec<PreparedFunction>, Failure> {
        let settings = &batch.settings;
        let (code, public) = self.translate(&job.text, settings)?;
        let mut functions: Vec<PreparedFunction> = public.into_iter().map(|name| (name, Vec::new())).collect();
        for &target in &batch.targets {
            let on_target = self.prepare_for(&code, target, settings);
            for (name, outcomes) in &mut functions {
                outcomes.push(match &on_target {
                    Err(failure) => Err(failure.clone()),
                    Ok(emitted) => emitted.function(target, name, settings),
                });
            }
        }
        Ok(functions)
    }

    /// Optimised code for a target, with the execution counts that it carries as weights.
    fn optimise(
        &mut self,
        code: &Code,
        target: Target,
        settings: &Settings,
    ) -> Result<(Code, BTreeMap<String, Counts>), Failure> {
        if !self.machines.contains_key(&target) {
            let machine = Machine::new(target)?;
            self.machines.insert(target, (machine, Simulator::new(&self.program, target)));
        }
        let machine = &self.machines[&target].0;
        let code = code.copy();
        code.retarget(machine);
        code.optimise(machine, PASSES, settings.loop_unrolling)?;
        check_size(&code, settings)?;
        read_control::name_blocks(&code);
        let mut counts = BTreeMap::new();
        for (name, flow) in read_control::read(&code, target) {
            if let Some(run) = control::run(&flow, FUEL) {
                read_control::write_weights(&code, &name, &run);
                counts.insert(name, run);
            }
        }
        Ok((code, counts))
    }

    /// Optimises and generates code for one target.
    fn prepare_for(&mut self, code: &Code, target: Target, settings: &Settings) -> Result<Emitted, Failure> {
        let (code, counts) = self.optimise(code, target, settings)?;
        let machine = &self.machines[&target].0;
        let emit = |options: &[&str]| {
            llvm::set_options(options);
            code.emit(machine)
        };
        let by_name = |text: String| -> BTreeMap<String, MachineFunction> {
            machine_ir::parse(&text).into_iter().map(|function| (function.name.clone(), function)).collect()
        };
        let before = by_name(emit(&[STOPS[0]])?);
        let after = by_name(emit(&[STOPS[1]])?);
        let assembly = assembly::parse(&emit(&[])?).into_iter().collect();
        Ok(Emitted { before, after, assembly, counts })
    }
}

fn check_size(code: &Code, settings: &Settings) -> Result<(), Failure> {
    let instructions = code.instructions();
    if instructions <= settings.instruction_limit {
        return Ok(());
    }
    let reason = format!("{instructions} instructions of LLVM IR, at most {}", settings.instruction_limit);
    Err(Failure { phase: Phase::Size, reason })
}

fn unsimulated(failed: &BTreeMap<Target, Failure>, target: Target) -> Failure {
    failed
        .get(&target)
        .cloned()
        .unwrap_or_else(|| Failure { phase: Phase::Simulate, reason: format!("nothing was simulated for {target}") })
}

/// What the code generator made of a module for one target, by function.
struct Emitted {
    before: BTreeMap<String, MachineFunction>,
    after: BTreeMap<String, MachineFunction>,
    assembly: BTreeMap<String, Vec<AssemblyBlock>>,
    counts: BTreeMap<String, Counts>,
}

impl Emitted {
    fn function(&self, target: Target, name: &str, settings: &Settings) -> Result<Prepared, Failure> {
        let missing = |what: &str| Failure { phase: Phase::Generate, reason: format!("no {what} for @{name}") };
        let before = self.before.get(name).ok_or_else(|| missing("machine IR before allocation"))?.clone();
        let after = self.after.get(name).ok_or_else(|| missing("final machine IR"))?.clone();
        let assembly = self.assembly.get(name).ok_or_else(|| missing("assembly"))?;
        let mut by_number: BTreeMap<usize, Vec<String>> = BTreeMap::new();
        for block in assembly {
            by_number.entry(block.number).or_default().extend(block.instructions.iter().cloned());
        }
        let mut regions = Vec::new();
        for (block, preamble) in after.blocks.iter().zip(vector_type::preambles(target, &after)) {
            let instructions = by_number.remove(&block.number).unwrap_or_default();
            regions.push((simulator::passes(settings, instructions.len()), Region { preamble, instructions }));
        }
        if let Some((number, _)) = by_number.into_iter().find(|(_, instructions)| !instructions.is_empty()) {
            return Err(missing(&format!("machine block {number}")));
        }
        Ok(Prepared { before, after, counts: self.counts.get(name).cloned(), regions })
    }
}

/// Adds up what the simulator says of the blocks.
fn finish(target: Target, prepared: &Prepared, simulator: &Simulator) -> Result<Labels, Failure> {
    let Prepared { before, after, counts, regions } = prepared;
    let pressure = pressure::pressure(target, before)
        .map_err(|class| Failure { phase: Phase::Generate, reason: format!("unknown register class `{class}`") })?;
    let frequencies = frequency::frequencies(after, counts.as_ref());
    let scale = read_control::vector_scale(target);
    let bytes = |scalable: bool, size: u64| if scalable { size * scale } else { size };
    let mut labels = Labels {
        pressure: pressure.maximum,
        live_across_call: pressure.across_call,
        registers_used: pressure::registers_used(target, after),
        spill_bytes: after.stack.values().filter(|one| one.spill).map(|one| bytes(one.scalable, one.size)).sum(),
        stack_bytes: after.stack_bytes
            + after.stack.values().filter(|one| one.scalable).map(|one| bytes(true, one.size)).sum::<u64>(),
        spills: 0,
        reloads: 0,
        spills_dynamic: 0.0,
        reloads_dynamic: 0.0,
        instructions_static: 0,
        instructions_dynamic: 0.0,
        cycles: 0.0,
        ipc: 0.0,
        busiest_port: String::new(),
        port_utilization: 0.0,
        ports: Vec::new(),
        calls: 0,
        calls_dynamic: 0.0,
        frequencies: Frequencies { exact: true, source: FrequencySource::Executed, estimated_share: 0.0 },
        mca_iterations_min: u32::MAX,
        instructions_unmodelled: 0,
    };
    let mut busy = vec![0.0; simulator.ports().len()];
    let mut guessed = 0.0;
    for ((block, frequency), (passes, region)) in after.blocks.iter().zip(&frequencies).zip(regions) {
        let executions = frequency.count;
        let is_spill = |slot: &&u32| after.stack.get(slot).is_some_and(|object| object.spill);
        for instruction in &block.instructions {
            let stores = instruction.slots_written.iter().filter(is_spill).count() as u32;
            let loads = instruction.slots_read.iter().filter(is_spill).count() as u32;
            let calls = u32::from(pressure::is_call(instruction));
            labels.spills += stores;
            labels.reloads += loads;
            labels.calls += calls;
            labels.spills_dynamic += f64::from(stores) * executions;
            labels.reloads_dynamic += f64::from(loads) * executions;
            labels.calls_dynamic += f64::from(calls) * executions;
        }
        labels.frequencies.exact &= frequency.exact;
        if region.instructions.is_empty() {
            continue;
        }
        labels.instructions_static += region.instructions.len() as u64;
        labels.instructions_dynamic += region.instructions.len() as f64 * executions;
        let cost = simulator.cost(*passes, region).ok_or_else(|| Failure {
            phase: Phase::Simulate,
            reason: format!("llvm-mca refuses block {} of @{}", block.number, after.name),
        })?;
        let cycles = cost.cycles * executions;
        labels.cycles += cycles;
        labels.mca_iterations_min = labels.mca_iterations_min.min(cost.passes);
        labels.instructions_unmodelled += cost.unmodelled;
        for (sum, port) in busy.iter_mut().zip(&cost.ports) {
            *sum += port * executions;
        }
        if !frequency.exact {
            guessed += cycles;
        }
    }
    labels.frequencies.source = match counts {
        None => FrequencySource::Guessed,
        Some(counts) if counts.data_dependent => FrequencySource::DataDependent,
        Some(_) => FrequencySource::Executed,
    };
    if labels.cycles > 0.0 {
        labels.frequencies.estimated_share = guessed / labels.cycles;
        labels.ipc = labels.instructions_dynamic / labels.cycles;
        labels.ports = simulator
            .ports()
            .iter()
            .zip(&busy)
            .filter(|(_, busy)| **busy > 0.0)
            .map(|(name, busy)| Port { name: name.clone(), utilization: busy / labels.cycles })
            .collect();
    }
    if let Some(busiest) = labels.ports.iter().max_by(|a, b| a.utilization.total_cmp(&b.utilization)) {
        labels.busiest_port = busiest.name.clone();
        labels.port_utilization = busiest.utilization;
    }
    Ok(labels)
}
