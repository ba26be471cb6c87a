//! `hardwire sweep names`: fields that can be varied, and results.

use std::process::ExitCode;

use designs::Measure;
use reports::{Align, Table};
use serde::Serialize;
use sweep::{Metric, State};

use crate::cli::TableFormat;
use crate::diagnostics::Failure;
use crate::{input, output};

#[derive(Serialize)]
struct Names {
    fields: Vec<FieldLine>,
    results: Vec<String>,
}

#[derive(Serialize)]
struct FieldLine {
    path: String,
    column: String,
    unit: &'static str,
    hnlpu: Option<String>,
    doc: &'static str,
}

/// Runs the command.
pub fn run(filter: Option<&str>, format: TableFormat) -> Result<ExitCode, Failure> {
    let design = input::design("hnlpu", &[])?;
    let economics = designs::load::economics("hnlpu", &[], &input::read)?;
    let wanted = |name: &str| filter.is_none_or(|filter| name.contains(filter));
    let fields = State::new(design, economics).names().into_iter().filter(|name| wanted(&name.path));
    let fields = fields.map(|name| FieldLine {
        column: name.column(),
        unit: match name.measure {
            Measure::Word => "word",
            Measure::Count => "count",
            Measure::Number => "number",
            Measure::Whole(unit) | Measure::Quantity(unit) => unit,
        },
        hnlpu: name.shown,
        doc: name.doc,
        path: name.path,
    });
    let results = Metric::all().into_iter().map(|metric| metric.name).filter(|name| wanted(name));
    let names = Names { fields: fields.collect(), results: results.collect() };
    if names.fields.is_empty() && names.results.is_empty() {
        let message = format!("no name contains `{}`", filter.unwrap_or_default());
        return Err(Failure::Request(message));
    }
    match format {
        TableFormat::Json => output::json(&names)?,
        TableFormat::Csv => output::csv(lines(&names))?,
        TableFormat::Table => output::text(&render(&names))?,
    }
    Ok(ExitCode::SUCCESS)
}

/// A field or a result, for CSV.
#[derive(Serialize)]
struct Line<'a> {
    /// `field` or `result`.
    kind: &'static str,
    name: &'a str,
    column: &'a str,
    unit: Option<&'static str>,
    hnlpu: Option<&'a str>,
    doc: Option<&'static str>,
}

fn lines(names: &Names) -> impl Iterator<Item = Line<'_>> {
    let fields = names.fields.iter().map(|field| Line {
        kind: "field",
        name: &field.path,
        column: &field.column,
        unit: Some(field.unit),
        hnlpu: field.hnlpu.as_deref(),
        doc: Some(field.doc),
    });
    let result = |name| Line { kind: "result", name, column: name, unit: None, hnlpu: None, doc: None };
    fields.chain(names.results.iter().map(move |name| result(name)))
}

fn render(names: &Names) -> String {
    let mut text = String::new();
    if !names.fields.is_empty() {
        let mut table = Table::new(&[
            ("can be varied", Align::Left),
            ("unit", Align::Left),
            ("hnlpu", Align::Left),
            ("meaning", Align::Left),
        ]);
        for f in &names.fields {
            table.row([f.path.clone(), f.unit.to_owned(), f.hnlpu.clone().unwrap_or_default(), f.doc.to_owned()]);
        }
        text.push_str(&table.render());
    }
    if !names.results.is_empty() {
        if !text.is_empty() {
            text.push('\n');
        }
        let mut table = Table::new(&[("can be asked for", Align::Left)]);
        for name in &names.results {
            table.row([name.clone()]);
        }
        text.push_str(&table.render());
    }
    text
}
