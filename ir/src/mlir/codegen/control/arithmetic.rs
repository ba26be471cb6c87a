//! Integer arithmetic of given widths, with values that may be unknown.

use super::flow::{Comparison, Operation};

/// The lowest `width` bits.
pub(super) fn truncate(bits: u64, width: u32) -> u64 {
    if width >= 64 { bits } else { bits & ((1 << width) - 1) }
}

/// The lowest `width` bits as a two's complement number.
pub(super) fn signed(bits: u64, width: u32) -> i64 {
    let unused = 64 - width.clamp(1, 64);
    ((bits << unused) as i64) >> unused
}

/// The result of an operation, not yet truncated to its width; `None` if it depends on an unknown operand or is undefined.
pub(super) fn compute(operation: Operation, operands: &[Option<u64>]) -> Option<u64> {
    let operand = |index: usize| operands.get(index).copied().flatten();
    if operation == Operation::Select {
        return operand(if operand(0)? & 1 == 1 { 1 } else { 2 });
    }
    if operation == Operation::Address {
        let mut sum = operand(0)?;
        for pair in operands[1..].chunks(2) {
            sum = sum.wrapping_add((*pair.first()?)?.wrapping_mul((*pair.last()?)?));
        }
        return Some(sum);
    }
    // A zero operand makes a product or a conjunction zero even if the other operand is unknown.
    if matches!(operation, Operation::And | Operation::Multiply) && operands.contains(&Some(0)) {
        return Some(0);
    }
    let a = operand(0)?;
    let b = match operation {
        Operation::Copy | Operation::SignExtend { .. } => 0,
        _ => operand(1)?,
    };
    Some(match operation {
        Operation::Add => a.wrapping_add(b),
        Operation::Subtract => a.wrapping_sub(b),
        Operation::Multiply => a.wrapping_mul(b),
        Operation::DivideUnsigned => a.checked_div(b)?,
        Operation::DivideSigned { width } => signed(a, width).checked_div(signed(b, width))? as u64,
        Operation::RemainderUnsigned => a.checked_rem(b)?,
        Operation::RemainderSigned { width } => signed(a, width).checked_rem(signed(b, width))? as u64,
        Operation::ShiftLeft => a.checked_shl(u32::try_from(b).ok()?)?,
        Operation::ShiftRightLogical => a.checked_shr(u32::try_from(b).ok()?)?,
        Operation::ShiftRightArithmetic { width } => signed(a, width).checked_shr(u32::try_from(b).ok()?)? as u64,
        Operation::And => a & b,
        Operation::Or => a | b,
        Operation::Xor => a ^ b,
        Operation::Copy | Operation::Select | Operation::Address => a,
        Operation::SignExtend { width } => signed(a, width) as u64,
        Operation::MinimumSigned { width } => signed(a, width).min(signed(b, width)) as u64,
        Operation::MaximumSigned { width } => signed(a, width).max(signed(b, width)) as u64,
        Operation::MinimumUnsigned => a.min(b),
        Operation::MaximumUnsigned => a.max(b),
        Operation::SubtractSaturating => a.saturating_sub(b),
        Operation::Compare(comparison, width) => u64::from(compare(comparison, a, b, width)),
    })
}

/// Compares integers of a width.
pub(super) fn compare(comparison: Comparison, a: u64, b: u64, width: u32) -> bool {
    let (c, d) = (signed(a, width), signed(b, width));
    match comparison {
        Comparison::Equal => a == b,
        Comparison::NotEqual => a != b,
        Comparison::LessUnsigned => a < b,
        Comparison::LessEqualUnsigned => a <= b,
        Comparison::GreaterUnsigned => a > b,
        Comparison::GreaterEqualUnsigned => a >= b,
        Comparison::LessSigned => c < d,
        Comparison::LessEqualSigned => c <= d,
        Comparison::GreaterSigned => c > d,
        Comparison::GreaterEqualSigned => c >= d,
    }
}
