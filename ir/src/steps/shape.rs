//! Extents and sizes of values, bounded so that no product of them overflows.

use crate::analysis::Range;
use crate::tree::{Dimension, Tree, Type, ValueId};

/// Most elements or multiply-accumulates of one operation that are counted.
pub(super) const MAX_COUNT: u64 = 1 << 60;

/// Product of extents; `None` beyond [`MAX_COUNT`].
pub(super) fn product(extents: impl IntoIterator<Item = u64>) -> Option<u64> {
    let checked = |all: u64, e: u64| all.checked_mul(e).filter(|&n| n <= MAX_COUNT);
    extents.into_iter().try_fold(1u64, checked)
}

/// Extents of a tensor, memref or vector, all known; empty for scalars.
pub(super) fn extents(tree: &Tree, value: ValueId) -> Option<Vec<u64>> {
    let id = tree.value(value).ty;
    match tree.ty(id) {
        Type::Integer(..) | Type::Float(_) | Type::Index | Type::Complex(_) => Some(Vec::new()),
        Type::Tensor { .. } | Type::MemRef { .. } | Type::Vector { .. } => {
            let one = |d: &Dimension| match *d {
                Dimension::Static(n) | Dimension::Scalable(n) => Some(n),
                Dimension::Dynamic => None,
            };
            tree.types().shape(id)?.iter().map(one).collect()
        }
        _ => None,
    }
}

/// Elements of a value; 1 for scalars; `None` for dynamic extents and beyond 2^60.
#[must_use]
pub fn elements(tree: &Tree, value: ValueId) -> Option<u64> {
    product(extents(tree, value)?)
}

/// Whether a value is a tensor.
#[must_use]
pub fn is_tensor(tree: &Tree, value: ValueId) -> bool {
    matches!(tree.value_type(value), Type::Tensor { .. })
}

/// Whether a value is memory.
#[must_use]
pub fn is_memref(tree: &Tree, value: ValueId) -> bool {
    matches!(tree.value_type(value), Type::MemRef { .. })
}

/// Whether a value is an address or a loop variable rather than data.
pub(super) fn is_index(tree: &Tree, value: ValueId) -> bool {
    let types = tree.types();
    matches!(types.get(types.element(tree.value(value).ty)), Type::Index)
}

/// The upper bound of executions; `None` if there is none within 64 bits.
pub(super) fn at_most(executions: Range) -> Option<u64> {
    executions.high.and_then(|n| u64::try_from(n).ok())
}
