//! A function as a row of numbers: its features and its counts of work, for GPUs those of its kernels, then how often each
//! frequent word occurs.
//!
//! Counts of work of processors and of kernels are divided by their sum, so that they describe the mix of work and not its amount.

use crate::features::{Feature, WORK, work_of};
use crate::input::{Input, Scheme};
use crate::kernels::{KERNEL_WORK, KernelCount, KernelFeature};

/// The columns of a row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Columns {
    numbers: Numbered,
    scheme: Scheme,
    /// Words that are counted, ascending.
    words: Vec<u16>,
    /// Column of each word of the vocabulary; [`NO_COLUMN`] where it is not counted.
    column_of: Vec<u16>,
}

const NO_COLUMN: u16 = u16::MAX;

/// Columns of features and counts of work.
const OF_FUNCTION: usize = Feature::COUNT + WORK;

/// Which numbers are columns before the counts of words.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Numbered {
    /// None.
    No,
    /// Features and counts of work.
    Function,
    /// These, then features and counts of work of the kernels.
    Kernels,
}

impl Numbered {
    /// Number of the columns.
    #[must_use]
    pub fn columns(self) -> usize {
        match self {
            Self::No => 0,
            Self::Function => OF_FUNCTION,
            Self::Kernels => OF_FUNCTION + KernelFeature::COUNT + KERNEL_WORK,
        }
    }
}

/// Most words counted: columns are numbered by `u16`.
pub const MAX_WORDS: usize = 4096;

impl Columns {
    /// Columns for these words, ascending ids of a vocabulary of that size, behind the numbers.
    ///
    /// # Panics
    /// If there are more than [`MAX_WORDS`] words.
    #[must_use]
    pub fn from_words(numbers: Numbered, scheme: Scheme, words: Vec<u16>, vocabulary: usize) -> Self {
        assert!(words.len() <= MAX_WORDS, "columns are numbered by 16 bits");
        let first = numbers.columns();
        let mut column_of = vec![NO_COLUMN; vocabulary];
        for (index, &word) in words.iter().enumerate() {
            column_of[usize::from(word)] = (first + index) as u16;
        }
        Self { numbers, scheme, words, column_of }
    }

    /// Number of columns.
    #[must_use]
    pub fn len(&self) -> usize {
        self.words.len() + self.numbers.columns()
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The numbers that are columns.
    pub(crate) fn numbers(&self) -> Numbered {
        self.numbers
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
        if self.numbers != Numbered::No {
            row[..Feature::COUNT].copy_from_slice(&input.features);
            let work = &mut row[Feature::COUNT..OF_FUNCTION];
            work.copy_from_slice(&input.work);
            divide_by_sum(&mut work[work_of(false)]);
        }
        if self.numbers == Numbered::Kernels {
            let kernels = &mut row[OF_FUNCTION..self.numbers.columns()];
            kernels[..KernelFeature::COUNT].copy_from_slice(&input.kernels.features);
            let work = &mut kernels[KernelFeature::COUNT..];
            work.copy_from_slice(&input.kernels.work);
            divide_by_sum(&mut work[..KernelCount::OF_KINDS]);
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

fn divide_by_sum(counts: &mut [f32]) {
    let all = counts.iter().sum::<f32>().max(1.0);
    counts.iter_mut().for_each(|count| *count /= all);
}
