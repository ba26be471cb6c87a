//! The token ahead of the parser.

use crate::lexer::{Lexer, TokenKind};
use crate::span::Span;

/// The token ahead; `kind` is `None` at the end of the text.
#[derive(Debug, Clone, Copy)]
pub(super) struct Ahead {
    pub kind: Option<TokenKind>,
    pub span: Span,
}

impl Ahead {
    /// The first token from a byte on that means something.
    pub fn from(text: &str, position: usize) -> Self {
        match Lexer::at(text, position).find(|t| !t.kind.is_trivia()) {
            Some(token) => Self { kind: Some(token.kind), span: token.span },
            None => Self { kind: None, span: Span::new(text.len(), text.len()) },
        }
    }
}
