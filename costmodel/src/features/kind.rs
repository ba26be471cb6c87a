//! The kind of machine work that an operation becomes.

use ir::tree::{Definition, FloatKind, OpId, Tree, Type, ValueId, split_name};

use super::class::Class;
use super::table::WorkKind;

/// The kind of an operation without regions that is no load or store; `None` for what costs nothing.
pub(super) fn work_kind(tree: &Tree, operation: OpId, class: Class) -> Option<WorkKind> {
    let name = tree.name(operation);
    let node = tree.operation(operation);
    let result = node.results.first().copied();
    let (dialect, op) = split_name(name).unwrap_or(("", name));
    let narrow = || result.and_then(|v| narrow_float(tree, v));
    match class {
        Class::Free => None,
        Class::Float if op == "maximumf" || op == "minimumf" => Some(WorkKind::MinMax),
        Class::Float if op == "cmpf" => Some(WorkKind::Select),
        Class::Float if dialect == "vector" && op.ends_with("reduction") => Some(WorkKind::Shuffle),
        Class::Float | Class::Division if narrow().is_some() => narrow(),
        Class::Float => Some(WorkKind::Float),
        Class::Division if op == "remf" => Some(WorkKind::Call),
        Class::Division => Some(WorkKind::Divide),
        Class::Transcendental => Some(WorkKind::Call),
        Class::Integer if matches!(op, "cmpi" | "maxsi" | "minsi" | "maxui" | "minui") => Some(WorkKind::Select),
        Class::Integer => match op {
            "divsi" | "divui" | "remsi" | "remui" | "floordivsi" | "ceildivsi" | "ceildivui" | "ipowi" => {
                Some(division(tree, operation))
            }
            _ if result.is_some_and(|v| is_index(tree, v)) => Some(WorkKind::Address),
            _ => Some(WorkKind::Integer),
        },
        Class::Cast if op.starts_with("index_cast") => Some(WorkKind::Address),
        Class::Cast if op == "bitcast" => None,
        Class::Cast if op == "truncf" && narrow().is_some() => narrow(),
        Class::Cast => Some(WorkKind::Cast),
        Class::Branch if op == "select" => Some(WorkKind::Select),
        Class::Branch => Some(WorkKind::Branch),
        Class::Call => Some(WorkKind::Call),
        Class::Vector => Some(WorkKind::Shuffle),
        Class::Reshape => {
            matches!(op, "alloc" | "dealloc" | "clone" | "insert_slice" | "pad" | "concat").then_some(WorkKind::Runtime)
        }
        Class::Unknown => Some(WorkKind::Runtime),
        Class::Load | Class::Store | Class::Loop | Class::Structured => None,
    }
}

/// The kind of an integer division: by a constant it is a multiplication and shifts.
fn division(tree: &Tree, operation: OpId) -> WorkKind {
    let divisor = tree.operation(operation).operands.get(1).map(|&v| tree.value(v).definition);
    match divisor {
        Some(Definition::Result { operation, .. }) if tree.name(operation) == "arith.constant" => {
            WorkKind::ConstantDivide
        }
        _ => WorkKind::IntegerDivide,
    }
}

fn is_index(tree: &Tree, value: ValueId) -> bool {
    matches!(tree.ty(tree.types().element(tree.value(value).ty)), Type::Index)
}

/// The kind of arithmetic whose result is a 16-bit floating-point number.
pub(super) fn narrow_float(tree: &Tree, value: ValueId) -> Option<WorkKind> {
    match tree.ty(tree.types().element(tree.value(value).ty)) {
        Type::Float(FloatKind::F16) => Some(WorkKind::F16),
        Type::Float(FloatKind::BF16) => Some(WorkKind::Bf16),
        _ => None,
    }
}
