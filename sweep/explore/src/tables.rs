//! The rows of a sweep as tables with units in the column names, as Parquet and CSV.

use std::collections::BTreeMap;
use std::io::Write;

use names::named;
use sim::Fidelity;
use storage::columnar::{Column, ColumnarError, Frame, Packing, Writer};
use sweep::exploration::Exploration;
use sweep::rows::Row;
use sweep::verdict::Verdict;
use sweep::{Axis, Domain, Outcome, Plan, Value, Worker};

/// Rows converted and written at a time.
const CHUNK: usize = 1 << 15;

named! {
    /// A table of a sweep, by the name of its file.
    pub enum Kind {
        /// Every point.
        Results = "results",
        /// The best points, from events.
        Confirmed = "confirmed",
        /// The frontier.
        Frontier = "frontier",
    }
}

/// A row of a table.
struct Line<'a> {
    index: u64,
    values: Vec<Value>,
    status: &'static str,
    reason: Option<&'a str>,
    fidelity: Fidelity,
    numbers: Option<&'a [f64]>,
    knee: Option<bool>,
}

/// The tables of a finished sweep.
pub struct Tables<'a> {
    exploration: &'a Exploration<'a>,
    verdict: &'a Verdict,
    confirmed: Vec<(u64, &'a Outcome)>,
}

impl<'a> Tables<'a> {
    /// The tables of a sweep and its verdict.
    #[must_use]
    pub fn new(exploration: &'a Exploration<'a>, verdict: &'a Verdict) -> Self {
        let confirmed = exploration.confirmed.iter().map(|(index, outcome)| (*index, outcome)).collect();
        Self { exploration, verdict, confirmed }
    }

    /// The tables that the sweep has.
    #[must_use]
    pub fn kinds(&self) -> Vec<Kind> {
        let plan = self.exploration.plan;
        let has = |kind: &Kind| match kind {
            Kind::Results => true,
            Kind::Confirmed => plan.confirm > 0,
            Kind::Frontier => !plan.objectives.is_empty(),
        };
        [Kind::Results, Kind::Confirmed, Kind::Frontier].into_iter().filter(has).collect()
    }

    /// Number of rows.
    #[must_use]
    pub fn len(&self, kind: Kind) -> usize {
        match kind {
            Kind::Results => self.exploration.rows.len(),
            Kind::Confirmed => self.confirmed.len(),
            Kind::Frontier => self.verdict.frontier.len(),
        }
    }

    /// Rows `from` to `to` (exclusive) as columns.
    #[must_use]
    pub fn frame(&self, kind: Kind, from: usize, to: usize, metadata: BTreeMap<String, String>) -> Frame {
        let lines: Vec<Line<'_>> = match kind {
            Kind::Results => (from..to).map(|index| self.screened(index)).collect(),
            Kind::Confirmed => {
                let mut worker = Worker::new(self.exploration.plan);
                (from..to).map(|index| self.confirmed(&mut worker, index)).collect()
            }
            Kind::Frontier => (from..to).map(|index| self.best(index)).collect(),
        };
        of_lines(self.exploration.plan, &lines, kind == Kind::Frontier, metadata)
    }

    /// Writes a table as Parquet, in chunks.
    ///
    /// # Errors
    /// Those of the writer.
    pub fn write_parquet(
        &self,
        kind: Kind,
        metadata: &BTreeMap<String, String>,
        out: impl Write + Send,
    ) -> Result<(), ColumnarError> {
        let count = self.len(kind);
        let mut writer = Writer::new(out, &self.frame(kind, 0, count.min(1), metadata.clone()), Packing::Fast)?;
        for from in (0..count).step_by(CHUNK) {
            writer.append(&self.frame(kind, from, count.min(from + CHUNK), BTreeMap::new()))?;
        }
        writer.finish().map(drop)
    }

    /// Writes a table as CSV, in chunks.
    ///
    /// # Errors
    /// Those of the writer.
    pub fn write_csv(&self, kind: Kind, out: &mut impl Write) -> Result<(), ColumnarError> {
        let count = self.len(kind);
        for from in (0..count.max(1)).step_by(CHUNK) {
            write_csv(&self.frame(kind, from, count.min(from + CHUNK), BTreeMap::new()), from == 0, out)?;
        }
        Ok(())
    }

    fn screened(&self, index: usize) -> Line<'_> {
        let e = self.exploration;
        let (status, reason, numbers) = match e.rows.get(index) {
            Row::Numbers(row) => (if self.verdict.feasible[index] { "ok" } else { "infeasible" }, None, Some(row)),
            Row::Excluded => ("excluded", None, None),
            Row::Failed(reason) => ("failed", Some(reason), None),
            Row::Missing => ("missing", None, None),
        };
        let (index, fidelity) = (index as u64, e.plan.fidelity);
        Line { index, values: e.values(index), status, reason, fidelity, numbers, knee: None }
    }

    fn confirmed(&self, worker: &mut Worker<'_>, position: usize) -> Line<'_> {
        let (index, outcome) = self.confirmed[position];
        let values = self.exploration.values(index);
        let (status, reason, numbers) = match outcome {
            Outcome::Row(row) => {
                (if worker.feasible(&values, row) { "ok" } else { "infeasible" }, None, Some(row.as_slice()))
            }
            Outcome::Excluded => ("excluded", None, None),
            Outcome::Failed(reason) => ("failed", Some(reason.as_str()), None),
        };
        Line { index, values, status, reason, fidelity: Fidelity::Event, numbers, knee: None }
    }

    fn best(&self, position: usize) -> Line<'_> {
        let best = &self.verdict.frontier[position];
        Line {
            index: best.index,
            values: best.values.clone(),
            status: "ok",
            reason: None,
            fidelity: self.verdict.frontier_fidelity,
            numbers: Some(&best.row),
            knee: Some(best.knee),
        }
    }
}

/// Whether some value of an axis is a word, so that its column is text.
fn is_text(axis: &Axis) -> bool {
    matches!(&axis.domain, Domain::Listed(values) if values.iter().any(|value| matches!(value, Value::Word(_))))
}

/// The lines as columns.
fn of_lines(plan: &Plan, lines: &[Line<'_>], frontier: bool, metadata: BTreeMap<String, String>) -> Frame {
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

/// Writes a frame as CSV (RFC 4180, but with single newlines), the names of its columns first if `head`.
///
/// # Errors
/// Those of the writer.
pub fn write_csv(frame: &Frame, head: bool, out: &mut impl Write) -> Result<(), ColumnarError> {
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
