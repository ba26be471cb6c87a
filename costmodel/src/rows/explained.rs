//! What each operation adds to a prediction, as rows.

use serde::Serialize;

use super::{RowReason, RowWarning, warnings};
use crate::bounds::Bound;
use crate::predictor::Explanation;
use crate::quantity::Output;

/// The explanation of one quantity of one function.
#[derive(Debug, Serialize)]
pub struct Explained<'a> {
    /// File of the text.
    pub file: &'a str,
    /// Name of the function.
    pub function: &'a str,
    /// Processor or design.
    pub target: &'a str,
    /// Name of the quantity.
    pub quantity: &'static str,
    /// Unit of all values.
    pub unit: &'static str,
    /// The prediction; null where a count is open.
    pub value: Option<f64>,
    /// Lower end of the 90 % interval.
    pub low: Option<f64>,
    /// Upper end of the 90 % interval.
    pub high: Option<f64>,
    /// The bound that the prediction was moved to.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub bounded_by: Option<Bound>,
    /// Why the value is null.
    pub reasons: Vec<RowReason<'a>>,
    /// How the function differs from the training set.
    pub warnings: Vec<RowWarning>,
    /// Whether the score is at most 1.
    pub in_distribution: bool,
    /// Novelty of the function for the model.
    pub ood_score: f64,
    /// What answered.
    pub provider: &'static str,
    /// Name of the model.
    pub model: &'a str,
    /// Sorted by absolute effect, largest first.
    pub operations: Vec<OperationEffect<'a>>,
    /// Operations that could not be taken out.
    pub operations_left_out: usize,
}

/// What an operation adds.
#[derive(Debug, Serialize)]
pub struct OperationEffect<'a> {
    /// Name of the operation.
    pub operation: &'a str,
    /// Its line, from 1.
    pub line: usize,
    /// Depth of nesting.
    pub depth: usize,
    /// The prediction without the operation.
    pub value_without: f64,
    /// The value less the value without the operation.
    pub adds: f64,
}

impl<'a> Explained<'a> {
    /// The rows of output `at` of `explanation`. `file` and `text` are what was explained.
    #[must_use]
    pub fn new(
        (file, text): (&'a str, &str),
        (at, output): (usize, &'a Output),
        explanation: &'a Explanation,
        model: &'a str,
    ) -> Self {
        let reply = &explanation.reply;
        let estimate = reply.estimates[at];
        let effects = explanation.effects.iter().filter_map(|effect| {
            let (whole, without) = (estimate?.value, effect.without[at]?);
            Some(OperationEffect {
                operation: &effect.operation,
                line: effect.span.line_column(text).0,
                depth: effect.depth,
                value_without: without,
                adds: whole - without,
            })
        });
        let mut operations: Vec<OperationEffect<'_>> = effects.collect();
        operations.sort_by(|a, b| b.adds.abs().total_cmp(&a.adds.abs()));
        Self {
            file,
            function: &reply.function,
            target: &output.target,
            quantity: output.quantity.name(),
            unit: output.quantity.unit(),
            value: estimate.map(|e| e.value),
            low: estimate.map(|e| e.low),
            high: estimate.map(|e| e.high),
            bounded_by: reply.bounded[at],
            reasons: reply.why(output.quantity).map(|reason| RowReason::of(reason, vec![output.quantity])).collect(),
            warnings: warnings(reply),
            in_distribution: reply.in_distribution(),
            ood_score: reply.ood_score,
            provider: reply.provider.name(),
            model,
            operations,
            operations_left_out: explanation.left_out,
        }
    }
}
