//! `tensor`, `memref` and `bufferization`.

use crate::lexer::TokenKind;
use crate::parse::draft::{Argument, Draft};
use crate::parse::{Parse, Parser};
use crate::span::Span;
use crate::tree::{AttributeValue, RegionId, Type, Types};

impl<'a> Parser<'a> {
    /// A region whose first block writes its own arguments.
    pub(super) fn body(&mut self, end: Option<&str>, draft: &mut Draft) -> Parse<RegionId> {
        let region = self.region(&[], false)?;
        if let Some(end) = end {
            self.imply_end(region, end);
        }
        draft.regions.push(region);
        Ok(region)
    }

    /// `tensor.generate %n, %m {...} : type`.
    pub(super) fn tensor_generate(&mut self, draft: &mut Draft) -> Parse<()> {
        if self.at(TokenKind::ValueId) {
            self.values(draft)?;
        }
        self.body(None, draft)?;
        self.result_behind_colon(draft)
    }

    /// `{attributes} : type`, where the type is the result's.
    fn result_behind_colon(&mut self, draft: &mut Draft) -> Parse<()> {
        self.optional_dictionary(&mut draft.attributes)?;
        self.expect(TokenKind::Colon, "`:` and a type")?;
        draft.result_types.push(self.parse_type()?);
        Ok(())
    }

    /// `tensor.pad %a nofold low[...] high[...] {...} : type to type`.
    pub(super) fn tensor_pad(&mut self, draft: &mut Draft) -> Parse<()> {
        let source = self.value_use()?;
        draft.operands.push(source);
        if self.take_word("nofold") {
            self.set(draft, "nofold", AttributeValue::Unit);
        }
        let mut sizes = vec![1];
        for (word, name) in [("low", "static_low"), ("high", "static_high")] {
            self.expect_word(word)?;
            let (values, integers) = self.index_list(TokenKind::LeftBracket, TokenKind::RightBracket)?;
            sizes.push(values.len());
            draft.operands.extend(values);
            let integers = self.array_attribute(&integers, 64);
            self.set(draft, name, integers);
        }
        self.set_segments(draft, &sizes);
        self.body(None, draft)?;
        self.optional_dictionary(&mut draft.attributes)?;
        self.expect(TokenKind::Colon, "`:` and a type")?;
        let ty = self.parse_type()?;
        self.expect_type(source, ty);
        self.expect_word("to")?;
        draft.result_types.push(self.parse_type()?);
        Ok(())
    }

    /// `memref.global "private" constant @name : type = dense<...>`.
    pub(super) fn memref_global(&mut self, draft: &mut Draft) -> Parse<()> {
        if self.at(TokenKind::String) {
            let visibility = self.attribute(Types::UNKNOWN)?;
            self.set(draft, "sym_visibility", visibility);
        }
        if self.take_word("constant") {
            self.set(draft, "constant", AttributeValue::Unit);
        }
        let name = self.symbol_name()?;
        self.set(draft, "sym_name", AttributeValue::String(name));
        self.expect(TokenKind::Colon, "`:` and the global's type")?;
        let ty = self.parse_type()?;
        self.set(draft, "type", AttributeValue::Type(ty));
        if self.take_if(TokenKind::Equal) {
            let value = if self.take_word("uninitialized") { AttributeValue::Unit } else { self.global_value(ty)? };
            self.set(draft, "initial_value", value);
        }
        self.optional_dictionary(&mut draft.attributes)
    }

    /// The value's type is left out: it is the tensor of the memref's shape.
    fn global_value(&mut self, ty: crate::tree::TypeId) -> Parse<AttributeValue> {
        let tensor = match self.tree.types.get(ty).clone() {
            Type::MemRef { shape, element, .. } => {
                self.tree.types.intern(Type::Tensor { shape, element, encoding: None })
            }
            _ => ty,
        };
        self.attribute(tensor)
    }

    /// `memref.transpose %a (d0, d1) -> (d1, d0) : type to type`.
    pub(super) fn memref_transpose(&mut self, draft: &mut Draft) -> Parse<()> {
        let source = self.value_use()?;
        draft.operands.push(source);
        let map = self.bare_affine_map()?;
        self.set(draft, "permutation", AttributeValue::AffineMap(map));
        self.optional_dictionary(&mut draft.attributes)?;
        self.expect(TokenKind::Colon, "`:` and a type")?;
        let ty = self.parse_type()?;
        self.expect_type(source, ty);
        self.expect_word("to")?;
        draft.result_types.push(self.parse_type()?);
        Ok(())
    }

    /// `memref.prefetch %a[%i], read, locality<3>, data : type`.
    pub(super) fn memref_prefetch(&mut self, draft: &mut Draft) -> Parse<()> {
        let source = self.value_use()?;
        draft.operands.push(source);
        self.expect(TokenKind::LeftBracket, "`[`")?;
        self.list(TokenKind::RightBracket, "`,` or `]`", |p| {
            draft.operands.push(p.value_use()?);
            Ok(())
        })?;
        self.prefetch_kind(draft)?;
        self.optional_dictionary(&mut draft.attributes)?;
        self.expect(TokenKind::Colon, "`:` and a type")?;
        let ty = self.parse_type()?;
        self.expect_type(source, ty);
        Ok(())
    }

    /// `, read, locality<3>, data`.
    pub(super) fn prefetch_kind(&mut self, draft: &mut Draft) -> Parse<()> {
        self.expect(TokenKind::Comma, "`,`")?;
        let write = self.take_word("write");
        if !write {
            self.expect_word("read")?;
        }
        self.set(draft, "isWrite", AttributeValue::Bool(write));
        self.expect(TokenKind::Comma, "`,`")?;
        self.expect_word("locality")?;
        self.expect(TokenKind::Less, "`<`")?;
        let hint = self.number()?.integer();
        let hint = self.integer_attribute(hint, 32);
        self.set(draft, "localityHint", hint);
        self.expect(TokenKind::Greater, "`>`")?;
        self.expect(TokenKind::Comma, "`,`")?;
        let data = self.take_word("data");
        if !data {
            self.expect_word("instr")?;
        }
        self.set(draft, "isDataCache", AttributeValue::Bool(data));
        Ok(())
    }

    /// `memref.alloca_scope -> (types) {...}`.
    pub(super) fn memref_scope(&mut self, draft: &mut Draft) -> Parse<()> {
        if self.take_if(TokenKind::Arrow) {
            draft.result_types = self.result_types()?;
        }
        self.body(Some("memref.alloca_scope.return"), draft)?;
        self.optional_dictionary(&mut draft.attributes)
    }

    /// `memref.generic_atomic_rmw %a[%i] : type {^bb0(%x: f32): ...}`.
    pub(super) fn memref_atomic(&mut self, draft: &mut Draft) -> Parse<()> {
        let source = self.value_use()?;
        draft.operands.push(source);
        self.expect(TokenKind::LeftBracket, "`[`")?;
        self.list(TokenKind::RightBracket, "`,` or `]`", |p| {
            draft.operands.push(p.value_use()?);
            Ok(())
        })?;
        self.expect(TokenKind::Colon, "`:` and a type")?;
        let ty = self.parse_type()?;
        self.expect_type(source, ty);
        draft.result_types.push(self.tree.types.element(ty));
        self.body(None, draft)?;
        self.optional_dictionary(&mut draft.attributes)
    }

    /// `bufferization.alloc_tensor(%n) copy(%a) size_hint=%h : type`.
    pub(super) fn alloc_tensor(&mut self, draft: &mut Draft) -> Parse<()> {
        self.expect(TokenKind::LeftParen, "`(`")?;
        self.list(TokenKind::RightParen, "`,` or `)`", |p| {
            draft.operands.push(p.value_use()?);
            Ok(())
        })?;
        let mut sizes = vec![draft.operands.len(), 0, 0];
        if self.take_word("copy") {
            self.expect(TokenKind::LeftParen, "`(`")?;
            draft.operands.push(self.value_use()?);
            self.expect(TokenKind::RightParen, "`)`")?;
            sizes[1] = 1;
        }
        if self.take_word("size_hint") {
            self.expect(TokenKind::Equal, "`=`")?;
            draft.operands.push(self.value_use()?);
            sizes[2] = 1;
        }
        self.set_segments(draft, &sizes);
        self.result_behind_colon(draft)
    }

    /// An argument without a name.
    pub(super) fn nameless(ty: crate::tree::TypeId) -> Argument {
        Argument { name: Span::default(), ty }
    }
}
