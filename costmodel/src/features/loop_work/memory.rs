//! Accesses of the optimised function: the loop in which each executes, its kind, and dependences between iterations.

use std::collections::{BTreeMap, BTreeSet};

use ir::tree::{OpId, ValueId};

use super::body::LoopBody;
use crate::features::walk::access::{Access, LARGEST_GROUP};

/// Dependences over this many iterations or more do not limit a vectoriser.
const MAX_DISTANCE: usize = 16;

/// Loads of a buffer whose strides are compared with that of each store: unrolled loops have many, and a few show all.
const COMPARED_LOADS: usize = 32;

/// Adds the work of all accesses to the loops in which they execute, and finds dependences.
pub fn place_accesses(bodies: &mut [LoopBody], accesses: &[Access], packed: &BTreeMap<OpId, f64>) {
    let written = varying_stores(bodies, accesses);
    let runs = adjacent_runs(bodies, accesses);
    for access in accesses {
        // A loop-invariant address is kept in a register while no store of the loop may change its buffer.
        let mut at = access.loop_index;
        while at > access.address.varies_in && !access.address.data && !written.contains(&(access.buffer, at)) {
            at = bodies[at].parent;
        }
        let run = runs.get(&(access.loop_index, access.buffer)).copied().unwrap_or(0.0);
        let kind = access.kind(run);
        bodies[at].add(kind, access.cost, access.weight);
        if access.is_misaligned && !access.cost.is_explicit() {
            bodies[at].misaligned += access.weight;
        }
        if at == access.loop_index
            && let Some(saved) = packed.get(&access.operation)
        {
            bodies[at].saved[kind as usize] += saved * access.weight;
        }
        let body = &mut bodies[access.loop_index];
        if let Some(stride) = access.stride_here() {
            body.has_reversed |= stride == -1.0;
            if run >= stride.abs() && stride.abs() <= LARGEST_GROUP && !access.cost.is_explicit() {
                body.interleave = body.interleave.max(stride.abs());
            }
        }
        body.has_sub_byte |= access.is_sub_byte;
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
        let near = (1..MAX_DISTANCE).find(|&d| is_loaded(offset - d as f64 * stride));
        // Neighbours of the elements that the copies of an unrolled body write: not reordered across the stores.
        let overlaps = || {
            let is_group = stride.abs() > 1.0 && stride.abs() <= MAX_DISTANCE as f64;
            let is_stored = |offset: f64| stored.contains(&(store.loop_index, store.buffer, offset.to_bits()));
            is_group && [offset - 1.0, offset + 1.0].into_iter().any(|next| is_loaded(next) && !is_stored(next))
        };
        if store.address.data || near.is_some() || overlaps() || strides_differ() {
            body.has_conflict = true;
        }
        body.forwarded += match near {
            Some(distance) => 1.0 / distance as f64,
            None if later(offset) => 1.0,
            None => 0.0,
        };
    }
    // Stores that later loads of the same iteration wait for make no chain of their own.
    bodies.iter_mut().filter(|body| !body.has_conflict).for_each(|body| body.forwarded = 0.0);
}

/// The longest run of accesses to adjacent elements in one iteration, by loop and buffer, in elements. A run has loads
/// only, or stores only of values computed alike; the longest of stores is noted in the loop.
fn adjacent_runs(bodies: &mut [LoopBody], accesses: &[Access]) -> BTreeMap<(usize, ValueId), f64> {
    let group = |a: &Access| ((a.loop_index, a.buffer, a.is_store, a.value_hash), a.address.offset);
    let mut places: Vec<((usize, ValueId, bool, u64), f64)> =
        accesses.iter().filter(|a| !a.address.data).map(group).collect();
    places.sort_by(|a, b| a.0.cmp(&b.0).then(a.1.total_cmp(&b.1)));
    places.dedup();
    let (mut run, mut runs) = (0.0, BTreeMap::new());
    for index in 0..places.len() {
        let (own, offset) = places[index];
        let (loop_index, buffer, is_store, _) = own;
        let is_adjacent = index > 0 && places[index - 1] == (own, offset - 1.0);
        run = if is_adjacent { run + 1.0 } else { 1.0 };
        let longest: &mut f64 = runs.entry((loop_index, buffer)).or_insert(0.0);
        *longest = longest.max(run);
        if is_store {
            bodies[loop_index].store_run = bodies[loop_index].store_run.max(run);
        }
    }
    runs
}
