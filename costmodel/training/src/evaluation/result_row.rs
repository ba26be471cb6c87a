//! Errors of one model on one output.

use costmodel::quantity::Quantity;
use serde::Serialize;

use super::models::Model;
use super::splits::Split;
use crate::metrics::Regression;

/// Errors of a model on one output, or their mean over targets.
#[derive(Debug, Clone, Serialize)]
pub struct ResultRow {
    /// What was held back.
    pub split: Split,
    /// The model.
    pub model: Model,
    /// Rows that it learned from, mean over folds.
    pub training_rows: usize,
    /// The quantity.
    pub quantity: Quantity,
    /// Its unit.
    pub unit: &'static str,
    /// Processor or design; `mean` for the mean over targets.
    pub target: String,
    /// Errors of the predictions.
    #[serde(flatten)]
    pub errors: Regression,
    /// Root of the mean squared error over the 99th percentile of the truth.
    pub rmse_pct_of_p99: Option<f64>,
    /// F1 of "any spill".
    pub f1_above_0: Option<f64>,
    /// F1 of "more than 16 spills".
    pub f1_above_16: Option<f64>,
    /// Kendall's tau within the variants of a kernel, mean over kernels.
    pub kendall_tau: Option<f64>,
    /// Spearman's correlation of the same.
    pub spearman: Option<f64>,
    /// Excess of the variant predicted best over the best, in %.
    pub top_1_regret_pct: Option<f64>,
    /// Excess of the best of the five predicted best, in %.
    pub top_5_regret_pct: Option<f64>,
    /// Pairs that differ by more than 1 % and are put in the right order, in %.
    pub decision_accuracy_pct: Option<f64>,
}
