//! One execution of a control flow, with the shortcuts for loops.

use std::collections::BTreeMap;

use super::arithmetic::{compare, compute, signed, truncate};
use super::flow::{Comparison, ControlFlow, Exit, Operand};
use super::loops::{Counter, Loops};

/// Most cached loop executions; bounds memory, not the counts.
const MOST_REMEMBERED: usize = 100_000;

/// Edges taken, by block and index of the successor.
pub(super) type Edges = BTreeMap<(usize, usize), u64>;

/// The result of executing a loop until control leaves it, or the whole function.
#[derive(Clone)]
struct Passage {
    edges: Edges,
    /// The exit edge: block and index of the successor; `None` if the function ended.
    left_by: Option<(usize, usize)>,
    /// Values of the loop that are read outside it, in the order of [`Loops::leaves`].
    values: Vec<Option<u64>>,
    data_dependent: bool,
}

/// One execution.
pub(super) struct Run<'f> {
    flow: &'f ControlFlow,
    loops: &'f Loops,
    /// Index of the successor that a branch on data takes, 0 or 1.
    side: usize,
    fuel: u64,
    values: Vec<Option<u64>>,
    remembered: BTreeMap<(usize, Vec<Option<u64>>), Passage>,
}

impl<'f> Run<'f> {
    pub(super) fn new(flow: &'f ControlFlow, loops: &'f Loops, side: usize, fuel: u64) -> Self {
        Self { flow, loops, side, fuel, values: vec![None; flow.values], remembered: BTreeMap::new() }
    }

    /// Executes the function: edge counts, and whether any branch depended on data; `None` if the fuel runs out.
    pub(super) fn whole(mut self) -> Option<(Edges, bool)> {
        if self.flow.blocks.is_empty() {
            return Some((Edges::new(), false));
        }
        let passage = self.region(None, 0)?;
        Some((passage.edges, passage.data_dependent))
    }

    /// Executes from `start` until control leaves the loop of `header` or the function ends.
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
            // The edge that leaves a loop is counted by the surrounding loop.
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

    /// After the first iteration of a counted loop: advances the counters to the last iteration, and adds the edges of
    /// the iterations between.
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

    /// Iterations between the first, which was executed, and the last; `None` if they are unknown.
    fn iterations_between(&self, counter: &Counter) -> Option<u64> {
        let (compared, phi, width) = counter.compared;
        let bound = self.get(counter.bound)?;
        let &(_, step, negative) = counter.steps.iter().find(|step| step.0 == phi)?;
        let step = self.get(step)?;
        // The header's phis already have the values of the second iteration.
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
            // The counter must hit the bound exactly to end the loop.
            if distance % growth != 0 {
                return None;
            }
            distance / growth
        } else {
            // The comparison changes once before the counter wraps around: find the iteration by bisection.
            const MOST: u64 = 1 << 40;
            let furthest = (1..=40).map(|bits| 1_u64 << bits).find(|&iterations| !goes_on(iterations))?;
            let (mut before, mut after) = (0, furthest.min(MOST));
            while after - before > 1 {
                let middle = before + (after - before) / 2;
                if goes_on(middle) { before = middle } else { after = middle }
            }
            after
        };
        // The loop continues up to the last skipped iteration and ends at the next.
        (last >= 1 && goes_on(last - 1) && !goes_on(last)).then_some(last - 1)
    }

    /// Executes a loop whose header's phis are set, or takes its result from the cache.
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

    /// Assigns the phis of a block, in parallel, for the edge from `from`.
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

    /// Computes a block's values; the index of the successor taken, and whether it was known without data.
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
