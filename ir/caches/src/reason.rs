//! Why the memory traffic of a function is not known.

use std::fmt;

use ir::analysis::{Cause, Reason as CountReason};
use ir::tree::OpId;

/// What is missing, and where.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Unknown {
    /// Why.
    pub reason: Reason,
    /// The operation that it is about.
    pub operation: OpId,
    /// The value that an assumption can state, if one would help.
    pub cause: Option<Cause>,
}

/// Why the memory traffic of a function is not known.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Reason {
    /// An execution count is open.
    Count(CountReason),
    /// A subscript is computed from data.
    DataSubscript,
    /// A subscript depends on an argument.
    RunTimeSubscript,
    /// A subscript is computed by an operation that is not evaluated.
    Subscript,
    /// A mask decides which lanes are accessed.
    Mask,
    /// Tensors have no addresses.
    Tensor,
    /// Strides or offset are not static.
    Layout,
    /// The access is made by an operation whose accesses are not known.
    Operation,
    /// The memory of the access is not known: it comes from a branch, a loop or a call.
    Memory,
    /// An access lies outside its memory.
    Outside,
    /// Numbers overflow.
    Overflow,
    /// Buffers are larger than what the simulator can tell apart.
    Size,
    /// Too many accesses for an exact count, and no shortcut applies.
    Touches,
}

impl Reason {
    /// Short stable name, for columns and JSON.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Count(_) => "open_count",
            Self::DataSubscript => "data_subscript",
            Self::RunTimeSubscript => "run_time_subscript",
            Self::Subscript => "subscript",
            Self::Mask => "mask",
            Self::Tensor => "tensor",
            Self::Layout => "layout",
            Self::Operation => "operation",
            Self::Memory => "memory",
            Self::Outside => "outside",
            Self::Overflow => "overflow",
            Self::Size => "size",
            Self::Touches => "touches",
        }
    }

    /// What is not known, for messages.
    #[must_use]
    pub fn message(self) -> &'static str {
        match self {
            Self::Count(reason) => reason.message(),
            Self::DataSubscript => "the subscripts depend on data",
            Self::RunTimeSubscript => "the subscripts depend on a value known only at run time",
            Self::Subscript => "the subscripts are computed by an operation that is not evaluated",
            Self::Mask => "a mask decides which lanes are accessed",
            Self::Tensor => "tensors have no addresses; lower to memrefs first (mlir-opt --one-shot-bufferize)",
            Self::Layout => "the strides or the offset of the memref are not static",
            Self::Operation => "which memory the operation accesses is not known",
            Self::Memory => "which memref is accessed is known only at run time",
            Self::Outside => "an access lies outside its memref",
            Self::Overflow => "a number does not fit into 64 bits",
            Self::Size => "the buffers are larger than 127 GiB",
            Self::Touches => "there are too many accesses to follow, and no shortcut applies",
        }
    }
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.message())
    }
}
