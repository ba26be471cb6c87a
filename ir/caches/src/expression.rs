//! Integer expressions over the slots of a program: loop variables and values computed from them.

/// Number of a variable of a program.
pub(crate) type Slot = u32;

/// `constant + sum of coefficient * slot`; slots in rising order, without coefficients of 0.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct Linear {
    pub constant: i64,
    pub terms: Vec<(Slot, i64)>,
}

/// Most terms of a sum; longer ones are not followed.
const MOST_TERMS: usize = 64;

impl Linear {
    pub fn constant(constant: i64) -> Self {
        Self { constant, terms: Vec::new() }
    }

    pub fn slot(slot: Slot) -> Self {
        Self { constant: 0, terms: vec![(slot, 1)] }
    }

    /// The number, if it is one.
    pub fn value(&self) -> Option<i64> {
        self.terms.is_empty().then_some(self.constant)
    }

    /// `self + factor * other`; `None` if a number overflows.
    pub fn plus(&self, other: &Self, factor: i64) -> Option<Self> {
        let mut terms = self.terms.clone();
        for &(slot, coefficient) in &other.terms {
            let added = coefficient.checked_mul(factor)?;
            match terms.binary_search_by_key(&slot, |t| t.0) {
                Ok(at) => terms[at].1 = terms[at].1.checked_add(added)?,
                Err(at) => terms.insert(at, (slot, added)),
            }
        }
        terms.retain(|t| t.1 != 0);
        let constant = self.constant.checked_add(other.constant.checked_mul(factor)?)?;
        (terms.len() <= MOST_TERMS).then_some(Self { constant, terms })
    }

    pub fn times(&self, factor: i64) -> Option<Self> {
        Self::default().plus(self, factor)
    }

    pub fn coefficient(&self, slot: Slot) -> i64 {
        self.terms.iter().find(|t| t.0 == slot).map_or(0, |t| t.1)
    }

    /// The value for values of the slots; wraps, so callers compare it with bounds.
    #[inline]
    pub fn evaluate(&self, slots: &[i64]) -> i64 {
        let mut sum = self.constant;
        for &(slot, coefficient) in &self.terms {
            sum = sum.wrapping_add(coefficient.wrapping_mul(slots[slot as usize]));
        }
        sum
    }
}

/// Operations that are not linear.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Binary {
    Add,
    Mul,
    /// Remainder, never negative.
    Mod,
    FloorDiv,
    CeilDiv,
    /// Quotient rounded to zero.
    Div,
    /// Remainder with the sign of the dividend.
    Remainder,
    Min,
    Max,
}

/// An expression.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Expression {
    Linear(Linear),
    Binary(Binary, Box<Expression>, Box<Expression>),
}

impl Expression {
    /// Of two expressions: linear where that is possible. `None` if a number overflows.
    pub fn of(operation: Binary, a: Self, b: Self) -> Option<Self> {
        if let (Self::Linear(a), Self::Linear(b)) = (&a, &b) {
            match (operation, a.value(), b.value()) {
                (Binary::Add, ..) => return a.plus(b, 1).map(Self::Linear),
                (Binary::Mul, _, Some(factor)) => return a.times(factor).map(Self::Linear),
                (Binary::Mul, Some(factor), _) => return b.times(factor).map(Self::Linear),
                (_, Some(a), Some(b)) => return binary(operation, a, b).map(|n| Self::Linear(Linear::constant(n))),
                _ => {}
            }
        }
        Some(Self::Binary(operation, Box::new(a), Box::new(b)))
    }

    /// The value; `None` if a number overflows or a divisor is not above 0.
    pub fn evaluate(&self, slots: &[i64]) -> Option<i64> {
        match self {
            Self::Linear(linear) => Some(linear.evaluate(slots)),
            Self::Binary(operation, a, b) => binary(*operation, a.evaluate(slots)?, b.evaluate(slots)?),
        }
    }

    /// Slots that the value depends on.
    pub fn slots(&self, all: &mut Vec<Slot>) {
        match self {
            Self::Linear(linear) => all.extend(linear.terms.iter().map(|t| t.0)),
            Self::Binary(_, a, b) => {
                a.slots(all);
                b.slots(all);
            }
        }
    }
}

fn binary(operation: Binary, a: i64, b: i64) -> Option<i64> {
    match operation {
        Binary::Add => a.checked_add(b),
        Binary::Mul => a.checked_mul(b),
        Binary::Min => Some(a.min(b)),
        Binary::Max => Some(a.max(b)),
        // Affine divisors are positive.
        _ if b <= 0 => None,
        Binary::Mod => Some(a.rem_euclid(b)),
        Binary::FloorDiv => Some(a.div_euclid(b)),
        Binary::CeilDiv => Some(a.div_euclid(b) + i64::from(a.rem_euclid(b) != 0)),
        Binary::Div => Some(a / b),
        Binary::Remainder => Some(a % b),
    }
}

/// A comparison of two sums, in the order of the predicates of `arith.cmpi`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Comparison {
    pub predicate: i128,
    pub left: Linear,
    pub right: Linear,
}

impl Comparison {
    pub fn holds(&self, slots: &[i64]) -> bool {
        let (a, b) = (self.left.evaluate(slots), self.right.evaluate(slots));
        match self.predicate {
            0 => a == b,
            1 => a != b,
            2 => a < b,
            3 => a <= b,
            4 => a > b,
            5 => a >= b,
            6 => (a as u64) < b as u64,
            7 => a as u64 <= b as u64,
            8 => a as u64 > b as u64,
            _ => a as u64 >= b as u64,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sums_stay_sorted_and_lose_zeros() {
        let a = Linear { constant: 3, terms: vec![(1, 2), (4, 1)] };
        let b = Linear { constant: 1, terms: vec![(0, 5), (4, 1)] };
        assert_eq!(a.plus(&b, -1), Some(Linear { constant: 2, terms: vec![(0, -5), (1, 2)] }));
        assert_eq!(a.evaluate(&[0, 10, 0, 0, 7]), 30);
        assert_eq!(Linear::constant(i64::MAX).plus(&Linear::constant(1), 1), None);
    }

    #[test]
    fn divisions_round_as_named() {
        let of = |operation, a, b| {
            let constant = |n| Expression::Linear(Linear::constant(n));
            Expression::of(operation, constant(a), constant(b)).and_then(|e| e.evaluate(&[]))
        };
        assert_eq!((of(Binary::FloorDiv, -7, 2), of(Binary::CeilDiv, -7, 2)), (Some(-4), Some(-3)));
        assert_eq!((of(Binary::Mod, -7, 2), of(Binary::Remainder, -7, 2)), (Some(1), Some(-1)));
        assert_eq!((of(Binary::Div, -7, 2), of(Binary::Div, 7, 0)), (Some(-3), None));
    }
}
