//! `hardwire train`: trains the model file on the corpus.

use std::collections::BTreeMap;
use std::io::Write;
use std::process::ExitCode;
use std::sync::{Mutex, PoisonError};

use costmodel::quantity::Quantity;
use costmodel::shipped::{Card, CostModel};
use reports::number::{self, count, fixed};
use reports::{Align, Table};
use serde::Serialize;
use training::corpus_rows::CorpusRows;
use training::evaluation::Fits;
use training::fit::{Progress, Run};
use training::train::{calibrate, fit_all};

use super::learning::{Folder, corpus_rows, fitting};
use crate::cli::TableFormat;
use crate::cli::learning::Train;
use crate::diagnostics::Failure;
use crate::messages::message;
use crate::{output, progress};
use files::replace;

#[derive(Debug, Serialize)]
struct TrainReport {
    file: String,
    bytes: usize,
    version: String,
    rows: usize,
    rows_without_labels: usize,
    rows_refused_by_parser: usize,
    trees: usize,
    card: Card,
}

/// Runs the command.
pub fn run(arguments: &Train) -> Result<ExitCode, Failure> {
    let common = &arguments.learning;
    let threads = super::learning::threads(common.threads);
    let (_, corpus) = corpus_rows(common.corpus.as_deref(), threads)?;
    let folder = Folder::open(&common.work)?;
    let fits = Fits::new(&corpus, &folder, common.seed);
    let calibration = calibrate(&corpus, &fits, common.folds, threads, &fitting())?;
    message!("final fit to {} rows", corpus.entries.len());
    let progress = fitting_stages();
    let model = fit_all(&corpus, calibration, common.seed, &Run { threads, progress: &progress })
        .map_err(|error| Failure::Request(format!("the fit to all rows: {error}")))?;
    write(arguments, &corpus, model)
}

fn write(arguments: &Train, corpus: &CorpusRows, model: CostModel) -> Result<ExitCode, Failure> {
    let bytes = model.to_bytes();
    replace::<std::io::Error>(&arguments.out, |out| out.write_all(&bytes))
        .map_err(|error| Failure::File { path: arguments.out.display().to_string(), error })?;
    let report = TrainReport {
        file: arguments.out.display().to_string(),
        bytes: bytes.len(),
        version: model.card.version(),
        rows: corpus.entries.len(),
        rows_without_labels: corpus.unlabelled,
        rows_refused_by_parser: corpus.refused,
        trees: model.trees.trees(),
        card: model.card,
    };
    match arguments.learning.format {
        TableFormat::Json => output::json(&report)?,
        TableFormat::Csv => output::csv(&report.card.errors)?,
        TableFormat::Table => output::text(&report.table(corpus.refusal()))?,
    }
    Ok(ExitCode::SUCCESS)
}

/// One bar for the trees of all quantities, which are fitted at the same time.
fn fitting_stages() -> impl Fn(&Progress) + Sync {
    let shown: Mutex<Option<(progress::Progress, BTreeMap<String, usize>)>> = Mutex::new(None);
    move |p| {
        let mut shown = shown.lock().unwrap_or_else(PoisonError::into_inner);
        let all = (p.total * Quantity::ALL.len()) as u64;
        let (bar, done) =
            shown.get_or_insert_with(|| (progress::Progress::new("fitting", "trees", all, 0), BTreeMap::new()));
        let before = done.insert(p.stage.clone(), p.done).unwrap_or(0);
        bar.add(p.done.saturating_sub(before) as u64);
    }
}

impl TrainReport {
    fn table(&self, refusal: &str) -> String {
        let out = format!(
            "{}: {}, version {}\n{} rows, {} kernels, {} families; {} rows without labels, {} {}\n\
             {} trees\n\nErrors on families left out:\n\n",
            self.file,
            number::bytes(self.bytes as f64),
            self.version,
            count(self.rows as u64),
            self.card.training.kernels,
            self.card.training.families.len(),
            self.rows_without_labels,
            self.rows_refused_by_parser,
            refusal,
            count(self.trees as u64)
        );
        let mut table = Table::new(&[
            ("quantity", Align::Left),
            ("target", Align::Left),
            ("rows", Align::Right),
            ("median error, %", Align::Right),
            ("RMSE, % of range", Align::Right),
            ("coverage at 90 %, %", Align::Right),
        ]);
        let number = |x: Option<f64>| x.map_or_else(|| "-".to_owned(), |x| fixed(x, 1));
        for row in &self.card.errors {
            table.row([
                row.quantity.to_string(),
                row.target.clone(),
                row.rows.to_string(),
                number(row.median_ape_pct),
                number(row.rmse_pct_of_range),
                number(Some(row.coverage_pct)),
            ]);
        }
        out + &table.render()
    }
}
