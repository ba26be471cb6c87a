//! Reads lines of bounded length; of longer ones only the start is kept.

use std::io::{self, BufRead};

/// Reads lines.
pub struct Lines<R> {
    input: R,
    limit: usize,
    line: Vec<u8>,
}

/// Bytes kept of a line beyond the limit: enough for the id of most requests.
const KEPT: usize = 4096;

/// Result of reading a line.
#[derive(Debug, PartialEq, Eq)]
pub enum Line<'a> {
    /// A line, without its end.
    Whole(&'a [u8]),
    /// The first bytes of a line beyond the limit, which was skipped to its end.
    TooLong(&'a [u8]),
    /// The input ended.
    End,
}

impl<R: BufRead> Lines<R> {
    pub fn new(input: R, limit: usize) -> Self {
        Self { input, limit, line: Vec::new() }
    }

    /// The next line.
    pub fn next(&mut self) -> io::Result<Line<'_>> {
        self.line.clear();
        let mut too_long = false;
        loop {
            let piece = match self.input.fill_buf() {
                Ok(piece) => piece,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                Err(error) => return Err(error),
            };
            if piece.is_empty() {
                // A last line without a newline is a request: standard input is often closed that way.
                let whole = !self.line.is_empty() && !too_long;
                return Ok(if whole { Line::Whole(&self.line) } else { Line::End });
            }
            let end = piece.iter().position(|&b| b == b'\n');
            let taken = end.unwrap_or(piece.len());
            if !too_long {
                self.line.extend_from_slice(&piece[..taken]);
                too_long = self.line.len() > self.limit;
                if too_long {
                    self.line.truncate(KEPT.min(self.limit));
                    self.line.shrink_to_fit();
                }
            }
            self.input.consume(taken + usize::from(end.is_some()));
            if end.is_some() {
                return Ok(if too_long { Line::TooLong(&self.line) } else { Line::Whole(&self.line) });
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_lines_are_skipped_and_the_next_is_read() {
        for buffer in [1, 3, 100] {
            let input = io::BufReader::with_capacity(buffer, &b"short\n0123456789\n\nlast"[..]);
            let mut lines = Lines::new(input, 9);
            assert_eq!(lines.next().unwrap(), Line::Whole(b"short"));
            assert_eq!(lines.next().unwrap(), Line::TooLong(b"012345678"));
            assert_eq!(lines.next().unwrap(), Line::Whole(b""));
            assert_eq!(lines.next().unwrap(), Line::Whole(b"last"));
            assert_eq!(lines.next().unwrap(), Line::End);
        }
    }
}
