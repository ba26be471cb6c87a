//! Markdown text: escaped words, code spans and tables.

use crate::table::Align;

/// `text` with everything escaped that has a meaning in Markdown or in the HTML within it; newlines become blanks.
///
/// ```
/// assert_eq!(reports::markdown::escape("a_b <c>"), "a\\_b \\<c\\>");
/// ```
#[must_use]
pub fn escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '\\' | '`' | '*' | '_' | '[' | ']' | '<' | '>' | '|' | '#' | '~' => {
                out.push('\\');
                out.push(c);
            }
            '&' => out.push_str("&amp;"),
            '\n' => out.push(' '),
            c => out.push(c),
        }
    }
    out
}

/// `code` as a code span. The fence is one backtick longer than the longest run of backticks in `code`.
#[must_use]
pub fn code(code: &str) -> String {
    let mut longest = 0;
    let mut run = 0;
    for c in code.chars() {
        run = if c == '`' { run + 1 } else { 0 };
        longest = longest.max(run);
    }
    let fence = "`".repeat(longest + 1);
    let pad = if longest > 0 { " " } else { "" };
    format!("{fence}{pad}{}{pad}{fence}", code.replace('\n', " "))
}

/// A table: column heads with their alignment, then rows of cells, all already in Markdown. Short rows are filled with
/// empty cells. Every line ends with a newline.
///
/// ```
/// use reports::Align::{Left, Right};
/// let table = reports::markdown::table(&[("name", Left), ("W", Right)], [vec!["a".to_owned(), "1".to_owned()]]);
/// assert_eq!(table, "| name | W |\n| --- | --: |\n| a | 1 |\n");
/// ```
#[must_use]
pub fn table<H: AsRef<str>>(columns: &[(H, Align)], rows: impl IntoIterator<Item = Vec<String>>) -> String {
    let line = |cells: &[&str]| format!("| {} |\n", cells.join(" | "));
    let heads: Vec<&str> = columns.iter().map(|(head, _)| head.as_ref()).collect();
    let rule: Vec<&str> = columns
        .iter()
        .map(|(_, align)| match align {
            Align::Left => "---",
            Align::Right => "--:",
        })
        .collect();
    let mut out = line(&heads) + &line(&rule);
    for row in rows {
        let mut cells: Vec<&str> = row.iter().map(String::as_str).collect();
        cells.resize(cells.len().max(columns.len()), "");
        out += &line(&cells);
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn code_spans_fence_their_backticks() {
        assert_eq!(code("a b"), "`a b`");
        assert_eq!(code("a `b` ``c"), "``` a `b` ``c ```");
    }

    #[test]
    fn short_rows_are_filled() {
        let columns = [("a", Align::Left), ("b", Align::Left)];
        assert_eq!(table(&columns, [vec!["1".to_owned()]]), "| a | b |\n| --- | --- |\n| 1 |  |\n");
    }
}
