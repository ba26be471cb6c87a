//! Accesses of the optimised function: the loop in which each executes, its kind, and dependences between iterations.

use std::collections::{BTreeMap, BTreeSet};

use ir::tree::ValueId;

use super::body::LoopBody;
use crate::features::walk::access::Access;

/// Dependences over this many iterations or more do not limit a vectoriser.
const MAX_DISTANCE: usize = 16;

/// Loads of a buffer whose strides are compared with that of each store: unrolled loops have many, and a few show all.
const COMPARED_LOADS: usize = 32;

/// Adds the work of all accesses to the loops in which they execute, and finds dependences.
pub fn place_accesses(bodies: &mut [LoopBody], accesses: &[Access]) {
    let written = varying_stores(bodies, accesses);
    let runs = adjacent_runs(bodies, accesses);
    for access in accesses {
        // A loop-invariant address is kept in a register while no store of the loop may change its buffer.
        let mut at = access.loop_index;
        while at > access.address.varies_in && !access.address.data && !written.contains(&(access.buffer, at)) {
            at = bodies[at].parent;
        }
        let run = runs.get(&(access.loop_index, access.buffer)).copied().unwrap_or(0.0);
        bodies[at].add(access.kind(run), access.cost, access.weight);
        let body = &mut bodies[access.loop_index];
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
    let mut loads: BTreeMap<(usize, ValueId), Vec<&Access>> = BTreeMap::new();
    for access in accesses.iter().filter(|a| !a.is_store) {
        loads.entry((access.loop_index, access.buffer)).or_default().push(access);
    }
    for own in loads.values_mut() {
        own.sort_by(|a, b| a.address.offset.total_cmp(&b.address.offset));
    }
    for store in accesses.iter().filter(|a| a.is_store && written.contains(&(a.buffer, a.loop_index))) {
        let Some(own) = loads.get(&(store.loop_index, store.buffer)) else { continue };
        let stride = store.address.stride;
        let is_loaded = |offset: f64| own.binary_search_by(|load| load.address.offset.total_cmp(&offset)).is_ok();
        let strides_differ = || own.iter().take(COMPARED_LOADS).any(|load| !load.address.same_stride(store.address));
        let near = || (1..MAX_DISTANCE).any(|d| is_loaded(store.address.offset - d as f64 * stride));
        if store.address.data || strides_differ() || near() {
            bodies[store.loop_index].has_conflict = true;
        }
    }
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
