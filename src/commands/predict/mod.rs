//! `hardwire predict`: predicts the cost of functions from their text.

mod check;
pub mod comment;
mod compare;
pub mod log;
pub mod rows;

use std::process::ExitCode;

use costmodel::predictor::{Answer, Assumptions, Refusal, Settings};
use costmodel::quantity::Output;
use costmodel::rows::{Row, Wanted, rows as rows_of};

use crate::cli::predict::{Predict, PredictFormat};
use crate::commands::ir::source::Source;
use crate::cost_model;
use crate::diagnostics::{Failure, TextProblems};
use crate::output;
use check::Checked;
use log::Log;
use rows::table;

/// Runs the command.
pub fn run(arguments: &Predict) -> Result<ExitCode, Failure> {
    let sources: Vec<Source> = arguments.files.iter().map(|file| Source::read(file)).collect::<Result<_, _>>()?;
    // A single text needs neither cache nor threads.
    let alone = sources.len() == 1;
    let settings = Settings::default();
    let settings = Settings { kept: if alone { 0 } else { settings.kept }, ..settings };
    let predictor = cost_model::predictor(&arguments.asked, settings)?;
    let asked = &arguments.asked;
    if arguments.check && arguments.format == PredictFormat::Comment {
        return Err(Failure::Request("--check has no comments as output: leave --format comment out".to_owned()));
    }
    let wanted = Wanted::settle(predictor.outputs(), &asked.targets, &asked.designs)?;
    let texts: Vec<&str> = sources.iter().map(|source| source.text.as_str()).collect();
    let threads = if alone { 1 } else { std::thread::available_parallelism().map_or(1, std::num::NonZero::get) };
    let assumptions: Assumptions = arguments.assume.iter().cloned().collect();
    let answers: Vec<Answer> = predictor
        .predict_batch_assuming(&texts, threads, &assumptions)
        .into_iter()
        .zip(&sources)
        .map(|(answer, source)| answer.map_err(|refusal| failure(source, &refusal)))
        .collect::<Result<_, _>>()?;
    if arguments.compare {
        return compare::run(arguments, &predictor, &wanted, &sources, &answers);
    }
    let name = &predictor.model().card.name;
    let of = |index: usize| -> Vec<Row<'_>> {
        rows_of(Some(&sources[index].name), &answers[index], predictor.outputs(), &wanted, name).collect()
    };
    if let Some(log) = Log::open(arguments.log.as_deref())? {
        for (index, text) in texts.iter().enumerate() {
            log.append(text, &of(index))?;
        }
    }
    if arguments.check {
        return check_all(arguments, &sources, &answers, predictor.outputs(), &wanted);
    }
    let all: Vec<Vec<Row<'_>>> = (0..sources.len()).map(of).collect();
    match arguments.format {
        PredictFormat::Json => output::json(&all.into_iter().flatten().collect::<Vec<_>>())?,
        PredictFormat::Csv => output::csv(all.into_iter().flatten())?,
        PredictFormat::Table => {
            let per_function = all.iter().flat_map(|rows| rows.chunks(wanted.0.len()));
            output::text(&per_function.map(table).collect::<Vec<_>>().join("\n"))?;
        }
        PredictFormat::Comment => {
            let mut out = String::new();
            for (source, rows) in sources.iter().zip(all) {
                out += &comment::annotate(&source.text, &source.tree()?, &by_function(rows, wanted.0.len()));
            }
            output::raw(&out)?;
        }
    }
    Ok(ExitCode::SUCCESS)
}

/// Compares the predictions with the conditions in the texts.
fn check_all(
    arguments: &Predict,
    sources: &[Source],
    answers: &[Answer],
    outputs: &[Output],
    wanted: &Wanted,
) -> Result<ExitCode, Failure> {
    let mut checks = Vec::new();
    for (source, answer) in sources.iter().zip(answers) {
        checks.extend(Checked { source, replies: &answer.replies, outputs, wanted }.run()?);
    }
    match arguments.format {
        PredictFormat::Json => output::json(&checks)?,
        PredictFormat::Csv => output::csv(&checks)?,
        PredictFormat::Table | PredictFormat::Comment => {
            let all = format!("{0} of {0} checks passed", checks.len());
            output::judged(&check::text(&checks), &all, "check failed")?;
        }
    }
    Ok(check::exit_code(&checks))
}

fn by_function(rows: Vec<Row<'_>>, targets: usize) -> Vec<Vec<Row<'_>>> {
    let mut functions: Vec<Vec<Row<'_>>> = Vec::new();
    for (index, row) in rows.into_iter().enumerate() {
        if index % targets == 0 {
            functions.push(Vec::new());
        }
        functions.last_mut().expect("one was just made").push(row);
    }
    functions
}

/// Why a source has no predictions.
pub fn failure(source: &Source, refusal: &Refusal) -> Failure {
    match refusal {
        Refusal::Text(diagnostics) => Failure::Text(Box::new(TextProblems {
            name: source.name.clone(),
            text: source.text.clone(),
            diagnostics: diagnostics.clone(),
        })),
        other => Failure::Request(format!("{}: {other}", source.name)),
    }
}
