//! Attributes: values, dictionaries, aliases.

use super::ahead::{Ahead, location_end};
use super::{Alias, Parse, Parser};
use crate::lexer::TokenKind;
use crate::registry;
use crate::span::Span;
use crate::tree::{Attribute, AttributeValue, NameId, Type, TypeId, Types};

impl<'a> Parser<'a> {
    /// The id of an attribute's or operation's name.
    pub(super) fn name(&mut self, name: &str) -> NameId {
        if let Some(id) = self.names.get_index_of(name) {
            return NameId(id as u32);
        }
        self.tree.records.push(registry::find(name).unwrap_or(&registry::UNKNOWN));
        NameId(self.names.insert_full(name.to_owned()).0 as u32)
    }

    /// Whether `{` ahead opens a dictionary, not a region.
    pub(super) fn at_dictionary(&self) -> bool {
        if !self.at(TokenKind::LeftBrace) {
            return false;
        }
        let first = self.second();
        match first.kind {
            Some(TokenKind::RightBrace) => true,
            Some(TokenKind::BareId | TokenKind::String) => {
                let next = Ahead::from(self.text, first.span.end as usize).kind;
                matches!(next, Some(TokenKind::Equal | TokenKind::Comma | TokenKind::RightBrace))
            }
            _ => false,
        }
    }

    /// `{a = 1, b}` if one is ahead.
    pub(super) fn optional_dictionary(&mut self, attributes: &mut Vec<Attribute>) -> Parse<()> {
        if self.at(TokenKind::LeftBrace) { self.dictionary(attributes) } else { Ok(()) }
    }

    /// `{a = 1, b}`.
    pub(super) fn dictionary(&mut self, attributes: &mut Vec<Attribute>) -> Parse<()> {
        let start = self.start();
        self.expect(TokenKind::LeftBrace, "`{` and attributes")?;
        let mut entries: Vec<(String, Span)> = Vec::new();
        let from = attributes.len();
        self.list(TokenKind::RightBrace, "`,` or `}`", |p| {
            let at = p.ahead.span;
            let name = match p.ahead.kind {
                Some(TokenKind::BareId) => p.take().text(p.text).to_owned(),
                Some(TokenKind::String) => unescape(p.take().text(p.text)),
                _ => return Err(p.expected("an attribute's name")),
            };
            let mut value =
                if p.take_if(TokenKind::Equal) { p.attribute(Types::UNKNOWN)? } else { AttributeValue::Unit };
            if name == "iterator_types" {
                name_iterators(&mut value);
            }
            let span = p.since(at.start as usize);
            entries.push((name.clone(), span));
            let name = p.name(&name);
            attributes.push(Attribute { name, value, span });
            Ok(())
        })?;
        entries.sort();
        for pair in entries.windows(2) {
            if pair[0].0 == pair[1].0 {
                self.report(pair[1].1, format!("attribute `{}` is given twice", pair[1].0), None);
            }
        }
        debug_assert_eq!(attributes.len() - from, entries.len());
        self.marks.dictionary(self.since(start), entries.into_iter().map(|(_, span)| span).collect());
        Ok(())
    }

    /// An attribute and its canonical text, which also marks it.
    pub(super) fn attribute_text(&mut self) -> Parse<(AttributeValue, String)> {
        let start = self.start();
        let mark = self.marks.len();
        let value = self.attribute(Types::UNKNOWN)?;
        let text = self.canonical(self.since(start), mark);
        Ok((value, text))
    }

    /// An attribute; `expected` is its type if it has one that is not written.
    pub(super) fn attribute(&mut self, expected: TypeId) -> Parse<AttributeValue> {
        self.nested(|p| p.new_attribute(expected))
    }

    fn new_attribute(&mut self, expected: TypeId) -> Parse<AttributeValue> {
        let start = self.start();
        match self.ahead.kind {
            Some(TokenKind::String) => {
                let text = unescape(self.take().text(self.text));
                if self.take_if(TokenKind::Colon) {
                    self.parse_type()?;
                }
                Ok(AttributeValue::String(text))
            }
            Some(TokenKind::Integer | TokenKind::Float | TokenKind::Minus) => self.number_attribute(expected),
            Some(TokenKind::SymbolId) => self.symbol().map(AttributeValue::Symbol),
            Some(TokenKind::LeftBracket) => {
                self.take();
                let mut values = Vec::new();
                self.list(TokenKind::RightBracket, "`,` or `]`", |p| {
                    values.push(p.attribute(Types::UNKNOWN)?);
                    Ok(())
                })?;
                Ok(AttributeValue::Array(values))
            }
            Some(TokenKind::LeftBrace) => {
                let mut attributes = Vec::new();
                self.dictionary(&mut attributes)?;
                Ok(self.to_dictionary(attributes))
            }
            Some(TokenKind::HashId) => self.hash_attribute(),
            Some(TokenKind::BareId) => match self.spelling() {
                "true" | "false" => Ok(AttributeValue::Bool(self.take().text(self.text) == "true")),
                "unit" => {
                    self.take();
                    Ok(AttributeValue::Unit)
                }
                "affine_map" | "affine_set" => self.affine_attribute(),
                "dense" => self.dense(expected),
                "array" => self.dense_array(),
                "dense_resource" | "sparse" => {
                    self.take();
                    self.dialect_body()?;
                    let ty = if self.take_if(TokenKind::Colon) { self.parse_type()? } else { Types::UNKNOWN };
                    Ok(AttributeValue::Dense { ty, splat: None, elements: None })
                }
                "strided" | "opaque" | "distinct" => {
                    let mark = self.marks.len();
                    self.take();
                    if self.at(TokenKind::LeftBracket) {
                        self.skip_balanced()?;
                    }
                    self.dialect_body()?;
                    if self.take_if(TokenKind::Colon) {
                        self.parse_type()?;
                    }
                    Ok(AttributeValue::Other(self.canonical(self.since(start), mark)))
                }
                "loc" if let Some(end) = location_end(self.text, start, &self.unclosed) => {
                    self.location(Span::new(start, end))
                }
                // A keyword of the dialect's, e.g. `{nan_mode = IGNORE}`.
                _ if !self.at_type() => Ok(AttributeValue::Other(self.take().text(self.text).to_owned())),
                _ => Ok(AttributeValue::Type(self.parse_type()?)),
            },
            _ if self.at_type() => Ok(AttributeValue::Type(self.parse_type()?)),
            _ => Err(self.expected("an attribute")),
        }
    }

    /// A location that is a value.
    fn location(&mut self, span: Span) -> Parse<AttributeValue> {
        let mark = self.marks.len();
        self.mark_aliases(span, mark)?;
        // Aliases of locations are defined behind their uses; what is not known here is not printed.
        let unknown = |p: &Self| {
            let mut tokens = crate::lexer::lex(span.text(p.text)).filter(|t| t.kind == TokenKind::HashId);
            tokens.any(|t| !p.attribute_aliases.contains_key(&t.span.text(span.text(p.text))[1..]))
        };
        if unknown(self) {
            self.marks.drop_since(mark);
            self.marks.inline(span, "loc(unknown)".into());
        }
        self.marks.unwrap_locations(mark);
        self.go_to(span.end as usize);
        let text = self.canonical(span, mark);
        Ok(AttributeValue::Other(text))
    }

    pub(super) fn to_dictionary(&self, attributes: Vec<Attribute>) -> AttributeValue {
        let mut entries: Vec<(String, AttributeValue)> =
            attributes.into_iter().map(|a| (self.names[a.name.index()].clone(), a.value)).collect();
        entries.sort_by(|a, b| a.0.cmp(&b.0));
        AttributeValue::Dictionary(entries)
    }

    /// `@name` or `@outer::@inner`.
    pub(super) fn symbol(&mut self) -> Parse<Vec<String>> {
        let mut parts = vec![self.symbol_name()?];
        while self.take_if(TokenKind::ColonColon) {
            parts.push(self.symbol_name()?);
        }
        Ok(parts)
    }

    /// `@name`, without `@` and quotes.
    pub(super) fn symbol_name(&mut self) -> Parse<String> {
        let span = self.expect(TokenKind::SymbolId, "a symbol (`@name`)")?;
        let name = &span.text(self.text)[1..];
        Ok(if name.starts_with('"') { unescape(name) } else { name.to_owned() })
    }

    /// `#alias`, `#dialect.name<...>` or `#dialect<...>`, with a type behind a colon where one stands.
    fn hash_attribute(&mut self) -> Parse<AttributeValue> {
        let name = self.take();
        let spelled = &name.text(self.text)[1..];
        let body = self.at(TokenKind::Less) && self.ahead.span.start == name.end;
        if !body && !spelled.contains('.') {
            let Some(alias) = self.attribute_aliases.get(spelled) else {
                return Err(self.wrong(name, format!("undefined attribute alias `#{spelled}`")));
            };
            let Alias { value, text, depth } = alias.clone();
            self.spend(name, text.len())?;
            self.deepen(name, depth)?;
            self.marks.inline(name, text);
            return Ok(value);
        }
        let mark = self.marks.len();
        if body {
            self.dialect_body()?;
        }
        if self.take_if(TokenKind::Colon) {
            self.parse_type()?;
        }
        Ok(AttributeValue::Other(self.canonical(self.since(name.start as usize), mark)))
    }

    /// `1`, `-1.5 : f32`, `0x7FC00000 : f32`.
    fn number_attribute(&mut self, expected: TypeId) -> Parse<AttributeValue> {
        let start = self.start();
        let number = self.number()?;
        let mut ty = expected;
        if self.take_if(TokenKind::Colon) {
            ty = self.parse_type()?;
        }
        let (text, span) = (self.text, self.since(start));
        let element = self.tree.types.element(ty);
        Ok(match (number, self.tree.types.get(element)) {
            (Number::Float(value), Type::Unknown) => {
                AttributeValue::Float(value, self.tree.types.intern(Type::Float(crate::tree::FloatKind::F64)))
            }
            (Number::Float(value), _) => AttributeValue::Float(value, ty),
            (Number::Hex(bits), Type::Float(kind)) => AttributeValue::Float(kind.from_bits(bits), ty),
            (Number::Integer(value), Type::Float(_)) => AttributeValue::Float(value as f64, ty),
            (Number::Integer(_) | Number::Hex(_), Type::Unknown) => {
                let ty = self.tree.types.intern(Type::Integer(64, crate::tree::Signedness::Signless));
                AttributeValue::Integer(number.integer(), ty)
            }
            (Number::Integer(_) | Number::Hex(_), _) => AttributeValue::Integer(number.integer(), ty),
            (Number::Large, _) => AttributeValue::Other(span.text(text).to_owned()),
        })
    }

    /// A number with its sign.
    pub(super) fn number(&mut self) -> Parse<Number> {
        let negative = self.take_if(TokenKind::Minus);
        let spelled = self.spelling();
        let number = match self.ahead.kind {
            Some(TokenKind::Float) => {
                let value: f64 = spelled.parse().map_err(|_| self.expected("a number"))?;
                Number::Float(if negative { -value } else { value })
            }
            Some(TokenKind::Integer) => match spelled.strip_prefix("0x") {
                Some(hex) => match u128::from_str_radix(hex, 16) {
                    Ok(bits) if negative => i128::try_from(bits).map_or(Number::Large, |v| Number::Integer(-v)),
                    Ok(bits) => Number::Hex(bits),
                    Err(_) => Number::Large,
                },
                None => match spelled.parse::<i128>() {
                    Ok(value) => Number::Integer(if negative { -value } else { value }),
                    Err(_) => Number::Large,
                },
            },
            _ => return Err(self.expected("a number")),
        };
        self.take();
        Ok(number)
    }

    /// Marks types and aliases between the brackets of a dialect's own syntax: aliases are inlined, shaped types are spelled
    /// canonically.
    pub(super) fn mark_aliases(&mut self, span: Span, mark: usize) -> Parse<()> {
        debug_assert_eq!(mark, self.marks.len());
        let (ahead, taken) = (self.ahead, self.taken);
        self.go_to(span.start as usize);
        self.ahead = Ahead::from(self.text, span.start as usize);
        while !self.at_end() && self.ahead.span.start < span.end {
            let before = self.marks.len();
            let alias = |p: &Self| {
                let name = &p.spelling()[1..];
                p.second().kind != Some(TokenKind::Less) && !name.contains('.')
            };
            let parsed = match self.ahead.kind {
                Some(TokenKind::HashId)
                    if alias(self) && self.attribute_aliases.contains_key(&self.spelling()[1..]) =>
                {
                    self.hash_attribute().map(|_| ())
                }
                Some(TokenKind::ExclaimId) if alias(self) && self.type_aliases.contains_key(&self.spelling()[1..]) => {
                    self.parse_type().map(|_| ())
                }
                Some(TokenKind::BareId)
                    if matches!(self.spelling(), "tensor" | "memref" | "vector")
                        && self.second().kind == Some(TokenKind::Less) =>
                {
                    self.parse_type().map(|_| ())
                }
                _ => {
                    self.take_inside();
                    Ok(())
                }
            };
            // Text that is not a type is not scanned again: nested brackets would be scanned once for each level.
            if let Err(failure) = parsed {
                if self.stopped {
                    return Err(failure);
                }
                self.marks.drop_since(before);
            }
        }
        if !self.stopped {
            (self.ahead, self.taken) = (ahead, taken);
        }
        Ok(())
    }
}

/// The generic form's `#linalg.iterator_type<parallel>` is the custom form's `"parallel"`.
fn name_iterators(value: &mut AttributeValue) {
    let AttributeValue::Array(values) = value else { return };
    for value in values {
        if let AttributeValue::Other(text) = value
            && let Some((_, kind)) = text.split_once(".iterator_type<")
        {
            *value = AttributeValue::String(kind.trim_end_matches('>').to_owned());
        }
    }
}

/// A number as spelled.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Number {
    Integer(i128),
    Float(f64),
    /// Bits of a float, or a plain integer.
    Hex(u128),
    /// Beyond 128 bits.
    Large,
}

impl Number {
    pub fn integer(self) -> i128 {
        match self {
            Self::Integer(value) => value,
            Self::Hex(bits) => bits as i128,
            Self::Float(value) => value as i128,
            Self::Large => i128::MAX,
        }
    }

    /// The value as an element of this type.
    pub fn value(self, ty: &Type) -> f64 {
        match (self, ty) {
            (Self::Hex(bits), Type::Float(kind)) => kind.from_bits(bits),
            (Self::Hex(bits), _) => bits as f64,
            (Self::Integer(value), _) => value as f64,
            (Self::Float(value), _) => value,
            (Self::Large, _) => f64::NAN,
        }
    }
}

/// A string literal's value: quotes off, `\\`, `\"`, `\n`, `\t` and `\XX` resolved. Bytes that `\XX` leaves invalid
/// as UTF-8 become U+FFFD.
pub(super) fn unescape(literal: &str) -> String {
    let inner = literal.strip_prefix('"').unwrap_or(literal);
    let inner = inner.strip_suffix('"').unwrap_or(inner);
    if !inner.contains('\\') {
        return inner.to_owned();
    }
    let bytes = inner.as_bytes();
    let (mut out, mut i) = (Vec::with_capacity(bytes.len()), 0);
    while i < bytes.len() {
        if bytes[i] != b'\\' {
            out.push(bytes[i]);
            i += 1;
            continue;
        }
        let hex = bytes.get(i + 1..i + 3).and_then(|h| u8::from_str_radix(std::str::from_utf8(h).ok()?, 16).ok());
        let (byte, length) = match (bytes.get(i + 1), hex) {
            (Some(b'n'), _) => (b'\n', 2),
            (Some(b't'), _) => (b'\t', 2),
            (Some(&quoted @ (b'"' | b'\\')), _) => (quoted, 2),
            (_, Some(byte)) => (byte, 3),
            _ => (b'\\', 1),
        };
        out.push(byte);
        i += length;
    }
    String::from_utf8_lossy(&out).into_owned()
}
