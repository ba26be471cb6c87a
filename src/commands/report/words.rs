//! Helpers that build text and tables with values.

use reports::document::{Entry, Inline, Row, Table, Text};
use reports::plot::{Better, Series, Style, Variable};
use reports::{Origin, Value};
use sim::economics::Span;
use study::comparison::Column;

/// Builds text from words and values.
macro_rules! text {
    ($($piece:expr),* $(,)?) => { vec![$(reports::document::Inline::from($piece)),*] };
}
pub(super) use text;

/// The name of a design, marked if all its values are vendor claims.
pub fn design(column: &Column) -> Inline {
    Inline::Design { name: column.design.clone(), vendor_claims_only: column.vendor_claims_only }
}

/// A command, a path or a key.
pub fn code(text: impl Into<String>) -> Inline {
    Inline::Code(text.into())
}

/// Largest number of characters of a name in a plot.
const LETTERS: usize = 16;

/// The name of a design in a plot; a long path is shortened at its start, so that the mark stays visible.
pub fn drawn(column: &Column) -> String {
    let letters = column.design.chars().count();
    let name = match column.design.char_indices().nth(letters.saturating_sub(LETTERS - 1)) {
        Some((end, _)) if letters > LETTERS => format!("\u{2026}{}", &column.design[end..]),
        _ => column.design.clone(),
    };
    if column.vendor_claims_only { format!("{name} (vendor claims only)") } else { name }
}

/// A table; the first head is that of the row names.
pub fn table(caption: Text, heads: &[&str], rows: Vec<Row>) -> Table {
    Table { caption, columns: heads.iter().map(|head| text![*head]).collect(), rows, folded: false }
}

/// A row.
pub fn row(name: Text, cells: Vec<Entry>) -> Row {
    Row { name, cells }
}

/// A value computed by a model.
pub fn derived(value: f64, unit: &'static str, source: &str) -> Value {
    Value::new(value, unit, Origin::derived(source))
}

/// A number of systems, singular or plural.
pub fn systems(n: u64) -> Value {
    let unit = if n == 1 { "system" } else { "systems" };
    Value::new(n as f64, unit, Origin::asked("terms of the report, --systems")).digits(1)
}

/// A series of a plot that belongs to no design.
pub fn series(name: &str, style: Style, points: Vec<(f64, f64)>) -> Series {
    Series { name: name.to_owned(), design: String::new(), end: String::new(), points, style }
}

/// A variable that is no measure of merit.
pub fn variable(label: impl Into<String>, log: bool) -> Variable {
    Variable { label: label.into(), log, better: Better::Neither }
}

/// A variable of which higher values are better.
pub fn more(label: impl Into<String>, log: bool) -> Variable {
    Variable { better: Better::Higher, ..variable(label, log) }
}

/// A variable of which lower values are better.
pub fn less(label: impl Into<String>, log: bool) -> Variable {
    Variable { better: Better::Lower, ..variable(label, log) }
}

/// A range of dollars, in millions.
pub fn million(span: Span, source: &str) -> Value {
    Value::range(span.low / 1e6, span.high / 1e6, "", Origin::derived(source)).digits(4)
}
