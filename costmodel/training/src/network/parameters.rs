//! Layout of the weights of a network in one vector.

use nalgebra::{DMatrixView, DMatrixViewMut};

use super::real::Real;
use crate::random::Random;

/// A matrix among the weights, column-major.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Slot {
    at: usize,
    pub rows: usize,
    pub columns: usize,
}

impl Slot {
    pub fn view<T: Real>(self, weights: &[T]) -> DMatrixView<'_, T> {
        DMatrixView::from_slice(self.slice(weights), self.rows, self.columns)
    }

    pub fn view_mut<T: Real>(self, weights: &mut [T]) -> DMatrixViewMut<'_, T> {
        let length = self.rows * self.columns;
        DMatrixViewMut::from_slice(&mut weights[self.at..self.at + length], self.rows, self.columns)
    }

    pub fn slice<T>(self, weights: &[T]) -> &[T] {
        &weights[self.at..self.at + self.rows * self.columns]
    }
}

/// Allocates slots.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct Layout {
    slots: Vec<(Slot, f64)>,
    length: usize,
}

impl Layout {
    /// A matrix whose initial weights are normal with this standard deviation.
    pub fn slot(&mut self, rows: usize, columns: usize, deviation: f64) -> Slot {
        let slot = Slot { at: self.length, rows, columns };
        self.length += rows * columns;
        self.slots.push((slot, deviation));
        slot
    }

    /// The slots in their order.
    #[cfg(test)]
    pub fn slots(&self) -> impl Iterator<Item = Slot> {
        self.slots.iter().map(|(slot, _)| *slot)
    }

    /// Number of weights.
    #[cfg(test)]
    pub fn len(&self) -> usize {
        self.length
    }

    /// Initial weights.
    pub fn start<T: Real>(&self, random: &mut Random) -> Vec<T> {
        let of_slot = |&(slot, deviation): &(Slot, f64)| std::iter::repeat_n(deviation, slot.rows * slot.columns);
        self.slots
            .iter()
            .flat_map(of_slot)
            .map(|deviation| if deviation > 0.0 { T::of(deviation * random.normal()) } else { T::zero() })
            .collect()
    }
}
