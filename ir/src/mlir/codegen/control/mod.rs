//! Execution counts of a function's branches, from a run of its control flow alone.
//!
//! Loops over shapes known at compile time have bounds that depend on nothing but constants and other loop
//! counters. [`ControlFlow`] holds just the integer values that branches depend on; [`run`] executes them and
//! counts every edge. A loop entered again with the same values of everything it reads takes the same way, so
//! its counts are remembered, and a loop whose counter decides nothing but its end is run for its first and last
//! iteration only: the iterations between are alike. So a nest costs about as much as its text is long.
//!
//! A branch on data (a loaded value, an argument) has no count. The run then takes one side throughout, and
//! again the other, and the counts are the mean of both: a guess of one half, reported as such.

mod arithmetic;
mod execution;
mod loops;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;

use self::execution::Run;
use self::loops::Loops;

/// The integers that branches of a function depend on, block by block; block 0 is the entry.
#[derive(Debug, Clone, Default)]
pub struct ControlFlow {
    /// The blocks.
    pub blocks: Vec<Block>,
    /// How many values there are.
    pub values: usize,
    /// Bits of each value.
    pub widths: Vec<u32>,
}

/// A basic block.
#[derive(Debug, Clone, Default)]
pub struct Block {
    /// Values that depend on where control came from.
    pub phis: Vec<Phi>,
    /// Values computed in order.
    pub operations: Vec<Assignment>,
    /// Where control goes.
    pub exit: Exit,
}

/// A value chosen by the edge that was taken.
#[derive(Debug, Clone)]
pub struct Phi {
    /// The value defined.
    pub result: usize,
    /// For each predecessor block, the value taken.
    pub incoming: Vec<(usize, Operand)>,
}

/// A value and how it is computed.
#[derive(Debug, Clone)]
pub struct Assignment {
    /// The value defined.
    pub result: usize,
    /// Bits of the result, 1 to 64.
    pub width: u32,
    /// What is computed.
    pub operation: Operation,
    /// Of what.
    pub operands: Vec<Operand>,
}

/// A constant, a value, or something that only a run with data would tell.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Operand {
    /// Bits of a constant, zero-extended.
    Constant(u64),
    /// A value of the function.
    Value(usize),
    /// Depends on data.
    Unknown,
}

/// Integer operations that loop control is made of.
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
    /// The first operand, zero-extended or cut to the result's width.
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
    /// The function returns, or control never gets here.
    #[default]
    End,
    /// Always to one block.
    Jump(usize),
    /// To the first block if the condition is 1, else to the second.
    Branch(Operand, [usize; 2]),
    /// To the target of the equal case; the default target comes first.
    Switch(Operand, usize, Vec<(u64, usize)>),
}

impl Exit {
    /// The blocks that may follow, in the order of LLVM's successors.
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

/// Execution counts for one call of the function.
#[derive(Debug, Clone, PartialEq)]
pub struct Counts {
    /// Executions of each block.
    pub blocks: Vec<f64>,
    /// For each block, how often each successor followed.
    pub edges: Vec<Vec<f64>>,
    /// For each block, whether its count is that of every run.
    pub exact: Vec<bool>,
    /// Whether any branch depended on data.
    pub data_dependent: bool,
}

/// Runs the control flow and counts; `None` if it does not end within `fuel` block executions.
#[must_use]
pub fn run(flow: &ControlFlow, fuel: u64) -> Option<Counts> {
    let loops = Loops::find(flow);
    let first = Run::new(flow, &loops, 0, fuel).whole();
    match first {
        Some((edges, false)) => Some(counts(flow, &edges, None, false)),
        Some((edges, true)) => {
            let other = Run::new(flow, &loops, 1, fuel).whole().map(|(edges, _)| edges);
            Some(counts(flow, &edges, other.as_ref(), true))
        }
        None => Run::new(flow, &loops, 1, fuel)
            .whole()
            .filter(|(_, data_dependent)| *data_dependent)
            .map(|(edges, _)| counts(flow, &edges, None, true)),
    }
}

/// Edges taken, by block and index of the successor.
type Edges = BTreeMap<(usize, usize), u64>;

fn counts(flow: &ControlFlow, one: &Edges, other: Option<&Edges>, data_dependent: bool) -> Counts {
    let of = |edges: &Edges| {
        let taken: Vec<Vec<u64>> = (0..flow.blocks.len())
            .map(|block| {
                let ways = flow.blocks[block].exit.successors().len();
                (0..ways).map(|way| edges.get(&(block, way)).copied().unwrap_or(0)).collect()
            })
            .collect();
        let mut blocks = vec![0_u64; flow.blocks.len()];
        if let Some(entry) = blocks.first_mut() {
            *entry = 1;
        }
        for (block, ways) in taken.iter().enumerate() {
            for (target, count) in flow.blocks[block].exit.successors().into_iter().zip(ways) {
                blocks[target] += count;
            }
        }
        (blocks, taken)
    };
    let (blocks, edges) = of(one);
    let (other_blocks, other_edges) = other.map_or_else(|| (blocks.clone(), edges.clone()), of);
    let mean = |a: u64, b: u64| (a as f64 + b as f64) / 2.0;
    // Where the second run does not end, no count is certain.
    let comparable = !data_dependent || other.is_some();
    Counts {
        exact: blocks.iter().zip(&other_blocks).map(|(a, b)| comparable && a == b).collect(),
        blocks: blocks.iter().zip(&other_blocks).map(|(&a, &b)| mean(a, b)).collect(),
        edges: edges
            .iter()
            .zip(&other_edges)
            .map(|(a, b)| a.iter().zip(b).map(|(&a, &b)| mean(a, b)).collect())
            .collect(),
        data_dependent,
    }
}
