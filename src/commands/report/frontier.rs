//! The frontier of sweeps, read from the folders that `hardwire sweep` wrote.

use std::collections::BTreeMap;
use std::path::Path;

use reports::document::{Block, Entry, Figure, Section};
use reports::plot::{Frontier, Plot, Scatter, Variable};
use reports::{Cell, Origin};
use serde::Deserialize;
use serde_json::Value as Json;

use super::words::{code, derived, row, table, text};
use crate::diagnostics::Failure;
use crate::input;

/// Points of a frontier listed.
const LISTED: usize = 20;
/// Points of a frontier read at most.
const MOST: usize = 20_000;

/// What is read of a sweep's `summary.json`.
#[derive(Debug, Deserialize)]
pub struct Sweep {
    sweep: String,
    summary: String,
    design: String,
    fidelity: String,
    points: u64,
    feasible: u64,
    axes: Vec<Axis>,
    objectives: Vec<Objective>,
    frontier_fidelity: String,
    frontier: Vec<BTreeMap<String, Json>>,
    knee_point: Option<u64>,
    provenance: BTreeMap<String, Given>,
}

#[derive(Debug, Deserialize)]
struct Axis {
    path: String,
    column: String,
}

#[derive(Debug, Deserialize)]
struct Objective {
    result: String,
    direction: String,
}

#[derive(Debug, Deserialize)]
struct Given {
    value: String,
}

/// Reads the sweep in `folder`, which must be of `design` with `model`.
///
/// # Errors
/// When there is no finished sweep, or it is of another design or model.
pub fn read(folder: &str, design: &str, model: &str) -> Result<Sweep, Failure> {
    let path = Path::new(folder).join("summary.json").display().to_string();
    let text = input::read(&path).map_err(|error| {
        Failure::Request(format!(
            "cannot read {path}: {error}; --sweep names the folder that `hardwire sweep --out` wrote"
        ))
    })?;
    let sweep: Sweep = serde_json::from_str(&text).map_err(|error| {
        let (line, column) = (error.line(), error.column());
        Failure::Request(format!("{path}:{line}:{column}: no summary of a sweep: {error}"))
    })?;
    if sweep.frontier.len() > MOST {
        let count = sweep.frontier.len();
        return Err(Failure::Request(format!("{path}: a frontier of {count} points; at most {MOST} are read")));
    }
    if sweep.design != design {
        let message = format!("{path}: a sweep of `{}`, but the report is about `{design}`", sweep.design);
        return Err(Failure::Request(message));
    }
    let varies = sweep.axes.iter().any(|axis| axis.path == "model");
    match sweep.provenance.get("model") {
        Some(own) if !varies && own.value != model => Err(Failure::Request(format!(
            "{path}: a sweep with {}, but the report is about {model}; name one model for all with --model",
            own.value
        ))),
        _ => Ok(sweep),
    }
}

/// The section on design spaces.
pub fn section(sweeps: &[Sweep]) -> Section {
    let (id, title) = ("frontier", "Design space".to_owned());
    if sweeps.is_empty() {
        let reason =
            text!["no sweep given; ", code("--sweep DIR"), " takes a folder that ", code("hardwire sweep"), " wrote"];
        return Section { id, title, blocks: vec![Block::Missing(reason)] };
    }
    let blocks = sweeps.iter().enumerate().flat_map(|(index, sweep)| one(index, sweep)).collect();
    Section { id, title, blocks }
}

fn number(point: &BTreeMap<String, Json>, key: &str) -> Option<f64> {
    point.get(key).and_then(Json::as_f64).filter(|v| v.is_finite())
}

fn one(index: usize, sweep: &Sweep) -> Vec<Block> {
    let fidelity = match sweep.frontier_fidelity.as_str() {
        "event" => "confirmed from events",
        _ => "closed form, not confirmed",
    };
    let source = format!("{fidelity}; hardwire sweep {}", sweep.sweep);
    let count = |n: u64| derived(n as f64, "", &source).digits(1);
    let paragraph = Block::Paragraph(text![
        code(&sweep.sweep),
        ": ",
        code(&sweep.summary),
        ". ",
        count(sweep.points),
        format!(" points ({}), ", sweep.fidelity),
        count(sweep.feasible),
        " of them within every constraint, ",
        count(sweep.frontier.len() as u64),
        " on the frontier, ",
        fidelity,
        "."
    ]);
    let [x, y, ..] = sweep.objectives.as_slice() else {
        return vec![paragraph, Block::Missing(text!["a frontier to draw: the sweep has fewer than two objectives"])];
    };
    let at = |point: &BTreeMap<String, Json>| Some((number(point, &x.result)?, number(point, &y.result)?));
    let knee = sweep.knee_point.and_then(|knee| {
        sweep.frontier.iter().find(|p| p.get("point").and_then(Json::as_u64) == Some(knee)).and_then(at)
    });
    let points: Vec<(f64, f64)> = sweep.frontier.iter().filter_map(at).collect();
    let log = |of: fn(&(f64, f64)) -> f64| points.iter().all(|p| of(p) > 0.0);
    let plot = Plot::Scatter(Scatter {
        title: format!("Frontier of {}", sweep.sweep),
        x: Variable { label: x.result.clone(), log: log(|p| p.0) },
        y: Variable { label: y.result.clone(), log: log(|p| p.1) },
        points_label: String::new(),
        points: Vec::new(),
        frontiers: vec![Frontier { label: format!("frontier, {fidelity}"), points: points.clone() }],
        joined: sweep.objectives.len() == 2,
        knee,
    });
    let mut heads: Vec<String> = vec!["point".to_owned()];
    heads.extend(sweep.axes.iter().map(|axis| axis.path.clone()));
    heads.extend(sweep.objectives.iter().map(|o| format!("{}, {}", o.result, o.direction)));
    let heads: Vec<&str> = heads.iter().map(String::as_str).collect();
    let mut listed: Vec<&BTreeMap<String, Json>> = sweep.frontier.iter().collect();
    listed
        .sort_by(|a, b| number(b, &x.result).unwrap_or(f64::NAN).total_cmp(&number(a, &x.result).unwrap_or(f64::NAN)));
    let cell = |point: &BTreeMap<String, Json>, key: &str| -> Entry {
        match point.get(key) {
            Some(Json::Number(_)) => number(point, key)
                .map_or_else(|| Cell::missing("not a finite number"), |v| derived(v, "", &source).digits(4).into())
                .into(),
            Some(Json::String(word)) => {
                Cell::Word { word: word.clone(), origin: Origin::derived(source.clone()) }.into()
            }
            _ => Cell::missing("the sweep has no such value").into(),
        }
    };
    let rows = listed.iter().take(LISTED).map(|point| {
        let id = number(point, "point").unwrap_or(f64::NAN);
        let mut cells: Vec<Entry> = sweep.axes.iter().map(|axis| cell(point, &axis.column)).collect();
        cells.extend(sweep.objectives.iter().map(|o| cell(point, &o.result)));
        row(text![derived(id, "", &source).digits(1)], cells)
    });
    let data = table(text!["The frontier, by its first objective"], &heads, rows.collect());
    let figure = Figure {
        name: format!("frontier-{}", index + 1),
        caption: text!["No point of the sweep is better than these in one objective without being worse in another."],
        alternative: format!("Frontier of the sweep {}: {} against {}", sweep.sweep, y.result, x.result),
        plot,
        data,
    };
    vec![paragraph, Block::Figure(figure)]
}
