//! HBM of a chip: the part of the KV cache that does not fit in the attention buffer, streamed one layer ahead, and the
//! embedding table where the design places it there.
//!
//! All stacks together are one channel group with interleaved addresses: a byte clock of their summed
//! bandwidth, served in order of arrival. Row misses, refresh and the (small) write of new entries are
//! left out. `serial` uses the effective bandwidth that the published stall implies instead.

use designs::Design;
use serde::Serialize;

use crate::engine::ClockDomain;

/// Bandwidth, capacity and latency of the HBM of one chip.
#[derive(Debug, Clone)]
pub struct Spec {
    /// Byte clock of the stacks' bandwidth.
    pub domain: ClockDomain,
    /// Bytes per second of all stacks.
    pub bytes_per_second: u64,
    /// Bytes per second for the `serial` discipline.
    pub serial_bytes_per_second: u64,
    /// Cycles of the chip clock from the end of a read to its data, for reads that are not requested ahead.
    pub read_latency: u64,
    /// Capacity of all stacks, bytes.
    pub capacity: u64,
}

impl Spec {
    /// The HBM of one chip of `design`.
    #[must_use]
    pub fn new(design: &Design) -> Self {
        let bytes_per_second = u64::from(design.hbm.stacks) * design.hbm.stack_bandwidth.get();
        Self {
            domain: ClockDomain::new(bytes_per_second, design.clock.hz()),
            bytes_per_second,
            serial_bytes_per_second: design.hbm.serial_bandwidth.get(),
            read_latency: design.hbm.read_latency.cycles_at(design.clock).get(),
            capacity: u64::from(design.hbm.stacks) * design.hbm.stack_capacity.get(),
        }
    }
}

/// How a KV cache divides between attention buffer and HBM: every sequence keeps the same share on chip.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Placement {
    /// Bytes of KV cache on the fullest chip.
    pub kv_bytes_per_chip: u64,
    /// Of these, bytes in the attention buffer.
    pub resident_bytes_per_chip: u64,
    /// Of these, bytes in HBM.
    pub spilled_bytes_per_chip: u64,
}

impl Placement {
    /// Places `kv` bytes on a chip whose buffer holds `capacity`.
    #[must_use]
    pub fn new(kv: u64, capacity: u64) -> Self {
        let resident = kv.min(capacity);
        Self { kv_bytes_per_chip: kv, resident_bytes_per_chip: resident, spilled_bytes_per_chip: kv - resident }
    }

    /// Places `kv` bytes beside the space that streams of the spilled part take: `share` of the bytes that are spilled.
    #[must_use]
    pub fn beside_streams(kv: u64, capacity: u64, share: f64) -> Self {
        if kv <= capacity {
            return Self::new(kv, capacity);
        }
        // resident + share x (kv - resident) = capacity.
        let resident = (capacity as f64 - share * kv as f64) / (1.0 - share);
        let resident = if share < 1.0 && resident > 0.0 { resident as u64 } else { 0 };
        Self { kv_bytes_per_chip: kv, resident_bytes_per_chip: resident, spilled_bytes_per_chip: kv - resident }
    }

    /// Share of the cache in HBM, 0 to 1; 0 without a cache.
    #[must_use]
    pub fn spilled_share(&self) -> f64 {
        if self.kv_bytes_per_chip == 0 {
            return 0.0;
        }
        self.spilled_bytes_per_chip as f64 / self.kv_bytes_per_chip as f64
    }

    /// Of `bytes` of cache, those that come from HBM, rounded up.
    #[inline]
    #[must_use]
    pub fn spilled_of(&self, bytes: u64) -> u64 {
        if self.spilled_bytes_per_chip == 0 {
            return 0;
        }
        let exact =
            (u128::from(bytes) * u128::from(self.spilled_bytes_per_chip)).div_ceil(self.kv_bytes_per_chip.into());
        u64::try_from(exact).expect("a part is not more than the whole")
    }
}
