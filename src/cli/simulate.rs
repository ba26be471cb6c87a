//! Arguments of `hardwire simulate`.

use std::path::PathBuf;

use clap::Args;
use sim::economics::area::WeightFormat;
use sim::settle::AreaSource;
use sim::timeline::MAX_SPANS;
use sim::{Discipline, Effect, Fidelity, Phase};

use study::simulation::{Contexts, RoutingSource};

use super::shared::{Format, named};

names::named! {
    /// Values of the design's `mapping.sliding_windows`.
    pub enum Windows {
        /// Sliding windows of the model limit attention and the KV cache.
        Honoured = "honoured",
        /// Every layer attends to the whole context.
        Ignored = "ignored",
    }
}

/// Arguments of `hardwire simulate`.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  hardwire simulate hnlpu
  hardwire simulate hnlpu --discipline serial --context 65536 --format json
  hardwire simulate hnlpu --model path/to/config.json --sequences 64 --explain
  hardwire simulate hnlpu --sequences 64 --precision 0.5%
  hardwire simulate hnlpu --routing zipf:1.2 --context 1024,2048,16384
  hardwire simulate hnlpu --set mapping.collective=two-phase --set hbm.stack_bandwidth=130GB/s
  hardwire simulate hnlpu --fidelity cycle --causes
  hardwire simulate hnlpu --fidelity cycle --layers 6
  hardwire simulate hnlpu --sequences 8 --trace run.json")]
pub struct Simulate {
    /// Preset name or path of a design file (TOML)
    pub design: String,
    /// Preset name or path of a Hugging Face config.json [default: the design's model]
    #[arg(long, value_name = "MODEL")]
    pub model: Option<String>,
    /// Process node: preset name or path [default: the design's node]
    #[arg(long, value_name = "NODE")]
    pub node: Option<String>,
    /// Number format of the hardwired weights
    #[arg(long, default_value_t = WeightFormat::Fp4, value_name = "FORMAT", value_parser = named::<WeightFormat>())]
    pub weights: WeightFormat,
    /// Source of the block areas
    #[arg(long, default_value_t = AreaSource::Design, value_name = "SOURCE", value_parser = named::<AreaSource>())]
    pub area: AreaSource,
    /// Context length of every sequence (decode) or length of the prompt (prefill), in tokens, e.g. 8192 or 8K; sequences of different lengths
    /// as a list like 1024,4096, which they take in turn, or as @FILE with one or more lengths
    #[arg(long, default_value = "2048", value_name = "TOKENS", allow_negative_numbers = true)]
    pub context: Contexts,
    /// Sequences (decode) or prompt tokens (prefill) in flight [default: stages x layers, which fills the pipeline]
    #[arg(long, value_name = "N", allow_negative_numbers = true)]
    pub sequences: Option<u64>,
    /// Phase of inference
    #[arg(long, value_parser = named::<Phase>(), default_value_t = Phase::Decode)]
    pub phase: Phase,
    /// Scheduling discipline
    #[arg(long, value_parser = named::<Discipline>(), default_value_t = Discipline::Dataflow)]
    pub discipline: Discipline,
    /// How much of the machine is simulated
    #[arg(long, value_parser = named::<Fidelity>(), default_value_t = Fidelity::Event)]
    pub fidelity: Fidelity,
    /// What fidelity cycle simulates in its own cycles, e.g. flits,credits; the rest is as in fidelity event [default: all]
    #[arg(long, value_parser = named::<Effect>(), value_delimiter = ',', value_name = "EFFECT")]
    pub effects: Vec<Effect>,
    /// Also add the effects one after the other to fidelity event: what each changes (fidelity cycle)
    #[arg(long)]
    pub causes: bool,
    /// Measure rates of links, HBM and attention buffer in cycles, and use them in fidelity event or analytic
    #[arg(long)]
    pub measured: bool,
    /// Simulate the first N layers only, with their share of sequences and buffer, and extrapolate to the whole machine
    #[arg(long, value_name = "N")]
    pub layers: Option<usize>,
    /// Allow a context longer than the model's maximum
    #[arg(long)]
    pub allow_beyond_model_context: bool,
    /// Honour or ignore the model's sliding windows [default: the design's setting]
    #[arg(long, value_parser = named::<Windows>())]
    pub sliding_windows: Option<Windows>,
    /// How often routers choose each expert: uniform, zipf:S with an exponent, or @FILE with counts (a row for all layers or for
    /// each layer with experts; CSV or JSON)
    #[arg(long, default_value = "uniform", value_name = "ROUTING")]
    pub routing: RoutingSource,
    /// Seed of the random choice of experts
    #[arg(long, default_value_t = 1)]
    pub seed: u64,
    /// Measure until the 95 % interval of throughput is +- this share of it, e.g. 1% (decode, dataflow, events)
    #[arg(long, value_name = "PERCENT", value_parser = percent)]
    pub precision: Option<f64>,
    /// Most tokens that a run may take to reach the precision [default: 32 rounds of at least 100 tokens and all sequences]
    #[arg(long, value_name = "N", requires = "precision")]
    pub max_tokens: Option<u64>,
    /// Measure this many tokens after the first round of all sequences, instead of as many as are steady (decode, dataflow, events or
    /// cycles)
    #[arg(long, value_name = "TOKENS", conflicts_with = "precision", value_parser = clap::value_parser!(u64).range(1..=1_000_000))]
    pub window: Option<u64>,
    /// Override a value of the design, e.g. --set chip.clock=1.2GHz; can be repeated
    #[arg(long = "set", value_name = "PATH=VALUE")]
    pub set: Vec<String>,
    /// Also print the mapping: rules and operations
    #[arg(long)]
    pub explain: bool,
    /// Also write a timeline of the run in Chrome's trace event format, for ui.perfetto.dev
    #[arg(long, value_name = "FILE")]
    pub trace: Option<PathBuf>,
    /// Keep the state of the run in this file, and go on from it if it is there; removed when the run ends (decode under dataflow,
    /// events or cycles)
    #[arg(long, value_name = "FILE")]
    pub checkpoint: Option<PathBuf>,
    /// Seconds between two writes of the checkpoint
    #[arg(long, default_value_t = 20, value_name = "SECONDS", requires = "checkpoint")]
    pub checkpoint_every: u64,
    /// Tokens that finish within the timeline
    #[arg(long, default_value_t = 4, value_name = "N", value_parser = clap::value_parser!(u64).range(1..=1_000_000))]
    pub trace_tokens: u64,
    /// Spans at which the timeline ends early, about 240 bytes each
    #[arg(long, default_value_t = 200_000, value_name = "N", value_parser = clap::value_parser!(u64).range(1..=MAX_SPANS))]
    pub trace_spans: u64,
    /// Output format
    #[arg(long, value_parser = named::<Format>(), default_value_t = Format::Table)]
    pub format: Format,
}

/// Parses a percentage like `1%` as a share.
fn percent(text: &str) -> Result<f64, String> {
    let number = text.strip_suffix('%').ok_or("a percentage ends in %, e.g. 1%")?;
    let percent: f64 = number.trim().parse().map_err(|_| format!("{number:?} is not a number"))?;
    if percent > 0.0 && percent < 100.0 { Ok(percent / 100.0) } else { Err("above 0% and below 100%".to_owned()) }
}
