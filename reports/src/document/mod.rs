//! Documents of sections, tables and figures, written as one HTML page, as Markdown and as JSON. Every number has an origin.
//!
//! Plain text contains no numbers: a number is an [`Inline::Value`] or a [`Cell`], so the writers can link it to its origin. A
//! missing value is a cell with the reason.

mod html;
mod json;
mod markdown;
mod register;

use crate::plot::{Plot, PlotError};
use crate::value::{Cell, Value};

pub use html::html;
pub use json::json;
pub use markdown::markdown;
pub use register::Register;

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
    /// Title.
    pub title: String,
    /// Name and version of the program that wrote it.
    pub generator: String,
    /// Text below the title.
    pub lead: Vec<Text>,
    /// Sections in order.
    pub sections: Vec<Section>,
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
}

impl Document {
    /// All figures in order.
    pub fn figures(&self) -> impl Iterator<Item = &Figure> {
        self.sections.iter().flat_map(|s| &s.blocks).filter_map(|block| match block {
            Block::Figure(figure) => Some(figure),
            _ => None,
        })
    }

    /// All figures as SVG files: name and content.
    ///
    /// # Errors
    /// When the drawing library refuses.
    pub fn drawings(&self) -> Result<Vec<(String, String)>, PlotError> {
        self.figures().map(|f| Ok((format!("{}.svg", f.name), f.plot.svg()?))).collect()
    }
}
