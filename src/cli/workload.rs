//! Arguments of `hardwire workload`.

use clap::{Args, Subcommand};
use sim::Phase;
use workload::WeightRule;
use workload::emit::{Element, WeightStyle};

use super::shared::{Format, TableFormat, named};

/// Arguments of `hardwire workload`.
#[derive(Debug, Args)]
#[command(arg_required_else_help = true)]
pub struct Workload {
    /// The command to run.
    #[command(subcommand)]
    pub action: WorkloadAction,
}

/// Actions of `hardwire workload`.
#[derive(Debug, Subcommand)]
pub enum WorkloadAction {
    /// Write a layer of a model, or a piece of it, as MLIR
    Emit(Emit),
    /// Schedule the functions of an MLIR file on one chip of a design: latency and utilization
    Run(Run),
    /// Place the functions of an MLIR file on the chips of a design by predicted latency, checked by the simulator
    Place(Place),
}

/// Arguments of `hardwire workload emit`.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  hardwire workload emit gpt-oss-120b --layer 1 --context 2048
  hardwire workload emit deepseek-v3 --layer 3 --piece q_b_proj
  hardwire workload emit llama-3-1-8b --phase prefill --tokens 128 --context 128 --element bf16
  hardwire workload emit qwq-32b --piece list")]
pub struct Emit {
    /// Preset name or path of a Hugging Face config.json
    pub model: String,
    /// Index of the layer, from 0
    #[arg(long, default_value_t = 0, value_name = "N")]
    pub layer: usize,
    /// Piece of the layer; `head` is norm, unembedding and sampling, `list` prints all names [default: the whole layer]
    #[arg(long, value_name = "NAME")]
    pub piece: Option<String>,
    /// Phase of inference
    #[arg(long, value_parser = named::<Phase>(), default_value_t = Phase::Decode)]
    pub phase: Phase,
    /// Number of new tokens: sequences in decode, prompt tokens in prefill
    #[arg(long, default_value_t = 1, value_name = "N", allow_negative_numbers = true)]
    pub tokens: u64,
    /// Positions of the KV cache, including the new tokens
    #[arg(long, default_value_t = 2048, value_name = "TOKENS", allow_negative_numbers = true)]
    pub context: u64,
    /// Element type of weights and KV caches; everything else is f32
    #[arg(long, value_parser = named::<Element>(), default_value_t = Element::F32)]
    pub element: Element,
    /// Representation of weights
    #[arg(long, value_parser = named::<WeightStyle>(), default_value_t = WeightStyle::Arguments)]
    pub weights: WeightStyle,
    /// Output format; `table` is the MLIR text itself
    #[arg(long, value_parser = named::<Format>(), default_value_t = Format::Table)]
    pub format: Format,
}

/// Arguments of `hardwire workload run`.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  hardwire workload run model.mlir --design hnlpu
  hardwire workload emit gpt-oss-120b --layer 1 | hardwire workload run - --design hnlpu --format json")]
pub struct Run {
    /// MLIR file, or `-` for standard input
    pub file: String,
    /// Preset name or path of a design file (TOML)
    #[arg(long, default_value = "hnlpu", value_name = "DESIGN")]
    pub design: String,
    /// Rule that decides which function arguments are weights
    #[arg(long, default_value_t = WeightRule::Auto, value_parser = named::<WeightRule>())]
    pub weights: WeightRule,
    /// Override a value of the design, e.g. --set vex.nonlinear_lanes=4096; can be repeated
    #[arg(long = "set", value_name = "PATH=VALUE")]
    pub set: Vec<String>,
    /// Output format; CSV has a line for each operation
    #[arg(long, value_parser = named::<TableFormat>(), default_value_t = TableFormat::Table)]
    pub format: TableFormat,
}

/// Arguments of `hardwire workload place`.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  hardwire workload place model.mlir --design hnlpu
  hardwire workload place model.mlir --chips 4 --budget 1000000
  hardwire workload emit gpt-oss-120b --layer 1 --phase prefill --tokens 64 --context 64 | hardwire workload place - --format json")]
pub struct Place {
    /// MLIR file, or `-` for standard input
    pub file: String,
    /// Preset name or path of a design file (TOML)
    #[arg(long, default_value = "hnlpu", value_name = "DESIGN")]
    pub design: String,
    /// Place this function only
    #[arg(long, value_name = "NAME")]
    pub function: Option<String>,
    /// Most chips that are used [default: all of the design]
    #[arg(long, value_name = "N", allow_negative_numbers = true)]
    pub chips: Option<u32>,
    /// Bytes of the attention buffer of each chip that data may take [default: all of it]
    #[arg(long, value_name = "BYTES", allow_negative_numbers = true)]
    pub budget: Option<u64>,
    /// Rule that decides which function arguments are weights
    #[arg(long, default_value_t = WeightRule::Auto, value_parser = named::<WeightRule>())]
    pub weights: WeightRule,
    /// Override a value of the design, e.g. --set attention_buffer.capacity=1MB; can be repeated
    #[arg(long = "set", value_name = "PATH=VALUE")]
    pub set: Vec<String>,
    /// Output format; CSV has a line for each operation
    #[arg(long, value_parser = named::<TableFormat>(), default_value_t = TableFormat::Table)]
    pub format: TableFormat,
}
