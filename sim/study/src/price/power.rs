//! Power of the settled chip, block by block: static power, and the power of the simulated activity.

use designs::Block;
use serde::Serialize;
use sim::Simulation;
use sim::settle::Settled;

/// Power of one block of an average chip.
#[derive(Debug, Clone, Copy, Serialize)]
pub struct BlockPower {
    /// Block of the chip.
    pub block: Block,
    /// Leakage, clock tree, terminations, in watts.
    pub static_w: f64,
    /// Power of the block's events, in watts.
    pub dynamic_w: f64,
}

/// Power of an average chip and of the system.
#[derive(Debug, Clone, Serialize)]
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

impl Power {
    /// The power of a machine that does what `run` says.
    pub(super) fn new(machine: &Settled, run: &Simulation) -> Self {
        let blocks = Block::ALL.map(|block| {
            let static_w = machine.design.energy.blocks[block].static_power.w();
            BlockPower { block, static_w, dynamic_w: run.chip_power.blocks[block] - static_w }
        });
        let chip_w = run.chip_power.total_w;
        let chip_w_per_mm2 = chip_w / machine.layout.chip_mm2;
        Self { blocks, chip_w, chip_w_per_mm2, system_kw: run.system_power_kw }
    }
}
