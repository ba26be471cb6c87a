//! Tables over the ids of one function. Their size is that of the function, not of the whole text.

use crate::tree::{BlockId, OpId, Tree, ValueId};

/// A value for every id between the least and the greatest one of a function.
#[derive(Debug, Clone)]
pub(crate) struct Dense<T> {
    base: usize,
    items: Vec<T>,
}

impl<T: Clone> Dense<T> {
    /// A table that covers these indices.
    pub fn covering(indices: impl Iterator<Item = usize>, value: T) -> Self {
        let (least, end) = indices.fold((usize::MAX, 0), |(least, end), i| (least.min(i), end.max(i + 1)));
        Self { base: least, items: vec![value; end.saturating_sub(least)] }
    }

    /// The item of an id; `None` outside the table.
    pub fn get(&self, index: usize) -> Option<&T> {
        self.items.get(index.checked_sub(self.base)?)
    }

    /// The item of an id, mutable; `None` outside the table.
    pub fn get_mut(&mut self, index: usize) -> Option<&mut T> {
        self.items.get_mut(index.checked_sub(self.base)?)
    }
}

/// Everything inside an operation, in the order of the text.
#[derive(Debug, Default)]
pub(crate) struct Contents {
    pub operations: Vec<OpId>,
    pub blocks: Vec<BlockId>,
    pub values: Vec<ValueId>,
}

impl Contents {
    pub fn of(tree: &Tree, operation: OpId) -> Self {
        let mut all = Self::default();
        for &region in &tree.operation(operation).regions {
            for &block in &tree.region(region).blocks {
                all.operations.extend(tree.walk_block(block));
            }
        }
        for &op in std::iter::once(&operation).chain(&all.operations) {
            if op != operation {
                all.values.extend(&tree.operation(op).results);
            }
            for &region in &tree.operation(op).regions {
                for &block in &tree.region(region).blocks {
                    all.blocks.push(block);
                    all.values.extend(&tree.block(block).arguments);
                }
            }
        }
        all
    }

    pub fn per_block<T: Clone>(&self, value: T) -> Dense<T> {
        Dense::covering(self.blocks.iter().map(|b| b.index()), value)
    }

    pub fn per_value<T: Clone>(&self, value: T) -> Dense<T> {
        Dense::covering(self.values.iter().map(|v| v.index()), value)
    }

    pub fn per_operation<T: Clone>(&self, value: T) -> Dense<T> {
        Dense::covering(self.operations.iter().map(|o| o.index()), value)
    }
}
