//! `hardwire dataset verify`: hashes, duplicates, splits and labels of a corpus.

use std::collections::BTreeMap;
use std::process::ExitCode;

use corpus::checks::{self, Check};
use corpus::gpu_labels::{self, Stored};
use corpus::label_checks::{PressureAgreement, label_checks};
use corpus::labels::{self, as_stored};
use corpus::table::{self, Entry, Reader};
use corpus::{Row, Splits};
use ir::labels::{Labels, Target};
use reports::{Align, Table, number};
use serde::Serialize;

use super::file;
use crate::cli::{self, TableFormat};
use crate::diagnostics::Failure;
use crate::output;

#[derive(Debug, Serialize)]
struct CheckReport {
    check: String,
    cases: usize,
    failures: usize,
    example: Option<String>,
}

#[derive(Debug, Serialize)]
struct Verification {
    rows: usize,
    labelled: usize,
    failed: usize,
    checks: Vec<CheckReport>,
    targets: BTreeMap<String, PressureAgreement>,
    /// Rows with labels by GPU.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    gpus: BTreeMap<String, usize>,
    relabelled: usize,
}

/// Runs the command.
pub fn run(arguments: &cli::DatasetVerify) -> Result<ExitCode, Failure> {
    if arguments.relabel > 0 {
        file::needs_llvm("labelling again")?;
    }
    let path = file::file_or_default(arguments.file.as_deref());
    let refuse = |error| file::refuse(&path, error);
    let frame = file::read(&path)?;
    let reader = Reader { frame: &frame };
    let entries = table::entries(&frame).map_err(refuse)?;
    let seed: u64 = frame.metadata.get("seed").and_then(|s| s.parse().ok()).unwrap_or(0);
    let rows: Vec<Row> = entries.iter().map(|e| e.row.clone()).collect();
    let groups: Vec<usize> = entries.iter().map(|e| e.group).collect();
    let splits: Vec<Splits> = entries.iter().map(|e| e.splits.clone()).collect();
    let mut all = checks::rows(&rows, &groups, &splits, seed);

    let stored = Stored::of(&reader).map_err(refuse)?;
    let processors = labels::targets(&frame);
    let labelled: Vec<bool> = if processors.is_empty() {
        (0..entries.len()).map(|row| stored.iter().any(|of| of.labels[row].is_some())).collect()
    } else {
        reader.text("label_status").map_err(refuse)?.iter().map(|s| s == "labelled").collect()
    };
    let mut targets = BTreeMap::new();
    let mut by_target = Vec::new();
    for &target in &processors {
        let of_target = labels::read(&reader, target).map_err(refuse)?;
        targets.insert(target.cpu().to_owned(), PressureAgreement::of(&of_target));
        by_target.push((target, of_target));
    }
    if !processors.is_empty() {
        all.extend(label_checks(&entries, &labelled, &by_target));
    }
    if !stored.is_empty() {
        all.extend(gpu_labels::checks(&entries, &stored));
    }
    if arguments.relabel > 0 {
        if processors.is_empty() {
            return Err(file::refuse(
                &path,
                "--relabel: it has no labels of processors; those of GPUs are the same when \
                `hardwire dataset kernels` makes them again",
            ));
        }
        all.push(relabel(&entries, &labelled, &by_target, arguments.relabel)?);
    }

    let failures: usize = all.iter().map(|check| check.failures).sum();
    let done = labelled.iter().filter(|l| **l).count();
    let report = Verification {
        rows: entries.len(),
        labelled: done,
        failed: entries.len() - done,
        checks: all
            .into_iter()
            .map(|c| CheckReport { check: c.name.into(), cases: c.cases, failures: c.failures, example: c.example })
            .collect(),
        targets,
        gpus: stored.iter().map(|of| (of.target.to_string(), of.labels.iter().flatten().count())).collect(),
        relabelled: arguments.relabel,
    };
    print(&report, arguments.format)?;
    Ok(if failures == 0 { ExitCode::SUCCESS } else { ExitCode::from(1) })
}

/// Labels rows again in workers and compares every stored number.
fn relabel(
    entries: &[Entry],
    labelled: &[bool],
    labels: &[(Target, Vec<Option<Labels>>)],
    count: usize,
) -> Result<Check, Failure> {
    let candidates: Vec<usize> =
        (0..entries.len()).filter(|&i| labelled[i] && entries[i].row.lowered == entries[i].row.hash).collect();
    let step = (candidates.len() / count).max(1);
    let chosen: Vec<usize> = candidates.into_iter().step_by(step).take(count).collect();
    let outcomes = super::label::again(entries, &chosen)?;
    let cases = chosen.iter().zip(outcomes).flat_map(|(&row, outcome)| {
        labels
            .iter()
            .map(move |(target, of)| {
                let again = corpus::labels::labels(&outcome, *target).map(as_stored);
                (again != of[row]).then(|| format!("{} on {}", entries[row].row.hash, target.cpu()))
            })
            .collect::<Vec<_>>()
    });
    Ok(Check::over("labels are the same when made again", cases))
}

fn print(report: &Verification, format: TableFormat) -> Result<(), Failure> {
    match format {
        TableFormat::Json => return output::json(report),
        TableFormat::Csv => return output::csv(&report.checks),
        TableFormat::Table => {}
    }
    let n = |count: usize| number::count(count as u64);
    let mut out = format!("{} rows: {} labelled, {} failed\n\n", n(report.rows), n(report.labelled), n(report.failed));
    let mut checks = Table::new(&[("check", Align::Left), ("cases", Align::Right), ("failures", Align::Right)]);
    for check in &report.checks {
        checks.row([check.check.clone(), n(check.cases), n(check.failures)]);
    }
    out += &checks.render();
    for check in report.checks.iter().filter(|c| c.failures > 0) {
        out += &format!("\n{}: {}\n", check.check, check.example.as_deref().unwrap_or(""));
    }
    let mut targets = Table::new(&[
        ("target", Align::Left),
        ("labelled", Align::Right),
        ("without spills", Align::Right),
        ("vector pressure = registers used", Align::Right),
        ("general pressure = registers used", Align::Right),
    ]);
    let share = |s: Option<f64>| s.map_or_else(String::new, |s| format!("{:.1} %", 100.0 * s));
    for (name, t) in &report.targets {
        targets.row([
            name.clone(),
            n(t.labelled),
            n(t.spill_free),
            share(t.vector_pressure_is_registers_used),
            share(t.general_pressure_is_registers_used),
        ]);
    }
    if !report.targets.is_empty() {
        out.push('\n');
        out += &targets.render();
    }
    if !report.gpus.is_empty() {
        out.push('\n');
        out += &super::summary::counted("labelled on", &report.gpus);
    }
    output::text(&out)
}
