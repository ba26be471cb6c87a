//! What the models counted.

use serde::{Deserialize, Serialize};

use crate::dram::{PerStall, Stall};

/// Counts of the models; differences of two are those of a window.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Totals {
    /// Flits sent, all links.
    pub flits: u64,
    /// Time in which a link had a flit and no credit, in cycles of the links' byte clock, all links.
    pub credit_wait: u64,
    /// Cycles of reads beyond those of an idle buffer with evenly filled banks, all chips.
    pub bank_wait: u64,
    /// Reads and writes of the simulated channels.
    pub dram_bursts: u64,
    /// Of these, those that found their row open.
    pub row_hits: u64,
    /// Those that found another row open.
    pub row_conflicts: u64,
    /// Ticks of the simulated channels' data buses, by use.
    pub bus: PerStall<u64>,
    /// Cycles that streams waited for space in the buffer, all streams.
    pub staging_wait: u64,
    /// Streams requested.
    pub streams: u64,
    /// Cycles that instructions waited for their issue, all chips.
    pub issue_wait: u64,
}

impl Totals {
    /// What was counted since `before`.
    #[must_use]
    pub fn since(&self, before: &Self) -> Self {
        Self {
            flits: self.flits - before.flits,
            credit_wait: self.credit_wait - before.credit_wait,
            bank_wait: self.bank_wait - before.bank_wait,
            dram_bursts: self.dram_bursts - before.dram_bursts,
            row_hits: self.row_hits - before.row_hits,
            row_conflicts: self.row_conflicts - before.row_conflicts,
            bus: self.bus.zip(before.bus).map(|(after, before)| after - before),
            staging_wait: self.staging_wait - before.staging_wait,
            streams: self.streams - before.streams,
            issue_wait: self.issue_wait - before.issue_wait,
        }
    }

    /// Adds the counts of another window.
    pub fn add(&mut self, other: &Self) {
        self.flits += other.flits;
        self.credit_wait += other.credit_wait;
        self.bank_wait += other.bank_wait;
        self.dram_bursts += other.dram_bursts;
        self.row_hits += other.row_hits;
        self.row_conflicts += other.row_conflicts;
        self.bus = self.bus.zip(other.bus).map(|(mine, theirs)| mine + theirs);
        self.staging_wait += other.staging_wait;
        self.streams += other.streams;
        self.issue_wait += other.issue_wait;
    }

    /// Share of the data buses' time in one use, 0 to 1; 0 if no time has passed.
    #[must_use]
    pub fn bus_share(&self, stall: Stall) -> f64 {
        self.bus[stall] as f64 / self.bus.values().sum::<u64>().max(1) as f64
    }
}
