//! Tables over the ids of one function. Their size is that of the function, not of the whole text.

use crate::tree::{BlockId, OpId, Tree, ValueId, Written};

/// A value for every id between the least and the greatest one of a function; the ids that a normal form appends to those of
/// the text have a range of their own.
#[derive(Debug, Clone)]
pub(crate) struct Dense<T> {
    written: Stretch<T>,
    appended: Stretch<T>,
    /// The first id that is appended.
    split: usize,
}

#[derive(Debug, Clone)]
struct Stretch<T> {
    base: usize,
    items: Vec<T>,
}

impl<T: Clone> Stretch<T> {
    fn covering(indices: impl Iterator<Item = usize>, value: &T) -> Self {
        let (least, end) = indices.fold((usize::MAX, 0), |(least, end), i| (least.min(i), end.max(i + 1)));
        Self { base: least, items: vec![value.clone(); end.saturating_sub(least)] }
    }
}

impl<T: Clone> Dense<T> {
    /// A table that covers these indices; `written` is the number of ids of the text in a normal form.
    pub fn covering(indices: impl Iterator<Item = usize> + Clone, written: Option<u32>, value: &T) -> Self {
        let split = written.map_or(usize::MAX, |count| count as usize);
        let is_written = |index: &usize| *index < split;
        Self {
            written: Stretch::covering(indices.clone().filter(is_written), value),
            appended: match written {
                Some(_) => Stretch::covering(indices.filter(|index| !is_written(index)), value),
                None => Stretch { base: 0, items: Vec::new() },
            },
            split,
        }
    }

    /// The item of an id; `None` outside the table.
    pub fn get(&self, index: usize) -> Option<&T> {
        let stretch = if index < self.split { &self.written } else { &self.appended };
        stretch.items.get(index.checked_sub(stretch.base)?)
    }

    /// The item of an id, mutable; `None` outside the table.
    pub fn get_mut(&mut self, index: usize) -> Option<&mut T> {
        let stretch = if index < self.split { &mut self.written } else { &mut self.appended };
        stretch.items.get_mut(index.checked_sub(stretch.base)?)
    }
}

/// Everything inside an operation, in the order of the text.
#[derive(Debug, Default)]
pub(crate) struct Contents {
    pub operations: Vec<OpId>,
    pub blocks: Vec<BlockId>,
    pub values: Vec<ValueId>,
    written: Written,
}

impl Contents {
    pub fn of(tree: &Tree, operation: OpId) -> Self {
        let mut all = Self { written: tree.written, ..Self::default() };
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
        Dense::covering(self.blocks.iter().map(|b| b.index()), self.written.blocks, &value)
    }

    pub fn per_value<T: Clone>(&self, value: T) -> Dense<T> {
        Dense::covering(self.values.iter().map(|v| v.index()), self.written.values, &value)
    }

    pub fn per_operation<T: Clone>(&self, value: T) -> Dense<T> {
        Dense::covering(self.operations.iter().map(|o| o.index()), self.written.operations, &value)
    }
}
