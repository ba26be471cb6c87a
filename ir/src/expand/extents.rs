//! Dynamic extents that are assumed to be known.

use super::builder::Builder;
use crate::analysis::{Assumptions, Subject};
use crate::tree::{Dimension, Tree, Type, ValueId};

/// An extent that an assumption states.
pub(super) struct Extent {
    value: ValueId,
    dimension: usize,
    extent: u64,
}

/// The dynamic extents of a tree that exact assumptions state. A range leaves an extent open: analyse at both ends.
pub(super) fn assumed(tree: &Tree, source: &str, assumptions: &Assumptions) -> Vec<Extent> {
    let stated: Vec<_> = assumptions
        .iter()
        .filter_map(|assumption| match &assumption.subject {
            Subject::Extent { value, dimension } => {
                let extent = u64::try_from(assumption.range.value()?).ok()?;
                Some((value.as_deref(), *dimension, extent))
            }
            Subject::Trips(_) => None,
        })
        .collect();
    let mut found = Vec::new();
    if stated.is_empty() {
        return found;
    }
    for value in tree.values() {
        let shape = tree.types().shape(tree.value(value).ty).unwrap_or(&[]);
        let name = tree.value(value).name.text(source);
        for (dimension, _) in shape.iter().enumerate().filter(|(_, extent)| **extent == Dimension::Dynamic) {
            // The most specific assumption holds.
            let fits = |(of, at, _): &&(Option<&str>, Option<usize>, u64)| {
                of.is_none_or(|of| of == name) && at.is_none_or(|at| at == dimension)
            };
            let best = stated.iter().filter(fits).max_by_key(|(of, at, _)| (of.is_some(), at.is_some()));
            found.extend(best.map(|&(_, _, extent)| Extent { value, dimension, extent }));
        }
    }
    found
}

/// Makes the extents static.
pub(super) fn set(builder: &mut Builder, extents: Vec<Extent>) {
    for Extent { value, dimension, extent } in extents {
        let mut ty = builder.tree.value_type(value).clone();
        if let Type::Tensor { shape: Some(shape), .. } | Type::MemRef { shape: Some(shape), .. } = &mut ty {
            shape[dimension] = Dimension::Static(extent);
        }
        builder.tree.values[value.index()].ty = builder.tree.types.intern(ty);
    }
}
