//! Control: conditions, parallel loops, calls, masks, tiles of vectors and long straight-line code.

use super::Family;

/// The families, in the order in which they were added.
pub(super) const FAMILIES: &[Family] = &[];
