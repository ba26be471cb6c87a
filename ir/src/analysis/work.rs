//! Arithmetic of one execution of an operation, its regions not counted.
//!
//! Conventions, those of XLA's cost analysis where it has one: an addition, subtraction, multiplication, division,
//! remainder, negation, absolute value, minimum, maximum, rounding or comparison of floating-point numbers is one
//! FLOP, a fused multiply-add two; `exp`, `log`, `sqrt`, `tanh`, `pow` and the like are counted apart, as
//! transcendentals. The same on integers and indices is one integer operation. Conversions, selections, moves,
//! reshapes and the arithmetic of addresses are none. Reductions take as many operations as elements, as written,
//! with an initial value. Complex arithmetic is counted in real operations (2 for a sum, 6 for a product).

use std::iter::Sum;
use std::ops::{Add, AddAssign, Mul};

use serde::Serialize;

use super::range::Range;
use super::size::{elements, elements_of};
use super::{Reason, space};
use crate::registry::facts::{Arithmetic, ElementArithmetic, ProductForm};
use crate::tree::{AffineExpr, AffineMap, AttributeValue, Dimension, OpId, Tree, Type, TypeId};

/// Arithmetic operations by kind.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Work {
    /// Floating-point operations.
    pub flops: Range,
    /// Transcendental functions, not among the FLOPs.
    pub transcendentals: Range,
    /// Operations on integers and indices.
    pub integer_operations: Range,
}

impl Work {
    /// None.
    pub const ZERO: Self = Self { flops: Range::ZERO, transcendentals: Range::ZERO, integer_operations: Range::ZERO };
    /// Any amount.
    pub const UNKNOWN: Self =
        Self { flops: Range::UNKNOWN, transcendentals: Range::UNKNOWN, integer_operations: Range::UNKNOWN };

    /// All operations of every kind, each as one.
    #[must_use]
    pub fn total(self) -> Range {
        self.flops + self.transcendentals + self.integer_operations
    }

    fn flops(count: Range) -> Self {
        Self { flops: count, ..Self::ZERO }
    }
}

impl Add for Work {
    type Output = Self;

    fn add(self, other: Self) -> Self {
        Self {
            flops: self.flops + other.flops,
            transcendentals: self.transcendentals + other.transcendentals,
            integer_operations: self.integer_operations + other.integer_operations,
        }
    }
}

impl AddAssign for Work {
    fn add_assign(&mut self, other: Self) {
        *self = *self + other;
    }
}

impl Mul<Range> for Work {
    type Output = Self;

    fn mul(self, times: Range) -> Self {
        Self {
            flops: self.flops * times,
            transcendentals: self.transcendentals * times,
            integer_operations: self.integer_operations * times,
        }
    }
}

impl Sum for Work {
    fn sum<I: Iterator<Item = Self>>(items: I) -> Self {
        items.fold(Self::ZERO, Add::add)
    }
}

/// Arithmetic of one execution, or why it is not known.
pub(super) fn of(tree: &Tree, operation: OpId) -> Result<Work, Reason> {
    let record = tree.record(operation);
    let node = tree.operation(operation);
    let operand = |index: usize| node.operands.get(index).map(|&v| tree.value(v).ty).ok_or(Reason::Shape);
    let result = || node.results.first().map(|&v| tree.value(v).ty).ok_or(Reason::Shape);
    match record.arithmetic {
        Arithmetic::Unknown => Err(Reason::Operation),
        Arithmetic::DataDependent => Err(Reason::Data),
        Arithmetic::None => Ok(Work::ZERO),
        // A comparison's result is of `i1`, whatever it compares.
        Arithmetic::PerResult(kind) => per_element(tree, operand(0).or(result())?, elements(tree, result()?), kind),
        Arithmetic::PerOperand(kind) => per_element(tree, operand(0)?, elements(tree, operand(0)?), kind),
        Arithmetic::AffineMap => {
            let operations = match tree.attribute(operation, "map") {
                Some(AttributeValue::AffineMap(map)) => {
                    map.results.iter().map(arithmetic_of).sum::<u64>() + map.results.len().saturating_sub(1) as u64
                }
                _ => 0,
            };
            Ok(Work { integer_operations: Range::from(operations), ..Work::ZERO })
        }
        Arithmetic::Body => match tree.entry(operation, 0) {
            Some(_) => Ok(Work::ZERO),
            None => Err(Reason::Operation),
        },
        Arithmetic::VectorContraction => per_element(tree, operand(0)?, mapped_points(tree, operation)?, MULTIPLY_ADD),
        Arithmetic::OuterProduct => {
            let points = elements(tree, operand(0)?) * elements(tree, operand(1)?);
            per_element(tree, operand(0)?, points, if node.operands.len() > 2 { MULTIPLY_ADD } else { SIMPLE })
        }
        Arithmetic::Reduction => {
            let mut count = elements(tree, operand(0)?);
            if node.operands.len() == 1 {
                count = Range { low: count.low.saturating_sub(1), high: count.high.map(|h| h.saturating_sub(1)) };
            }
            per_element(tree, operand(0)?, count, SIMPLE)
        }
        Arithmetic::Contraction => {
            let points = elements(tree, result()?) * summed(tree, operation, 0)?;
            per_element(tree, operand(0)?, points, MULTIPLY_ADD)
        }
        Arithmetic::BiasedConvolution => {
            let out = elements(tree, result()?);
            let points = out * summed(tree, operation, 1)?;
            per_element(tree, operand(0)?, points * Range::from(2) + out, SIMPLE)
        }
        Arithmetic::TransposedConvolution => {
            let points = elements(tree, operand(0)?) * filter_extents(tree, operation, |letter| letter != 'c')?;
            per_element(tree, operand(0)?, points * Range::from(2) + elements(tree, result()?), SIMPLE)
        }
        Arithmetic::Pooling => {
            let Some(AttributeValue::DenseArray(_, kernel)) = tree.attribute(operation, "kernel") else {
                return Err(Reason::Operation);
            };
            let window = kernel.iter().fold(Range::ONE, |n, &k| n * Range::from(k as u64));
            per_element(tree, operand(0)?, elements(tree, result()?) * window, SIMPLE)
        }
    }
}

const SIMPLE: ElementArithmetic = ElementArithmetic::Simple(1);
const MULTIPLY_ADD: ElementArithmetic = ElementArithmetic::Simple(2);

/// The arithmetic of `count` elements of a type.
fn per_element(tree: &Tree, ty: TypeId, count: Range, kind: ElementArithmetic) -> Result<Work, Reason> {
    let element = tree.types().element(ty);
    let (scalar, complex) = match (tree.ty(ty), tree.ty(element)) {
        (Type::Complex(part), _) | (_, Type::Complex(part)) => (*part, true),
        _ => (element, false),
    };
    let factor = match (kind, complex) {
        (ElementArithmetic::Transcendental, false) => return Ok(Work { transcendentals: count, ..Work::ZERO }),
        (ElementArithmetic::Simple(n), false) => n,
        (ElementArithmetic::Sum | ElementArithmetic::Product, false) => 1,
        (ElementArithmetic::Sum, true) => 2,
        (ElementArithmetic::Product, true) => 6,
        (ElementArithmetic::Simple(_) | ElementArithmetic::Transcendental, true) => return Err(Reason::Operation),
    };
    let count = count * Range::from(factor);
    match tree.ty(scalar) {
        Type::Float(_) => Ok(Work::flops(count)),
        Type::Integer(..) | Type::Index => Ok(Work { integer_operations: count, ..Work::ZERO }),
        _ => Err(Reason::Shape),
    }
}

fn arithmetic_of(expression: &AffineExpr) -> u64 {
    // An explicit stack: sums may be long.
    let (mut left, mut count) = (vec![expression], 0);
    while let Some(next) = left.pop() {
        match next {
            AffineExpr::Add(a, b)
            | AffineExpr::Mul(a, b)
            | AffineExpr::Mod(a, b)
            | AffineExpr::FloorDiv(a, b)
            | AffineExpr::CeilDiv(a, b) => {
                count += 1;
                left.extend([&**a, &**b]);
            }
            _ => {}
        }
    }
    count
}

/// Points of the iteration space that `indexing_maps` give.
fn mapped_points(tree: &Tree, operation: OpId) -> Result<Range, Reason> {
    let Some(AttributeValue::Array(maps)) = tree.attribute(operation, "indexing_maps") else {
        return Err(Reason::Operation);
    };
    let maps: Vec<&AffineMap> =
        maps.iter().filter_map(|m| if let AttributeValue::AffineMap(map) = m { Some(map) } else { None }).collect();
    let shapes = tree.operation(operation).operands.iter().map(|&v| tree.types().shape(tree.value(v).ty));
    space::extents(&maps, shapes).ok_or(Reason::Shape)
}

fn shape(tree: &Tree, operation: OpId, operand: usize) -> Result<&[Dimension], Reason> {
    let value = *tree.operation(operation).operands.get(operand).ok_or(Reason::Shape)?;
    tree.types().shape(tree.value(value).ty).ok_or(Reason::Shape)
}

/// Product of some extents of an operand.
fn extents_at(shape: &[Dimension], places: impl Iterator<Item = usize>) -> Result<Range, Reason> {
    let picked: Option<Vec<Dimension>> = places.map(|i| shape.get(i).copied()).collect();
    picked.map(|p| elements_of(&p)).ok_or(Reason::Shape)
}

/// Product of the filter's extents whose letter is wanted.
fn filter_extents(tree: &Tree, operation: OpId, wanted: impl Fn(char) -> bool) -> Result<Range, Reason> {
    let ProductForm::Convolution(filter) = tree.record(operation).contraction else { return Err(Reason::Operation) };
    let places = filter.letters.chars().enumerate().filter(|(_, letter)| wanted(*letter)).map(|(place, _)| place);
    extents_at(shape(tree, operation, 1)?, places)
}

/// Elements that each element of a contraction's result sums over; extents are those of `operand`.
fn summed(tree: &Tree, operation: OpId, operand: usize) -> Result<Range, Reason> {
    let record = tree.record(operation);
    match (record.contraction, record.nest) {
        (ProductForm::Nest, Some(nest)) => {
            let kept: Vec<usize> = nest.dimensions(2).collect();
            let places =
                nest.dimensions(operand).enumerate().filter(|(_, d)| !kept.contains(d)).map(|(place, _)| place);
            extents_at(shape(tree, operation, operand)?, places)
        }
        (ProductForm::Convolution(filter), _) => filter_extents(tree, operation, |letter| !filter.keeps(letter)),
        (ProductForm::Dot, _) => {
            let shape = shape(tree, operation, 0)?;
            extents_at(shape, std::iter::once(shape.len().wrapping_sub(1)))
        }
        (ProductForm::DotGeneral, _) => {
            let contracted = listed(tree, operation, "dot_dimension_numbers", "lhs_contracting_dimensions");
            extents_at(shape(tree, operation, 0)?, contracted.iter().map(|&d| d as usize))
        }
        (ProductForm::HloConvolution, _) => {
            // Each output element sums over all dimensions of the kernel but the output features.
            let kernel = shape(tree, operation, 1)?;
            let numbers = text_of(tree, operation, "dimension_numbers").ok_or(Reason::Operation)?;
            let features = kernel_output_feature(&numbers).ok_or(Reason::Operation)?;
            extents_at(kernel, (0..kernel.len()).filter(|&place| place != features))
        }
        (ProductForm::None | ProductForm::Nest, _) => Err(Reason::Operation),
    }
}

/// The text of a dialect's attribute.
fn text_of(tree: &Tree, operation: OpId, name: &str) -> Option<String> {
    match tree.attribute(operation, name)? {
        AttributeValue::Other(text) => Some(text.clone()),
        _ => None,
    }
}

/// `... key = [1, 2] ...` in a dialect's attribute; empty where the key is not written.
fn listed(tree: &Tree, operation: OpId, name: &str, key: &str) -> Vec<u64> {
    let Some(text) = text_of(tree, operation, name) else { return Vec::new() };
    let Some(behind) = text.split_once(key).map(|t| t.1) else { return Vec::new() };
    let Some(list) = behind.split_once('[').and_then(|t| t.1.split_once(']')).map(|t| t.0) else { return Vec::new() };
    list.split(',').filter_map(|n| n.trim().parse().ok()).collect()
}

/// Index of the kernel's output feature dimension: 3 for `[b, 0, 1, f]x[0, 1, i, o]->[b, 0, 1, f]`.
fn kernel_output_feature(numbers: &str) -> Option<usize> {
    let kernel = numbers.split('[').nth(2)?.split(']').next()?;
    kernel.split(',').position(|part| part.trim() == "o")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_kernel_of_a_convolution_names_its_output_features() {
        assert_eq!(kernel_output_feature("#stablehlo.conv<[b, 0, 1, f]x[0, 1, i, o]->[b, 0, 1, f]>"), Some(3));
        assert_eq!(kernel_output_feature("#stablehlo.conv<[b, f, 0]x[o, i, 0]->[b, f, 0]>"), Some(0));
        assert_eq!(kernel_output_feature("#stablehlo.conv<raw>"), None);
    }
}
