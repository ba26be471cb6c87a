//! Bundles: which operations one vector operation can compute, and what that costs.

use std::collections::{BTreeMap, BTreeSet};

use ir::tree::ValueId;

use super::facts::Facts;
use super::item::Role;
use crate::features::walk::forwarding::Place;
use crate::features::walk::lanes::REGISTER_BITS;
use crate::features::walk::values::{commutes, is_constant, same_attributes};

/// Most accesses of one buffer that a bundle is moved across.
pub const MOST_CROSSED: usize = 256;

/// Deepest bundle of operands below a group: LLVM's limit.
const DEEPEST: u32 = 12;

/// A group that may be packed.
#[derive(Default)]
pub struct Plan {
    bundles: Vec<Vec<usize>>,
    /// Bundles without one vector operation: their vectors are built by inserting scalars and shuffling lanes of other vectors.
    gathers: Vec<Vec<ValueId>>,
    /// Items that are packed, and the first item of the vector of each.
    pub packed: BTreeMap<usize, usize>,
    pub saved: Vec<(usize, f64)>,
    /// Uses of values by bundles.
    pub covered: BTreeMap<ValueId, u32>,
    /// Loop-carried values that are one vector.
    pub carried: Vec<ValueId>,
    /// Moves between lanes, those included that are hoisted out of the loop.
    pub cost: f64,
    /// Moves between lanes in the block.
    pub moves: f64,
    /// Lanes of all bundles looked at.
    pub tried: usize,
}

impl Facts<'_> {
    /// Adds a bundle of values to a plan.
    pub fn bundle(&self, lanes: &[ValueId], plan: &mut Plan, depth: u32) {
        plan.tried += lanes.len();
        let items: Option<Vec<usize>> = lanes.iter().map(|value| self.by_value.get(value).copied()).collect();
        let is_known = items.as_ref().is_some_and(|items| plan.bundles.contains(items));
        let bits =
            items.as_ref().filter(|items| !is_known && self.may_pack(items, plan, depth)).map(|items| self.bits(items));
        if is_known || bits.is_some() || lanes == plan.carried {
            for &value in lanes {
                *plan.covered.entry(value).or_default() += 1;
            }
        } else {
            return plan.gathers.push(lanes.to_vec());
        }
        let (Some(items), Some(bits)) = (items, bits) else { return };
        if self.is_load(items[0]) {
            let mut sorted = items.clone();
            sorted.sort_by(|&a, &b| self.place(a).cmp(&self.place(b)));
            if sorted != items {
                plan.cost += 1.0;
                plan.moves += 1.0;
            }
            return self.vector(&items, bits, plan);
        }
        self.vector(&items, bits, plan);
        let operands = self.tree.operation(self.items[items[0]].operation).operands.len();
        let mut columns: Vec<Vec<ValueId>> =
            (0..operands).map(|index| items.iter().map(|&at| self.operand(at, index)).collect()).collect();
        if let [left, right] = &mut columns[..]
            && commutes(self.tree, self.items[items[0]].operation)
        {
            for lane in 1..items.len() {
                let straight = self.score(left[lane - 1], left[lane]) + self.score(right[lane - 1], right[lane]);
                let crossed = self.score(left[lane - 1], right[lane]) + self.score(right[lane - 1], left[lane]);
                if crossed > straight {
                    std::mem::swap(&mut left[lane], &mut right[lane]);
                }
            }
        }
        for column in columns {
            self.bundle(&column, plan, depth + 1);
        }
    }

    /// Counts the moves that put together the gathered bundles, once it is known which values are in vectors.
    pub fn gather(&self, plan: &mut Plan) {
        for lanes in std::mem::take(&mut plan.gathers) {
            if lanes.iter().all(|&value| is_constant(self.tree, value)) {
                continue;
            }
            let is_splat = lanes.iter().all(|value| *value == lanes[0]);
            let (mut singles, mut vectors) = (0, BTreeSet::new());
            for value in if is_splat { &lanes[..1] } else { &lanes } {
                let source = self.by_value.get(value).and_then(|at| self.vector_of(*at, plan));
                if let Some(source) = source {
                    vectors.insert(source);
                    *plan.covered.entry(*value).or_default() += 1;
                } else {
                    singles += 1;
                }
            }
            // One move takes lanes out of two vectors.
            let shuffles = if vectors.is_empty() { 0 } else { (vectors.len() - 1).max(1) };
            let moves = (singles + shuffles) as f64;
            plan.cost += moves;
            // Those of values that the loop does not change are hoisted.
            let is_computed = |value| self.by_value.get(value).is_some_and(|&at| !self.is_hoisted(at));
            if lanes.iter().any(|value| is_computed(value) || self.arguments.contains(value)) {
                plan.moves += moves;
            }
        }
    }

    /// The vector that an item is a lane of: its first item.
    fn vector_of(&self, at: usize, plan: &Plan) -> Option<usize> {
        plan.packed.get(&at).or(self.packed.get(&at)).copied()
    }

    /// Whether each operand that the lanes of a bundle share stands at the same place, left or right, in all lanes. LLVM merges the shuffles
    /// of vectors only then. Its pass `Reassociate` puts the operand first that is computed first, so that the place of a shared operand
    /// may differ in the first copy of a body.
    pub fn keeps_order(&self, plan: &Plan) -> bool {
        let ranks = self.ranks();
        let rank = |value: ValueId| self.by_value.get(&value).map_or(0, |&at| ranks[at]);
        let ordered = |at: usize| {
            let (left, right) = (self.operand(at, 0), self.operand(at, 1));
            let is_swapped = rank(right) < rank(left) && !is_constant(self.tree, right);
            if is_swapped { (right, left) } else { (left, right) }
        };
        let commutes = |bundle: &&Vec<usize>| {
            let operation = self.items[bundle[0]].operation;
            let is_work = !self.items[bundle[0]].role.is_access();
            is_work && self.tree.operation(operation).operands.len() == 2 && commutes(self.tree, operation)
        };
        plan.bundles.iter().filter(commutes).all(|bundle| {
            let first = ordered(bundle[0]);
            let is_crossed = |own: (ValueId, ValueId)| own.0 != own.1 && (own.0 == first.1 || own.1 == first.0);
            !bundle.iter().any(|&at| is_crossed(ordered(at)))
        })
    }

    /// The order in which LLVM sorts operands: accesses by their place in the block, other items after the last of their operands.
    fn ranks(&self) -> Vec<usize> {
        let (mut ranks, mut accesses) = (Vec::with_capacity(self.items.len()), 0);
        for (at, item) in self.items.iter().enumerate() {
            ranks.push(if item.role.is_access() {
                accesses += 1;
                accesses
            } else {
                let operands = 0..self.tree.operation(item.operation).operands.len();
                let items = operands.filter_map(|index| self.by_value.get(&self.operand(at, index)));
                1 + items.map(|&operand| ranks[operand]).max().unwrap_or(0)
            });
        }
        ranks
    }

    /// Adds one vector operation in place of these scalar ones.
    pub fn vector(&self, items: &[usize], bits: f64, plan: &mut Plan) {
        let lanes = items.len() as f64;
        let saved = 1.0 - (lanes * bits / REGISTER_BITS).ceil() / lanes;
        for &at in items {
            if !matches!(self.items[at].role, Role::Work { is_fused: true, .. }) {
                plan.saved.push((at, saved));
            }
        }
        plan.packed.extend(items.iter().map(|&at| (at, items[0])));
        plan.bundles.push(items.to_vec());
    }

    /// Whether items can be one vector operation.
    fn may_pack(&self, items: &[usize], plan: &Plan, depth: u32) -> bool {
        let first = items[0];
        let node = |at: usize| self.tree.operation(self.items[at].operation);
        let is_alike = |&at: &usize| {
            let (own, other) = (node(at), node(first));
            own.name == other.name
                && self.levels[at] == self.levels[first]
                && self.items[at].bits == self.items[first].bits
                && own.operands.len() == other.operands.len()
        };
        let same_attributes = |&at: &usize| same_attributes(node(at), node(first));
        let mut distinct: Vec<usize> = items.to_vec();
        distinct.sort_unstable();
        distinct.dedup();
        depth <= DEEPEST
            && self.items[first].bits.is_some()
            && distinct.len() == items.len()
            && items.iter().all(|&at| self.vector_of(at, plan).is_none())
            && items.iter().all(is_alike)
            && if self.is_load(first) {
                self.is_run(items) && self.may_move(&distinct)
            } else {
                items.iter().all(same_attributes)
            }
    }

    /// Whether loads read adjacent elements, in any order.
    fn is_run(&self, items: &[usize]) -> bool {
        if items.iter().any(|at| self.reused.contains(at)) {
            return false;
        }
        let places: Option<Vec<&Place>> = items.iter().map(|&at| self.place(at)).collect();
        let Some(mut places) = places else { return false };
        places.sort();
        places.windows(2).all(|pair| pair[0].distance_to(pair[1]) == Some(1))
    }

    /// Whether accesses can be moved together: no other access between them may touch their elements, if one of both
    /// is a store.
    pub fn may_move(&self, items: &[usize]) -> bool {
        let (Some(&low), Some(&high)) = (items.iter().min(), items.iter().max()) else { return false };
        let (Role::Load { buffer, .. } | Role::Store { buffer, .. }) = self.items[low].role else { return true };
        let is_load = self.is_load(low);
        let all = &self.accesses[&buffer];
        let between = &all[all.partition_point(|&at| at < low)..all.partition_point(|&at| at <= high)];
        // Loads are moved up to the first, stores down to the last.
        let touches = |at: &&usize| {
            let crosses = |own: &&usize| if is_load { **own > **at } else { **own < **at };
            let is_apart = |own: &usize| match (self.place(**at), self.place(*own)) {
                (Some(other), Some(own)) => own.is_apart(other),
                _ => false,
            };
            let is_harmless = is_load && self.is_load(**at);
            !is_harmless && !items.contains(at) && !items.iter().filter(crosses).all(is_apart)
        };
        between.len() <= MOST_CROSSED && !between.iter().any(|at| touches(&at))
    }

    /// How well one value goes into the lane after another.
    fn score(&self, before: ValueId, after: ValueId) -> u32 {
        if before == after {
            return 2;
        }
        match (self.by_value.get(&before), self.by_value.get(&after)) {
            (Some(&a), Some(&b)) if self.is_load(a) && self.is_load(b) => {
                let distance = self.place(a).zip(self.place(b)).and_then(|(a, b)| a.distance_to(b));
                if distance == Some(1) { 4 } else { 1 }
            }
            (Some(&a), Some(&b)) => {
                let name = |at: usize| self.tree.operation(self.items[at].operation).name;
                if name(a) == name(b) { 3 } else { 0 }
            }
            (None, None) => 1,
            _ => 0,
        }
    }
}
