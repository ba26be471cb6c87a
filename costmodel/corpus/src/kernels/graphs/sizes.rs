//! Element types and extents of graphs.

use crate::kernels::draw::Draw;
use crate::kernels::types::Scalar;

/// Element types of operands and of their accumulator, as libraries combine them.
pub(super) fn operand_types(d: &mut Draw) -> (Scalar, Scalar) {
    use Scalar::{Bf16, F16, F32, F64, I8, I16, I32, I64};
    let all = [
        (F32, F32),
        (F32, F32),
        (F32, F32),
        (F64, F64),
        (F16, F32),
        (F16, F16),
        (Bf16, F32),
        (I8, I32),
        (I8, I32),
        (I16, I32),
        (I32, I32),
        (I64, I64),
    ];
    d.pick(&all)
}

/// A floating-point type of a whole graph.
pub(super) fn graph_type(d: &mut Draw) -> Scalar {
    d.pick(&[Scalar::F32, Scalar::F32, Scalar::F32, Scalar::F64, Scalar::F16])
}

/// Halves the largest extents until their product is at most `most`.
pub(super) fn limit(extents: &mut [u64], most: u64) {
    while extents.iter().product::<u64>() > most {
        let largest = extents.iter_mut().max().expect("a product above 1 has factors");
        *largest = largest.div_ceil(2);
    }
}
