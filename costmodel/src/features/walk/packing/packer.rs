//! The groups of a block that are worth packing, and what else its accesses say about a vectoriser's choices.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;

use ir::registry::facts::Evaluation;
use ir::tree::ValueId;

use super::facts::Facts;
use super::item::{Finding, Role};
use super::plan::{MOST_CROSSED, Plan};
use crate::features::table::WorkKind;
use crate::features::walk::chain::Chain;
use crate::features::walk::forwarding::Place;
use crate::features::walk::lanes::REGISTER_BITS;
use crate::features::walk::recurrence::recurrence;
use crate::linear::Linear;

/// Most lanes of a group of indices: LLVM's limit.
const MOST_INDICES: usize = 16;

/// Most pairs of accesses that a vectorised loop compares at run time: LLVM's limit.
const MOST_CHECKS: usize = 8;

/// Most lanes of bundles that are looked at in a block: time is bounded.
const MOST_TRIED: usize = 1 << 18;

/// Packs the operations of a block.
pub struct Packer<'a> {
    facts: Facts<'a>,
    /// Operations saved, by item.
    saved: Vec<(usize, f64)>,
    /// Moves between lanes.
    moves: f64,
    is_unvectorisable: bool,
    /// Lanes of all bundles looked at.
    tried: usize,
    /// Adjacent elements that the block computes alike; 0 if there is other work.
    copies: usize,
}

impl<'a> Packer<'a> {
    /// Nothing is packed yet.
    pub fn new(facts: Facts<'a>) -> Self {
        Self { facts, saved: Vec::new(), moves: 0.0, is_unvectorisable: false, tried: 0, copies: 0 }
    }

    /// Finds loads of elements that the iteration before has loaded, too, of buffers that the block does not store to, and
    /// whether they keep the loop from being vectorised.
    pub fn find_reused(&mut self) {
        let is_store = |at: &usize| self.facts.is_store(*at);
        let mut loaded = BTreeMap::new();
        for (at, item) in self.facts.items.iter().enumerate() {
            if let (Role::Load { .. }, Some(_), Some(place)) = (item.role, item.bits, self.facts.place(at)) {
                loaded.entry(place).or_insert(at);
            }
        }
        let mut reused = BTreeMap::new();
        for (at, item) in self.facts.items.iter().enumerate() {
            let Role::Load { buffer, stride, .. } = item.role else { continue };
            let Some(place) = self.facts.place(at).filter(|_| stride != 0 && item.bits.is_some()) else { continue };
            // The address in the next iteration is known to be the same only if nothing is added to the induction variable.
            let Some(later) = place.shifted(stride).filter(|_| place.is_unshifted()) else { continue };
            let Some(&loaded_at) = loaded.get(&later) else { continue };
            let stores = &self.facts.stores[&buffer];
            // From the load in one iteration to that in the next.
            if !self.may_store(stores, &later, loaded_at..usize::MAX) && !self.may_store(stores, place, 0..at) {
                reused.insert(at, loaded_at);
            }
        }
        if !reused.is_empty() {
            let shared = self.shared_indices();
            reused.retain(|&at, _| self.facts.place(at).is_some_and(|place| !shared.contains(place.index())));
        }
        // What is computed from the value of the iteration before is stored before that for this one is loaded.
        let first_store = (0..self.facts.items.len()).find(is_store);
        self.is_unvectorisable |=
            first_store.is_some_and(|store| reused.iter().any(|(&at, &loaded_at)| at < store && store < loaded_at));
        self.facts.reused = reused.into_keys().collect();
    }

    /// The chain from loads of elements that the iteration before has stored to the values that are stored for the next one. LLVM keeps
    /// them in registers: by partial redundancy elimination, or by forwarding over one iteration of a loop with stride 1.
    fn forwarded(&self) -> Option<Chain> {
        let stores = (0..self.facts.items.len()).filter(|&at| self.facts.is_store(at));
        let last: BTreeMap<&Place, usize> = stores.filter_map(|at| Some((self.facts.place(at)?, at))).collect();
        let (mut loaded, mut stored) = (Vec::new(), Vec::new());
        for (at, item) in self.facts.items.iter().enumerate() {
            let Role::Load { buffer, stride, .. } = item.role else { continue };
            let Some(place) = self.facts.place(at).filter(|_| stride != 0 && item.bits.is_some()) else { continue };
            let Some(later) = place.shifted(stride).filter(|_| place.is_unshifted() || stride.abs() == 1) else {
                continue;
            };
            let Some(&last) = last.get(&later) else { continue };
            let own = &self.facts.stores[&buffer];
            if !self.may_store(own, &later, last + 1..usize::MAX) && !self.may_store(own, place, 0..at) {
                loaded.extend(self.facts.tree.operation(item.operation).results.first());
                stored.push(self.facts.operand(last, 0));
            }
        }
        let Facts { tree, values, block, .. } = self.facts;
        (!loaded.is_empty()).then(|| recurrence(tree, values, &[block], &loaded, &stored))
    }

    /// The elements that are the same in each iteration of loop `parent`, the one around the block's own. No other access of the block may
    /// touch them.
    fn kept(&self, parent: usize) -> Option<Finding> {
        let Facts { tree, values, block, .. } = self.facts;
        let (mut loaded, mut stored, mut varies_in) = (Vec::new(), Vec::new(), 0);
        for (at, item) in self.facts.items.iter().enumerate() {
            let Role::Load { buffer, stride, .. } = item.role else { continue };
            let Some(place) = self.facts.place(at).filter(|_| stride != 0 && item.bits.is_some()) else { continue };
            let is_here = |at: &&usize| self.facts.place(**at) == Some(place);
            let accesses = &self.facts.accesses[&buffer];
            // The block's own loop comes after the one around it.
            let loops = place.values().map(|&value| values.evolution(value).varies_in).filter(|&index| index <= parent);
            let outer = loops.max().unwrap_or(0);
            let is_alone =
                |at: &usize| self.facts.place(*at).is_some_and(|other| other == place || other.is_apart(place));
            let Some(&last) = self.facts.stores[&buffer].iter().rfind(is_here) else { continue };
            if accesses.len() <= MOST_CROSSED && outer < parent && accesses.iter().all(is_alone) {
                varies_in = varies_in.max(outer);
                loaded.extend(tree.operation(item.operation).results.first());
                stored.push(self.facts.operand(last, 0));
            }
        }
        let chain = || recurrence(tree, values, &[block], &loaded, &stored);
        (!loaded.is_empty()).then(|| Finding::Kept { elements: loaded.len() as f64, varies_in, chain: chain() })
    }

    /// Whether one of these stores whose order is in a range may change a place.
    fn may_store(&self, stores: &[usize], place: &Place, order: Range<usize>) -> bool {
        let is_apart = |&at: &usize| self.facts.place(at).is_some_and(|stored| stored.is_apart(place));
        stores.len() > MOST_CROSSED || !stores.iter().filter(|at| order.contains(at)).all(is_apart)
    }

    /// Indices of several dimensions by which more than one buffer is accessed: LLVM computes such an index once, and no longer
    /// sees that it is that of the next iteration less a constant.
    fn shared_indices(&self) -> BTreeSet<Vec<Linear>> {
        let mut users: BTreeMap<Vec<Linear>, BTreeSet<ValueId>> = BTreeMap::new();
        for item in self.facts.items.iter().filter(|item| item.role.is_access()) {
            if let Some(place) = Place::of(self.facts.tree, item.operation).filter(|place| place.index().len() > 1) {
                users.entry(place.index().to_vec()).or_default().insert(place.memref());
            }
        }
        users.into_iter().filter(|(_, memrefs)| memrefs.len() > 1).map(|(index, _)| index).collect()
    }

    /// Counts the pairs of a store and another access that are compared at run time.
    pub fn find_checks(&mut self) {
        for accesses in self.facts.accesses.values() {
            let stores = accesses.iter().filter(|&&at| !self.facts.is_load(at)).count();
            if pairs(stores, accesses.len() - stores) <= MOST_CHECKS {
                continue;
            }
            let (mut stored, mut loaded) = (BTreeSet::new(), BTreeSet::new());
            for &at in accesses {
                let Some(place) = self.facts.place(at) else { continue };
                if self.facts.is_load(at) {
                    loaded.insert(place)
                } else {
                    stored.insert(place)
                };
            }
            let loaded: Vec<&Place> = loaded.difference(&stored).copied().collect();
            let is_open = |place: &&Place| loaded.iter().chain(&stored).any(|other| !place.is_fixed_from(other));
            let pairs = pairs(stored.len(), loaded.len());
            self.is_unvectorisable |= pairs > MOST_CHECKS && stored.iter().take(MOST_CROSSED).any(is_open);
        }
    }

    /// Stores to adjacent elements, in their order.
    fn runs(&self) -> Vec<Vec<usize>> {
        let place = |index: usize| self.facts.place(index);
        let is_store = |index: &usize| {
            let item = &self.facts.items[*index];
            self.facts.is_store(*index) && item.bits.is_some() && place(*index).is_some()
        };
        let mut stores: Vec<usize> = (0..self.facts.items.len()).filter(is_store).collect();
        stores.sort_by(|&a, &b| place(a).cmp(&place(b)).then(a.cmp(&b)));
        let follows = |&a: &usize, &b: &usize| {
            let (Some(a), Some(b)) = (place(a), place(b)) else { return false };
            a.distance_to(b) == Some(1)
        };
        stores.chunk_by(follows).map(<[usize]>::to_vec).collect()
    }

    /// Packs stores to adjacent elements, the values that a loop carries, and indices that are data.
    pub fn pack(&mut self, carried: &[(ValueId, ValueId)], indirect: usize) {
        let runs = self.runs();
        if runs.iter().all(|run| run.len() < 2) && carried.len() < 2 && indirect < 2 {
            return;
        }
        self.facts.link();
        self.find_copies(&runs);
        self.stores(runs);
        self.carried(carried);
        self.indices();
    }

    fn stores(&mut self, runs: Vec<Vec<usize>>) {
        for run in runs {
            let Some(bits) = self.facts.items[run[0]].bits else { continue };
            self.in_chunks(&run, (REGISTER_BITS / bits) as usize, |packer, chunk| {
                packer.try_pack(|packer, plan| {
                    packer.facts.may_move(chunk) && {
                        packer.facts.vector(chunk, bits, plan);
                        let stored: Vec<ValueId> = chunk.iter().map(|&at| packer.facts.operand(at, 0)).collect();
                        packer.facts.bundle(&stored, plan, 1);
                        true
                    }
                })
            });
        }
    }

    /// Finds out whether the block computes all elements of all runs of stores alike.
    fn find_copies(&mut self, runs: &[Vec<usize>]) {
        let Some(copies) = runs.first().map(Vec::len).filter(|&copies| copies > 1) else { return };
        if runs.iter().any(|run| run.len() != copies) || !self.facts.reused.is_empty() {
            return;
        }
        let mut all = Plan::default();
        for run in runs {
            let Some(bits) = self.facts.items[run[0]].bits.filter(|_| self.facts.may_move(run)) else { return };
            self.facts.vector(run, bits, &mut all);
            let stored: Vec<ValueId> = run.iter().map(|&at| self.facts.operand(at, 0)).collect();
            self.facts.bundle(&stored, &mut all, 1);
        }
        self.facts.gather(&mut all);
        let is_packed = |at: usize| all.packed.contains_key(&at) || self.facts.is_hoisted(at);
        if all.moves == 0.0
            && (0..self.facts.items.len()).all(is_packed)
            && self.has_single_uses()
            && self.facts.keeps_order(&all)
        {
            self.copies = copies;
        }
    }

    /// Whether every value that the block computes has one use, without which LLVM does not merge the shuffles of its operands with that
    /// of its user.
    fn has_single_uses(&self) -> bool {
        let computed = self.facts.items.iter().filter(|item| !item.role.is_access());
        let results = computed.flat_map(|item| &self.facts.tree.operation(item.operation).results);
        results.into_iter().all(|result| self.facts.uses.get(result) == Some(&1))
    }

    /// Packs values that a loop carries.
    fn carried(&mut self, carried: &[(ValueId, ValueId)]) {
        let mut alike: BTreeMap<_, Vec<(ValueId, ValueId)>> = BTreeMap::new();
        for &(argument, passed) in carried {
            let Some(&item) = self.facts.by_value.get(&self.facts.values.first(passed)) else { continue };
            let Some(bits) = self.facts.items[item].bits else { continue };
            let name = self.facts.tree.operation(self.facts.items[item].operation).name;
            alike.entry((name, bits as u32)).or_default().push((argument, passed));
        }
        for ((_, bits), group) in alike {
            self.in_chunks(&group, (REGISTER_BITS / f64::from(bits)) as usize, |packer, chunk| {
                packer.try_pack(|packer, plan| {
                    plan.carried = chunk.iter().map(|&(argument, _)| argument).collect();
                    let passed: Vec<ValueId> =
                        chunk.iter().map(|&(_, passed)| packer.facts.values.first(passed)).collect();
                    packer.facts.bundle(&passed, plan, 1);
                    // Each lane is taken out after the loop.
                    plan.cost += chunk.len() as f64;
                    true
                })
            });
        }
    }

    /// Packs the computation of indices that are data, by buffer.
    fn indices(&mut self) {
        let mut indices: BTreeMap<ValueId, Vec<ValueId>> = BTreeMap::new();
        for item in self.facts.items {
            let (Role::Load { buffer, is_indirect: true, .. } | Role::Store { buffer, is_indirect: true }) = item.role
            else {
                continue;
            };
            let Some(&index) = self.facts.tree.operation(item.operation).operands.last() else { continue };
            let index = self.facts.values.first(self.before_cast(self.facts.values.first(index)));
            let own = indices.entry(buffer).or_default();
            if self.facts.by_value.contains_key(&index) && !own.contains(&index) && own.len() < MOST_CROSSED {
                own.push(index);
            }
        }
        for group in indices.into_values() {
            self.in_chunks(&group, MOST_INDICES, |packer, chunk| {
                packer.try_pack(|packer, plan| {
                    packer.facts.bundle(chunk, plan, 1);
                    // Addresses are scalar: each lane is taken out of the vector.
                    plan.covered.retain(|value, _| !chunk.contains(value));
                    true
                })
            });
        }
    }

    /// The value that a cast to an index casts.
    fn before_cast(&self, value: ValueId) -> ValueId {
        let cast =
            self.facts.tree.definer(value).filter(|&by| self.facts.tree.record(by).evaluation == Evaluation::IndexCast);
        cast.and_then(|by| self.facts.tree.operation(by).operands.first().copied()).unwrap_or(value)
    }

    /// Packs stretches of a run, as long as they get: powers of two up to `most`. Stops when the block has had its trials.
    fn in_chunks<T>(&mut self, run: &[T], most: usize, mut pack: impl FnMut(&mut Self, &[T]) -> bool) {
        let mut at = 0;
        while at + 2 <= run.len() && self.tried < MOST_TRIED {
            let longest = (run.len() - at).min(most).max(1).ilog2();
            let widths = (1..=longest).rev().map(|power| 1usize << power);
            at += widths.into_iter().find(|&width| pack(self, &run[at..at + width])).unwrap_or(1);
        }
    }

    /// What was found; `parent` is the loop around the block's own, 0 if there is none.
    pub fn findings(self, parent: usize) -> Vec<Finding> {
        let saving = |(at, saved): (usize, f64)| match self.facts.items[at].role {
            Role::Work { kind, .. } => Finding::Work(kind, saved),
            Role::Load { .. } | Role::Store { .. } => Finding::Access(self.facts.items[at].operation, saved),
        };
        let moves = Some(Finding::Work(WorkKind::Shuffle, -self.moves)).filter(|_| self.moves > 0.0);
        let reused = self.facts.reused.iter().map(|_| Finding::Reused);
        let copies = Some(Finding::Copies(self.copies)).filter(|_| self.copies > 1);
        let forwarded = self.forwarded().map(Finding::Forwarded);
        let checks = Some(Finding::Unvectorisable).filter(|_| self.is_unvectorisable);
        let kept = if parent > 0 { self.kept(parent) } else { None };
        let saved = self.saved.iter().map(|&each| saving(each));
        saved.chain(moves).chain(kept).chain(reused).chain(copies).chain(forwarded).chain(checks).collect()
    }

    /// Packs a group if that saves operations.
    fn try_pack(&mut self, build: impl FnOnce(&Self, &mut Plan) -> bool) -> bool {
        let mut plan = Plan::default();
        if !build(self, &mut plan) {
            return false;
        }
        self.facts.gather(&mut plan);
        // Values that are used elsewhere are taken out of their vectors.
        for &at in plan.packed.keys() {
            let Some(result) = self.facts.tree.operation(self.facts.items[at].operation).results.first() else {
                continue;
            };
            if self.facts.uses.get(result) > plan.covered.get(result) {
                plan.cost += 1.0;
                plan.moves += 1.0;
            }
        }
        self.tried += plan.tried;
        let saved: f64 = plan.saved.iter().map(|(_, saved)| saved).sum();
        if saved <= plan.cost {
            return false;
        }
        self.facts.packed.append(&mut plan.packed);
        self.saved.append(&mut plan.saved);
        self.moves += plan.moves;
        true
    }
}

/// Pairs of a store and another access.
fn pairs(stores: usize, loads: usize) -> usize {
    stores * stores.saturating_sub(1) / 2 + stores * loads
}
