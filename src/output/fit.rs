//! Fits the tables of a text to the width of a terminal.
//!
//! A table is recognised by its rule: a line of dashes in groups, which give the extent of each column. Columns of words are
//! wrapped, the widest first; columns of numbers are not. What is still too wide is written as several tables below each other
//! that repeat the first column. Lines outside of tables are wrapped at blanks, their further lines indented.

/// Narrowest width to which a column of words is wrapped.
const NARROWEST: usize = 18;
/// Blanks between columns.
const GAP: usize = 2;

/// Indentation of the further lines of what is wrapped, beyond that of the first.
const HANGING: usize = 2;

/// The text with tables of at most `width` columns, where that is possible.
pub fn fit(text: &str, width: usize) -> String {
    let lines: Vec<&str> = text.lines().collect();
    let mut out = String::new();
    let mut at = 0;
    while at < lines.len() {
        match lines.get(at + 1).and_then(|rule| extents(rule)) {
            Some(columns) => {
                let rows = lines[at + 2..].iter().take_while(|line| is_row(line, &columns)).count();
                let table = &lines[at..at + 2 + rows];
                if table.iter().any(|line| line.chars().count() > width) {
                    Table::new(table, &columns).write(width, &mut out);
                } else {
                    table.iter().for_each(|line| push(line, &mut out));
                }
                at += table.len();
            }
            None => {
                wrap(lines[at], width).iter().for_each(|line| push(line, &mut out));
                at += 1;
            }
        }
    }
    out
}

fn push(line: &str, out: &mut String) {
    out.push_str(line);
    out.push('\n');
}

/// Start and end of each group of dashes, in characters; `None` if the line is no rule.
fn extents(line: &str) -> Option<Vec<(usize, usize)>> {
    if line.is_empty() || !line.chars().all(|c| c == '-' || c == ' ') {
        return None;
    }
    let mut columns = Vec::new();
    let mut start = None;
    for (at, c) in line.chars().chain([' ']).enumerate() {
        match (c, start) {
            ('-', None) => start = Some(at),
            (' ', Some(from)) => {
                columns.push((from, at));
                start = None;
            }
            _ => {}
        }
    }
    (!columns.is_empty()).then_some(columns)
}

/// Whether a line below a rule belongs to the table: it is not empty, and blank between the columns.
fn is_row(line: &str, columns: &[(usize, usize)]) -> bool {
    let cells: Vec<char> = line.chars().collect();
    let blank = |pair: &[(usize, usize)]| (pair[0].1..pair[1].0).all(|at| cells.get(at).is_none_or(|c| *c == ' '));
    !cells.is_empty() && columns.windows(2).all(blank)
}

struct Column {
    width: usize,
    /// Whether its cells may be wrapped.
    words: bool,
    right: bool,
}

/// Cells of a table, heads first.
struct Table {
    columns: Vec<Column>,
    rows: Vec<Vec<String>>,
}

impl Table {
    fn new(lines: &[&str], extents: &[(usize, usize)]) -> Self {
        let last = extents.len() - 1;
        let cells = |line: &&str| -> Vec<(String, bool)> {
            let line: Vec<char> = line.chars().collect();
            let cell = |(index, &(from, to)): (usize, &(usize, usize))| {
                let to = if index == last { line.len() } else { to };
                let raw: String =
                    line.get(from.min(line.len())..to.min(line.len())).unwrap_or_default().iter().collect();
                let right = raw.starts_with(' ') && !raw.trim_end().is_empty() && raw.chars().count() == to - from;
                // Indentation of the first column says what belongs to what.
                let text = if index == 0 { raw.trim_end() } else { raw.trim() };
                (text.to_owned(), right)
            };
            extents.iter().enumerate().map(cell).collect()
        };
        let all: Vec<Vec<(String, bool)>> =
            lines.iter().enumerate().filter(|(index, _)| *index != 1).map(|(_, line)| cells(line)).collect();
        let column = |index: usize| {
            let cells = || all.iter().map(move |row| &row[index]);
            Column {
                width: cells().map(|(text, _)| text.chars().count()).max().unwrap_or(0),
                words: cells().skip(1).any(|(text, _)| text.contains(' ') && text.chars().count() > NARROWEST),
                right: index > 0 && cells().any(|(_, right)| *right),
            }
        };
        let columns = (0..extents.len()).map(column).collect();
        Self { columns, rows: all.into_iter().map(|row| row.into_iter().map(|(text, _)| text).collect()).collect() }
    }

    fn write(mut self, width: usize, out: &mut String) {
        self.wrap_words(width);
        let all: Vec<usize> = (1..self.columns.len()).collect();
        let first = self.columns[0].width;
        let mut shown = Vec::new();
        let mut used = first;
        let mut blocks = Vec::new();
        for index in all {
            let own = self.columns[index].width + GAP;
            if used + own > width && !shown.is_empty() {
                blocks.push(std::mem::take(&mut shown));
                used = first;
            }
            used += own;
            shown.push(index);
        }
        blocks.push(shown);
        for (position, block) in blocks.iter().enumerate() {
            if position > 0 {
                out.push('\n');
            }
            self.write_block(block, out);
        }
    }

    /// Narrows the widest columns of words until the table fits or all are at their narrowest.
    fn wrap_words(&mut self, width: usize) {
        loop {
            let total: usize = self.columns.iter().map(|column| column.width + GAP).sum::<usize>() - GAP;
            let widest = self.columns.iter_mut().filter(|c| c.words && c.width > NARROWEST).max_by_key(|c| c.width);
            match widest {
                Some(column) if total > width => {
                    column.width = column.width.saturating_sub(total - width).max(column.width * 3 / 4).max(NARROWEST);
                }
                _ => return,
            }
        }
    }

    /// The first column and some others, wrapped cells over several lines.
    fn write_block(&self, block: &[usize], out: &mut String) {
        let indices: Vec<usize> = std::iter::once(0).chain(block.iter().copied()).collect();
        for (position, row) in self.rows.iter().enumerate() {
            let cells: Vec<Vec<String>> =
                indices.iter().map(|&index| wrap(&row[index], self.columns[index].width)).collect();
            let height = cells.iter().map(Vec::len).max().unwrap_or(1);
            for line in 0..height {
                let mut text = String::new();
                for (cell, &index) in cells.iter().zip(&indices) {
                    let (column, part) = (&self.columns[index], cell.get(line).map_or("", String::as_str));
                    let width = column.width;
                    let padded = if column.right { format!("{part:>width$}") } else { format!("{part:<width$}") };
                    text.push_str(&padded);
                    text.push_str("  ");
                }
                push(text.trim_end(), out);
            }
            if position == 0 {
                let rule: Vec<String> = indices.iter().map(|&index| "-".repeat(self.columns[index].width)).collect();
                push(&rule.join("  "), out);
            }
        }
    }
}

/// A cell or line as lines of at most `width` characters, cut at blanks where there are some. Further lines are indented.
fn wrap(text: &str, width: usize) -> Vec<String> {
    if text.chars().count() <= width {
        return vec![text.to_owned()];
    }
    let own = text.chars().take_while(|c| *c == ' ').count();
    // In what is very narrow, indentation would leave no room.
    let (first, further) = if own + HANGING < width / 2 { (own, own + HANGING) } else { (0, 0) };
    let mut lines = vec![" ".repeat(first)];
    let (mut length, mut empty) = (first, true);
    for word in words(text) {
        let word: Vec<char> = word.chars().collect();
        if !empty && length + 1 + word.len() > width {
            lines.push(" ".repeat(further));
            (length, empty) = (further, true);
        }
        let blank = (!empty).then_some(' ');
        for c in blank.into_iter().chain(word) {
            if length >= width.max(further + 1) {
                lines.push(" ".repeat(further));
                length = further;
            }
            if let Some(line) = lines.last_mut() {
                line.push(c);
                (length, empty) = (length + 1, false);
            }
        }
    }
    lines
}

/// The words of a text. A mark of one letter at the end stays with its number.
fn words(text: &str) -> Vec<String> {
    let mut words: Vec<String> = text.split(' ').filter(|word| !word.is_empty()).map(str::to_owned).collect();
    if let [.., before, mark] = &words[..]
        && mark.chars().count() == 1
        && before.ends_with(|c: char| c.is_ascii_digit())
    {
        let joined = format!("{before} {mark}");
        words.truncate(words.len() - 2);
        words.push(joined);
    }
    words
}

#[cfg(test)]
mod tests {
    use super::*;

    const TABLE: &str = "\
head

value        is      year  source
-----------  ------  ----  ------------------------------------------------------
chip.clock   1 GHz   2026  ASPLOS '26, section 5.2, and a long explanation of it
hbm.stacks       8         short

note: a line outside of the table that is much longer than the terminal is wide is wrapped at blanks
";

    #[test]
    fn a_table_that_fits_stays_as_it_is() {
        assert_eq!(fit(TABLE, 200), TABLE);
    }

    #[test]
    fn words_are_wrapped_and_numbers_are_not() {
        let fitted = fit(TABLE, 60);
        assert!(fitted.lines().all(|line| line.chars().count() <= 60), "{fitted}");
        let joined = fitted.split_whitespace().collect::<Vec<_>>().join(" ");
        assert!(joined.contains("chip.clock 1 GHz 2026 ASPLOS '26, section"), "{fitted}");
        let note =
            "note: a line outside of the table that is much longer than\n  the terminal is wide is wrapped at blanks\n";
        assert!(fitted.ends_with(note), "{fitted}");
    }

    #[test]
    fn indentation_stays_and_marks_stay_with_their_numbers() {
        let (label, value) = ("  output tokens per second of all users together", "72,965 to 135,270 d");
        let rule = ["-".repeat(label.len()), "-".repeat(value.len())].join("  ");
        let head = format!("{:<1$}  {2:>3$}", "", label.len(), "first", value.len());
        let text = format!("{head}\n{rule}\ngroup\n{label}  {value}\n");
        let fitted = fit(&text, 46);
        assert!(fitted.contains("\n  output tokens"), "{fitted}");
        assert!(fitted.contains("\n    "), "further lines are indented more: {fitted}");
        assert!(fitted.contains("135,270 d"), "{fitted}");
        assert!(fitted.lines().all(|line| line.chars().count() <= 46), "{fitted}");
    }

    #[test]
    fn text_right_below_a_table_is_no_row() {
        let text = "value  source\n-----  ------------------------------\n1      the publication, section 5\nnote: this is text\n";
        let fitted = fit(text, 26);
        assert!(fitted.ends_with("\nnote: this is text\n"), "{fitted}");
        assert!(fitted.lines().all(|line| line.chars().count() <= 26), "{fitted}");
    }

    #[test]
    fn what_cannot_be_wrapped_is_stacked() {
        let head: Vec<String> = (0..9).map(|i| format!("column-number-{i}")).collect();
        let rule: Vec<String> = head.iter().map(|name| "-".repeat(name.len())).collect();
        let text = format!("{}\n{}\n{}\n", head.join("  "), rule.join("  "), head.join("  "));
        let fitted = fit(&text, 50);
        assert!(fitted.lines().all(|line| line.chars().count() <= 50), "{fitted}");
        for name in &head {
            assert!(fitted.contains(name.as_str()), "{name} is lost: {fitted}");
        }
        assert!(fitted.matches("column-number-0").count() > 2, "the first column is repeated");
    }

    #[test]
    fn no_width_loses_a_character_or_ends_the_program() {
        let letters = |text: &str| {
            let mut all: Vec<char> = text.chars().filter(|c| c.is_alphanumeric()).collect();
            all.sort_unstable();
            all.dedup();
            all
        };
        for width in 0..120 {
            assert_eq!(letters(&fit(TABLE, width)), letters(TABLE), "{width}");
        }
        for text in ["", "-", "\n-- --\n", "a\n--  --\n\u{e9}\u{e9}\u{e9}  b\n"] {
            (0..20).for_each(|width| drop(fit(text, width)));
        }
    }
}
