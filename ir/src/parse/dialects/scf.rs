//! `scf`: structured control flow.

use crate::lexer::TokenKind;
use crate::parse::draft::{Argument, Draft};
use crate::parse::names::Use;
use crate::parse::{Parse, Parser};
use crate::tree::{AttributeValue, TypeId};

impl<'a> Parser<'a> {
    /// `scf.for %i = %a to %b step %c iter_args(...) -> (types) : type {...}`.
    pub(super) fn scf_for(&mut self, draft: &mut Draft) -> Parse<()> {
        if self.take_word("unsigned") {
            self.set(draft, "unsignedCmp", AttributeValue::Unit);
        }
        let mut arguments = vec![self.argument_name(self.index)?];
        self.expect(TokenKind::Equal, "`=` and the lower bound")?;
        for word in ["to", "step", ""] {
            draft.operands.push(self.value_use()?);
            if !word.is_empty() {
                self.expect_word(word)?;
            }
        }
        self.iteration_arguments(draft, &mut arguments)?;
        if self.take_if(TokenKind::Colon) {
            arguments[0].ty = self.parse_type()?;
        }
        for i in 0..3 {
            self.expect_type(draft.operands[i], arguments[0].ty);
        }
        let region = self.region(&arguments, false)?;
        self.imply_end(region, "scf.yield");
        draft.regions.push(region);
        self.optional_dictionary(&mut draft.attributes)
    }

    /// `scf.if %c -> (types) {...} else {...}`.
    pub(super) fn scf_if(&mut self, draft: &mut Draft) -> Parse<()> {
        let condition = self.value_use()?;
        let bool_type = self.integer_type(1);
        self.expect_type(condition, bool_type);
        draft.operands.push(condition);
        if self.take_if(TokenKind::Arrow) {
            draft.result_types = self.result_types()?;
        }
        self.then_else("scf.yield", draft)?;
        self.optional_dictionary(&mut draft.attributes)
    }

    /// `scf.while (%x = %y) : (types) -> types {...} do {...}`.
    pub(super) fn scf_while(&mut self, draft: &mut Draft) -> Parse<()> {
        let mut arguments = Vec::new();
        if self.take_if(TokenKind::LeftParen) {
            self.assignments(draft, &mut arguments)?;
        }
        self.expect(TokenKind::Colon, "`:` and the loop's type")?;
        let (inputs, results) = self.function_type()?;
        self.type_assignments(draft, &mut arguments, (0, 0), &inputs);
        draft.result_types = results;
        let before = self.region(&arguments, false)?;
        draft.regions.push(before);
        self.expect_word("do")?;
        self.body(Some("scf.yield"), draft)?;
        if self.take_word("attributes") {
            self.dictionary(&mut draft.attributes)?;
        }
        Ok(())
    }

    /// `(%a, %b)`, as operands; how many.
    pub(super) fn parenthesised_values(&mut self, draft: &mut Draft, ty: Option<TypeId>) -> Parse<usize> {
        let from = draft.operands.len();
        self.expect(TokenKind::LeftParen, "`(` and values")?;
        self.list(TokenKind::RightParen, "`,` or `)`", |p| {
            let used: Use = p.value_use()?;
            if let Some(ty) = ty {
                p.expect_type(used, ty);
            }
            draft.operands.push(used);
            Ok(())
        })?;
        Ok(draft.operands.len() - from)
    }

    /// `(%i, %j)`, names of the body's arguments.
    pub(super) fn index_names(&mut self) -> Parse<Vec<Argument>> {
        let mut arguments = Vec::new();
        self.expect(TokenKind::LeftParen, "`(` and names")?;
        self.list(TokenKind::RightParen, "`,` or `)`", |p| {
            arguments.push(p.argument_name(p.index)?);
            Ok(())
        })?;
        Ok(arguments)
    }

    /// `scf.parallel (%i) = (%a) to (%b) step (%c) init (%x) -> types {...}`.
    pub(super) fn scf_parallel(&mut self, draft: &mut Draft) -> Parse<()> {
        let arguments = self.index_names()?;
        self.expect(TokenKind::Equal, "`=`")?;
        let index = Some(self.index);
        let mut sizes = vec![self.parenthesised_values(draft, index)?];
        for word in ["to", "step"] {
            self.expect_word(word)?;
            sizes.push(self.parenthesised_values(draft, index)?);
        }
        sizes.push(if self.take_word("init") { self.parenthesised_values(draft, None)? } else { 0 });
        self.set_segments(draft, &sizes);
        if self.take_if(TokenKind::Arrow) {
            draft.result_types = self.result_types()?;
        }
        let region = self.region(&arguments, false)?;
        self.imply_end(region, "scf.reduce");
        draft.regions.push(region);
        self.optional_dictionary(&mut draft.attributes)
    }

    /// `scf.reduce(%a, %b : types) {...}, {...}`.
    pub(super) fn scf_reduce(&mut self, draft: &mut Draft) -> Parse<()> {
        if self.take_if(TokenKind::LeftParen) {
            self.typed_values(draft)?;
            self.expect(TokenKind::RightParen, "`)`")?;
        }
        if self.at(TokenKind::LeftBrace) && !self.at_dictionary() {
            self.body(None, draft)?;
            while self.take_if(TokenKind::Comma) {
                self.body(None, draft)?;
            }
        }
        self.optional_dictionary(&mut draft.attributes)
    }

    /// `scf.forall (%i) = (0) to (%n) step (2) shared_outs(%x = %y) -> (types) {...}`, or `(%i) in (%n)`.
    pub(super) fn scf_forall(&mut self, draft: &mut Draft) -> Parse<()> {
        let mut arguments = self.index_names()?;
        let mut sizes = Vec::new();
        let bounds: &[(&str, &str)] = if self.take_word("in") {
            sizes.push(0);
            &[("", "staticUpperBound")]
        } else {
            self.expect(TokenKind::Equal, "`=` or `in`")?;
            &[("", "staticLowerBound"), ("to", "staticUpperBound"), ("step", "staticStep")]
        };
        let (zeros, ones) = (vec![0; arguments.len()], vec![1; arguments.len()]);
        if bounds.len() == 1 {
            let (lower, step) = (self.array_attribute(&zeros, 64), self.array_attribute(&ones, 64));
            self.set(draft, "staticLowerBound", lower);
            self.set(draft, "staticStep", step);
        }
        for (word, name) in bounds {
            if !word.is_empty() {
                self.expect_word(word)?;
            }
            let (values, integers) = self.index_list(TokenKind::LeftParen, TokenKind::RightParen)?;
            sizes.push(values.len());
            draft.operands.extend(values);
            let integers = self.array_attribute(&integers, 64);
            self.set(draft, name, integers);
        }
        if bounds.len() == 1 {
            sizes.push(0);
        }
        let from = (draft.operands.len(), arguments.len());
        if self.take_word("shared_outs") {
            self.expect(TokenKind::LeftParen, "`(`")?;
            self.assignments(draft, &mut arguments)?;
            self.expect(TokenKind::Arrow, "`->` and types")?;
            let types = self.result_types()?;
            self.type_assignments(draft, &mut arguments, from, &types);
            draft.result_types = types;
        }
        sizes.push(draft.operands.len() - from.0);
        self.set_segments(draft, &sizes);
        let region = self.region(&arguments, false)?;
        self.imply_end(region, "scf.forall.in_parallel");
        self.imply_empty_region(region, "scf.forall.in_parallel");
        draft.regions.push(region);
        self.optional_dictionary(&mut draft.attributes)
    }

    /// `scf.execute_region -> types {...}`.
    pub(super) fn scf_execute_region(&mut self, draft: &mut Draft) -> Parse<()> {
        if self.take_if(TokenKind::Arrow) {
            draft.result_types = self.result_types()?;
        }
        if self.take_word("no_inline") {
            self.set(draft, "no_inline", AttributeValue::Unit);
        }
        self.body(None, draft)?;
        self.optional_dictionary(&mut draft.attributes)
    }

    /// `scf.index_switch %i -> types case 2 {...} default {...}`.
    pub(super) fn scf_index_switch(&mut self, draft: &mut Draft) -> Parse<()> {
        let value = self.value_use()?;
        let index = self.index;
        self.expect_type(value, index);
        draft.operands.push(value);
        if self.at_dictionary() {
            self.dictionary(&mut draft.attributes)?;
        }
        if self.take_if(TokenKind::Arrow) {
            draft.result_types = self.result_types()?;
        }
        let (mut cases, mut regions) = (Vec::new(), Vec::new());
        while self.take_word("case") {
            let span = self.ahead.span;
            let case = i64::try_from(self.number()?.integer());
            cases.push(case.map_err(|_| self.failure(span, "expected a case of 64 bits".to_owned()))?);
            let region = self.region(&[], false)?;
            self.imply_end(region, "scf.yield");
            regions.push(region);
        }
        let cases = self.array_attribute(&cases, 64);
        self.set(draft, "cases", cases);
        self.expect_word("default")?;
        // The default's region comes first.
        self.body(Some("scf.yield"), draft)?;
        draft.regions.extend(regions);
        Ok(())
    }
}
