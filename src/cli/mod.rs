//! The command line as typed.

pub mod compare;
mod dataset;
mod designs;
mod estimate;
mod fabric;
pub mod ir;
pub mod learning;
pub mod predict;
pub mod report;
mod reproduce;
mod shared;
mod simulate;
pub mod sweep;
pub mod workload;

use clap::{Parser, Subcommand};

pub use dataset::{
    Dataset, DatasetAction, DatasetBuild, DatasetCompareParsers, DatasetLabel, DatasetShow, DatasetVerify,
};
pub use designs::{Designs, DesignsAction};
pub use estimate::{AreaSource, Estimate};
pub use fabric::Fabric;
pub use reproduce::Reproduce;
pub use shared::Format;
pub use simulate::Simulate;

/// Simulate and price hardwired-weight language processing units.
#[derive(Debug, Parser)]
#[command(name = "hardwire", version, propagate_version = true, arg_required_else_help = true)]
pub struct Arguments {
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
}

/// The commands.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Simulate a model on a design: throughput, latency, where time and energy go
    Simulate(Simulate),
    /// Compare the model of a published machine with its published figures, one by one
    Reproduce(Reproduce),
    /// Price a design: area, masks, dies, build, total cost of ownership and carbon
    Estimate(Box<Estimate>),
    /// Set designs side by side: speed at equal interactivity, energy, cost, against published serving figures
    Compare(compare::Compare),
    /// One page to decide by: comparison, reproduction, cost, every number with its source
    Report(report::Report),
    /// List, show and check designs, process nodes and models
    Designs(Designs),
    /// Explore a design space from a file: frontier, sensitivities, plots
    Sweep(Box<sweep::Sweep>),
    /// Latency against load of the routed row/column fabric, flit by flit
    Fabric(Fabric),
    /// The corpus of MLIR text with labels: build, label, show, verify
    Dataset(Dataset),
    /// Model layers as MLIR, and MLIR on the simulated machine
    Workload(workload::Workload),
    /// MLIR text: check, print, words, graph, what it does
    Ir(ir::Ir),
    /// Train the learned cost model on the corpus
    Train(learning::Train),
    /// Measure the learned cost model and what it has to beat, on what was held back
    Evaluate(learning::Evaluate),
    /// What functions cost, from their text alone: registers, spills, instructions, cycles, the simulated machine
    Predict(predict::Predict),
    /// Which operations drive a prediction
    Explain(predict::Explain),
    /// Answer predictions on a Unix socket or standard input, JSON lines
    Serve(predict::Serve),
    /// Adapt the cost model to another processor or design from a few dozen labelled functions
    Calibrate(predict::Calibrate),
}
