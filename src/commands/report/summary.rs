//! What the page says in short.

use reports::document::{Block, Entry, Section, Text};
use reports::{Bound, Cell, Kind, Origin, Value};

use super::Subjects;
use super::words::{code, derived, design, row, systems, table, text};
use crate::comparison::Column;
use crate::reproduce::Reproduction;

/// Text below the title.
pub fn lead(s: &Subjects<'_>) -> Vec<Text> {
    let others = s.table.designs.len() - 1;
    vec![
        text![
            "What ",
            design(s.column()),
            ", a machine whose weights are the wires of its chips, does and costs, beside ",
            derived(others as f64, "", "designs on this page").digits(1),
            " other designs. No such machine has been built: its figures come out of a simulator whose agreement with the publication \
             is the first table below."
        ],
        text![
            "Every number is a link to where it comes from. Marks tell what it is: none for an input, c calibrated to a published \
             figure, d derived by a model, v a vendor's claim. Designs of which only a vendor speaks are marked wherever they appear. \
             What is missing says why."
        ],
    ]
}

fn value<'a>(column: &'a Column, key: &str) -> Option<&'a Value> {
    match column.values.get(key) {
        Some(Cell::Value(value)) => Some(value),
        _ => None,
    }
}

fn cell(column: &Column, key: &str) -> Entry {
    column.values.get(key).cloned().unwrap_or_else(|| Cell::missing("not computed")).into()
}

/// The section in short.
pub fn section(s: &Subjects<'_>, reproduction: Option<&Reproduction>) -> Section {
    let column = s.column();
    let mut rows = Vec::new();
    if let Some(reproduction) = reproduction {
        let derived_rows: Vec<_> =
            reproduction.scoreboard.rows.iter().filter(|r| r.kind == Kind::Derived && r.published.is_some()).collect();
        let ok = derived_rows.iter().filter(|r| r.ok).count();
        let source = "counted in the scoreboard; hardwire reproduce hnlpu";
        let all = derived(derived_rows.len() as f64, "", source).digits(1);
        rows.push(row(
            text!["derived figures within tolerance, of ", all],
            vec![derived(ok as f64, "", source).digits(1).into()],
        ));
    }
    for (words, key) in [
        ("speed of a user, tokens/s", "user_tokens_per_s"),
        ("output tokens/s of a system", "output_tokens_per_s"),
        ("input and output tokens/s of a system", "total_tokens_per_s"),
        ("energy of an output token, J", "energy_per_output_token_j"),
        ("power of a system, kW", "power_kw"),
    ] {
        rows.push(row(text![words], vec![cell(column, key)]));
    }
    let money = |of: fn(&sim::economics::Outcome) -> f64, what: &str| -> Entry {
        let span = s.estimate.span(of);
        let origin = Origin::derived(format!("{what}; hardwire estimate"));
        Value::range(span.low / 1e6, span.high / 1e6, "", origin).digits(4).into()
    };
    rows.push(row(text!["first build, million USD"], vec![money(|o| o.build_usd, "design, masks and systems")]));
    rows.push(row(text!["one re-spin, million USD"], vec![money(|o| o.respin_usd, "masks of all chips and systems")]));
    let count = systems(s.table.terms.systems);
    let mut blocks =
        vec![Block::Table(table(text![design(column), ", ", count, ", at equal interactivity"], &["", "value"], rows))];
    if let Some(text) = nearest(s) {
        blocks.push(Block::Paragraph(text));
    }
    blocks.push(Block::Paragraph(text![
        "Read with care: throughput rests on the publication's accounting (",
        code("serial"),
        "), which no schedule runs; ",
        code("--discipline dataflow"),
        " asks what a machine could run. The first build carries all design effort, so one system alone is never cheap; what decides \
         is volume, and how often weights change."
    ]));
    Section { id: "summary", title: "In short".to_owned(), blocks }
}

/// The other machine of which the fewest units do the same, in words.
fn nearest(s: &Subjects<'_>) -> Option<Text> {
    let known = s.table.designs.iter().enumerate().filter(|(index, _)| *index != s.index).filter_map(|(_, c)| {
        let units = value(c, "equal_units").filter(|v| v.bound == Bound::Exact)?;
        Some((c, units))
    });
    let (column, units) = known.min_by(|a, b| a.1.low.total_cmp(&b.1.low))?;
    let mut words = text!["Of the designs with public throughput, ", design(column), " comes nearest: "];
    words.push(units.clone().into());
    words.push(" units generate as much".into());
    if let Some(kw) = value(column, "equal_power_kw") {
        words.extend(text![", at ", kw.clone()]);
    }
    if let Some(usd) = value(column, "equal_hardware_usd") {
        words.extend(text![" and ", usd.clone(), " of hardware"]);
    }
    words.push(".".into());
    Some(words)
}
