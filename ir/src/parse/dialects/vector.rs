//! `vector`, and the form that most of `tosa` has.

use crate::lexer::TokenKind;
use crate::parse::draft::Draft;
use crate::parse::{Parse, Parser};
use crate::tree::{AttributeValue, Dimension, Type, Types};

impl<'a> Parser<'a> {
    /// `vector.contract {...} %a, %b, %c : type, type into type`.
    pub(super) fn vector_contract(&mut self, draft: &mut Draft) -> Parse<()> {
        if self.at(TokenKind::HashId) {
            // An alias of the whole dictionary.
            if let AttributeValue::Dictionary(entries) = self.attribute(Types::UNKNOWN)? {
                for (name, value) in entries {
                    self.set(draft, &name, value);
                }
            }
        }
        self.optional_dictionary(&mut draft.attributes)?;
        self.values(draft)?;
        self.optional_dictionary(&mut draft.attributes)?;
        self.expect(TokenKind::Colon, "`:` and types")?;
        let mut types = self.types()?;
        self.expect_word("into")?;
        types.push(self.parse_type()?);
        for (i, &ty) in types.iter().enumerate().take(draft.operands.len()) {
            self.expect_type(draft.operands[i], ty);
        }
        draft.result_types.push(types[types.len() - 1]);
        self.default_kind(draft);
        Ok(())
    }

    /// Products are added unless the form has another kind.
    fn default_kind(&mut self, draft: &mut Draft) {
        let kind = self.name("kind");
        if draft.attributes.iter().all(|a| a.name != kind) {
            self.set(draft, "kind", AttributeValue::Other("#vector.kind<add>".to_owned()));
        }
    }

    /// `vector.outerproduct %a, %b, %c {...} : type, type`: the result has both vectors' extents.
    pub(super) fn vector_outer_product(&mut self, draft: &mut Draft) -> Parse<()> {
        self.values(draft)?;
        self.optional_dictionary(&mut draft.attributes)?;
        self.expect(TokenKind::Colon, "`:` and types")?;
        let types = self.types()?;
        for (i, &ty) in types.iter().enumerate().take(draft.operands.len()) {
            self.expect_type(draft.operands[i], ty);
        }
        let shape = |p: &Self, i: usize| {
            let &ty = types.get(i)?;
            matches!(p.tree.types.get(ty), Type::Vector { .. }).then(|| p.tree.types.shape(ty).unwrap_or(&[]).to_vec())
        };
        let result = match (shape(self, 0), shape(self, 1)) {
            (Some(mut rows), Some(columns)) => {
                rows.extend(columns);
                let element = self.tree.types.element(types[0]);
                self.tree.types.intern(Type::Vector { shape: rows, element })
            }
            _ => types[0],
        };
        if let Some(&accumulator) = draft.operands.get(2) {
            self.expect_type(accumulator, result);
        }
        draft.result_types.push(result);
        self.default_kind(draft);
        Ok(())
    }

    /// `%a[%i, %j]`, as operands; how many indices.
    fn indexed(&mut self, draft: &mut Draft) -> Parse<usize> {
        draft.operands.push(self.value_use()?);
        let from = draft.operands.len();
        self.expect(TokenKind::LeftBracket, "`[` and indices")?;
        self.list(TokenKind::RightBracket, "`,` or `]`", |p| {
            let index = p.value_use()?;
            p.expect_type(index, p.index);
            draft.operands.push(index);
            Ok(())
        })?;
        Ok(draft.operands.len() - from)
    }

    /// `vector.transfer_read %a[%i], %padding, %mask {...} : source, vector`.
    pub(super) fn vector_transfer_read(&mut self, draft: &mut Draft) -> Parse<()> {
        let indices = self.indexed(draft)?;
        self.expect(TokenKind::Comma, "`,` and the padding")?;
        let padding = self.value_use()?;
        draft.operands.push(padding);
        let masked = self.take_if(TokenKind::Comma);
        if masked {
            draft.operands.push(self.value_use()?);
        }
        self.optional_dictionary(&mut draft.attributes)?;
        self.set_segments(draft, &[1, indices, 1, usize::from(masked)]);
        self.expect(TokenKind::Colon, "`:` and types")?;
        let source = self.parse_type()?;
        self.expect_type(draft.operands[0], source);
        let element = self.tree.types.element(source);
        self.expect_type(padding, element);
        self.expect(TokenKind::Comma, "`,` and the vector's type")?;
        draft.result_types.push(self.parse_type()?);
        Ok(())
    }

    /// `vector.transfer_write %v, %a[%i], %mask {...} : vector, target`; a tensor written to is a result.
    pub(super) fn vector_transfer_write(&mut self, draft: &mut Draft) -> Parse<()> {
        let value = self.value_use()?;
        draft.operands.push(value);
        self.expect(TokenKind::Comma, "`,`")?;
        let indices = self.indexed(draft)?;
        let masked = self.take_if(TokenKind::Comma);
        if masked {
            draft.operands.push(self.value_use()?);
        }
        self.optional_dictionary(&mut draft.attributes)?;
        self.set_segments(draft, &[1, 1, indices, usize::from(masked)]);
        self.expect(TokenKind::Colon, "`:` and types")?;
        let vector = self.parse_type()?;
        self.expect_type(value, vector);
        self.expect(TokenKind::Comma, "`,` and the target's type")?;
        let target = self.parse_type()?;
        self.expect_type(draft.operands[1], target);
        if matches!(self.tree.types.get(target), Type::Tensor { .. }) {
            draft.result_types.push(target);
        }
        Ok(())
    }

    /// `vector.mask %m, %passthru { operation } : mask -> result`.
    pub(super) fn vector_mask(&mut self, draft: &mut Draft) -> Parse<()> {
        self.values(draft)?;
        let region = self.region(&[], false)?;
        draft.regions.push(region);
        let last = self.tree.regions[region.index()].blocks.last().copied();
        let (block, yielded) = match last {
            Some(block) => {
                let inner = self.tree.blocks[block.index()].operations.last().copied();
                (block, inner.map_or(Vec::new(), |op| self.tree.operations[op.index()].results.clone()))
            }
            None => {
                let block = self.new_block(region);
                self.tree.regions[region.index()].blocks.push(block);
                (block, Vec::new())
            }
        };
        let ends = self.tree.blocks[block.index()]
            .operations
            .last()
            .is_some_and(|&op| self.names[self.tree.operations[op.index()].name.index()] == "vector.yield");
        if !ends {
            self.imply(block, "vector.yield", &yielded, &[], Vec::new());
        }
        self.optional_dictionary(&mut draft.attributes)?;
        self.expect(TokenKind::Colon, "`:` and the mask's type")?;
        let mask = self.parse_type()?;
        self.expect_type(draft.operands[0], mask);
        if self.take_if(TokenKind::Arrow) {
            draft.result_types = self.result_types()?;
        }
        Ok(())
    }

    /// `vector.shuffle %a, %b [0, 4] : type, type`: as many leading extents as the mask has numbers.
    pub(super) fn vector_shuffle(&mut self, draft: &mut Draft) -> Parse<()> {
        self.values(draft)?;
        let (_, numbers) = self.index_list(TokenKind::LeftBracket, TokenKind::RightBracket)?;
        let extent = numbers.len() as u64;
        let mask = self.array_attribute(&numbers, 64);
        self.set(draft, "mask", mask);
        self.optional_dictionary(&mut draft.attributes)?;
        self.expect(TokenKind::Colon, "`:` and types")?;
        let types = self.types()?;
        for (i, &ty) in types.iter().enumerate().take(draft.operands.len()) {
            self.expect_type(draft.operands[i], ty);
        }
        let mut shape = vec![Dimension::Static(extent)];
        shape.extend(self.tree.types.shape(types[0]).unwrap_or(&[]).iter().skip(1));
        let element = self.tree.types.element(types[0]);
        draft.result_types.push(self.tree.types.intern(Type::Vector { shape, element }));
        Ok(())
    }

    /// `vector.to_elements %a : type`: one result an element.
    pub(super) fn vector_to_elements(&mut self, draft: &mut Draft) -> Parse<()> {
        let vector = self.value_use()?;
        draft.operands.push(vector);
        self.optional_dictionary(&mut draft.attributes)?;
        self.expect(TokenKind::Colon, "`:` and the vector's type")?;
        let ty = self.parse_type()?;
        self.expect_type(vector, ty);
        let element = self.tree.types.element(ty);
        draft.result_types = vec![element; draft.named];
        Ok(())
    }

    /// `%a, %b {...} : (types) -> types`.
    pub(super) fn values_and_function(&mut self, draft: &mut Draft) -> Parse<()> {
        if self.at(TokenKind::ValueId) {
            self.values(draft)?;
        }
        self.optional_dictionary(&mut draft.attributes)?;
        self.expect(TokenKind::Colon, "`:` and the operation's type")?;
        self.function_of(draft)
    }

    /// `(types) -> types` of the operands and results.
    pub(super) fn function_of(&mut self, draft: &mut Draft) -> Parse<()> {
        let span = self.ahead.span;
        let (inputs, results) = self.function_type()?;
        if inputs.len() != draft.operands.len() {
            let message = format!(
                "the operation has {} operand(s), but {} type(s) are given for them",
                draft.operands.len(),
                inputs.len()
            );
            self.report(span, message, None);
        }
        for (i, &ty) in inputs.iter().enumerate().take(draft.operands.len()) {
            self.expect_type(draft.operands[i], ty);
        }
        draft.result_types = results;
        Ok(())
    }
}
