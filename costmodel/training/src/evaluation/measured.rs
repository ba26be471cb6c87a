//! All figures of an evaluation.

use costmodel::quantity::Quantity;

use super::answers::Answers;
use super::document::{Comparison, Decision, Dialect, Interval, RatioInterval, Slice, VariantOrder, Withheld};
use super::models::Model;
use super::result_row::ResultRow;
use super::splits::Split;
use crate::corpus_rows::CorpusRows;

/// All figures of an evaluation.
pub struct Measured<'a> {
    /// The corpus.
    pub corpus: &'a CorpusRows,
    /// Folds in which families are left out.
    pub folds: usize,
    /// Seed of every draw.
    pub seed: u64,
    /// Errors by split, model and output, and their means over targets.
    pub results: Vec<ResultRow>,
    /// The shipped model against each other one, families left out.
    pub comparisons: Vec<Comparison>,
    /// Coverage of the shipped model's intervals.
    pub intervals: Vec<Interval>,
    /// Choices of a kernel's variant by predictions.
    pub decisions: Vec<Decision>,
    /// Order, errors and coverage by kind of variant.
    pub variants: Vec<VariantOrder>,
    /// Coverage of intervals of ratios.
    pub ratio_intervals: Vec<RatioInterval>,
    /// Errors by how many rows are answered.
    pub withholding: Vec<Withheld>,
    /// Errors by family, dialect and size.
    pub slices: Vec<Slice>,
    /// The novelty score on dialects that were left out.
    pub dialects: Vec<Dialect>,
    /// The shipped model's predictions for families left out.
    pub shipped: Option<Answers>,
}

impl Measured<'_> {
    /// The errors of a model on a quantity: the mean over targets, or those of its only target.
    #[must_use]
    pub fn find(&self, split: Split, model: Model, quantity: Quantity) -> Option<&ResultRow> {
        let own =
            || self.results.iter().filter(move |r| r.split == split && r.model == model && r.quantity == quantity);
        own().find(|r| r.target == "mean").or_else(|| own().next())
    }
}
