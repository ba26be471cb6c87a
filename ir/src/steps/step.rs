//! What an operation asks of a machine, before anything is known about units or time.

use smallvec::SmallVec;

use crate::tree::{OpId, ValueId};

/// Values that a step reads or writes: few.
pub type Values = SmallVec<[ValueId; 4]>;

/// One factor of a contraction.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Side {
    /// The tensor or memory it comes from.
    pub value: ValueId,
    /// Elements of it that one pass or reading uses.
    pub elements: u64,
    /// Dimensions it has.
    pub rank: usize,
    /// Extent of its innermost dimension: elements that lie side by side.
    pub inner: u64,
    /// Of its elements, those that one output sums over.
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
    /// Matrices that data selects and that work side by side; 1 for a matrix of fixed place.
    pub slots: u64,
    /// The side that slides over the other, as the filter of a convolution.
    pub filter: Option<usize>,
    /// For each side, its elements where a function of them comes before the product, else 0.
    pub before: [u64; 2],
}

impl Contraction {
    /// The side that is the matrix by its place: a filter, else the second, or the one of more dimensions.
    #[must_use]
    pub fn matrix(&self) -> usize {
        self.filter.unwrap_or(usize::from(self.sides[1].rank >= self.sides[0].rank))
    }

    /// Whether the matrix can be metal by its place. A batch dimension makes every item a matrix of its own, which
    /// only changes with the data (scores, values), except for the channels of a depthwise filter.
    #[must_use]
    pub fn can_be_metal(&self) -> bool {
        (!self.batched || self.filter.is_some()) && self.before[self.matrix()] == 0
    }

    /// Input vectors that meet the matrix of side `side`, one after the other.
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
    /// Data change their place: so many elements.
    Move(u64),
    /// Functions of elements.
    Nonlinear {
        /// Elements of each.
        elements: u64,
        /// So many functions one after the other.
        chain: u64,
    },
    /// Sums of products.
    Contraction(Contraction),
}

/// Why an operation has no place on a machine.
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

/// A step of a function.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Step {
    /// An operation that is understood.
    Op {
        /// The operation; for a statement of a loop nest, the one that decides what it is.
        op: OpId,
        /// What it does.
        work: Work,
        /// Values (or the memories behind them) it waits for.
        reads: Values,
        /// Values it makes, memories it changes.
        writes: Values,
    },
    /// An operation that is not.
    Unplaced {
        /// The operation.
        op: OpId,
        /// Why.
        why: Unplaced,
        /// Values it waits for.
        reads: Values,
        /// Values it makes, memories it changes.
        writes: Values,
    },
    /// Steps repeated.
    Loop {
        /// The loop.
        op: OpId,
        /// How often.
        trips: u64,
        /// The steps.
        body: Vec<Step>,
    },
    /// `to` is the same as `from` from here on (loop results, arguments of a called function).
    Alias {
        /// What is known.
        from: ValueId,
        /// Its new name.
        to: ValueId,
    },
}
