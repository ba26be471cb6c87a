//! A function reduced to its loops and its accesses to memory.

use ir::tree::OpId;

use crate::expression::{Comparison, Expression, Linear, Slot};

/// Buffers start at multiples of this.
pub(crate) const PAGE_BYTES: u64 = 4096;

/// A memory of the function: an argument, a global or an allocation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Buffer {
    /// First byte; buffers follow one another.
    pub start: i64,
    /// Bytes.
    pub bytes: i64,
}

/// An operation that reads or writes memory.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Site {
    pub operation: OpId,
    /// Outermost loop (or structured operation) around it; `None` for straight-line code.
    pub nest: Option<OpId>,
    pub store: bool,
    /// Buffer.
    pub buffer: u32,
    /// Elements that one execution moves side by side: whole vectors, or elements next to each other in the innermost loop.
    pub packed: bool,
    /// Bytes of one execution.
    pub bytes: u64,
    /// Name of the memory as the text has it, where it has one.
    pub memory: ir::tree::ValueId,
    /// How far one iteration of the innermost loop moves it, in bytes; `None` outside loops and where that varies.
    pub stride: Option<i64>,
}

/// Bytes side by side that a site reads or writes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Reference {
    pub site: u32,
    /// First byte.
    pub address: Linear,
    /// Bytes, at least 1.
    pub bytes: i64,
    pub store: bool,
    pub buffer: u32,
    /// Lanes outside the extent of the last dimension are not accessed.
    pub clamp: Option<Clamp>,
    /// Whether it is the first of its site, which counts executions.
    pub leads: bool,
}

/// A subscript whose elements are accessed below an extent only.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Clamp {
    pub index: Linear,
    pub extent: i64,
    /// Bytes of an element.
    pub element: i64,
}

/// Part of a program.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Node {
    Loop(Box<Loop>),
    Touch(Box<Reference>),
    /// Computes a value from others.
    Let(Slot, Expression),
    If(Box<Condition>),
}

/// A loop: from the greatest lower bound to below the least upper one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Loop {
    pub operation: OpId,
    pub slot: Slot,
    pub lower: Vec<Linear>,
    pub upper: Vec<Linear>,
    /// Above 0.
    pub step: i64,
    pub body: Vec<Node>,
    /// Loads kept in registers: once before the first iteration, if there is one.
    pub before: Vec<Reference>,
    /// Stores kept in registers: once after the last.
    pub after: Vec<Reference>,
}

impl Loop {
    /// From 0 to below `extent` in steps of 1.
    pub fn over(operation: OpId, slot: Slot, extent: i64, body: Vec<Node>) -> Self {
        let (lower, upper) = (vec![Linear::constant(0)], vec![Linear::constant(extent)]);
        Self { operation, slot, lower, upper, step: 1, body, before: Vec::new(), after: Vec::new() }
    }
}

/// A branch.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Condition {
    /// All must hold.
    pub all: Vec<Comparison>,
    pub then: Vec<Node>,
    pub otherwise: Vec<Node>,
}

/// A function's accesses.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct Program {
    pub slots: u32,
    pub buffers: Vec<Buffer>,
    pub sites: Vec<Site>,
    pub body: Vec<Node>,
}

impl Program {
    /// Lines of all buffers.
    pub fn lines(&self) -> u64 {
        self.buffers.last().map_or(0, |b| ((b.start + b.bytes) as u64).div_ceil(crate::hierarchy::LINE_BYTES))
    }
}
