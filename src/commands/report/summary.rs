//! Summary of the report.

use reports::document::{Block, Entry, Section, Text};
use reports::{Bound, Cell, Kind, Value};
use study::comparison::Column;
use study::reproduction::Reproduction;

use super::subjects::Subjects;
use super::volume::BreakEven;
use super::words::{code, derived, design, million, row, systems, table, text};

/// Text below the title: the main results, then how to read the page.
pub fn lead(s: &Subjects<'_>, reproduction: Option<&Reproduction>, even: &[BreakEven<'_>]) -> Vec<Text> {
    let others = s.table.designs.len() - 1;
    let mut lead = vec![answer(s, even)];
    let mut trust = text![
        design(s.column()),
        " is a machine whose weights are the wires of its chips. None has been built: its figures come out of a simulator"
    ];
    trust.extend(match reproduction {
        Some(reproduction) => {
            let (ok, all) = agreement(reproduction);
            text![
                " that reproduces ",
                ok,
                " of ",
                all,
                " published figures which it was neither fed nor fitted to, each within its tolerance. "
            ]
        }
        None => text![". "],
    });
    if others > 0 {
        trust.extend(text![
            "Beside it, by what is public about them, other designs: ",
            derived(others as f64, "", "designs on this page").digits(1),
            "."
        ]);
    }
    lead.push(trust);
    lead.push(text![
        "Every number is a link to where it comes from. Marks tell what it is: none for an input, c calibrated to a published \
         figure, d derived by a model, v a vendor's claim. Designs of which only a vendor speaks are marked wherever they appear. \
         What is missing says why."
    ]);
    lead
}

/// Number of derived figures within tolerance, and of all derived figures.
fn agreement(reproduction: &Reproduction) -> (Value, Value) {
    let rows: Vec<_> =
        reproduction.scoreboard.rows.iter().filter(|r| r.kind == Kind::Derived && r.published.is_some()).collect();
    let source = "counted in the scoreboard; hardwire reproduce hnlpu";
    let count = |n: usize| derived(n as f64, "", source).digits(1);
    (count(rows.iter().filter(|r| r.ok).count()), count(rows.len()))
}

/// Throughput and cost of one system, compared with the nearest machine.
fn answer(s: &Subjects<'_>, even: &[BreakEven<'_>]) -> Text {
    let column = s.column();
    let Some(output) = value(column, "output_tokens_per_s") else {
        return text![design(column), " cannot serve this model at the speed asked for; the table below says why."];
    };
    let count = s.table.terms.systems;
    let mut words = if count == 1 {
        text!["One system of ", design(column)]
    } else {
        text!["Each of ", systems(count), " of ", design(column)]
    };
    words.extend(text![" generates ", output.clone(), " of output"]);
    if let Some(speed) = value(column, "user_tokens_per_s") {
        words.extend(text![", ", speed.clone(), " for each user,"]);
    }
    if let Some(kw) = value(column, "power_kw") {
        words.extend(text![" on ", kw.clone()]);
    }
    let nearest = nearest(s);
    if let Some((other, units)) = nearest {
        let as_much = if count == 1 { ": as much as " } else { "; together they do as much as " };
        words.extend(text![as_much, units.clone(), " units of ", design(other)]);
        if let Some(kw) = value(other, "equal_power_kw") {
            words.extend(text![" on ", kw.clone()]);
        }
    }
    let build = million(s.estimate.span(|o| o.build_usd), "design, masks and systems; hardwire estimate");
    words.extend(text![". The first build costs ", build, " million USD"]);
    if let Some((other, _)) = nearest {
        if let Some(usd) = value(other, "equal_hardware_usd") {
            words.extend(text![", those units ", usd.clone()]);
        }
        words.push(", so volume decides".into());
        let found = even.iter().find(|e| std::ptr::eq(e.rival.column, other)).and_then(BreakEven::words);
        if let Some(from) = found {
            words.push(": the total cost, re-spins included, is lower ".into());
            words.extend(from);
        }
    }
    words.push(".".into());
    words
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

/// The summary section.
pub fn section(s: &Subjects<'_>, reproduction: Option<&Reproduction>) -> Section {
    let column = s.column();
    let mut rows = Vec::new();
    if let Some(reproduction) = reproduction {
        let (ok, all) = agreement(reproduction);
        rows.push(row(text!["derived figures within tolerance, of ", all], vec![ok.into()]));
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
        million(s.estimate.span(of), &format!("{what}; hardwire estimate")).into()
    };
    rows.push(row(text!["first build, million USD"], vec![money(|o| o.build_usd, "design, masks and systems")]));
    rows.push(row(text!["one re-spin, million USD"], vec![money(|o| o.respin_usd, "masks of all chips and systems")]));
    let count = systems(s.table.terms.systems);
    let mut blocks = vec![Block::Table(table(
        text![design(column), ", ", count, ", at equal interactivity"],
        &["what", "value"],
        rows,
    ))];
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

/// The other machine that needs the fewest units for the same throughput, and their number; bounds are not considered.
fn nearest<'a>(s: &Subjects<'a>) -> Option<(&'a Column, &'a Value)> {
    let known = s.table.designs.iter().enumerate().filter(|(index, _)| *index != s.index).filter_map(|(_, c)| {
        let units = value(c, "equal_units").filter(|v| v.bound == Bound::Exact)?;
        Some((c, units))
    });
    known.min_by(|a, b| a.1.low.total_cmp(&b.1.low))
}
