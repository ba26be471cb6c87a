//! Arguments of `hardwire memory`.

use std::str::FromStr;

use clap::Args;
use designs::{AddressOrder, PagePolicy};
use sim::dram::Pattern;

use super::shared::{TableFormat, named};

/// Arguments of `hardwire memory`.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  hardwire memory
  hardwire memory --kind hbm2e --stream random --reads 0.67 --loads 0.1,0.5,1
  hardwire memory --stream strided:4096 --mapping row-bank-column-group-channel-xor --format json
  hardwire memory --stacks 8 --page closed --set timing.t_faw=32 --set controller.read_queue=64")]
pub struct Memory {
    /// Preset name (hardwire designs list) or path of a memory file (TOML)
    #[arg(long, default_value = "hbm3", value_name = "MEMORY")]
    pub kind: String,
    /// Stacks of the device
    #[arg(long, default_value_t = 1, value_name = "N")]
    pub stacks: u32,
    /// Addresses: sequential, strided:BYTES or random
    #[arg(long, default_value = "sequential", value_name = "STREAM")]
    pub stream: StreamName,
    /// Share of reads, 0 to 1
    #[arg(long, default_value_t = 1.0, value_name = "SHARE", allow_negative_numbers = true)]
    pub reads: f64,
    /// Bursts of each run; a short one sees no refresh
    #[arg(long, default_value_t = 400_000, value_name = "N")]
    pub requests: u64,
    /// Offered loads as shares of the peak bandwidth, separated by commas
    #[arg(long, value_delimiter = ',', allow_negative_numbers = true, default_values_t = [0.1, 0.3, 0.5, 0.7, 0.8, 0.9, 1.0])]
    pub loads: Vec<f64>,
    /// When rows are closed [default: that of the memory]
    #[arg(long, value_parser = named::<PagePolicy>())]
    pub page: Option<PagePolicy>,
    /// Digits of an address, the most significant first [default: that of the memory]
    #[arg(long, value_parser = named::<AddressOrder>())]
    pub mapping: Option<AddressOrder>,
    /// Change a value of the memory, e.g. timing.t_faw=32; may be given several times
    #[arg(long, value_name = "PATH=VALUE")]
    pub set: Vec<String>,
    /// Seed of arrivals, directions and random addresses
    #[arg(long, default_value_t = 1)]
    pub seed: u64,
    /// Output format; CSV has a line for each load
    #[arg(long, value_parser = named::<TableFormat>(), default_value_t = TableFormat::Table)]
    pub format: TableFormat,
}

/// A stream as written.
#[derive(Debug, Clone)]
pub struct StreamName {
    /// The text.
    pub text: String,
    /// Its addresses.
    pub pattern: Pattern,
}

impl FromStr for StreamName {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let pattern = match text.split_once(':') {
            None if text == "sequential" => Pattern::Sequential,
            None if text == "random" => Pattern::Random,
            Some(("strided", bytes)) => {
                Pattern::Strided(bytes.parse().map_err(|error| format!("{error}; write e.g. strided:4096"))?)
            }
            _ => return Err("write sequential, strided:BYTES or random".to_owned()),
        };
        Ok(Self { text: text.to_owned(), pattern })
    }
}
