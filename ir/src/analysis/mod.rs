//! Static analyses of functions: executions, work, traffic, liveness.
//!
//! | module | counts | by |
//! | --- | --- | --- |
//! | [`trip_counts`] | executions of every block and loop | bounds, iteration spaces |
//! | [`work`] | floating-point and integer operations | executions x operations of each body, closed forms of `tosa` and `stablehlo` |
//! | [`traffic`] | bytes moved | loads and stores x executions, operands and results of tensor operations |
//! | [`liveness`] | values and bytes alive at once | intervals over the order of execution |
//!
//! Nothing is guessed. A count that is not known at compile time is a [`Range`], and an [`Unknown`] names the operation
//! and the reason. A range without upper end is an [`Open`] count, which an [`Assumption`] can close.
//! [`crate::graph::Graph`] has the critical path.

mod assumption;
mod branches;
pub(crate) mod dense;
mod elements;
mod evaluate;
mod function;
mod induction;
mod known;
pub mod liveness;
mod open;
mod range;
mod renamed;
pub mod size;
mod space;
pub mod traffic;
pub mod trip_counts;
pub mod work;

use std::fmt;

use crate::tree::OpId;

pub use assumption::{Assumption, AssumptionError, Assumptions, Subject};
pub use branches::{BranchLoop, added};
pub use function::{Analysis, Cost, FunctionAnalysis};
pub use known::Stated;
pub use open::{Cause, Open, OpenCounts};
pub use range::Range;
pub use renamed::Renamed;

/// An operation without an exact count.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unknown {
    /// The operation.
    pub operation: OpId,
    /// Why it has no exact count.
    pub reason: Reason,
}

/// Why a count is not exact.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Reason {
    /// A loop's bounds depend on values known only at run time.
    Bounds,
    /// A loop runs until a condition computed in it.
    While,
    /// Which branch is taken is known only at run time.
    Branch,
    /// Control flows between blocks.
    ControlFlow,
    /// An extent is known only at run time, or a type is missing.
    Shape,
    /// A type has no known size.
    Type,
    /// How often the operation executes its region is not known.
    Region,
    /// What the operation computes is not known.
    Operation,
    /// How much the operation computes depends on its data.
    Data,
    /// The function called is not in the text, or has no body.
    Callee,
    /// The function calls itself, or calls nest too deep.
    Recursion,
}

impl Reason {
    /// What is not known, for messages.
    #[must_use]
    pub fn message(self) -> &'static str {
        match self {
            Self::Bounds => "the loop's bounds are known only at run time",
            Self::While => "the loop runs until a condition holds",
            Self::Branch => "which branch is taken is known only at run time",
            Self::ControlFlow => "the executions of its blocks are not counted",
            Self::Shape => "an extent is known only at run time",
            Self::Type => "the size of a type is not known",
            Self::Region => "how often its region is executed is not known",
            Self::Operation => "what the operation computes is not known",
            Self::Data => "how much it computes depends on the data",
            Self::Callee => "the function called has no body in this text",
            Self::Recursion => "calls are recursive or nest too deep",
        }
    }
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.message())
    }
}
