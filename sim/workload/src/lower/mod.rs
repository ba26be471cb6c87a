//! An MLIR function on one chip of the simulated machine.
//!
//! [`lower`] reads a function of an [`ir::tree::Tree`], gives every operation a unit with the reason, and schedules
//! them with the cycle counts that the simulator itself charges:
//!
//! | operation | unit |
//! | --- | --- |
//! | products with a matrix that never changes | HN array: one pass per input vector |
//! | products of two operands that change | VEX attention, reading the cached operand from the attention buffer |
//! | element-wise functions and reductions | VEX lanes: iterations / lanes, and the latency of a dependent function |
//! | data laid out anew (transpose, insert, concatenate, pad, gather) | one reading of what moves in the attention buffer |
//! | views, broadcasts, fills, addresses | free |
//! | arguments beyond the attention buffer | HBM, streamed from the first cycle on |
//!
//! One chip runs the whole function: nothing is split over chips and no collective is charged. Every element is
//! kept as the design keeps it (`mapping.kv_element_bytes`, `hn_array.activation_bits`), whatever format the text
//! has. Operations without a place are reported and take no time. Left out: the capacity of the array (reported),
//! where intermediate results lie, and fusion of element-wise functions, which each pay their latency.

mod coverage;
mod lowered;
mod schedule;

use designs::Design;
use ir::steps::Steps;
use ir::tree::{OpId, Tree};

pub use ir::steps::{Unplaced, WeightRule};
pub use lowered::{Lowered, MissingPlace, Place, Placed, Reason, UnitShare, Work};

/// How to lower.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Options {
    /// What is a weight.
    pub weights: WeightRule,
}

/// Puts `function` of `tree` on one chip of `design`. Any tree has an answer.
#[must_use]
pub fn lower(tree: &Tree, function: OpId, design: &Design, options: &Options) -> Lowered {
    schedule::Schedule::new(&Steps::of(tree, function), options.weights, design).run()
}
