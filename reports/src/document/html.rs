//! A document as one HTML page with inline styles, drawings and script, without network access.
//!
//! Every number links to its origin at the end of the page; how it is underlined tells its kind. The data of a figure is a table
//! below it. Everything can be read without the script, which sorts and filters tables, hides designs, shows origins beside
//! numbers and values in figures, and saves figures. In print a number is followed by the number of its origin.

use maud::{DOCTYPE, Markup, PreEscaped, html as markup};

use super::register::{Reasons, Register, anchor, link_to};
use super::{Block, Document, Entry, Figure, Inline, Row, Section, Table, Text, Width, csv, origins, slug};
use crate::plot::{Form, PlotError};
use crate::value::{Cell, Origin, Support, Value};

const STYLE: &str = include_str!("style.css");
const SCRIPT: &str = include_str!("script.js");

/// The page.
///
/// # Errors
/// When a figure cannot be drawn.
pub fn html(document: &Document) -> Result<String, PlotError> {
    let mut page = Page { register: Register::default(), tables: Vec::new(), section: "top" };
    let claim = page.text(&document.claim);
    let lead: Vec<Markup> = document.lead.iter().map(|text| page.text(text)).collect();
    let points: Vec<(Markup, &str)> = document.points.iter().map(|p| (page.text(&p.text), p.section)).collect();
    let main = document.main.as_ref().map(|figure| page.figure(figure)).transpose()?;
    let sections: Vec<Markup> =
        document.sections.iter().map(|section| page.section(section)).collect::<Result<_, _>>()?;
    let title = |id: &str| document.sections.iter().find(|s| s.id == id).map_or("", |s| s.title.as_str());
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
                    h1 { (claim) }
                    (stamp(document))
                    div.first {
                        div {
                            @if !points.is_empty() {
                                ol.points {
                                    @for (text, section) in &points {
                                        li { (text) " " a.more href={ "#" (section) } { (title(section)) } }
                                    }
                                }
                            }
                            @for text in &lead { p { (text) } }
                        }
                        @if let Some(main) = &main { div { (main) } }
                    }
                }
                div.page {
                    nav aria-label="Sections" {
                        ul {
                            @for section in &document.sections { li { a href={ "#" (section.id) } { (section.title) } } }
                            li { a href="#origins" { "Origins" } }
                        }
                    }
                    main id="content" {
                        @for section in &sections { (section) }
                        (origins::section(document, &page.register))
                    }
                }
                footer { p { "Written by " (document.generator) "." } }
                script { (PreEscaped(SCRIPT)) }
            }
        }
    };
    Ok(markup.into_string())
}

/// The line below the title: subject, date, version, publication, repository.
fn stamp(document: &Document) -> Markup {
    let stamp = &document.stamp;
    let publication = document.publication.as_deref().and_then(|key| document.bibliography.get(key));
    markup! {
        p.stamp {
            span { (document.title) }
            @if let Some(date) = &stamp.date { span { time datetime=(date) { (date) } } }
            span { (document.generator) @if let Some(commit) = &stamp.commit { ", commit " code { (commit) } } }
            @if let Some(r) = publication {
                span { "About: " (r.by) ", " cite { (r.title) } ", " a href=(r.link.address()) { (r.link.text()) } }
            }
            @if let Some(repository) = &stamp.repository { span { a href=(repository) { "Repository" } } }
            span { a href="report.json" { "Data as JSON" } }
        }
    }
}

/// Largest number of columns that fit on a printed page in portrait orientation.
const WIDE: usize = 8;

struct Page {
    register: Register,
    /// Anchors of the tables so far.
    tables: Vec<String>,
    /// Anchor of the section that is written.
    section: &'static str,
}

/// Letter of a kind, by which the style sheet underlines a number.
fn kind(origin: &Origin) -> &'static str {
    match origin.kind {
        Support::Input => "i",
        Support::Calibrated => "c",
        Support::Derived => "d",
        Support::VendorClaim => "v",
    }
}

impl Page {
    fn section(&mut self, section: &Section) -> Result<Markup, PlotError> {
        self.section = section.id;
        let mut blocks = Vec::new();
        let mut rest = section.blocks.as_slice();
        while let Some((block, after)) = rest.split_first() {
            // Figures of half width that follow each other stand side by side.
            let half = |block: &Block| matches!(block, Block::Figure(f) if f.width == Width::Half);
            let count = if half(block) { rest.iter().take_while(|b| half(b)).count() } else { 0 };
            let (class, count) = match count {
                // What follows a single one stands beside it.
                1 => ("aside", 1 + after.iter().take_while(|b| fits_beside(b)).count()),
                2 => ("pair", 2),
                3.. => ("row", count),
                _ => match alike(rest) {
                    Some((class, count)) => (class, count),
                    None => ("", 1),
                },
            };
            let run: Vec<Markup> = rest[..count].iter().map(|b| self.block(b)).collect::<Result<_, _>>()?;
            blocks.push(match class {
                "" => markup! { @for block in &run { (block) } },
                "aside" => markup! { div.aside { (run[0]) div { @for block in &run[1..] { (block) } } } },
                _ => markup! { div class=(class) { @for block in &run { (block) } } },
            });
            rest = &rest[count..];
        }
        Ok(markup! {
            section id=(section.id) aria-labelledby={ (section.id) "-title" } {
                h2 id={ (section.id) "-title" } { (section.title) (link_to(section.id, &section.title)) }
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
        let known = self.register.origins().len();
        let number = self.register.number(origin);
        let anchor = anchor(origin);
        // The list of origins leads back to the first use.
        let first = (number > known).then(|| format!("use-{anchor}"));
        markup! {
            a.number id=[first] href={ "#origin-" (anchor) } data-k=(kind(origin)) data-o=(number) { (text) }
        }
    }

    fn value(&mut self, value: &Value, unit: bool) -> Markup {
        let text = if unit { value.text() } else { value.number() };
        self.linked(&value.origin, &text)
    }

    fn entry(&mut self, entry: &Entry, reasons: &mut Reasons, table: &str) -> Markup {
        match entry {
            Entry::Text(text) => markup! { td { (self.text(text)) } },
            Entry::Cell(Cell::Value(value)) => {
                let middle = (value.low + value.high) / 2.0;
                markup! { td.right data-v=(middle) { (self.value(value, false)) } }
            }
            Entry::Cell(Cell::Word { word, origin }) => markup! { td.right.word { (self.linked(origin, word)) } },
            Entry::Cell(Cell::Missing { missing }) => {
                let letter = reasons.letter(missing);
                markup! {
                    td.right { a.missing href={ "#missing-" (table) "-" (letter) } { "missing" sup { (letter) } } }
                }
            }
        }
    }

    fn row(&mut self, row: &Row, columns: usize, reasons: &mut Reasons, table: &str) -> Markup {
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

    /// An anchor that does not change when values or other tables do.
    fn anchor(&mut self, table: &Table) -> String {
        let name = format!("table-{}-{}", self.section, slug(&table.caption));
        let mut anchor = name.clone();
        let mut count = 1;
        while self.tables.contains(&anchor) {
            count += 1;
            anchor = format!("{name}-{count}");
        }
        self.tables.push(anchor.clone());
        anchor
    }

    fn table(&mut self, table: &Table) -> Markup {
        let id = self.anchor(table);
        let mut reasons = Reasons::default();
        let caption = self.text(&table.caption);
        let heads: Vec<Markup> = table.columns.iter().map(|head| self.text(head)).collect();
        let rows: Vec<Markup> =
            table.rows.iter().map(|row| self.row(row, table.columns.len(), &mut reasons, &id)).collect();
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
            @let list = reasons_list(&reasons, &id);
            @if reasons.all().count() > FEW { details { summary { "Why values are missing" } (list) } } @else { (list) }
        };
        if table.folded {
            markup! { details { summary { (self.text(&table.caption)) } (body) } }
        } else {
            body
        }
    }

    fn figure(&mut self, figure: &Figure) -> Result<Markup, PlotError> {
        let name = figure.name.as_str();
        // The page sets size and role. Drawings contain no ids, which could clash between drawings.
        let drawing = |form: Form| -> Result<String, PlotError> {
            let drawing = figure.plot.svg(form)?;
            Ok(drawing.replacen("<svg", &format!("<svg role=\"img\" aria-labelledby=\"{name}-words\""), 1))
        };
        let narrow = drawing(Form::Narrow)?;
        let wide = if figure.width == Width::Full { Some(drawing(Form::Wide)?) } else { None };
        // Caption before data, as in the other writers: origins are numbered in the order of their first use.
        let caption = self.text(&figure.caption);
        let data = self.table(&Table { folded: true, ..figure.data.clone() });
        let file = |kind: &str| format!("figures/{name}.{kind}");
        Ok(markup! {
            figure id={ "figure-" (name) } class=[wide.is_none().then_some("half")] {
                div.drawing tabindex="0" role="region" aria-label={ "Drawing: " (figure.alternative) } {
                    span.words id={ (name) "-words" } { (figure.alternative) }
                    @if let Some(wide) = &wide {
                        div.form-wide { (PreEscaped(wide)) }
                        div.form-narrow { (PreEscaped(&narrow)) }
                    } @else {
                        div { (PreEscaped(&narrow)) }
                    }
                }
                figcaption { (caption) (link_to(&format!("figure-{name}"), &figure.alternative)) }
                div.tools {
                    "Save: "
                    a data-save="svg" href=(file("svg")) download { "SVG" }
                    a data-save="csv" href=(file("csv")) download { "CSV" }
                }
                script type="text/csv" { (PreEscaped(csv(&figure.data).replace("</", "< /"))) }
                (data)
            }
        })
    }
}

/// Whether a block can stand beside a figure of half width.
fn fits_beside(block: &Block) -> bool {
    match block {
        Block::Figure(_) => false,
        Block::Table(table) => table.folded || table.columns.len() <= SMALL + 1,
        _ => true,
    }
}

/// A run of blocks of one kind that stand in columns on a wide page: folded tables, two small tables, or three paragraphs or more
/// after the first; its class and length.
fn alike(blocks: &[Block]) -> Option<(&'static str, usize)> {
    let run = |of: fn(&Block) -> bool| blocks.iter().take_while(|b| of(b)).count();
    let folded = run(|b| matches!(b, Block::Table(t) if t.folded));
    if folded > 2 {
        return Some(("folds", folded));
    }
    let small = run(|b| matches!(b, Block::Table(t) if !t.folded && t.columns.len() <= SMALL));
    if small >= 2 {
        return Some(("pair", 2));
    }
    let paragraphs = run(|b| matches!(b, Block::Paragraph(_)));
    (paragraphs > 2).then_some(("columns", paragraphs))
}

/// Largest number of columns of a table that shares the width of a page with another.
const SMALL: usize = 4;

/// Largest number of reasons for missing values that stand open below a table.
const FEW: usize = 6;

fn reasons_list(reasons: &Reasons, table: &str) -> Markup {
    markup! {
        @if reasons.all().next().is_some() {
            ul.reasons aria-label="Why values are missing" {
                @for (letter, reason) in reasons.all() {
                    li id={ "missing-" (table) "-" (letter) } { sup { (letter) } " missing: " (reason) }
                }
            }
        }
    }
}
