//! How operations take part in steps, and the work of those on whole tensors or memories.

use crate::registry::facts::{Dialect, StepClass};
use crate::tree::{AffineExpr, AttributeValue, OpId, Tree};

use super::contraction;
use super::shape::{elements, is_memref, is_tensor, product};
use super::step::{Unplaced, Work};

/// The class of an operation, with what depends on types settled: never `Elementwise` or `ScalarConstant`.
pub(super) fn class(tree: &Tree, op: OpId) -> StepClass {
    let of_tensors = || tree.operation(op).results.first().is_some_and(|&r| is_tensor(tree, r));
    match tree.record(op).steps {
        StepClass::Elementwise if of_tensors() => StepClass::Nonlinear(1),
        StepClass::ScalarConstant if of_tensors() => StepClass::Constant,
        StepClass::Elementwise | StepClass::ScalarConstant => StepClass::Scalar,
        other => other,
    }
}

/// Elements an operation works on: the largest of its operands and results.
fn largest(tree: &Tree, op: OpId) -> Option<u64> {
    let operation = tree.operation(op);
    let sizes: Option<Vec<u64>> =
        operation.operands.iter().chain(&operation.results).map(|&v| elements(tree, v)).collect();
    sizes?.into_iter().max()
}

/// Elements of a window given as an attribute; 1 without.
fn window(tree: &Tree, op: OpId) -> u64 {
    let values = ["kernel", "window_dimensions"].iter().find_map(|name| tree.attribute(op, name));
    let extents: Vec<u64> = match values {
        Some(AttributeValue::DenseArray(_, all)) => all.iter().map(|&e| e as u64).collect(),
        Some(AttributeValue::Dense { elements: Some(all), .. }) => all.iter().map(|&e| e as u64).collect(),
        _ => Vec::new(),
    };
    product(extents).unwrap_or(1)
}

/// The work of an operation on whole tensors or memories.
pub(super) fn work(tree: &Tree, op: OpId, class: StepClass) -> Result<Work, Unplaced> {
    let operation = tree.operation(op);
    let sized = |count: Option<u64>| count.ok_or_else(|| unsized_because(tree, op));
    match class {
        StepClass::Constant => Ok(Work::Free("known before the first call")),
        StepClass::Storage(why) => Ok(Work::Free(why)),
        StepClass::View => Ok(Work::Free("another view of the same data")),
        StepClass::Copy => {
            // The data with the new layout: the result if there is one, else the destination.
            let moved = operation.results.first().or(operation.operands.last());
            sized(moved.and_then(|&v| elements(tree, v))).map(Work::Move)
        }
        StepClass::Insert => sized(operation.operands.first().and_then(|&v| elements(tree, v))).map(Work::Move),
        StepClass::Gather => sized(operation.results.first().and_then(|&v| elements(tree, v))).map(Work::Move),
        StepClass::Contraction => {
            contraction::of_named(tree, op).map(Work::Contraction).ok_or_else(|| unsized_because(tree, op))
        }
        StepClass::Nonlinear(chain) => {
            let elements = largest(tree, op).and_then(|n| product([n, window(tree, op)]));
            sized(elements).map(|elements| Work::Nonlinear { elements, chain })
        }
        StepClass::Body => body(tree, op),
        _ => Err(Unplaced::UnknownOperation),
    }
}

/// Why the size is not known: an extent is dynamic, or sizes are too large, or the operation is not understood.
fn unsized_because(tree: &Tree, op: OpId) -> Unplaced {
    let operation = tree.operation(op);
    let mut values = operation.operands.iter().chain(&operation.results);
    if values.clone().any(|&v| super::shape::extents(tree, v).is_none()) {
        Unplaced::UnknownShape
    } else if values.any(|&v| elements(tree, v).is_none()) {
        Unplaced::TooLarge
    } else {
        Unplaced::UnknownOperation
    }
}

/// `linalg.generic`: a contraction, a copy, or functions of the elements of its domain.
fn body(tree: &Tree, op: OpId) -> Result<Work, Unplaced> {
    if let Some(contraction) = contraction::of_generic(tree, op) {
        return Ok(Work::Contraction(contraction));
    }
    let computes = |op: &OpId| {
        let record = tree.record(*op);
        let data = tree.operation(*op).results.iter().any(|&r| !super::shape::is_index(tree, r));
        data && record.calculates && record.dialect != Dialect::Vector
    };
    let operands = &tree.operation(op).operands;
    let domain = contraction::maps(tree, op)
        .filter(|m| m.len() == operands.len())
        .and_then(|maps| contraction::domain(tree, operands, &maps))
        .and_then(product)
        .or_else(|| largest(tree, op));
    let Some(elements) = domain else { return Err(unsized_because(tree, op)) };
    let calculates = tree.entry(op, 0).is_none_or(|block| tree.walk_block(block).any(|inner| computes(&inner)));
    Ok(if calculates {
        Work::Nonlinear { elements, chain: 1 }
    } else if !reads_data(tree, op) {
        Work::Free("a constant fill")
    } else if reads_in_order(tree, op) && !tree.operation(op).results.is_empty() {
        Work::Free("a broadcast: its readers repeat the data")
    } else {
        Work::Move(elements)
    })
}

/// Whether a body reads elements of tensors or memories.
fn reads_data(tree: &Tree, op: OpId) -> bool {
    let Some(body) = tree.entry(op, 0) else { return true };
    let arguments = tree.block(body).arguments.iter().zip(&tree.operation(op).operands);
    let data: Vec<_> = arguments
        .filter(|(_, o)| is_tensor(tree, **o) || is_memref(tree, **o))
        .map(|(argument, _)| *argument)
        .collect();
    tree.walk_block(body).any(|inner| {
        let operands = &tree.operation(inner).operands;
        contraction::loads_element(tree, inner) || operands.iter().any(|operand| data.contains(operand))
    })
}

/// Whether a body without arithmetic passes its inputs on in their memory order.
fn reads_in_order(tree: &Tree, op: OpId) -> bool {
    let Some(maps) = contraction::maps(tree, op) else { return false };
    let gathers = tree.entry(op, 0).is_some_and(|block| {
        tree.walk_block(block).any(|inner| {
            let operands = &tree.operation(inner).operands;
            // `tensor.extract %t[]` reads the only element; with indices it is a gather.
            contraction::loads_element(tree, inner) && operands.len() > 1
        })
    });
    let in_order = |results: &[AffineExpr]| {
        let mut next = 0;
        results.iter().all(|e| match e {
            AffineExpr::Constant(_) => true,
            AffineExpr::Dimension(d) => {
                let later = *d >= next;
                next = d.saturating_add(1);
                later
            }
            _ => false,
        })
    };
    !gathers && maps.iter().all(|map| in_order(&map.results))
}
