//! The shortcut for long rectangular nests: the first iterations of the outermost loop, and their rate for the others.
//!
//! It applies to a function that is one nest, in which no bound, branch or computed value depends on the outermost variable, so
//! that every iteration makes the accesses of the first one, shifted by a constant for each access. The accesses to one memory must
//! shift alike, and by so much that what they share lies within the executed iterations. Then the rate is steady as soon as the
//! caches are full; two parts of the executed iterations must agree on it.

use std::collections::BTreeMap;

use crate::expression::{Linear, Slot};
use crate::hierarchy::Hierarchy;
use crate::program::{Loop, Node, Program, Reference};
use crate::simulator::{Counters, Simulator};
use crate::walk::{Stop, Walk};

/// Largest difference between two parts of the window, as a share.
const AGREE: f64 = 0.01;
/// Differences of this many lines do not matter.
const FLOOR: u64 = 16;
/// Iterations after which the alignment of elements to lines repeats, for elements of 4 bytes.
const PERIOD: i64 = 16;
/// Moments that are kept at most.
const MOMENTS: usize = 128;
/// Sites at most: each moment has the counts of all.
const MOST_SITES: usize = 1 << 12;

/// What the walk counts, at one moment.
#[derive(Debug, Clone)]
struct Moment {
    counters: Counters,
    executions: Vec<u64>,
}

/// A window and how to extend it.
pub(crate) struct Window {
    /// Counts of the executed iterations.
    pub counters: Counters,
    pub executions: Vec<u64>,
    /// Counts at the start of the part whose rate holds.
    pub start: Counters,
    pub start_executions: Vec<u64>,
    /// Iterations that are left, over those of the part.
    pub factor: f64,
    /// Touches of the walk.
    pub touches: u64,
}

/// The outermost loop, if the function is one nest whose iterations are alike.
fn nest(program: &Program) -> Option<&Loop> {
    let [Node::Loop(outer)] = program.body.as_slice() else { return None };
    (!depends(&outer.body, outer.slot) && outer.lower.len() == 1 && outer.upper.len() == 1).then_some(outer)
}

/// Whether a bound, a branch or a computed value depends on a slot.
fn depends(nodes: &[Node], slot: Slot) -> bool {
    let on = |linear: &Linear| linear.coefficient(slot) != 0;
    nodes.iter().any(|node| match node {
        Node::Loop(inner) => inner.lower.iter().chain(&inner.upper).any(on) || depends(&inner.body, slot),
        Node::Touch(reference) => reference.clamp.as_ref().is_some_and(|c| on(&c.index)),
        Node::Let(_, expression) => {
            let mut all = Vec::new();
            expression.slots(&mut all);
            all.contains(&slot)
        }
        Node::If(_) => true,
    })
}

/// Every access, those kept in registers too.
fn references<'p>(nodes: &'p [Node], all: &mut Vec<&'p Reference>) {
    for node in nodes {
        match node {
            Node::Loop(inner) => {
                all.extend(inner.before.iter().chain(&inner.after));
                references(&inner.body, all);
            }
            Node::Touch(reference) => all.push(reference),
            Node::Let(..) => {}
            Node::If(condition) => {
                references(&condition.then, all);
                references(&condition.otherwise, all);
            }
        }
    }
}

/// Iterations between two accesses to what one memory shares, at most; `None` if accesses to one memory shift differently.
fn reach(outer: &Loop) -> Option<i64> {
    let mut all = Vec::new();
    references(&outer.body, &mut all);
    let mut buffers: BTreeMap<u32, (i64, i64, i64)> = BTreeMap::new();
    for reference in all {
        let shift = reference.address.coefficient(outer.slot).checked_mul(outer.step)?;
        let at = reference.address.constant;
        let known = buffers.entry(reference.buffer).or_insert((shift, at, at));
        if known.0 != shift {
            return None;
        }
        (known.1, known.2) = (known.1.min(at), known.2.max(at));
    }
    let distance = |&(shift, low, high): &(i64, i64, i64)| match shift {
        0 => Some(0),
        _ => i64::try_from(high.checked_sub(low)?.unsigned_abs() / shift.unsigned_abs() + 1).ok(),
    };
    buffers.values().map(distance).try_fold(0, |most: i64, one| Some(most.max(one?)))
}

/// Executes a window of at most `limit` touches; `None` where the shortcut does not apply or is not steady.
pub(crate) fn window(program: &Program, hierarchy: &Hierarchy, simulator: Simulator, limit: u64) -> Option<Window> {
    let outer = nest(program).filter(|_| program.sites.len() <= MOST_SITES)?;
    let reach = reach(outer)?;
    let mut walk = Walk::new(program, simulator, hierarchy.levels[0].ways, limit);
    let (lower, trips) = walk.range(outer);
    let mut moments: Vec<Moment> = Vec::new();
    let mut done = 0;
    let mut every = 1;
    while done < trips {
        walk.set(outer.slot, lower.checked_add(done.checked_mul(outer.step)?)?);
        match walk.nodes(&outer.body) {
            Ok(()) => done += 1,
            Err(Stop::Limit) => break,
            Err(_) => return None,
        }
        if done % every == 0 {
            moments.push(Moment { counters: walk.simulator.counters().clone(), executions: walk.executions.clone() });
        }
        if moments.len() == MOMENTS {
            // Keep every second moment.
            every *= 2;
            moments = moments.into_iter().skip(1).step_by(2).collect();
        }
    }
    let quarter = (moments.len() as i64 / 4) * every;
    let quarter = if quarter >= PERIOD { quarter - quarter % PERIOD.max(every) } else { quarter };
    if quarter < 4 || quarter % every != 0 || quarter <= reach {
        return None;
    }
    let at = |iterations: i64| moments.get((iterations / every - 1) as usize);
    let last = moments.len() as i64 * every;
    let (first, middle, end) = (at(last - 2 * quarter)?, at(last - quarter)?, at(last)?);
    if !is_steady(program, hierarchy, [&first.counters, &middle.counters, &end.counters]) {
        return None;
    }
    Some(Window {
        counters: end.counters.clone(),
        executions: end.executions.clone(),
        start: first.counters.clone(),
        start_executions: first.executions.clone(),
        factor: (trips - last) as f64 / (2 * quarter) as f64,
        touches: walk.touches,
    })
}

/// Whether every level is full or can hold everything, and two parts have the same rates.
fn is_steady(program: &Program, hierarchy: &Hierarchy, [first, middle, end]: [&Counters; 3]) -> bool {
    let agree = |a: u64, b: u64| a.abs_diff(b) <= FLOOR.max((AGREE * a.max(b) as f64) as u64);
    hierarchy.levels.iter().enumerate().all(|(level, cache)| {
        let rates = |from: &Counters, to: &Counters| {
            (to.misses(level) - from.misses(level), to.write_backs()[level] - from.write_backs()[level])
        };
        let (a, b) = (rates(first, middle), rates(middle, end));
        let is_full = end.misses(level) >= 2 * cache.lines() || program.lines() <= cache.lines();
        is_full && agree(a.0, b.0) && agree(a.1, b.1)
    })
}
