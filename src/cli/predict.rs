//! Arguments of `hardwire predict`, `explain`, `serve` and `calibrate`.

use std::path::PathBuf;

use clap::Args;
use costmodel::predictor::Choice;
use ir::analysis::Assumption;

use super::shared::{TableFormat, named};

names::named! {
    /// Output format of predictions.
    pub enum PredictFormat {
        /// Aligned text.
        Table = "table",
        /// JSON with stable keys, one object per function and target.
        Json = "json",
        /// CSV with the keys of the JSON as heads, a line per function and target.
        Csv = "csv",
        /// The input text without its comments, with the predictions as comments above each function.
        Comment = "comment",
    }
}

/// Targets and model, common to the commands that predict.
#[derive(Debug, Clone, Args)]
pub struct Asked {
    /// Processor or GPU to predict for, by its LLVM name; can be repeated [default: all processors]
    #[arg(long = "target", value_name = "TARGET")]
    pub targets: Vec<String>,
    /// Design to predict for; can be repeated [default: all designs]
    #[arg(long = "design", value_name = "DESIGN")]
    pub designs: Vec<String>,
    /// Model file (safetensors) [default: the built-in model]
    #[arg(long, value_name = "FILE")]
    pub cost_model: Option<String>,
    /// Which model answers
    #[arg(long, value_parser = named::<Choice>(), default_value_t = Choice::Cascade)]
    pub provider: Choice,
}

/// Arguments of `hardwire predict`.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  hardwire predict kernel.mlir
  hardwire predict kernel.mlir --target skylake-avx512 --design hnlpu --format json
  hardwire predict kernel.mlir --target gfx942 --target sm_90
  mlir-opt --affine-loop-unroll kernel.mlir | hardwire predict - --format comment | FileCheck kernel.mlir
  hardwire predict --compare before.mlir after.mlir --target znver4
  hardwire predict --check kernel.mlir    # with `// hardwire-check: cycles < 1e6` above the function

If no target and no design is given, all processors and designs are predicted. Of a GPU (gfx942, gfx1100, sm_90) the kernels are
predicted that its parallel loops become, as `hardwire label` makes them. Values are per call of the function; low and high are the ends of
a 90 % interval. A quantity is null if the text leaves open a count that it needs; the reasons say which, and --assume states
it: trip=%n:1024, shape=%a.0:512, shape=?:512, or a range, trip=%n:16..64. An out-of-distribution score above 1 means that the
function is unusual for the training data.

--compare divides cycles, instructions and latency of the second file's functions by those of the first one's, by name (or the two
functions of one file), with an interval on the ratio. It is calibrated on variants of one kernel. The verdict is about the second:
faster, slower, or within_interval, where the model cannot tell.")]
pub struct Predict {
    /// MLIR files, or `-` for standard input
    #[arg(required = true, value_name = "FILE")]
    pub files: Vec<String>,
    /// Targets and model.
    #[command(flatten)]
    pub asked: Asked,
    /// Compare the predictions with the `// hardwire-check: CONDITION` comments of the texts; exit code 1 if one fails
    #[arg(long)]
    pub check: bool,
    /// Compare two files, or the two functions of one: the ratio of what they cost
    #[arg(long, conflicts_with_all = ["check", "log"])]
    pub compare: bool,
    /// State what the text leaves open, e.g. trip=%n:1024 or shape=%a.0:512; can be repeated
    #[arg(long, value_name = "ASSUMPTION")]
    pub assume: Vec<Assumption>,
    /// Append each text with its predictions to this file, as JSON lines
    #[arg(long, value_name = "FILE")]
    pub log: Option<PathBuf>,
    /// Output format
    #[arg(long, value_parser = named::<PredictFormat>(), default_value_t = PredictFormat::Table)]
    pub format: PredictFormat,
}

/// Arguments of `hardwire explain`.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  hardwire explain kernel.mlir
  hardwire explain kernel.mlir --function main --target znver4 --quantity vector_register_pressure --format json

Each operation, with the operations nested in it, is replaced by one without cost, and the function is predicted again. The
difference is the contribution of the operation. Contributions need not add up to the prediction. A negative one means
that the prediction is higher without the operation.")]
pub struct Explain {
    /// MLIR file, or `-` for standard input
    pub file: String,
    /// Name of the function; required if the file has several
    #[arg(long)]
    pub function: Option<String>,
    /// Processor, GPU or design [default: the first processor of the model]
    #[arg(long, value_name = "TARGET")]
    pub target: Option<String>,
    /// Quantity: cycles, instructions, spills, vector_register_pressure, ... [default: cycles; xpu_latency_cycles for a
    /// design]
    #[arg(long, value_name = "QUANTITY")]
    pub quantity: Option<String>,
    /// Model file (safetensors) [default: the built-in model]
    #[arg(long, value_name = "FILE")]
    pub cost_model: Option<String>,
    /// State what the text leaves open, e.g. trip=%n:1024 or shape=%a.0:512; can be repeated
    #[arg(long, value_name = "ASSUMPTION")]
    pub assume: Vec<Assumption>,
    /// Number of operations in the table, largest contribution first; JSON has all
    #[arg(long, default_value_t = 12, value_name = "N")]
    pub most: usize,
    /// Output format; CSV has a line for each operation
    #[arg(long, value_parser = named::<TableFormat>(), default_value_t = TableFormat::Table)]
    pub format: TableFormat,
}

/// Arguments of `hardwire serve`.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  hardwire serve                                    # requests on standard input, one JSON object a line
  hardwire serve --socket /tmp/hardwire.sock --log queries.jsonl
  echo '{\"id\": 1, \"text\": \"func.func @f() { return }\"}' | hardwire serve

A request has an `id` (any JSON value), `text` or `texts` (MLIR), and optionally `targets` and `designs`. The answer is one
line with the `id` and either `predictions` (for `texts`: `answers`, each with `predictions` or `error`) or `error` with
`code` and `message`. Requests of one connection are answered in order. {\"cancel\": ID} drops a request that is not answered
yet; {\"health\": true} asks for version, model and counts. SIGTERM and SIGINT end the server after the requests it has.")]
pub struct Serve {
    /// Listen on a Unix socket at this path instead of reading standard input
    #[arg(long, value_name = "PATH")]
    pub socket: Option<PathBuf>,
    /// Targets and model.
    #[command(flatten)]
    pub asked: Asked,
    /// Longest request in MiB; a longer one gets an error
    #[arg(long, default_value_t = 16, value_name = "MIB", value_parser = clap::value_parser!(u64).range(1..=256))]
    pub max_request_mib: u64,
    /// Timeout in seconds for a client to finish sending a request or to read an answer
    #[arg(long, default_value_t = 30, value_name = "SECONDS", value_parser = clap::value_parser!(u64).range(1..=86_400))]
    pub timeout_s: u64,
    /// Most simultaneous clients of the socket; more get an error and are disconnected
    #[arg(long, default_value_t = 64, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=4096))]
    pub connections: u32,
    /// Append each text with its predictions to this file, as JSON lines
    #[arg(long, value_name = "FILE")]
    pub log: Option<PathBuf>,
}

/// Arguments of `hardwire calibrate`.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  hardwire calibrate --suggest 8 --candidates kernels/*.mlir --quantity cycles
  hardwire calibrate measured.jsonl --suggest 4 --candidates kernels/*.mlir
  hardwire calibrate measured.jsonl --target my-cpu --base neoverse-v1 --out my-model.safetensors
  hardwire predict kernel.mlir --cost-model my-model.safetensors --target my-cpu

A line of the file: {\"text\": \"func.func @f ...\", \"labels\": {\"cycles\": 1200, \"spills\": 0}, \"kernel\": \"name\"}.
The text holds one function. Labels have the names of the quantities of `hardwire predict`. Lines with the same `kernel` are
variants of one computation; without it each line is a kernel of its own. A quantity needs at least 8 labels; a few dozen
are better.")]
pub struct Calibrate {
    /// Labelled functions, as JSON lines
    #[arg(required_unless_present = "suggest")]
    pub file: Option<String>,
    /// Name of the new processor
    #[arg(long, value_name = "NAME", required_unless_present_any = ["design", "suggest"], conflicts_with = "design")]
    pub target: Option<String>,
    /// Name of the new design
    #[arg(long, value_name = "NAME")]
    pub design: Option<String>,
    /// Known processor or design to start from [default: the one that fits best]
    #[arg(long, value_name = "TARGET")]
    pub base: Option<String>,
    /// Model file to start from [default: the built-in model]
    #[arg(long, value_name = "FILE")]
    pub cost_model: Option<String>,
    /// Output file of the model
    #[arg(long, value_name = "FILE", required_unless_present = "suggest", conflicts_with = "suggest")]
    pub out: Option<PathBuf>,
    /// Make no model; list the N functions of the candidates whose measurement lowers its error most
    #[arg(long, value_name = "N", requires = "candidates", value_parser = clap::value_parser!(u32).range(1..))]
    pub suggest: Option<u32>,
    /// MLIR files with functions that can be measured
    #[arg(long, value_name = "FILE", num_args = 1.., requires = "suggest")]
    pub candidates: Vec<String>,
    /// Quantity that will be measured; can be repeated [default: those with labels in the file, or all]
    #[arg(long, value_name = "NAME", requires = "suggest")]
    pub quantity: Vec<String>,
    /// Output format; CSV has a line for each quantity or suggestion
    #[arg(long, value_parser = named::<TableFormat>(), default_value_t = TableFormat::Table)]
    pub format: TableFormat,
}
