//! The part of a function that decides its control flow: blocks, and the integers that branches depend on.

/// The integers that branches of a function depend on, block by block; block 0 is the entry.
#[derive(Debug, Clone, Default)]
pub struct ControlFlow {
    /// The blocks.
    pub blocks: Vec<Block>,
    /// Number of values; they are numbered from 0.
    pub values: usize,
    /// Bits of each value, 1 to 64.
    pub widths: Vec<u32>,
}

/// A basic block.
#[derive(Debug, Clone, Default)]
pub struct Block {
    /// Values that depend on the predecessor.
    pub phis: Vec<Phi>,
    /// Values computed in order.
    pub operations: Vec<Assignment>,
    /// The terminator.
    pub exit: Exit,
}

/// A value that is chosen by the edge taken into its block.
#[derive(Debug, Clone)]
pub struct Phi {
    /// The value defined.
    pub result: usize,
    /// For each predecessor block, the value.
    pub incoming: Vec<(usize, Operand)>,
}

/// A value and the operation that computes it.
#[derive(Debug, Clone)]
pub struct Assignment {
    /// The value defined.
    pub result: usize,
    /// Bits of the result, 1 to 64.
    pub width: u32,
    /// The operation.
    pub operation: Operation,
    /// Its operands.
    pub operands: Vec<Operand>,
}

/// A constant, a value, or unknown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Operand {
    /// Bits of a constant, zero-extended.
    Constant(u64),
    /// A value of the function.
    Value(usize),
    /// Depends on data.
    Unknown,
}

/// Integer operations that loop control uses.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[allow(missing_docs)]
pub enum Operation {
    Add,
    Subtract,
    Multiply,
    DivideUnsigned,
    DivideSigned {
        width: u32,
    },
    RemainderUnsigned,
    RemainderSigned {
        width: u32,
    },
    ShiftLeft,
    ShiftRightLogical,
    ShiftRightArithmetic {
        width: u32,
    },
    And,
    Or,
    Xor,
    /// The first operand, zero-extended or truncated to the result's width.
    Copy,
    SignExtend {
        width: u32,
    },
    Select,
    MinimumSigned {
        width: u32,
    },
    MaximumSigned {
        width: u32,
    },
    MinimumUnsigned,
    MaximumUnsigned,
    SubtractSaturating,
    /// The first operand plus the sum of products of the pairs that follow.
    Address,
    Compare(Comparison, u32),
}

/// A comparison of integers of a given width.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[allow(missing_docs)]
pub enum Comparison {
    Equal,
    NotEqual,
    LessUnsigned,
    LessEqualUnsigned,
    GreaterUnsigned,
    GreaterEqualUnsigned,
    LessSigned,
    LessEqualSigned,
    GreaterSigned,
    GreaterEqualSigned,
}

/// How a block ends.
#[derive(Debug, Clone, Default)]
pub enum Exit {
    /// A return, or a terminator that is never reached.
    #[default]
    End,
    /// An unconditional branch.
    Jump(usize),
    /// A conditional branch: to the first block if the condition is 1, else to the second.
    Branch(Operand, [usize; 2]),
    /// A switch on a value: the default target, then values and their targets.
    Switch(Operand, usize, Vec<(u64, usize)>),
}

impl Exit {
    /// The successors, in LLVM's order.
    #[must_use]
    pub fn successors(&self) -> Vec<usize> {
        match self {
            Self::End => Vec::new(),
            Self::Jump(target) => vec![*target],
            Self::Branch(_, targets) => targets.to_vec(),
            Self::Switch(_, default, cases) => {
                std::iter::once(*default).chain(cases.iter().map(|case| case.1)).collect()
            }
        }
    }
}
