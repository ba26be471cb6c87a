//! Labelled functions of a file, with what the model predicts of them.

use std::collections::BTreeMap;

use costmodel::input::{Input, Scheme};
use costmodel::predictor::{Estimate, Refusal};
use costmodel::quantity::Quantity;
use costmodel::query::{Query, QueryReader};
use costmodel::shipped::CostModel;
use designs::problem::{did_you_mean, shorten};
use ir::Limits;
use serde::Deserialize;

use crate::commands::ir::source::Source;
use crate::diagnostics::Failure;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct LabelledLine {
    text: String,
    labels: BTreeMap<String, f64>,
    #[serde(default)]
    kernel: Option<String>,
}

/// A labelled function with the predictions of the model by output, on the scale of the fit.
pub struct Labelled {
    pub labels: BTreeMap<Quantity, f64>,
    pub kernel: u32,
    pub input: Input,
    pub learned: Vec<Option<f64>>,
    pub analytical: Vec<Option<f64>>,
}

/// The functions of a file.
pub fn read(source: &Source, model: &CostModel, is_design: bool) -> Result<Vec<Labelled>, Failure> {
    let mut reader = QueryReader::new(Limits::default(), &[Scheme::Shaped]);
    let mut kernels: BTreeMap<String, u32> = BTreeMap::new();
    let mut labelled = Vec::new();
    for (index, line) in source.text.lines().enumerate().filter(|(_, line)| !line.trim().is_empty()) {
        let refuse = |why: String| Failure::Request(format!("{}:{}: {why}", source.name, index + 1));
        let line: LabelledLine = serde_json::from_str(line).map_err(|e| refuse(e.to_string()))?;
        let mut labels = BTreeMap::new();
        for (name, value) in line.labels {
            let known = Quantity::ALL.into_iter().filter(|q| q.is_of_design() == is_design);
            let Some(quantity) = known.clone().find(|q| q.name() == name) else {
                let known: Vec<&str> = known.map(Quantity::name).collect();
                let (name, help) = (shorten(&name), did_you_mean(&name, &known));
                return Err(refuse(format!("no quantity `{name}` of a {}; {help}", kind(is_design))));
            };
            let share = matches!(quantity, Quantity::PortUtilization | Quantity::XpuUtilization);
            if !(value >= 0.0 && value.is_finite() && (!share || value <= 1.0)) {
                return Err(refuse(format!(
                    "{quantity} is {value}; it must be 0 or more{}",
                    if share { ", at most 1" } else { "" }
                )));
            }
            labels.insert(quantity, value);
        }
        let queries = reader.read(&line.text, |_| &model.vocabulary);
        let queries = queries.map_err(|wrong| refuse(format!("text: {}", Refusal::Text(wrong))))?;
        let [query] = &queries[..] else {
            return Err(refuse(format!("the text has {} functions with a body; one is labelled", queries.len())));
        };
        let next = kernels.len() as u32;
        let kernel = line.kernel.unwrap_or_else(|| format!("line {index}"));
        labelled.push(Labelled {
            labels,
            kernel: *kernels.entry(kernel).or_insert(next),
            learned: scaled(model, query, model.learned(&query.input)),
            analytical: scaled(model, query, model.analytical(&query.input)),
            input: query.input.clone(),
        });
    }
    Ok(labelled)
}

/// The model's own answers for the trained outputs on the scale of the fit: bounds of the base do not hold for the new target.
pub fn scaled(model: &CostModel, query: &Query, estimates: Vec<Option<Estimate>>) -> Vec<Option<f64>> {
    let known = |quantity| !query.reasons.iter().any(|reason| reason.concerns(quantity));
    let outputs = model.trees.outputs().iter().zip(estimates);
    outputs.map(|(o, e)| e.filter(|_| known(o.quantity)).map(|e| o.quantity.scale().to(e.value))).collect()
}

/// What is adapted, for messages.
pub fn kind(is_design: bool) -> &'static str {
    if is_design { "design" } else { "processor" }
}
