//! Raises `scf.for` to `affine.for`, so that upstream's dependence analysis sees the loop.
//!
//! A loop is raised if its step is a positive constant and each bound is a constant, an index argument of the function, or the
//! counter of a raised loop around it. Accesses by plain counters are raised by upstream's `affine-raise-from-memref`.
//! Sums, differences and multiples of such indices become `affine.apply` first.

use melior::Context;
use melior::ir::block::BlockLike;
use melior::ir::operation::{OperationLike, OperationRef};
use melior::ir::r#type::Type;
use melior::ir::{BlockRef, Region, RegionLike, Value, ValueLike};

use super::edit::{
    Before, argument_block, block_of, constant_of, definition, erase, name, operations, replace, take_body,
};

/// Raises what can be raised in a function.
pub(super) fn raise<'c>(context: &'c Context, function: OperationRef<'c, '_>) {
    let Some(body) = block_of(function, 0) else { return };
    raise_block(context, body, body);
}

fn raise_block<'c, 'a>(context: &'c Context, block: BlockRef<'c, 'a>, top: BlockRef<'c, 'a>) {
    for operation in operations(block) {
        let raised = match name(operation).as_str() {
            "scf.for" => raise_loop(context, block, operation, top),
            "arith.addi" | "arith.subi" | "arith.muli" => raise_sum(context, block, operation, top),
            _ => None,
        };
        let inside = raised.unwrap_or(operation);
        let regions: Vec<_> = inside.regions().collect();
        for inner in regions.into_iter().filter_map(|region| region.first_block()) {
            raise_block(context, inner, top);
        }
    }
}

/// A bound: a constant, or a value as a symbol or dimension.
enum Bound<'c, 'a> {
    Constant(i64),
    Dimension(Value<'c, 'a>),
    Symbol(Value<'c, 'a>),
}

impl<'c, 'a> Bound<'c, 'a> {
    fn of(value: Value<'c, 'a>, top: BlockRef<'c, 'a>) -> Option<Self> {
        if let Some(constant) = constant_of(value) {
            return Some(Self::Constant(constant));
        }
        if let Some(block) = argument_block(value) {
            if block == top {
                return Some(Self::Symbol(value));
            }
            let owner = block.parent_operation()?;
            let counts = match name(owner).as_str() {
                "affine.for" => block.argument(0).ok()?.to_raw().ptr == value.to_raw().ptr,
                "affine.parallel" => true,
                _ => false,
            };
            return counts.then_some(Self::Dimension(value));
        }
        (name(definition(value)?) == "affine.apply").then_some(Self::Dimension(value))
    }

    fn map(&self) -> String {
        match self {
            Self::Constant(value) => format!("affine_map<() -> ({value})>"),
            Self::Dimension(_) => "affine_map<(d0) -> (d0)>".to_owned(),
            Self::Symbol(_) => "affine_map<()[s0] -> (s0)>".to_owned(),
        }
    }

    fn operands(&self) -> Vec<Value<'c, 'a>> {
        match self {
            Self::Constant(_) => Vec::new(),
            Self::Dimension(value) | Self::Symbol(value) => vec![*value],
        }
    }
}

fn raise_loop<'c, 'a>(
    context: &'c Context,
    block: BlockRef<'c, 'a>,
    operation: OperationRef<'c, 'a>,
    top: BlockRef<'c, 'a>,
) -> Option<OperationRef<'c, 'a>> {
    let index = Type::index(context);
    let operand = |position| operation.operand(position).ok();
    let (lower, upper) = (operand(0)?, operand(1)?);
    if lower.r#type() != index {
        return None;
    }
    let step = constant_of(operand(2)?).filter(|&step| step > 0)?;
    let (lower, upper) = (Bound::of(lower, top)?, Bound::of(upper, top)?);
    let initial: Vec<Value<'c, 'a>> = operation.operands().skip(3).collect();
    let (below, above) = (lower.operands(), upper.operands());
    let segments = format!("array<i32: {}, {}, {}>", below.len(), above.len(), initial.len());
    let attributes = [
        ("lowerBoundMap", lower.map()),
        ("upperBoundMap", upper.map()),
        ("step", format!("{step} : index")),
        ("operandSegmentSizes", segments),
    ];
    let region = Region::new();
    take_body(&region, operation);
    let results: Vec<Type<'c>> = operation.results().map(|result| result.r#type()).collect();
    let operands: Vec<Value<'c, 'a>> = below.into_iter().chain(above).chain(initial).collect();
    let before = Before { context, block, anchor: operation, location: operation.location() };
    let raised = before.make("affine.for", &operands, &results, &attributes, vec![region]);
    let body = block_of(raised, 0)?;
    if let Some(old) = body.terminator() {
        let yielded: Vec<Value<'c, 'a>> = old.operands().collect();
        Before { context, block: body, anchor: old, location: old.location() }.make(
            "affine.yield",
            &yielded,
            &[],
            &[],
            Vec::new(),
        );
        erase(old);
    }
    for (old, new) in operation.results().zip(raised.results()) {
        replace(old.into(), new.into());
    }
    erase(operation);
    Some(raised)
}

/// Raises a sum, a difference or a multiple of affine indices.
fn raise_sum<'c, 'a>(
    context: &'c Context,
    block: BlockRef<'c, 'a>,
    operation: OperationRef<'c, 'a>,
    top: BlockRef<'c, 'a>,
) -> Option<OperationRef<'c, 'a>> {
    let result: Value<'c, 'a> = operation.result(0).ok()?.into();
    if result.r#type() != Type::index(context) {
        return None;
    }
    let bounds = [Bound::of(operation.operand(0).ok()?, top)?, Bound::of(operation.operand(1).ok()?, top)?];
    let constant = |bound: &Bound<'_, '_>| matches!(bound, Bound::Constant(_));
    let sign = match name(operation).as_str() {
        "arith.addi" => "+",
        "arith.subi" => "-",
        "arith.muli" if bounds.iter().any(constant) => "*",
        _ => return None,
    };
    if bounds.iter().all(constant) {
        return None;
    }
    // Dimensions come before symbols among the operands of a map.
    let (mut dimensions, mut symbols) = (Vec::new(), Vec::new());
    let terms: Vec<String> = bounds
        .iter()
        .map(|bound| match bound {
            Bound::Constant(value) => value.to_string(),
            Bound::Dimension(value) => {
                dimensions.push(*value);
                format!("d{}", dimensions.len() - 1)
            }
            Bound::Symbol(value) => {
                symbols.push(*value);
                format!("s{}", symbols.len() - 1)
            }
        })
        .collect();
    let list = |letter: char, count: usize| {
        (0..count).map(|position| format!("{letter}{position}")).collect::<Vec<_>>().join(", ")
    };
    let map = format!(
        "affine_map<({})[{}] -> ({} {sign} {})>",
        list('d', dimensions.len()),
        list('s', symbols.len()),
        terms[0],
        terms[1]
    );
    let operands: Vec<Value<'c, 'a>> = dimensions.into_iter().chain(symbols).collect();
    let before = Before { context, block, anchor: operation, location: operation.location() };
    let applied = before.index("affine.apply", &operands, &[("map", map)]);
    replace(result, applied);
    erase(operation);
    definition(applied)
}
