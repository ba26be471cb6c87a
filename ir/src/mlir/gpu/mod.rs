//! Labels of GPU kernels, in process: from affine, scf, linalg and gpu dialects to registers, occupancy, work and time.
//!
//! 1. Parallel loops become kernels ([`mapping`]); kernels of the text are taken as they are. Upstream outlines them ([`kernels`]).
//! 2. For each GPU, kernels become LLVM IR, are optimised, and become machine code: by LLVM on AMD, by ptxas on NVIDIA ([`device`]).
//! 3. The work of threads is counted in the optimised code ([`work`]).
//! 4. Occupancy and roofline follow by the rules of the GPU ([`labels`], [`crate::labels::gpu`]).

mod device;
mod edit;
mod kernels;
mod labels;
mod mapping;
mod ptxas;
mod raise;
mod work;

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;

use melior::ir::Module;

use self::device::{Compilation, Device};
use self::kernels::{KernelFunction, KernelLaunch, OUTLINE, launches, unlaunched};
use self::mapping::{Function, has_kernels};
use self::ptxas::Ptxas;
use self::work::Space;
use super::bridge::{Bridge, Diagnostic, ParseOptions, Severity};
use super::codegen::llvm::{self, Machine};
use super::codegen::lowering::failure;
use crate::labels::gpu::{
    FunctionKernels, GpuBatch, GpuBatchReply, GpuOutcome, GpuReply, GpuSettings, GpuTarget, GpuToolchain, Kernel,
    Vendor,
};
use crate::labels::{Failure, Job, Phase};

/// Labels kernels. Keeps upstream's context and the code generators between batches.
#[derive(Default)]
pub struct GpuLabeller {
    bridge: Bridge,
    machines: BTreeMap<GpuTarget, Machine>,
    ptxas: Option<(String, Result<Ptxas, String>)>,
}

/// A module whose kernels are functions of their own.
struct Outlined {
    kernels: Vec<KernelFunction>,
    functions: Vec<(String, Vec<KernelLaunch>)>,
    mapped: Vec<Function>,
}

impl GpuLabeller {
    /// A labeller.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Labels every kernel of every job on every target.
    pub fn label(&mut self, batch: &GpuBatch) -> GpuBatchReply {
        let _turn = llvm::turn();
        self.find_ptxas(batch.ptxas.as_deref());
        let mut replies = Vec::new();
        for job in &batch.jobs {
            let empty = GpuReply { id: job.id, functions: Vec::new(), failure: None, place: None, kernels: None };
            let reply = if batch.kernels {
                let kernels = self.mapped(&job.text, &batch.settings);
                kernels.map(|kernels| GpuReply { kernels: Some(kernels), ..empty.clone() })
            } else {
                self.job(job, batch).map(|functions| GpuReply { functions, ..empty.clone() })
            };
            replies.push(reply.unwrap_or_else(|(failure, place)| GpuReply { failure: Some(failure), place, ..empty }));
        }
        GpuBatchReply { replies, toolchain: self.toolchain(batch) }
    }

    /// The kernels of a module after the mapping, as MLIR text.
    fn mapped(&self, text: &str, settings: &GpuSettings) -> Result<String, Located> {
        let mut module = parse(&self.bridge, text, settings)?;
        self.outline(&mut module, settings).map_err(|failure| (failure, None))?;
        let text = super::bridge::print(&module, super::bridge::Form::Custom);
        text.map_err(|errors| (failure(Phase::Lower, &errors), None))
    }

    fn toolchain(&self, batch: &GpuBatch) -> GpuToolchain {
        let [to_loops, to_parallel] = mapping::pipelines();
        let mut mlir_pipelines = vec![to_loops, to_parallel, OUTLINE.to_owned()];
        mlir_pipelines.extend(batch.targets.iter().map(|&target| device::pipeline(target)));
        let nvidia = batch.targets.iter().any(|target| target.gpu().vendor == Vendor::Nvidia);
        let ptxas = self.ptxas.as_ref().filter(|_| nvidia).and_then(|(_, tool)| tool.as_ref().ok());
        GpuToolchain {
            llvm_version: llvm::version(),
            mlir_pipelines,
            llvm_pipeline: super::codegen::PASSES.to_owned(),
            ptxas_version: ptxas.map(|ptxas| ptxas.version.clone()),
            settings: batch.settings.clone(),
        }
    }

    fn find_ptxas(&mut self, path: Option<&str>) {
        match (path, &self.ptxas) {
            (Some(path), Some((known, _))) if known == path => {}
            (Some(path), _) => self.ptxas = Some((path.to_owned(), Ptxas::at(path))),
            (None, _) => self.ptxas = None,
        }
    }

    fn job(&mut self, job: &Job, batch: &GpuBatch) -> Result<Vec<FunctionKernels>, Located> {
        for &target in &batch.targets {
            if let Entry::Vacant(free) = self.machines.entry(target) {
                free.insert(Machine::for_gpu(target).map_err(|failure| (failure, None))?);
            }
        }
        let mut module = parse(&self.bridge, &job.text, &batch.settings)?;
        let outlined = self.outline(&mut module, &batch.settings).map_err(|failure| (failure, None))?;
        let spaces = outlined.spaces();
        let compiled: Vec<Compilation> =
            batch.targets.iter().map(|&target| self.device(target, batch).compile(&module, &spaces)).collect();
        Ok(outlined.functions(&batch.targets, &compiled))
    }

    fn device<'d>(&'d self, target: GpuTarget, batch: &'d GpuBatch) -> Device<'d> {
        let ptxas = match &self.ptxas {
            None => Err(labels::without_tool(target)),
            Some((_, Ok(ptxas))) => Ok(ptxas),
            Some((_, Err(reason))) => Err(reason.clone()),
        };
        Device { bridge: &self.bridge, target, machine: &self.machines[&target], settings: &batch.settings, ptxas }
    }

    fn outline(&self, module: &mut Module<'_>, settings: &GpuSettings) -> Result<Outlined, Failure> {
        let mapped = if has_kernels(module) { Vec::new() } else { mapping::map(&self.bridge, module, settings)? };
        self.bridge.run_passes(module, OUTLINE).map_err(|diagnostics| failure(Phase::Lower, &diagnostics))?;
        let kernels = kernels::kernels(module);
        let iterations = mapped.iter().map(|one| (one.name.clone(), one.iterations.clone())).collect();
        let functions = launches(module, &kernels, &iterations);
        Ok(Outlined { kernels, functions, mapped })
    }
}

impl Outlined {
    /// For each kernel the threads whose work is counted: those of its first launch.
    fn spaces(&self) -> BTreeMap<(String, String), Option<Space>> {
        let space = |(index, kernel): (usize, &KernelFunction)| {
            let launch = self.functions.iter().flat_map(|(_, launches)| launches).find(|one| one.kernel == index);
            let space = |launch: &KernelLaunch| {
                let (grid, block) = launch.geometry.grid_blocks.zip(launch.geometry.block_threads)?;
                let extents =
                    launch.extents.filter(|_| launch.geometry.active_threads.is_some_and(|threads| threads > 0))?;
                Some(Space { extents, block, grid, arguments: launch.arguments.clone() })
            };
            let found = launch.map_or_else(|| space(&unlaunched(index, kernel)), space);
            ((kernel.module.clone(), kernel.name.clone()), found)
        };
        self.kernels.iter().enumerate().map(space).collect()
    }

    /// The functions with the labels of their kernels.
    fn functions(self, targets: &[GpuTarget], compiled: &[Compilation]) -> Vec<FunctionKernels> {
        let kernel = |launch: &KernelLaunch| {
            let function = &self.kernels[launch.kernel];
            let outcome = |(&target, compiled): (&GpuTarget, &Compilation)| {
                let key = (function.module.clone(), function.name.clone());
                let code = match compiled {
                    Err(failure) => Err(failure.clone()),
                    Ok(all) => match all.get(&key) {
                        Some(Ok(code)) => Ok(code),
                        Some(Err(failure)) => Err(failure.clone()),
                        None => Err(Failure { phase: Phase::Generate, reason: "no code was made".into() }),
                    },
                };
                match code {
                    Ok(code) => GpuOutcome::Labels(Box::new(labels::labels(target, function, launch, code))),
                    Err(failure) => GpuOutcome::Failure(failure),
                }
            };
            Kernel {
                // Kernels of one function have one name, each in a module of its own.
                kernel: if self.mapped.is_empty() { &function.name } else { &function.module }.clone(),
                place: launch.place.or(function.place),
                geometry: launch.geometry.clone(),
                unknown: launch.unknown.clone(),
                targets: targets.iter().zip(compiled).map(outcome).collect(),
            }
        };
        let refused = |name: &str| {
            let function = self.mapped.iter().find(|function| function.name == name);
            function.and_then(|function| function.refusal.clone())
        };
        let mut all: Vec<FunctionKernels> = Vec::new();
        for (function, launches) in &self.functions {
            let refusal = refused(function);
            // A host function without launches beside kernels has nothing to label.
            if refusal.is_some() || !launches.is_empty() {
                let kernels = if refusal.is_some() { Vec::new() } else { launches.iter().map(kernel).collect() };
                all.push(FunctionKernels { function: function.clone(), kernels, refusal });
            }
        }
        for (index, function) in self.kernels.iter().enumerate() {
            if !self.functions.iter().any(|(_, launches)| launches.iter().any(|launch| launch.kernel == index)) {
                let kernels = vec![kernel(&unlaunched(index, function))];
                all.push(FunctionKernels { function: function.name.clone(), kernels, refusal: None });
            }
        }
        all
    }
}

/// A failure and its line and column.
type Located = (Failure, Option<(usize, usize)>);

fn parse<'b>(bridge: &'b Bridge, text: &str, settings: &GpuSettings) -> Result<Module<'b>, Located> {
    if text.len() as u64 > settings.text_limit_bytes {
        let reason = format!("the text has {} bytes, at most {}", text.len(), settings.text_limit_bytes);
        return Err((Failure { phase: Phase::Size, reason }, None));
    }
    bridge.parse(text, ParseOptions::default()).map_err(|diagnostics: Vec<Diagnostic>| {
        let place = diagnostics.iter().find(|one| one.severity == Severity::Error).and_then(|one| one.place);
        (failure(Phase::Parse, &diagnostics), place)
    })
}
