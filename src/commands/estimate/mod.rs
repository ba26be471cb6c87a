//! `hardwire estimate`: what a design costs, by the prices of an economics file.

mod table;

use std::process::ExitCode;

use serde::Serialize;
use serde_json::Value;
use study::price::{self, Answer, Question};

use crate::cli::{self, TableFormat};
use crate::diagnostics::Failure;
use crate::{input, output};

/// Runs the command.
pub fn run(arguments: &cli::Estimate) -> Result<ExitCode, Failure> {
    let answer = price::answer(&question(arguments)?, &input::read)?;
    match arguments.format {
        TableFormat::Json => output::json(&answer)?,
        TableFormat::Csv => output::csv(figures(&answer))?,
        TableFormat::Table => output::text(&table::render(&answer))?,
    }
    Ok(ExitCode::SUCCESS)
}

/// A figure with both ends or its percentiles, for CSV.
#[derive(Serialize)]
struct Line {
    /// Keys of the JSON, joined by dots.
    figure: String,
    low: Option<f64>,
    high: Option<f64>,
    p10: Option<f64>,
    p50: Option<f64>,
    p90: Option<f64>,
}

/// Every figure of the answer that is a range, by its keys.
fn figures(answer: &Answer) -> Vec<Line> {
    let mut lines = Vec::new();
    let answer = serde_json::to_value(answer).expect("results serialize");
    // Inputs and other machines have more than figures.
    let results =
        answer.as_object().into_iter().flatten().filter(|(key, _)| !["provenance", "against"].contains(&key.as_str()));
    results.for_each(|(key, value)| collect(key, value, &mut lines));
    lines
}

fn collect(name: &str, value: &Value, lines: &mut Vec<Line>) {
    let Value::Object(parts) = value else { return };
    if parts.contains_key("low") || parts.contains_key("p50") {
        let number = |key: &str| parts.get(key).and_then(Value::as_f64);
        let (low, high) = (number("low"), number("high"));
        let figure = name.to_owned();
        lines.push(Line { figure, low, high, p10: number("p10"), p50: number("p50"), p90: number("p90") });
    } else {
        parts.iter().for_each(|(key, value)| collect(&format!("{name}.{key}"), value, lines));
    }
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
