//! The kind of machine work that an operation becomes.

use ir::registry::facts::Evaluation;
use ir::registry::features::MachineWork;
use ir::tree::{AttributeValue, Definition, FloatKind, OpId, Tree, Type, ValueId};

use super::table::WorkKind;

/// The kind of an operation without regions that is no load or store; `None` if it costs nothing.
pub(crate) fn work_kind(tree: &Tree, operation: OpId) -> Option<WorkKind> {
    let result = tree.operation(operation).results.first().copied();
    let or_narrow = |kind| result.and_then(|v| narrow_float(tree, v)).unwrap_or(kind);
    Some(match tree.record(operation).features.machine {
        MachineWork::None => return None,
        MachineWork::Float => or_narrow(WorkKind::Float),
        MachineWork::Divide => or_narrow(WorkKind::Divide),
        MachineWork::Remainder => or_narrow(WorkKind::MathCall),
        MachineWork::Truncation => or_narrow(WorkKind::Cast),
        MachineWork::MinMax => match result.and_then(|v| narrow_float(tree, v)) {
            // Nothing is rounded: the operands are converted to `f32`, and the result back, in line.
            Some(WorkKind::Bf16) => WorkKind::Bf16MinMax,
            narrow => narrow.unwrap_or(WorkKind::MinMax),
        },
        // Vectors of `bf16` are legal types on few processors. Others take their elements apart.
        MachineWork::Select if result.and_then(|v| narrow_float(tree, v)) == Some(WorkKind::Bf16) => {
            WorkKind::Bf16MinMax
        }
        MachineWork::Select | MachineWork::LaneMask => WorkKind::Select,
        MachineWork::Shuffle
        | MachineWork::LaneMove
        | MachineWork::LaneReduction
        | MachineWork::Gathering
        | MachineWork::Transposition => WorkKind::Shuffle,
        MachineWork::Contraction => or_narrow(WorkKind::Float),
        MachineWork::OuterProduct | MachineWork::Reduction => combination(tree, operation),
        MachineWork::Call => WorkKind::Call,
        MachineWork::MathFunction => WorkKind::MathCall,
        MachineWork::Integer => result.map_or(WorkKind::Integer, |v| arithmetic(tree, v)),
        MachineWork::WideProduct | MachineWork::Carry | MachineWork::BitCount | MachineWork::ZeroCount => {
            WorkKind::Integer
        }
        MachineWork::IntegerDivide => division(tree, operation),
        MachineWork::Address => WorkKind::Address,
        MachineWork::Cast => WorkKind::Cast,
        MachineWork::Branch => WorkKind::Branch,
        MachineWork::Runtime => WorkKind::Runtime,
    })
}

/// The kind of the operation that a `#vector.kind` names: the one that combines elements.
pub(super) fn combination(tree: &Tree, operation: OpId) -> WorkKind {
    let result = tree.operation(operation).results.first().copied();
    let is_integer = result
        .is_some_and(|v| matches!(tree.ty(tree.types().element(tree.value(v).ty)), Type::Integer(..) | Type::Index));
    if is_integer {
        return WorkKind::Integer;
    }
    let narrow = result.and_then(|v| narrow_float(tree, v));
    let propagates_nan = match tree.attribute(operation, "kind") {
        Some(AttributeValue::Other(kind)) => kind.contains("minimumf") || kind.contains("maximumf"),
        _ => false,
    };
    match narrow {
        Some(WorkKind::Bf16) if propagates_nan => WorkKind::Bf16MinMax,
        Some(narrow) => narrow,
        None if propagates_nan => WorkKind::MinMax,
        None => WorkKind::Float,
    }
}

/// The kind of an integer division: by a constant it is a multiplication and shifts.
fn division(tree: &Tree, operation: OpId) -> WorkKind {
    let divisor = tree.operation(operation).operands.get(1).map(|&v| tree.value(v).definition);
    match divisor {
        Some(Definition::Result { operation, .. }) if tree.record(operation).evaluation == Evaluation::Constant => {
            WorkKind::ConstantDivide
        }
        _ => WorkKind::IntegerDivide,
    }
}

/// The kind of simple integer arithmetic whose result is a value.
pub(super) fn arithmetic(tree: &Tree, value: ValueId) -> WorkKind {
    match tree.ty(tree.types().element(tree.value(value).ty)) {
        Type::Index => WorkKind::Address,
        _ => WorkKind::Integer,
    }
}

/// The kind of simple arithmetic on the elements of a value.
pub(super) fn element_arithmetic(tree: &Tree, value: ValueId) -> WorkKind {
    match tree.ty(tree.types().element(tree.value(value).ty)) {
        Type::Integer(..) | Type::Index => arithmetic(tree, value),
        _ => narrow_float(tree, value).unwrap_or(WorkKind::Float),
    }
}

/// The kind of arithmetic whose result is a 16-bit floating-point number.
pub(super) fn narrow_float(tree: &Tree, value: ValueId) -> Option<WorkKind> {
    match tree.ty(tree.types().element(tree.value(value).ty)) {
        Type::Float(FloatKind::F16) => Some(WorkKind::F16),
        Type::Float(FloatKind::BF16) => Some(WorkKind::Bf16),
        _ => None,
    }
}
