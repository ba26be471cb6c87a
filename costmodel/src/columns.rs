//! A function as a row of numbers: its features and its counts of work, then how often each frequent word occurs.
//!
//! Counts of work of processors are divided by their sum, so that they describe the mix of work and not its amount.

use crate::features::{Feature, WORK, work_of};
use crate::input::{Input, Scheme};

/// The columns of a row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Columns {
    features: bool,
    scheme: Scheme,
    /// Words that are counted, ascending.
    words: Vec<u16>,
    /// Column of each word of the vocabulary; [`NO_COLUMN`] where it is not counted.
    column_of: Vec<u16>,
}

const NO_COLUMN: u16 = u16::MAX;

/// Columns before the counts of words.
const NUMBERS: usize = Feature::COUNT + WORK;

/// Most words counted: columns are numbered by `u16`.
pub const MAX_WORDS: usize = 4096;

impl Columns {
    /// Columns for these words, ascending ids of a vocabulary of that size, behind all features and counts of work if
    /// `features`.
    ///
    /// # Panics
    /// If there are more than [`MAX_WORDS`] words.
    #[must_use]
    pub fn from_words(features: bool, scheme: Scheme, words: Vec<u16>, vocabulary: usize) -> Self {
        assert!(words.len() <= MAX_WORDS, "columns are numbered by 16 bits");
        let first = if features { NUMBERS } else { 0 };
        let mut column_of = vec![NO_COLUMN; vocabulary];
        for (index, &word) in words.iter().enumerate() {
            column_of[usize::from(word)] = (first + index) as u16;
        }
        Self { features, scheme, words, column_of }
    }

    /// Number of columns.
    #[must_use]
    pub fn len(&self) -> usize {
        self.words.len() + if self.features { NUMBERS } else { 0 }
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Whether features and counts of work are columns.
    pub(crate) fn has_features(&self) -> bool {
        self.features
    }

    /// Tokenizer scheme of the words.
    pub(crate) fn scheme(&self) -> Scheme {
        self.scheme
    }

    /// The words counted, ascending.
    #[must_use]
    pub fn words(&self) -> &[u16] {
        &self.words
    }

    /// The row of a function: features and a design's work as they are, a processor's work as shares, words as counts.
    #[must_use]
    pub fn row(&self, input: &Input) -> Vec<f32> {
        let mut row = vec![0.0; self.len()];
        if self.features {
            row[..Feature::COUNT].copy_from_slice(&input.features);
            let work = &mut row[Feature::COUNT..NUMBERS];
            work.copy_from_slice(&input.work);
            let processors = &mut work[work_of(false)];
            let all = processors.iter().sum::<f32>().max(1.0);
            processors.iter_mut().for_each(|count| *count /= all);
        }
        for &word in input.tokens.of(self.scheme) {
            match self.column_of.get(usize::from(word)) {
                Some(&column) if column != NO_COLUMN => row[usize::from(column)] += 1.0,
                _ => {}
            }
        }
        row
    }
}
