//! How many elements the element-wise part of a statement works on, each time it runs.
//!
//! A statement is one function per point, as the body of `linalg.generic` is one, however many operations it has.
//! Points are counted by the results of the statement, so that unrolled copies and vector lanes count as the iterations
//! they replace:
//!
//! - a value that is stored counts one point per lane;
//! - a value accumulated over iterations (a sum in memory at an address that does not depend on a loop around it, or a
//!   loop-carried sum) counts one point per lane and link of the chain, so `s + a + b` counts two;
//! - points of one memref (or of one carried value) add up; of several memrefs and carried values the maximum counts.
//!
//! A statement whose results are used by branches or inner loops only has one point per lane.

use std::collections::{BTreeMap, BTreeSet};

use smallvec::SmallVec;

use crate::registry::facts::StepClass;
use crate::tree::{NameId, OpId, Tree, ValueId};

use super::access::{Access, Enclosing, access, all_variables, converts};
use super::classify::class;
use super::contraction::through;
use super::set::Set;
use super::shape::elements;

/// Links of a chain by the operation's name.
#[derive(Clone, Default)]
struct Chain(SmallVec<[(NameId, u64); 4]>);

impl Chain {
    fn links(&self, name: NameId) -> u64 {
        self.0.iter().find(|(known, _)| *known == name).map_or(0, |(_, links)| *links)
    }

    fn set(&mut self, name: NameId, links: u64) {
        match self.0.iter_mut().find(|(known, _)| *known == name) {
            Some((_, known)) => *known = links,
            None => self.0.push((name, links)),
        }
    }
}

/// Where the results of a statement go.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
enum Sink {
    Memory(ValueId),
    Carried(usize),
}

/// Points of the operations `left` of the statement `run` inside `loops`.
pub(super) fn of(tree: &Tree, run: &[OpId], loops: &[Enclosing], left: &Set<OpId>) -> u64 {
    let chains = chains(tree, run, loops, left);
    let body = loops.last().and_then(|l| tree.entry(l.op, 0));
    let mut producers: BTreeMap<ValueId, OpId> = BTreeMap::new();
    for &op in run {
        let operation = tree.operation(op);
        for (at, &result) in operation.results.iter().enumerate() {
            if left.contains(op) {
                producers.insert(result, op);
            } else if let Some(&by) =
                yields(tree, op).filter_map(|y| y.get(at)).find_map(|&v| producers.get(&through(tree, v)))
            {
                producers.insert(result, by);
            }
        }
    }
    let points = |value: ValueId| {
        let value = through(tree, value);
        let name = tree.operation(*producers.get(&value)?).name;
        let links = chains.get(&value).map_or(1, |chain| chain.links(name).max(1));
        Some(links.saturating_mul(elements(tree, value).unwrap_or(1)))
    };
    let mut sinks: BTreeMap<Sink, u64> = BTreeMap::new();
    let mut add = |sink: Sink, points: u64| {
        let all = sinks.entry(sink).or_default();
        *all = all.saturating_add(points);
    };
    for &op in run {
        let operands = &tree.operation(op).operands;
        if let Some(store) = access(tree, op, true) {
            operands.first().and_then(|&v| points(v)).into_iter().for_each(|n| add(Sink::Memory(store.memory), n));
        } else if class(tree, op) == StepClass::Terminator && Some(tree.operation(op).block) == body {
            for (at, &value) in operands.iter().enumerate() {
                points(value).into_iter().for_each(|n| add(Sink::Carried(at), n));
            }
        }
    }
    let lanes = |op: OpId| {
        let operation = tree.operation(op);
        operation.results.iter().chain(&operation.operands).filter_map(|&v| elements(tree, v)).max()
    };
    sinks.into_values().max().unwrap_or_else(|| left.iter().filter_map(lanes).max().unwrap_or(1))
}

/// Operands of the terminators of a branch's regions.
fn yields(tree: &Tree, op: OpId) -> impl Iterator<Item = &[ValueId]> {
    tree.operation(op).regions.iter().flat_map(|&region| &tree.region(region).blocks).filter_map(|&block| {
        let last = *tree.block(block).operations.last()?;
        (class(tree, last) == StepClass::Terminator).then(|| tree.operation(last).operands.as_slice())
    })
}

/// For each value that depends on a value of the previous iteration: the longest chain of each operation in between.
fn chains(tree: &Tree, run: &[OpId], loops: &[Enclosing], left: &Set<OpId>) -> BTreeMap<ValueId, Chain> {
    let mut chains: BTreeMap<ValueId, Chain> = BTreeMap::new();
    if let Some(inner) = loops.last()
        && let Some(body) = tree.entry(inner.op, 0)
    {
        let carried = tree.block(body).arguments.iter().filter(|a| !inner.variables.contains(a));
        chains.extend(carried.map(|&a| (a, Chain::default())));
    }
    // An address that depends on every loop holds no sum.
    let around: Set<ValueId> = loops.iter().flat_map(|l| l.variables.iter().copied()).collect();
    let summed_in = |access: &Access<'_>| !around.is_subset(&all_variables(tree, *access));
    let stored: BTreeSet<Access<'_>> = run.iter().filter_map(|&op| access(tree, op, true)).filter(summed_in).collect();
    for &op in run {
        let operation = tree.operation(op);
        if !stored.is_empty() && access(tree, op, false).is_some_and(|read| stored.contains(&read)) {
            chains.extend(operation.results.iter().map(|&r| (r, Chain::default())));
            continue;
        }
        let mut longest: Option<Chain> = None;
        for chain in operation.operands.iter().chain(yields(tree, op).flatten()).filter_map(|v| chains.get(v)) {
            let all = longest.get_or_insert_with(Chain::default);
            for &(name, links) in &chain.0 {
                all.set(name, links.max(all.links(name)));
            }
        }
        if let Some(mut chain) = longest {
            if left.contains(op) && !converts(tree, op) {
                chain.set(operation.name, chain.links(operation.name) + 1);
            }
            chains.extend(operation.results.iter().map(|&r| (r, chain.clone())));
        }
    }
    chains
}
