//! Counts with bounds.

use std::iter::Sum;
use std::ops::{Add, AddAssign, Mul};

use serde::Serialize;

/// A count between two bounds; exact where they agree.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Range {
    /// No less than this.
    pub low: u128,
    /// No more than this; `None` where the text sets no bound (or one beyond 128 bits).
    pub high: Option<u128>,
}

impl Range {
    /// None.
    pub const ZERO: Self = Self::exact(0);
    /// One.
    pub const ONE: Self = Self::exact(1);
    /// Any number.
    pub const UNKNOWN: Self = Self { low: 0, high: None };

    /// The range of one number.
    #[must_use]
    pub const fn exact(count: u128) -> Self {
        Self { low: count, high: Some(count) }
    }

    /// The count, if it is exact.
    #[must_use]
    pub fn value(self) -> Option<u128> {
        self.high.filter(|&high| high == self.low)
    }

    /// The least range that holds both.
    #[must_use]
    pub fn hull(self, other: Self) -> Self {
        Self { low: self.low.min(other.low), high: self.high.zip(other.high).map(|(a, b)| a.max(b)) }
    }

    /// From 0 to the upper bound.
    #[must_use]
    pub fn at_most(self) -> Self {
        Self { low: 0, ..self }
    }
}

impl From<u64> for Range {
    fn from(count: u64) -> Self {
        Self::exact(count.into())
    }
}

impl Add for Range {
    type Output = Self;

    fn add(self, other: Self) -> Self {
        let high = self.high.zip(other.high).and_then(|(a, b)| a.checked_add(b));
        Self { low: self.low.saturating_add(other.low), high }
    }
}

impl AddAssign for Range {
    fn add_assign(&mut self, other: Self) {
        *self = *self + other;
    }
}

impl Mul for Range {
    type Output = Self;

    fn mul(self, other: Self) -> Self {
        // Zero times unknown is zero.
        let high = match (self.high, other.high) {
            (Some(0), _) | (_, Some(0)) => Some(0),
            (a, b) => a.zip(b).and_then(|(a, b)| a.checked_mul(b)),
        };
        Self { low: self.low.saturating_mul(other.low), high }
    }
}

impl Sum for Range {
    fn sum<I: Iterator<Item = Self>>(items: I) -> Self {
        items.fold(Self::ZERO, Add::add)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bounds_follow_the_operations() {
        let some = Range { low: 2, high: Some(5) };
        assert_eq!(some + Range::ONE, Range { low: 3, high: Some(6) });
        assert_eq!(some * Range::exact(3), Range { low: 6, high: Some(15) });
        assert_eq!(some * Range::UNKNOWN, Range::UNKNOWN);
        assert_eq!(Range::ZERO * Range::UNKNOWN, Range::ZERO);
        assert_eq!(some.hull(Range::exact(9)), Range { low: 2, high: Some(9) });
        assert_eq!(Range::exact(u128::MAX) * Range::exact(2), Range { low: u128::MAX, high: None });
        assert_eq!((some.value(), Range::exact(4).value()), (None, Some(4)));
    }
}
