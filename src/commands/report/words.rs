//! Short ways to write text with values in it.

use reports::document::{Entry, Inline, Row, Table, Text};
use reports::plot::{Series, Style};
use reports::{Origin, Value};
use sim::economics::Span;
use study::comparison::Column;

/// Running text of pieces that are words or values.
macro_rules! text {
    ($($piece:expr),* $(,)?) => { vec![$(reports::document::Inline::from($piece)),*] };
}
pub(super) use text;

/// The name of a design with its mark.
pub fn design(column: &Column) -> Inline {
    Inline::Design { name: column.design.clone(), vendor_claims_only: column.vendor_claims_only }
}

/// A command, a path or a key.
pub fn code(text: impl Into<String>) -> Inline {
    Inline::Code(text.into())
}

/// Letters of a name in a drawing at most.
const LETTERS: usize = 16;

/// The name of a design in a drawing, where its mark must not be cut off: a path gives way.
pub fn drawn(column: &Column) -> String {
    let letters = column.design.chars().count();
    let name = match column.design.char_indices().nth(letters.saturating_sub(LETTERS - 1)) {
        Some((end, _)) if letters > LETTERS => format!("\u{2026}{}", &column.design[end..]),
        _ => column.design.clone(),
    };
    if column.vendor_claims_only { format!("{name} (vendor claims only)") } else { name }
}

/// A table; the head of the row names comes first.
pub fn table(caption: Text, heads: &[&str], rows: Vec<Row>) -> Table {
    Table { caption, columns: heads.iter().map(|head| text![*head]).collect(), rows, folded: false }
}

/// A row.
pub fn row(name: Text, cells: Vec<Entry>) -> Row {
    Row { name, cells }
}

/// A value that a model gives.
pub fn derived(value: f64, unit: &'static str, source: &str) -> Value {
    Value::new(value, unit, Origin::derived(source))
}

/// Systems counted, in words that agree.
pub fn systems(n: u64) -> Value {
    let unit = if n == 1 { "system" } else { "systems" };
    Value::new(n as f64, unit, Origin::asked("terms of the report, --systems")).digits(1)
}

/// A series of a drawing.
pub fn series(name: &str, style: Style, points: Vec<(f64, f64)>) -> Series {
    Series { name: name.to_owned(), points, style }
}

/// A span of dollars in millions.
pub fn million(span: Span, source: &str) -> Value {
    Value::range(span.low / 1e6, span.high / 1e6, "", Origin::derived(source)).digits(4)
}
