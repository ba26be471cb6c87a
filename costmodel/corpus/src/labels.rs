//! Labels as columns: the same set for every target, and the status of labelling.
//!
//! Of the ports only the busiest is stored; all would be twenty numbers per target.

use ir::labels::{
    Failure as LabelFailure, Frequencies, FrequencySource, FunctionLabels, Labels, Outcome as TargetOutcome, PerClass,
    Target,
};
use serde::{Deserialize, Serialize};
use storage::columnar::{Column, Frame};

use super::gpu_labels;
use super::table::{Reader, TableError, nine_digits};

/// The result of labelling one text.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// Labels on every target, or why a target has none.
    Function(FunctionLabels),
    /// Why there are no labels at all.
    Failure(LabelFailure),
}

type Count = fn(&Labels) -> Option<u64>;
type Number = fn(&Labels) -> f64;

/// Counts of a target, by the name after the target's.
const COUNTS: [(&str, Count); 17] = [
    ("pressure_general_registers", |l| Some(l.pressure.general.into())),
    ("pressure_vector_registers", |l| Some(l.pressure.vector.into())),
    ("pressure_float_registers", |l| l.pressure.float.map(u64::from)),
    ("pressure_mask_registers", |l| l.pressure.mask.map(u64::from)),
    ("used_general_registers", |l| Some(l.registers_used.general.into())),
    ("used_vector_registers", |l| Some(l.registers_used.vector.into())),
    ("used_float_registers", |l| l.registers_used.float.map(u64::from)),
    ("used_mask_registers", |l| l.registers_used.mask.map(u64::from)),
    ("live_across_call_general_registers", |l| Some(l.live_across_call.general.into())),
    ("live_across_call_vector_registers", |l| Some(l.live_across_call.vector.into())),
    ("spills", |l| Some(l.spills.into())),
    ("reloads", |l| Some(l.reloads.into())),
    ("spill_bytes", |l| Some(l.spill_bytes)),
    ("stack_bytes", |l| Some(l.stack_bytes)),
    ("instructions", |l| Some(l.instructions_static)),
    ("instructions_unmodelled", |l| Some(l.instructions_unmodelled.into())),
    ("calls", |l| Some(l.calls.into())),
];

/// Numbers of a target.
const NUMBERS: [(&str, Number); 8] = [
    ("spills_executed", |l| l.spills_dynamic),
    ("reloads_executed", |l| l.reloads_dynamic),
    ("calls_executed", |l| l.calls_dynamic),
    ("instructions_executed", |l| l.instructions_dynamic),
    ("cycles", |l| l.cycles),
    ("ipc", |l| l.ipc),
    ("busiest_port_utilization", |l| l.port_utilization),
    ("estimated_cycles_share", |l| l.frequencies.estimated_share),
];

/// Sources of execution counts and their names.
const SOURCES: [(FrequencySource, &str); 3] = [
    (FrequencySource::Executed, "executed"),
    (FrequencySource::DataDependent, "data_dependent"),
    (FrequencySource::Guessed, "guessed"),
];

/// Prefix of a target's column names.
pub fn prefix(target: Target) -> String {
    target.cpu().replace('-', "_")
}

/// The targets that a table has any column of; all of them if it has labels of nothing, so that reading names a column that is missing.
/// A target with some of its columns counts: reading refuses the table because of the others.
pub fn targets(frame: &Frame) -> Vec<Target> {
    let has_columns = |target: &Target| {
        let prefix = format!("{}_", prefix(*target));
        frame.columns.iter().any(|(name, _)| name.starts_with(&prefix))
    };
    let found: Vec<Target> = Target::ALL.into_iter().filter(has_columns).collect();
    if found.is_empty() && gpu_labels::targets(frame).is_empty() { Target::ALL.to_vec() } else { found }
}

/// A target's labels in an outcome.
pub fn labels(outcome: &Outcome, target: Target) -> Option<&Labels> {
    let Outcome::Function(function) = outcome else { return None };
    function.targets.iter().find(|t| t.target == target).and_then(|t| match &t.outcome {
        TargetOutcome::Labels(labels) => Some(labels.as_ref()),
        TargetOutcome::Failure(_) => None,
    })
}

/// A failure as a reason that texts share: its phase and the first sentence, the cause, without a place; notes quote the text.
pub fn reason(failure: &LabelFailure) -> String {
    let all = failure.reason.split("; ").next().unwrap_or("");
    let place = all.find(": ").filter(|&end| all[..end].bytes().all(|b| b.is_ascii_digit() || b == b':'));
    let cause: String = all[place.map_or(0, |end| end + 2)..].chars().take(200).collect();
    format!("{}: {cause}", failure.phase)
}

/// The reason of the first target without labels; `None` if all targets have labels.
pub fn failure(outcome: &Outcome) -> Option<String> {
    match outcome {
        Outcome::Failure(failure) => Some(reason(failure)),
        Outcome::Function(function) => function.targets.iter().find_map(|t| match &t.outcome {
            TargetOutcome::Labels(_) => None,
            TargetOutcome::Failure(failure) => Some(format!("{}: {}", t.target.cpu(), reason(failure))),
        }),
    }
}

/// The columns of outcomes.
pub fn columns(outcomes: &[&Outcome]) -> Vec<(String, Column)> {
    let reasons: Vec<Option<String>> = outcomes.iter().map(|o| failure(o)).collect();
    let status = reasons.iter().map(|r| Some(if r.is_none() { "labelled" } else { "failed" }.to_owned()));
    let mut columns = vec![
        ("label_status".to_owned(), Column::Text(status.collect())),
        ("label_failure".to_owned(), Column::Text(reasons)),
    ];
    for target in Target::ALL {
        let prefix = prefix(target);
        let of: Vec<Option<Labels>> = outcomes.iter().map(|o| labels(o, target).map(as_stored)).collect();
        for (name, count) in COUNTS {
            let values = of.iter().map(|l| l.as_ref().and_then(count).and_then(|n| i64::try_from(n).ok())).collect();
            columns.push((format!("{prefix}_{name}"), Column::Int(values)));
        }
        for (name, number) in NUMBERS {
            columns
                .push((format!("{prefix}_{name}"), Column::Float(of.iter().map(|l| l.as_ref().map(number)).collect())));
        }
        let ports = of.iter().map(|l| l.as_ref().map(|l| l.busiest_port.clone())).collect();
        columns.push((format!("{prefix}_busiest_port"), Column::Text(ports)));
        let source = |l: &Labels| SOURCES.iter().find(|s| s.0 == l.frequencies.source).map(|s| s.1.to_owned());
        let sources = of.iter().map(|l| l.as_ref().and_then(source)).collect();
        columns.push((format!("{prefix}_execution_counts"), Column::Text(sources)));
    }
    columns
}

/// The stored part of labels: the busiest port only, two register classes across calls, nine digits of every number. Counts are
/// `exact` if no cycle depends on an estimate.
pub fn as_stored(labels: &Labels) -> Labels {
    let live = PerClass { float: None, mask: None, ..labels.live_across_call };
    Labels {
        spills_dynamic: nine_digits(labels.spills_dynamic),
        reloads_dynamic: nine_digits(labels.reloads_dynamic),
        calls_dynamic: nine_digits(labels.calls_dynamic),
        instructions_dynamic: nine_digits(labels.instructions_dynamic),
        cycles: nine_digits(labels.cycles),
        ipc: nine_digits(labels.ipc),
        port_utilization: nine_digits(labels.port_utilization),
        frequencies: frequencies(labels.frequencies.source, nine_digits(labels.frequencies.estimated_share)),
        ports: Vec::new(),
        live_across_call: live,
        ..labels.clone()
    }
}

/// Frequencies from their source and the share of estimates.
fn frequencies(source: FrequencySource, estimated_share: f64) -> Frequencies {
    Frequencies { exact: source == FrequencySource::Executed && estimated_share == 0.0, source, estimated_share }
}

/// The stored labels of a target, by row.
///
/// # Errors
/// If a column is missing or of another kind.
pub fn read(reader: &Reader, target: Target) -> Result<Vec<Option<Labels>>, TableError> {
    let prefix = prefix(target);
    let counts = |name: &str| reader.counts_or_none(&format!("{prefix}_{name}"));
    let numbers = |name: &str| reader.numbers_or_none(&format!("{prefix}_{name}"));
    let texts = |name: &str| reader.texts_or_none(&format!("{prefix}_{name}"));
    let count_columns: Vec<Vec<Option<u64>>> = COUNTS.iter().map(|(name, _)| counts(name)).collect::<Result<_, _>>()?;
    let number_columns: Vec<Vec<Option<f64>>> =
        NUMBERS.iter().map(|(name, _)| numbers(name)).collect::<Result<_, _>>()?;
    let (ports, sources) = (texts("busiest_port")?, texts("execution_counts")?);
    let of_row = |row: usize| -> Option<Labels> {
        let count = |name: &str| {
            let column = COUNTS.iter().position(|(n, _)| *n == name).expect("a name of the list");
            count_columns[column][row]
        };
        let small = |name: &str| count(name).and_then(|n| u32::try_from(n).ok());
        let number = |name: &str| {
            let column = NUMBERS.iter().position(|(n, _)| *n == name).expect("a name of the list");
            number_columns[column][row]
        };
        let registers = |kind: &str| -> Option<PerClass> {
            Some(PerClass {
                general: small(&format!("{kind}_general_registers"))?,
                vector: small(&format!("{kind}_vector_registers"))?,
                float: if kind == "live_across_call" { None } else { small(&format!("{kind}_float_registers")) },
                mask: if kind == "live_across_call" { None } else { small(&format!("{kind}_mask_registers")) },
            })
        };
        let source = SOURCES.iter().find(|s| Some(s.1) == sources[row].as_deref())?.0;
        Some(Labels {
            pressure: registers("pressure")?,
            registers_used: registers("used")?,
            live_across_call: registers("live_across_call")?,
            spills: small("spills")?,
            reloads: small("reloads")?,
            spills_dynamic: number("spills_executed")?,
            reloads_dynamic: number("reloads_executed")?,
            spill_bytes: count("spill_bytes")?,
            stack_bytes: count("stack_bytes")?,
            instructions_static: count("instructions")?,
            instructions_dynamic: number("instructions_executed")?,
            cycles: number("cycles")?,
            ipc: number("ipc")?,
            busiest_port: ports[row].clone()?,
            port_utilization: number("busiest_port_utilization")?,
            ports: Vec::new(),
            calls: small("calls")?,
            calls_dynamic: number("calls_executed")?,
            frequencies: frequencies(source, number("estimated_cycles_share")?),
            instructions_unmodelled: small("instructions_unmodelled")?,
        })
    };
    Ok((0..reader.frame.rows()).map(of_row).collect())
}
