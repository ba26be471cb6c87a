//! `builtin`, `func` and `cf`.

use super::function::Signature;
use crate::lexer::TokenKind;
use crate::parse::draft::Draft;
use crate::parse::names::Use;
use crate::parse::{Parse, Parser};
use crate::tree::{AttributeValue, BlockId, Dimension, Form, RegionId, Type, TypeId};

impl<'a> Parser<'a> {
    /// `module @name attributes {...} {...}`.
    pub(super) fn module(&mut self, draft: &mut Draft) -> Parse<()> {
        if self.at(TokenKind::SymbolId) {
            let name = self.symbol_name()?;
            self.set(draft, "sym_name", AttributeValue::String(name));
        }
        if self.take_word("attributes") {
            self.dictionary(&mut draft.attributes)?;
        }
        let region = self.region(&[], true)?;
        if self.tree.regions[region.index()].blocks.is_empty() {
            let block = self.new_block(region);
            self.tree.regions[region.index()].blocks.push(block);
        }
        draft.regions.push(region);
        Ok(())
    }

    /// `func.func private @name(%a: type {...}) -> (type {...}) attributes {...} {...}`.
    pub(super) fn function(&mut self, draft: &mut Draft) -> Parse<()> {
        if self.at(TokenKind::BareId) && matches!(self.spelling(), "public" | "private" | "nested") {
            let visibility = self.take().text(self.text).to_owned();
            self.set(draft, "sym_visibility", AttributeValue::String(visibility));
        }
        let name = self.symbol_name()?;
        self.set(draft, "sym_name", AttributeValue::String(name));
        let mut signature = Signature::default();
        self.signature(&mut signature)?;
        if self.take_word("attributes") {
            self.dictionary(&mut draft.attributes)?;
        }
        let (arguments, returned) = (signature.arguments.clone(), signature.results.clone());
        self.set_signature(draft, signature);
        let region = if self.at(TokenKind::LeftBrace) { self.region(&arguments, true)? } else { self.new_region() };
        draft.regions.push(region);
        self.check_returns(region, &returned);
        Ok(())
    }

    /// Check the types of returned values against the function's type.
    fn check_returns(&mut self, region: RegionId, results: &[TypeId]) {
        for block in self.tree.regions[region.index()].blocks.clone() {
            let Some(&last) = self.tree.blocks[block.index()].operations.last() else { continue };
            let operation = &self.tree.operations[last.index()];
            if self.names[operation.name.index()] != "func.return" || operation.form == Form::Guessed {
                continue;
            }
            let types: Vec<TypeId> = operation.operands.iter().map(|v| self.tree.values[v.index()].ty).collect();
            let assumed = |i: usize| self.tree.values[operation.operands[i].index()].assumed;
            let same = types.len() == results.len()
                && (0..types.len()).all(|i| assumed(i) || self.tree.types.can_agree(types[i], results[i]));
            if !same {
                let list = |all: &[TypeId]| {
                    let all: Vec<String> = all.iter().map(|&ty| self.tree.types.to_text(ty)).collect();
                    if all.is_empty() { "nothing".to_owned() } else { format!("`{}`", all.join(", ")) }
                };
                let message = format!(
                    "type mismatch: returned is {}, but the function's type says {}",
                    list(&types),
                    list(results)
                );
                let span = self.first_line(operation.span);
                self.report(span, message, None);
            }
        }
    }

    /// `%a, %b : types to types`.
    pub(super) fn conversion_cast(&mut self, draft: &mut Draft) -> Parse<()> {
        if self.at(TokenKind::ValueId) {
            self.typed_values(draft)?;
        }
        self.expect_word("to")?;
        draft.result_types = self.types()?;
        self.optional_dictionary(&mut draft.attributes)
    }

    /// `%a, %b : types`, as operands.
    pub(super) fn typed_values(&mut self, draft: &mut Draft) -> Parse<Vec<TypeId>> {
        let from = draft.operands.len();
        self.values(draft)?;
        self.expect(TokenKind::Colon, "`:` and types")?;
        let start = self.ahead.span;
        let types = self.types()?;
        let uses = draft.operands[from..].to_vec();
        if uses.len() != types.len() {
            let message = format!("{} value(s) are given, but {} type(s)", uses.len(), types.len());
            self.report(start, message, None);
        }
        for (used, &ty) in uses.into_iter().zip(&types) {
            self.expect_type(used, ty);
        }
        Ok(types)
    }

    /// `%a, %b`, as operands; at least one.
    pub(super) fn values(&mut self, draft: &mut Draft) -> Parse<()> {
        draft.operands.push(self.value_use()?);
        while self.take_if(TokenKind::Comma) {
            draft.operands.push(self.value_use()?);
        }
        Ok(())
    }

    /// `%f(%a) : (types) -> types`.
    pub(super) fn call_indirect(&mut self, draft: &mut Draft) -> Parse<()> {
        let callee = self.value_use()?;
        draft.operands.push(callee);
        self.expect(TokenKind::LeftParen, "`(`")?;
        self.list(TokenKind::RightParen, "`,` or `)`", |p| {
            draft.operands.push(p.value_use()?);
            Ok(())
        })?;
        self.optional_dictionary(&mut draft.attributes)?;
        self.expect(TokenKind::Colon, "`:` and the function's type")?;
        let ty = self.parse_type()?;
        self.expect_type(callee, ty);
        if let Type::Function { inputs, results } = self.tree.types.get(ty).clone() {
            for (i, ty) in inputs.into_iter().enumerate() {
                if let Some(&used) = draft.operands.get(i + 1) {
                    self.expect_type(used, ty);
                }
            }
            draft.result_types = results;
        }
        Ok(())
    }

    /// `^name(%a, %b : types)`: a block and the values passed to it.
    pub(super) fn successor(&mut self) -> Parse<(BlockId, Vec<Use>)> {
        let block = self.block_use()?;
        let mut passed = Draft::default();
        if self.take_if(TokenKind::LeftParen) {
            self.typed_values(&mut passed)?;
            self.expect(TokenKind::RightParen, "`)`")?;
        }
        Ok((block, passed.operands))
    }

    pub(super) fn branch(&mut self, draft: &mut Draft) -> Parse<()> {
        let successor = self.successor()?;
        draft.operands.clone_from(&successor.1);
        draft.successors.push(successor);
        self.optional_dictionary(&mut draft.attributes)
    }

    /// `%c weights([1, 2]), ^a, ^b`.
    pub(super) fn conditional_branch(&mut self, draft: &mut Draft) -> Parse<()> {
        let condition = self.value_use()?;
        let bool_type = self.integer_type(1);
        self.expect_type(condition, bool_type);
        draft.operands.push(condition);
        if self.take_word("weights") {
            self.expect(TokenKind::LeftParen, "`(`")?;
            let (_, weights) = self.index_list(TokenKind::LeftBracket, TokenKind::RightBracket)?;
            let weights = self.array_attribute(&weights, 32);
            self.set(draft, "branch_weights", weights);
            self.expect(TokenKind::RightParen, "`)`")?;
        }
        let mut sizes = vec![1];
        for _ in 0..2 {
            self.expect(TokenKind::Comma, "`,` and a block")?;
            let successor = self.successor()?;
            sizes.push(successor.1.len());
            draft.operands.extend(&successor.1);
            draft.successors.push(successor);
        }
        self.set_segments(draft, &sizes);
        self.optional_dictionary(&mut draft.attributes)
    }

    /// `%flag : i32, [default: ^a, 1: ^b(%x : f32)]`.
    pub(super) fn switch(&mut self, draft: &mut Draft) -> Parse<()> {
        let flag = self.value_use()?;
        self.expect(TokenKind::Colon, "`:` and the flag's type")?;
        let ty = self.parse_type()?;
        self.expect_type(flag, ty);
        draft.operands.push(flag);
        self.expect(TokenKind::Comma, "`,`")?;
        self.expect(TokenKind::LeftBracket, "`[` and cases")?;
        let (mut values, mut sizes) = (Vec::new(), Vec::new());
        self.list(TokenKind::RightBracket, "`,` or `]`", |p| {
            if !p.take_word("default") {
                values.push(p.number()?.integer() as f64);
            }
            p.expect(TokenKind::Colon, "`:` and a block")?;
            let successor = p.successor()?;
            sizes.push(successor.1.len() as i64);
            draft.operands.extend(&successor.1);
            draft.successors.push(successor);
            Ok(())
        })?;
        let first = sizes.first().copied().unwrap_or(0);
        let cases = self.array_attribute(sizes.get(1..).unwrap_or(&[]), 32);
        self.set(draft, "case_operand_segments", cases);
        let others: i64 = sizes.iter().skip(1).sum();
        self.set_segments(draft, &[1, first as usize, others as usize]);
        if !values.is_empty() {
            let shape = vec![Dimension::Static(values.len() as u64)];
            let ty = self.tree.types.intern(Type::Vector { shape, element: ty });
            let splat = (values.len() == 1).then(|| values[0]);
            self.set(draft, "case_values", AttributeValue::Dense { ty, splat, elements: Some(values) });
        }
        self.optional_dictionary(&mut draft.attributes)
    }
}
