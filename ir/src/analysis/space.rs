//! Iteration spaces: how often the body of a structured operation is executed.

use super::range::Range;
use super::size::{elements, elements_of};
use crate::tree::{AffineExpr, AffineMap, AttributeValue, Dimension, OpId, Tree};

/// Points of the iteration space of a `linalg` operation; `None` for operations of the dialect without one.
pub(super) fn linalg(tree: &Tree, operation: OpId) -> Option<Range> {
    let name = tree.name(operation).strip_prefix("linalg.")?;
    if let Some(space) = mapped(tree, operation) {
        return Some(space);
    }
    let operands = &tree.operation(operation).operands;
    let operand = |index: usize| operands.get(index).map(|&v| tree.value(v).ty);
    let shape = |index: usize| tree.types().shape(operand(index)?);
    let last = elements(tree, operand(operands.len().checked_sub(1)?)?);
    if let Some((left, right)) = contraction(name) {
        return Some(einsum(&[(left, shape(0)?), (right, shape(1)?)]));
    }
    if let Some(letters) = convolution(name) {
        // Points of the output times those extents of the kernel that the output does not have.
        let kept = if name.starts_with("depthwise") { "cm" } else { "fg" };
        let kernel = letters.chars().zip(shape(1)?);
        let reduced: Vec<Dimension> = kernel.filter(|(letter, _)| !kept.contains(*letter)).map(|(_, d)| *d).collect();
        return Some(last * elements_of(&reduced));
    }
    if name.starts_with("pooling_") {
        return Some(last * elements(tree, operand(1)?));
    }
    match name {
        "reduce" => Some(elements(tree, operand(0)?)),
        "generic" | "contract" => Some(Range::UNKNOWN),
        "index" | "yield" | "pack" | "unpack" | "softmax" => None,
        _ if name.starts_with("winograd") => None,
        // Element-wise: `fill`, `copy`, `transpose`, `broadcast`, `map`, `add`, `exp`, ...
        _ => Some(last),
    }
}

/// From `indexing_maps`: every loop's extent is an extent of an operand that is indexed by the loop alone.
fn mapped(tree: &Tree, operation: OpId) -> Option<Range> {
    let AttributeValue::Array(maps) = tree.attribute(operation, "indexing_maps")? else { return None };
    let maps: Vec<&AffineMap> =
        maps.iter().filter_map(|m| if let AttributeValue::AffineMap(map) = m { Some(map) } else { None }).collect();
    let operands = &tree.operation(operation).operands;
    extents(&maps, operands.iter().map(|&v| tree.types().shape(tree.value(v).ty)))
}

/// Product of the loops' extents.
pub(super) fn extents<'a>(maps: &[&AffineMap], shapes: impl Iterator<Item = Option<&'a [Dimension]>>) -> Option<Range> {
    let loops = maps.first()?.dimensions as usize;
    let mut extents: Vec<Option<Dimension>> = Vec::new();
    for (map, shape) in maps.iter().zip(shapes) {
        for (result, extent) in map.results.iter().zip(shape.unwrap_or(&[])) {
            if let AffineExpr::Dimension(d) = result {
                let d = *d as usize;
                if d >= extents.len() {
                    extents.resize(d + 1, None);
                }
                // A static extent says more than a dynamic one of another operand.
                if !matches!(extents[d], Some(Dimension::Static(_))) {
                    extents[d] = Some(*extent);
                }
            }
        }
    }
    let known: Option<Vec<Dimension>> = (extents.len() == loops).then_some(extents)?.into_iter().collect();
    Some(known.map_or(Range::UNKNOWN, |k| elements_of(&k)))
}

/// Product over different letters of the extents that carry them.
fn einsum(operands: &[(&str, &[Dimension])]) -> Range {
    let mut seen: Vec<(char, Dimension)> = Vec::new();
    for (letters, shape) in operands {
        for (letter, extent) in letters.chars().zip(*shape) {
            match seen.iter_mut().find(|s| s.0 == letter) {
                Some(known) if !matches!(known.1, Dimension::Static(_)) => known.1 = *extent,
                Some(_) => {}
                None => seen.push((letter, *extent)),
            }
        }
    }
    let shape: Vec<Dimension> = seen.iter().map(|s| s.1).collect();
    elements_of(&shape)
}

/// Subscripts of the two inputs of a named contraction.
fn contraction(name: &str) -> Option<(&'static str, &'static str)> {
    Some(match name.strip_prefix("quantized_").unwrap_or(name) {
        "matmul" => ("mk", "kn"),
        "matmul_transpose_a" => ("km", "kn"),
        "matmul_transpose_b" => ("mk", "nk"),
        "batch_matmul" | "batch_reduce_matmul" => ("bmk", "bkn"),
        "batch_matmul_transpose_a" => ("bkm", "bkn"),
        "batch_matmul_transpose_b" => ("bmk", "bnk"),
        "matvec" => ("mk", "k"),
        "vecmat" => ("k", "kn"),
        "batch_matvec" => ("bmk", "bk"),
        "batch_vecmat" => ("bk", "bkn"),
        "dot" => ("k", "k"),
        "mmt4d" => ("mkab", "nkcb"),
        "batch_mmt4d" => ("zmkab", "znkcb"),
        _ => return None,
    })
}

/// Letters of a named convolution's kernel, as its name spells them.
fn convolution(name: &str) -> Option<&str> {
    if !name.contains("conv_") {
        return None;
    }
    let name = name.strip_suffix("_q").unwrap_or(name);
    let letters = name.rsplit('_').next()?;
    Some(match letters {
        "1d" => "w",
        "2d" => "hw",
        "3d" => "dhw",
        other => other,
    })
}
