//! Operations of a block as a vectoriser sees them, and what it makes of them.

use ir::tree::{OpId, ValueId};

use crate::features::table::WorkKind;
use crate::features::walk::chain::Chain;

/// An operation of a block, as far as it executes there.
#[derive(Debug)]
pub struct Item {
    /// The operation.
    pub operation: OpId,
    /// What it is.
    pub role: Role,
    /// Width of its widest scalar in bits; `None` if it cannot be packed.
    pub bits: Option<f64>,
}

/// What an operation is to a vectoriser.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Role {
    /// Arithmetic of a kind; nothing to be saved if it is fused with its operand.
    Work { kind: WorkKind, is_fused: bool },
    /// A load of a buffer, and the elements by which the loop moves it; 0 if it does not.
    Load { buffer: ValueId, is_indirect: bool, stride: i64 },
    /// A store to a buffer.
    Store { buffer: ValueId, is_indirect: bool },
}

impl Role {
    /// Whether it accesses memory.
    pub fn is_access(self) -> bool {
        !matches!(self, Self::Work { .. })
    }

    /// Whether it accesses memory at an index that is data.
    pub fn is_indirect(self) -> bool {
        matches!(self, Self::Load { is_indirect: true, .. } | Self::Store { is_indirect: true, .. })
    }
}

/// What a vectoriser makes of a block. Machine operations saved are of one execution of the block; moves between lanes that
/// packing adds are negative.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Finding {
    /// Operations of a kind that packing saves.
    Work(WorkKind, f64),
    /// Part of a load or store that packing saves.
    Access(OpId, f64),
    /// A load whose value the previous iteration has already loaded: it is taken from a register (partial redundancy elimination).
    Reused,
    /// The chain through values that one iteration stores and the next one loads.
    Forwarded(Chain),
    /// Elements that the block loads and stores, which are the same in each iteration of the loop around its own: their number, the loop
    /// further out with which they vary, and the chain from what the block loads of them to what it stores.
    Kept { elements: f64, varies_in: usize, chain: Chain },
    /// The loop is not vectorised: too many accesses may overlap to be checked at run time, or a value that the next iteration
    /// reuses is loaded after a store of this one.
    Unvectorisable,
    /// The block does the same operations for this many adjacent elements and nothing else, as a loop unrolled by this factor does.
    /// Interleaved accesses then need no shuffles.
    Copies(usize),
}
