//! Typed indices.

/// A chip of a grid, numbered row by row: `row * columns + column`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize)]
#[serde(transparent)]
pub struct ChipId(u32);

impl ChipId {
    /// The chip with this number.
    #[must_use]
    pub const fn new(number: u32) -> Self {
        Self(number)
    }

    /// The chip in `row` and `column` of a grid of `columns` columns.
    #[must_use]
    pub const fn at(row: u32, column: u32, columns: u32) -> Self {
        Self(row * columns + column)
    }

    /// All chips of a grid of `chips` chips, in order.
    pub fn all(chips: u32) -> impl Iterator<Item = Self> {
        (0..chips).map(Self)
    }

    /// Its number.
    #[must_use]
    pub const fn get(self) -> u32 {
        self.0
    }

    /// Its number as an index.
    #[must_use]
    pub const fn index(self) -> usize {
        self.0 as usize
    }

    /// Its row in a grid of `columns` columns.
    #[must_use]
    pub const fn row(self, columns: u32) -> u32 {
        self.0 / columns
    }

    /// Its column in a grid of `columns` columns.
    #[must_use]
    pub const fn column(self, columns: u32) -> u32 {
        self.0 % columns
    }
}
