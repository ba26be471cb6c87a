//! Attention buffer: the banked SRAM of a chip that holds the KV cache, shared by all layers in flight.
//!
//! A layer's cache is interleaved over all banks, so a read uses the whole width: peak bandwidth is banks
//! x port x clock, of which attention reaches the design's `efficiency`. Reads are served in order of
//! arrival. Writes have a port of their own and are not simulated: one new entry per token does not saturate it.

use designs::Design;

use crate::engine::ClockDomain;

/// Bandwidth, capacity and latency of the buffer of one chip.
#[derive(Debug, Clone)]
pub struct Spec {
    /// Byte clock of the effective bandwidth.
    pub domain: ClockDomain,
    /// Effective bytes per second.
    pub bytes_per_second: u64,
    /// Capacity in bytes.
    pub capacity: u64,
    /// Read latency in cycles.
    pub latency: u64,
}

impl Spec {
    /// The buffer of `design`.
    #[must_use]
    pub fn new(design: &Design) -> Self {
        let buffer = &design.attention_buffer;
        let peak = u128::from(buffer.banks) * u128::from(buffer.port_bits) * u128::from(design.clock.hz()) / 8;
        // Parts per million keep the ratio of clocks small and exact.
        let parts = (buffer.efficiency * 1e6).round().max(1.0) as u128;
        let bytes_per_second = u64::try_from(peak * parts / 1_000_000).expect("bandwidth bounded by the schema").max(1);
        Self {
            domain: ClockDomain::new(bytes_per_second, design.clock.hz()),
            bytes_per_second,
            capacity: buffer.capacity.get(),
            latency: buffer.latency.get(),
        }
    }
}
