//! Invariants between any two cycles, checked by tests and for every restored checkpoint.
//!
//! Flits are conserved (injected = delivered + buffered + on channels); no channel delivers two flits in one cycle; for
//! every VC of every channel, free credits, flits and credits on the way, and buffered flits add up to the buffer's
//! size, so no buffer can overflow; and every input VC is in exactly the pipeline stage that its packets say.

use super::corrupt::CorruptState;
use super::network::Fabric;
use super::state::{Bits, NO_VC, NONE};

impl Fabric {
    /// Checks every invariant; the error says which one broke, and where.
    pub fn check_invariants(&self) -> Result<(), CorruptState> {
        self.check_conservation()?;
        self.check_channels()?;
        self.check_credits()?;
        self.check_stages()?;
        self.check_packets()
    }

    fn check_conservation(&self) -> Result<(), CorruptState> {
        let buffered: u64 = self.state.input_vcs.iter().map(|input| u64::from(input.flits)).sum();
        let travelling: u64 = self.state.arrivals.iter().map(|slot| slot.len() as u64).sum();
        let counters = &self.state.counters;
        let here = buffered.checked_add(travelling).and_then(|flits| flits.checked_add(counters.flits_delivered));
        if here == Some(counters.flits_injected) {
            return Ok(());
        }
        let (injected, delivered) = (counters.flits_injected, counters.flits_delivered);
        Err(CorruptState::Flits { injected, delivered, buffered, travelling })
    }

    fn check_channels(&self) -> Result<(), CorruptState> {
        // One number per channel into a router, then one per channel into a node.
        let channels = self.state.credits.len() / self.topology.vcs;
        let mut last_slot = vec![usize::MAX; channels];
        for (slot, arrivals) in self.state.arrivals.iter().enumerate() {
            for arrival in arrivals {
                let channel = arrival.target as usize / self.topology.vcs;
                if std::mem::replace(&mut last_slot[channel], slot) == slot {
                    return Err(CorruptState::Channel { channel });
                }
            }
        }
        Ok(())
    }

    fn check_credits(&self) -> Result<(), CorruptState> {
        let size = self.spec.buffer_flits as usize;
        let mut places: Vec<usize> = self.state.credits.iter().map(|credits| usize::from(*credits)).collect();
        for target in self.state.credit_arrivals.iter().flatten() {
            places[*target as usize] += 1;
        }
        let buffered = self.state.input_vcs.iter().enumerate().map(|(index, input)| (index, usize::from(input.flits)));
        let travelling = self.state.arrivals.iter().flatten().map(|arrival| (arrival.target as usize, 1));
        for (input, flits) in buffered.chain(travelling) {
            if flits > size {
                return Err(CorruptState::Overflow { input, flits, size });
            }
            places[self.upstream(input)] += flits;
        }
        match places.iter().position(|count| *count != size) {
            Some(vc) => Err(CorruptState::Credits { vc, places: places[vc], size }),
            None => Ok(()),
        }
    }

    /// Index of the credit counter of an input VC or of a node's VC.
    fn upstream(&self, input: usize) -> usize {
        if input >= self.node_base {
            return self.topology.ejection_vc[input - self.node_base] as usize;
        }
        let (port, lane) = (input / self.topology.vcs, input % self.topology.vcs);
        self.topology.channels[port].other_end as usize + lane
    }

    fn check_stages(&self) -> Result<(), CorruptState> {
        let count = self.topology.input_vcs;
        for (router, stages) in self.state.routers.iter().enumerate() {
            let mut free = u64::MAX >> (64 - count);
            for vc in 0..count {
                self.check_stage(router, vc)?;
                let input = &self.state.input_vcs[router * count + vc];
                if input.out_vc == NO_VC {
                    continue;
                }
                let out_port = input.out_vc as usize / self.topology.vcs;
                if free >> input.out_vc & 1 == 0 || out_port != input.out_port as usize {
                    return Err(CorruptState::HeldTwice { router, output_vc: input.out_vc });
                }
                free &= !(1 << input.out_vc);
            }
            if free != stages.free_vcs {
                return Err(CorruptState::FreeVcs { router, counted: stages.free_vcs, free });
            }
        }
        Ok(())
    }

    /// Checks that an input VC is in the stage that its packets imply, and that its router is active if it has work.
    fn check_stage(&self, router: usize, vc: usize) -> Result<(), CorruptState> {
        let stages = &self.state.routers[router];
        let input = &self.state.input_vcs[router * self.topology.input_vcs + vc];
        let set = |mask: u64| mask >> vc & 1 == 1;
        let waits = u32::from(set(stages.routing)) + u32::from(set(stages.vc_requests));
        let sends = set(stages.switch_requests);
        let right = match (input.packets > 0, input.out_vc != NO_VC) {
            (false, false) => waits == 0 && !sends && input.flits == 0 && input.sent == 0,
            (false, true) => false,
            (true, false) => waits == 1 && !sends && input.flits > 0 && input.sent == 0,
            (true, true) => waits == 0 && sends == (input.flits > 0),
        };
        let awake = self.state.active[router / 64] >> (router % 64) & 1 == 1;
        if right && input.sent < self.packet_flits && (awake || (waits == 0 && !sends)) {
            return Ok(());
        }
        Err(CorruptState::Stage { router, vc })
    }

    /// Every packet is free, queued, or in the fabric; the sources' mask agrees with their queues.
    fn check_packets(&self) -> Result<(), CorruptState> {
        let state = &self.state;
        let alive = state.packets.len().checked_sub(state.free_packets.len());
        let counted = state.counters.packets_created.checked_sub(state.counters.packets_delivered);
        if alive.is_none() || counted != alive.map(|count| count as u64) {
            return Err(CorruptState::PacketCount { counted, alive });
        }
        for (node, source) in state.sources.iter().enumerate() {
            let mut at = source.first;
            let mut length = 0;
            while at != NONE && length <= state.packets.len() {
                at = state.packets[at as usize].next;
                length += 1;
            }
            if length > state.packets.len() || (source.sent > 0 && length == 0) || source.sent >= self.packet_flits {
                return Err(CorruptState::Queue { node });
            }
            if (state.backlog[node / 64] >> (node % 64) & 1 == 1) != (length > 0) {
                return Err(CorruptState::BacklogBit { node, packets: length });
            }
        }
        let marked: usize = state.backlog.iter().map(|word| Bits(*word).count()).sum();
        let queued = state.sources.iter().filter(|source| source.first != NONE).count();
        if marked == queued { Ok(()) } else { Err(CorruptState::Backlog { marked, queued }) }
    }
}
