//! A document as JSON: the same content as the page, with each origin written once in a table `origins`.
//!
//! A value or word has `"origin": N`; the entry of `origins` with `"id": N` is its origin. The ids are the numbers that
//! the page prints on paper and the Markdown text has as footnotes. An origin names the documents that it cites by their `key`
//! in `references`, or a page of the repository, or why it has neither.

use std::io::{self, Write};

use serde::Serialize;
use serde_json::ser::Formatter;

use super::register::Register;
use super::{Block, Document, Entry, Figure, Inline, Input, Row, Section, Stamp, Table, Text};
use crate::reference::{Bibliography, Cited, Reference};
use crate::value::{Bound, Cell, Origin, Value};

/// The document as indented JSON, one line for each row of a table, with a final newline.
///
/// # Panics
/// Never: writing to memory does not fail.
#[must_use]
pub fn json(document: &Document) -> String {
    let mut register = Register::default();
    let claim = text_json(&document.claim, &mut register);
    let lead = document.lead.iter().map(|text| text_json(text, &mut register)).collect();
    let points = document
        .points
        .iter()
        .map(|point| PointJson { text: text_json(&point.text, &mut register), section: point.section })
        .collect();
    let main = document.main.as_ref().map(|figure| figure_json(figure, &mut register));
    let sections = document.sections.iter().map(|section| section_json(section, &mut register)).collect();
    let bibliography = &document.bibliography;
    let origins = register.origins().iter().zip(1..).map(|(origin, id)| origin_json(bibliography, origin, id));
    let origins: Vec<OriginJson<'_>> = origins.collect();
    let cited = |r: &&Reference| origins.iter().any(|o| o.references.contains(&r.key.as_str()));
    let references = bibliography.references.iter().filter(cited).collect();
    let document = DocumentJson {
        title: &document.title,
        claim,
        generator: &document.generator,
        stamp: &document.stamp,
        inputs: &document.inputs,
        lead,
        points,
        main,
        sections,
        references,
        origins,
    };
    let mut bytes = Vec::new();
    let mut serializer = serde_json::Serializer::with_formatter(&mut bytes, RowFormatter::default());
    document.serialize(&mut serializer).expect("writing to memory does not fail");
    bytes.push(b'\n');
    String::from_utf8(bytes).expect("JSON is UTF-8")
}

/// Depth of nesting down to which each element has a line of its own: that of the rows of a table.
const LINES: usize = 6;

/// Writes indented JSON with one line for each row of a table.
#[derive(Default)]
struct RowFormatter {
    depth: usize,
    empty: bool,
}

impl RowFormatter {
    fn line<W: ?Sized + Write>(&self, out: &mut W) -> io::Result<()> {
        if self.depth > LINES { Ok(()) } else { write!(out, "\n{:1$}", "", self.depth * 2) }
    }

    fn begin<W: ?Sized + Write>(&mut self, out: &mut W, bracket: &[u8]) -> io::Result<()> {
        self.depth += 1;
        self.empty = true;
        out.write_all(bracket)
    }

    fn end<W: ?Sized + Write>(&mut self, out: &mut W, bracket: &[u8]) -> io::Result<()> {
        if !self.empty && self.depth <= LINES {
            write!(out, "\n{:1$}", "", (self.depth - 1) * 2)?;
        }
        self.depth -= 1;
        self.empty = false;
        out.write_all(bracket)
    }

    fn next<W: ?Sized + Write>(&mut self, out: &mut W, first: bool) -> io::Result<()> {
        self.empty = false;
        if !first {
            out.write_all(if self.depth > LINES { b", " } else { b"," })?;
        }
        self.line(out)
    }
}

impl Formatter for RowFormatter {
    fn begin_array<W: ?Sized + Write>(&mut self, out: &mut W) -> io::Result<()> {
        self.begin(out, b"[")
    }

    fn end_array<W: ?Sized + Write>(&mut self, out: &mut W) -> io::Result<()> {
        self.end(out, b"]")
    }

    fn begin_array_value<W: ?Sized + Write>(&mut self, out: &mut W, first: bool) -> io::Result<()> {
        self.next(out, first)
    }

    fn begin_object<W: ?Sized + Write>(&mut self, out: &mut W) -> io::Result<()> {
        self.begin(out, b"{")
    }

    fn end_object<W: ?Sized + Write>(&mut self, out: &mut W) -> io::Result<()> {
        self.end(out, b"}")
    }

    fn begin_object_key<W: ?Sized + Write>(&mut self, out: &mut W, first: bool) -> io::Result<()> {
        self.next(out, first)
    }

    fn begin_object_value<W: ?Sized + Write>(&mut self, out: &mut W) -> io::Result<()> {
        out.write_all(b": ")
    }
}

#[derive(Serialize)]
struct DocumentJson<'a> {
    title: &'a str,
    claim: TextJson<'a>,
    generator: &'a str,
    stamp: &'a Stamp,
    inputs: &'a [Input],
    lead: Vec<TextJson<'a>>,
    points: Vec<PointJson<'a>>,
    main: Option<FigureJson<'a>>,
    sections: Vec<SectionJson<'a>>,
    references: Vec<&'a Reference>,
    origins: Vec<OriginJson<'a>>,
}

#[derive(Serialize)]
struct PointJson<'a> {
    text: TextJson<'a>,
    section: &'a str,
}

#[derive(Serialize)]
struct OriginJson<'a> {
    id: usize,
    #[serde(flatten)]
    origin: &'a Origin,
    /// Keys of the documents.
    references: Vec<&'a str>,
    /// Page of the repository that describes how the value is computed.
    #[serde(skip_serializing_if = "Option::is_none")]
    page: Option<&'a str>,
    /// Why there is neither.
    #[serde(skip_serializing_if = "Option::is_none")]
    no_document: Option<&'a str>,
}

fn origin_json<'a>(bibliography: &'a Bibliography, origin: &'a Origin, id: usize) -> OriginJson<'a> {
    let json = OriginJson { id, origin, references: Vec::new(), page: None, no_document: None };
    match bibliography.cited(origin) {
        Cited::Documents(all) => OriginJson { references: all.iter().map(|r| r.key.as_str()).collect(), ..json },
        Cited::Page(method) => OriginJson { page: Some(&method.path), ..json },
        Cited::Nothing(why) => OriginJson { no_document: Some(why), ..json },
    }
}

#[derive(Serialize)]
struct SectionJson<'a> {
    id: &'a str,
    title: &'a str,
    blocks: Vec<BlockJson<'a>>,
}

#[derive(Serialize)]
#[serde(rename_all = "snake_case")]
enum BlockJson<'a> {
    Paragraph(TextJson<'a>),
    Missing(TextJson<'a>),
    Table(TableJson<'a>),
    Figure(FigureJson<'a>),
    Commands(&'a [String]),
}

#[derive(Serialize)]
struct TableJson<'a> {
    caption: TextJson<'a>,
    columns: Vec<TextJson<'a>>,
    rows: Vec<RowJson<'a>>,
    folded: bool,
}

#[derive(Serialize)]
struct RowJson<'a> {
    name: TextJson<'a>,
    cells: Vec<EntryJson<'a>>,
}

#[derive(Serialize)]
struct FigureJson<'a> {
    name: &'a str,
    caption: TextJson<'a>,
    alternative: &'a str,
    data: TableJson<'a>,
}

#[derive(Serialize)]
#[serde(untagged)]
enum EntryJson<'a> {
    Value(ValueJson<'a>),
    Word { word: &'a str, origin: usize },
    Missing { missing: &'a str },
    Text(TextJson<'a>),
}

type TextJson<'a> = Vec<InlineJson<'a>>;

#[derive(Serialize)]
#[serde(rename_all = "snake_case")]
enum InlineJson<'a> {
    Plain(&'a str),
    Value(ValueJson<'a>),
    Code(&'a str),
    Design { name: &'a str, vendor_claims_only: bool },
}

#[derive(Serialize)]
struct ValueJson<'a> {
    low: f64,
    high: f64,
    unit: &'a str,
    bound: Bound,
    origin: usize,
}

fn section_json<'a>(section: &'a Section, register: &mut Register) -> SectionJson<'a> {
    let blocks = section.blocks.iter().map(|block| block_json(block, register)).collect();
    SectionJson { id: section.id, title: &section.title, blocks }
}

fn block_json<'a>(block: &'a Block, register: &mut Register) -> BlockJson<'a> {
    match block {
        Block::Paragraph(text) => BlockJson::Paragraph(text_json(text, register)),
        Block::Missing(text) => BlockJson::Missing(text_json(text, register)),
        Block::Table(table) => BlockJson::Table(table_json(table, register)),
        Block::Figure(figure) => BlockJson::Figure(figure_json(figure, register)),
        Block::Commands(commands) => BlockJson::Commands(commands),
    }
}

fn figure_json<'a>(figure: &'a Figure, register: &mut Register) -> FigureJson<'a> {
    let caption = text_json(&figure.caption, register);
    let data = table_json(&figure.data, register);
    FigureJson { name: &figure.name, caption, alternative: &figure.alternative, data }
}

fn table_json<'a>(table: &'a Table, register: &mut Register) -> TableJson<'a> {
    let caption = text_json(&table.caption, register);
    let columns = table.columns.iter().map(|head| text_json(head, register)).collect();
    let rows = table.rows.iter().map(|row| row_json(row, register)).collect();
    TableJson { caption, columns, rows, folded: table.folded }
}

fn row_json<'a>(row: &'a Row, register: &mut Register) -> RowJson<'a> {
    let name = text_json(&row.name, register);
    RowJson { name, cells: row.cells.iter().map(|entry| entry_json(entry, register)).collect() }
}

fn entry_json<'a>(entry: &'a Entry, register: &mut Register) -> EntryJson<'a> {
    match entry {
        Entry::Text(text) => EntryJson::Text(text_json(text, register)),
        Entry::Cell(Cell::Value(value)) => EntryJson::Value(value_json(value, register)),
        Entry::Cell(Cell::Word { word, origin }) => EntryJson::Word { word, origin: register.number(origin) },
        Entry::Cell(Cell::Missing { missing }) => EntryJson::Missing { missing },
    }
}

fn text_json<'a>(text: &'a Text, register: &mut Register) -> TextJson<'a> {
    text.iter()
        .map(|inline| match inline {
            Inline::Plain(text) => InlineJson::Plain(text),
            Inline::Value(value) => InlineJson::Value(value_json(value, register)),
            Inline::Code(code) => InlineJson::Code(code),
            Inline::Design { name, vendor_claims_only } => {
                InlineJson::Design { name, vendor_claims_only: *vendor_claims_only }
            }
        })
        .collect()
}

fn value_json<'a>(value: &'a Value, register: &mut Register) -> ValueJson<'a> {
    let Value { low, high, unit, bound, .. } = value;
    ValueJson { low: *low, high: *high, unit, bound: *bound, origin: register.number(&value.origin) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_origin_is_written_once() {
        let value = |number, source: &str| Value::new(number, "W", Origin::derived(source));
        let table = Table {
            caption: vec!["power".into()],
            columns: vec![vec!["block".into()], vec!["value".into()]],
            rows: vec![Row { name: vec!["a".into()], cells: vec![value(1.0, "x").into(), value(2.0, "y").into()] }],
            folded: false,
        };
        let document = Document {
            title: "t".into(),
            claim: vec!["c".into()],
            generator: "g".into(),
            stamp: Stamp::default(),
            publication: None,
            lead: vec![vec![value(3.0, "y").into()]],
            points: Vec::new(),
            main: None,
            sections: vec![Section { id: "s", title: "S".into(), blocks: vec![Block::Table(table)] }],
            bibliography: Bibliography::default(),
            inputs: Vec::new(),
        };
        let json: serde_json::Value = serde_json::from_str(&json(&document)).unwrap();
        let sources: Vec<&str> =
            json["origins"].as_array().unwrap().iter().map(|o| o["source"].as_str().unwrap()).collect();
        assert_eq!(sources, ["y", "x"]);
        assert_eq!(json["lead"][0][0]["value"]["origin"], 1);
        let cells = &json["sections"][0]["blocks"][0]["table"]["rows"][0]["cells"];
        assert_eq!((&cells[0]["origin"], &cells[1]["origin"]), (&2.into(), &1.into()));
        assert_eq!(cells[0]["low"], 1.0);
    }
}
