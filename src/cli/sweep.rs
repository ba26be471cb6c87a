//! Arguments of `hardwire sweep`.

use clap::{Args, Subcommand};

use super::shared::{Format, named};

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

A sweep that was interrupted goes on where it stopped when the same command is given again."
)]
pub struct Sweep {
    /// Instead of a sweep: merge shards, or list what can be varied and computed.
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
    /// Folder for the results; it is created, and resumed where it holds this sweep
    #[arg(long, value_name = "DIR", required = true)]
    pub out: Option<String>,
    /// Compute only the points of one shard: I of N, I from 0
    #[arg(long, value_name = "I/N")]
    pub shard: Option<String>,
    /// Discard results in the folder and start anew
    #[arg(long)]
    pub fresh: bool,
    /// Say what would be computed, and stop
    #[arg(long)]
    pub dry_run: bool,
    /// How it runs and what is written.
    #[command(flatten)]
    pub common: Common,
}

/// What all runs share.
#[derive(Debug, Args)]
pub struct Common {
    /// Threads; all cores unless given
    #[arg(long, value_name = "N")]
    pub threads: Option<usize>,
    /// Write no plots
    #[arg(long)]
    pub no_plots: bool,
    /// How to write the summary
    #[arg(long, value_parser = named::<Format>(), default_value_t = Format::Table)]
    pub format: Format,
}

/// Actions of `hardwire sweep`.
#[derive(Debug, Subcommand)]
pub enum SweepAction {
    /// Merge the results of all shards into those of the whole sweep
    #[command(after_help = "Example:\n  hardwire sweep merge my.toml part-0 part-1 part-2 --out results")]
    Merge {
        /// Sweep file (TOML)
        file: String,
        /// Folders of the shards
        #[arg(required = true, value_name = "SHARD")]
        shards: Vec<String>,
        /// Folder for the results
        #[arg(long, value_name = "DIR")]
        out: String,
        /// How it runs and what is written.
        #[command(flatten)]
        common: Common,
    },
    /// List the fields that can be varied and the results that can be asked for
    #[command(after_help = "Examples:\n  hardwire sweep names\n  hardwire sweep names hbm")]
    Names {
        /// Only names that contain this text
        filter: Option<String>,
        /// How to write the list
        #[arg(long, value_parser = named::<Format>(), default_value_t = Format::Table)]
        format: Format,
    },
}
