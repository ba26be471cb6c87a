//! Regions of operations in generic form.

use super::generic::{Source, Tokens};
use super::writer::Writer;
use crate::lexer::TokenKind;

/// The entry block of a region: its arguments, and where its operations start.
pub(super) struct Entry {
    /// Name and type of each argument.
    pub arguments: Vec<(Tokens, Tokens)>,
    /// The first token behind the label.
    pub start: usize,
    /// The closing brace.
    pub end: usize,
}

impl Entry {
    pub fn names(&self) -> Vec<Tokens> {
        self.arguments.iter().map(|argument| argument.0).collect()
    }
}

impl Source<'_> {
    /// The entry block of a region.
    pub fn entry(self, open: usize) -> Option<Entry> {
        let end = self.scan.closing(open);
        if self.kind(open + 1) != TokenKind::BlockId {
            return Some(Entry { arguments: Vec::new(), start: open + 1, end });
        }
        let mut at = open + 2;
        let mut arguments = Vec::new();
        if self.kind(at) == TokenKind::LeftParen {
            for (start, _) in self.list(at)? {
                if self.kind(start) != TokenKind::ValueId || self.kind(start + 1) != TokenKind::Colon {
                    return None;
                }
                arguments.push(((start, start + 1), (start + 2, self.behind_type(start + 2))));
            }
            at = self.scan.behind(at);
        }
        (self.kind(at) == TokenKind::Colon).then_some(Entry { arguments, start: at + 1, end })
    }

    /// Whether a region has no blocks.
    pub fn is_empty_region(self, open: usize) -> bool {
        open + 1 == self.scan.closing(open)
    }

    /// The first token of the region's last operation, if that has neither operands nor results nor attributes, and at most a
    /// region without operations.
    fn bare_end(self, start: usize, end: usize) -> Option<usize> {
        use TokenKind::{Arrow, BlockId, Colon, LeftBrace, LeftParen, RightBrace, RightParen, String};
        const FORMS: [&[TokenKind]; 3] = [
            &[String, LeftParen, RightParen],
            &[String, LeftParen, RightParen, LeftParen, LeftBrace, RightBrace, RightParen],
            &[String, LeftParen, RightParen, LeftParen, LeftBrace, BlockId, Colon, RightBrace, RightParen],
        ];
        const TYPE: [TokenKind; 6] = [Colon, LeftParen, RightParen, Arrow, LeftParen, RightParen];
        let ends_with = |end: usize, kinds: &[TokenKind]| {
            let first = end.checked_sub(kinds.len()).filter(|&first| first >= start)?;
            kinds.iter().enumerate().all(|(i, &kind)| self.kind(first + i) == kind).then_some(first)
        };
        let colon = ends_with(end, &TYPE)?;
        FORMS.iter().find_map(|form| ends_with(colon, form))
    }
}

impl<'a> Writer<'a> {
    /// ` {...}` with the labels of all blocks.
    pub fn region(&mut self, open: usize) {
        self.out.push_str(" {");
        self.copy((open + 1, self.source.scan.closing(open)));
        self.out.push_str("\n}");
    }

    /// Writes a region as ` {...}`. The label of its entry block is left out, because the operation writes the block's arguments.
    /// If `implied`, a terminator without operands is left out, too.
    pub fn body(&mut self, entry: &Entry, implied: bool) {
        let mut end = entry.end;
        if implied && let Some(last) = self.source.bare_end(entry.start, entry.end) {
            end = last;
        }
        self.out.push_str(" {");
        self.copy((entry.start, end));
        self.out.push_str("\n}");
    }

    /// ` {...}` of a region whose entry block has no arguments.
    pub fn plain_body(&mut self, open: usize, implied: bool) -> Option<()> {
        let entry = self.source.entry(open)?;
        if !entry.arguments.is_empty() {
            return None;
        }
        self.body(&entry, implied);
        Some(())
    }

    /// `(%a = %b, ...)`.
    pub fn assignments(&mut self, names: &[Tokens], values: &[Tokens]) -> Option<()> {
        if names.len() != values.len() {
            return None;
        }
        self.out.push('(');
        for (i, (&name, &value)) in names.iter().zip(values).enumerate() {
            if i > 0 {
                self.out.push(',');
            }
            self.tokens(name);
            self.word("=");
            self.tokens(value);
        }
        self.out.push(')');
        Some(())
    }

    /// ` iter_args(%a = %b) -> (types)`, or nothing.
    pub fn iteration_arguments(&mut self, names: &[Tokens], values: &[Tokens], results: &[Tokens]) -> Option<()> {
        if names.is_empty() && values.is_empty() {
            return Some(());
        }
        self.word("iter_args");
        self.assignments(names, values)?;
        self.result_list(results);
        Some(())
    }
}
