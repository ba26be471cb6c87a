//! Iteration spaces: how often the body of a structured operation is executed.

use super::range::Range;
use super::size::{elements, elements_of};
use crate::registry::facts::{IterationSpace, ProductForm};
use crate::tree::{AffineExpr, AffineMap, AttributeValue, Dimension, OpId, Tree};

/// Points of the iteration space of a structured operation; `None` where it has none.
pub(super) fn points(tree: &Tree, operation: OpId, space: IterationSpace) -> Option<Range> {
    if let Some(points) = mapped(tree, operation) {
        return Some(points);
    }
    let operands = &tree.operation(operation).operands;
    let operand = |index: usize| operands.get(index).map(|&v| tree.value(v).ty);
    let shape = |index: usize| tree.types().shape(operand(index)?);
    let last = elements(tree, operand(operands.len().checked_sub(1)?)?);
    match space {
        IterationSpace::None => None,
        IterationSpace::Unknown => Some(Range::UNKNOWN),
        IterationSpace::FirstOperand => Some(elements(tree, operand(0)?)),
        IterationSpace::LastOperand => Some(last),
        IterationSpace::Pooling => Some(last * elements(tree, operand(1)?)),
        IterationSpace::Contraction => {
            let record = tree.record(operation);
            match (record.contraction, record.nest) {
                (ProductForm::Nest, Some(nest)) => {
                    Some(einsum([(nest.dimensions(0), shape(0)?), (nest.dimensions(1), shape(1)?)]))
                }
                (ProductForm::Convolution(filter), _) => {
                    // Points of the output times those extents of the filter that the output does not have.
                    let extents = filter.letters.chars().zip(shape(1)?);
                    let reduced: Vec<Dimension> =
                        extents.filter(|(letter, _)| !filter.keeps(*letter)).map(|(_, d)| *d).collect();
                    Some(last * elements_of(&reduced))
                }
                _ => Some(Range::UNKNOWN),
            }
        }
    }
}

/// Points by the attribute `indexing_maps`: the extent of a loop is that of an operand's dimension indexed by the loop
/// alone.
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
                // Prefer a static extent to a dynamic one of another operand.
                if !matches!(extents[d], Some(Dimension::Static(_))) {
                    extents[d] = Some(*extent);
                }
            }
        }
    }
    let known: Option<Vec<Dimension>> = (extents.len() == loops).then_some(extents)?.into_iter().collect();
    Some(known.map_or(Range::UNKNOWN, |k| elements_of(&k)))
}

/// Product over different loops of the extents that they walk over.
fn einsum(operands: [(impl Iterator<Item = usize>, &[Dimension]); 2]) -> Range {
    let mut seen: Vec<(usize, Dimension)> = Vec::new();
    for (loops, shape) in operands {
        for (dimension, extent) in loops.zip(shape) {
            match seen.iter_mut().find(|s| s.0 == dimension) {
                Some(known) if !matches!(known.1, Dimension::Static(_)) => known.1 = *extent,
                Some(_) => {}
                None => seen.push((dimension, *extent)),
            }
        }
    }
    let shape: Vec<Dimension> = seen.iter().map(|s| s.1).collect();
    elements_of(&shape)
}
