//! Metadata of a model file.

use serde::{Deserialize, Serialize};

use crate::features::{Feature, work_names};
use crate::kernels::{KernelCount, KernelFeature};
use crate::quantity::{Output, Quantity, TargetKind};

/// Name of the models of processors and designs that this program trains.
const NAME: &str = "hardwire-cost-model-v1";

/// Name of the models of GPUs.
const GPU_NAME: &str = "hardwire-gpu-model-v1";

/// Name of a model with these outputs.
#[must_use]
pub fn name_of(outputs: &[Output]) -> &'static str {
    if is_of_gpus(outputs) { GPU_NAME } else { NAME }
}

/// Whether these are outputs of GPUs.
#[must_use]
pub fn is_of_gpus(outputs: &[Output]) -> bool {
    outputs.iter().any(|output| output.quantity.target_kind() == TargetKind::Gpu)
}

/// Everything but the weights.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Card {
    /// Version of the file's layout.
    pub schema: u32,
    /// Name of the model, repeated in every reply.
    pub name: String,
    /// Licence of the weights.
    pub licence: String,
    /// Version of the tokenizer.
    pub tokenizer_version: u32,
    /// Hash of the vocabulary.
    pub vocabulary_hash: String,
    /// Names of the features and counts of work in their order.
    pub features: Vec<String>,
    /// What is predicted, in the order of the weights.
    pub outputs: Vec<Output>,
    /// Toolchain that made the labels.
    pub toolchain: String,
    /// The training set.
    pub training: TrainingSet,
    /// Seed of the fit.
    pub seed: u64,
    /// Architecture that the fit ran on; sums may round differently on others.
    pub trained_with: String,
    /// Measured errors on families left out.
    pub errors: Vec<ErrorRow>,
}

/// The rows of a fit.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TrainingSet {
    /// SHA-256 over the content hashes of its rows.
    pub hash: String,
    /// Number of rows.
    pub rows: usize,
    /// Number of kernels.
    pub kernels: usize,
    /// Names of the families.
    pub families: Vec<String>,
}

/// Errors of one quantity on one target, on families that the model had not seen.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ErrorRow {
    /// Processor or design.
    pub target: String,
    /// Quantity.
    pub quantity: Quantity,
    /// Number of rows.
    pub rows: usize,
    /// Median absolute error over the truth, in %, of rows whose truth is not zero.
    pub median_ape_pct: Option<f64>,
    /// Root of the mean squared error over the range of the truth, in %.
    pub rmse_pct_of_range: Option<f64>,
    /// Share of rows inside their interval, in %, mean over families.
    pub coverage_pct: f64,
}

impl Card {
    /// Name and hash of the training set, as files that belong to a model refer to it.
    #[must_use]
    pub fn version(&self) -> String {
        Self::version_of(&self.name, &self.training.hash)
    }

    /// The version of a model called `name` that learned from the training set of `hash`.
    #[must_use]
    pub fn version_of(name: &str, hash: &str) -> String {
        format!("{name}+{}", hash.get(..12).unwrap_or_default())
    }

    /// Names of the features and counts of work that this build computes for a model with these outputs.
    #[must_use]
    pub fn current_features(outputs: &[Output]) -> Vec<String> {
        let mut names: Vec<String> =
            Feature::ALL.iter().map(|feature| feature.name().to_owned()).chain(work_names()).collect();
        if is_of_gpus(outputs) {
            names.extend(KernelFeature::ALL.iter().map(|feature| format!("kernel_{}", feature.name())));
            names.extend(KernelCount::all().map(|count| format!("kernel_{}", count.name())));
        }
        names
    }

    /// Names of the targets, each once, in the order of the outputs.
    #[must_use]
    pub fn targets(&self) -> Vec<&str> {
        let mut targets: Vec<&str> = Vec::new();
        for output in &self.outputs {
            if !targets.contains(&output.target.as_str()) {
                targets.push(&output.target);
            }
        }
        targets
    }
}
