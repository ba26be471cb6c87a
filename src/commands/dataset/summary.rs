//! Prints counts of a set of rows.

use std::collections::BTreeMap;

use corpus::summary::Summary;
use reports::number::count;
use reports::{Align, Table};

use crate::cli::Format;
use crate::diagnostics::Failure;
use crate::output;

/// Writes the summary.
pub fn print(summary: &Summary, format: Format) -> Result<(), Failure> {
    match format {
        Format::Json => output::json(summary),
        Format::Table => output::text(&table(summary)),
    }
}

/// As text for people.
pub fn table(summary: &Summary) -> String {
    let mut totals = Table::new(&[("", Align::Left), ("count", Align::Right)]);
    for (name, total) in [
        ("rows", summary.rows),
        ("kernels and graphs", summary.kernels),
        ("... that differ in more than numbers", summary.kernels_beyond_numbers),
        ("families", summary.families),
        ("whole blocks of models", summary.whole_blocks),
        ("bytes of text", summary.text_bytes),
        ("bytes of the median text", summary.text_bytes_median),
        ("bytes of the longest text", summary.text_bytes_max),
    ] {
        totals.row([name.to_owned(), count(total as u64)]);
    }
    let mut out = totals.render();
    for (title, counts) in [("source", &summary.by_source), ("dialect", &summary.by_dialect)] {
        out.push('\n');
        out += &counted(title, counts);
    }
    let mut families = Table::new(&[
        ("family", Align::Left),
        ("kernels", Align::Right),
        ("beyond numbers", Align::Right),
        ("rows", Align::Right),
    ]);
    for (name, of) in &summary.by_family {
        let counts = [of.kernels, of.kernels_beyond_numbers, of.rows].map(|n| count(n as u64));
        families.row(std::iter::once(name.clone()).chain(counts));
    }
    out.push('\n');
    out += &families.render();
    let mut splits = Table::new(&[("split", Align::Left), ("part", Align::Left), ("rows", Align::Right)]);
    for (split, parts) in &summary.by_split {
        for (part, rows) in parts {
            splits.row([split.clone(), part.clone(), count(*rows as u64)]);
        }
    }
    out.push('\n');
    out += &splits.render();
    if !summary.dropped.is_empty() {
        out.push('\n');
        out += &counted("left out", &summary.dropped);
    }
    out
}

/// A table of counts by name.
pub fn counted(title: &str, counts: &BTreeMap<String, usize>) -> String {
    let mut table = Table::new(&[(title, Align::Left), ("rows", Align::Right)]);
    for (name, rows) in counts {
        table.row([name.clone(), count(*rows as u64)]);
    }
    table.render()
}
