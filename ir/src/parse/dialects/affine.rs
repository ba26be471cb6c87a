//! `affine`: loops and accesses with affine bounds and subscripts.

use crate::lexer::TokenKind;
use crate::parse::draft::{Argument, Draft};
use crate::parse::format::REDUCTIONS;
use crate::parse::names::Use;
use crate::parse::{Parse, Parser};
use crate::tree::{AffineExpr, AffineMap, AttributeValue, Dimension, Type, TypeId, Types};

/// A bound of a loop: its map and operands.
type Bound = (AffineMap, Vec<Use>);

impl<'a> Parser<'a> {
    /// A map, or an alias of one.
    fn map_attribute(&mut self) -> Parse<AffineMap> {
        let span = self.ahead.span;
        match self.attribute(Types::UNKNOWN)? {
            AttributeValue::AffineMap(map) => Ok(map),
            _ => Err(self.failure(span, "expected an affine map".to_owned())),
        }
    }

    /// `map(%a)[%b]`.
    fn map_and_operands(&mut self) -> Parse<Bound> {
        let map = self.map_attribute()?;
        let index = self.index;
        let (operands, _) = self.affine_operands(index)?;
        Ok((map, operands))
    }

    /// `affine.apply map(%a)[%b]`.
    pub(super) fn affine_apply(&mut self, draft: &mut Draft) -> Parse<()> {
        let (map, operands) = self.map_and_operands()?;
        self.set(draft, "map", AttributeValue::AffineMap(map));
        draft.operands = operands;
        draft.result_types.push(self.index);
        self.optional_dictionary(&mut draft.attributes)
    }

    /// `affine.load %a[%i + 1] : type`, with the vector's type behind for a vector.
    pub(super) fn affine_load(&mut self, draft: &mut Draft, vector: bool) -> Parse<()> {
        let source = self.subscripted(draft)?;
        self.optional_dictionary(&mut draft.attributes)?;
        self.expect(TokenKind::Colon, "`:` and the memref's type")?;
        let ty = self.parse_type()?;
        self.expect_type(source, ty);
        if vector {
            self.expect(TokenKind::Comma, "`,` and the vector's type")?;
            draft.result_types.push(self.parse_type()?);
        } else {
            draft.result_types.push(self.tree.types.element(ty));
        }
        Ok(())
    }

    /// `affine.store %v, %a[%i] : type`.
    pub(super) fn affine_store(&mut self, draft: &mut Draft, vector: bool) -> Parse<()> {
        let value = self.value_use()?;
        draft.operands.push(value);
        self.expect(TokenKind::Comma, "`,`")?;
        let target = self.subscripted(draft)?;
        self.optional_dictionary(&mut draft.attributes)?;
        self.expect(TokenKind::Colon, "`:` and the memref's type")?;
        let ty = self.parse_type()?;
        self.expect_type(target, ty);
        let element = if vector {
            self.expect(TokenKind::Comma, "`,` and the vector's type")?;
            self.parse_type()?
        } else {
            self.tree.types.element(ty)
        };
        self.expect_type(value, element);
        Ok(())
    }

    /// `%a[%i + 1, %j]`: operands are the memref, then the values in the subscripts.
    fn subscripted(&mut self, draft: &mut Draft) -> Parse<Use> {
        self.subscripted_by(draft, "map")
    }

    /// The same, with the map as an attribute of this name.
    fn subscripted_by(&mut self, draft: &mut Draft, name: &str) -> Parse<Use> {
        let source = self.value_use()?;
        draft.operands.push(source);
        let (map, operands) = self.affine_map_of_values(TokenKind::LeftBracket, TokenKind::RightBracket)?;
        draft.operands.extend(operands);
        self.set(draft, name, AttributeValue::AffineMap(map));
        Ok(source)
    }

    /// `affine.dma_start %a[%i], %b[%j], %tag[%k], %n, %stride, %each : types`.
    pub(super) fn affine_dma_start(&mut self, draft: &mut Draft) -> Parse<()> {
        let mut memories = Vec::new();
        for name in ["src_map", "dst_map", "tag_map"] {
            memories.push(self.subscripted_by(draft, name)?);
            self.expect(TokenKind::Comma, "`,`")?;
        }
        // Upstream takes a comma behind the last value.
        while self.at(TokenKind::ValueId) {
            draft.operands.push(self.value_use()?);
            self.take_if(TokenKind::Comma);
        }
        self.memory_types(draft, &memories)
    }

    /// `affine.dma_wait %tag[%k], %n : type`.
    pub(super) fn affine_dma_wait(&mut self, draft: &mut Draft) -> Parse<()> {
        let tag = self.subscripted_by(draft, "tag_map")?;
        self.expect(TokenKind::Comma, "`,`")?;
        self.values(draft)?;
        self.memory_types(draft, &[tag])
    }

    /// `{...} : types` of memories.
    fn memory_types(&mut self, draft: &mut Draft, memories: &[Use]) -> Parse<()> {
        self.optional_dictionary(&mut draft.attributes)?;
        self.expect(TokenKind::Colon, "`:` and types of memories")?;
        let types = self.types()?;
        for (&memory, ty) in memories.iter().zip(types) {
            self.expect_type(memory, ty);
        }
        Ok(())
    }

    /// `affine.prefetch %a[%i], read, locality<3>, data : type`.
    pub(super) fn affine_prefetch(&mut self, draft: &mut Draft) -> Parse<()> {
        let source = self.subscripted(draft)?;
        self.prefetch_kind(draft)?;
        self.optional_dictionary(&mut draft.attributes)?;
        self.expect(TokenKind::Colon, "`:` and the memref's type")?;
        let ty = self.parse_type()?;
        self.expect_type(source, ty);
        Ok(())
    }

    /// A bound: an integer, a value, or `map(%a)[%b]` with `max` or `min` in front where the map has several results.
    fn bound(&mut self, word: &str) -> Parse<Bound> {
        let constant = |value| AffineMap { dimensions: 0, symbols: 0, results: vec![AffineExpr::Constant(value)] };
        match self.ahead.kind {
            Some(TokenKind::Integer | TokenKind::Minus) => {
                let span = self.ahead.span;
                let value = i64::try_from(self.number()?.integer());
                let value = value.map_err(|_| self.failure(span, "expected a bound of 64 bits".to_owned()))?;
                Ok((constant(value), Vec::new()))
            }
            Some(TokenKind::ValueId) => {
                let value = self.value_use()?;
                let index = self.index;
                self.expect_type(value, index);
                let map = AffineMap { dimensions: 0, symbols: 1, results: vec![AffineExpr::Symbol(0)] };
                Ok((map, vec![value]))
            }
            _ => {
                self.take_word(word);
                self.map_and_operands()
            }
        }
    }

    /// `affine.for %i = 0 to %n step 2 iter_args(%x = %y) -> (type) {...}`.
    pub(super) fn affine_for(&mut self, draft: &mut Draft) -> Parse<()> {
        let mut arguments = vec![self.argument_name(self.index)?];
        self.expect(TokenKind::Equal, "`=` and the lower bound")?;
        let (lower, lower_operands) = self.bound("max")?;
        self.expect_word("to")?;
        let (upper, upper_operands) = self.bound("min")?;
        let step = if self.take_word("step") { self.number()?.integer() } else { 1 };
        self.set(draft, "lowerBoundMap", AttributeValue::AffineMap(lower));
        self.set(draft, "upperBoundMap", AttributeValue::AffineMap(upper));
        self.set(draft, "step", AttributeValue::Integer(step, self.index));
        let sizes = [lower_operands.len(), upper_operands.len()];
        draft.operands = lower_operands;
        draft.operands.extend(upper_operands);
        let carried = self.iteration_arguments(draft, &mut arguments)?;
        self.set_segments(draft, &[sizes[0], sizes[1], carried]);
        let region = self.region(&arguments, false)?;
        self.imply_end(region, "affine.yield");
        draft.regions.push(region);
        self.optional_dictionary(&mut draft.attributes)
    }

    /// `iter_args(%x = %y, ...) -> (types)` if it is ahead: operands, results and arguments of the body; how many.
    pub(super) fn iteration_arguments(&mut self, draft: &mut Draft, arguments: &mut Vec<Argument>) -> Parse<usize> {
        if !self.take_word("iter_args") {
            return Ok(0);
        }
        let from = (draft.operands.len(), arguments.len());
        self.expect(TokenKind::LeftParen, "`(`")?;
        self.assignments(draft, arguments)?;
        self.expect(TokenKind::Arrow, "`->` and types")?;
        let types = self.result_types()?;
        self.type_assignments(draft, arguments, from, &types);
        let count = draft.operands.len() - from.0;
        draft.result_types = types;
        Ok(count)
    }

    /// `%x = %y, ...)`: names and what they start with.
    pub(super) fn assignments(&mut self, draft: &mut Draft, arguments: &mut Vec<Argument>) -> Parse<()> {
        self.list(TokenKind::RightParen, "`,` or `)`", |p| {
            arguments.push(p.argument_name(Types::UNKNOWN)?);
            p.expect(TokenKind::Equal, "`=`")?;
            draft.operands.push(p.value_use()?);
            Ok(())
        })
    }

    /// Give assignments their types.
    pub(super) fn type_assignments(
        &mut self,
        draft: &Draft,
        arguments: &mut [Argument],
        from: (usize, usize),
        types: &[TypeId],
    ) {
        for (i, &ty) in types.iter().enumerate() {
            if let (Some(&operand), Some(argument)) = (draft.operands.get(from.0 + i), arguments.get_mut(from.1 + i)) {
                argument.ty = ty;
                self.expect_type(operand, ty);
            }
        }
    }

    /// `affine.parallel (%i, %j) = (0, 0) to (8, 8) step (1, 2) reduce ("addf") -> (f32) {...}`.
    pub(super) fn affine_parallel(&mut self, draft: &mut Draft) -> Parse<()> {
        let mut arguments = Vec::new();
        self.expect(TokenKind::LeftParen, "`(`")?;
        self.list(TokenKind::RightParen, "`,` or `)`", |p| {
            arguments.push(p.argument_name(p.index)?);
            Ok(())
        })?;
        self.expect(TokenKind::Equal, "`=`")?;
        let lower = self.affine_map_of_groups("max")?;
        self.expect_word("to")?;
        let upper = self.affine_map_of_groups("min")?;
        for (side, (map, operands, groups)) in [("lower", lower), ("upper", upper)] {
            self.set(draft, &format!("{side}BoundsMap"), AttributeValue::AffineMap(map));
            let groups = self.group_sizes(groups);
            self.set(draft, &format!("{side}BoundsGroups"), groups);
            draft.operands.extend(operands);
        }
        let mut steps = vec![1; arguments.len()];
        if self.take_word("step") {
            steps.clear();
            self.expect(TokenKind::LeftParen, "`(`")?;
            self.list(TokenKind::RightParen, "`,` or `)`", |p| {
                steps.push(p.number()?.integer());
                Ok(())
            })?;
        }
        let steps = steps.into_iter().map(|step| self.integer_attribute(step, 64)).collect();
        self.set(draft, "steps", AttributeValue::Array(steps));
        let mut reductions = Vec::new();
        if self.take_word("reduce") {
            self.expect(TokenKind::LeftParen, "`(`")?;
            self.list(TokenKind::RightParen, "`,` or `)`", |p| {
                let kind = p.expect(TokenKind::String, "a reduction")?.text(p.text).trim_matches('"');
                let Some(number) = REDUCTIONS.iter().position(|&r| r == kind) else {
                    return Err(p.expected("a reduction"));
                };
                reductions.push(p.integer_attribute(number as i128, 64));
                Ok(())
            })?;
        }
        self.set(draft, "reductions", AttributeValue::Array(reductions));
        if self.take_if(TokenKind::Arrow) {
            draft.result_types = self.result_types()?;
        }
        let region = self.region(&arguments, false)?;
        self.imply_end(region, "affine.yield");
        draft.regions.push(region);
        self.optional_dictionary(&mut draft.attributes)
    }

    /// How many results of a map belong to each loop, as a dense constant.
    fn group_sizes(&mut self, groups: Vec<f64>) -> AttributeValue {
        let element = self.integer_type(32);
        let shape = Some(vec![Dimension::Static(groups.len() as u64)]);
        let ty = self.tree.types.intern(Type::Tensor { shape, element, encoding: None });
        // Upstream stores equal elements as one.
        let splat = groups.first().copied().filter(|first| groups.iter().all(|g| g == first));
        AttributeValue::Dense { ty, splat, elements: if splat.is_some() { None } else { Some(groups) } }
    }

    /// `affine.if set(%a)[%b] -> types {...} else {...}`.
    pub(super) fn affine_if(&mut self, draft: &mut Draft) -> Parse<()> {
        let set = self.attribute(Types::UNKNOWN)?;
        self.set(draft, "condition", set);
        let index = self.index;
        draft.operands = self.affine_operands(index)?.0;
        if self.take_if(TokenKind::Arrow) {
            draft.result_types = self.result_types()?;
        }
        self.then_else("affine.yield", draft)?;
        self.optional_dictionary(&mut draft.attributes)
    }

    /// `{...} else {...}`: the second region is empty where it is not written.
    pub(super) fn then_else(&mut self, end: &str, draft: &mut Draft) -> Parse<()> {
        self.body(Some(end), draft)?;
        if self.take_word("else") {
            self.body(Some(end), draft)?;
        } else {
            let region = self.new_region();
            draft.regions.push(region);
        }
        Ok(())
    }
}
