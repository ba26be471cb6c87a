//! `hardwire caches`: cache traffic of functions.

use std::process::ExitCode;

use caches::{Hierarchy, LevelTraffic, Limits, Traffic, Unknown};
use designs::problem::{Location, Problem, Problems, SourceKind};
use ir::analysis::{Analysis, Assumptions, Stated};
use ir::labels::Target;
use ir::span::Span;
use ir::tree::{OpId, Tree};
use reports::{Align, Table, number};
use serde::Serialize;

use super::ir::source::{Source, function_name, listed};
use crate::cli::{self, Format};
use crate::diagnostics::Failure;
use crate::{input, output};

/// A machine with its name in results.
struct Machine {
    name: String,
    hierarchy: Hierarchy,
}

#[derive(Serialize)]
struct FunctionReport<'a> {
    file: &'a str,
    function: &'a str,
    line: usize,
    target: &'a str,
    method: Option<&'static str>,
    reason: Option<ReasonReport<'a>>,
    touches: Option<u64>,
    footprint_bytes: Option<u64>,
    levels: Option<Vec<LevelTraffic>>,
    port_cycles: Option<f64>,
    transfer_cycles: Option<Vec<f64>>,
    memory_cycles: Option<f64>,
    nests: Option<Vec<NestReport<'a>>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    accesses: Option<Vec<AccessReport<'a>>>,
}

/// Why the traffic of a function is not known.
#[derive(Serialize)]
struct ReasonReport<'a> {
    kind: &'static str,
    message: &'static str,
    operation: &'a str,
    line: usize,
    column: usize,
    value: Option<String>,
    assumption: Option<String>,
}

/// Accesses of one outermost loop, or of straight-line code.
#[derive(Serialize)]
struct NestReport<'a> {
    operation: &'a str,
    line: usize,
    column: usize,
    loads: u64,
    stores: u64,
    misses: Vec<u64>,
}

#[derive(Serialize)]
struct AccessReport<'a> {
    operation: &'a str,
    line: usize,
    column: usize,
    memory: &'a str,
    store: bool,
    executions: u64,
    bytes: u64,
    stride_bytes: Option<i64>,
    misses: Vec<u64>,
}

/// Runs the command.
pub fn run(arguments: &cli::Caches) -> Result<ExitCode, Failure> {
    let machines = machines(arguments)?;
    let assumptions: Assumptions = arguments.assume.iter().cloned().collect();
    let limits = if arguments.exact { Limits { exact: u64::MAX, ..Limits::default() } } else { Limits::default() };
    let sources: Vec<Source> = arguments.files.iter().map(|file| Source::read(file)).collect::<Result<_, _>>()?;
    let trees: Vec<Tree> = sources.iter().map(Source::tree).collect::<Result<_, _>>()?;
    let mut analyses = Vec::new();
    for (source, tree) in sources.iter().zip(&trees) {
        if let Some(unmatched) = assumptions.unmatched(tree, &source.text).first() {
            return Err(Failure::Request(format!("{}: no value of the text fits `{unmatched}`", source.name)));
        }
        analyses.push(Analysis::assuming(tree, &source.text, &assumptions));
    }
    let mut reports = Vec::new();
    for ((source, tree), analysis) in sources.iter().zip(&trees).zip(&analyses) {
        let stated = Stated::of(analysis.tree(), &source.text, &assumptions);
        for function in source.functions(tree, arguments.function.as_deref())? {
            for machine in &machines {
                let traffic = Traffic::of(analysis, function, &stated, &machine.hierarchy, limits);
                let about = About { source, tree: analysis.tree(), function };
                reports.push(about.report(machine, traffic, arguments.explain));
            }
        }
    }
    match arguments.format {
        Format::Json => output::json(&reports)?,
        Format::Table => output::text(&reports.iter().map(table).collect::<Vec<_>>().join("\n"))?,
    }
    Ok(ExitCode::SUCCESS)
}

fn machines(arguments: &cli::Caches) -> Result<Vec<Machine>, Failure> {
    if let Some(file) = &arguments.hierarchy {
        let text = input::read(file).map_err(|e| Failure::Request(format!("cannot read `{file}`: {}", e.0)))?;
        let hierarchy = Hierarchy::read(&text).map_err(|error| match error.span {
            None => Failure::Request(format!("{file}: {}", error.message)),
            Some(span) => {
                let at = Some(Location { source: 0, span });
                let problem = Problem { at, message: error.message, help: None };
                let sources = vec![designs::Source { name: file.clone(), text: text.clone(), kind: SourceKind::File }];
                Failure::Problems(Problems { problems: vec![problem], sources })
            }
        })?;
        return Ok(vec![Machine { name: file.clone(), hierarchy }]);
    }
    let of = |target: Target| Machine { name: target.cpu().to_owned(), hierarchy: Hierarchy::of(target) };
    if arguments.targets.is_empty() {
        return Ok(Target::ALL.into_iter().map(of).collect());
    }
    let named = |name: &String| {
        Target::from_cpu(name).map(of).ok_or_else(|| {
            let there = listed(Target::ALL.iter().map(|t| t.cpu()));
            Failure::Request(format!(
                "no caches of `{name}` are known; there {there}, or describe them with --hierarchy"
            ))
        })
    };
    arguments.targets.iter().map(named).collect()
}

/// A function of a text.
struct About<'a> {
    source: &'a Source,
    tree: &'a Tree,
    function: OpId,
}

impl<'a> About<'a> {
    fn place(&self, operation: OpId) -> (&'a str, usize, usize) {
        let span: Span = self.tree.operation(operation).span;
        let (line, column) = span.line_column(&self.source.text);
        (self.tree.name(operation), line, column)
    }

    fn report<'m>(&self, machine: &'m Machine, traffic: Result<Traffic, Unknown>, explain: bool) -> FunctionReport<'a>
    where
        'm: 'a,
    {
        let line = self.source.line(self.tree.operation(self.function).span);
        let empty = FunctionReport {
            file: &self.source.name,
            function: function_name(self.tree, self.function),
            line,
            target: &machine.name,
            method: None,
            reason: None,
            touches: None,
            footprint_bytes: None,
            levels: None,
            port_cycles: None,
            transfer_cycles: None,
            memory_cycles: None,
            nests: None,
            accesses: None,
        };
        match traffic {
            Err(unknown) => FunctionReport { reason: Some(self.reason(unknown)), ..empty },
            Ok(traffic) => {
                let cycles = traffic.cycles.as_ref();
                FunctionReport {
                    method: Some(traffic.method.name()),
                    touches: Some(traffic.touches),
                    footprint_bytes: traffic.footprint_bytes,
                    port_cycles: cycles.map(|c| c.ports),
                    transfer_cycles: cycles.map(|c| c.transfers.clone()),
                    memory_cycles: cycles.map(|c| c.memory),
                    nests: Some(self.nests(&traffic)),
                    accesses: explain.then(|| self.accesses(&traffic)),
                    levels: Some(traffic.levels),
                    ..empty
                }
            }
        }
    }

    fn reason(&self, unknown: Unknown) -> ReasonReport<'a> {
        let (operation, line, column) = self.place(unknown.operation);
        let text = &self.source.text;
        let value = unknown.cause.map(|cause| self.tree.value(cause.value()).name.text(text));
        ReasonReport {
            kind: unknown.reason.name(),
            message: unknown.reason.message(),
            operation,
            line,
            column,
            value: value.filter(|name| !name.is_empty()).map(|name| format!("%{name}")),
            assumption: unknown.cause.and_then(|cause| cause.assumption(self.tree, text)),
        }
    }

    fn nests(&self, traffic: &Traffic) -> Vec<NestReport<'a>> {
        let mut nests: Vec<(OpId, NestReport<'a>)> = Vec::new();
        for access in &traffic.accesses {
            let nest = access.nest.unwrap_or(self.function);
            let at = nests.iter().position(|(operation, _)| *operation == nest).unwrap_or_else(|| {
                let (operation, line, column) = self.place(nest);
                let misses = vec![0; traffic.levels.len()];
                nests.push((nest, NestReport { operation, line, column, loads: 0, stores: 0, misses }));
                nests.len() - 1
            });
            let report = &mut nests[at].1;
            let executed = if access.store { &mut report.stores } else { &mut report.loads };
            *executed = executed.saturating_add(access.executions);
            report.misses.iter_mut().zip(&access.misses).for_each(|(all, own)| *all = all.saturating_add(*own));
        }
        nests.into_iter().map(|(_, report)| report).collect()
    }

    fn accesses(&self, traffic: &Traffic) -> Vec<AccessReport<'a>> {
        let of = |access: &caches::AccessTraffic| {
            let (operation, line, column) = self.place(access.operation);
            AccessReport {
                operation,
                line,
                column,
                memory: self.tree.value(access.memory).name.text(&self.source.text),
                store: access.store,
                executions: access.executions,
                bytes: access.bytes,
                stride_bytes: access.stride_bytes,
                misses: access.misses.clone(),
            }
        };
        traffic.accesses.iter().map(of).collect()
    }
}

/// One function on one machine for people.
fn table(report: &FunctionReport<'_>) -> String {
    let mut out = format!("{}:{}: {} on {}", report.file, report.line, report.function, report.target);
    if let Some(reason) = &report.reason {
        let ReasonReport { message, operation, line, column, value, assumption, .. } = reason;
        out += &format!("\nnot known: line {line}, column {column}: {operation}: {message}");
        out += &value.as_ref().map_or(String::new(), |value| format!(" ({value})"));
        out += &assumption.as_ref().map_or(String::new(), |a| format!("; state it with --assume {a}"));
        return out + "\n";
    }
    let (Some(method), Some(levels), Some(touches)) = (report.method, &report.levels, report.touches) else {
        return out + "\n";
    };
    out += &format!("\nmethod {method}, {} touches of lines", number::count(touches));
    out += &report.footprint_bytes.map_or(String::new(), |b| format!(", footprint {} bytes", number::count(b)));
    out += "\n\n";
    let mut rows = Table::new(&[
        ("level", Align::Left),
        ("load misses", Align::Right),
        ("store misses", Align::Right),
        ("write-backs", Align::Right),
        ("bytes to next", Align::Right),
        ("streamed %", Align::Right),
        ("cycles", Align::Right),
    ]);
    for (at, level) in levels.iter().enumerate() {
        let cycles = report.transfer_cycles.as_ref().map(|all| all[at]);
        rows.row([
            level.level.clone(),
            number::count(level.load_misses),
            number::count(level.store_misses),
            number::count(level.write_backs),
            number::count(level.bytes),
            level.streamed_share.map_or_else(|| "-".to_owned(), |s| number::fixed(100.0 * s, 0)),
            cycles.map_or_else(|| "-".to_owned(), |c| number::fixed(c, 0)),
        ]);
    }
    out += &rows.render();
    if let (Some(ports), Some(memory)) = (report.port_cycles, report.memory_cycles) {
        out += &format!(
            "\n{} cycles of loads and stores at the first cache, memory {} cycles\n",
            number::fixed(ports, 0),
            number::fixed(memory, 0)
        );
    }
    if let Some(accesses) = &report.accesses {
        out += &explained(accesses, levels);
    }
    out
}

fn explained(accesses: &[AccessReport<'_>], levels: &[LevelTraffic]) -> String {
    let misses: Vec<String> = levels.iter().map(|level| format!("{} misses", level.level)).collect();
    let mut heads = vec![
        ("line", Align::Right),
        ("access", Align::Left),
        ("memory", Align::Left),
        ("executions", Align::Right),
        ("bytes", Align::Right),
        ("stride", Align::Right),
    ];
    heads.extend(misses.iter().map(|head| (head.as_str(), Align::Right)));
    let mut rows = Table::new(&heads);
    for access in accesses {
        let mut cells = vec![
            access.line.to_string(),
            access.operation.to_owned(),
            format!("%{}", access.memory),
            number::count(access.executions),
            access.bytes.to_string(),
            access.stride_bytes.map_or_else(|| "-".to_owned(), |stride| stride.to_string()),
        ];
        cells.extend(access.misses.iter().map(|&n| number::count(n)));
        rows.row(cells);
    }
    format!("\n{}", rows.render())
}
