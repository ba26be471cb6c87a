//! What all fits share: hyper-parameters are checked into something that can [`Fit`]; what is fitted can [`Predict`].

use costmodel::model::Predict;
use costmodel::quantity::Output;

use crate::dataset::Dataset;

/// Rows to learn from and rows to stop by.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Rows {
    /// Fitted to.
    pub training: Vec<usize>,
    /// Judged by while fitting (early stopping, choices); never those that a result is reported on.
    pub validation: Vec<usize>,
}

/// How far a fit has come.
#[derive(Debug, Clone, PartialEq)]
pub struct Progress {
    /// What is being fitted.
    pub stage: String,
    /// Steps done.
    pub done: usize,
    /// Steps at most.
    pub total: usize,
    /// Loss on the validation rows.
    pub loss: Option<f64>,
}

/// Means of a fit: threads, and whom to tell.
pub struct Run<'a> {
    /// Threads used; the result does not depend on it.
    pub threads: usize,
    /// Told now and then how far it is, from any thread.
    pub progress: &'a (dyn Fn(&Progress) + Sync),
}

impl Run<'_> {
    /// One thread, nobody told.
    pub const QUIET: Run<'static> = Run { threads: 1, progress: &|_| {} };
}

/// Checked hyper-parameters: what fits a model.
pub trait Fit {
    /// What it fits.
    type Model: Predict;

    /// Fits to rows of a data set.
    ///
    /// # Errors
    /// If the rows do not carry a fit.
    fn fit(&self, data: &Dataset, rows: &Rows, run: &Run<'_>) -> Result<Self::Model, FitError>;
}

/// Why a model could not be fitted.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum FitError {
    /// No row has a label for any of these outputs.
    #[error("no training row is labelled with {0}")]
    Unlabelled(String),
    /// There is nothing to learn from.
    #[error("there are no training rows")]
    NoRows,
    /// The numbers ran away.
    #[error("the fit of {0} did not stay finite; smaller steps or more regularisation may help")]
    Diverged(&'static str),
}

impl FitError {
    pub(crate) fn unlabelled(outputs: &[Output]) -> Self {
        let names: Vec<String> = outputs.iter().map(ToString::to_string).collect();
        Self::Unlabelled(names.join(", "))
    }
}

/// A hyper-parameter that cannot be.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[error("{name} is {value}; it must be {required}")]
pub struct ParameterError {
    /// Which.
    pub name: &'static str,
    /// What it is.
    pub value: f64,
    /// What it must be.
    pub required: &'static str,
}

/// Refuses a hyper-parameter unless `good`.
pub(crate) fn require(
    good: bool,
    name: &'static str,
    value: f64,
    required: &'static str,
) -> Result<(), ParameterError> {
    if good { Ok(()) } else { Err(ParameterError { name, value, required }) }
}
