//! `linalg.softmax`: the maximum along a dimension, exponentials of the differences to it, their sum, and quotients by it.

use super::builder::{Builder, Place, dimensions};
use super::structured::rank;
use crate::registry::names::normal;
use crate::tree::{AttributeValue, OpId, Type, TypeId, ValueId};

pub(super) fn expand(builder: &mut Builder, operation: OpId) -> Option<()> {
    let tree = &builder.tree;
    let &[input, output] = tree.operation(operation).operands.as_slice() else { return None };
    let AttributeValue::Integer(along, _) = tree.attribute(operation, "dimension")? else { return None };
    let loops = rank(tree, input);
    let along = usize::try_from(*along).ok().filter(|&along| along < loops)?;
    let reduced = without(builder, tree_type(builder, input), along)?;
    let place = builder.make_composite(operation);
    let all = || dimensions(0..loops);
    let kept = || dimensions((0..loops).filter(|&d| d != along));
    let reductions: Vec<bool> = (0..loops).map(|d| d == along).collect();
    let parallel = vec![false; loops];
    let start = filled(builder, place, reduced, f64::NEG_INFINITY);
    let most = builder.generic(place, &reductions, &[(input, all())], (start, kept()), |b, at, v| {
        b.scalar(at, normal::MAXIMUM, &[v[0], v[1]])
    });
    let inputs = [(input, all()), (most, kept())];
    let powers = builder.generic(place, &parallel, &inputs, (output, all()), |b, at, v| {
        let difference = b.scalar(at, normal::DIFFERENCE, &[v[0], v[1]]);
        b.scalar(at, normal::EXPONENTIAL, &[difference])
    });
    let start = filled(builder, place, reduced, 0.0);
    let sum = builder.generic(place, &reductions, &[(powers, all())], (start, kept()), |b, at, v| {
        b.scalar(at, normal::SUM, &[v[0], v[1]])
    });
    let inputs = [(powers, all()), (sum, kept())];
    let quotients = builder
        .generic(place, &parallel, &inputs, (output, all()), |b, at, v| b.scalar(at, normal::QUOTIENT, &[v[0], v[1]]));
    let results = builder.tree.operation(operation).results.len();
    builder.end_body(place, &[quotients][..results.min(1)]);
    Some(())
}

fn tree_type(builder: &Builder, value: ValueId) -> TypeId {
    builder.tree.value(value).ty
}

/// A type without one of its dimensions.
fn without(builder: &mut Builder, ty: TypeId, dimension: usize) -> Option<TypeId> {
    let mut new = builder.tree.ty(ty).clone();
    let (Type::Tensor { shape: Some(shape), .. } | Type::MemRef { shape: Some(shape), .. }) = &mut new else {
        return None;
    };
    shape.remove(dimension);
    Some(builder.tree.types.intern(new))
}

/// A tensor or memory filled with a number.
pub(super) fn filled(builder: &mut Builder, place: Place, ty: TypeId, number: f64) -> ValueId {
    let element = builder.tree.types().element(ty);
    let constant = builder.constant(place, number, element);
    let target = builder.temporary(place, ty);
    let loops = rank(&builder.tree, target);
    builder
        .generic(place, &vec![false; loops], &[(constant, Vec::new())], (target, dimensions(0..loops)), |_, _, v| v[0])
}
