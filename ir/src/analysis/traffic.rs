//! Bytes that one execution of an operation moves.
//!
//! Loads and stores move the elements that they name. Operations on whole tensors or memrefs read their operands and write their
//! results (or, on memrefs, their outputs) once: no cache between operations, perfect reuse inside one. An output
//! that a body does not read is not read. Views (slices, casts, reshapes), allocations and constants move nothing.

use std::collections::BTreeSet;
use std::iter::Sum;
use std::ops::{Add, AddAssign, Mul};

use serde::Serialize;

use super::Reason;
use super::range::Range;
use super::size::{bytes, is_shaped};
use crate::registry::facts::TrafficRule;
use crate::tree::{AttributeValue, OpId, Tree, Type, TypeId, ValueId};

/// Data moved between memory and arithmetic units.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Traffic {
    /// Load operations (scalar or vector) executed.
    pub loads: Range,
    /// Store operations executed.
    pub stores: Range,
    /// Bytes read.
    pub read_bytes: Range,
    /// Bytes written.
    pub written_bytes: Range,
}

impl Traffic {
    /// None.
    pub const ZERO: Self =
        Self { loads: Range::ZERO, stores: Range::ZERO, read_bytes: Range::ZERO, written_bytes: Range::ZERO };
    /// Any amount.
    pub const UNKNOWN: Self = Self {
        loads: Range::UNKNOWN,
        stores: Range::UNKNOWN,
        read_bytes: Range::UNKNOWN,
        written_bytes: Range::UNKNOWN,
    };

    /// Bytes read and written.
    #[must_use]
    pub fn bytes(self) -> Range {
        self.read_bytes + self.written_bytes
    }

    fn moved(read_bytes: Range, written_bytes: Range) -> Self {
        Self { read_bytes, written_bytes, ..Self::ZERO }
    }
}

impl Add for Traffic {
    type Output = Self;

    fn add(self, other: Self) -> Self {
        Self {
            loads: self.loads + other.loads,
            stores: self.stores + other.stores,
            read_bytes: self.read_bytes + other.read_bytes,
            written_bytes: self.written_bytes + other.written_bytes,
        }
    }
}

impl AddAssign for Traffic {
    fn add_assign(&mut self, other: Self) {
        *self = *self + other;
    }
}

impl Mul<Range> for Traffic {
    type Output = Self;

    fn mul(self, times: Range) -> Self {
        Self {
            loads: self.loads * times,
            stores: self.stores * times,
            read_bytes: self.read_bytes * times,
            written_bytes: self.written_bytes * times,
        }
    }
}

impl Sum for Traffic {
    fn sum<I: Iterator<Item = Self>>(items: I) -> Self {
        items.fold(Self::ZERO, Add::add)
    }
}

/// Bytes of a function's arguments and results: the least traffic, with perfect reuse.
#[must_use]
pub fn interface_bytes(tree: &Tree, function: OpId) -> Range {
    let arguments = tree.entry(function, 0).map_or(&[][..], |b| &tree.block(b).arguments);
    let results = match tree.attribute(function, "function_type") {
        Some(AttributeValue::Type(ty)) => match tree.ty(*ty) {
            Type::Function { results, .. } => results.as_slice(),
            _ => &[],
        },
        _ => &[],
    };
    let inputs: Range = arguments.iter().map(|&v| bytes(tree, tree.value(v).ty)).sum();
    inputs + results.iter().map(|&ty| bytes(tree, ty)).sum::<Range>()
}

/// Traffic of one execution, or why it is not known.
pub(super) fn of(tree: &Tree, operation: OpId) -> Result<Traffic, Reason> {
    let node = tree.operation(operation);
    let size = |value: Option<&ValueId>| value.map_or(Range::UNKNOWN, |&v| bytes(tree, tree.value(v).ty));
    let load = |count: Range| Traffic { loads: Range::ONE, read_bytes: count, ..Traffic::ZERO };
    let store = |count: Range| Traffic { stores: Range::ONE, written_bytes: count, ..Traffic::ZERO };
    let (first, last, result) = (node.operands.first(), node.operands.last(), node.results.first());
    Ok(match tree.record(operation).traffic {
        TrafficRule::Unknown => return Err(Reason::Operation),
        TrafficRule::UnknownIfShaped => {
            let shaped = |&v: &ValueId| is_shaped(tree, tree.value(v).ty);
            if node.operands.iter().any(shaped) || node.results.iter().any(shaped) {
                return Err(Reason::Operation);
            }
            Traffic::ZERO
        }
        TrafficRule::None => Traffic::ZERO,
        TrafficRule::Load => load(size(result)),
        TrafficRule::Store => store(size(first)),
        TrafficRule::StoreLast => store(size(last)),
        TrafficRule::ReadModifyWrite => load(size(result)) + store(size(result)),
        TrafficRule::CopyFirst => Traffic::moved(size(first), size(first)),
        TrafficRule::Whole => whole(tree, operation),
        TrafficRule::Structured => structured(tree, operation),
    })
}

/// All shaped operands read, all shaped results written.
fn whole(tree: &Tree, operation: OpId) -> Traffic {
    let node = tree.operation(operation);
    let sum = |values: &[ValueId]| {
        let types = values.iter().map(|&v| tree.value(v).ty);
        types.filter(|&ty| is_shaped(tree, ty)).map(|ty: TypeId| bytes(tree, ty)).sum()
    };
    Traffic::moved(sum(&node.operands), sum(&node.results))
}

/// Inputs read; outputs written, and read where the body reads them.
fn structured(tree: &Tree, operation: OpId) -> Traffic {
    let node = tree.operation(operation);
    let Some(body) = tree.entry(operation, 0) else { return whole(tree, operation) };
    let arguments = &tree.block(body).arguments;
    let used: BTreeSet<ValueId> =
        tree.walk_block(body).flat_map(|op| tree.operation(op).operands.iter().copied()).collect();
    let outputs = output_count(tree, operation);
    let inputs = node.operands.len().saturating_sub(outputs);
    let mut traffic = Traffic::ZERO;
    for (index, &operand) in node.operands.iter().enumerate() {
        let ty = tree.value(operand).ty;
        if !is_shaped(tree, ty) {
            continue;
        }
        let size = bytes(tree, ty);
        if index >= inputs {
            traffic.written_bytes += size;
        }
        // A body without arguments for outputs (`linalg.map`) reads inputs only.
        let is_read = arguments.get(index).map_or(index < inputs, |a| used.contains(a));
        if is_read {
            traffic.read_bytes += size;
        }
    }
    traffic
}

/// Outputs of a `linalg` operation: as many as its segments say, its results, or one.
pub(crate) fn output_count(tree: &Tree, operation: OpId) -> usize {
    if let Some(AttributeValue::DenseArray(_, segments)) = tree.attribute(operation, "operandSegmentSizes")
        && let [_, outputs] = segments.as_slice()
    {
        return *outputs as usize;
    }
    tree.operation(operation).results.len().max(1)
}
