//! Arguments of `hardwire optimize`.

use std::path::PathBuf;
use std::time::Duration;

use clap::Args;
use passes::{Kind, Options};

use super::shared::named;

names::named! {
    /// Output format of `optimize`.
    pub enum OptimizeFormat {
        /// The transformed module; decisions as remarks on standard error.
        Mlir = "mlir",
        /// Decisions as aligned text.
        Table = "table",
        /// Decisions as JSON with stable keys, and the module unless it goes to a file.
        Json = "json",
    }
}

/// Arguments of `hardwire optimize`.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  hardwire optimize kernel.mlir --target znver4 -o fast.mlir
  hardwire optimize kernel.mlir --target znver4 --decisions interchange,vectorize --explain --format table
  hardwire optimize kernel.mlir --target znver4 --verify 3 --check -o fast.mlir
  hardwire optimize kernel.mlir --apply interchange:0:0x2x1+unroll:2:4
  hardwire optimize kernel.mlir --target znver4 --decisions jam,unroll --emit-schedule schedule.mlir

Needs a build with the feature `mlir`. Each affine loop nest at the top level of a function is decided by itself: legal
candidates are made with upstream's transformations, the model is asked for all of them in one query, and the best one
replaces the nest if the interval of its ratio to the original says that it is better (--caution). Legality is checked by a
dependence analysis of its own. It assumes that different memref arguments do not overlap, unless --may-alias is given. A nest
whose cost is unknown, or that is unlike the training data, is kept.")]
pub struct Optimize {
    /// MLIR file, or `-` for standard input
    pub file: String,
    /// Processor to optimise for, by its LLVM name [default: the one that the module names, e.g. by llvm.target_cpu]
    #[arg(long, value_name = "TARGET", conflicts_with = "design")]
    pub target: Option<String>,
    /// Design to optimise for
    #[arg(long, value_name = "DESIGN")]
    pub design: Option<String>,
    /// Quantity that is minimised [default: cycles; xpu_latency_cycles for a design]
    #[arg(long, value_name = "QUANTITY")]
    pub quantity: Option<String>,
    /// Kinds of transformations, separated by commas [default: all]
    #[arg(long, value_name = "KINDS", value_delimiter = ',', value_parser = named::<Kind>())]
    pub decisions: Vec<Kind>,
    /// Apply these steps to each nest instead of asking the model; refused if illegal
    #[arg(long, value_name = "STEPS")]
    pub apply: Option<String>,
    /// Compile and measure the K candidates that could be best, and choose by what is measured
    #[arg(long, value_name = "K", default_value_t = 0, value_parser = clap::value_parser!(u32).range(0..=64))]
    pub verify: u32,
    /// Time for the search, e.g. 200ms or 2s; the best found so far is taken, so results depend on the machine's speed
    #[arg(long, value_name = "TIME", value_parser = duration)]
    pub budget: Option<Duration>,
    /// Part of the ratio's interval that must be a gain for a change: with 0 the prediction decides, with 1 the whole 90 % interval
    #[arg(long, value_name = "PART", default_value_t = Options::CAUTION, value_parser = caution)]
    pub caution: f64,
    /// Largest novelty score of a candidate
    #[arg(long, value_name = "SCORE", default_value_t = 1.0, value_parser = score)]
    pub max_ood: f64,
    /// Most steps of a sequence
    #[arg(long, value_name = "N", default_value_t = 2, value_parser = clap::value_parser!(u32).range(1..=6))]
    pub depth: u32,
    /// Sequences that are continued at each step
    #[arg(long, value_name = "N", default_value_t = 4, value_parser = clap::value_parser!(u32).range(1..=64))]
    pub beam: u32,
    /// Most candidates of a nest
    #[arg(long, value_name = "N", default_value_t = 128, value_parser = clap::value_parser!(u32).range(1..=4096))]
    pub max_candidates: u32,
    /// Allow floating-point reductions in another order
    #[arg(long)]
    pub reassociate: bool,
    /// Memref arguments may overlap
    #[arg(long)]
    pub may_alias: bool,
    /// Let spills count by their cost only; else candidates with more spills than the original must be better beyond doubt
    #[arg(long)]
    pub allow_spills: bool,
    /// Turn linalg operations on buffers into affine loops first
    #[arg(long, conflicts_with = "emit_schedule")]
    pub lower_linalg: bool,
    /// Run original and result on random inputs and compare; exit code 1 and no output if they differ
    #[arg(long)]
    pub check: bool,
    /// Seed of the random inputs
    #[arg(long, value_name = "SEED", default_value_t = 1)]
    pub seed: u64,
    /// List all candidates of each nest
    #[arg(long)]
    pub explain: bool,
    /// Model file (safetensors) [default: the built-in model]
    #[arg(long, value_name = "FILE")]
    pub cost_model: Option<String>,
    /// Output file of the module [default: standard output]
    #[arg(short, long, value_name = "FILE")]
    pub out: Option<PathBuf>,
    /// Also write the choice as a transform script that stock mlir-opt runs
    #[arg(long, value_name = "FILE")]
    pub emit_schedule: Option<PathBuf>,
    /// Output format
    #[arg(long, value_parser = named::<OptimizeFormat>(), default_value_t = OptimizeFormat::Mlir)]
    pub format: OptimizeFormat,
}

/// A time with its unit: `200ms`, `2s`, `0`.
fn duration(text: &str) -> Result<Duration, String> {
    let refuse = || "a time is a number with `ms` or `s`, e.g. 200ms, at most an hour".to_owned();
    let (number, unit) = match text.strip_suffix("ms") {
        Some(number) => (number, 1e-3),
        None => (text.strip_suffix('s').unwrap_or(if text == "0" { "0" } else { "" }), 1.0),
    };
    let seconds = number.parse::<f64>().map_err(|_| refuse())? * unit;
    if (0.0..=3600.0).contains(&seconds) { Ok(Duration::from_secs_f64(seconds)) } else { Err(refuse()) }
}

fn caution(text: &str) -> Result<f64, String> {
    within(text, 0.0, 10.0)
}

fn score(text: &str) -> Result<f64, String> {
    within(text, 0.0, 1e6)
}

fn within(text: &str, least: f64, most: f64) -> Result<f64, String> {
    let value = text.parse::<f64>().ok().filter(|value| (least..=most).contains(value));
    value.ok_or_else(|| format!("it must be a number from {least} to {most}"))
}
