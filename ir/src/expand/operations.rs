//! The operations that have another form in the normal form, calls apart.

use super::builder::Builder;
use super::{elements, relayout, softmax, structured, winograd};
use crate::registry::facts::Expansion;
use crate::tree::{OpId, Tree, Type};

/// Whether an operation has another form in the normal form, calls apart.
pub(super) fn is_expanded(tree: &Tree, operation: OpId) -> bool {
    match tree.record(operation).expansion {
        Expansion::None => false,
        Expansion::Elements => elements::is_on_tensors(tree, operation),
        _ => tree.operation(operation).operands.iter().any(|&v| is_shaped(tree.value_type(v))),
    }
}

fn is_shaped(ty: &Type) -> bool {
    matches!(ty, Type::Tensor { shape: Some(_), .. } | Type::MemRef { shape: Some(_), .. })
}

/// Writes out all operations of a function but calls.
pub(super) fn expand(builder: &mut Builder, function: OpId) {
    let operations: Vec<OpId> = builder.tree.walk_inside(function).collect();
    for operation in operations {
        if !is_expanded(&builder.tree, operation) {
            continue;
        }
        // An operation whose operands do not fit its definition stays as it is.
        let _ = match builder.tree.record(operation).expansion {
            Expansion::None => None,
            Expansion::Structured => structured::expand(builder, operation),
            Expansion::Pointwise => structured::pointwise(builder, operation),
            Expansion::Reduction => structured::reduction(builder, operation),
            Expansion::Transposition => structured::transposition(builder, operation),
            Expansion::Broadcast => structured::broadcast(builder, operation),
            Expansion::Pack => relayout::pack(builder, operation),
            Expansion::Unpack => relayout::unpack(builder, operation),
            Expansion::Softmax => softmax::expand(builder, operation),
            Expansion::Winograd(part) => winograd::expand(builder, operation, part),
            Expansion::Elements => elements::expand(builder, operation),
        };
    }
}
