//! `hardwire report`: a page of all results in which every number links to its origin.
//!
//! The command runs the models and builds a document; `reports` writes it as HTML, Markdown and JSON.

mod accuracy;
mod accuracy_figures;
mod assumptions;
mod carbon;
mod cost;
mod evaluation;
mod evaluation_cells;
mod files;
mod frontier;
mod reproduction;
mod silicon;
mod speed;
mod subjects;
mod summary;
mod volume;
mod words;

use std::process::ExitCode;

use designs::Model;
use reports::document::Document;
use serde::Serialize;
use sim::{Discipline, Phase, Simulation};
use study::comparison::{self, DEFAULT_OTHERS, Hardwired, Question, Subject};

use crate::cli::Format;
use crate::cli::report::Report;
use crate::commands::compare;
use crate::diagnostics::Failure;
use crate::messages::message;
use crate::{cost_model, input, output};
use evaluation::Evaluation;
use subjects::Subjects;

/// Design that is described by default.
const DEFAULT_DESIGN: &str = "hnlpu";
/// Context length in tokens for power, as in the publication's tables.
const CONTEXT: u64 = 2048;

/// Runs the command.
pub fn run(arguments: &Report) -> Result<ExitCode, Failure> {
    files::folder(&arguments.out)?;
    let evaluation = match &arguments.evaluation {
        Some(path) => Some(evaluation::read(path, &cost_model::load(None)?.card.version())?),
        None => None,
    };
    let document = document(arguments, evaluation.as_ref())?;
    let mut files = files::render(&document, arguments.png)?;
    if let Some(evaluation) = &evaluation {
        files.push((files::EVALUATION.to_owned(), evaluation.json().into_bytes()));
    }
    let differences = if arguments.check {
        files::differences(&arguments.out, &files)
    } else {
        files::write(&arguments.out, &files)?;
        Vec::new()
    };
    for difference in &differences {
        message!("{difference}");
    }
    let names: Vec<&str> = files.iter().map(|(name, _)| name.as_str()).collect();
    match arguments.format {
        Format::Json => output::json(&Answer { out: &arguments.out, files: &names, differences: &differences })?,
        Format::Table if !arguments.check => {
            output::text(&names.iter().map(|name| format!("{}/{name}\n", arguments.out)).collect::<String>())?;
        }
        Format::Table if differences.is_empty() => {
            output::text(&format!("{}: {} files are what the inputs give\n", arguments.out, files.len()))?;
        }
        Format::Table => {}
    }
    Ok(ExitCode::from(u8::from(!differences.is_empty())))
}

/// JSON output of the command.
#[derive(Serialize)]
struct Answer<'a> {
    out: &'a str,
    files: &'a [&'a str],
    /// One message for each file that differs from the rendered one; empty without `--check`.
    differences: &'a [String],
}

fn names(arguments: &Report) -> Vec<String> {
    if arguments.designs.is_empty() {
        return [DEFAULT_DESIGN].into_iter().chain(DEFAULT_OTHERS).map(str::to_owned).collect();
    }
    arguments.designs.clone()
}

/// Runs the models and builds the document.
fn document(arguments: &Report, evaluation: Option<&Evaluation>) -> Result<Document, Failure> {
    let subjects = comparison::read(&names(arguments), &input::read)?;
    let model = comparison::model(&subjects, arguments.model.as_deref(), &input::read)?;
    let terms = compare::terms(&arguments.terms);
    let Some((index, hardwired)) = subjects.iter().enumerate().find_map(|(index, subject)| match subject {
        Subject::Hardwired(hardwired) => Some((index, hardwired.as_ref())),
        Subject::Other(_) => None,
    }) else {
        let message = "a report describes a hardwired design; name one with --design, such as hnlpu";
        return Err(Failure::Request(message.to_owned()));
    };
    let sweeps = arguments.sweep.iter().map(|dir| frontier::read(dir, &hardwired.design.name, &model.name));
    let sweeps: Vec<frontier::Sweep> = sweeps.collect::<Result<_, _>>()?;
    let table = comparison::compare(&subjects, &model, &terms, &input::read)?;
    let estimate = hardwired.price(&model, terms.systems, &terms)?;
    let run = power(hardwired, &model);
    let reproduction = if model == hardwired.home { reproduction::reproduction(hardwired)? } else { None };
    let contexts = study::reproduction::Targets::embedded().fig14.context_tokens;
    let output_tokens_per_s = match table.designs[index].values.get("output_tokens_per_s") {
        Some(reports::Cell::Value(value)) => Some(value.low),
        _ => None,
    };
    let s = Subjects {
        hardwired,
        subjects: &subjects,
        model: &model,
        table: &table,
        estimate: &estimate,
        index,
        output_tokens_per_s,
    };
    let even = volume::break_even(&s);
    let sections = vec![
        summary::section(&s, reproduction.as_ref()),
        reproduction::scoreboard(hardwired, reproduction.as_ref()),
        speed::section(&table, &subjects, &model),
        reproduction::breakdown(reproduction.as_ref(), &contexts),
        silicon::area(hardwired, &estimate, run.as_ref()),
        silicon::masks(hardwired, &estimate),
        cost::waterfall(&s),
        volume::section(&s, &even)?,
        carbon::section(&s)?,
        cost::sensitivity(&s)?,
        frontier::section(&sweeps),
        accuracy::section(evaluation),
        assumptions::section(&s),
        assumptions::regenerate(arguments),
    ];
    Ok(Document {
        title: format!("{} with {}", hardwired.design.name, model.name),
        generator: format!("hardwire {}", env!("CARGO_PKG_VERSION")),
        lead: summary::lead(&s, reproduction.as_ref(), &even),
        sections,
    })
}

/// The simulation that power is computed from, at the operating point of the publication; `None` if the design cannot
/// run the model.
fn power(hardwired: &Hardwired, model: &Model) -> Option<Simulation> {
    let machine = hardwired.settle(&hardwired.economics, model).ok()?;
    let question = Question { phase: Phase::Decode, context: CONTEXT, discipline: Discipline::Serial, beyond: false };
    Hardwired::run(&machine.design, model, question).ok()
}
