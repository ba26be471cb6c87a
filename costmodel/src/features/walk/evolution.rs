//! How integer values change with the iterations of loops: a reduced form of LLVM's scalar evolution.

/// The affine recurrence of a value in the innermost loop with which it varies.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Evolution {
    /// Index of that loop in the loop nest; 0, the function's body, for loop-invariant values.
    pub varies_in: usize,
    /// Increment of each iteration of that loop; NaN if it is not constant.
    pub stride: f64,
    /// Constant part.
    pub offset: f64,
    /// Whether it depends on data that this loop computes or receives: data of a loop around it is a constant part.
    pub data: bool,
}

impl Evolution {
    /// A value that no loop changes.
    pub const INVARIANT: Self = Self { varies_in: 0, stride: 0.0, offset: 0.0, data: false };

    /// The induction variable of a loop.
    pub fn induction(loop_index: usize, stride: f64) -> Self {
        Self { varies_in: loop_index, stride, ..Self::INVARIANT }
    }

    /// A value that the iterations of a loop compute or receive.
    pub fn data(loop_index: usize) -> Self {
        Self { varies_in: loop_index, stride: f64::NAN, data: true, ..Self::INVARIANT }
    }

    /// A constant.
    pub fn constant(value: f64) -> Self {
        Self { offset: value, ..Self::INVARIANT }
    }

    /// Whether two values have the same stride in a loop that contains both.
    pub fn same_stride(self, other: Self) -> bool {
        self.data == other.data && self.varies_in == other.varies_in && self.stride == other.stride
    }

    fn is_constant(self) -> bool {
        self.varies_in == 0 && self.stride == 0.0 && !self.data
    }

    /// The sum of two values.
    pub fn plus(self, other: Self) -> Self {
        let (stride, data) = match self.varies_in.cmp(&other.varies_in) {
            std::cmp::Ordering::Equal => (self.stride + other.stride, self.data || other.data),
            std::cmp::Ordering::Greater => (self.stride, self.data),
            std::cmp::Ordering::Less => (other.stride, other.data),
        };
        Self { varies_in: self.varies_in.max(other.varies_in), stride, offset: self.offset + other.offset, data }
    }

    /// The product of two values: affine if one is constant.
    pub fn times(self, other: Self) -> Self {
        let (value, factor) = if other.is_constant() { (self, other) } else { (other, self) };
        if factor.is_constant() {
            return Self { stride: value.stride * factor.offset, offset: value.offset * factor.offset, ..value };
        }
        self.combined(other)
    }

    /// The quotient of two values, rounded down: affine if the stride is a multiple of a constant divisor, as LLVM's scalar evolution
    /// finds out if the value does not wrap.
    pub fn floor_divided(self, divisor: Self) -> Self {
        let by = divisor.offset;
        let is_exact = divisor.is_constant() && by > 0.0 && !self.data && self.stride % by == 0.0;
        if !is_exact || self.varies_in == 0 {
            return self.combined(divisor);
        }
        Self { stride: self.stride / by, offset: libm::floor(self.offset / by), ..self }
    }

    /// Any other function of two values: constant if both are, else without a known stride.
    pub fn combined(self, other: Self) -> Self {
        let sum = self.plus(other);
        if sum.is_constant() { sum } else { Self { stride: f64::NAN, ..sum } }
    }
}
