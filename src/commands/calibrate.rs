//! `hardwire calibrate`: adapts a cost model to another processor or design with a few dozen labelled functions.

use std::collections::BTreeMap;
use std::io::Write;
use std::process::ExitCode;

use costmodel::input::Scheme;
use costmodel::predictor::{Estimate, Refusal};
use costmodel::quantity::{Output, Quantity};
use costmodel::query::QueryReader;
use costmodel::rows::names;
use costmodel::shipped::{Adaptation, CostModel};
use designs::problem::{did_you_mean, shorten};
use ir::Limits;
use reports::{Align, Table, number};
use serde::{Deserialize, Serialize};
use training::adaptation::{self, FEWEST, Pair};

use crate::cli::TableFormat;
use crate::cli::predict::Calibrate;
use crate::commands::ir::source::Source;
use crate::cost_model::load;
use crate::diagnostics::Failure;
use crate::output;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct LabelledLine {
    text: String,
    labels: BTreeMap<String, f64>,
    #[serde(default)]
    kernel: Option<String>,
}

/// A labelled function with the predictions of the model by output, on the scale of the fit.
struct Labelled {
    labels: BTreeMap<Quantity, f64>,
    kernel: u32,
    learned: Vec<Option<f64>>,
    analytical: Vec<Option<f64>>,
}

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
    let source = Source::read(&arguments.file)?;
    let mut model = load(arguments.cost_model.as_deref())?;
    let is_design = arguments.design.is_some();
    let name = arguments.target.as_ref().or(arguments.design.as_ref()).expect("clap demands one").clone();
    if name.is_empty() || model.targets().contains(&name) {
        return Err(Failure::Request(format!("the model has a target `{name}` already; choose another name")));
    }
    let trained = model.trees.outputs().to_vec();
    let bases = names(&trained, |o| o.quantity.is_of_design() == is_design);
    if let Some(base) = arguments.base.as_deref().filter(|base| !bases.contains(base)) {
        let help = did_you_mean(base, &bases);
        return Err(Failure::Request(format!("--base: the model was not trained for `{}`; {help}", shorten(base))));
    }
    let labelled = read(&source, &model, is_design)?;
    let candidates = bases.into_iter().filter(|base| arguments.base.as_deref().is_none_or(|asked| asked == *base));
    let best = candidates
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
    let path = arguments.out.display().to_string();
    files::replace(&arguments.out, |out| out.write_all(&model.to_bytes()))
        .map_err(|error| Failure::File { path: path.clone(), error })?;
    let report = Report { target: &name, base, functions: labelled.len(), out: path, quantities };
    match arguments.format {
        TableFormat::Json => output::json(&report)?,
        TableFormat::Csv => output::csv(&report.quantities)?,
        TableFormat::Table => output::text(&text(&report))?,
    }
    Ok(ExitCode::SUCCESS)
}

fn read(source: &Source, model: &CostModel, is_design: bool) -> Result<Vec<Labelled>, Failure> {
    let mut reader = QueryReader::new(Limits::default(), &[Scheme::Shaped]);
    let mut kernels: BTreeMap<String, u32> = BTreeMap::new();
    let mut labelled = Vec::new();
    for (index, line) in source.text.lines().enumerate().filter(|(_, line)| !line.trim().is_empty()) {
        let refuse = |why: String| Failure::Request(format!("{}:{}: {why}", source.name, index + 1));
        let line: LabelledLine = serde_json::from_str(line).map_err(|e| refuse(e.to_string()))?;
        let mut labels = BTreeMap::new();
        for (name, value) in line.labels {
            let known = Quantity::ALL.into_iter().filter(|q| q.is_of_design() == is_design);
            let Some(quantity) = known.clone().find(|q| q.name() == name) else {
                let known: Vec<&str> = known.map(Quantity::name).collect();
                let (name, help) = (shorten(&name), did_you_mean(&name, &known));
                return Err(refuse(format!("no quantity `{name}` of a {}; {help}", kind(is_design))));
            };
            let share = matches!(quantity, Quantity::PortUtilization | Quantity::XpuUtilization);
            if !(value >= 0.0 && value.is_finite() && (!share || value <= 1.0)) {
                return Err(refuse(format!(
                    "{quantity} is {value}; it must be 0 or more{}",
                    if share { ", at most 1" } else { "" }
                )));
            }
            labels.insert(quantity, value);
        }
        let queries = reader.read(&line.text, |_| &model.vocabulary);
        let queries = queries.map_err(|wrong| refuse(format!("text: {}", Refusal::Text(wrong))))?;
        let [query] = &queries[..] else {
            return Err(refuse(format!("the text has {} functions with a body; one is labelled", queries.len())));
        };
        // The model's own answers: bounds of the base do not hold for the new target.
        let scaled = |estimates: Vec<Option<Estimate>>| -> Vec<Option<f64>> {
            let known = |quantity| !query.reasons.iter().any(|reason| reason.concerns(quantity));
            let outputs = model.trees.outputs().iter().zip(estimates);
            outputs.map(|(o, e)| e.filter(|_| known(o.quantity)).map(|e| o.quantity.scale().to(e.value))).collect()
        };
        let next = kernels.len() as u32;
        let kernel = line.kernel.unwrap_or_else(|| format!("line {index}"));
        labelled.push(Labelled {
            labels,
            kernel: *kernels.entry(kernel).or_insert(next),
            learned: scaled(model.learned(&query.input)),
            analytical: scaled(model.analytical(&query.input)),
        });
    }
    Ok(labelled)
}

fn kind(is_design: bool) -> &'static str {
    if is_design { "design" } else { "processor" }
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
