//! Bounds of what is read: every count is checked against one before anything is allocated for it.

/// Largest text that is read.
pub(super) const MAX_TEXT: usize = 4 << 20;
pub(super) const MAX_LAYERS: u64 = 1024;
pub(super) const MAX_HIDDEN: u64 = 1 << 20;
pub(super) const MAX_HEADS: u64 = 1 << 16;
pub(super) const MAX_HEAD_DIM: u64 = 1 << 14;
pub(super) const MAX_WIDTH: u64 = 1 << 22;
pub(super) const MAX_EXPERTS: u64 = 1 << 16;
pub(super) const MAX_VOCABULARY: u64 = 1 << 26;
pub(super) const MAX_CONTEXT: u64 = 1 << 40;
/// Most weights of a model: a thousand times the largest that is published.
pub(super) const MAX_PARAMETERS: u128 = 1_000_000_000_000_000;

/// Every count but the context is bounded far below 2^32.
pub(super) fn narrow(count: u64) -> u32 {
    u32::try_from(count).expect("counts are bounded when they are read")
}
