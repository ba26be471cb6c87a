//! Functions of dialects other than `func`: a symbol, a signature, words of the dialect's own, and a body.
//!
//! `word... @name(%a: type {...}, type, ...) -> (type {...}) word(...) attributes {...} { body }`. Names in the
//! brackets behind a word (`workgroup(%w : memref<4xf32, 3>)`) are arguments of the body, behind those of the signature.

use crate::lexer::TokenKind;
use crate::parse::ahead::Ahead;
use crate::parse::draft::{Argument, Draft};
use crate::parse::names::Isolation;
use crate::parse::{Parse, Parser};
use crate::span::Span;
use crate::tree::{Attribute, AttributeValue, Type, TypeId};

/// Most words between the operation's name and its symbol.
const MOST_WORDS: usize = 16;

/// Inputs and results with their attributes.
#[derive(Debug, Default)]
pub(super) struct Signature {
    pub arguments: Vec<Argument>,
    pub argument_attributes: Vec<Vec<Attribute>>,
    pub results: Vec<TypeId>,
    pub result_attributes: Vec<Vec<Attribute>>,
}

impl<'a> Parser<'a> {
    /// Whether the text ahead looks like a function: a symbol and what can only be a signature.
    pub(in crate::parse) fn at_function(&self) -> bool {
        use TokenKind::*;
        let after = |token: Ahead| token.next(self.text, &self.unclosed);
        let mut token = self.ahead;
        for _ in 0..MOST_WORDS {
            match token.kind {
                Some(SymbolId) => break,
                Some(BareId) if !token.span.text(self.text).contains('.') => token = after(token),
                _ => return false,
            }
        }
        if token.kind != Some(SymbolId) {
            return false;
        }
        token = after(token);
        if token.kind != Some(LeftParen) {
            return false;
        }
        token = after(token);
        match token.kind {
            Some(ValueId) => after(token).kind == Some(Colon),
            // `@f() : () -> ()` is a call.
            Some(RightParen) => after(token).kind != Some(Colon),
            Some(ExclaimId | Ellipsis) => true,
            Some(BareId) => crate::parse::types::is_type_word(token.span.text(self.text)),
            _ => false,
        }
    }

    /// An unregistered operation that looks like a function; false, with nothing taken, if it is none.
    pub(in crate::parse) fn function_like(&mut self, draft: &mut Draft) -> bool {
        let at = (self.ahead, self.taken);
        let (values, regions, marks) = (self.tree.values.len(), self.tree.regions.len(), self.marks.len());
        let (scopes, diagnostics) = (self.scopes.mark(), self.diagnostics.len());
        let read = self.any_function(Isolation::Unknown, draft).is_ok();
        // Without a body it can be a call or an import as well.
        if (read && draft.regions.iter().any(|r| !self.tree.regions[r.index()].blocks.is_empty())) || self.stopped {
            return true;
        }
        if self.tree.regions.len() > regions + usize::from(read) {
            return false;
        }
        (self.ahead, self.taken) = at;
        self.scopes.rewind(scopes);
        self.tree.values.truncate(values);
        self.tree.regions.truncate(regions);
        self.marks.drop_since(marks);
        self.diagnostics.truncate(diagnostics);
        *draft = Draft { named: draft.named, ..Draft::default() };
        false
    }

    /// A function of any dialect.
    pub(in crate::parse) fn any_function(&mut self, isolation: Isolation, draft: &mut Draft) -> Parse<()> {
        while self.at(TokenKind::BareId) {
            let word = self.take().text(self.text);
            if matches!(word, "public" | "private" | "nested") {
                self.set(draft, "sym_visibility", AttributeValue::String(word.to_owned()));
            }
        }
        let name = self.symbol_name()?;
        self.set(draft, "sym_name", AttributeValue::String(name));
        let mut signature = Signature::default();
        self.signature(&mut signature)?;
        let mut arguments = signature.arguments.clone();
        self.set_signature(draft, signature);
        loop {
            match self.ahead.kind {
                Some(TokenKind::LeftBrace) if self.at_body() => break,
                Some(TokenKind::LeftBrace) => self.dictionary(&mut draft.attributes)?,
                _ if self.at_new_line() && self.at_operation_start() => break,
                Some(TokenKind::BareId) if self.spelling().contains('.') => break,
                Some(TokenKind::BareId) => self.function_word(draft, &mut arguments)?,
                Some(TokenKind::String | TokenKind::Integer | TokenKind::HashId) => {
                    self.attribute(crate::tree::Types::UNKNOWN)?;
                }
                _ => break,
            }
        }
        let region =
            if self.at(TokenKind::LeftBrace) { self.region(&arguments, isolation)? } else { self.new_region() };
        draft.regions.push(region);
        Ok(())
    }

    /// Whether `{` ahead opens a body, not attributes.
    fn at_body(&self) -> bool {
        let first = self.second();
        match first.kind {
            Some(TokenKind::BareId | TokenKind::String) => {
                let next = first.next(self.text, &self.unclosed);
                !matches!(next.kind, Some(TokenKind::Equal | TokenKind::Comma))
            }
            _ => true,
        }
    }

    /// `kernel`, `attributes {...}`, `workgroup(%w : type)`, `vscale_range(1, 2)`.
    fn function_word(&mut self, draft: &mut Draft, arguments: &mut Vec<Argument>) -> Parse<()> {
        let word = self.take().text(self.text);
        match self.ahead.kind {
            Some(TokenKind::LeftBrace) if word == "attributes" => self.dictionary(&mut draft.attributes),
            Some(TokenKind::LeftParen) if self.second().kind == Some(TokenKind::ValueId) => {
                let mut more = Signature::default();
                self.inputs(&mut more)?;
                arguments.extend(more.arguments);
                Ok(())
            }
            Some(TokenKind::LeftParen | TokenKind::Less) => self.skip_balanced(),
            Some(TokenKind::Equal) => {
                self.take();
                self.attribute(crate::tree::Types::UNKNOWN).map(|_| ())
            }
            _ => {
                self.set(draft, word, AttributeValue::Unit);
                Ok(())
            }
        }
    }

    /// `(%a: type {...}) -> (type {...})`.
    pub(super) fn signature(&mut self, signature: &mut Signature) -> Parse<()> {
        self.inputs(signature)?;
        if !self.take_if(TokenKind::Arrow) {
            return Ok(());
        }
        if self.take_if(TokenKind::LeftParen) {
            return self.list(TokenKind::RightParen, "`,` or `)`", |p| {
                signature.results.push(p.parse_type()?);
                signature.result_attributes.push(p.attributes_of_one()?);
                Ok(())
            });
        }
        signature.results.push(self.parse_type()?);
        signature.result_attributes.push(Vec::new());
        Ok(())
    }

    /// `(%a: type {...}, type, ...)`.
    fn inputs(&mut self, signature: &mut Signature) -> Parse<()> {
        self.expect(TokenKind::LeftParen, "`(` and arguments")?;
        self.list(TokenKind::RightParen, "`,` or `)`", |p| {
            if p.take_if(TokenKind::Ellipsis) {
                return Ok(());
            }
            let mut name = p.ahead.span;
            name.end = name.start;
            if p.at(TokenKind::ValueId) {
                name = p.take();
                p.expect(TokenKind::Colon, "`:` and the argument's type")?;
            }
            let ty = p.parse_type()?;
            signature.argument_attributes.push(p.attributes_of_one()?);
            signature.arguments.push(Argument { name, ty });
            Ok(())
        })
    }

    /// Keep a signature as the attributes that the generic form has.
    pub(super) fn set_signature(&mut self, draft: &mut Draft, signature: Signature) {
        let inputs = signature.arguments.iter().map(|a| a.ty).collect();
        let ty = self.tree.types.intern(Type::Function { inputs, results: signature.results });
        self.set(draft, "function_type", AttributeValue::Type(ty));
        let lists = [("arg_attrs", signature.argument_attributes), ("res_attrs", signature.result_attributes)];
        for (name, attributes) in lists {
            if attributes.iter().any(|a| !a.is_empty()) {
                let all = attributes.into_iter().map(|a| self.to_dictionary(a)).collect();
                self.set(draft, name, AttributeValue::Array(all));
            }
        }
    }

    /// `{a = 1}` behind a type, if it is there.
    pub(in crate::parse) fn attributes_of_one(&mut self) -> Parse<Vec<Attribute>> {
        let mut attributes = Vec::new();
        if self.at_dictionary() {
            self.dictionary(&mut attributes)?;
        }
        Ok(attributes)
    }

    /// Span of the first line of an operation.
    pub(in crate::parse) fn first_line(&self, span: Span) -> Span {
        let end = span.text(self.text).find('\n').map_or(span.end, |i| span.start + i as u32);
        Span { end, ..span }
    }
}
