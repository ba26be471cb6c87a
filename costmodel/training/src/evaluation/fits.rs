//! Predictions of fits, cached in a store: an entry per fit, valid as long as its fingerprint matches.
//!
//! An entry is a line of JSON, then two little-endian `f32` for every test row and output: prediction and distance between
//! models on the scale of the quantity, NaN without a prediction.

use costmodel::input::{Input, Scheme};
use serde::{Deserialize, Serialize};
use storage::hash::ContentHash;

use super::answers::Answers;
use super::models::Model;
use super::splits::{Cell, Split, without_hidden_targets};
use crate::corpus_rows::CorpusRows;
use crate::fit::{FitError, Run};

/// First line of an entry.
#[derive(Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Header {
    fingerprint: String,
    training_rows: usize,
    rows: usize,
    outputs: usize,
}

/// Keeps entries by name.
pub trait Store: Sync {
    /// The entry of that name, at most `limit` bytes of it; `None` if there is none.
    fn read(&self, name: &str, limit: u64) -> Option<Vec<u8>>;

    /// Writes an entry whole or not at all.
    ///
    /// # Errors
    /// Those of the store.
    fn write(&self, name: &str, bytes: &[u8]) -> std::io::Result<()>;
}

/// A fit that failed or could not be stored.
#[derive(Debug, thiserror::Error)]
pub enum FitsError {
    /// A fit failed.
    #[error("{fit}: {error}")]
    Fit {
        /// Model, split and fold.
        fit: String,
        /// Cause.
        error: FitError,
    },
    /// An entry could not be written.
    #[error("{name}: {error}")]
    Store {
        /// Name of the entry.
        name: String,
        /// Cause.
        error: std::io::Error,
    },
}

/// Fits to a corpus, with a store.
pub struct Fits<'a> {
    corpus: &'a CorpusRows,
    store: &'a dyn Store,
    seed: u64,
    /// Hash of the words that models see and of the labels.
    words: u128,
    /// Hash of the features and counts of work, which not all models see.
    features: u128,
}

/// A fit: the cell and the model.
pub type Job = (Cell, Model);

impl<'a> Fits<'a> {
    /// Fits to a corpus by a seed, kept in `store`.
    #[must_use]
    pub fn new(corpus: &'a CorpusRows, store: &'a dyn Store, seed: u64) -> Self {
        let (mut hash, mut features) = (ContentHash::default(), ContentHash::default());
        for sample in corpus.data.samples() {
            for scheme in Scheme::ALL {
                sample.input.tokens.of(scheme).iter().for_each(|word| hash.write(&word.to_le_bytes()));
            }
            let Input { features: own, work, kernels, .. } = &sample.input;
            let numbers = [own, work, &kernels.features, &kernels.work];
            numbers.into_iter().flatten().for_each(|x| features.write(&x.to_le_bytes()));
            for label in &sample.labels {
                hash.write(&label.unwrap_or(f64::NAN).to_le_bytes());
            }
        }
        Self { corpus, store, seed, words: hash.finish(), features: features.finish() }
    }

    fn fingerprint(&self, (cell, model): &Job) -> String {
        let mut hash = ContentHash::default();
        hash.write(&self.words.to_le_bytes());
        if model.sees_features() {
            hash.write(&self.features.to_le_bytes());
        }
        hash.write(model.describe(self.seed).as_bytes());
        hash.write(env!("CARGO_PKG_VERSION").as_bytes());
        for rows in [&cell.rows.training, &cell.rows.validation, &cell.test] {
            hash.write(&(rows.len() as u64).to_le_bytes());
            rows.iter().for_each(|&row| hash.write(&(row as u64).to_le_bytes()));
        }
        hash.write(cell.split.name().as_bytes());
        format!("{:032x}", hash.finish())
    }

    fn name((cell, model): &Job) -> String {
        format!("{}-{}-{}.answers", cell.split.name(), cell.fold, model.name())
    }

    /// Predictions of all jobs in their order, from the store or fitted on up to `threads` threads. `progress` is called after
    /// each fit with the number of fits to do.
    ///
    /// # Errors
    /// If a fit fails or its answers cannot be written.
    pub fn answers(
        &self,
        jobs: &[Job],
        threads: usize,
        progress: &(dyn Fn(usize) + Sync),
    ) -> Result<Vec<Answers>, FitsError> {
        let kept: Vec<Option<Answers>> = jobs.iter().map(|job| self.read(job)).collect();
        let mut missing: Vec<usize> = (0..jobs.len()).filter(|&i| kept[i].is_none()).collect();
        missing.sort_by_key(|&i| (std::cmp::Reverse(jobs[i].1.cost()), i));
        let hidden = missing.iter().any(|&i| jobs[i].0.split == Split::Target);
        let hidden = hidden.then(|| without_hidden_targets(self.corpus));
        // One thread per fit: many fits balance better than the parts of one.
        let run = Run { threads: 1, progress: &|_| {} };
        let fitted = costmodel::parallel::map(threads, missing.len(), |i| {
            let job = &jobs[missing[i]];
            let data = match &hidden {
                Some(data) if job.0.split == Split::Target => data,
                _ => &self.corpus.data,
            };
            let answers = job.1.answer(data, &job.0, self.seed, &run).map_err(|error| {
                let fit = format!("{} on {}, fold {}", job.1.name(), job.0.split.title(), job.0.fold);
                FitsError::Fit { fit, error }
            })?;
            let (name, bytes) = (Self::name(job), self.entry(job, &answers));
            self.store.write(&name, &bytes).map_err(|error| FitsError::Store { name, error })?;
            progress(missing.len());
            Ok::<Answers, FitsError>(answers)
        });
        let mut answers = kept;
        for (place, fitted) in missing.into_iter().zip(fitted) {
            answers[place] = Some(fitted?);
        }
        Ok(answers.into_iter().map(|a| a.expect("kept or fitted")).collect())
    }

    /// Predictions of an earlier run; `None` if there are none or their fingerprint differs.
    fn read(&self, job: &Job) -> Option<Answers> {
        let outputs = self.corpus.data.outputs().len();
        let expected = job.0.test.len() * outputs * 8;
        let bytes = self.store.read(&Self::name(job), expected as u64 + 4096)?;
        let end = bytes.iter().position(|&b| b == b'\n')?;
        let header: Header = serde_json::from_slice(&bytes[..end]).ok()?;
        let (pairs, rest) = bytes[end + 1..].as_chunks::<8>();
        let whole = pairs.len() * 8 == expected && rest.is_empty();
        if header.fingerprint != self.fingerprint(job) || !whole {
            return None;
        }
        let number = |bytes: &[u8]| f32::from_le_bytes(bytes.try_into().expect("four bytes"));
        let scaled = pairs.iter().map(|pair| (number(&pair[..4]), number(&pair[4..]))).collect();
        Some(Answers { training_rows: header.training_rows, rows: job.0.test.clone(), scaled })
    }

    fn entry(&self, job: &Job, answers: &Answers) -> Vec<u8> {
        let header = Header {
            fingerprint: self.fingerprint(job),
            training_rows: answers.training_rows,
            rows: answers.rows.len(),
            outputs: self.corpus.data.outputs().len(),
        };
        let mut bytes = serde_json::to_vec(&header).expect("plain values serialize");
        bytes.push(b'\n');
        for (answer, doubt) in &answers.scaled {
            bytes.extend(answer.to_le_bytes());
            bytes.extend(doubt.to_le_bytes());
        }
        bytes
    }
}
