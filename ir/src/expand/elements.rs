//! Arithmetic on whole tensors, as a loop nest over their elements: what upstream's pass `convert-elementwise-to-linalg` makes
//! of it. A result whose type an operand has is computed into that operand, others into a fresh tensor.

use super::builder::{Builder, Place, dimensions};
use super::structured::rank;
use crate::registry::names::normal;
use crate::tree::{OpId, Tree, Type, ValueId};

/// Whether an operation computes tensors from elements: not inside the body of a structured operation, whose tensors without
/// extents stand for scalars.
pub(super) fn is_on_tensors(tree: &Tree, operation: OpId) -> bool {
    let node = tree.operation(operation);
    let is_tensor = |&value: &ValueId| matches!(tree.value_type(value), Type::Tensor { shape: Some(_), .. });
    if node.results.is_empty() || !node.results.iter().all(is_tensor) || !node.regions.is_empty() {
        return false;
    }
    let parent = tree.region(tree.block(node.block).region).operation;
    !parent.is_some_and(|parent| tree.record(parent).has_scalar_body)
}

pub(super) fn expand(builder: &mut Builder, operation: OpId) -> Option<()> {
    let tree = &builder.tree;
    let node = tree.operation(operation).clone();
    let loops = rank(tree, *node.results.first()?);
    let is_fit = |&value: &ValueId| matches!(rank(tree, value), 0) || rank(tree, value) == loops;
    if !node.operands.iter().chain(&node.results).all(is_fit) {
        return None;
    }
    let place = Place { block: node.block, span: node.span };
    let mut operands = node.operands.clone();
    let mut fresh = Vec::new();
    for &result in &node.results {
        let ty = builder.tree.value(result).ty;
        let same = node.operands.iter().copied().find(|&o| builder.tree.value(o).ty == ty);
        operands.push(same.unwrap_or_else(|| {
            let name = builder.name(normal::EMPTY);
            let empty = builder.detached(place, name, Vec::new(), &[ty], Vec::new());
            fresh.push(empty);
            builder.tree.operation(empty).results[0]
        }));
    }
    let own = |&v: &ValueId| if rank(&builder.tree, v) == loops { dimensions(0..loops) } else { Vec::new() };
    let subscripts = operands.iter().map(own).collect();
    let body = builder.body(operation, &operands);
    let arguments = builder.tree.block(body.block).arguments[..node.operands.len()].to_vec();
    let types: Vec<_> = node.results.iter().map(|&r| builder.element(r)).collect();
    let inner = builder.operation(body, node.name, arguments, &types, node.attributes.clone());
    let results = builder.tree.operation(inner).results.clone();
    builder.end_body(body, &results);
    builder.make_generic(operation, loops, subscripts, &vec![false; loops], node.operands.len());
    builder.tree.operations[operation.index()].operands = operands;
    let list = &mut builder.tree.blocks[node.block.index()].operations;
    let at = list.iter().position(|&o| o == operation)?;
    list.splice(at..at, fresh);
    Some(())
}
