//! Section on the Pareto frontiers of sweeps, read from the output folders of `hardwire sweep`.

use std::collections::BTreeMap;
use std::io::{ErrorKind, Read};
use std::path::Path;

use reports::document::{Block, Entry, Figure, Section, Width};
use reports::plot::{Frontier, Plot, Scatter};
use reports::{Cell, Origin};
use serde::Deserialize;
use serde_json::Value as Json;

use super::words::{code, derived, less, more, row, table, text};
use crate::diagnostics::Failure;
use crate::input;
use explore::label;

/// Largest number of frontier points in the table.
const LISTED: usize = 20;
/// Largest number of frontier points read.
const MOST: usize = 20_000;

/// Largest number of background points drawn, and of bytes of `results.csv` read.
const CLOUD: u64 = 2000;
const MAX_CSV_BYTES: u64 = 1 << 30;

/// Content of a sweep's output folder.
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
    /// Feasible points by the first two objectives, thinned evenly; `None` without `results.csv`.
    #[serde(skip)]
    cloud: Option<Vec<(f64, f64)>>,
    /// Fingerprint of the summary.
    #[serde(skip)]
    fingerprint: String,
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
/// If there is no finished sweep, or it is of another design or model.
pub fn read(folder: &str, design: &str, model: &str) -> Result<Sweep, Failure> {
    let path = Path::new(folder).join("summary.json").display().to_string();
    let text = input::read(&path).map_err(|error| {
        Failure::Request(format!(
            "cannot read {path}: {error}; --sweep names the folder that `hardwire sweep --out` wrote"
        ))
    })?;
    let mut sweep: Sweep = serde_json::from_str(&text).map_err(|error| {
        let (line, column) = (error.line(), error.column());
        Failure::Request(format!("{path}:{line}:{column}: no summary of a sweep: {error}"))
    })?;
    sweep.fingerprint = reports::document::fingerprint(&[&text]);
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
        _ => {
            if let [x, y, ..] = sweep.objectives.as_slice() {
                sweep.cloud = cloud(folder, [&x.result, &y.result], sweep.points)?;
            }
            Ok(sweep)
        }
    }
}

/// Feasible points of `results.csv` by two columns; every n-th point if there are more than `CLOUD`.
fn cloud(folder: &str, columns: [&str; 2], points: u64) -> Result<Option<Vec<(f64, f64)>>, Failure> {
    let path = Path::new(folder).join("results.csv");
    let failure = |error| Failure::Request(format!("cannot read {}: {error}", path.display()));
    let file = match crate::input::open(&path) {
        Ok(file) => file,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(failure(error)),
    };
    if file.metadata().map_err(failure)?.len() > MAX_CSV_BYTES {
        return Ok(None);
    }
    let refuse = |message: String| Failure::Request(format!("{}: {message}", path.display()));
    let mut reader = csv::Reader::from_reader(file.take(MAX_CSV_BYTES));
    let heads = reader.headers().map_err(|error| refuse(format!("no table of points: {error}")))?.clone();
    let column = |name: &str| {
        let found = heads.iter().position(|head| head == name);
        found.ok_or_else(|| refuse(format!("no column `{name}`, so it is not of the sweep in summary.json")))
    };
    let (status, x, y) = (column("status")?, column(columns[0])?, column(columns[1])?);
    let step = points.div_ceil(CLOUD).max(1);
    let mut cloud = Vec::new();
    for (index, record) in (0u64..).zip(reader.records()) {
        let record = record.map_err(|error| refuse(error.to_string()))?;
        if index % step != 0 || &record[status] != "ok" || cloud.len() as u64 >= CLOUD {
            continue;
        }
        let number = |column: usize| record[column].parse::<f64>().ok().filter(|v| v.is_finite());
        cloud.extend(number(x).zip(number(y)));
    }
    Ok(Some(cloud))
}

impl Sweep {
    /// Name and fingerprint.
    pub fn identity(&self) -> (String, String) {
        (format!("sweep {}", self.sweep), self.fingerprint.clone())
    }

    /// What the sweep is about, and on how many objectives it is projected.
    fn title(&self) -> String {
        let name =
            Path::new(&self.sweep).file_stem().map_or_else(|| self.sweep.clone(), |n| n.to_string_lossy().into());
        let title = if self.summary.is_empty() { name } else { self.summary.clone() };
        match self.objectives.len() {
            0..=2 => title,
            _ => format!("{title}\na projection: what looks worse here is better in an objective that is not drawn"),
        }
    }

    /// The name of a point: its model, or its values of the first axes.
    fn named(&self, point: &BTreeMap<String, Json>) -> String {
        let value = |axis: &Axis| match point.get(&axis.column) {
            Some(Json::String(word)) => Some(word.clone()),
            Some(Json::Number(_)) => number(point, &axis.column).map(reports::number::short),
            _ => None,
        };
        match self.axes.iter().find(|axis| axis.path == "model") {
            Some(axis) => value(axis).unwrap_or_default(),
            None => self.axes.iter().take(2).filter_map(value).collect::<Vec<_>>().join(", "),
        }
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

/// A fidelity as printed.
fn words_of(fidelity: &str) -> &str {
    match fidelity {
        "event" => "events",
        "analytic" => "closed form",
        other => other,
    }
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
        format!(" points ({}), ", words_of(&sweep.fidelity)),
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
    let names: Vec<String> = sweep.frontier.iter().filter(|p| at(p).is_some()).map(|p| sweep.named(p)).collect();
    let cloud = sweep.cloud.clone().unwrap_or_default();
    let axis = |objective: &Objective, log: bool| match objective.direction.as_str() {
        "maximize" | "maximise" | "max" => more(label::result(&objective.result), log),
        _ => less(label::result(&objective.result), log),
    };
    let log = |of: fn(&(f64, f64)) -> f64| points.iter().chain(&cloud).all(|p| of(p) > 0.0);
    let drawn = cloud.len();
    let plot = Plot::Scatter(Scatter {
        title: sweep.title(),
        x: axis(x, log(|p| p.0)),
        y: axis(y, log(|p| p.1)),
        points_label: format!("within every constraint, {}", words_of(&sweep.fidelity)),
        points: cloud,
        frontiers: vec![Frontier { label: format!("frontier, {fidelity}"), points: points.clone(), names }],
        // Points of different models are no alternatives to each other.
        joined: sweep.objectives.len() == 2 && !sweep.axes.iter().any(|axis| axis.path == "model"),
        knee,
    });
    let mut heads: Vec<String> = vec!["point".to_owned()];
    heads.extend(sweep.axes.iter().map(|axis| axis.path.clone()));
    heads.extend(sweep.objectives.iter().map(|o| format!("{} ({})", label::result(&o.result), o.direction)));
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
    let mut caption = text![
        "No point of the sweep is better than those of the frontier in one objective without being worse in another; the knee is \
         the point nearest to the best of all. "
    ];
    match &sweep.cloud {
        None => caption.push(
            "Points that are not on the frontier are not drawn: the folder has no results.csv of a size that is read."
                .into(),
        ),
        Some(_) => {
            let drawn =
                derived(drawn as f64, "", "feasible points, evenly thinned; results.csv of the sweep").digits(1);
            caption.extend(text!["Grey dots are ", drawn, " of the points behind it"]);
            caption.push(match sweep.frontier_fidelity == sweep.fidelity {
                true => ".".into(),
                false => format!(
                    ", by {}; those of the frontier were computed again, {fidelity}, so they need not lie on grey dots.",
                    words_of(&sweep.fidelity)
                )
                .into(),
            });
        }
    }
    let figure = Figure {
        name: format!("frontier-{}", index + 1),
        caption,
        alternative: format!("Frontier of the sweep {}: {} against {}", sweep.sweep, y.result, x.result),
        plot,
        data,
        width: Width::Full,
    };
    vec![paragraph, Block::Figure(figure)]
}
