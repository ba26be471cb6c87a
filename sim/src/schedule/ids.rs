//! Typed indices of sequences and layers, and dense tables indexed by pairs.

use std::marker::PhantomData;
use std::ops::{Index, IndexMut};

use serde::{Deserialize, Serialize};

pub use crate::ids::ChipId;

macro_rules! id {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(pub u32);

        impl Id for $name {
            #[inline]
            fn index(self) -> usize {
                self.0 as usize
            }
        }
    };
}

/// An index from 0.
pub trait Id: Copy {
    /// The index.
    fn index(self) -> usize;
}

impl Id for ChipId {
    #[inline]
    fn index(self) -> usize {
        Self::index(self)
    }
}

id! {
    /// A sequence (decode), or a slot that processes prompt tokens one after the other (prefill).
    SequenceId
}
id! {
    /// A layer of the model, the head last.
    LayerId
}

/// The token of a sequence on one chip.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct OnChip {
    /// Sequence of the token.
    pub sequence: SequenceId,
    /// Chip.
    pub chip: ChipId,
}

/// One value for every pair of a row and a column.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Table<R, C, T> {
    columns: usize,
    cells: Vec<T>,
    #[serde(skip)]
    indices: PhantomData<fn(R, C)>,
}

impl<R: Id, C: Id, T: Clone> Table<R, C, T> {
    /// A table of `rows` x `columns` times `value`.
    #[must_use]
    pub fn new(rows: usize, columns: usize, value: T) -> Self {
        Self { columns, cells: vec![value; rows * columns], indices: PhantomData }
    }
}

impl<R: Id, C: Id, T> Table<R, C, T> {
    /// Position of a pair in row-major order.
    #[inline]
    #[must_use]
    pub fn position(&self, (row, column): (R, C)) -> usize {
        debug_assert!(column.index() < self.columns, "a column of the table");
        row.index() * self.columns + column.index()
    }
}

impl<R: Id, C: Id, T> Index<(R, C)> for Table<R, C, T> {
    type Output = T;

    #[inline]
    fn index(&self, pair: (R, C)) -> &T {
        &self.cells[self.position(pair)]
    }
}

impl<R: Id, C: Id, T> IndexMut<(R, C)> for Table<R, C, T> {
    #[inline]
    fn index_mut(&mut self, pair: (R, C)) -> &mut T {
        let position = self.position(pair);
        &mut self.cells[position]
    }
}

/// One value for the token of every sequence on every chip.
pub type PerChip<T> = Table<SequenceId, ChipId, T>;

impl<T> Index<OnChip> for PerChip<T> {
    type Output = T;

    #[inline]
    fn index(&self, on: OnChip) -> &T {
        &self[(on.sequence, on.chip)]
    }
}

impl<T> IndexMut<OnChip> for PerChip<T> {
    #[inline]
    fn index_mut(&mut self, on: OnChip) -> &mut T {
        &mut self[(on.sequence, on.chip)]
    }
}
