//! What the models counted.

use std::ops::{Add, Sub};

use serde::{Deserialize, Serialize};

use crate::dram::{PerStall, Stall};

/// A type of counts that are added and subtracted one by one.
macro_rules! counts {
    ($(#[$about:meta])* $name:ident { $($(#[$doc:meta])* $key:ident: $type:ty,)* }) => {
        $(#[$about])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
        pub struct $name {
            $($(#[$doc])* pub $key: $type,)*
        }

        impl $name {
            /// What was counted since `before`.
            #[must_use]
            pub fn since(&self, before: &Self) -> Self {
                Self { $($key: Count::of(self.$key, before.$key, Sub::sub),)* }
            }

            /// Adds the counts of another window.
            pub fn add(&mut self, other: &Self) {
                $(self.$key = Count::of(self.$key, other.$key, Add::add);)*
            }
        }
    };
}

/// A count, or several.
trait Count {
    /// Both counts by `operation`.
    fn of(a: Self, b: Self, operation: fn(u64, u64) -> u64) -> Self;
}

impl Count for u64 {
    fn of(a: Self, b: Self, operation: fn(u64, u64) -> u64) -> Self {
        operation(a, b)
    }
}

impl Count for PerStall<u64> {
    fn of(a: Self, b: Self, operation: fn(u64, u64) -> u64) -> Self {
        a.zip(b).map(|(a, b)| operation(a, b))
    }
}

counts! {
    /// Counts of the models; differences of two are those of a window.
    Totals {
        /// Flits sent, all links.
        flits: u64,
        /// Time in which a link had a flit and no credit, in cycles of the links' byte clock, all links.
        credit_wait: u64,
        /// Cycles of reads beyond those of an idle buffer with evenly filled banks, all chips.
        bank_wait: u64,
        /// Reads and writes of the simulated channels.
        dram_bursts: u64,
        /// Of these, those that found their row open.
        row_hits: u64,
        /// Those that found another row open.
        row_conflicts: u64,
        /// Ticks of the simulated channels' data buses, by use.
        bus: PerStall<u64>,
        /// Cycles that streams waited for space in the buffer, all streams.
        staging_wait: u64,
        /// Streams requested.
        streams: u64,
        /// Cycles that instructions waited for their issue, all chips.
        issue_wait: u64,
    }
}

impl Totals {
    /// Share of the data buses' time in one use, 0 to 1; 0 if no time has passed.
    #[must_use]
    pub fn bus_share(&self, stall: Stall) -> f64 {
        self.bus[stall] as f64 / self.bus.values().sum::<u64>().max(1) as f64
    }
}
