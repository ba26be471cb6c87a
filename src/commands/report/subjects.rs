//! The data that all sections of a report are written from.

use designs::Model;
use sim::economics::Estimate;
use study::comparison::{Column, Hardwired, Subject, Table};

/// Context length in tokens for power, as in the publication's tables.
pub const CONTEXT: u64 = 2048;

/// A comparison, and the design of it that the report describes.
pub struct Subjects<'a> {
    /// The design that the report describes.
    pub hardwired: &'a Hardwired,
    /// All compared designs, in the order of the columns of `table`.
    pub subjects: &'a [Subject],
    /// The model that all designs run.
    pub model: &'a Model,
    /// The comparison.
    pub table: &'a Table,
    /// The price of the described design.
    pub estimate: &'a Estimate,
    /// Column of the described design in `table`.
    pub index: usize,
    /// Its output tokens per second at equal interactivity.
    pub output_tokens_per_s: Option<f64>,
}

impl<'a> Subjects<'a> {
    /// The column of the described design.
    pub fn column(&self) -> &'a Column {
        &self.table.designs[self.index]
    }
}
