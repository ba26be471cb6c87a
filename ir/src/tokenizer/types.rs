//! Types as words: kind with rank, extents, element; or whole, as the paper's schemes take them.

use super::state::{MAX_DEPTH, Reader};
use super::word::{ClosedWord, Raw, Shaped, number};
use crate::lexer::TokenKind;
use crate::span::Span;

impl Reader<'_> {
    /// `tensor<4x8xf32, ...>` and the like; `at` is the name before the bracket.
    pub(super) fn shaped(&mut self, kind: Shaped, at: usize, depth: u32) {
        let first = self.words.len();
        self.shape(kind, at, depth);
        self.same(first);
    }

    fn shape(&mut self, kind: Shaped, at: usize, depth: u32) {
        if depth > MAX_DEPTH {
            return self.closed(ClosedWord::ELLIPSIS);
        }
        let end = self.scan.closing(at + 1);
        let first = self.words.len();
        self.closed(ClosedWord::shaped(kind, None));
        // Extents byte by byte: the lexer cuts `4x8xf32` into `4` and `x8xf32`.
        let (rank, position) = self.extents(self.scan.span(at + 1).end as usize);
        self.words[first] = Raw::Closed(ClosedWord::shaped(kind, rank));
        let mut element = at + 2;
        while element < end && self.scan.span(element).end as usize <= position {
            element += 1;
        }
        let span = self.scan.span(element);
        if element < end && (span.start as usize) < position && self.scan.kind(element) == TokenKind::BareId {
            // The element's name shares its token with the last extent's `x`.
            let name = Span { start: position as u32, end: span.end };
            if self.scan.kind(element + 1) == TokenKind::Less {
                let behind = self.scan.behind(element + 1).min(end);
                match shaped_kind(name.text(self.text)) {
                    Some(kind) => self.shape(kind, element, depth + 1),
                    None => {
                        self.words.push(Raw::Text(name.start, name.end - name.start));
                        self.range(element + 2, behind - 1, depth + 1);
                    }
                }
                element = behind;
            } else {
                self.words.push(Raw::Text(name.start, name.end - name.start));
                element += 1;
            }
        }
        self.range(element, end, depth + 1);
    }

    /// Writes the extents that begin at a byte; the rank, if known, and the byte behind the last `x`.
    fn extents(&mut self, start: usize) -> (Option<usize>, usize) {
        let bytes = self.text.as_bytes();
        let byte = |position: usize| bytes.get(position).copied().unwrap_or(b'>');
        let blank = |mut position: usize| {
            loop {
                if byte(position).is_ascii_whitespace() {
                    position += 1;
                } else if byte(position) == b'/' && byte(position + 1) == b'/' {
                    while position < bytes.len() && byte(position) != b'\n' {
                        position += 1;
                    }
                } else {
                    return position;
                }
            }
        };
        let mut rank = Some(0);
        let mut begin = blank(start);
        loop {
            let words = self.words.len();
            let mut position = begin;
            let scalable = byte(position) == b'[';
            if scalable {
                self.closed(ClosedWord::SCALABLE);
                position = blank(position + 1);
            }
            let mut unranked = false;
            match byte(position) {
                b'?' => {
                    self.closed(ClosedWord::DYNAMIC);
                    position += 1;
                }
                b'*' => {
                    unranked = true;
                    position += 1;
                }
                b'0'..=b'9' => {
                    let mut value = 0u64;
                    while let digit @ b'0'..=b'9' = byte(position) {
                        value = value.saturating_mul(10).saturating_add((digit - b'0').into());
                        position += 1;
                    }
                    number(self.words, value);
                }
                _ => {}
            }
            position = blank(position);
            if scalable && byte(position) == b']' {
                position = blank(position + 1);
            }
            if position == begin || byte(position) != b'x' {
                self.words.truncate(words);
                return (rank, begin);
            }
            rank = if unranked { None } else { rank.map(|r| r + 1) };
            begin = blank(position + 1);
        }
    }

    /// Writes one word instead of the shaped type since `first` where it repeats the last one.
    pub(super) fn same(&mut self, first: usize) {
        let (start, end) = self.state.last_type;
        let now = self.words.len();
        let equal = end - start == now - first
            && end > start
            && (0..end - start).all(|i| self.equal(self.words[start + i], self.words[first + i]));
        if equal {
            self.words.truncate(first);
            self.closed(ClosedWord::SAME);
        } else {
            self.state.last_type = (first, now);
        }
    }

    fn equal(&self, a: Raw, b: Raw) -> bool {
        match (a, b) {
            (Raw::Text(a, n), Raw::Text(b, m)) => {
                n == m && Span { start: a, end: a + n }.text(self.text) == Span { start: b, end: b + m }.text(self.text)
            }
            _ => a == b,
        }
    }

    pub(super) fn is_type(&self, at: usize) -> bool {
        if self.scan.kind(at) == TokenKind::ExclaimId {
            return true;
        }
        let name = self.scan.text(at, self.text);
        if self.scan.kind(at + 1) == TokenKind::Less {
            return matches!(name, "tensor" | "memref" | "vector" | "complex" | "tuple");
        }
        let float = matches!(name, "bf16" | "tf32")
            || name.starts_with('f') && name.len() > 1 && name.as_bytes()[1].is_ascii_digit();
        float || matches!(name, "index" | "none") || is_integer_type(name)
    }

    /// A type as one word, without blanks.
    pub(super) fn whole_type(&mut self, start: usize, end: usize) {
        let alias = self.aliases.get(self.scan.text(start, self.text), self.text);
        if let Some(alias) = alias {
            let (start, end) = (alias.start as usize, (alias.start + alias.count) as usize);
            return self.words.extend_from_slice(&self.alias_words[start..end]);
        }
        let whole = Span { start: self.scan.span(start).start, end: self.scan.span(end - 1).end };
        if !whole.text(self.text).bytes().any(|b| b.is_ascii_whitespace() || b == b'/') {
            return self.words.push(Raw::Text(whole.start, whole.end - whole.start));
        }
        let from = self.own.len() as u32;
        for i in start..end {
            self.own.push_str(self.scan.text(i, self.text));
        }
        self.words.push(Raw::Own(from, self.own.len() as u32 - from));
    }
}

/// Kind of a shaped type by its name.
pub(super) fn shaped_kind(name: &str) -> Option<Shaped> {
    match name {
        "tensor" => Some(Shaped::Tensor),
        "memref" => Some(Shaped::MemRef),
        "vector" => Some(Shaped::Vector),
        _ => None,
    }
}

fn is_integer_type(name: &str) -> bool {
    let digits = name.strip_prefix("si").or(name.strip_prefix("ui")).or(name.strip_prefix('i'));
    digits.is_some_and(|d| !d.is_empty() && d.bytes().all(|b| b.is_ascii_digit()))
}
