//! Accesses of scalar code to memories and tensors, and the loop variables that their subscripts depend on.

use smallvec::SmallVec;

use crate::registry::facts::{Evaluation, IndexedAccess};
use crate::tree::{AffineExpr, AffineMap, AttributeValue, Definition, OpId, Tree, ValueId};

use super::contraction::through;
use super::set::Set;
use super::shape::{is_index, is_memref, is_tensor};

/// Longest chain of index arithmetic followed to loop variables.
pub(super) const MAX_CHAIN: usize = 64;

/// A loop (or a branch with loops in it, which has no variables) around a statement.
pub(super) struct Enclosing {
    pub(super) op: OpId,
    pub(super) variables: Vec<ValueId>,
}

/// Loop variables that something depends on.
pub(super) type Variables = Set<ValueId>;

/// A read or write of memory within a statement.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Access<'t> {
    pub(super) memory: ValueId,
    indices: &'t [ValueId],
    /// Subscripts as expressions over `indices`; `None`: one index for each dimension.
    map: Option<&'t AffineMap>,
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

/// The access of an operation that loads (or stores).
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
        // The padding and mask of a transfer come after its indices.
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
