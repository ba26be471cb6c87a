//! Scalar code: loop nests over memories and straight-line statements, as operations of the machine.
//!
//! A nest is distributed: every run of straight-line code between loops is one statement over its whole iteration
//! space, and statements run one after the other; branches without loops belong to the statement around them, both
//! taken. A statement that adds products to something its loops sum over is a contraction, whose matrix is the whole
//! memory read (so unrolling, tiling and vectorising change nothing); functions of one factor before the product
//! are done once per element of that factor. Other arithmetic is element-wise work, counted as [`super::points`]
//! says; without arithmetic a statement moves data.

use smallvec::SmallVec;

use crate::analysis::trip_counts::TripCounts;
use crate::registry::facts::{Evaluation, IndexedAccess, StepClass};
use crate::tree::{AffineExpr, AffineMap, AttributeValue, BlockId, Definition, OpId, Tree, ValueId};

use super::build::at_most;
use super::classify::class;
use super::contraction::through;
use super::points;
use super::product::{self, Product, Stores};
use super::set::Set;
use super::shape::{MAX_COUNT, elements, is_index, is_memref, is_tensor, product};
use super::{Step, Unplaced, Values, Work};

/// Deepest nest that is looked into.
const MAX_NESTING: usize = 64;

/// Longest chain of index arithmetic followed to loop variables.
pub(super) const MAX_CHAIN: usize = 64;

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

/// A loop (or a branch with loops in it, which has no variables) around a statement.
pub(super) struct Enclosing {
    pub(super) op: OpId,
    pub(super) variables: Vec<ValueId>,
}

/// Loop variables that something depends on.
pub(super) type Variables = Set<ValueId>;

/// Collects the statements of a nest.
pub(super) struct Nest<'a> {
    tree: &'a Tree,
    executions: &'a TripCounts,
    /// Executions of the nest as a whole, which the loops over tensors around it repeat.
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

/// A read or write of memory within a statement.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Access<'t> {
    pub(super) memory: ValueId,
    indices: &'t [ValueId],
    /// Which indices each dimension of the memory depends on; without, every dimension has its own.
    map: Option<&'t AffineMap>,
}

impl<'a> Nest<'a> {
    fn new(tree: &'a Tree, executions: &'a TripCounts, first: OpId) -> Self {
        let repeated = at_most(executions.operation(tree, first)).unwrap_or(1).max(1);
        Self { tree, executions, repeated, loops: Vec::new(), steps: Vec::new() }
    }

    /// Executions of an operation each time the nest runs; `None` where the text does not tell.
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
                            // A branch is a level of nesting too.
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
            // Constants, addresses, fills: where a value is stored that nothing computes, no data move.
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
        // Sums that loops carry leave as their results.
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
            // Unrolled copies read the same two memories: one contraction, so many times the work.
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

/// Appends a branch to a statement: what is in it, then itself.
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

/// Whether an operation calculates with data (not addresses, not constants).
pub(super) fn computes(tree: &Tree, op: OpId) -> bool {
    let record = tree.record(op);
    let data = tree.operation(op).results.iter().any(|&r| !is_index(tree, r));
    let compares_addresses =
        record.evaluation == Evaluation::Compare && tree.operation(op).operands.iter().all(|&o| is_index(tree, o));
    record.calculates && data && !compares_addresses
}

/// Whether an operation only changes the format of a number.
pub(super) fn converts(tree: &Tree, op: OpId) -> bool {
    tree.operation(op).results.first().is_some_and(|&r| through(tree, r) != r)
}

fn stored_lanes(tree: &Tree, op: OpId) -> u64 {
    tree.operation(op).operands.first().and_then(|&v| elements(tree, v)).unwrap_or(1)
}

/// The access an operation makes, if it reads (or stores) memory.
pub(super) fn access(tree: &Tree, op: OpId, stores: bool) -> Option<Access<'_>> {
    let (is_store, skip) = match tree.record(op).access {
        IndexedAccess::Load => (false, 0),
        IndexedAccess::Store => (true, 1),
        IndexedAccess::None => return None,
    };
    if is_store != stores {
        return None;
    }
    let operands = &tree.operation(op).operands;
    let (&memory, rest) = operands.get(skip..)?.split_first()?;
    if !is_memref(tree, memory) && !is_tensor(tree, memory) {
        return None;
    }
    Some(match tree.attribute(op, "map") {
        Some(AttributeValue::AffineMap(map)) => Access { memory, indices: rest, map: Some(map) },
        // Transfers have padding and masks behind their indices.
        _ => Access { memory, indices: &rest[..rest.len().min(extents_rank(tree, memory))], map: None },
    })
}

fn extents_rank(tree: &Tree, memory: ValueId) -> usize {
    tree.types().shape(tree.value(memory).ty).map_or(0, <[_]>::len)
}

/// Adds the loop variables that an expression over `indices` depends on: dimensions first, then symbols.
fn follow(tree: &Tree, e: &AffineExpr, dimensions: usize, indices: &[ValueId], all: &mut Variables) {
    let mut left: SmallVec<[&AffineExpr; 8]> = SmallVec::from_slice(&[e]);
    while let Some(e) = left.pop() {
        let index = match e {
            AffineExpr::Dimension(d) => *d as usize,
            AffineExpr::Symbol(s) => dimensions + *s as usize,
            AffineExpr::Constant(_) => continue,
            AffineExpr::Add(a, b)
            | AffineExpr::Mul(a, b)
            | AffineExpr::Mod(a, b)
            | AffineExpr::FloorDiv(a, b)
            | AffineExpr::CeilDiv(a, b) => {
                left.extend([&**a, &**b]);
                continue;
            }
        };
        indices.get(index).into_iter().for_each(|&index| reach(tree, index, all));
    }
}

/// Loop variables that each dimension of an access depends on.
pub(super) fn variables(tree: &Tree, access: Access<'_>) -> SmallVec<[Variables; 4]> {
    let mut dimensions = SmallVec::new();
    match access.map {
        None => dimensions.extend(access.indices.iter().map(|&index| {
            let mut all = Variables::default();
            reach(tree, index, &mut all);
            all
        })),
        Some(map) => dimensions.extend(map.results.iter().map(|e| {
            let mut all = Variables::default();
            follow(tree, e, map.dimensions as usize, access.indices, &mut all);
            all
        })),
    }
    dimensions
}

/// Loop variables that an access depends on.
pub(super) fn all_variables(tree: &Tree, access: Access<'_>) -> Variables {
    let mut all = Variables::default();
    match access.map {
        None => access.indices.iter().for_each(|&index| reach(tree, index, &mut all)),
        Some(map) => {
            map.results.iter().for_each(|e| follow(tree, e, map.dimensions as usize, access.indices, &mut all));
        }
    }
    all
}

/// Adds the block arguments that an index is computed from.
fn reach(tree: &Tree, index: ValueId, arguments: &mut Variables) {
    let mut left: SmallVec<[ValueId; 8]> = SmallVec::from_slice(&[index]);
    for _ in 0..MAX_CHAIN {
        let Some(value) = left.pop() else { break };
        match tree.value(value).definition {
            Definition::Argument { .. } => arguments.insert(value),
            Definition::Result { operation, .. } => left.extend_from_slice(&tree.operation(operation).operands),
            Definition::Missing => {}
        }
    }
}
