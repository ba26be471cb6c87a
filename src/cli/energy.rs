//! Arguments of `hardwire energy`.

use std::str::FromStr;

use clap::Args;
use sim::Discipline;
use study::energy::Load;

use super::shared::{TableFormat, named};

/// Arguments of `hardwire energy`.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  hardwire energy hnlpu
  hardwire energy hnlpu --discipline serial --sequences full --constants
  hardwire energy hnlpu --sequences idle,1,16,216 --clocks 0.5GHz,1GHz,1.4GHz --nodes n7,n5,n3
  hardwire energy hnlpu --set chip.voltage=0.8V --set chip.temperature_c=105 --format json

A clock has the least voltage that it needs on its node unless chip.voltage is set.")]
pub struct Energy {
    /// Preset name or path of a design file (TOML)
    pub design: String,
    /// Preset name or path of a Hugging Face config.json [default: the design's model]
    #[arg(long, value_name = "MODEL")]
    pub model: Option<String>,
    /// Process nodes, preset names or paths, separated by commas [default: the design's node]
    #[arg(long, value_delimiter = ',', value_name = "NODES")]
    pub nodes: Vec<String>,
    /// Clocks, separated by commas, e.g. 0.5GHz,1GHz [default: the design's clock]
    #[arg(long, value_delimiter = ',', value_name = "CLOCKS")]
    pub clocks: Vec<String>,
    /// Loads, separated by commas: numbers of sequences, idle, or full (as many as fill the pipeline)
    #[arg(long, value_delimiter = ',', default_value = "idle,1,full", value_name = "LOADS")]
    pub sequences: Vec<LoadName>,
    /// Context of every sequence, tokens
    #[arg(long, default_value_t = 2048, value_name = "TOKENS")]
    pub context: u64,
    /// Accounting of time; serial is the publication's, and that of its power table
    #[arg(long, default_value_t = Discipline::Dataflow, value_name = "DISCIPLINE", value_parser = named::<Discipline>())]
    pub discipline: Discipline,
    /// List the constants of the power model with ranges and sources
    #[arg(long)]
    pub constants: bool,
    /// Override a value of the design, e.g. --set chip.voltage=0.8V; can be repeated
    #[arg(long = "set", value_name = "PATH=VALUE")]
    pub set: Vec<String>,
    /// Output format; CSV has a line for each operating point
    #[arg(long, value_parser = named::<TableFormat>(), default_value_t = TableFormat::Table)]
    pub format: TableFormat,
}

/// A load as written.
#[derive(Debug, Clone, Copy)]
pub struct LoadName(pub Load);

impl FromStr for LoadName {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text {
            "idle" => Ok(Self(Load::Idle)),
            "full" => Ok(Self(Load::Full)),
            number => match number.parse() {
                Ok(0) => Err("write idle for a machine without sequences".to_owned()),
                Ok(n) => Ok(Self(Load::Sequences(n))),
                Err(_) => Err("write a number of sequences, idle or full".to_owned()),
            },
        }
    }
}
