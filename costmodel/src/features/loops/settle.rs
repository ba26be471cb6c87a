//! After the walk: accesses find the level that executes them, and what they mean for vectors.

use std::collections::{BTreeMap, BTreeSet};

use ir::tree::ValueId;

use super::access::Access;
use super::kind::Kind;
use super::walk::Walk;

/// Iterations between a write and a read of the same place that no vector is longer than.
const FAR: usize = 16;

/// Reads of a buffer that are looked at for each write to it.
const MOST: usize = 32;

impl Walk<'_> {
    /// Accesses find their levels; what walks memory is known.
    pub(super) fn settle(&mut self) {
        let accesses = std::mem::take(&mut self.accesses);
        let moving = self.moving(&accesses);
        let runs = self.neighbours(&accesses);
        for access in &accesses {
            let at = access.at;
            // A place that stays the same is kept in a register while nothing else writes the buffer.
            let mut level = at;
            while level > access.address.level && !access.address.data && !moving.contains(&(access.root, level)) {
                level = self.levels[level].parent;
            }
            let follows = access.address.level == at && at > 0;
            let stride = if follows { access.address.stride.abs() } else { 0.0 };
            let dense = stride <= 1.0
                || access.machine.is_explicit()
                || runs.get(&(at, access.root)).is_some_and(|&run| run >= stride);
            let kind = match (access.store, access.address.data) {
                (false, _) if access.across => Kind::StridedLoad,
                (true, _) if access.across => Kind::StridedStore,
                _ if access.masked => Kind::Masked,
                (false, true) => Kind::IndirectLoad,
                (false, false) if dense => Kind::Load,
                (false, false) => Kind::StridedLoad,
                (true, false) if dense => Kind::Store,
                (true, _) => Kind::StridedStore,
            };
            self.levels[level].add(kind, access.machine, access.weight);
            let one = &mut self.levels[at];
            one.odd |= access.odd;
            one.widest = one.widest.max(access.bits);
            one.narrowest = if one.narrowest == 0.0 { access.bits } else { one.narrowest.min(access.bits) };
        }
        self.conflicts(&accesses, &moving);
        let buffers: BTreeSet<(usize, ValueId)> = accesses.iter().map(|a| (a.at, a.root)).collect();
        buffers.iter().for_each(|(at, _)| self.levels[*at].buffers += 1.0);
        let invariants: BTreeSet<(usize, ValueId)> = std::mem::take(&mut self.invariants).into_iter().collect();
        invariants.iter().for_each(|(at, _)| self.levels[*at].invariants += 1.0);
    }

    /// Buffers and the levels whose iterations write them at other places each time.
    fn moving(&self, accesses: &[Access]) -> BTreeSet<(ValueId, usize)> {
        let mut moving = BTreeSet::new();
        for access in accesses.iter().filter(|a| a.store) {
            let mut level = if access.address.data { access.at } else { access.address.level };
            while level > 0 && moving.insert((access.root, level)) {
                level = self.levels[level].parent;
            }
        }
        moving
    }

    /// Levels that read what an iteration shortly before has written, or may have.
    fn conflicts(&mut self, accesses: &[Access], moving: &BTreeSet<(ValueId, usize)>) {
        let mut reads: BTreeMap<(usize, ValueId), Vec<&Access>> = BTreeMap::new();
        for access in accesses.iter().filter(|a| !a.store) {
            reads.entry((access.at, access.root)).or_default().push(access);
        }
        for own in reads.values_mut() {
            own.sort_by(|a, b| a.address.offset.total_cmp(&b.address.offset));
        }
        for write in accesses.iter().filter(|a| a.store && moving.contains(&(a.root, a.at))) {
            let Some(own) = reads.get(&(write.at, write.root)) else { continue };
            let stride = write.address.stride;
            let read = |offset: f64| own.binary_search_by(|r| r.address.offset.total_cmp(&offset)).is_ok();
            // Unrolled loops read much: a few reads show how all move.
            let differ = write.address.data || own.iter().take(MOST).any(|read| !read.address.moves_as(write.address));
            let behind = || (1..FAR).any(|distance| read(write.address.offset - distance as f64 * stride));
            if differ || behind() {
                self.levels[write.at].conflicts = true;
            }
        }
    }

    /// The longest run of accesses to neighbouring places, a level and buffer; notes that of writes of values that are made
    /// alike.
    fn neighbours(&mut self, accesses: &[Access]) -> BTreeMap<(usize, ValueId), f64> {
        let place = |a: &Access| ((a.at, a.root, a.store, a.origin), a.address.offset);
        let mut places: Vec<((usize, ValueId, bool, u64), f64)> =
            accesses.iter().filter(|a| !a.address.data).map(place).collect();
        places.sort_by(|a, b| a.0.cmp(&b.0).then(a.1.total_cmp(&b.1)));
        places.dedup();
        let (mut run, mut runs) = (0.0, BTreeMap::new());
        for index in 0..places.len() {
            let (own, offset) = places[index];
            let (at, root, store, _) = own;
            let next_to = index > 0 && places[index - 1] == (own, offset - 1.0);
            run = if next_to { run + 1.0 } else { 1.0 };
            let longest: &mut f64 = runs.entry((at, root)).or_insert(0.0);
            *longest = longest.max(run);
            if store {
                self.levels[at].neighbours = self.levels[at].neighbours.max(run);
            }
        }
        runs
    }
}
