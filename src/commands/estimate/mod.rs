//! `hardwire estimate`: what a design costs, by the prices of an economics file.

mod table;

use std::process::ExitCode;

use study::price::{self, Question};

use crate::cli::{self, Format};
use crate::diagnostics::Failure;
use crate::{input, output};

/// Runs the command.
pub fn run(arguments: &cli::Estimate) -> Result<ExitCode, Failure> {
    let answer = price::answer(&question(arguments)?, &input::read)?;
    match arguments.format {
        Format::Json => output::json(&answer)?,
        Format::Table => output::text(&table::render(&answer))?,
    }
    Ok(ExitCode::SUCCESS)
}

/// What the arguments ask.
fn question(arguments: &cli::Estimate) -> Result<Question, Failure> {
    Ok(Question {
        design: arguments.design.clone(),
        overrides: input::overrides(&arguments.set)?,
        model: arguments.model.clone(),
        node: arguments.node.clone(),
        mask_stack: arguments.mask_stack.clone(),
        embedding: arguments.embedding.clone(),
        area: arguments.area,
        weights: arguments.weights,
        systems: arguments.systems,
        years: arguments.years,
        respins_per_year: arguments.respins_per_year,
        yield_model: arguments.yield_model,
        discipline: arguments.discipline,
        economics: arguments.economics.clone(),
        monte_carlo: arguments.monte_carlo,
        seed: arguments.seed,
        against: arguments.against.clone(),
        allow_unconfirmed: arguments.allow_unconfirmed,
    })
}
