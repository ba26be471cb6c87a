//! The significant tokens of a text with the bracket that closes each bracket, so that anything can be skipped at once.
//! Locations, `loc(...)` and `#name = loc(...)`, are not significant.

use crate::lexer::{TokenKind, lex};
use crate::span::Span;

/// Tokens of a text without white space, comments and locations, up to the resources at the end of a file.
#[derive(Debug, Default)]
pub(crate) struct Scan {
    tokens: Vec<Token>,
    open: Vec<u32>,
}

#[derive(Debug, Clone, Copy)]
struct Token {
    start: u32,
    end: u32,
    /// Index of the closing token for an opening one; how many there are where none closes it.
    closing: u32,
    kind: TokenKind,
}

impl Scan {
    /// Reads a text; what was read before is forgotten, its memory kept.
    pub fn read(&mut self, text: &str) {
        self.tokens.clear();
        self.open.clear();
        // Parentheses that are open in a location.
        let mut location = 0usize;
        for token in lex(text) {
            let kind = token.kind;
            if location > 0 {
                location = match kind {
                    TokenKind::LeftParen => location + 1,
                    TokenKind::RightParen => location - 1,
                    _ => location,
                };
                continue;
            }
            if kind == TokenKind::LeftParen && self.drop_location(text) {
                location = 1;
                continue;
            }
            match kind {
                TokenKind::Whitespace | TokenKind::Comment => continue,
                TokenKind::MetadataBegin => break,
                TokenKind::LeftParen | TokenKind::LeftBrace | TokenKind::LeftBracket | TokenKind::Less => {
                    self.open.push(self.tokens.len() as u32);
                }
                TokenKind::RightParen | TokenKind::RightBrace | TokenKind::RightBracket => self.close(kind),
                TokenKind::Greater => {
                    // `>=` of an affine set closes nothing; neither does a `>` inside other brackets.
                    let opened = self.open.last().map(|&i| self.tokens[i as usize].kind);
                    let next = text.as_bytes().get(token.span.end as usize);
                    if opened == Some(TokenKind::Less) && next != Some(&b'=') {
                        self.close(kind);
                    }
                }
                _ => {}
            }
            self.tokens.push(Token { start: token.span.start, end: token.span.end, closing: u32::MAX, kind });
        }
        let count = self.tokens.len() as u32;
        for &index in &self.open {
            self.tokens[index as usize].closing = count;
        }
    }

    /// Drops `loc`, or `#name = loc`, if it is what stands before a parenthesis.
    fn drop_location(&mut self, text: &str) -> bool {
        let last = self.tokens.len().wrapping_sub(1);
        if self.kind(last) != TokenKind::BareId || self.text(last, text) != "loc" {
            return false;
        }
        self.tokens.pop();
        if let [.., Token { kind: TokenKind::HashId, .. }, Token { kind: TokenKind::Equal, .. }] = self.tokens[..] {
            self.tokens.truncate(self.tokens.len() - 2);
        }
        true
    }

    /// Closes the last bracket of that kind and, with it, those opened since.
    fn close(&mut self, kind: TokenKind) {
        let opening = match kind {
            TokenKind::RightParen => TokenKind::LeftParen,
            TokenKind::RightBrace => TokenKind::LeftBrace,
            TokenKind::RightBracket => TokenKind::LeftBracket,
            _ => TokenKind::Less,
        };
        let at = self.tokens.len() as u32;
        // A stray `<` ends where something else closes; a bracket that closes nothing is passed over.
        while let Some(&index) = self.open.last() {
            let found = self.tokens[index as usize].kind;
            if found != opening && found != TokenKind::Less {
                return;
            }
            self.open.pop();
            self.tokens[index as usize].closing = at;
            if found == opening {
                return;
            }
        }
    }

    pub fn len(&self) -> usize {
        self.tokens.len()
    }

    /// Kind of a token; [`TokenKind::Error`] behind the last.
    #[inline]
    pub fn kind(&self, index: usize) -> TokenKind {
        self.tokens.get(index).map_or(TokenKind::Error, |t| t.kind)
    }

    /// Kind of the token before; [`TokenKind::Error`] before the first.
    #[inline]
    pub fn kind_before(&self, index: usize) -> TokenKind {
        if index == 0 { TokenKind::Error } else { self.kind(index - 1) }
    }

    #[inline]
    pub fn span(&self, index: usize) -> Span {
        self.tokens.get(index).map_or(Span::default(), |t| Span { start: t.start, end: t.end })
    }

    #[inline]
    pub fn text<'a>(&self, index: usize, text: &'a str) -> &'a str {
        self.span(index).text(text)
    }

    /// Index of the bracket that closes this one; [`Self::len`] where none does.
    #[inline]
    pub fn closing(&self, index: usize) -> usize {
        let closing = self.tokens[index].closing as usize;
        debug_assert!(closing > index && closing <= self.len(), "only brackets close");
        closing
    }

    /// The index behind a bracket and all in it.
    #[inline]
    pub fn behind(&self, index: usize) -> usize {
        (self.closing(index) + 1).min(self.len())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn closings(text: &str) -> Vec<usize> {
        let mut scan = Scan::default();
        scan.read(text);
        (0..scan.len())
            .filter(|&i| matches!(text.as_bytes()[scan.span(i).start as usize], b'(' | b'{' | b'[' | b'<'))
            .map(|i| scan.closing(i))
            .collect()
    }

    #[test]
    fn brackets_find_their_ends() {
        assert_eq!(closings("(<>)"), [3, 2]);
        assert_eq!(closings("set<(d0) : (d0 - 1 >= 0)>"), [14, 4, 13]);
        // Unclosed, wrongly closed, stray.
        assert_eq!(closings("( < ) } )"), [2, 2]);
        assert_eq!(closings("{ ( }"), [3, 3]);
    }

    #[test]
    fn locations_are_no_tokens() {
        let text = "#l = loc(\"f\"(#m))\n%i loc(fused[\"a\", loc(unknown)]) = (%a : t loc(#l)) loc";
        let mut scan = Scan::default();
        scan.read(text);
        let tokens: Vec<&str> = (0..scan.len()).map(|i| scan.text(i, text)).collect();
        assert_eq!(tokens, ["%i", "=", "(", "%a", ":", "t", ")", "loc"]);
    }

    #[test]
    fn work_is_linear_in_hostile_brackets() {
        let text = "(".repeat(50_000) + &"<".repeat(50_000) + &"}".repeat(50_000) + &")".repeat(50_000);
        let mut scan = Scan::default();
        scan.read(&text);
        assert_eq!(scan.len(), 200_000);
    }
}
