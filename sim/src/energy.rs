//! Power from activity: `chip power = static + sum of events per second x energy per event`.
//!
//! The energies are calibrated so that Table 1 of the paper follows from the activity of its own operating
//! point (see [`crate::calibration`]); elsewhere power is a prediction. System power is the chips' sum
//! times the design's system factor (HBM stacks, cooling, supply losses).

use designs::{BlockEnergy, Design, Energy};
use serde::Serialize;

/// What one token does, over all chips; see [`crate::schedule::machine::Activity`] for the units.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize)]
pub struct TokenActivity {
    /// Weights times whole activations.
    pub hn_weights: f64,
    /// Multiply-accumulates of attention plus elements of non-linear functions.
    pub vex_operations: f64,
    /// Bytes read from attention buffers.
    pub buffer_bytes: f64,
    /// Bytes sent on links.
    pub link_bytes: f64,
    /// Bytes streamed from HBM.
    pub hbm_bytes: f64,
    /// Instructions issued.
    pub steps: f64,
}

impl TokenActivity {
    /// Adds what another part of the token's way does.
    pub(crate) fn add(&mut self, other: Self) {
        self.hn_weights += other.hn_weights;
        self.vex_operations += other.vex_operations;
        self.buffer_bytes += other.buffer_bytes;
        self.link_bytes += other.link_bytes;
        self.hbm_bytes += other.hbm_bytes;
        self.steps += other.steps;
    }
}

/// Power of the blocks of one chip, averaged over the chips.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct ChipPower {
    /// Hardwired-neuron array, watts.
    pub hn_array_w: f64,
    /// Vector unit, watts.
    pub vex_w: f64,
    /// Control unit, watts.
    pub control_unit_w: f64,
    /// Attention buffer, watts.
    pub attention_buffer_w: f64,
    /// Interconnect engine, watts.
    pub interconnect_engine_w: f64,
    /// HBM physical layer, watts.
    pub hbm_phy_w: f64,
    /// All blocks, watts.
    pub total_w: f64,
}

/// Energy of each block beside what it does for a token, in the order of Table 1 of the paper: hardwired-neuron
/// array, vector unit, control unit, attention buffer, interconnect engine, HBM physical layer.
#[must_use]
pub fn block_events<'a>(energy: &'a Energy, activity: &TokenActivity) -> [(&'a BlockEnergy, f64); 6] {
    [
        (&energy.hn_array, activity.hn_weights),
        (&energy.vex, activity.vex_operations),
        (&energy.control_unit, activity.steps),
        (&energy.attention_buffer, activity.buffer_bytes),
        (&energy.interconnect_engine, activity.link_bytes),
        (&energy.hbm_phy, activity.hbm_bytes),
    ]
}

/// Power of a chip when every token does `activity` (over all chips) at `tokens_per_s`.
#[must_use]
pub fn chip_power(design: &Design, activity: &TokenActivity, tokens_per_s: f64, chips: u32) -> ChipPower {
    let rate = tokens_per_s / f64::from(chips);
    let blocks = block_events(&design.energy, activity)
        .map(|(energy, events)| energy.static_power.w() + energy.per_event.j() * events * rate);
    let [hn_array_w, vex_w, control_unit_w, attention_buffer_w, interconnect_engine_w, hbm_phy_w] = blocks;
    ChipPower {
        hn_array_w,
        vex_w,
        control_unit_w,
        attention_buffer_w,
        interconnect_engine_w,
        hbm_phy_w,
        total_w: blocks.iter().sum(),
    }
}
