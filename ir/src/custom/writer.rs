//! Output of the custom form: copies of the source, and the parts that all forms have.

use std::fmt::Write;

use indexmap::{IndexMap, IndexSet};
use rustc_hash::FxBuildHasher;

use super::generic::{Generic, Source, Tokens};
use crate::lexer::{TokenKind, lex};
use crate::registry::names::MEMOIZED_MAPS;

/// Aliases of more tokens than this are not looked into: each use would take as long as the alias.
const MAX_ALIAS: usize = 4096;

/// Attributes that no custom form writes.
const NEVER: [&str; 5] =
    ["operandSegmentSizes", "resultSegmentSizes", "operand_segment_sizes", "result_segment_sizes", MEMOIZED_MAPS];

/// Values that custom forms leave out, being the defaults.
const DEFAULTS: [(&str, &str); 11] = [
    ("api_version", "1 : i32"),
    ("called_computations", "[]"),
    ("has_side_effect", "false"),
    ("fastmath", "#arith.fastmath<none>"),
    ("nan_mode", "#tosa.nan_mode<PROPAGATE>"),
    ("nontemporal", "false"),
    ("overflowFlags", "#arith.overflow<none>"),
    ("isExact", "false"),
    ("punctuation", "#vector.punctuation<newline>"),
    ("value", "#ub.poison"),
    ("result_accuracy", "#stablehlo.result_accuracy<mode = #stablehlo.result_accuracy_mode<DEFAULT>>"),
];

pub(super) struct Writer<'a> {
    pub source: Source<'a>,
    pub out: String,
    /// Where copied pieces and rewritten operations begin: in `out`, in the source.
    pub pieces: Vec<(u32, u32)>,
    /// Whether anything is rewritten.
    pub rewritten: bool,
    /// The tokens of what each alias stands for.
    aliases: IndexMap<&'a str, Tokens, FxBuildHasher>,
    /// Names of values that are written as others.
    pub renamed: IndexMap<&'a str, &'a str, FxBuildHasher>,
    pub depth: usize,
    /// Operations that stay in generic form, so that none inside is rewritten more than twice.
    pub left: IndexSet<usize, FxBuildHasher>,
    /// Bytes of the result above which nothing is rewritten: substitution in maps could multiply a text.
    limit: usize,
}

/// Whether custom forms write an attribute: it does not follow from others, and its value is not the default.
pub(super) fn is_written(source: Source<'_>, name: &str, value: Tokens) -> bool {
    !NEVER.contains(&name) && !DEFAULTS.contains(&(name, source.text(value)))
}

impl<'a> Writer<'a> {
    pub fn new(source: Source<'a>) -> Self {
        let mut aliases = IndexMap::default();
        let mut at = 0;
        while at < source.scan.len() {
            if source.kind(at) == TokenKind::HashId && source.kind(at + 1) == TokenKind::Equal {
                // `#map = affine_map<...>`; other attributes are not looked into.
                let end = if source.kind(at + 3) == TokenKind::Less { source.scan.behind(at + 3) } else { at + 3 };
                aliases.insert(source.token(at), (at + 2, end));
            }
            at = match source.kind(at) {
                TokenKind::LeftParen | TokenKind::LeftBrace | TokenKind::LeftBracket | TokenKind::Less => {
                    source.scan.behind(at)
                }
                _ => at + 1,
            };
        }
        let length = source.text.len();
        Self {
            source,
            out: String::with_capacity(length),
            pieces: Vec::new(),
            rewritten: false,
            aliases,
            renamed: IndexMap::default(),
            depth: 0,
            left: IndexSet::default(),
            limit: 4 * length + (1 << 16),
        }
    }

    /// Whether the result is longer than any that upstream would print.
    pub fn is_full(&self) -> bool {
        self.out.len() > self.limit
    }

    /// Copies tokens as they are, with the space before them.
    pub fn verbatim(&mut self, (start, end): Tokens) {
        if start >= end {
            return;
        }
        let from = if start == 0 { 0 } else { self.source.scan.span(start - 1).end };
        self.pieces.push((self.out.len() as u32, from));
        let end = self.source.scan.span(end - 1).end;
        self.spelled(from, end);
    }

    /// Copies bytes of the source, with other names for the values that have them.
    fn spelled(&mut self, start: u32, end: u32) {
        let text = &self.source.text[start as usize..end as usize];
        if self.renamed.is_empty() {
            return self.out.push_str(text);
        }
        for token in lex(text) {
            let spelled = token.span.text(text);
            self.out.push_str(self.renamed.get(spelled).copied().unwrap_or(spelled));
        }
    }

    /// Copies the blanks and comments before a token, at least one blank.
    pub fn blanks_before(&mut self, at: usize) {
        let from = if at == 0 { 0 } else { self.source.scan.span(at - 1).end };
        let blanks = &self.source.text[from as usize..self.source.scan.span(at).start as usize];
        self.out.push_str(if blanks.is_empty() { " " } else { blanks });
    }

    pub fn piece(&mut self, at: usize) {
        self.pieces.push((self.out.len() as u32, self.source.scan.span(at).start));
    }

    /// A piece of text with a blank before it.
    pub fn word(&mut self, word: &str) {
        if !word.is_empty() {
            self.out.push(' ');
            self.out.push_str(word);
        }
    }

    /// Tokens as they are written, with a blank before them.
    pub fn tokens(&mut self, tokens: Tokens) {
        if tokens.0 < tokens.1 {
            self.out.push(' ');
            self.spelled(self.source.scan.span(tokens.0).start, self.source.scan.span(tokens.1 - 1).end);
        }
    }

    /// Pieces with commas between them.
    pub fn list(&mut self, all: &[Tokens]) {
        for (i, &tokens) in all.iter().enumerate() {
            if i > 0 {
                self.out.push(',');
            }
            self.tokens(tokens);
        }
    }

    /// The same in parentheses.
    pub fn parenthesised(&mut self, all: &[Tokens]) {
        self.out.push('(');
        self.list(all);
        self.out.push(')');
    }

    /// `%a, %b : types`.
    pub fn typed(&mut self, values: &[Tokens], types: &[Tokens]) {
        self.list(values);
        self.word(":");
        self.list(types);
    }

    /// ` -> type`, ` -> (types)`, or nothing.
    pub fn results(&mut self, results: &[Tokens]) {
        match results {
            [] => {}
            // A function type needs the parentheses.
            [one] if self.source.kind(one.0) != TokenKind::LeftParen => {
                self.word("->");
                self.tokens(*one);
            }
            all => {
                self.word("->");
                self.word("");
                self.out.push(' ');
                self.parenthesised(all);
            }
        }
    }

    /// ` -> (types)`, or nothing.
    pub fn result_list(&mut self, results: &[Tokens]) {
        if !results.is_empty() {
            self.word("-> ");
            self.parenthesised(results);
        }
    }

    /// ` : (types) -> types` of all operands and results.
    pub fn function_type(&mut self, op: &Generic<'a>) {
        self.word(": ");
        self.parenthesised(&op.inputs);
        if op.results.is_empty() {
            self.word("-> ()");
        }
        self.results(&op.results);
    }

    /// The dictionary of the attributes that the form has not written otherwise, behind `before` if there are any.
    pub fn rest_behind(&mut self, before: &str, op: &Generic<'a>, written: &[&str]) {
        let mut open = false;
        for attribute in &op.attributes {
            if written.contains(&attribute.name) || !is_written(self.source, attribute.name, attribute.value) {
                continue;
            }
            if !open {
                self.word(before);
            }
            self.out.push_str(if open { ", " } else { " {" });
            open = true;
            self.out.push_str(self.source.token(attribute.key));
            if attribute.value.0 < attribute.value.1 {
                self.out.push_str(" =");
                self.tokens(attribute.value);
            }
        }
        if open {
            self.out.push('}');
        }
    }

    pub fn rest(&mut self, op: &Generic<'a>, written: &[&str]) {
        self.rest_behind("", op, written);
    }

    /// The tokens that an alias stands for, or the tokens themselves.
    pub fn resolved(&self, tokens: Tokens) -> Tokens {
        if self.source.kind(tokens.0) == TokenKind::HashId && tokens.0 + 1 == tokens.1 {
            let alias = self.aliases.get(self.source.token(tokens.0)).copied();
            return alias.filter(|alias| alias.1 - alias.0 <= MAX_ALIAS).unwrap_or(tokens);
        }
        tokens
    }

    /// A value without its type: `1` of `1 : i64`.
    pub fn without_type(&self, (start, end): Tokens) -> Tokens {
        (start, self.source.find(TokenKind::Colon, start, end))
    }

    /// The elements of `array<i64: 1, 2>`.
    pub fn array(&self, value: Tokens) -> Option<Vec<Tokens>> {
        let source = self.source;
        if source.token(value.0) != "array" || source.kind(value.0 + 1) != TokenKind::Less {
            return None;
        }
        let (open, close) = (value.0 + 1, source.scan.closing(value.0 + 1));
        let colon = source.find(TokenKind::Colon, open + 1, close);
        Some(source.items((colon + 1).min(close), close))
    }

    /// The integers of `array<i64: 1, 2>`.
    pub fn integers(&self, value: Tokens) -> Option<Vec<i64>> {
        self.array(value)?.into_iter().map(|element| self.source.text(element).parse().ok()).collect()
    }

    /// `[1, 2]` of `array<i64: 1, 2>`.
    pub fn integer_list(&mut self, value: Tokens) -> Option<()> {
        let elements = self.array(value)?;
        self.out.push_str(" [");
        self.list(&elements);
        self.out.push(']');
        Some(())
    }

    /// `[%a, 2]` of `array<i64: -9223372036854775808, 2>`.
    pub fn mixed(&mut self, integers: Tokens, values: &[Tokens], brackets: [char; 2]) -> Option<()> {
        let mut values = values.iter();
        self.out.push(brackets[0]);
        for (i, element) in self.array(integers)?.into_iter().enumerate() {
            if i > 0 {
                self.out.push_str(", ");
            }
            let tokens = match self.source.text(element) == "-9223372036854775808" {
                true => *values.next()?,
                false => element,
            };
            self.tokens(tokens);
        }
        self.out.push(brackets[1]);
        values.next().is_none().then_some(())
    }

    /// The sizes of the operand groups.
    pub fn segments(&self, op: &Generic<'a>) -> Option<Vec<usize>> {
        let name = if op.has("operandSegmentSizes") { "operandSegmentSizes" } else { "operand_segment_sizes" };
        let sizes = self.integers(op.attribute(name)?)?;
        let sizes: Vec<usize> = sizes.into_iter().map(|size| usize::try_from(size).ok()).collect::<Option<_>>()?;
        let total = sizes.iter().try_fold(0usize, |sum, &size| sum.checked_add(size))?;
        (total == op.operands.len()).then_some(sizes)
    }

    /// The last word of a dialect's attribute: `add` of `#vector.kind<add>`, `ult` of `#index<cmp_predicate ult>`.
    pub fn last_word(&self, (start, end): Tokens) -> Option<&'a str> {
        let last = (start..end).rev().find(|&at| self.source.kind(at) == TokenKind::BareId)?;
        Some(self.source.token(last))
    }

    /// `["parallel", "reduction"]` of `[#linalg.iterator_type<parallel>, ...]`.
    pub fn iterator_types(&mut self, value: Tokens) -> Option<()> {
        self.out.push_str("iterator_types = [");
        for (i, item) in self.source.list(value.0)?.into_iter().enumerate() {
            let word = match self.source.kind(item.0) {
                TokenKind::String => self.source.token(item.0).trim_matches('"'),
                _ => self.last_word(item)?,
            };
            let comma = if i > 0 { ", " } else { "" };
            let _ = write!(self.out, "{comma}\"{word}\"");
        }
        self.out.push(']');
        Some(())
    }

    /// The text of an attribute that is a string, without its quotes.
    pub fn string(&self, value: Tokens) -> Option<&'a str> {
        let text = self.source.text(value);
        text.strip_prefix('"')?.strip_suffix('"')
    }

    /// ` @name` of `"name"`.
    pub fn symbol(&mut self, value: Tokens) -> Option<()> {
        let name = self.string(value)?;
        let plain = name.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_')
            && name.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'$' | b'.'));
        self.word("@");
        self.out.push_str(if plain { name } else { self.source.text(value) });
        Some(())
    }
}
