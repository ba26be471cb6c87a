//! Power from activity: `chip power = static + sum of events per second x energy per event`.
//!
//! The energies are calibrated so that Table 1 of the paper follows from the activity of its own operating
//! point (see [`crate::calibration`]); elsewhere power is a prediction. System power is the chips' sum
//! times the design's system factor (HBM stacks, cooling, supply losses).

use designs::{BlockEnergy, Design};
use serde::Serialize;

use crate::schedule::cost::TokenActivity;

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

/// Power of a chip when every token does `activity` (over all chips) at `tokens_per_s`.
#[must_use]
pub fn chip_power(design: &Design, activity: &TokenActivity, tokens_per_s: f64, chips: u32) -> ChipPower {
    let rate = tokens_per_s / f64::from(chips);
    let block = |energy: &BlockEnergy, events: f64| energy.static_power.w() + energy.per_event.j() * events * rate;
    let energy = &design.energy;
    let mut power = ChipPower {
        hn_array_w: block(&energy.hn_array, activity.hn_weights),
        vex_w: block(&energy.vex, activity.vex_operations),
        control_unit_w: block(&energy.control_unit, activity.steps),
        attention_buffer_w: block(&energy.attention_buffer, activity.buffer_bytes),
        interconnect_engine_w: block(&energy.interconnect_engine, activity.link_bytes),
        hbm_phy_w: block(&energy.hbm_phy, activity.hbm_bytes),
        total_w: 0.0,
    };
    power.total_w = power.hn_array_w
        + power.vex_w
        + power.control_unit_w
        + power.attention_buffer_w
        + power.interconnect_engine_w
        + power.hbm_phy_w;
    power
}
