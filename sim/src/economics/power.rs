//! Power of a chip from its area and its activity.
//!
//! Static power (leakage, clock, terminations) keeps its density: a block's published static power per area times
//! the area it has here. Dynamic power is events per second times energy per event; on-chip energies scale from
//! the design's own node with the linear size of a transistor, `sqrt(own density / density here)`, at equal supply voltage;
//! physical layers do not scale. The densities are calibrated on Table 1 of the paper, so at its own areas, node and
//! throughput the model gives Table 1 back; elsewhere it is an estimate.

use designs::{BlockAreas, Design};
use serde::Serialize;

use super::layout::blocks;
use crate::energy::{TokenActivity, block_events};

/// Power of one block of an average chip.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct BlockPower {
    /// Block.
    pub block: &'static str,
    /// Leakage, clock, terminations.
    pub static_w: f64,
    /// Activity.
    pub dynamic_w: f64,
}

/// Power of an average chip and of the system.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Power {
    /// Blocks in the order of the published table.
    pub blocks: [BlockPower; 6],
    /// All blocks.
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

/// Blocks whose energy per event does not scale with the node.
const PHYSICAL_LAYERS: [&str; 2] = ["interconnect_engine", "hbm_phy"];

/// Power of a chip with the blocks `areas`, when static densities and energies are those of `design` with the blocks
/// `published`, and energies of on-chip events shrink by `event_scale`.
#[must_use]
pub fn power(design: &Design, published: &BlockAreas, areas: &BlockAreas, event_scale: f64, work: &Work) -> Power {
    let rate = work.tokens_per_s / f64::from(work.chips);
    let events = block_events(&design.energy, work.activity);
    let (own, here) = (blocks(published), blocks(areas));
    let blocks = std::array::from_fn(|i| {
        let (energy, count) = events[i];
        let (block, area) = own[i];
        let growth = if area.mm2() > 0.0 { here[i].1.mm2() / area.mm2() } else { 1.0 };
        let scale = if PHYSICAL_LAYERS.contains(&block) { 1.0 } else { event_scale };
        BlockPower {
            block,
            static_w: energy.static_power.w() * growth,
            dynamic_w: energy.per_event.j() * count * rate * scale,
        }
    });
    let chip_w: f64 = blocks.iter().map(|b| b.static_w + b.dynamic_w).sum();
    let chip_mm2: f64 = here.iter().map(|(_, area)| area.mm2()).sum();
    Power {
        blocks,
        chip_w,
        chip_w_per_mm2: chip_w / chip_mm2,
        system_kw: chip_w * f64::from(work.chips) * design.energy.system_factor / 1e3,
    }
}
