//! `hardwire ir`: MLIR text, its words, its graph, its analyses.

mod graph;
mod parse;
pub mod source;
mod stats;
mod tokens;

use std::process::ExitCode;

use crate::cli::ir::{Ir, IrCommand};
use crate::diagnostics::Failure;
use crate::output;
use source::Source;

/// Runs the command.
pub fn run(arguments: &Ir) -> Result<ExitCode, Failure> {
    match &arguments.command {
        IrCommand::Parse(arguments) => parse::run(arguments),
        IrCommand::Print(arguments) => {
            let source = Source::read(&arguments.file)?;
            let tree = source.tree()?;
            output::raw(&ir::print(&source.text, &tree))?;
            Ok(ExitCode::SUCCESS)
        }
        IrCommand::Tokens(arguments) => tokens::run(arguments),
        IrCommand::Vocabulary(arguments) => tokens::vocabulary(arguments),
        IrCommand::Graph(arguments) => graph::run(arguments),
        IrCommand::Stats(arguments) => stats::run(arguments),
    }
}
