//! Iteration spaces: how often the body of a structured operation is executed.

use super::range::Range;
use super::size::elements_of;
use crate::tree::{AffineExpr, AffineMap, AttributeValue, Dimension, OpId, Tree};

/// Points by the attribute `indexing_maps`: the extent of a loop is that of an operand's dimension indexed by the loop
/// alone. `None` without maps.
pub(super) fn points(tree: &Tree, operation: OpId) -> Option<Range> {
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
