//! An evaluation from fits to figures.

use costmodel::shipped::{Card, name_of};

use super::aims::aims;
use super::answers::Answers;
use super::dialects::dialects;
use super::document::{Comparison, Evaluation, RunDetails, SCHEMA};
use super::fits::{Fits, FitsError, Job};
use super::measure::{COMPARED, compare, decisions, held, intervals, ranges, results};
use super::measured::Measured;
use super::models::Model;
use super::outputs::quantities;
use super::ratio_coverage::ratio_intervals;
use super::slices::slices;
use super::splits::{Split, cells};
use super::variants::variants;
use super::withholding::withholding;
use crate::corpus_rows::CorpusRows;

/// What is evaluated.
#[derive(Debug, Clone, PartialEq)]
pub struct Request {
    /// Splits; all if there are none.
    pub splits: Vec<Split>,
    /// Models; those that belong to each split if there are none.
    pub models: Vec<Model>,
    /// Folds in which families are left out.
    pub folds: usize,
    /// Seed of every draw.
    pub seed: u64,
    /// Threads; the result does not depend on them.
    pub threads: usize,
}

impl Request {
    /// Splits and models that are fitted.
    fn groups(&self) -> Vec<(Split, Model)> {
        let mut groups = Vec::new();
        for split in Split::ALL.into_iter().filter(|s| self.splits.is_empty() || self.splits.contains(s)) {
            let asked = |model: &Model| match self.models.is_empty() {
                true => model.belongs_to(split),
                false => self.models.contains(model) && (split != Split::Target || model.belongs_to(split)),
            };
            groups.extend(Model::ALL.into_iter().filter(asked).map(|model| (split, model)));
        }
        groups
    }
}

/// Predictions of all fits, by split and model.
pub struct Answered {
    groups: Vec<(Split, Model)>,
    /// Predictions of all folds of a group.
    joined: Vec<Answers>,
    /// The shipped model's predictions for each fold of families left out.
    shipped_folds: Vec<Answers>,
}

/// Fits what is not in the store and collects the predictions. `progress` is called after each fit with the number of fits to do.
///
/// # Errors
/// If a fit fails or cannot be stored.
pub fn answer(
    corpus: &CorpusRows,
    fits: &Fits<'_>,
    request: &Request,
    progress: &(dyn Fn(usize) + Sync),
) -> Result<Answered, FitsError> {
    let groups = request.groups();
    let mut jobs: Vec<Job> = Vec::new();
    for &(split, model) in &groups {
        jobs.extend(cells(corpus, split, request.folds).into_iter().map(|cell| (cell, model)));
    }
    let answers = fits.answers(&jobs, request.threads, progress)?;
    let of = |split: Split, model: Model| -> Vec<Answers> {
        let own = jobs.iter().zip(&answers).filter(|((cell, m), _)| cell.split == split && *m == model);
        own.map(|(_, answers)| answers.clone()).collect()
    };
    let joined = groups.iter().map(|&(split, model)| Answers::joined(&of(split, model))).collect();
    Ok(Answered { joined, shipped_folds: of(Split::Families, Model::Shipped), groups })
}

/// Measures the predictions.
#[must_use]
pub fn measure<'a>(corpus: &'a CorpusRows, request: &Request, answered: &Answered) -> Measured<'a> {
    let Answered { groups, joined, shipped_folds } = answered;
    let threads = request.threads;
    let ranges = ranges(&corpus.data);
    let measured = costmodel::parallel::map(threads, groups.len(), |i| {
        results(corpus, &ranges, groups[i].0, groups[i].1, &joined[i])
    });
    let headline = |model: Model| groups.iter().position(|g| *g == (Split::Families, model)).map(|i| &joined[i]);
    let shipped = headline(Model::Shipped);
    let others: Vec<Model> = Model::ALL.into_iter().filter(|&m| m != Model::Shipped && headline(m).is_some()).collect();
    let pairs: Vec<(usize, Model)> =
        (0..COMPARED.len()).flat_map(|compared| others.iter().map(move |&other| (compared, other))).collect();
    let comparisons: Vec<Comparison> = match shipped {
        None => vec![],
        Some(shipped) => costmodel::parallel::map(threads, pairs.len(), |i| {
            let (compared, other) = pairs[i];
            compare(corpus, COMPARED[compared], shipped, headline(other)?, other, request.seed)
        })
        .into_iter()
        .flatten()
        .collect(),
    };
    let folds = shipped_folds;
    let held = held(corpus, folds);
    Measured {
        corpus,
        folds: request.folds,
        seed: request.seed,
        results: measured.into_iter().flatten().collect(),
        comparisons,
        variants: variants(corpus, &held),
        ratio_intervals: ratio_intervals(corpus, folds, &held),
        withholding: withholding(corpus, &held),
        slices: slices(corpus, &held),
        intervals: if folds.is_empty() { vec![] } else { intervals(corpus, &held) },
        decisions: shipped.map_or_else(Vec::new, |shipped| decisions(corpus, shipped, request.seed)),
        dialects: if folds.is_empty() { vec![] } else { dialects(corpus, request.folds, threads) },
        shipped: shipped.cloned(),
    }
}

/// The figures as a file; `corpus_file` is the path of the corpus.
#[must_use]
pub fn document(measured: &Measured<'_>, corpus_file: String) -> Evaluation {
    let corpus = measured.corpus;
    Evaluation {
        schema: SCHEMA.to_owned(),
        model_version: Card::version_of(name_of(corpus.data.outputs()), &corpus.hash),
        corpus: Some(corpus.hash.clone()),
        split: Some("families_left_out".to_owned()),
        rows: Some(corpus.entries.len() as u64),
        corpus_families: Some(corpus.data.families().len() as u64),
        family_folds: Some(measured.folds as u64),
        run: RunDetails {
            corpus_file: Some(corpus_file),
            corpus_rows_in_file: Some(corpus.rows_in_file as u64),
            corpus_rows_without_labels: Some(corpus.unlabelled as u64),
            corpus_rows_refused_by_parser: Some(corpus.refused as u64),
            corpus_kernels: Some(corpus.kernels as u64),
            seed: Some(measured.seed),
        },
        aims: aims(measured),
        quantities: quantities(measured),
        comparisons: measured.comparisons.clone(),
        intervals: measured.intervals.clone(),
        dialects_left_out: measured.dialects.clone(),
        decisions: measured.decisions.clone(),
        variants: measured.variants.clone(),
        ratio_intervals: measured.ratio_intervals.clone(),
        withholding: measured.withholding.clone(),
        slices: measured.slices.clone(),
        results: measured.results.clone(),
    }
}
