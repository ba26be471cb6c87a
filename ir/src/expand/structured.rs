//! Structured operations that have their scalar body: loops and subscripts are added.

use super::builder::{Builder, dimensions, scaled, sum};
use crate::registry::structure::{self, Factor, NamedStructure, Term};
use crate::tree::{AffineExpr, AttributeValue, Dimension, OpId, Tree, ValueId};

/// A named operation, by its maps, its definition, or element by element.
pub(super) fn expand(builder: &mut Builder, operation: OpId) -> Option<()> {
    let tree = &builder.tree;
    let operands = tree.operation(operation).operands.len();
    if let Some((loops, subscripts)) = given(tree, operation, operands) {
        let output: Vec<usize> = plain(subscripts.last()?);
        let reductions: Vec<bool> = (0..loops).map(|d| !output.contains(&d)).collect();
        builder.make_generic(operation, loops, subscripts, &reductions, operands - 1);
        return Some(());
    }
    let Some(structure) = structure::of(tree.record(operation)) else { return pointwise(builder, operation) };
    if structure.operands.len() != operands {
        return None;
    }
    let subscripts = written_out(tree, operation, structure);
    builder.make_generic(operation, structure.reductions.len(), subscripts, &structure.reductions, operands - 1);
    Some(())
}

/// The attribute `indexing_maps`: the number of loops, and the subscripts of each operand.
fn given(tree: &Tree, operation: OpId, operands: usize) -> Option<(usize, Vec<Vec<AffineExpr>>)> {
    let AttributeValue::Array(maps) = tree.attribute(operation, "indexing_maps")? else { return None };
    let maps: Vec<_> = maps
        .iter()
        .map(|m| if let AttributeValue::AffineMap(map) = m { Some(map) } else { None })
        .collect::<Option<_>>()?;
    let loops = maps.first()?.dimensions as usize;
    (maps.len() == operands).then(|| (loops, maps.into_iter().map(|map| map.results.clone()).collect()))
}

/// The loops that are subscripts on their own.
fn plain(subscripts: &[AffineExpr]) -> Vec<usize> {
    let single = |e: &AffineExpr| if let AffineExpr::Dimension(d) = e { Some(*d as usize) } else { None };
    subscripts.iter().filter_map(single).collect()
}

/// Subscripts with the strides and dilations of an operation, which are 1 where it states none.
fn written_out(tree: &Tree, operation: OpId, structure: &NamedStructure) -> Vec<Vec<AffineExpr>> {
    let (strides, dilations) = (numbers(tree, operation, "strides"), numbers(tree, operation, "dilations"));
    let one = |term: &Term| {
        let factor = match term.factor {
            Factor::One => 1,
            Factor::Stride(place) => strides.get(place).copied().unwrap_or(1),
            Factor::Dilation(place) => dilations.get(place).copied().unwrap_or(1),
        };
        scaled(term.dimension as usize, factor)
    };
    let subscript = |terms: &Vec<Term>| terms.iter().map(one).reduce(sum).unwrap_or(AffineExpr::Constant(0));
    structure.operands.iter().map(|operand| operand.iter().map(subscript).collect()).collect()
}

/// Numbers of an attribute: a dense array, a dense tensor or an array of integers; a splat is repeated.
pub(super) fn numbers(tree: &Tree, operation: OpId, attribute: &str) -> Vec<i64> {
    match tree.attribute(operation, attribute) {
        Some(AttributeValue::DenseArray(_, all) | AttributeValue::Dense { elements: Some(all), .. }) => {
            all.iter().map(|&n| n as i64).collect()
        }
        Some(AttributeValue::Dense { splat: Some(one), .. }) => vec![*one as i64; 8],
        Some(AttributeValue::Array(all)) => all
            .iter()
            .filter_map(|n| if let AttributeValue::Integer(n, _) = n { i64::try_from(*n).ok() } else { None })
            .collect(),
        _ => Vec::new(),
    }
}

/// Dimensions of a value; 0 for scalars.
pub(super) fn rank(tree: &Tree, value: ValueId) -> usize {
    tree.types().shape(tree.value(value).ty).map_or(0, <[Dimension]>::len)
}

/// Results, or operands of the body's end, of which there are as many as outputs.
fn outputs(tree: &Tree, operation: OpId) -> usize {
    let node = tree.operation(operation);
    let yielded = || {
        let body = tree.entry(operation, 0).and_then(|block| tree.block(block).operations.last());
        body.map_or(1, |&last| tree.operation(last).operands.len())
    };
    if node.results.is_empty() { yielded().max(1) } else { node.results.len() }
}

/// A loop for each dimension of the output; operands of another rank are scalars.
pub(super) fn pointwise(builder: &mut Builder, operation: OpId) -> Option<()> {
    let tree = &builder.tree;
    let operands = &tree.operation(operation).operands;
    let loops = rank(tree, *operands.last()?);
    let own = |&value: &ValueId| if rank(tree, value) == loops { dimensions(0..loops) } else { Vec::new() };
    let subscripts = operands.iter().map(own).collect();
    let inputs = operands.len().checked_sub(outputs(tree, operation))?;
    builder.make_generic(operation, loops, subscripts, &vec![false; loops], inputs);
    Some(())
}

/// `linalg.reduce`: as many outputs as inputs.
pub(super) fn reduction(builder: &mut Builder, operation: OpId) -> Option<()> {
    let tree = &builder.tree;
    let operands = &tree.operation(operation).operands;
    let loops = rank(tree, *operands.first()?);
    let reduced = numbers(tree, operation, "dimensions");
    let reductions: Vec<bool> = (0..loops).map(|d| reduced.contains(&(d as i64))).collect();
    let kept = || dimensions((0..loops).filter(|&d| !reductions[d]));
    let inputs = operands.len() / 2;
    let subscripts = (0..operands.len()).map(|at| if at < inputs { dimensions(0..loops) } else { kept() }).collect();
    builder.make_generic(operation, loops, subscripts, &reductions, inputs);
    Some(())
}

/// `linalg.transpose`.
pub(super) fn transposition(builder: &mut Builder, operation: OpId) -> Option<()> {
    let tree = &builder.tree;
    let &[_, output] = tree.operation(operation).operands.as_slice() else { return None };
    let loops = rank(tree, output);
    let mut own: Vec<usize> = (0..loops).collect();
    for (place, &from) in numbers(tree, operation, "permutation").iter().enumerate() {
        *own.get_mut(usize::try_from(from).ok()?)? = place;
    }
    builder.make_generic(operation, loops, vec![dimensions(own), dimensions(0..loops)], &vec![false; loops], 1);
    Some(())
}

/// `linalg.broadcast`.
pub(super) fn broadcast(builder: &mut Builder, operation: OpId) -> Option<()> {
    let tree = &builder.tree;
    let &[_, output] = tree.operation(operation).operands.as_slice() else { return None };
    let loops = rank(tree, output);
    let added = numbers(tree, operation, "dimensions");
    let own = dimensions((0..loops).filter(|&d| !added.contains(&(d as i64))));
    builder.make_generic(operation, loops, vec![own, dimensions(0..loops)], &vec![false; loops], 1);
    Some(())
}
