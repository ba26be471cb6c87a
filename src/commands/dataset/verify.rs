//! `hardwire dataset verify`: hashes, duplicates, splits and labels of a corpus.

use std::collections::BTreeMap;
use std::process::ExitCode;

use corpus::checks::{self, Check};
use corpus::{Row, Splits};
use ir::labels::{Labels, Target};
use reports::{Align, Table};
use serde::Serialize;

use super::columns;
use super::table::{self, Entry, Reader};
use crate::cli::{self, Format};
use crate::diagnostics::Failure;
use crate::output;

/// Bytes below the stack pointer that a function without calls may use: 128 in the System V ABI for x86-64.
fn red_zone_bytes(target: Target) -> u64 {
    if matches!(target, Target::SkylakeAvx512 | Target::Znver4) { 128 } else { 0 }
}

#[derive(Debug, Serialize)]
struct CheckReport {
    check: String,
    cases: usize,
    failures: usize,
    example: Option<String>,
}

#[derive(Debug, Serialize)]
struct TargetReport {
    labelled: usize,
    spill_free: usize,
    /// Of the spill-free functions, the share whose pressure equals the registers used, by class.
    vector_pressure_is_registers_used: Option<f64>,
    general_pressure_is_registers_used: Option<f64>,
}

#[derive(Debug, Serialize)]
struct Report {
    rows: usize,
    labelled: usize,
    failed: usize,
    checks: Vec<CheckReport>,
    targets: BTreeMap<String, TargetReport>,
    relabelled: usize,
}

/// Runs the command.
pub fn run(arguments: &cli::DatasetVerify) -> Result<ExitCode, Failure> {
    if arguments.relabel > 0 {
        super::needs_llvm("labelling again")?;
    }
    let path = super::file_or_default(arguments.file.as_deref());
    let frame = table::read(&path)?;
    let reader = Reader { frame: &frame, path: &path };
    let entries = table::entries(&frame, &path)?;
    let seed: u64 = frame.metadata.get("seed").and_then(|s| s.parse().ok()).unwrap_or(0);
    let rows: Vec<Row> = entries.iter().map(|e| e.row.clone()).collect();
    let groups: Vec<usize> = entries.iter().map(|e| e.group).collect();
    let splits: Vec<Splits> = entries.iter().map(|e| e.splits.clone()).collect();
    let mut all = checks::rows(&rows, &groups, &splits, seed);

    let labelled: Vec<bool> = reader.text("label_status")?.iter().map(|s| s == "labelled").collect();
    let mut targets = BTreeMap::new();
    let mut labels = Vec::new();
    for target in Target::ALL {
        let of_target = columns::read(&reader, target)?;
        targets.insert(target.cpu().to_owned(), compare(&of_target));
        labels.push((target, of_target));
    }
    all.extend(label_checks(&entries, &labelled, &labels));
    if arguments.relabel > 0 {
        all.push(relabel(&entries, &labelled, &labels, arguments.relabel)?);
    }

    let failures: usize = all.iter().map(|check| check.failures).sum();
    let done = labelled.iter().filter(|l| **l).count();
    let report = Report {
        rows: entries.len(),
        labelled: done,
        failed: entries.len() - done,
        checks: all
            .into_iter()
            .map(|c| CheckReport { check: c.name.into(), cases: c.cases, failures: c.failures, example: c.example })
            .collect(),
        targets,
        relabelled: arguments.relabel,
    };
    print(&report, arguments.format)?;
    Ok(if failures == 0 { ExitCode::SUCCESS } else { ExitCode::from(1) })
}

/// How often pressure is what the register allocator used, on functions without spills.
fn compare(labels: &[Option<Labels>]) -> TargetReport {
    let free: Vec<&Labels> = labels.iter().flatten().filter(|l| l.spills == 0 && l.reloads == 0).collect();
    let share = |same: fn(&Labels) -> bool| {
        (!free.is_empty()).then(|| free.iter().filter(|l| same(l)).count() as f64 / free.len() as f64)
    };
    TargetReport {
        labelled: labels.iter().flatten().count(),
        spill_free: free.len(),
        vector_pressure_is_registers_used: share(|l| l.pressure.vector == l.registers_used.vector),
        general_pressure_is_registers_used: share(|l| l.pressure.general == l.registers_used.general),
    }
}

fn label_checks(entries: &[Entry], labelled: &[bool], labels: &[(Target, Vec<Option<Labels>>)]) -> Vec<Check> {
    let each = |name: &'static str, complaint: &dyn Fn(Target, &Labels) -> Option<String>| {
        let cases = labels.iter().flat_map(|(target, of)| {
            of.iter().zip(entries).filter_map(move |(l, e)| {
                let l = l.as_ref()?;
                Some(complaint(*target, l).map(|c| format!("{} on {}: {c}", e.row.hash, target.cpu())))
            })
        });
        Check::over(name, cases)
    };
    let complete = (0..entries.len()).map(|row| {
        let all = labels.iter().all(|(_, of)| of[row].is_some());
        (labelled[row] != all).then(|| entries[row].row.hash.clone())
    });
    vec![
        Check::over("a labelled row has labels on every target", complete),
        each("cycles and instructions are positive and finite", &|_, l| {
            let fine = |x: f64| x.is_finite() && x > 0.0;
            (!fine(l.cycles) || !fine(l.instructions_dynamic) || l.instructions_static == 0)
                .then(|| format!("{} cycles, {} instructions", l.cycles, l.instructions_dynamic))
        }),
        each("IPC is instructions over cycles", &|_, l| {
            let ipc = l.instructions_dynamic / l.cycles;
            // Each of the three numbers has nine digits.
            ((l.ipc - ipc).abs() > 2e-8 * ipc.abs()).then(|| format!("{} is not {ipc}", l.ipc))
        }),
        each("a port is busy at most all the time", &|_, l| {
            (!(0.0..=1.0 + 1e-9).contains(&l.port_utilization)).then(|| format!("{}", l.port_utilization))
        }),
        each("spilled bytes lie in the frame or the red zone", &|target, l| {
            (l.spill_bytes > l.stack_bytes + red_zone_bytes(target))
                .then(|| format!("{} of {} bytes", l.spill_bytes, l.stack_bytes))
        }),
        each("values live across a call are part of the pressure", &|_, l| {
            (l.live_across_call.vector > l.pressure.vector || l.live_across_call.general > l.pressure.general)
                .then(|| format!("{:?} of {:?}", l.live_across_call, l.pressure))
        }),
        each("calls are some of the instructions", &|_, l| {
            (l.calls_dynamic > l.instructions_dynamic).then(|| format!("{} calls", l.calls_dynamic))
        }),
    ]
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
                let again = columns::labels(&outcome, *target).map(columns::as_stored);
                (again != of[row]).then(|| format!("{} on {}", entries[row].row.hash, target.cpu()))
            })
            .collect::<Vec<_>>()
    });
    Ok(Check::over("labels are the same when made again", cases))
}

fn print(report: &Report, format: Format) -> Result<(), Failure> {
    if format == Format::Json {
        return output::json(report);
    }
    let mut out = format!("{} rows: {} labelled, {} failed\n\n", report.rows, report.labelled, report.failed);
    let mut checks = Table::new(&[("check", Align::Left), ("cases", Align::Right), ("failures", Align::Right)]);
    for check in &report.checks {
        checks.row([check.check.clone(), check.cases.to_string(), check.failures.to_string()]);
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
            t.labelled.to_string(),
            t.spill_free.to_string(),
            share(t.vector_pressure_is_registers_used),
            share(t.general_pressure_is_registers_used),
        ]);
    }
    out.push('\n');
    out += &targets.render();
    output::text(&out)
}
