//! Operations that custom forms leave out, such as terminators.

use super::Parser;
use super::draft::Draft;
use super::names::Use;
use crate::span::Span;
use crate::tree::{AttributeValue, BlockId, Form, OpId, RegionId, TypeId, ValueId};

impl Parser<'_> {
    /// Add the terminator `name` to a region whose last block has no terminator.
    pub(super) fn imply_end(&mut self, region: RegionId, name: &str) {
        let block = match self.tree.regions[region.index()].blocks.last() {
            Some(&block) => block,
            None => {
                let block = self.new_block(region);
                self.tree.regions[region.index()].blocks.push(block);
                block
            }
        };
        let last = self.tree.blocks[block.index()].operations.last();
        let ended = last.is_some_and(|&last| self.tree.named_record(last).is_terminator);
        if !ended {
            self.imply(block, name, &[], &[], Vec::new());
        }
    }

    /// Give an implied terminator `name` a region with an empty block.
    pub(super) fn imply_empty_region(&mut self, region: RegionId, name: &str) {
        let last = self.tree.regions[region.index()].blocks.last().copied();
        let Some(&id) = last.and_then(|block| self.tree.blocks[block.index()].operations.last()) else { return };
        let operation = &self.tree.operations[id.index()];
        if operation.form == Form::Implied && self.names[operation.name.index()] == name {
            let inner = self.new_region();
            let block = self.new_block(inner);
            self.tree.regions[inner.index()].blocks.push(block);
            self.tree.regions[inner.index()].operation = Some(id);
            self.tree.operations[id.index()].regions.push(inner);
        }
    }

    /// Add an operation that is not written; returns its results.
    pub(super) fn imply(
        &mut self,
        block: BlockId,
        name: &str,
        operands: &[ValueId],
        results: &[TypeId],
        attributes: Vec<(&str, AttributeValue)>,
    ) -> Vec<ValueId> {
        let id: OpId = self.reserve(name, block, self.taken);
        let span = Span::new(self.taken, self.taken);
        let mut draft = Draft {
            operands: operands.iter().map(|&value| Use { value, span }).collect(),
            result_types: results.to_vec(),
            ..Draft::default()
        };
        for (name, value) in attributes {
            self.set(&mut draft, name, value);
        }
        self.complete(id, Form::Implied, draft);
        self.tree.operations[id.index()].results.clone()
    }
}
