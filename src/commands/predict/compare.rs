//! `hardwire predict --compare`: the ratio of two functions.

use std::process::ExitCode;

use costmodel::predictor::{Answer, Predictor, Reply};
use costmodel::rows::{CompareRow, Wanted, compared};
use reports::number::significant;
use reports::{Align, Table};

use crate::cli::predict::{Predict, PredictFormat};
use crate::commands::ir::source::Source;
use crate::diagnostics::Failure;
use crate::output;

/// A reply with the name of its file.
type Named<'a> = (Option<&'a str>, &'a Reply);

/// Compares the functions of two files by name, or the two functions of one file.
pub fn run(
    arguments: &Predict,
    predictor: &Predictor,
    wanted: &Wanted,
    sources: &[Source],
    answers: &[Answer],
) -> Result<ExitCode, Failure> {
    let pairs = pairs(sources, answers)?;
    let rows: Vec<CompareRow<'_>> = pairs.into_iter().flat_map(|pair| compared(predictor, wanted, pair)).collect();
    match arguments.format {
        PredictFormat::Json => output::json(&rows)?,
        PredictFormat::Csv => output::csv(&rows)?,
        PredictFormat::Table => output::text(&text(&rows))?,
        PredictFormat::Comment => {
            return Err(Failure::Request("--compare has no comments as output: leave --format comment out".to_owned()));
        }
    }
    Ok(ExitCode::SUCCESS)
}

fn pairs<'a>(sources: &'a [Source], answers: &'a [Answer]) -> Result<Vec<[Named<'a>; 2]>, Failure> {
    let with_body = |at: usize| -> Vec<Named<'a>> {
        let file = Some(sources[at].name.as_str());
        answers[at].replies.iter().filter(|reply| !reply.is_without_body()).map(|reply| (file, reply)).collect()
    };
    let refuse = |what: String| Err(Failure::Request(what));
    match sources {
        [one] => match with_body(0).as_slice() {
            &[first, second] => Ok(vec![[first, second]]),
            all => refuse(format!("{}: --compare of one file needs two functions, not {}", one.name, all.len())),
        },
        [a, b] => {
            let (first, second) = (with_body(0), with_body(1));
            if let (&[first], &[second]) = (first.as_slice(), second.as_slice()) {
                return Ok(vec![[first, second]]);
            }
            let same = |first: &Named<'a>| second.iter().find(|s| s.1.function == first.1.function).copied();
            let pairs: Vec<[Named<'a>; 2]> = first.iter().filter_map(|f| Some([*f, same(f)?])).collect();
            if pairs.is_empty() {
                return refuse(format!("{} and {} have no function of the same name", a.name, b.name));
            }
            Ok(pairs)
        }
        all => refuse(format!("--compare takes two files, or one with two functions, not {} files", all.len())),
    }
}

fn text(rows: &[CompareRow<'_>]) -> String {
    let mut out = String::new();
    for pair in rows.chunk_by(|a, b| a.first.function == b.first.function && a.second.function == b.second.function) {
        let side = |side: &costmodel::rows::Side<'_>| {
            let unusual = if side.in_distribution { "" } else { " (unusual)" };
            format!("{} of {}{unusual}", side.function, side.file.unwrap_or_default())
        };
        let head = &pair[0];
        out += if out.is_empty() { "" } else { "\n" };
        out += &format!("{} against {}\n\n", side(&head.second), side(&head.first));
        let mut table = Table::new(&[
            ("target", Align::Left),
            ("quantity", Align::Left),
            ("ratio", Align::Right),
            ("low", Align::Right),
            ("high", Align::Right),
            ("verdict", Align::Left),
        ]);
        let number = |value: Option<f64>| value.map_or_else(|| "-".to_owned(), |value| significant(value, 3));
        for row in pair {
            let verdict = row.verdict.map_or_else(|| "-".to_owned(), |verdict| verdict.to_string());
            table.row([
                row.target.to_owned(),
                row.quantity.to_string(),
                number(row.ratio),
                number(row.low),
                number(row.high),
                verdict,
            ]);
        }
        out += &table.render();
        let mut reasons: Vec<&str> = pair.iter().filter_map(|row| row.reason.as_deref()).collect();
        reasons.dedup();
        reasons.iter().for_each(|reason| out += &format!("unknown: {reason}\n"));
    }
    out
}
