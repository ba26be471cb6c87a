//! Chains of dependent operations, and the latency of an operation on one.

use ir::registry::facts::Evaluation;
use ir::registry::features::InstructionClass as Class;
use ir::tree::{OpId, Tree, Type, ValueId};

use super::values::{constant_integer, is_extreme};
use crate::features::kind::work_kind;
use crate::features::table::WorkKind;

/// Cycles of a load that hits the first level of cache.
pub const LOAD: f64 = 5.0;

/// Cycles of a selection.
pub const SELECTION: f64 = 1.0;

/// Operations on a chain, by how long each takes about.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Chain {
    /// Floating-point sums, products and fused multiply-adds.
    pub floats: f64,
    /// Floating-point minima and maxima that propagate NaN.
    pub extremes: f64,
    /// Divisions, square roots and calls.
    pub slow: f64,
    /// All others.
    pub others: f64,
    /// Latency of all of them in cycles, see [`latency`].
    pub cycles: f64,
}

impl Chain {
    /// One operation of a kind with a latency; nothing for `None`.
    pub fn of(kind: Option<WorkKind>, cycles: f64) -> Self {
        let none = Self { cycles, ..Self::default() };
        match kind {
            None => none,
            Some(WorkKind::Float | WorkKind::F16 | WorkKind::Bf16) => Self { floats: 1.0, ..none },
            Some(WorkKind::MinMax | WorkKind::Bf16MinMax) => Self { extremes: 1.0, ..none },
            Some(WorkKind::Divide | WorkKind::Call | WorkKind::MathCall | WorkKind::IntegerDivide) => {
                Self { slow: 1.0, ..none }
            }
            Some(_) => Self { others: 1.0, ..none },
        }
    }

    /// The chain of one operation, which has no regions.
    pub fn of_operation(tree: &Tree, operation: OpId) -> Self {
        Self::of(work_kind(tree, operation), latency(tree, operation))
    }

    /// One chain after another.
    pub fn then(self, next: Self) -> Self {
        Self {
            floats: self.floats + next.floats,
            extremes: self.extremes + next.extremes,
            slow: self.slow + next.slow,
            others: self.others + next.others,
            cycles: self.cycles + next.cycles,
        }
    }

    /// What is left of a chain without another.
    pub fn less(self, other: Self) -> Self {
        self.then(other.over(-1.0))
    }

    /// A part of a chain.
    pub fn over(self, divisor: f64) -> Self {
        Self {
            floats: self.floats / divisor,
            extremes: self.extremes / divisor,
            slow: self.slow / divisor,
            others: self.others / divisor,
            cycles: self.cycles / divisor,
        }
    }

    /// Latency in cycles on Arm's Neoverse V1.
    pub fn short_cycles(self) -> f64 {
        (self.cycles - 2.0 * self.floats - 6.0 * self.extremes - 4.0 * self.slow).max(0.0)
    }

    /// The longer of two.
    pub fn longer(self, other: Self) -> Self {
        if other.cycles > self.cycles { other } else { self }
    }
}

/// Cycles from the operands of an operation without regions to its result: those of LLVM's scheduling model of Skylake, rounded.
pub fn latency(tree: &Tree, operation: OpId) -> f64 {
    let record = tree.record(operation);
    if record.features.class == Class::Load {
        return LOAD;
    }
    let Some(kind) = work_kind(tree, operation) else { return 0.0 };
    let is_float = |values: &[ValueId]| values.first().is_some_and(|&value| is_float(tree, value));
    let node = tree.operation(operation);
    match kind {
        WorkKind::Float => 4.0,
        // Two conversions around the operation.
        WorkKind::F16 | WorkKind::Bf16 => 14.0,
        // An extreme, a test for NaN and a selection.
        WorkKind::MinMax | WorkKind::Bf16MinMax => 8.0,
        WorkKind::Divide => 14.0,
        WorkKind::IntegerDivide => 26.0,
        // A product and shifts.
        WorkKind::ConstantDivide => 6.0,
        // llvm-mca knows no dependence through a call.
        WorkKind::Call | WorkKind::MathCall | WorkKind::Runtime | WorkKind::Branch => 0.0,
        WorkKind::Integer | WorkKind::Address if record.evaluation == Evaluation::Mul => {
            let by_power = node.operands.iter().filter_map(|&value| constant_integer(tree, value));
            if by_power.into_iter().any(|factor| factor.unsigned_abs().is_power_of_two()) { 1.0 } else { 3.0 }
        }
        // A comparison and a conditional move.
        WorkKind::Integer if is_extreme(record.evaluation) => 2.0,
        WorkKind::Cast if is_float(&node.operands) || is_float(&node.results) => 5.0,
        WorkKind::Select if is_float(&node.operands) => 3.0,
        WorkKind::Shuffle => 3.0,
        _ => 1.0,
    }
}

fn is_float(tree: &Tree, value: ValueId) -> bool {
    matches!(tree.ty(tree.types().element(tree.value(value).ty)), Type::Float(_))
}
