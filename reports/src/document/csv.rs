//! The data of a figure as comma-separated values: numbers with all their digits, ranges in two columns.

use super::{Entry, Table, words};
use crate::value::Cell;

/// `text` as a field (RFC 4180).
fn field(text: &str) -> String {
    if text.contains([',', '"', '\n', '\r']) { format!("\"{}\"", text.replace('"', "\"\"")) } else { text.to_owned() }
}

/// Whether a column of a table has ranges.
fn ranges(table: &Table, column: usize) -> bool {
    table.rows.iter().any(|row| matches!(row.cells.get(column), Some(Entry::Cell(Cell::Value(v))) if v.low != v.high))
}

/// A table as comma-separated values with a head. A column with ranges becomes two, for the lower and the upper end. A
/// missing value is an empty field.
#[must_use]
pub fn csv(table: &Table) -> String {
    let columns = table.columns.len().saturating_sub(1);
    let wide: Vec<bool> = (0..columns).map(|column| ranges(table, column)).collect();
    let mut lines = Vec::new();
    let mut head = vec![field(&table.columns.first().map_or(String::new(), words))];
    for (index, name) in table.columns.iter().skip(1).enumerate() {
        let name = words(name);
        if wide[index] {
            head.extend([field(&format!("{name}: low")), field(&format!("{name}: high"))]);
        } else {
            head.push(field(&name));
        }
    }
    lines.push(head.join(","));
    for row in &table.rows {
        let mut fields = vec![field(&words(&row.name))];
        for (index, entry) in row.cells.iter().enumerate() {
            let (low, high) = match entry {
                Entry::Cell(Cell::Value(v)) => (v.low.to_string(), v.high.to_string()),
                Entry::Cell(Cell::Word { word, .. }) => (word.clone(), word.clone()),
                Entry::Cell(Cell::Missing { .. }) => (String::new(), String::new()),
                Entry::Text(text) => (words(text), words(text)),
            };
            fields.push(field(&low));
            if wide.get(index) == Some(&true) {
                fields.push(field(&high));
            }
        }
        lines.push(fields.join(","));
    }
    lines.join("\n") + "\n"
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::document::Row;
    use crate::{Origin, Value};

    #[test]
    fn ranges_have_two_columns_and_fields_are_quoted() {
        let value = |a, b| Value::range(a, b, "W", Origin::derived("x"));
        let table = Table {
            caption: vec![],
            columns: vec![vec!["name".into()], vec!["power, W".into()], vec!["why".into()]],
            rows: vec![
                Row { name: vec!["a".into()], cells: vec![value(1.0, 2.5).into(), "say \"x\"".into()] },
                Row { name: vec!["b".into()], cells: vec![Cell::missing("not public").into(), "".into()] },
            ],
            folded: false,
        };
        let lines = ["name,\"power, W: low\",\"power, W: high\",why", "a,1,2.5,\"say \"\"x\"\"\"", "b,,,", ""];
        assert_eq!(csv(&table), lines.join("\n"));
    }
}
