//! Delays of a memory in ticks, from the clock cycles of its file; bounds and errors of the model.

use designs::{Dram, PagePolicy, RefreshStops, RowArbiter};
use serde::{Deserialize, Serialize};
use thiserror::Error;

/// Most stacks of a device.
pub const MAX_STACKS: u32 = 64;
/// Most requests of one run: bounds its memory.
pub const MAX_REQUESTS: u64 = 20_000_000;

/// What can go wrong with the model of a memory.
#[derive(Clone, Debug, PartialEq, Error)]
pub enum DramError {
    /// A parameter is outside its bounds.
    #[error("memory: {what} is {value}; it must be {right}")]
    Argument {
        /// Name of the parameter.
        what: &'static str,
        /// Its value.
        value: f64,
        /// What would be right.
        right: String,
    },
}

/// Shape of a channel, and every delay in ticks between the starts of two commands.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Spec {
    /// Pseudo-channels.
    pub pseudo_channels: u32,
    /// Stack IDs.
    pub stack_ids: u32,
    /// Bank groups of a stack ID.
    pub bank_groups: u32,
    /// Banks of a bank group.
    pub banks_per_group: u32,
    /// Bytes of a read or write.
    pub burst_bytes: u32,
    /// Ticks of a clock cycle.
    pub ticks_per_clock: u64,
    /// Femtoseconds of a tick, rounded.
    pub tick_fs: u64,
    pub(super) activate_ticks: u64,
    pub(super) precharge_ticks: u64,
    pub(super) refresh_ticks: u64,
    pub(super) column_ticks: u64,
    /// Ticks that a read or write occupies the data bus.
    pub burst: u64,
    /// Ticks from a read to its data.
    pub read_latency: u64,
    /// Ticks from a write to its data.
    pub write_latency: u64,
    pub(super) delays: Delays,
    pub(super) read_queue: usize,
    pub(super) write_queue: usize,
    pub(super) write_high: usize,
    pub(super) write_low: usize,
    pub(super) arbiter: RowArbiter,
    pub(super) age_cap: Option<u64>,
    pub(super) closed_page: bool,
    pub(super) refresh_stops: RefreshStops,
    pub(super) refresh_interval: Option<u64>,
}

/// Ticks from the start of one command to the earliest start of another.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Delays {
    pub activate_bank: u64,
    pub activate_group: u64,
    pub activate_any: u64,
    pub four_activates: u64,
    pub activate_to_read: u64,
    pub activate_to_write: u64,
    pub activate_to_precharge: u64,
    pub activate_to_refresh: u64,
    pub precharge_to_activate: u64,
    pub precharge_to_precharge: u64,
    pub precharge_to_refresh: u64,
    pub refresh_to_activate: u64,
    pub refresh_to_refresh: u64,
    /// Reads of one bank group, one stack ID, and different stack IDs.
    pub read_group: u64,
    pub read_stack: u64,
    pub read_any: u64,
    /// Writes of one bank group, one stack ID, and different stack IDs.
    pub write_group: u64,
    pub write_stack: u64,
    pub write_any: u64,
    pub read_to_write: u64,
    pub write_to_read_group: u64,
    pub write_to_read: u64,
    pub read_to_precharge: u64,
    pub write_to_precharge: u64,
    /// With auto-precharge.
    pub read_to_activate: u64,
    pub write_to_activate: u64,
    pub read_to_refresh: u64,
    pub write_to_refresh: u64,
}

impl Spec {
    /// The channel of a memory, whose fields `designs` has checked.
    #[must_use]
    pub fn new(memory: &Dram) -> Self {
        let (o, c, k) = (&memory.organization, &memory.commands, &memory.controller);
        let ticks = u64::from(c.ticks_per_clock);
        let tick_fs = libm::round(1e15 / (memory.clock.hz() as f64 * ticks as f64)) as u64;
        Self {
            pseudo_channels: o.pseudo_channels,
            stack_ids: o.stack_ids,
            bank_groups: o.bank_groups,
            banks_per_group: o.banks_per_group,
            burst_bytes: o.burst_bytes,
            ticks_per_clock: ticks,
            tick_fs,
            activate_ticks: u64::from(c.activate_ticks),
            precharge_ticks: u64::from(c.precharge_ticks),
            refresh_ticks: u64::from(c.refresh_ticks),
            column_ticks: u64::from(c.column_ticks),
            burst: u64::from(memory.timing.burst) * ticks,
            read_latency: u64::from(memory.timing.t_cl) * ticks,
            write_latency: u64::from(memory.timing.t_cwl) * ticks,
            delays: Delays::new(memory),
            read_queue: k.read_queue as usize,
            write_queue: k.write_queue as usize,
            write_high: k.write_high as usize,
            write_low: k.write_low as usize,
            arbiter: k.arbiter,
            age_cap: (k.age_cap > 0).then(|| u64::from(k.age_cap) * ticks),
            closed_page: k.page == PagePolicy::Closed,
            refresh_stops: k.refresh_stops,
            refresh_interval: k.refresh.then(|| u64::from(memory.timing.t_refi) * ticks),
        }
    }

    /// Banks of a pseudo-channel.
    #[must_use]
    pub fn banks(&self) -> u32 {
        self.stack_ids * self.bank_groups * self.banks_per_group
    }

    /// Ticks that the last request may take on an idle device: a refresh, then a row conflict.
    pub(super) fn saturation_slack(&self) -> u64 {
        self.delays.refresh_to_activate + 2 * self.delays.activate_bank + self.read_latency.max(self.write_latency)
    }

    /// The first tick from `tick` on in which commands other than precharges may start.
    pub(super) fn edge(&self, tick: u64) -> u64 {
        tick.next_multiple_of(self.ticks_per_clock)
    }
}

impl Delays {
    fn new(memory: &Dram) -> Self {
        let (t, c) = (&memory.timing, &memory.commands);
        let ticks = u64::from(c.ticks_per_clock);
        let [act, pre, refr, col] =
            [c.activate_ticks, c.precharge_ticks, c.refresh_ticks, c.column_ticks].map(u64::from);
        // From the end of one command to the end of the next, as a distance of their starts.
        let between = |clocks: u32, first: u64, second: u64| (u64::from(clocks) * ticks + first).saturating_sub(second);
        let written = t.t_cwl + t.burst;
        Self {
            activate_bank: between(t.t_rc, act, act),
            activate_group: between(t.t_rrd_l, act, act),
            activate_any: between(t.t_rrd_s, act, act),
            four_activates: between(t.t_faw, act, act),
            activate_to_read: between(t.t_rcd_read, act, col),
            activate_to_write: between(t.t_rcd_write, act, col),
            activate_to_precharge: between(t.t_ras, act, pre),
            activate_to_refresh: between(t.t_rc, act, refr),
            precharge_to_activate: between(t.t_rp, pre, act),
            precharge_to_precharge: between(t.t_ppd, pre, pre),
            precharge_to_refresh: between(t.t_rp, pre, refr),
            refresh_to_activate: between(t.t_rfc, refr, act),
            refresh_to_refresh: between(t.t_rfc, refr, refr),
            read_group: between(t.t_ccd_l, col, col),
            read_stack: between(t.t_ccd_s, col, col),
            read_any: between(t.t_ccd_r, col, col),
            write_group: between(t.t_ccd_l, col, col),
            write_stack: between(t.t_ccd_s, col, col),
            write_any: between(t.burst, col, col),
            read_to_write: between(t.t_rtw, col, col),
            write_to_read_group: between(written + t.t_wtr_l, col, col),
            write_to_read: between(written + t.t_wtr_s, col, col),
            read_to_precharge: between(t.t_rtp, col, pre),
            write_to_precharge: between(written + t.t_wr, col, pre),
            read_to_activate: between(t.t_rtp + t.t_rp, col, act),
            write_to_activate: between(written + t.t_wr + t.t_rp, col, act),
            read_to_refresh: between(t.t_rtp + t.t_rp, col, refr),
            write_to_refresh: between(written + t.t_wr + t.t_rp, col, refr),
        }
    }
}
