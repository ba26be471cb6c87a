//! Steps of a function in the order of the text, with the values that each reads and writes.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};

use crate::analysis::Analysis;
use crate::analysis::trip_counts::TripCounts;
use crate::registry::facts::{LoopForm, RegionExecution, StepClass};
use crate::tree::{AttributeValue, BlockId, OpId, Tree, ValueId};

use super::classify::{class, work};
use super::nest;
use super::shape::{at_most, is_memref, is_tensor};
use super::{Step, Unplaced, Values, Work};

/// Deepest nest of loops, branches and calls.
const MAX_NESTING: usize = 64;

/// Most steps of one function, called functions included: nested calls multiply steps.
const MAX_ITEMS: usize = 1 << 18;

/// The storage behind a view. Views are resolved when they are created, so chains are short; the bound guards against
/// cycles of loop results.
pub(super) fn root(roots: &BTreeMap<ValueId, ValueId>, value: ValueId) -> ValueId {
    let mut at = value;
    for _ in 0..MAX_NESTING {
        match roots.get(&at) {
            Some(&next) if next != at => at = next,
            _ => break,
        }
    }
    at
}

/// Reads a function: its steps, and what each view is a view of.
pub(super) fn steps(analysis: &Analysis<'_>, function: OpId) -> (Vec<Step>, BTreeMap<ValueId, ValueId>) {
    let tree = analysis.tree();
    let known = analysis.function(function).map(|function| &function.trip_counts);
    let executions = known.map_or_else(|| Cow::Owned(TripCounts::of(tree, function)), Cow::Borrowed);
    let mut builder = Builder { tree, executions, roots: BTreeMap::new(), made: 0 };
    let mut all = Vec::new();
    builder.regions(function, 0, &mut all);
    (all, builder.roots)
}

struct Builder<'a> {
    tree: &'a Tree,
    executions: Cow<'a, TripCounts>,
    roots: BTreeMap<ValueId, ValueId>,
    made: usize,
}

impl<'a> Builder<'a> {
    fn regions(&mut self, op: OpId, depth: usize, steps: &mut Vec<Step>) {
        let tree = self.tree;
        for &region in &tree.operation(op).regions {
            for &block in &tree.region(region).blocks {
                self.block(block, depth, steps);
            }
        }
    }

    fn block(&mut self, block: BlockId, depth: usize, steps: &mut Vec<Step>) {
        let tree = self.tree;
        let mut run: Vec<OpId> = Vec::new();
        for &op in &tree.block(block).operations {
            let class = class(tree, op);
            if class == StepClass::Scalar {
                run.push(op);
                continue;
            }
            steps.extend(nest::of_run(tree, &self.executions, &std::mem::take(&mut run)));
            self.made += 1;
            if depth > MAX_NESTING || self.made > MAX_ITEMS {
                steps.push(unplaced(tree, op, Unplaced::TooLarge));
                continue;
            }
            match class {
                StepClass::Loop => self.loops(op, depth, steps),
                StepClass::Condition => {
                    self.regions(op, depth + 1, steps);
                    for &region in &tree.operation(op).regions {
                        for &inner in &tree.region(region).blocks {
                            self.pass(yielded(tree, inner), &tree.operation(op).results, steps);
                        }
                    }
                }
                StepClass::Call => steps.push(unplaced(tree, op, Unplaced::UnknownCallee)),
                StepClass::Terminator => {}
                StepClass::Branch => steps.push(unplaced(tree, op, Unplaced::UnstructuredControlFlow)),
                _ => self.operation(op, class, steps),
            }
        }
        steps.extend(nest::of_run(tree, &self.executions, &run));
    }

    /// Makes the values of `to` aliases of those of `from`.
    fn pass(&mut self, from: &[ValueId], to: &[ValueId], steps: &mut Vec<Step>) {
        for (&from, &to) in from.iter().zip(to) {
            self.view(to, from);
            steps.push(Step::Alias { from, to });
        }
    }

    fn view(&mut self, view: ValueId, of: ValueId) {
        let root = root(&self.roots, of);
        if root != view {
            self.roots.insert(view, root);
        }
    }

    fn loops(&mut self, op: OpId, depth: usize, steps: &mut Vec<Step>) {
        let tree = self.tree;
        let is_while = tree.record(op).regions == RegionExecution::Loop(LoopForm::While);
        if !is_while && nest::is_scalar(tree, op) {
            let nest = nest::of_loop(tree, &self.executions, op);
            self.made += nest.len();
            steps.extend(nest);
            return;
        }
        let operation = tree.operation(op);
        let Some(body) = tree.entry(op, 0) else { return };
        let arguments = &tree.block(body).arguments;
        let carried = operation.results.len();
        let tail = |values: &'a [ValueId]| &values[values.len().saturating_sub(carried)..];
        self.pass(tail(&operation.operands), tail(arguments), steps);
        let mut inside = Vec::new();
        self.regions(op, depth + 1, &mut inside);
        let last = yielded(tree, body);
        // A parallel loop yields nothing: its results are the storage it was given.
        let results = if last.len() == carried { last } else { tail(arguments) };
        let inner = at_most(self.executions.block(body));
        let trips = match (inner, at_most(self.executions.operation(tree, op))) {
            (Some(inner), Some(outer)) if outer > 0 => inner.div_ceil(outer),
            (Some(_), Some(_)) => 0,
            _ => {
                steps.push(unplaced(tree, op, Unplaced::UnknownTripCount));
                1
            }
        };
        steps.push(Step::Loop { op, trips, body: inside });
        self.pass(results, &operation.results, steps);
    }

    fn operation(&mut self, op: OpId, class: StepClass, steps: &mut Vec<Step>) {
        let tree = self.tree;
        let operation = tree.operation(op);
        let work = work(tree, op, class);
        // A body without arithmetic passes its input on, as views and copies do.
        let source = match (class, work) {
            (StepClass::View | StepClass::Copy, _) | (StepClass::Body, Ok(Work::Free(_) | Work::Move(_))) => 0,
            (StepClass::Insert, _) => 1,
            _ => usize::MAX,
        };
        if let (Some(&result), Some(&source)) = (operation.results.first(), operation.operands.get(source)) {
            self.view(result, source);
        }
        let mut reads = Values::from_slice(&operation.operands);
        reads.extend(captured(tree, op));
        let writes = written(tree, op, class);
        steps.push(match work {
            Ok(work) => Step::Op { op, work, reads, writes },
            Err(why) => Step::Unplaced { op, why, reads, writes },
        });
    }
}

/// Tensors and memories from outside that the regions of an operation read.
fn captured(tree: &Tree, op: OpId) -> BTreeSet<ValueId> {
    let mut all = BTreeSet::new();
    let mut inside = BTreeSet::new();
    for &region in &tree.operation(op).regions {
        for &block in &tree.region(region).blocks {
            inside.extend(tree.block(block).arguments.iter().copied());
            for inner in tree.walk_block(block) {
                let operation = tree.operation(inner);
                inside.extend(operation.results.iter().copied());
                all.extend(operation.operands.iter().filter(|&&v| is_tensor(tree, v) || is_memref(tree, v)));
            }
        }
    }
    all.retain(|v| !inside.contains(v));
    all
}

/// Operands of a block's terminator.
fn yielded(tree: &Tree, block: BlockId) -> &[ValueId] {
    match tree.block(block).operations.last() {
        Some(&last) if class(tree, last) == StepClass::Terminator => &tree.operation(last).operands,
        _ => &[],
    }
}

/// Results, and memories among the operands that the operation changes.
fn written(tree: &Tree, op: OpId, class: StepClass) -> Values {
    let operation = tree.operation(op);
    let mut all = Values::from_slice(&operation.results);
    if matches!(class, StepClass::View | StepClass::Constant) || !operation.operands.iter().any(|&o| is_memref(tree, o))
    {
        return all;
    }
    // Outputs of `linalg` on memrefs are the last operands; the segment sizes give their number.
    let outputs = match tree.attribute(op, "operandSegmentSizes") {
        Some(AttributeValue::DenseArray(_, sizes)) => sizes.last().map_or(1, |&n| n as usize),
        _ => 1,
    };
    let first = operation.operands.len().saturating_sub(outputs);
    all.extend(operation.operands[first..].iter().copied().filter(|&o| is_memref(tree, o)));
    all
}

fn unplaced(tree: &Tree, op: OpId, why: Unplaced) -> Step {
    let operation = tree.operation(op);
    let [reads, writes] = [&operation.operands, &operation.results].map(|values| Values::from_slice(values));
    Step::Unplaced { op, why, reads, writes }
}
