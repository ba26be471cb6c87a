//! A link flit by flit: serialization, credits of the receive buffer, adders of the receiving port.
//!
//! Flits leave in the order of their messages, one after the other at the link's byte clock. A flit that leaves occupies a place
//! of the receive buffer until it has been taken from there; then its credit travels back. A flit of a partial sum is taken
//! when the adders of the port have added it, any other as soon as it arrives. With `L` the latency of a hop, `F` the
//! time of a flit and `A` that of its addition, a stream of flits through a buffer of `B` of them runs at the rate of
//! `min(1/F, 1/A, B / (F + 2 L + A))`: the closed form that tests compare with.
//!
//! The receive ports of a chip have adders of their own; their results meet in accumulators that take one of each port in a
//! cycle.

use std::collections::VecDeque;

use designs::Design;
use serde::{Deserialize, Serialize};

use super::effect::PerEffect;
use crate::engine::ClockDomain;

/// Times of a link, in cycles of its byte clock.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Spec {
    /// Bytes of a flit: its time on the link. 0 where messages are not divided into flits.
    pub flit: u64,
    /// Latency of a hop.
    pub hop: u64,
    /// Flits that the receive buffer holds; `None` where credits are not modelled.
    pub credits: Option<u64>,
    /// Time to add the partial sums of a flit; 0 where adders are not modelled.
    pub adder: u64,
}

impl Spec {
    /// The links of a design.
    #[must_use]
    pub fn new(design: &Design, effects: PerEffect<bool>) -> Self {
        let links = &design.interconnect;
        let (rate, clock) = (links.link_bandwidth.get(), design.clock.hz());
        let flit = u64::from(links.flit_bytes);
        // Payload of a flit over the bytes that the adders take in a second.
        let adder = (u128::from(links.flit_payload) * u128::from(rate))
            .div_ceil(u128::from(links.adder_bytes) * u128::from(clock));
        let adder = u64::try_from(adder).expect("bounded by the schema");
        let credits = (links.receive_buffer.get() / flit).max(1);
        Self {
            flit: if effects.flits { flit } else { 0 },
            hop: ClockDomain::new(rate, clock).from_reference(links.hop_latency.cycles_at(design.clock).get()),
            credits: (effects.flits && effects.credits).then_some(credits),
            adder: if effects.flits && effects.adders { adder } else { 0 },
        }
    }
}

/// A message on a link, in cycles of the link's byte clock.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Transfer {
    /// Time from the moment at which the link is free for the message until its last flit has left: flits and waits for credits.
    pub occupied: u64,
    /// Time at which the last flit has been taken from the receive buffer.
    pub taken: u64,
}

/// State of a link.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct Link {
    /// Times at which credits in use return to the sender, in order.
    returns: VecDeque<u64>,
    /// Time from which on the adders of the receiving port are free.
    adder_free: u64,
    flits: u64,
    waited: u64,
}

impl Link {
    /// Sends a message of `bytes`, flits included, from time `begin` on, at which the link is free; `adds` if it is a partial sum.
    pub fn send(&mut self, spec: &Spec, begin: u64, bytes: u64, adds: bool) -> Transfer {
        self.send_reporting(spec, begin, bytes, adds, |_, _| {})
    }

    /// [`Self::send`]; tells the begin and the end of every wait for a credit.
    pub fn send_reporting(
        &mut self,
        spec: &Spec,
        begin: u64,
        bytes: u64,
        adds: bool,
        mut waits: impl FnMut(u64, u64),
    ) -> Transfer {
        if spec.flit == 0 {
            return Transfer { occupied: bytes, taken: begin + bytes + spec.hop };
        }
        let mut free = begin;
        let mut taken = begin;
        for _ in 0..bytes / spec.flit {
            let start = match spec.credits {
                Some(credits) => self.credit(credits, free),
                None => free,
            };
            if start > free {
                self.waited += start - free;
                waits(free, start);
            }
            free = start + spec.flit;
            taken = free + spec.hop;
            if adds && spec.adder > 0 {
                taken = taken.max(self.adder_free) + spec.adder;
                self.adder_free = taken;
            }
            if spec.credits.is_some() {
                // A flit that passes does not overtake one that is added.
                let back = (taken + spec.hop).max(self.returns.back().copied().unwrap_or(0));
                self.returns.push_back(back);
            }
            self.flits += 1;
        }
        Transfer { occupied: free - begin, taken }
    }

    /// Takes a credit at `time` or later; returns when.
    fn credit(&mut self, credits: u64, time: u64) -> u64 {
        while self.returns.front().is_some_and(|back| *back <= time) {
            self.returns.pop_front();
        }
        if (self.returns.len() as u64) < credits { time } else { self.returns.pop_front().expect("none is free") }
    }

    /// Flits sent.
    #[must_use]
    pub fn flits(&self) -> u64 {
        self.flits
    }

    /// Time in which a flit waited for a credit.
    #[must_use]
    pub fn waited(&self) -> u64 {
        self.waited
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SPEC: Spec = Spec { flit: 256, hop: 12_800, credits: Some(250), adder: 240 };

    /// Cycles between two flits of a long stream.
    fn period(spec: &Spec, adds: bool) -> f64 {
        let flits = 100_000;
        let mut link = Link::default();
        let one = link.send(spec, 0, spec.flit * 2000, adds);
        let all = link.send(spec, one.occupied, spec.flit * flits, adds);
        all.occupied as f64 / flits as f64
    }

    /// The rate of the closed form, over credits and adders from starved to ample.
    #[test]
    fn a_stream_runs_at_the_rate_of_its_narrowest_part() {
        for credits in [1, 2, 7, 50, 101, 102, 103, 250] {
            for adder in [0, 100, 256, 1000] {
                let spec = Spec { credits: Some(credits), adder, ..SPEC };
                let round = spec.flit + 2 * spec.hop + adder;
                let expected = (spec.flit.max(adder) as f64).max(round as f64 / credits as f64);
                let found = period(&spec, true);
                assert!((found - expected).abs() < 0.002 * expected, "{credits} {adder}: {found} {expected}");
                let passing = (spec.flit as f64).max((spec.flit + 2 * spec.hop) as f64 / credits as f64);
                assert!((period(&spec, false) - passing).abs() < 0.002 * passing);
            }
        }
    }

    #[test]
    fn a_message_alone_takes_its_flits_a_hop_and_an_addition() {
        let mut link = Link::default();
        let transfer = link.send(&SPEC, 1000, 15 * 256, true);
        assert_eq!(transfer, Transfer { occupied: 15 * 256, taken: 1000 + 15 * 256 + 12_800 + 240 });
        assert_eq!((link.flits(), link.waited()), (15, 0));
        let whole = Spec { flit: 0, ..SPEC };
        let transfer = Link::default().send(&whole, 5, 77, true);
        assert_eq!(transfer, Transfer { occupied: 77, taken: 5 + 77 + 12_800 });
    }
}
