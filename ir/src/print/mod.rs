//! Canonical text: one operation a line, values named in the order of their definition, dimensions of affine maps by
//! place (`d0`, `s0`), aliases inlined, attribute dictionaries sorted, comments and locations dropped.
//!
//! An operation keeps the syntax it is written in, generic or custom: its tokens are printed with canonical blanks,
//! and the parser's marks give the spans of names, types, aliases and dictionaries. Names of operations
//! are as long as upstream prints them: `return` and `call` in a function, `func.call` deeper. Two texts of one form
//! that differ only in names, blanks, comments, aliases or the order of attributes print the same, and printing what
//! was printed changes nothing. Numbers and strings stay as spelled.

pub(crate) mod marks;
mod spacing;
mod types;

use std::fmt::Write;

use crate::lexer::{Lexer, TokenKind};
use crate::span::Span;
use crate::tree::{Definition, Tree, Type, TypeId, Types, ValueId};
use marks::{Mark, MarkKind};
use spacing::{Last, blank, is_sign};

/// The canonical text of a parsed text; `source` is what was parsed.
#[must_use]
pub fn print(source: &str, tree: &Tree) -> String {
    let names = name_values(tree);
    let mut printer = Printer::new(source, &tree.types, &tree.marks.all, Some(&names));
    printer.range(Span::new(0, source.len()));
    if !printer.out.is_empty() {
        printer.out.push('\n');
    }
    printer.out
}

/// Canonical spelling of a piece of text without operations: a dialect's type or attribute.
pub(crate) fn piece(source: &str, types: &Types, marks: &[Mark], span: Span) -> String {
    let mut printer = Printer::new(source, types, marks, None);
    printer.range(span);
    printer.out
}

/// Printed names of values and blocks.
#[derive(Debug, Default)]
struct Names {
    /// By value: prefix and number; the number within the results, where there are several.
    values: Vec<Option<(&'static str, u32, Option<u32>)>>,
    /// By block.
    blocks: Vec<u32>,
}

/// Number values and blocks in the order of their definitions; numbers in an isolated operation are used again behind it.
fn name_values(tree: &Tree) -> Names {
    let mut names = Names { values: vec![None; tree.values.len()], blocks: vec![0; tree.blocks.len()] };
    // End of each enclosing isolated operation, with the numbers to continue with after it.
    let mut around: Vec<(u32, (u32, u32))> = Vec::new();
    let (mut result, mut argument) = (0, 0);
    let mut last_argument = None;
    for mark in &tree.marks.all {
        while let Some(&(end, outer)) = around.last()
            && mark.span.start >= end
        {
            (result, argument) = outer;
            around.pop();
        }
        match mark.kind {
            MarkKind::Operation { isolated: true, .. } => {
                // Upstream sees names of the outer operation in a function, so numbers go on.
                around.push((mark.span.end, (result, argument)));
            }
            MarkKind::Results { first, count } => {
                for i in 0..count {
                    names.values[first.index() + i as usize] = Some(("%", result, (count > 1).then_some(i)));
                }
                result += 1;
            }
            MarkKind::Value { value, definition: true } => {
                // A name that an opaque operation might have defined turned out to be a result.
                if !matches!(tree.value(value).definition, Definition::Argument { .. }) {
                    continue;
                }
                // One name may define an argument in each of several regions.
                if last_argument != Some(mark.span) {
                    argument += 1;
                    last_argument = Some(mark.span);
                }
                names.values[value.index()] = Some(("%arg", argument - 1, None));
            }
            _ => {}
        }
    }
    for region in &tree.regions {
        for (i, block) in region.blocks.iter().enumerate() {
            names.blocks[block.index()] = i as u32;
        }
    }
    names
}

struct Printer<'a> {
    source: &'a str,
    types: &'a Types,
    /// Sorted by place, outer before inner.
    marks: &'a [Mark],
    names: Option<&'a Names>,
    out: String,
    last: Option<Last<'a>>,
    /// `<` that are open.
    angles: usize,
    indent: usize,
    /// Ends of the operations around, each with whether it is opaque.
    around: Vec<(u32, bool)>,
    /// End of the source printed last.
    end: u32,
    /// Whether blanks or comments stand between that and what is printed now.
    gap: bool,
}

impl<'a> Printer<'a> {
    fn new(source: &'a str, types: &'a Types, marks: &'a [Mark], names: Option<&'a Names>) -> Self {
        Self {
            source,
            types,
            marks,
            names,
            out: String::new(),
            last: None,
            angles: 0,
            indent: 0,
            around: Vec::new(),
            end: 0,
            gap: false,
        }
    }

    /// Print a range of the source.
    fn range(&mut self, span: Span) {
        let marks = self.marks;
        let mut next = marks.partition_point(|m| m.span.start < span.start);
        let mut at = span.start;
        while at < span.end {
            let Some(token) = Lexer::at(self.source, at as usize).next() else { return };
            if token.kind.is_trivia() {
                at = token.span.end;
                continue;
            }
            while next < marks.len() && marks[next].span.start < at {
                next += 1;
            }
            let here = at;
            while self.around.last().is_some_and(|&(end, _)| end <= here) {
                self.around.pop();
            }
            self.gap = self.end != here;
            while next < marks.len() && marks[next].span.start == here && at == here {
                if self.mark(&marks[next]) {
                    at = marks[next].span.end;
                }
                next += 1;
            }
            if at == here {
                at = self.token(token.kind, token.span).end;
            }
            self.end = at;
        }
    }

    /// Print a mark; false if the tokens of its span are printed as they are.
    fn mark(&mut self, mark: &'a Mark) -> bool {
        let text = mark.span.text(self.source);
        match &mark.kind {
            MarkKind::Operation { opaque, .. } => {
                self.around.push((mark.span.end, *opaque));
                self.line(self.indent);
                return false;
            }
            MarkKind::Results { first, count } => self.results(text, *first, *count),
            MarkKind::Value { value, definition } => self.value(text, *value, *definition),
            MarkKind::Block { block, label } => {
                if *label {
                    self.line(self.indent.saturating_sub(1));
                }
                self.blank(TokenKind::BlockId, text, false);
                match self.names {
                    Some(names) => _ = write!(self.out, "^bb{}", names.blocks[block.index()]),
                    None => self.out.push_str(text),
                }
                self.last = Some(Last { kind: TokenKind::BareId, text: "", tight: false });
            }
            MarkKind::LabelEnd => {
                self.out.push(':');
                self.last = Some(Last { kind: TokenKind::Colon, text, tight: false });
            }
            MarkKind::RegionOpen => {
                self.blank(TokenKind::LeftBrace, text, false);
                self.out.push('{');
                self.indent += 1;
                self.last = Some(Last { kind: TokenKind::LeftBrace, text, tight: false });
            }
            MarkKind::RegionClose => {
                self.indent = self.indent.saturating_sub(1);
                self.line(self.indent);
                self.out.push('}');
                self.last = Some(Last { kind: TokenKind::RightBrace, text, tight: false });
            }
            MarkKind::Name(name) => {
                self.blank(TokenKind::BareId, name, false);
                self.out.push_str(name);
                self.last = Some(Last { kind: TokenKind::BareId, text: name, tight: false });
            }
            MarkKind::Dimension(place) | MarkKind::Symbol(place) => {
                let letter = if matches!(mark.kind, MarkKind::Symbol(_)) { 's' } else { 'd' };
                self.blank(TokenKind::BareId, "", false);
                _ = write!(self.out, "{letter}{place}");
                self.last = Some(Last { kind: TokenKind::BareId, text: "", tight: false });
            }
            MarkKind::Type(id) => self.ty(*id),
            MarkKind::Dictionary(entries) => self.dictionary(mark.span, entries),
            MarkKind::Inline(alias) => self.inline(alias),
            MarkKind::Resources => {
                self.line(0);
                self.out.push_str(text);
            }
            MarkKind::Skip => {}
        }
        true
    }

    /// Names of results before `=`.
    fn results(&mut self, text: &'a str, first: ValueId, count: u32) {
        let name = self.names.and_then(|n| n.values[first.index()]).map(|(_, number, _)| number);
        self.blank(TokenKind::ValueId, text, false);
        match name {
            Some(number) if count > 1 => _ = write!(self.out, "%{number}:{count}"),
            Some(number) => _ = write!(self.out, "%{number}"),
            None => self.out.push_str(text),
        }
        self.last = Some(Last { kind: TokenKind::ValueId, text, tight: false });
    }

    fn value(&mut self, text: &'a str, value: ValueId, definition: bool) {
        self.blank(TokenKind::ValueId, text, false);
        match self.names.and_then(|n| n.values[value.index()]) {
            Some((prefix, number, None)) => _ = write!(self.out, "{prefix}{number}"),
            Some((prefix, number, Some(i))) => _ = write!(self.out, "{prefix}{number}#{i}"),
            None => self.unbound(text),
        }
        self.last = Some(Last { kind: TokenKind::ValueId, text, tight: definition });
    }

    /// The name of a value that nothing defines, so that it is no other value's.
    fn unbound(&mut self, text: &str) {
        let name = text.trim_start_matches('%');
        let number = name.strip_prefix("arg").unwrap_or(name);
        if number.starts_with(|c: char| c.is_ascii_digit()) {
            self.out.push_str("%u");
            self.out.push_str(name);
        } else {
            self.out.push_str(text);
        }
    }

    fn ty(&mut self, id: TypeId) {
        let kind = match self.types.get(id) {
            Type::Function { .. } => TokenKind::LeftParen,
            _ => TokenKind::BareId,
        };
        // A blank separates a word from a type, even from a parenthesis.
        let apart = self.last.is_some_and(|l| l.kind == TokenKind::BareId);
        self.blank(if apart { TokenKind::BareId } else { kind }, "", false);
        self.types.write(id, &mut self.out);
        self.last = Some(Last { kind: TokenKind::BareId, text: "", tight: false });
    }

    /// A dictionary with its entries in their canonical order.
    fn dictionary(&mut self, span: Span, entries: &[Span]) {
        self.token(TokenKind::LeftBrace, Span { start: span.start, end: span.start + 1 });
        for (i, &entry) in entries.iter().enumerate() {
            if i > 0 {
                self.out.push_str(", ");
                self.last = None;
            }
            self.range(entry);
        }
        self.out.push('}');
        self.last = Some(Last { kind: TokenKind::RightBrace, text: "}", tight: false });
    }

    /// The text of an alias.
    fn inline(&mut self, alias: &str) {
        let first = Lexer::at(alias, 0).next().map_or(TokenKind::BareId, |t| t.kind);
        self.blank(first, "", false);
        self.out.push_str(alias);
        let kind = match alias.as_bytes().last() {
            Some(b'>') => TokenKind::Greater,
            Some(b']') => TokenKind::RightBracket,
            Some(b'}') => TokenKind::RightBrace,
            Some(b'"') => TokenKind::String,
            _ => TokenKind::BareId,
        };
        self.last = Some(Last { kind, text: "", tight: false });
    }

    /// Print a token, or two that make one sign (`>=`).
    fn token(&mut self, kind: TokenKind, mut span: Span) -> Span {
        let touching = self.source[..span.start as usize].chars().next_back().is_some_and(|c| !c.is_whitespace());
        let mut kind = kind;
        if matches!(kind, TokenKind::Greater | TokenKind::Less | TokenKind::Equal) {
            let mut behind = Lexer::at(self.source, span.end as usize).filter(|t| !t.kind.is_trivia());
            if let Some(next) = behind.next()
                && next.kind == TokenKind::Equal
                && next.span.start == span.end
            {
                self.blank(TokenKind::Equal, "=", false);
                self.out.push_str(span.text(self.source));
                span.start = next.span.start;
                span.end = next.span.end;
                self.out.push('=');
                self.last = Some(Last { kind: TokenKind::Equal, text: "=", tight: false });
                return span;
            }
        }
        let text = span.text(self.source);
        self.blank(kind, text, touching);
        self.out.push_str(text);
        let sign = matches!(kind, TokenKind::Minus | TokenKind::Plus) && is_sign(self.last.map(|l| l.kind));
        match kind {
            TokenKind::Less => self.angles += 1,
            TokenKind::Greater => self.angles = self.angles.saturating_sub(1),
            TokenKind::UnterminatedString => kind = TokenKind::String,
            _ => {}
        }
        self.last = Some(Last { kind, text, tight: sign });
        span
    }

    fn blank(&mut self, kind: TokenKind, text: &str, touching: bool) {
        let Some(last) = self.last else { return };
        let verbatim = self.around.last().is_some_and(|&(_, opaque)| opaque);
        if if verbatim { self.gap } else { blank(last, kind, text, touching, self.angles) } {
            self.out.push(' ');
        }
    }

    fn line(&mut self, indent: usize) {
        if !self.out.is_empty() {
            self.out.push('\n');
        }
        self.out.extend(std::iter::repeat_n("  ", indent));
        self.last = None;
        self.angles = 0;
    }
}
