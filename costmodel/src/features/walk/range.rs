//! A range of integers.

/// The numbers that a value may be, signed; a single bit is 0 or 1. Numbers beyond 2^53 are rounded.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Range {
    /// The least.
    pub low: f64,
    /// The greatest.
    pub high: f64,
}

impl Range {
    /// A single number.
    pub const fn point(value: f64) -> Self {
        Self { low: value, high: value }
    }

    /// From 0 to all of so many bits set.
    pub fn unsigned(bits: f64) -> Self {
        Self { low: 0.0, high: libm::exp2(bits) - 1.0 }
    }

    /// The single number in it.
    pub fn constant(self) -> Option<f64> {
        (self.low == self.high).then_some(self.low)
    }

    /// Whether it has no negative number.
    pub fn is_unsigned(self) -> bool {
        self.low >= 0.0
    }

    /// Whether it has all numbers of another.
    pub fn contains(self, other: Self) -> bool {
        self.low <= other.low && other.high <= self.high
    }

    /// The numbers of both and between them.
    pub fn union(self, other: Self) -> Self {
        Self { low: self.low.min(other.low), high: self.high.max(other.high) }
    }

    /// The range of a function that is monotonic in both operands.
    pub fn of_corners(self, other: Self, function: impl Fn(f64, f64) -> f64) -> Self {
        let corners = [(self.low, other.low), (self.low, other.high), (self.high, other.low), (self.high, other.high)];
        corners
            .map(|(a, b)| Self::point(function(a, b)))
            .into_iter()
            .fold(Self::point(function(self.low, other.low)), Self::union)
    }
}
