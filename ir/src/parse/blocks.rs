//! Regions and blocks.

use super::draft::Argument;
use super::names::Isolation;
use super::{Parse, Parser};
use crate::lexer::TokenKind;
use crate::span::Span;
use crate::tree::{BlockId, Definition, Region, RegionId, TypeId};

impl<'a> Parser<'a> {
    pub(super) fn new_region(&mut self) -> RegionId {
        let id = RegionId(self.tree.regions.len() as u32);
        self.tree.regions.push(Region { operation: None, blocks: Vec::new() });
        id
    }

    /// `{ ... }` whose first block has these arguments.
    pub(super) fn region(&mut self, arguments: &[Argument], isolation: impl Into<Isolation>) -> Parse<RegionId> {
        self.region_of(arguments, isolation.into(), false)
    }

    /// The region of an opaque operation, which may have these arguments.
    pub(super) fn opaque_region(&mut self, arguments: &[Argument]) -> Parse<RegionId> {
        self.region_of(arguments, Isolation::Unknown, true)
    }

    fn region_of(&mut self, arguments: &[Argument], isolation: Isolation, assumed: bool) -> Parse<RegionId> {
        if !self.at(TokenKind::LeftBrace) {
            return Err(self.expected("`{` and a region"));
        }
        self.nested(|p| {
            let open = p.take();
            p.marks.region_open(open);
            let region = p.new_region();
            p.open_scope(region, isolation);
            p.region_body(region, arguments, assumed);
            p.close_scope();
            if p.at_end() {
                if !p.stopped {
                    p.report(open, "the text ends before the `}` for this bracket".to_owned(), None);
                }
            } else {
                let close = p.take();
                p.marks.region_close(close);
            }
            Ok(region)
        })
    }

    fn region_body(&mut self, region: RegionId, arguments: &[Argument], assumed: bool) {
        // An unlabelled first block is there if it has arguments or operations.
        let mut block = None;
        if !arguments.is_empty() || !(self.at(TokenKind::BlockId) || self.at(TokenKind::RightBrace) || self.at_end()) {
            let first = self.new_block(region);
            self.tree.regions[region.index()].blocks.push(first);
            for &argument in arguments {
                self.new_argument(first, argument);
            }
            for &value in &self.tree.blocks[first.index()].arguments {
                self.tree.values[value.index()].assumed = assumed;
            }
            block = Some(first);
        }
        while !self.at_end() && !self.at(TokenKind::RightBrace) {
            if self.at(TokenKind::BlockId) {
                match self.label() {
                    Ok(labelled) => block = Some(labelled),
                    Err(failure) => {
                        self.report_failure(failure);
                        self.recover();
                    }
                }
                continue;
            }
            let into = match block {
                Some(block) => block,
                None => {
                    let first = self.new_block(region);
                    self.tree.regions[region.index()].blocks.push(first);
                    block = Some(first);
                    first
                }
            };
            let before = self.start();
            self.operation(into);
            debug_assert!(self.at_end() || self.start() > before, "parsing goes on");
        }
    }

    /// `^name(%a: type, ...):`.
    fn label(&mut self) -> Parse<BlockId> {
        let name = self.take();
        let block = self.named_block(name, true);
        let region = self.tree.blocks[block.index()].region;
        self.tree.regions[region.index()].blocks.push(block);
        if self.take_if(TokenKind::LeftParen) {
            self.list(TokenKind::RightParen, "`,` or `)`", |p| {
                let name = p.expect(TokenKind::ValueId, "an argument (`%name: type`)")?;
                p.expect(TokenKind::Colon, "`:` and the argument's type")?;
                let ty = p.parse_type()?;
                p.new_argument(block, Argument { name, ty });
                Ok(())
            })?;
        }
        let colon = self.expect(TokenKind::Colon, "`:`")?;
        self.marks.label_end(colon);
        Ok(block)
    }

    pub(super) fn new_argument(&mut self, block: BlockId, argument: Argument) {
        let index = self.tree.blocks[block.index()].arguments.len() as u32;
        let Span { start, end } = argument.name;
        let place = if start == end { argument.name } else { Span { start: start + 1, end } };
        let value = self.new_value(argument.ty, Definition::Argument { block, index }, place);
        self.tree.blocks[block.index()].arguments.push(value);
        if start < end {
            self.marks.value(argument.name, value, true);
            self.define(argument.name, value, 1);
        }
    }

    /// `(%a: type, %b: type)` attributes skipped; names may be left out where `bare` says so.
    pub(super) fn arguments(&mut self) -> Parse<Vec<Argument>> {
        let mut arguments = Vec::new();
        self.expect(TokenKind::LeftParen, "`(` and arguments")?;
        self.list(TokenKind::RightParen, "`,` or `)`", |p| {
            arguments.push(p.argument()?);
            Ok(())
        })?;
        Ok(arguments)
    }

    /// `%a: type`.
    pub(super) fn argument(&mut self) -> Parse<Argument> {
        let name = self.expect(TokenKind::ValueId, "an argument (`%name: type`)")?;
        self.expect(TokenKind::Colon, "`:` and the argument's type")?;
        let ty = self.parse_type()?;
        Ok(Argument { name, ty })
    }

    /// `%a`, an argument whose type follows from elsewhere.
    pub(super) fn argument_name(&mut self, ty: TypeId) -> Parse<Argument> {
        Ok(Argument { name: self.expect(TokenKind::ValueId, "a name (`%name`)")?, ty })
    }
}
