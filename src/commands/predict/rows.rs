//! Predictions as JSON and as tables.

use costmodel::bounds::Bound;
use costmodel::predictor::{Answer, Estimate, Provider, Reply};
use costmodel::quantity::{Output, Quantity};
use costmodel::reason::{Reason, ReasonKind};
use costmodel::warning::WarningKind;
use names::Named;
use reports::{Align, Table, number};
use serde::ser::SerializeMap;
use serde::{Serialize, Serializer};

use crate::cost_model::Wanted;

/// The predictions for one function and target.
#[derive(Serialize)]
pub struct Row<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub file: Option<&'a str>,
    pub function: &'a str,
    pub target: &'a str,
    pub predictions: Predictions<'a>,
    /// Why predictions are null.
    pub reasons: Vec<RowReason<'a>>,
    pub warnings: Vec<RowWarning>,
    pub in_distribution: bool,
    pub ood_score: f64,
    pub provider: &'static str,
    pub model: String,
}

/// A reason as JSON.
#[derive(Debug, Serialize)]
pub struct RowReason<'a> {
    kind: ReasonKind,
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
    pub fn line(&self, all: usize) -> String {
        let names: Vec<&str> = self.quantities.iter().map(|quantity| quantity.name()).collect();
        let names = if names.len() == all { "all".to_owned() } else { names.join(", ") };
        format!("{names}: {}", self.message)
    }
}

/// A warning as JSON.
#[derive(Serialize)]
pub struct RowWarning {
    kind: WarningKind,
    pub message: String,
}

/// Predictions by quantity, each with the bound that it was moved to.
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

pub fn warnings(reply: &Reply) -> Vec<RowWarning> {
    reply.warnings.iter().map(|warning| RowWarning { kind: warning.kind(), message: warning.to_string() }).collect()
}

/// A number of a quantity: counts without fraction, others to three significant digits.
pub fn value(output: &Output, value: f64) -> String {
    if output.quantity.is_whole() || value.abs() >= 1000.0 {
        return number::fixed(value, 0);
    }
    number::significant(value, 3)
}

/// The rows of one function as a table.
pub fn table(rows: &[Row<'_>]) -> String {
    let Some(first) = rows.first() else { return String::new() };
    let name = if first.function.is_empty() { "(no name)" } else { first.function };
    let place = first.file.map_or(String::new(), |file| format!(" of {file}"));
    let familiar = if first.in_distribution { "in distribution" } else { "out of distribution" };
    let mut out = format!(
        "{name}{place}: {familiar} (score {:.2}), provider {}, model {}\n\n",
        first.ood_score, first.provider, first.model
    );
    let mut table = Table::new(&[
        ("target", Align::Left),
        ("quantity", Align::Left),
        ("value", Align::Right),
        ("low", Align::Right),
        ("high", Align::Right),
        ("unit", Align::Left),
    ]);
    for row in rows {
        for (output, estimate, _) in &row.predictions.0 {
            let cell = |of: fn(&Estimate) -> f64| estimate.map_or("-".to_owned(), |e| value(output, of(&e)));
            let (middle, low, high) = (cell(|e| e.value), cell(|e| e.low), cell(|e| e.high));
            table.row([row.target, output.quantity.name(), &middle, &low, &high, output.quantity.unit()]);
        }
    }
    out += &table.render();
    out += &notes(rows);
    out
}

/// What is unknown and why, what was moved to a bound, and the warnings, each on a line.
fn notes(rows: &[Row<'_>]) -> String {
    let mut notes: Vec<String> = Vec::new();
    for row in rows {
        let all = row.predictions.0.len();
        notes.extend(row.reasons.iter().map(|reason| format!("unknown {}", reason.line(all))));
        let bounded = row.predictions.0.iter().filter_map(|(output, _, bound)| Some((output, (*bound)?)));
        notes.extend(bounded.map(|(output, bound)| format!("bounded {output}: {}", bound.about())));
        notes.extend(row.warnings.iter().map(|warning| format!("warning: {}", warning.message)));
    }
    let mut out = String::new();
    for (index, note) in notes.iter().enumerate() {
        // Targets share most of them.
        if !notes[..index].contains(note) {
            out += note;
            out.push('\n');
        }
    }
    out
}
