//! Rows of whole numbers from a file: lines of numbers divided by commas or blanks (CSV), or a JSON array of numbers or of
//! arrays of numbers.

use designs::load::Loader;

use crate::StudyError;

/// Most numbers of a file.
const MAX_NUMBERS: usize = 1 << 20;

/// Reads the rows of a file; at least one number.
pub fn rows(path: &str, loader: &Loader<'_>) -> Result<Vec<Vec<u64>>, StudyError> {
    let unreadable = |reason: designs::Unreadable| StudyError::Unreadable { path: path.to_owned(), reason: reason.0 };
    parse(&loader(path).map_err(unreadable)?).map_err(|(line, column, wrong)| StudyError::Numbers {
        path: path.to_owned(),
        line,
        column,
        wrong,
    })
}

/// Line and column from 1, and what is wrong there.
type Wrong = (usize, usize, String);

fn parse(text: &str) -> Result<Vec<Vec<u64>>, Wrong> {
    let rows = if text.trim_start().starts_with('[') { Json { text, at: 0 }.document()? } else { lines(text)? };
    if rows.iter().all(Vec::is_empty) {
        return Err((1, 1, "the file has no numbers".to_owned()));
    }
    if rows.iter().map(Vec::len).sum::<usize>() > MAX_NUMBERS {
        return Err((1, 1, format!("the file has more than {MAX_NUMBERS} numbers")));
    }
    Ok(rows)
}

/// A row for each line that has numbers; `#` begins a comment.
fn lines(text: &str) -> Result<Vec<Vec<u64>>, Wrong> {
    let mut rows = Vec::new();
    for (index, line) in text.lines().enumerate() {
        let line = line.split('#').next().unwrap_or_default();
        let mut row = Vec::new();
        let mut start = 0;
        for word in line.split([',', ' ', '\t', '\r']) {
            if !word.is_empty() {
                let column = line[..start].chars().count() + 1;
                row.push(number(word).map_err(|wrong| (index + 1, column, wrong))?);
            }
            start += word.len() + 1;
        }
        if !row.is_empty() {
            rows.push(row);
        }
    }
    Ok(rows)
}

fn number(word: &str) -> Result<u64, String> {
    word.parse().map_err(|_| {
        let shown: String = word.chars().take(20).collect();
        format!("expected a whole number from 0 on, found `{shown}`")
    })
}

/// A reader of arrays of numbers.
struct Json<'a> {
    text: &'a str,
    at: usize,
}

impl Json<'_> {
    fn document(&mut self) -> Result<Vec<Vec<u64>>, Wrong> {
        self.expect('[')?;
        let rows = if self.peek() == Some('[') { self.items(Self::row)? } else { vec![self.items(Self::number)?] };
        match self.peek() {
            None => Ok(rows),
            Some(_) => Err(self.wrong("expected the end of the file")),
        }
    }

    fn row(&mut self) -> Result<Vec<u64>, Wrong> {
        self.expect('[')?;
        self.items(Self::number)
    }

    /// Items up to the closing bracket.
    fn items<T>(&mut self, item: impl Fn(&mut Self) -> Result<T, Wrong>) -> Result<Vec<T>, Wrong> {
        let mut items = Vec::new();
        if self.take(']') {
            return Ok(items);
        }
        loop {
            items.push(item(self)?);
            if self.take(']') {
                return Ok(items);
            }
            self.expect(',')?;
        }
    }

    fn number(&mut self) -> Result<u64, Wrong> {
        self.peek();
        let rest = &self.text[self.at..];
        let end = rest.find(|c: char| c.is_whitespace() || ",[]".contains(c)).unwrap_or(rest.len());
        let value = number(&rest[..end]).map_err(|wrong| self.wrong(&wrong))?;
        self.at += end;
        Ok(value)
    }

    /// The next character after white space.
    fn peek(&mut self) -> Option<char> {
        let rest = &self.text[self.at..];
        self.at += rest.len() - rest.trim_start().len();
        self.text[self.at..].chars().next()
    }

    fn take(&mut self, wanted: char) -> bool {
        let found = self.peek() == Some(wanted);
        self.at += if found { wanted.len_utf8() } else { 0 };
        found
    }

    fn expect(&mut self, wanted: char) -> Result<(), Wrong> {
        if self.take(wanted) { Ok(()) } else { Err(self.wrong(&format!("expected `{wanted}`"))) }
    }

    fn wrong(&self, wrong: &str) -> Wrong {
        let before = &self.text[..self.at];
        let line = before.matches('\n').count() + 1;
        let column = before.rsplit('\n').next().unwrap_or_default().chars().count() + 1;
        (line, column, wrong.to_owned())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_and_arrays_say_the_same() {
        let rows = vec![vec![1, 2, 3], vec![40, 50]];
        for text in ["1,2, 3\n# two\n\n40 50\n", "[[1, 2, 3],\n [40,50]]", " [ [1,2,3] , [40,50] ]\n"] {
            assert_eq!(parse(text), Ok(rows.clone()), "{text:?}");
        }
        assert_eq!(parse("[7,\n8]"), Ok(vec![vec![7, 8]]));
        assert_eq!(parse("7\n8\n"), Ok(vec![vec![7], vec![8]]));
    }

    #[test]
    fn what_is_wrong_is_located() {
        for (text, line, column) in [
            ("1,2\n3, x,5", 2, 4),
            ("expert,count\n", 1, 1),
            ("1,-2", 1, 3),
            ("[[1, 2],\n [3, 4.5]]", 2, 6),
            ("[1, 2", 1, 6),
            ("[[1], 2]", 1, 7),
            ("[1] [2]", 1, 5),
            ("99999999999999999999", 1, 1),
            ("# nothing\n", 1, 1),
            ("[]", 1, 1),
        ] {
            let wrong = parse(text).expect_err(text);
            assert_eq!((wrong.0, wrong.1), (line, column), "{text:?}: {}", wrong.2);
        }
    }
}
