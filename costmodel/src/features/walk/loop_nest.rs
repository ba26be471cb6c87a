//! The loops of the optimised function, and which of them write which buffer.

use std::collections::BTreeMap;

use ir::tree::{Dimension, ValueId};

use super::access::{Subscript, extent};
use super::evolution::Evolution;

/// The function's body (index 0) or one loop.
#[derive(Debug, Clone, Copy)]
pub struct Loop {
    /// Index of the loop around it; 0 for the function's body.
    pub parent: usize,
    /// Iterations per call of the function, over all entries.
    pub iterations: f64,
    /// Entries per call of the function.
    pub entries: f64,
    /// Iterations of its longest entry: the mean if all are alike, or if that is not known.
    pub longest: f64,
    /// Positions in the text of its first operation, and of the first operation after it.
    span: (usize, usize),
}

/// The loops, outer before inner.
#[derive(Debug)]
pub struct LoopNest {
    loops: Vec<Loop>,
    /// Positions of the stores to each buffer, ascending.
    stores: BTreeMap<ValueId, Vec<usize>>,
}

impl LoopNest {
    /// The nest of a function without loops. `operations` is the number of its operations.
    pub fn new(operations: usize) -> Self {
        let body = Loop { parent: 0, iterations: 1.0, entries: 1.0, longest: 1.0, span: (0, operations) };
        Self { loops: vec![body], stores: BTreeMap::new() }
    }

    /// A loop by its index.
    pub fn get(&self, index: usize) -> &Loop {
        &self.loops[index]
    }

    /// How many loops, the innermost of which is `index`, an access to an array goes through adjacent memory with: all but the outermost go
    /// through a whole dimension.
    pub fn contiguous(&self, shape: &[Dimension], subscripts: &[Subscript], mut index: usize) -> usize {
        let mut loops = 0;
        for (dimension, subscript) in shape.iter().zip(subscripts).rev().filter(|(d, _)| extent(d) != 1.0) {
            let own = &self.loops[index];
            if index == 0 || subscript.evolution != Evolution::induction(index, 1.0) {
                break;
            }
            loops += 1;
            if own.iterations != own.entries * extent(dimension) {
                break;
            }
            index = own.parent;
        }
        loops
    }

    /// Adds a loop over the operations at the positions of a span; its index. `longest` is the largest trip count if it is known.
    pub fn add(
        &mut self,
        parent: usize,
        iterations: f64,
        entries: f64,
        longest: Option<f64>,
        span: (usize, usize),
    ) -> usize {
        let longest = longest.unwrap_or(iterations / entries.max(1.0));
        self.loops.push(Loop { parent, iterations, entries, longest, span });
        self.loops.len() - 1
    }

    /// Records a store to a buffer. Positions have to be added in descending order.
    pub fn note_store(&mut self, buffer: ValueId, position: usize) {
        self.stores.entry(buffer).or_default().push(position);
    }

    /// Sorts the recorded stores. Call it once, after the last [`note_store`](Self::note_store).
    pub fn sort_stores(&mut self) {
        self.stores.values_mut().for_each(|positions| positions.reverse());
    }

    /// Whether a loop's body stores to a buffer.
    fn stores_to(&self, index: usize, buffer: ValueId) -> bool {
        let (from, to) = self.loops[index].span;
        self.stores.get(&buffer).is_some_and(|positions| {
            let next = positions.partition_point(|&position| position < from);
            positions.get(next).is_some_and(|&position| position < to)
        })
    }

    /// The loop with which the value of a load in loop `index` varies: the innermost that changes its address or stores
    /// to the buffer. `address` is the loop with which the address varies.
    pub fn varies_in(&self, mut index: usize, buffer: ValueId, address: usize) -> usize {
        while index > address && !self.stores_to(index, buffer) {
            index = self.loops[index].parent;
        }
        index
    }
}
