//! Aligned text tables.

/// Alignment of a column.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Align {
    /// Left-aligned, for text.
    Left,
    /// Right-aligned, for numbers.
    Right,
}

/// A table of text cells.
#[derive(Debug, Clone)]
pub struct Table {
    columns: Vec<(String, Align)>,
    rows: Vec<Vec<String>>,
}

impl Table {
    /// A table with the given column heads.
    #[must_use]
    pub fn new(columns: &[(&str, Align)]) -> Self {
        Self { columns: columns.iter().map(|&(name, align)| (name.to_owned(), align)).collect(), rows: Vec::new() }
    }

    /// Adds a row; missing cells stay empty.
    pub fn row<S: Into<String>>(&mut self, cells: impl IntoIterator<Item = S>) {
        self.rows.push(cells.into_iter().map(Into::into).collect());
    }

    /// The table as text with two spaces between columns and no trailing blanks.
    #[must_use]
    pub fn render(&self) -> String {
        let width = |index: usize| {
            let cells = self.rows.iter().filter_map(|r| r.get(index)).map(|c| c.chars().count());
            cells.chain([self.columns[index].0.chars().count()]).max().unwrap_or(0)
        };
        let widths: Vec<usize> = (0..self.columns.len()).map(width).collect();
        let line = |cells: &[String]| {
            let mut out = String::new();
            for (index, &width) in widths.iter().enumerate() {
                let cell = cells.get(index).map_or("", String::as_str);
                let cell = match self.columns[index].1 {
                    Align::Left => format!("{cell:<width$}"),
                    Align::Right => format!("{cell:>width$}"),
                };
                out.push_str(if index > 0 { "  " } else { "" });
                out.push_str(&cell);
            }
            out.trim_end().to_owned() + "\n"
        };
        let heads: Vec<String> = self.columns.iter().map(|(name, _)| name.clone()).collect();
        let rule: Vec<String> = widths.iter().map(|&w| "-".repeat(w)).collect();
        let mut out = line(&heads) + &line(&rule);
        self.rows.iter().for_each(|row| out.push_str(&line(row)));
        out
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_line_up() {
        let mut table = Table::new(&[("name", Align::Left), ("value", Align::Right)]);
        table.row(["a", "1"]);
        table.row(["long name", "12,345"]);
        assert_eq!(table.render(), "name        value\n---------  ------\na               1\nlong name  12,345\n");
    }
}
