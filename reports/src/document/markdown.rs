//! A document as Markdown: tables, drawings as files in `figures/`, origins as a numbered list at the end.
//!
//! A number is followed by a letter for its kind, unless it is an input, and by the number of its origin in brackets.

use super::register::{Reasons, Register};
use super::{Block, Document, Entry, Figure, Inline, Row, Table, Text};
use crate::markdown::{self, escape};
use crate::table::Align;
use crate::value::{Cell, Origin, Support};

/// The document as Markdown.
#[must_use]
pub fn markdown(document: &Document) -> String {
    let mut page = Page { out: String::new(), register: Register::default() };
    page.line(&format!("# {}", escape(&document.title)));
    for text in &document.lead {
        page.paragraph(text);
    }
    for section in &document.sections {
        page.line(&format!("\n## {}", escape(&section.title)));
        for block in &section.blocks {
            page.block(block);
        }
    }
    page.origins();
    page.line(&format!("\nWritten by {}.", escape(&document.generator)));
    page.out
}

struct Page {
    out: String,
    register: Register,
}

impl Page {
    fn line(&mut self, line: &str) {
        self.out.push_str(line);
        self.out.push('\n');
    }

    fn paragraph(&mut self, text: &Text) {
        let text = self.text(text);
        self.line(&format!("\n{text}"));
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
        let mark = match origin.kind {
            Support::Input => "",
            Support::Calibrated => " c",
            Support::Derived => " d",
            Support::VendorClaim => " v",
        };
        format!("{}{mark} [\\[{number}\\]](#origin-{number})", escape(text))
    }

    fn block(&mut self, block: &Block) {
        match block {
            Block::Paragraph(text) => self.paragraph(text),
            Block::Missing(text) => {
                let text = self.text(text);
                self.line(&format!("\n> **Missing:** {text}"));
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

    fn origins(&mut self) {
        self.line("\n## Origins\n");
        self.line("c calibrated to a published figure, d derived by a model, v a vendor's claim, others input.\n");
        let origins = std::mem::take(&mut self.register);
        for (index, origin) in origins.origins().iter().enumerate() {
            let year = origin.year.map_or(String::new(), |year| format!(", {year}"));
            let (number, kind, grade) = (index + 1, origin.kind.name(), &origin.grade);
            self.line(&format!(
                "- <a id=\"origin-{number}\"></a>\\[{number}\\] {kind}, {grade}{year}: {}",
                escape(&origin.source)
            ));
        }
    }
}
