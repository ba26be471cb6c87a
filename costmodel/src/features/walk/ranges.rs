//! Ranges of integers: a reduced form of LLVM's constant ranges. A compiler drops an extreme or a mask that no value of the range
//! needs, and an operation whose result is a constant.
//!
//! The range of a value that a loop carries, or that is loaded, is that of its type.

use ir::registry::facts::Evaluation;
use ir::registry::features::{BitRule, Shift};
use ir::tree::{AttributeValue, OpId, Tree, Type, ValueId};

use super::range::Range;
use super::values::{Values, constant_integer};
use super::widths::is_selection;

/// Bits of an integer or of an element of a vector of integers.
fn bits(tree: &Tree, value: ValueId) -> Option<f64> {
    match tree.ty(tree.types().element(tree.value(value).ty)) {
        Type::Integer(bits, _) => Some(f64::from(*bits)),
        Type::Index => Some(64.0),
        _ => None,
    }
}

/// The range of the type of a value; `None` if it is no integer.
fn of_type(tree: &Tree, value: ValueId) -> Option<Range> {
    match bits(tree, value)? {
        1.0 => Some(Range::unsigned(1.0)),
        bits => Some(Range { low: -libm::exp2(bits - 1.0), high: libm::exp2(bits - 1.0) - 1.0 }),
    }
}

/// The range of a value; `None` if it is no integer.
pub fn of(tree: &Tree, values: &Values, value: ValueId) -> Option<Range> {
    values.get(value).range.or_else(|| of_type(tree, value))
}

/// Whether a value is known not to be negative.
pub fn is_unsigned(tree: &Tree, values: &Values, value: ValueId) -> bool {
    of(tree, values, value).is_some_and(Range::is_unsigned)
}

/// The range of the result of an operation, if it is narrower than that of its type. Sums and products that may overflow have the
/// latter.
pub fn of_result(tree: &Tree, values: &Values, operation: OpId) -> Option<Range> {
    let node = tree.operation(operation);
    let &[result] = node.results.as_slice() else { return None };
    let all = of_type(tree, result)?;
    let operand = |index: usize| of(tree, values, *node.operands.get(index)?);
    let record = tree.record(operation);
    let own = match record.evaluation {
        Evaluation::Constant => Range::point(constant_integer(tree, result)? as f64),
        Evaluation::IndexCast | Evaluation::Truncate => operand(0)?,
        Evaluation::Extend => extended(operand(0)?, bits(tree, node.operands[0])?, record.features.bits),
        Evaluation::Compare => compared(tree, operation, operand(0)?, operand(1)?)?,
        Evaluation::None if is_selection(tree, operation) => operand(1)?.union(operand(2)?),
        Evaluation::None if record.features.shift != Shift::None => {
            shifted(operand(0)?, operand(1)?.constant()?, record.features.shift, bits(tree, result)?)
        }
        evaluation => combined(evaluation, record.features.bits, operand(0)?, operand(1)?)?,
    };
    (all.contains(own) && own != all).then_some(own)
}

fn extended(from: Range, bits: f64, rule: BitRule) -> Range {
    match rule {
        BitRule::ZeroExtension if !from.is_unsigned() => Range::unsigned(bits),
        // The only bit is the sign.
        BitRule::None if bits == 1.0 => Range { low: -from.high, high: -from.low },
        _ => from,
    }
}

fn shifted(from: Range, distance: f64, shift: Shift, bits: f64) -> Range {
    let factor = libm::exp2(distance);
    match shift {
        Shift::Left => Range { low: from.low * factor, high: from.high * factor },
        Shift::Right if !from.is_unsigned() => Range::unsigned((bits - distance).max(0.0)),
        _ => Range { low: libm::floor(from.low / factor), high: libm::floor(from.high / factor) },
    }
}

fn combined(evaluation: Evaluation, rule: BitRule, a: Range, b: Range) -> Option<Range> {
    let both_unsigned = a.is_unsigned() && b.is_unsigned();
    Some(match evaluation {
        Evaluation::Add => a.of_corners(b, |a, b| a + b),
        Evaluation::Sub => a.of_corners(b, |a, b| a - b),
        Evaluation::Mul => a.of_corners(b, |a, b| a * b),
        Evaluation::MinSigned => a.of_corners(b, f64::min),
        Evaluation::MaxSigned => a.of_corners(b, f64::max),
        Evaluation::MinUnsigned if both_unsigned => a.of_corners(b, f64::min),
        Evaluation::MaxUnsigned if both_unsigned => a.of_corners(b, f64::max),
        Evaluation::MinUnsigned if b.is_unsigned() => Range { low: 0.0, ..b },
        Evaluation::DivSigned if b.low > 0.0 => a.of_corners(b, |a, b| libm::trunc(a / b)),
        Evaluation::DivUnsigned if a.is_unsigned() && b.low > 0.0 => a.of_corners(b, |a, b| libm::floor(a / b)),
        Evaluation::Remainder if b.low > 0.0 => {
            let most = b.high - 1.0;
            Range { low: a.low.max(-most).min(0.0), high: a.high.min(most).max(0.0) }
        }
        Evaluation::RemainderUnsigned if b.low > 0.0 => {
            let most = b.high - 1.0;
            Range { low: 0.0, high: if a.is_unsigned() { a.high.min(most) } else { most } }
        }
        Evaluation::None if rule == BitRule::Conjunction && (a.is_unsigned() || b.is_unsigned()) => {
            let most = [a, b].into_iter().filter(|range| range.is_unsigned()).map(|range| range.high);
            Range { low: 0.0, high: most.fold(f64::INFINITY, f64::min) }
        }
        Evaluation::None if rule == BitRule::Disjunction && both_unsigned => {
            Range::unsigned(libm::floor(libm::log2(a.high.max(b.high).max(1.0))) + 1.0)
        }
        _ => return None,
    })
}

/// The range of a comparison: a point if it holds always or never.
fn compared(tree: &Tree, operation: OpId, a: Range, b: Range) -> Option<Range> {
    let Some(AttributeValue::Integer(predicate, _)) = tree.attribute(operation, "predicate") else { return None };
    // Signed predicates are 2 to 5, unsigned ones 6 to 9.
    if *predicate > 5 && !(a.is_unsigned() && b.is_unsigned()) {
        return None;
    }
    let (below, above) = (a.high < b.low, b.high < a.low);
    let (not_above, not_below) = (a.high <= b.low, b.high <= a.low);
    let (holds, fails) = match predicate {
        0 => (false, below || above),
        1 => (below || above, false),
        2 | 6 => (below, not_below),
        3 | 7 => (not_above, above),
        4 | 8 => (above, not_above),
        _ => (not_below, below),
    };
    if holds { Some(Range::point(1.0)) } else { Some(Range::point(0.0)).filter(|_| fails) }
}

/// The operand that an extreme, a selection or a mask always gives.
pub fn unchanged(tree: &Tree, values: &Values, operation: OpId) -> Option<ValueId> {
    let operands = tree.operation(operation).operands.as_slice();
    let range = |value: ValueId| of(tree, values, value);
    let record = tree.record(operation);
    if is_selection(tree, operation) {
        let condition = range(operands[0])?.constant()?;
        return Some(operands[if condition == 0.0 { 2 } else { 1 }]);
    }
    let &[first, second] = operands else { return None };
    let (a, b) = (range(first)?, range(second)?);
    let is_comparable = a.is_unsigned() && b.is_unsigned();
    let (first_is_least, second_is_least) = (a.high <= b.low, b.high <= a.low);
    let (is_first, is_second) = match record.evaluation {
        Evaluation::MinSigned => (first_is_least, second_is_least),
        Evaluation::MaxSigned => (second_is_least, first_is_least),
        Evaluation::MinUnsigned if is_comparable => (first_is_least, second_is_least),
        Evaluation::MaxUnsigned if is_comparable => (second_is_least, first_is_least),
        // All bits that the first may have are in the mask.
        Evaluation::None if record.features.bits == BitRule::Conjunction && is_comparable => {
            let is_mask = |mask: Range| {
                mask.constant().filter(|&bits| libm::exp2(libm::floor(libm::log2(bits + 1.0))) == bits + 1.0)
            };
            (is_mask(b).is_some_and(|bits| a.high <= bits), is_mask(a).is_some_and(|bits| b.high <= bits))
        }
        _ => (false, false),
    };
    Some(first).filter(|_| is_first).or(Some(second).filter(|_| is_second))
}
