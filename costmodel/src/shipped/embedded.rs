//! The embedded model files.

/// Aligns the bytes, so that vectors can be borrowed without a copy.
#[repr(C, align(64))]
struct Aligned<T: ?Sized>(T);

static MODEL: &Aligned<[u8]> = &Aligned(*include_bytes!("../../model/hardwire-cost-model-v1.safetensors"));
static GPU_MODEL: &Aligned<[u8]> = &Aligned(*include_bytes!("../../model/hardwire-gpu-model-v1.safetensors"));

/// The bytes of the shipped model file; [`super::CostModel::shipped`] reads them.
#[must_use]
pub fn embedded() -> &'static [u8] {
    &MODEL.0
}

/// The bytes of the shipped model of GPUs; [`super::CostModel::shipped_for_gpus`] reads them.
#[must_use]
pub fn embedded_for_gpus() -> &'static [u8] {
    &GPU_MODEL.0
}
