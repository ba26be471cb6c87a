//! Common subexpressions.

use std::collections::btree_map::Entry;
use std::collections::{BTreeMap, BTreeSet};

use ir::tree::{BlockId, OpId, Tree, ValueId};

use super::forwarding::Forwarding;
use super::packing::Packing;
use super::tiles::Slices;
use super::values::{Values, same_attributes};

/// Most operations of one name and the same operands that are compared.
const MOST_ALIKE: u32 = 32;

/// The operations that a block has computed so far, by a hash of what they compute.
#[derive(Debug, Default)]
pub struct Computed {
    operations: BTreeMap<(u64, u32), OpId>,
    /// Quotients so far: dividend, divisor and signedness.
    quotients: BTreeSet<(ValueId, ValueId, bool)>,
    /// Stores to each buffer so far: loads before and after one may differ.
    stores: BTreeMap<ValueId, u64>,
    /// What its loads and stores make known.
    pub forwarding: Forwarding,
    /// Its operations that execute in it, to be packed.
    pub packing: Packing,
    /// Slices of vectors that the block has extracted so far.
    pub slices: Slices,
}

impl Computed {
    /// No operation of a block yet, and what the block's loads and stores make known.
    pub fn new(tree: &Tree, values: &Values, block: BlockId) -> Self {
        Self { forwarding: Forwarding::of(tree, values, block), ..Self::default() }
    }

    /// Records a store to a buffer: a later load of the same address may differ. Memory of different buffers does not overlap.
    pub fn store(&mut self, buffer: ValueId) {
        *self.stores.entry(buffer).or_default() += 1;
    }

    /// Whether the block has computed a quotient before. Records it if not.
    pub fn repeats_quotient(&mut self, quotient: (ValueId, ValueId, bool)) -> bool {
        !self.quotients.insert(quotient)
    }

    /// The operation of the block that has computed, or loaded from a buffer, the same values before. Records this one if there is none.
    pub fn repeats(&mut self, tree: &Tree, values: &Values, operation: OpId, loaded: Option<ValueId>) -> Option<OpId> {
        let node = tree.operation(operation);
        let mut hash = 0xcbf2_9ce4_8422_2325u64;
        let mut mix = |x: u64| hash = (hash ^ x).wrapping_mul(0x0100_0000_01b3).rotate_left(17);
        mix(node.name.index() as u64);
        if let Some(buffer) = loaded {
            mix(self.stores.get(&buffer).copied().unwrap_or(0));
        }
        node.operands.iter().for_each(|&v| mix(values.first(v).index() as u64));
        let same = |other: OpId| {
            let other = tree.operation(other);
            other.name == node.name
                && other.operands.len() == node.operands.len()
                && other.operands.iter().zip(&node.operands).all(|(&a, &b)| values.first(a) == values.first(b))
                && same_attributes(other, node)
        };
        // Attributes are not in the hash: maps of affine loads differ while their operands are the same.
        for place in 0..MOST_ALIKE {
            match self.operations.entry((hash, place)) {
                Entry::Vacant(free) => {
                    free.insert(operation);
                    return None;
                }
                Entry::Occupied(other) if same(*other.get()) => return Some(*other.get()),
                Entry::Occupied(_) => {}
            }
        }
        None
    }
}
