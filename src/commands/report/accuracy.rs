//! How well the learned cost model predicts, from what `hardwire evaluate --format json` printed.

use reports::document::{Block, Entry, Figure, Row, Section};
use reports::plot::{Curves, Plot, Style, Variable};
use reports::{Cell, Value};
use serde::Deserialize;

use super::words::{code, derived, row, series, table, text};
use crate::diagnostics::Failure;
use crate::input;

/// Layout of the file that is read.
const SCHEMA: &str = "hardwire-evaluation/1";
/// Points drawn of one quantity.
const DRAWN: usize = 500;
/// Quantities, families and decisions read of one file.
const MOST: usize = 256;

/// An evaluation.
#[derive(Debug, Deserialize)]
pub struct Evaluation {
    schema: String,
    model_version: String,
    corpus: Option<String>,
    split: Option<String>,
    rows: Option<u64>,
    #[serde(default)]
    quantities: Vec<Quantity>,
    #[serde(default)]
    decisions: Vec<Decision>,
}

#[derive(Debug, Deserialize)]
struct Quantity {
    quantity: String,
    #[serde(default)]
    unit: String,
    target: Option<String>,
    rows: Option<u64>,
    median_relative_error_pct: Option<f64>,
    p90_relative_error_pct: Option<f64>,
    spearman: Option<f64>,
    baseline: Option<Baseline>,
    #[serde(default)]
    samples: Vec<Sample>,
    #[serde(default)]
    by_family: Vec<Family>,
    #[serde(default)]
    calibration: Vec<Level>,
}

#[derive(Debug, Deserialize)]
struct Baseline {
    name: String,
    median_relative_error_pct: Option<f64>,
}

#[derive(Debug, Deserialize)]
struct Sample {
    #[serde(rename = "true")]
    truth: Option<f64>,
    predicted: Option<f64>,
}

#[derive(Debug, Deserialize)]
struct Family {
    family: String,
    rows: Option<u64>,
    median_relative_error_pct: Option<f64>,
    p90_relative_error_pct: Option<f64>,
}

#[derive(Debug, Deserialize)]
struct Level {
    nominal_pct: Option<f64>,
    observed_pct: Option<f64>,
}

#[derive(Debug, Deserialize)]
struct Decision {
    decision: String,
    rows: Option<u64>,
    median_regret_pct: Option<f64>,
    mean_regret_pct: Option<f64>,
    p90_regret_pct: Option<f64>,
    baseline_mean_regret_pct: Option<f64>,
}

/// Reads the evaluation at `path`, which must be of the model of version `embedded`.
///
/// # Errors
/// When it is no evaluation, of another layout, or of another model.
pub fn read(path: &str, embedded: &str) -> Result<Evaluation, Failure> {
    let refuse = |message: String| Err(Failure::Request(message));
    let text = input::read(path).map_err(|error| Failure::Request(format!("cannot read {path}: {error}")))?;
    let evaluation: Evaluation = match serde_json::from_str(&text) {
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
    let sizes = [evaluation.quantities.len(), evaluation.decisions.len()];
    let families = evaluation.quantities.iter().map(|q| q.by_family.len().max(q.calibration.len()));
    if sizes.into_iter().chain(families).any(|size| size > MOST) {
        return refuse(format!("{path}: a list of more than {MOST} entries"));
    }
    if evaluation.model_version != embedded {
        return refuse(format!(
            "{path}: an evaluation of the model {}, but the embedded one is {embedded}; evaluate that one",
            evaluation.model_version
        ));
    }
    Ok(evaluation)
}

/// The section on the learned cost model.
pub fn section(evaluation: Option<&Evaluation>) -> Section {
    let (id, title) = ("accuracy", "Learned cost model".to_owned());
    let Some(e) = evaluation else {
        let reason = text![
            "no evaluation file given; ",
            code("--evaluation FILE"),
            " takes what ",
            code("hardwire evaluate --format json"),
            " printed"
        ];
        return Section { id, title, blocks: vec![Block::Missing(reason)] };
    };
    let source = format!("evaluation of the model {}; hardwire evaluate", e.model_version);
    let mut blocks = vec![Block::Paragraph(text![
        "Model ",
        code(&e.model_version),
        " on ",
        code(e.corpus.clone().unwrap_or_else(|| "a corpus that is not named".to_owned())),
        ", split ",
        code(e.split.clone().unwrap_or_else(|| "not named".to_owned())),
        ", rows: ",
        e.rows
            .map_or_else(
                || text!["missing: the evaluation does not say"],
                |n| text![derived(n as f64, "", &source).digits(1)]
            )
            .remove(0),
        "."
    ])];
    blocks.push(Block::Table(errors(e, &source)));
    for (index, quantity) in e.quantities.iter().enumerate() {
        blocks.push(predicted(index, quantity, &source));
        blocks.push(families(quantity, &source));
    }
    blocks.push(calibration(e, &source));
    blocks.push(decisions(e, &source));
    Section { id, title, blocks }
}

fn percent(value: Option<f64>, source: &str) -> Entry {
    number(value, "%", source)
}

fn number(value: Option<f64>, unit: &'static str, source: &str) -> Entry {
    match value.filter(|v| v.is_finite()) {
        Some(value) => derived(value, unit, source).into(),
        None => Cell::missing("the evaluation does not have it").into(),
    }
}

fn count(value: Option<u64>, source: &str) -> Entry {
    match value {
        Some(value) => derived(value as f64, "", source).digits(1).into(),
        None => Cell::missing("the evaluation does not have it").into(),
    }
}

fn named(quantity: &Quantity) -> String {
    match &quantity.target {
        Some(target) => format!("{}, {target}", quantity.quantity),
        None => quantity.quantity.clone(),
    }
}

fn errors(e: &Evaluation, source: &str) -> reports::document::Table {
    let rows: Vec<Row> = e
        .quantities
        .iter()
        .map(|q| {
            let baseline = q.baseline.as_ref();
            row(
                vec![code(named(q))],
                vec![
                    count(q.rows, source),
                    percent(q.median_relative_error_pct, source),
                    percent(q.p90_relative_error_pct, source),
                    number(q.spearman, "", source),
                    percent(baseline.and_then(|b| b.median_relative_error_pct), source),
                    baseline.map_or_else(|| "none given".into(), |b| Entry::from(vec![code(&b.name)])),
                ],
            )
        })
        .collect();
    let heads = [
        "quantity",
        "rows",
        "median error, %",
        "ninetieth percentile, %",
        "rank correlation",
        "baseline, %",
        "baseline",
    ];
    table(text!["Relative error by quantity"], &heads, rows)
}

fn predicted(index: usize, q: &Quantity, source: &str) -> Block {
    let all: Vec<(f64, f64)> = q
        .samples
        .iter()
        .filter_map(|s| s.truth.zip(s.predicted))
        .filter(|(t, p)| t.is_finite() && p.is_finite() && *t > 0.0 && *p > 0.0)
        .collect();
    if all.is_empty() {
        return Block::Missing(text!["predicted against true of ", code(named(q)), ": the evaluation has no samples"]);
    }
    let step = all.len().div_ceil(DRAWN).max(1);
    let points: Vec<(f64, f64)> = all.iter().copied().step_by(step).collect();
    // The data of a cloud: what it looks like by tenths of its range, not every dot.
    let mut sorted = points.clone();
    sorted.sort_by(|a, b| a.0.total_cmp(&b.0).then(a.1.total_cmp(&b.1)));
    let tenth = sorted.len().div_ceil(10).max(1);
    let rows = sorted.chunks(tenth).map(|chunk| {
        let middle = chunk[chunk.len() / 2];
        let cells = vec![derived(middle.0, "", source).into(), derived(middle.1, "", source).into()];
        row(text![derived(chunk.len() as f64, "samples", source).digits(1)], cells)
    });
    let data = table(
        text!["A middle sample of every tenth, by the true value"],
        &["samples", "true", "predicted"],
        rows.collect(),
    );
    let axis = |what: &str| Variable { label: format!("{what} {}, {}", q.quantity, q.unit), log: true };
    Block::Figure(Figure {
        name: format!("predicted-{}", index + 1),
        caption: text!["Predicted against true, ", code(named(q)), "; the line is where both are equal."],
        alternative: format!("Predicted against true {}", named(q)),
        plot: Plot::Curves(Curves {
            title: format!("Predicted against true: {}", named(q)),
            x: axis("true"),
            y: axis("predicted"),
            series: vec![series("kernel", Style::Dots, points)],
            diagonal: true,
        }),
        data,
    })
}

fn families(q: &Quantity, source: &str) -> Block {
    if q.by_family.is_empty() {
        return Block::Missing(text!["error by family of ", code(named(q)), ": the evaluation has none"]);
    }
    let rows = q.by_family.iter().map(|f| {
        let cells = vec![
            count(f.rows, source),
            percent(f.median_relative_error_pct, source),
            percent(f.p90_relative_error_pct, source),
        ];
        row(vec![code(&f.family)], cells)
    });
    let heads = ["family", "rows", "median error, %", "ninetieth percentile, %"];
    let mut by_family = table(text!["Error by family: ", code(named(q))], &heads, rows.collect());
    by_family.folded = true;
    Block::Table(by_family)
}

fn calibration(e: &Evaluation, source: &str) -> Block {
    let rows: Vec<Row> = e
        .quantities
        .iter()
        .flat_map(|q| q.calibration.iter().map(move |level| (q, level)))
        .map(|(q, level)| {
            let gap = level.nominal_pct.zip(level.observed_pct).map(|(n, o)| o - n);
            let gap: Entry = match gap {
                Some(gap) => Value::signed(derived(gap, "points", source).digits(2)).into(),
                None => Cell::missing("the evaluation does not have both").into(),
            };
            let cells = vec![percent(level.nominal_pct, source), percent(level.observed_pct, source), gap];
            row(vec![code(named(q))], cells)
        })
        .collect();
    if rows.is_empty() {
        return Block::Missing(text!["calibration of the intervals: the evaluation has none"]);
    }
    let heads = ["quantity", "nominal, %", "within the interval, %", "difference, points"];
    Block::Table(table(text!["Do intervals hold what they promise?"], &heads, rows))
}

fn decisions(e: &Evaluation, source: &str) -> Block {
    if e.decisions.is_empty() {
        return Block::Missing(text!["regret of decisions: the evaluation has none"]);
    }
    let rows = e.decisions.iter().map(|d| {
        let cells = vec![
            count(d.rows, source),
            percent(d.median_regret_pct, source),
            percent(d.mean_regret_pct, source),
            percent(d.p90_regret_pct, source),
            percent(d.baseline_mean_regret_pct, source),
        ];
        row(vec![code(&d.decision)], cells)
    });
    let heads = ["decision", "cases", "median, %", "mean, %", "ninetieth percentile, %", "mean of the baseline, %"];
    Block::Table(table(text!["What following the model costs over the best choice"], &heads, rows.collect()))
}
