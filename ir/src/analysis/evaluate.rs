//! Compile-time evaluation of integers: constants, arithmetic on them, affine maps, extents.
//!
//! Values are intervals, so an induction variable can stand for all its values at once. A value that depends on
//! anything else, or that overflows 128 bits, is `None`.

use super::dense::Dense;
use super::elements;
use crate::registry::facts::Evaluation;
use crate::tree::{AffineExpr, AffineMap, AffineSet, AttributeValue, Definition, Dimension, OpId, Tree, ValueId};

/// All integers from `low` to `high`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Interval {
    pub low: i128,
    pub high: i128,
}

impl Interval {
    pub fn exact(value: i128) -> Self {
        Self { low: value, high: value }
    }

    pub fn value(self) -> Option<i128> {
        (self.low == self.high).then_some(self.low)
    }

    fn corners(self, other: Self, f: impl Fn(i128, i128) -> Option<i128>) -> Option<Self> {
        let mut all = [(self.low, other.low), (self.low, other.high), (self.high, other.low), (self.high, other.high)]
            .into_iter()
            .map(|(a, b)| f(a, b));
        let first = all.next()??;
        let mut hull = Self::exact(first);
        for value in all {
            let value = value?;
            hull = Self { low: hull.low.min(value), high: hull.high.max(value) };
        }
        Some(hull)
    }

    fn add(self, other: Self) -> Option<Self> {
        Some(Self { low: self.low.checked_add(other.low)?, high: self.high.checked_add(other.high)? })
    }

    fn sub(self, other: Self) -> Option<Self> {
        Some(Self { low: self.low.checked_sub(other.high)?, high: self.high.checked_sub(other.low)? })
    }

    fn mul(self, other: Self) -> Option<Self> {
        self.corners(other, i128::checked_mul)
    }

    /// Monotone in the dividend and in a divisor of one sign: the corners hold the extremes.
    fn div(self, other: Self, f: impl Fn(i128, i128) -> Option<i128>) -> Option<Self> {
        (other.low > 0 || other.high < 0).then(|| self.corners(other, f))?
    }

    fn modulo(self, other: Self) -> Option<Self> {
        if other.low <= 0 {
            return None;
        }
        if let (Some(a), Some(b)) = (self.value(), other.value()) {
            return Some(Self::exact(a.rem_euclid(b)));
        }
        if self.low >= 0 && self.high < other.low {
            return Some(self);
        }
        Some(Self { low: 0, high: other.high - 1 })
    }

    fn min(self, other: Self) -> Self {
        Self { low: self.low.min(other.low), high: self.high.min(other.high) }
    }

    fn max(self, other: Self) -> Self {
        Self { low: self.low.max(other.low), high: self.high.max(other.high) }
    }
}

pub(super) fn floor_div(a: i128, b: i128) -> Option<i128> {
    let quotient = a.checked_div(b)?;
    Some(if a % b != 0 && (a < 0) != (b < 0) { quotient - 1 } else { quotient })
}

pub(super) fn ceil_div(a: i128, b: i128) -> Option<i128> {
    let quotient = a.checked_div(b)?;
    Some(if a % b != 0 && (a < 0) == (b < 0) { quotient + 1 } else { quotient })
}

/// Most steps of one evaluation. Shared operands make the number of steps exponential in the size of the text.
const FUEL: u32 = 512;

/// Known values at one point of the walk over a function.
#[derive(Debug)]
pub(super) struct Environment<'a> {
    tree: &'a Tree,
    /// Intervals of the induction variables.
    variables: Dense<Option<Interval>>,
}

impl<'a> Environment<'a> {
    pub fn new(tree: &'a Tree, variables: Dense<Option<Interval>>) -> Self {
        Self { tree, variables }
    }

    pub fn set(&mut self, variable: ValueId, value: Option<Interval>) {
        if let Some(known) = self.variables.get_mut(variable.index()) {
            *known = value;
        }
    }

    pub fn value(&self, value: ValueId) -> Option<Interval> {
        self.fuelled(value, &mut { FUEL })
    }

    /// Results of a map over operands, dimensions first.
    pub fn map(&self, map: &AffineMap, operands: &[ValueId]) -> Vec<Option<Interval>> {
        let mut fuel = FUEL;
        map.results.iter().map(|e| self.expression(e, map, operands, &mut fuel)).collect()
    }

    /// The largest (or smallest) of a map's results, as loop bounds are defined.
    pub fn extreme(&self, map: &AffineMap, operands: &[ValueId], largest: bool) -> Option<Interval> {
        let mut all = self.map(map, operands).into_iter();
        let first = all.next()??;
        all.try_fold(first, |a, b| Some(if largest { a.max(b?) } else { a.min(b?) }))
    }

    fn expression(&self, e: &AffineExpr, map: &AffineMap, operands: &[ValueId], fuel: &mut u32) -> Option<Interval> {
        *fuel = fuel.checked_sub(1)?;
        let mut both = |a: &AffineExpr, b: &AffineExpr| {
            Some((self.expression(a, map, operands, fuel)?, self.expression(b, map, operands, fuel)?))
        };
        match e {
            AffineExpr::Dimension(d) => self.fuelled(*operands.get(*d as usize)?, fuel),
            AffineExpr::Symbol(s) => self.fuelled(*operands.get((map.dimensions + s) as usize)?, fuel),
            AffineExpr::Constant(c) => Some(Interval::exact((*c).into())),
            AffineExpr::Add(a, b) => both(a, b).and_then(|(a, b)| a.add(b)),
            AffineExpr::Mul(a, b) => both(a, b).and_then(|(a, b)| a.mul(b)),
            AffineExpr::Mod(a, b) => both(a, b).and_then(|(a, b)| a.modulo(b)),
            AffineExpr::FloorDiv(a, b) => both(a, b).and_then(|(a, b)| a.div(b, floor_div)),
            AffineExpr::CeilDiv(a, b) => both(a, b).and_then(|(a, b)| a.div(b, ceil_div)),
        }
    }

    fn fuelled(&self, value: ValueId, fuel: &mut u32) -> Option<Interval> {
        *fuel = fuel.checked_sub(1)?;
        if let Some(&Some(known)) = self.variables.get(value.index()) {
            return Some(known);
        }
        let Definition::Result { operation, .. } = self.tree.value(value).definition else { return None };
        let operands = &self.tree.operation(operation).operands;
        let evaluation = elements::evaluation(self.tree, operation);
        match evaluation {
            Evaluation::Constant => constant(self.tree, operation),
            Evaluation::Dimension => {
                let index = self.fuelled(*operands.get(1)?, fuel)?.value()?;
                let shape = self.tree.types().shape(self.tree.value(*operands.first()?).ty)?;
                match shape.get(usize::try_from(index).ok()?)? {
                    Dimension::Static(extent) => Some(Interval::exact((*extent).into())),
                    _ => None,
                }
            }
            Evaluation::AffineApply | Evaluation::AffineMin | Evaluation::AffineMax => {
                let Some(AttributeValue::AffineMap(map)) = self.tree.attribute(operation, "map") else { return None };
                let largest = evaluation == Evaluation::AffineMax;
                let mut all = map.results.iter().map(|e| self.expression(e, map, operands, fuel));
                let first = all.next()??;
                all.try_fold(first, |a, b| Some(if largest { a.max(b?) } else { a.min(b?) }))
            }
            Evaluation::IndexCast | Evaluation::Extend => self.fuelled(*operands.first()?, fuel),
            _ => {
                let binary = binary(evaluation)?;
                let &[a, b] = operands.as_slice() else { return None };
                binary(self.fuelled(a, fuel)?, self.fuelled(b, fuel)?)
            }
        }
    }

    /// Whether the operands lie in a set; `None` where that is not known at compile time.
    pub fn contains(&self, set: &AffineSet, operands: &[ValueId]) -> Option<bool> {
        let values = self.map(&set.constraints, operands);
        let holds = |(value, &is_equal): (Option<Interval>, &bool)| {
            let Interval { low, high } = value?;
            match is_equal {
                true if low == 0 && high == 0 => Some(true),
                true if low > 0 || high < 0 => Some(false),
                false if low >= 0 => Some(true),
                false if high < 0 => Some(false),
                _ => None,
            }
        };
        let all: Vec<Option<bool>> = values.into_iter().zip(&set.is_equal).map(holds).collect();
        if all.contains(&Some(false)) {
            Some(false)
        } else {
            all.into_iter().try_fold(true, |both, one| Some(both && one?))
        }
    }

    /// Whether a condition holds; `None` where that is not known at compile time.
    pub fn condition(&self, value: ValueId) -> Option<bool> {
        let Definition::Result { operation, .. } = self.tree.value(value).definition else { return None };
        match self.tree.record(operation).evaluation {
            Evaluation::Constant => match self.tree.attribute(operation, "value")? {
                AttributeValue::Bool(value) => Some(*value),
                AttributeValue::Integer(value, _) => Some(*value != 0),
                _ => None,
            },
            Evaluation::Compare => {
                let AttributeValue::Integer(predicate, _) = self.tree.attribute(operation, "predicate")? else {
                    return None;
                };
                let &[a, b] = self.tree.operation(operation).operands.as_slice() else { return None };
                compare(*predicate, self.value(a)?, self.value(b)?)
            }
            _ => None,
        }
    }
}

/// The function of intervals for a function of two integers.
fn binary(evaluation: Evaluation) -> Option<fn(Interval, Interval) -> Option<Interval>> {
    Some(match evaluation {
        Evaluation::Add => Interval::add,
        Evaluation::Sub => Interval::sub,
        Evaluation::Mul => Interval::mul,
        Evaluation::DivSigned => |a, b| a.div(b, i128::checked_div),
        Evaluation::FloorDiv => |a, b| a.div(b, floor_div),
        Evaluation::CeilDiv => |a, b| a.div(b, ceil_div),
        // Unsigned and signed division agree on operands that are not negative.
        Evaluation::DivUnsigned => |a, b| (a.low >= 0 && b.low > 0).then(|| a.div(b, i128::checked_div))?,
        Evaluation::CeilDivUnsigned => |a, b| (a.low >= 0 && b.low > 0).then(|| a.div(b, ceil_div))?,
        Evaluation::Remainder | Evaluation::RemainderUnsigned => |a, b| (a.low >= 0).then(|| a.modulo(b))?,
        Evaluation::MinSigned => |a, b| Some(a.min(b)),
        Evaluation::MaxSigned => |a, b| Some(a.max(b)),
        Evaluation::MinUnsigned => |a, b| (a.low >= 0 && b.low >= 0).then(|| a.min(b)),
        Evaluation::MaxUnsigned => |a, b| (a.low >= 0 && b.low >= 0).then(|| a.max(b)),
        _ => return None,
    })
}

/// Compares by the number of a predicate of `arith.cmpi`.
fn compare(predicate: i128, a: Interval, b: Interval) -> Option<bool> {
    let unsigned = predicate >= 6;
    if unsigned && (a.low < 0 || b.low < 0) {
        return None;
    }
    let less = |a: Interval, b: Interval| match (a.high < b.low, a.low >= b.high) {
        (true, _) => Some(true),
        (_, true) => Some(false),
        _ => None,
    };
    let equal = match (a.value(), b.value()) {
        (Some(a), Some(b)) => Some(a == b),
        _ if a.high < b.low || b.high < a.low => Some(false),
        _ => None,
    };
    match predicate {
        0 => equal,
        1 => equal.map(|e| !e),
        2 | 6 => less(a, b),
        3 | 7 => less(b, a).map(|l| !l),
        4 | 8 => less(b, a),
        5 | 9 => less(a, b).map(|l| !l),
        _ => None,
    }
}

/// An integer constant's value.
pub(super) fn constant(tree: &Tree, operation: OpId) -> Option<Interval> {
    match tree.attribute(operation, "value")? {
        AttributeValue::Integer(value, _) => Some(Interval::exact(*value)),
        AttributeValue::Bool(value) => Some(Interval::exact((*value).into())),
        // Every element of a tensor.
        AttributeValue::Dense { splat: Some(value), .. } if value.fract() == 0.0 => {
            Some(Interval::exact(*value as i128))
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn intervals_hold_every_result(a in -20i128..20, n in 0i128..9, b in -9i128..9, m in 0i128..9, i in 0i128..9, j in 0i128..9) {
            let (x, y) = (Interval { low: a, high: a + n }, Interval { low: b, high: b + m });
            let (p, q) = (a + i.min(n), b + j.min(m));
            let holds = |r: Option<Interval>, v: Option<i128>| {
                r.is_none_or(|r| v.is_some_and(|v| r.low <= v && v <= r.high))
            };
            prop_assert!(holds(x.add(y), Some(p + q)) && holds(x.sub(y), Some(p - q)) && holds(x.mul(y), Some(p * q)));
            prop_assert!(holds(x.div(y, floor_div), floor_div(p, q)) && holds(x.div(y, ceil_div), ceil_div(p, q)));
            prop_assert!(holds(x.modulo(y), p.checked_rem_euclid(q)));
            for predicate in 0..10 {
                let truth = [p == q, p != q, p < q, p <= q, p > q, p >= q, p < q, p <= q, p > q, p >= q];
                prop_assert!(compare(predicate, x, y).is_none_or(|c| c == truth[predicate as usize]));
            }
        }

        #[test]
        fn divisions_round_as_named(a in -50i128..50, b in 1i128..9) {
            prop_assert_eq!(floor_div(a, b), Some(a.div_euclid(b)));
            prop_assert_eq!(ceil_div(a, b), Some(-(-a).div_euclid(b)));
        }
    }
}
