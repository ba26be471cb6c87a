//! The parser's position in the text: one token of lookahead, trivia skipped. Tokens are lexed on demand, so that shapes
//! can be split again.

use super::ahead::Ahead;
use super::{Failure, Parse, Parser};
use crate::lexer::TokenKind;
use crate::span::{Diagnostic, Span};

impl<'a> Parser<'a> {
    pub(super) fn at(&self, kind: TokenKind) -> bool {
        self.ahead.kind == Some(kind)
    }

    pub(super) fn at_end(&self) -> bool {
        self.ahead.kind.is_none()
    }

    /// First byte of the token ahead.
    pub(super) fn start(&self) -> usize {
        self.ahead.span.start as usize
    }

    /// Text of the token ahead.
    pub(super) fn spelling(&self) -> &'a str {
        self.ahead.span.text(self.text)
    }

    /// From a byte to the end of the last token taken.
    pub(super) fn since(&self, start: usize) -> Span {
        Span::new(start, self.taken.max(start))
    }

    /// Take the token ahead.
    pub(super) fn take(&mut self) -> Span {
        let span = self.ahead.span;
        self.pass_location();
        self.taken = span.end as usize;
        if self.ahead.kind.is_some() {
            self.ahead = Ahead::past_locations(self.text, self.taken, &self.unclosed);
        }
        span
    }

    /// Take the token ahead inside brackets of a dialect's own syntax, where `loc` is a word like any other.
    pub(super) fn take_inside(&mut self) {
        self.taken = self.ahead.span.end as usize;
        if self.ahead.kind.is_some() {
            self.ahead = Ahead::from(self.text, self.taken);
        }
    }

    /// The location in front of the token ahead is not printed.
    #[inline]
    pub(super) fn pass_location(&mut self) {
        let location = self.ahead.location;
        if location.start < location.end {
            self.marks.skip(location);
            self.ahead.location = Span::default();
        }
    }

    /// Go on from this byte.
    pub(super) fn go_to(&mut self, position: usize) {
        if self.stopped {
            return;
        }
        self.taken = position;
        self.ahead = Ahead::past_locations(self.text, position, &self.unclosed);
    }

    /// The token behind the one ahead.
    pub(super) fn second(&self) -> Ahead {
        Ahead::past_locations(self.text, self.ahead.span.end as usize, &self.unclosed)
    }

    /// Take the token ahead if it is of this kind.
    pub(super) fn take_if(&mut self, kind: TokenKind) -> bool {
        let is = self.at(kind);
        if is {
            self.take();
        }
        is
    }

    pub(super) fn at_word(&self, word: &str) -> bool {
        self.at(TokenKind::BareId) && self.spelling() == word
    }

    /// Take the word ahead if it is this one.
    pub(super) fn take_word(&mut self, word: &str) -> bool {
        let is = self.at_word(word);
        if is {
            self.take();
        }
        is
    }

    pub(super) fn expect(&mut self, kind: TokenKind, what: &str) -> Parse<Span> {
        if self.at(kind) { Ok(self.take()) } else { Err(self.expected(what)) }
    }

    pub(super) fn expect_word(&mut self, word: &str) -> Parse<()> {
        if self.take_word(word) { Ok(()) } else { Err(self.expected(&format!("`{word}`"))) }
    }

    /// A failure: something else was expected here.
    pub(super) fn expected(&self, what: &str) -> Failure {
        let found = match self.ahead.kind {
            None => "the end of the text".to_owned(),
            Some(TokenKind::UnterminatedString) => "a string that does not end on its line".to_owned(),
            Some(_) => {
                let spelling = self.spelling();
                match spelling.char_indices().nth(40) {
                    Some((cut, _)) => format!("`{}...`", &spelling[..cut]),
                    None => format!("`{spelling}`"),
                }
            }
        };
        let fatal = self.at_end();
        Failure { fatal, ..self.failure(self.ahead.span, format!("expected {what}, found {found}")) }
    }

    /// A form that the parser does not know; the operation can still be kept as text.
    pub(super) fn failure(&self, span: Span, message: String) -> Failure {
        Failure { diagnostic: Box::new(Diagnostic { message, help: None, span }), fatal: false }
    }

    /// Something that is wrong in any dialect.
    pub(super) fn wrong(&self, span: Span, message: String) -> Failure {
        Failure { fatal: true, ..self.failure(span, message) }
    }

    /// Report a mistake; ignored once parsing has stopped.
    pub(super) fn report(&mut self, span: Span, message: String, help: Option<String>) {
        if self.stopped {
            return;
        }
        if self.diagnostics.len() >= self.limits.diagnostics {
            let message = format!("too many errors; parsing stops after {}", self.limits.diagnostics);
            self.stop(span, message);
            return;
        }
        self.diagnostics.push(Diagnostic { message: shortened(message), help: help.map(shortened), span });
    }

    pub(super) fn report_failure(&mut self, failure: Failure) {
        let Diagnostic { message, help, span } = *failure.diagnostic;
        self.report(span, message, help);
    }

    /// Note that an operation could not be read and is kept as text.
    pub(super) fn warn(&mut self, name: &str, failure: Failure) {
        if self.stopped || self.warnings.len() > self.limits.diagnostics {
            return;
        }
        let Diagnostic { message, span, .. } = *failure.diagnostic;
        let message = if self.warnings.len() == self.limits.diagnostics {
            "more operations are kept as text".to_owned()
        } else {
            shortened(format!("`{name}` is kept as text: {message}"))
        };
        self.warnings.push(Diagnostic { message, help: None, span });
    }

    /// Report why parsing stops, and ignore the rest of the text.
    pub(super) fn stop(&mut self, span: Span, message: String) {
        if !self.stopped {
            self.diagnostics.push(Diagnostic { message, help: None, span });
            self.stopped = true;
            self.ahead = Ahead::from(self.text, self.text.len());
        }
    }

    /// Go one level deeper while `inside` runs; stops at the limit.
    pub(super) fn nested<T>(&mut self, inside: impl FnOnce(&mut Self) -> Parse<T>) -> Parse<T> {
        if self.depth >= self.limits.nesting {
            let message = format!("nested deeper than {} levels; parsing stops here", self.limits.nesting);
            self.stop(self.ahead.span, message.clone());
            return Err(self.failure(self.ahead.span, message));
        }
        self.depth += 1;
        let result = inside(self);
        self.depth -= 1;
        result
    }

    /// Items with commas between them up to a closing token, which is taken.
    pub(super) fn list(
        &mut self,
        close: TokenKind,
        what: &str,
        mut item: impl FnMut(&mut Self) -> Parse<()>,
    ) -> Parse<()> {
        if self.take_if(close) {
            return Ok(());
        }
        loop {
            item(self)?;
            if !self.take_if(TokenKind::Comma) {
                self.expect(close, what)?;
                return Ok(());
            }
        }
    }

    /// Skip a bracketed group, whose opening bracket is ahead; reports unbalanced brackets.
    pub(super) fn skip_balanced(&mut self) -> Parse<()> {
        use TokenKind::*;
        let mut open: Vec<(TokenKind, Span)> = Vec::new();
        loop {
            match self.ahead.kind {
                // `<=` and `>=` compare; `>` closes nothing but `<`.
                Some(Less) if self.second().kind == Some(Equal) => {}
                Some(Greater) if open.last().is_some_and(|&(opened, _)| opened != Less) => {}
                Some(kind @ (LeftParen | LeftBracket | LeftBrace | Less)) => open.push((kind, self.ahead.span)),
                Some(kind @ (RightParen | RightBracket | RightBrace | Greater)) => match open.last() {
                    Some(&(opened, _)) if closes(opened) == kind => {
                        open.pop();
                    }
                    Some(&(opened, span)) => {
                        let message = format!("expected {} for this bracket", name(closes(opened)));
                        return Err(self.wrong(span, message));
                    }
                    None => return Ok(()),
                },
                Some(_) => {}
                None => {
                    let Some(&(opened, span)) = open.last() else { return Ok(()) };
                    let message = format!("the text ends before the {} for this bracket", name(closes(opened)));
                    return Err(self.wrong(span, message));
                }
            }
            if open.is_empty() {
                self.take();
                return Ok(());
            }
            self.take_inside();
        }
    }
}

fn closes(open: TokenKind) -> TokenKind {
    match open {
        TokenKind::LeftParen => TokenKind::RightParen,
        TokenKind::LeftBracket => TokenKind::RightBracket,
        TokenKind::LeftBrace => TokenKind::RightBrace,
        _ => TokenKind::Greater,
    }
}

fn name(bracket: TokenKind) -> &'static str {
    match bracket {
        TokenKind::RightParen => "`)`",
        TokenKind::RightBracket => "`]`",
        TokenKind::RightBrace => "`}`",
        _ => "`>`",
    }
}

/// Longest message, in bytes; names in messages come from the text and can have any length.
const MAX_MESSAGE_BYTES: usize = 400;

/// A message with its middle left out where it is too long.
fn shortened(message: String) -> String {
    if message.len() <= MAX_MESSAGE_BYTES {
        return message;
    }
    let boundary = |&at: &usize| message.is_char_boundary(at);
    let start = (0..=MAX_MESSAGE_BYTES / 2).rev().find(boundary).unwrap_or(0);
    let end = (message.len() - MAX_MESSAGE_BYTES / 4..message.len()).find(boundary).unwrap_or(message.len());
    format!("{}...{}", &message[..start], &message[end..])
}
