//! `hardwire sweep diff`: what changed between two sweeps, by how much, and which inputs differ.

use std::collections::BTreeMap;
use std::path::Path;
use std::process::ExitCode;

use reports::number::significant;
use reports::{Align, Table};
use serde::Serialize;
use serde_json::Value as Json;

use crate::cli::TableFormat;
use crate::diagnostics::Failure;
use crate::{input, output};
use explore::folder::SUMMARY;

/// Most points of a sweep that is compared; they are kept in memory.
const MOST_POINTS: usize = 4_000_000;
/// Table of all points.
const RESULTS: &str = "results.csv";

/// The comparison; its keys are stable.
#[derive(Serialize)]
struct Difference {
    before: String,
    after: String,
    /// Whether inputs and results are all the same.
    equal: bool,
    inputs: Vec<Input>,
    points: Points,
    status: Vec<Status>,
    objectives: Vec<Objective>,
    results: Vec<Changed>,
}

/// An input that differs.
#[derive(Serialize)]
struct Input {
    input: String,
    before: Option<String>,
    after: Option<String>,
}

#[derive(Serialize, Default)]
struct Points {
    before: usize,
    after: usize,
    /// Points with the same values of all axes; null where the axes differ.
    compared: Option<usize>,
    only_before: usize,
    only_after: usize,
}

/// Points whose outcome changed.
#[derive(Serialize)]
struct Status {
    before: String,
    after: String,
    points: u64,
}

#[derive(Serialize)]
struct Objective {
    result: String,
    direction: String,
    #[serde(flatten)]
    change: Change,
}

/// Two numbers; `change_pct` is null where the first is zero or missing.
#[derive(Serialize, Clone, Copy, PartialEq)]
struct Change {
    before: Option<f64>,
    after: Option<f64>,
    change: Option<f64>,
    change_pct: Option<f64>,
}

impl Change {
    fn new(before: Option<f64>, after: Option<f64>) -> Self {
        let change = before.zip(after).map(|(before, after)| after - before);
        let relative = |(before, change): (f64, f64)| (before != 0.0).then(|| change / before.abs() * 100.0);
        Self { before, after, change, change_pct: before.zip(change).and_then(relative) }
    }
}

/// A result that changed at some points.
#[derive(Serialize)]
struct Changed {
    result: String,
    points_compared: u64,
    points_changed: u64,
    /// Mean of the relative changes of all points compared whose first value is not zero.
    mean_change_pct: Option<f64>,
    largest: Option<Largest>,
}

#[derive(Serialize)]
struct Largest {
    at: BTreeMap<String, String>,
    #[serde(flatten)]
    change: Change,
}

/// A sweep's folder as it was written.
struct Finished {
    folder: String,
    summary: Json,
    /// Columns of the axes.
    axes: Vec<String>,
}

impl Finished {
    fn read(folder: &str) -> Result<Self, Failure> {
        let path = Path::new(folder).join(SUMMARY);
        let shown = path.display().to_string();
        let text = input::read(&shown).map_err(|reason| {
            Failure::Request(format!("cannot read `{shown}`: {reason}\n  help: name the folder of a finished sweep"))
        })?;
        let summary: Json = serde_json::from_str(&text)
            .map_err(|error| Failure::Request(format!("`{shown}` is no summary of a sweep: {error}")))?;
        let axes = summary["axes"].as_array().and_then(|axes| {
            axes.iter().map(|axis| axis["column"].as_str().map(str::to_owned)).collect::<Option<Vec<_>>>()
        });
        let axes =
            axes.ok_or_else(|| Failure::Request(format!("`{shown}` is no summary of a sweep: it has no axes")))?;
        Ok(Self { folder: folder.to_owned(), summary, axes })
    }

    /// What the results depend on, by name.
    fn inputs(&self) -> BTreeMap<String, String> {
        let text = |value: &Json| value.as_str().map_or_else(|| value.to_string(), str::to_owned);
        let mut inputs = BTreeMap::new();
        for key in ["design", "fidelity", "hardwire_version", "method", "seed"] {
            inputs.insert(key.to_owned(), text(&self.summary[key]));
        }
        for axis in self.summary["axes"].as_array().into_iter().flatten() {
            let values = axis["values"].as_u64().map_or("any".to_owned(), |values| values.to_string());
            let range = format!("{values} values, {} to {}", text(&axis["from"]), text(&axis["to"]));
            inputs.insert(format!("axis {}", text(&axis["path"])), range);
        }
        for constraint in self.summary["constraints"].as_array().into_iter().flatten() {
            inputs.insert(format!("constraint {}", text(constraint)), "set".to_owned());
        }
        for (path, origin) in self.summary["provenance"].as_object().into_iter().flatten() {
            inputs.insert(path.clone(), text(&origin["value"]));
        }
        inputs
    }

    fn objectives(&self) -> BTreeMap<String, (String, Option<f64>)> {
        let lines = self.summary["objectives"].as_array().into_iter().flatten();
        let line = |line: &Json| {
            let text = |key: &str| line[key].as_str().unwrap_or_default().to_owned();
            (text("result"), (text("direction"), line["best"].as_f64()))
        };
        lines.map(line).collect()
    }

    /// The table of all points.
    fn table(&self) -> Result<Rows, Failure> {
        let path = Path::new(&self.folder).join(RESULTS);
        let refuse = |reason: String| Failure::Request(format!("cannot read `{}`: {reason}", path.display()));
        let file = input::open(&path).map_err(|error| refuse(error.to_string()))?;
        let mut reader = csv::Reader::from_reader(std::io::BufReader::new(file));
        let header = reader.headers().map_err(|error| refuse(error.to_string()))?.clone();
        let position = |name: &str| {
            let found = header.iter().position(|column| column == name);
            found.ok_or_else(|| refuse(format!("it has no column `{name}`")))
        };
        let axes = self.axes.iter().map(|axis| position(axis)).collect::<Result<Vec<_>, _>>()?;
        let (status, fidelity) = (position("status")?, position("fidelity")?);
        let names: Vec<String> = header.iter().skip(fidelity + 1).map(str::to_owned).collect();
        let mut rows = BTreeMap::new();
        for record in reader.records() {
            let record = record.map_err(|error| refuse(error.to_string()))?;
            let key: Vec<Box<str>> = axes.iter().map(|&axis| record[axis].into()).collect();
            let cells = record.iter().skip(fidelity + 1).map(Cell::read).collect();
            rows.insert(key, (record[status].to_owned(), cells));
            if rows.len() > MOST_POINTS {
                return Err(refuse(format!("it has more than the {MOST_POINTS} points that are compared")));
            }
        }
        Ok(Rows { names, rows })
    }
}

/// The points of a sweep by the values of their axes, each with its outcome and results.
struct Rows {
    names: Vec<String>,
    rows: BTreeMap<Vec<Box<str>>, (String, Vec<Cell>)>,
}

/// A result of a point.
#[derive(PartialEq)]
enum Cell {
    None,
    Number(f64),
    Word(Box<str>),
}

impl Cell {
    fn read(text: &str) -> Self {
        match text.parse() {
            _ if text.is_empty() => Self::None,
            Ok(number) => Self::Number(number),
            Err(_) => Self::Word(text.into()),
        }
    }

    fn number(&self) -> Option<f64> {
        if let Self::Number(number) = self { Some(*number) } else { None }
    }
}

/// Runs the command: code 0 where nothing differs, 1 where something does.
pub fn run(before: &str, after: &str, format: TableFormat) -> Result<ExitCode, Failure> {
    let (a, b) = (Finished::read(before)?, Finished::read(after)?);
    let difference = compare(&a, &b)?;
    match format {
        TableFormat::Json => output::json(&difference)?,
        TableFormat::Csv => output::csv(lines(&difference))?,
        TableFormat::Table => output::text(&render(&difference))?,
    }
    Ok(if difference.equal { ExitCode::SUCCESS } else { ExitCode::from(1) })
}

/// A difference, for CSV.
#[derive(Serialize)]
struct Line<'a> {
    /// `input`, `objective` or `result`.
    kind: &'static str,
    name: &'a str,
    before: Option<String>,
    after: Option<String>,
    change: Option<f64>,
    change_pct: Option<f64>,
    points_compared: Option<u64>,
    points_changed: Option<u64>,
    mean_change_pct: Option<f64>,
    /// Values of the axes at the largest change.
    at: Option<&'a BTreeMap<String, String>>,
}

impl<'a> Line<'a> {
    fn new(kind: &'static str, name: &'a str, change: Option<&Change>) -> Self {
        let text = |number: Option<f64>| number.map(|number| number.to_string());
        Self {
            kind,
            name,
            before: text(change.and_then(|change| change.before)),
            after: text(change.and_then(|change| change.after)),
            change: change.and_then(|change| change.change),
            change_pct: change.and_then(|change| change.change_pct),
            points_compared: None,
            points_changed: None,
            mean_change_pct: None,
            at: None,
        }
    }
}

/// Inputs that differ, objectives, and results with their largest change.
fn lines(difference: &Difference) -> impl Iterator<Item = Line<'_>> {
    let inputs = difference.inputs.iter().map(|input| Line {
        before: input.before.clone(),
        after: input.after.clone(),
        ..Line::new("input", &input.input, None)
    });
    let objectives = difference.objectives.iter().map(|o| Line::new("objective", &o.result, Some(&o.change)));
    let results = difference.results.iter().map(|result| Line {
        points_compared: Some(result.points_compared),
        points_changed: Some(result.points_changed),
        mean_change_pct: result.mean_change_pct,
        at: result.largest.as_ref().map(|largest| &largest.at),
        ..Line::new("result", &result.result, result.largest.as_ref().map(|largest| &largest.change))
    });
    inputs.chain(objectives).chain(results)
}

fn compare(a: &Finished, b: &Finished) -> Result<Difference, Failure> {
    let mut difference = Difference {
        before: a.folder.clone(),
        after: b.folder.clone(),
        equal: false,
        inputs: inputs(a, b),
        points: Points::default(),
        status: Vec::new(),
        objectives: objectives(a, b),
        results: Vec::new(),
    };
    let (first, second) = (a.table()?, b.table()?);
    difference.points = Points { before: first.rows.len(), after: second.rows.len(), ..Points::default() };
    if a.axes == b.axes {
        points(a, &first, &second, &mut difference);
    }
    let same = |change: &Change| change.before == change.after;
    difference.equal = difference.inputs.is_empty()
        && difference.points.compared == Some(first.rows.len().max(second.rows.len()))
        && difference.status.is_empty()
        && difference.results.is_empty()
        && difference.objectives.iter().all(|objective| same(&objective.change));
    Ok(difference)
}

fn inputs(a: &Finished, b: &Finished) -> Vec<Input> {
    let (before, after) = (a.inputs(), b.inputs());
    let names = before.keys().chain(after.keys().filter(|name| !before.contains_key(*name)));
    let input = |name: &String| Input {
        input: name.clone(),
        before: before.get(name).cloned(),
        after: after.get(name).cloned(),
    };
    names.map(input).filter(|input| input.before != input.after).collect()
}

fn objectives(a: &Finished, b: &Finished) -> Vec<Objective> {
    let after = b.objectives();
    let objective = |(result, (direction, best)): (String, (String, Option<f64>))| {
        let (_, other) = after.get(&result).filter(|(other, _)| *other == direction)?;
        Some(Objective { change: Change::new(best, *other), result, direction })
    };
    a.objectives().into_iter().filter_map(objective).collect()
}

/// Compares points that have the same values of the axes.
fn points(a: &Finished, first: &Rows, second: &Rows, difference: &mut Difference) {
    let both = || first.rows.iter().filter_map(|(key, row)| Some((key, row, second.rows.get(key)?)));
    let compared = both().count();
    difference.points.compared = Some(compared);
    difference.points.only_before = first.rows.len() - compared;
    difference.points.only_after = second.rows.len() - compared;
    let mut status: BTreeMap<(&str, &str), u64> = BTreeMap::new();
    for (_, before, after) in both().filter(|(_, before, after)| before.0 != after.0) {
        *status.entry((&before.0, &after.0)).or_default() += 1;
    }
    let line = |((before, after), points): ((&str, &str), u64)| Status {
        before: before.to_owned(),
        after: after.to_owned(),
        points,
    };
    difference.status = status.into_iter().map(line).collect();
    for (column, name) in first.names.iter().enumerate() {
        let Some(other) = second.names.iter().position(|known| known == name) else { continue };
        let mut changed = Changed {
            result: name.clone(),
            points_compared: 0,
            points_changed: 0,
            mean_change_pct: None,
            largest: None,
        };
        let (mut sum, mut relative) = (0.0, 0_u64);
        for (key, before, after) in both() {
            let (before, after) = (&before.1[column], &after.1[other]);
            changed.points_compared += 1;
            let change = Change::new(before.number(), after.number());
            if let Some(percent) = change.change_pct {
                (sum, relative) = (sum + percent, relative + 1);
            }
            if before == after {
                continue;
            }
            changed.points_changed += 1;
            let size = |change: &Change| change.change_pct.map_or(0.0, f64::abs);
            if changed.largest.as_ref().is_none_or(|known| size(&change) > size(&known.change)) {
                let at = a.axes.iter().cloned().zip(key.iter().map(|value| value.to_string())).collect();
                changed.largest = Some(Largest { at, change });
            }
        }
        changed.mean_change_pct = (relative > 0).then(|| sum / relative as f64);
        if changed.points_changed > 0 {
            difference.results.push(changed);
        }
    }
}

fn number(value: Option<f64>) -> String {
    value.map_or("-".to_owned(), |value| significant(value, 4))
}

fn percent(value: Option<f64>) -> String {
    // No sign before a change that rounds to nothing.
    value.map_or(
        "-".to_owned(),
        |value| if value.abs() < 0.005 { "0.00 %".to_owned() } else { format!("{value:+.2} %") },
    )
}

fn render(d: &Difference) -> String {
    let mut text = format!("{} to {}\n\n", d.before, d.after);
    if d.equal {
        return text + "no input and no result differs\n";
    }
    if d.inputs.is_empty() {
        text += "no input differs: the results come from other versions of hardwire, or were changed\n\n";
    } else {
        let mut table =
            Table::new(&[("input that differs", Align::Left), ("before", Align::Left), ("after", Align::Left)]);
        let shown = |value: &Option<String>| value.clone().unwrap_or_else(|| "-".to_owned());
        d.inputs.iter().for_each(|i| table.row([i.input.clone(), shown(&i.before), shown(&i.after)]));
        text += &format!("{}\n", table.render());
    }
    match d.points.compared {
        Some(compared) => {
            let Points { only_before, only_after, .. } = d.points;
            text += &format!("{compared} points in both, {only_before} only before, {only_after} only after\n");
        }
        None => {
            text += &format!(
                "{} and {} points: the axes differ, so points are not compared\n",
                d.points.before, d.points.after
            )
        }
    }
    for status in &d.status {
        text += &format!("  {} x {} before, {} after\n", status.points, status.before, status.after);
    }
    if !d.objectives.is_empty() {
        let mut table = Table::new(&[
            ("best of the frontier", Align::Left),
            ("before", Align::Right),
            ("after", Align::Right),
            ("change", Align::Right),
        ]);
        for o in &d.objectives {
            table.row([
                o.result.clone(),
                number(o.change.before),
                number(o.change.after),
                percent(o.change.change_pct),
            ]);
        }
        text += &format!("\n{}", table.render());
    }
    if !d.results.is_empty() {
        text += &format!("\n{}", results(d).render());
    }
    text
}

fn results(d: &Difference) -> Table {
    let mut table = Table::new(&[
        ("result", Align::Left),
        ("points changed", Align::Right),
        ("mean change", Align::Right),
        ("largest", Align::Right),
        ("before", Align::Right),
        ("after", Align::Right),
        ("at", Align::Left),
    ]);
    for changed in &d.results {
        let largest = changed.largest.as_ref();
        let change = largest.map(|largest| largest.change);
        let at = largest.map_or(String::new(), |largest| {
            largest.at.iter().map(|(axis, value)| format!("{axis}={value}")).collect::<Vec<_>>().join(" ")
        });
        table.row([
            changed.result.clone(),
            format!("{} of {}", changed.points_changed, changed.points_compared),
            percent(changed.mean_change_pct),
            percent(change.and_then(|change| change.change_pct)),
            number(change.and_then(|change| change.before)),
            number(change.and_then(|change| change.after)),
            at,
        ]);
    }
    table
}
