//! Accesses of the optimised function: the loop in which each executes, its kind, and dependences between iterations.

use std::collections::{BTreeMap, BTreeSet};

use ir::tree::{OpId, ValueId};

use super::body::LoopBody;
use crate::features::table::WorkKind;
use crate::features::walk::access::Access;
use crate::features::walk::lanes::REGISTER_BITS;

/// Dependences over this many iterations or more do not limit a vectoriser.
const MAX_DISTANCE: usize = 64;

/// Widest group of accesses whose neighbours are looked at, in elements.
const WIDEST_GROUP: f64 = 16.0;

/// Vector iterations after which a store has reached the cache, for each byte of an element: LLVM's limit.
const ITERATIONS_IN_FLIGHT: usize = 8;

/// Loads of a buffer whose strides are compared with that of each store: unrolled loops have many, and a few show all.
const COMPARED_LOADS: usize = 32;

/// Adds the work of all accesses to the loops in which they execute, and finds dependences.
pub fn place_accesses(bodies: &mut [LoopBody], accesses: &[Access], packed: &BTreeMap<OpId, f64>) {
    let written = varying_stores(bodies, accesses);
    let neighbours = neighbours(accesses);
    for ((loop_index, _, is_store, _), own) in &neighbours {
        let body = &mut bodies[*loop_index];
        body.store_run = body.store_run.max(if *is_store { own.longest_run } else { 0.0 });
    }
    for access in accesses {
        // A loop-invariant address is kept in a register while no store of the loop may change its buffer.
        let mut at = access.loop_index;
        while at > access.address.varies_in && !access.address.data && !written.contains(&(access.buffer, at)) {
            at = bodies[at].parent;
        }
        let group = group(access, &neighbours);
        let kind = access.kind(group.is_some());
        bodies[at].add(kind, access.cost, access.weight);
        if access.is_misaligned && !access.cost.is_explicit() {
            bodies[at].misaligned += access.weight;
        }
        if at == access.loop_index && !access.cost.is_explicit() {
            let body = &mut bodies[at];
            let saved = packed.get(&access.operation).copied().unwrap_or(0.0);
            body.saved[kind as usize] += saved * access.weight;
            if access.folding.scalar {
                body.folded[kind as usize] += (1.0 - saved) * access.weight;
            }
            if access.folding.vector && kind == WorkKind::Load {
                body.folded_vectors += access.weight;
            }
        }
        let body = &mut bodies[access.loop_index];
        if let Some(stride) = access.stride_here() {
            body.has_reversed |= stride == -1.0;
        }
        if let Some((stride, group)) = group {
            body.add_to_group(access, stride, group.members / group.groups);
        }
        body.has_sub_byte |= access.is_sub_byte;
        body.has_pattern |= access.is_pattern;
        body.contiguous = body.contiguous.min(access.contiguous);
        body.widest = body.widest.max(access.element_bits);
        let narrowest = if body.narrowest == 0.0 { f64::INFINITY } else { body.narrowest };
        body.narrowest = narrowest.min(access.element_bits);
    }
    find_conflicts(bodies, accesses, &written);
    let buffers: BTreeSet<(usize, ValueId)> = accesses.iter().map(|a| (a.loop_index, a.buffer)).collect();
    buffers.iter().for_each(|(index, _)| bodies[*index].buffers += 1.0);
}

/// Buffers and the loops whose iterations store to different elements of them.
fn varying_stores(bodies: &[LoopBody], accesses: &[Access]) -> BTreeSet<(ValueId, usize)> {
    let mut written = BTreeSet::new();
    for access in accesses.iter().filter(|a| a.is_store) {
        let mut index = if access.address.data { access.loop_index } else { access.address.varies_in };
        while index > 0 && written.insert((access.buffer, index)) {
            index = bodies[index].parent;
        }
    }
    written
}

/// Marks loops with a load that depends, or may depend, on a store of one of the iterations just before.
fn find_conflicts(bodies: &mut [LoopBody], accesses: &[Access], written: &BTreeSet<(ValueId, usize)>) {
    // By address, then in the order of the text.
    let mut loads: BTreeMap<(usize, ValueId), Vec<(f64, usize)>> = BTreeMap::new();
    for (at, access) in accesses.iter().enumerate().filter(|(_, a)| !a.is_store) {
        loads.entry((access.loop_index, access.buffer)).or_default().push((access.address.offset, at));
    }
    for own in loads.values_mut() {
        own.sort_by(|a, b| a.0.total_cmp(&b.0).then(a.1.cmp(&b.1)));
    }
    let stores = accesses.iter().filter(|a| a.is_store);
    let stored: BTreeSet<(usize, ValueId, u64)> =
        stores.map(|a| (a.loop_index, a.buffer, a.address.offset.to_bits())).collect();
    for (at, store) in accesses.iter().enumerate() {
        if !store.is_store || !written.contains(&(store.buffer, store.loop_index)) {
            continue;
        }
        let Some(own) = loads.get(&(store.loop_index, store.buffer)) else { continue };
        let body = &mut bodies[store.loop_index];
        let (stride, offset) = (store.address.stride, store.address.offset);
        let is_loaded = |offset: f64| own.binary_search_by(|(other, _)| other.total_cmp(&offset)).is_ok();
        let later = |offset: f64| {
            let first = own.partition_point(|(other, _)| *other < offset);
            own[first..].iter().take_while(|(other, _)| *other == offset).any(|(_, load)| *load > at)
        };
        let differs = |load: usize| !accesses[load].address.same_stride(store.address);
        let strides_differ = || own.iter().take(COMPARED_LOADS).any(|&(_, load)| differs(load));
        let apart = (body.trips() as usize).clamp(1, MAX_DISTANCE);
        let near = (1..apart)
            .filter(|&distance| is_loaded(offset - distance as f64 * stride))
            .find(|&distance| limits(distance, stride, store.element_bits));
        // Neighbours of the elements that the copies of an unrolled body write: not reordered across the stores.
        let overlaps = || {
            let is_group = stride.abs() > 1.0 && stride.abs() <= WIDEST_GROUP;
            let is_stored = |offset: f64| stored.contains(&(store.loop_index, store.buffer, offset.to_bits()));
            is_group && [offset - 1.0, offset + 1.0].into_iter().any(|next| is_loaded(next) && !is_stored(next))
        };
        if store.address.data || near.is_some() || overlaps() || strides_differ() {
            body.has_conflict = true;
        }
        body.forwarded += match near {
            Some(distance) => 1.0 / distance as f64,
            // Elements at indices that are data are seldom the same.
            None if !store.address.data && later(offset) => 1.0,
            None => 0.0,
        };
    }
    // Stores that later loads of the same iteration wait for make no chain of their own.
    bodies.iter_mut().filter(|body| !body.has_conflict).for_each(|body| body.forwarded = 0.0);
}

/// Whether a load of the element that was stored `distance` iterations before keeps a loop from being vectorised, or nearly: vectors
/// may not be longer than the distance, nor may a vector be loaded that two stores have just written parts of.
fn limits(distance: usize, stride: f64, element_bits: f64) -> bool {
    let elements = distance * (stride.abs() as usize).max(1);
    let in_flight = ITERATIONS_IN_FLIGHT * ((element_bits / 8.0) as usize).max(1);
    let is_safe =
        |lanes: &usize| lanes <= &distance && (elements.is_multiple_of(*lanes) || elements / lanes >= in_flight);
    let full = REGISTER_BITS / element_bits.max(8.0);
    let longest =
        (1..).map(|power| 1usize << power).take_while(is_safe).take_while(|&lanes| lanes as f64 <= full).last();
    // Nearer to scalars than to full vectors.
    let lanes = longest.unwrap_or(1) as f64;
    lanes * lanes < full
}

/// What accesses of one interleaved group have in common: the loop, the buffer, whether it is stored to, and the bits of the stride.
type Pattern = (usize, ValueId, bool, u64);

/// Elements that one iteration accesses with one stride.
#[derive(Debug, Clone, Copy, Default)]
struct Neighbours {
    /// Different elements.
    members: f64,
    /// Interleaved groups of them: each is as wide as the stride.
    groups: f64,
    /// Most adjacent elements.
    longest_run: f64,
}

impl Neighbours {
    /// Whether the groups leave out no element.
    fn is_full(&self, stride: f64) -> bool {
        self.members == self.groups * stride
    }
}

fn pattern(access: &Access) -> Pattern {
    (access.loop_index, access.buffer, access.is_store, access.address.stride.to_bits())
}

fn neighbours(accesses: &[Access]) -> BTreeMap<Pattern, Neighbours> {
    let direct = accesses.iter().filter(|a| !a.address.data);
    let mut all: Vec<(Pattern, f64)> = direct.map(|a| (pattern(a), a.address.offset)).collect();
    all.sort_by(|a, b| a.0.cmp(&b.0).then(a.1.total_cmp(&b.1)));
    all.dedup();
    let mut neighbours = BTreeMap::new();
    for same in all.chunk_by(|a, b| a.0 == b.0) {
        let stride = f64::from_bits(same[0].0.3).abs();
        let (mut first, mut run) = (f64::NEG_INFINITY, 0.0);
        let own: &mut Neighbours = neighbours.entry(same[0].0).or_default();
        for (index, &(_, offset)) in same.iter().enumerate() {
            own.members += 1.0;
            if offset >= first + stride {
                (first, own.groups) = (offset, own.groups + 1.0);
            }
            run = if index > 0 && same[index - 1].1 == offset - 1.0 { run + 1.0 } else { 1.0 };
            own.longest_run = own.longest_run.max(run);
        }
    }
    neighbours
}

/// The stride and the interleaved groups of an access. Loads may leave out elements; stores may not.
fn group(access: &Access, neighbours: &BTreeMap<Pattern, Neighbours>) -> Option<(f64, Neighbours)> {
    let stride = access.group_stride()?;
    let own = *neighbours.get(&pattern(access))?;
    (!access.is_store || own.is_full(stride)).then_some((stride, own))
}
