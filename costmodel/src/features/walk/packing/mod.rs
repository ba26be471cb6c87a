//! Operations of a block that one vector operation computes together: a reduced form of LLVM's vectoriser of
//! straight-line code (SLP).
//!
//! It starts from stores to adjacent elements, from values that a loop carries, and from indices that are data. The
//! values of such a group are a bundle, one in each lane. A bundle of operations alike becomes a vector operation, and
//! its operands are bundles in turn; other bundles are put together lane by lane. A group is packed if that takes fewer
//! operations.

mod facts;
mod item;
mod packer;
mod plan;

use std::collections::BTreeMap;

use ir::tree::{BlockId, OpId, Tree, ValueId};

use self::facts::Facts;
pub use self::item::Finding;
use self::item::{Item, Role};
use self::packer::Packer;
use super::access::Access;
use super::forwarding::Place;
use super::lanes::is_vector;
use super::values::Values;
use crate::features::table::WorkKind;

/// The operations of a block so far.
#[derive(Debug, Default)]
pub struct Packing {
    items: Vec<Item>,
}

impl Packing {
    /// Adds an operation without regions on scalars of `bits`. Arithmetic on indices is left out: most is part of an addressing mode.
    pub fn work(&mut self, tree: &Tree, operation: OpId, kind: WorkKind, bits: f64, is_fused: bool) {
        if kind == WorkKind::Address {
            return;
        }
        let node = tree.operation(operation);
        let values = || node.results.iter().chain(&node.operands);
        let is_packable = matches!(
            kind,
            WorkKind::Float
                | WorkKind::MinMax
                | WorkKind::Select
                | WorkKind::Divide
                | WorkKind::F16
                | WorkKind::Integer
                | WorkKind::ConstantDivide
                | WorkKind::Cast
        ) && node.results.len() == 1
            && !values().any(|&v| is_vector(tree, v));
        self.items.push(Item { operation, role: Role::Work { kind, is_fused }, bits: is_packable.then_some(bits) });
    }

    /// Adds a load or store of a buffer. `element_bits` is the width of what it accesses; `None` for vectors.
    pub fn access(&mut self, access: &Access, element_bits: Option<f64>) {
        let Access { operation, buffer, address, .. } = *access;
        let is_indirect = address.data;
        let role = if access.is_store {
            Role::Store { buffer, is_indirect }
        } else {
            // Strides that are no number of elements are none of a loop.
            Role::Load { buffer, is_indirect, stride: access.stride_here().unwrap_or(0.0) as i64 }
        };
        self.items.push(Item { operation, role, bits: element_bits });
    }

    /// What a vectoriser makes of the block, once all of its operations are known. `places` are the elements of its accesses; `parent` is
    /// the loop around the block's own, 0 if there is none.
    pub fn findings(
        &self,
        tree: &Tree,
        values: &Values,
        block: BlockId,
        places: &BTreeMap<OpId, Place>,
        parent: usize,
    ) -> Vec<Finding> {
        let carried = carried(tree, block);
        let indirect = self.items.iter().filter(|item| item.role.is_indirect()).count();
        // Most blocks touch every buffer once and carry one value at most.
        if places.is_empty() && carried.len() < 2 && indirect < 2 {
            return Vec::new();
        }
        let mut packer = Packer::new(Facts::new(tree, values, block, &self.items, places));
        packer.find_reused();
        packer.find_checks();
        packer.pack(&carried, indirect);
        packer.findings(parent)
    }
}

/// The arguments of a block that it passes to its next execution, and the values that it passes.
fn carried(tree: &Tree, block: BlockId) -> Vec<(ValueId, ValueId)> {
    let node = tree.block(block);
    let passed = node.operations.last().map_or(&[][..], |&last| &tree.operation(last).operands[..]);
    match node.arguments.len().checked_sub(passed.len()) {
        Some(first) => node.arguments[first..].iter().copied().zip(passed.iter().copied()).collect(),
        None => Vec::new(),
    }
}
