//! The token ahead of the parser. Locations (`loc(...)`) are passed over like white space: upstream lets one follow
//! almost anything, and nothing here depends on them.

use std::cell::Cell;

use crate::lexer::{Lexer, TokenKind};
use crate::span::Span;

/// The token ahead; `kind` is `None` at the end of the text.
#[derive(Debug, Clone, Copy)]
pub(super) struct Ahead {
    pub kind: Option<TokenKind>,
    pub span: Span,
    /// The location in front of the token; empty if there is none.
    pub location: Span,
}

impl Ahead {
    /// The first token from a byte on that means something, `loc` included.
    pub fn from(text: &str, position: usize) -> Self {
        match Lexer::at(text, position).find(|t| !t.kind.is_trivia()) {
            Some(token) => Self { kind: Some(token.kind), span: token.span, location: Span::default() },
            None => Self { kind: None, span: Span::new(text.len(), text.len()), location: Span::default() },
        }
    }

    /// The first token from a byte on that is no location.
    #[inline]
    pub fn past_locations(text: &str, position: usize, unclosed: &Cell<usize>) -> Self {
        let ahead = Self::from(text, position);
        if ahead.kind == Some(TokenKind::BareId) && ahead.span.text(text) == "loc" {
            return ahead.past_location(text, position, unclosed);
        }
        ahead
    }

    /// The next token.
    pub fn next(self, text: &str, unclosed: &Cell<usize>) -> Self {
        Self::past_locations(text, self.span.end as usize, unclosed)
    }

    /// What follows the names of results and `=`, the names all on one line: `op` in `%a, %b:2 = op`; `None` if this is
    /// not the first name of results.
    pub fn behind_results(self, text: &str, unclosed: &Cell<usize>) -> Option<Self> {
        let mut token = self;
        while token.kind == Some(TokenKind::ValueId) {
            token = token.next(text, unclosed);
            if token.kind == Some(TokenKind::Colon) {
                token = token.next(text, unclosed);
                if token.kind != Some(TokenKind::Integer) {
                    return None;
                }
                token = token.next(text, unclosed);
            }
            match token.kind {
                Some(TokenKind::Comma) => {
                    let comma = token.span.end as usize;
                    token = token.next(text, unclosed);
                    if text[comma..token.span.start as usize].contains('\n') {
                        return None;
                    }
                }
                Some(TokenKind::Equal) => {
                    let name = token.next(text, unclosed);
                    return matches!(name.kind, Some(TokenKind::BareId | TokenKind::String)).then_some(name);
                }
                _ => return None,
            }
        }
        None
    }

    #[cold]
    fn past_location(self, text: &str, position: usize, unclosed: &Cell<usize>) -> Self {
        // Behind these a location is a value.
        if text[..position].ends_with(['=', ',', '(', '[', '{', '<', ':']) {
            return self;
        }
        let (mut ahead, start) = (self, self.span.start as usize);
        while ahead.kind == Some(TokenKind::BareId)
            && ahead.span.text(text) == "loc"
            && let Some(end) = location_end(text, ahead.span.start as usize, unclosed)
        {
            ahead = Self { location: Span::new(start, end), ..Self::from(text, end) };
        }
        ahead
    }
}

/// End of the location that starts at a byte with the word `loc`; `None` if no bracket follows or none closes it.
///
/// `unclosed` caches the least byte at which a location starts that no bracket closes: none after it is closed either, so
/// malformed texts take linear time.
pub(super) fn location_end(text: &str, start: usize, unclosed: &Cell<usize>) -> Option<usize> {
    if start >= unclosed.get() {
        return None;
    }
    let mut depth = 0usize;
    for token in Lexer::at(text, start + "loc".len()).filter(|t| !t.kind.is_trivia()) {
        match token.kind {
            TokenKind::LeftParen => depth += 1,
            _ if depth == 0 => return None,
            TokenKind::RightParen => depth -= 1,
            _ => {}
        }
        if depth == 0 {
            return Some(token.span.end as usize);
        }
    }
    unclosed.set(start);
    None
}
