//! `hardwire train`: from the corpus to the model file.

use std::io::Write;
use std::process::ExitCode;

use costmodel::shipped::{Card, CostModel, ErrorRow, NAME, SCHEMA, TrainingSet};
use ir::vocabulary::Vocabulary;
use reports::{Align, Table};
use serde::Serialize;
use training::baselines::{Liveness, Roofline};
use training::fit::{Fit, FitError, Rows, Run};
use training::metrics::regression;
use training::novelty;

use super::dataset::file_or_default;
use super::evaluate::measure::{CoverageRow, held_out, intervals, pairs};
use crate::cli::Format;
use crate::cli::learning::Train;
use crate::corpus_rows::{self, CorpusRows};
use crate::diagnostics::Failure;
use crate::evaluation::models::shipped;
use crate::evaluation::splits::cells;
use crate::evaluation::{Answers, Cell, Model, Split, Work};
use crate::output;
use crate::replace::replace;

#[derive(Debug, Serialize)]
struct Report {
    file: String,
    bytes: usize,
    version: String,
    rows: usize,
    rows_without_labels: usize,
    rows_refused_by_parser: usize,
    trees: usize,
    card: Card,
}

/// Threads that were asked for, or all cores.
pub fn threads(asked: Option<usize>) -> usize {
    asked.unwrap_or_else(|| std::thread::available_parallelism().map_or(1, usize::from)).max(1)
}

/// Runs the command.
pub fn run(arguments: &Train) -> Result<ExitCode, Failure> {
    let common = &arguments.learning;
    let (path, threads) = (file_or_default(common.corpus.as_deref()), threads(common.threads));
    let corpus = corpus_rows::read(&path, threads)?;
    let work = Work::open(&corpus, &common.work, common.seed)?;
    let model = train(&corpus, &work, common.folds, common.seed, threads)?;
    let bytes = model.to_bytes();
    replace::<std::io::Error>(&arguments.out, |out| out.write_all(&bytes))
        .map_err(|error| Failure::File { path: arguments.out.display().to_string(), error })?;
    let report = Report {
        file: arguments.out.display().to_string(),
        bytes: bytes.len(),
        version: model.card.version(),
        rows: corpus.entries.len(),
        rows_without_labels: corpus.unlabelled,
        rows_refused_by_parser: corpus.refused,
        trees: model.trees.trees(),
        card: model.card,
    };
    match common.format {
        Format::Json => output::json(&report)?,
        Format::Table => output::text(&report.table())?,
    }
    Ok(ExitCode::SUCCESS)
}

fn train(corpus: &CorpusRows, work: &Work<'_>, folds: usize, seed: u64, threads: usize) -> Result<CostModel, Failure> {
    let data = &corpus.data;
    let count = data.outputs().len();
    let cells = cells(corpus, Split::Families, folds);
    let models = [Model::Shipped, Model::Roofline, Model::Liveness];
    let jobs: Vec<(Cell, Model)> =
        models.iter().flat_map(|&model| cells.iter().map(move |cell| (cell.clone(), model))).collect();
    let answers = work.answers(&jobs, threads)?;
    let (learned, analytical) = answers.split_at(cells.len());
    let (roofline, liveness) = analytical.split_at(cells.len());
    let all_learned = Answers::joined(learned);
    let all_analytical = first_answer(&Answers::joined(roofline), &Answers::joined(liveness));
    let (unseen, beyond) = cells
        .iter()
        .flat_map(|cell| {
            let known = [&cell.rows.training[..], &cell.rows.validation].concat();
            let known = novelty::fit(data, &known);
            cell.test.iter().map(move |&row| known.parts(&data.samples()[row].input)).collect::<Vec<_>>()
        })
        .unzip();
    let rows = Rows { training: (0..corpus.entries.len()).collect(), validation: vec![] };
    eprintln!("final fit to {} rows", rows.training.len());
    let progress = |p: &training::fit::Progress| eprintln!("{}: {} of {}", p.stage, p.done, p.total);
    let run = Run { threads, progress: &progress };
    let failed = |error: FitError| Failure::Request(format!("the fit to all rows: {error}"));
    let trees = shipped(seed).trees.check().expect("valid parameters").fit(data, &rows, &run).map_err(failed)?;
    let vocabulary: &Vocabulary = &corpus.vocabularies[costmodel::input::Scheme::Shaped as usize];
    Ok(CostModel {
        adaptations: vec![],
        card: Card {
            schema: SCHEMA,
            name: NAME.to_owned(),
            licence: "MIT OR Apache-2.0".to_owned(),
            tokenizer_version: ir::tokenizer::VERSION,
            vocabulary_hash: vocabulary.hash().to_owned(),
            features: Card::current_features(),
            outputs: data.outputs().to_vec(),
            toolchain: TOOLCHAIN.to_owned(),
            training: TrainingSet {
                hash: corpus.hash.clone(),
                rows: corpus.entries.len(),
                kernels: corpus.kernels,
                families: data.families().to_vec(),
            },
            seed,
            trained_with: std::env::consts::ARCH.to_owned(),
            errors: errors(corpus, &all_learned, &intervals(corpus, learned)),
        },
        vocabulary: vocabulary.clone(),
        trees,
        widths: training::intervals::fit(data, &held_out(&all_learned, count)),
        novelty: novelty::with_references(novelty::fit(data, &rows.training), unseen, beyond),
        roofline: Roofline.fit(data, &rows, &run).map_err(failed)?,
        liveness: Liveness.fit(data, &rows, &run).map_err(failed)?,
        analytical_widths: training::intervals::fit(data, &held_out(&all_analytical, count)),
    })
}

/// What made the labels of the corpus.
const TOOLCHAIN: &str = "LLVM and MLIR 22.1.8, default<O3> without loop unrolling, llvm-mca 22";

/// Of two models that answer different outputs, the answer of the one that has it.
fn first_answer(a: &Answers, b: &Answers) -> Answers {
    let scaled = a.scaled.iter().zip(&b.scaled).map(|(a, b)| if a.0.is_nan() { *b } else { *a });
    Answers { scaled: scaled.collect(), ..a.clone() }
}

fn errors(corpus: &CorpusRows, answers: &Answers, coverage: &[CoverageRow]) -> Vec<ErrorRow> {
    let of_output = |(output, name): (usize, &costmodel::quantity::Output)| {
        let pairs = pairs(corpus, Split::Families, answers, output);
        let covered = coverage.iter().find(|c| c.target == name.target && c.quantity == name.quantity)?;
        let errors = regression(&pairs.truth, &pairs.predicted, None);
        Some(ErrorRow {
            target: name.target.clone(),
            quantity: name.quantity,
            rows: pairs.rows.len(),
            median_ape_pct: errors.median_ape_pct,
            rmse_pct_of_range: errors.rmse_pct_of_range,
            coverage_pct: covered.mean_over_families_pct,
        })
    };
    corpus.data.outputs().iter().enumerate().filter_map(of_output).collect()
}

impl Report {
    fn table(&self) -> String {
        let out = format!(
            "{}: {} bytes, version {}\n{} rows, {} kernels, {} families; {} rows without labels, {} that the parser refuses\n\
             {} trees\n\nErrors on families left out:\n\n",
            self.file,
            self.bytes,
            self.version,
            self.rows,
            self.card.training.kernels,
            self.card.training.families.len(),
            self.rows_without_labels,
            self.rows_refused_by_parser,
            self.trees
        );
        let mut table = Table::new(&[
            ("quantity", Align::Left),
            ("target", Align::Left),
            ("rows", Align::Right),
            ("median error, %", Align::Right),
            ("RMSE, % of range", Align::Right),
            ("coverage at 90 %, %", Align::Right),
        ]);
        let number = |x: Option<f64>| x.map_or_else(|| "-".to_owned(), |x| format!("{x:.1}"));
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
