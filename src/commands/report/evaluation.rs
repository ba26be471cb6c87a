//! An evaluation of the learned cost model as the report reads it, reduced to what the report shows.
//!
//! The reduced evaluation is written beside the page in the same layout, so that the page can be made and checked again without
//! the evaluation: reading it and reducing it again changes nothing.

use serde::{Deserialize, Serialize};

use crate::diagnostics::Failure;
use crate::input;

/// Layout of the file that is read.
const SCHEMA: &str = "hardwire-evaluation/1";
/// Points kept of one quantity.
const SAMPLES: usize = 300;
/// Entries of a list read of one file.
const MOST: usize = 1024;
/// Points read of one quantity.
const MOST_SAMPLES: usize = 100_000;
/// Significant digits kept.
const DIGITS: usize = 5;
/// What is drawn, each on the first of its targets.
const DRAWN: [&str; 4] = ["vector_register_pressure", "instructions", "cycles", "xpu_latency_cycles"];

/// An evaluation.
#[derive(Debug, Deserialize, Serialize)]
pub struct Evaluation {
    pub schema: String,
    pub model_version: String,
    pub corpus: Option<String>,
    pub split: Option<String>,
    pub rows: Option<u64>,
    pub corpus_families: Option<u64>,
    pub family_folds: Option<u64>,
    #[serde(default)]
    pub aims: Vec<Aim>,
    #[serde(default)]
    pub quantities: Vec<Quantity>,
    #[serde(default)]
    pub comparisons: Vec<Comparison>,
    #[serde(default)]
    pub intervals: Vec<Interval>,
    #[serde(default)]
    pub dialects_left_out: Vec<Dialect>,
    #[serde(default)]
    pub decisions: Vec<Decision>,
}

/// What was aimed at.
#[derive(Debug, Deserialize, Serialize)]
pub struct Aim {
    pub aim: String,
    pub wanted: String,
    pub value: Option<f64>,
    pub met: bool,
}

/// Errors of one quantity of one target.
#[derive(Debug, Deserialize, Serialize)]
pub struct Quantity {
    pub quantity: String,
    #[serde(default)]
    pub unit: String,
    pub target: Option<String>,
    pub rows: Option<u64>,
    pub median_relative_error_pct: Option<f64>,
    pub p90_relative_error_pct: Option<f64>,
    pub spearman: Option<f64>,
    pub baseline: Option<Baseline>,
    #[serde(default)]
    pub samples: Vec<Sample>,
    #[serde(default)]
    pub by_family: Vec<Family>,
}

/// The best of the simple models on the same rows.
#[derive(Debug, Deserialize, Serialize)]
pub struct Baseline {
    pub name: String,
    pub median_relative_error_pct: Option<f64>,
}

/// One row.
#[derive(Debug, Deserialize, Serialize)]
pub struct Sample {
    #[serde(rename = "true")]
    pub truth: Option<f64>,
    pub predicted: Option<f64>,
}

/// Errors of one family.
#[derive(Debug, Deserialize, Serialize)]
pub struct Family {
    pub family: String,
    pub rows: Option<u64>,
    pub median_relative_error_pct: Option<f64>,
    pub p90_relative_error_pct: Option<f64>,
}

/// The shipped model against another on the same rows.
#[derive(Debug, Deserialize, Serialize)]
pub struct Comparison {
    pub quantity: String,
    pub measure: String,
    pub other: String,
    pub shipped_value: Option<f64>,
    pub other_value: Option<f64>,
    pub better_by: Option<f64>,
    pub better_by_low: Option<f64>,
    pub better_by_high: Option<f64>,
    pub excludes_zero: Option<bool>,
}

/// How often intervals hold the truth.
#[derive(Debug, Deserialize, Serialize)]
pub struct Interval {
    pub quantity: String,
    pub target: String,
    pub nominal_pct: Option<f64>,
    pub mean_over_families_pct: Option<f64>,
    pub p10_over_families_pct: Option<f64>,
    pub least_family_pct: Option<f64>,
    pub median_width: Option<f64>,
}

/// How well novelty tells a dialect that was not learned from.
#[derive(Debug, Deserialize, Serialize)]
pub struct Dialect {
    pub dialect: String,
    pub rows_of_the_dialect: Option<u64>,
    pub auroc: Option<f64>,
    pub flagged_pct: Option<f64>,
    pub others_flagged_pct: Option<f64>,
}

/// What choosing by predictions costs.
#[derive(Debug, Deserialize, Serialize)]
pub struct Decision {
    pub decision: String,
    pub target: Option<String>,
    pub chooser: Option<String>,
    pub rows: Option<u64>,
    pub right_choice_pct: Option<f64>,
    pub median_regret_pct: Option<f64>,
    pub mean_regret_pct: Option<f64>,
    pub p90_regret_pct: Option<f64>,
}

/// Reads the evaluation at `path`, which must be of the model of version `embedded`, and reduces it.
///
/// # Errors
/// When it is no evaluation, of another layout, or of another model.
pub fn read(path: &str, embedded: &str) -> Result<Evaluation, Failure> {
    let refuse = |message: String| Err(Failure::Request(message));
    let text = input::read(path).map_err(|error| Failure::Request(format!("cannot read {path}: {error}")))?;
    let mut evaluation: Evaluation = match serde_json::from_str(&text) {
        Ok(evaluation) => evaluation,
        Err(error) => {
            let (line, column) = (error.line(), error.column());
            return refuse(format!(
                "{path}:{line}:{column}: no evaluation: {error}; `hardwire evaluate --format json` prints one"
            ));
        }
    };
    if evaluation.schema != SCHEMA {
        return refuse(format!("{path}: layout `{}`, but this version reads `{SCHEMA}`", evaluation.schema));
    }
    let e = &evaluation;
    let lists = [
        e.aims.len(),
        e.quantities.len(),
        e.comparisons.len(),
        e.intervals.len(),
        e.dialects_left_out.len(),
        e.decisions.len(),
    ];
    if lists.into_iter().chain(e.quantities.iter().map(|q| q.by_family.len())).any(|size| size > MOST) {
        return refuse(format!("{path}: a list of more than {MOST} entries"));
    }
    if e.quantities.iter().any(|q| q.samples.len() > MOST_SAMPLES) {
        return refuse(format!("{path}: more than {MOST_SAMPLES} samples of a quantity"));
    }
    if evaluation.model_version != embedded {
        return refuse(format!(
            "{path}: an evaluation of the model {}, but the embedded one is {embedded}; evaluate that one",
            evaluation.model_version
        ));
    }
    evaluation.reduce();
    Ok(evaluation)
}

impl Evaluation {
    /// Quantities that are drawn, by place: each on its first target, or the very first where none is known.
    pub fn drawn(&self) -> Vec<usize> {
        let first = |name: &&str| self.quantities.iter().position(|q| q.quantity == **name);
        let known: Vec<usize> = DRAWN.iter().filter_map(first).collect();
        if known.is_empty() { (0..self.quantities.len().min(1)).collect() } else { known }
    }

    /// Keeps what is shown: a part of the samples, families of what is drawn, a few digits.
    fn reduce(&mut self) {
        let drawn = self.drawn();
        for (index, quantity) in self.quantities.iter_mut().enumerate() {
            if !drawn.contains(&index) {
                quantity.samples.clear();
                quantity.by_family.clear();
            }
            let step = quantity.samples.len().div_ceil(SAMPLES).max(1);
            let mut place = 0;
            quantity.samples.retain(|_| {
                place += 1;
                (place - 1) % step == 0
            });
            for value in [&mut quantity.median_relative_error_pct, &mut quantity.p90_relative_error_pct] {
                round(value);
            }
            round(&mut quantity.spearman);
            if let Some(baseline) = &mut quantity.baseline {
                round(&mut baseline.median_relative_error_pct);
            }
            quantity.samples.iter_mut().for_each(|s| [&mut s.truth, &mut s.predicted].into_iter().for_each(round));
            let errors = |f: &mut Family| {
                round(&mut f.median_relative_error_pct);
                round(&mut f.p90_relative_error_pct);
            };
            quantity.by_family.iter_mut().for_each(errors);
        }
        self.aims.iter_mut().for_each(|a| round(&mut a.value));
        for c in &mut self.comparisons {
            for value in [&mut c.shipped_value, &mut c.other_value, &mut c.better_by] {
                round(value);
            }
            round(&mut c.better_by_low);
            round(&mut c.better_by_high);
        }
        for i in &mut self.intervals {
            for value in [&mut i.nominal_pct, &mut i.mean_over_families_pct, &mut i.p10_over_families_pct] {
                round(value);
            }
            round(&mut i.least_family_pct);
            round(&mut i.median_width);
        }
        for d in &mut self.dialects_left_out {
            [&mut d.auroc, &mut d.flagged_pct, &mut d.others_flagged_pct].into_iter().for_each(round);
        }
        for d in &mut self.decisions {
            for value in [&mut d.right_choice_pct, &mut d.median_regret_pct, &mut d.mean_regret_pct] {
                round(value);
            }
            round(&mut d.p90_regret_pct);
        }
    }

    /// The reduced evaluation as a file.
    pub fn json(&self) -> Vec<u8> {
        let mut json = serde_json::to_string_pretty(self).expect("evaluations serialize");
        json.push('\n');
        json.into_bytes()
    }
}

/// A few significant digits.
fn round(value: &mut Option<f64>) {
    if let Some(number) = value.filter(|v| v.is_finite()) {
        *value = format!("{number:.*e}", DIGITS - 1).parse().ok();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reducing_twice_is_reducing_once() {
        let quantity = |name: &str| Quantity {
            quantity: name.to_owned(),
            unit: String::new(),
            target: Some("a".to_owned()),
            rows: Some(1000),
            median_relative_error_pct: Some(12.345_678),
            p90_relative_error_pct: None,
            spearman: Some(1.0 / 3.0),
            baseline: None,
            samples: (0..1000)
                .map(|i| Sample { truth: Some(f64::from(i) / 7.0), predicted: Some(1e9 / 3.0) })
                .collect(),
            by_family: vec![],
        };
        let mut evaluation = Evaluation {
            schema: SCHEMA.to_owned(),
            model_version: "m".to_owned(),
            corpus: None,
            split: None,
            rows: None,
            corpus_families: None,
            family_folds: None,
            aims: vec![],
            quantities: vec![quantity("cycles"), quantity("spills")],
            comparisons: vec![],
            intervals: vec![],
            dialects_left_out: vec![],
            decisions: vec![],
        };
        evaluation.reduce();
        let once = evaluation.json();
        assert_eq!(evaluation.quantities[0].samples.len(), 250, "every fourth of a thousand");
        assert!(evaluation.quantities[1].samples.is_empty(), "what is not drawn needs no samples");
        let mut again: Evaluation = serde_json::from_slice(&once).unwrap();
        again.reduce();
        assert_eq!(String::from_utf8(again.json()).unwrap(), String::from_utf8(once).unwrap());
    }
}
