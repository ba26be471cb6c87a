//! Elements and bytes of types.
//!
//! An element takes whole bytes, as upstream's default data layout has it: `i1` one, `f4E2M1FN` one, `i20` three;
//! `index` takes eight.

use super::range::Range;
use crate::tree::{Dimension, Tree, Type, TypeId};

/// Elements of a shape; scalable and dynamic extents are not known.
#[must_use]
pub fn elements_of(shape: &[Dimension]) -> Range {
    shape.iter().fold(Range::ONE, |product, dimension| {
        product
            * match dimension {
                Dimension::Static(extent) => Range::from(*extent),
                Dimension::Dynamic => Range::UNKNOWN,
                Dimension::Scalable(extent) => Range { low: u128::from(*extent), high: None },
            }
    })
}

/// Elements of a type: one for a scalar, unknown without a rank.
#[must_use]
pub fn elements(tree: &Tree, ty: TypeId) -> Range {
    match tree.ty(ty) {
        Type::Tensor { shape: None, .. } | Type::MemRef { shape: None, .. } | Type::Unknown => Range::UNKNOWN,
        _ => tree.types().shape(ty).map_or(Range::ONE, elements_of),
    }
}

/// Bytes of one element, or of a scalar; `None` for types without a size of their own.
#[must_use]
pub fn element_bytes(tree: &Tree, ty: TypeId) -> Option<u64> {
    let element = tree.types().element(ty);
    match tree.ty(element) {
        Type::Integer(bits, _) => Some(u64::from(*bits).div_ceil(8)),
        Type::Float(kind) => Some(u64::from(kind.bits()).div_ceil(8)),
        Type::Index => Some(8),
        // `complex<f32>`, or a vector as element of a memref.
        Type::Complex(inner) => Some(2 * element_bytes(tree, *inner)?),
        Type::Vector { .. } if element != ty => {
            let count = elements(tree, element).value()?;
            u64::try_from(count).ok()?.checked_mul(element_bytes(tree, element)?)
        }
        _ => None,
    }
}

/// Bytes of a value of a type; a memref's are those of the memory it names, without gaps of its layout.
#[must_use]
pub fn bytes(tree: &Tree, ty: TypeId) -> Range {
    match tree.ty(ty) {
        Type::None | Type::Function { .. } => Range::ZERO,
        _ => element_bytes(tree, ty).map_or(Range::UNKNOWN, |b| elements(tree, ty) * Range::from(b)),
    }
}

/// Whether a type is a tensor or a memref.
#[must_use]
pub fn is_shaped(tree: &Tree, ty: TypeId) -> bool {
    matches!(tree.ty(ty), Type::Tensor { .. } | Type::MemRef { .. })
}
