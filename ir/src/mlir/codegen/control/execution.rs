//! One execution of a control flow, loop by loop.

use std::collections::BTreeMap;

use super::arithmetic::{compare, compute, signed, truncate};
use super::loops::{Counter, Loops};
use super::{Comparison, ControlFlow, Edges, Exit, Operand};

/// Most entries into loops whose course is remembered; bounds memory, not the counts.
const MOST_REMEMBERED: usize = 100_000;

/// What is known of a loop or the function once control has left it.
#[derive(Clone)]
struct Passage {
    edges: Edges,
    /// The edge by which control left: block and index of the successor; `None` where the function ended.
    left_by: Option<(usize, usize)>,
    /// Values defined inside that are read outside.
    values: Vec<Option<u64>>,
    data_dependent: bool,
}

/// One execution.
pub(super) struct Run<'f> {
    flow: &'f ControlFlow,
    loops: &'f Loops,
    /// Which successor a branch on data takes.
    side: usize,
    fuel: u64,
    values: Vec<Option<u64>>,
    remembered: BTreeMap<(usize, Vec<Option<u64>>), Passage>,
}

impl<'f> Run<'f> {
    pub(super) fn new(flow: &'f ControlFlow, loops: &'f Loops, side: usize, fuel: u64) -> Self {
        Self { flow, loops, side, fuel, values: vec![None; flow.values], remembered: BTreeMap::new() }
    }

    /// The whole function: edges taken and whether any branch depended on data.
    pub(super) fn whole(mut self) -> Option<(Edges, bool)> {
        if self.flow.blocks.is_empty() {
            return Some((Edges::new(), false));
        }
        let passage = self.region(None, 0)?;
        Some((passage.edges, passage.data_dependent))
    }

    /// Runs from `start` until control leaves the loop of `header` or the function ends.
    fn region(&mut self, header: Option<usize>, start: usize) -> Option<Passage> {
        let mut passage = Passage { edges: Edges::new(), left_by: None, values: Vec::new(), data_dependent: false };
        let mut block = start;
        let mut counter = header.and_then(|header| self.loops.counters.get(&header));
        loop {
            let left_by = if self.loops.entered(header, block) {
                let inner = self.inner(block)?;
                for (&edge, &count) in &inner.edges {
                    let sum = passage.edges.entry(edge).or_insert(0);
                    *sum = sum.checked_add(count)?;
                }
                passage.data_dependent |= inner.data_dependent;
                inner.left_by
            } else {
                self.fuel = self.fuel.checked_sub(1)?;
                let (way, known) = self.execute(block);
                passage.data_dependent |= !known;
                way.map(|way| (block, way))
            };
            let Some((from, way)) = left_by else { break };
            let target = self.flow.blocks[from].exit.successors()[way];
            // A loop's own passage does not count the edge that leaves it; its surroundings do.
            if !self.loops.contains(header, target) {
                passage.left_by = Some((from, way));
                break;
            }
            *passage.edges.entry((from, way)).or_insert(0) += 1;
            self.enter(target, from);
            block = target;
            if Some(block) == header
                && let Some(counter) = counter.take()
            {
                self.skip(counter, &mut passage.edges)?;
            }
        }
        if let Some(header) = header {
            passage.values = self.loops.leaves[&header].iter().map(|&value| self.values[value]).collect();
        }
        Some(passage)
    }

    /// After the first iteration of a loop that merely counts: goes straight to the last one, counting what lies
    /// between as often as it would be taken.
    fn skip(&mut self, counter: &Counter, edges: &mut Edges) -> Option<()> {
        let Some(skipped) = self.iterations_between(counter) else { return Some(()) };
        for count in edges.values_mut() {
            *count = count.checked_mul(skipped.checked_add(1)?)?;
        }
        for &(phi, step, negative) in &counter.steps {
            let grown = self.get(step).map(|step| step.wrapping_mul(skipped));
            self.values[phi] = self.values[phi].zip(grown).map(|(value, grown)| {
                let sum = if negative { value.wrapping_sub(grown) } else { value.wrapping_add(grown) };
                truncate(sum, self.flow.widths[phi])
            });
        }
        Some(())
    }

    /// Iterations between the first, which was run, and the last; `None` if they cannot be told.
    fn iterations_between(&self, counter: &Counter) -> Option<u64> {
        let (compared, phi, width) = counter.compared;
        let bound = self.get(counter.bound)?;
        let &(_, step, negative) = counter.steps.iter().find(|step| step.0 == phi)?;
        let step = self.get(step)?;
        // The header's phis already stand for the second iteration.
        let now = self.values[compared]?;
        let first = match (compared == phi, negative) {
            (false, _) => now,
            (true, false) => now.wrapping_sub(step),
            (true, true) => now.wrapping_add(step),
        };
        let goes_on = |iterations: u64| {
            let grown = step.wrapping_mul(iterations);
            let value = if negative { first.wrapping_sub(grown) } else { first.wrapping_add(grown) };
            let value = truncate(value, width);
            let (left, right) = if counter.bound_first { (bound, value) } else { (value, bound) };
            compare(counter.comparison, left, right, width) == counter.on_true
        };
        let last = if matches!(counter.comparison, Comparison::Equal | Comparison::NotEqual) {
            let growth = truncate(if negative { step.wrapping_neg() } else { step }, width);
            let (distance, growth) = match signed(growth, width) {
                0 => return None,
                up if up > 0 => (truncate(bound.wrapping_sub(first), width), growth),
                _ => (truncate(first.wrapping_sub(bound), width), truncate(growth.wrapping_neg(), width)),
            };
            // Only a counter that meets its bound exactly ends by it.
            if distance % growth != 0 {
                return None;
            }
            distance / growth
        } else {
            // The comparison changes once before the counter wraps around: halve the range in which it does.
            const MOST: u64 = 1 << 40;
            let furthest = (1..=40).map(|bits| 1_u64 << bits).find(|&iterations| !goes_on(iterations))?;
            let (mut before, mut after) = (0, furthest.min(MOST));
            while after - before > 1 {
                let middle = before + (after - before) / 2;
                if goes_on(middle) { before = middle } else { after = middle }
            }
            after
        };
        // The first iteration went on, the one after the last skipped one ends the loop.
        (last >= 1 && goes_on(last - 1) && !goes_on(last)).then_some(last - 1)
    }

    /// Runs a loop whose header's phis are set, or recalls how it went.
    fn inner(&mut self, header: usize) -> Option<Passage> {
        let mut key: Vec<Option<u64>> =
            self.flow.blocks[header].phis.iter().map(|phi| self.values[phi.result]).collect();
        key.extend(self.loops.reads[&header].iter().map(|&value| self.values[value]));
        let key = (header, key);
        if let Some(passage) = self.remembered.get(&key).cloned() {
            self.fuel = self.fuel.checked_sub(1)?;
            for (&value, &content) in self.loops.leaves[&header].iter().zip(&passage.values) {
                self.values[value] = content;
            }
            return Some(passage);
        }
        let passage = self.region(Some(header), header)?;
        if self.remembered.len() < MOST_REMEMBERED {
            self.remembered.insert(key, passage.clone());
        }
        Some(passage)
    }

    /// Sets the phis of a block that is reached from another: all at once.
    fn enter(&mut self, block: usize, from: usize) {
        let phis = &self.flow.blocks[block].phis;
        let taken: Vec<Option<u64>> = phis
            .iter()
            .map(|phi| {
                let incoming = phi.incoming.iter().find(|incoming| incoming.0 == from);
                incoming.and_then(|&(_, operand)| self.get(operand))
            })
            .collect();
        for (phi, value) in phis.iter().zip(taken) {
            self.values[phi.result] = value;
        }
    }

    fn get(&self, operand: Operand) -> Option<u64> {
        match operand {
            Operand::Constant(bits) => Some(bits),
            Operand::Value(value) => self.values[value],
            Operand::Unknown => None,
        }
    }

    /// Computes a block's values; the index of the successor taken and whether it was known.
    fn execute(&mut self, block: usize) -> (Option<usize>, bool) {
        let content = &self.flow.blocks[block];
        for assignment in &content.operations {
            let operands: Vec<Option<u64>> = assignment.operands.iter().map(|&operand| self.get(operand)).collect();
            self.values[assignment.result] =
                compute(assignment.operation, &operands).map(|bits| truncate(bits, assignment.width));
        }
        match &content.exit {
            Exit::End => (None, true),
            Exit::Jump(_) => (Some(0), true),
            Exit::Branch(condition, _) => match self.get(*condition) {
                Some(condition) => (Some(usize::from(condition & 1 == 0)), true),
                None => (Some(self.side), false),
            },
            Exit::Switch(value, _, cases) => match self.get(*value) {
                Some(value) => {
                    let case = cases.iter().position(|case| case.0 == value);
                    (Some(case.map_or(0, |case| case + 1)), true)
                }
                None => (Some(self.side.min(cases.len())), false),
            },
        }
    }
}
