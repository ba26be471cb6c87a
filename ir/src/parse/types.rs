//! Types: builtin ones by their grammar, those of dialects as canonically spaced text.

use super::{Parse, Parser};
use crate::lexer::TokenKind;
use crate::span::Span;
use crate::tree::{AttributeValue, Dimension, FloatKind, Signedness, Type, TypeId};

/// Shaped types up to this many bytes are looked up by their text before they are parsed.
const CACHED_BYTES: usize = 256;
/// Widest integer type, as upstream.
const MAX_INTEGER_BITS: u32 = (1 << 24) - 1;

impl<'a> Parser<'a> {
    /// Whether a type can start with the token ahead.
    pub(super) fn at_type(&self) -> bool {
        match self.ahead.kind {
            Some(TokenKind::ExclaimId | TokenKind::LeftParen) => true,
            Some(TokenKind::BareId) => is_type_word(self.spelling()),
            _ => false,
        }
    }

    /// A type, function types included.
    pub(super) fn parse_type(&mut self) -> Parse<TypeId> {
        if self.at(TokenKind::LeftParen) {
            let start = self.start();
            let mark = self.marks.len();
            let (inputs, results) = self.function_type()?;
            let id = self.tree.types.intern(Type::Function { inputs, results });
            self.marks.drop_since(mark);
            self.marks.ty(self.since(start), id);
            return Ok(id);
        }
        self.value_type()
    }

    /// `(inputs) -> results`.
    pub(super) fn function_type(&mut self) -> Parse<(Vec<TypeId>, Vec<TypeId>)> {
        let inputs = self.parenthesised_types()?;
        self.expect(TokenKind::Arrow, "`->`")?;
        Ok((inputs, self.result_types()?))
    }

    /// Types behind `->`: one, or several in parentheses.
    pub(super) fn result_types(&mut self) -> Parse<Vec<TypeId>> {
        if self.at(TokenKind::LeftParen) { self.parenthesised_types() } else { Ok(vec![self.value_type()?]) }
    }

    pub(super) fn parenthesised_types(&mut self) -> Parse<Vec<TypeId>> {
        self.expect(TokenKind::LeftParen, "`(` and types")?;
        let mut types = Vec::new();
        self.list(TokenKind::RightParen, "`,` or `)`", |p| {
            types.push(p.parse_type()?);
            p.attributes_of_one()?;
            Ok(())
        })?;
        Ok(types)
    }

    /// Types with commas between them, at least one.
    pub(super) fn types(&mut self) -> Parse<Vec<TypeId>> {
        let mut types = vec![self.parse_type()?];
        while self.take_if(TokenKind::Comma) {
            types.push(self.parse_type()?);
        }
        Ok(types)
    }

    /// A type that is no function.
    fn value_type(&mut self) -> Parse<TypeId> {
        let start = self.start();
        if let Some((length, id)) = self.cached_type() {
            self.go_to(start + length);
            self.marks.ty(Span::new(start, start + length), id);
            return Ok(id);
        }
        let mark = self.marks.len();
        let id = self.nested(Self::new_type)?;
        let span = self.since(start);
        self.marks.drop_since(mark);
        self.marks.ty(span, id);
        let text = span.text(self.text);
        // Aliases have to be counted each time.
        if text.len() <= CACHED_BYTES && !text.contains(['!', '#']) {
            self.type_cache.insert(text, id);
        }
        Ok(id)
    }

    /// A type met before in the same spelling, and its length in bytes.
    fn cached_type(&self) -> Option<(usize, TypeId)> {
        if !self.at(TokenKind::BareId) {
            return None;
        }
        let word = self.spelling();
        let rest = &self.text.as_bytes()[self.start()..];
        let rest = &rest[..rest.len().min(CACHED_BYTES)];
        let length = if matches!(word, "tensor" | "memref" | "vector") {
            let mut depth = 0;
            1 + rest.iter().enumerate().position(|(i, &byte)| {
                match byte {
                    b'<' => depth += 1,
                    b'>' if rest[i - 1] != b'-' => depth -= 1,
                    _ => return false,
                }
                depth == 0
            })?
        } else {
            word.len()
        };
        // A range that ends inside a character is not a type.
        let text = self.text.get(self.start()..self.start() + length)?;
        Some((length, *self.type_cache.get(text)?))
    }

    fn new_type(&mut self) -> Parse<TypeId> {
        if self.at(TokenKind::ExclaimId) {
            return self.dialect_type();
        }
        if !self.at(TokenKind::BareId) {
            return Err(self.expected("a type"));
        }
        let word = self.spelling();
        let ty = match word {
            "tensor" => return self.tensor(),
            "memref" => return self.memref(),
            "vector" => return self.vector(),
            "complex" => {
                self.take();
                self.expect(TokenKind::Less, "`<`")?;
                let element = self.parse_type()?;
                self.expect(TokenKind::Greater, "`>`")?;
                Type::Complex(element)
            }
            "tuple" => {
                self.take();
                self.expect(TokenKind::Less, "`<`")?;
                let mut types = Vec::new();
                self.list(TokenKind::Greater, "`,` or `>`", |p| {
                    types.push(p.parse_type()?);
                    Ok(())
                })?;
                Type::Tuple(types)
            }
            _ => match scalar(word) {
                Some(ty) => {
                    self.take();
                    ty
                }
                None => return Err(self.expected("a type")),
            },
        };
        Ok(self.tree.types.intern(ty))
    }

    /// `!alias`, `!dialect.name<...>` or `!dialect<...>`.
    fn dialect_type(&mut self) -> Parse<TypeId> {
        let name = self.take();
        if !self.at(TokenKind::Less) && !name.text(self.text).contains('.') {
            let alias = &name.text(self.text)[1..];
            return match self.type_aliases.get(alias) {
                Some(&(id, size, depth)) => {
                    self.spend(name, size)?;
                    self.deepen(name, depth)?;
                    Ok(id)
                }
                None => Err(self.wrong(name, format!("undefined type alias `!{alias}`"))),
            };
        }
        let mark = self.marks.len();
        if self.at(TokenKind::Less) && self.ahead.span.start == name.end {
            self.dialect_body()?;
        }
        let text = self.canonical(self.since(name.start as usize), mark);
        Ok(self.tree.types.intern(Type::Dialect(text)))
    }

    /// `<...>` of a dialect's type or attribute: types and aliases inside are recognised where they show.
    pub(super) fn dialect_body(&mut self) -> Parse<()> {
        let from = self.start();
        let mark = self.marks.len();
        self.skip_balanced()?;
        self.mark_aliases(self.since(from), mark)
    }

    /// Extents up to the element type: `4x?x[8]x`; `None` for `*x`.
    fn shape(&mut self) -> Parse<Option<Vec<Dimension>>> {
        let bytes = self.text.as_bytes();
        let mut shape = Vec::new();
        let mut at = self.start();
        let blank = |mut at: usize| {
            while matches!(bytes.get(at), Some(b' ' | b'\t' | b'\n' | b'\r' | 0)) {
                at += 1;
            }
            at
        };
        if bytes.get(at) == Some(&b'*') {
            let x = blank(at + 1);
            if bytes.get(x) != Some(&b'x') {
                return Err(self.expected("`*x` and the element's type"));
            }
            self.go_to(x + 1);
            return Ok(None);
        }
        loop {
            let start = at;
            let dimension = match bytes.get(at) {
                Some(b'?') => {
                    at += 1;
                    Dimension::Dynamic
                }
                Some(b'[') => {
                    let digits = blank(at + 1);
                    let (extent, end) = self.extent(digits)?;
                    at = blank(end);
                    if bytes.get(at) != Some(&b']') {
                        self.go_to(end);
                        return Err(self.expected("`]`"));
                    }
                    at += 1;
                    Dimension::Scalable(extent)
                }
                Some(b'0'..=b'9') => {
                    let (extent, end) = self.extent(at)?;
                    at = end;
                    Dimension::Static(extent)
                }
                _ => break,
            };
            at = blank(at);
            if bytes.get(at) != Some(&b'x') {
                self.go_to(start);
                self.take();
                return Err(self.expected("`x` and the next extent or the element's type"));
            }
            at = blank(at + 1);
            shape.push(dimension);
        }
        self.go_to(at);
        Ok(Some(shape))
    }

    /// Digits from a byte on: their value and their end.
    fn extent(&mut self, start: usize) -> Parse<(u64, usize)> {
        let rest = &self.text[start..];
        let digits = rest.bytes().take_while(u8::is_ascii_digit).count();
        match rest[..digits].parse() {
            Ok(extent) if extent <= i64::MAX as u64 => Ok((extent, start + digits)),
            _ => {
                let span = Span::new(start, start + digits);
                Err(self.wrong(span, "expected an extent below 2^63".to_owned()))
            }
        }
    }

    fn tensor(&mut self) -> Parse<TypeId> {
        self.take();
        self.expect(TokenKind::Less, "`<`")?;
        let shape = self.shape()?;
        let element = self.parse_type()?;
        let encoding = if self.take_if(TokenKind::Comma) { Some(self.attribute_text()?.1) } else { None };
        self.expect(TokenKind::Greater, "`>`")?;
        Ok(self.tree.types.intern(Type::Tensor { shape, element, encoding }))
    }

    fn vector(&mut self) -> Parse<TypeId> {
        self.take();
        self.expect(TokenKind::Less, "`<`")?;
        let Some(shape) = self.shape()? else { return Err(self.expected("a shape of known rank")) };
        let element = self.parse_type()?;
        self.expect(TokenKind::Greater, "`>`")?;
        Ok(self.tree.types.intern(Type::Vector { shape, element }))
    }

    fn memref(&mut self) -> Parse<TypeId> {
        self.take();
        self.expect(TokenKind::Less, "`<`")?;
        let shape = self.shape()?;
        let element = self.parse_type()?;
        let (mut layout, mut space) = (None, None);
        while self.take_if(TokenKind::Comma) {
            let (value, text) = self.attribute_text()?;
            match value {
                AttributeValue::AffineMap(map) if map.is_identity() => {}
                AttributeValue::AffineMap(_) => layout = Some(text),
                AttributeValue::Other(_) if text.starts_with("strided<") => layout = Some(text),
                // Space 0 is the default one.
                AttributeValue::Integer(0, _) => {}
                _ => space = Some(text),
            }
        }
        self.expect(TokenKind::Greater, "`>`")?;
        Ok(self.tree.types.intern(Type::MemRef { shape, element, layout, space }))
    }
}

/// Whether a builtin type starts with this word.
pub(super) fn is_type_word(word: &str) -> bool {
    matches!(word, "tensor" | "memref" | "vector" | "index" | "none" | "complex" | "tuple") || scalar(word).is_some()
}

/// Types of one word.
fn scalar(word: &str) -> Option<Type> {
    let integer = |digits: &str, signedness| {
        let bits = digits.parse().ok().filter(|&bits| bits <= MAX_INTEGER_BITS)?;
        // `i08` is no type.
        ((digits == "0" || digits.as_bytes()[0] != b'0') && digits.bytes().all(|b| b.is_ascii_digit()))
            .then_some(Type::Integer(bits, signedness))
    };
    match word.as_bytes() {
        [b'i', b'0'..=b'9', ..] => integer(&word[1..], Signedness::Signless),
        [b's', b'i', b'0'..=b'9', ..] => integer(&word[2..], Signedness::Signed),
        [b'u', b'i', b'0'..=b'9', ..] => integer(&word[2..], Signedness::Unsigned),
        b"index" => Some(Type::Index),
        b"none" => Some(Type::None),
        _ => FloatKind::from_name(word).map(Type::Float),
    }
}
