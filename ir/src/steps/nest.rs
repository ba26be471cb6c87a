//! Steps of scalar code: loop nests over memrefs and straight-line statements.
//!
//! A nest is distributed: every run of straight-line code between loops is one statement over its whole iteration
//! space, and statements run one after the other. Branches without loops belong to the statement around them; both
//! regions count. A statement that adds products to something its loops sum over is a contraction, whose matrix is the whole
//! memory read (so unrolling, tiling and vectorising change nothing); functions of one factor before the product
//! are done once per element of that factor. Other arithmetic is element-wise work, counted as [`super::points`]
//! says; without arithmetic a statement moves data.

use crate::analysis::trip_counts::TripCounts;
use crate::registry::facts::StepClass;
use crate::tree::{BlockId, OpId, Tree};

use super::access::{Enclosing, access, computes, converts};
use super::classify::class;
use super::points;
use super::product::{self, Product, Stores};
use super::set::Set;
use super::shape::{MAX_COUNT, at_most, elements, is_tensor, product};
use super::{Step, Unplaced, Values, Work};

/// Deepest nest that is analysed.
const MAX_NESTING: usize = 64;

/// Whether everything inside a loop is scalar code.
pub(super) fn is_scalar(tree: &Tree, op: OpId) -> bool {
    let Some(block) = tree.entry(op, 0) else { return false };
    tree.walk_block(block).all(|inner| {
        let operation = tree.operation(inner);
        let scalar = matches!(
            class(tree, inner),
            StepClass::Scalar
                | StepClass::Constant
                | StepClass::Loop
                | StepClass::Condition
                | StepClass::Terminator
                | StepClass::Storage(_)
                | StepClass::View
        );
        scalar && !operation.results.iter().any(|&r| is_tensor(tree, r))
    })
}

/// Collects the statements of a nest.
pub(super) struct Nest<'a> {
    tree: &'a Tree,
    executions: &'a TripCounts,
    /// Executions of the whole nest by the loops over tensors around it.
    repeated: u64,
    loops: Vec<Enclosing>,
    steps: Vec<Step>,
}

/// The statements of the loop nest `op`, in order.
pub(super) fn of_loop(tree: &Tree, executions: &TripCounts, op: OpId) -> Vec<Step> {
    let mut nest = Nest::new(tree, executions, op);
    nest.enter(op);
    nest.steps
}

/// One statement of straight-line code outside loops.
pub(super) fn of_run(tree: &Tree, executions: &TripCounts, run: &[OpId]) -> Vec<Step> {
    let Some(&first) = run.first() else { return Vec::new() };
    let mut nest = Nest::new(tree, executions, first);
    nest.statement(run);
    nest.steps
}

impl<'a> Nest<'a> {
    fn new(tree: &'a Tree, executions: &'a TripCounts, first: OpId) -> Self {
        let repeated = at_most(executions.operation(tree, first)).unwrap_or(1).max(1);
        Self { tree, executions, repeated, loops: Vec::new(), steps: Vec::new() }
    }

    /// Executions of an operation for one execution of the nest; `None` where not known.
    fn times(&self, op: OpId) -> Option<u64> {
        at_most(self.executions.operation(self.tree, op)).map(|n| n.div_ceil(self.repeated))
    }

    fn enter(&mut self, op: OpId) {
        let tree = self.tree;
        let Some(body) = tree.entry(op, 0) else { return };
        if self.loops.len() >= MAX_NESTING {
            self.unplaced(op, Unplaced::TooLarge);
            return;
        }
        let arguments = &tree.block(body).arguments;
        let carried = tree.operation(op).results.len();
        let variables = arguments[..arguments.len().saturating_sub(carried)].to_vec();
        self.loops.push(Enclosing { op, variables });
        self.block(body);
        self.loops.pop();
    }

    fn block(&mut self, block: BlockId) {
        let tree = self.tree;
        let mut run: Vec<OpId> = Vec::new();
        for &op in &tree.block(block).operations {
            match class(tree, op) {
                StepClass::Loop => {
                    self.statement(&std::mem::take(&mut run));
                    self.enter(op);
                }
                StepClass::Condition if !has_loops(tree, op) => flatten(tree, op, &mut run, 0),
                StepClass::Condition if self.loops.len() < MAX_NESTING => {
                    self.statement(&std::mem::take(&mut run));
                    for &region in &tree.operation(op).regions {
                        for &inner in &tree.region(region).blocks {
                            // A branch counts as a level of nesting.
                            self.loops.push(Enclosing { op, variables: Vec::new() });
                            self.block(inner);
                            self.loops.pop();
                        }
                    }
                }
                _ => run.push(op),
            }
        }
        self.statement(&run);
    }

    fn unplaced(&mut self, op: OpId, why: Unplaced) {
        self.steps.push(Step::Unplaced { op, why, reads: Values::new(), writes: Values::new() });
    }

    fn statement(&mut self, run: &[OpId]) {
        let tree = self.tree;
        let accesses = |stores: bool| run.iter().filter_map(move |&op| access(tree, op, stores));
        let computing: Vec<OpId> = run.iter().copied().filter(|&op| computes(tree, op)).collect();
        let mut reads: Values = accesses(false).map(|a| a.memory).collect();
        let writes: Values = accesses(true).map(|a| a.memory).collect();
        if computing.is_empty() && (reads.is_empty() || writes.is_empty()) {
            // Constants, addresses, fills: no data are moved where the stored value is not computed.
            if let (Some(&op), false) = (run.first(), writes.is_empty()) {
                let work = Work::Free("a constant fill");
                self.steps.push(Step::Op { op, work, reads: Values::new(), writes });
            }
            return;
        }
        let Some(&first) = run.iter().find(|&&op| computes(tree, op) || access(tree, op, true).is_some()) else {
            return;
        };
        let Some(times) = self.times(first) else {
            self.steps.push(Step::Unplaced { op: first, why: Unplaced::UnknownTripCount, reads, writes });
            return;
        };
        let mut results = writes.clone();
        if self.loops.is_empty() {
            reads.extend(run.iter().flat_map(|&op| tree.operation(op).operands.iter().copied()));
            results.extend(run.iter().flat_map(|&op| tree.operation(op).results.iter().copied()));
        }
        // Sums carried by loops are results of the loops.
        results.extend(self.loops.iter().flat_map(|l| tree.operation(l.op).results.iter().copied()));
        let lanes = |op: OpId| tree.operation(op).results.iter().filter_map(|&r| elements(tree, r)).max().unwrap_or(1);
        if computing.is_empty() {
            let moved = run.iter().filter(|&&op| access(tree, op, true).is_some());
            let width: u64 = moved.map(|&op| stored_lanes(tree, op)).max().unwrap_or(1);
            match product([times, width]) {
                Some(moved) => self.steps.push(Step::Op { op: first, work: Work::Move(moved), reads, writes: results }),
                None => self.unplaced(first, Unplaced::TooLarge),
            }
            return;
        }
        let mut contractions: Vec<(OpId, Product)> = Vec::new();
        let mut used: Vec<OpId> = Vec::new();
        let stores = Stores::new(tree, run);
        for &op in &computing {
            let Some(found) = product::of_sum(tree, &stores, &self.loops, op, times, lanes(op)) else { continue };
            used.extend(found.operations.iter().copied());
            // Unrolled copies read the same two memrefs: one contraction with the sum of their work.
            let same = |c: &&mut (OpId, Product)| {
                c.1.contraction.sides.map(|s| s.value) == found.contraction.sides.map(|s| s.value)
            };
            match contractions.iter_mut().find(same) {
                Some((_, Product { contraction: known, .. })) => {
                    known.macs = known.macs.saturating_add(found.contraction.macs).min(MAX_COUNT);
                    known.before = [0, 1].map(|side| known.before[side].max(found.contraction.before[side]));
                }
                None => contractions.push((op, found)),
            }
        }
        for (op, found) in contractions {
            let mut reads = Values::from_iter(found.contraction.sides.map(|s| s.value));
            reads.extend(found.others);
            self.steps.push(Step::Op {
                op,
                work: Work::Contraction(found.contraction),
                reads,
                writes: results.clone(),
            });
        }
        let used: Set<OpId> = used.into_iter().collect();
        let left: Set<OpId> =
            computing.iter().copied().filter(|&op| !used.contains(op) && !converts(tree, op)).collect();
        if let Some(&op) = run.iter().find(|&&op| left.contains(op)) {
            let points = points::of(tree, run, &self.loops, &left);
            match product([times, points]) {
                Some(elements) => {
                    let work = Work::Nonlinear { elements, chain: 1 };
                    self.steps.push(Step::Op { op, work, reads, writes: results });
                }
                None => self.unplaced(op, Unplaced::TooLarge),
            }
        }
    }
}

fn has_loops(tree: &Tree, op: OpId) -> bool {
    let blocks = tree.operation(op).regions.iter().flat_map(|&region| &tree.region(region).blocks);
    blocks.into_iter().any(|&block| tree.walk_block(block).any(|inner| class(tree, inner) == StepClass::Loop))
}

/// Appends a branch to a statement: its operations, then the branch.
fn flatten(tree: &Tree, op: OpId, run: &mut Vec<OpId>, depth: usize) {
    for &region in &tree.operation(op).regions {
        for &block in &tree.region(region).blocks {
            for &inner in &tree.block(block).operations {
                if class(tree, inner) == StepClass::Condition && depth < MAX_NESTING {
                    flatten(tree, inner, run, depth + 1);
                } else {
                    run.push(inner);
                }
            }
        }
    }
    run.push(op);
}

fn stored_lanes(tree: &Tree, op: OpId) -> u64 {
    tree.operation(op).operands.first().and_then(|&v| elements(tree, v)).unwrap_or(1)
}
