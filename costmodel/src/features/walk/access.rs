//! Accesses to memory and tensors: the one place that decides how an access moves with a loop.

use ir::registry::features::{BufferSource, InstructionClass as Class, LaneAccess};
use ir::tree::{AffineExpr, AttributeValue, Definition, Dimension, OpId, Tree, TypeId, ValueId};

use super::evolution::Evolution;
use super::lanes::MachineCost;
use super::memory_operands::Folding;
use super::values::{ValueFacts, Values, is_constant};
use crate::features::table::WorkKind;

/// Assumed extent of a dynamic dimension, in elements: large enough that rows are not contiguous.
const DYNAMIC_EXTENT: f64 = 64.0;

/// Most elements of a group of adjacent accesses that a vectoriser reads or writes as a whole and takes apart by moves
/// between lanes: LLVM's limit.
const LARGEST_GROUP: f64 = 8.0;

/// One subscript of an access.
#[derive(Debug, Clone, Copy, Default)]
pub struct Subscript {
    /// How it changes with the loops of the optimised function.
    pub evolution: Evolution,
    /// 1 + index of the innermost loop of the text with whose induction variable it varies; 0 if none.
    pub text_loop: u32,
}

impl From<ValueFacts> for Subscript {
    fn from(facts: ValueFacts) -> Self {
        Self { evolution: facts.evolution, text_loop: facts.text_loop }
    }
}

/// An affine expression of subscripts.
pub fn evaluate(expression: &AffineExpr, dimensions: u32, names: &[Subscript]) -> Subscript {
    let name = |index: u32| names.get(index as usize).copied().unwrap_or_default();
    let both = |a: &AffineExpr, b: &AffineExpr, combine: fn(Evolution, Evolution) -> Evolution| {
        let (a, b) = (evaluate(a, dimensions, names), evaluate(b, dimensions, names));
        Subscript { evolution: combine(a.evolution, b.evolution), text_loop: a.text_loop.max(b.text_loop) }
    };
    match expression {
        AffineExpr::Constant(c) => Subscript { evolution: Evolution::constant(*c as f64), text_loop: 0 },
        AffineExpr::Dimension(d) => name(*d),
        AffineExpr::Symbol(s) => name(dimensions + s),
        AffineExpr::Add(a, b) => both(a, b, Evolution::plus),
        AffineExpr::Mul(a, b) => both(a, b, Evolution::times),
        AffineExpr::FloorDiv(a, b) => both(a, b, Evolution::floor_divided),
        AffineExpr::Mod(a, b) | AffineExpr::CeilDiv(a, b) => both(a, b, Evolution::combined),
    }
}

/// The divisions and remainders in an affine expression, which no addressing mode computes, with the loop of the optimised function
/// that changes each. Operands that divide by a power of two are shifts or masks; quotients that grow by a constant in each iteration are
/// induction variables.
pub fn divisions(
    expression: &AffineExpr,
    dimensions: u32,
    names: &[Subscript],
    found: &mut Vec<(AffineExpr, WorkKind, usize)>,
) {
    use AffineExpr::{Add, CeilDiv, FloorDiv, Mod, Mul};
    let (Add(a, b) | Mul(a, b) | Mod(a, b) | FloorDiv(a, b) | CeilDiv(a, b)) = expression else { return };
    for part in [a, b] {
        divisions(part, dimensions, names, found);
    }
    let is_division = matches!(expression, Mod(..) | FloorDiv(..) | CeilDiv(..));
    if is_division && found.iter().all(|(known, ..)| known != expression) {
        let kind = match &**b {
            AffineExpr::Constant(divisor) if divisor.count_ones() == 1 => WorkKind::Address,
            AffineExpr::Constant(_) => WorkKind::ConstantDivide,
            _ => WorkKind::IntegerDivide,
        };
        let Evolution { varies_in, stride, .. } = evaluate(expression, dimensions, names).evolution;
        if varies_in == 0 || stride.is_nan() {
            found.push((expression.clone(), kind, varies_in));
        }
    }
}

/// The subscripts of a load or store.
#[derive(Debug, Default)]
pub struct Subscripts {
    /// Index of the operand that is accessed; `None` if none is a tensor or memref.
    pub accessed: Option<usize>,
    /// The subscripts, outermost dimension first.
    pub list: Vec<Subscript>,
    names: Vec<Subscript>,
}

impl Subscripts {
    /// Replaces the subscripts by those of an operation.
    pub fn read(&mut self, tree: &Tree, values: &Values, operation: OpId) {
        let operands = &tree.operation(operation).operands;
        self.list.clear();
        self.accessed = operands.iter().rposition(|&v| super::lanes::is_shaped(tree, v));
        let Some(accessed) = self.accessed else { return };
        let mut names = operands[accessed + 1..].iter().map(|&v| Subscript::from(values.get(v)));
        let rank = tree.types().shape(tree.value(operands[accessed]).ty).map_or(usize::MAX, <[_]>::len);
        match tree.attribute(operation, "map") {
            Some(AttributeValue::AffineMap(map)) => {
                self.names.clear();
                self.names.extend(names.by_ref());
                self.list.extend(map.results.iter().map(|result| evaluate(result, map.dimensions, &self.names)));
            }
            _ => self.list.extend(names.by_ref().take(rank)),
        }
        // The lanes of a gather or scatter have the addresses that a vector of indices gives.
        if tree.record(operation).features.lanes == LaneAccess::Scattered
            && let (Some(last), Some(indices)) = (self.list.last_mut(), names.next())
        {
            last.evolution = Evolution::data(last.evolution.varies_in.max(indices.evolution.varies_in));
            last.text_loop = last.text_loop.max(indices.text_loop);
        }
    }

    /// How the access moves with a loop of the text, by its subscripts alone.
    pub fn motion(&self, text_loop: usize) -> Motion {
        let varies = |subscript: &Subscript| subscript.text_loop == text_loop as u32 + 1;
        let (last, others) =
            self.list.split_last().map_or((false, false), |(last, o)| (varies(last), o.iter().any(varies)));
        match (last, others) {
            (true, false) => Motion::AlongRow,
            (false, false) => Motion::Invariant,
            _ => Motion::Other,
        }
    }
}

/// How an access moves with a loop of the text: coarser than [`Access::kind`], for the features of
/// [`Collector::Text`](crate::features::table::Collector::Text).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Motion {
    /// Only the last subscript varies.
    AlongRow,
    /// No subscript varies.
    Invariant,
    /// Another subscript varies.
    Other,
}

/// A load or store of the optimised function.
#[derive(Debug, Clone, Copy)]
pub struct Access {
    /// The operation.
    pub operation: OpId,
    /// The buffer that it accesses, through all views.
    pub buffer: ValueId,
    /// Index of the loop whose body contains it.
    pub loop_index: usize,
    /// Its address in the buffer, in elements.
    pub address: Evolution,
    /// Whether it writes.
    pub is_store: bool,
    /// Machine accesses that it takes.
    pub cost: MachineCost,
    /// Whether it is a vector whose lanes are not adjacent in memory.
    pub crosses_rows: bool,
    /// Executions in each iteration of the loop, at most 1.
    pub weight: f64,
    /// Whether it leaves out lanes that are masked or out of bounds.
    pub is_masked: bool,
    /// Width of an element in bits.
    pub element_bits: f64,
    /// Whether elements do not fill whole bytes and are read and written one by one.
    pub is_sub_byte: bool,
    /// Whether elements are aligned to less than their size.
    pub is_misaligned: bool,
    /// Whether it stores a value that its loop does not change and whose bytes differ.
    pub is_pattern: bool,
    /// Loops, the innermost first, that it goes through adjacent memory with; 0 if it does not.
    pub contiguous: usize,
    /// Whether x86 makes it part of an arithmetic instruction.
    pub folding: Folding,
}

impl Access {
    /// The kind of work that the access is. `is_grouped` says that it belongs to an [interleaved group](Self::group_stride), which is
    /// accessed as contiguous memory.
    pub fn kind(&self, is_grouped: bool) -> WorkKind {
        let stride = self.stride_here().unwrap_or(0.0).abs();
        let is_contiguous = stride <= 1.0 || self.cost.is_explicit() || is_grouped;
        match (self.is_store, self.address.data) {
            (false, false) if self.crosses_rows => WorkKind::StridedLoad,
            (true, _) if self.crosses_rows => WorkKind::StridedStore,
            _ if self.is_masked => WorkKind::Masked,
            (false, true) => WorkKind::IndirectLoad,
            (false, false) if is_contiguous => WorkKind::Load,
            (false, false) => WorkKind::StridedLoad,
            (true, false) if is_contiguous => WorkKind::Store,
            (true, _) => WorkKind::StridedStore,
        }
    }

    /// Its stride if it may belong to an interleaved group, in elements: a vectoriser accesses the memory of a group contiguously and
    /// shuffles lanes. `None` if the access is contiguous, indirect or a vector, or if its stride is above [`LARGEST_GROUP`].
    pub fn group_stride(&self) -> Option<f64> {
        let stride = self.stride_here()?.abs();
        (stride > 1.0 && stride <= LARGEST_GROUP && !self.address.data && !self.cost.is_explicit()).then_some(stride)
    }

    /// The stride with the loop that contains it, in elements; `None` if that loop does not change its address.
    pub fn stride_here(&self) -> Option<f64> {
        (self.address.varies_in == self.loop_index && self.loop_index > 0).then_some(self.address.stride)
    }

    /// Whether the loop that contains it does not change its address: it is then a value carried in a register.
    pub fn is_invariant(&self) -> bool {
        self.loop_index > 0 && self.address.varies_in < self.loop_index && !self.address.data
    }
}

/// Whether the bytes of a number differ, or may differ: a loop that stores a number of equal bytes becomes a call of `memset`.
pub fn has_different_bytes(tree: &Tree, value: ValueId) -> bool {
    let by = tree.definer(value).filter(|_| is_constant(tree, value));
    let is_uniform = match by.and_then(|by| tree.attribute(by, "value")) {
        Some(AttributeValue::Integer(number, _)) => matches!(number, 0 | -1),
        Some(AttributeValue::Float(number, _) | AttributeValue::Dense { splat: Some(number), .. }) => *number == 0.0,
        _ => false,
    };
    !is_uniform && super::lanes::element_bits_or_default(tree, value) > 8.0
}

/// The address of an element of a tensor or memref, in elements.
pub fn address(tree: &Tree, accessed: TypeId, subscripts: &[Subscript]) -> Evolution {
    let shape = tree.types().shape(accessed).unwrap_or(&[]);
    let mut distance = 1.0;
    let mut sum = Evolution::INVARIANT;
    for (index, subscript) in subscripts.iter().enumerate().rev() {
        sum = sum.plus(subscript.evolution.times(Evolution::constant(distance)));
        distance *= shape.get(index).map_or(DYNAMIC_EXTENT, extent);
    }
    sum
}

/// The distance of neighbours along a dimension of an array of this shape, in elements.
pub fn distance(shape: &[Dimension], dimension: usize) -> f64 {
    shape[dimension + 1..].iter().map(extent).product()
}

/// The extent of a dimension.
pub fn extent(dimension: &Dimension) -> f64 {
    match dimension {
        Dimension::Static(extent) => *extent as f64,
        _ => DYNAMIC_EXTENT,
    }
}

/// Whether the lanes of a vector access are not adjacent in memory: each has an address of its own, or the last dimension of a
/// transfer is not the memref's.
pub fn crosses_rows(tree: &Tree, operation: OpId) -> bool {
    if tree.record(operation).features.lanes == LaneAccess::Scattered {
        return true;
    }
    match tree.attribute(operation, "permutation_map") {
        Some(AttributeValue::AffineMap(map)) => match map.results.last() {
            Some(AffineExpr::Dimension(dimension)) => *dimension + 1 != map.dimensions,
            _ => false,
        },
        _ => false,
    }
}

/// Whether a vector access leaves out lanes: by its mask, or because they may be out of bounds.
pub fn is_masked(tree: &Tree, operation: OpId) -> bool {
    let in_bounds = || match tree.attribute(operation, "in_bounds") {
        Some(AttributeValue::Array(all)) => all.iter().all(|b| *b == AttributeValue::Bool(true)),
        _ => false,
    };
    match tree.record(operation).features.lanes {
        LaneAccess::Adjacent | LaneAccess::Scattered => false,
        LaneAccess::UnlessInBounds => !in_bounds(),
        LaneAccess::Masked => true,
    }
}

/// Whether the first operand of an operation comes from memory. A loaded scalar, and a lane of a loaded vector, is spread over a vector by
/// the load (x86), or by the operation that uses it (Arm and RISC-V).
pub fn is_loaded(tree: &Tree, operation: OpId) -> bool {
    let definer = tree.operation(operation).operands.first().and_then(|&value| tree.definer(value));
    definer.is_some_and(|definer| tree.record(definer).features.class == Class::Load)
}

/// Index of the operand that a load or store of a scalar accesses, behind which its subscripts are; `None` for other operations.
/// Accesses to vectors have no offsets in the addresses of some processors.
pub fn accessed(tree: &Tree, operation: OpId) -> Option<usize> {
    let node = tree.operation(operation);
    let data = match tree.record(operation).features.class {
        Class::Load => node.results.first(),
        Class::Store => node.operands.first(),
        _ => None,
    };
    data.filter(|&&data| !super::lanes::is_vector(tree, data))?;
    node.operands.iter().rposition(|&v| super::lanes::is_shaped(tree, v))
}

/// The buffer that a value is a view of; the value itself if it is none.
pub fn buffer(tree: &Tree, mut value: ValueId) -> ValueId {
    // Views of views are few; a bound keeps malformed texts finite.
    for _ in 0..64 {
        let Definition::Result { operation, index } = tree.value(value).definition else { break };
        let Some(next) = source(tree, operation, index) else { break };
        value = next;
    }
    value
}

/// The operand that a result shares its memory with.
fn source(tree: &Tree, operation: OpId, index: u32) -> Option<ValueId> {
    let node = tree.operation(operation);
    match tree.record(operation).features.buffer {
        BufferSource::None => None,
        BufferSource::First => node.operands.first().copied(),
        BufferSource::Second => node.operands.get(1).copied(),
        BufferSource::Output => {
            let outputs = node.operands.len().checked_sub(node.results.len())?;
            node.operands.get(outputs + index as usize).copied()
        }
    }
}
