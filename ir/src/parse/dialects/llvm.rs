//! `llvm`: calls, branches and globals, whose forms no format string describes.

use crate::lexer::TokenKind;
use crate::parse::draft::Draft;
use crate::parse::names::Use;
use crate::parse::{Parse, Parser};
use crate::tree::{AttributeValue, Type, TypeId, Types};

impl<'a> Parser<'a> {
    /// `["tag"(%a, %b : types), "other"()]` if it is ahead.
    pub(in crate::parse) fn operand_bundles(&mut self, draft: &mut Draft) -> Parse<()> {
        if !self.take_if(TokenKind::LeftBracket) {
            return Ok(());
        }
        self.list(TokenKind::RightBracket, "`,` or `]`", |p| {
            p.expect(TokenKind::String, "the tag of operands")?;
            p.expect(TokenKind::LeftParen, "`(`")?;
            if p.at(TokenKind::ValueId) {
                p.typed_values(draft)?;
            }
            p.expect(TokenKind::RightParen, "`)`").map(|_| ())
        })
    }

    /// `@callee` or `%callee`, and `(%a, %b)`.
    fn called(&mut self, draft: &mut Draft) -> Parse<bool> {
        // Calling convention, tail call.
        while self.at(TokenKind::BareId) {
            self.take();
        }
        let indirect = self.at(TokenKind::ValueId);
        if indirect {
            let callee = self.value_use()?;
            draft.operands.push(callee);
        } else {
            let callee = self.symbol()?;
            self.set(draft, "callee", AttributeValue::Symbol(callee));
        }
        self.parenthesised_values(draft, None)?;
        Ok(indirect)
    }

    /// `vararg(type) [bundles] {...} : type, (types) -> type` behind a call.
    fn call_type(&mut self, indirect: bool, draft: &mut Draft) -> Parse<()> {
        if self.take_word("vararg") {
            self.expect(TokenKind::LeftParen, "`(`")?;
            let ty = self.parse_type()?;
            self.set(draft, "var_callee_type", AttributeValue::Type(ty));
            self.expect(TokenKind::RightParen, "`)`")?;
        }
        let called: Vec<Use> = draft.operands[usize::from(indirect)..].to_vec();
        self.operand_bundles(draft)?;
        self.optional_dictionary(&mut draft.attributes)?;
        self.expect(TokenKind::Colon, "`:` and the call's type")?;
        if indirect {
            let ty = self.parse_type()?;
            self.expect_type(draft.operands[0], ty);
            self.expect(TokenKind::Comma, "`,` and the function's type")?;
        }
        let (inputs, results) = self.function_type()?;
        for (used, ty) in called.into_iter().zip(inputs) {
            self.expect_type(used, ty);
        }
        draft.result_types = self.without_void(results);
        Ok(())
    }

    /// A result of type `!llvm.void` is none.
    fn without_void(&self, results: Vec<TypeId>) -> Vec<TypeId> {
        let void = |ty: &TypeId| matches!(self.tree.types.get(*ty), Type::Dialect(text) if text == "!llvm.void");
        results.into_iter().filter(|ty| !void(ty)).collect()
    }

    /// `llvm.call @f(%a) {...} : (types) -> type`, or `%f(%a) : !llvm.ptr, (types) -> type`.
    pub(super) fn llvm_call(&mut self, draft: &mut Draft) -> Parse<()> {
        let indirect = self.called(draft)?;
        self.call_type(indirect, draft)
    }

    /// `llvm.invoke @f(%a) to ^a(%b : type) unwind ^c {...} : (types) -> type`.
    pub(super) fn llvm_invoke(&mut self, draft: &mut Draft) -> Parse<()> {
        let indirect = self.called(draft)?;
        let mut passed: Vec<Use> = Vec::new();
        for word in ["to", "unwind"] {
            self.expect_word(word)?;
            let successor = self.successor()?;
            passed.extend(&successor.1);
            draft.successors.push(successor);
        }
        self.call_type(indirect, draft)?;
        draft.operands.extend(passed);
        Ok(())
    }

    /// `llvm.call_intrinsic "llvm.name"(%a) {...} : (types) -> type`.
    pub(super) fn llvm_call_intrinsic(&mut self, draft: &mut Draft) -> Parse<()> {
        let name = self.expect(TokenKind::String, "the intrinsic's name")?.text(self.text).trim_matches('"').to_owned();
        self.set(draft, "intrin", AttributeValue::String(name));
        self.parenthesised_values(draft, None)?;
        self.call_type(false, draft)
    }

    /// `llvm.landingpad cleanup (catch %a : type) (filter %b : type) : type`.
    pub(super) fn llvm_landingpad(&mut self, draft: &mut Draft) -> Parse<()> {
        if self.take_word("cleanup") {
            self.set(draft, "cleanup", AttributeValue::Unit);
        }
        while self.take_if(TokenKind::LeftParen) {
            self.expect(TokenKind::BareId, "`catch` or `filter`")?;
            self.typed_values(draft)?;
            self.expect(TokenKind::RightParen, "`)`")?;
        }
        self.optional_dictionary(&mut draft.attributes)?;
        self.expect(TokenKind::Colon, "`:` and the result's type")?;
        draft.result_types.push(self.parse_type()?);
        Ok(())
    }

    /// `%a : type`, as an operand.
    fn typed_value(&mut self, draft: &mut Draft) -> Parse<()> {
        let value = self.value_use()?;
        self.expect(TokenKind::Colon, "`:` and a type")?;
        let ty = self.parse_type()?;
        self.expect_type(value, ty);
        draft.operands.push(value);
        Ok(())
    }

    /// `llvm.switch %flag : type, ^default(%a : type) [ 1: ^b, 2: ^c(%d : type) ] {...}`.
    pub(super) fn llvm_switch(&mut self, draft: &mut Draft) -> Parse<()> {
        self.typed_value(draft)?;
        self.expect(TokenKind::Comma, "`,` and the default block")?;
        let default = self.successor()?;
        let mut sizes = vec![1, default.1.len(), 0];
        draft.operands.extend(&default.1);
        draft.successors.push(default);
        self.expect(TokenKind::LeftBracket, "`[` and cases")?;
        let mut cases = Vec::new();
        self.list(TokenKind::RightBracket, "`,` or `]`", |p| {
            p.number()?;
            p.expect(TokenKind::Colon, "`:` and a block")?;
            let successor = p.successor()?;
            cases.push(successor.1.len() as i64);
            sizes[2] += successor.1.len();
            draft.operands.extend(&successor.1);
            draft.successors.push(successor);
            Ok(())
        })?;
        let cases = self.array_attribute(&cases, 32);
        self.set(draft, "case_operand_segments", cases);
        self.set_segments(draft, &sizes);
        self.optional_dictionary(&mut draft.attributes)
    }

    /// `llvm.indirectbr %a : type, [^b, ^c(%d : type)] {...}`.
    pub(super) fn llvm_indirect_branch(&mut self, draft: &mut Draft) -> Parse<()> {
        self.typed_value(draft)?;
        self.expect(TokenKind::Comma, "`,` and blocks")?;
        self.expect(TokenKind::LeftBracket, "`[` and blocks")?;
        self.list(TokenKind::RightBracket, "`,` or `]`", |p| {
            let successor = p.successor()?;
            draft.operands.extend(&successor.1);
            draft.successors.push(successor);
            Ok(())
        })?;
        self.optional_dictionary(&mut draft.attributes)
    }

    /// `llvm.mlir.global private constant @name(value) comdat(@c) {...} : type {...}`.
    pub(super) fn llvm_global(&mut self, draft: &mut Draft) -> Parse<()> {
        while self.at(TokenKind::BareId) {
            let word = self.take().text(self.text);
            self.set(draft, word, AttributeValue::Unit);
        }
        let name = self.symbol_name()?;
        self.set(draft, "sym_name", AttributeValue::String(name));
        if self.take_if(TokenKind::LeftParen) && !self.take_if(TokenKind::RightParen) {
            let value = self.attribute(Types::UNKNOWN)?;
            self.set(draft, "value", value);
            self.expect(TokenKind::RightParen, "`)`")?;
        }
        if self.take_word("comdat") {
            self.skip_balanced()?;
        }
        self.optional_dictionary(&mut draft.attributes)?;
        if self.take_if(TokenKind::Colon) {
            let ty = self.parse_type()?;
            self.set(draft, "global_type", AttributeValue::Type(ty));
        }
        let region = if self.at(TokenKind::LeftBrace) { self.region(&[], true)? } else { self.new_region() };
        draft.regions.push(region);
        Ok(())
    }

    /// `llvm.mlir.ifunc external @name : type, type @resolver {...}`.
    pub(super) fn llvm_ifunc(&mut self, draft: &mut Draft) -> Parse<()> {
        while self.at(TokenKind::BareId) {
            self.take();
        }
        let name = self.symbol_name()?;
        self.set(draft, "sym_name", AttributeValue::String(name));
        self.expect(TokenKind::Colon, "`:` and types")?;
        self.types()?;
        let resolver = self.symbol()?;
        self.set(draft, "resolver", AttributeValue::Symbol(resolver));
        self.optional_dictionary(&mut draft.attributes)
    }
}
