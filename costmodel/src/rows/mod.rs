//! Answers as rows with stable keys, one per function and target: what `hardwire predict`, `serve`, `explain` and the Python
//! package write as JSON.

mod compared;
mod explained;
mod wanted;

pub use compared::{CompareRow, Side, compared};
pub use explained::{Explained, OperationEffect};
pub use wanted::{NoFunction, UnknownTarget, Wanted, function_asked, names, output_asked};

use serde::ser::SerializeMap;
use serde::{Serialize, Serializer};

use crate::bounds::Bound;
use crate::predictor::{Answer, Estimate, Provider, Reply};
use crate::quantity::{Output, Quantity};
use crate::reason::{Reason, ReasonKind};
use crate::warning::WarningKind;

/// The predictions for one function and target.
#[derive(Debug, Serialize)]
pub struct Row<'a> {
    /// File of the text, if it has one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub file: Option<&'a str>,
    /// Name of the function; empty if it has none.
    pub function: &'a str,
    /// Processor, GPU or design.
    pub target: &'a str,
    /// Each quantity of the target.
    pub predictions: Predictions<'a>,
    /// Why predictions are null.
    pub reasons: Vec<RowReason<'a>>,
    /// How the function differs from the training set.
    pub warnings: Vec<RowWarning>,
    /// Whether the score is at most 1.
    pub in_distribution: bool,
    /// Novelty of the function for the model.
    pub ood_score: f64,
    /// What answered: the learned model, the analytical ones, or the cache.
    pub provider: &'static str,
    /// Name of the model that computed the answer.
    pub model: String,
}

/// A reason as JSON.
#[derive(Debug, Serialize)]
pub struct RowReason<'a> {
    kind: ReasonKind,
    /// The reason in words.
    pub message: String,
    operation: Option<&'a str>,
    line: Option<usize>,
    column: Option<usize>,
    /// Operations with this reason; the place is that of the first.
    count: usize,
    value: Option<&'a str>,
    assume: Option<&'a str>,
    quantities: Vec<Quantity>,
}

impl<'a> RowReason<'a> {
    /// The row of a reason that concerns `quantities`.
    #[must_use]
    pub fn of(reason: &'a Reason, quantities: Vec<Quantity>) -> Self {
        let place = reason.place.as_ref();
        Self {
            kind: reason.kind,
            message: reason.to_string(),
            operation: place.map(|place| place.operation.as_str()),
            line: place.map(|place| place.line),
            column: place.map(|place| place.column),
            count: reason.count,
            value: reason.value.as_deref(),
            assume: reason.assumption.as_deref(),
            quantities,
        }
    }

    /// Names of the quantities that are not known, `all` if they are as many as that, and why.
    #[must_use]
    pub fn line(&self, all: usize) -> String {
        let names: Vec<&str> = self.quantities.iter().map(|quantity| quantity.name()).collect();
        let names = if names.len() == all { "all".to_owned() } else { names.join(", ") };
        format!("{names}: {}", self.message)
    }
}

/// A warning as JSON.
#[derive(Debug, Serialize)]
pub struct RowWarning {
    kind: WarningKind,
    /// The warning in words.
    pub message: String,
}

/// Predictions by quantity, each with the bound that it was moved to.
#[derive(Debug)]
pub struct Predictions<'a>(pub Vec<(&'a Output, Option<Estimate>, Option<Bound>)>);

#[derive(Serialize)]
struct Prediction {
    value: Option<f64>,
    low: Option<f64>,
    high: Option<f64>,
    unit: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    bounded_by: Option<Bound>,
}

impl Serialize for Predictions<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(self.0.len()))?;
        for &(output, estimate, bounded_by) in &self.0 {
            let prediction = Prediction {
                value: estimate.map(|e| e.value),
                low: estimate.map(|e| e.low),
                high: estimate.map(|e| e.high),
                unit: output.quantity.unit(),
                bounded_by,
            };
            map.serialize_entry(output.quantity.name(), &prediction)?;
        }
        map.end()
    }
}

/// One row per function and wanted target.
pub fn rows<'a>(
    file: Option<&'a str>,
    answer: &'a Answer,
    outputs: &'a [Output],
    wanted: &'a Wanted,
    model: &'a str,
) -> impl Iterator<Item = Row<'a>> {
    answer.replies.iter().flat_map(move |reply| {
        wanted.0.iter().map(move |target| Row {
            file,
            function: &reply.function,
            target,
            predictions: predictions(reply, outputs, target),
            reasons: reasons(reply, outputs, target),
            warnings: warnings(reply),
            in_distribution: reply.in_distribution(),
            ood_score: reply.ood_score,
            provider: if answer.cached { "cache" } else { reply.provider.name() },
            model: answered_by(model, reply.provider),
        })
    })
}

/// Name of the model that computed an answer, cached or not.
fn answered_by(model: &str, provider: Provider) -> String {
    match provider {
        Provider::Learned => model.to_owned(),
        Provider::Analytical => format!("{model}/analytical"),
    }
}

fn predictions<'a>(reply: &Reply, outputs: &'a [Output], target: &str) -> Predictions<'a> {
    let estimates = outputs.iter().zip(&reply.estimates).zip(&reply.bounded);
    let own = estimates.filter(|((output, _), _)| output.target == target);
    Predictions(own.map(|((output, estimate), bound)| (output, *estimate, *bound)).collect())
}

/// The reasons that concern quantities of a target.
fn reasons<'a>(reply: &'a Reply, outputs: &[Output], target: &str) -> Vec<RowReason<'a>> {
    let own = || outputs.iter().filter(|output| output.target == target).map(|output| output.quantity);
    let concerned = |reason: &Reason| own().filter(|&quantity| reason.concerns(quantity)).collect::<Vec<_>>();
    let all = reply.reasons.iter().map(|reason| RowReason::of(reason, concerned(reason)));
    all.filter(|reason| !reason.quantities.is_empty()).collect()
}

/// The warnings of a reply.
#[must_use]
pub fn warnings(reply: &Reply) -> Vec<RowWarning> {
    reply.warnings.iter().map(|warning| RowWarning { kind: warning.kind(), message: warning.to_string() }).collect()
}
