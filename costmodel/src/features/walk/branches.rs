//! The blocks of a function's body, and the loops that branches between them make.

use std::collections::{BTreeMap, BTreeSet};

use ir::analysis::{BranchLoop, Renamed};
use ir::tree::{BlockId, ValueId};

use super::events::{Collect, Context, Placement};
use super::evolution::Evolution;
use super::recurrence::recurrence;
use super::reduction::{Carried, Reduction};
use super::state::Walk;
use crate::features::counts::midpoint;

impl<C: Collect> Walk<'_, C> {
    /// All blocks of a function's body. As written, branches make no loops.
    pub(super) fn function_body(&mut self, blocks: &[BlockId]) {
        let tree = self.tree;
        let branch_loops = match self.function {
            Some(function) if blocks.len() > 1 => function.trip_counts.branch_loops(),
            _ => &[],
        };
        let renamed = if blocks.len() > 1 { Renamed::of(tree, blocks) } else { Renamed::default() };
        self.name_arguments(blocks, &renamed);
        let loop_of = self.open_branch_loops(blocks, branch_loops);
        let headers: BTreeSet<BlockId> = branch_loops.iter().map(|own| own.header).collect();
        for &block in blocks {
            let placement = if blocks.len() > 1 {
                let loop_index = loop_of.get(&block).copied().unwrap_or(0);
                let around = self.nest.get(loop_index).iterations;
                let weight = (self.executions(block, around) / around.max(1.0)).clamp(0.0, 1.0);
                if !headers.contains(&block) {
                    for &argument in &tree.block(block).arguments {
                        match renamed.get(argument) {
                            Some(source) => self.values.equals(argument, source),
                            None => self.values.evolves(argument, Evolution::data(loop_index)),
                        }
                    }
                }
                Placement { loop_index, weight }
            } else {
                Placement { loop_index: 0, weight: 1.0 }
            };
            let executions = self.executions(block, 1.0);
            self.block(block, Context { executions, placement: Some(placement), ..Context::default() });
        }
    }

    /// Records which block arguments always have the value that a single branch passes to them.
    fn name_arguments(&mut self, blocks: &[BlockId], renamed: &Renamed) {
        for &argument in blocks.iter().flat_map(|&block| &self.tree.block(block).arguments) {
            if let Some(source) = renamed.get(argument) {
                self.values.equals(argument, source);
            }
        }
    }

    /// Opens the loops of branches, outer ones first; the innermost loop of each block that is in one.
    fn open_branch_loops(&mut self, blocks: &[BlockId], branch_loops: &[BranchLoop]) -> BTreeMap<BlockId, usize> {
        let tree = self.tree;
        let mut loop_of = BTreeMap::new();
        if branch_loops.is_empty() {
            return loop_of;
        }
        let mut spans: BTreeMap<BlockId, (usize, usize)> = BTreeMap::new();
        let mut position = 0;
        for &block in blocks {
            let end = position + tree.walk_block(block).count();
            spans.insert(block, (position, end));
            position = end;
        }
        for own in branch_loops {
            let parent = loop_of.get(&own.header).copied().unwrap_or(0);
            let inside = || own.blocks.iter().filter_map(|block| spans.get(block));
            let from = inside().map(|span| span.0).min().unwrap_or(0);
            let to = inside().map(|span| span.1).max().unwrap_or(0);
            let index = self.open_loop_over((from, to), parent, midpoint(own.iterations), midpoint(own.entries));
            loop_of.extend(own.blocks.iter().map(|&block| (block, index)));
            for &argument in &tree.block(own.header).arguments {
                let is_variable = argument == own.variable;
                self.values.evolves(
                    argument,
                    if is_variable { Evolution::induction(index, own.step as f64) } else { Evolution::data(index) },
                );
            }
            self.carried_by_branches(own, index);
        }
        loop_of
    }

    /// Number of uses of each argument of a loop's header by the operations of the loop. A branch that passes it to a block of one
    /// predecessor only renames it, and one that leaves the loop is outside.
    fn uses_inside(&self, own: &BranchLoop) -> BTreeMap<ValueId, u32> {
        let tree = self.tree;
        let mut uses: BTreeMap<ValueId, u32> = tree.block(own.header).arguments.iter().map(|&v| (v, 0)).collect();
        let mut count = |value: ValueId, more: i32| {
            if let Some(count) = uses.get_mut(&self.values.first(value)) {
                *count = count.saturating_add_signed(more);
            }
        };
        for operation in own.blocks.iter().flat_map(|&block| tree.walk_block(block)) {
            let node = tree.operation(operation);
            node.operands.iter().for_each(|&operand| count(operand, 1));
            for (to, passed) in &node.successors {
                let is_inside = own.blocks.contains(to);
                for (&argument, &value) in tree.block(*to).arguments.iter().zip(passed) {
                    if !is_inside || self.values.first(argument) == self.values.first(value) {
                        count(value, -1);
                    }
                }
            }
        }
        uses
    }

    /// Reports the values that the back edges pass to a loop's header.
    fn carried_by_branches(&mut self, own: &BranchLoop, index: usize) {
        let tree = self.tree;
        let arguments = &tree.block(own.header).arguments;
        let terminators = own.blocks.iter().filter_map(|&b| tree.block(b).operations.last());
        let test = tree.block(own.header).operations.last();
        self.note_control(own.variable, None, test.and_then(|&last| tree.operation(last).operands.first().copied()));
        self.control.extend(test);
        let uses = self.uses_inside(own);
        for &terminator in terminators {
            for (_, passed) in tree.operation(terminator).successors.iter().filter(|(to, _)| *to == own.header) {
                let is_variable = |(_, argument): &(&ValueId, &ValueId)| **argument == own.variable;
                if let Some((&value, &argument)) = passed.iter().zip(arguments).find(is_variable) {
                    self.note_control(argument, Some(value), None);
                }
                let others = passed.iter().zip(arguments).filter(|pair| !is_variable(pair));
                let (passed, arguments): (Vec<ValueId>, Vec<ValueId>) = others.unzip();
                let chain = recurrence(tree, &self.values, &own.blocks, &arguments, &passed);
                for (&value, &argument) in passed.iter().zip(&arguments) {
                    let how = Reduction::of(tree, &self.values, value, Carried::Argument(argument, uses[&argument]));
                    self.collector.carried(index, how, chain);
                }
            }
        }
    }
}
