//! Reductions of the lanes of one vector.

use ir::tree::{AttributeValue, OpId, Tree};

use super::access::is_loaded;
use super::lanes::lanes;
use super::reduction::{Reduction, has_no_nan, may_reassociate};
use crate::features::kind::combination;
use crate::features::table::WorkKind;

/// Lanes of 32 bits in 128 bits, below which lanes are combined as scalars.
const LAST_LANES: f64 = 4.0;
/// Instructions of a scalar minimum or maximum that propagates NaN. AVX-512 has no single one: it compares signs and tests for NaN.
const SCALAR_EXTREME: f64 = 9.0;
/// Instructions of a vector minimum or maximum that propagates NaN, including the extraction of the upper half that it combines.
const VECTOR_EXTREME: f64 = 7.0;

/// How the lanes that a `vector.reduction` combines depend on each other.
fn order(tree: &Tree, operation: OpId) -> Reduction {
    match combination(tree, operation) {
        WorkKind::MinMax | WorkKind::Bf16MinMax if !has_no_nan(tree, operation) => Reduction::Extreme,
        WorkKind::Integer | WorkKind::MinMax | WorkKind::Bf16MinMax => Reduction::Reorderable,
        _ if may_reassociate(tree, operation) || !is_sum_or_product(tree, operation) => Reduction::Reorderable,
        _ => Reduction::Ordered,
    }
}

fn is_sum_or_product(tree: &Tree, operation: OpId) -> bool {
    match tree.attribute(operation, "kind") {
        Some(AttributeValue::Other(kind)) => kind.contains("add") || kind.contains("mul"),
        _ => false,
    }
}

/// Instructions of a `vector.reduction` on a processor without instructions for it (x86), if it combines lanes one after another.
/// An ordered sum adds each lane, which is moved to the lowest place before unless it is added from memory. Extremes that
/// propagate NaN halve the vector down to 128 bits, and combine the last lanes as scalars.
pub fn steps(tree: &Tree, operation: OpId) -> f64 {
    let lanes = reduced_lanes(tree, operation);
    match order(tree, operation) {
        Reduction::Ordered if is_loaded(tree, operation) => lanes,
        Reduction::Ordered => 2.0 * lanes - 1.0,
        Reduction::Extreme => {
            SCALAR_EXTREME * lanes.min(LAST_LANES) + VECTOR_EXTREME * libm::log2((lanes / LAST_LANES).max(1.0))
        }
        Reduction::Reorderable | Reduction::Scalar | Reduction::Recurrence => 0.0,
    }
}

/// Operations of a `vector.reduction` on the chain from the value that it starts with: one for each lane if the order is fixed.
pub fn links(tree: &Tree, operation: OpId) -> f64 {
    if order(tree, operation) == Reduction::Ordered { reduced_lanes(tree, operation) } else { 1.0 }
}

fn reduced_lanes(tree: &Tree, operation: OpId) -> f64 {
    let vector = tree.operation(operation).operands.first();
    vector.and_then(|&vector| lanes(tree, vector)).unwrap_or(1.0)
}
