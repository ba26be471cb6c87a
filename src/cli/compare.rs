//! Arguments of `hardwire compare`.

use clap::Args;

use sim::Discipline;

use super::shared::{TableFormat, named};

/// Arguments of `hardwire compare`.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  hardwire compare hnlpu h100 b200 wse-3 taalas-hc1
  hardwire compare hnlpu b200 --per-user 200 --systems 50 --metric output_tokens_per_s --metric equal_tco_usd
  hardwire compare my-machine.toml hnlpu against:my-gpu.toml --model gpt-oss-120b --format json

A design is a preset (hardwire designs list), the path of a design file, or against:PATH for another machine. Speeds of
other machines are roofline bounds, scaled by the share that published serving figures attain.")]
pub struct Compare {
    /// Designs to compare; the others are scaled to the throughput of the first hardwired one
    #[arg(required = true, value_name = "DESIGN")]
    pub designs: Vec<String>,
    /// Model: preset name or path of a config.json [default: the model of the hardwired designs]
    #[arg(long, value_name = "MODEL")]
    pub model: Option<String>,
    /// Key of a row to print; can be repeated [default: all rows]
    #[arg(long, value_name = "METRIC")]
    pub metric: Vec<String>,
    /// Terms of comparison.
    #[command(flatten)]
    pub terms: Terms,
    /// Output format
    #[arg(long, value_parser = named::<TableFormat>(), default_value_t = TableFormat::Table)]
    pub format: TableFormat,
}

/// Terms of comparison.
#[derive(Debug, Args)]
pub struct Terms {
    /// Least output tokens per second of each user
    #[arg(long, default_value_t = 100.0, value_name = "TOKENS/S", allow_negative_numbers = true)]
    pub per_user: f64,
    /// Prompt length in tokens
    #[arg(long, default_value_t = 1024, value_name = "TOKENS")]
    pub input: u32,
    /// Generated tokens per prompt
    #[arg(long, default_value_t = 1024, value_name = "TOKENS")]
    pub output: u32,
    /// Number of systems of the first hardwired design; the others match their throughput
    #[arg(long, default_value_t = 1, value_name = "N")]
    pub systems: u64,
    /// Scheduling discipline of hardwired designs
    #[arg(long, value_parser = named::<Discipline>(), default_value_t = Discipline::Serial)]
    pub discipline: Discipline,
}
