//! Arguments of `hardwire reproduce`.

use clap::Args;

use super::shared::{TableFormat, named};

/// Arguments of `hardwire reproduce`.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  hardwire reproduce hnlpu
  hardwire reproduce hnlpu --format json

Exit code 1 if a derived figure is out of tolerance.")]
pub struct Reproduce {
    /// Published machine
    #[arg(value_parser = ["hnlpu"])]
    pub machine: String,
    /// Output format
    #[arg(long, value_parser = named::<TableFormat>(), default_value_t = TableFormat::Table)]
    pub format: TableFormat,
}
