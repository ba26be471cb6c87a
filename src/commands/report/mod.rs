//! `hardwire report`: a page of all results in which every number links to its origin.
//!
//! The command runs the models and builds a document; `reports` writes it as HTML, Markdown and JSON.

mod accuracy;
mod accuracy_figures;
mod assumptions;
mod carbon;
mod cost;
mod diff;
mod evaluation;
mod evaluation_cells;
mod files;
mod findings;
mod frontier;
mod inputs;
mod reproduction;
mod silicon;
mod speed;
mod subjects;
mod summary;
mod volume;
mod words;

use std::process::ExitCode;

use designs::Model;
use reports::document::{Document, Stamp, json};
use serde::Serialize;
use sim::{Discipline, Phase, Simulation};
use study::comparison::{self, DEFAULT_OTHERS, Hardwired, Question, Subject};
use study::reproduction::Reproduction;

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
/// Key of the publication in the table of references.
const PUBLICATION: &str = "hnlpu";

/// Runs the command.
pub fn run(arguments: &Report) -> Result<ExitCode, Failure> {
    let old = arguments.diff.as_deref().map(diff::read).transpose()?;
    let evaluation = match &arguments.evaluation {
        Some(path) => Some(evaluation::read(path, &cost_model::load(None)?.card.version())?),
        None => None,
    };
    if let Some(old) = old {
        let new = json(&document(arguments, evaluation.as_ref(), stamp(arguments, None))?);
        let new = serde_json::from_str(&new).map_err(|error| Failure::Request(error.to_string()))?;
        let diff = diff::diff(&old, &new);
        match arguments.format {
            Format::Json => output::json(&diff)?,
            Format::Table => output::text(&diff.render())?,
        }
        return Ok(ExitCode::SUCCESS);
    }
    let Some(out) = arguments.out.as_deref() else {
        return Err(Failure::Request("--out DIR names the folder of the report".to_owned()));
    };
    written(arguments, out, evaluation.as_ref())
}

/// Date, revision and repository as given. What is not given is taken over from the report in the output folder: the
/// repository always, date and revision for a check.
fn stamp(arguments: &Report, there: Option<Stamp>) -> Stamp {
    let there = there.unwrap_or_default();
    let kept = |given: &Option<String>, there: Option<String>| given.clone().or(there.filter(|_| arguments.check));
    Stamp {
        date: kept(&arguments.date, there.date),
        commit: kept(&arguments.commit, there.commit),
        repository: arguments.repository.clone().or(there.repository),
    }
}

/// Writes or checks the files in the folder `out`.
fn written(arguments: &Report, out: &str, evaluation: Option<&Evaluation>) -> Result<ExitCode, Failure> {
    files::folder(out)?;
    if !arguments.check {
        // Figures are known only when the report is; the other files are refused before it is made.
        files::own(out, files::fixed())?;
    }
    let document = document(arguments, evaluation, stamp(arguments, files::stamp(out)))?;
    let mut files = files::render(&document, arguments.png)?;
    if let Some(evaluation) = evaluation {
        files.push((files::EVALUATION.to_owned(), evaluation.json().into_bytes()));
    }
    let differences = if arguments.check {
        files::differences(out, &files)
    } else {
        files::own(out, files.iter().map(|(name, _)| name.as_str()))?;
        files::write(out, &files)?;
        Vec::new()
    };
    for difference in &differences {
        message!("{difference}");
    }
    let names: Vec<&str> = files.iter().map(|(name, _)| name.as_str()).collect();
    match arguments.format {
        Format::Json => output::json(&Answer { out, files: &names, differences: &differences })?,
        Format::Table if !arguments.check => {
            output::text(&listed(out, &names))?;
        }
        Format::Table if differences.is_empty() => {
            output::text(&format!("{out}: {} files are what the inputs give\n", files.len()))?;
        }
        Format::Table => {}
    }
    Ok(ExitCode::from(u8::from(!differences.is_empty())))
}

/// The files, of the figures only their number.
fn listed(out: &str, names: &[&str]) -> String {
    let (figures, pages): (Vec<&str>, Vec<&str>) = names.iter().partition(|name| name.contains('/'));
    let figures = if figures.is_empty() { String::new() } else { format!(", {} files of figures", figures.len()) };
    format!("written to {out}: {}{figures}\n", pages.join(", "))
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
fn document(arguments: &Report, evaluation: Option<&Evaluation>, stamp: Stamp) -> Result<Document, Failure> {
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
    assembled(arguments, &s, run.as_ref(), reproduction.as_ref(), &contexts, &sweeps, evaluation, stamp)
}

/// The document from what the models gave.
#[expect(clippy::too_many_arguments, reason = "one caller, and each is a part of the page")]
fn assembled(
    arguments: &Report,
    s: &Subjects<'_>,
    run: Option<&Simulation>,
    reproduction: Option<&Reproduction>,
    contexts: &[u64],
    sweeps: &[frontier::Sweep],
    evaluation: Option<&Evaluation>,
    stamp: Stamp,
) -> Result<Document, Failure> {
    let hardwired = s.hardwired;
    let even = volume::break_even(s);
    let findings =
        reproduction.and_then(findings::published_rate).map(|rate| findings::findings(s, rate)).transpose()?;
    let (sensitivity, dearest) = cost::sensitivity(s)?;
    let sections = vec![
        findings::section(findings.as_ref()),
        speed::section(s.table, s.subjects, s.model),
        volume::section(s, &even)?,
        cost::waterfall(s),
        sensitivity,
        carbon::section(s)?,
        reproduction::scoreboard(hardwired, reproduction),
        reproduction::breakdown(reproduction, contexts),
        silicon::area(hardwired, s.estimate, run),
        silicon::masks(hardwired, s.estimate),
        frontier::section(sweeps),
        accuracy::section(evaluation),
        assumptions::section(s),
        assumptions::regenerate(arguments),
    ];
    let main = summary::rival(s, &even).zip(s.output_tokens_per_s);
    Ok(Document {
        title: format!("{} with {}", hardwired.design.name, s.model.name),
        claim: summary::claim(s, &even),
        generator: format!("hardwire {}", env!("CARGO_PKG_VERSION")),
        stamp,
        publication: reproduction.map(|_| PUBLICATION.to_owned()),
        lead: summary::lead(s, reproduction),
        points: summary::points(s, reproduction, &even, findings.as_ref(), dearest),
        main: main.map(|(even, ours)| volume::main_figure(s, even, ours)).transpose()?,
        sections,
        bibliography: study::references::references(),
        inputs: inputs::inputs(s, sweeps, evaluation),
    })
}

/// The simulation that power is computed from, at the operating point of the publication; `None` if the design cannot
/// run the model.
fn power(hardwired: &Hardwired, model: &Model) -> Option<Simulation> {
    let machine = hardwired.settle(&hardwired.economics, model).ok()?;
    let question =
        Question { phase: Phase::Decode, context: subjects::CONTEXT, discipline: Discipline::Serial, beyond: false };
    Hardwired::run(&machine.design, model, question).ok()
}
