//! `hardwire dataset show`: what a corpus holds, how its labels are distributed, or one row.

use std::collections::BTreeMap;
use std::path::Path;
use std::process::ExitCode;

use corpus::design_labels::DESIGN;
use corpus::gpu_labels::{self, Stored};
use corpus::labels::prefix;
use corpus::summary::Summary;
use corpus::table::{self, Reader, TableError};
use ir::labels::Target;
use reports::number::{count, fixed, tabular};
use reports::{Align, Table};
use serde::Serialize;
use serde_json::{Map, Value, json};
use storage::columnar::{Column, Frame};

use super::file;
use super::summary::{counted, table as summary_table};
use crate::cli::{self, Format};
use crate::diagnostics::Failure;
use crate::output;

/// Labels whose distribution is shown, after the target's name.
const SHOWN: [&str; 9] = [
    "pressure_vector_registers",
    "pressure_general_registers",
    "spills",
    "reloads",
    "instructions",
    "instructions_executed",
    "cycles",
    "ipc",
    "busiest_port_utilization",
];

/// How a label is distributed.
#[derive(Debug, Serialize)]
struct Distribution {
    rows: usize,
    min: f64,
    p10: f64,
    median: f64,
    p90: f64,
    max: f64,
    /// Share of the rows where it is not zero.
    above_zero: f64,
}

#[derive(Debug, Serialize)]
struct Labels {
    labelled: usize,
    failed: usize,
    failures_by_reason: BTreeMap<String, usize>,
    spills_on_some_target: f64,
    distributions: BTreeMap<String, Distribution>,
    execution_counts: BTreeMap<String, usize>,
}

/// Labels of kernels on one GPU.
#[derive(Debug, Serialize)]
struct GpuReport {
    labelled: usize,
    /// Rows whose kernels spill a register.
    spilling: usize,
    failures_by_reason: BTreeMap<String, usize>,
    distributions: BTreeMap<String, Distribution>,
}

#[derive(Debug, Serialize)]
struct CorpusReport {
    file: String,
    metadata: BTreeMap<String, String>,
    #[serde(flatten)]
    summary: Summary,
    #[serde(skip_serializing_if = "Option::is_none")]
    labels: Option<Labels>,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    gpus: BTreeMap<String, GpuReport>,
}

/// Runs the command.
pub fn run(arguments: &cli::DatasetShow) -> Result<ExitCode, Failure> {
    let path = file::file_or_default(arguments.file.as_deref());
    let frame = file::read(&path)?;
    if let Some(hash) = &arguments.row {
        row(&frame, &path, hash, arguments.format)?;
        return Ok(ExitCode::SUCCESS);
    }
    let entries = table::entries(&frame).map_err(|error| file::refuse(&path, error))?;
    let summary = Summary::of(&entries, BTreeMap::new());
    let labels = frame.column("label_status").is_some().then(|| labels(&frame));
    let gpus = gpus(&frame).map_err(|error| file::refuse(&path, error))?;
    if arguments.format == Format::Json {
        let metadata = frame.metadata.clone();
        output::json(&CorpusReport { file: path.display().to_string(), metadata, summary, labels, gpus })?;
        return Ok(ExitCode::SUCCESS);
    }
    let mut out = summary_table(&summary);
    if let Some(labels) = &labels {
        out += &labels.table();
    }
    for (gpu, report) in &gpus {
        out += &report.table(gpu);
    }
    output::text(&out)?;
    Ok(ExitCode::SUCCESS)
}

fn texts<'a>(frame: &'a Frame, name: &str) -> impl Iterator<Item = &'a str> {
    let values = match frame.column(name) {
        Some(Column::Text(values)) => values.as_slice(),
        _ => &[],
    };
    values.iter().flatten().map(String::as_str)
}

fn numbers(frame: &Frame, name: &str) -> Vec<f64> {
    match frame.column(name) {
        Some(Column::Int(values)) => values.iter().flatten().map(|n| *n as f64).collect(),
        Some(Column::Float(values)) => values.iter().flatten().copied().collect(),
        _ => Vec::new(),
    }
}

fn distribution(mut values: Vec<f64>) -> Option<Distribution> {
    values.sort_by(f64::total_cmp);
    let at = |share: f64| values[((values.len() - 1) as f64 * share).round() as usize];
    (!values.is_empty()).then(|| Distribution {
        rows: values.len(),
        min: at(0.0),
        p10: at(0.1),
        median: at(0.5),
        p90: at(0.9),
        max: at(1.0),
        above_zero: values.iter().filter(|v| **v > 0.0).count() as f64 / values.len() as f64,
    })
}

fn labels(frame: &Frame) -> Labels {
    let mut failures_by_reason = BTreeMap::new();
    for reason in texts(frame, "label_failure") {
        *failures_by_reason.entry(reason.to_owned()).or_default() += 1;
    }
    let mut distributions = BTreeMap::new();
    let mut execution_counts = BTreeMap::new();
    let mut spilling = vec![false; frame.rows()];
    for target in Target::ALL {
        for name in SHOWN {
            let column = format!("{}_{name}", prefix(target));
            let values = numbers(frame, &column);
            distributions.extend(distribution(values).map(|d| (column, d)));
        }
        for source in texts(frame, &format!("{}_execution_counts", prefix(target))) {
            *execution_counts.entry(source.to_owned()).or_default() += 1;
        }
        if let Some(Column::Int(spills)) = frame.column(&format!("{}_spills", prefix(target))) {
            spilling.iter_mut().zip(spills).for_each(|(some, spills)| *some |= spills.is_some_and(|s| s > 0));
        }
    }
    for name in ["xpu_utilization", "xpu_latency_cycles", "unplaced_operations"] {
        let column = format!("{DESIGN}_{name}");
        let values = numbers(frame, &column);
        distributions.extend(distribution(values).map(|d| (column, d)));
    }
    let labelled = texts(frame, "label_status").filter(|s| *s == "labelled").count();
    Labels {
        labelled,
        failed: frame.rows() - labelled,
        failures_by_reason,
        spills_on_some_target: spilling.iter().filter(|s| **s).count() as f64 / labelled.max(1) as f64,
        distributions,
        execution_counts,
    }
}

/// Labels of every GPU that the table has, by its name.
fn gpus(frame: &Frame) -> Result<BTreeMap<String, GpuReport>, TableError> {
    let report = |stored: Stored| {
        let mut failures_by_reason = BTreeMap::new();
        for reason in stored.failures.into_iter().flatten() {
            *failures_by_reason.entry(reason).or_default() += 1;
        }
        let mut distributions = BTreeMap::new();
        for name in gpu_labels::names() {
            let values = numbers(frame, &gpu_labels::column(stored.target, name));
            distributions.extend(distribution(values).map(|d| (name.to_owned(), d)));
        }
        let labelled = || stored.labels.iter().flatten();
        let spilling = labelled().filter(|labels| labels.spilled_registers.is_some_and(|spilled| spilled > 0)).count();
        let report = GpuReport { labelled: labelled().count(), spilling, failures_by_reason, distributions };
        (stored.target.to_string(), report)
    };
    Ok(Stored::of(&Reader { frame })?.into_iter().map(report).collect())
}

impl GpuReport {
    fn table(&self, gpu: &str) -> String {
        let [labelled, spilling] = [self.labelled, self.spilling].map(|rows| count(rows as u64));
        let mut out = format!("\n{gpu}: {labelled} labelled, {spilling} of them spill\n\n");
        out += &distributions(&self.distributions);
        if !self.failures_by_reason.is_empty() {
            out.push('\n');
            out += &counted("failure", &self.failures_by_reason);
        }
        out
    }
}

/// Distributions by the name of the label.
fn distributions(all: &BTreeMap<String, Distribution>) -> String {
    let mut table = Table::new(&[
        ("label", Align::Left),
        ("rows", Align::Right),
        ("min", Align::Right),
        ("10 %", Align::Right),
        ("median", Align::Right),
        ("90 %", Align::Right),
        ("max", Align::Right),
        ("above zero", Align::Right),
    ]);
    for (name, d) in all {
        let mut cells = vec![name.clone(), count(d.rows as u64)];
        cells.extend([d.min, d.p10, d.median, d.p90, d.max].map(short));
        cells.push(format!("{:.1} %", 100.0 * d.above_zero));
        table.row(cells);
    }
    table.render()
}

impl Labels {
    fn table(&self) -> String {
        let mut out = format!(
            "\n{} labelled, {} failed; {:.1} % of the labelled spill on some target\n\n",
            count(self.labelled as u64),
            count(self.failed as u64),
            100.0 * self.spills_on_some_target
        );
        out += &distributions(&self.distributions);
        out.push('\n');
        out += &counted("execution counts", &self.execution_counts);
        if !self.failures_by_reason.is_empty() {
            out.push('\n');
            out += &counted("failure", &self.failures_by_reason);
        }
        out
    }
}

/// A label: from a thousand to a million in full, as whole numbers below it.
fn short(number: f64) -> String {
    let whole = number.fract() == 0.0 || number.abs() >= 1e3;
    if whole && number.abs() < 1e6 { fixed(number, 0) } else { tabular(number) }
}

/// One row with all its columns.
fn row(frame: &Frame, path: &Path, hash: &str, format: Format) -> Result<(), Failure> {
    let refuse = |reason: String| Failure::Request(format!("{}: {reason}", path.display()));
    let Some(Column::Text(hashes)) = frame.column("hash") else {
        return Err(refuse("there is no column `hash`".into()));
    };
    let found: Vec<usize> =
        (0..hashes.len()).filter(|&i| hashes[i].as_deref().is_some_and(|h| h.starts_with(hash))).collect();
    let row = match found[..] {
        [row] if !hash.is_empty() => row,
        [] => return Err(refuse(format!("no row has a hash that starts with `{hash}`"))),
        _ => {
            return Err(refuse(format!("{} rows have a hash that starts with `{hash}`: give more of it", found.len())));
        }
    };
    let mut values = Map::new();
    for (name, column) in &frame.columns {
        let value = match column {
            Column::Int(v) => json!(v[row]),
            Column::Float(v) => json!(v[row]),
            Column::Bool(v) => json!(v[row]),
            Column::Text(v) => json!(v[row]),
        };
        values.insert(name.clone(), value);
    }
    if format == Format::Json {
        return output::json(&values);
    }
    let text = values.remove("text");
    let mut table = Table::new(&[("column", Align::Left), ("value", Align::Left)]);
    for (name, value) in values.iter().filter(|(_, value)| !value.is_null()) {
        table.row([name.clone(), value.as_str().map_or_else(|| value.to_string(), str::to_owned)]);
    }
    let text = text.as_ref().and_then(Value::as_str).unwrap_or("").trim_end().to_owned();
    output::text(&format!("{text}\n\n{}", table.render()))
}
