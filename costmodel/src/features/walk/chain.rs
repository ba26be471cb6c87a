//! The longest chain of dependent operations through one iteration of a loop: what each iteration waits for.

use std::collections::BTreeMap;

use ir::registry::facts::Dialect;
use ir::registry::features::MachineWork;
use ir::tree::{BlockId, OpId, Tree, ValueId};

use super::lane_reduction;
use super::values::Values;
use crate::features::kind::{combination, work_kind};
use crate::features::table::WorkKind;

/// Operations on a chain, by how long each takes about.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Chain {
    /// Floating-point sums, products and fused multiply-adds.
    pub floats: f64,
    /// Floating-point minima and maxima that propagate NaN.
    pub extremes: f64,
    /// Divisions, square roots and calls.
    pub slow: f64,
    /// All others.
    pub others: f64,
}

impl Chain {
    /// One operation of a kind; nothing for `None`.
    pub fn of(kind: Option<WorkKind>) -> Self {
        let none = Self::default();
        match kind {
            None => none,
            Some(WorkKind::Float | WorkKind::F16 | WorkKind::Bf16) => Self { floats: 1.0, ..none },
            Some(WorkKind::MinMax | WorkKind::Bf16MinMax) => Self { extremes: 1.0, ..none },
            Some(WorkKind::Divide | WorkKind::Call | WorkKind::MathCall | WorkKind::IntegerDivide) => {
                Self { slow: 1.0, ..none }
            }
            Some(_) => Self { others: 1.0, ..none },
        }
    }

    /// One chain after another.
    pub fn then(self, next: Self) -> Self {
        Self {
            floats: self.floats + next.floats,
            extremes: self.extremes + next.extremes,
            slow: self.slow + next.slow,
            others: self.others + next.others,
        }
    }

    /// The longer of two, by rough latencies in cycles: only their order matters.
    pub fn longer(self, other: Self) -> Self {
        if other.cycles() > self.cycles() { other } else { self }
    }

    /// Rough latency in cycles: 4 of a sum, 8 of an extreme, 15 of a division.
    fn cycles(self) -> f64 {
        4.0 * self.floats + 8.0 * self.extremes + 15.0 * self.slow + self.others
    }
}

/// Chains from the arguments of a block to the values that it computes.
pub struct Chains(BTreeMap<ValueId, Chain>);

impl Chains {
    /// Follows the operations of blocks, which are in order, from these arguments. A nested loop or branch counts as one operation.
    pub fn through(tree: &Tree, values: &Values, blocks: &[BlockId], arguments: &[ValueId]) -> Self {
        let mut chains: BTreeMap<ValueId, Chain> = arguments.iter().map(|&value| (value, Chain::default())).collect();
        for &operation in blocks.iter().flat_map(|&block| &tree.block(block).operations) {
            // A masked operation is the first one of its region.
            let inner = match tree.record(operation).dialect {
                Dialect::Vector => tree.entry(operation, 0).and_then(|block| tree.block(block).operations.first()),
                _ => None,
            };
            let work = *inner.unwrap_or(&operation);
            let chain = |&value: &ValueId| chains.get(&values.first(value)).copied();
            let before = tree.operation(work).operands.iter().filter_map(chain).reduce(Chain::longer);
            let Some(before) = before else { continue };
            let own = before.then(Self::link(tree, work));
            for &result in &tree.operation(operation).results {
                chains.insert(result, own);
            }
        }
        Self(chains)
    }

    fn link(tree: &Tree, operation: OpId) -> Chain {
        match tree.record(operation).features.machine {
            MachineWork::LaneReduction => {
                let one = Chain::of(Some(combination(tree, operation)));
                Chain { floats: one.floats * lane_reduction::links(tree, operation), ..one }
            }
            _ => Chain::of(kind(tree, operation)),
        }
    }

    /// Whether a value depends on an argument.
    pub fn depends(&self, value: ValueId) -> bool {
        self.0.contains_key(&value)
    }

    /// The chain that ends with a value; empty if it depends on no argument.
    pub fn to(&self, value: ValueId) -> Chain {
        self.0.get(&value).copied().unwrap_or_default()
    }
}

/// The kind of work of an operation on a chain; nested operations are one of unknown kind.
fn kind(tree: &Tree, operation: OpId) -> Option<WorkKind> {
    if tree.operation(operation).regions.is_empty() { work_kind(tree, operation) } else { Some(WorkKind::Branch) }
}
