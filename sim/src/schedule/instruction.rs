//! The instructions of a chip and how their time is classified; [`super::request`] says what each costs.

use crate::units::Spent;
use crate::units::hn_array::Pass;

/// Matrices that start together and share an instance of the array.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Matrices {
    /// First instance within the layer's instances.
    pub offset: usize,
    /// Cycles of the slowest of them.
    pub pass: Pass,
    /// Weights of all of them on one chip.
    pub weights: u64,
}

/// An instruction; every chip executes the same list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Instr {
    /// Waits until the chip's part of the token's embedding row has come from HBM; the read was requested when the token
    /// started.
    AwaitEmbedding {
        /// Bytes of the row on one chip.
        bytes: u64,
    },
    /// A pass of matrices that start together.
    Hn {
        /// Matrices every token uses; the instance is `offset + chip`.
        fixed: Option<Matrices>,
        /// Matrices of one expert; the instance is `offset + chip * experts_here + expert`.
        expert: Option<Matrices>,
        /// Inputs of the widest matrix.
        fan_in: u64,
    },
    /// A non-linear function.
    Nonlinear {
        /// Elements on every chip.
        fixed: u64,
        /// Elements per active expert of the chip.
        per_expert: u64,
    },
    /// Waits until the layer's share of the KV cache has come from HBM; the stream was requested a layer earlier.
    AwaitKv,
    /// Reads keys and scores them.
    Scores,
    /// Reads values and weighs them.
    Values,
    /// Sends a phase of messages and waits for what peers send: index of the phase in the layer.
    Phase(usize),
}

impl Instr {
    /// Whether it waits for data and starts nothing, so that the control unit does not issue it.
    #[must_use]
    pub const fn waits(&self) -> bool {
        matches!(self, Self::AwaitEmbedding { .. } | Self::AwaitKv)
    }

    /// How the time it takes is classified.
    #[must_use]
    pub const fn class(&self) -> Spent {
        match self {
            Self::AwaitEmbedding { .. } | Self::AwaitKv => Spent::Memory,
            Self::Hn { .. } => Spent::Projection,
            Self::Nonlinear { .. } => Spent::Nonlinear,
            Self::Scores | Self::Values => Spent::Attention,
            Self::Phase(_) => Spent::Communication,
        }
    }
}
