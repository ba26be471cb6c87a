//! Loop operations of `affine` and `scf`.

use std::collections::{BTreeMap, BTreeSet};

use ir::analysis::{FunctionAnalysis, added};
use ir::registry::facts::{LoopForm, RegionExecution};
use ir::registry::features::InstructionClass as Class;
use ir::tree::{AttributeValue, BlockId, Definition, OpId, Tree, ValueId};

use super::access::evaluate;
use super::events::{Collect, Placement};
use super::evolution::Evolution;
use super::forwarding::Place;
use super::lanes::MachineCost;
use super::recurrence::{Chains, recurrence};
use super::reduction::{Carried, Reduction};
use super::registers::Origin;
use super::state::{RegionContext, Walk};
use super::values::Values;
use crate::features::counts::UNKNOWN_TRIPS;
use crate::features::table::WorkKind;

/// Most values that a loop passes on from one to the next and that are followed.
const LONGEST_WINDOW: usize = 256;

/// The form of a loop operation; `None` for other operations.
pub fn form(tree: &Tree, operation: OpId) -> Option<LoopForm> {
    match tree.record(operation).regions {
        RegionExecution::Loop(form) => Some(form),
        _ => None,
    }
}

/// The loop operation whose body an operation ends.
pub fn terminated(tree: &Tree, operation: OpId) -> Option<OpId> {
    let node = tree.operation(operation);
    let block = tree.block(node.block);
    let parent = tree.region(block.region).operation?;
    let is_last = block.operations.last() == Some(&operation);
    Some(parent).filter(|&parent| is_last && !node.operands.is_empty() && form(tree, parent).is_some())
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

/// The places of values that the body of a loop with one induction variable yields for nothing: only their own next values are computed from
/// them, and the loop's results are not used.
pub fn unused(tree: &Tree, values: &Values, operation: OpId) -> Vec<usize> {
    let node = tree.operation(operation);
    let mut is_live: Vec<bool> = node.results.iter().map(|&result| values.is_used(result)).collect();
    let is_simple = matches!(form(tree, operation), Some(LoopForm::For | LoopForm::AffineFor));
    if !is_simple || is_live.iter().all(|&live| live) {
        return Vec::new();
    }
    let Some(body) = node.regions.last().and_then(|&region| tree.region(region).blocks.last()) else {
        return Vec::new();
    };
    let block = tree.block(*body);
    let Some((&last, operations)) = block.operations.split_last() else { return Vec::new() };
    let (arguments, yielded) = (&block.arguments[1..], &tree.operation(last).operands);
    let is_root = |own: &&OpId| {
        let node = tree.operation(**own);
        let class = tree.record(**own).features.class;
        node.results.is_empty() || !node.regions.is_empty() || matches!(class, Class::Call | Class::Unknown)
    };
    let inside = |&own: &OpId| tree.operation(own).regions.iter().flat_map(|&region| &tree.region(region).blocks);
    let nested = operations.iter().flat_map(inside).flat_map(|&block| tree.walk_block(block));
    let roots = operations.iter().filter(is_root).copied().chain(nested);
    let mut open: Vec<ValueId> = roots.flat_map(|own| &tree.operation(own).operands).copied().collect();
    open.extend(is_live.iter().zip(yielded).filter(|(live, _)| **live).map(|(_, &value)| value));
    let mut seen = BTreeSet::new();
    while let Some(value) = open.pop() {
        if !seen.insert(value) {
            continue;
        }
        if let Some(place) = arguments.iter().position(|&argument| argument == value) {
            if let (Some(live), Some(&next)) = (is_live.get_mut(place), yielded.get(place)) {
                *live = true;
                open.push(next);
            }
        } else if let Some(by) = tree.definer(value).filter(|&by| tree.operation(by).block == *body) {
            open.extend(&tree.operation(by).operands);
        }
    }
    (0..is_live.len()).filter(|&place| !is_live[place]).collect()
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
                self.writes(&[argument], innermost, Placement { loop_index: innermost, ..placement }, Origin::Carried);
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
            self.work(Placement { loop_index, weight: 1.0 }, WorkKind::Store, MachineCost::SCALAR, 0.0);
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
            let chain = recurrence(tree, &self.values, &[block], &[carried], &[next]);
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
        let (mut arguments, mut passed) = (Vec::new(), Vec::new());
        for (index, (&value, &argument)) in yielded[skip..].iter().zip(carried).enumerate() {
            let has_use = tree.operation(operation).results.get(index).is_some_and(|&v| self.values.is_used(v));
            if !has_use && !self.values.is_used(argument) {
                continue;
            }
            // The induction variable of a `while` loop is an argument to which its body adds a constant.
            if let Some(step) = added(tree, value, argument).filter(|_| variables == 0) {
                self.values.evolves(argument, Evolution::induction(loop_index, step as f64));
                self.control_of_while(operation, argument, value);
                continue;
            }
            arguments.push(argument);
            passed.push(value);
        }
        let chains = Chains::through(tree, &self.values, &[body], &arguments);
        let chain = chains.recurrence(tree, &self.values, &[body], &arguments, &passed);
        let next: BTreeMap<ValueId, ValueId> = arguments.iter().copied().zip(passed.iter().copied()).collect();
        for (&argument, &value) in arguments.iter().zip(&passed) {
            let is_fixed = self.is_fixed_order(operation, &next, &chains, argument);
            if is_fixed || (value != argument && next.contains_key(&value)) {
                let placement = Placement { loop_index, weight: 1.0 };
                self.work(placement, WorkKind::Shuffle, MachineCost::SCALAR, 0.0);
            }
            if !is_fixed {
                let carried = Carried::Argument(argument, self.values.get(argument).uses);
                let how = Reduction::of(tree, &self.values, value, carried);
                self.collector.carried(loop_index, how, chain);
            }
        }
    }

    /// Whether a carried value is one that an iteration before computes without it: a fixed-order recurrence. Vectors take lanes of it from
    /// those of the vector before; scalars are moved from register to register.
    fn is_fixed_order(
        &self,
        operation: OpId,
        next: &BTreeMap<ValueId, ValueId>,
        chains: &Chains,
        argument: ValueId,
    ) -> bool {
        let steps = std::iter::successors(Some(argument), |value| next.get(value).copied()).take(LONGEST_WINDOW);
        let Some(last) = steps.take_while(|value| next.contains_key(value)).last() else { return false };
        let computed = next[&last];
        !next.contains_key(&computed)
            && !chains.depends(computed)
            && self.is_loaded_in_sequence(operation, last, computed)
    }

    /// Whether the value that `argument` starts with and the next are not both loads without another use, or are elements one step apart:
    /// LLVM makes such loads one of a carried address, which has to be an induction variable.
    fn is_loaded_in_sequence(&self, operation: OpId, argument: ValueId, computed: ValueId) -> bool {
        let (tree, node) = (self.tree, self.tree.operation(operation));
        let Definition::Argument { block, index } = tree.value(argument).definition else { return true };
        let place = node.operands.len() + index as usize;
        let first = place.checked_sub(tree.block(block).arguments.len()).and_then(|at| node.operands.get(at));
        let load = |value: ValueId| {
            let by = tree.definer(value).filter(|&by| tree.record(by).features.class == Class::Load);
            by.filter(|_| self.values.get(value).uses == 1)
        };
        let (Some(first), Some(computed)) = (first.and_then(|&value| load(value)), load(computed)) else { return true };
        let (Some(first), Some(computed)) = (Place::of(tree, first), Place::of(tree, computed)) else { return false };
        let Some(&variable) = tree.block(block).arguments.first() else { return false };
        let step = self.steps(operation, 1).first().copied().unwrap_or(1.0);
        // Loops are assumed to start at 0.
        first.memref() == computed.memref()
            && first.index().len() == computed.index().len()
            && first.index().iter().zip(computed.index()).all(|(first, computed)| {
                computed.constant as f64 - step * computed.coefficient(variable) as f64 == first.constant as f64
            })
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
