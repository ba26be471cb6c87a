//! `hardwire optimize`: transforms loop nests by predicted cost.

use std::io::Write;
use std::process::ExitCode;
#[expect(clippy::disallowed_types, reason = "--budget is a limit of the user's time")]
use std::time::Instant;

use costmodel::predictor::{Choice, Predictor, Settings};
use costmodel::quantity::{Output, Quantity};
use costmodel::rows::Wanted;
use passes::{
    Candidate, Checked, Decision, Message, Omitted, Optimized, Options, PassError, PassedOver, Question, Schedule,
    Verdict,
};
use serde::Serialize;

use crate::cli::optimize::{Optimize, OptimizeFormat};
use crate::commands::ir::source::Source;
use crate::diagnostics::{Failure, TextProblems};
use crate::messages::message;
use crate::{cost_model, output};

/// The result as JSON.
#[derive(Serialize)]
struct Report<'a> {
    file: &'a str,
    /// Null, as quantity and unit, if the text was not read and names none.
    target: Option<&'a str>,
    quantity: Option<Quantity>,
    unit: Option<&'static str>,
    model: &'a str,
    /// Why the text is as it was; null if it was read.
    kept: Option<&'a str>,
    /// One element a nest.
    nests: Vec<Nest<'a>>,
    /// Loops, structured operations and unknown operations that no decision is about.
    passed_over: &'a [PassedOver],
    /// Comparison by running; null if it was not asked for.
    check: Option<&'a [Checked]>,
    /// Decisions that the script of `--emit-schedule` does not have; null without the option.
    not_in_schedule: Option<&'a [Omitted]>,
    /// The transformed module; null if it went to a file.
    module: Option<&'a str>,
}

/// A decision as JSON.
#[derive(Serialize)]
struct Nest<'a> {
    function: &'a str,
    nest: u32,
    /// 2 for the fusion of neighbours.
    nests: u32,
    line: usize,
    column: usize,
    steps: &'a str,
    kept: Option<&'a str>,
    predicted_ratio: Option<f64>,
    measured_ratio: Option<f64>,
    candidates_scored: usize,
    candidates: Option<&'a [Candidate]>,
}

/// Runs the command.
pub fn run(arguments: &Optimize) -> Result<ExitCode, Failure> {
    if !cfg!(feature = "mlir") {
        return Err(Failure::Request(PassError::NotBuilt.to_string()));
    }
    #[expect(clippy::disallowed_types, reason = "--budget is a limit of the user's time")]
    let started = Instant::now();
    let source = Source::read(&arguments.file)?;
    let settings = Settings { choice: Choice::Learned, ..Settings::default() };
    let predictor = Predictor::new(cost_model::load(arguments.cost_model.as_deref())?, settings);
    let output = match asked(arguments, &source, &predictor) {
        Err(Stop::Unsupported(why)) => return pass_through(arguments, &source, &predictor, &why),
        other => other?,
    };
    let expired = || arguments.budget.is_some_and(|budget| started.elapsed() >= budget);
    let question = Question { predictor: &predictor, output: &output, expired: Some(&expired), measurer: None };
    let optimized = match passes::optimize(&source.text, &options(arguments), question) {
        Ok(optimized) => optimized,
        Err(error) => match stop(&source, error) {
            Stop::Unsupported(why) => return pass_through(arguments, &source, &predictor, &why),
            Stop::Failure(failure) => return Err(failure),
        },
    };
    let checked = checked(arguments, &source, &optimized)?;
    let differing = checked.iter().flatten().filter(|one| one.differing.is_some_and(|count| count > 0)).count();
    if differing > 0 {
        for one in checked.iter().flatten().filter(|one| one.differing.is_some_and(|count| count > 0)) {
            message!(
                "error: @{}: {} elements differ from the original",
                one.function,
                one.differing.unwrap_or_default()
            );
        }
        return Ok(ExitCode::FAILURE);
    }
    if let (Some(path), Some(schedule)) = (&arguments.emit_schedule, &optimized.schedule) {
        write(path, &script(&source, &output, schedule))?;
    }
    if let Some(path) = &arguments.out {
        write(path, &optimized.text)?;
    }
    show(arguments, &source, &predictor, &output, &optimized, checked.as_deref())?;
    Ok(ExitCode::SUCCESS)
}

/// Why a module is not transformed.
enum Stop {
    /// Upstream does not know a dialect of it.
    Unsupported(String),
    Failure(Failure),
}

impl From<Failure> for Stop {
    fn from(failure: Failure) -> Self {
        Self::Failure(failure)
    }
}

impl From<Stop> for Failure {
    fn from(stop: Stop) -> Self {
        match stop {
            Stop::Unsupported(why) => Self::Request(why),
            Stop::Failure(failure) => failure,
        }
    }
}

fn stop(source: &Source, error: PassError) -> Stop {
    let PassError::Text(messages) = error else {
        return Stop::Failure(Failure::Request(format!("{}: {error}", source.name)));
    };
    let unknown = ["unregistered dialect", "not found for custom op", "unregistered operation"];
    let found = messages.iter().find(|message| unknown.iter().any(|words| message.text.contains(words)));
    match found {
        // Our own parser tells texts of other dialects from texts with mistakes.
        Some(message) if source.parsed().is_ok() => {
            Stop::Unsupported(message.to_string().lines().next().unwrap_or_default().trim().to_owned())
        }
        _ => Stop::Failure(problems(source, messages)),
    }
}

/// Upstream's messages with the lines that they are about.
fn problems(source: &Source, messages: Vec<Message>) -> Failure {
    let (placed, others): (Vec<Message>, Vec<Message>) = messages.into_iter().partition(|one| one.place.is_some());
    if placed.is_empty() {
        let lines: Vec<String> = others.iter().map(|one| format!("{}: {one}", source.name)).collect();
        return Failure::Request(lines.join("\nerror: "));
    }
    let diagnostics = placed.into_iter().filter_map(|one| {
        let span = source.span_at(one.place?);
        let (message, notes) = match one.text.split_once('\n') {
            Some((message, notes)) => (message.to_owned(), Some(notes.trim_start_matches("note: ").to_owned())),
            None => (one.text, None),
        };
        Some(ir::span::Diagnostic { message, help: notes, span })
    });
    Failure::Text(Box::new(TextProblems {
        name: source.name.clone(),
        text: source.text.clone(),
        diagnostics: diagnostics.collect(),
    }))
}

/// The target and quantity of the arguments, else of the module.
fn asked(arguments: &Optimize, source: &Source, predictor: &Predictor) -> Result<Output, Stop> {
    let outputs = predictor.outputs();
    let own = if arguments.target.is_none() && arguments.design.is_none() {
        passes::target_of(&source.text).map_err(|error| stop(source, error))?
    } else {
        None
    };
    let targets: Vec<String> = arguments.target.iter().chain(&own).cloned().collect();
    let designs: Vec<String> = arguments.design.iter().cloned().collect();
    if targets.is_empty() && designs.is_empty() && arguments.apply.is_none() {
        let why = format!("{}: no target: give --target, or the module an attribute llvm.target_cpu", source.name);
        return Err(Failure::Request(why).into());
    }
    let wanted = Wanted::settle(outputs, &targets, &designs).map_err(|error| match own {
        Some(_) => Failure::Request(format!("{}: the module's target: {error}", source.name)),
        None => error.into(),
    })?;
    // Steps that are given need no prediction: any target does.
    let target = wanted.0[0].clone();
    let is_design = outputs.iter().any(|known| known.target == target && known.quantity.is_of_design());
    let quantity = match &arguments.quantity {
        None if is_design => Quantity::XpuLatencyCycles,
        None => Quantity::Cycles,
        Some(name) => Quantity::from_name(name).ok_or_else(|| {
            let names: Vec<&str> = Quantity::ALL.iter().map(|quantity| quantity.name()).collect();
            Failure::Request(format!("no quantity is called `{name}`; there are {}", names.join(", ")))
        })?,
    };
    let output = Output { target, quantity };
    if !outputs.contains(&output) {
        return Err(Failure::Request(PassError::NotPredicted(output).to_string()).into());
    }
    Ok(output)
}

fn options(arguments: &Optimize) -> Options {
    Options {
        kinds: arguments.decisions.clone(),
        steps: arguments.apply.clone(),
        caution: arguments.caution,
        max_novelty: arguments.max_ood,
        verify: arguments.verify,
        depth: arguments.depth,
        beam: arguments.beam,
        max_candidates: arguments.max_candidates,
        allow_spills: arguments.allow_spills,
        reassociate: arguments.reassociate,
        assume_no_alias: !arguments.may_alias,
        lower_linalg: arguments.lower_linalg,
        schedule: arguments.emit_schedule.is_some(),
        ..Options::default()
    }
}

/// Runs the result against the original if that is asked for.
fn checked(arguments: &Optimize, source: &Source, optimized: &Optimized) -> Result<Option<Vec<Checked>>, Failure> {
    if !arguments.check {
        return Ok(None);
    }
    // Reassociation changes the last digits.
    let tolerance = if arguments.reassociate { 1e-4 } else { 0.0 };
    let checked = passes::check(&source.text, &optimized.text, arguments.seed, arguments.may_alias, tolerance);
    checked.map(Some).map_err(|error| Failure::Request(format!("{}: {error}", source.name)))
}

/// Writes the text as it is, with the reason.
fn pass_through(arguments: &Optimize, source: &Source, predictor: &Predictor, why: &str) -> Result<ExitCode, Failure> {
    if arguments.emit_schedule.is_some() {
        let why = format!("{}: no schedule: upstream cannot read the text: {why}", source.name);
        return Err(Failure::Request(why));
    }
    if let Some(path) = &arguments.out {
        write(path, &source.text)?;
    }
    let line = format!("{}: kept: upstream cannot read it: {why}", source.name);
    match arguments.format {
        OptimizeFormat::Mlir => {
            if arguments.out.is_none() {
                output::raw(&source.text)?;
            }
            message!("{line}");
        }
        OptimizeFormat::Table => output::text(&(line + "\n"))?,
        OptimizeFormat::Json => output::json(&Report {
            file: &source.name,
            target: arguments.target.as_deref().or(arguments.design.as_deref()),
            quantity: None,
            unit: None,
            model: &predictor.model().card.name,
            kept: Some(why),
            nests: Vec::new(),
            passed_over: &[],
            check: None,
            not_in_schedule: None,
            module: arguments.out.is_none().then_some(source.text.as_str()),
        })?,
    }
    Ok(ExitCode::SUCCESS)
}

/// The script with how it is run and what it lacks.
fn script(source: &Source, output: &Output, schedule: &Schedule) -> String {
    let mut text = format!(
        "// Written by `hardwire optimize --emit-schedule` for {} of {}. Run it with\n\
         // mlir-opt FILE --pass-pipeline='builtin.module(transform-preload-library{{transform-library-paths=THIS}},transform-interpreter)'\n",
        output, source.name
    );
    for one in &schedule.omitted {
        text += &format!("// Not in it: @{}, nest {}, {}: {}\n", one.function, one.nest, one.steps, one.why);
    }
    text + &schedule.text
}

fn write(path: &std::path::Path, text: &str) -> Result<(), Failure> {
    files::replace(path, |out| out.write_all(text.as_bytes()))
        .map_err(|error| Failure::File { path: path.display().to_string(), error })
}

/// Prints the module, or the decisions.
fn show(
    arguments: &Optimize,
    source: &Source,
    predictor: &Predictor,
    output: &Output,
    optimized: &Optimized,
    checked: Option<&[Checked]>,
) -> Result<(), Failure> {
    let text = || text(arguments, source, output, optimized, checked);
    match arguments.format {
        OptimizeFormat::Mlir => {
            if arguments.out.is_none() {
                output::raw(&optimized.text)?;
            }
            message!("{}", text().trim_end());
        }
        OptimizeFormat::Table => output::text(&text())?,
        OptimizeFormat::Json => output::json(&Report {
            file: &source.name,
            target: Some(&output.target),
            quantity: Some(output.quantity),
            unit: Some(output.quantity.unit()),
            model: &predictor.model().card.name,
            kept: None,
            passed_over: &optimized.passed_over,
            nests: optimized.decisions.iter().map(|decision| nest(decision, arguments.explain)).collect(),
            check: checked,
            not_in_schedule: optimized.schedule.as_ref().map(|schedule| schedule.omitted.as_slice()),
            module: arguments.out.is_none().then_some(optimized.text.as_str()),
        })?,
    }
    Ok(())
}

fn nest(decision: &Decision, explain: bool) -> Nest<'_> {
    Nest {
        function: &decision.function,
        nest: decision.nest,
        nests: decision.nests,
        line: decision.line,
        column: decision.column,
        steps: &decision.steps,
        kept: decision.kept.as_deref(),
        predicted_ratio: decision.predicted_ratio,
        measured_ratio: measured_ratio(decision),
        candidates_scored: decision.candidates.iter().filter(|candidate| candidate.predicted.is_some()).count(),
        candidates: explain.then_some(decision.candidates.as_slice()),
    }
}

/// Measured cost of the original over that of the result.
fn measured_ratio(decision: &Decision) -> Option<f64> {
    Some(decision.candidates[0].measured? / decision.chosen().measured?)
}

/// One line a nest, and with `--explain` one a candidate.
fn text(
    arguments: &Optimize,
    source: &Source,
    output: &Output,
    optimized: &Optimized,
    checked: Option<&[Checked]>,
) -> String {
    let mut lines = Vec::new();
    if optimized.decisions.is_empty() {
        lines.push(format!("{}: kept: no affine loop stands at the top level of a function", source.name));
    }
    for one in &optimized.passed_over {
        let times = if one.count > 1 { format!(" ({} times)", one.count) } else { String::new() };
        let place = if one.line > 0 { format!("{}:{}:", one.line, one.column) } else { String::new() };
        lines.push(format!("{}:{place} passed over: {}{times}: {}", source.name, one.operation, one.why));
    }
    for decision in &optimized.decisions {
        let place = format!("{}:{}:{}: @{}", source.name, decision.line, decision.column, decision.function);
        let what = match (&decision.kept, decision.predicted_ratio) {
            (Some(why), _) => format!("kept: {why}"),
            (None, Some(ratio)) if arguments.apply.is_none() => {
                let ends = match (decision.chosen().ratio_low, decision.chosen().ratio_high) {
                    (Some(low), Some(high)) => format!(" ({low:.2} to {high:.2})"),
                    _ => String::new(),
                };
                format!("{}: {ratio:.2} times fewer {} predicted{ends}", decision.steps, output)
            }
            (None, _) => decision.steps.clone(),
        };
        let measured = match measured_ratio(decision) {
            Some(ratio) if decision.kept.is_none() => format!(", {ratio:.2} times fewer measured"),
            _ => String::new(),
        };
        lines.push(format!("{place}: {what}{measured}"));
        if arguments.explain {
            lines.extend(decision.candidates.iter().map(candidate));
        }
    }
    if let Some(schedule) = &optimized.schedule {
        let place = |one: &Omitted| format!("{}: @{}, nest {}: {}", source.name, one.function, one.nest, one.steps);
        lines.extend(schedule.omitted.iter().map(|one| format!("{}: not in the schedule: {}", place(one), one.why)));
        let nests = if schedule.taken == 1 { "nest" } else { "nests" };
        lines.push(format!("{}: the schedule changes {} {nests}", source.name, schedule.taken));
    }
    for one in checked.into_iter().flatten() {
        lines.push(match (&one.why, one.differing) {
            (Some(why), _) => format!("{}: @{}: not run: {why}", source.name, one.function),
            (None, _) => format!("{}: @{}: same results as the original", source.name, one.function),
        });
    }
    lines.join("\n") + "\n"
}

fn candidate(candidate: &Candidate) -> String {
    let number = |value: Option<f64>| value.map_or_else(|| "-".to_owned(), |value| format!("{value:.0}"));
    let verdict = match candidate.verdict {
        Verdict::Chosen => "chosen",
        Verdict::NotBetter => "",
        Verdict::Unknown => "unknown",
        Verdict::Unfamiliar => "unfamiliar",
        Verdict::Spills => "spills",
        Verdict::Illegal => "illegal",
        Verdict::Unsupported => "unsupported",
    };
    let why = candidate.why.as_deref().map(|why| format!(": {why}")).unwrap_or_default();
    let measured = candidate.measured.map(|cost| format!(" measured {cost:.0}")).unwrap_or_default();
    let ratio = match (candidate.ratio, candidate.ratio_low, candidate.ratio_high) {
        (Some(ratio), Some(low), Some(high)) => format!("{ratio:.2} ({low:.2} to {high:.2})"),
        _ => String::new(),
    };
    let line =
        format!("  {:<44} {:>12} {ratio:>22}{measured}  {verdict}{why}", candidate.steps, number(candidate.predicted));
    line.trim_end().to_owned()
}
