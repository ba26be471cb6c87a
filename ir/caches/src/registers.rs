//! The register rule: what a compiler keeps out of an innermost loop.
//!
//! An access whose address the innermost loop does not change is kept in a register: one load before the loop, one store after
//! it. It stays in the loop if a store of the loop that moves, or that a branch decides on, may write to the same memory. LLVM does
//! this by loop-invariant code motion and scalar promotion. Accesses inside branches stay where they are.

use std::collections::BTreeSet;

use crate::expression::{Linear, Slot};
use crate::program::{Loop, Node, Reference};

/// Applies the rule to every innermost loop.
pub(crate) fn keep(nodes: &mut [Node]) {
    for node in nodes {
        match node {
            Node::Loop(inner) if is_innermost(&inner.body) => innermost(inner),
            Node::Loop(inner) => keep(&mut inner.body),
            Node::If(condition) => {
                keep(&mut condition.then);
                keep(&mut condition.otherwise);
            }
            Node::Touch(_) | Node::Let(..) => {}
        }
    }
}

fn is_innermost(nodes: &[Node]) -> bool {
    nodes.iter().all(|node| match node {
        Node::Loop(_) => false,
        Node::If(condition) => is_innermost(&condition.then) && is_innermost(&condition.otherwise),
        Node::Touch(_) | Node::Let(..) => true,
    })
}

fn innermost(inner: &mut Loop) {
    let mut varying: BTreeSet<Slot> = BTreeSet::from([inner.slot]);
    computed(&inner.body, &mut varying);
    let stands = |address: &Linear| address.terms.iter().all(|(slot, _)| !varying.contains(slot));
    let fixed = |r: &Reference| stands(&r.address) && r.clamp.as_ref().is_none_or(|c| stands(&c.index));
    let mut moving = BTreeSet::new();
    stores(&inner.body, &fixed, false, &mut moving);
    let mut before = Vec::new();
    let mut after = Vec::new();
    inner.body.retain(|node| match node {
        Node::Touch(r) if fixed(r) && !moving.contains(&r.buffer) => {
            if r.store {
                after.push((**r).clone())
            } else {
                before.push((**r).clone())
            }
            false
        }
        _ => true,
    });
    (inner.before, inner.after) = (before, after);
}

/// Slots that the body computes.
fn computed(nodes: &[Node], all: &mut BTreeSet<Slot>) {
    for node in nodes {
        match node {
            Node::Let(slot, _) => {
                all.insert(*slot);
            }
            Node::If(condition) => {
                computed(&condition.then, all);
                computed(&condition.otherwise, all);
            }
            Node::Touch(_) | Node::Loop(_) => {}
        }
    }
}

/// Buffers that moving stores, and stores of branches, write to.
fn stores(nodes: &[Node], fixed: &impl Fn(&Reference) -> bool, in_branch: bool, all: &mut BTreeSet<u32>) {
    for node in nodes {
        match node {
            Node::Touch(r) if r.store && (in_branch || !fixed(r)) => {
                all.insert(r.buffer);
            }
            Node::If(condition) => {
                stores(&condition.then, fixed, true, all);
                stores(&condition.otherwise, fixed, true, all);
            }
            Node::Touch(_) | Node::Let(..) | Node::Loop(_) => {}
        }
    }
}
