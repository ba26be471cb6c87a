//! Affine maps and sets as words: their structure, not their names.

use super::state::{Pending, Reader};
use super::word::{ClosedWord, Raw, number};
use crate::lexer::TokenKind;

/// More names than this in one map are not read.
const MAX_NAMES: usize = 64;

impl Reader<'_> {
    /// The map between the brackets `open` (a `<`) and its end.
    pub(super) fn map(&mut self, open: usize) {
        let end = self.scan.closing(open);
        let Some((names, at)) = self.dimensions(open + 1, end) else {
            return self.closed(ClosedWord::ELLIPSIS);
        };
        let head = self.words.len();
        self.closed(ClosedWord::MAP_AFFINE);
        // `-> (`, results, `)`
        let results = (at..end).find(|&i| self.scan.kind(i) == TokenKind::LeftParen).unwrap_or(end);
        let results_end = if results < end { self.scan.closing(results).min(end) } else { end };
        let mut simple = true;
        let mut count = 0;
        let mut start = results + 1;
        while start < results_end {
            let comma = self.comma(start, results_end);
            let before = self.words.len();
            self.expression(start, comma, &names);
            let plain = |w: &Raw| matches!(w, Raw::Closed(w) if *w == ClosedWord::ZERO || w.is_dimension());
            simple &= self.words.len() == before + 1 && plain(&self.words[before]);
            count += 1;
            start = comma + 1;
        }
        if !simple {
            return;
        }
        let results = &self.words[head + 1..];
        let dimension = |i: usize| Raw::Closed(ClosedWord::dimension(i as u32));
        let kind = if count == names.dimensions && (0..count).all(|i| results[i] == dimension(i)) {
            ClosedWord::MAP_IDENTITY
        } else if count == names.dimensions && (0..count).all(|i| results.contains(&dimension(i))) {
            ClosedWord::MAP_PERMUTATION
        } else {
            ClosedWord::MAP_PROJECTION
        };
        self.words[head] = Raw::Closed(kind);
        if kind == ClosedWord::MAP_IDENTITY {
            self.words.truncate(head + 1);
        }
    }

    /// The set between the brackets `open` (a `<`) and its end.
    pub(super) fn set(&mut self, open: usize) {
        let end = self.scan.closing(open);
        let Some((names, at)) = self.dimensions(open + 1, end) else {
            return self.closed(ClosedWord::ELLIPSIS);
        };
        self.closed(ClosedWord::SET);
        let constraints = (at..end).find(|&i| self.scan.kind(i) == TokenKind::LeftParen).unwrap_or(end);
        let constraints_end = if constraints < end { self.scan.closing(constraints).min(end) } else { end };
        let mut start = constraints + 1;
        while start < constraints_end {
            let comma = self.comma(start, constraints_end);
            self.expression(start, comma, &names);
            start = comma + 1;
        }
    }

    /// Reads `(d0, d1)[s0]`; the names and the index behind.
    fn dimensions(&self, at: usize, end: usize) -> Option<(Names, usize)> {
        let mut names = Names { places: [0; MAX_NAMES], dimensions: 0, all: 0 };
        let mut at = at;
        for symbols in [false, true] {
            let bracket = if symbols { TokenKind::LeftBracket } else { TokenKind::LeftParen };
            if at >= end || self.scan.kind(at) != bracket {
                continue;
            }
            let close = self.scan.closing(at).min(end);
            for i in at + 1..close {
                if self.scan.kind(i) == TokenKind::BareId {
                    *names.places.get_mut(names.all)? = i;
                    names.all += 1;
                }
            }
            if !symbols {
                names.dimensions = names.all;
            }
            at = close + 1;
        }
        Some((names, at))
    }

    /// The words of an expression in postfix form: `d0 + d1 * 2` is `d0 d1 2^1 * +`.
    fn expression(&mut self, start: usize, end: usize, names: &Names) {
        let base = self.pending.len();
        let mut operand_before = false;
        for i in start..end {
            let operand = operand_before;
            operand_before = false;
            match self.scan.kind(i) {
                TokenKind::Integer => {
                    let value = self.integer(i);
                    number(self.words, value);
                    operand_before = true;
                }
                TokenKind::LeftParen => self.pending.push(Pending::Bracket),
                TokenKind::RightParen => {
                    self.settle(base, 1);
                    if self.pending.len() > base {
                        self.pending.pop();
                    }
                    operand_before = true;
                }
                TokenKind::Plus => self.operator(base, ClosedWord::ADD),
                TokenKind::Star => self.operator(base, ClosedWord::MUL),
                TokenKind::Minus if operand => {
                    self.operator(base, ClosedWord::ADD);
                    self.pending.push(Pending::Negate);
                }
                TokenKind::Minus => self.pending.push(Pending::Negate),
                TokenKind::BareId => match self.scan.text(i, self.text) {
                    "mod" => self.operator(base, ClosedWord::MOD),
                    "floordiv" => self.operator(base, ClosedWord::FLOOR_DIV),
                    "ceildiv" => self.operator(base, ClosedWord::CEIL_DIV),
                    name => {
                        let place =
                            names.places[..names.all].iter().position(|&p| self.scan.text(p, self.text) == name);
                        self.closed(match place {
                            Some(p) if p < names.dimensions => ClosedWord::dimension(p as u32),
                            Some(p) => ClosedWord::symbol_dimension((p - names.dimensions) as u32),
                            None => ClosedWord::UNDEFINED,
                        });
                        operand_before = true;
                    }
                },
                // `>= 0` and `== 0` of sets: always zero, so only which of them matters.
                TokenKind::Greater | TokenKind::Equal => break,
                _ => {}
            }
        }
        self.settle(base, 0);
        self.pending.truncate(base);
    }

    fn operator(&mut self, base: usize, word: ClosedWord) {
        let new = Pending::Operator(word);
        self.settle(base, new.strength());
        self.pending.push(new);
    }

    /// Writes the waiting operators of at least that strength, down to an open bracket.
    fn settle(&mut self, base: usize, strength: u8) {
        while self.pending.len() > base {
            let top = self.pending[self.pending.len() - 1];
            if top.strength() < strength.max(1) {
                break;
            }
            self.pending.pop();
            match top {
                Pending::Operator(word) => self.closed(word),
                Pending::Negate => self.closed(ClosedWord::MINUS),
                Pending::Bracket => unreachable!("brackets are the weakest"),
            }
        }
    }
}

/// Where the names of a map's dimensions and symbols stand, dimensions first.
struct Names {
    places: [usize; MAX_NAMES],
    dimensions: usize,
    all: usize,
}
