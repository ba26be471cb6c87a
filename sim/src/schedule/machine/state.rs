//! All that changes during a run, as it is stored in checkpoints.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::load::SPENT;
use crate::engine::{Queue, Usage};
use crate::units::{attention_buffer, control, hbm, hn_array, interconnect, vex};

/// An event: a token on a chip can go on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub(super) struct Wake {
    pub(super) sequence: u32,
    pub(super) chip: u32,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub(super) struct Arrivals {
    pub(super) count: u32,
    pub(super) last: u64,
    /// How the token's time was spent on the way to the last arrival.
    pub(super) path: [u64; SPENT],
}

#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
pub(super) struct AtChip {
    pub(super) layer: u32,
    pub(super) instr: u32,
    /// Since when the chip does what `doing` says.
    pub(super) since: u64,
    pub(super) doing: u8,
    pub(super) waiting: bool,
    pub(super) kv_ready: u64,
    pub(super) kv_next: u64,
    /// The token's time up to `since`, along the path that led here.
    pub(super) spent: [u64; SPENT],
}

#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Token {
    pub(super) position: u64,
    pub(super) done: u64,
    pub(super) started: u64,
    pub(super) counted: bool,
    pub(super) chips_done: u32,
    pub(super) experts_layer: u32,
    pub(super) experts: Vec<u32>,
}

/// Everything that happened, for statistics and energy.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Activity {
    /// Tokens finished.
    pub tokens: u64,
    /// Weights times whole activations in the arrays.
    pub hn_weights: u64,
    /// Multiply-accumulates of attention plus elements of non-linear functions.
    pub vex_operations: u64,
    /// Bytes read from the attention buffers.
    pub buffer_bytes: u64,
    /// Bytes sent on links.
    pub link_bytes: u64,
    /// Bytes streamed from HBM.
    pub hbm_bytes: u64,
    /// Instructions issued, over all chips.
    pub steps: u64,
    /// Sum of finished tokens' latencies, cycles.
    pub latency_cycles: u64,
    /// Where that time went, along each token's critical path; adds up to `latency_cycles`.
    pub spent: [u64; SPENT],
}

/// All that changes during a run.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct State {
    pub(super) queue: Queue<Wake>,
    pub(super) hn_array: hn_array::State,
    pub(super) vex: vex::State,
    pub(super) attention_buffer: attention_buffer::State,
    pub(super) hbm: hbm::State,
    pub(super) interconnect: interconnect::State,
    pub(super) control: control::State,
    pub(super) tokens: Vec<Token>,
    pub(super) at: Vec<AtChip>,
    pub(super) arrivals: Vec<Arrivals>,
    pub(super) gates: Vec<u64>,
    pub(super) gated: BTreeMap<(u32, u32, u64), u32>,
    pub(super) activity: Activity,
}

/// Accounts of all servers of a unit since the last settlement, summed.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Settled {
    /// Hardwired-neuron array, all instances.
    pub hn_array: Usage,
    /// Non-linear pipelines.
    pub vex_nonlinear: Usage,
    /// Attention pipelines.
    pub vex_attention: Usage,
    /// Attention buffers (byte clock).
    pub attention_buffer: Usage,
    /// HBM (byte clock).
    pub hbm: Usage,
    /// Links (byte clock), one by one.
    pub links: Vec<Usage>,
}
