//! Common to all fits: checked hyper-parameters [`Fit`] a model that can [`Predict`].

use costmodel::model::Predict;
use costmodel::quantity::Output;

use crate::dataset::Dataset;

/// Training and validation rows.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Rows {
    /// Rows that the model is fitted to.
    pub training: Vec<usize>,
    /// Rows for early stopping and model choice; never test rows.
    pub validation: Vec<usize>,
}

/// Progress of a fit.
#[derive(Debug, Clone, PartialEq)]
pub struct Progress {
    /// Part that is being fitted.
    pub stage: String,
    /// Steps done.
    pub done: usize,
    /// Maximum number of steps.
    pub total: usize,
    /// Loss on the validation rows.
    pub loss: Option<f64>,
}

/// Threads and progress callback of a fit.
pub struct Run<'a> {
    /// Threads used; the result does not depend on it.
    pub threads: usize,
    /// Called from time to time, from any thread.
    pub progress: &'a (dyn Fn(&Progress) + Sync),
}

impl Run<'_> {
    /// One thread, no progress.
    pub const QUIET: Run<'static> = Run { threads: 1, progress: &|_| {} };
}

/// Checked hyper-parameters.
pub trait Fit {
    /// The fitted model.
    type Model: Predict;

    /// Fits to rows of a data set.
    ///
    /// # Errors
    /// If there are no rows or labels, or the fit diverges.
    fn fit(&self, data: &Dataset, rows: &Rows, run: &Run<'_>) -> Result<Self::Model, FitError>;
}

/// Why a model could not be fitted.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum FitError {
    /// No row has a label for any of these outputs.
    #[error("no training row is labelled with {0}")]
    Unlabelled(String),
    /// There are no training rows.
    #[error("there are no training rows")]
    NoRows,
    /// The numbers did not stay finite.
    #[error("the fit of {0} did not stay finite; smaller steps or more regularisation may help")]
    Diverged(&'static str),
}

impl FitError {
    pub(crate) fn unlabelled(outputs: &[Output]) -> Self {
        let names: Vec<String> = outputs.iter().map(ToString::to_string).collect();
        Self::Unlabelled(names.join(", "))
    }
}

/// A hyper-parameter out of range.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[error("{name} is {value}; it must be {required}")]
pub struct ParameterError {
    /// Name of the parameter.
    pub name: &'static str,
    /// Its value.
    pub value: f64,
    /// Range allowed, in words.
    pub required: &'static str,
}

/// An error unless `good`.
pub(crate) fn require(
    good: bool,
    name: &'static str,
    value: f64,
    required: &'static str,
) -> Result<(), ParameterError> {
    if good { Ok(()) } else { Err(ParameterError { name, value, required }) }
}
