//! `hardwire explain`: which operations drive a prediction.

use std::process::ExitCode;

use costmodel::bounds::Bound;
use costmodel::predictor::{Assumptions, Choice, Explanation, Settings};
use costmodel::quantity::{Output, Quantity};
use designs::problem::{did_you_mean, shorten};
use ir::tree::{OpId, Tree};
use names::Named;
use reports::{Align, Table};
use serde::Serialize;

use super::ir::source::{Source, function_name, functions, listed};
use super::predict::failure;
use super::predict::rows::{RowReason, RowWarning, value, warnings};
use crate::cli::Format;
use crate::cli::predict::{Asked, Explain};
use crate::cost_model::{self, names, unknown_target};
use crate::diagnostics::Failure;
use crate::output;

#[derive(Serialize)]
struct Explained<'a> {
    file: &'a str,
    function: &'a str,
    target: &'a str,
    quantity: &'static str,
    unit: &'static str,
    value: Option<f64>,
    low: Option<f64>,
    high: Option<f64>,
    /// The bound that the prediction was moved to.
    #[serde(skip_serializing_if = "Option::is_none")]
    bounded_by: Option<Bound>,
    /// Why the value is null.
    reasons: Vec<RowReason<'a>>,
    warnings: Vec<RowWarning>,
    in_distribution: bool,
    ood_score: f64,
    provider: &'static str,
    model: &'a str,
    /// Sorted by absolute effect, largest first.
    operations: Vec<OperationEffect<'a>>,
    operations_left_out: usize,
}

#[derive(Serialize)]
struct OperationEffect<'a> {
    operation: &'a str,
    line: usize,
    depth: usize,
    value_without: f64,
    /// The value less the value without the operation.
    adds: f64,
}

/// Runs the command.
pub fn run(arguments: &Explain) -> Result<ExitCode, Failure> {
    let source = Source::read(&arguments.file)?;
    let asked =
        Asked { targets: vec![], designs: vec![], cost_model: arguments.cost_model.clone(), provider: Choice::Cascade };
    let predictor = cost_model::predictor(&asked, Settings::default())?;
    let at = output_asked(predictor.outputs(), arguments).map_err(Failure::Request)?;
    let tree = source.tree()?;
    let all: Vec<OpId> = functions(&tree).collect();
    let function = function_asked(&source, &tree, &all, arguments)?;
    let assumptions: Assumptions = arguments.assume.iter().cloned().collect();
    let explanation = predictor.explain_assuming(&source.text, function, &assumptions);
    let explanation = explanation.map_err(|refusal| failure(&source, &refusal))?;
    let report = report(&source, &predictor.outputs()[at], at, &explanation, &predictor.model().card.name);
    match arguments.format {
        Format::Json => output::json(&report)?,
        Format::Table => output::text(&text(&report, &predictor.outputs()[at], arguments.most))?,
    }
    Ok(ExitCode::SUCCESS)
}

/// Index of the requested function among all; without a request the only one with a body, or the only one.
fn function_asked(source: &Source, tree: &Tree, all: &[OpId], arguments: &Explain) -> Result<usize, Failure> {
    let name = |&function: &OpId| function_name(tree, function);
    if let Some(wanted) = &arguments.function {
        let found = all.iter().position(|function| name(function) == wanted);
        return found.ok_or_else(|| source.no_function(wanted, all.iter().map(name)));
    }
    let with_body: Vec<OpId> = tree.functions().collect();
    let candidates = if with_body.is_empty() { all } else { &with_body[..] };
    match candidates {
        [] => Ok(0),
        [one] => Ok(all.iter().position(|function| function == one).unwrap_or(0)),
        several => {
            let there = listed(several.iter().map(name));
            Err(Failure::Request(format!("{}: say --function; there {there}", source.name)))
        }
    }
}

/// Index of the requested output.
fn output_asked(outputs: &[Output], arguments: &Explain) -> Result<usize, String> {
    let all = names(outputs, |_| true);
    let target = match &arguments.target {
        Some(name) => *all.iter().find(|known| *known == name).ok_or_else(|| {
            let (message, help) = unknown_target("target or design", name, &all);
            format!("{message}; {help}")
        })?,
        None => all[0],
    };
    let own: Vec<&str> = outputs.iter().filter(|o| o.target == target).map(|o| o.quantity.name()).collect();
    let usual = if own.contains(&Quantity::Cycles.name()) { Quantity::Cycles } else { Quantity::XpuLatencyCycles };
    let wanted = arguments.quantity.as_deref().unwrap_or(usual.name());
    let found = outputs.iter().position(|o| o.target == target && o.quantity.name() == wanted);
    found.ok_or_else(|| format!("{target} has no quantity `{}`; {}", shorten(wanted), did_you_mean(wanted, &own)))
}

fn report<'a>(
    source: &'a Source,
    output: &'a Output,
    at: usize,
    explanation: &'a Explanation,
    model: &'a str,
) -> Explained<'a> {
    let reply = &explanation.reply;
    let estimate = reply.estimates[at];
    let mut operations: Vec<OperationEffect<'_>> = explanation
        .effects
        .iter()
        .filter_map(|effect| {
            let (whole, without) = (estimate?.value, effect.without[at]?);
            Some(OperationEffect {
                operation: &effect.operation,
                line: source.line(effect.span),
                depth: effect.depth,
                value_without: without,
                adds: whole - without,
            })
        })
        .collect();
    operations.sort_by(|a, b| b.adds.abs().total_cmp(&a.adds.abs()));
    Explained {
        file: &source.name,
        function: &reply.function,
        target: &output.target,
        quantity: output.quantity.name(),
        unit: output.quantity.unit(),
        value: estimate.map(|e| e.value),
        low: estimate.map(|e| e.low),
        high: estimate.map(|e| e.high),
        bounded_by: reply.bounded[at],
        reasons: reply.why(output.quantity).map(|reason| RowReason::of(reason, vec![output.quantity])).collect(),
        warnings: warnings(reply),
        in_distribution: reply.in_distribution(),
        ood_score: reply.ood_score,
        provider: reply.provider.name(),
        model,
        operations,
        operations_left_out: explanation.left_out,
    }
}

fn text(report: &Explained<'_>, output: &Output, most: usize) -> String {
    let Explained { function, file, quantity, target, unit, provider, .. } = report;
    let (Some(whole), Some(low), Some(high)) = (report.value, report.low, report.high) else {
        let mut out = format!("{function} of {file}: {quantity} on {target} is unknown:\n");
        for reason in &report.reasons {
            out += &format!("  {}\n", reason.message);
        }
        return out;
    };
    let (middle, low, high) = (value(output, whole), value(output, low), value(output, high));
    let mut out = format!(
        "{function} of {file}: {quantity} on {target}: {middle} {unit} (90 %: {low} to {high}), provider {provider}\n"
    );
    if let Some(bound) = report.bounded_by {
        out += &format!("bounded: {}\n", bound.about());
    }
    for warning in &report.warnings {
        out += &format!("warning: {}\n", warning.message);
    }
    out.push('\n');
    let mut table = Table::new(&[
        ("line", Align::Right),
        ("operation", Align::Left),
        ("without it", Align::Right),
        ("adds", Align::Right),
        ("adds, %", Align::Right),
    ]);
    for operation in report.operations.iter().take(most) {
        let share = if whole == 0.0 { "-".to_owned() } else { format!("{:+.1}", 100.0 * operation.adds / whole) };
        table.row([
            operation.line.to_string(),
            format!("{}{}", "  ".repeat(operation.depth), operation.operation),
            value(output, operation.value_without),
            value(output, operation.adds),
            share,
        ]);
    }
    out += &table.render();
    let more = report.operations.len().saturating_sub(most);
    if more > 0 {
        out += &format!("... {more} more operations (--most, --format json)\n");
    }
    if report.operations_left_out > 0 {
        out += &format!("{} operations were not tried, or could not be taken out\n", report.operations_left_out);
    }
    out
}
