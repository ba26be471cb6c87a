//! The longest chain of dependent operations through one iteration of a loop: what each iteration waits for.

use std::collections::BTreeMap;

use ir::registry::facts::Dialect;
use ir::registry::features::MachineWork;
use ir::tree::{BlockId, OpId, Tree, ValueId};

use super::chain::{Chain, SELECTION};
use super::conditionals::is_speculated;
use super::lane_reduction;
use super::values::Values;
use crate::features::kind::combination;
use crate::features::table::WorkKind;

/// Carried values above which the longest chain between any two of them stands for the longest cycle.
const MOST_TOGETHER: usize = 16;

/// Iterations over which the mean length of a chain is taken, and as many before.
const ITERATIONS: usize = 8;

/// The chain that each iteration of a loop waits for, see [`Chains::recurrence`].
pub fn recurrence(
    tree: &Tree,
    values: &Values,
    blocks: &[BlockId],
    arguments: &[ValueId],
    passed: &[ValueId],
) -> Chain {
    Chains::through(tree, values, blocks, arguments).recurrence(tree, values, blocks, arguments, passed)
}

/// Chains from the arguments of a block to the values that it computes, with the set of arguments that each depends on.
pub struct Chains(BTreeMap<ValueId, (Chain, u64)>);

impl Chains {
    /// Follows the operations of blocks from these arguments. Nested loops and branches end a chain: what they compute is computed in
    /// other basic blocks.
    pub fn through(tree: &Tree, values: &Values, blocks: &[BlockId], arguments: &[ValueId]) -> Self {
        let own = arguments.iter().enumerate().map(|(at, &value)| (value, (Chain::default(), bit(at))));
        let mut chains = Self(own.collect());
        blocks.iter().for_each(|&block| chains.follow(tree, values, block));
        chains
    }

    /// The chain that each iteration of a loop waits for: the mean over many iterations of the longest chain from the carried `arguments`
    /// that these chains start from, through the `blocks`, to the values that are `passed` to the same arguments of the next iteration.
    pub fn recurrence(
        &self,
        tree: &Tree,
        values: &Values,
        blocks: &[BlockId],
        arguments: &[ValueId],
        passed: &[ValueId],
    ) -> Chain {
        let to =
            |chains: &Self| -> Vec<Option<Chain>> { passed.iter().map(|&value| chains.to(values, value)).collect() };
        let longest = |chains: &[Chain]| chains.iter().copied().fold(Chain::default(), Chain::longer);
        let is_independent = passed.iter().enumerate().all(|(at, &value)| self.is_only_from(values, value, at));
        if is_independent || arguments.len() > MOST_TOGETHER {
            return longest(&to(self).into_iter().flatten().collect::<Vec<_>>());
        }
        let from = |argument| to(&Self::through(tree, values, blocks, std::slice::from_ref(argument)));
        let from_each: Vec<Vec<Option<Chain>>> = arguments.iter().map(from).collect();
        let next = |now: Vec<Chain>| -> Vec<Chain> {
            let into = |at: usize| now.iter().zip(&from_each).filter_map(move |(now, to)| Some(now.then(to[at]?)));
            (0..passed.len()).map(|at| into(at).fold(Chain::default(), Chain::longer)).collect()
        };
        let start = (0..ITERATIONS).fold(vec![Chain::default(); passed.len()], |now, _| next(now));
        let end = (0..ITERATIONS).fold(start.clone(), |now, _| next(now));
        longest(&end).less(longest(&start)).over(ITERATIONS as f64)
    }

    fn follow(&mut self, tree: &Tree, values: &Values, block: BlockId) {
        for &operation in &tree.block(block).operations {
            let node = tree.operation(operation);
            // A masked operation is the first one of its region.
            let inner = match tree.record(operation).dialect {
                Dialect::Vector => tree.entry(operation, 0).and_then(|block| tree.block(block).operations.first()),
                _ => None,
            };
            let work = *inner.unwrap_or(&operation);
            if tree.operation(work).regions.is_empty() {
                if let Some((before, from)) = self.longest(values, &tree.operation(work).operands) {
                    let own = (before.then(link(tree, work)), from);
                    node.results.iter().for_each(|&result| self.extend(result, own));
                }
            } else if is_speculated(tree, work) {
                self.follow_selection(tree, values, work);
            }
        }
    }

    /// Both sides of a branch, and the selections between their results.
    fn follow_selection(&mut self, tree: &Tree, values: &Values, operation: OpId) {
        let node = tree.operation(operation);
        let selection = Chain::of(Some(WorkKind::Select), SELECTION);
        let condition = self.longest(values, &node.operands);
        for &block in node.regions.iter().flat_map(|&region| &tree.region(region).blocks) {
            self.follow(tree, values, block);
            let Some(&last) = tree.block(block).operations.last() else { continue };
            for (&result, value) in node.results.iter().zip(&tree.operation(last).operands) {
                let own = self.longest(values, std::slice::from_ref(value)).into_iter().chain(condition);
                if let Some((own, from)) = own.reduce(longer) {
                    self.extend(result, (own.then(selection), from));
                }
            }
        }
    }

    fn longest(&self, values: &Values, operands: &[ValueId]) -> Option<(Chain, u64)> {
        operands.iter().filter_map(|&value| self.0.get(&values.first(value)).copied()).reduce(longer)
    }

    fn extend(&mut self, value: ValueId, chain: (Chain, u64)) {
        let own = self.0.entry(value).or_default();
        *own = longer(*own, chain);
    }

    /// The chain that ends with a value; `None` if it depends on no argument.
    fn to(&self, values: &Values, value: ValueId) -> Option<Chain> {
        self.0.get(&values.first(value)).map(|(chain, _)| *chain)
    }

    /// Whether a value depends on no argument but that with an index.
    fn is_only_from(&self, values: &Values, value: ValueId, argument: usize) -> bool {
        self.0.get(&values.first(value)).is_none_or(|(_, from)| *from == bit(argument))
    }

    /// Whether a value depends on an argument.
    pub fn depends(&self, value: ValueId) -> bool {
        self.0.contains_key(&value)
    }
}

fn bit(argument: usize) -> u64 {
    1 << argument.min(63)
}

fn longer(a: (Chain, u64), b: (Chain, u64)) -> (Chain, u64) {
    (a.0.longer(b.0), a.1 | b.1)
}

fn link(tree: &Tree, operation: OpId) -> Chain {
    match tree.record(operation).features.machine {
        MachineWork::LaneReduction => {
            let kind = combination(tree, operation);
            let one = Chain::of(Some(kind), if kind == WorkKind::Integer { 1.0 } else { 4.0 });
            let links = lane_reduction::links(tree, operation);
            Chain { floats: one.floats * links, cycles: one.cycles * links, ..one }
        }
        _ => Chain::of_operation(tree, operation),
    }
}
