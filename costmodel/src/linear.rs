//! Subscripts and bounds as sums of multiples of values.

use std::collections::BTreeMap;

use ir::registry::facts::Evaluation;
use ir::tree::{AffineExpr, AttributeValue, Definition, OpId, Tree, ValueId};

/// Deepest chain of index arithmetic that is followed; what lies beyond is a value of its own.
const DEEPEST: usize = 32;

/// Most operations of index arithmetic that are followed for one index: sums of sums of one value double with each level.
const MOST_OPERATIONS: usize = 256;

/// A sum of multiples of values and a constant.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Default)]
pub(crate) struct Linear {
    pub terms: BTreeMap<ValueId, i64>,
    pub constant: i64,
}

impl Linear {
    fn constant(constant: i64) -> Self {
        Self { terms: BTreeMap::new(), constant }
    }

    /// One value.
    pub fn value(value: ValueId) -> Self {
        Self { terms: BTreeMap::from([(value, 1)]), constant: 0 }
    }

    /// How often a value counts.
    pub fn coefficient(&self, value: ValueId) -> i64 {
        self.terms.get(&value).copied().unwrap_or(0)
    }

    /// `None` on overflow.
    pub fn plus(mut self, other: &Self, factor: i64) -> Option<Self> {
        self.constant = self.constant.checked_add(other.constant.checked_mul(factor)?)?;
        for (&value, &coefficient) in &other.terms {
            let sum = self.terms.entry(value).or_insert(0);
            *sum = sum.checked_add(coefficient.checked_mul(factor)?)?;
        }
        self.terms.retain(|_, coefficient| *coefficient != 0);
        Some(self)
    }

    fn as_constant(&self) -> Option<i64> {
        self.terms.is_empty().then_some(self.constant)
    }

    /// Product; `None` if neither factor is constant.
    fn times(self, other: &Self) -> Option<Self> {
        match (self.as_constant(), other.as_constant()) {
            (_, Some(factor)) => Self::default().plus(&self, factor),
            (Some(factor), _) => Self::default().plus(other, factor),
            _ => None,
        }
    }
}

/// The sum that an index is; the value itself where its operation is no such sum.
pub(crate) fn linear(tree: &Tree, value: ValueId) -> Linear {
    let mut left = MOST_OPERATIONS;
    read(tree, value, 0, &mut left).unwrap_or_else(|| Linear::value(value))
}

/// `left` is the number of operations that may still be followed.
fn read(tree: &Tree, value: ValueId, depth: usize, left: &mut usize) -> Option<Linear> {
    let Definition::Result { operation, .. } = tree.value(value).definition else { return None };
    if depth >= DEEPEST || *left == 0 {
        return None;
    }
    *left -= 1;
    let mut operand = |index: usize| {
        let value = *tree.operation(operation).operands.get(index)?;
        Some(read(tree, value, depth + 1, left).unwrap_or_else(|| Linear::value(value)))
    };
    match tree.record(operation).evaluation {
        Evaluation::Constant => match tree.attribute(operation, "value") {
            Some(AttributeValue::Integer(number, _)) => i64::try_from(*number).ok().map(Linear::constant),
            _ => None,
        },
        Evaluation::Add => operand(0)?.plus(&operand(1)?, 1),
        Evaluation::Sub => operand(0)?.plus(&operand(1)?, -1),
        Evaluation::Mul => operand(0)?.times(&operand(1)?),
        Evaluation::IndexCast | Evaluation::Extend => operand(0),
        Evaluation::AffineApply => {
            let Some(AttributeValue::AffineMap(map)) = tree.attribute(operation, "map") else { return None };
            let operands: Option<Vec<Linear>> = (0..tree.operation(operation).operands.len()).map(operand).collect();
            expression(map.results.first()?, map.dimensions, &operands?)
        }
        _ => None,
    }
}

/// An affine expression of dimensions and symbols; `None` where it divides by what is not constant, or overflows.
pub(crate) fn expression(expression: &AffineExpr, dimensions: u32, names: &[Linear]) -> Option<Linear> {
    let name = |index: u32| names.get(index as usize).cloned();
    let of = |e: &AffineExpr| self::expression(e, dimensions, names);
    let divided = |a: &AffineExpr, b: &AffineExpr, divide: fn(i64, i64) -> Option<i64>| {
        divide(of(a)?.as_constant()?, of(b)?.as_constant()?).map(Linear::constant)
    };
    match expression {
        AffineExpr::Constant(constant) => Some(Linear::constant(*constant)),
        AffineExpr::Dimension(dimension) => name(*dimension),
        AffineExpr::Symbol(symbol) => name(dimensions.checked_add(*symbol)?),
        AffineExpr::Add(a, b) => of(a)?.plus(&of(b)?, 1),
        AffineExpr::Mul(a, b) => of(a)?.times(&of(b)?),
        AffineExpr::Mod(a, b) => divided(a, b, i64::checked_rem_euclid),
        AffineExpr::FloorDiv(a, b) => divided(a, b, i64::checked_div_euclid),
        AffineExpr::CeilDiv(a, b) => divided(a, b, |a, b| a.checked_neg()?.checked_div_euclid(b)?.checked_neg()),
    }
}

/// The subscripts of a load or store, outermost first; `None` for one that is no sum of multiples.
pub(crate) fn subscripts(tree: &Tree, operation: OpId, memory: usize) -> Vec<Option<Linear>> {
    let operands = &tree.operation(operation).operands;
    let names = operands[memory + 1..].iter().map(|&value| linear(tree, value));
    match tree.attribute(operation, "map") {
        Some(AttributeValue::AffineMap(map)) => {
            let names: Vec<Linear> = names.collect();
            map.results.iter().map(|result| expression(result, map.dimensions, &names)).collect()
        }
        _ => {
            let rank = tree.types().shape(tree.value(operands[memory]).ty).map_or(usize::MAX, <[_]>::len);
            names.take(rank).map(Some).collect()
        }
    }
}
