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
use crate::schedule::cost::TokenActivity;

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

/// Power of a chip with the blocks `areas`, when static densities and energies are those of `design` with the blocks
/// `published`, and energies of on-chip events shrink by `event_scale`.
#[must_use]
pub fn power(design: &Design, published: &BlockAreas, areas: &BlockAreas, event_scale: f64, work: &Work) -> Power {
    let (energy, activity) = (&design.energy, work.activity);
    let rate = work.tokens_per_s / f64::from(work.chips);
    let events = [
        (&energy.hn_array, activity.hn_weights, event_scale),
        (&energy.vex, activity.vex_operations, event_scale),
        (&energy.control_unit, activity.steps, event_scale),
        (&energy.attention_buffer, activity.buffer_bytes, event_scale),
        (&energy.interconnect_engine, activity.link_bytes, 1.0),
        (&energy.hbm_phy, activity.hbm_bytes, 1.0),
    ];
    let (own, here) = (blocks(published), blocks(areas));
    let blocks = std::array::from_fn(|i| {
        let (energy, count, scale) = events[i];
        let growth = if own[i].1.mm2() > 0.0 { here[i].1.mm2() / own[i].1.mm2() } else { 1.0 };
        BlockPower {
            block: own[i].0,
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
        system_kw: chip_w * f64::from(work.chips) * energy.system_factor / 1e3,
    }
}
