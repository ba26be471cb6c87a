//! Arguments of blocks to which a single branch leads: other names of the values that it passes.

use std::collections::BTreeMap;

use crate::tree::{BlockId, Tree, ValueId};

/// The values that block arguments rename.
#[derive(Debug, Default)]
pub struct Renamed(BTreeMap<ValueId, ValueId>);

impl Renamed {
    /// Of the blocks of a region, in an order in which only back edges lead backwards.
    #[must_use]
    pub fn of(tree: &Tree, blocks: &[BlockId]) -> Self {
        // What the only branch to a block passes; `None` if several lead to it.
        let mut passed: BTreeMap<BlockId, Option<&[ValueId]>> = BTreeMap::new();
        let last = blocks.iter().filter_map(|&block| tree.block(block).operations.last());
        for (to, values) in last.flat_map(|&last| &tree.operation(last).successors) {
            passed.entry(*to).and_modify(|values| *values = None).or_insert(Some(values));
        }
        let mut own = Self::default();
        for &block in blocks.iter().skip(1) {
            let Some(Some(values)) = passed.get(&block) else { continue };
            for (&argument, &value) in tree.block(block).arguments.iter().zip(*values) {
                let source = own.source(value);
                own.0.insert(argument, source);
            }
        }
        own
    }

    /// The value that an argument renames; `None` for other values.
    #[must_use]
    pub fn get(&self, value: ValueId) -> Option<ValueId> {
        self.0.get(&value).copied()
    }

    /// The value that a value renames, or the value itself.
    #[must_use]
    pub fn source(&self, value: ValueId) -> ValueId {
        self.get(value).unwrap_or(value)
    }
}
