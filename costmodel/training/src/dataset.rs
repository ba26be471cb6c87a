//! Labelled functions.
//!
//! A [`Sample`] is a function as a model sees it, its labels, and where it comes from; a [`Dataset`] is many samples with
//! the outputs that their labels stand for.

use costmodel::features::{Feature, WORK};
use costmodel::input::{Input, Scheme};
use costmodel::kernels::{KERNEL_WORK, KernelFeature};
use costmodel::quantity::Output;
use costmodel::shipped::is_of_gpus;

/// One function with its labels.
#[derive(Debug, Clone, PartialEq)]
pub struct Sample {
    /// Input of the model.
    pub input: Input,
    /// One label per output, in the quantity's unit; `None` where labelling failed.
    pub labels: Vec<Option<f64>>,
    /// Its family, an index of [`Dataset::families`].
    pub family: u32,
    /// Number of its kernel; all variants of a kernel have the same.
    pub kernel: u32,
}

/// Samples with their outputs, vocabulary sizes and families.
#[derive(Debug, Clone, PartialEq)]
pub struct Dataset {
    outputs: Vec<Output>,
    vocabulary: [usize; 3],
    families: Vec<String>,
    samples: Vec<Sample>,
}

/// A sample that does not fit the data set.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum DatasetError {
    /// A list of the wrong length.
    #[error("sample {sample}: expected {expected} {what}, found {found}")]
    Count {
        /// Index of the sample.
        sample: usize,
        /// What is counted.
        what: &'static str,
        /// How many it has.
        found: usize,
        /// How many it should have.
        expected: usize,
    },
    /// A number that is not finite.
    #[error("sample {sample} has a {what} that is not finite")]
    NotFinite {
        /// Index of the sample.
        sample: usize,
        /// What is not finite.
        what: &'static str,
    },
    /// A word or family out of range.
    #[error("sample {sample} has {what} {found}, beyond the {limit} known")]
    Unknown {
        /// Index of the sample.
        sample: usize,
        /// What is unknown.
        what: &'static str,
        /// The number found.
        found: usize,
        /// How many there are.
        limit: usize,
    },
}

impl Dataset {
    /// A data set of these samples; `vocabulary` is the number of words by scheme.
    ///
    /// # Errors
    /// If a sample does not fit.
    pub fn new(
        outputs: Vec<Output>,
        vocabulary: [usize; 3],
        families: Vec<String>,
        samples: Vec<Sample>,
    ) -> Result<Self, DatasetError> {
        for (sample, s) in samples.iter().enumerate() {
            let count = |what, found, expected| {
                if found == expected { Ok(()) } else { Err(DatasetError::Count { sample, what, found, expected }) }
            };
            count("labels", s.labels.len(), outputs.len())?;
            count("features", s.input.features.len(), Feature::COUNT)?;
            count("counts of work", s.input.work.len(), WORK)?;
            if is_of_gpus(&outputs) {
                count("features of kernels", s.input.kernels.features.len(), KernelFeature::COUNT)?;
                count("counts of work of kernels", s.input.kernels.work.len(), KERNEL_WORK)?;
            }
            if s.input.features.iter().any(|x| !x.is_finite()) {
                return Err(DatasetError::NotFinite { sample, what: "feature" });
            }
            if s.input.work.iter().any(|x| !x.is_finite()) {
                return Err(DatasetError::NotFinite { sample, what: "count of work" });
            }
            if s.labels.iter().flatten().any(|x| !x.is_finite()) {
                return Err(DatasetError::NotFinite { sample, what: "label" });
            }
            let known = |what, found: usize, limit| {
                if found < limit { Ok(()) } else { Err(DatasetError::Unknown { sample, what, found, limit }) }
            };
            known("family", s.family as usize, families.len())?;
            for scheme in Scheme::ALL {
                for &token in s.input.tokens.of(scheme) {
                    known("word", usize::from(token), vocabulary[scheme as usize])?;
                }
            }
        }
        Ok(Self { outputs, vocabulary, families, samples })
    }

    /// Outputs of the labels.
    #[must_use]
    pub fn outputs(&self) -> &[Output] {
        &self.outputs
    }

    /// Whether the labels are of GPUs.
    #[must_use]
    pub fn is_of_gpus(&self) -> bool {
        is_of_gpus(&self.outputs)
    }

    /// Number of words of a scheme's vocabulary.
    #[must_use]
    pub fn vocabulary(&self, scheme: Scheme) -> usize {
        self.vocabulary[scheme as usize]
    }

    /// Names of the families.
    #[must_use]
    pub fn families(&self) -> &[String] {
        &self.families
    }

    /// The samples.
    #[must_use]
    pub fn samples(&self) -> &[Sample] {
        &self.samples
    }

    /// Label of a row on the scale of the fit; `None` without a label.
    #[must_use]
    pub fn scaled_label(&self, row: usize, output: usize) -> Option<f64> {
        let label = self.samples[row].labels[output]?;
        Some(self.outputs[output].quantity.scale().to(label))
    }
}
