//! The fabric as a whole: construction, the cycle, arrivals, and the deadlock detector.
//!
//! One cycle, in order: credits and flits arrive, packets are created, sources send, routers run. Everything sent in a
//! cycle arrives in a later one, so the order of the routers does not matter. If no flit has moved for `stall_cycles`
//! cycles while flits are in flight, nothing can move any more and `run` reports the VCs that hold them.

use super::spec::{FabricError, Spec, StuckVc};
use super::state::{Arrival, Bits, Counters, NO_VC, State, log_miss, ring_size};
use super::topology::Topology;

/// A running fabric.
#[derive(Clone, Debug)]
pub struct Fabric {
    pub(super) spec: Spec,
    pub(super) topology: Topology,
    pub(super) state: State,
    /// Indices of VCs from here on belong to the nodes: their credit counters as sources, their VCs as destinations.
    pub(super) node_base: usize,
    pub(super) ring_size: usize,
    pub(super) packet_flits: u16,
    pub(super) log_miss: f64,
}

impl Fabric {
    /// An empty fabric in cycle 0, with no load: see [`Fabric::set_load`].
    pub fn new(spec: Spec, seed: u64) -> Result<Self, FabricError> {
        spec.validate()?;
        let topology = Topology::new(&spec);
        let state = State::new(&spec, &topology, seed);
        Ok(Self::assemble(spec, topology, state))
    }

    /// Puts a fabric together; spec and state must fit.
    pub(super) fn assemble(spec: Spec, topology: Topology, state: State) -> Self {
        let packet_flits = spec.packet_flits as u16;
        Fabric {
            node_base: topology.nodes * topology.input_vcs,
            ring_size: ring_size(&spec),
            packet_flits,
            log_miss: log_miss(f64::from_bits(state.load_bits), packet_flits),
            spec,
            topology,
            state,
        }
    }

    /// The parameters.
    pub fn spec(&self) -> &Spec {
        &self.spec
    }

    /// Cycles run so far.
    pub fn cycle(&self) -> u64 {
        self.state.cycle
    }

    /// Totals so far.
    pub fn counters(&self) -> Counters {
        self.state.counters
    }

    /// Flits that have left their source and not reached their node.
    pub fn flits_in_flight(&self) -> u64 {
        self.state.counters.flits_injected - self.state.counters.flits_delivered
    }

    /// Measures the packets created in the next `cycles` cycles, in place of any earlier window.
    pub fn open_window(&mut self, cycles: u64) {
        let counters = &mut self.state.counters;
        (counters.measured_created, counters.measured_delivered) = (0, 0);
        (counters.packet_latency, counters.network_latency, counters.routers_visited) = (0, 0, 0);
        self.state.window = (self.state.cycle, self.state.cycle.saturating_add(cycles));
    }

    /// Creates one packet in the coming cycle, besides those of the offered load. It takes its row first.
    pub fn create_packet(&mut self, source: u32, destination: u32) -> Result<(), FabricError> {
        let nodes = self.topology.nodes as u32;
        match [source, destination].into_iter().find(|node| *node >= nodes) {
            Some(node) => Err(FabricError::Node { node, nodes }),
            None => self.enqueue(source as usize, destination as usize, false),
        }
    }

    /// Runs `cycles` cycles.
    pub fn run(&mut self, cycles: u64) -> Result<(), FabricError> {
        for _ in 0..cycles {
            self.step()?;
        }
        Ok(())
    }

    fn step(&mut self) -> Result<(), FabricError> {
        self.receive_credits();
        self.receive_flits();
        self.create_packets()?;
        self.send_from_sources();
        for word in 0..self.topology.nodes.div_ceil(64) {
            for bit in Bits(self.state.active[word]) {
                self.step_router(word * 64 + bit);
            }
        }
        self.state.cycle += 1;
        if self.state.cycle - self.state.last_movement > self.spec.stall_cycles && self.flits_in_flight() > 0 {
            return Err(self.deadlock());
        }
        Ok(())
    }

    fn receive_credits(&mut self) {
        let slot = self.wheel_slot(0);
        let state = &mut self.state;
        for target in state.credit_arrivals[slot].drain(..) {
            let credits = &mut state.credits[target as usize];
            *credits += 1;
            debug_assert!(u32::from(*credits) <= self.spec.buffer_flits, "credit {target} above the buffer's size");
        }
    }

    fn receive_flits(&mut self) {
        let slot = self.wheel_slot(0);
        let mut arrivals = std::mem::take(&mut self.state.arrivals[slot]);
        for arrival in arrivals.drain(..) {
            self.buffer_flit(arrival);
        }
        // Keeps the allocation: slots reach their working size once and stay there.
        self.state.arrivals[slot] = arrivals;

        let slot_of_nodes = slot + self.topology.wheel;
        let credit_slot = self.wheel_slot(self.topology.local_delay());
        let mut arrivals = std::mem::take(&mut self.state.arrivals[slot_of_nodes]);
        for arrival in arrivals.drain(..) {
            // The node takes the flit at once. Its credit goes to port 0 of its router.
            self.state.counters.flits_delivered += 1;
            let credit = self.topology.ejection_vc[arrival.target as usize - self.node_base];
            self.state.credit_arrivals[credit_slot].push(credit);
            if arrival.tail {
                self.deliver(arrival.packet);
            }
        }
        self.state.arrivals[slot_of_nodes] = arrivals;
    }

    /// Puts a flit into its input VC and wakes the VC if it was waiting for it.
    #[inline]
    fn buffer_flit(&mut self, arrival: Arrival) {
        let target = arrival.target as usize;
        let router = self.topology.router_of[target] as usize;
        let vc = target - router * self.topology.input_vcs;
        let state = &mut self.state;
        let input = &mut state.input_vcs[target];
        input.flits += 1;
        assert!(u32::from(input.flits) <= self.spec.buffer_flits, "input VC {target} overflows: credits are wrong");
        if arrival.head {
            state.packets[arrival.packet as usize].routers += 1;
            let place = (input.first + input.packets) as usize;
            let place = if place >= self.ring_size { place - self.ring_size } else { place };
            state.rings[target * self.ring_size + place] = arrival.packet;
            input.packets += 1;
            state.routers[router].routing |= u64::from(input.packets == 1) << vc;
        }
        state.routers[router].switch_requests |= u64::from(input.out_vc != NO_VC) << vc;
        state.active[router / 64] |= 1 << (router % 64);
    }

    /// Ends a packet whose tail has reached its node.
    fn deliver(&mut self, index: u32) {
        let state = &mut self.state;
        let packet = &state.packets[index as usize];
        let counters = &mut state.counters;
        counters.packets_delivered += 1;
        if (state.window.0..state.window.1).contains(&packet.created) {
            counters.measured_delivered += 1;
            counters.packet_latency += state.cycle - packet.created;
            counters.network_latency += state.cycle - packet.injected;
            counters.routers_visited += u64::from(packet.routers);
        }
        state.free_packets.push(index);
    }

    /// The report of a fabric that has stopped moving.
    fn deadlock(&self) -> FabricError {
        let (count, vcs) = (self.topology.input_vcs, self.topology.vcs);
        let stuck = (self.state.input_vcs.iter().enumerate())
            .filter(|(_, input)| input.flits > 0)
            .map(|(index, input)| StuckVc {
                router: (index / count) as u32,
                port: u32::from(self.topology.port_of[index % count]),
                virtual_channel: (index % count % vcs) as u32,
                flits: u32::from(input.flits),
                output_port: u32::from(input.out_port),
                output_vc: (input.out_vc != NO_VC).then(|| (input.out_vc as usize % vcs) as u32),
            })
            .collect();
        FabricError::Deadlock { cycle: self.state.cycle, flits: self.flits_in_flight(), stuck }
    }
}
