//! Power of a chip from its area and its activity.
//!
//! Static power (leakage, clock, terminations) keeps its density: a block's published static power per area times
//! the area it has here. Dynamic power is events per second times energy per event; on-chip energies scale from
//! the design's own node with the linear size of a transistor, `sqrt(own density / density here)`, at equal supply voltage;
//! physical layers do not scale. The densities are calibrated on Table 1 of the paper, so at its own areas, node and
//! throughput the model gives Table 1 back; elsewhere it is an estimate.

use designs::{Block, BlockAreas, Design, NodeScaling};
use serde::Serialize;

use super::layout::chip_mm2;
use crate::energy::TokenActivity;

/// Power of one block of an average chip.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct BlockPower {
    /// Block of the chip.
    pub block: Block,
    /// Leakage, clock tree, terminations, in watts.
    pub static_w: f64,
    /// Power of the block's events, in watts.
    pub dynamic_w: f64,
}

/// Power of an average chip and of the system.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Power {
    /// Blocks in the order of the published table.
    pub blocks: [BlockPower; Block::COUNT],
    /// All blocks, in watts.
    pub chip_w: f64,
    /// Chip power over chip area, W per mm2.
    pub chip_w_per_mm2: f64,
    /// Chips times the design's system factor.
    pub system_kw: f64,
}

/// What the machine does.
#[derive(Debug, Clone, Copy)]
pub struct Work<'a> {
    /// Activity of one token over all chips.
    pub activity: &'a TokenActivity,
    /// Tokens per second of the system.
    pub tokens_per_s: f64,
    /// Chips of the system.
    pub chips: u32,
}

/// Power of a chip with the blocks `areas`, when static densities and energies are those of `design` with the blocks
/// `published`, and energies of on-chip events shrink by `event_scale`.
#[must_use]
pub fn power(design: &Design, published: &BlockAreas, areas: &BlockAreas, event_scale: f64, work: &Work) -> Power {
    let rate = work.tokens_per_s / f64::from(work.chips);
    let blocks = Block::ALL.map(|block| {
        let (energy, count) = (design.energy.blocks[block], work.activity[block.event()]);
        let (own, here) = (published[block].mm2(), areas[block].mm2());
        let growth = if own > 0.0 { here / own } else { 1.0 };
        let scale = if block.scaling() == NodeScaling::Fixed { 1.0 } else { event_scale };
        BlockPower {
            block,
            static_w: energy.static_power.w() * growth,
            dynamic_w: energy.per_event.j() * count * rate * scale,
        }
    });
    let chip_w: f64 = blocks.iter().map(|b| b.static_w + b.dynamic_w).sum();
    Power {
        blocks,
        chip_w,
        chip_w_per_mm2: chip_w / chip_mm2(areas),
        system_kw: chip_w * f64::from(work.chips) * design.energy.system_factor / 1e3,
    }
}
