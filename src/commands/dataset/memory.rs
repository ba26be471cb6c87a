//! `hardwire dataset memory`: adds labels of simulated caches to a corpus.

use std::collections::{BTreeMap, BTreeSet};
use std::process::ExitCode;

use caches::{Hierarchy, Limits, Traffic};
use corpus::memory_labels::{self, LevelLabel, MemoryLabel, RowLabels};
use corpus::table;
use ir::analysis::{Analysis, Assumptions, Stated};
use ir::labels::Target;
use labelling::pool::workers;
use labelling::public;
use serde::Serialize;
use storage::columnar::{ColumnarError, write_parquet};

use super::file;
use crate::cli::{self, Format};
use crate::diagnostics::Failure;
use crate::output;
use crate::progress::Progress;
use files::replace;

/// Rows that are labelled between two reports of progress.
const TOGETHER: usize = 256;

#[derive(Serialize)]
struct MemoryReport {
    rows: usize,
    labelled: usize,
    methods: BTreeMap<&'static str, usize>,
    failures_by_reason: BTreeMap<String, usize>,
    file: String,
}

/// Runs the command.
pub fn run(arguments: &cli::DatasetMemory) -> Result<ExitCode, Failure> {
    let path = file::file_or_default(arguments.file.as_deref());
    let mut frame = file::read(&path)?;
    let entries = table::entries(&frame).map_err(|error| file::refuse(&path, error))?;
    let threads = workers(arguments.workers);
    let machines: Vec<Hierarchy> = Target::ALL.into_iter().map(Hierarchy::of).collect();
    let mut progress = Progress::new("simulating caches", "texts", entries.len() as u64, 0);
    let mut rows: Vec<RowLabels> = Vec::with_capacity(entries.len());
    for part in entries.chunks(TOGETHER) {
        rows.extend(costmodel::parallel::map(threads, part.len(), |at| labels(&part[at].row.text, &machines)));
        progress.add(part.len() as u64);
    }
    progress.finish();
    let columns = memory_labels::columns(&Target::ALL, &rows);
    let names: BTreeSet<&str> = columns.iter().map(|(name, _)| name.as_str()).collect();
    frame.columns.retain(|(name, _)| !names.contains(name.as_str()));
    let report = report(&rows, arguments.out.display().to_string());
    frame.columns.extend(columns);
    replace(&arguments.out, |out| write_parquet(&frame, out).map(|_| ()))
        .map_err(|e: ColumnarError| file::refuse(&arguments.out, e))?;
    match arguments.format {
        Format::Json => output::json(&report)?,
        Format::Table => output::text(&text(&report))?,
    }
    Ok(ExitCode::SUCCESS)
}

/// Labels of a text's public function on every machine.
fn labels(text: &str, machines: &[Hierarchy]) -> RowLabels {
    let all = |why: &str| machines.iter().map(|_| Err(why.to_owned())).collect();
    let parsed = ir::parse(text, &ir::Limits::default());
    if let Some(diagnostic) = parsed.diagnostics.first() {
        return all(&diagnostic.message);
    }
    let Some(function) = public(&parsed.tree) else { return all("the module has no public function") };
    let analysis = Analysis::of(&parsed.tree);
    let stated = Stated::of(analysis.tree(), text, &Assumptions::NONE);
    let of = |machine: &Hierarchy| {
        let traffic = Traffic::of(&analysis, function, &stated, machine, Limits::default());
        label(&traffic.map_err(|unknown| unknown.reason.message().to_owned())?)
    };
    machines.iter().map(of).collect()
}

fn label(traffic: &Traffic) -> Result<MemoryLabel, String> {
    let level = |at: usize| {
        let level = &traffic.levels[at];
        LevelLabel {
            load_misses: level.load_misses,
            store_misses: level.store_misses,
            write_backs: level.write_backs,
            bytes: level.bytes,
        }
    };
    let cycles = traffic.cycles.as_ref().ok_or("the caches belong to no processor")?;
    Ok(MemoryLabel {
        method: traffic.method.name(),
        levels: [level(0), level(1), level(2)],
        footprint_bytes: traffic.footprint_bytes,
        memory_cycles: cycles.memory,
    })
}

fn report(rows: &[RowLabels], file: String) -> MemoryReport {
    let mut report = MemoryReport {
        rows: rows.len(),
        labelled: 0,
        methods: BTreeMap::new(),
        failures_by_reason: BTreeMap::new(),
        file,
    };
    for row in rows {
        report.labelled += usize::from(row.iter().all(Result::is_ok));
        for label in row {
            match label {
                Ok(label) => *report.methods.entry(label.method).or_default() += 1,
                Err(why) => *report.failures_by_reason.entry(why.clone()).or_default() += 1,
            }
        }
    }
    report
}

fn text(report: &MemoryReport) -> String {
    let MemoryReport { rows, labelled, methods, failures_by_reason, file } = report;
    let methods: Vec<String> = methods.iter().map(|(method, count)| format!("{method} {count}")).collect();
    let mut out = format!("{rows} rows: {labelled} labelled on every target; {}\n", methods.join(", "));
    if !failures_by_reason.is_empty() {
        out.push('\n');
        out += &super::summary::counted("no label", failures_by_reason);
    }
    out + &format!("\nwritten: {file}\n")
}
