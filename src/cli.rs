//! The command line as typed.

pub mod compare;
mod dataset;
pub mod ir;
pub mod learning;
pub mod predict;
pub mod report;
pub mod sweep;
pub mod workload;

use clap::{Args, Parser, Subcommand, ValueEnum};

pub use dataset::{
    Dataset, DatasetAction, DatasetBuild, DatasetCompareParsers, DatasetLabel, DatasetShow, DatasetVerify,
};

/// Simulate and price hardwired-weight language processing units.
#[derive(Debug, Parser)]
#[command(name = "hardwire", version, propagate_version = true, arg_required_else_help = true)]
pub struct Arguments {
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
}

/// The commands.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Simulate a model on a design: throughput, latency, where time and energy go
    Simulate(Simulate),
    /// Compare the model of a published machine with its published figures, one by one
    Reproduce(Reproduce),
    /// Price a design: area, masks, dies, build, total cost of ownership and carbon
    Estimate(Box<Estimate>),
    /// Set designs side by side: speed at equal interactivity, energy, cost, against published serving figures
    Compare(compare::Compare),
    /// One page to decide by: comparison, reproduction, cost, every number with its source
    Report(report::Report),
    /// List, show and check designs, process nodes and models
    Designs(Designs),
    /// Explore a design space from a file: frontier, sensitivities, plots
    Sweep(Box<sweep::Sweep>),
    /// Latency against load of the routed row/column fabric, flit by flit
    Fabric(Fabric),
    /// The corpus of MLIR text with labels: build, label, show, verify
    Dataset(Dataset),
    /// Model layers as MLIR, and MLIR on the simulated machine
    Workload(workload::Workload),
    /// MLIR text: check, print, words, graph, what it does
    Ir(ir::Ir),
    /// Train the learned cost model on the corpus
    Train(learning::Train),
    /// Measure the learned cost model and what it has to beat, on what was held back
    Evaluate(learning::Evaluate),
    /// What functions cost, from their text alone: registers, spills, instructions, cycles, the simulated machine
    Predict(predict::Predict),
    /// Which operations drive a prediction
    Explain(predict::Explain),
    /// Answer predictions on a Unix socket or standard input, JSON lines
    Serve(predict::Serve),
    /// Adapt the cost model to another processor or design from a few dozen labelled functions
    Calibrate(predict::Calibrate),
}

/// How results are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Format {
    /// Aligned text for people.
    Table,
    /// JSON with stable keys, units in the names.
    Json,
}

/// Decode or prefill.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Phase {
    /// Every sequence generates tokens.
    Decode,
    /// The tokens of one prompt follow each other.
    Prefill,
}

/// Accounting of time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Discipline {
    /// Operations start when inputs, links and memory are free.
    Dataflow,
    /// Stages advance on a common beat.
    Lockstep,
    /// The paper's accounting: one token's steps added up, links charged a full pipeline.
    Serial,
}

/// Events or closed forms.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Fidelity {
    /// The event engine.
    Event,
    /// Closed forms.
    Analytic,
}

/// Whether sliding windows count.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Windows {
    /// Windows of the model limit attention and cache.
    Honoured,
    /// Every layer attends to the whole context.
    Ignored,
}

/// Arguments of `hardwire simulate`.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  hardwire simulate hnlpu
  hardwire simulate hnlpu --discipline serial --context 65536 --format json
  hardwire simulate hnlpu --model path/to/config.json --sequences 64 --explain
  hardwire simulate hnlpu --set mapping.collective=two-phase --set hbm.stack_bandwidth=130GB/s")]
pub struct Simulate {
    /// Preset name or path of a design file (TOML)
    pub design: String,
    /// Preset name or path of a Hugging Face config.json; the design's own model unless given
    #[arg(long, value_name = "MODEL")]
    pub model: Option<String>,
    /// Context of every sequence (decode) or length of the prompt (prefill), in tokens
    #[arg(long, default_value_t = 2048, value_name = "TOKENS", allow_negative_numbers = true)]
    pub context: u64,
    /// Sequences (decode) or prompt tokens (prefill) in the machine; stages x layers unless given
    #[arg(long, value_name = "N", allow_negative_numbers = true)]
    pub sequences: Option<u64>,
    /// Decode or prefill
    #[arg(long, value_enum, default_value_t = Phase::Decode)]
    pub phase: Phase,
    /// How time is accounted
    #[arg(long, value_enum, default_value_t = Discipline::Dataflow)]
    pub discipline: Discipline,
    /// Event engine or closed form
    #[arg(long, value_enum, default_value_t = Fidelity::Event)]
    pub fidelity: Fidelity,
    /// Simulate contexts beyond the model's maximum
    #[arg(long)]
    pub allow_beyond_model_context: bool,
    /// Whether sliding windows of the model count; the design's choice unless given
    #[arg(long, value_enum)]
    pub sliding_windows: Option<Windows>,
    /// Seed of the router's choices of experts
    #[arg(long, default_value_t = 1)]
    pub seed: u64,
    /// Override a value of the design, e.g. --set chip.clock=1.2GHz; may be repeated
    #[arg(long = "set", value_name = "PATH=VALUE")]
    pub set: Vec<String>,
    /// Print the mapping's rules and operations as well
    #[arg(long)]
    pub explain: bool,
    /// How to write the result
    #[arg(long, value_enum, default_value_t = Format::Table)]
    pub format: Format,
}

/// Arguments of `hardwire reproduce`.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  hardwire reproduce hnlpu
  hardwire reproduce hnlpu --format json

Exit code 1 if a derived figure is out of tolerance.")]
pub struct Reproduce {
    /// The published machine
    #[arg(value_parser = ["hnlpu"])]
    pub machine: String,
    /// How to write the result
    #[arg(long, value_enum, default_value_t = Format::Table)]
    pub format: Format,
}

/// Arguments of `hardwire estimate`.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  hardwire estimate hnlpu
  hardwire estimate hnlpu --systems 50 --against h100
  hardwire estimate hnlpu --model qwq-32b --weights bf16 --format json
  hardwire estimate hnlpu --embedding two-metal --set dies.whole_wafers=true
  hardwire estimate hnlpu --economics wide --monte-carlo 100000 --seed 7
  hardwire estimate hnlpu --set masks.set_usd=20e6..25e6 --set facility.pue=1.2

Every value is optimistic and pessimistic, or, with --monte-carlo, a 10th, 50th and 90th percentile.")]
pub struct Estimate {
    /// Preset name or path of a design file (TOML)
    pub design: String,
    /// Preset name or path of a Hugging Face config.json; the design's own model unless given
    #[arg(long, value_name = "MODEL")]
    pub model: Option<String>,
    /// Process node: preset name or path; the design's own unless given
    #[arg(long, value_name = "NODE")]
    pub node: Option<String>,
    /// Mask stack: preset name or path; the one named as the node unless given
    #[arg(long, value_name = "STACK")]
    pub mask_stack: Option<String>,
    /// Layers that carry the weights: published, one-via, two-metal, all, or a list such as m8-m11 or via8,m9
    #[arg(long, default_value = "published", value_name = "LAYERS")]
    pub embedding: String,
    /// Areas that are priced: the design's own, or from structure (bits, cells, references; weight formats likewise)
    #[arg(long, default_value = "design", value_parser = ["design", "structure"])]
    pub area: String,
    /// Format of the weights: ternary, int3, int4, fp4, mxfp4, int6, fp8, bf16
    #[arg(long, default_value = "fp4", value_name = "FORMAT",
          value_parser = ["ternary", "int3", "int4", "fp4", "mxfp4", "int6", "fp8", "bf16"])]
    pub weights: String,
    /// Systems built
    #[arg(long, default_value_t = 1, value_name = "N")]
    pub systems: u64,
    /// Years of operation
    #[arg(long, default_value_t = 3.0, value_name = "N")]
    pub years: f64,
    /// Updates of the weights per year; builds follow each other from the start
    #[arg(long, default_value_t = 1.0, value_name = "N")]
    pub respins_per_year: f64,
    /// Yield model; that of the economics file unless given
    #[arg(long = "yield", value_name = "MODEL",
          value_parser = ["poisson", "murphy", "seeds", "negative-binomial", "bose-einstein"])]
    pub yield_model: Option<String>,
    /// Prices and rules: preset name or path of a TOML file
    #[arg(long, default_value = "hnlpu", value_name = "ECONOMICS")]
    pub economics: String,
    /// Samples of a Monte Carlo; percentiles and a tornado instead of both ends
    #[arg(long, value_name = "N")]
    pub monte_carlo: Option<usize>,
    /// Seed of the Monte Carlo
    #[arg(long, default_value_t = 1)]
    pub seed: u64,
    /// Compare with another machine: h100, b200, wse-3, ..., or the path of a TOML file; may be repeated
    #[arg(long, value_name = "MACHINE")]
    pub against: Vec<String>,
    /// Use values that are unconfirmed, and mark them
    #[arg(long)]
    pub allow_unconfirmed: bool,
    /// Override a value of the design or the economics, e.g. --set wafer.usd=15000..18000; may be repeated
    #[arg(long = "set", value_name = "PATH=VALUE")]
    pub set: Vec<String>,
    /// How to write the result
    #[arg(long, value_enum, default_value_t = Format::Table)]
    pub format: Format,
}

/// Arguments of `hardwire designs`.
#[derive(Debug, Args)]
#[command(arg_required_else_help = true)]
pub struct Designs {
    /// What to do.
    #[command(subcommand)]
    pub action: DesignsAction,
}

/// Actions of `hardwire designs`.
#[derive(Debug, Subcommand)]
pub enum DesignsAction {
    /// List the presets
    #[command(after_help = "Example:\n  hardwire designs list")]
    List {
        /// How to write the result
        #[arg(long, value_enum, default_value_t = Format::Table)]
        format: Format,
    },
    /// Show every value of a design, process node or model with where it comes from
    #[command(
        after_help = "Examples:\n  hardwire designs show hnlpu\n  hardwire designs show n5\n  hardwire designs show economics:hnlpu\n  hardwire designs show masks:n5\n  hardwire designs show against:h100\n  hardwire designs show path/to/config.json --format json"
    )]
    Show {
        /// Preset name, or path of a design (.toml) or model (.json); after `economics:`, `masks:` or `against:` one of those
        name: String,
        /// Override a value of a design
        #[arg(long = "set", value_name = "PATH=VALUE")]
        set: Vec<String>,
        /// How to write the result
        #[arg(long, value_enum, default_value_t = Format::Table)]
        format: Format,
    },
    /// Check a design or model file and report all problems at once
    #[command(after_help = "Example:\n  hardwire designs check my-machine.toml")]
    Check {
        /// Preset name, or path of a design (.toml) or model (.json); after `economics:`, `masks:` or `against:` one of those
        name: String,
        /// Override a value of a design
        #[arg(long = "set", value_name = "PATH=VALUE")]
        set: Vec<String>,
        /// How to write the result
        #[arg(long, value_enum, default_value_t = Format::Table)]
        format: Format,
    },
}

/// Arguments of `hardwire fabric`.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  hardwire fabric
  hardwire fabric --rows 8 --columns 8 --loads 0.1,0.5,0.9 --format json")]
pub struct Fabric {
    /// Rows of routers
    #[arg(long, default_value_t = 4)]
    pub rows: u32,
    /// Columns of routers
    #[arg(long, default_value_t = 4)]
    pub columns: u32,
    /// Offered loads, flits per node and cycle, separated by commas
    #[arg(long, value_delimiter = ',', allow_negative_numbers = true, default_values_t = [0.05, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.85])]
    pub loads: Vec<f64>,
    /// Cycles measured at each load, after a fifth as many to warm up
    #[arg(long, default_value_t = 50_000)]
    pub cycles: u64,
    /// Seed of the traffic
    #[arg(long, default_value_t = 1)]
    pub seed: u64,
    /// How to write the result
    #[arg(long, value_enum, default_value_t = Format::Table)]
    pub format: Format,
}
