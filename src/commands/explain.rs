//! `hardwire explain`: which operations drive a prediction.

use std::process::ExitCode;

use costmodel::predictor::{Assumptions, Choice, Settings};
use costmodel::quantity::Output;
use costmodel::rows::{Explained, NoFunction, function_asked, output_asked};
use names::Named;
use reports::{Align, Table};

use super::ir::source::{Source, listed};
use super::predict::failure;
use super::predict::rows::value;
use crate::cli::TableFormat;
use crate::cli::predict::{Asked, Explain};
use crate::cost_model;
use crate::diagnostics::Failure;

/// Runs the command.
pub fn run(arguments: &Explain) -> Result<ExitCode, Failure> {
    let source = Source::read(&arguments.file)?;
    let asked = Asked {
        targets: arguments.target.iter().cloned().collect(),
        designs: vec![],
        cost_model: arguments.cost_model.clone(),
        provider: Choice::Cascade,
    };
    let predictor = cost_model::predictor(&asked, Settings::default())?;
    let (target, quantity) = (arguments.target.as_deref(), arguments.quantity.as_deref());
    let at = output_asked(predictor.outputs(), target, quantity)?;
    let tree = source.tree()?;
    let function = function_asked(&tree, arguments.function.as_deref()).map_err(|none| match none {
        NoFunction::Unknown(all) => {
            source.no_function(arguments.function.as_deref().unwrap_or_default(), all.into_iter())
        }
        NoFunction::Several(all) => {
            Failure::Request(format!("{}: say --function; there {}", source.name, listed(all.into_iter())))
        }
    })?;
    let assumptions: Assumptions = arguments.assume.iter().cloned().collect();
    let explanation = predictor.explain_assuming(&source.text, function, &assumptions);
    let explanation = explanation.map_err(|refusal| failure(&source, &refusal))?;
    let output = &predictor.outputs()[at];
    let report = Explained::new((&source.name, &source.text), (at, output), &explanation, &predictor.model().card.name);
    match arguments.format {
        TableFormat::Json => crate::output::json(&report)?,
        TableFormat::Csv => crate::output::csv(&report.operations)?,
        TableFormat::Table => crate::output::text(&text(&report, output, arguments.most))?,
    }
    Ok(ExitCode::SUCCESS)
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
            operation.operation.to_owned(),
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
