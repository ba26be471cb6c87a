//! `hardwire ir stats`: analyses of each function.

use std::process::ExitCode;

use ir::analysis::liveness::{Liveness, liveness};
use ir::analysis::traffic::interface_bytes;
use ir::analysis::{Analysis, Range};
use ir::graph::{Graph, Weight};
use ir::tree::{OpId, Tree};
use reports::{Align, Table, number};
use serde::{Serialize, Serializer, ser::SerializeStruct};

use super::source::{Source, function_name};
use crate::cli::Format;
use crate::cli::ir::Stats;
use crate::diagnostics::Failure;
use crate::output;

/// A count as JSON: a number, or its bounds.
#[derive(Clone, Copy)]
pub struct Count(pub Range);

impl Serialize for Count {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        if let Some(exact) = self.0.value() {
            return serializer.serialize_u128(exact);
        }
        let mut bounds = serializer.serialize_struct("Count", 2)?;
        bounds.serialize_field("at_least", &self.0.low)?;
        bounds.serialize_field("at_most", &self.0.high)?;
        bounds.end()
    }
}

#[derive(Serialize)]
struct StatsReport<'a> {
    file: &'a str,
    functions: Vec<FunctionReport<'a>>,
}

#[derive(Serialize)]
struct FunctionReport<'a> {
    name: &'a str,
    line: usize,
    operations: usize,
    executed_operations: Count,
    flops: Count,
    transcendentals: Count,
    integer_operations: Count,
    loads: Count,
    stores: Count,
    read_bytes: Count,
    written_bytes: Count,
    interface_bytes: Count,
    flops_per_byte: Option<f64>,
    live: Live,
    critical_path: CriticalPath,
    loops: Vec<LoopReport<'a>>,
    unknowns: Vec<UnknownReport<'a>>,
}

#[derive(Serialize)]
struct Live {
    values: usize,
    integers: usize,
    floats: usize,
    vectors: usize,
    vector_bytes: u64,
    tensors: usize,
    bytes: Count,
}

#[derive(Serialize)]
struct CriticalPath {
    /// Operations of the function's body on the longest chain.
    operations: Count,
    /// Arithmetic operations on the chain with the most arithmetic.
    work: Count,
}

#[derive(Serialize)]
struct LoopReport<'a> {
    operation: &'a str,
    line: usize,
    entries: Count,
    trips: Count,
    iterations: Count,
}

#[derive(Serialize)]
struct UnknownReport<'a> {
    operation: &'a str,
    line: usize,
    reason: String,
}

/// Most loops and most inexact counts in the table; JSON has all.
const SHOWN: usize = 12;

/// Runs the command.
pub fn run(arguments: &Stats) -> Result<ExitCode, Failure> {
    let source = Source::read(&arguments.file)?;
    let tree = source.tree()?;
    let analysis = Analysis::of(&tree);
    let functions = source.functions(&tree, arguments.function.as_deref())?;
    let report = StatsReport {
        file: &source.name,
        functions: functions.into_iter().filter_map(|f| function(&source, &tree, &analysis, f)).collect(),
    };
    match arguments.format {
        Format::Json => output::json(&report)?,
        Format::Table => output::text(&text(&report))?,
    }
    Ok(ExitCode::SUCCESS)
}

fn function<'a>(source: &Source, tree: &'a Tree, analysis: &Analysis, function: OpId) -> Option<FunctionReport<'a>> {
    let facts = analysis.function(function)?;
    let graph = Graph::of(tree, analysis, function)?;
    let line = |operation: OpId| source.line(tree.operation(operation).span);
    let Liveness { values, integers, floats, vectors, vector_bytes, tensors, bytes } = liveness(tree, function);
    let (work, traffic) = (facts.cost.work, facts.cost.traffic);
    let moved = traffic.bytes().value().filter(|&b| b > 0);
    let body: Vec<OpId> = tree
        .entry(function, 0)
        .into_iter()
        .flat_map(|entry| {
            let region = tree.block(entry).region;
            tree.region(region).blocks.iter().flat_map(|&b| tree.walk_block(b))
        })
        .collect();
    Some(FunctionReport {
        name: function_name(tree, function),
        line: line(function),
        operations: body.len(),
        executed_operations: Count(body.iter().map(|&o| facts.trip_counts.operation(tree, o)).sum()),
        flops: Count(work.flops),
        transcendentals: Count(work.transcendentals),
        integer_operations: Count(work.integer_operations),
        loads: Count(traffic.loads),
        stores: Count(traffic.stores),
        read_bytes: Count(traffic.read_bytes),
        written_bytes: Count(traffic.written_bytes),
        interface_bytes: Count(interface_bytes(tree, function)),
        flops_per_byte: work.flops.value().zip(moved).map(|(f, b)| f as f64 / b as f64),
        live: Live { values, integers, floats, vectors, vector_bytes, tensors, bytes: Count(bytes) },
        critical_path: CriticalPath {
            operations: Count(graph.critical_path(Weight::Operations).length),
            work: Count(graph.critical_path(Weight::Work).length),
        },
        loops: facts
            .trip_counts
            .loops()
            .iter()
            .map(|l| LoopReport {
                operation: tree.name(l.operation),
                line: line(l.operation),
                entries: Count(l.entries),
                trips: Count(l.trips),
                iterations: Count(l.iterations),
            })
            .collect(),
        unknowns: facts
            .unknowns
            .iter()
            .map(|u| UnknownReport {
                operation: tree.name(u.operation),
                line: line(u.operation),
                reason: u.reason.to_string(),
            })
            .collect(),
    })
}

fn whole(count: u128) -> String {
    number::separated(&count.to_string())
}

/// A count for the table.
fn count(count: Count) -> String {
    let range = count.0;
    match (range.value(), range.low, range.high) {
        (Some(exact), ..) => whole(exact),
        (None, 0, None) => "not known".to_owned(),
        (None, low, None) => format!("{} or more", whole(low)),
        (None, low, Some(high)) => format!("{} to {}", whole(low), whole(high)),
    }
}

fn text(report: &StatsReport<'_>) -> String {
    let mut out = String::new();
    if report.functions.is_empty() {
        return format!("{}: no function with a body\n", report.file);
    }
    for (index, f) in report.functions.iter().enumerate() {
        out += if index > 0 { "\n" } else { "" };
        out += &format!(
            "{}, line {} of {}\n\n",
            if f.name.is_empty() { "(no name)" } else { f.name },
            f.line,
            report.file
        );
        out += &quantities(f).render();
        if !f.loops.is_empty() {
            let mut table = Table::new(&[
                ("loop", Align::Left),
                ("line", Align::Right),
                ("entries", Align::Right),
                ("trips", Align::Right),
                ("iterations", Align::Right),
            ]);
            for l in f.loops.iter().take(SHOWN) {
                let line = l.line.to_string();
                table.row([l.operation.to_owned(), line, count(l.entries), count(l.trips), count(l.iterations)]);
            }
            out += &format!("\n{}", table.render());
            out += &more(f.loops.len(), "loops");
        }
        if !f.unknowns.is_empty() {
            out += "\nopen counts\n";
            for u in f.unknowns.iter().take(SHOWN) {
                out += &format!("  line {}: {}: {}\n", u.line, u.operation, u.reason);
            }
            out += &more(f.unknowns.len(), "open counts");
        }
    }
    out
}

fn more(all: usize, what: &str) -> String {
    if all > SHOWN { format!("... {} more {what} (--format json)\n", all - SHOWN) } else { String::new() }
}

fn quantities(f: &FunctionReport<'_>) -> Table {
    let mut table = Table::new(&[("quantity", Align::Left), ("value", Align::Right), ("unit", Align::Left)]);
    let mut row = |name: &str, value: String, unit: &str| table.row([name, &value, unit]);
    row("operations, bodies included", whole(f.operations as u128), "");
    row("operations executed", count(f.executed_operations), "");
    row("floating-point operations", count(f.flops), "FLOP");
    row("transcendental functions", count(f.transcendentals), "");
    row("integer operations", count(f.integer_operations), "");
    row("loads", count(f.loads), "");
    row("stores", count(f.stores), "");
    row("read", count(f.read_bytes), "bytes");
    row("written", count(f.written_bytes), "bytes");
    row("arguments and results", count(f.interface_bytes), "bytes");
    row("intensity", f.flops_per_byte.map_or("not known".to_owned(), |v| number::significant(v, 3)), "FLOP/byte");
    row("live at once", whole(f.live.values as u128), "values");
    row("  integers, addresses", whole(f.live.integers as u128), "values");
    row("  floats", whole(f.live.floats as u128), "values");
    row("  vectors", whole(f.live.vectors as u128), "values");
    row("  tensors", whole(f.live.tensors as u128), "values");
    row("live memory", count(f.live.bytes), "bytes");
    row("critical path", count(f.critical_path.operations), "operations");
    row("critical path by work", count(f.critical_path.work), "arithmetic operations");
    table
}
