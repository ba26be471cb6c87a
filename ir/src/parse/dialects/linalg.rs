//! `linalg`: `generic`, the named structured operations and their short forms.

use crate::lexer::TokenKind;
use crate::parse::draft::{Argument, Draft};
use crate::parse::{Parse, Parser};
use crate::registry::syntax::Body;
use crate::registry::{Record, structure};
use crate::tree::{AffineExpr, AffineMap, AttributeValue, Type, TypeId, Types};

/// An operation in the braces of a short form, with its attributes.
type Short = (String, Draft);

impl<'a> Parser<'a> {
    /// `ins(%a, %b : types) outs(%c : types)`; types of all operands, and how many are inputs.
    fn inputs_and_outputs(&mut self, draft: &mut Draft) -> Parse<(Vec<TypeId>, usize)> {
        let mut types = Vec::new();
        let mut inputs = 0;
        for word in ["ins", "outs"] {
            if self.take_word(word) {
                self.expect(TokenKind::LeftParen, "`(`")?;
                if !self.at(TokenKind::RightParen) {
                    types.extend(self.typed_values(draft)?);
                }
                self.expect(TokenKind::RightParen, "`)`")?;
            }
            if word == "ins" {
                inputs = draft.operands.len();
            }
        }
        types.resize(draft.operands.len(), Types::UNKNOWN);
        Ok((types, inputs))
    }

    /// `linalg.generic {...} ins(...) outs(...) attrs = {...} {...} -> types`.
    pub(super) fn linalg_generic(&mut self, draft: &mut Draft) -> Parse<()> {
        if self.at(TokenKind::HashId) {
            if let AttributeValue::Dictionary(entries) = self.attribute(Types::UNKNOWN)? {
                for (name, value) in entries {
                    self.set(draft, &name, value);
                }
            }
        } else {
            self.dictionary(&mut draft.attributes)?;
        }
        let (_, inputs) = self.inputs_and_outputs(draft)?;
        if self.take_word("attrs") {
            self.expect(TokenKind::Equal, "`=`")?;
            self.dictionary(&mut draft.attributes)?;
        }
        self.set_segments(draft, &[inputs, draft.operands.len() - inputs]);
        self.body(None, draft)?;
        if self.take_if(TokenKind::Arrow) {
            draft.result_types = self.result_types()?;
        }
        Ok(())
    }

    /// Outputs that are tensors are results.
    fn tensor_results(&mut self, types: &[TypeId], draft: &mut Draft) {
        let tensors = types.iter().filter(|&&ty| matches!(self.tree.types.get(ty), Type::Tensor { .. }));
        draft.result_types = tensors.copied().collect();
    }

    /// `map`, `reduce`, `transpose`, `broadcast`: an operation in braces or a region with arguments behind.
    pub(super) fn linalg_short(
        &mut self,
        attribute: &'static str,
        accumulates: bool,
        body: Body,
        draft: &mut Draft,
    ) -> Parse<()> {
        let inner = if self.at(TokenKind::LeftBrace) { Some(self.short_form()?) } else { None };
        let (types, inputs) = self.inputs_and_outputs(draft)?;
        if !attribute.is_empty() && self.take_word(attribute) {
            self.expect(TokenKind::Equal, "`=`")?;
            let (_, numbers) = self.index_list(TokenKind::LeftBracket, TokenKind::RightBracket)?;
            let numbers = self.array_attribute(&numbers, 64);
            self.set(draft, attribute, numbers);
        }
        if self.at_dictionary() {
            self.dictionary(&mut draft.attributes)?;
        }
        self.tensor_results(&types[inputs..], draft);
        if let Some(inner) = inner {
            self.short_body(accumulates, inner, &types, inputs, draft);
        } else if self.at(TokenKind::LeftParen) {
            let arguments = self.arguments()?;
            let region = self.region(&arguments, false)?;
            draft.regions.push(region);
        } else {
            self.imply_named_body(body, &types, draft);
        }
        Ok(())
    }

    /// `{ arith.addf {fastmath = ...} }`.
    fn short_form(&mut self) -> Parse<Short> {
        self.take();
        let mut inner = Draft::default();
        let name = self.expect(TokenKind::BareId, "an operation's name")?.text(self.text).to_owned();
        self.optional_dictionary(&mut inner.attributes)?;
        self.expect(TokenKind::RightBrace, "`}`")?;
        Ok((name, inner))
    }

    /// The region that a short form stands for: the operation over the inputs, or over accumulator and input.
    fn short_body(&mut self, accumulates: bool, inner: Short, types: &[TypeId], inputs: usize, draft: &mut Draft) {
        let (region, block, arguments) = self.scalar_block(types);
        let operands = if accumulates {
            [&arguments[inputs..], &arguments[..inputs]].concat()
        } else {
            arguments[..inputs].to_vec()
        };
        let ty = types.get(inputs).map_or(Types::UNKNOWN, |&ty| self.tree.types.element(ty));
        let results = self.imply(block, &inner.0, &operands, &[ty], Vec::new());
        self.imply(block, "linalg.yield", &results, &[], Vec::new());
        draft.regions.push(region);
    }

    /// A named operation: attributes, inputs and outputs in any of their spellings, results behind an arrow.
    pub(super) fn linalg_named(&mut self, record: &'static Record, body: Body, draft: &mut Draft) -> Parse<()> {
        let (types, inputs) = self.linalg_without_body(draft)?;
        self.set_segments(draft, &[inputs, draft.operands.len() - inputs]);
        self.implied_maps(record, draft);
        self.imply_named_body(body, &types, draft);
        Ok(())
    }

    /// A named operation up to the end of its text; types of all operands, and how many are inputs.
    pub(super) fn linalg_without_body(&mut self, draft: &mut Draft) -> Parse<(Vec<TypeId>, usize)> {
        loop {
            if self.at_dictionary() {
                self.dictionary(&mut draft.attributes)?;
            } else if self.at_word("ins") || self.at_word("outs") {
                break;
            } else {
                // `indexing_maps = [...]`, `kind = #...`, `dimension(1)`, `fmr(...)`.
                let name = self.expect(TokenKind::BareId, "`ins`")?.text(self.text);
                let value = if self.take_if(TokenKind::LeftParen) {
                    let value = match self.at(TokenKind::BareId) {
                        true => AttributeValue::Other(self.take().text(self.text).to_owned()),
                        false => self.attribute(Types::UNKNOWN)?,
                    };
                    self.expect(TokenKind::RightParen, "`)`")?;
                    value
                } else {
                    self.expect(TokenKind::Equal, "`=` or `(`")?;
                    self.attribute(Types::UNKNOWN)?
                };
                self.set(draft, name, value);
                self.take_if(TokenKind::Comma);
            }
        }
        let (types, inputs) = self.inputs_and_outputs(draft)?;
        if self.at_dictionary() {
            self.dictionary(&mut draft.attributes)?;
        }
        if self.take_if(TokenKind::Arrow) {
            draft.result_types = self.result_types()?;
        }
        Ok((types, inputs))
    }

    /// The maps of an operation whose custom form leaves them out where they are the usual ones.
    fn implied_maps(&mut self, record: &'static Record, draft: &mut Draft) {
        let Some(structure) = structure::of(record).filter(|_| record.has_implied_maps) else { return };
        let given = self.name("indexing_maps");
        if draft.attributes.iter().any(|a| a.name == given) {
            return;
        }
        let loops = structure.reductions.len() as u32;
        let map = |subscripts: &Vec<structure::Subscript>| {
            let results = subscripts.iter().flatten().map(|term| AffineExpr::Dimension(term.dimension)).collect();
            AttributeValue::AffineMap(AffineMap { dimensions: loops, symbols: 0, results })
        };
        let maps = AttributeValue::Array(structure.operands.iter().map(map).collect());
        self.set(draft, "indexing_maps", maps);
    }

    /// A region with one block whose arguments are the elements of these types.
    pub(super) fn scalar_block(
        &mut self,
        types: &[TypeId],
    ) -> (crate::tree::RegionId, crate::tree::BlockId, Vec<crate::tree::ValueId>) {
        let region = self.new_region();
        let block = self.new_block(region);
        self.tree.regions[region.index()].blocks.push(block);
        for &ty in types {
            let element = match self.tree.types.get(ty) {
                Type::Tensor { .. } | Type::MemRef { .. } => self.tree.types.element(ty),
                _ => ty,
            };
            self.new_argument(block, Argument { ..Self::nameless(element) });
        }
        let arguments = self.tree.blocks[block.index()].arguments.clone();
        (region, block, arguments)
    }
}
