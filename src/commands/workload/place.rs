//! `hardwire workload place`.

use std::process::ExitCode;

use designs::Design;
use ir::span::Diagnostic;
use reports::number::significant;
use reports::{Align, Table};
use serde::Serialize;
use workload::{
    Choice, ChosenCut, Data, Figures, Home, MissingPlace, Operation, PlaceError, PlaceOptions, Placement, Rejected,
    WeightRule, place,
};

use super::label::Label;
use crate::cli::TableFormat;
use crate::cli::workload::Place;
use crate::commands::ir::source::{Source, function_name};
use crate::diagnostics::{Failure, TextProblems};
use crate::{input, output};

#[derive(Serialize)]
struct Answer<'a> {
    file: &'a str,
    design: &'a str,
    weights: WeightRule,
    /// Most chips; null for all of the design.
    chips: Option<u32>,
    /// Bytes of each attention buffer; null for all of it.
    budget_bytes: Option<u64>,
    functions: Vec<Function>,
}

#[derive(Serialize)]
struct Function {
    function: String,
    /// Why the default is kept; null if it is changed.
    kept: Option<String>,
    placements_considered: usize,
    exact: bool,
    /// Null if the latency is not known.
    choice: Option<Chosen>,
    unknown: Vec<At<MissingPlace>>,
}

#[derive(Serialize)]
struct Chosen {
    #[serde(flatten)]
    figures: Figures,
    predicted_latency_us: f64,
    simulated_latency_us: f64,
    cut: ChosenCut,
    hbm_bytes_bound: u64,
    data_exact: bool,
    rejected: Vec<Rejected>,
    fused: Vec<Pair>,
    data: Vec<Stored>,
    operations: Vec<Placed>,
}

/// Something with its line in the text.
#[derive(Serialize)]
struct At<T> {
    line: usize,
    #[serde(flatten)]
    what: T,
}

#[derive(Serialize)]
struct Placed {
    line: usize,
    #[serde(flatten)]
    operation: Operation,
    /// Line of the operation that it is fused with.
    fused_with_line: Option<usize>,
}

#[derive(Serialize)]
struct Stored {
    /// Line of the operation whose result it is; null for an argument.
    line: Option<usize>,
    #[serde(flatten)]
    data: Data,
}

#[derive(Serialize)]
struct Pair {
    producer_line: usize,
    consumer_line: usize,
    saved_bytes: u64,
}

/// An operation with its function, for CSV.
#[derive(Serialize)]
struct Row<'a> {
    function: &'a str,
    #[serde(flatten)]
    operation: &'a Placed,
}

/// Runs the command.
pub fn run(arguments: &Place) -> Result<ExitCode, Failure> {
    let design = input::design(&arguments.design, &input::overrides(&arguments.set)?)?;
    let source = Source::read(&arguments.file)?;
    let tree = source.tree()?;
    let all = source.functions(&tree, arguments.function.as_deref())?;
    if all.is_empty() {
        return Err(Failure::Request(format!("{}: no function with a body (func.func)", source.name)));
    }
    let options = PlaceOptions { weights: arguments.weights, chips: arguments.chips, budget_bytes: arguments.budget };
    let functions: Vec<Function> = all
        .into_iter()
        .map(|function| {
            let placement = place(&tree, function, &design, &options).map_err(|error| refusal(&source, error))?;
            Ok(of(&source, function_name(&tree, function), placement, &design))
        })
        .collect::<Result<_, Failure>>()?;
    match arguments.format {
        TableFormat::Json => output::json(&Answer {
            file: &arguments.file,
            design: &design.name,
            weights: arguments.weights,
            chips: arguments.chips,
            budget_bytes: arguments.budget,
            functions,
        })?,
        TableFormat::Csv => output::csv(functions.iter().flat_map(|function| {
            let operations = function.choice.iter().flat_map(|choice| &choice.operations);
            operations.map(|operation| Row { function: &function.function, operation })
        }))?,
        TableFormat::Table => {
            let tables: Vec<String> = functions.iter().map(|function| render(function, &design)).collect();
            output::text(&tables.join("\n"))?;
        }
    }
    Ok(ExitCode::SUCCESS)
}

fn refusal(source: &Source, error: PlaceError) -> Failure {
    let message = error.to_string();
    match error {
        PlaceError::Chips { .. } => Failure::Request(format!("--chips: {message}")),
        PlaceError::Budget { .. } => Failure::Request(format!("--budget: {message}")),
        PlaceError::DynamicShape { span, .. } => Failure::Text(Box::new(TextProblems {
            name: source.name.clone(),
            text: source.text.clone(),
            diagnostics: vec![Diagnostic { message, help: None, span }],
        })),
    }
}

fn of(source: &Source, function: &str, placement: Placement, design: &Design) -> Function {
    let Placement { kept, considered, exact, choice, unknown } = placement;
    let chosen = |choice: Choice| {
        let us = |cycles: u64| cycles as f64 / design.clock.hz() as f64 * 1e6;
        let pairs = choice.fused.iter().map(|fused| Pair {
            producer_line: source.line(fused.producer),
            consumer_line: source.line(fused.consumer),
            saved_bytes: fused.saved_bytes,
        });
        let operations = choice.operations.into_iter().map(|operation| Placed {
            line: source.line(operation.placed.span),
            fused_with_line: operation.fused_with.map(|span| source.line(span)),
            operation,
        });
        Chosen {
            predicted_latency_us: us(choice.figures.predicted_latency_cycles),
            simulated_latency_us: us(choice.figures.simulated_latency_cycles),
            figures: choice.figures,
            cut: choice.cut,
            hbm_bytes_bound: choice.hbm_bytes_bound,
            data_exact: choice.data_exact,
            rejected: choice.rejected,
            fused: pairs.collect(),
            data: choice
                .data
                .into_iter()
                .map(|data| Stored { line: data.span.map(|s| source.line(s)), data })
                .collect(),
            operations: operations.collect(),
        }
    };
    Function {
        function: function.to_owned(),
        kept,
        placements_considered: considered,
        exact,
        choice: choice.map(chosen),
        unknown: unknown.into_iter().map(|what| At { line: source.line(what.span), what }).collect(),
    }
}

fn render(function: &Function, design: &Design) -> String {
    let mut text = format!("@{} on {}", function.function, design.name);
    let Some(choice) = &function.choice else {
        text.push_str(&format!(": not placed: {}\n", function.kept.as_deref().unwrap_or_default()));
        for at in &function.unknown {
            text.push_str(&format!("no place: line {}, {}: {}\n", at.line, at.what.operation, at.what.reason.label()));
        }
        return text;
    };
    text.push_str(&format!(
        ", {}: predicted {} cycles, simulated {} ({} us), {} bytes of HBM\n",
        words(&choice.cut),
        significant(choice.figures.predicted_latency_cycles as f64, 1),
        significant(choice.figures.simulated_latency_cycles as f64, 1),
        significant(choice.simulated_latency_us, 3),
        significant(choice.figures.hbm_bytes as f64, 1),
    ));
    if let Some(kept) = &function.kept {
        text.push_str(&format!("the default is kept: {kept}\n"));
    }
    text.push('\n');
    text.push_str(&figures(choice));
    text.push('\n');
    text.push_str(&operations(choice));
    if !choice.data.is_empty() {
        text.push('\n');
        text.push_str(&data(choice));
    }
    text.push_str(&format!(
        "\n{} placements predicted, {} combinations of stages and units\n",
        function.placements_considered,
        if function.exact { "all" } else { "not all" },
    ));
    if !choice.data_exact {
        let bound = significant(choice.hbm_bytes_bound as f64, 1);
        text.push_str(&format!("data by a heuristic; no choice moves fewer than {bound} bytes of HBM\n"));
    }
    text
}

fn words(cut: &ChosenCut) -> String {
    match cut {
        ChosenCut::OneChip => "one chip".to_owned(),
        ChosenCut::Stages { chips } => format!("{} stages", chips.len()),
        ChosenCut::Split { chips, divided_steps } => format!("{divided_steps} steps divided among {chips} chips"),
    }
}

fn figures(choice: &Chosen) -> String {
    let mut table = Table::new(&[
        ("placement", Align::Left),
        ("chips", Align::Right),
        ("predicted", Align::Right),
        ("simulated", Align::Right),
        ("HBM bytes", Align::Right),
        ("link bytes", Align::Right),
        ("order", Align::Left),
    ]);
    let mut row = |name: String, figures: &Figures, order: String| {
        let number = |n: u64| significant(n as f64, 1);
        table.row([
            name,
            figures.chips.to_string(),
            number(figures.predicted_latency_cycles),
            number(figures.simulated_latency_cycles),
            number(figures.hbm_bytes),
            number(figures.link_bytes),
            order,
        ]);
    };
    row("chosen".to_owned(), &choice.figures, String::new());
    for one in &choice.rejected {
        let order = one.order.map_or_else(|| "weights do not fit".to_owned(), |order| order.label());
        row(one.alternative.label(), &one.figures, order);
    }
    table.render()
}

fn operations(choice: &Chosen) -> String {
    let mut table = Table::new(&[
        ("line", Align::Right),
        ("operation", Align::Left),
        ("unit", Align::Left),
        ("chip", Align::Right),
        ("parts", Align::Right),
        ("start", Align::Right),
        ("cycles", Align::Right),
        ("in array", Align::Right),
        ("on vector", Align::Right),
        ("note", Align::Left),
    ]);
    let optional = |n: Option<u64>| n.map_or_else(String::new, |n| n.to_string());
    for Placed { line, operation, fused_with_line } in &choice.operations {
        let placed = &operation.placed;
        if placed.unit.is_none() && fused_with_line.is_none() {
            continue;
        }
        table.row([
            line.to_string(),
            placed.operation.clone(),
            placed.unit.map_or_else(|| "none".to_owned(), |unit| unit.label()),
            operation.chip.to_string(),
            operation.parts.to_string(),
            placed.start_cycle.to_string(),
            placed.latency_cycles.to_string(),
            optional(operation.array_cycles),
            optional(operation.vector_cycles),
            fused_with_line.map_or_else(String::new, |line| format!("fused with line {line}")),
        ]);
    }
    table.render()
}

fn data(choice: &Chosen) -> String {
    let mut table = Table::new(&[
        ("data", Align::Left),
        ("chip", Align::Right),
        ("bytes", Align::Right),
        ("in HBM", Align::Right),
        ("home", Align::Left),
    ]);
    for Stored { line, data } in &choice.data {
        let name = match (data.argument, line) {
            (Some(argument), _) => format!("argument {argument}"),
            (None, Some(line)) => format!("line {line}"),
            (None, None) => String::new(),
        };
        let home = match data.home {
            Home::AttentionBuffer => "attention buffer",
            Home::Both => "both",
            Home::Hbm => "HBM",
        };
        let number = |n: u64| significant(n as f64, 1);
        table.row([name, data.chip.to_string(), number(data.bytes), number(data.in_hbm_bytes), home.to_owned()]);
    }
    table.render()
}
