//! The model that comes with the program.

/// Keeps the bytes where numbers can be read from them fast.
#[repr(C, align(64))]
struct Aligned<T: ?Sized>(T);

static MODEL: &Aligned<[u8]> = &Aligned(*include_bytes!("../../model/hardwire-cost-model-v1.safetensors"));

/// The bytes of the shipped model file; [`super::CostModel::shipped`] reads them.
#[must_use]
pub fn embedded() -> &'static [u8] {
    &MODEL.0
}
