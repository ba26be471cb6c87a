//! What is known of the operations of a block before any is packed.

use std::collections::{BTreeMap, BTreeSet};

use ir::tree::{BlockId, OpId, Tree, ValueId};

use super::item::{Item, Role};
use crate::features::walk::forwarding::Place;
use crate::features::walk::values::Values;

/// The operations of a block and how they hang together.
pub struct Facts<'a> {
    /// The text.
    pub tree: &'a Tree,
    /// Facts about its values.
    pub values: &'a Values,
    /// The operations.
    pub items: &'a [Item],
    places: &'a BTreeMap<OpId, Place>,
    /// The block.
    pub block: BlockId,
    /// Arguments of the block.
    pub arguments: &'a [ValueId],
    /// The item that computes a value.
    pub by_value: BTreeMap<ValueId, usize>,
    /// Longest chain of items that ends with each: items of one level do not depend on each other.
    pub levels: Vec<u32>,
    /// Uses of a value in the block.
    pub uses: BTreeMap<ValueId, u32>,
    /// Accesses of each buffer, in their order.
    pub accesses: BTreeMap<ValueId, Vec<usize>>,
    /// Stores to each buffer, in their order.
    pub stores: BTreeMap<ValueId, Vec<usize>>,
    /// Loads of elements that the iteration before has loaded, too.
    pub reused: BTreeSet<usize>,
    /// Items that are packed so far, and the first item of the vector of each.
    pub packed: BTreeMap<usize, usize>,
}

impl<'a> Facts<'a> {
    /// The accesses of a block; nothing is [linked](Self::link), reused or packed yet.
    pub fn new(
        tree: &'a Tree,
        values: &'a Values,
        block: BlockId,
        items: &'a [Item],
        places: &'a BTreeMap<OpId, Place>,
    ) -> Self {
        let mut accesses: BTreeMap<ValueId, Vec<usize>> = BTreeMap::new();
        let mut stores: BTreeMap<ValueId, Vec<usize>> = BTreeMap::new();
        for (index, item) in items.iter().enumerate() {
            if let Role::Load { buffer, .. } | Role::Store { buffer, .. } = item.role {
                accesses.entry(buffer).or_default().push(index);
                let own = stores.entry(buffer).or_default();
                if matches!(item.role, Role::Store { .. }) {
                    own.push(index);
                }
            }
        }
        Self {
            tree,
            values,
            items,
            places,
            block,
            arguments: &tree.block(block).arguments,
            by_value: BTreeMap::new(),
            levels: Vec::new(),
            uses: BTreeMap::new(),
            accesses,
            stores,
            packed: BTreeMap::new(),
            reused: BTreeSet::new(),
        }
    }

    /// Finds out how the operations depend on each other, which only packing needs to know.
    pub fn link(&mut self) {
        let (tree, values) = (self.tree, self.values);
        for (index, item) in self.items.iter().enumerate() {
            let node = tree.operation(item.operation);
            let below = node.operands.iter().filter_map(|&v| self.by_value.get(&values.first(v)));
            let level = 1 + below.map(|&at| self.levels[at]).max().unwrap_or(0);
            self.levels.push(level);
            self.by_value.extend(node.results.iter().map(|&result| (result, index)));
        }
        for &operation in &tree.block(self.block).operations {
            let node = tree.operation(operation);
            // What repeats an operation before it is none.
            if node.results.is_empty() || node.results.iter().any(|&result| values.first(result) == result) {
                node.operands.iter().for_each(|&v| *self.uses.entry(values.first(v)).or_default() += 1);
            }
        }
    }

    /// Whether an item is a store.
    pub fn is_store(&self, at: usize) -> bool {
        matches!(self.items[at].role, Role::Store { .. })
    }

    /// Whether an item is a load.
    pub fn is_load(&self, at: usize) -> bool {
        matches!(self.items[at].role, Role::Load { .. })
    }

    /// Whether an item is moved out of the loop: a load whose address the loop does not change, of a buffer without stores.
    pub fn is_hoisted(&self, at: usize) -> bool {
        match self.items[at].role {
            Role::Load { buffer, is_indirect: false, stride: 0 } => self.stores[&buffer].is_empty(),
            _ => false,
        }
    }

    /// The elements that a load or store accesses; `None` for other operations and for subscripts that are not affine.
    pub fn place(&self, at: usize) -> Option<&'a Place> {
        self.places.get(&self.items[at].operation)
    }

    /// Width of the widest scalar of the items, in bits.
    pub fn bits(&self, items: &[usize]) -> f64 {
        items.iter().filter_map(|&at| self.items[at].bits).fold(0.0, f64::max)
    }

    /// The first value that an operand equals.
    pub fn operand(&self, at: usize, index: usize) -> ValueId {
        self.values.first(self.tree.operation(self.items[at].operation).operands[index])
    }
}
