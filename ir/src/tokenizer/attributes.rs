//! Words of the parts of an operation: numbers, attributes, aliases; types are in `types`.

use super::scheme::Scheme;
use super::state::{Alias, Constant, Entry, MAX_DEPTH, Reader};
use super::types::shaped_kind;
use super::word::{ClosedWord, Raw, number};
use crate::lexer::TokenKind;
use crate::registry::{self, Record};
use crate::span::Span;

/// Words of an alias; what is longer is cut.
const MAX_ALIAS: usize = 64;
/// Most elements of a constant that are written out: strides, paddings, permutations.
const MAX_ELEMENTS: usize = 8;
/// Bytes of a string that is still a word.
const MAX_STRING: u32 = 32;

/// Attributes that do not affect cost, or that repeat operands and types. Discardable attributes (names with a dot) are
/// left out as well.
const LEFT_OUT: [&str; 15] = [
    "alignment",
    "arg_attrs",
    "callee",
    "fastmath",
    "fastmathFlags",
    "operandSegmentSizes",
    "operand_segment_sizes",
    "overflowFlags",
    "precision_config",
    "resultSegmentSizes",
    "result_segment_sizes",
    "res_attrs",
    "sym_name",
    "sym_visibility",
    "visibility",
];

/// Attributes whose key is left out.
const KEYLESS: [&str; 3] = ["indexing_maps", "iterator_types", "function_type"];

/// Keywords of custom forms that are left out.
const FILLERS: [&str; 16] = [
    "DEFAULT",
    "across",
    "applies",
    "attributes",
    "from",
    "ins",
    "into",
    "nested",
    "precision",
    "private",
    "public",
    "reducer",
    "symbol",
    "to",
    "with",
    "x",
];

impl Reader<'_> {
    /// Writes the words of what begins at a token; the index behind it.
    pub(super) fn atom(&mut self, at: usize, depth: u32) -> usize {
        if self.scheme != Scheme::Shaped {
            return self.atom_of_paper(at);
        }
        match self.scan.kind(at) {
            TokenKind::ValueId => self.operand(at),
            TokenKind::Integer => {
                if self.scan.text(at, self.text).starts_with("0x") {
                    // Printers write only floating point values that have no decimal spelling this way.
                    self.closed(ClosedWord::FLOAT_SPECIAL);
                } else {
                    number(self.words, self.integer(at));
                }
                at + 1
            }
            TokenKind::Float => {
                let value: f64 = self.scan.text(at, self.text).parse().unwrap_or(f64::NAN);
                self.closed(float(value));
                at + 1
            }
            TokenKind::Minus => self.single(at, ClosedWord::MINUS),
            TokenKind::Plus => self.single(at, ClosedWord::ADD),
            TokenKind::Star => self.single(at, ClosedWord::MUL),
            TokenKind::Question => self.single(at, ClosedWord::DYNAMIC),
            TokenKind::SymbolId => self.single(at, ClosedWord::SYMBOL),
            TokenKind::Arrow => {
                let nothing =
                    self.scan.kind(at + 1) == TokenKind::LeftParen && self.scan.kind(at + 2) == TokenKind::RightParen;
                if !nothing {
                    self.closed(ClosedWord::ARROW);
                }
                at + 1
            }
            TokenKind::BareId => self.bare(at, depth),
            TokenKind::HashId | TokenKind::ExclaimId => self.prefixed(at, depth),
            TokenKind::String => {
                let span = self.scan.span(at);
                self.string(Span { start: span.start + 1, end: span.end - 1 });
                at + 1
            }
            TokenKind::LeftBrace => {
                self.dictionary(at, depth);
                self.scan.behind(at)
            }
            _ => at + 1,
        }
    }

    /// The schemes of the paper know operations, values and whole types only.
    fn atom_of_paper(&mut self, at: usize) -> usize {
        let bracket = self.scan.kind(at + 1) == TokenKind::Less;
        match self.scan.kind(at) {
            TokenKind::ValueId if self.scheme == Scheme::OpsOperands => self.operand(at),
            TokenKind::BareId | TokenKind::ExclaimId => {
                let behind = if bracket { self.scan.behind(at + 1) } else { at + 1 };
                if self.scheme == Scheme::OpsOperands && self.is_type(at) {
                    self.whole_type(at, behind);
                }
                behind
            }
            TokenKind::HashId if bracket => self.scan.behind(at + 1),
            _ => at + 1,
        }
    }

    fn single(&mut self, at: usize, word: ClosedWord) -> usize {
        self.closed(word);
        at + 1
    }

    fn operand(&mut self, at: usize) -> usize {
        let name = self.scan.span(at);
        match self.values.get(name.text(self.text), self.text) {
            Some(meaning) => self.use_word(meaning),
            None if self.scheme == Scheme::OpsOperands => {
                let number = self.number_unseen(name);
                self.closed(ClosedWord::numbered(number));
            }
            None => self.closed(ClosedWord::UNDEFINED),
        }
        // `%5#1`: which of several results does not matter.
        let digit = |text: &str| text.as_bytes().get(1).is_some_and(u8::is_ascii_digit);
        let part = self.scan.kind(at + 1) == TokenKind::HashId && digit(self.scan.text(at + 1, self.text));
        at + 1 + usize::from(part)
    }

    pub(super) fn integer(&self, at: usize) -> u64 {
        let digits = self.scan.text(at, self.text).bytes();
        digits.fold(0u64, |value, digit| {
            value.saturating_mul(10).saturating_add(u64::from(digit.wrapping_sub(b'0')) & 15)
        })
    }

    fn string(&mut self, content: Span) {
        let text = content.text(self.text);
        let plain = text.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'.' | b'-'));
        if plain && !text.is_empty() && content.end - content.start <= MAX_STRING {
            self.words.push(Raw::Text(content.start, content.end - content.start));
        } else {
            self.closed(ClosedWord::STRING);
        }
    }

    fn bare(&mut self, at: usize, depth: u32) -> usize {
        let span = self.scan.span(at);
        let name = span.text(self.text);
        let bracket = self.scan.kind(at + 1) == TokenKind::Less;
        if bracket {
            let behind = self.scan.behind(at + 1);
            if let Some(kind) = shaped_kind(name) {
                self.shaped(kind, at, depth);
                return behind;
            }
            match name {
                "affine_map" => self.map(at + 1),
                "affine_set" => self.set(at + 1),
                "dense" | "dense_resource" | "sparse" => self.dense(at + 1),
                "array" => {
                    // The element type before the colon, then the elements.
                    let elements = if self.scan.kind(at + 3) == TokenKind::Colon { at + 4 } else { at + 3 };
                    self.range(elements, behind - 1, depth + 1);
                }
                "fastmath" | "overflow" => {}
                _ => {
                    self.words.push(Raw::Text(span.start, span.end - span.start));
                    self.range(at + 2, behind - 1, depth + 1);
                }
            }
            return behind;
        }
        match name {
            "true" => self.closed(ClosedWord::TRUE),
            "false" => self.closed(ClosedWord::FALSE),
            _ if FILLERS.contains(&name) => {}
            _ => self.words.push(Raw::Text(span.start, span.end - span.start)),
        }
        at + 1
    }

    /// The tokens `start..end`, brackets passed through.
    pub(super) fn range(&mut self, start: usize, end: usize, depth: u32) {
        if depth > MAX_DEPTH {
            if start < end {
                self.closed(ClosedWord::ELLIPSIS);
            }
            return;
        }
        let mut at = start;
        while at < end {
            at = self.atom(at, depth);
        }
    }

    /// `#alias`, `!alias`, `#dialect.attribute<...>`, `!dialect.type<...>`.
    fn prefixed(&mut self, at: usize, depth: u32) -> usize {
        let span = self.scan.span(at);
        let first = self.words.len();
        if let Some(alias) = self.aliases.get(span.text(self.text), self.text) {
            if self.is_crowded() {
                self.closed(ClosedWord::ELLIPSIS);
            } else {
                let (start, end) = (alias.start as usize, (alias.start + alias.count) as usize);
                self.words.extend_from_slice(&self.alias_words[start..end]);
                if self.scan.kind(at) == TokenKind::ExclaimId {
                    self.same(first);
                }
            }
            return at + 1;
        }
        if self.scan.kind(at + 1) != TokenKind::Less {
            self.words.push(Raw::Text(span.start, span.end - span.start));
            return at + 1;
        }
        let behind = self.scan.behind(at + 1);
        if self.scan.kind(at) == TokenKind::ExclaimId {
            self.words.push(Raw::Text(span.start, span.end - span.start));
        }
        self.range(at + 2, behind - 1, depth + 1);
        behind
    }

    /// Whether there are more words than any text has without aliases. Aliases are then no longer expanded, so that words stay
    /// linear in the text.
    fn is_crowded(&self) -> bool {
        self.words.len() > 2 * self.text.len() + (1 << 16)
    }

    pub(super) fn constant_words(&mut self, constant: Constant) {
        if self.is_crowded() {
            return self.closed(ClosedWord::ELLIPSIS);
        }
        self.range(constant.start as usize, constant.end as usize, 0);
    }

    /// `#name = attribute` or `!name = type` outside operations.
    pub(super) fn alias(&mut self, at: usize) -> usize {
        let first = self.words.len();
        let last_type = std::mem::take(&mut self.state.last_type);
        let next = self.atom(at + 2, 0);
        self.state.last_type = last_type;
        let start = self.alias_words.len();
        let count = (self.words.len() - first).min(MAX_ALIAS);
        self.alias_words.extend_from_slice(&self.words[first..first + count]);
        if self.words.len() - first > MAX_ALIAS {
            *self.alias_words.last_mut().expect("there are words") = Raw::Closed(ClosedWord::ELLIPSIS);
        }
        self.words.truncate(first);
        let alias = Alias { start: start as u32, count: count as u32 };
        self.aliases.define(self.scan.span(at), self.text, alias);
        next
    }

    /// Whether `{` starts a dictionary and not a region.
    pub(super) fn is_dictionary(&self, at: usize) -> bool {
        if self.scan.kind_before(at) == TokenKind::Less {
            return true;
        }
        let key = self.scan.kind(at + 1);
        let next = self.scan.kind(at + 2);
        match key {
            TokenKind::RightBrace => true,
            TokenKind::String => matches!(next, TokenKind::Equal | TokenKind::Comma | TokenKind::RightBrace),
            TokenKind::BareId => match next {
                TokenKind::Equal | TokenKind::Comma => true,
                TokenKind::RightBrace => {
                    // A terminator alone makes a region; so does the operation of a short `linalg.map`.
                    let name = self.scan.text(at + 1, self.text);
                    let terminator = ["return", "yield", "terminator", "unreachable"].iter().any(|t| name.ends_with(t));
                    let short = self.scan.kind_before(at) == TokenKind::BareId
                        && registry::find(self.scan.text(at - 1, self.text)).is_some_and(Record::has_short_body);
                    !terminator && !short
                }
                _ => false,
            },
            _ => false,
        }
    }

    /// Attributes between braces, in the order of their names.
    pub(super) fn dictionary(&mut self, open: usize, depth: u32) {
        if self.scheme != Scheme::Shaped && self.state.header.is_none() {
            return;
        }
        if depth > MAX_DEPTH {
            return self.closed(ClosedWord::ELLIPSIS);
        }
        let base = self.entries.len();
        let end = self.scan.closing(open);
        let mut at = open + 1;
        while at < end {
            let comma = self.comma(at, end);
            let quoted = u32::from(self.scan.kind(at) == TokenKind::String);
            let span = self.scan.span(at);
            let key = Span { start: span.start + quoted, end: (span.end - quoted).max(span.start + quoted) };
            let start = if self.scan.kind(at + 1) == TokenKind::Equal { at + 2 } else { comma };
            self.entry(Entry { key, start, end: comma });
            at = comma + 1;
        }
        let text = self.text;
        self.entries[base..].sort_by(|a, b| a.key.text(text).cmp(b.key.text(text)));
        for index in base..self.entries.len() {
            let entry = self.entries[index];
            if !KEYLESS.contains(&entry.key.text(text)) {
                self.words.push(Raw::Text(entry.key.start, entry.key.end - entry.key.start));
            }
            let mut at = entry.start;
            while at < entry.end {
                // The type of an attribute value repeats the types of the operation.
                if self.scan.kind(at) == TokenKind::Colon {
                    break;
                }
                at = self.atom(at, depth + 1);
            }
        }
        self.entries.truncate(base);
    }

    /// Notes an attribute that matters.
    fn entry(&mut self, entry: Entry) {
        let key = entry.key.text(self.text);
        if let Some(header) = &mut self.state.header {
            if key == "sym_name" && header.name == Span::default() {
                header.name = self.scan.span(entry.start);
            }
        } else if key == "function_type" {
            return;
        }
        if self.scheme == Scheme::Shaped && !key.contains('.') && !LEFT_OUT.contains(&key) {
            self.entries.push(entry);
        }
    }

    /// The elements of a constant: one if all are equal, few whole numbers, or nothing but that there are some.
    fn dense(&mut self, open: usize) {
        let (start, end) = (open + 1, self.scan.closing(open));
        let sign = usize::from(self.scan.kind(start) == TokenKind::Minus);
        let one = start + sign + 1 == end;
        let scalar = match self.scan.kind(start + sign) {
            TokenKind::Integer | TokenKind::Float => true,
            TokenKind::BareId => matches!(self.scan.text(start, self.text), "true" | "false"),
            _ => false,
        };
        if one && scalar {
            self.closed(ClosedWord::SPLAT);
            return self.range(start, end, 0);
        }
        self.closed(ClosedWord::DENSE);
        let whole = |kind| {
            matches!(
                kind,
                TokenKind::Integer
                    | TokenKind::Minus
                    | TokenKind::Comma
                    | TokenKind::LeftBracket
                    | TokenKind::RightBracket
            )
        };
        if end - start <= 4 * MAX_ELEMENTS && (start..end).all(|i| whole(self.scan.kind(i))) {
            let elements = (start..end).filter(|&i| self.scan.kind(i) == TokenKind::Integer).count();
            if elements <= MAX_ELEMENTS {
                self.range(start, end, 0);
            }
        }
    }

    /// A scalar constant and the index behind its operation, if one starts at `at`.
    pub(super) fn scalar_constant(&self, at: usize, one_result: bool) -> Option<(Constant, usize)> {
        if self.scheme != Scheme::Shaped || !one_result {
            return None;
        }
        let name = self.scan.text(at, self.text);
        let generic = name.starts_with('"');
        if name.trim_matches('"') != registry::names::CONSTANT {
            return None;
        }
        // `"arith.constant"() <{value = 1 : index}> : () -> index`, the angles not in older texts.
        let properties = usize::from(generic && self.scan.kind(at + 3) == TokenKind::Less);
        let brace = at + 3 + properties;
        if generic && (self.scan.kind(brace) != TokenKind::LeftBrace || self.scan.text(brace + 1, self.text) != "value")
        {
            return None;
        }
        let start = if generic { brace + 3 } else { at + 1 };
        let sign = usize::from(self.scan.kind(start) == TokenKind::Minus);
        let end = start + sign + 1;
        let typed = self.scan.kind(end) == TokenKind::Colon && self.scan.kind(end + 1) == TokenKind::BareId;
        let scalar = match self.scan.kind(start + sign) {
            TokenKind::Integer | TokenKind::Float => typed && self.scan.kind(end + 2) != TokenKind::Less,
            TokenKind::BareId => matches!(self.scan.text(start, self.text), "true" | "false"),
            _ => false,
        };
        if !scalar {
            return None;
        }
        let constant = Constant { start: start as u32, end: end as u32 };
        // Behind the generic form: `}`, perhaps `>`, then `: () -> type`.
        let behind = if generic { self.scan.behind(brace) + properties + 5 } else { end + 2 * usize::from(typed) };
        Some((constant, behind.min(self.scan.len())))
    }
}

fn float(value: f64) -> ClosedWord {
    const MANTISSA: u64 = (1 << 52) - 1;
    if value == 0.0 {
        ClosedWord::FLOAT_ZERO
    } else if value == 1.0 {
        ClosedWord::FLOAT_ONE
    } else if !value.is_finite() {
        ClosedWord::FLOAT_SPECIAL
    } else if value.to_bits() & MANTISSA == 0 {
        ClosedWord::FLOAT_POWER
    } else {
        ClosedWord::FLOAT
    }
}
