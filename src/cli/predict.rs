//! `hardwire predict`, `explain`, `serve` and `calibrate` as typed.

use std::path::PathBuf;

use clap::Args;
use costmodel::predictor::Choice;

use super::shared::{Format, named};

names::named! {
    /// Output format of predictions.
    pub enum PredictFormat {
        /// Aligned text.
        Table = "table",
        /// JSON with stable keys, one object per function and target.
        Json = "json",
        /// The input text with the predictions as comments above each function.
        Comment = "comment",
    }
}

/// What is asked of which model; common to the commands that predict.
#[derive(Debug, Clone, Args)]
pub struct Asked {
    /// Processor to predict for, as LLVM names it; may be repeated; all of the model's unless given
    #[arg(long = "target", value_name = "TARGET")]
    pub targets: Vec<String>,
    /// Design to predict for; may be repeated; all of the model's unless given
    #[arg(long = "design", value_name = "DESIGN")]
    pub designs: Vec<String>,
    /// Model file (safetensors); the one that comes with the program unless given
    #[arg(long, value_name = "FILE")]
    pub cost_model: Option<String>,
    /// Who answers: analytical or learned for all, so that two texts are compared by the same means
    #[arg(long, value_parser = named::<Choice>(), default_value_t = Choice::Cascade)]
    pub provider: Choice,
}

/// Arguments of `hardwire predict`.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  hardwire predict kernel.mlir
  hardwire predict kernel.mlir --target skylake-avx512 --design hnlpu --format json
  mlir-opt --affine-loop-unroll kernel.mlir | hardwire predict - --format comment | FileCheck kernel.mlir

Only the targets and designs named are predicted for, all where none is named. Values are per call of the function,
low and high the ends of a 90 % interval. A score of in-distribution above 1 means that a function is unlike all the
model has learned from: then analysis answers (provider analytical), and what it cannot tell is null.")]
pub struct Predict {
    /// MLIR texts, or `-` for standard input
    #[arg(required = true, value_name = "FILE")]
    pub files: Vec<String>,
    /// What is asked of which model.
    #[command(flatten)]
    pub asked: Asked,
    /// Append each text with its predictions to this file as JSON lines, for training later
    #[arg(long, value_name = "FILE")]
    pub log: Option<PathBuf>,
    /// How to write the result
    #[arg(long, value_parser = named::<PredictFormat>(), default_value_t = PredictFormat::Table)]
    pub format: PredictFormat,
}

/// Arguments of `hardwire explain`.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  hardwire explain kernel.mlir
  hardwire explain kernel.mlir --function main --target znver4 --quantity vector_register_pressure --format json

Each operation is made free of cost in the text, with all inside it, and the function is predicted again: the
difference is what the operation adds. Differences need not add up to the whole; a negative one means that the model
expects more without the operation.")]
pub struct Explain {
    /// MLIR text, or `-` for standard input
    pub file: String,
    /// The function; may be left out where there is one only
    #[arg(long)]
    pub function: Option<String>,
    /// Processor or design; the model's first processor unless given
    #[arg(long, value_name = "TARGET")]
    pub target: Option<String>,
    /// What to explain: cycles, instructions, spills, vector_register_pressure, ...; cycles unless given (on a design,
    /// xpu_latency_cycles)
    #[arg(long, value_name = "QUANTITY")]
    pub quantity: Option<String>,
    /// Model file (safetensors); the one that comes with the program unless given
    #[arg(long, value_name = "FILE")]
    pub cost_model: Option<String>,
    /// Operations listed in the table, those that add most first; JSON has all
    #[arg(long, default_value_t = 12, value_name = "N")]
    pub most: usize,
    /// How to write the result
    #[arg(long, value_parser = named::<Format>(), default_value_t = Format::Table)]
    pub format: Format,
}

/// Arguments of `hardwire serve`.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  hardwire serve                                    # requests on standard input, one JSON object a line
  hardwire serve --socket /tmp/hardwire.sock --log queries.jsonl
  echo '{\"id\": 1, \"text\": \"func.func @f() { return }\"}' | hardwire serve

A request has an `id` (anything), and `text` or `texts` (MLIR), optionally `targets` and `designs`. The answer, one
line, has the `id` and either `predictions` (with `texts`: `answers`, each with `predictions` or `error`) or `error`
with `code` and `message`. Requests of one connection are answered in their order.")]
pub struct Serve {
    /// Listen on a Unix socket at this path instead of reading standard input
    #[arg(long, value_name = "PATH")]
    pub socket: Option<PathBuf>,
    /// What is asked of which model.
    #[command(flatten)]
    pub asked: Asked,
    /// Longest request, in MiB; a longer one is answered with an error and skipped
    #[arg(long, default_value_t = 16, value_name = "MIB", value_parser = clap::value_parser!(u64).range(1..=256))]
    pub max_request_mib: u64,
    /// Seconds that a client of the socket may take to send the rest of a request or to read an answer
    #[arg(long, default_value_t = 30, value_name = "SECONDS", value_parser = clap::value_parser!(u64).range(1..=86_400))]
    pub timeout_s: u64,
    /// Clients of the socket served at once; more are told so and left
    #[arg(long, default_value_t = 64, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=4096))]
    pub connections: u32,
    /// Append each text with its predictions to this file as JSON lines, for training later
    #[arg(long, value_name = "FILE")]
    pub log: Option<PathBuf>,
}

/// Arguments of `hardwire calibrate`.
#[derive(Debug, Args)]
#[command(after_help = "Example:
  hardwire calibrate measured.jsonl --target my-cpu --base neoverse-v1 --out my-model.safetensors
  hardwire predict kernel.mlir --cost-model my-model.safetensors --target my-cpu

A line of the file: {\"text\": \"func.func @f ...\", \"labels\": {\"cycles\": 1200, \"spills\": 0}, \"kernel\": \"name\"}.
The text holds one function; labels are named as `hardwire predict` names quantities; lines of one kernel are variants
of one computation (each line is its own unless said). At least 8 labels fix a quantity; a few dozen are wanted.")]
pub struct Calibrate {
    /// Labelled functions, JSON lines
    pub file: String,
    /// Name of the new processor
    #[arg(long, value_name = "NAME", required_unless_present = "design", conflicts_with = "design")]
    pub target: Option<String>,
    /// Name of the new design
    #[arg(long, value_name = "NAME")]
    pub design: Option<String>,
    /// Known processor or design whose predictions it starts from; the one that fits best unless given
    #[arg(long, value_name = "TARGET")]
    pub base: Option<String>,
    /// Model file to start from; the one that comes with the program unless given
    #[arg(long, value_name = "FILE")]
    pub cost_model: Option<String>,
    /// Where to write the model
    #[arg(long, value_name = "FILE")]
    pub out: PathBuf,
    /// How to write the result
    #[arg(long, value_parser = named::<Format>(), default_value_t = Format::Table)]
    pub format: Format,
}
