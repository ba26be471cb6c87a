//! Arguments of `hardwire simulate`.

use clap::Args;
use sim::{Discipline, Fidelity, Phase};

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
    #[arg(long, value_parser = named::<Phase>(), default_value_t = Phase::Decode)]
    pub phase: Phase,
    /// How time is accounted
    #[arg(long, value_parser = named::<Discipline>(), default_value_t = Discipline::Dataflow)]
    pub discipline: Discipline,
    /// Event engine or closed form
    #[arg(long, value_parser = named::<Fidelity>(), default_value_t = Fidelity::Event)]
    pub fidelity: Fidelity,
    /// Simulate contexts beyond the model's maximum
    #[arg(long)]
    pub allow_beyond_model_context: bool,
    /// Whether sliding windows of the model count; the design's choice unless given
    #[arg(long, value_parser = named::<Windows>())]
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
    #[arg(long, value_parser = named::<Format>(), default_value_t = Format::Table)]
    pub format: Format,
}
