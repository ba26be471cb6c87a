//! Power from activity: `chip power = static + sum of events per second x energy per event`.
//!
//! The energies are calibrated so that Table 1 of the paper follows from the activity of its own operating
//! point (see [`crate::calibration`]); elsewhere power is a prediction. System power is the chips' sum
//! times the design's system factor (HBM stacks, cooling, supply losses).

use designs::{Design, Events, PerBlock};
use serde::Serializer;

/// Events of one token, over all chips.
pub type TokenActivity = Events<f64>;

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

/// Power of a chip when every token does `activity` (over all chips) at `tokens_per_s`.
#[must_use]
pub fn chip_power(design: &Design, activity: &TokenActivity, tokens_per_s: f64, chips: u32) -> ChipPower {
    let rate = tokens_per_s / f64::from(chips);
    let blocks = PerBlock::from_fn(|block| {
        let energy = design.energy.blocks[block];
        energy.static_power.w() + energy.per_event.j() * activity[block.event()] * rate
    });
    ChipPower { blocks, total_w: blocks.values().sum() }
}
