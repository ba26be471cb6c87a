//! Code of the kernels of a module for one GPU: lowering, optimisation, machine code, and what the tools say about it.

use std::collections::BTreeMap;

use melior::ir::Module;

use super::edit::{name, operations};
use super::mapping::text;
use super::ptxas::Ptxas;
use super::work::{Executions, Space, Work, executions, work};
use crate::labels::gpu::amdgpu::{self, AmdResources};
use crate::labels::gpu::ptxas::{self as listing, PtxasResources};
use crate::labels::gpu::{GpuSettings, GpuTarget, Vendor};
use crate::labels::{Failure, Phase};
use crate::mlir::bridge::Bridge;
use crate::mlir::codegen::frequency::frequencies;
use crate::mlir::codegen::llvm::{self, Code, Machine};
use crate::mlir::codegen::lowering::failure;
use crate::mlir::codegen::{PASSES, assembly, machine_ir, read_control};

/// The pipeline from kernels to the LLVM dialect of a vendor.
pub(super) fn pipeline(target: GpuTarget) -> String {
    let to_llvm = match target.gpu().vendor {
        Vendor::Amd => format!("convert-gpu-to-rocdl{{chipset={target} use-bare-ptr-memref-call-conv=1}}"),
        Vendor::Nvidia => "convert-gpu-to-nvvm{use-bare-ptr-memref-call-conv=1}".to_owned(),
    };
    // AMD's library of mathematical functions is not linked: functions that are made of others are written out.
    let functions = match target.gpu().vendor {
        Vendor::Amd => "math-expand-ops{ops=sinh,cosh,tan,tanh,asinh,acosh,atanh,powf,fpowi,exp2,rsqrt},",
        Vendor::Nvidia => "",
    };
    format!(
        "builtin.module(gpu.module(convert-linalg-to-loops,lower-affine,scf-forall-to-parallel,scf-parallel-for-to-nested-fors,\
         {functions}convert-vector-to-scf,expand-strided-metadata,lower-affine,arith-expand,convert-scf-to-cf,canonicalize,cse,\
         {to_llvm},reconcile-unrealized-casts))"
    )
}

/// A kernel's code on one GPU.
pub(super) struct Compiled {
    /// Work of an active thread; `None` if its control flow does not end.
    pub(super) work: Option<Work>,
    /// Whether `work` is exact.
    pub(super) exact: bool,
    /// The machine code.
    pub(super) machine: MachineCode,
}

/// Code of every kernel on one GPU, by the names of its module and its own, or why the module has none.
pub(super) type Compilation = Result<BTreeMap<(String, String), Result<Compiled, Failure>>, Failure>;

/// What is known of the machine code.
pub(super) enum MachineCode {
    /// LLVM's.
    Amd { resources: AmdResources, instructions_static: u64, instructions_dynamic: Option<f64>, exact: bool },
    /// That of ptxas.
    Nvidia { resources: PtxasResources, instructions_static: u64 },
    /// Why there is none.
    Unknown(String),
}

/// Compiles for one GPU.
pub(super) struct Device<'d> {
    pub(super) bridge: &'d Bridge,
    pub(super) target: GpuTarget,
    pub(super) machine: &'d Machine,
    pub(super) settings: &'d GpuSettings,
    /// The tool, or why there is none.
    pub(super) ptxas: Result<&'d Ptxas, String>,
}

impl Device<'_> {
    /// Code of every kernel of a module after outlining, by the names of its module and its own.
    ///
    /// # Errors
    /// The phase that failed, for the whole module.
    pub(super) fn compile(
        &self,
        module: &Module<'_>,
        spaces: &BTreeMap<(String, String), Option<Space>>,
    ) -> Compilation {
        let copy = Module::from_operation((*module.as_operation()).clone());
        let mut copy = copy.ok_or_else(|| Failure { phase: Phase::Lower, reason: "the module has no copy".into() })?;
        let lowered = self.bridge.run_passes(&mut copy, &pipeline(self.target));
        lowered.map_err(|diagnostics| failure(Phase::Lower, &diagnostics))?;
        let mut all = BTreeMap::new();
        for device in operations(copy.body()).into_iter().filter(|operation| name(*operation) == "gpu.module") {
            let own = text(device, "sym_name").unwrap_or_default();
            let kernels: BTreeMap<String, Option<Space>> = spaces
                .iter()
                .filter(|((module, _), _)| *module == own)
                .map(|((_, kernel), space)| (kernel.clone(), space.clone()))
                .collect();
            let code = Code::translate_operation(device)
                .ok_or_else(|| failure(Phase::Translate, &self.bridge.take_diagnostics()));
            let compiled = code.and_then(|code| self.generate(&code, &kernels));
            let (mut compiled, failed) = match compiled {
                Ok(compiled) => (compiled, None),
                Err(failure) => (BTreeMap::new(), Some(failure)),
            };
            for kernel in kernels.into_keys() {
                let missing = || Failure { phase: Phase::Generate, reason: format!("no machine code of {kernel}") };
                let one = compiled.remove(&kernel).ok_or_else(|| failed.clone().unwrap_or_else(missing));
                all.insert((own.clone(), kernel), one);
            }
        }
        Ok(all)
    }

    fn generate(
        &self,
        code: &Code,
        kernels: &BTreeMap<String, Option<Space>>,
    ) -> Result<BTreeMap<String, Compiled>, Failure> {
        self.check_size(code)?;
        code.retarget(self.machine);
        code.separate_arguments();
        code.move_slots();
        let functions = code.undefined();
        self.check_functions(&functions)?;
        code.declare_pure(&functions);
        code.optimise(self.machine, PASSES, false)?;
        self.check_size(code)?;
        read_control::name_blocks(code);
        let runs = executions(code, self.target, kernels, self.settings.sampled_threads);
        let machine = match self.target.gpu().vendor {
            Vendor::Amd => self.amd(code, &runs)?,
            Vendor::Nvidia => self.nvidia(code, &functions)?,
        };
        let compiled = |(kernel, machine): (String, MachineCode)| {
            let run = runs.get(&kernel);
            let work = run.and_then(|run| work(code, &kernel, &run.counts));
            let exact = run.is_some_and(|run| run.exact);
            (kernel, Compiled { work, exact, machine })
        };
        Ok(machine.into_iter().map(compiled).collect())
    }

    fn check_size(&self, code: &Code) -> Result<(), Failure> {
        let (instructions, most) = (code.instructions(), self.settings.instruction_limit);
        if instructions <= most {
            return Ok(());
        }
        Err(Failure { phase: Phase::Size, reason: format!("{instructions} instructions of LLVM IR, at most {most}") })
    }

    /// Functions that a kernel calls are those of NVIDIA's device library, or the kernel has no labels.
    fn check_functions(&self, functions: &[String]) -> Result<(), Failure> {
        let library = |name: &&String| self.target.gpu().vendor == Vendor::Nvidia && name.starts_with("__nv_");
        let Some(other) = functions.iter().find(|name| !library(name)) else { return Ok(()) };
        let why = if other.starts_with("__ocml_") { "AMD's device library is not linked" } else { "it is not defined" };
        Err(Failure { phase: Phase::Translate, reason: format!("the kernel calls {other}: {why}") })
    }

    /// Machine code of AMD, with the executions of its blocks.
    fn amd(&self, code: &Code, runs: &BTreeMap<String, Executions>) -> Result<BTreeMap<String, MachineCode>, Failure> {
        /// The last pass before assembly is written.
        const FINAL: &str = "-stop-after=branch-relaxation";
        let misread = |reason: String| Failure { phase: Phase::Generate, reason };
        for (kernel, run) in runs {
            read_control::write_weights(code, kernel, &run.counts);
        }
        llvm::set_options(&[]);
        let text = code.emit(self.machine)?;
        llvm::set_options(&[FINAL]);
        let functions = machine_ir::parse(&code.emit(self.machine)?);
        llvm::set_options(&[]);
        let blocks: BTreeMap<String, _> = assembly::parse(&text, ";").into_iter().collect();
        let mut all = BTreeMap::new();
        for (kernel, resources) in amdgpu::resources(&text).map_err(misread)? {
            let blocks = blocks.get(&kernel).ok_or_else(|| misread(format!("no assembly of {kernel}")))?;
            let instructions_static = blocks.iter().map(|block| block.instructions.len() as u64).sum();
            let mut instructions_dynamic = None;
            let mut exact = false;
            if let (Some(run), Some(function)) =
                (runs.get(&kernel), functions.iter().find(|function| function.name == kernel))
            {
                let counted = frequencies(function, Some(&run.counts));
                let of = |number: usize| function.blocks.iter().position(|block| block.number == number);
                let sum: Option<f64> = blocks
                    .iter()
                    .map(|block| Some(counted[of(block.number)?].count * block.instructions.len() as f64))
                    .sum();
                instructions_dynamic = sum;
                exact = sum.is_some() && counted.iter().all(|frequency| frequency.exact);
            }
            all.insert(kernel, MachineCode::Amd { resources, instructions_static, instructions_dynamic, exact });
        }
        Ok(all)
    }

    /// Machine code of ptxas.
    fn nvidia(&self, code: &Code, functions: &[String]) -> Result<BTreeMap<String, MachineCode>, Failure> {
        let ptxas = match &self.ptxas {
            Ok(ptxas) => ptxas,
            Err(reason) => {
                let unknown = |(name, _)| (name, MachineCode::Unknown(reason.clone()));
                return Ok(code.definitions().into_iter().map(unknown).collect());
            }
        };
        let linked = code.copy();
        if !functions.is_empty() {
            let library = ptxas.library.as_deref().ok_or_else(|| Failure {
                phase: Phase::Translate,
                reason: format!("the kernel calls {}, and no libdevice.10.bc lies beside ptxas", functions[0]),
            })?;
            linked.link(library)?;
            linked.optimise(self.machine, PASSES, false)?;
        }
        llvm::set_options(&[]);
        let assembled = ptxas.assemble(self.target, &linked.emit(self.machine)?)?;
        let misread = |reason: String| Failure { phase: Phase::Generate, reason };
        let mut all = BTreeMap::new();
        for (kernel, resources) in listing::resources(&assembled.messages).map_err(misread)? {
            let instructions_static = listing::instructions(&assembled.object, &kernel).map_err(misread)?;
            all.insert(kernel, MachineCode::Nvidia { resources, instructions_static });
        }
        Ok(all)
    }
}
