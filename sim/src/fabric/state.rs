//! Everything of a fabric that changes from cycle to cycle, in flat arrays that serialize as they are.
//!
//! A VC's buffer is a flit count and a ring of the packets in it: flits of one VC never interleave, so each flit's
//! place in its packet follows from the counts. Flits and credits on channels wait in two event wheels, indexed by the
//! cycle of their arrival modulo the wheel's size. Global index of an input VC: router x input VCs + port x VCs + VC;
//! an output VC has the index of the input VC with the same port and VC. Sources' credit counters follow the routers'.

use super::spec::Spec;
use super::topology::Topology;
use rand_core::SeedableRng;
use rand_pcg::Pcg64Mcg;
use serde::{Deserialize, Serialize};

/// "No packet" in lists of packets.
pub const NONE: u32 = u32::MAX;
/// "No output VC allocated".
pub const NO_VC: u8 = u8::MAX;
/// Most packets alive at once: bounds the memory of the source queues.
pub const MAX_PACKETS: usize = 1 << 22;

/// One packet alive, from creation to its tail's arrival.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Packet {
    /// Cycle of creation.
    pub created: u64,
    /// Cycle in which the source sent the head.
    pub injected: u64,
    /// Next packet of the source queue, or `NONE`.
    pub next: u32,
    /// Node it goes to.
    pub destination: u16,
    /// Routers its head has entered.
    pub routers: u8,
    /// Crosses its column before its row.
    pub column_first: bool,
}

/// One input VC.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct InputVc {
    /// Flits in the buffer.
    pub flits: u16,
    /// Flits of the first packet already forwarded.
    pub sent: u16,
    /// Place of the first packet in the ring.
    pub first: u16,
    /// Packets in the ring.
    pub packets: u16,
    /// Output port of the first packet, once routed.
    pub out_port: u8,
    /// Output VC of the first packet (index within the router), or `NO_VC`.
    pub out_vc: u8,
    /// VCs the first packet may use, as a bit mask.
    pub allowed: u8,
}

/// Pipeline stages of the VCs of one router, as bit masks.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub struct Stages {
    /// Input VCs whose first packet is to be routed.
    pub routing: u64,
    /// Input VCs that request an output VC.
    pub vc_requests: u64,
    /// Input VCs that hold an output VC and a flit.
    pub switch_requests: u64,
    /// Output VCs that no packet holds.
    pub free_vcs: u64,
}

/// Round-robin pointers of the switch allocator at one port.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub struct SwitchPointers {
    /// As an output: the input it grants first.
    pub grant: u8,
    /// As an input: the output it accepts first.
    pub accept: u8,
    /// As an input: the VC that it sends from first.
    pub vc: u8,
}

/// A flit that reaches a buffer or a node.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub struct Arrival {
    /// Packet it belongs to.
    pub packet: u32,
    /// Global input VC index; from `node_base` on, node x VCs + VC.
    pub target: u32,
    /// First flit of its packet.
    pub head: bool,
    /// Last flit of its packet.
    pub tail: bool,
}

/// One node's source queue and the packet it is sending.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Source {
    /// First packet of the queue, or `NONE`.
    pub first: u32,
    /// Last packet of the queue.
    pub last: u32,
    /// Flits of the first packet already sent.
    pub sent: u16,
    /// VC of the packet being sent, or of the last one.
    pub vc: u8,
}

/// Totals since the first cycle, and those of the measured window.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Counters {
    /// Packets created.
    pub packets_created: u64,
    /// Packets whose tail has arrived.
    pub packets_delivered: u64,
    /// Flits that sources have sent.
    pub flits_injected: u64,
    /// Flits that nodes have received.
    pub flits_delivered: u64,
    /// Packets created in the measured window.
    pub measured_created: u64,
    /// Those of them whose tail has arrived.
    pub measured_delivered: u64,
    /// Sum of their cycles from creation to the tail's arrival.
    pub packet_latency: u64,
    /// Sum of their cycles from the head's injection to the tail's arrival.
    pub network_latency: u64,
    /// Sum of the routers they visited.
    pub routers_visited: u64,
}

/// The changing part of a fabric.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct State {
    pub rng: Pcg64Mcg,
    /// Bits of the offered load: a float would lose its last digit in some text formats.
    pub load_bits: u64,
    /// Next packet creation, as cycle x nodes + node.
    pub next_slot: u64,
    pub cycle: u64,
    /// Last cycle in which a flit moved.
    pub last_movement: u64,
    /// First and end cycle of the measured window.
    pub window: (u64, u64),
    pub counters: Counters,
    pub packets: Vec<Packet>,
    pub free_packets: Vec<u32>,
    pub sources: Vec<Source>,
    /// Nodes with a packet in their queue, as a bit mask.
    pub backlog: [u64; 4],
    /// Routers with an input VC in any stage, as a bit mask.
    pub active: [u64; 4],
    pub routers: Vec<Stages>,
    pub input_vcs: Vec<InputVc>,
    /// Rings of packets, `ring_size` per input VC.
    pub rings: Vec<u32>,
    /// Free places downstream, per output VC, then per source VC.
    pub credits: Vec<u16>,
    /// Round-robin pointers of the VC allocator: per output VC (grant) and per input VC (accept).
    pub vc_grant: Vec<u8>,
    pub vc_accept: Vec<u8>,
    /// Round-robin pointers of the switch allocator, per port.
    pub switch: Vec<SwitchPointers>,
    /// Flits on channels: one wheel for those bound for routers, behind it one for those bound for nodes.
    pub arrivals: Vec<Vec<Arrival>>,
    /// Credits on channels, by the index of their counter.
    pub credit_arrivals: Vec<Vec<u32>>,
}

/// ln(1 - p), the logarithm of the chance that one node creates no packet in one cycle.
pub fn log_miss(load: f64, packet_flits: u16) -> f64 {
    libm::log1p(-load / f64::from(packet_flits))
}

/// Places in one VC's ring of packets: a part of one packet, whole packets, a part of another.
pub fn ring_size(spec: &Spec) -> usize {
    (spec.buffer_flits / spec.packet_flits) as usize + 2
}

impl State {
    /// An empty fabric in cycle 0, with no load.
    pub fn new(spec: &Spec, topology: &Topology, seed: u64) -> Self {
        let Topology { nodes, ports, vcs, input_vcs, wheel, .. } = *topology;
        let idle = InputVc { flits: 0, sent: 0, first: 0, packets: 0, out_port: 0, out_vc: NO_VC, allowed: 0 };
        let free_vcs = u64::MAX >> (64 - input_vcs);
        let stages = Stages { routing: 0, vc_requests: 0, switch_requests: 0, free_vcs };
        State {
            rng: Pcg64Mcg::seed_from_u64(seed),
            load_bits: 0f64.to_bits(),
            next_slot: u64::MAX,
            cycle: 0,
            last_movement: 0,
            window: (0, 0),
            counters: Counters::default(),
            packets: Vec::new(),
            free_packets: Vec::new(),
            sources: vec![Source { first: NONE, last: NONE, sent: 0, vc: 0 }; nodes],
            backlog: [0; 4],
            active: [0; 4],
            routers: vec![stages; nodes],
            input_vcs: vec![idle; nodes * input_vcs],
            rings: vec![NONE; nodes * input_vcs * ring_size(spec)],
            credits: vec![spec.buffer_flits as u16; nodes * (input_vcs + vcs)],
            vc_grant: vec![0; nodes * input_vcs],
            vc_accept: vec![0; nodes * input_vcs],
            switch: vec![SwitchPointers { grant: 0, accept: 0, vc: 0 }; nodes * ports],
            arrivals: vec![Vec::new(); 2 * wheel],
            credit_arrivals: vec![Vec::new(); wheel],
        }
    }
}

/// The set bits of a mask, lowest first.
pub struct Bits(pub u64);

impl Iterator for Bits {
    type Item = usize;

    #[inline]
    fn next(&mut self) -> Option<usize> {
        if self.0 == 0 {
            return None;
        }
        let bit = self.0.trailing_zeros() as usize;
        self.0 &= self.0 - 1;
        Some(bit)
    }
}
