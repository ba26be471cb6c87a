//! Arguments of `hardwire caches`.

use clap::Args;
use ir::analysis::Assumption;

use super::shared::{Format, named};

/// Arguments of `hardwire caches`.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  hardwire caches kernel.mlir
  hardwire caches kernel.mlir --target skylake-avx512 --explain
  hardwire caches kernel.mlir --hierarchy my-machine.toml --format json
  hardwire caches kernel.mlir --assume trip=%n:1024 --assume shape=?:512

Walks the loads and stores of each function through simulated caches that are empty at first. Lines are of 64 bytes. A function
whose accesses are not known has no figures but a reason, with place; --assume states what the text leaves open. Beyond 20 million
touches of lines one eighth of the sets is simulated, beyond 200 million the first iterations of the outermost loop, where that
is sound; --exact follows every access however long that takes. docs/caches.md has the definitions.")]
pub struct Caches {
    /// MLIR files, or `-` for standard input
    #[arg(required = true, value_name = "FILE")]
    pub files: Vec<String>,
    /// Processor, by its LLVM name; can be repeated [default: all]
    #[arg(long = "target", value_name = "TARGET", conflicts_with = "hierarchy")]
    pub targets: Vec<String>,
    /// Caches of another machine, as TOML
    #[arg(long, value_name = "FILE")]
    pub hierarchy: Option<String>,
    /// Name of the function [default: all]
    #[arg(long)]
    pub function: Option<String>,
    /// State what the text leaves open, e.g. trip=%n:1024 or shape=%a.0:512; can be repeated
    #[arg(long, value_name = "ASSUMPTION")]
    pub assume: Vec<Assumption>,
    /// Follow every access
    #[arg(long)]
    pub exact: bool,
    /// List every load and store with its misses
    #[arg(long)]
    pub explain: bool,
    /// Output format
    #[arg(long, value_parser = named::<Format>(), default_value_t = Format::Table)]
    pub format: Format,
}
