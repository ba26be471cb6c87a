//! One router's cycle: VC allocation, routing, switch allocation, and the flits that cross the switch.
//!
//! Both allocators are iSLIP with one iteration: every free output VC (every output) grants the first requester at or
//! after its round-robin pointer, every input VC (input) accepts the first grant at or after its own pointer, and both
//! pointers move past the match. The three stages work on the requests that the cycle began with, so that each takes
//! one cycle: VC allocation runs before routing, and its winners join the switch requests after switch allocation.

use super::network::Fabric;
use super::spec::Routing;
use super::state::{Arrival, Bits, NO_VC};
use super::topology::Topology;

/// First set bit of `mask` at or after `pointer`, going round. `mask` must not be 0.
#[inline]
fn round_robin(mask: u64, pointer: u8) -> usize {
    let after = mask & (u64::MAX << pointer);
    (if after == 0 { mask } else { after }).trailing_zeros() as usize
}

/// `value + 1` modulo `count`, as a round-robin pointer.
#[inline]
fn past(value: usize, count: usize) -> u8 {
    if value + 1 == count { 0 } else { (value + 1) as u8 }
}

impl Fabric {
    /// Runs one router for one cycle.
    #[inline]
    pub(super) fn step_router(&mut self, router: usize) {
        let requests = self.state.routers[router].vc_requests;
        let granted = if requests == 0 { 0 } else { self.allocate_vcs(router, requests) };
        let heads = std::mem::take(&mut self.state.routers[router].routing);
        for vc in Bits(heads) {
            self.route(router, vc);
        }
        self.state.routers[router].vc_requests |= heads;
        let requests = self.state.routers[router].switch_requests;
        if requests != 0 {
            self.allocate_switch(router, requests);
        }
        let stages = &mut self.state.routers[router];
        stages.switch_requests |= granted;
        let idle = stages.routing | stages.vc_requests | stages.switch_requests == 0;
        self.state.active[router / 64] &= !(u64::from(idle) << (router % 64));
    }

    /// Routing stage: the output port and the VCs that the first packet of an input VC may use.
    fn route(&mut self, router: usize, vc: usize) {
        let index = router * self.topology.input_vcs + vc;
        let packet = &self.state.packets[self.first_packet(index) as usize];
        let out_port = self.topology.output_port(router, packet.destination as usize, packet.column_first);
        let allowed = self.allowed_vcs(packet.column_first);
        let input = &mut self.state.input_vcs[index];
        input.out_port = out_port as u8;
        input.allowed = allowed;
    }

    /// VCs that a packet of this order may use, as a bit mask.
    #[inline]
    pub(super) fn allowed_vcs(&self, column_first: bool) -> u8 {
        let all = u8::MAX >> (8 - self.topology.vcs);
        let lower = all >> self.topology.vcs.div_ceil(2);
        match self.spec.routing {
            Routing::RowFirst | Routing::RandomOrderSharedVcs => all,
            Routing::RandomOrder if column_first => all & !lower,
            Routing::RandomOrder => lower,
        }
    }

    /// Packet at the front of an input VC.
    #[inline]
    pub(super) fn first_packet(&self, index: usize) -> u32 {
        self.state.rings[index * self.ring_size + self.state.input_vcs[index].first as usize]
    }

    /// VC allocation stage; returns the input VCs that got an output VC, as a bit mask.
    fn allocate_vcs(&mut self, router: usize, requests: u64) -> u64 {
        let base = router * self.topology.input_vcs;
        let free = self.state.routers[router].free_vcs;
        if requests & (requests - 1) == 0 {
            // A single requester is granted every output VC that it requests.
            let vc = requests.trailing_zeros() as usize;
            let wanted = self.wanted_vcs(base + vc) & free;
            if wanted == 0 {
                return 0;
            }
            self.take_vc(router, vc, round_robin(wanted, self.state.vc_accept[base + vc]));
            return requests;
        }
        let mut requesters = [0u64; 64];
        let mut requested = 0u64;
        for vc in Bits(requests) {
            let wanted = self.wanted_vcs(base + vc) & free;
            requested |= wanted;
            for out_vc in Bits(wanted) {
                requesters[out_vc] |= 1 << vc;
            }
        }
        let mut grants = [0u64; 64];
        let mut granted = 0u64;
        for out_vc in Bits(requested) {
            let vc = round_robin(requesters[out_vc], self.state.vc_grant[base + out_vc]);
            grants[vc] |= 1 << out_vc;
            granted |= 1 << vc;
        }
        for vc in Bits(granted) {
            self.take_vc(router, vc, round_robin(grants[vc], self.state.vc_accept[base + vc]));
        }
        granted
    }

    /// Output VCs that an input VC's first packet may use, as a bit mask over the router's output VCs.
    #[inline]
    fn wanted_vcs(&self, index: usize) -> u64 {
        let input = &self.state.input_vcs[index];
        u64::from(input.allowed) << (input.out_port as usize * self.topology.vcs)
    }

    /// Gives an output VC to an input VC and moves both round-robin pointers past the match.
    #[inline]
    fn take_vc(&mut self, router: usize, vc: usize, out_vc: usize) {
        let count = self.topology.input_vcs;
        let base = router * count;
        self.state.vc_grant[base + out_vc] = past(vc, count);
        self.state.vc_accept[base + vc] = past(out_vc, count);
        self.state.routers[router].free_vcs &= !(1 << out_vc);
        self.state.routers[router].vc_requests &= !(1 << vc);
        self.state.input_vcs[base + vc].out_vc = out_vc as u8;
    }

    /// Switch allocation stage: at most one flit per input and per output wins and leaves its buffer.
    fn allocate_switch(&mut self, router: usize, requests: u64) {
        let base = router * self.topology.input_vcs;
        if requests & (requests - 1) == 0 {
            // A lone request wins if it has a credit.
            let vc = requests.trailing_zeros() as usize;
            let input = &self.state.input_vcs[base + vc];
            if self.state.credits[base + input.out_vc as usize] > 0 {
                let output = input.out_port as usize;
                self.match_ports(router, self.topology.port_of[vc] as usize, output, requests);
            }
            return;
        }
        let mut requesters = [0u32; 32];
        let (mut ready, mut outputs) = (0u64, 0u64);
        for vc in Bits(requests) {
            let input = &self.state.input_vcs[base + vc];
            let output = (input.out_port & 31) as usize;
            let credit = self.state.credits[base + input.out_vc as usize] > 0;
            ready |= u64::from(credit) << vc;
            outputs |= u64::from(credit) << output;
            requesters[output] |= u32::from(credit) << self.topology.port_of[vc];
        }
        let ports = router * self.topology.ports;
        let mut grants = [0u32; 32];
        let mut inputs = 0u64;
        for output in Bits(outputs) {
            let port = round_robin(u64::from(requesters[output & 31]), self.state.switch[ports + output].grant);
            grants[port & 31] |= 1 << output;
            inputs |= 1 << port;
        }
        for port in Bits(inputs) {
            let output = round_robin(u64::from(grants[port & 31]), self.state.switch[ports + port].accept);
            self.match_ports(router, port, output, ready);
        }
    }

    /// Joins an input and an output for this cycle: moves both round-robin pointers past the match, chooses among the
    /// input's `ready` VCs that request the output, and sends that VC's first flit.
    #[inline]
    fn match_ports(&mut self, router: usize, port: usize, output: usize, ready: u64) {
        let Topology { ports, vcs, input_vcs, .. } = self.topology;
        let first = port * vcs;
        let inputs = &self.state.input_vcs[router * input_vcs + first..][..vcs];
        let asked = (inputs.iter().enumerate())
            .fold(0u64, |mask, (lane, input)| mask | u64::from(input.out_port as usize == output) << lane);
        let lanes = asked & (ready >> first);
        debug_assert!(lanes != 0, "no VC of input port {port} of router {router} asked for output port {output}");
        let (input, output_port) = (router * ports + port, router * ports + output);
        self.state.switch[output_port].grant = past(port, ports);
        let pointers = &mut self.state.switch[input];
        let lane = round_robin(lanes, pointers.vc);
        pointers.vc = past(lane, vcs);
        pointers.accept = past(output, ports);
        self.forward(router, input, first + lane, output);
    }

    /// Takes the first flit of an input VC through the switch and onto its channel, and returns its credit upstream.
    #[inline]
    fn forward(&mut self, router: usize, in_port: usize, vc: usize, output: usize) {
        let Topology { ports, vcs, input_vcs, wheel, .. } = self.topology;
        let base = router * input_vcs;
        let out_port = router * ports + output;
        let packet = self.first_packet(base + vc);
        let (downstream, upstream) = (self.topology.channels[out_port], self.topology.channels[in_port]);
        let flit_slot = self.wheel_slot(downstream.flit_delay);
        let credit_slot = self.wheel_slot(upstream.credit_delay);
        let state = &mut self.state;
        let input = &mut state.input_vcs[base + vc];
        let out_vc = input.out_vc as usize;
        let head = input.sent == 0;
        input.flits -= 1;
        input.sent += 1;
        let tail = input.sent == self.packet_flits;
        let stages = &mut state.routers[router];
        stages.switch_requests &= !(u64::from(tail | (input.flits == 0)) << vc);
        if tail {
            input.sent = 0;
            input.out_vc = NO_VC;
            input.packets -= 1;
            input.first = if input.first as usize + 1 == self.ring_size { 0 } else { input.first + 1 };
            stages.free_vcs |= 1 << out_vc;
            stages.routing |= u64::from(input.packets > 0) << vc;
        }

        state.credits[base + out_vc] -= 1;
        let target = downstream.other_end + (out_vc - output * vcs) as u32;
        let to_node = if output == 0 { wheel } else { 0 };
        state.arrivals[flit_slot + to_node].push(Arrival { packet, target, head, tail });
        let credit = upstream.other_end + (base + vc - in_port * vcs) as u32;
        state.credit_arrivals[credit_slot].push(credit);
        state.last_movement = state.cycle;
    }

    /// Slot of the event wheels for `delay` cycles from now.
    #[inline]
    pub(super) fn wheel_slot(&self, delay: u32) -> usize {
        (self.state.cycle as usize + delay as usize) & (self.topology.wheel - 1)
    }
}
