//! Collects the machine work of a function as an optimising compiler leaves it, by loop.
//!
//! A [`LoopBody`] is the function's body or one loop (structured operations are one loop for each iterator) with the
//! machine work of one iteration by [`WorkKind`](super::table::WorkKind), and what decides whether a vectoriser takes it: loop-carried values,
//! strides, dependences. Control flow between blocks that makes no loop is not followed.

mod body;
mod counts;
mod live;
mod memory;
mod vectorize;
mod waits;

use std::collections::{BTreeMap, BTreeSet};

use ir::tree::{OpId, ValueId};

pub(super) use self::body::LoopBody;
pub(super) use self::counts::fill_counts;
use self::live::LiveRanges;
pub(super) use self::vectorize::fill_features;
use super::walk::access::Access;
use super::walk::chain::Chain;
use super::walk::packing::Finding;
use super::walk::reduction::Reduction;
use super::walk::registers::RegisterValue;
use super::walk::{Collect, Loop, Placement, WholeLoop, Work};

/// The collector.
pub(super) struct LoopWork {
    bodies: Vec<LoopBody>,
    accesses: Vec<Access>,
    /// Share of the cost of accesses that packing saves.
    packed: BTreeMap<OpId, f64>,
    /// Loop-invariant values, by the loop that uses them.
    invariants: Vec<(usize, ValueId)>,
    /// Values in registers.
    live: LiveRanges,
}

impl LoopWork {
    pub fn new() -> Self {
        Self {
            bodies: vec![LoopBody::new(0, 1.0, 1.0)],
            accesses: Vec::new(),
            packed: BTreeMap::new(),
            invariants: Vec::new(),
            live: LiveRanges::new(),
        }
    }

    /// The loops, once the walk is done: the function's body first, outer before inner.
    pub fn finish(mut self) -> Vec<LoopBody> {
        memory::place_accesses(&mut self.bodies, &self.accesses, &self.packed);
        for index in 1..self.bodies.len() {
            // Another loop beside it may touch what it keeps.
            if self.bodies[self.bodies[index].parent].inner > 1 {
                self.bodies[index].kept = Default::default();
            }
        }
        let invariants: BTreeSet<(usize, ValueId)> = self.invariants.into_iter().collect();
        invariants.iter().for_each(|(index, _)| self.bodies[*index].invariants += 1.0);
        let addresses = live::addresses(&self.bodies, &self.accesses);
        let registers = self.live.registers(&self.bodies, &addresses);
        self.bodies.iter_mut().zip(registers).for_each(|(body, registers)| body.registers = registers);
        self.bodies
    }
}

impl Collect for LoopWork {
    fn optimised_loop(&mut self, new: &Loop) {
        self.bodies[new.parent].inner += 1;
        self.live.open(new.parent);
        self.bodies.push(new.into());
    }

    fn work(&mut self, work: &Work) {
        let body = &mut self.bodies[work.loop_index];
        body.add(work.kind, work.cost, work.weight);
        body.add_width(work.kind, work.cost, work.weight, work.bits);
    }

    fn access(&mut self, access: &Access) {
        self.accesses.push(*access);
    }

    fn packed(&mut self, placement: Placement, finding: Finding) {
        match finding {
            Finding::Work(kind, saved) => {
                self.bodies[placement.loop_index].saved[kind as usize] += placement.weight * saved;
            }
            Finding::Forwarded(chain) => {
                let body = &mut self.bodies[placement.loop_index];
                body.chain = body.chain.longer(chain);
            }
            Finding::Kept { elements, varies_in, chain } => {
                let mut outermost = placement.loop_index;
                while self.bodies[outermost].parent > varies_in {
                    outermost = self.bodies[outermost].parent;
                }
                let entries = self.bodies[outermost].entries / self.bodies[placement.loop_index].entries.max(1.0);
                self.bodies[placement.loop_index].kept = (elements * (1.0 - entries), chain);
            }
            Finding::Reused => self.bodies[placement.loop_index].reused += placement.weight,
            Finding::Unvectorisable => self.bodies[placement.loop_index].has_conflict = true,
            Finding::Copies(copies) => self.bodies[placement.loop_index].copies = copies as f64,
            Finding::Access(operation, saved) => {
                self.packed.insert(operation, saved);
            }
        }
    }

    fn explicit_vector(&mut self, loop_index: usize) {
        self.bodies[loop_index].has_vectors = true;
    }

    fn lane_steps(&mut self, loop_index: usize, steps: f64) {
        self.bodies[loop_index].lane_steps += steps;
    }

    fn ready(&mut self, loop_index: usize, cycles: f64) {
        let body = &mut self.bodies[loop_index];
        body.path = body.path.max(cycles);
    }

    fn carried(&mut self, loop_index: usize, how: Reduction, chain: Chain) {
        let body = &mut self.bodies[loop_index];
        body.carried[how as usize] += 1.0;
        body.chain = body.chain.longer(chain);
    }

    fn carried_in_memory(&mut self, access: &Access, how: Reduction, chain: Chain) {
        let body = &mut self.bodies[access.loop_index];
        body.carried[how as usize] += 1.0;
        body.chain = body.chain.longer(chain);
    }

    fn invariant(&mut self, loop_index: usize, value: ValueId) {
        self.invariants.push((loop_index, value));
    }

    fn step(&mut self, loop_index: usize) {
        self.live.step(loop_index);
    }

    fn writes(&mut self, own: &RegisterValue, at: usize) {
        self.live.writes(own, at);
    }

    fn reads(&mut self, value: ValueId, at: usize) {
        self.live.reads(value, at);
    }

    fn reads_at_end(&mut self, value: ValueId, loop_index: usize) {
        self.live.reads_at_end(value, loop_index);
    }

    fn whole_tensors(&mut self, own: &WholeLoop) {
        let body = &mut self.bodies[own.loop_index];
        (body.narrowest, body.widest) = (own.narrowest, own.widest);
        body.has_sub_byte |= own.is_sub_byte;
        body.has_pattern |= own.is_pattern;
        body.contiguous = own.contiguous;
        if let Some(how) = own.carried {
            body.carried[how as usize] += 1.0;
        }
    }
}

#[cfg(test)]
mod tests;
