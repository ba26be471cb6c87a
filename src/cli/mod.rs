//! Definition of the command line.

mod caches;
pub mod compare;
mod dataset;
mod designs;
mod energy;
mod estimate;
mod fabric;
mod install;
pub mod ir;
mod label;
pub mod learning;
mod memory;
pub mod optimize;
pub mod predict;
pub mod report;
mod reproduce;
mod shared;
mod simulate;
pub mod sweep;
pub mod workload;

use clap::{Parser, Subcommand};

use shared::named;

pub use caches::Caches;
pub use dataset::{
    Dataset, DatasetAction, DatasetBuild, DatasetCompareParsers, DatasetExtend, DatasetJoin, DatasetKernels,
    DatasetLabel, DatasetMemory, DatasetShow, DatasetVerify,
};
pub use designs::{Designs, DesignsAction, ShowFormat};
pub use energy::Energy;
pub use estimate::Estimate;
pub use fabric::Fabric;
pub use install::{Completions, Man};
pub use label::Label;
pub use memory::Memory;
pub use reproduce::Reproduce;
pub use shared::{Colour, Format, TableFormat};
pub use simulate::Simulate;

/// Simulate and price hardwired-weight language processing units.
#[derive(Debug, Parser)]
#[command(name = "hardwire", version, propagate_version = true, arg_required_else_help = true)]
pub struct Arguments {
    /// Colour of messages and verdicts [default: auto: on a terminal, unless NO_COLOR is set]
    #[arg(long, global = true, value_name = "WHEN", value_parser = named::<Colour>(), hide_possible_values = true)]
    pub color: Option<Colour>,
    /// Do not fit tables to the width of the terminal
    #[arg(long, global = true)]
    pub wide: bool,
    /// The command to run.
    #[command(subcommand)]
    pub command: Command,
}

/// The commands.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Simulate a model on a design: throughput, latency, breakdown of time and energy
    Simulate(Simulate),
    /// Compare simulated figures of a published machine with its published figures
    Reproduce(Reproduce),
    /// Price a design: area, masks, dies, build, total cost of ownership and carbon
    Estimate(Box<Estimate>),
    /// Power and energy by block, load, clock and node: from structure, and calibrated
    Energy(Energy),
    /// Compare designs: speed at equal interactivity, energy, cost, published serving figures
    Compare(compare::Compare),
    /// Write a report of all results as HTML, Markdown and JSON, with the source of every number
    Report(report::Report),
    /// List, show, check and start designs, process nodes and models
    Designs(Designs),
    /// Explore a design space described by a file: Pareto frontier, sensitivities, plots
    Sweep(Box<sweep::Sweep>),
    /// Simulate the row/column fabric at flit level: latency against load
    Fabric(Fabric),
    /// Simulate stacked DRAM cycle by cycle: bandwidth and latency against load
    Memory(Memory),
    /// Simulate the caches under the loads and stores of MLIR functions: misses, write-backs, bytes, cycles
    Caches(caches::Caches),
    /// Label the GPU kernels of MLIR functions: registers, spills, occupancy, work, roofline (needs the feature `mlir`)
    Label(Label),
    /// Build, label, show and verify the corpus of MLIR functions
    Dataset(Dataset),
    /// Write model layers as MLIR, or run MLIR functions on the simulated machine
    Workload(workload::Workload),
    /// Parse, print, tokenize, draw and analyse MLIR text
    Ir(ir::Ir),
    /// Train the learned cost model on the corpus
    Train(learning::Train),
    /// Measure the learned cost model and its baselines on held-out data
    Evaluate(learning::Evaluate),
    /// Predict the cost of MLIR functions: registers, spills, instructions, cycles
    Predict(predict::Predict),
    /// Show how much each operation adds to a prediction
    Explain(predict::Explain),
    /// Transform affine loop nests of MLIR functions by predicted cost (needs the feature `mlir`)
    Optimize(Box<optimize::Optimize>),
    /// Answer prediction requests on a Unix socket or standard input, as JSON lines
    Serve(predict::Serve),
    /// Adapt the cost model to another processor or design with a few dozen labelled functions
    Calibrate(predict::Calibrate),
    /// Print the completions of a shell
    Completions(Completions),
    /// Write the manual pages
    Man(Man),
}
