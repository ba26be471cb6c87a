//! An MLIR function on one chip of the simulated machine.
//!
//! [`lower`] reads a function of an [`ir::tree::Tree`], assigns a unit to every operation, and schedules them with the
//! cycle counts of the simulator's units:
//!
//! | operation | unit |
//! | --- | --- |
//! | products with a constant matrix | HN array: one pass per input vector |
//! | products of two variable operands | VEX attention, reading the cached operand from the attention buffer |
//! | element-wise functions and reductions | VEX lanes: iterations / lanes, plus the latency of one function |
//! | changes of layout (transpose, insert, concatenate, pad, gather) | attention buffer: one read of the bytes that move |
//! | views, broadcasts, fills, addresses | free |
//! | arguments beyond the attention buffer | HBM, streamed, starting in the first cycle |
//!
//! One chip runs the whole function: nothing is split over chips, and there are no collectives. Elements have the
//! formats of the design (`mapping.kv_element_bytes`, `hn_array.activation_bits`), not those of the text. Operations
//! that cannot be placed are reported and take no time. Left out: the capacity of the array (reported, not enforced),
//! storage of intermediate results, and fusion of element-wise functions, which each have their full latency.

mod coverage;
mod data;
mod lowered;
pub(crate) mod plan;
pub(crate) mod schedule;
pub(crate) mod server;
pub(crate) mod traffic;

use designs::Design;
use ir::analysis::Analysis;
use ir::steps::Steps;
use ir::tree::{OpId, Tree};

pub use ir::steps::{Unplaced, WeightRule};
pub use lowered::{Lowered, MissingPlace, Placed, Reason, UnitShare, Work};

/// Options of [`lower`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Options {
    /// Which operands are weights.
    pub weights: WeightRule,
}

/// Schedules `function` of `tree` on one chip of `design`. Never fails: what cannot be placed is listed.
#[must_use]
pub fn lower(tree: &Tree, function: OpId, design: &Design, options: &Options) -> Lowered {
    schedule::Schedule::new(&Steps::of(&Analysis::of(tree), function), options.weights, design).run().lowered
}
