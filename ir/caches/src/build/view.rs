//! Memory under subscripts.

use crate::expression::Linear;

/// A memory, or a part of one: byte = offset + sum of subscript * stride.
#[derive(Debug, Clone)]
pub(super) struct View {
    pub buffer: u32,
    /// First byte.
    pub offset: Linear,
    /// Bytes between neighbours, by dimension.
    pub strides: Vec<i64>,
    /// Extents; `None` where they are not known.
    pub sizes: Vec<Option<i64>>,
    /// Bytes of an element.
    pub element: i64,
}

impl View {
    /// Whether the elements lie side by side in the order of the dimensions.
    pub fn is_contiguous(&self) -> bool {
        let mut expected = self.element;
        for (&stride, &size) in self.strides.iter().zip(&self.sizes).rev() {
            let Some(size) = size else { return false };
            if stride != expected && size != 1 {
                return false;
            }
            match expected.checked_mul(size) {
                Some(next) => expected = next,
                None => return false,
            }
        }
        true
    }
}
