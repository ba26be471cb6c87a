//! Training of the model file from a corpus.
//!
//! Intervals and the novelty score are calibrated on families that fits had left out ([`calibrate`]); then the trees are fitted
//! to all rows ([`fit_all`]).

use costmodel::quantity::Output;
use costmodel::shipped::{Card, CostModel, ErrorRow, RatioTable, SCHEMA, TrainingSet, Widths, name_of};
use ir::vocabulary::Vocabulary;

use crate::baselines::{Liveness, Roofline};
use crate::corpus_rows::CorpusRows;
use crate::evaluation::document::Interval;
use crate::evaluation::measure::{self, pairs};
use crate::evaluation::models::shipped;
use crate::evaluation::splits::cells;
use crate::evaluation::{Answers, Cell, Fits, FitsError, Model, Split};
use crate::fit::{Fit, FitError, Rows, Run};
use crate::metrics::regression;
use crate::{intervals, novelty, ratios};

/// Calibration on families that the fits had left out.
pub struct Calibration {
    widths: Widths,
    analytical_widths: Widths,
    ratios: RatioTable,
    /// By row: share of words that the fit had not seen.
    unseen: Vec<f64>,
    /// By row: distance of its features beyond those of the fit.
    beyond: Vec<f64>,
    errors: Vec<ErrorRow>,
}

/// Fits the shipped model and the analytical ones with each fold of families left out, and calibrates on those. `progress` is
/// called after each fit with the number of fits to do.
///
/// # Errors
/// If a fit fails or cannot be stored.
pub fn calibrate(
    corpus: &CorpusRows,
    fits: &Fits<'_>,
    folds: usize,
    threads: usize,
    progress: &(dyn Fn(usize) + Sync),
) -> Result<Calibration, FitsError> {
    let data = &corpus.data;
    let count = data.outputs().len();
    let cells = cells(corpus, Split::Families, folds);
    let models = [Model::Shipped, Model::Roofline, Model::Liveness];
    let jobs: Vec<(Cell, Model)> =
        models.iter().flat_map(|&model| cells.iter().map(move |cell| (cell.clone(), model))).collect();
    let answers = fits.answers(&jobs, threads, progress)?;
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
    let held_out = all_learned.held_out(count);
    Ok(Calibration {
        widths: intervals::fit(data, &held_out),
        ratios: ratios::fit(data, &held_out),
        analytical_widths: intervals::fit(data, &all_analytical.held_out(count)),
        unseen,
        beyond,
        errors: errors(corpus, &all_learned, &measure::intervals(corpus, &measure::held(corpus, learned))),
    })
}

/// Fits the model to all rows.
///
/// # Errors
/// If there are no rows, or a quantity has no labels.
///
/// # Panics
/// Never: the hyper-parameters are valid.
pub fn fit_all(corpus: &CorpusRows, calibration: Calibration, seed: u64, run: &Run<'_>) -> Result<CostModel, FitError> {
    let data = &corpus.data;
    let rows = Rows { training: (0..corpus.entries.len()).collect(), validation: vec![] };
    let trees = shipped(seed).trees.check().expect("valid parameters").fit(data, &rows, run)?;
    let vocabulary: &Vocabulary = &corpus.vocabularies[costmodel::input::Scheme::Shaped as usize];
    let Calibration { widths, analytical_widths, ratios, unseen, beyond, errors } = calibration;
    Ok(CostModel {
        ratios,
        adaptations: vec![],
        card: Card {
            schema: SCHEMA,
            name: name_of(data.outputs()).to_owned(),
            licence: "MIT OR Apache-2.0".to_owned(),
            tokenizer_version: ir::tokenizer::VERSION,
            vocabulary_hash: vocabulary.hash().to_owned(),
            features: Card::current_features(data.outputs()),
            outputs: data.outputs().to_vec(),
            toolchain: if data.is_of_gpus() { GPU_TOOLCHAIN } else { TOOLCHAIN }.to_owned(),
            training: TrainingSet {
                hash: corpus.hash.clone(),
                rows: corpus.entries.len(),
                kernels: corpus.kernels,
                families: data.families().to_vec(),
            },
            seed,
            trained_with: std::env::consts::ARCH.to_owned(),
            errors,
        },
        vocabulary: vocabulary.clone(),
        trees,
        widths,
        novelty: novelty::with_references(novelty::fit(data, &rows.training), unseen, beyond),
        roofline: Roofline.fit(data, &rows, run)?,
        liveness: Liveness.fit(data, &rows, run)?,
        analytical_widths,
    })
}

/// Toolchain that made the labels of the corpus.
const TOOLCHAIN: &str = "LLVM and MLIR 22.1.8, default<O3> without loop unrolling, llvm-mca 22";

/// The same of GPU labels.
const GPU_TOOLCHAIN: &str =
    "LLVM and MLIR 22.1.8, default<O3> without loop unrolling, AMDGPU and NVPTX back ends, ptxas 12.9 for sm_90";

/// Merges the predictions of two models for different outputs.
fn first_answer(a: &Answers, b: &Answers) -> Answers {
    let scaled = a.scaled.iter().zip(&b.scaled).map(|(a, b)| if a.0.is_nan() { *b } else { *a });
    Answers { scaled: scaled.collect(), ..a.clone() }
}

fn errors(corpus: &CorpusRows, answers: &Answers, coverage: &[Interval]) -> Vec<ErrorRow> {
    let of_output = |(output, name): (usize, &Output)| {
        let pairs = pairs(corpus, Split::Families, answers, output);
        let covered = coverage.iter().find(|c| c.target == name.target && c.quantity == name.quantity.name())?;
        let errors = regression(&pairs.truth, &pairs.predicted, None);
        Some(ErrorRow {
            target: name.target.clone(),
            quantity: name.quantity,
            rows: pairs.rows.len(),
            median_ape_pct: errors.median_ape_pct,
            rmse_pct_of_range: errors.rmse_pct_of_range,
            coverage_pct: covered.mean_over_families_pct?,
        })
    };
    corpus.data.outputs().iter().enumerate().filter_map(of_output).collect()
}
