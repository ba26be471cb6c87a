//! Arguments of `hardwire compare`.

use clap::Args;

use sim::Discipline;

use super::shared::{Format, named};

/// Arguments of `hardwire compare`.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  hardwire compare hnlpu h100 b200 wse-3 taalas-hc1
  hardwire compare hnlpu b200 --per-user 200 --systems 50 --metric output_tokens_per_s --metric equal_tco_usd
  hardwire compare my-machine.toml hnlpu against:my-gpu.toml --model gpt-oss-120b --format json

Designs are presets (hardwire designs list), paths of design files, or against:PATH for files of other machines. Speeds of
other machines are roofline bounds, scaled by the share of them that published serving figures attain.")]
pub struct Compare {
    /// Designs side by side; the others are made equal to the first hardwired one
    #[arg(required = true, value_name = "DESIGN")]
    pub designs: Vec<String>,
    /// Model that all carry: preset or path of a config.json; that of the hardwired designs unless given
    #[arg(long, value_name = "MODEL")]
    pub model: Option<String>,
    /// Rows to print, by key; all unless given; may be repeated
    #[arg(long, value_name = "METRIC")]
    pub metric: Vec<String>,
    /// The terms.
    #[command(flatten)]
    pub terms: Terms,
    /// How to write the result
    #[arg(long, value_parser = named::<Format>(), default_value_t = Format::Table)]
    pub format: Format,
}

/// On what terms designs are compared.
#[derive(Debug, Args)]
pub struct Terms {
    /// Output tokens per second that every user gets at least
    #[arg(long, default_value_t = 100.0, value_name = "TOKENS/S", allow_negative_numbers = true)]
    pub per_user: f64,
    /// Tokens of a prompt
    #[arg(long, default_value_t = 1024, value_name = "TOKENS")]
    pub input: u32,
    /// Tokens generated for it
    #[arg(long, default_value_t = 1024, value_name = "TOKENS")]
    pub output: u32,
    /// Systems of the first hardwired design that the others are made equal to
    #[arg(long, default_value_t = 1, value_name = "N")]
    pub systems: u64,
    /// How time of hardwired designs is accounted
    #[arg(long, value_parser = named::<Discipline>(), default_value_t = Discipline::Serial)]
    pub discipline: Discipline,
}
