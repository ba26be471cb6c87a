//! Ratios of two functions with stable keys: what `hardwire predict --compare` and the Python package write as JSON.

use serde::Serialize;

use super::Wanted;
use crate::compare::{Compared, Verdict};
use crate::predictor::{Predictor, Reply};
use crate::quantity::Quantity;

/// A function of a comparison.
#[derive(Debug, Clone, Copy, Serialize)]
pub struct Side<'a> {
    /// File of the text, if it has one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub file: Option<&'a str>,
    /// Name of the function.
    pub function: &'a str,
    /// Whether it is like the training set.
    pub in_distribution: bool,
}

/// The ratio of one quantity on one target: second function over first.
#[derive(Debug, Serialize)]
pub struct CompareRow<'a> {
    /// The function that is divided by.
    pub first: Side<'a>,
    /// The function that is compared with it.
    pub second: Side<'a>,
    /// Processor or design.
    pub target: &'a str,
    /// The quantity; less of it is better.
    pub quantity: Quantity,
    /// Predicted ratio.
    pub ratio: Option<f64>,
    /// Lower end of its 90 % interval.
    pub low: Option<f64>,
    /// Upper end.
    pub high: Option<f64>,
    /// What the interval says about the second function.
    pub verdict: Option<Verdict>,
    /// Why numbers are null.
    pub reason: Option<String>,
    /// Name of the model.
    pub model: &'a str,
}

/// The rows of a comparison of two replies, each with the name of its file.
pub fn compared<'a>(
    predictor: &'a Predictor,
    wanted: &Wanted,
    [first, second]: [(Option<&'a str>, &'a Reply); 2],
) -> Vec<CompareRow<'a>> {
    let side = |(file, reply): (Option<&'a str>, &'a Reply)| Side {
        file,
        function: &reply.function,
        in_distribution: reply.in_distribution(),
    };
    let model = predictor.model();
    let row = |compared: Compared| {
        let output = &predictor.outputs()[compared.output];
        let interval = compared.ratio.and_then(|ratio| ratio.interval);
        CompareRow {
            first: side(first),
            second: side(second),
            target: &output.target,
            quantity: output.quantity,
            ratio: compared.ratio.map(|ratio| ratio.value),
            low: interval.map(|(low, _)| low),
            high: interval.map(|(_, high)| high),
            verdict: compared.ratio.and_then(|ratio| ratio.verdict()),
            reason: compared.missing.map(|why| why.to_string()),
            model: &model.card.name,
        }
    };
    let rows = predictor.ratios(first.1, second.1).into_iter().map(row);
    rows.filter(|row| wanted.0.iter().any(|target| target == row.target)).collect()
}
