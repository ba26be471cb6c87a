//! Operations, most of them on integers, that are more, or fewer, than one machine instruction.
//!
//! Amounts are the instructions that LLVM emits, on scalars and on one vector register, and lie between those of the instruction
//! sets where these differ: x86 multiplies and shifts no vectors of bytes, and has no vector instruction for the high half of a
//! product of 32 bits; other sets have all of these.

use ir::registry::facts::Evaluation;
use ir::registry::features::{BitRule, MachineWork, Shift};
use ir::tree::{AffineExpr, AttributeValue, OpId, Tree, ValueId};

use super::access::is_loaded;
use super::lanes::{REGISTER_BITS, element_bits, element_bits_or_default, is_vector};
use super::values::{Values, constant_integer, is_constant, is_extreme};
use crate::features::kind::arithmetic;
use crate::features::table::WorkKind;

/// Elements of 64 bits in a register.
const LANES: f64 = REGISTER_BITS / 64.0;

/// Moves of a lane out of a register and of the result into one.
const MOVES: f64 = 2.0;

/// What an operation becomes.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Expansion {
    /// Kind of its instructions.
    pub kind: WorkKind,
    /// Instructions on scalars.
    pub scalar: f64,
    /// Instructions on vectors, for each register; infinite if there are none, so that vectors are taken apart and loops not vectorised.
    pub vector: f64,
    /// Instructions of simple integer arithmetic besides.
    pub more: f64,
}

impl Expansion {
    /// One instruction of a kind.
    const fn one(kind: WorkKind) -> Self {
        Self { kind, scalar: 1.0, vector: 1.0, more: 0.0 }
    }

    /// Simple arithmetic of as many instructions on scalars and on vectors.
    const fn simple(kind: WorkKind, scalar: f64, vector: f64) -> Self {
        Self { kind, scalar, vector, more: 0.0 }
    }
}

/// What else there is around an operation.
#[derive(Debug, Clone, Copy)]
pub struct Use {
    /// Whether the quotient that it needs is known.
    pub is_shared: bool,
    /// Whether all uses of its result make less of it, see [`folds`].
    pub is_folded: bool,
    /// Whether its first operand is known not to be negative.
    pub is_unsigned: bool,
}

/// What an operation of a kind on elements of `bits` becomes.
pub fn expansion(tree: &Tree, operation: OpId, kind: WorkKind, bits: f64, own_use: Use) -> Expansion {
    let record = tree.record(operation);
    let is_byte = bits <= 8.0;
    let is_explicit = tree.operation(operation).results.iter().any(|&result| is_vector(tree, result));
    match record.features.machine {
        MachineWork::IntegerDivide if matches!(kind, WorkKind::ConstantDivide | WorkKind::IntegerDivide) => {
            let own = Division::of(record.evaluation).expansion(tree, operation, kind, bits, own_use);
            // The sets of vector instructions without a high half of products of 64 bits take the lanes apart.
            let multiplies = own.kind == WorkKind::ConstantDivide && !own_use.is_folded;
            let is_by_lane = is_explicit && multiplies && bits == 64.0;
            if is_by_lane { Expansion { vector: LANES * (own.scalar + MOVES), ..own } } else { own }
        }
        // Its low and its high half. The intermediate type of 128 bits is not vectorised.
        MachineWork::WideProduct => match bits {
            64.0 => Expansion::simple(kind, 2.0, f64::INFINITY),
            32.0 => Expansion::simple(kind, 3.0, 5.0),
            16.0 => Expansion::simple(kind, 3.0, 2.0),
            _ => Expansion::simple(kind, 3.0, 6.0),
        },
        MachineWork::Carry if is_explicit => Expansion::simple(kind, 2.0, 2.0),
        // The intrinsic returns a structure, which the loop vectoriser does not widen.
        MachineWork::Carry => Expansion::simple(kind, 2.0, f64::INFINITY),
        // One instruction in some vector instruction sets; tables of half bytes and sums of bytes in others.
        MachineWork::BitCount => Expansion::simple(kind, 1.0, 5.0),
        MachineWork::ZeroCount => Expansion::simple(kind, 1.0, if bits < 32.0 { 5.0 } else { 3.0 }),
        // A constant is no NaN: a comparison and a selection.
        MachineWork::MinMax if kind == WorkKind::MinMax && has_constant(tree, operation) => {
            Expansion::simple(WorkKind::Select, 2.0, 2.0)
        }
        _ if is_extreme(record.evaluation) => Expansion::simple(kind, 2.0, if own_use.is_folded { 0.0 } else { 1.0 }),
        _ if record.evaluation == Evaluation::Sub && own_use.is_folded => Expansion::simple(kind, 1.0, 0.0),
        _ if matches!(kind, WorkKind::Cast | WorkKind::Address)
            && is_free_on_scalars(tree, operation, own_use.is_unsigned) =>
        {
            Expansion::simple(kind, 0.0, 1.0)
        }
        _ if kind != WorkKind::Integer => Expansion::one(kind),
        // An instruction of AVX-512; two shifts and their combination in other sets of vector instructions.
        _ if rotation(tree, operation).is_some() => Expansion::simple(kind, 1.0, if bits < 32.0 { 3.0 } else { 2.0 }),
        _ if record.evaluation == Evaluation::Mul && is_byte => Expansion::simple(kind, 1.0, 3.0),
        _ if record.features.shift != Shift::None && is_byte => {
            let is_constant = shift_distance(tree, operation).is_some();
            Expansion::simple(kind, 1.0, if is_constant { 2.0 } else { 4.0 })
        }
        _ => Expansion::one(kind),
    }
}

fn has_constant(tree: &Tree, operation: OpId) -> bool {
    tree.operation(operation).operands.iter().any(|&value| is_constant(tree, value))
}

/// Whether an integer conversion of scalars is no instruction: the low part of a register, an extending load, or the result of an
/// operation on 32 bits, which clears the others. `is_unsigned` if the operand is known not to be negative.
fn is_free_on_scalars(tree: &Tree, operation: OpId, is_unsigned: bool) -> bool {
    let record = tree.record(operation);
    match record.evaluation {
        Evaluation::Truncate => true,
        Evaluation::Extend | Evaluation::IndexCast => {
            let is_zero_extension = is_unsigned || record.features.bits == BitRule::ZeroExtension;
            let node = tree.operation(operation);
            let bits = |values: &[ValueId]| values.first().map_or(64.0, |&value| element_bits_or_default(tree, value));
            let (from, to) = (bits(&node.operands), bits(&node.results));
            is_loaded(tree, operation) || to <= from || (from == 32.0 && is_zero_extension)
        }
        _ => false,
    }
}

/// What an integer division gives.
#[derive(Debug, Clone, Copy)]
struct Division {
    is_signed: bool,
    is_remainder: bool,
    /// Instructions that round a quotient up or down instead of to zero, and correct it.
    rounding: f64,
}

impl Division {
    fn of(evaluation: Evaluation) -> Self {
        let quotient = Self { is_signed: true, is_remainder: false, rounding: 0.0 };
        match evaluation {
            Evaluation::DivUnsigned => Self { is_signed: false, ..quotient },
            // A product, two comparisons, an exclusive or, a conjunction, a selection and a sum.
            Evaluation::FloorDiv | Evaluation::CeilDiv => Self { rounding: 7.0, ..quotient },
            // A difference, a comparison, a sum and a selection.
            Evaluation::CeilDivUnsigned => Self { is_signed: false, rounding: 4.0, ..quotient },
            Evaluation::Remainder => Self { is_remainder: true, ..quotient },
            Evaluation::RemainderUnsigned => Self { is_signed: false, is_remainder: true, ..quotient },
            _ => quotient,
        }
    }

    fn expansion(self, tree: &Tree, operation: OpId, kind: WorkKind, bits: f64, own_use: Use) -> Expansion {
        let divisor = tree.operation(operation).operands.get(1).and_then(|&value| constant_integer(tree, value));
        if divisor.is_some_and(|divisor| divisor.unsigned_abs().is_power_of_two()) {
            let result = tree.operation(operation).results.first();
            let kind = result.map_or(WorkKind::Integer, |&result| arithmetic(tree, result));
            return if own_use.is_folded { Expansion::one(kind) } else { self.by_power_of_two(kind) };
        }
        if divisor.is_some() && own_use.is_folded {
            // The product with the divisor's inverse is small if there is no remainder. A signed one is first made positive, and an even
            // divisor's product rotated.
            let steps = if self.is_signed { 3.0 } else { 2.0 };
            return Expansion::simple(kind, steps, steps);
        }
        // A remainder is the dividend less the product of quotient and divisor.
        let more = self.rounding + if self.is_remainder { 2.0 } else { 0.0 };
        let (scalar, vector) = match divisor {
            _ if own_use.is_shared => (0.0, 0.0),
            Some(divisor) => self.by_constant(divisor.unsigned_abs(), bits),
            None if kind == WorkKind::ConstantDivide => self.by_constant(3, bits),
            // Vector instructions divide elements of 32 and 64 bits only.
            None => (1.0, (32.0 / bits).max(1.0)),
        };
        Expansion { kind, scalar, vector, more }
    }

    /// Shifts and masks; signed ones first add the divisor less 1 to a negative dividend.
    fn by_power_of_two(self, kind: WorkKind) -> Expansion {
        let steps = match (self.is_signed, self.is_remainder) {
            (false, _) => 1.0,
            // Indices are known not to be negative.
            _ if kind == WorkKind::Address => 1.0,
            (true, false) => 4.0,
            (true, true) => 5.0,
        };
        Expansion { more: self.rounding, ..Expansion::simple(kind, steps, steps) }
    }

    /// The instructions of a division by a constant, which multiplies by its inverse, on scalars and on vectors.
    fn by_constant(self, divisor: u128, bits: f64) -> (f64, f64) {
        let steps = match self.is_signed {
            // High half of the product, shift, sign bit, sum.
            true => 4.0,
            // High half of the product, shift.
            false if !needs_sum(divisor, bits) => 2.0,
            // The same, and difference, shift and sum in between.
            false => 5.0,
        };
        let high_half = match bits {
            8.0 => 4.0,
            32.0 => 2.0,
            _ => 0.0,
        };
        (steps, steps + high_half)
    }
}

/// Instructions of a division or remainder by a constant in a subscript, which is not negative.
pub fn division_in_subscript(expression: &AffineExpr) -> f64 {
    use AffineExpr::{CeilDiv, Constant, FloorDiv, Mod};
    let (FloorDiv(_, divisor) | CeilDiv(_, divisor) | Mod(_, divisor)) = expression else { return 1.0 };
    let Constant(divisor) = **divisor else { return 1.0 };
    if divisor.unsigned_abs().is_power_of_two() {
        return 1.0;
    }
    let quotient = Division::of(Evaluation::DivUnsigned).by_constant(divisor.unsigned_abs().into(), 64.0).0;
    quotient + if matches!(expression, Mod(..)) { 2.0 } else { 0.0 }
}

/// Whether the inverse that an unsigned division by a constant multiplies with has one bit more than the dividend.
fn needs_sum(divisor: u128, bits: f64) -> bool {
    if divisor < 3 {
        return false;
    }
    // With the distance of one shift less than the divisor has bits, the inverse fits if it errs by less than that shift drops.
    let shift = divisor.ilog2();
    let power = 1u128.checked_shl(bits as u32 + shift).unwrap_or(0);
    let excess = (divisor - power % divisor) % divisor;
    // Even divisors shift the dividend first.
    excess > 1 << shift && divisor % 2 == 1
}

/// The distance of a shift by a constant.
pub fn shift_distance(tree: &Tree, operation: OpId) -> Option<i128> {
    constant_integer(tree, *tree.operation(operation).operands.get(1)?)
}

/// The shifts that an operation combines into a rotation: one of them to the left and one to the right, of one value and by constants
/// that add up to its width. The bits of both are disjoint, so that a sum and an exclusive or combine them, too.
pub fn rotation(tree: &Tree, operation: OpId) -> Option<[ValueId; 2]> {
    let &[first, second] = tree.operation(operation).operands.as_slice() else { return None };
    let shifts = [tree.definer(first)?, tree.definer(second)?];
    let facts = shifts.map(|shift| tree.record(shift).features.shift);
    if !matches!(facts, [Shift::Left, Shift::Right] | [Shift::Right, Shift::Left]) {
        return None;
    }
    let [a, b] = shifts.map(|shift| tree.operation(shift).operands.first().copied());
    let turned = shift_distance(tree, shifts[0])? + shift_distance(tree, shifts[1])?;
    (a == b && turned as f64 == element_bits_or_default(tree, first)).then_some([first, second])
}

/// The extremes that a truncation makes part of it on vectors: those with a limit of the narrow type, to which instructions of all
/// sets saturate.
fn limits(tree: &Tree, operation: OpId) -> [Option<ValueId>; 2] {
    let node = tree.operation(operation);
    let (&[value], &[result]) = (node.operands.as_slice(), node.results.as_slice()) else { return [None; 2] };
    let half = match element_bits(tree, result) {
        Some(bits) if bits < 64.0 => 1i128 << (bits as u32 - 1),
        _ => return [None; 2],
    };
    let limited = |value: ValueId| {
        let by = tree.definer(value)?;
        let limit = constant_integer(tree, *tree.operation(by).operands.get(1)?)?;
        let is_limit = match tree.record(by).evaluation {
            Evaluation::MinSigned => limit == half - 1 || limit == 2 * half - 1,
            Evaluation::MinUnsigned => limit == 2 * half - 1,
            Evaluation::MaxSigned => limit == -half,
            evaluation if is_extreme(evaluation) => false,
            _ => return None,
        };
        Some((is_limit, *tree.operation(by).operands.first()?))
    };
    let Some((is_limit, inner)) = limited(value) else { return [None; 2] };
    let is_inner_limit = limited(inner).is_some_and(|(is_limit, _)| is_limit);
    [Some(value).filter(|_| is_limit), Some(inner).filter(|_| is_inner_limit)]
}

/// The difference that an extreme makes an absolute value of.
fn negated(tree: &Tree, operation: OpId) -> Option<ValueId> {
    let &[first, second] = tree.operation(operation).operands.as_slice() else { return None };
    let is_negated = |value: ValueId, of: ValueId| {
        let by = tree.definer(value).filter(|&by| tree.record(by).evaluation == Evaluation::Sub);
        let operands = by.map_or(&[][..], |by| &tree.operation(by).operands[..]);
        matches!(operands, [zero, other] if *other == of && constant_integer(tree, *zero) == Some(0))
    };
    Some(first).filter(|_| is_negated(first, second)).or(Some(second).filter(|_| is_negated(second, first)))
}

/// The operands of an operation that need less computation because of it: the shifts of a [`rotation`] and the [`limits`] of a truncation
/// become part of it, so does the difference of an absolute value, and a remainder or difference that is compared with 0 need not be known.
pub fn folds(tree: &Tree, operation: OpId) -> [Option<ValueId>; 2] {
    if let Some(shifts) = rotation(tree, operation) {
        return shifts.map(Some);
    }
    match tree.record(operation).evaluation {
        Evaluation::Truncate => return limits(tree, operation),
        Evaluation::MaxSigned => return [negated(tree, operation), None],
        Evaluation::Compare => {}
        _ => return [None; 2],
    }
    let is_equality = matches!(tree.attribute(operation, "predicate"), Some(AttributeValue::Integer(0 | 1, _)));
    let &[value, other] = tree.operation(operation).operands.as_slice() else { return [None; 2] };
    [Some(value).filter(|_| is_equality && constant_integer(tree, other) == Some(0)), None]
}

/// The dividend, the divisor and the signedness of a division whose quotient other divisions of a block can share.
pub fn quotient(tree: &Tree, values: &Values, operation: OpId) -> Option<(ValueId, ValueId, bool)> {
    let record = tree.record(operation);
    if record.features.machine != MachineWork::IntegerDivide || record.evaluation == Evaluation::CeilDivUnsigned {
        return None;
    }
    let &[dividend, divisor] = tree.operation(operation).operands.as_slice() else { return None };
    Some((values.first(dividend), values.first(divisor), Division::of(record.evaluation).is_signed))
}
