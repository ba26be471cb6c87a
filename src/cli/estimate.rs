//! Arguments of `hardwire estimate`.

use clap::Args;
use designs::YieldModel;
use sim::economics::area::WeightFormat;

use super::shared::{Format, named};

names::named! {
    /// Source of the areas that are priced.
    pub enum AreaSource {
        /// Areas of the design file.
        Design = "design",
        /// Areas computed from bits, cells, references and the weight format.
        Structure = "structure",
    }
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
    #[arg(long, default_value_t = AreaSource::Design, value_name = "SOURCE", value_parser = named::<AreaSource>())]
    pub area: AreaSource,
    /// Format of the weights: ternary, int3, int4, fp4, mxfp4, int6, fp8, bf16
    #[arg(long, default_value_t = WeightFormat::Fp4, value_name = "FORMAT", value_parser = named::<WeightFormat>())]
    pub weights: WeightFormat,
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
    #[arg(long = "yield", value_name = "MODEL", value_parser = named::<YieldModel>())]
    pub yield_model: Option<YieldModel>,
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
    #[arg(long, value_parser = named::<Format>(), default_value_t = Format::Table)]
    pub format: Format,
}
