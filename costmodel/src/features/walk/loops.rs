//! Loop operations of `affine` and `scf`.

use std::collections::BTreeMap;

use ir::analysis::{FunctionAnalysis, added};
use ir::registry::facts::{LoopForm, RegionExecution};
use ir::tree::{AttributeValue, BlockId, OpId, Tree, ValueId};

use super::access::evaluate;
use super::chain::Chains;
use super::events::{Collect, Placement, Work};
use super::evolution::Evolution;
use super::lanes::MachineCost;
use super::reduction::{Carried, Reduction};
use super::state::{RegionContext, Walk};
use crate::features::counts::UNKNOWN_TRIPS;
use crate::features::table::WorkKind;

/// The form of a loop operation; `None` for other operations.
pub fn form(tree: &Tree, operation: OpId) -> Option<LoopForm> {
    match tree.record(operation).regions {
        RegionExecution::Loop(form) => Some(form),
        _ => None,
    }
}

/// Number of induction variables of a loop operation, which are the first of its body's `arguments`.
fn induction_variables(form: Option<LoopForm>, arguments: usize) -> usize {
    match form {
        Some(form) if form.has_several_variables() => arguments,
        Some(form) => usize::from(!form.is_while()),
        // Of an operation that computes every element of its result.
        None => arguments,
    }
}

/// Block arguments that count as induction variables for subscripts as written: all of a parallel loop, else the first.
pub fn text_induction_variables(tree: &Tree, operation: OpId, block: BlockId) -> usize {
    match form(tree, operation) {
        Some(LoopForm::AffineParallel | LoopForm::Parallel) => tree.block(block).arguments.len(),
        _ => 1,
    }
}

/// The largest trip count of each loop with one induction variable, as far as it is known.
pub fn longest(tree: &Tree, function: &FunctionAnalysis) -> BTreeMap<OpId, f64> {
    let own = function.trip_counts.loops().iter();
    let single = own.filter(|own| !form(tree, own.operation).is_some_and(LoopForm::has_several_variables));
    single.filter_map(|own| Some((own.operation, own.trips.high? as f64))).collect()
}

impl<C: Collect> Walk<'_, C> {
    /// A loop operation: one loop of the nest for each induction variable. The index of the innermost; `None` without a body.
    pub(super) fn loop_operation(
        &mut self,
        operation: OpId,
        placement: Placement,
        inside: RegionContext,
    ) -> Option<usize> {
        let tree = self.tree;
        let node = tree.operation(operation);
        let blocks = || node.regions.iter().flat_map(|&r| tree.region(r).blocks.iter().copied());
        let body = blocks().last()?;
        let arguments = &tree.block(body).arguments;
        let variables = induction_variables(form(tree, operation), arguments.len());
        let innermost = self.open_loops(operation, placement, body, variables);
        for block in blocks() {
            for &argument in tree.block(block).arguments.iter().skip(variables) {
                self.values.evolves(argument, Evolution::data(innermost));
            }
        }
        let is_loop = innermost != placement.loop_index;
        if variables <= 1 && is_loop {
            self.carried_by_loop(operation, body, variables, innermost);
        }
        let weight = if is_loop { 1.0 } else { placement.weight };
        self.regions(operation, inside, |_, _| Some(Placement { loop_index: innermost, weight }));
        Some(innermost)
    }

    /// An operation whose region computes each element of its result: loops over the dimensions that store what it yields.
    pub(super) fn elements(&mut self, operation: OpId, placement: Placement, inside: RegionContext) {
        if let Some(loop_index) = self.loop_operation(operation, placement, inside) {
            let work = Work { loop_index, kind: WorkKind::Store, cost: MachineCost::SCALAR, weight: 1.0, bits: 0.0 };
            self.collector.work(&work);
        }
    }

    /// The end of the body of a parallel loop: its regions combine what the loop has reduced so far with the operands of this iteration.
    pub(super) fn combined(&mut self, operation: OpId, placement: Placement, inside: RegionContext) {
        let tree = self.tree;
        let node = tree.operation(operation);
        for (&region, &operand) in node.regions.iter().zip(&node.operands) {
            let Some(&block) = tree.region(region).blocks.first() else { continue };
            let &[carried, own] = tree.block(block).arguments.as_slice() else { continue };
            self.values.evolves(carried, Evolution::data(placement.loop_index));
            self.values.equals(own, operand);
            let last = tree.block(block).operations.last();
            let Some(&next) = last.and_then(|&last| tree.operation(last).operands.first()) else { continue };
            let how =
                Reduction::of(tree, &self.values, next, Carried::Argument(carried, self.values.get(carried).uses));
            let chain = Chains::through(tree, &self.values, &[block], &[carried]).to(next);
            self.collector.carried(placement.loop_index, how, chain);
        }
        self.regions(operation, inside, |_, _| Some(placement));
    }

    /// Opens the loops of the induction variables, outermost first; the index of the innermost, which is the loop around them if each is
    /// a single iteration. Trip counts of all but the innermost are assumed to be equal.
    fn open_loops(&mut self, operation: OpId, placement: Placement, body: BlockId, variables: usize) -> usize {
        let arguments = &self.tree.block(body).arguments;
        let entries = self.entries(placement);
        let iterations = self.executions(body, entries * UNKNOWN_TRIPS);
        let steps = self.steps(operation, variables);
        let last = variables.saturating_sub(1);
        let trips =
            if last > 0 { libm::pow((iterations / entries.max(1.0)).max(1.0), 1.0 / variables as f64) } else { 1.0 };
        let (mut index, mut around) = (placement.loop_index, entries);
        for variable in 0..variables.max(1) {
            let own = if variable == last { iterations } else { around * trips };
            let first = if own == around { self.first_value(operation, variable) } else { None };
            let evolution = first.unwrap_or_else(|| {
                index = self.open_loop(operation, index, own, around);
                Evolution::induction(index, steps.get(variable).copied().unwrap_or(1.0))
            });
            around = own;
            if let Some(&argument) = arguments.get(variable).filter(|_| variable < variables) {
                self.values.evolves(argument, evolution);
            }
        }
        index
    }

    /// How the first value of an induction variable changes; `None` if that is not known.
    fn first_value(&self, operation: OpId, variable: usize) -> Option<Evolution> {
        let tree = self.tree;
        let operands = &tree.operation(operation).operands;
        match form(tree, operation)? {
            LoopForm::For | LoopForm::Parallel => operands.get(variable).map(|&value| self.values.evolution(value)),
            LoopForm::AffineFor => match tree.attribute(operation, "lowerBoundMap")? {
                AttributeValue::AffineMap(map) if map.results.len() == 1 => {
                    let names: Vec<_> = operands.iter().map(|&value| self.values.get(value).into()).collect();
                    Some(evaluate(&map.results[0], map.dimensions, &names).evolution)
                }
                _ => None,
            },
            _ => None,
        }
    }

    /// Reports the values that a loop operation passes from iteration to iteration.
    fn carried_by_loop(&mut self, operation: OpId, body: BlockId, variables: usize, loop_index: usize) {
        let tree = self.tree;
        let Some(&last) = tree.block(body).operations.last() else { return };
        let yielded = &tree.operation(last).operands;
        let skip = yielded.len().saturating_sub(tree.operation(operation).results.len());
        let carried = &tree.block(body).arguments[variables.min(tree.block(body).arguments.len())..];
        if carried.is_empty() {
            return;
        }
        let chains = Chains::through(tree, &self.values, &[body], carried);
        for (&value, &argument) in yielded[skip..].iter().zip(carried) {
            // The induction variable of a `while` loop is an argument to which its body adds a constant.
            if let Some(step) = added(tree, value, argument).filter(|_| variables == 0) {
                self.values.evolves(argument, Evolution::induction(loop_index, step as f64));
                self.control_of_while(operation, argument, value);
                continue;
            }
            let how =
                Reduction::of(tree, &self.values, value, Carried::Argument(argument, self.values.get(argument).uses));
            self.collector.carried(loop_index, how, chains.to(value));
        }
    }

    /// Notes the control of a `while` loop whose `variable` becomes `next`.
    fn control_of_while(&mut self, operation: OpId, variable: ValueId, next: ValueId) {
        let tree = self.tree;
        let before = tree.operation(operation).regions.first().and_then(|&region| tree.region(region).blocks.first());
        let Some((&block, &body)) =
            before.zip(tree.operation(operation).regions.last().and_then(|&r| tree.region(r).blocks.first()))
        else {
            return;
        };
        let at = tree.block(body).arguments.iter().position(|&argument| argument == variable);
        let tested = at.and_then(|at| tree.block(block).arguments.get(at).copied());
        let condition =
            tree.block(block).operations.last().and_then(|&last| tree.operation(last).operands.first().copied());
        self.note_control(tested.unwrap_or(variable), Some(next), condition);
        self.control.extend(tree.block(block).operations.last());
    }

    /// The step of each induction variable; NaN if it is not constant.
    fn steps(&self, operation: OpId, variables: usize) -> Vec<f64> {
        let tree = self.tree;
        let operands = &tree.operation(operation).operands;
        let constant = |value: &ValueId| {
            let evolution = self.values.evolution(*value);
            if evolution.varies_in == 0 && evolution.offset != 0.0 { evolution.offset } else { f64::NAN }
        };
        match form(tree, operation) {
            Some(LoopForm::For) => operands.get(2).map(constant).into_iter().collect(),
            Some(LoopForm::Parallel) => operands.iter().skip(2 * variables).take(variables).map(constant).collect(),
            _ => match tree.attribute(operation, "step").or_else(|| tree.attribute(operation, "steps")) {
                Some(AttributeValue::Integer(step, _)) => vec![*step as f64],
                Some(AttributeValue::Array(steps)) => steps
                    .iter()
                    .map(|s| if let AttributeValue::Integer(step, _) = s { *step as f64 } else { 1.0 })
                    .collect(),
                Some(AttributeValue::DenseArray(_, steps)) => steps.clone(),
                _ => vec![1.0; variables],
            },
        }
    }
}
