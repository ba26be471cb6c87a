//! Fits the tables of a text to the width of a terminal.
//!
//! A table is recognised by its rule: a line of dashes in groups, which give the extent of each column. Heads that are wider than
//! their columns are wrapped, then columns of words, the widest first; columns of numbers are not. What is still too wide is
//! written as several tables below each other that repeat the columns which name the row. Lines outside of tables are wrapped at
//! blanks, their further lines indented.

/// Narrowest width to which a column of words is wrapped.
const NARROWEST: usize = 14;
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
                wrap(lines[at], width, HANGING).iter().for_each(|line| push(line, &mut out));
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
    /// Characters of the widest cell, the head included.
    natural: usize,
    /// Fewest characters at which only the head is wrapped.
    unwrapped: usize,
    width: usize,
    /// Whether its cells may be wrapped.
    words: bool,
    right: bool,
}

impl Column {
    /// Fewest characters to which it is narrowed.
    fn narrowest(&self) -> usize {
        if self.words { NARROWEST.min(self.natural) } else { self.unwrapped }
    }
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
        let mut all: Vec<Vec<(String, bool)>> =
            lines.iter().enumerate().filter(|(index, _)| *index != 1).map(|(_, line)| cells(line)).collect();
        // The first column is one of numbers if all its cells end where the rule does.
        let numbers =
            all[1..].iter().all(|row| row[0].0.chars().count() == extents[0].1) && all[1..].iter().any(|row| row[0].1);
        if numbers {
            all.iter_mut().for_each(|row| row[0].0 = row[0].0.trim().to_owned());
        }
        let column = |index: usize| {
            let cells = || all.iter().map(move |row| &row[index]);
            let body = || cells().skip(1).map(|(text, _)| text.chars().count());
            let head = &all[0][index].0;
            let word = head.split_whitespace().map(|word| word.chars().count()).max().unwrap_or(0);
            let natural = body().chain([head.chars().count()]).max().unwrap_or(0);
            Column {
                natural,
                unwrapped: body().chain([word]).max().unwrap_or(0),
                width: natural,
                words: cells().skip(1).any(|(text, _)| text.contains(' ') && text.chars().count() > NARROWEST),
                right: if index == 0 { numbers } else { cells().any(|(_, right)| *right) },
            }
        };
        let columns = (0..extents.len()).map(column).collect();
        Self { columns, rows: all.into_iter().map(|row| row.into_iter().map(|(text, _)| text).collect()).collect() }
    }

    fn write(mut self, width: usize, out: &mut String) {
        for (position, block) in self.blocks(width).iter().enumerate() {
            if position > 0 {
                out.push('\n');
            }
            self.narrow(block, width);
            self.write_block(block, out);
        }
    }

    /// Columns of the tables below each other: one with all columns if they can be narrowed enough.
    fn blocks(&self, width: usize) -> Vec<Vec<usize>> {
        let room = |columns: &[usize]| columns.iter().map(|&c| self.columns[c].narrowest() + GAP).sum::<usize>();
        let names: Vec<usize> = (0..self.names(width)).collect();
        let mut blocks = Vec::new();
        let mut block = names.clone();
        for index in names.len()..self.columns.len() {
            if block.len() > names.len() && room(&block) + self.columns[index].narrowest() > width {
                blocks.push(std::mem::replace(&mut block, names.clone()));
            }
            block.push(index);
        }
        blocks.push(block);
        blocks
    }

    /// How many columns name the row, and are repeated: those before the first of numbers, as far as they leave room for others.
    fn names(&self, width: usize) -> usize {
        let before = 1 + self.columns[1..].iter().position(|column| column.right).unwrap_or(0);
        let room = |count: usize| self.columns[..count].iter().map(|column| column.narrowest() + GAP).sum::<usize>();
        (1..=before).rev().find(|&count| room(count) <= width * 2 / 3).unwrap_or(1)
    }

    /// Narrows columns until a block fits, or none can be narrowed: heads first, then words, the widest first.
    fn narrow(&mut self, block: &[usize], width: usize) {
        block.iter().for_each(|&index| self.columns[index].width = self.columns[index].natural);
        let total = |columns: &[Column]| block.iter().map(|&c| columns[c].width + GAP).sum::<usize>() - GAP;
        let wide_head = |columns: &[Column], c: usize| columns[c].width > columns[c].unwrapped;
        while total(&self.columns) > width {
            let heads = block.iter().copied().filter(|&c| wide_head(&self.columns, c));
            match heads.max_by_key(|&c| self.columns[c].width) {
                Some(index) => self.columns[index].width -= 1,
                None => break,
            }
        }
        loop {
            let over = total(&self.columns).saturating_sub(width);
            let narrowable = |c: &usize| self.columns[*c].width > self.columns[*c].narrowest();
            let widest = block.iter().copied().filter(narrowable).max_by_key(|&c| self.columns[c].width);
            match widest {
                Some(index) if over > 0 => {
                    let column = &mut self.columns[index];
                    column.width = column.width.saturating_sub(over).max(column.width * 3 / 4).max(column.narrowest());
                }
                _ => return,
            }
        }
    }

    /// Some columns, wrapped cells over several lines.
    fn write_block(&self, block: &[usize], out: &mut String) {
        for (position, row) in self.rows.iter().enumerate() {
            let hanging = if position == 0 { 0 } else { HANGING };
            let cell = |&index: &usize| wrap(&row[index], self.columns[index].width, hanging);
            let cells: Vec<Vec<String>> = block.iter().map(cell).collect();
            let height = cells.iter().map(Vec::len).max().unwrap_or(1);
            for line in 0..height {
                let mut text = String::new();
                for (cell, &index) in cells.iter().zip(block) {
                    // Heads end at the rule, cells start below it.
                    let above = if position == 0 { height - cell.len() } else { 0 };
                    let part = line.checked_sub(above).and_then(|line| cell.get(line)).map_or("", String::as_str);
                    let (width, right) = (self.columns[index].width, self.columns[index].right);
                    let part = if right { part.trim_start() } else { part };
                    let padded = if right { format!("{part:>width$}") } else { format!("{part:<width$}") };
                    text.push_str(&padded);
                    text.push_str("  ");
                }
                push(text.trim_end(), out);
            }
            if position == 0 {
                let rule: Vec<String> = block.iter().map(|&index| "-".repeat(self.columns[index].width)).collect();
                push(&rule.join("  "), out);
            }
        }
    }
}

/// A cell or line as lines of at most `width` characters, cut at blanks where there are some. Further lines are indented by
/// `hanging`.
fn wrap(text: &str, width: usize, hanging: usize) -> Vec<String> {
    if text.chars().count() <= width {
        return vec![text.to_owned()];
    }
    let own = text.chars().take_while(|c| *c == ' ').count();
    // In what is very narrow, indentation would leave no room.
    let (first, further) = if own + hanging < width / 2 { (own, own + hanging) } else { (0, 0) };
    let room = width.saturating_sub(first.max(further)).max(1);
    let mut lines = vec![" ".repeat(first)];
    let (mut length, mut empty) = (first, true);
    for word in words(text) {
        for (position, part) in parts(&word, room).into_iter().enumerate() {
            let (blank, own) = (usize::from(!empty && position == 0), part.chars().count());
            if !empty && length + blank + own > width {
                lines.push(" ".repeat(further));
                (length, empty) = (further, true);
            }
            if let Some(line) = lines.last_mut() {
                if !empty && position == 0 {
                    line.push(' ');
                    length += 1;
                }
                line.push_str(part);
                (length, empty) = (length + own, false);
            }
        }
    }
    lines
}

/// A word in parts of at most `room` characters, cut behind punctuation where there is some.
fn parts(word: &str, room: usize) -> Vec<&str> {
    let mut parts = Vec::new();
    let mut rest = word;
    while let Some((end, _)) = rest.char_indices().nth(room) {
        let cut = rest[..end].rfind(|c: char| "-_./,:".contains(c)).map_or(end, |at| at + 1);
        let (part, further) = rest.split_at(cut);
        parts.push(part);
        rest = further;
    }
    parts.push(rest);
    parts
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

    fn joined(lines: &[&str]) -> String {
        lines.iter().map(|line| format!("{line}\n")).collect()
    }

    #[test]
    fn heads_are_wrapped_before_tables_are_stacked() {
        let text = joined(&[
            "target  quantity  median error, %  share of the range, %",
            "------  --------  ---------------  ---------------------",
            "first   cycles                1.5                   10.0",
            "second  reloads              22.5                    0.5",
        ]);
        let narrow = [
            "                                  share of",
            "                       median   the range,",
            "target  quantity     error, %            %",
            "------  --------  -----------  -----------",
            "first   cycles            1.5         10.0",
            "second  reloads          22.5          0.5",
        ];
        assert_eq!(fit(&text, 42), joined(&narrow));
        let stacked = fit(&text, 30);
        assert!(stacked.lines().all(|line| line.chars().count() <= 30), "{stacked}");
        assert_eq!(stacked.matches("second  reloads").count(), 2, "what names the row is repeated: {stacked}");
    }

    #[test]
    fn stacked_columns_take_the_room_they_have() {
        let source = "a source of thirty-three letters!";
        let text = joined(&[
            "value                           grade            year  source",
            "------------------------------  ---------------  ----  ---------------------------------",
            &format!("a-name-of-thirty-characters-30  published-value  2026  {source}"),
        ]);
        let fitted = fit(&text, 66);
        assert!(fitted.contains(source), "{fitted}");
    }

    #[test]
    fn long_words_are_cut_behind_punctuation() {
        assert_eq!(wrap("row-bank-column-group-channel", 18, HANGING), ["row-bank-column-", "  group-channel"]);
        assert_eq!(wrap("letters", 3, 0), ["let", "ter", "s"]);
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
