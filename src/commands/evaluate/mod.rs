//! `hardwire evaluate`: what the shipped model and those it has to beat get right on rows that were held back.

mod figures;
pub mod measure;
mod report;

use std::process::ExitCode;

use serde::Serialize;
use training::metrics::auroc;
use training::novelty;

use super::dataset::file_or_default;
use super::train::threads;
use crate::cli::Format;
use crate::cli::learning::Evaluate;
use crate::corpus_rows::{self, CorpusRows};
use crate::diagnostics::Failure;
use crate::evaluation::splits::cells;
use crate::evaluation::{Answers, Cell, Model, Split, Work};
use crate::output;
use measure::{COMPARED, ComparisonRow, compare, decisions, intervals, ranges, results};
use report::Report;

/// Dialects that are left out one by one, by what starts their operations.
const DIALECTS: [&str; 8] = ["affine", "scf", "cf", "linalg", "tensor", "vector", "math", "stablehlo"];

/// How well the novelty score tells a dialect that was not learned from.
#[derive(Debug, Clone, Serialize)]
pub struct DialectRow {
    pub dialect: String,
    pub rows_of_the_dialect: usize,
    pub other_rows: usize,
    pub auroc: f64,
    /// Share of the dialect's rows with a score above 1, in %.
    pub flagged_pct: f64,
    /// Share of the other rows, all of families left out, with a score above 1, in %.
    pub others_flagged_pct: f64,
}

/// Runs the command.
pub fn run(arguments: &Evaluate) -> Result<ExitCode, Failure> {
    let common = &arguments.learning;
    let (path, threads) = (file_or_default(common.corpus.as_deref()), threads(common.threads));
    let corpus = corpus_rows::read(&path, threads)?;
    let work = Work::open(&corpus, &common.work, common.seed)?;
    let splits: Vec<Split> =
        Split::ALL.into_iter().filter(|s| arguments.split.is_empty() || arguments.split.contains(s)).collect();
    let mut groups: Vec<(Split, Model)> = Vec::new();
    for &split in &splits {
        let asked = |model: &Model| match arguments.models.is_empty() {
            true => model.belongs_to(split),
            false => arguments.models.contains(model) && (split != Split::Target || model.belongs_to(split)),
        };
        groups.extend(Model::ALL.into_iter().filter(asked).map(|model| (split, model)));
    }
    let mut jobs: Vec<(Cell, Model)> = Vec::new();
    for &(split, model) in &groups {
        jobs.extend(cells(&corpus, split, common.folds).into_iter().map(|cell| (cell, model)));
    }
    let answers = work.answers(&jobs, threads)?;
    let of = |split: Split, model: Model| -> Vec<Answers> {
        let own = jobs.iter().zip(&answers).filter(|((cell, m), _)| cell.split == split && *m == model);
        own.map(|(_, answers)| answers.clone()).collect()
    };
    let joined: Vec<Answers> = groups.iter().map(|&(split, model)| Answers::joined(&of(split, model))).collect();
    let ranges = ranges(&corpus.data);
    eprintln!("measuring");
    let measured = costmodel::parallel::map(threads, groups.len(), |i| {
        results(&corpus, &ranges, groups[i].0, groups[i].1, &joined[i])
    });
    let headline = |model: Model| groups.iter().position(|g| *g == (Split::Families, model)).map(|i| &joined[i]);
    let shipped = headline(Model::Shipped);
    let others: Vec<Model> = Model::ALL.into_iter().filter(|&m| m != Model::Shipped && headline(m).is_some()).collect();
    let pairs: Vec<(usize, Model)> =
        (0..COMPARED.len()).flat_map(|compared| others.iter().map(move |&other| (compared, other))).collect();
    let comparisons: Vec<ComparisonRow> = match shipped {
        None => vec![],
        Some(shipped) => costmodel::parallel::map(threads, pairs.len(), |i| {
            let (compared, other) = pairs[i];
            compare(&corpus, COMPARED[compared], shipped, headline(other)?, other, common.seed)
        })
        .into_iter()
        .flatten()
        .collect(),
    };
    let folds = of(Split::Families, Model::Shipped);
    let report = Report {
        file: path.display().to_string(),
        folds: common.folds,
        seed: common.seed,
        results: measured.into_iter().flatten().collect(),
        intervals: if folds.is_empty() { vec![] } else { intervals(&corpus, &folds) },
        decisions: shipped.map_or_else(Vec::new, |shipped| decisions(&corpus, shipped, common.seed)),
        dialects: if folds.is_empty() { vec![] } else { dialects(&corpus, common.folds, threads) },
        comparisons,
        shipped: shipped.cloned(),
        corpus: &corpus,
    };
    report.write(&arguments.out, arguments.document.as_deref())?;
    match common.format {
        Format::Json => output::json(&report.json())?,
        Format::Table => output::text(&report.markdown())?,
    }
    Ok(ExitCode::SUCCESS)
}

/// Novelty of a dialect's rows against that of other rows, of families left out, where training has neither.
fn dialects(corpus: &CorpusRows, folds: usize, threads: usize) -> Vec<DialectRow> {
    let cells = cells(corpus, Split::Families, folds);
    let scored = costmodel::parallel::map(threads, DIALECTS.len(), |d| {
        let (start, quoted) = (format!(" {}.", DIALECTS[d]), format!("\"{}.", DIALECTS[d]));
        let has: Vec<bool> =
            corpus.entries.iter().map(|e| e.row.text.contains(&start) || e.row.text.contains(&quoted)).collect();
        let (mut members, mut others) = (Vec::new(), Vec::new());
        for cell in &cells {
            let known = cell.rows.training.iter().chain(&cell.rows.validation).copied();
            let known: Vec<usize> = known.filter(|&row| !has[row]).collect();
            if known.is_empty() {
                continue;
            }
            let novelty = novelty::fit(&corpus.data, &known);
            for &row in &cell.test {
                let score = novelty.score(&corpus.data.samples()[row].input);
                if has[row] { members.push(score) } else { others.push(score) }
            }
        }
        let flagged = |s: &[f64]| 100.0 * s.iter().filter(|x| **x > 1.0).count() as f64 / s.len().max(1) as f64;
        Some(DialectRow {
            dialect: DIALECTS[d].to_owned(),
            rows_of_the_dialect: members.len(),
            other_rows: others.len(),
            auroc: auroc(&members, &others)?,
            flagged_pct: flagged(&members),
            others_flagged_pct: flagged(&others),
        })
    });
    scored.into_iter().flatten().collect()
}
