//! `hardwire compare`: designs side by side.

use std::process::ExitCode;

use reports::{Align, Bound, Cell, Support, Table, number};
use serde::Serialize;
use study::comparison::{self, Metric};

use crate::cli::TableFormat;
use crate::cli::compare::{Compare, Terms};
use crate::diagnostics::Failure;
use crate::{input, output};

/// The terms of the command line.
pub fn terms(arguments: &Terms) -> comparison::Terms {
    comparison::Terms {
        input_tokens: arguments.input,
        output_tokens: arguments.output,
        per_user_tokens_per_s: arguments.per_user,
        systems: arguments.systems,
        discipline: arguments.discipline,
        ..comparison::Terms::usual()
    }
}

/// Runs the command.
pub fn run(arguments: &Compare) -> Result<ExitCode, Failure> {
    let metrics = comparison::chosen(&arguments.metric)?;
    let subjects = comparison::read(&arguments.designs, &input::read)?;
    let model = comparison::model(&subjects, arguments.model.as_deref(), &input::read)?;
    let table = comparison::compare(&subjects, &model, &terms(&arguments.terms), &input::read)?;
    let answer = comparison::Answer::new(table, &metrics);
    match arguments.format {
        TableFormat::Json => output::json(&answer)?,
        TableFormat::Csv => output::csv(lines(&answer.table, &metrics))?,
        TableFormat::Table => output::text(&render(&answer.table, &metrics, arguments.metric.is_empty()))?,
    }
    Ok(ExitCode::SUCCESS)
}

/// A cell of the comparison, for CSV.
#[derive(Serialize)]
struct Line<'a> {
    metric: &'static str,
    design: &'a str,
    low: Option<f64>,
    high: Option<f64>,
    word: Option<&'a str>,
    unit: Option<&'static str>,
    bound: Option<Bound>,
    missing: Option<&'a str>,
    kind: Option<Support>,
    grade: Option<&'a str>,
    source: Option<&'a str>,
    year: Option<u16>,
}

fn lines<'a>(table: &'a comparison::Table, metrics: &'a [Metric]) -> impl Iterator<Item = Line<'a>> {
    let cells = metrics.iter().flat_map(|metric| table.designs.iter().map(move |column| (metric, column)));
    cells.filter_map(|(metric, column)| {
        let cell = column.values.get(metric.key)?;
        let (value, word, missing) = match cell {
            Cell::Value(value) => (Some(value), None, None),
            Cell::Word { word, .. } => (None, Some(word.as_str()), None),
            Cell::Missing { missing } => (None, None, Some(missing.as_str())),
        };
        let origin = cell.origin();
        Some(Line {
            metric: metric.key,
            design: &column.design,
            low: value.map(|value| value.low),
            high: value.map(|value| value.high),
            word,
            unit: value.map(|value| value.unit),
            bound: value.map(|value| value.bound),
            missing,
            kind: origin.map(|origin| origin.kind),
            grade: origin.map(|origin| origin.grade.as_str()),
            source: origin.map(|origin| origin.source.as_str()),
            year: origin.and_then(|origin| origin.year),
        })
    })
}

/// Suffix that marks the kind of a value.
fn mark(support: Support) -> &'static str {
    match support {
        Support::Input => "",
        Support::Calibrated => " c",
        Support::Derived => " d",
        Support::VendorClaim => " v",
    }
}

/// Reasons of missing values, numbered in the order of appearance.
struct Reasons(Vec<String>);

impl Reasons {
    fn number(&mut self, reason: &str) -> usize {
        let known = self.0.iter().position(|r| r == reason);
        known.unwrap_or_else(|| {
            self.0.push(reason.to_owned());
            self.0.len() - 1
        }) + 1
    }

    fn cell(&mut self, cell: &Cell) -> String {
        match cell {
            Cell::Value(value) => format!("{}{}", value.number(), mark(value.origin.kind)),
            Cell::Word { word, origin } => {
                format!("{word}{}", if origin.kind == Support::VendorClaim { " v" } else { "" })
            }
            Cell::Missing { missing } => format!("missing ({})", self.number(missing)),
        }
    }
}

/// The name of a design, marked if all its values are vendor claims.
fn named(column: &comparison::Column) -> String {
    if column.vendor_claims_only { format!("{} [vendor claims only]", column.design) } else { column.design.clone() }
}

fn render(table: &comparison::Table, metrics: &[Metric], serving: bool) -> String {
    let t = &table.terms;
    let mut text = format!(
        "{}, {} tokens in and {} out, at least {} tokens/s per user, {}\nreleased weights: {}\n\n",
        table.model,
        number::count(t.input_tokens.into()),
        number::count(t.output_tokens.into()),
        t.per_user_tokens_per_s,
        match &table.reference {
            Some(name) if t.systems == 1 => format!("equal to one system of {name}"),
            Some(name) => format!("equal to {} systems of {name}", t.systems),
            None => "no hardwired design to be equal to".to_owned(),
        },
        table.released_weights
    );
    let mut reasons = Reasons(Vec::new());
    let names: Vec<String> = table.designs.iter().map(named).collect();
    let mut heads = vec![("", Align::Left)];
    heads.extend(names.iter().map(|name| (name.as_str(), Align::Right)));
    let mut body = Table::new(&heads);
    let mut group = "";
    for metric in metrics {
        if metric.group != group {
            group = metric.group;
            body.row([group.to_owned()]);
        }
        let mut row = vec![format!("  {}", metric.label)];
        row.extend(table.designs.iter().map(|column| match column.values.get(metric.key) {
            Some(cell) => reasons.cell(cell),
            None => String::new(),
        }));
        body.row(row);
    }
    text.push_str(&body.render());
    if serving && table.designs.iter().any(|c| !c.serving.is_empty()) {
        text.push_str(
            "\npublished serving figures against the roofline of the same traffic, tokens/s per unit or user\n\n",
        );
        text.push_str(&checks(table, &mut reasons));
    }
    text.push_str("\nc calibrated, d derived, v vendor claim, others input; \u{2264} and \u{2265} are bounds\n");
    for (index, reason) in reasons.0.iter().enumerate() {
        text.push_str(&format!("({}) {reason}\n", index + 1));
    }
    text.push_str("source, grade and year of every value: --format json\n");
    text
}

fn checks(table: &comparison::Table, reasons: &mut Reasons) -> String {
    let mut body = Table::new(&[
        ("design", Align::Left),
        ("model", Align::Left),
        ("in", Align::Right),
        ("out", Align::Right),
        ("load", Align::Left),
        ("tokens", Align::Left),
        ("published", Align::Right),
        ("roofline", Align::Right),
        ("a copy on", Align::Left),
        ("attained, %", Align::Right),
        ("within", Align::Left),
    ]);
    for column in &table.designs {
        for check in &column.serving {
            let counts = check.counts.name();
            body.row([
                named(column),
                check.model.clone(),
                number::count(check.input_tokens.into()),
                number::count(check.output_tokens.into()),
                check.load(),
                counts.to_owned(),
                format!("{}{}", check.published.number(), mark(check.published.origin.kind)),
                reasons.cell(&check.bound),
                check.spread.map_or(String::new(), |spread| spread.describe()),
                reasons.cell(&check.attained_pct),
                check.within.map_or("", |within| if within { "yes" } else { "NO" }).to_owned(),
            ]);
        }
    }
    body.render()
}
