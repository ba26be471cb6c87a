//! The nodes: packet creation, source queues, and the channel from each node to its router.
//!
//! Creation is a Bernoulli process per node and cycle with probability p = load / packet_flits. All (cycle, node) pairs
//! in order are one sequence of independent trials, so the gaps between successes are drawn instead of the trials:
//! gap = floor(ln U / ln(1 - p)), U uniform in (0, 1], the inverse of the geometric distribution. A source sends one
//! flit per cycle, packet by packet, and moves to the next VC with a credit at each packet.

use super::network::Fabric;
use super::spec::{FabricError, Routing};
use super::state::{Arrival, Bits, MAX_PACKETS, NONE, Packet, log_miss};
use rand_core::RngCore;

impl Fabric {
    /// Sets the offered load from the current cycle on, in flits per node and cycle; 0 stops creation.
    pub fn set_load(&mut self, load: f64) -> Result<(), FabricError> {
        if !(0.0..=1.0).contains(&load) {
            return Err(FabricError::Load(load));
        }
        self.state.load_bits = load.to_bits();
        self.log_miss = log_miss(load, self.packet_flits);
        let now = self.state.cycle * self.topology.nodes as u64;
        let gap = self.draw_gap();
        self.state.next_slot = now.saturating_add(gap);
        Ok(())
    }

    /// Trials that fail before the next success.
    fn draw_gap(&mut self) -> u64 {
        if self.log_miss == 0.0 {
            return u64::MAX;
        }
        let uniform = ((self.state.rng.next_u64() >> 11) + 1) as f64 / (1u64 << 53) as f64;
        // The cast saturates; at p = 1 the quotient is 0.
        (libm::log(uniform) / self.log_miss) as u64
    }

    /// Uniform integer below `count` (bias below 2^-55 for a fabric's sizes).
    fn draw_below(&mut self, count: usize) -> usize {
        ((u128::from(self.state.rng.next_u64()) * count as u128) >> 64) as usize
    }

    /// Creates this cycle's packets.
    #[inline]
    pub(super) fn create_packets(&mut self) -> Result<(), FabricError> {
        let nodes = self.topology.nodes as u64;
        let first = self.state.cycle * nodes;
        while self.state.next_slot < first + nodes {
            let source = (self.state.next_slot - first) as usize;
            let destination = self.draw_below(self.topology.nodes);
            let column_first = self.spec.routing != Routing::RowFirst && self.state.rng.next_u32() & 1 == 1;
            self.enqueue(source, destination, column_first)?;
            let gap = self.draw_gap();
            self.state.next_slot = self.state.next_slot.saturating_add(1).saturating_add(gap);
        }
        Ok(())
    }

    /// Creates one packet now and puts it at the end of its source queue.
    pub(super) fn enqueue(&mut self, source: usize, destination: usize, column_first: bool) -> Result<(), FabricError> {
        let state = &mut self.state;
        let created = state.cycle;
        let packet =
            Packet { created, injected: 0, next: NONE, destination: destination as u16, routers: 0, column_first };
        let index = match state.free_packets.pop() {
            Some(index) => {
                state.packets[index as usize] = packet;
                index
            }
            None if state.packets.len() < MAX_PACKETS => {
                state.packets.push(packet);
                (state.packets.len() - 1) as u32
            }
            None => return Err(FabricError::TooManyPackets { cycle: created, packets: MAX_PACKETS }),
        };
        let queue = &mut state.sources[source];
        if queue.first == NONE {
            queue.first = index;
            state.backlog[source / 64] |= 1 << (source % 64);
        } else {
            state.packets[queue.last as usize].next = index;
        }
        queue.last = index;
        state.counters.packets_created += 1;
        state.counters.measured_created += u64::from((state.window.0..state.window.1).contains(&created));
        Ok(())
    }

    /// Lets every source with a packet send one flit, if a VC has room for it.
    #[inline]
    pub(super) fn send_from_sources(&mut self) {
        for word in 0..self.topology.nodes.div_ceil(64) {
            for bit in Bits(self.state.backlog[word]) {
                self.send_from(word * 64 + bit);
            }
        }
    }

    fn send_from(&mut self, node: usize) {
        let vcs = self.topology.vcs;
        let credits = self.node_base + node * vcs;
        let queue = &self.state.sources[node];
        let packet = queue.first;
        let head = queue.sent == 0;
        let vc = if head {
            let allowed = self.allowed_vcs(self.state.packets[packet as usize].column_first);
            let open = |vc: &usize| allowed >> vc & 1 == 1 && self.state.credits[credits + vc] > 0;
            match (1..=vcs).map(|k| (queue.vc as usize + k) % vcs).find(open) {
                Some(vc) => vc,
                None => return,
            }
        } else if self.state.credits[credits + queue.vc as usize] > 0 {
            queue.vc as usize
        } else {
            return;
        };

        let slot = self.wheel_slot(self.topology.local_delay());
        let state = &mut self.state;
        let queue = &mut state.sources[node];
        queue.vc = vc as u8;
        queue.sent += 1;
        let tail = queue.sent == self.packet_flits;
        if head {
            state.packets[packet as usize].injected = state.cycle;
        }
        if tail {
            queue.sent = 0;
            queue.first = state.packets[packet as usize].next;
            if queue.first == NONE {
                state.backlog[node / 64] &= !(1 << (node % 64));
            }
        }
        state.credits[credits + vc] -= 1;
        let target = (node * self.topology.input_vcs + vc) as u32;
        state.arrivals[slot].push(Arrival { packet, target, head, tail });
        state.counters.flits_injected += 1;
        state.last_movement = state.cycle;
    }
}
