//! `hardwire calibrate --suggest`: which functions to measure next ([`training::suggestion`]).

use std::process::ExitCode;

use costmodel::input::{Input, Scheme};
use costmodel::quantity::Quantity;
use costmodel::query::QueryReader;
use costmodel::reason::Reason;
use costmodel::shipped::CostModel;
use designs::problem::{did_you_mean, shorten};
use ir::Limits;
use reports::{Align, Table, number};
use serde::Serialize;
use training::suggestion::{Predictions, Suggestion, suggest};

use super::labelled::{Labelled, kind, scaled};
use crate::cli::TableFormat;
use crate::cli::predict::Calibrate;
use crate::commands::ir::source::Source;
use crate::diagnostics::{Failure, TextProblems};
use crate::output;

/// A function of the files with its predictions by output, on the scale of the fit.
struct Candidate {
    file: String,
    function: String,
    input: Input,
    learned: Vec<Option<f64>>,
}

#[derive(Serialize)]
struct Report<'a> {
    quantities: Vec<&'static str>,
    bases: &'a [&'a str],
    measured: usize,
    candidates: usize,
    suggestions: Vec<SuggestionRow<'a>>,
    left_out: &'a [LeftOut],
}

#[derive(Serialize)]
struct SuggestionRow<'a> {
    rank: usize,
    function: &'a str,
    file: &'a str,
    distance: Option<f64>,
    error_before: Option<f64>,
    error_after: f64,
}

/// A function that is not suggested.
#[derive(Serialize)]
struct LeftOut {
    function: String,
    file: String,
    reason: String,
}

pub fn run(
    arguments: &Calibrate,
    model: &CostModel,
    bases: &[&str],
    labelled: &[Labelled],
    count: usize,
) -> Result<ExitCode, Failure> {
    let quantities = quantities(&arguments.quantity, labelled, arguments.design.is_some())?;
    let outputs = model.trees.outputs().iter().enumerate();
    let wanted = |target: &str, quantity| bases.contains(&target) && quantities.contains(&quantity);
    let outputs: Vec<(usize, Quantity)> =
        outputs.filter(|(_, o)| wanted(&o.target, o.quantity)).map(|(index, o)| (index, o.quantity)).collect();
    let indices: Vec<usize> = outputs.iter().map(|&(index, _)| index).collect();
    let (candidates, left_out) = candidates(&arguments.candidates, model, labelled, &indices)?;
    if count > candidates.len() {
        let why = left_out.first().map_or(String::new(), |l| {
            format!("; left out: {}, the first {} of {}: {}", left_out.len(), l.function, l.file, l.reason)
        });
        let message = format!("--suggest {count}: functions to choose from: {}{why}", candidates.len());
        return Err(Failure::Request(message));
    }
    let predictions = |&(index, quantity): &(usize, Quantity)| Predictions {
        measured: labelled
            .iter()
            .filter(|one| one.labels.contains_key(&quantity))
            .filter_map(|one| one.learned[index])
            .collect(),
        candidates: candidates.iter().map(|one| one.learned[index].expect("candidates have all")).collect(),
    };
    let predictions: Vec<Predictions> = outputs.iter().map(predictions).collect();
    let row = |(rank, chosen): (usize, Suggestion)| SuggestionRow {
        rank: rank + 1,
        function: &candidates[chosen.candidate].function,
        file: &candidates[chosen.candidate].file,
        distance: chosen.distance,
        error_before: chosen.before,
        error_after: chosen.after,
    };
    let report = Report {
        quantities: quantities.iter().map(|quantity| quantity.name()).collect(),
        bases,
        measured: labelled.len(),
        candidates: candidates.len(),
        suggestions: suggest(&predictions, count).into_iter().enumerate().map(row).collect(),
        left_out: &left_out,
    };
    match arguments.format {
        TableFormat::Json => output::json(&report)?,
        TableFormat::Csv => output::csv(&report.suggestions)?,
        TableFormat::Table => output::text(&text(&report))?,
    }
    Ok(ExitCode::SUCCESS)
}

/// What will be measured: as asked, or what has labels, or everything.
fn quantities(asked: &[String], labelled: &[Labelled], is_design: bool) -> Result<Vec<Quantity>, Failure> {
    let known: Vec<Quantity> = Quantity::ALL.into_iter().filter(|q| q.is_of_design() == is_design).collect();
    let names: Vec<&str> = known.iter().map(|quantity| quantity.name()).collect();
    if let Some(wrong) = asked.iter().find(|name| !names.contains(&name.as_str())) {
        let help = did_you_mean(wrong, &names);
        return Err(Failure::Request(format!("no quantity `{}` of a {}; {help}", shorten(wrong), kind(is_design))));
    }
    let labelled: Vec<Quantity> =
        known.iter().copied().filter(|quantity| labelled.iter().any(|one| one.labels.contains_key(quantity))).collect();
    Ok(match (asked, &labelled[..]) {
        ([], []) => known,
        ([], _) => labelled,
        _ => known.into_iter().filter(|quantity| asked.iter().any(|name| name == quantity.name())).collect(),
    })
}

/// The functions to choose from, by name, and those that are left out.
fn candidates(
    files: &[String],
    model: &CostModel,
    labelled: &[Labelled],
    outputs: &[usize],
) -> Result<(Vec<Candidate>, Vec<LeftOut>), Failure> {
    let mut reader = QueryReader::new(Limits::default(), &[Scheme::Shaped]);
    let mut found = Vec::new();
    for file in files {
        let source = Source::read(file)?;
        let queries = reader.read(&source.text, |_| &model.vocabulary).map_err(|diagnostics| {
            Failure::Text(Box::new(TextProblems { name: source.name.clone(), text: source.text.clone(), diagnostics }))
        })?;
        if queries.is_empty() {
            return Err(Failure::Request(format!("{}: the text has no function with a body", source.name)));
        }
        found.extend(queries.into_iter().map(|query| (source.name.clone(), query)));
    }
    found.sort_by(|(file, query), (other, next)| (file, &query.function).cmp(&(other, &next.function)));
    let (mut candidates, mut left_out) = (Vec::<Candidate>::new(), Vec::new());
    for (file, query) in found {
        let learned = scaled(model, &query, model.learned(&query.input));
        let open = outputs.iter().find(|&&index| learned[index].is_none());
        let reason = if labelled.iter().any(|one| one.input == query.input) {
            Some("it is measured".to_owned())
        } else if let Some(same) = candidates.iter().find(|one| one.input == query.input) {
            Some(format!("to the model it is {} of {}", same.function, same.file))
        } else {
            open.map(|&index| {
                let quantity = model.trees.outputs()[index].quantity;
                let cause = query.reasons.iter().find(|reason| reason.concerns(quantity));
                // The command takes no assumptions, so it names none.
                let cause = cause.map(|cause| format!(": {}", Reason { assumption: None, ..cause.clone() }));
                format!("{quantity} is unknown{}", cause.unwrap_or_default())
            })
        };
        match reason {
            Some(reason) => left_out.push(LeftOut { function: query.function, file, reason }),
            None => candidates.push(Candidate { file, function: query.function, input: query.input, learned }),
        }
    }
    Ok((candidates, left_out))
}

fn text(report: &Report<'_>) -> String {
    let mut out = format!(
        "{} of {} functions to measure next (measured: {}, left out: {})\nquantities: {}\nbases: {}\n\n",
        report.suggestions.len(),
        report.candidates,
        report.measured,
        report.left_out.len(),
        report.quantities.join(", "),
        report.bases.join(", ")
    );
    let mut table = Table::new(&[
        ("rank", Align::Right),
        ("function", Align::Left),
        ("file", Align::Left),
        ("distance", Align::Right),
        ("error before", Align::Right),
        ("after", Align::Right),
    ]);
    for row in &report.suggestions {
        let short = |value: Option<f64>| value.map_or("-".to_owned(), |value| number::significant(value, 3));
        table.row([
            row.rank.to_string(),
            row.function.to_owned(),
            row.file.to_owned(),
            short(row.distance),
            short(row.error_before),
            short(Some(row.error_after)),
        ]);
    }
    out += &table.render();
    out += "\nError: expected squared error of the fitted line, mean over all functions, quantities and bases; 1 is the variance of a \
            function around its line.\nDistance: of the prediction from the mean of what is measured, in deviations of all functions.\n";
    for left in report.left_out {
        out += &format!("left out: {} of {}: {}\n", left.function, left.file, left.reason);
    }
    out
}
