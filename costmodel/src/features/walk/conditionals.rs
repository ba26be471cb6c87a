//! Operations one of whose regions is executed: as branches, or as selections between the results of all of them.

use std::collections::BTreeMap;

use ir::registry::facts::{BranchForm, RegionExecution};
use ir::registry::features::InstructionClass as Class;
use ir::tree::{AttributeValue, OpId, Tree};

use super::access::evaluate;
use super::chain::SELECTION;
use super::events::{Collect, Placement};
use super::lanes::MachineCost;
use super::state::{RegionContext, Walk};
use crate::features::kind::work_kind;
use crate::features::table::WorkKind;

/// Most simple operations that both sides of a branch may have to be executed always: LLVM's `two-entry-phi-node-folding-threshold`.
const MOST_SPECULATED: usize = 4;

/// Whether both sides of a branch are executed always, and their results selected: few simple operations without effects.
pub fn is_speculated(tree: &Tree, operation: OpId) -> bool {
    let node = tree.operation(operation);
    let blocks: Vec<_> = node.regions.iter().flat_map(|&region| &tree.region(region).blocks).collect();
    if node.results.is_empty() || node.regions.len() != 2 || blocks.len() != 2 {
        return false;
    }
    let mut count = 0;
    for &operation in
        blocks.iter().flat_map(|&&block| tree.block(block).operations.split_last()).flat_map(|(_, own)| own)
    {
        let is_simple = !matches!(tree.record(operation).features.class, Class::Load | Class::Store)
            && tree.operation(operation).regions.is_empty();
        match work_kind(tree, operation).filter(|_| is_simple) {
            Some(WorkKind::Float | WorkKind::Integer | WorkKind::Select | WorkKind::Cast | WorkKind::Address) => {
                count += 1
            }
            None if is_simple => {}
            _ => return false,
        }
    }
    count <= MOST_SPECULATED
}

impl<C: Collect> Walk<'_, C> {
    /// Reports the tests of an operation whose condition is a set of affine constraints, each in the loop that changes it. A lower and an
    /// upper bound of one expression are one comparison of its distance from the lower bound; those of one iteration are combined.
    fn tests(&mut self, operation: OpId, placement: Placement) {
        let tree = self.tree;
        let Some(AttributeValue::AffineSet(set)) = tree.attribute(operation, "condition") else { return };
        let names: Vec<_> = tree.operation(operation).operands.iter().map(|&v| self.values.get(v).into()).collect();
        let constraints = &set.constraints;
        let mut bounds: BTreeMap<(usize, u64), u32> = BTreeMap::new();
        for constraint in &constraints.results {
            let own = evaluate(constraint, constraints.dimensions, &names).evolution;
            *bounds.entry((own.varies_in.min(placement.loop_index), own.stride.abs().to_bits())).or_default() += 1;
        }
        let inner = bounds.keys().filter(|(loop_index, _)| *loop_index == placement.loop_index).count();
        let combined = inner.saturating_sub(1) as f64;
        self.work(placement, WorkKind::Integer, MachineCost::SCALAR.expanded(combined, combined), 64.0);
        for ((loop_index, _), count) in bounds {
            let weight = if loop_index == placement.loop_index { placement.weight } else { 1.0 };
            let inside = Placement { loop_index, weight };
            self.work(inside, WorkKind::Select, MachineCost::SCALAR, 64.0);
            if count > 1 {
                self.work(inside, WorkKind::Address, MachineCost::SCALAR, 64.0);
            }
        }
    }

    /// Both sides of a branch, and a selection for each result.
    pub(super) fn speculated(&mut self, operation: OpId, placement: Placement, inside: RegionContext) {
        self.tests(operation, placement);
        for _ in &self.tree.operation(operation).results {
            self.work(placement, WorkKind::Select, MachineCost::SCALAR, 0.0);
        }
        self.regions(operation, inside, |_, _| Some(placement));
        let node = self.tree.operation(operation);
        let blocks = node.regions.iter().flat_map(|&region| &self.tree.region(region).blocks);
        let last = blocks.filter_map(|&block| self.tree.block(block).operations.last());
        let yielded = last.flat_map(|&last| &self.tree.operation(last).operands);
        let selected: Vec<_> = node.operands.iter().chain(yielded).copied().collect();
        self.computed(&selected, &node.results, placement, SELECTION);
    }

    /// A branch to one of several regions. Vectors execute all of them, and select the results.
    pub(super) fn conditional(&mut self, operation: OpId, placement: Placement, inside: RegionContext) {
        let tree = self.tree;
        let node = tree.operation(operation);
        let Placement { loop_index, weight } = placement;
        self.tests(operation, placement);
        // One of several regions: each as often as the others.
        let is_one_of = tree.record(operation).regions == RegionExecution::Branch(BranchForm::Other);
        let equal = 1.0 / node.regions.len().max(1) as f64;
        let cost = MachineCost::SCALAR.expanded(1.0, node.results.len().max(1) as f64);
        self.work(placement, WorkKind::Branch, cost, 0.0);
        let around = self.entries(placement);
        self.regions(operation, inside, |walk, block| {
            let counted = walk.executions(block, around / 2.0) / around.max(1.0);
            let share = if is_one_of { equal } else { counted };
            Some(Placement { loop_index, weight: weight * share.clamp(0.0, 1.0) })
        });
    }
}
