//! A document as one HTML page with inline styles and drawings, without scripts or network access.
//!
//! Every number links to its origin at the end of the page. A letter after it gives its kind, unless it is an input. Wide
//! tables scroll within the page, and the data of a figure is a table below it. In print a number is followed by the number of its
//! origin.

use maud::{DOCTYPE, Markup, PreEscaped, html as markup};

use super::register::{Reasons, Register};
use super::{Block, Document, Entry, Figure, Inline, Row, Section, Table, Text};
use crate::plot::PlotError;
use crate::value::{Cell, Origin, Support, Value};

const STYLE: &str = include_str!("style.css");

/// The page.
///
/// # Errors
/// When a figure cannot be drawn.
pub fn html(document: &Document) -> Result<String, PlotError> {
    let mut page = Page { register: Register::default(), tables: 0 };
    let lead: Vec<Markup> = document.lead.iter().map(|text| page.text(text)).collect();
    let sections: Vec<Markup> =
        document.sections.iter().map(|section| page.section(section)).collect::<Result<_, _>>()?;
    let origins = page.origins();
    let markup = markup! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                meta name="color-scheme" content="light dark";
                meta name="generator" content=(document.generator);
                title { (document.title) }
                style { (PreEscaped(STYLE)) }
            }
            body {
                a.skip href="#content" { "Skip to the content" }
                header {
                    h1 { (document.title) }
                    @for text in &lead { p { (text) } }
                }
                nav aria-label="Sections" {
                    ul {
                        @for section in &document.sections { li { a href={ "#" (section.id) } { (section.title) } } }
                        li { a href="#origins" { "Origins" } }
                    }
                }
                main id="content" {
                    @for section in &sections { (section) }
                    (origins)
                }
                footer { p { "Written by " (document.generator) "." } }
            }
        }
    };
    Ok(markup.into_string())
}

/// Largest number of columns that fit on a printed page in portrait orientation.
const WIDE: usize = 8;

struct Page {
    register: Register,
    tables: usize,
}

/// Letter after a number and its meaning; `None` for inputs.
fn mark(origin: &Origin) -> Option<(&'static str, &'static str)> {
    match origin.kind {
        Support::Input => None,
        Support::Calibrated => Some(("c", "calibrated")),
        Support::Derived => Some(("d", "derived")),
        Support::VendorClaim => Some(("v", "vendor claim")),
    }
}

impl Page {
    fn section(&mut self, section: &Section) -> Result<Markup, PlotError> {
        let blocks: Vec<Markup> = section.blocks.iter().map(|block| self.block(block)).collect::<Result<_, _>>()?;
        Ok(markup! {
            section id=(section.id) aria-labelledby={ (section.id) "-title" } {
                h2 id={ (section.id) "-title" } { (section.title) }
                @for block in &blocks { (block) }
            }
        })
    }

    fn block(&mut self, block: &Block) -> Result<Markup, PlotError> {
        Ok(match block {
            Block::Paragraph(text) => markup! { p { (self.text(text)) } },
            Block::Missing(text) => markup! { p.missing-part { strong { "Missing: " } (self.text(text)) } },
            Block::Table(table) => self.table(table),
            Block::Figure(figure) => self.figure(figure)?,
            Block::Commands(commands) => markup! {
                pre tabindex="0" { code { @for command in commands { (command) "\n" } } }
            },
        })
    }

    fn text(&mut self, text: &Text) -> Markup {
        markup! { @for inline in text { (self.inline(inline)) } }
    }

    fn inline(&mut self, inline: &Inline) -> Markup {
        match inline {
            Inline::Plain(text) => markup! { (text) },
            Inline::Value(value) => self.value(value, true),
            Inline::Code(code) => markup! { code { (code) } },
            Inline::Design { name, vendor_claims_only } => markup! {
                span.design { (name) }
                @if *vendor_claims_only { " " span.claims { "vendor claims only" } }
            },
        }
    }

    fn linked(&mut self, origin: &Origin, text: &str) -> Markup {
        let number = self.register.number(origin);
        markup! {
            a.number href={ "#origin-" (number) } data-origin=(number) {
                (text)
                @if let Some((letter, word)) = mark(origin) { abbr title=(word) { (letter) } }
            }
        }
    }

    fn value(&mut self, value: &Value, unit: bool) -> Markup {
        let text = if unit { value.text() } else { value.number() };
        self.linked(&value.origin, &text)
    }

    fn entry(&mut self, entry: &Entry, reasons: &mut Reasons, table: usize) -> Markup {
        match entry {
            Entry::Text(text) => markup! { td { (self.text(text)) } },
            Entry::Cell(Cell::Value(value)) => markup! { td.right { (self.value(value, false)) } },
            Entry::Cell(Cell::Word { word, origin }) => markup! { td.right.word { (self.linked(origin, word)) } },
            Entry::Cell(Cell::Missing { missing }) => {
                let letter = reasons.letter(missing);
                markup! {
                    td.right { a.missing href={ "#missing-" (table) "-" (letter) } { "missing" sup { (letter) } } }
                }
            }
        }
    }

    fn row(&mut self, row: &Row, columns: usize, reasons: &mut Reasons, table: usize) -> Markup {
        if row.cells.is_empty() {
            return markup! { tr.group { th scope="rowgroup" colspan=(columns) { (self.text(&row.name)) } } };
        }
        markup! {
            tr {
                th scope="row" { (self.text(&row.name)) }
                @for entry in &row.cells { (self.entry(entry, reasons, table)) }
            }
        }
    }

    fn table(&mut self, table: &Table) -> Markup {
        self.tables += 1;
        let number = self.tables;
        let mut reasons = Reasons::default();
        let caption = self.text(&table.caption);
        let heads: Vec<Markup> = table.columns.iter().map(|head| self.text(head)).collect();
        let rows: Vec<Markup> =
            table.rows.iter().map(|row| self.row(row, table.columns.len(), &mut reasons, number)).collect();
        let id = format!("table-{number}");
        // Printed in landscape orientation.
        let wide = table.columns.len() > WIDE;
        // Columns of values are right-aligned.
        let right = |index: usize| {
            let cell = table.rows.iter().find_map(|row| row.cells.get(index.checked_sub(1)?));
            matches!(cell, Some(Entry::Cell(_)))
        };
        let body = markup! {
            div.scroll.wide[wide] tabindex="0" role="region" aria-labelledby=(id) {
                table {
                    caption id=(id) { span { (caption) } }
                    thead {
                        tr { @for (index, head) in heads.iter().enumerate() {
                            th.right[right(index)] scope="col" { (head) }
                        } }
                    }
                    tbody { @for row in &rows { (row) } }
                }
            }
            @if reasons.all().next().is_some() {
                ul.reasons aria-label="Why values are missing" {
                    @for (letter, reason) in reasons.all() {
                        li id={ "missing-" (number) "-" (letter) } { sup { (letter) } " missing: " (reason) }
                    }
                }
            }
        };
        if table.folded {
            markup! { details { summary { (self.text(&table.caption)) } (body) } }
        } else {
            body
        }
    }

    fn figure(&mut self, figure: &Figure) -> Result<Markup, PlotError> {
        let drawing = figure.plot.svg()?;
        // The page sets size and role. Drawings contain no ids, which could clash between drawings.
        let start = drawing.find("<svg").unwrap_or(0);
        let drawing = drawing[start..].replacen(
            "<svg",
            &format!("<svg role=\"img\" aria-labelledby=\"{0}-words\"", figure.name),
            1,
        );
        // Caption before data, as in the other writers: origins are numbered in the order of their first use.
        let caption = self.text(&figure.caption);
        let data = self.table(&Table { folded: true, ..figure.data.clone() });
        Ok(markup! {
            figure id={ "figure-" (figure.name) } {
                div.drawing tabindex="0" role="region" aria-label={ "Drawing: " (figure.alternative) } {
                    span.words id={ (figure.name) "-words" } { (figure.alternative) }
                    (PreEscaped(drawing))
                }
                figcaption { (caption) }
                (data)
            }
        })
    }

    fn origins(&mut self) -> Markup {
        markup! {
            section id="origins" aria-labelledby="origins-title" {
                h2 id="origins-title" { "Origins" }
                p {
                    "Where every number of this page comes from; a number links here. "
                    em { "input" } " was fed to the models, " em { "calibrated" } " was fitted to a published figure, "
                    em { "derived" } " comes out of a model, " em { "vendor claim" } " is a vendor's word alone. "
                    "The grade says how well it is supported. A year is that of the source, or of the price; what a model gives has none."
                }
                div.scroll tabindex="0" role="region" aria-labelledby="origins-caption" {
                    table.origins {
                        caption id="origins-caption" { span { "Origins in the order of their first use" } }
                        thead { tr {
                            th scope="col" { "origin" } th scope="col" { "source" } th scope="col" { "kind" }
                            th scope="col" { "grade" } th scope="col" { "year" }
                        } }
                        tbody { @for (index, origin) in self.register.origins().iter().enumerate() {
                            tr id={ "origin-" (index + 1) } {
                                th scope="row" { (index + 1) }
                                td { (origin.source) }
                                td { (origin.kind.name()) }
                                td { (origin.grade) }
                                td { @if let Some(year) = origin.year { (year) } @else { "none" } }
                            }
                        } }
                    }
                }
            }
        }
    }
}
