//! How many elements the element-wise part of a statement works on, each time it runs.
//!
//! A statement is one function per point, as the body of `linalg.generic` is one, however many operations it has.
//! Its points are counted by what leaves it, so that copies made by unrolling and lanes made by vectorising count
//! as the iterations they replace:
//!
//! - a value that is stored counts one point per lane;
//! - a value that takes in what was there before (a sum kept in memory that a loop around does not move, or carried
//!   to the next iteration) counts one point per lane and link of the chain, so `s + a + b` takes in two;
//! - points of one memory (or of one carried value) add up; of several memories and carried values, which one
//!   function makes at once, the most count.
//!
//! A statement of which only branches or inner loops use results has one point per lane.

use std::collections::{BTreeMap, BTreeSet};

use crate::tree::{OpId, Tree, ValueId};

use super::classify::{Class, class};
use super::contraction::through;
use super::nest::{Enclosing, access, converts, variables};
use super::shape::elements;

/// Links of a chain by the operation's name.
type Chain<'a> = BTreeMap<&'a str, u64>;

/// A place in memory: the memory, its indices and their map as written.
type Location = (ValueId, Vec<ValueId>, Option<String>);

/// What takes the points in.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
enum Sink {
    Memory(ValueId),
    Carried(usize),
}

/// Points of the operations `left` of the statement `run` inside `loops`.
pub(super) fn of(tree: &Tree, run: &[OpId], loops: &[Enclosing], left: &BTreeSet<OpId>) -> u64 {
    let chains = chains(tree, run, loops, left);
    let body = loops.last().and_then(|l| tree.entry(l.op, 0));
    let mut producers: BTreeMap<ValueId, OpId> = BTreeMap::new();
    for &op in run {
        let operation = tree.operation(op);
        for (at, &result) in operation.results.iter().enumerate() {
            if left.contains(&op) {
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
        let name = tree.name(*producers.get(&value)?);
        let links = chains.get(&value).and_then(|c| c.get(name)).copied().unwrap_or(1).max(1);
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
        } else if class(tree, op) == Class::Terminator && Some(tree.operation(op).block) == body {
            for (at, &value) in operands.iter().enumerate() {
                points(value).into_iter().for_each(|n| add(Sink::Carried(at), n));
            }
        }
    }
    let lanes = |op: &OpId| {
        let operation = tree.operation(*op);
        operation.results.iter().chain(&operation.operands).filter_map(|&v| elements(tree, v)).max()
    };
    sinks.into_values().max().unwrap_or_else(|| left.iter().filter_map(lanes).max().unwrap_or(1))
}

/// What the regions of a branch hand on.
fn yields(tree: &Tree, op: OpId) -> impl Iterator<Item = &[ValueId]> {
    tree.operation(op).regions.iter().flat_map(|&region| &tree.region(region).blocks).filter_map(|&block| {
        let last = *tree.block(block).operations.last()?;
        (class(tree, last) == Class::Terminator).then(|| tree.operation(last).operands.as_slice())
    })
}

/// For every value that hangs on a value of the iteration before: the longest chain of each operation in between.
fn chains<'a>(
    tree: &'a Tree,
    run: &[OpId],
    loops: &[Enclosing],
    left: &BTreeSet<OpId>,
) -> BTreeMap<ValueId, Chain<'a>> {
    let mut chains: BTreeMap<ValueId, Chain<'a>> = BTreeMap::new();
    if let Some(inner) = loops.last()
        && let Some(body) = tree.entry(inner.op, 0)
    {
        let carried = tree.block(body).arguments.iter().filter(|a| !inner.variables.contains(a));
        chains.extend(carried.map(|&a| (a, Chain::new())));
    }
    let around: BTreeSet<ValueId> = loops.iter().flat_map(|l| l.variables.iter().copied()).collect();
    let location = |op: OpId, store: bool| -> Option<Location> {
        let access = access(tree, op, store)?;
        let moved: BTreeSet<ValueId> = variables(tree, &access).into_iter().flatten().collect();
        // A place that every loop moves is not summed up in.
        around
            .iter()
            .any(|v| !moved.contains(v))
            .then(|| (access.memory, access.indices, tree.attribute(op, "map").map(|map| format!("{map:?}"))))
    };
    let stored: BTreeSet<Location> = run.iter().filter_map(|&op| location(op, true)).collect();
    for &op in run {
        let operation = tree.operation(op);
        if location(op, false).is_some_and(|l| stored.contains(&l)) {
            chains.extend(operation.results.iter().map(|&r| (r, Chain::new())));
            continue;
        }
        let mut longest: Option<Chain<'a>> = None;
        for chain in operation.operands.iter().chain(yields(tree, op).flatten()).filter_map(|v| chains.get(v)) {
            let all = longest.get_or_insert_with(Chain::new);
            for (&name, &links) in chain {
                let most = all.entry(name).or_default();
                *most = links.max(*most);
            }
        }
        if let Some(mut chain) = longest {
            if left.contains(&op) && !converts(tree, op) {
                *chain.entry(tree.name(op)).or_default() += 1;
            }
            chains.extend(operation.results.iter().map(|&r| (r, chain.clone())));
        }
    }
    chains
}
