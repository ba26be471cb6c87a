//! Documents of sections, tables and figures, written as one HTML page, as Markdown and as JSON. Every number has an origin.
//!
//! Plain text contains no numbers: a number is an [`Inline::Value`] or a [`Cell`], so the writers can link it to its origin. A
//! missing value is a cell with the reason.

mod csv;
mod html;
mod json;
mod markdown;
mod origins;
mod register;

use crate::plot::Plot;
use crate::reference::Bibliography;
use crate::value::{Cell, Value};

pub use csv::csv;
pub use html::html;
pub use json::json;
pub use markdown::markdown;
pub use register::{Register, anchor, fingerprint};

/// Running text.
pub type Text = Vec<Inline>;

/// A piece of running text.
#[derive(Debug, Clone, PartialEq)]
pub enum Inline {
    /// Text without numbers.
    Plain(String),
    /// A number with its origin.
    Value(Value),
    /// A command, a path or a key.
    Code(String),
    /// The name of a design.
    Design {
        /// Its name.
        name: String,
        /// Whether all values of the design are vendor claims.
        vendor_claims_only: bool,
    },
}

impl From<&str> for Inline {
    fn from(text: &str) -> Self {
        Self::Plain(text.to_owned())
    }
}

impl From<String> for Inline {
    fn from(text: String) -> Self {
        Self::Plain(text)
    }
}

impl From<Value> for Inline {
    fn from(value: Value) -> Self {
        Self::Value(value)
    }
}

/// A document.
#[derive(Debug, Clone, PartialEq)]
pub struct Document {
    /// Subject: what the document is about.
    pub title: String,
    /// Main claim, the heading of the page.
    pub claim: Text,
    /// Name and version of the program that wrote it.
    pub generator: String,
    /// When and from what it was written.
    pub stamp: Stamp,
    /// Key of the publication that it is about, in `bibliography`.
    pub publication: Option<String>,
    /// Text below the title.
    pub lead: Vec<Text>,
    /// Main results, each with the section that has the evidence.
    pub points: Vec<Point>,
    /// Figure of the first screen.
    pub main: Option<Figure>,
    /// Sections in order.
    pub sections: Vec<Section>,
    /// Documents that origins cite.
    pub bibliography: Bibliography,
    /// What the values were computed from.
    pub inputs: Vec<Input>,
}

/// When and from what a document was written. Nothing here comes from a clock.
#[derive(Debug, Clone, PartialEq, Eq, Default, serde::Serialize)]
pub struct Stamp {
    /// Date as given, e.g. 2026-11-30.
    pub date: Option<String>,
    /// Revision of the program as given.
    pub commit: Option<String>,
    /// Address of the repository, or its path as seen from the page.
    pub repository: Option<String>,
}

impl Stamp {
    /// The address of a file in the repository; `None` if the place of the repository is not known.
    #[must_use]
    pub fn file(&self, path: &str) -> Option<String> {
        let repository = self.repository.as_deref()?.trim_end_matches('/');
        if repository.starts_with("https://") {
            let revision = self.commit.as_deref().unwrap_or("HEAD");
            return Some(format!("{repository}/blob/{revision}/{path}"));
        }
        Some(format!("{repository}/{path}"))
    }
}

/// What an input of a report is; a comparison of two reports gives it as the cause of a change.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum InputKind {
    /// Design, process, prices, terms, another machine, a sweep.
    Input,
    /// The language model that is run, or the learned cost model.
    Model,
}

/// Something that the values of a document were computed from.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct Input {
    /// Its kind.
    pub kind: InputKind,
    /// Name.
    pub name: String,
    /// Fingerprint of its content: equal if nothing changed.
    pub fingerprint: String,
}

/// A main result.
#[derive(Debug, Clone, PartialEq)]
pub struct Point {
    /// The result in words, with its number.
    pub text: Text,
    /// Anchor of the section with the evidence.
    pub section: &'static str,
}

/// A section.
#[derive(Debug, Clone, PartialEq)]
pub struct Section {
    /// Anchor in the page; unique in the document.
    pub id: &'static str,
    /// Title.
    pub title: String,
    /// Content.
    pub blocks: Vec<Block>,
}

/// A piece of a section.
#[derive(Debug, Clone, PartialEq)]
#[expect(clippy::large_enum_variant, reason = "a page has a few dozen blocks")]
pub enum Block {
    /// Text.
    Paragraph(Text),
    /// Stands for a table or figure that cannot be shown; the text gives the reason.
    Missing(Text),
    /// A table.
    Table(Table),
    /// A plot with its data.
    Figure(Figure),
    /// Shell commands, one per line.
    Commands(Vec<String>),
}

/// A table with named rows.
#[derive(Debug, Clone, PartialEq)]
pub struct Table {
    /// Caption.
    pub caption: Text,
    /// Heads of all columns; the first is the column of row names.
    pub columns: Vec<Text>,
    /// Rows.
    pub rows: Vec<Row>,
    /// Whether the page shows it collapsed.
    pub folded: bool,
}

/// A row of a table.
#[derive(Debug, Clone, PartialEq)]
pub struct Row {
    /// Its name.
    pub name: Text,
    /// Cells; empty for a heading between rows.
    pub cells: Vec<Entry>,
}

/// A cell of a document table.
#[derive(Debug, Clone, PartialEq)]
pub enum Entry {
    /// A value, a word, or a missing value.
    Cell(Cell),
    /// Text.
    Text(Text),
}

impl From<Cell> for Entry {
    fn from(cell: Cell) -> Self {
        Self::Cell(cell)
    }
}

impl From<Value> for Entry {
    fn from(value: Value) -> Self {
        Self::Cell(Cell::Value(value))
    }
}

impl From<&str> for Entry {
    fn from(text: &str) -> Self {
        Self::Text(vec![text.into()])
    }
}

impl From<Text> for Entry {
    fn from(text: Text) -> Self {
        Self::Text(text)
    }
}

/// A plot with its data.
#[derive(Debug, Clone, PartialEq)]
pub struct Figure {
    /// File name without extension: letters, digits and hyphens.
    pub name: String,
    /// Caption: content and how to read it.
    pub caption: Text,
    /// Alternative text for screen readers.
    pub alternative: String,
    /// The plot.
    pub plot: Plot,
    /// The data as a table.
    pub data: Table,
    /// Width on a wide page.
    pub width: Width,
}

/// Width of a figure on a wide page.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Width {
    /// As wide as the text.
    #[default]
    Full,
    /// Half as wide, so that two stand beside each other.
    Half,
}

impl Document {
    /// All figures in order.
    pub fn figures(&self) -> impl Iterator<Item = &Figure> {
        let all = self.sections.iter().flat_map(|s| &s.blocks).filter_map(|block| match block {
            Block::Figure(figure) => Some(figure),
            _ => None,
        });
        self.main.iter().chain(all)
    }
}

/// A text without its values and marks.
fn words(text: &Text) -> String {
    let pieces = text.iter().map(|inline| match inline {
        Inline::Plain(text) | Inline::Code(text) => text.clone(),
        Inline::Design { name, vendor_claims_only: true } => format!("{name} (vendor claims only)"),
        Inline::Design { name, .. } => name.clone(),
        Inline::Value(value) => value.text(),
    });
    pieces.collect()
}

/// Lower-case words joined by hyphens, for anchors that do not change when values do.
fn slug(text: &Text) -> String {
    let pieces = text.iter().filter_map(|inline| match inline {
        Inline::Plain(text) | Inline::Code(text) => Some(text.as_str()),
        Inline::Design { name, .. } => Some(name.as_str()),
        Inline::Value(_) => None,
    });
    let text: String = pieces.collect::<Vec<_>>().join(" ");
    let parts: Vec<String> = text
        .split(|c: char| !c.is_ascii_alphanumeric())
        .filter(|part| !part.is_empty())
        .take(8)
        .map(str::to_ascii_lowercase)
        .collect();
    parts.join("-")
}
