//! The labels of the most similar training function: cosine of the counts of words, ties to the earlier row.

use costmodel::input::{Input, Scheme};
use costmodel::model::Predict;

use crate::dataset::Dataset;
use crate::fit::{Fit, FitError, Rows, Run};

/// Stores the training rows. It has no hyper-parameters.
#[derive(Debug, Clone, Copy, Default)]
pub struct Nearest;

/// The training functions by word.
#[derive(Debug, Clone, PartialEq)]
pub struct NearestModel {
    /// By word: rows that contain it, with its weight there. The weights of a row have length 1.
    postings: Vec<Vec<(u32, f32)>>,
    labels: Vec<Vec<Option<f64>>>,
}

impl Fit for Nearest {
    type Model = NearestModel;

    fn fit(&self, data: &Dataset, rows: &Rows, _: &Run<'_>) -> Result<NearestModel, FitError> {
        if rows.training.is_empty() {
            return Err(FitError::NoRows);
        }
        let mut postings = vec![Vec::new(); data.vocabulary(Scheme::Shaped)];
        let mut labels = Vec::with_capacity(rows.training.len());
        for (index, &row) in rows.training.iter().enumerate() {
            let sample = &data.samples()[row];
            for (word, weight) in weights(&sample.input) {
                postings[usize::from(word)].push((index as u32, weight));
            }
            labels.push(sample.labels.clone());
        }
        Ok(NearestModel { postings, labels })
    }
}

/// Words with the logarithm of 1 + their count, scaled to length 1, by word.
fn weights(input: &Input) -> Vec<(u16, f32)> {
    let mut words = input.tokens.of(Scheme::Shaped).to_vec();
    words.sort_unstable();
    let mut weights: Vec<(u16, f32)> =
        words.chunk_by(|a, b| a == b).map(|same| (same[0], libm::log1p(same.len() as f64) as f32)).collect();
    let length = weights.iter().map(|(_, w)| w * w).sum::<f32>().sqrt();
    weights.iter_mut().for_each(|(_, w)| *w /= length.max(f32::MIN_POSITIVE));
    weights
}

impl NearestModel {
    /// Index of the most similar training row, and the cosine.
    #[must_use]
    pub fn nearest(&self, input: &Input) -> (usize, f32) {
        let mut cosines = vec![0f32; self.labels.len()];
        for (word, weight) in weights(input) {
            for &(row, other) in self.postings.get(usize::from(word)).map_or(&[][..], Vec::as_slice) {
                cosines[row as usize] += weight * other;
            }
        }
        let mut best = 0;
        for (row, cosine) in cosines.iter().enumerate() {
            if *cosine > cosines[best] {
                best = row;
            }
        }
        (best, cosines[best])
    }
}

impl Predict for NearestModel {
    fn predict(&self, input: &Input) -> Vec<Option<f64>> {
        self.labels[self.nearest(input).0].clone()
    }
}
