//! Lossless tokens of MLIR text.
//!
//! Follows the lexical rules of the MLIR language reference (mlir.llvm.org/docs/LangRef). Every byte of the text
//! belongs to exactly one token, white space and comments included, so that the spans put together give the text
//! back. Lexing never fails: anything that is not a token becomes [`TokenKind::Error`]. Shapes such as
//! `4x8xf32` come out as upstream's lexer cuts them (`4`, `x8xf32`): only the parser knows where a shape stands.

use crate::span::Span;

/// Kind of a token.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum TokenKind {
    /// Blanks, tabs and line ends.
    Whitespace,
    /// `// ...` without the line's end.
    Comment,
    /// `arith.addf`, `i32`, `x8xf32`.
    BareId,
    /// `%arg0`.
    ValueId,
    /// `^bb0`.
    BlockId,
    /// `#map` or `#1`; also the start of a dialect's attribute, `#arith.fastmath`.
    HashId,
    /// `!t`; also the start of a dialect's type, `!llvm.ptr`.
    ExclaimId,
    /// `@main` or `@"a name"`.
    SymbolId,
    /// `"..."` with its quotes.
    String,
    /// `12` or `0x1F`, without a sign.
    Integer,
    /// `1.5e-3`, without a sign.
    Float,
    /// `(`
    LeftParen,
    /// `)`
    RightParen,
    /// `{`
    LeftBrace,
    /// `}`
    RightBrace,
    /// `[`
    LeftBracket,
    /// `]`
    RightBracket,
    /// `<`
    Less,
    /// `>`
    Greater,
    /// `:`
    Colon,
    /// `::`
    ColonColon,
    /// `,`
    Comma,
    /// `=`
    Equal,
    /// `->`
    Arrow,
    /// `+`
    Plus,
    /// `-`
    Minus,
    /// `*`
    Star,
    /// `/`
    Slash,
    /// `?`
    Question,
    /// `|`
    Pipe,
    /// `...`
    Ellipsis,
    /// `{-#`, start of the resources at the end of a file.
    MetadataBegin,
    /// `#-}`
    MetadataEnd,
    /// A string that does not end on its line.
    UnterminatedString,
    /// A character that starts no token.
    Error,
}

impl TokenKind {
    /// Whether it is white space or a comment.
    #[must_use]
    pub fn is_trivia(self) -> bool {
        matches!(self, Self::Whitespace | Self::Comment)
    }
}

/// A token and its span.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Token {
    /// Kind.
    pub kind: TokenKind,
    /// Span in the text.
    pub span: Span,
}

/// Iterator over the tokens of a text, trivia included.
#[derive(Debug, Clone)]
pub struct Lexer<'a> {
    text: &'a str,
    position: usize,
}

/// The tokens of a text of at most 4 GiB, trivia included; their spans put together give the text.
#[must_use]
pub fn lex(text: &str) -> Lexer<'_> {
    Lexer::at(text, 0)
}

impl Iterator for Lexer<'_> {
    type Item = Token;

    #[inline]
    fn next(&mut self) -> Option<Token> {
        let start = self.position;
        let kind = self.kind(*self.text.as_bytes().get(start)?);
        Some(Token { kind, span: Span::new(start, self.position) })
    }
}

const DIGIT: u8 = 1;
const LETTER: u8 = 2;
/// `_`, `$` and `.`: inside names.
const NAME: u8 = 4;
/// `-`: inside names behind a prefix only.
const DASH: u8 = 8;
const SPACE: u8 = 16;
const HEX: u8 = 32;

/// Classes of bytes.
static CLASS: [u8; 256] = {
    let mut class = [0; 256];
    let mut i = 0;
    while i < 256 {
        class[i] = match i as u8 {
            b'0'..=b'9' => DIGIT | HEX,
            b'a'..=b'f' | b'A'..=b'F' => LETTER | HEX,
            b'g'..=b'z' | b'G'..=b'Z' => LETTER,
            b'_' | b'$' | b'.' => NAME,
            b'-' => DASH,
            b' ' | b'\t' | b'\n' | b'\r' | 0 => SPACE,
            _ => 0,
        };
        i += 1;
    }
    class
};

impl<'a> Lexer<'a> {
    /// Tokens from a byte on, which must stand on a character's boundary.
    #[must_use]
    pub fn at(text: &'a str, position: usize) -> Self {
        debug_assert!(text.is_char_boundary(position));
        Self { text, position }
    }

    /// First byte behind the last token.
    #[must_use]
    pub fn position(&self) -> usize {
        self.position
    }

    #[inline]
    fn byte(&self, ahead: usize) -> u8 {
        self.text.as_bytes().get(self.position + ahead).copied().unwrap_or(b'\n')
    }

    /// Skip bytes of the given classes.
    #[inline]
    fn skip(&mut self, classes: u8) {
        let bytes = self.text.as_bytes();
        while self.position < bytes.len() && CLASS[bytes[self.position] as usize] & classes != 0 {
            self.position += 1;
        }
    }

    #[inline]
    fn kind(&mut self, first: u8) -> TokenKind {
        self.position += 1;
        match first {
            b' ' | b'\t' | b'\n' | b'\r' | 0 => {
                self.skip(SPACE);
                TokenKind::Whitespace
            }
            b'a'..=b'z' | b'A'..=b'Z' | b'_' => {
                self.skip(LETTER | DIGIT | NAME);
                TokenKind::BareId
            }
            b'0'..=b'9' => self.number(first),
            b'%' => self.prefixed(TokenKind::ValueId),
            b'^' => self.prefixed(TokenKind::BlockId),
            b'!' => self.prefixed(TokenKind::ExclaimId),
            b'#' if self.byte(0) == b'-' && self.byte(1) == b'}' => self.take(2, TokenKind::MetadataEnd),
            b'#' => self.prefixed(TokenKind::HashId),
            b'@' => self.symbol(),
            b'"' => self.string(),
            b'/' if self.byte(0) == b'/' => {
                let rest = &self.text.as_bytes()[self.position..];
                self.position += rest.iter().position(|&b| b == b'\n').unwrap_or(rest.len());
                TokenKind::Comment
            }
            b'(' => TokenKind::LeftParen,
            b')' => TokenKind::RightParen,
            b'{' if self.byte(0) == b'-' && self.byte(1) == b'#' => self.take(2, TokenKind::MetadataBegin),
            b'{' => TokenKind::LeftBrace,
            b'}' => TokenKind::RightBrace,
            b'[' => TokenKind::LeftBracket,
            b']' => TokenKind::RightBracket,
            b'<' => TokenKind::Less,
            b'>' => TokenKind::Greater,
            b':' if self.byte(0) == b':' => self.take(1, TokenKind::ColonColon),
            b':' => TokenKind::Colon,
            b',' => TokenKind::Comma,
            b'=' => TokenKind::Equal,
            b'-' if self.byte(0) == b'>' => self.take(1, TokenKind::Arrow),
            b'-' => TokenKind::Minus,
            b'+' => TokenKind::Plus,
            b'*' => TokenKind::Star,
            b'/' => TokenKind::Slash,
            b'?' => TokenKind::Question,
            b'|' => TokenKind::Pipe,
            b'.' if self.byte(0) == b'.' && self.byte(1) == b'.' => self.take(2, TokenKind::Ellipsis),
            _ => {
                while !self.text.is_char_boundary(self.position) {
                    self.position += 1;
                }
                TokenKind::Error
            }
        }
    }

    fn take(&mut self, more: usize, kind: TokenKind) -> TokenKind {
        self.position += more;
        kind
    }

    /// Behind `%`, `^`, `#` or `!`: digits, or a name.
    #[inline]
    fn prefixed(&mut self, kind: TokenKind) -> TokenKind {
        let class = CLASS[self.byte(0) as usize];
        if class & DIGIT != 0 {
            self.skip(DIGIT);
            kind
        } else if class & (LETTER | NAME | DASH) != 0 {
            self.skip(LETTER | DIGIT | NAME | DASH);
            kind
        } else {
            TokenKind::Error
        }
    }

    fn symbol(&mut self) -> TokenKind {
        let next = self.byte(0);
        if next == b'"' {
            self.position += 1;
            return match self.string() {
                TokenKind::String => TokenKind::SymbolId,
                other => other,
            };
        }
        if CLASS[next as usize] & LETTER == 0 && next != b'_' {
            return TokenKind::Error;
        }
        self.skip(LETTER | DIGIT | NAME);
        TokenKind::SymbolId
    }

    /// Behind the opening quote.
    fn string(&mut self) -> TokenKind {
        loop {
            match self.text.as_bytes().get(self.position) {
                Some(b'"') => return self.take(1, TokenKind::String),
                Some(b'\\') => {
                    // An escaped quote does not end the string; an escaped character may be several bytes long.
                    self.position += 1;
                    if matches!(self.text.as_bytes().get(self.position), Some(b'"' | b'\\')) {
                        self.position += 1;
                    }
                }
                None | Some(b'\n') => return TokenKind::UnterminatedString,
                Some(_) => self.position += 1,
            }
        }
    }

    /// Behind the first digit.
    fn number(&mut self, first: u8) -> TokenKind {
        if first == b'0' && self.byte(0) == b'x' && CLASS[self.byte(1) as usize] & HEX != 0 {
            self.position += 1;
            self.skip(HEX);
            return TokenKind::Integer;
        }
        self.skip(DIGIT);
        if self.byte(0) != b'.' {
            return TokenKind::Integer;
        }
        self.position += 1;
        self.skip(DIGIT);
        if self.byte(0) | 0x20 == b'e' {
            let sign = usize::from(matches!(self.byte(1), b'+' | b'-'));
            if self.byte(1 + sign).is_ascii_digit() {
                self.position += 1 + sign;
                self.skip(DIGIT);
            }
        }
        TokenKind::Float
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn kinds(text: &str) -> Vec<(TokenKind, &str)> {
        lex(text).filter(|t| !t.kind.is_trivia()).map(|t| (t.kind, t.span.text(text))).collect()
    }

    #[test]
    fn cuts_an_operation() {
        use TokenKind::*;
        assert_eq!(
            kinds("%0:2 = \"a.b\"(%x-y#1) <{v = 0xFFx}> : (!llvm.ptr, f32) -> () // end"),
            [
                (ValueId, "%0"),
                (Colon, ":"),
                (Integer, "2"),
                (Equal, "="),
                (String, "\"a.b\""),
                (LeftParen, "("),
                (ValueId, "%x-y"),
                (HashId, "#1"),
                (RightParen, ")"),
                (Less, "<"),
                (LeftBrace, "{"),
                (BareId, "v"),
                (Equal, "="),
                (Integer, "0xFF"),
                (BareId, "x"),
                (RightBrace, "}"),
                (Greater, ">"),
                (Colon, ":"),
                (LeftParen, "("),
                (ExclaimId, "!llvm.ptr"),
                (Comma, ","),
                (BareId, "f32"),
                (RightParen, ")"),
                (Arrow, "->"),
                (LeftParen, "("),
                (RightParen, ")"),
            ]
        );
    }

    #[test]
    fn cuts_numbers_shapes_and_symbols() {
        use TokenKind::*;
        assert_eq!(
            kinds("-1.5e-3 1.e 4x?xf32 @a::@\"b\\\"c\" {-# #-} ... 0x4xf32"),
            [
                (Minus, "-"),
                (Float, "1.5e-3"),
                (Float, "1."),
                (BareId, "e"),
                (Integer, "4"),
                (BareId, "x"),
                (Question, "?"),
                (BareId, "xf32"),
                (SymbolId, "@a"),
                (ColonColon, "::"),
                (SymbolId, "@\"b\\\"c\""),
                (MetadataBegin, "{-#"),
                (MetadataEnd, "#-}"),
                (Ellipsis, "..."),
                (Integer, "0x4"),
                (BareId, "xf32"),
            ]
        );
    }

    #[test]
    fn what_is_no_token_is_an_error_of_its_own() {
        use TokenKind::*;
        assert_eq!(
            kinds("% ü \"open\n@1"),
            [(Error, "%"), (Error, "ü"), (UnterminatedString, "\"open"), (Error, "@"), (Integer, "1")]
        );
    }

    proptest! {
        #[test]
        fn spans_give_the_text_back(text in ".*|([%^#!@\"/.0-9a-fx\\\\{}\\-\\n :éß]|->)*") {
            let mut end = 0;
            for token in lex(&text) {
                prop_assert_eq!(token.span.start, end);
                prop_assert!(token.span.end > end);
                prop_assert!(text.is_char_boundary(token.span.end as usize));
                end = token.span.end;
            }
            prop_assert_eq!(end as usize, text.len());
        }
    }
}
