//! The rows of a sweep as tables with units in the column names, as Parquet and CSV.

use std::collections::BTreeMap;
use std::io::Write;
use std::path::Path;

use sim::Fidelity;
use storage::columnar::{Column, ColumnarError, Frame, Writer};
use sweep::exploration::Exploration;
use sweep::rows::Row;
use sweep::verdict::{Best, Verdict};
use sweep::{Axis, Domain, Outcome, Plan, Value, Worker};

use crate::diagnostics::Failure;
use crate::replace::replace;

/// Rows converted and written at a time.
const CHUNK: usize = 1 << 15;

/// A row to be written.
struct Line<'a> {
    index: u64,
    values: Vec<Value>,
    status: &'static str,
    reason: Option<&'a str>,
    fidelity: Fidelity,
    numbers: Option<&'a [f64]>,
    knee: Option<bool>,
}

/// Whether some value of an axis is a word, so that its column is text.
fn is_text(axis: &Axis) -> bool {
    matches!(&axis.domain, Domain::Listed(values) if values.iter().any(|value| matches!(value, Value::Word(_))))
}

/// The lines as columns.
fn frame(plan: &Plan, lines: &[Line<'_>], frontier: bool, metadata: BTreeMap<String, String>) -> Frame {
    let mut worker = Worker::new(plan);
    let mut columns = vec![("point".to_owned(), Column::Int(lines.iter().map(|l| Some(l.index as i64)).collect()))];
    let dependents: Vec<Vec<Value>> = lines.iter().map(|l| worker.dependents(&l.values)).collect();
    let axes = plan.axes.iter().enumerate().map(|(i, axis)| (&axis.name, i, true));
    let bound = plan.dependents.iter().enumerate().map(|(i, dependent)| (&dependent.name, i, false));
    for (name, i, axis) in axes.chain(bound) {
        let value = |row: usize| if axis { &lines[row].values[i] } else { &dependents[row][i] };
        let column = if axis && is_text(&plan.axes[i]) {
            Column::Text((0..lines.len()).map(|row| Some(value(row).show())).collect())
        } else if name.whole() && axis {
            Column::Int((0..lines.len()).map(|row| Some(value(row).number() as i64)).collect())
        } else {
            Column::Float((0..lines.len()).map(|row| Some(value(row).number())).collect())
        };
        columns.push((name.column(), column));
    }
    if frontier {
        columns.push(("knee".to_owned(), Column::Bool(lines.iter().map(|l| l.knee).collect())));
    } else {
        let status = lines.iter().map(|l| Some(l.status.to_owned())).collect();
        let reason = lines.iter().map(|l| l.reason.map(str::to_owned)).collect();
        columns.push(("status".to_owned(), Column::Text(status)));
        columns.push(("reason".to_owned(), Column::Text(reason)));
    }
    let fidelity = lines.iter().map(|l| Some(l.fidelity.to_string())).collect();
    columns.push(("fidelity".to_owned(), Column::Text(fidelity)));
    for (i, column) in plan.columns.iter().enumerate() {
        // A result that is an axis already has its column.
        if columns.iter().any(|(name, _)| name == column.name()) {
            continue;
        }
        let number = |line: &Line<'_>| line.numbers.map(|row| row[i]).filter(|n| !n.is_nan());
        let cells = match column.words() {
            Some(words) => {
                Column::Text(lines.iter().map(|l| number(l).map(|n| words[n as usize].to_owned())).collect())
            }
            None => Column::Float(lines.iter().map(number).collect()),
        };
        columns.push((column.name().to_owned(), cells));
    }
    Frame { columns, metadata }
}

/// Writes lines in chunks as `NAME.parquet` and `NAME.csv`.
fn write<'a>(
    plan: &Plan,
    folder: &Path,
    name: &str,
    count: usize,
    metadata: &BTreeMap<String, String>,
    frontier: bool,
    lines: &(dyn Fn(usize, usize) -> Vec<Line<'a>> + Sync),
) -> Result<(), Failure> {
    let starts = || (0..count).step_by(CHUNK).map(|from| (from, count.min(from + CHUNK)));
    let failure = |path: &Path, error: ColumnarError| Failure::File {
        path: path.display().to_string(),
        error: match error {
            ColumnarError::Io(error) => error,
            other => std::io::Error::other(other.to_string()),
        },
    };
    let parquet = || {
        let path = folder.join(format!("{name}.parquet"));
        replace(&path, |out| {
            let mut writer = Writer::new(out, &frame(plan, &lines(0, count.min(1)), frontier, metadata.clone()))?;
            for (from, to) in starts() {
                writer.append(&frame(plan, &lines(from, to), frontier, BTreeMap::new()))?;
            }
            writer.finish().map(drop)
        })
        .map_err(|error| failure(&path, error))
    };
    let csv = || {
        let path = folder.join(format!("{name}.csv"));
        replace(&path, |out| {
            for (from, to) in starts() {
                let frame = frame(plan, &lines(from, to), frontier, BTreeMap::new());
                write_csv(&frame, from == 0, out)?;
            }
            if count == 0 {
                write_csv(&frame(plan, &[], frontier, BTreeMap::new()), true, out)?;
            }
            Ok(())
        })
        .map_err(|error| failure(&path, error))
    };
    std::thread::scope(|scope| {
        let other = scope.spawn(csv);
        let result = parquet();
        result.and(other.join().expect("writing does not panic"))
    })
}

/// Writes a frame as CSV (RFC 4180, but with single newlines).
fn write_csv(frame: &Frame, head: bool, out: &mut impl Write) -> Result<(), ColumnarError> {
    let mut line = String::new();
    if head {
        let names: Vec<String> = frame.columns.iter().map(|(name, _)| quoted(name)).collect();
        writeln!(out, "{}", names.join(","))?;
    }
    for row in 0..frame.rows() {
        line.clear();
        for (i, (_, column)) in frame.columns.iter().enumerate() {
            if i > 0 {
                line.push(',');
            }
            use std::fmt::Write;
            let _ = match column {
                Column::Int(v) => v[row].map_or(Ok(()), |n| write!(line, "{n}")),
                Column::Float(v) => v[row].map_or(Ok(()), |n| write!(line, "{n}")),
                Column::Bool(v) => v[row].map_or(Ok(()), |n| write!(line, "{n}")),
                Column::Text(v) => v[row].as_deref().map_or(Ok(()), |text| write!(line, "{}", quoted(text))),
            };
        }
        line.push('\n');
        out.write_all(line.as_bytes())?;
    }
    Ok(())
}

fn quoted(text: &str) -> String {
    if text.contains([',', '"', '\n', '\r']) { format!("\"{}\"", text.replace('"', "\"\"")) } else { text.to_owned() }
}

/// Writes all tables of a sweep.
pub fn write_all<'a>(
    e: &'a Exploration<'_>,
    verdict: &'a Verdict,
    folder: &Path,
    metadata: &BTreeMap<String, String>,
) -> Result<Vec<String>, Failure> {
    let plan = e.plan;
    let screened = |from: usize, to: usize| {
        (from..to)
            .map(|index| {
                let (status, reason, numbers) = match e.rows.get(index) {
                    Row::Numbers(row) => (if verdict.feasible[index] { "ok" } else { "infeasible" }, None, Some(row)),
                    Row::Excluded => ("excluded", None, None),
                    Row::Failed(reason) => ("failed", Some(reason), None),
                    Row::Missing => ("missing", None, None),
                };
                let (index, fidelity) = (index as u64, plan.fidelity);
                Line { index, values: e.values(index), status, reason, fidelity, numbers, knee: None }
            })
            .collect()
    };
    write(plan, folder, "results", e.rows.len(), metadata, false, &screened)?;
    let mut files = vec!["results".to_owned()];
    if plan.confirm > 0 {
        let all: Vec<(&u64, &Outcome)> = e.confirmed.iter().collect();
        let confirmed = |from: usize, to: usize| {
            let mut worker = Worker::new(plan);
            all[from..to]
                .iter()
                .map(|(index, outcome)| {
                    let values = e.values(**index);
                    let (status, reason, numbers) = match outcome {
                        Outcome::Row(row) => (
                            if worker.feasible(&values, row) { "ok" } else { "infeasible" },
                            None,
                            Some(row.as_slice()),
                        ),
                        Outcome::Excluded => ("excluded", None, None),
                        Outcome::Failed(reason) => ("failed", Some(reason.as_str()), None),
                    };
                    Line { index: **index, values, status, reason, fidelity: Fidelity::Event, numbers, knee: None }
                })
                .collect()
        };
        write(plan, folder, "confirmed", all.len(), metadata, false, &confirmed)?;
        files.push("confirmed".to_owned());
    }
    if !plan.objectives.is_empty() {
        let best = |from: usize, to: usize| {
            let line = |best: &'a Best| Line {
                index: best.index,
                values: best.values.clone(),
                status: "ok",
                reason: None,
                fidelity: verdict.frontier_fidelity,
                numbers: Some(&best.row),
                knee: Some(best.knee),
            };
            verdict.frontier[from..to].iter().map(line).collect()
        };
        write(plan, folder, "frontier", verdict.frontier.len(), metadata, true, &best)?;
        files.push("frontier".to_owned());
    }
    Ok(files.iter().flat_map(|name| [format!("{name}.parquet"), format!("{name}.csv")]).collect())
}
