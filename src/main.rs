//! The `hardwire` command: reads input files, calls the libraries, prints results.
//!
//! Results go to standard output, messages to standard error. Exit codes: 0 for success, 1 for a failed check (e.g. a
//! reproduced figure out of tolerance), 2 for an error in the request or its input.

// They panic when the reader of a pipe has gone; `output` and `messages` write without that.
#![deny(clippy::print_stdout, clippy::print_stderr)]

mod checkpoint;
mod cli;
mod commands;
mod cost_model;
mod diagnostics;
mod input;
mod messages;
mod output;
mod progress;
mod version;

use std::process::ExitCode;

use clap::{CommandFactory, FromArgMatches};

use crate::diagnostics::Failure;

/// Parsing allocates many small objects; the system allocator would take a fifth of the time of a prediction.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// The arguments of this process. Help, version and mistakes end it.
fn arguments() -> cli::Arguments {
    // Elsewhere than on a terminal help is not wrapped.
    let mut command = cli::Arguments::command().term_width(output::terminal_width().unwrap_or(0));
    // The hash needs the model, which no other command line needs.
    if std::env::args_os().any(|argument| argument == "--version") {
        command = command.long_version(version::long());
    }
    let mut matches = command.clone().get_matches();
    cli::Arguments::from_arg_matches_mut(&mut matches).unwrap_or_else(|error| error.format(&mut command).exit())
}

fn main() -> ExitCode {
    let arguments = arguments();
    diagnostics::colour(arguments.color.unwrap_or_default());
    output::colour(arguments.color.unwrap_or_default());
    output::wide(arguments.wide);
    let result = match &arguments.command {
        cli::Command::Simulate(arguments) => commands::simulate::run(arguments),
        cli::Command::Reproduce(arguments) => commands::reproduce::run(arguments),
        cli::Command::Estimate(arguments) => commands::estimate::run(arguments),
        cli::Command::Energy(arguments) => commands::energy::run(arguments),
        cli::Command::Compare(arguments) => commands::compare::run(arguments),
        cli::Command::Report(arguments) => commands::report::run(arguments),
        cli::Command::Designs(arguments) => commands::designs::run(arguments),
        cli::Command::Sweep(arguments) => commands::sweep::run(arguments),
        cli::Command::Fabric(arguments) => commands::fabric::run(arguments),
        cli::Command::Caches(arguments) => commands::caches::run(arguments),
        cli::Command::Label(arguments) => commands::label::run(arguments),
        cli::Command::Memory(arguments) => commands::memory::run(arguments),
        cli::Command::Dataset(arguments) => commands::dataset::run(arguments),
        cli::Command::Workload(arguments) => commands::workload::run(arguments),
        cli::Command::Ir(arguments) => commands::ir::run(arguments),
        cli::Command::Train(arguments) => commands::train::run(arguments),
        cli::Command::Evaluate(arguments) => commands::evaluate::run(arguments),
        cli::Command::Predict(arguments) => commands::predict::run(arguments),
        cli::Command::Explain(arguments) => commands::explain::run(arguments),
        cli::Command::Optimize(arguments) => commands::optimize::run(arguments),
        cli::Command::Serve(arguments) => commands::serve::run(arguments),
        cli::Command::Calibrate(arguments) => commands::calibrate::run(arguments),
        cli::Command::Completions(arguments) => commands::install::completions(arguments),
        cli::Command::Man(arguments) => commands::install::man(arguments),
    };
    match result {
        Ok(code) => code,
        // A closed pipe is not an error.
        Err(Failure::Output(error)) if error.kind() == std::io::ErrorKind::BrokenPipe => ExitCode::SUCCESS,
        Err(failure) => {
            diagnostics::report(&failure);
            ExitCode::from(2)
        }
    }
}
