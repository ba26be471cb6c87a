//! Arguments of `hardwire sweep`.

use clap::{Args, Subcommand};

use super::shared::{TableFormat, named};

/// Arguments of `hardwire sweep`.
#[derive(Debug, Args)]
#[command(
    args_conflicts_with_subcommands = true,
    subcommand_negates_reqs = true,
    arg_required_else_help = true,
    after_help = "Examples:
  hardwire sweep designs/sweeps/links.toml --out results
  hardwire sweep my.toml --out part-3 --shard 3/16 --threads 8
  hardwire sweep merge my.toml part-0 part-1 --out results
  hardwire sweep names link
  hardwire sweep diff before after

To resume an interrupted sweep, run the same command again."
)]
pub struct Sweep {
    /// Merge shards, compare sweeps or list names, instead of a sweep.
    #[command(subcommand)]
    pub action: Option<SweepAction>,
    /// The sweep to run.
    #[command(flatten)]
    pub run: Run,
}

/// Arguments of a run.
#[derive(Debug, Args)]
pub struct Run {
    /// Sweep file (TOML)
    #[arg(required = true)]
    pub file: Option<String>,
    /// Output folder; an unfinished run of the same sweep in it is resumed
    #[arg(long, value_name = "DIR", required = true)]
    pub out: Option<String>,
    /// Compute only shard I of N; I counts from 0
    #[arg(long, value_name = "I/N")]
    pub shard: Option<String>,
    /// Discard earlier results in the folder
    #[arg(long)]
    pub fresh: bool,
    /// Print what would be computed, and stop
    #[arg(long)]
    pub dry_run: bool,
    /// Options of runs and merges.
    #[command(flatten)]
    pub common: Common,
}

/// Options of runs and merges.
#[derive(Debug, Args)]
pub struct Common {
    /// Number of threads [default: the number of cores]
    #[arg(long, value_name = "N")]
    pub threads: Option<usize>,
    /// Do not write plots
    #[arg(long)]
    pub no_plots: bool,
    /// Output format of the summary; CSV is the frontier, one line a point
    #[arg(long, value_parser = named::<TableFormat>(), default_value_t = TableFormat::Table)]
    pub format: TableFormat,
}

/// Actions of `hardwire sweep`.
#[derive(Debug, Subcommand)]
pub enum SweepAction {
    /// Merge the results of all shards
    #[command(after_help = "Example:\n  hardwire sweep merge my.toml part-0 part-1 part-2 --out results")]
    Merge {
        /// Sweep file (TOML)
        file: String,
        /// Folders of the shards
        #[arg(required = true, value_name = "SHARD")]
        shards: Vec<String>,
        /// Output folder
        #[arg(long, value_name = "DIR")]
        out: String,
        /// Options of runs and merges.
        #[command(flatten)]
        common: Common,
    },
    /// Compare two finished sweeps: which inputs differ, and which results by how much; exit code 1 where something differs
    #[command(after_help = "Example:\n  hardwire sweep diff before after")]
    Diff {
        /// Output folder of the first sweep
        #[arg(value_name = "BEFORE")]
        before: String,
        /// Output folder of the second sweep
        #[arg(value_name = "AFTER")]
        after: String,
        /// Output format
        #[arg(long, value_parser = named::<TableFormat>(), default_value_t = TableFormat::Table)]
        format: TableFormat,
    },
    /// List the fields that can vary and the metrics that can be computed
    #[command(after_help = "Examples:\n  hardwire sweep names\n  hardwire sweep names hbm")]
    Names {
        /// List only names that contain this text
        filter: Option<String>,
        /// Output format of the list
        #[arg(long, value_parser = named::<TableFormat>(), default_value_t = TableFormat::Table)]
        format: TableFormat,
    },
}
