//! `linalg`: `generic`, the named structured operations and their short forms.

use crate::lexer::TokenKind;
use crate::parse::draft::{Argument, Draft};
use crate::parse::format::{Row, row};
use crate::parse::{Parse, Parser};
use crate::tree::{AffineExpr, AffineMap, AttributeValue, Type, TypeId, Types};

const PACK: &str = "%a [? padding_value ( %pad? : !pad ) ?] [? outer_dims_perm = @outer_dims_perm:ints ?] \
    inner_dims_pos = @inner_dims_pos:ints inner_tiles = &tiles/static_inner_tiles into %dest {} : !a -> !dest";
const UNPACK: &str = "%a [? outer_dims_perm = @outer_dims_perm:ints ?] inner_dims_pos = @inner_dims_pos:ints \
    inner_tiles = &tiles/static_inner_tiles into %dest {} : !a -> !dest";

pub(super) const ROWS: &[Row] = &[
    row("linalg.index", "", "@dim {}", "r=index"),
    row("linalg.yield", "", "[? %a* {} : !a* ?]", ""),
    row("linalg.pack", "a dest pad? tiles*", PACK, "r=dest"),
    row("linalg.unpack", "a dest tiles*", UNPACK, "r=dest"),
    row("tensor.pack", "a dest pad? tiles*", PACK, "r=dest"),
    row("tensor.unpack", "a dest tiles*", UNPACK, "r=dest"),
];

/// An operation in the braces of a short form, with its attributes.
type Short = (String, Draft);

impl<'a> Parser<'a> {
    pub(super) fn linalg_form(&mut self, short: &str, draft: &mut Draft) -> Option<Parse<()>> {
        Some(match short {
            "index" | "yield" | "pack" | "unpack" => return None,
            "generic" => self.linalg_generic(draft),
            "map" | "reduce" | "transpose" | "broadcast" => self.linalg_simple(short, draft),
            _ => self.linalg_named(short, draft),
        })
    }

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
    fn linalg_generic(&mut self, draft: &mut Draft) -> Parse<()> {
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
    fn linalg_simple(&mut self, short: &str, draft: &mut Draft) -> Parse<()> {
        let inner = if self.at(TokenKind::LeftBrace) { Some(self.short_form()?) } else { None };
        let (types, inputs) = self.inputs_and_outputs(draft)?;
        let attribute = match short {
            "reduce" | "broadcast" => "dimensions",
            "transpose" => "permutation",
            _ => "",
        };
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
            self.short_body(short, inner, &types, inputs, draft);
        } else if self.at(TokenKind::LeftParen) {
            let arguments = self.arguments()?;
            let region = self.region(&arguments, false)?;
            draft.regions.push(region);
        } else {
            self.imply_named_body(short, &types, draft);
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
    fn short_body(&mut self, short: &str, inner: Short, types: &[TypeId], inputs: usize, draft: &mut Draft) {
        let (region, block, arguments) = self.scalar_block(types);
        let operands = if short == "reduce" {
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
    fn linalg_named(&mut self, short: &str, draft: &mut Draft) -> Parse<()> {
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
        if short != "softmax" && !short.starts_with("winograd") {
            self.set_segments(draft, &[inputs, draft.operands.len() - inputs]);
            self.default_maps(short, draft);
            self.imply_named_body(short, &types, draft);
        }
        Ok(())
    }

    /// The maps of the matrix products, which the custom form leaves out where they are the usual ones.
    fn default_maps(&mut self, short: &str, draft: &mut Draft) {
        let (dimensions, maps): (u32, [&[u32]; 3]) = match short {
            "matmul" => (3, [&[0, 2], &[2, 1], &[0, 1]]),
            "batch_matmul" => (4, [&[0, 1, 3], &[0, 3, 2], &[0, 1, 2]]),
            "batch_reduce_matmul" => (4, [&[0, 1, 3], &[0, 3, 2], &[1, 2]]),
            _ => return,
        };
        let given = self.name("indexing_maps");
        if draft.attributes.iter().any(|a| a.name == given) {
            return;
        }
        let map = |results: &[u32]| {
            let results = results.iter().map(|&d| AffineExpr::Dimension(d)).collect();
            AttributeValue::AffineMap(AffineMap { dimensions, symbols: 0, results })
        };
        self.set(draft, "indexing_maps", AttributeValue::Array(maps.into_iter().map(map).collect()));
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
