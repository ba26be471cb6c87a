//! Labels of compiled functions, the processors they are for, and the protocol of labelling workers.
//!
//! Plain data without LLVM: the labels of one function on one processor ([`Labels`]), how they were made
//! ([`Toolchain`], [`Settings`]), the processors ([`Target`]), and the lines that a labelling worker reads and writes
//! ([`Batch`], [`BatchReply`]). `ir::mlir` makes labels if it is built with the feature `mlir`.
//!
//! Cycles are from a static model (llvm-mca), not from a run: every access hits the first-level cache and a call takes
//! 100 cycles. Counts are per call of the function. Labels of GPU kernels are other quantities: [`gpu`].

pub mod gpu;
mod protocol;
mod target;

pub use protocol::{Batch, BatchReply, Failure, FunctionLabels, Job, Outcome, Phase, Reply, TargetOutcome};
pub use target::{InstructionSet, Limits, Processor, Target};

use serde::{Deserialize, Serialize};

/// A count for each class of registers.
///
/// A class that the instruction set lacks is `None`: only RISC-V has separate scalar floating-point registers (x86 and
/// AArch64 use the vector registers), and only x86 (`k0`-`k7`) and AArch64 (`p0`-`p15`) have mask registers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct PerClass {
    /// General-purpose registers.
    pub general: u32,
    /// Vector registers, counted as single registers: a RISC-V group of eight counts eight.
    pub vector: u32,
    /// Scalar floating-point registers, if they are not the vector registers.
    pub float: Option<u32>,
    /// Mask or predicate registers.
    pub mask: Option<u32>,
}

/// How the execution counts of basic blocks were determined.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FrequencySource {
    /// The control flow of the optimised code was executed with the given shapes.
    Executed,
    /// As `executed`, but some branches depend on data and are assumed to be taken half of the time.
    DataDependent,
    /// The control flow did not end within the limit: LLVM's static estimates.
    Guessed,
}

/// Exactness of the execution counts.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Frequencies {
    /// Whether every block's count is exact for the given shapes.
    pub exact: bool,
    /// How the counts were determined.
    pub source: FrequencySource,
    /// Share of `cycles` in blocks whose count is an estimate, 0 to 1; 0 if `exact`.
    pub estimated_share: f64,
}

/// One port or unit of LLVM's scheduling model of the processor.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Port {
    /// Its name in LLVM's scheduling model.
    pub name: String,
    /// Busy cycles over the function's cycles, 0 to 1.
    pub utilization: f64,
}

/// The labels of one function on one target. Counts are per call of the function.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Labels {
    /// Most registers live at once before register allocation, by class.
    pub pressure: PerClass,
    /// Distinct registers in the final code, by class; without stack pointer and zero register.
    pub registers_used: PerClass,
    /// Most registers live across one call before register allocation, by class.
    pub live_across_call: PerClass,
    /// Stores to spill slots in the code; saves of callee-saved registers are not counted.
    pub spills: u32,
    /// Loads from spill slots in the code, including memory operands of other instructions.
    pub reloads: u32,
    /// Spills executed.
    pub spills_dynamic: f64,
    /// Reloads executed.
    pub reloads_dynamic: f64,
    /// Bytes of the spill slots; scalable ones at the target's vector length.
    pub spill_bytes: u64,
    /// Bytes of the stack frame; scalable objects at the target's vector length.
    pub stack_bytes: u64,
    /// Instructions in the code.
    pub instructions_static: u64,
    /// Instructions executed.
    pub instructions_dynamic: f64,
    /// Cycles: the sum over basic blocks of cycles per pass times executions.
    pub cycles: f64,
    /// Instructions executed per cycle; 0 if there are no cycles.
    pub ipc: f64,
    /// Name of the port with the highest utilization; empty if no port is used.
    pub busiest_port: String,
    /// Busy cycles of that port over `cycles`, 0 to 1.
    pub port_utilization: f64,
    /// All ports that are used, in the order of the scheduling model.
    pub ports: Vec<Port>,
    /// Call instructions in the code.
    pub calls: u32,
    /// Calls executed.
    pub calls_dynamic: f64,
    /// Exactness of the execution counts.
    pub frequencies: Frequencies,
    /// Instructions in the code that the scheduling model does not know; they cost nothing.
    pub instructions_unmodelled: u32,
}

/// Settings that labels depend on besides the text and the target.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Settings {
    /// Whether LLVM may unroll loops. Off by default, so that unrolling in MLIR has an effect on labels.
    pub loop_unrolling: bool,
    /// Passes that llvm-mca simulates over each block, at least 1.
    pub mca_iterations: u32,
    /// Most bytes of a module's text.
    pub text_limit_bytes: u64,
    /// Most instructions of a module in LLVM IR, before optimisation and after it.
    pub instruction_limit: u64,
}

impl Default for Settings {
    fn default() -> Self {
        Self { loop_unrolling: false, mca_iterations: 100, text_limit_bytes: 4 << 20, instruction_limit: 20_000 }
    }
}

/// Versions and options of the tools that made the labels, for the metadata of a data set.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Toolchain {
    /// LLVM's version, `major.minor.patch`.
    pub llvm_version: String,
    /// The pass pipelines from MLIR to the LLVM dialect, in order.
    pub mlir_pipelines: Vec<String>,
    /// LLVM's pass pipeline.
    pub llvm_pipeline: String,
    /// Options of the code generator.
    pub codegen_options: Vec<String>,
    /// For each target, its triple and processor as options of LLVM's tools.
    pub targets: Vec<String>,
    /// The simulator of basic blocks and its options.
    pub simulator: String,
    /// The settings.
    pub settings: Settings,
}
