//! Operations of a block as a vectoriser sees them, and what it makes of them.

use ir::tree::{OpId, ValueId};

use crate::features::table::WorkKind;

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
    /// Whether it accesses memory at an index that is data.
    pub fn is_indirect(self) -> bool {
        matches!(self, Self::Load { is_indirect: true, .. } | Self::Store { is_indirect: true, .. })
    }
}

/// Machine operations that packing saves in each execution of a block; moves between lanes that it adds are negative.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Saving {
    /// Of work of a kind.
    Work(WorkKind, f64),
    /// Of a load or store.
    Access(OpId, f64),
    /// A load of an element that the iteration before has loaded, too: the value stays in a register.
    Reused,
    /// Accesses of one buffer whose distances are not known are too many to be compared at run time: a vectoriser leaves the
    /// loop alone.
    TooManyChecks,
    /// All operations are copies of those on one element, for this many adjacent elements: each vector operation computes them
    /// for elements of several iterations without moves between lanes.
    Copies(usize),
}
