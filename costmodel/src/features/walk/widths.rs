//! Widths to which a compiler narrows integer operations.
//!
//! A sum, a product or a bitwise operation needs as many low bits of its operands as are used of its result
//! ([`demands`]). A comparison, extreme or selection of extended numbers can be done before they are extended
//! ([`significant`]).

use ir::registry::facts::Evaluation;
use ir::registry::features::{Accumulation, InstructionClass, MachineWork, Shift};
use ir::tree::{AttributeValue, OpId, Tree, ValueId};

use super::lanes::{element_bits, is_vector};
use super::values::{Values, constant_integer};

/// Demanded bits: how many low bits of each operand an operation needs if the low `used` bits of its result are needed; `None` if it
/// needs all.
pub fn demands(tree: &Tree, operation: OpId, used: f64) -> Option<f64> {
    let record = tree.record(operation);
    match record.evaluation {
        Evaluation::Truncate => {
            let result = tree.operation(operation).results.first()?;
            Some(used.min(element_bits(tree, *result)?))
        }
        Evaluation::Extend | Evaluation::Add | Evaluation::Sub | Evaluation::Mul => Some(used),
        // A shift to higher places needs fewer bits; one to lower places as many more.
        Evaluation::None if record.features.shift == Shift::Left => {
            let distance = tree.operation(operation).operands.get(1).and_then(|&value| constant_integer(tree, value));
            let used = used.min(element_bits(tree, *tree.operation(operation).results.first()?)?);
            Some(distance.map_or(used, |distance| (used - distance as f64).max(0.0)))
        }
        Evaluation::None if record.features.shift.is_right() => {
            let distance = constant_integer(tree, *tree.operation(operation).operands.get(1)?)?;
            (distance >= 0).then_some(used + distance as f64)
        }
        // Bitwise operations.
        Evaluation::None if record.features.accumulation == Accumulation::Integers => Some(used),
        Evaluation::None if is_selection(tree, operation) => Some(used),
        _ => None,
    }
}

/// Bits that hold the value of each result of an operation as a signed number: fewer than its type has if it extends a narrower
/// number.
pub fn significant(tree: &Tree, values: &Values, operation: OpId) -> Option<f64> {
    let operands = &tree.operation(operation).operands;
    let widest = |operands: &[ValueId]| operands.iter().map(|&v| significant_bits(tree, values, v)).fold(0.0, f64::max);
    match tree.record(operation).evaluation {
        Evaluation::Extend => Some(widest(operands)),
        Evaluation::Constant => match tree.attribute(operation, "value") {
            Some(AttributeValue::Integer(value, _)) => {
                let magnitude = if *value < 0 { !*value } else { *value };
                Some(f64::from(129 - magnitude.leading_zeros()))
            }
            _ => None,
        },
        Evaluation::MinSigned | Evaluation::MaxSigned => Some(widest(operands)),
        Evaluation::None if is_selection(tree, operation) => Some(widest(operands.get(1..)?)),
        _ => None,
    }
}

/// Bits that hold a value as a signed number.
pub fn significant_bits(tree: &Tree, values: &Values, value: ValueId) -> f64 {
    let own = element_bits(tree, value).unwrap_or(64.0);
    values.get(value).significant.map_or(own, |bits| own.min(bits))
}

/// Width of an operation after narrowing, in bits: 8, 16, 32 or 64.
pub fn width(tree: &Tree, values: &Values, operation: OpId) -> f64 {
    let node = tree.operation(operation);
    let bits = |value: &ValueId| element_bits(tree, *value).unwrap_or(64.0);
    let record = tree.record(operation);
    let bits = match record.evaluation {
        Evaluation::Compare | Evaluation::MinSigned | Evaluation::MaxSigned => {
            node.operands.iter().map(|&v| significant_bits(tree, values, v)).fold(0.0, f64::max)
        }
        // A truncation reads as many bits as its operand is computed on.
        Evaluation::Truncate => node.operands.first().map_or(64.0, |&operand| computed(tree, values, operand)),
        Evaluation::Extend => {
            let result = node.results.first().map_or(64.0, |result| bits(result).min(used(values, *result)));
            let operand = node.operands.first().map_or(64.0, |operand| bits(operand).min(used(values, *operand)));
            result.max(operand)
        }
        _ => {
            let results = node.results.iter().map(|result| bits(result).min(used(values, *result)));
            let results = results.fold(0.0, f64::max);
            match demands(tree, operation, results) {
                Some(demanded) => demanded.max(if is_selection(tree, operation) { 0.0 } else { results }),
                None => node.operands.iter().map(bits).fold(results, f64::max),
            }
        }
    };
    [8.0, 16.0, 32.0].into_iter().find(|&width| bits <= width).unwrap_or(64.0)
}

/// Whether an integer conversion disappears because narrowing gives its operand and its result the same width.
pub fn is_free(tree: &Tree, values: &Values, operation: OpId) -> bool {
    let node = tree.operation(operation);
    let (Some(&operand), Some(&result)) = (node.operands.first(), node.results.first()) else { return false };
    if is_vector(tree, result) {
        return false;
    }
    match tree.record(operation).evaluation {
        Evaluation::Extend => element_bits(tree, operand).is_some_and(|bits| used(values, result) <= bits),
        Evaluation::Truncate => element_bits(tree, result).is_some_and(|bits| computed(tree, values, operand) <= bits),
        _ => false,
    }
}

/// Width in which a value is computed, or held if it is loaded or an argument.
fn computed(tree: &Tree, values: &Values, value: ValueId) -> f64 {
    let is_load = |&by: &OpId| tree.record(by).features.class == InstructionClass::Load;
    let definer = tree.definer(value).filter(|by| !is_load(by));
    definer.map_or_else(|| element_bits(tree, value).unwrap_or(64.0), |by| width(tree, values, by))
}

/// Low bits that are used of a value.
fn used(values: &Values, value: ValueId) -> f64 {
    values.get(value).demanded.max(8.0)
}

/// Whether an operation selects one of two values.
pub fn is_selection(tree: &Tree, operation: OpId) -> bool {
    tree.record(operation).features.machine == MachineWork::Select && tree.operation(operation).operands.len() == 3
}
