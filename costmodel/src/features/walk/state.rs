//! The state of a walk.

use std::collections::{BTreeMap, BTreeSet};

use ir::analysis::FunctionAnalysis;
use ir::tree::{BlockId, OpId, Tree, ValueId};

use super::access::{Access, Subscripts, has_different_bytes};
use super::chain::Chain;
use super::events::{Collect, Placement, Work};
use super::lanes::MachineCost;
use super::loop_nest::LoopNest;
use super::reduction::{Carried, Reduction, alike};
use super::registers::{Origin, RegisterValue};
use super::values::{Values, is_constant};
use crate::features::counts;
use crate::features::table::WorkKind;

/// The state of a walk.
pub struct Walk<'a, C> {
    /// The text.
    pub tree: &'a Tree,
    /// The analysis of the function, if it has one.
    pub function: Option<&'a FunctionAnalysis>,
    /// Where findings go.
    pub collector: &'a mut C,
    /// Facts about values so far.
    pub values: Values,
    /// Loops of the optimised function so far.
    pub nest: LoopNest,
    /// Loops of the text so far.
    pub text_loops: usize,
    /// Position of each operation with regions in the order of the text.
    pub positions: BTreeMap<OpId, usize>,
    /// Largest trip count of each loop with one induction variable, as far as it is known.
    pub longest: BTreeMap<OpId, f64>,
    /// Subscripts of the access at hand.
    pub subscripts: Subscripts,
    /// Operations that count and test the iterations of a loop, as a loop operation does by itself.
    pub control: BTreeSet<OpId>,
}

/// What the blocks inside an operation have in common as written.
#[derive(Debug, Clone, Copy)]
pub struct RegionContext {
    /// Executions of a block where the text leaves them open.
    pub guess: f64,
    /// Loops around its operations.
    pub depth: usize,
    /// Index of the innermost loop of the text around them.
    pub innermost: Option<usize>,
}

impl<C: Collect> Walk<'_, C> {
    /// Executions of a block per call of the function; `guess` if the text leaves them open.
    pub fn executions(&self, block: BlockId, guess: f64) -> f64 {
        counts::executions(self.function, block, guess)
    }

    /// Executions at a placement, per call of the function.
    pub fn entries(&self, placement: Placement) -> f64 {
        self.nest.get(placement.loop_index).iterations * placement.weight
    }

    /// Reports the use of a value in a loop if the loop does not change it.
    pub fn note_use(&mut self, value: ValueId, loop_index: usize) {
        if loop_index > 0 && self.values.evolution(value).varies_in < loop_index {
            self.collector.invariant(loop_index, value);
        }
    }

    /// Reports the results of an operation that are in registers. `loop_index` is the loop that computes them: that of the placement, or
    /// one around it if they are hoisted.
    pub fn writes(&mut self, results: &[ValueId], loop_index: usize, placement: Placement, origin: Origin) {
        for &result in results {
            if let Some(own) = RegisterValue::of(self.tree, &self.values, result, loop_index, origin) {
                self.collector.writes(&own, placement.loop_index);
            }
        }
    }

    /// Reports that an operation reads its operands from registers.
    pub fn reads(&mut self, operands: &[ValueId], placement: Placement) {
        let tree = self.tree;
        self.collector.step(placement.loop_index);
        for &operand in operands {
            let value = self.values.first(operand);
            if is_constant(tree, value) {
                self.writes(&[value], 0, placement, Origin::Constant);
            } else {
                self.collector.reads(value, placement.loop_index);
            }
        }
    }

    /// Reports what a store to a loop-invariant address carries from iteration to iteration.
    pub fn carried_in_memory(&mut self, stored: Option<ValueId>, access: &Access) {
        if access.is_invariant() {
            if let Some(stored) = stored {
                self.collector.reads_at_end(self.values.first(stored), access.loop_index);
            }
            let how = stored.map_or(Reduction::Recurrence, |v| {
                Reduction::of(self.tree, &self.values, v, Carried::Memory(access.buffer))
            });
            self.collector.carried_in_memory(
                access,
                how,
                stored.map_or_else(Chain::default, |value| self.chain_to(value)),
            );
        }
    }

    /// Whether a loop stores one value in all iterations, and its bytes differ: such a fill is no call of `memset`. `number` defines the
    /// value.
    pub fn is_pattern(&self, number: ValueId, value: ValueId, loop_index: usize) -> bool {
        self.values.evolution(value).varies_in < loop_index && has_different_bytes(self.tree, number)
    }

    /// Reports work at a placement, on elements of `bits`.
    pub fn work(&mut self, placement: Placement, kind: WorkKind, cost: MachineCost, bits: f64) {
        let Placement { loop_index, weight } = placement;
        self.collector.work(&Work { loop_index, kind, cost, weight, bits });
    }

    /// The chain of operations alike that ends with a value.
    fn chain_to(&self, value: ValueId) -> Chain {
        let definer = |value: ValueId| self.tree.definer(self.values.first(value));
        let Some(last) = definer(value) else { return Chain::default() };
        let own = Chain::of_operation(self.tree, last);
        alike(self.tree, last, definer).fold(Chain::default(), |chain, _| chain.then(own))
    }

    /// Notes which operations count and test the iterations of a loop: what adds to its variable, what is compared with it, and the
    /// branch by the comparison.
    pub fn note_control(&mut self, variable: ValueId, next: Option<ValueId>, condition: Option<ValueId>) {
        let tree = self.tree;
        let compares = |operation: &OpId| tree.operation(*operation).operands.contains(&variable);
        let alone = |value: &ValueId| self.values.get(*value).uses <= 1;
        let test = condition.filter(alone).and_then(|value| tree.definer(value)).filter(compares);
        let step = next.and_then(|value| tree.definer(value));
        self.control.extend(test.into_iter().chain(step));
    }

    /// Opens a loop of the optimised function for an operation; its index.
    pub fn open_loop(&mut self, operation: OpId, parent: usize, iterations: f64, entries: f64) -> usize {
        let tree = self.tree;
        let from = self.positions.get(&operation).copied().unwrap_or(0);
        let blocks = tree.operation(operation).regions.iter().flat_map(|&r| &tree.region(r).blocks);
        let inside: usize = blocks.map(|&b| tree.walk_block(b).count()).sum();
        let longest = self.longest.get(&operation).copied();
        let index = self.nest.add(parent, iterations, entries, longest, (from, from + 1 + inside));
        self.collector.optimised_loop(self.nest.get(index));
        index
    }

    /// Opens a loop over the operations at the positions of a span; its index.
    pub fn open_loop_over(&mut self, span: (usize, usize), parent: usize, iterations: f64, entries: f64) -> usize {
        let index = self.nest.add(parent, iterations, entries, None, span);
        self.collector.optimised_loop(self.nest.get(index));
        index
    }
}
