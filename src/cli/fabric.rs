//! Arguments of `hardwire fabric`.

use clap::Args;

use super::shared::{TableFormat, named};

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
    /// Offered loads in flits per node and cycle, separated by commas
    #[arg(long, value_delimiter = ',', allow_negative_numbers = true, default_values_t = [0.05, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.85])]
    pub loads: Vec<f64>,
    /// Cycles measured at each load, after a warm-up of a fifth of them
    #[arg(long, default_value_t = 50_000)]
    pub cycles: u64,
    /// Seed of the random traffic
    #[arg(long, default_value_t = 1)]
    pub seed: u64,
    /// Output format
    #[arg(long, value_parser = named::<TableFormat>(), default_value_t = TableFormat::Table)]
    pub format: TableFormat,
}
