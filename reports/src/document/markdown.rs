//! A document as Markdown: tables, drawings as files in `figures/`, origins as footnotes.
//!
//! A paragraph or table ends with the footnotes of its numbers, in the order of their first use, so that the text stays readable.
//! The page and the JSON file have the origin of each single number.

use super::register::{Reasons, Register};
use super::{Block, Document, Entry, Figure, Inline, Row, Table, Text};
use crate::markdown::{self, escape};
use crate::reference::{Cited, Reference};
use crate::table::Align;
use crate::value::{Cell, Origin};

/// The document as Markdown.
#[must_use]
pub fn markdown(document: &Document) -> String {
    let mut page = Page { out: String::new(), register: Register::default(), used: Vec::new() };
    let claim = page.text(&document.claim);
    let notes = page.notes();
    page.line(&format!("# {claim}"));
    page.line(&format!("\n{}{notes}", stamp(document)));
    for text in &document.lead {
        page.paragraph(text);
    }
    if !document.points.is_empty() {
        page.line("");
    }
    for (point, number) in document.points.iter().zip(1..) {
        let title = document.sections.iter().find(|s| s.id == point.section).map_or("", |s| s.title.as_str());
        let text = page.text(&point.text);
        let notes = page.notes();
        page.line(&format!("{number}. {text} *{}*{notes}", escape(title)));
    }
    if let Some(figure) = &document.main {
        page.figure(figure);
    }
    for section in &document.sections {
        page.line(&format!("\n## {}", escape(&section.title)));
        for block in &section.blocks {
            page.block(block);
        }
    }
    page.origins(document);
    page.line(&format!("\nWritten by {}.", escape(&document.generator)));
    page.out
}

fn stamp(document: &Document) -> String {
    let mut parts = vec![escape(&document.title)];
    parts.extend(document.stamp.date.as_deref().map(escape));
    let commit = document.stamp.commit.as_deref().map_or(String::new(), |c| format!(", commit {}", markdown::code(c)));
    parts.push(format!("{}{commit}", escape(&document.generator)));
    if let Some(r) = document.publication.as_deref().and_then(|key| document.bibliography.get(key)) {
        parts.push(format!("about {}", cited(r)));
    }
    parts.extend(document.stamp.repository.as_deref().map(|address| format!("[repository]({address})")));
    parts.join(" \u{b7} ")
}

fn cited(r: &Reference) -> String {
    let (by, title) = (escape(&r.by), escape(&r.title));
    format!("{by}: *{title}*, {}, [{}]({})", r.year, escape(&r.link.text()), r.link.address())
}

struct Page {
    out: String,
    register: Register,
    /// Numbers of the origins of the block that is written.
    used: Vec<usize>,
}

impl Page {
    fn line(&mut self, line: &str) {
        self.out.push_str(line);
        self.out.push('\n');
    }

    fn paragraph(&mut self, text: &Text) {
        let text = self.text(text);
        let notes = self.notes();
        self.line(&format!("\n{text}{notes}"));
    }

    /// The footnotes of the block that has been written, with a blank before them.
    fn notes(&mut self) -> String {
        let used = std::mem::take(&mut self.used);
        used.iter().map(|number| format!(" [^{number}]")).collect()
    }

    fn text(&mut self, text: &Text) -> String {
        text.iter()
            .map(|inline| match inline {
                Inline::Plain(text) => escape(text),
                Inline::Value(value) => self.linked(&value.origin, &value.text()),
                Inline::Code(code) => markdown::code(code),
                Inline::Design { name, vendor_claims_only: true } => format!("{} (vendor claims only)", escape(name)),
                Inline::Design { name, .. } => escape(name),
            })
            .collect()
    }

    fn linked(&mut self, origin: &Origin, text: &str) -> String {
        let number = self.register.number(origin);
        if !self.used.contains(&number) {
            self.used.push(number);
        }
        escape(text)
    }

    fn block(&mut self, block: &Block) {
        match block {
            Block::Paragraph(text) => self.paragraph(text),
            Block::Missing(text) => {
                let text = self.text(text);
                let notes = self.notes();
                self.line(&format!("\n> **Missing:** {text}{notes}"));
            }
            Block::Table(table) => self.table(table),
            Block::Figure(figure) => self.figure(figure),
            Block::Commands(commands) => self.line(&format!("\n```sh\n{}\n```", commands.join("\n"))),
        }
    }

    fn entry(&mut self, entry: &Entry, reasons: &mut Reasons) -> String {
        match entry {
            Entry::Text(text) => self.text(text),
            Entry::Cell(Cell::Value(value)) => self.linked(&value.origin, &value.number()),
            Entry::Cell(Cell::Word { word, origin }) => self.linked(origin, word),
            Entry::Cell(Cell::Missing { missing }) => format!("*missing ({})*", reasons.letter(missing)),
        }
    }

    fn table(&mut self, table: &Table) {
        let caption = self.text(&table.caption);
        self.line(&format!("\n**{caption}**\n"));
        let aligned = [Align::Left].into_iter().chain(std::iter::repeat(Align::Right));
        let heads: Vec<(String, Align)> = table.columns.iter().map(|head| self.text(head)).zip(aligned).collect();
        let mut reasons = Reasons::default();
        let mut rows = Vec::with_capacity(table.rows.len());
        for Row { name, cells } in &table.rows {
            let name = self.text(name);
            let name = if cells.is_empty() { format!("**{name}**") } else { name };
            let mut row = vec![name];
            row.extend(cells.iter().map(|entry| self.entry(entry, &mut reasons)));
            rows.push(row);
        }
        self.out.push_str(&markdown::table(&heads, rows));
        let notes = self.notes();
        if !notes.is_empty() {
            self.line(&format!("\nOrigins:{notes}"));
        }
        if reasons.all().next().is_some() {
            self.line("");
            let lines: Vec<String> =
                reasons.all().map(|(letter, reason)| format!("- ({letter}) missing: {}", escape(reason))).collect();
            self.line(&lines.join("\n"));
        }
    }

    fn figure(&mut self, figure: &Figure) {
        self.line(&format!("\n![{}](figures/{}.svg)", escape(&figure.alternative), figure.name));
        self.paragraph(&figure.caption);
        self.table(&figure.data);
    }

    fn origins(&mut self, document: &Document) {
        self.line("\n## Origins\n");
        let origins = std::mem::take(&mut self.register);
        for (index, origin) in origins.origins().iter().enumerate() {
            let year = origin.year.map_or(String::new(), |year| format!(", {year}"));
            let (number, kind, grade) = (index + 1, origin.kind.name(), &origin.grade);
            let document = match document.bibliography.cited(origin) {
                Cited::Documents(all) => all.into_iter().map(cited).collect::<Vec<_>>().join("; "),
                Cited::Page(method) => match document.stamp.file(&method.path) {
                    Some(address) => format!("[{}]({address})", escape(&method.title)),
                    None => format!("{} ({} of the repository)", escape(&method.title), markdown::code(&method.path)),
                },
                Cited::Nothing(why) => format!("no document: {}", escape(why)),
            };
            self.line(&format!("[^{number}]: {kind}, {grade}{year}: {}. {document}", escape(&origin.source)));
        }
    }
}
