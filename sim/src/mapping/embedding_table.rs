//! The table of the input embedding as the chips hold it.

/// The table of the input embedding in HBM: every chip holds as many of its columns.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize)]
pub struct EmbeddingTable {
    /// Bytes of the table on one chip.
    pub table_bytes_per_chip: u64,
    /// Bytes of a row on one chip: what one token reads.
    pub row_bytes_per_chip: u64,
    /// Elements of a row on one chip.
    #[serde(skip)]
    pub elements: u64,
}

impl EmbeddingTable {
    /// A table of `vocabulary` rows of `hidden` elements of `bits` bits, on `chips` chips; uneven parts are rounded up.
    #[must_use]
    pub fn new(vocabulary: u64, hidden: u64, bits: u32, chips: u64) -> Self {
        let elements = hidden.div_ceil(chips);
        let row_bytes_per_chip = (elements * u64::from(bits)).div_ceil(8);
        Self { table_bytes_per_chip: vocabulary * row_bytes_per_chip, row_bytes_per_chip, elements }
    }
}
