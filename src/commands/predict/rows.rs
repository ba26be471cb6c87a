//! Predictions as tables.

use costmodel::predictor::Estimate;
use costmodel::quantity::{Output, Quantity};
use costmodel::rows::Row;
use names::Named;
use reports::{Align, Table, number};

/// A number of a quantity: counts without fraction, others to three significant digits.
pub fn value(output: &Output, value: f64) -> String {
    if output.quantity.is_whole() || value.abs() >= 1000.0 {
        return number::fixed(value, 0);
    }
    number::significant(value, 3)
}

/// The rows of one function as a table.
pub fn table(rows: &[Row<'_>]) -> String {
    let Some(first) = rows.first() else { return String::new() };
    let name = if first.function.is_empty() { "(no name)" } else { first.function };
    let place = first.file.map_or(String::new(), |file| format!(" of {file}"));
    let familiar = if first.in_distribution { "in distribution" } else { "out of distribution" };
    let mut out = format!(
        "{name}{place}: {familiar} (score {:.2}), provider {}, model {}\n\n",
        first.ood_score, first.provider, first.model
    );
    let mut table = Table::new(&[
        ("target", Align::Left),
        ("quantity", Align::Left),
        ("value", Align::Right),
        ("low", Align::Right),
        ("high", Align::Right),
        ("unit", Align::Left),
    ]);
    for row in rows {
        for (output, estimate, _) in &row.predictions.0 {
            let cell = |of: fn(&Estimate) -> f64| estimate.map_or("-".to_owned(), |e| value(output, of(&e)));
            let (middle, low, high) = (cell(|e| e.value), cell(|e| e.low), cell(|e| e.high));
            // What IPC counts is in its name.
            let unit = if output.quantity == Quantity::Ipc { "per cycle" } else { output.quantity.unit() };
            table.row([row.target, output.quantity.name(), &middle, &low, &high, unit]);
        }
    }
    out += &table.render();
    out += &notes(rows);
    out
}

/// What is unknown and why, what was moved to a bound, and the warnings, each on a line.
fn notes(rows: &[Row<'_>]) -> String {
    let mut notes: Vec<String> = Vec::new();
    for row in rows {
        let all = row.predictions.0.len();
        notes.extend(row.reasons.iter().map(|reason| format!("unknown {}", reason.line(all))));
        let bounded = row.predictions.0.iter().filter_map(|(output, _, bound)| Some((output, (*bound)?)));
        notes.extend(bounded.map(|(output, bound)| format!("bounded {output}: {}", bound.about())));
        notes.extend(row.warnings.iter().map(|warning| format!("warning: {}", warning.message)));
    }
    let mut out = String::new();
    for (index, note) in notes.iter().enumerate() {
        // Targets share most of them.
        if !notes[..index].contains(note) {
            out += note;
            out.push('\n');
        }
    }
    out
}
