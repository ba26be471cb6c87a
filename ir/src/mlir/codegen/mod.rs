//! Labels of functions by LLVM's back ends, in process.
//!
//! MLIR text is lowered to LLVM IR once ([`lowering`]). Then, for each target:
//!
//! 1. LLVM optimises the code.
//! 2. The control flow is executed for exact block counts ([`control`]), which become branch weights.
//! 3. The code generator runs three times: up to register allocation, for register pressure ([`pressure`]); to final
//!    machine IR, for spills and block frequencies ([`frequency`]); and to assembly.
//! 4. llvm-mca simulates the basic blocks of the assembly ([`simulator`]).
//!
//! What differs between instruction sets is in [`targets`].

pub mod assembly;
pub mod checks;
pub mod control;
pub mod frequency;
mod function;
pub mod llvm;
pub mod lowering;
pub mod machine_ir;
pub mod pressure;
pub mod read_control;
pub mod simulator;
pub mod targets;

use std::collections::BTreeMap;

use self::control::Counts;
use self::function::{CompiledFunction, Emitted};
use self::llvm::{Code, Machine};
use self::machine_ir::MachineFunction;
use self::read_control::Known;
use self::simulator::{Region, Simulator};
use self::targets::backend;
use super::bridge::Bridge;
use crate::labels::{
    Batch, BatchReply, Failure, FunctionLabels, Job, Outcome, Phase, Reply, Settings, Target, TargetOutcome, Toolchain,
};

/// LLVM's pass pipeline.
pub const PASSES: &str = "default<O3>";

/// Options that stop the code generator: before register allocation, and at final machine IR.
const STOPS: [&str; 2] = ["-stop-before=greedy", "-stop-after=unpack-mi-bundles"];

/// Most block executions when the control flow of a function is run.
const FUEL: u64 = 1_000_000;

/// Labels modules. Keeps upstream's context, the code generators and the simulated blocks between batches.
pub struct Labeller {
    bridge: Bridge,
    program: String,
    machines: BTreeMap<Target, (Machine, Simulator)>,
}

/// A function's name, and what became of it on each target of the batch.
type PreparedFunction = (String, Vec<Result<CompiledFunction, Failure>>);

impl Labeller {
    /// A labeller with the installed llvm-mca.
    ///
    /// # Errors
    /// llvm-mca of LLVM's version is not installed.
    pub fn new() -> Result<Self, Failure> {
        Ok(Self { bridge: Bridge::new(), program: simulator::find(&llvm::version())?, machines: BTreeMap::new() })
    }

    /// Versions, passes and options, for the metadata of a data set.
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

    /// The optimised LLVM IR of a module on a target, with execution counts as branch weights: the input of the code
    /// generator.
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
            let regions: Vec<Region> = prepared
                .iter()
                .flatten()
                .flatten()
                .filter_map(|function| function.1[position].as_ref().ok())
                .flat_map(|compiled| compiled.regions.iter().cloned())
                .collect();
            if let Some((_, simulator)) = self.machines.get_mut(target)
                && let Err(failure) = simulator.simulate(batch.settings.mca_iterations, &regions)
            {
                failed.insert(*target, failure);
            }
        }
        let finish = |target: Target, compiled: Result<CompiledFunction, Failure>| {
            let labels = compiled.and_then(|compiled| {
                let simulator = &self.machines.get(&target).ok_or_else(|| unsimulated(&failed, target))?.1;
                compiled.labels(simulator).map_err(|failure| failed.get(&target).cloned().unwrap_or(failure))
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
        BatchReply { replies: replies.collect(), toolchain: None }
    }

    /// LLVM IR of a module, before it is specialised for a target, and the names of its public functions.
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
        code.inline_always(&lowered.private);
        code.separate_arguments();
        Ok((code, lowered.public))
    }

    /// A module's functions on all targets of the batch, up to the block simulator.
    fn prepare(&mut self, job: &Job, batch: &Batch) -> Result<Vec<PreparedFunction>, Failure> {
        let settings = &batch.settings;
        let (code, public) = self.translate(&job.text, settings)?;
        let mut functions: Vec<PreparedFunction> = public.into_iter().map(|name| (name, Vec::new())).collect();
        for &target in &batch.targets {
            let on_target = self.prepare_for(&code, target, settings);
            for (name, outcomes) in &mut functions {
                outcomes.push(match &on_target {
                    Err(failure) => Err(failure.clone()),
                    Ok(emitted) => emitted.function(target, name),
                });
            }
        }
        Ok(functions)
    }

    /// Optimised code for a target, and the execution counts that are its branch weights, by function.
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
        for (name, flow) in read_control::read(&code, &Known::on(target)) {
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
        let comment = backend(target.instruction_set()).comment();
        let assembly = assembly::parse(&emit(&[])?, comment).into_iter().collect();
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
