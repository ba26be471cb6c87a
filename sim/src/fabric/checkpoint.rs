//! Saving a fabric between two cycles and continuing from there, to the bit.
//!
//! A checkpoint is the parameters and the changing state; tables are rebuilt. Restoring checks the parameters, the size
//! of every array, every index and then every invariant, so that a damaged file is refused with the reason.

use super::corrupt::CorruptState;
use super::network::Fabric;
use super::spec::{FabricError, Spec};
use super::state::{InputVc, MAX_PACKETS, NO_VC, NONE, Stages, State, SwitchPointers, ring_size};
use super::topology::Topology;
use serde::{Deserialize, Serialize};

/// A fabric between two cycles, as any serde format can hold it.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Checkpoint {
    spec: Spec,
    state: State,
}

/// Largest cycle count of a checkpoint: keeps cycle x nodes within 64 bits.
const MAX_CYCLE: u64 = 1 << 48;

impl Fabric {
    /// The current state of the fabric.
    pub fn checkpoint(&self) -> Checkpoint {
        Checkpoint { spec: self.spec.clone(), state: self.state.clone() }
    }

    /// A fabric that continues from a checkpoint.
    pub fn restore(checkpoint: Checkpoint) -> Result<Fabric, FabricError> {
        let Checkpoint { spec, state } = checkpoint;
        spec.validate()?;
        let topology = Topology::new(&spec);
        check_sizes(&spec, &topology, &state)?;
        check_indices(&spec, &topology, &state)?;
        let fabric = Fabric::assemble(spec, topology, state);
        fabric.check_invariants()?;
        Ok(fabric)
    }
}

/// Every array has the size that a new fabric would give it.
fn check_sizes(spec: &Spec, topology: &Topology, state: &State) -> Result<(), CorruptState> {
    let Topology { nodes, ports, vcs, input_vcs, wheel, .. } = *topology;
    let sizes = [
        ("sources", state.sources.len(), nodes),
        ("routers", state.routers.len(), nodes),
        ("input_vcs", state.input_vcs.len(), nodes * input_vcs),
        ("rings", state.rings.len(), nodes * input_vcs * ring_size(spec)),
        ("credits", state.credits.len(), nodes * (input_vcs + vcs)),
        ("vc_grant", state.vc_grant.len(), nodes * input_vcs),
        ("vc_accept", state.vc_accept.len(), nodes * input_vcs),
        ("switch", state.switch.len(), nodes * ports),
        ("arrivals", state.arrivals.len(), 2 * wheel),
        ("credit_arrivals", state.credit_arrivals.len(), wheel),
    ];
    match sizes.into_iter().find(|(_, size, right)| size != right) {
        Some((array, size, expected)) => Err(CorruptState::Size { array, size, expected }),
        None if state.packets.len() > MAX_PACKETS => {
            Err(CorruptState::Packets { packets: state.packets.len(), most: MAX_PACKETS })
        }
        None => Ok(()),
    }
}

/// Every index points into its array.
fn check_indices(spec: &Spec, topology: &Topology, state: &State) -> Result<(), CorruptState> {
    let Topology { nodes, ports, vcs, input_vcs, wheel, .. } = *topology;
    let packet = |index: u32| (index as usize) < state.packets.len();
    let listed = |index: u32| index == NONE || packet(index);
    let mask = u64::MAX >> (64 - input_vcs);
    let ring = ring_size(spec);
    let below = |pointers: &[u8], count: usize| pointers.iter().all(|pointer| usize::from(*pointer) < count);
    let in_ring = |(index, input): (usize, &InputVc)| {
        (0..usize::from(input.packets))
            .all(|k| packet(state.rings[index * ring + (usize::from(input.first) + k) % ring]))
    };
    let in_mask =
        |stages: &Stages| (stages.routing | stages.vc_requests | stages.switch_requests | stages.free_vcs) & !mask == 0;
    let in_ports = |pointers: &SwitchPointers| {
        let below = |pointer: u8, count: usize| usize::from(pointer) < count;
        below(pointers.grant, ports) && below(pointers.accept, ports) && below(pointers.vc, vcs)
    };
    let checks = [
        ("load", (0.0..=1.0).contains(&f64::from_bits(state.load_bits))),
        ("cycle", state.cycle <= MAX_CYCLE && state.last_movement <= state.cycle),
        ("next_slot", state.next_slot >= state.cycle.saturating_mul(nodes as u64)),
        ("counters", state.counters.flits_delivered <= state.counters.flits_injected),
        ("active router", (nodes..256).all(|router| state.active[router / 64] >> (router % 64) & 1 == 0)),
        ("free_packets", state.free_packets.iter().all(|index| packet(*index))),
        ("packet", state.packets.iter().all(|p| listed(p.next) && usize::from(p.destination) < nodes)),
        ("packet time", state.packets.iter().all(|p| p.created <= state.cycle && p.injected <= state.cycle)),
        ("source", state.sources.iter().all(|s| listed(s.first) && listed(s.last) && usize::from(s.vc) < vcs)),
        ("mask", state.routers.iter().all(in_mask)),
        ("ring", state.input_vcs.iter().all(|i| usize::from(i.first) < ring && usize::from(i.packets) <= ring)),
        ("ring entry", state.input_vcs.iter().enumerate().all(in_ring)),
        ("output port", state.input_vcs.iter().all(|i| usize::from(i.out_port) < ports)),
        ("output VC", state.input_vcs.iter().all(|i| i.out_vc == NO_VC || usize::from(i.out_vc) < input_vcs)),
        ("allowed VCs", state.input_vcs.iter().all(|i| u32::from(i.allowed) < 1 << vcs)),
        ("vc_grant", below(&state.vc_grant, input_vcs)),
        ("vc_accept", below(&state.vc_accept, input_vcs)),
        ("switch", state.switch.iter().all(in_ports)),
        ("arrival", {
            let right = |slot: usize, target: usize| {
                target < nodes * (input_vcs + vcs) && (slot < wheel) == (target < nodes * input_vcs)
            };
            let mut slots = state.arrivals.iter().enumerate();
            slots.all(|(slot, list)| list.iter().all(|a| packet(a.packet) && right(slot, a.target as usize)))
        }),
        ("credit arrival", state.credit_arrivals.iter().flatten().all(|t| (*t as usize) < state.credits.len())),
    ];
    match checks.into_iter().find(|(_, right)| !right) {
        Some((what, _)) => Err(CorruptState::OutOfRange { what }),
        None => Ok(()),
    }
}
