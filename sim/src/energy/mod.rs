//! Power from activity: `chip power = static + sum of events per second x energy per event`.
//!
//! [`bottom_up`] computes both parts from structure, node, voltage, clock and temperature. The designs carry them times a factor
//! per block that is calibrated so that Table 1 of the paper follows from the activity of its own operating point (see
//! [`crate::calibration`]); [`crate::settle`] moves them to other machines by ratios of the bottom-up figures. System power is
//! the chips' sum times the design's system factor (HBM stacks without traffic, cooling, supply losses), and the DRAM devices'
//! traffic.

pub mod bottom_up;
pub mod inputs;
mod limits;

use designs::{Block, Design, Events, PerBlock};
use serde::Serializer;

pub use limits::{Density, densities};

/// Events of one token, over all chips.
pub type TokenActivity = Events<f64>;

/// Bytes of a DRAM row over which the energy of its activation is spread: streams read whole rows of 1 KiB.
const DRAM_ROW_BYTES: f64 = 1024.0;

/// Power of the blocks of one chip, averaged over the chips.
#[derive(Debug, Clone, Copy, PartialEq, serde::Serialize)]
pub struct ChipPower {
    /// Power of each block, watts; serialized as `<block>_w`.
    #[serde(flatten, serialize_with = "blocks_in_watts")]
    pub blocks: PerBlock<f64>,
    /// All blocks, watts.
    pub total_w: f64,
}

fn blocks_in_watts<S: Serializer>(blocks: &PerBlock<f64>, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_map(blocks.iter().map(|(block, watts)| (format!("{}_w", block.name()), watts)))
}

/// Events of a block in one token, over all chips. What streams from HBM is also written into the attention buffer, at the
/// energy of a read.
#[must_use]
pub fn events(block: Block, activity: &TokenActivity) -> f64 {
    match block {
        Block::AttentionBuffer => activity.buffer_bytes + activity.hbm_bytes,
        block => activity[block.event()],
    }
}

/// Power of a chip when every token does `activity` (over all chips) at `tokens_per_s`.
#[must_use]
pub fn chip_power(design: &Design, activity: &TokenActivity, tokens_per_s: f64, chips: u32) -> ChipPower {
    let rate = tokens_per_s / f64::from(chips);
    let blocks = PerBlock::from_fn(|block| {
        let energy = design.energy.blocks[block];
        energy.static_power.w() + energy.per_event.j() * events(block, activity) * rate
    });
    ChipPower { blocks, total_w: blocks.values().sum() }
}

/// Power of the traffic of all DRAM devices, watts: accesses and activations of whole rows.
#[must_use]
pub fn dram_traffic_w(activity: &TokenActivity, tokens_per_s: f64) -> f64 {
    let byte = bottom_up::dram_byte_j(&inputs::PowerInputs::default(), DRAM_ROW_BYTES);
    activity.hbm_bytes * tokens_per_s * byte
}

/// Power of a system, watts.
#[must_use]
pub fn system_w(design: &Design, power: &ChipPower, activity: &TokenActivity, tokens_per_s: f64, chips: u32) -> f64 {
    power.total_w * f64::from(chips) * design.energy.system_factor + dram_traffic_w(activity, tokens_per_s)
}
