//! `hardwire evaluate`: measures the shipped model and its baselines on rows that were held back.

mod files;
mod plots;
mod tables;

use std::process::ExitCode;

use training::evaluation::Fits;
use training::evaluation::run::{Request, answer, document, measure};

use self::tables::Tables;
use super::learning::{Folder, corpus_rows, fitting, threads};
use crate::cli::TableFormat;
use crate::cli::learning::Evaluate;
use crate::diagnostics::Failure;
use crate::messages::message;
use crate::output;

/// Runs the command.
pub fn run(arguments: &Evaluate) -> Result<ExitCode, Failure> {
    let common = &arguments.learning;
    let request = Request {
        splits: arguments.split.clone(),
        models: arguments.models.clone(),
        folds: common.folds,
        seed: common.seed,
        threads: threads(common.threads),
    };
    let (path, corpus) = corpus_rows(common.corpus.as_deref(), request.threads)?;
    let folder = Folder::open(&common.work)?;
    let fits = Fits::new(&corpus, &folder, request.seed);
    let answered = answer(&corpus, &fits, &request, &fitting())?;
    message!("measuring");
    let measured = measure(&corpus, &request, &answered);
    let evaluation = document(&measured, path.display().to_string());
    let tables = Tables::new(&measured, &evaluation.aims);
    files::write(&measured, &evaluation, &tables.markdown(), &arguments.out, arguments.document.as_deref())?;
    match common.format {
        TableFormat::Json => output::json(&evaluation)?,
        TableFormat::Csv => output::csv(&evaluation.results)?,
        TableFormat::Table => output::text(&tables.text())?,
    }
    Ok(ExitCode::SUCCESS)
}
