//! Labels of compiled functions, and the protocol by which worker processes hand them over.
//!
//! Plain data, no LLVM: what a back end says about one function on one processor ([`Labels`]), how it was
//! obtained ([`Toolchain`], [`Settings`]), and the lines a labelling worker reads and writes
//! ([`Batch`], [`BatchReply`]). `ir::mlir` produces these values when it is built with the feature `mlir`.
//!
//! Cycles are those of a static model (llvm-mca), not of a run: every access hits the first-level cache and
//! a call costs 100 cycles. Counts are per call of the function.

mod protocol;
mod target;

pub use protocol::{Batch, BatchReply, Failure, FunctionLabels, Job, Outcome, Phase, Reply, TargetOutcome};
pub use target::Target;

use serde::{Deserialize, Serialize};

/// One number for each class of registers.
///
/// A class that a target lacks is `None`: scalar floating point has registers of its own on RISC-V only
/// (x86 and AArch64 keep it in the vector registers), masks on x86 (`k0`-`k7`) and AArch64 (`p0`-`p15`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct PerClass {
    /// General-purpose registers.
    pub general: u32,
    /// Vector registers, counted as single registers: a RISC-V group of eight counts eight.
    pub vector: u32,
    /// Scalar floating-point registers, where they are not the vector registers.
    pub float: Option<u32>,
    /// Mask or predicate registers.
    pub mask: Option<u32>,
}

/// How the execution counts of basic blocks were found.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FrequencySource {
    /// The control flow of the optimised code was run with the given shapes, counting every edge.
    Executed,
    /// As `executed`, but some branches depend on data: they are taken to go either way half of the time.
    DataDependent,
    /// The control flow could not be run to its end: LLVM's guesses.
    Guessed,
}

/// How far the execution counts can be trusted.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Frequencies {
    /// Whether every block's count is the count of a run with the shapes given.
    pub exact: bool,
    /// How they were found.
    pub source: FrequencySource,
    /// Part of `cycles` spent in blocks whose count is a guess, 0 to 1; 0 when `exact`.
    pub estimated_share: f64,
}

/// One port or unit of the processor in the static model.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Port {
    /// Its name in LLVM's scheduling model.
    pub name: String,
    /// Busy cycles over the function's cycles, 0 to 1.
    pub utilization: f64,
}

/// What the back end says of one function on one target. Counts are per call of the function.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Labels {
    /// Most values live at once before register allocation, by class, in registers.
    pub pressure: PerClass,
    /// Distinct registers that the final code names, by class; stack pointer and zero register excluded.
    pub registers_used: PerClass,
    /// Most values live across one call, by class, in registers.
    pub live_across_call: PerClass,
    /// Stores of spilled registers in the code; saving a register for the caller is none.
    pub spills: u32,
    /// Loads of spilled registers in the code, those that another instruction does on the side included.
    pub reloads: u32,
    /// Spills executed.
    pub spills_dynamic: f64,
    /// Reloads executed.
    pub reloads_dynamic: f64,
    /// Bytes of the stack slots that hold spilled registers; for scalable vectors at the target's vector length.
    pub spill_bytes: u64,
    /// Bytes of the stack frame; for scalable vectors at the target's vector length.
    pub stack_bytes: u64,
    /// Instructions in the code.
    pub instructions_static: u64,
    /// Instructions executed.
    pub instructions_dynamic: f64,
    /// Cycles: the sum over basic blocks of cycles per pass times passes.
    pub cycles: f64,
    /// Instructions executed per cycle.
    pub ipc: f64,
    /// The port that is busy longest.
    pub busiest_port: String,
    /// Busy cycles of that port over `cycles`, 0 to 1.
    pub port_utilization: f64,
    /// All ports that are used, in the order of the scheduling model.
    pub ports: Vec<Port>,
    /// Call instructions in the code.
    pub calls: u32,
    /// Calls executed.
    pub calls_dynamic: f64,
    /// How the execution counts were found.
    pub frequencies: Frequencies,
    /// Fewest simulated passes over any block of the function (see [`Settings::mca_iterations`]).
    pub mca_iterations_min: u32,
    /// Instructions in the code that the static model does not know and takes to cost nothing.
    pub instructions_unmodelled: u32,
}

/// What a label depends on besides the text and the target.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Settings {
    /// Whether LLVM may unroll loops. Off, so that unrolling done in MLIR stays visible.
    pub loop_unrolling: bool,
    /// Passes that llvm-mca simulates over a short, a medium and a long block: fewer over longer ones, so that
    /// filling the pipeline weighs about the same and no block costs too much.
    pub mca_iterations: [u32; 3],
    /// Most instructions of a short and of a medium block.
    pub mca_block_sizes: [u32; 2],
    /// Longest text of a module, in bytes.
    pub text_limit_bytes: u64,
    /// Most instructions of a module in LLVM IR, before optimisation and after it.
    pub instruction_limit: u64,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            loop_unrolling: false,
            mca_iterations: [100, 25, 10],
            mca_block_sizes: [40, 160],
            text_limit_bytes: 4 << 20,
            instruction_limit: 20_000,
        }
    }
}

/// What produced the labels, for the metadata of a data set.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Toolchain {
    /// LLVM's version.
    pub llvm_version: String,
    /// The pass pipelines from MLIR to the LLVM dialect, in order.
    pub mlir_pipelines: Vec<String>,
    /// LLVM's pass pipeline.
    pub llvm_pipeline: String,
    /// Options of the code generator.
    pub codegen_options: Vec<String>,
    /// Each target: name, triple, processor.
    pub targets: Vec<String>,
    /// The simulator of basic blocks and its options.
    pub simulator: String,
    /// Settings of the run.
    pub settings: Settings,
}
