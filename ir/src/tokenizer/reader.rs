//! One pass over the tokens of a text: operations, regions, blocks and the definitions of values.
//!
//! Custom syntax is defined by dialects. Only rules that hold for all dialects are used here: an operation is a dotted name outside attributes (or a name behind `=`, or a string before
//! `(`), a result stands before `=` and an operation, an argument of a block behind a label or in one of the few
//! places where dialects put them (loop variables, `iter_args`, bodies of reductions).

use std::sync::LazyLock;

use super::scheme::Scheme;
use super::state::{Frame, FunctionPlace, Header, Meaning, Reader};
use super::word::{ClosedWord, Raw};
use crate::lexer::TokenKind;
use crate::registry;
use crate::span::Span;

impl Reader<'_> {
    /// Reads all tokens.
    pub fn run(&mut self) {
        let end = self.scan.len();
        self.frames.push(Frame::new(end, 0));
        let mut at = 0;
        while at < end {
            at = self.step(at);
        }
        while self.frames.len() > 1 {
            self.close_region();
        }
    }

    #[inline]
    pub(super) fn closed(&mut self, word: ClosedWord) {
        self.words.push(Raw::Closed(word));
    }

    fn step(&mut self, at: usize) -> usize {
        match self.scan.kind(at) {
            TokenKind::ValueId => self.value(at),
            TokenKind::BareId if self.is_operation(at) => self.operation(at),
            TokenKind::String if self.scan.kind(at + 1) == TokenKind::LeftParen => self.operation(at),
            TokenKind::LeftBrace => {
                if self.is_dictionary(at) {
                    self.dictionary(at, 0);
                    self.scan.behind(at)
                } else {
                    self.open_region(at);
                    at + 1
                }
            }
            TokenKind::RightBrace => {
                // A stray `{` inside ends with the region.
                while self.frames.len() > 1 && self.frame().closing <= at {
                    self.close_region();
                }
                at + 1
            }
            TokenKind::BlockId => self.block(at),
            TokenKind::LeftParen => self.parenthesis(at),
            TokenKind::HashId | TokenKind::ExclaimId if self.scan.kind(at + 1) == TokenKind::Equal => self.alias(at),
            TokenKind::SymbolId => {
                match &mut self.state.header {
                    Some(header) if header.name == Span::default() => header.name = self.scan.span(at),
                    _ if self.scheme == Scheme::Shaped && self.frames.len() > 1 => self.closed(ClosedWord::SYMBOL),
                    _ => {}
                }
                at + 1
            }
            _ => self.atom(at, 0),
        }
    }

    fn frame(&mut self) -> &mut Frame {
        self.frames.last_mut().expect("the text's own frame stays")
    }

    /// Is a bare name outside attributes an operation?
    fn is_operation(&self, at: usize) -> bool {
        let name = self.scan.text(at, self.text);
        if name.as_bytes().contains(&b'.') {
            return self.scan.kind(at + 1) != TokenKind::Equal;
        }
        SHORT_NAMES.iter().any(|n| n.0 == name)
    }

    /// Does an operation's name stand here, behind `=`? Behind the variable of an `affine.for`, a bound does.
    fn starts_operation(&self, at: usize) -> bool {
        match self.scan.kind(at) {
            TokenKind::BareId => !matches!(self.scan.text(at, self.text), "max" | "min" | "affine_map"),
            TokenKind::String => self.scan.kind(at + 1) == TokenKind::LeftParen,
            _ => false,
        }
    }

    /// A value's name: results before their operation, an argument before its initial value, or a use.
    fn value(&mut self, at: usize) -> usize {
        let next = self.scan.kind(at + 1);
        if next == TokenKind::Equal && !self.starts_operation(at + 2) {
            self.region_argument(at);
            return at + 2;
        }
        let before = self.scan.kind_before(at);
        if next == TokenKind::Equal
            || (before != TokenKind::Comma && matches!(next, TokenKind::Comma | TokenKind::Colon))
        {
            // `%a, %b:2 = operation`; read once from its first name.
            let mut end = at;
            loop {
                end += 1;
                if self.scan.kind(end) == TokenKind::Colon && self.scan.kind(end + 1) == TokenKind::Integer {
                    end += 2;
                }
                if self.scan.kind(end) != TokenKind::Comma || self.scan.kind(end + 1) != TokenKind::ValueId {
                    break;
                }
                end += 1;
            }
            if self.scan.kind(end) == TokenKind::Equal && self.starts_operation(end + 1) {
                self.begin_operation();
                if let Some(constant) = self.scalar_constant(end + 1, at + 1 == end) {
                    self.values.define(self.scan.span(at), self.text, Meaning::Constant(constant.0));
                    return constant.1;
                }
                self.frame().result_open = true;
                for i in at..end {
                    if self.scan.kind(i) == TokenKind::ValueId {
                        let (level, index) = (self.frames.len() as u32 - 1, self.frame().results);
                        self.define(i, Meaning::Result { level, index });
                    }
                }
                return self.operation_name(end + 1);
            }
        }
        self.atom(at, 0)
    }

    /// Gives a name its meaning, or its number where values are numbered.
    fn define(&mut self, at: usize, meaning: Meaning) {
        let meaning = match self.scheme {
            Scheme::Ops => return,
            Scheme::OpsOperands => {
                let number = self.state.numbered;
                self.state.numbered += 1;
                self.closed(ClosedWord::numbered(number));
                Meaning::Numbered(number)
            }
            Scheme::Shaped => meaning,
        };
        self.values.define(self.scan.span(at), self.text, meaning);
    }

    /// The number of a name whose definition has not been seen.
    pub(super) fn number_unseen(&mut self, name: Span) -> u32 {
        let number = self.state.numbered;
        self.state.numbered += 1;
        self.values.define(name, self.text, Meaning::Numbered(number));
        number
    }

    fn region_argument(&mut self, at: usize) {
        let meaning =
            Meaning::RegionArgument { depth: self.state.argument_depth + 1, position: self.state.waiting_arguments };
        self.state.waiting_arguments += 1;
        self.define(at, meaning);
    }

    /// The word of a value where it is used.
    pub(super) fn use_word(&mut self, meaning: Meaning) {
        let word = match meaning {
            Meaning::FunctionArgument(position) => ClosedWord::function_argument(position),
            Meaning::RegionArgument { depth, position } => {
                // Used before its region opens (a reduction's types): the innermost to come.
                ClosedWord::region_argument(self.state.argument_depth.saturating_sub(depth), position)
            }
            Meaning::Result { level, index } => {
                let results = self.frames.get(level as usize).map_or(index, |f| f.results);
                ClosedWord::result(results.saturating_sub(index), (level as usize) < self.frames.len() - 1)
            }
            Meaning::Constant(constant) => return self.constant_words(constant),
            Meaning::Numbered(number) => ClosedWord::numbered(number),
            Meaning::Block(_) => ClosedWord::UNDEFINED,
        };
        self.closed(word);
    }

    fn begin_operation(&mut self) {
        let frame = self.frame();
        frame.results += u32::from(frame.result_open);
        frame.result_open = false;
        self.state.waiting_arguments = 0;
        self.state.last_type = (0, 0);
        self.state.in_function_operation = false;
        self.state.header = None;
    }

    fn operation(&mut self, at: usize) -> usize {
        self.begin_operation();
        self.operation_name(at)
    }

    fn operation_name(&mut self, at: usize) -> usize {
        let span = self.scan.span(at);
        let quoted = u32::from(self.scan.kind(at) == TokenKind::String);
        let name = Span { start: span.start + quoted, end: (span.end - quoted).max(span.start + quoted) };
        let first_word = self.words.len();
        self.words.push(full_name(name.text(self.text)).unwrap_or(Raw::Text(name.start, name.end - name.start)));
        if registry::names::is_function(name.text(self.text)) {
            self.state.in_function_operation = true;
            self.state.header = Some(Header { at, first_word, name: Span::default() });
            self.values.forget();
            self.state.numbered = 0;
            self.state.function_arguments = 0;
        }
        at + 1
    }

    fn open_region(&mut self, at: usize) {
        self.state.regions += 1;
        let mut frame = Frame::new(self.scan.closing(at), self.state.regions);
        frame.outer_type = self.state.last_type;
        if let Some(header) = self.state.header.take() {
            frame.function = Some(self.functions.len());
            let start = self.scan.span(header.at).start;
            let first = header.first_word as u32;
            self.functions.push(FunctionPlace {
                name: header.name,
                span: Span { start, end: start },
                words: (first, first),
            });
        }
        frame.arguments = self.state.waiting_arguments > 0;
        self.state.argument_depth += u32::from(frame.arguments);
        self.state.waiting_arguments = 0;
        self.frames.push(frame);
        if self.scheme == Scheme::Shaped {
            self.closed(ClosedWord::OPEN);
        }
    }

    fn close_region(&mut self) {
        let frame = self.frames.pop().expect("the text's own frame is never closed");
        self.state.argument_depth -= u32::from(frame.arguments);
        self.state.waiting_arguments = 0;
        self.state.last_type = frame.outer_type;
        if self.scheme == Scheme::Shaped {
            self.closed(ClosedWord::CLOSE);
        }
        if let Some(function) = frame.function {
            let end = if frame.closing < self.scan.len() {
                self.scan.span(frame.closing).end
            } else {
                self.text.len() as u32
            };
            let place = &mut self.functions[function];
            place.span.end = end;
            place.words.1 = self.words.len() as u32;
        }
    }

    /// A block's label, or a block that control may go to.
    fn block(&mut self, at: usize) -> usize {
        let open = at + 1;
        let has_arguments = self.scan.kind(open) == TokenKind::LeftParen;
        let behind = if has_arguments { self.scan.behind(open) } else { open };
        let name = self.scan.span(at);
        let serial = self.frame().serial;
        if self.scan.kind(behind) != TokenKind::Colon {
            if self.scheme == Scheme::Shaped {
                let back =
                    matches!(self.values.get(name.text(self.text), self.text), Some(Meaning::Block(s)) if s == serial);
                self.closed(if back { ClosedWord::BACK } else { ClosedWord::FORWARD });
            }
            return open;
        }
        let entry = self.scan.kind_before(at) == TokenKind::LeftBrace;
        if self.scheme == Scheme::Shaped {
            self.values.define(name, self.text, Meaning::Block(serial));
            if !entry {
                self.closed(ClosedWord::BLOCK);
            }
        }
        if has_arguments {
            // Arguments of a body of a function in generic form are the function's.
            let function = entry && self.frames.last().is_some_and(|f| f.function.is_some());
            let frame = self.frame();
            if !frame.arguments && !function {
                frame.arguments = true;
                self.state.argument_depth += 1;
            }
            // They belong to this region, not to one to come.
            self.state.argument_depth -= 1 - u32::from(function);
            self.state.waiting_arguments = 0;
            self.arguments(open, !entry, function);
            self.state.argument_depth += 1 - u32::from(function);
            self.state.waiting_arguments = 0;
        }
        behind + 1
    }

    /// Arguments in parentheses, where this is a place for them.
    fn parenthesis(&mut self, at: usize) -> usize {
        if self.scan.kind(at + 1) != TokenKind::ValueId {
            return at + 1;
        }
        let behind = self.scan.behind(at);
        let before = self.scan.kind_before(at);
        if before == TokenKind::SymbolId && self.state.in_function_operation {
            self.arguments(at, true, true);
            return behind;
        }
        let bound = match self.scan.kind(behind) {
            TokenKind::Equal => true,
            TokenKind::BareId => self.scan.text(behind, self.text) == "in",
            _ => false,
        };
        let typed = self.scan.kind(at + 2) == TokenKind::Colon;
        let body = match before {
            TokenKind::RightParen | TokenKind::RightBracket => typed,
            TokenKind::BareId => typed && self.scan.text(at - 1, self.text) == "reducer",
            _ => false,
        };
        if bound || body {
            self.arguments(at, false, false);
            return behind;
        }
        at + 1
    }

    /// Reads `(%a: type {attributes}, ...)`.
    fn arguments(&mut self, open: usize, types: bool, function: bool) {
        let end = self.scan.closing(open);
        let mut at = open + 1;
        while at < end {
            let comma = self.comma(at, end);
            if self.scan.kind(at) == TokenKind::ValueId {
                if function {
                    let position = self.state.function_arguments;
                    self.state.function_arguments += 1;
                    self.define(at, Meaning::FunctionArgument(position));
                } else {
                    self.region_argument(at);
                }
                at += 1;
            }
            if types {
                while at < comma {
                    at = self.atom(at, 0);
                }
            }
            at = comma + 1;
        }
    }

    /// The next comma outside brackets, or `end`.
    pub(super) fn comma(&self, start: usize, end: usize) -> usize {
        let mut at = start;
        while at < end {
            match self.scan.kind(at) {
                TokenKind::Comma => return at,
                TokenKind::LeftParen | TokenKind::LeftBrace | TokenKind::LeftBracket | TokenKind::Less => {
                    at = self.scan.behind(at);
                }
                _ => at += 1,
            }
        }
        end
    }
}

/// Names without a dialect that the tokenizer spells out, with the full names.
static SHORT_NAMES: LazyLock<Vec<(&'static str, &'static str)>> = LazyLock::new(|| {
    let spelled_out = registry::short_names().filter(|(short, _)| short.tokenized);
    spelled_out.map(|(short, record)| (short.name, record.name)).collect()
});

/// What the tokenizer's own buffer begins with: the full names.
pub(super) fn full_names() -> impl Iterator<Item = &'static str> {
    SHORT_NAMES.iter().map(|n| n.1)
}

fn full_name(name: &str) -> Option<Raw> {
    let index = SHORT_NAMES.iter().position(|n| n.0 == name)?;
    let start: usize = SHORT_NAMES[..index].iter().map(|n| n.1.len()).sum();
    Some(Raw::Own(start as u32, SHORT_NAMES[index].1.len() as u32))
}
