//! Subscripts: which loop a place in memory follows, and how far it moves with each iteration.

use ir::analysis::traffic::views_memory;
use ir::tree::{AffineExpr, Definition, Dimension, OpId, Tree, TypeId, ValueId};

use super::level::Machine;

/// How an integer value changes.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Course {
    /// The innermost level that it follows.
    pub level: usize,
    /// Growth with each iteration of that level; NaN where it is no constant.
    pub stride: f64,
    /// What is added that is constant.
    pub offset: f64,
    /// Whether it depends on data.
    pub data: bool,
}

impl Course {
    pub const FIXED: Self = Self { level: 0, stride: 0.0, offset: 0.0, data: false };

    /// A loop's variable.
    pub fn variable(level: usize, stride: f64) -> Self {
        Self { level, stride, ..Self::FIXED }
    }

    /// Some value that a level's iterations compute or are given.
    pub fn data(level: usize) -> Self {
        Self { level, stride: f64::NAN, data: true, ..Self::FIXED }
    }

    /// Whether two grow by as much with the iterations of a loop that both stand in.
    pub fn moves_as(self, other: Self) -> bool {
        self.data == other.data && self.level == other.level && self.stride == other.stride
    }

    pub fn constant(offset: f64) -> Self {
        Self { offset, ..Self::FIXED }
    }

    fn is_constant(self) -> bool {
        self.level == 0 && self.stride == 0.0 && !self.data
    }

    pub fn plus(self, other: Self) -> Self {
        let stride = match self.level.cmp(&other.level) {
            std::cmp::Ordering::Equal => self.stride + other.stride,
            std::cmp::Ordering::Greater => self.stride,
            std::cmp::Ordering::Less => other.stride,
        };
        Self {
            level: self.level.max(other.level),
            stride,
            offset: self.offset + other.offset,
            data: self.data || other.data,
        }
    }

    pub fn times(self, other: Self) -> Self {
        let (one, factor) = if other.is_constant() { (self, other) } else { (other, self) };
        if factor.is_constant() {
            return Self { stride: one.stride * factor.offset, offset: one.offset * factor.offset, ..one };
        }
        self.some(other)
    }

    /// Some function of both.
    pub fn some(self, other: Self) -> Self {
        let sum = self.plus(other);
        if sum.is_constant() { sum } else { Self { stride: f64::NAN, ..sum } }
    }
}

/// An affine expression of courses.
pub(super) fn evaluate(expression: &AffineExpr, dimensions: u32, names: &[Course]) -> Course {
    let name = |index: u32| names.get(index as usize).copied().unwrap_or(Course::FIXED);
    let both = |a: &AffineExpr, b: &AffineExpr| (evaluate(a, dimensions, names), evaluate(b, dimensions, names));
    match expression {
        AffineExpr::Constant(c) => Course::constant(*c as f64),
        AffineExpr::Dimension(d) => name(*d),
        AffineExpr::Symbol(s) => name(dimensions + s),
        AffineExpr::Add(a, b) => {
            let (a, b) = both(a, b);
            a.plus(b)
        }
        AffineExpr::Mul(a, b) => {
            let (a, b) = both(a, b);
            a.times(b)
        }
        AffineExpr::Mod(a, b) | AffineExpr::FloorDiv(a, b) | AffineExpr::CeilDiv(a, b) => {
            let (a, b) = both(a, b);
            a.some(b)
        }
    }
}

/// A read or write as it stands in a level.
#[derive(Debug, Clone, Copy)]
pub(super) struct Access {
    /// The buffer behind all views.
    pub root: ValueId,
    /// The level in which it stands.
    pub at: usize,
    /// Its address, in elements.
    pub address: Course,
    /// Whether it writes.
    pub store: bool,
    /// Machine accesses that it takes.
    pub machine: Machine,
    /// Whether it is a vector whose lanes lie apart.
    pub across: bool,
    /// Of a write: how the value is made, see [`super::walk::Walk::origin`].
    pub origin: u64,
    /// How often an iteration gets to it.
    pub weight: f64,
    /// Whether it may reach beyond the end.
    pub masked: bool,
    /// Bits of an element.
    pub bits: f64,
    /// Whether its elements fill no whole bytes: they are read and written one by one.
    pub odd: bool,
}

/// The address of an element, counted in elements.
pub(super) fn address(tree: &Tree, shaped: TypeId, subscripts: &[Course]) -> Course {
    let shape = tree.types().shape(shaped).unwrap_or(&[]);
    let mut distance = 1.0;
    let mut sum = Course::FIXED;
    for (index, &subscript) in subscripts.iter().enumerate().rev() {
        sum = sum.plus(subscript.times(Course::constant(distance)));
        distance *= match shape.get(index) {
            Some(Dimension::Static(extent)) => *extent as f64,
            // Far apart, however much.
            _ => 64.0,
        };
    }
    sum
}

/// The buffer that a value is a view of.
pub(super) fn root(tree: &Tree, mut value: ValueId) -> ValueId {
    // Views of views are few; a bound keeps malformed texts finite.
    for _ in 0..64 {
        let Definition::Result { operation, index } = tree.value(value).definition else { break };
        let Some(next) = source(tree, operation, index) else { break };
        value = next;
    }
    value
}

/// What a result shares its memory with.
fn source(tree: &Tree, operation: OpId, index: u32) -> Option<ValueId> {
    let node = tree.operation(operation);
    let name = tree.name(operation);
    match name {
        "tensor.cast"
        | "tensor.expand_shape"
        | "tensor.collapse_shape"
        | "tensor.reshape"
        | "tensor.extract_slice"
        | "bufferization.to_tensor"
        | "bufferization.to_buffer"
        | "bufferization.to_memref" => node.operands.first().copied(),
        _ if views_memory(name) => node.operands.first().copied(),
        "tensor.insert" => node.operands.get(1).copied(),
        _ if name.starts_with("linalg.") => {
            let outputs = node.operands.len().checked_sub(node.results.len())?;
            node.operands.get(outputs + index as usize).copied()
        }
        _ => None,
    }
}
