//! The units of a chip. Each file has a `Spec` (immutable, from the design): what a request costs, in cycles of the unit's
//! clock domain. [`Unit`] names them; a run keeps one [`Server`](crate::engine::Server) for each of their servers.

pub mod attention_buffer;
pub mod control;
pub mod hbm;
pub mod hn_array;
pub mod interconnect;
mod unit;
pub mod vex;

use designs::{Design, Dram};

use crate::cycle::measured::Rates;
use crate::cycle::{self, PerEffect};
use crate::engine::ClockDomain;
use crate::mapping::Mapping;

pub use unit::{PerSpent, PerUnit, Sharing, Spent, Unit};

/// Specs of all units of a design.
#[derive(Debug, Clone)]
pub struct Specs {
    /// Reference clock in Hz.
    pub clock_hz: u64,
    /// Hardwired-neuron array.
    pub hn_array: hn_array::Spec,
    /// Vector unit.
    pub vex: vex::Spec,
    /// Attention buffer.
    pub attention_buffer: attention_buffer::Spec,
    /// HBM.
    pub hbm: hbm::Spec,
    /// Links.
    pub interconnect: interconnect::Spec,
    /// Control unit.
    pub control: control::Spec,
    /// Models of links, memory and buffer in their own cycles (fidelity `cycle`).
    pub cycle: Option<cycle::Spec>,
}

impl Specs {
    /// The units of `design`, serving `mapping`.
    #[must_use]
    pub fn new(design: &Design, mapping: &Mapping) -> Self {
        Self {
            clock_hz: design.clock.hz(),
            hn_array: hn_array::Spec::new(design),
            vex: vex::Spec::new(design, mapping.layer_kinds.len()),
            attention_buffer: attention_buffer::Spec::new(design),
            hbm: hbm::Spec::new(design),
            interconnect: interconnect::Spec::new(design, mapping.grid),
            control: control::Spec::new(mapping),
            cycle: None,
        }
    }

    /// The same units with `effects` modelled in their own cycles; `design` has the framing and the efficiency that go with them
    /// ([`cycle::Spec::design`]).
    #[must_use]
    pub fn in_cycles(mut self, design: &Design, memory: &Dram, effects: PerEffect<bool>, staging_bytes: u64) -> Self {
        let rate = design.interconnect.link_bandwidth.get();
        // Credits are counted flit by flit, not as a rate.
        self.interconnect.bytes_per_second = rate;
        self.interconnect.domain = ClockDomain::new(rate, design.clock.hz());
        self.cycle = Some(cycle::Spec::new(design, memory, effects, staging_bytes));
        self
    }

    /// The same units with the rates and latencies that models in their own cycles have `measured`; `design` has the framing and the
    /// efficiency that go with them ([`cycle::Spec::design`]).
    #[must_use]
    pub fn learned(mut self, design: &Design, measured: &Rates) -> Self {
        let clock = design.clock.hz();
        // Parts per ten thousand keep the ratios of clocks small and exact.
        let rate = |raw: u64, share: Option<f64>| {
            let parts = (share.unwrap_or(1.0) * 1e4).round().max(1.0) as u128;
            u64::try_from(u128::from(raw) * parts / 10_000).expect("a share is at most 1").max(1)
        };
        let links = rate(design.interconnect.link_bandwidth.get(), measured.link_rate_share);
        self.interconnect.bytes_per_second = links;
        self.interconnect.domain = ClockDomain::new(links, clock);
        let extra = measured.link_extra_latency_ns.unwrap_or(0.0) * clock as f64 / 1e9;
        self.interconnect.hop += extra.round() as u64;
        self.hbm.bytes_per_second = rate(self.hbm.bytes_per_second, measured.hbm_rate_share);
        self.hbm.domain = ClockDomain::new(self.hbm.bytes_per_second, clock);
        let buffer = rate(self.attention_buffer.bytes_per_second, measured.buffer_rate_share);
        self.attention_buffer.bytes_per_second = buffer;
        self.attention_buffer.domain = ClockDomain::new(buffer, clock);
        self
    }

    /// Clock domain of the servers of `unit`: cycles of the chip clock for computation, bytes for memories and links.
    #[must_use]
    pub fn domain(&self, unit: Unit) -> ClockDomain {
        match unit {
            Unit::HnArray | Unit::VexAttention | Unit::VexNonlinear => ClockDomain::REFERENCE,
            Unit::AttentionBuffer => self.attention_buffer.domain,
            Unit::Hbm => self.hbm.domain,
            Unit::Links => self.interconnect.domain,
        }
    }

    /// Cycles of its own domain that one server of `unit` works in a second.
    #[must_use]
    pub fn work_per_second(&self, unit: Unit) -> u64 {
        match unit {
            Unit::HnArray | Unit::VexAttention | Unit::VexNonlinear => self.clock_hz,
            Unit::AttentionBuffer => self.attention_buffer.bytes_per_second,
            Unit::Hbm => self.hbm.bytes_per_second,
            Unit::Links => self.interconnect.bytes_per_second,
        }
    }

    /// Seconds of `cycles` of the chip clock.
    #[must_use]
    pub fn seconds(&self, cycles: f64) -> f64 {
        cycles / self.clock_hz as f64
    }
}
