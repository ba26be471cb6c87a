//! Natural loops of a control flow: their live-in and live-out values, and which of them are counted loops.

use std::collections::BTreeMap;

use petgraph::algo::dominators::simple_fast;
use petgraph::graph::{DiGraph, NodeIndex};

use super::flow::{Assignment, Comparison, ControlFlow, Exit, Operand, Operation};

/// The natural loops of a function.
pub(super) struct Loops {
    /// For each block, the header of the innermost loop around it.
    innermost: Vec<Option<usize>>,
    /// For each loop by header, the header of the loop around it.
    parent: BTreeMap<usize, Option<usize>>,
    /// For each loop by header, its live-in values: defined outside and read inside, sorted.
    pub(super) reads: BTreeMap<usize, Vec<usize>>,
    /// For each loop by header, its live-out values: defined inside and read outside, sorted.
    pub(super) leaves: BTreeMap<usize, Vec<usize>>,
    /// Counted loops by header.
    pub(super) counters: BTreeMap<usize, Counter>,
}

/// A counted loop: each phi of its header changes by a constant amount per iteration, no branch but the one in the latch
/// depends on the phis, and that one compares such a value with a loop-invariant bound.
#[derive(Debug, Clone)]
pub(super) struct Counter {
    /// For each phi of the header, its step per iteration; subtracted if the flag is set.
    pub(super) steps: Vec<(usize, Operand, bool)>,
    /// The value that the latch compares, the phi with the same step, and its width in bits.
    pub(super) compared: (usize, usize, u32),
    /// The loop-invariant operand of the comparison.
    pub(super) bound: Operand,
    /// Whether the bound is the left operand.
    pub(super) bound_first: bool,
    /// The comparison.
    pub(super) comparison: Comparison,
    /// Whether the loop continues if the comparison is true.
    pub(super) on_true: bool,
}

impl Loops {
    /// No loops, so that every block is executed one by one.
    pub(super) fn none(flow: &ControlFlow) -> Self {
        Self {
            innermost: vec![None; flow.blocks.len()],
            parent: BTreeMap::new(),
            reads: BTreeMap::new(),
            leaves: BTreeMap::new(),
            counters: BTreeMap::new(),
        }
    }

    /// The natural loops of a function, and which of them are counted loops.
    pub(super) fn find(flow: &ControlFlow) -> Self {
        if flow.blocks.is_empty() {
            return Self::none(flow);
        }
        let count = flow.blocks.len();
        let mut predecessors = vec![Vec::new(); count];
        for (block, content) in flow.blocks.iter().enumerate() {
            for target in content.exit.successors() {
                predecessors[target].push(block);
            }
        }
        let bodies = loop_bodies(flow, &predecessors);
        let size = |header: &usize| bodies[header].iter().filter(|&&inside| inside).count();
        let around = |block: usize, except: Option<usize>| {
            bodies
                .iter()
                .filter(|&(&header, body)| body[block] && Some(header) != except)
                .map(|(&header, _)| header)
                .min_by_key(size)
        };
        let innermost = (0..count).map(|block| around(block, None)).collect();
        let parent = bodies.keys().map(|&header| (header, around(header, Some(header)))).collect();
        let mut reads = BTreeMap::new();
        let mut leaves = BTreeMap::new();
        let mut counters = BTreeMap::new();
        let defined_in = definitions(flow);
        for (&header, body) in &bodies {
            let (inside, outside) = uses(flow, header, body);
            reads.insert(header, inside.into_iter().filter(|&value| !body[defined_in[value]]).collect());
            leaves.insert(header, outside.into_iter().filter(|&value| body[defined_in[value]]).collect());
            let latches: Vec<usize> = predecessors[header].iter().copied().filter(|&from| body[from]).collect();
            if let &[latch] = latches.as_slice()
                && let Some(counter) = counter(flow, header, latch, body, &defined_in)
            {
                counters.insert(header, counter);
            }
        }
        Self { innermost, parent, reads, leaves, counters }
    }

    /// Whether control in the loop of header `current` that reaches `block` enters another loop there.
    pub(super) fn entered(&self, current: Option<usize>, block: usize) -> bool {
        self.parent.contains_key(&block) && current != Some(block)
    }

    /// Whether `block` is in the loop of `header`; every block is in the function (`None`).
    pub(super) fn contains(&self, header: Option<usize>, block: usize) -> bool {
        let Some(header) = header else { return true };
        let mut around = self.innermost[block];
        while let Some(one) = around {
            if one == header {
                return true;
            }
            around = self.parent[&one];
        }
        false
    }
}

/// The blocks of each natural loop, by header: those that reach a back edge without passing the header.
fn loop_bodies(flow: &ControlFlow, predecessors: &[Vec<usize>]) -> BTreeMap<usize, Vec<bool>> {
    let dominators = simple_fast(&graph(flow), node(0));
    let dominates = |one: usize, other: usize| {
        dominators.dominators(node(other)).is_some_and(|mut chain| chain.any(|block| block == node(one)))
    };
    let mut bodies: BTreeMap<usize, Vec<bool>> = BTreeMap::new();
    for header in 0..flow.blocks.len() {
        for &latch in predecessors[header].iter().filter(|&&latch| dominates(header, latch)) {
            let body = bodies.entry(header).or_insert_with(|| {
                let mut body = vec![false; flow.blocks.len()];
                body[header] = true;
                body
            });
            let mut pending = vec![latch];
            while let Some(block) = pending.pop() {
                if !std::mem::replace(&mut body[block], true) {
                    pending.extend(&predecessors[block]);
                }
            }
        }
    }
    bodies
}

/// The loop of a header with one latch as a counted loop, if it is one.
fn counter(flow: &ControlFlow, header: usize, latch: usize, body: &[bool], defined_in: &[usize]) -> Option<Counter> {
    let assignment = |value: usize| -> Option<&Assignment> {
        flow.blocks[defined_in[value]].operations.iter().find(|one| one.result == value)
    };
    let changing = changing(flow, header, body);
    let changes = |operand: &Operand| matches!(operand, Operand::Value(value) if changing[*value]);
    // In each iteration a phi of the header becomes itself plus or minus a loop-invariant value.
    let mut steps = Vec::new();
    let mut next_of = BTreeMap::new();
    for phi in &flow.blocks[header].phis {
        let Operand::Value(next) = phi.incoming.iter().find(|incoming| incoming.0 == latch)?.1 else { return None };
        let made = assignment(next)?;
        let itself = Operand::Value(phi.result);
        let (step, negative) = match (made.operation, made.operands.as_slice()) {
            (Operation::Add, [a, b]) if *a == itself => (*b, false),
            (Operation::Add, [a, b]) if *b == itself => (*a, false),
            (Operation::Subtract, [a, b]) if *a == itself => (*b, true),
            _ => return None,
        };
        if changes(&step) || step == Operand::Unknown {
            return None;
        }
        steps.push((phi.result, step, negative));
        next_of.insert(next, phi.result);
        next_of.insert(phi.result, phi.result);
    }
    // No other branch inside depends on a counter.
    for block in (0..flow.blocks.len()).filter(|&block| body[block] && block != latch) {
        if let Exit::Branch(condition, _) | Exit::Switch(condition, _, _) = &flow.blocks[block].exit
            && changes(condition)
        {
            return None;
        }
    }
    let Exit::Branch(Operand::Value(condition), targets) = &flow.blocks[latch].exit else { return None };
    let on_true = targets[0] == header;
    if body[targets[usize::from(on_true)]] {
        return None;
    }
    let made = assignment(*condition)?;
    let Operation::Compare(comparison, width) = made.operation else { return None };
    let [left, right] = made.operands.as_slice() else { return None };
    let bound_first = changes(right);
    let (compared, bound) = if bound_first { (right, left) } else { (left, right) };
    let Operand::Value(compared) = *compared else { return None };
    if changes(bound) || *bound == Operand::Unknown {
        return None;
    }
    let compared = (compared, *next_of.get(&compared)?, width);
    Some(Counter { steps, compared, bound: *bound, bound_first, comparison, on_true })
}

/// For each value, whether it depends on the phis of the loop's header through operations and phis of the loop.
fn changing(flow: &ControlFlow, header: usize, body: &[bool]) -> Vec<bool> {
    let mut changing = vec![false; flow.values];
    for phi in &flow.blocks[header].phis {
        changing[phi.result] = true;
    }
    let mut again = true;
    while again {
        again = false;
        for (_, content) in flow.blocks.iter().enumerate().filter(|(block, _)| body[*block]) {
            let reached = |operand: &Operand| matches!(operand, Operand::Value(value) if changing[*value]);
            let made: Vec<usize> = content
                .phis
                .iter()
                .filter(|phi| phi.incoming.iter().any(|incoming| reached(&incoming.1)))
                .map(|phi| phi.result)
                .chain(content.operations.iter().filter(|one| one.operands.iter().any(reached)).map(|one| one.result))
                .collect();
            for value in made {
                again |= !std::mem::replace(&mut changing[value], true);
            }
        }
    }
    changing
}

/// The block that defines each value.
fn definitions(flow: &ControlFlow) -> Vec<usize> {
    let mut defined_in = vec![0; flow.values];
    for (block, content) in flow.blocks.iter().enumerate() {
        for phi in &content.phis {
            defined_in[phi.result] = block;
        }
        for assignment in &content.operations {
            defined_in[assignment.result] = block;
        }
    }
    defined_in
}

/// Values read inside a loop and outside it, each sorted. The initial values of the header's phis are read on entry,
/// outside the loop.
fn uses(flow: &ControlFlow, header: usize, body: &[bool]) -> (Vec<usize>, Vec<usize>) {
    let (mut inside, mut outside) = (Vec::new(), Vec::new());
    for (block, content) in flow.blocks.iter().enumerate() {
        let mut read = |operand: &Operand, by_inside: bool| {
            if let Operand::Value(value) = operand {
                if by_inside { inside.push(*value) } else { outside.push(*value) }
            }
        };
        for phi in &content.phis {
            for (from, operand) in &phi.incoming {
                // A phi reads on the edge from its predecessor.
                let on_entry = block == header && !body[*from];
                read(operand, body[block] && !on_entry);
            }
        }
        for operand in content.operations.iter().flat_map(|assignment| &assignment.operands) {
            read(operand, body[block]);
        }
        if let Exit::Branch(operand, _) | Exit::Switch(operand, _, _) = &content.exit {
            read(operand, body[block]);
        }
    }
    for list in [&mut inside, &mut outside] {
        list.sort_unstable();
        list.dedup();
    }
    (inside, outside)
}

fn node(block: usize) -> NodeIndex {
    NodeIndex::new(block)
}

/// The blocks and the edges between them.
fn graph(flow: &ControlFlow) -> DiGraph<(), ()> {
    let mut graph = DiGraph::new();
    for _ in &flow.blocks {
        graph.add_node(());
    }
    for (block, content) in flow.blocks.iter().enumerate() {
        for target in content.exit.successors() {
            graph.add_edge(node(block), node(target), ());
        }
    }
    graph
}
