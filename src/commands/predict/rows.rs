//! Predictions as JSON and as tables.

use costmodel::predictor::{Answer, Estimate, Provider, Reply};
use costmodel::quantity::Output;
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
    pub in_distribution: bool,
    pub ood_score: f64,
    pub provider: &'static str,
    pub model: String,
}

/// Predictions by quantity.
pub struct Predictions<'a>(pub Vec<(&'a Output, Option<Estimate>)>);

#[derive(Serialize)]
struct Prediction {
    value: Option<f64>,
    low: Option<f64>,
    high: Option<f64>,
    unit: &'static str,
}

impl Serialize for Predictions<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(self.0.len()))?;
        for (output, estimate) in &self.0 {
            let prediction = Prediction {
                value: estimate.map(|e| e.value),
                low: estimate.map(|e| e.low),
                high: estimate.map(|e| e.high),
                unit: output.quantity.unit(),
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
    let estimates = outputs.iter().zip(reply.estimates.iter().copied());
    Predictions(estimates.filter(|(output, _)| output.target == target).collect())
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
        for (output, estimate) in &row.predictions.0 {
            let cell = |of: fn(&Estimate) -> f64| estimate.map_or("-".to_owned(), |e| value(output, of(&e)));
            let (middle, low, high) = (cell(|e| e.value), cell(|e| e.low), cell(|e| e.high));
            table.row([row.target, output.quantity.name(), &middle, &low, &high, output.quantity.unit()]);
        }
    }
    out += &table.render();
    out
}
