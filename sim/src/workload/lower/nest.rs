//! Scalar code: loop nests over memories and straight-line statements, as operations of the machine.
//!
//! A nest is distributed: every run of straight-line code between loops is one statement over its whole iteration
//! space, and statements run one after the other. A statement that adds products to something its loops sum over
//! is a contraction, whose matrix is the whole memory read (so unrolling, tiling and vectorising change nothing);
//! other arithmetic is element-wise work, one element per execution and vector lane; without arithmetic it moves
//! data.

use std::collections::BTreeSet;

use ir::analysis::trip_counts::TripCounts;
use ir::tree::{AffineExpr, AttributeValue, BlockId, Definition, OpId, Tree, ValueId};

use super::classify::{Class, class};
use super::contraction::through;
use super::graph::at_most;
use super::shape::{elements, extents, is_index, is_memref, is_tensor, product};
use super::work::{Contraction, Item, Side, Unplaced, Work};

/// Deepest nest that is looked into.
const MAX_NESTING: usize = 64;

/// Longest chain of index arithmetic followed to loop variables.
const MAX_CHAIN: usize = 64;

/// Whether everything inside a loop is scalar code.
pub(super) fn is_scalar(tree: &Tree, op: OpId) -> bool {
    let Some(block) = tree.entry(op, 0) else { return false };
    tree.walk_block(block).all(|inner| {
        let operation = tree.operation(inner);
        let scalar = matches!(
            class(tree, inner),
            Class::Scalar | Class::Loop | Class::Condition | Class::Terminator | Class::Storage(_) | Class::View
        );
        scalar && !operation.results.iter().any(|&r| is_tensor(tree, r))
    })
}

/// A loop around a statement.
struct Enclosing {
    op: OpId,
    variables: Vec<ValueId>,
}

/// Collects the statements of a nest.
pub(super) struct Nest<'a> {
    tree: &'a Tree,
    executions: &'a TripCounts,
    loops: Vec<Enclosing>,
    items: Vec<Item>,
}

/// The statements of the loop nest `op`, in order.
pub(super) fn of_loop(tree: &Tree, executions: &TripCounts, op: OpId) -> Vec<Item> {
    let mut nest = Nest { tree, executions, loops: Vec::new(), items: Vec::new() };
    nest.enter(op);
    nest.items
}

/// One statement of straight-line code outside loops.
pub(super) fn of_run(tree: &Tree, executions: &TripCounts, run: &[OpId]) -> Vec<Item> {
    if run.is_empty() {
        return Vec::new();
    }
    let mut nest = Nest { tree, executions, loops: Vec::new(), items: Vec::new() };
    nest.statement(run);
    nest.items
}

/// A read or write of memory within a statement.
struct Access {
    memory: ValueId,
    indices: Vec<ValueId>,
    /// Which indices each dimension of the memory depends on; `None` where every dimension has its own index.
    map: Option<Vec<Vec<usize>>>,
}

impl Nest<'_> {
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
                Class::Loop => {
                    self.statement(&std::mem::take(&mut run));
                    self.enter(op);
                }
                Class::Condition if self.loops.len() < MAX_NESTING => {
                    self.statement(&std::mem::take(&mut run));
                    for &region in &tree.operation(op).regions {
                        for &inner in &tree.region(region).blocks {
                            // A branch is a level of nesting too; it has no variables.
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
        self.items.push(Item::Unplaced { op, why, reads: Vec::new(), writes: Vec::new() });
    }

    fn statement(&mut self, run: &[OpId]) {
        let tree = self.tree;
        let accesses = |stores: bool| run.iter().filter_map(move |&op| access(tree, op, stores));
        let computing: Vec<OpId> = run.iter().copied().filter(|&op| computes(tree, op)).collect();
        let mut reads: Vec<ValueId> = accesses(false).map(|a| a.memory).collect();
        let writes: Vec<ValueId> = accesses(true).map(|a| a.memory).collect();
        if computing.is_empty() && (reads.is_empty() || writes.is_empty()) {
            // Constants, addresses, fills: where a value is stored that nothing computes, no data move.
            if let (Some(&op), false) = (run.first(), writes.is_empty()) {
                let work = Work::Free("a constant fill");
                self.items.push(Item::Op { op, work, reads: Vec::new(), writes });
            }
            return;
        }
        let Some(&first) = run.iter().find(|&&op| computes(tree, op) || access(tree, op, true).is_some()) else {
            return;
        };
        let Some(times) = at_most(self.executions.operation(tree, first)) else {
            self.items.push(Item::Unplaced { op: first, why: Unplaced::UnknownTripCount, reads, writes });
            return;
        };
        let mut results: Vec<ValueId> = writes.clone();
        if self.loops.is_empty() {
            reads.extend(run.iter().flat_map(|&op| &tree.operation(op).operands));
            results.extend(run.iter().flat_map(|&op| &tree.operation(op).results));
        }
        // Sums that loops carry leave as their results.
        results.extend(self.loops.iter().flat_map(|l| &tree.operation(l.op).results));
        let lanes = |op: OpId| tree.operation(op).results.iter().filter_map(|&r| elements(tree, r)).max().unwrap_or(1);
        if computing.is_empty() {
            let moved = run.iter().filter(|&&op| access(tree, op, true).is_some());
            let width: u64 = moved.map(|&op| stored_lanes(tree, op)).max().unwrap_or(1);
            match product([times, width]) {
                Some(moved) => self.items.push(Item::Op { op: first, work: Work::Move(moved), reads, writes: results }),
                None => self.unplaced(first, Unplaced::TooLarge),
            }
            return;
        }
        let mut contractions: Vec<(OpId, Contraction)> = Vec::new();
        let mut used: BTreeSet<OpId> = BTreeSet::new();
        for &op in &computing {
            let Some((found, product)) = contraction(tree, run, &self.loops, op, times, lanes(op)) else { continue };
            used.extend([op, product]);
            // Unrolled copies read the same two memories: one contraction, so many times the work.
            let same = |c: &&mut (OpId, Contraction)| {
                c.1.sides[0].value == found.sides[0].value && c.1.sides[1].value == found.sides[1].value
            };
            match contractions.iter_mut().find(same) {
                Some((_, known)) => {
                    known.macs = known.macs.saturating_add(found.macs).min(super::shape::MAX_COUNT);
                }
                None => contractions.push((op, found)),
            }
        }
        for (op, found) in contractions {
            let reads = found.sides.map(|s| s.value).to_vec();
            self.items.push(Item::Op { op, work: Work::Contraction(found), reads, writes: results.clone() });
        }
        let left: Vec<OpId> = computing.iter().copied().filter(|op| !used.contains(op)).collect();
        let real = left.iter().filter(|&&op| !converts(tree, op));
        if let Some(&op) = real.clone().next() {
            let width = real.map(|&op| lanes(op)).max().unwrap_or(1);
            match product([times, width]) {
                Some(elements) => {
                    let work = Work::Nonlinear { elements, chain: 1 };
                    self.items.push(Item::Op { op, work, reads, writes: results });
                }
                None => self.unplaced(op, Unplaced::TooLarge),
            }
        }
    }
}

/// Whether an operation calculates with data (not addresses, not constants).
fn computes(tree: &Tree, op: OpId) -> bool {
    let name = tree.name(op);
    let arithmetic = name.starts_with("arith.") || name.starts_with("math.") || name.starts_with("vector.");
    let data = tree.operation(op).results.iter().any(|&r| !is_index(tree, r));
    let moves = matches!(
        name,
        "arith.constant"
            | "vector.broadcast"
            | "vector.splat"
            | "vector.load"
            | "vector.transfer_read"
            | "vector.extract"
            | "vector.insert"
            | "vector.shape_cast"
            | "vector.shuffle"
            | "vector.constant_mask"
            | "vector.create_mask"
            | "vector.step"
            | "vector.vscale"
            | "vector.extractelement"
            | "vector.insertelement"
    );
    let compares_addresses = name == "arith.cmpi" && tree.operation(op).operands.iter().all(|&o| is_index(tree, o));
    arithmetic && data && !moves && !compares_addresses
}

/// Whether an operation only changes the format of a number.
fn converts(tree: &Tree, op: OpId) -> bool {
    tree.operation(op).results.first().is_some_and(|&r| through(tree, r) != r)
}

fn stored_lanes(tree: &Tree, op: OpId) -> u64 {
    tree.operation(op).operands.first().and_then(|&v| elements(tree, v)).unwrap_or(1)
}

/// The access an operation makes, if it reads (or stores) memory.
fn access(tree: &Tree, op: OpId, stores: bool) -> Option<Access> {
    let (is_store, skip) = match tree.name(op) {
        "memref.load"
        | "affine.load"
        | "vector.load"
        | "affine.vector_load"
        | "vector.transfer_read"
        | "tensor.extract" => (false, 0),
        "memref.store" | "affine.store" | "vector.store" | "affine.vector_store" | "vector.transfer_write" => (true, 1),
        _ => return None,
    };
    if is_store != stores {
        return None;
    }
    let operands = &tree.operation(op).operands;
    let (&memory, rest) = operands.get(skip..)?.split_first()?;
    if !is_memref(tree, memory) && !is_tensor(tree, memory) {
        return None;
    }
    let map = match tree.attribute(op, "map") {
        Some(AttributeValue::AffineMap(map)) => {
            Some(map.results.iter().map(|e| dependencies(e, map.dimensions as usize)).collect())
        }
        _ => None,
    };
    let indices = match (&map, tree.value_type(memory)) {
        // Transfers have padding and masks behind their indices.
        (None, _) => rest[..rest.len().min(extents_rank(tree, memory))].to_vec(),
        _ => rest.to_vec(),
    };
    Some(Access { memory, indices, map })
}

fn extents_rank(tree: &Tree, memory: ValueId) -> usize {
    tree.types().shape(tree.value(memory).ty).map_or(0, <[_]>::len)
}

/// Operands an expression depends on: dimensions first, then symbols.
fn dependencies(e: &AffineExpr, dimensions: usize) -> Vec<usize> {
    let mut all = Vec::new();
    let mut left = vec![e];
    while let Some(e) = left.pop() {
        match e {
            AffineExpr::Dimension(d) => all.push(*d as usize),
            AffineExpr::Symbol(s) => all.push(dimensions + *s as usize),
            AffineExpr::Constant(_) => {}
            AffineExpr::Add(a, b)
            | AffineExpr::Mul(a, b)
            | AffineExpr::Mod(a, b)
            | AffineExpr::FloorDiv(a, b)
            | AffineExpr::CeilDiv(a, b) => left.extend([&**a, &**b]),
        }
    }
    all
}

/// Loop variables that each dimension of an access depends on.
fn variables(tree: &Tree, access: &Access) -> Vec<BTreeSet<ValueId>> {
    let of = |index: &ValueId| reaches(tree, *index);
    match &access.map {
        None => access.indices.iter().map(of).collect(),
        Some(map) => map
            .iter()
            .map(|inputs| inputs.iter().filter_map(|&i| access.indices.get(i)).flat_map(of).collect())
            .collect(),
    }
}

/// Block arguments that an index is computed from.
fn reaches(tree: &Tree, index: ValueId) -> BTreeSet<ValueId> {
    let mut arguments = BTreeSet::new();
    let mut left = vec![index];
    for _ in 0..MAX_CHAIN {
        let Some(value) = left.pop() else { break };
        match tree.value(value).definition {
            Definition::Argument { .. } => {
                arguments.insert(value);
            }
            Definition::Result { operation, .. } => left.extend(&tree.operation(operation).operands),
            Definition::Missing => {}
        }
    }
    arguments
}

/// The contraction that the sum `op` of a statement is part of, with the operation of its product.
fn contraction(
    tree: &Tree,
    run: &[OpId],
    loops: &[Enclosing],
    op: OpId,
    times: u64,
    lanes: u64,
) -> Option<(Contraction, OpId)> {
    let operands = &tree.operation(op).operands;
    let (factors, product_op, accumulator) = match tree.name(op) {
        "arith.addf" | "arith.addi" => {
            let &[a, b] = operands.as_slice() else { return None };
            let (product, accumulator) = match (product_of(tree, a), product_of(tree, b)) {
                (_, Some(product)) => (product, a),
                (Some(product), None) => (product, b),
                _ => return None,
            };
            let &[x, y] = tree.operation(product).operands.as_slice() else { return None };
            ([x, y], product, accumulator)
        }
        "vector.fma" | "math.fma" => {
            let &[x, y, accumulator] = operands.as_slice() else { return None };
            ([x, y], op, accumulator)
        }
        _ => return None,
    };
    let load = |v: ValueId| {
        let Definition::Result { operation, .. } = tree.value(through(tree, v)).definition else { return None };
        access(tree, operation, false)
    };
    if through(tree, factors[0]) == through(tree, factors[1]) {
        // A sum of squares reduces one operand.
        return None;
    }
    let (a, b) = (load(factors[0])?, load(factors[1])?);
    let around: BTreeSet<ValueId> = loops.iter().flat_map(|l| l.variables.iter().copied()).collect();
    let kept = kept_variables(tree, run, loops, op, accumulator)?;
    let summed: BTreeSet<ValueId> = around.difference(&kept).copied().collect();
    if summed.is_empty() {
        return None;
    }
    let side = |access: &Access| -> Option<(Side, BTreeSet<ValueId>)> {
        let extents = extents(tree, access.memory)?;
        let dims = variables(tree, access);
        // A dimension at a fixed place is not walked through.
        let walked: Vec<(u64, bool)> = extents
            .iter()
            .zip(&dims)
            .filter(|(_, vars)| vars.iter().any(|v| around.contains(v)))
            .map(|(&extent, vars)| (extent, vars.iter().any(|v| summed.contains(v))))
            .collect();
        let (rank, inner) = (extents.len(), extents.last().copied().unwrap_or(1));
        let fan_in = product(walked.iter().filter(|(_, s)| *s).map(|(e, _)| *e))?;
        let elements = product(walked.iter().map(|(e, _)| *e))?;
        let all = dims.into_iter().flatten().collect();
        Some((Side { value: access.memory, elements, rank, inner, fan_in }, all))
    };
    let ((a, a_vars), (b, b_vars)) = (side(&a)?, side(&b)?);
    let batched = kept.iter().any(|v| a_vars.contains(v) && b_vars.contains(v));
    let macs = product([times, lanes])?;
    Some((Contraction { macs, sides: [a, b], batched, slots: 1 }, product_op))
}

/// The multiplication that makes a value.
fn product_of(tree: &Tree, value: ValueId) -> Option<OpId> {
    let Definition::Result { operation, .. } = tree.value(through(tree, value)).definition else { return None };
    matches!(tree.name(operation), "arith.mulf" | "arith.muli").then_some(operation)
}

/// What the loop `op` with body `block` is given for the value it carries as `argument`.
fn initial(tree: &Tree, op: OpId, block: BlockId, argument: ValueId) -> Option<ValueId> {
    let arguments = &tree.block(block).arguments;
    let from_end = arguments.len() - arguments.iter().position(|&a| a == argument)?;
    let operands = &tree.operation(op).operands;
    operands.get(operands.len().checked_sub(from_end)?).copied()
}

/// Loop variables that the result of a sum is kept apart for.
fn kept_variables(
    tree: &Tree,
    run: &[OpId],
    loops: &[Enclosing],
    sum: OpId,
    accumulator: ValueId,
) -> Option<BTreeSet<ValueId>> {
    // A sum carried by a loop is kept apart for the loops around that one.
    let mut at = through(tree, accumulator);
    for _ in 0..MAX_CHAIN {
        match tree.value(at).definition {
            Definition::Argument { block, .. } => {
                let carrier = loops.iter().position(|l| tree.entry(l.op, 0) == Some(block))?;
                let outer = initial(tree, loops[carrier].op, block, at).map(|v| through(tree, v));
                match outer.map(|v| (v, tree.value(v).definition)) {
                    // The loop around it may carry the same sum.
                    Some((value, Definition::Argument { block, .. }))
                        if loops[..carrier]
                            .iter()
                            .any(|l| tree.entry(l.op, 0) == Some(block) && !l.variables.contains(&value)) =>
                    {
                        at = value;
                    }
                    _ => return Some(loops[..carrier].iter().flat_map(|l| l.variables.iter().copied()).collect()),
                }
            }
            Definition::Result { operation, .. } if access(tree, operation, false).is_some() => break,
            // Unrolled sums hang on each other.
            Definition::Result { operation, .. } => {
                let operands = &tree.operation(operation).operands;
                at = match tree.name(operation) {
                    "arith.addf" | "arith.addi" => {
                        let &[a, b] = operands.as_slice() else { return None };
                        through(tree, if product_of(tree, a).is_some() { b } else { a })
                    }
                    "vector.fma" | "math.fma" => through(tree, *operands.get(2)?),
                    _ => return None,
                };
            }
            Definition::Missing => return None,
        }
    }
    // A sum in memory is kept apart for what its place depends on.
    let mut results: BTreeSet<ValueId> = tree.operation(sum).results.iter().copied().collect();
    let mut place = None;
    for &op in run {
        let operands = &tree.operation(op).operands;
        if operands.iter().any(|o| results.contains(o)) {
            if let Some(store) = access(tree, op, true) {
                place = Some(variables(tree, &store).into_iter().flatten().collect());
            } else {
                results.extend(&tree.operation(op).results);
            }
        }
    }
    place
}
