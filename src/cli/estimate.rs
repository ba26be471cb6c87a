//! Arguments of `hardwire estimate`.

use clap::Args;
use designs::YieldModel;
use sim::Discipline;
use sim::economics::area::WeightFormat;
use sim::settle::AreaSource;

use super::shared::{TableFormat, named};

/// Arguments of `hardwire estimate`.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  hardwire estimate hnlpu
  hardwire estimate hnlpu --discipline serial --systems 50 --against h100
  hardwire estimate hnlpu --model qwq-32b --weights bf16 --format json
  hardwire estimate hnlpu --embedding two-metal --set dies.whole_wafers=true
  hardwire estimate hnlpu --economics wide --monte-carlo 100000 --seed 7
  hardwire estimate hnlpu --set masks.set_usd=20e6..25e6 --set facility.pue=1.2

Every value has an optimistic and a pessimistic end or, with --monte-carlo, a 10th, 50th and 90th percentile.")]
pub struct Estimate {
    /// Preset name or path of a design file (TOML)
    pub design: String,
    /// Preset name or path of a Hugging Face config.json [default: the design's model]
    #[arg(long, value_name = "MODEL")]
    pub model: Option<String>,
    /// Process node: preset name or path [default: the design's node]
    #[arg(long, value_name = "NODE")]
    pub node: Option<String>,
    /// Mask stack: preset name or path [default: the stack with the name of the node]
    #[arg(long, value_name = "STACK")]
    pub mask_stack: Option<String>,
    /// Metal and via layers that encode the weights: published, one-via, two-metal, all, or a list, e.g. m8-m11 or via8,m9
    #[arg(long, default_value = "published", value_name = "LAYERS")]
    pub embedding: String,
    /// Source of the block areas
    #[arg(long, default_value_t = AreaSource::Design, value_name = "SOURCE", value_parser = named::<AreaSource>())]
    pub area: AreaSource,
    /// Number format of the hardwired weights
    #[arg(long, default_value_t = WeightFormat::Fp4, value_name = "FORMAT", value_parser = named::<WeightFormat>())]
    pub weights: WeightFormat,
    /// Number of systems built
    #[arg(long, default_value_t = 1, value_name = "N")]
    pub systems: u64,
    /// Years of operation
    #[arg(long, default_value_t = 3.0, value_name = "N")]
    pub years: f64,
    /// Weight updates (re-spins of the weight masks) per year
    #[arg(long, default_value_t = 1.0, value_name = "N")]
    pub respins_per_year: f64,
    /// Yield model [default: that of the economics file]
    #[arg(long = "yield", value_name = "MODEL", value_parser = named::<YieldModel>())]
    pub yield_model: Option<YieldModel>,
    /// Accounting of time for throughput and power; serial is the publication's
    #[arg(long, default_value_t = Discipline::Dataflow, value_name = "DISCIPLINE", value_parser = named::<Discipline>())]
    pub discipline: Discipline,
    /// Prices and cost rules: preset name or path of a TOML file [default: hnlpu; published under --discipline serial]
    #[arg(long, value_name = "ECONOMICS")]
    pub economics: Option<String>,
    /// Number of Monte Carlo samples; prints percentiles and a tornado chart instead of both ends of each range
    #[arg(long, value_name = "N")]
    pub monte_carlo: Option<usize>,
    /// Seed of the Monte Carlo samples
    #[arg(long, default_value_t = 1)]
    pub seed: u64,
    /// Compare with another machine: h100, b200, wse-3, ..., or the path of a TOML file; can be repeated
    #[arg(long, value_name = "MACHINE")]
    pub against: Vec<String>,
    /// Use unconfirmed values, and mark them in the output
    #[arg(long)]
    pub allow_unconfirmed: bool,
    /// Override a value of the design or the economics, e.g. --set wafer.usd=15000..18000; can be repeated
    #[arg(long = "set", value_name = "PATH=VALUE")]
    pub set: Vec<String>,
    /// Output format
    #[arg(long, value_parser = named::<TableFormat>(), default_value_t = TableFormat::Table)]
    pub format: TableFormat,
}
