//! Recognises sums of products in operations on tensors.
//!
//! A contraction is described by the dimensions its operands use. `linalg` gives them in maps; for named forms
//! without maps, `tosa` and `stablehlo` the registry has them (convolutions: every output element sums over the filter of
//! its channel).

use crate::registry::facts::{Dialect, Evaluation, Filter, IndexedAccess, Nest, ProductForm, SumTerm};
use crate::tree::{AffineExpr, AffineMap, AttributeValue, Definition, OpId, Tree, ValueId};

use super::shape::{elements, extents, product};
use super::step::{Contraction, Side};

/// An operand with the loop dimension of each of its dimensions.
struct Operand {
    value: ValueId,
    extents: Vec<u64>,
    dims: Vec<Option<usize>>,
    /// Loops in the subscripts that are not a single one.
    windows: Vec<usize>,
}

impl Operand {
    /// An operand whose every subscript is one loop.
    fn plain(value: ValueId, extents: Vec<u64>, dims: Vec<Option<usize>>) -> Self {
        Self { value, extents, dims, windows: Vec::new() }
    }

    /// An operand with the subscripts of a map.
    fn mapped(tree: &Tree, value: ValueId, map: &AffineMap) -> Option<Self> {
        let windows = map.results.iter().filter(|e| !matches!(e, AffineExpr::Dimension(_))).flat_map(loops).collect();
        Some(Self { value, extents: extents(tree, value)?, dims: plain(map), windows })
    }

    fn uses(&self, dim: usize) -> bool {
        self.dims.contains(&Some(dim))
    }
}

/// A contraction over dimensions of the given extents: factors `a` and `b`, `out` the dimensions of the result.
fn over(domain: &[u64], a: &Operand, b: &Operand, out: &[bool]) -> Option<Contraction> {
    let macs = product(domain.iter().copied())?;
    let side = |operand: &Operand| {
        let summed = (0..domain.len()).filter(|&d| !out[d] && (operand.uses(d) || operand.windows.contains(&d)));
        Some(Side {
            value: operand.value,
            elements: product(operand.extents.iter().copied())?,
            rank: operand.extents.len(),
            inner: operand.extents.last().copied().unwrap_or(1),
            fan_in: product(summed.map(|d| domain[d]))?,
        })
    };
    let batched = (0..domain.len()).any(|d| out[d] && a.uses(d) && b.uses(d));
    // A subscript that adds dimensions is a sliding window.
    let filter = filter(a.dims.contains(&None), b.dims.contains(&None));
    Some(Contraction { macs, sides: [side(a)?, side(b)?], batched, slots: 1, filter, before: [0; 2] })
}

/// The side that is the filter: exactly one side is read through a window, and the other is the filter.
pub(super) fn filter(a_window: bool, b_window: bool) -> Option<usize> {
    match (a_window, b_window) {
        (true, false) => Some(1),
        (false, true) => Some(0),
        _ => None,
    }
}

/// For each result of a map, the dimension if it is a single one.
fn plain(map: &AffineMap) -> Vec<Option<usize>> {
    map.results.iter().map(|e| if let AffineExpr::Dimension(d) = e { Some(*d as usize) } else { None }).collect()
}

/// The loops in an expression.
fn loops(expression: &AffineExpr) -> Vec<usize> {
    let (mut left, mut found) = (vec![expression], Vec::new());
    while let Some(next) = left.pop() {
        match next {
            AffineExpr::Dimension(d) => found.push(*d as usize),
            AffineExpr::Symbol(_) | AffineExpr::Constant(_) => {}
            AffineExpr::Add(a, b)
            | AffineExpr::Mul(a, b)
            | AffineExpr::Mod(a, b)
            | AffineExpr::FloorDiv(a, b)
            | AffineExpr::CeilDiv(a, b) => left.extend([&**a, &**b]),
        }
    }
    found
}

/// The maps of a `linalg` operation, inputs first.
pub(super) fn maps(tree: &Tree, op: OpId) -> Option<Vec<&AffineMap>> {
    let AttributeValue::Array(list) = tree.attribute(op, "indexing_maps")? else { return None };
    list.iter().map(|m| if let AttributeValue::AffineMap(map) = m { Some(map) } else { None }).collect()
}

/// Extents of the loop dimensions, by the maps of the operands.
pub(super) fn domain(tree: &Tree, operands: &[ValueId], maps: &[&AffineMap]) -> Option<Vec<u64>> {
    let rank = maps.first()?.dimensions as usize;
    let mut known: Vec<Option<u64>> = vec![None; rank];
    for (&operand, map) in operands.iter().zip(maps) {
        for (dim, extent) in plain(map).into_iter().zip(extents(tree, operand)?) {
            if let Some(slot) = dim.and_then(|d| known.get_mut(d)) {
                *slot = Some(extent);
            }
        }
    }
    known.into_iter().collect()
}

/// The contraction of a named operation; `None` for others.
pub(super) fn of_named(tree: &Tree, op: OpId) -> Option<Contraction> {
    let record = tree.record(op);
    let operands = &tree.operation(op).operands;
    let (&a, &b) = (operands.first()?, operands.get(1)?);
    if let Some(maps) = maps(tree, op).filter(|m| m.len() == operands.len() && operands.len() == 3) {
        return of_maps(tree, [a, b], &maps, operands);
    }
    match (record.contraction, &record.nest) {
        (ProductForm::Nest, Some(nest)) => of_nest(tree, [a, b], nest),
        (ProductForm::DotGeneral, _) => dot_general(tree, op, a, b),
        (ProductForm::Dot, _) => dot(tree, a, b),
        (ProductForm::Convolution(_) | ProductForm::HloConvolution, _) => convolution(tree, op, a, b),
        (ProductForm::None | ProductForm::Nest, _) => None,
    }
}

/// The contraction over the loops of a named operation.
fn of_nest(tree: &Tree, [a, b]: [ValueId; 2], nest: &Nest) -> Option<Contraction> {
    let operand = |value, place: usize| {
        let dims: Vec<Option<usize>> = nest.dimensions(place).map(Some).collect();
        let extents = extents(tree, value)?;
        (extents.len() == dims.len()).then(|| Operand::plain(value, extents, dims))
    };
    let (a, b) = (operand(a, 0)?, operand(b, 1)?);
    let mut domain = vec![1; nest.loops.len()];
    for operand in [&a, &b] {
        for (dim, &extent) in operand.dims.iter().zip(&operand.extents) {
            domain[(*dim)?] = extent;
        }
    }
    let mut out = vec![false; domain.len()];
    nest.dimensions(2).for_each(|dim| out[dim] = true);
    over(&domain, &a, &b, &out)
}

/// The contraction that maps of (lhs, rhs, result) describe.
fn of_maps(tree: &Tree, [a, b]: [ValueId; 2], maps: &[&AffineMap], operands: &[ValueId]) -> Option<Contraction> {
    let domain = domain(tree, operands, maps)?;
    over(
        &domain,
        &Operand::mapped(tree, a, maps[0])?,
        &Operand::mapped(tree, b, maps[1])?,
        &result_dims(domain.len(), maps.last()?),
    )
}

fn result_dims(rank: usize, map: &AffineMap) -> Vec<bool> {
    let dims = plain(map);
    (0..rank).map(|d| dims.contains(&Some(d))).collect()
}

fn dot(tree: &Tree, a: ValueId, b: ValueId) -> Option<Contraction> {
    let shared = extents(tree, a)?.len().checked_sub(1)?;
    of_dot(tree, a, b, &[], &[], &[shared as u64], &[0])
}

fn dot_general(tree: &Tree, op: OpId, a: ValueId, b: ValueId) -> Option<Contraction> {
    let numbers = tree.attribute(op, "dot_dimension_numbers")?;
    let list = |key: &str| dimension_list(numbers, key);
    let (lhs_batch, rhs_batch) = (list("lhs_batching_dimensions"), list("rhs_batching_dimensions"));
    of_dot(tree, a, b, &lhs_batch, &rhs_batch, &list("lhs_contracting_dimensions"), &list("rhs_contracting_dimensions"))
}

/// The numbers behind `key = [..]` of an attribute; empty where there are none.
fn dimension_list(attribute: &AttributeValue, key: &str) -> Vec<u64> {
    let text = match attribute {
        AttributeValue::Other(text) => text,
        AttributeValue::Dictionary(entries) => {
            let value = entries.iter().find(|(name, _)| name == key).map(|(_, v)| v);
            return match value {
                Some(AttributeValue::DenseArray(_, numbers)) => numbers.iter().map(|&n| n as u64).collect(),
                Some(AttributeValue::Array(numbers)) => numbers
                    .iter()
                    .filter_map(|n| if let AttributeValue::Integer(n, _) = n { u64::try_from(*n).ok() } else { None })
                    .collect(),
                _ => Vec::new(),
            };
        }
        _ => return Vec::new(),
    };
    let inside = text.split(key).nth(1).and_then(|t| t.split('[').nth(1)).and_then(|t| t.split(']').next());
    inside.map_or(Vec::new(), |t| t.split(',').filter_map(|n| n.trim().parse().ok()).collect())
}

fn of_dot(
    tree: &Tree,
    a: ValueId,
    b: ValueId,
    lhs_batch: &[u64],
    rhs_batch: &[u64],
    lhs_summed: &[u64],
    rhs_summed: &[u64],
) -> Option<Contraction> {
    // Loop dimensions: batches, then summed ones, then the remaining ones of each side.
    let (batches, sums) = (lhs_batch.len(), lhs_summed.len());
    let mut domain: Vec<u64> = vec![1; batches + sums];
    let mut operand = |value: ValueId, batch: &[u64], summed: &[u64]| {
        let extents = extents(tree, value)?;
        let mut dims = Vec::with_capacity(extents.len());
        for (at, &extent) in extents.iter().enumerate() {
            let place = |list: &[u64]| list.iter().position(|&d| d == at as u64);
            let dim = match (place(batch), place(summed)) {
                (Some(i), _) if i < batches => i,
                (_, Some(i)) if i < sums => batches + i,
                _ => {
                    domain.push(extent);
                    domain.len() - 1
                }
            };
            domain[dim] = extent;
            dims.push(Some(dim));
        }
        Some(Operand::plain(value, extents, dims))
    };
    let (a, b) = (operand(a, lhs_batch, lhs_summed)?, operand(b, rhs_batch, rhs_summed)?);
    let out: Vec<bool> = (0..domain.len()).map(|d| d < batches || d >= batches + sums).collect();
    over(&domain, &a, &b, &out)
}

/// Filter of a convolution: extents that an output element sums over.
fn convolution(tree: &Tree, op: OpId, input: ValueId, filter: ValueId) -> Option<Contraction> {
    let shape = extents(tree, filter)?;
    let output_channels: Vec<bool> = match tree.record(op).contraction {
        ProductForm::Convolution(filter) if filter.letters.len() == shape.len() => {
            filter.letters.chars().map(|letter| is_output_channel(filter, letter)).collect()
        }
        ProductForm::HloConvolution => {
            let at = output_feature(tree.attribute(op, "dimension_numbers")?)?;
            (0..shape.len()).map(|d| d == at).collect()
        }
        _ => return None,
    };
    if output_channels.len() != shape.len() {
        return None;
    }
    let operation = tree.operation(op);
    let out = operation.results.first().or(operation.operands.last())?;
    let summed = output_channels.iter().zip(&shape).filter(|(channel, _)| !**channel).map(|(_, &e)| e);
    let fan_in = product(summed)?;
    let macs = product([elements(tree, *out)?, fan_in])?;
    let side = |value| -> Option<Side> {
        let extents = extents(tree, value)?;
        let (rank, inner) = (extents.len(), extents.last().copied().unwrap_or(1));
        Some(Side { value, elements: product(extents)?, rank, inner, fan_in })
    };
    Some(Contraction {
        macs,
        sides: [side(input)?, side(filter)?],
        batched: false,
        slots: 1,
        filter: Some(1),
        before: [0; 2],
    })
}

/// Whether a dimension of a filter counts as output channels. Groups do not: a group's products are counted as if every
/// output element summed over all groups.
fn is_output_channel(filter: Filter, letter: char) -> bool {
    filter.keeps(letter) && letter != 'g'
}

/// Place of the output feature dimension in a filter: `o` in `[b, 0, 1, f]x[0, 1, i, o]->[b, 0, 1, f]`.
fn output_feature(attribute: &AttributeValue) -> Option<usize> {
    let AttributeValue::Other(text) = attribute else { return None };
    let filter = text.split('[').nth(2)?.split(']').next()?;
    filter.split(',').position(|d| d.trim() == "o")
}

/// The contraction of a `linalg.generic` whose body multiplies and adds up; `None` for other bodies.
pub(super) fn of_generic(tree: &Tree, op: OpId) -> Option<Contraction> {
    let operands = &tree.operation(op).operands;
    let maps = maps(tree, op).filter(|m| m.len() == operands.len())?;
    let body = tree.entry(op, 0)?;
    let arguments = &tree.block(body).arguments;
    let outputs = arguments.len().checked_sub(1)?;
    let domain = domain(tree, operands, &maps)?;
    let out = result_dims(domain.len(), maps.last()?);
    if out.iter().all(|&o| o) {
        return None;
    }
    let yielded = *tree.operation(*tree.block(body).operations.last()?).operands.first()?;
    let factors = multiply_add(tree, yielded, *arguments.get(outputs)?)?;
    if through(tree, factors[0]) == through(tree, factors[1]) {
        // A sum of squares reads one operand only.
        return None;
    }
    let mut sides = Vec::with_capacity(2);
    let mut changed = [false; 2];
    let mut slots = 1;
    for (at, factor) in factors.into_iter().enumerate() {
        let factor = through(tree, factor);
        if let Some((index, by_function)) = input_of(tree, &arguments[..outputs], &maps, factor) {
            let value = operands[index];
            changed[at] = by_function;
            sides.push(Operand::mapped(tree, value, maps[index])?);
            continue;
        }
        // The matrix is selected by data: `tensor.extract %weights[%chosen, %k, %n]`.
        let Definition::Result { operation: read, .. } = tree.value(factor).definition else { return None };
        if !loads_element(tree, read) {
            return None;
        }
        let (&value, indices) = tree.operation(read).operands.split_first()?;
        let (mut kept, mut dims) = (Vec::new(), Vec::new());
        for (&index, extent) in indices.iter().zip(extents(tree, value)?) {
            if let Some(dim) = loop_dimension(tree, index) {
                kept.push(extent);
                dims.push(Some(dim));
            } else {
                let chosen = arguments.iter().position(|&a| a == through(tree, index))?;
                // Along the last dimension of the index the matrices are different; along others they can be the
                // same.
                slots = extents(tree, operands[chosen])?.last().copied().unwrap_or(1).max(1);
            }
        }
        sides.push(Operand::plain(value, kept, dims));
    }
    let mut contraction = over(&domain, &sides[0], &sides[1], &out)?;
    contraction.slots = slots;
    for (at, changed) in changed.into_iter().enumerate() {
        contraction.before[at] = if changed { contraction.sides[at].elements } else { 0 };
    }
    Some(contraction)
}

/// The input of a body that `value` is, or (`true`) is a function of: the one with the most dimensions. The dimensions of
/// the other inputs must be a subset of its dimensions.
fn input_of(tree: &Tree, inputs: &[ValueId], maps: &[&AffineMap], value: ValueId) -> Option<(usize, bool)> {
    let (mut found, mut left, mut functions) = (Vec::new(), vec![value], false);
    for _ in 0..MAX_CHAIN {
        let Some(value) = left.pop() else { break };
        if let Some(index) = inputs.iter().position(|&a| a == value) {
            found.push(index);
            continue;
        }
        let Definition::Result { operation, .. } = tree.value(value).definition else { return None };
        let record = tree.record(operation);
        if !matches!(record.dialect, Dialect::Arith | Dialect::Math) {
            return None;
        }
        functions |= record.evaluation != Evaluation::Constant;
        left.extend(tree.operation(operation).operands.iter().map(|&o| through(tree, o)));
    }
    let dims = |index: &usize| plain(maps[*index]).len();
    let most = *found.iter().max_by_key(|&i| dims(i))?;
    let within = |index: &usize| plain(maps[*index]).iter().all(|d| plain(maps[most]).contains(d));
    (left.is_empty() && found.iter().all(within)).then_some((most, functions))
}

/// Whether an operation reads one element of a tensor or memory, by a value for each subscript.
pub(super) fn loads_element(tree: &Tree, op: OpId) -> bool {
    let record = tree.record(op);
    record.access == IndexedAccess::Load && matches!(record.dialect, Dialect::Tensor | Dialect::MemRef)
}

fn loop_dimension(tree: &Tree, index: ValueId) -> Option<usize> {
    let Definition::Result { operation, .. } = tree.value(index).definition else { return None };
    if tree.record(operation).evaluation != Evaluation::LoopIndex {
        return None;
    }
    if let AttributeValue::Integer(dim, _) = tree.attribute(operation, "dim")? {
        usize::try_from(*dim).ok()
    } else {
        None
    }
}

/// The factors where `value` is `accumulator + a * b`, ignoring conversions and single-element tensors.
pub(super) fn multiply_add(tree: &Tree, value: ValueId, accumulator: ValueId) -> Option<[ValueId; 2]> {
    let value = through(tree, value);
    if let Some(fused) = producer(tree, value, SumTerm::FusedProduct)
        && tree.record(fused).dialect == Dialect::Math
    {
        let &[a, b, sum] = tree.operation(fused).operands.as_slice() else { return None };
        return (through(tree, sum) == accumulator).then_some([a, b]);
    }
    let sum = producer(tree, value, SumTerm::Sum)?;
    let &[a, b] = tree.operation(sum).operands.as_slice() else { return None };
    let (a, b) = (through(tree, a), through(tree, b));
    let term = if a == accumulator {
        b
    } else if b == accumulator {
        a
    } else {
        return None;
    };
    let product = producer(tree, term, SumTerm::Product)?;
    let &[a, b] = tree.operation(product).operands.as_slice() else { return None };
    Some([a, b])
}

/// The operation that defines a value, if it is that part of a sum.
fn producer(tree: &Tree, value: ValueId, part: SumTerm) -> Option<OpId> {
    tree.definer(value).filter(|&operation| tree.record(operation).sum == part)
}

/// Longest chain of conversions that is followed.
const MAX_CHAIN: u32 = 16;

/// The value behind conversions and single-element tensors.
pub(super) fn through(tree: &Tree, value: ValueId) -> ValueId {
    let mut at = value;
    for _ in 0..MAX_CHAIN {
        let Definition::Result { operation, .. } = tree.value(at).definition else { break };
        let operands = tree.operation(operation).operands.as_slice();
        at = match (tree.record(operation).sum, operands) {
            (SumTerm::Conversion | SumTerm::FromElements, &[only]) => only,
            (SumTerm::Element, &[tensor, ..]) if producer(tree, tensor, SumTerm::FromElements).is_some() => tensor,
            _ => break,
        };
    }
    at
}
