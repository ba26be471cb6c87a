//! Graphs: named operations of `linalg` and arithmetic on whole tensors.

use super::Family;

/// The families, in the order in which they were added.
pub(super) const FAMILIES: &[Family] = &[];
