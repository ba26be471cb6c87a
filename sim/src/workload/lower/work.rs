//! What an operation asks of the machine, before anything is known about units or time.

use ir::tree::{OpId, ValueId};

/// One factor of a contraction.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Side {
    /// The tensor or memory it comes from.
    pub(super) value: ValueId,
    /// Elements of it that one pass or reading uses.
    pub(super) elements: u64,
    /// Dimensions it has.
    pub(super) rank: usize,
    /// Extent of its innermost dimension: elements that lie side by side.
    pub(super) inner: u64,
    /// Of its elements, those that one output sums over.
    pub(super) fan_in: u64,
}

/// Sums of products of two operands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Contraction {
    /// Multiply-accumulates.
    pub(super) macs: u64,
    /// Factors in the order of the text.
    pub(super) sides: [Side; 2],
    /// Whether a dimension belongs to both operands and the result, as in batched products.
    pub(super) batched: bool,
    /// Matrices that data selects and that work side by side; 1 for a matrix of fixed place.
    pub(super) slots: u64,
    /// The side that slides over the other, as the filter of a convolution.
    pub(super) filter: Option<usize>,
    /// For each side, its elements where a function of them comes before the product, else 0.
    pub(super) before: [u64; 2],
}

impl Contraction {
    /// The side that is the matrix by its place: a filter, else the second, or the one of more dimensions.
    pub(super) fn matrix(&self) -> usize {
        self.filter.unwrap_or(usize::from(self.sides[1].rank >= self.sides[0].rank))
    }

    /// Whether the matrix can be metal by its place. A batch dimension makes every item a matrix of its own, which
    /// only changes with the data (scores, values), except for the channels of a depthwise filter.
    pub(super) fn can_be_metal(&self) -> bool {
        (!self.batched || self.filter.is_some()) && self.before[self.matrix()] == 0
    }

    /// Input vectors that meet the matrix of side `side`, one after the other.
    pub(super) fn passes(&self, side: usize) -> u64 {
        self.macs.div_ceil(self.sides[side].elements.saturating_mul(self.slots).max(1))
    }
}

/// What an operation does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Work {
    /// Nothing that takes time; the reason in words.
    Free(&'static str),
    /// Data change their place: so many elements.
    Move(u64),
    /// Functions of elements, `chain` of them one after the other.
    Nonlinear { elements: u64, chain: u64 },
    /// Sums of products.
    Contraction(Contraction),
}

/// Why an operation has no place on the machine.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, serde::Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Unplaced {
    /// An operation whose meaning is not known here.
    UnknownOperation,
    /// Extents are known at run time only.
    UnknownShape,
    /// A loop whose length the text does not tell.
    UnknownTripCount,
    /// Jumps between blocks: the block is taken as run once.
    UnstructuredControlFlow,
    /// The function called is not in the text, or calls nest too deep.
    UnknownCallee,
    /// Sizes beyond what is counted.
    TooLarge,
}

/// A step of the function in the order of the text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Item {
    /// An operation with a place.
    Op {
        op: OpId,
        work: Work,
        /// Values (or the memories behind them) it waits for.
        reads: Vec<ValueId>,
        /// Values it makes, memories it changes.
        writes: Vec<ValueId>,
    },
    /// An operation without a place: takes no time, is reported.
    Unplaced { op: OpId, why: Unplaced, reads: Vec<ValueId>, writes: Vec<ValueId> },
    /// Steps repeated.
    Loop { op: OpId, trips: u64, body: Vec<Item> },
    /// `to` is the same as `from` from here on (loop results, arguments of a called function).
    Alias { from: ValueId, to: ValueId },
}
