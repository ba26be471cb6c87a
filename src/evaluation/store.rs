//! Answers of fits, kept in a folder: a file a fit, written whole or not at all, good as long as nothing that decides
//! the fit has changed.
//!
//! A file is a line of JSON, then two little-endian `f32` for every tested row and output: answer and doubt, on the
//! scale of the quantity; not a number where the model has no answer.

use std::io::{Read, Write};
use std::path::{Path, PathBuf};
use std::sync::Mutex;

use costmodel::input::{Input, Scheme};
use costmodel::model::Predict;
use serde::{Deserialize, Serialize};
use training::dataset::Dataset;
use training::fit::Run;
use twox_hash::XxHash3_128;

use super::models::Model;
use super::splits::{Cell, Split, without_hidden_targets};
use crate::corpus_rows::CorpusRows;
use crate::diagnostics::Failure;
use crate::progress::Progress;
use crate::replace::replace;

/// What a fit answered.
#[derive(Debug, Clone, PartialEq)]
pub struct Answers {
    /// Rows that were learned from.
    pub training_rows: usize,
    /// The tested rows.
    pub rows: Vec<usize>,
    /// Answer and doubt by row and output, on the scale of the quantity.
    pub scaled: Vec<(f32, f32)>,
}

impl Answers {
    /// The answers of a model for the tests of a cell.
    pub fn of(data: &Dataset, cell: &Cell, training_rows: usize, model: &dyn Predict) -> Self {
        Self::scaled(data, cell, training_rows, |input| {
            let answers = model.predict(input).into_iter().zip(data.outputs());
            answers.map(|(v, o)| (v.map_or(f32::NAN, |v| o.quantity.scale().to(v) as f32), 0.0)).collect()
        })
    }

    /// The same from answers that are on the scale.
    pub fn scaled(
        data: &Dataset,
        cell: &Cell,
        training_rows: usize,
        answer: impl Fn(&Input) -> Vec<(f32, f32)>,
    ) -> Self {
        let scaled = cell.test.iter().flat_map(|&row| answer(&data.samples()[row].input)).collect();
        Self { training_rows, rows: cell.test.clone(), scaled }
    }

    /// Answers of several cells as one.
    pub fn joined(parts: &[Self]) -> Self {
        Self {
            training_rows: parts.iter().map(|p| p.training_rows).sum::<usize>() / parts.len().max(1),
            rows: parts.iter().flat_map(|p| p.rows.iter().copied()).collect(),
            scaled: parts.iter().flat_map(|p| p.scaled.iter().copied()).collect(),
        }
    }

    /// Answer and doubt; none where the model has none.
    pub fn at(&self, place: usize, output: usize, outputs: usize) -> Option<(f32, f32)> {
        let answer = self.scaled[place * outputs + output];
        (!answer.0.is_nan()).then_some(answer)
    }
}

/// First line of a file.
#[derive(Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Header {
    fingerprint: String,
    training_rows: usize,
    rows: usize,
    outputs: usize,
}

/// The folder, and what decides all of its fits.
pub struct Work<'a> {
    corpus: &'a CorpusRows,
    folder: PathBuf,
    seed: u64,
    /// Hash of the words that models see and of what they are told.
    words: u128,
    /// Hash of the features, which not all models see.
    features: u128,
}

/// A fit to be done: the cell and the model.
pub type Job = (Cell, Model);

impl<'a> Work<'a> {
    /// Opens the folder, making it if it is not there.
    pub fn open(corpus: &'a CorpusRows, folder: &Path, seed: u64) -> Result<Self, Failure> {
        std::fs::create_dir_all(folder).map_err(|error| Failure::File { path: folder.display().to_string(), error })?;
        let (mut hash, mut features) = (XxHash3_128::new(), XxHash3_128::new());
        for sample in corpus.data.samples() {
            for scheme in Scheme::ALL {
                sample.input.tokens.of(scheme).iter().for_each(|word| hash.write(&word.to_le_bytes()));
            }
            sample.input.features.iter().for_each(|x| features.write(&x.to_le_bytes()));
            for label in &sample.labels {
                hash.write(&label.unwrap_or(f64::NAN).to_le_bytes());
            }
        }
        Ok(Self { corpus, folder: folder.to_owned(), seed, words: hash.finish_128(), features: features.finish_128() })
    }

    fn fingerprint(&self, (cell, model): &Job) -> String {
        let mut hash = XxHash3_128::new();
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
        format!("{:032x}", hash.finish_128())
    }

    fn path(&self, (cell, model): &Job) -> PathBuf {
        self.folder.join(format!("{}-{}-{}.answers", cell.split.name(), cell.fold, model.name()))
    }

    /// Answers to all jobs, in their order: those that are kept, the others fitted on several threads.
    pub fn answers(&self, jobs: &[Job], threads: usize) -> Result<Vec<Answers>, Failure> {
        let kept: Vec<Option<Answers>> = jobs.iter().map(|job| self.read(job)).collect();
        let mut missing: Vec<usize> = (0..jobs.len()).filter(|&i| kept[i].is_none()).collect();
        missing.sort_by_key(|&i| (std::cmp::Reverse(jobs[i].1.cost()), i));
        let hidden = missing.iter().any(|&i| jobs[i].0.split == Split::Target);
        let hidden = hidden.then(|| without_hidden_targets(self.corpus));
        let progress = Mutex::new(Progress::new("fitting", "models", missing.len() as u64, 0));
        // Each on one thread: many fits at once share the work more evenly than the parts of one.
        let run = Run { threads: 1, progress: &|_| {} };
        let fitted = costmodel::parallel::map(threads, missing.len(), |i| {
            let job = &jobs[missing[i]];
            let data = match &hidden {
                Some(data) if job.0.split == Split::Target => data,
                _ => &self.corpus.data,
            };
            let name = || format!("{} on {}, fold {}", job.1.name(), job.0.split.title(), job.0.fold);
            let answers = job.1.answer(data, &job.0, self.seed, &run);
            let answers = answers.map_err(|error| Failure::Request(format!("{}: {error}", name())))?;
            self.write(job, &answers)?;
            progress.lock().unwrap_or_else(std::sync::PoisonError::into_inner).add(1);
            Ok::<Answers, Failure>(answers)
        });
        let mut answers = kept;
        for (place, fitted) in missing.into_iter().zip(fitted) {
            answers[place] = Some(fitted?);
        }
        Ok(answers.into_iter().map(|a| a.expect("kept or fitted")).collect())
    }

    /// Answers of an earlier run; none if there are none, or of other rows, words, labels or hyper-parameters.
    fn read(&self, job: &Job) -> Option<Answers> {
        let outputs = self.corpus.data.outputs().len();
        let expected = job.0.test.len() * outputs * 8;
        let mut bytes = Vec::new();
        let file = std::fs::File::open(self.path(job)).ok()?;
        file.take(expected as u64 + 4096).read_to_end(&mut bytes).ok()?;
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

    fn write(&self, job: &Job, answers: &Answers) -> Result<(), Failure> {
        let header = Header {
            fingerprint: self.fingerprint(job),
            training_rows: answers.training_rows,
            rows: answers.rows.len(),
            outputs: self.corpus.data.outputs().len(),
        };
        let path = self.path(job);
        replace::<std::io::Error>(&path, |out| {
            serde_json::to_writer(&mut *out, &header)?;
            out.write_all(b"\n")?;
            answers.scaled.iter().try_for_each(|(answer, doubt)| {
                out.write_all(&answer.to_le_bytes())?;
                out.write_all(&doubt.to_le_bytes())
            })
        })
        .map_err(|error| Failure::File { path: path.display().to_string(), error })
    }
}
