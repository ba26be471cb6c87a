//! Arguments of `hardwire label`.

use std::path::PathBuf;

use clap::Args;

use super::shared::{Format, named};

/// Arguments of `hardwire label`.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  hardwire label kernel.mlir --target gfx942
  hardwire label kernel.mlir --function matmul --format json
  hardwire label kernel.mlir --target sm_90 --ptxas target/ptxas/venv/bin/ptxas
  hardwire label kernel.mlir --kernels

Loops that are proved parallel become kernels; gpu.launch and gpu.func are taken as they are. Registers, spills and shared memory are
the compiler's, occupancy follows by the GPU's rule, and time is a roofline with occupancy. A function that has no kernel is
listed with its reason, and the exit code is 1. Needs a build with the feature `mlir`. docs/gpu.md has the mapping and every key.")]
pub struct Label {
    /// MLIR file, or `-` for standard input
    #[arg(value_name = "FILE")]
    pub file: String,
    /// GPU, by its LLVM name; can be repeated [default: all]
    #[arg(long = "target", value_name = "TARGET")]
    pub targets: Vec<String>,
    /// Name of the function [default: all]
    #[arg(long)]
    pub function: Option<String>,
    /// NVIDIA's ptxas, for sm_90 [default: `ptxas` of the search path]
    #[arg(long, value_name = "FILE")]
    pub ptxas: Option<PathBuf>,
    /// Most threads of a block that the mapping makes; a power of two
    #[arg(long, value_name = "N", default_value_t = 256)]
    pub block_threads: u32,
    /// Longest time, in seconds
    #[arg(long, default_value_t = 60, value_name = "SECONDS")]
    pub timeout: u64,
    /// Print the kernels that the mapping makes, as MLIR, instead of labels
    #[arg(long, conflicts_with_all = ["targets", "function", "ptxas", "format"])]
    pub kernels: bool,
    /// Output format
    #[arg(long, value_parser = named::<Format>(), default_value_t = Format::Table)]
    pub format: Format,
}
