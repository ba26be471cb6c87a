//! Steps: the work of operations, without units or time.

use smallvec::SmallVec;

use crate::tree::{OpId, ValueId};

/// Values that a step reads or writes.
pub type Values = SmallVec<[ValueId; 4]>;

/// One factor of a contraction.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Side {
    /// The tensor or memory it comes from.
    pub value: ValueId,
    /// Elements that one pass reads.
    pub elements: u64,
    /// Dimensions it has.
    pub rank: usize,
    /// Extent of its innermost dimension, whose elements are contiguous.
    pub inner: u64,
    /// Elements that one output element sums over.
    pub fan_in: u64,
}

/// Sums of products of two operands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Contraction {
    /// Multiply-accumulates.
    pub macs: u64,
    /// Factors in the order of the text.
    pub sides: [Side; 2],
    /// Whether a dimension belongs to both operands and the result, as in batched products.
    pub batched: bool,
    /// Matrices selected by data that are used at once; 1 for a fixed matrix.
    pub slots: u64,
    /// The side (0 or 1) that slides over the other: the filter of a convolution.
    pub filter: Option<usize>,
    /// For each side, its elements if a function is applied to them before the product, else 0.
    pub before: [u64; 2],
}

impl Contraction {
    /// The side (0 or 1) that is the matrix: the filter, else the one with more dimensions, else the second.
    #[must_use]
    pub fn matrix(&self) -> usize {
        self.filter.unwrap_or(usize::from(self.sides[1].rank >= self.sides[0].rank))
    }

    /// Whether the matrix can be hardwired. With a batch dimension every item has a matrix of its own, which depends on
    /// data (scores, values), except for the channels of a depthwise filter.
    #[must_use]
    pub fn can_be_metal(&self) -> bool {
        (!self.batched || self.filter.is_some()) && self.before[self.matrix()] == 0
    }

    /// Input vectors that are multiplied with the matrix of side `side`.
    #[must_use]
    pub fn passes(&self, side: usize) -> u64 {
        self.macs.div_ceil(self.sides[side].elements.saturating_mul(self.slots).max(1))
    }
}

/// What an operation does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Work {
    /// Nothing that takes time; the reason in words.
    Free(&'static str),
    /// Number of elements that are moved.
    Move(u64),
    /// Element-wise functions.
    Nonlinear {
        /// Elements that each function is applied to.
        elements: u64,
        /// Functions applied one after the other.
        chain: u64,
    },
    /// Sums of products.
    Contraction(Contraction),
}

/// Why an operation cannot be placed on a machine.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, serde::Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Unplaced {
    /// The operation is not known.
    UnknownOperation,
    /// Extents are dynamic.
    UnknownShape,
    /// The trip count is not known.
    UnknownTripCount,
    /// Branches between blocks: each block counts once.
    UnstructuredControlFlow,
    /// The function called is not in the text, or calls nest too deep.
    UnknownCallee,
    /// Sizes beyond what is counted.
    TooLarge,
}

/// A step of a function.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Step {
    /// An operation with known work.
    Op {
        /// The operation; for a statement of a loop nest, the one that decides its kind.
        op: OpId,
        /// What it does.
        work: Work,
        /// Values (or the memrefs behind them) that it reads.
        reads: Values,
        /// Values that it defines, memrefs that it writes.
        writes: Values,
    },
    /// An operation that cannot be placed.
    Unplaced {
        /// The operation.
        op: OpId,
        /// Why it cannot be placed.
        why: Unplaced,
        /// Values that it reads.
        reads: Values,
        /// Values that it defines, memrefs that it writes.
        writes: Values,
    },
    /// Steps repeated.
    Loop {
        /// The loop.
        op: OpId,
        /// Iterations of one entry.
        trips: u64,
        /// The steps.
        body: Vec<Step>,
    },
    /// `to` is the same as `from` from here on (loop results, arguments of a called function).
    Alias {
        /// The value.
        from: ValueId,
        /// The alias.
        to: ValueId,
    },
}
