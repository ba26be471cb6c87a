//! `hardwire explain`: which operations drive a prediction.

use std::process::ExitCode;

use costmodel::predictor::{Choice, Explanation, Settings};
use costmodel::quantity::{Output, Quantity};
use designs::problem::{did_you_mean, shorten};
use reports::{Align, Table, number};
use serde::Serialize;

use super::ir::source::{Source, function_name, listed};
use super::predict::{failure, rows::value};
use crate::cli::Format;
use crate::cli::predict::{Asked, Explain};
use crate::cost_model::{self, names};
use crate::diagnostics::Failure;
use crate::output;

#[derive(Serialize)]
struct Explained<'a> {
    file: &'a str,
    function: &'a str,
    target: &'a str,
    quantity: &'static str,
    unit: &'static str,
    value: f64,
    low: f64,
    high: f64,
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
    let functions: Vec<&str> = tree.functions().map(|f| function_name(&tree, f)).collect();
    let function = match &arguments.function {
        Some(wanted) => functions
            .iter()
            .position(|name| name == wanted)
            .ok_or_else(|| source.no_function(wanted, functions.iter().copied()))?,
        None if functions.len() > 1 => {
            let there = listed(functions.iter().copied());
            return Err(Failure::Request(format!("{}: say --function; there {there}", source.name)));
        }
        None => 0,
    };
    let explanation = predictor.explain(&source.text, function).map_err(|refusal| failure(&source, &refusal))?;
    let report = report(&source, &predictor.outputs()[at], at, &explanation, &predictor.model().card.name)?;
    match arguments.format {
        Format::Json => output::json(&report)?,
        Format::Table => output::text(&text(&report, &predictor.outputs()[at], arguments.most))?,
    }
    Ok(ExitCode::SUCCESS)
}

/// Index of the requested output.
fn output_asked(outputs: &[Output], arguments: &Explain) -> Result<usize, String> {
    let all = names(outputs, |_| true);
    let target = match &arguments.target {
        Some(name) => *all.iter().find(|known| *known == name).ok_or_else(|| {
            format!("the model has no target or design `{}`; {}", shorten(name), did_you_mean(name, &all))
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
) -> Result<Explained<'a>, Failure> {
    let reply = &explanation.reply;
    let Some(estimate) = reply.estimates[at] else {
        let message = format!(
            "{}: {} is unlike all the model has learned from (score {}), and analysis does not tell {output}",
            source.name,
            reply.function,
            number::significant(reply.ood_score, 2)
        );
        return Err(Failure::Request(message));
    };
    let mut operations: Vec<OperationEffect<'_>> = explanation
        .effects
        .iter()
        .filter_map(|effect| {
            let without = effect.without[at]?;
            Some(OperationEffect {
                operation: &effect.operation,
                line: source.line(effect.span),
                depth: effect.depth,
                value_without: without,
                adds: estimate.value - without,
            })
        })
        .collect();
    operations.sort_by(|a, b| b.adds.abs().total_cmp(&a.adds.abs()));
    Ok(Explained {
        file: &source.name,
        function: &reply.function,
        target: &output.target,
        quantity: output.quantity.name(),
        unit: output.quantity.unit(),
        value: estimate.value,
        low: estimate.low,
        high: estimate.high,
        in_distribution: reply.in_distribution(),
        ood_score: reply.ood_score,
        provider: reply.provider.name(),
        model,
        operations,
        operations_left_out: explanation.left_out,
    })
}

fn text(report: &Explained<'_>, output: &Output, most: usize) -> String {
    let mut out = format!(
        "{} of {}: {} on {}: {} {} (90 %: {} to {}), provider {}\n\n",
        report.function,
        report.file,
        report.quantity,
        report.target,
        value(output, report.value),
        report.unit,
        value(output, report.low),
        value(output, report.high),
        report.provider
    );
    let mut table = Table::new(&[
        ("line", Align::Right),
        ("operation", Align::Left),
        ("without it", Align::Right),
        ("adds", Align::Right),
        ("adds, %", Align::Right),
    ]);
    for operation in report.operations.iter().take(most) {
        let share =
            if report.value == 0.0 { "-".to_owned() } else { format!("{:+.1}", 100.0 * operation.adds / report.value) };
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
        out += &format!("{} operations could not be taken out\n", report.operations_left_out);
    }
    out
}
