//! What is asked of a placement, and its answer.

use ir::span::Span;
use ir::steps::WeightRule;
use serde::Serialize;

use crate::lower::{MissingPlace, Placed};

/// What is asked of [`place`](super::place()).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PlaceOptions {
    /// Which operands are weights.
    pub weights: WeightRule,
    /// Most chips; `None` for all of the design.
    pub chips: Option<u32>,
    /// Bytes of the attention buffer of each chip; `None` for all of it.
    pub budget_bytes: Option<u64>,
}

/// Why [`place`](super::place()) refuses.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PlaceError {
    /// No chip, or more chips than the design has.
    #[error("{asked} chips: {design} has {chips}; give 1 to {chips}")]
    Chips {
        /// Chips asked for.
        asked: u32,
        /// The design.
        design: String,
        /// Its chips.
        chips: u32,
    },
    /// No bytes, or more than the attention buffer has.
    #[error("{asked} bytes: the attention buffer of a chip of {design} has {capacity}; give 1 to {capacity}")]
    Budget {
        /// Bytes asked for.
        asked: u64,
        /// The design.
        design: String,
        /// Capacity of the attention buffer.
        capacity: u64,
    },
    /// An operation has an extent that is known at run time only.
    #[error("`{operation}` has a dynamic extent; a placement needs static shapes")]
    DynamicShape {
        /// The operation.
        operation: String,
        /// Its place in the text.
        span: Span,
    },
}

/// A placement of a function that was chosen or rejected.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Alternative {
    /// Every decision at its default.
    AllDefault,
    /// The best placement of another predicted latency.
    RunnerUp,
    /// The choice on one chip.
    OneChip,
    /// The choice with every constant matrix in the array.
    MatricesInArray,
    /// The choice with data in the attention buffer in the order of the text.
    FirstComeBuffers,
    /// The choice with every element-wise function by itself.
    NotFused,
}

/// Whether the simulator orders two placements as predicted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Order {
    /// The choice is predicted to be faster, and simulated not to be slower.
    Right,
    /// The choice is predicted to be faster, and simulated to be slower.
    Wrong,
    /// Predicted to take the same time.
    Tie,
}

/// Predicted and simulated figures of a placement.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Figures {
    /// Whether the arrays hold the weights.
    pub fits_array: bool,
    /// Chips.
    pub chips: usize,
    /// Longest path of dependent operations, or the work of the busiest server if that is more.
    pub predicted_latency_cycles: u64,
    /// With operations that wait for units.
    pub simulated_latency_cycles: u64,
    /// Bytes read from and written to HBM, all chips together.
    pub hbm_bytes: u64,
    /// Bytes between chips, framing included.
    pub link_bytes: u64,
}

/// A placement that was rejected.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Rejected {
    /// What it is.
    pub alternative: Alternative,
    /// Its figures.
    #[serde(flatten)]
    pub figures: Figures,
    /// Whether it is rightly rejected; null if the array does not hold its weights.
    pub order: Option<Order>,
}

/// An operation of the chosen placement.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Operation {
    /// Times from the simulator.
    #[serde(flatten)]
    pub placed: Placed,
    /// First chip that works on it, row by row from 0.
    pub chip: u32,
    /// Chips that each do a part of it.
    pub parts: u64,
    /// Cycles from its start to its result in the array, alone; null if it is no product with a constant matrix.
    pub array_cycles: Option<u64>,
    /// Cycles from its start to its result on the vector unit, alone, with all data in the attention buffer; null as above.
    pub vector_cycles: Option<u64>,
    /// Place in the text of the operation that it is fused with.
    #[serde(skip)]
    pub fused_with: Option<Span>,
}

/// Where data are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Home {
    /// In the attention buffer.
    AttentionBuffer,
    /// In both.
    Both,
    /// In HBM.
    Hbm,
}

/// Data of the chosen placement on a chip.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Data {
    /// Place among the arguments, from 0; null for a result.
    pub argument: Option<usize>,
    /// Place in the text of the operation whose result it is.
    #[serde(skip)]
    pub span: Option<Span>,
    /// Chip, row by row from 0; of a split, one chip stands for all.
    pub chip: u32,
    /// Where it is.
    pub home: Home,
    /// Bytes on the chip.
    pub bytes: u64,
    /// Of these, bytes in HBM.
    pub in_hbm_bytes: u64,
}

/// Two operations that are one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Fused {
    /// The first one.
    pub producer: Span,
    /// The one that alone reads its result.
    pub consumer: Span,
    /// Bytes of the result between them, which is not stored.
    pub saved_bytes: u64,
}

/// How the chosen placement is cut.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case", tag = "kind")]
pub enum ChosenCut {
    /// Everything on one chip.
    OneChip,
    /// Consecutive steps on chips with a link between neighbours.
    Stages {
        /// The chips, row by row from 0.
        chips: Vec<u32>,
    },
    /// Every step on all chips of a row or column.
    Split {
        /// Number of chips.
        chips: u32,
        /// Steps that are divided among them.
        divided_steps: usize,
    },
}

/// What was chosen.
#[derive(Debug, Clone, PartialEq)]
pub struct Choice {
    /// Its figures.
    pub figures: Figures,
    /// How it is cut.
    pub cut: ChosenCut,
    /// Operations in the order of the text, times from the simulator.
    pub operations: Vec<Operation>,
    /// Data by argument and place in the text.
    pub data: Vec<Data>,
    /// Least bytes of HBM that any placement of the data moves with this cut and these units.
    pub hbm_bytes_bound: u64,
    /// Whether all placements of the data were tried.
    pub data_exact: bool,
    /// Operations that are one.
    pub fused: Vec<Fused>,
    /// What was rejected.
    pub rejected: Vec<Rejected>,
}

/// The answer of [`place`](super::place()).
#[derive(Debug, Clone, PartialEq)]
pub struct Placement {
    /// Why the default is kept; `None` if it is changed.
    pub kept: Option<String>,
    /// Placements that were predicted.
    pub considered: usize,
    /// Whether all combinations of units and stages were tried.
    pub exact: bool,
    /// The choice; `None` if the latency is not known.
    pub choice: Option<Choice>,
    /// Operations without a cost.
    pub unknown: Vec<MissingPlace>,
}
