//! `hardwire workload`.

mod label;
mod place;

use std::io::Read;
use std::process::ExitCode;

use designs::Grid;
use reports::number::significant;
use reports::{Align, Table};
use serde::Serialize;
use workload::emit::{self, Emitted, Setting};
use workload::{Lowered, Options, WeightRule, lower};

use crate::cli::workload as arguments;
use crate::cli::{Format, TableFormat};
use crate::diagnostics::Failure;
use crate::{input, output};

/// Largest MLIR text read, bytes.
const MAX_BYTES: u64 = 64 << 20;

/// Runs the command.
pub fn run(arguments: &arguments::Workload) -> Result<ExitCode, Failure> {
    match &arguments.action {
        arguments::WorkloadAction::Emit(arguments) => emit(arguments),
        arguments::WorkloadAction::Run(arguments) => on_one_chip(arguments),
        arguments::WorkloadAction::Place(arguments) => place::run(arguments),
    }
}

fn request(error: impl ToString) -> Failure {
    Failure::Request(error.to_string())
}

fn emit(arguments: &arguments::Emit) -> Result<ExitCode, Failure> {
    let model = input::model(&arguments.model)?;
    let setting = Setting {
        element: arguments.element,
        weights: arguments.weights,
        ..Setting::new(arguments.phase, arguments.tokens, arguments.context)
    };
    let whole = |piece, text: Result<String, emit::EmitError>| {
        let name = format!("{}/layer{}/{piece}", model.name, arguments.layer);
        let (family, model) = ("llm-layer", model.name.clone());
        Ok::<_, Failure>(Emitted { name, family, model, piece, whole: true, text: text.map_err(request)? })
    };
    let pieces = || {
        let one = Grid { rows: 1, columns: 1 };
        emit::pieces(&model, arguments.layer, &setting, one).map_err(request)
    };
    let emitted = match arguments.piece.as_deref() {
        None => whole("layer", emit::layer(&model, arguments.layer, &setting))?,
        Some("head") => whole("head", emit::head(&model, &setting))?,
        Some("list") => {
            let names: Vec<&str> = pieces()?.iter().map(|p| p.piece).chain(["head"]).collect();
            match arguments.format {
                Format::Json => output::json(&names)?,
                Format::Table => output::text(&(names.join("\n") + "\n"))?,
            }
            return Ok(ExitCode::SUCCESS);
        }
        Some(wanted) => {
            let all = pieces()?;
            let names: Vec<&str> = all.iter().map(|p| p.piece).chain(["head", "list"]).collect();
            let message = format!(
                "layer {} of {} has no piece `{wanted}`; it has {}",
                arguments.layer,
                model.name,
                names.join(", ")
            );
            all.into_iter().find(|p| p.piece == wanted).ok_or(Failure::Request(message))?
        }
    };
    match arguments.format {
        Format::Json => output::json(&emitted)?,
        Format::Table => output::raw(&emitted.text)?,
    }
    Ok(ExitCode::SUCCESS)
}

#[derive(Serialize)]
struct Answer<'a> {
    file: &'a str,
    design: &'a str,
    weights: WeightRule,
    functions: Vec<Function>,
}

#[derive(Serialize)]
struct Function {
    function: String,
    latency_us: f64,
    #[serde(flatten)]
    lowered: Lowered,
    /// Line of every operation: those of `operations`, then those of `unplaced`.
    lines: Vec<usize>,
}

fn read(path: &str) -> Result<String, Failure> {
    let name = |e: String| Failure::Request(format!("{path}: {e}"));
    let mut bytes = Vec::new();
    let result = if path == "-" {
        std::io::stdin().lock().take(MAX_BYTES + 1).read_to_end(&mut bytes)
    } else {
        crate::input::open(path).and_then(|file| file.take(MAX_BYTES + 1).read_to_end(&mut bytes))
    };
    result.map_err(|e| name(e.to_string()))?;
    if bytes.len() as u64 > MAX_BYTES {
        return Err(name(format!("the text is larger than {} MiB", MAX_BYTES >> 20)));
    }
    String::from_utf8(bytes)
        .map_err(|e| name(format!("not UTF-8 text: byte {} is invalid", e.utf8_error().valid_up_to() + 1)))
}

fn on_one_chip(arguments: &arguments::Run) -> Result<ExitCode, Failure> {
    let design = input::design(&arguments.design, &input::overrides(&arguments.set)?)?;
    let text = read(&arguments.file)?;
    let parsed = ir::parse(&text, &ir::Limits::default());
    if !parsed.diagnostics.is_empty() {
        let place = |d: &ir::span::Diagnostic| {
            let (line, column) = d.span.line_column(&text);
            let help = d.help.as_ref().map_or(String::new(), |h| format!("\n  help: {h}"));
            format!("{}:{line}:{column}: {}{help}", arguments.file, d.message)
        };
        let all: Vec<String> = parsed.diagnostics.iter().take(10).map(place).collect();
        return Err(Failure::Request(all.join("\nerror: ")));
    }
    let tree = &parsed.tree;
    let weights = arguments.weights;
    let functions: Vec<Function> = tree
        .functions()
        .map(|f| {
            let lowered = lower(tree, f, &design, &Options { weights });
            let placed = lowered.operations.iter().map(|o| o.span);
            let spans = placed.chain(lowered.unplaced.iter().map(|o| o.span));
            let lines = lines(&text, spans.map(|s| s.start as usize));
            let latency_us = lowered.latency_cycles as f64 / design.clock.hz() as f64 * 1e6;
            Function { function: tree.symbol(f).unwrap_or("?").to_owned(), latency_us, lowered, lines }
        })
        .collect();
    if functions.is_empty() {
        return Err(Failure::Request(format!("{}: no function with a body (func.func)", arguments.file)));
    }
    match arguments.format {
        TableFormat::Json => output::json(&Answer { file: &arguments.file, design: &design.name, weights, functions })?,
        TableFormat::Csv => output::csv(functions.iter().flat_map(placements))?,
        TableFormat::Table => {
            let tables: Vec<String> = functions.iter().map(|f| render(f, &design)).collect();
            output::text(&tables.join("\n"))?;
        }
    }
    Ok(ExitCode::SUCCESS)
}

/// An operation with its place in the text.
#[derive(Serialize)]
struct Placement<'a, T> {
    function: &'a str,
    line: usize,
    #[serde(flatten)]
    operation: &'a T,
}

/// The operations of a function that have a place; those without a unit take no time.
fn placements(f: &Function) -> impl Iterator<Item = Placement<'_, workload::Placed>> {
    let all = f.lowered.operations.iter().zip(&f.lines);
    all.map(|(operation, &line)| Placement { function: &f.function, line, operation })
}

/// Line numbers, from 1, of byte offsets in a text.
fn lines(text: &str, places: impl Iterator<Item = usize>) -> Vec<usize> {
    let breaks: Vec<usize> = text.bytes().enumerate().filter(|(_, b)| *b == b'\n').map(|(i, _)| i).collect();
    places.map(|at| breaks.partition_point(|&b| b < at) + 1).collect()
}

fn render(f: &Function, design: &designs::Design) -> String {
    let l = &f.lowered;
    let mut text = format!(
        "@{} on one chip of {}: {} cycles ({} us), xPU utilization {:.1} %\n\n",
        f.function,
        design.name,
        significant(l.latency_cycles as f64, 1),
        significant(f.latency_us, 3),
        l.xpu_utilization * 100.0
    );
    let mut table = Table::new(&[("unit", Align::Left), ("busy cycles", Align::Right), ("%", Align::Right)]);
    for unit in &l.units {
        let share = format!("{:.1}", unit.busy_share * 100.0);
        table.row([unit.unit.name().replace('_', " "), significant(unit.busy_cycles as f64, 1), share]);
    }
    text.push_str(&table.render());
    let mut table = Table::new(&[
        ("line", Align::Right),
        ("operation", Align::Left),
        ("unit", Align::Left),
        ("times", Align::Right),
        ("start", Align::Right),
        ("busy", Align::Right),
        ("cycles", Align::Right),
        ("reason", Align::Left),
    ]);
    let label = |value: &dyn label::Label| value.label();
    let mut free = 0;
    for (o, line) in l.operations.iter().zip(&f.lines) {
        let Some(unit) = o.unit else {
            free += 1;
            continue;
        };
        table.row([
            line.to_string(),
            o.operation.clone(),
            label(&unit),
            o.executions.to_string(),
            o.start_cycle.to_string(),
            o.busy_cycles.to_string(),
            o.latency_cycles.to_string(),
            label(&o.reason),
        ]);
    }
    text.push('\n');
    text.push_str(&table.render());
    text.push_str(&format!(
        "\n{free} operations take no time (views, constants, storage, folded)\nweights {} of {} that a chip holds; {} multiply-accumulates in metal, {} on the vector unit\n",
        significant(l.work.weights as f64, 1),
        significant(design.hn_array.weight_capacity as f64, 1),
        significant(l.work.hn_macs as f64, 1),
        significant(l.work.vex_macs as f64, 1),
    ));
    for (o, line) in l.unplaced.iter().zip(&f.lines[l.operations.len()..]) {
        text.push_str(&format!("no place: line {line}, {}: {}\n", o.operation, label(&o.reason)));
    }
    text
}
