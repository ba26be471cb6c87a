//! An operation in generic form, as tokens of its text.

use crate::lexer::TokenKind;
use crate::registry::{self, Record};
use crate::scan::Scan;

/// The tokens of a text from one to before another.
pub(super) type Tokens = (usize, usize);

/// An attribute: its name, and the tokens of its value; none for a unit attribute.
#[derive(Debug)]
pub(super) struct Attribute<'a> {
    pub name: &'a str,
    pub key: usize,
    pub value: Tokens,
}

/// `"name"(operands) [successors] <{properties}> (regions) {attributes} : (inputs) -> results`.
#[derive(Debug)]
pub(super) struct Generic<'a> {
    pub record: &'static Record,
    pub operands: Vec<Tokens>,
    pub successors: Vec<Tokens>,
    pub attributes: Vec<Attribute<'a>>,
    /// The opening brace of each region.
    pub regions: Vec<usize>,
    pub inputs: Vec<Tokens>,
    pub results: Vec<Tokens>,
    /// The token behind its type.
    pub end: usize,
}

/// A text with its tokens.
#[derive(Clone, Copy)]
pub(super) struct Source<'a> {
    pub text: &'a str,
    pub scan: &'a Scan,
}

impl<'a> Source<'a> {
    pub fn kind(self, at: usize) -> TokenKind {
        self.scan.kind(at)
    }

    pub fn token(self, at: usize) -> &'a str {
        self.scan.text(at, self.text)
    }

    /// The text of tokens, as written.
    pub fn text(self, (start, end): Tokens) -> &'a str {
        if start >= end {
            return "";
        }
        &self.text[self.scan.span(start).start as usize..self.scan.span(end - 1).end as usize]
    }

    /// Whether the generic form of an operation may start with this token.
    pub fn starts_generic(self, at: usize) -> bool {
        self.kind(at) == TokenKind::String && self.kind(at + 1) == TokenKind::LeftParen
    }

    /// The operation of a registered name whose generic form starts with this token.
    pub fn generic(self, name: usize) -> Option<Generic<'a>> {
        let record = registry::find(self.token(name).trim_matches('"'))?;
        let mut at = name + 1;
        let operands = self.list(at)?;
        at = self.scan.behind(at);
        let mut successors = Vec::new();
        if self.kind(at) == TokenKind::LeftBracket {
            successors = self.list(at)?;
            at = self.scan.behind(at);
        }
        let mut attributes = Vec::new();
        if self.kind(at) == TokenKind::Less {
            self.dictionary(at + 1, &mut attributes)?;
            at = self.scan.behind(at);
        }
        let mut regions = Vec::new();
        if self.kind(at) == TokenKind::LeftParen {
            for region in self.list(at)? {
                if self.kind(region.0) != TokenKind::LeftBrace {
                    return None;
                }
                regions.push(region.0);
            }
            at = self.scan.behind(at);
        }
        if self.kind(at) == TokenKind::LeftBrace {
            self.dictionary(at, &mut attributes)?;
            at = self.scan.behind(at);
        }
        if self.kind(at) != TokenKind::Colon {
            return None;
        }
        let inputs = self.list(at + 1)?;
        at = self.scan.behind(at + 1);
        if self.kind(at) != TokenKind::Arrow {
            return None;
        }
        let (results, end) = match self.kind(at + 1) {
            TokenKind::LeftParen => (self.list(at + 1)?, self.scan.behind(at + 1)),
            _ => {
                let end = self.behind_type(at + 1);
                (vec![(at + 1, end)], end)
            }
        };
        (inputs.len() == operands.len()).then_some(Generic {
            record,
            operands,
            successors,
            attributes,
            regions,
            inputs,
            results,
            end,
        })
    }

    /// The items between brackets.
    pub fn list(self, open: usize) -> Option<Vec<Tokens>> {
        let opens = matches!(self.kind(open), TokenKind::LeftParen | TokenKind::LeftBracket | TokenKind::Less);
        opens.then(|| self.items(open + 1, self.scan.closing(open)))
    }

    /// Items with commas between them.
    pub fn items(self, start: usize, end: usize) -> Vec<Tokens> {
        let mut items = Vec::new();
        let mut at = start;
        while at < end {
            let comma = self.comma(at, end);
            items.push((at, comma));
            at = comma + 1;
        }
        items
    }

    /// The next token of a kind outside brackets, or `end`.
    pub fn find(self, kind: TokenKind, start: usize, end: usize) -> usize {
        let mut at = start;
        while at < end {
            let here = self.kind(at);
            if here == kind {
                return at;
            }
            at = match here {
                TokenKind::LeftParen | TokenKind::LeftBrace | TokenKind::LeftBracket | TokenKind::Less => {
                    self.scan.behind(at)
                }
                _ => at + 1,
            };
        }
        end
    }

    fn comma(self, start: usize, end: usize) -> usize {
        self.find(TokenKind::Comma, start, end)
    }

    fn dictionary(self, open: usize, attributes: &mut Vec<Attribute<'a>>) -> Option<()> {
        if self.kind(open) != TokenKind::LeftBrace {
            return None;
        }
        for (key, end) in self.items(open + 1, self.scan.closing(open)) {
            let value = if self.kind(key + 1) == TokenKind::Equal { (key + 2, end) } else { (end, end) };
            attributes.push(Attribute { name: self.token(key).trim_matches('"'), key, value });
        }
        Some(())
    }

    /// The token behind a type.
    pub fn behind_type(self, at: usize) -> usize {
        let behind = match self.kind(at) {
            TokenKind::LeftParen => self.scan.behind(at),
            _ if self.kind(at + 1) == TokenKind::Less => self.scan.behind(at + 1),
            _ => at + 1,
        };
        if self.kind(behind) == TokenKind::Arrow { self.behind_type(behind + 1) } else { behind }
    }
}

impl<'a> Generic<'a> {
    /// The tokens of an attribute's value; `None` without the attribute.
    pub fn attribute(&self, name: &str) -> Option<Tokens> {
        self.attributes.iter().find(|attribute| attribute.name == name).map(|attribute| attribute.value)
    }

    pub fn has(&self, name: &str) -> bool {
        self.attribute(name).is_some()
    }
}
