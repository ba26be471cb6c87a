//! `hardwire calibrate`: adapts a cost model to another processor or design with a few dozen labelled functions, and suggests which to
//! label.

mod labelled;
mod suggest;

use std::io::Write;
use std::process::ExitCode;

use costmodel::quantity::Output;
use costmodel::rows::names;
use costmodel::shipped::Adaptation;
use designs::problem::{did_you_mean, shorten};
use reports::{Align, Table, number};
use serde::Serialize;
use training::adaptation::{self, FEWEST, Pair};

use crate::cli::TableFormat;
use crate::cli::predict::Calibrate;
use crate::commands::ir::source::Source;
use crate::cost_model::load;
use crate::diagnostics::Failure;
use crate::output;
use labelled::{Labelled, read};

#[derive(Serialize)]
struct Report<'a> {
    target: &'a str,
    base: &'a str,
    functions: usize,
    out: String,
    quantities: Vec<QuantityReport>,
}

#[derive(Serialize)]
struct QuantityReport {
    quantity: &'static str,
    functions: usize,
    slope: f32,
    intercept: f32,
    half_width: f32,
    /// On the scale of the fit, by the base's own predictions.
    mean_error_before: f64,
    /// Likewise along the line.
    mean_error_after: f64,
}

/// Runs the command.
pub fn run(arguments: &Calibrate) -> Result<ExitCode, Failure> {
    let source = arguments.file.as_deref().map(Source::read).transpose()?;
    let mut model = load(arguments.cost_model.as_deref())?;
    let is_design = arguments.design.is_some();
    let trained = model.trees.outputs().to_vec();
    let bases = names(&trained, |o| o.quantity.is_of_design() == is_design);
    if let Some(base) = arguments.base.as_deref().filter(|base| !bases.contains(base)) {
        let help = did_you_mean(base, &bases);
        return Err(Failure::Request(format!("--base: the model was not trained for `{}`; {help}", shorten(base))));
    }
    let bases: Vec<&str> =
        bases.into_iter().filter(|base| arguments.base.as_deref().is_none_or(|asked| asked == *base)).collect();
    if let Some(count) = arguments.suggest {
        let labelled = source.map_or(Ok(Vec::new()), |source| read(&source, &model, is_design))?;
        return suggest::run(arguments, &model, &bases, &labelled, count as usize);
    }
    // clap does not ask for --suggest where --out forbids it.
    if !(arguments.candidates.is_empty() && arguments.quantity.is_empty()) {
        return Err(Failure::Request("--candidates and --quantity go with --suggest, not with --out".to_owned()));
    }
    let source = source.expect("clap demands the file");
    let out = arguments.out.as_deref().expect("clap demands it");
    let name = arguments.target.as_ref().or(arguments.design.as_ref()).expect("clap demands one").clone();
    if name.is_empty() || model.targets().contains(&name) {
        return Err(Failure::Request(format!("the model has a target `{name}` already; choose another name")));
    }
    let labelled = read(&source, &model, is_design)?;
    let best = bases
        .into_iter()
        .filter_map(|base| {
            let (adaptations, reports) = fit(&labelled, &trained, base, &name);
            let error = reports.iter().map(|r| r.mean_error_after).sum::<f64>();
            (!adaptations.is_empty()).then_some((error, base, adaptations, reports))
        })
        .min_by(|a, b| a.0.total_cmp(&b.0));
    let Some((_, base, adaptations, quantities)) = best else {
        let message = format!("{}: no quantity has {FEWEST} labels, the fewest that fix a line", source.name);
        return Err(Failure::Request(message));
    };
    model.adaptations.extend(adaptations);
    let path = out.display().to_string();
    files::replace(out, |out| out.write_all(&model.to_bytes()))
        .map_err(|error| Failure::File { path: path.clone(), error })?;
    let report = Report { target: &name, base, functions: labelled.len(), out: path, quantities };
    match arguments.format {
        TableFormat::Json => output::json(&report)?,
        TableFormat::Csv => output::csv(&report.quantities)?,
        TableFormat::Table => output::text(&text(&report))?,
    }
    Ok(ExitCode::SUCCESS)
}

/// Adaptations of every quantity with enough labels, from one base.
fn fit(labelled: &[Labelled], trained: &[Output], base: &str, name: &str) -> (Vec<Adaptation>, Vec<QuantityReport>) {
    let mut adaptations = Vec::new();
    let mut reports = Vec::new();
    for (index, output) in trained.iter().enumerate().filter(|(_, o)| o.target == base) {
        let scale = output.quantity.scale();
        let pairs = |of: fn(&Labelled) -> &[Option<f64>]| -> Vec<Pair> {
            let pair = |one: &Labelled| {
                let truth = scale.to(*one.labels.get(&output.quantity)?);
                Some(Pair { predicted: of(one)[index]?, truth, kernel: one.kernel })
            };
            labelled.iter().filter_map(pair).collect()
        };
        let known = pairs(|one| &one.learned);
        let Some(learned) = adaptation::fit(&known) else { continue };
        let mean = |of: &dyn Fn(&Pair) -> f64| known.iter().map(of).sum::<f64>() / known.len() as f64;
        reports.push(QuantityReport {
            quantity: output.quantity.name(),
            functions: known.len(),
            slope: learned.slope,
            intercept: learned.intercept,
            half_width: learned.half,
            mean_error_before: mean(&|p| (p.truth - p.predicted).abs()),
            mean_error_after: mean(&|p| (p.truth - f64::from(learned.at(p.predicted as f32))).abs()),
        });
        adaptations.push(Adaptation {
            output: Output { target: name.to_owned(), quantity: output.quantity },
            base: base.to_owned(),
            rows: known.len(),
            learned,
            analytical: adaptation::fit(&pairs(|one| &one.analytical)),
        });
    }
    (adaptations, reports)
}

fn text(report: &Report<'_>) -> String {
    let mut out = format!(
        "{} from {} by {} functions, written to {}\n\n",
        report.target, report.base, report.functions, report.out
    );
    let mut table = Table::new(&[
        ("quantity", Align::Left),
        ("functions", Align::Right),
        ("slope", Align::Right),
        ("intercept", Align::Right),
        ("half width", Align::Right),
        ("error before", Align::Right),
        ("after", Align::Right),
    ]);
    for q in &report.quantities {
        let short = |value: f64| number::significant(value, 3);
        table.row([
            q.quantity.to_owned(),
            q.functions.to_string(),
            short(f64::from(q.slope)),
            short(f64::from(q.intercept)),
            short(f64::from(q.half_width)),
            short(q.mean_error_before),
            short(q.mean_error_after),
        ]);
    }
    out += &table.render();
    out + "\nErrors are means on the scale of the fit: ln(1 + x) of counts and times, shares and IPC as they are.\n"
}
