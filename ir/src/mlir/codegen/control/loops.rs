//! Natural loops of a control flow: what they read, what they leave behind, and which of them merely count.

use std::collections::BTreeMap;

use super::{Assignment, Comparison, ControlFlow, Exit, Operand, Operation};

/// The natural loops of a function.
pub(super) struct Loops {
    /// For each block, the header of the innermost loop around it.
    innermost: Vec<Option<usize>>,
    /// For each loop by header, the header of the loop around it.
    parent: BTreeMap<usize, Option<usize>>,
    /// For each loop by header, the values from outside that it reads, sorted.
    pub(super) reads: BTreeMap<usize, Vec<usize>>,
    /// For each loop by header, the values it defines that are read outside.
    pub(super) leaves: BTreeMap<usize, Vec<usize>>,
    /// Loops by header whose iterations differ only in counters, and how they end.
    pub(super) counters: BTreeMap<usize, Counter>,
}

/// How a loop counts: every value that its header takes from the iteration before grows by the same amount each
/// time, no branch but the one at its end depends on any of them, and that one compares such a value with a bound.
#[derive(Debug, Clone)]
pub(super) struct Counter {
    /// For each phi of the header, its growth; subtracted if the flag is set.
    pub(super) steps: Vec<(usize, Operand, bool)>,
    /// The value compared at the end of an iteration, the phi whose growth it shares, and its width.
    pub(super) compared: (usize, usize, u32),
    /// The bound.
    pub(super) bound: Operand,
    /// Whether the bound is the left operand.
    pub(super) bound_first: bool,
    /// How they are compared.
    pub(super) comparison: Comparison,
    /// Whether the loop goes on where the comparison holds.
    pub(super) on_true: bool,
}

impl Loops {
    /// No loops: every block is executed one by one.
    #[cfg(test)]
    pub(super) fn none(flow: &ControlFlow) -> Self {
        Self {
            innermost: vec![None; flow.blocks.len()],
            parent: BTreeMap::new(),
            reads: BTreeMap::new(),
            leaves: BTreeMap::new(),
            counters: BTreeMap::new(),
        }
    }

    pub(super) fn find(flow: &ControlFlow) -> Self {
        let count = flow.blocks.len();
        let mut predecessors = vec![Vec::new(); count];
        for (block, content) in flow.blocks.iter().enumerate() {
            for target in content.exit.successors() {
                predecessors[target].push(block);
            }
        }
        let dominators = Dominators::find(flow, &predecessors);
        // Bodies of loops by header: everything that reaches a back edge without passing the header.
        let mut bodies: BTreeMap<usize, Vec<bool>> = BTreeMap::new();
        for header in 0..count {
            for &latch in predecessors[header].iter().filter(|&&latch| dominators.dominates(header, latch)) {
                let body = bodies.entry(header).or_insert_with(|| {
                    let mut body = vec![false; count];
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

    /// Whether control that is in `current` and goes to `block` enters a loop there.
    pub(super) fn entered(&self, current: Option<usize>, block: usize) -> bool {
        self.parent.contains_key(&block) && current != Some(block)
    }

    /// Whether `block` belongs to the loop of `header` (or the function, if `None`).
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

/// How the loop of a header with one latch counts, if that is all it does.
fn counter(flow: &ControlFlow, header: usize, latch: usize, body: &[bool], defined_in: &[usize]) -> Option<Counter> {
    let assignment = |value: usize| -> Option<&Assignment> {
        flow.blocks[defined_in[value]].operations.iter().find(|one| one.result == value)
    };
    let changing = changing(flow, header, body);
    let changes = |operand: &Operand| matches!(operand, Operand::Value(value) if changing[*value]);
    // Each phi of the header is the phi itself plus or minus something that does not change.
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

/// Values that a loop's header phis reach through operations and phis inside the loop.
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

/// Values read inside a loop and outside it, each sorted. What the header's phis take from outside is given to
/// the loop on entry and does not count as read by it.
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
                // A phi reads on the edge: from inside to outside is a value that leaves.
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

/// Which blocks every path to a block passes (Cooper, Harvey and Kennedy's iteration).
struct Dominators {
    immediate: Vec<usize>,
    order: Vec<usize>,
}

impl Dominators {
    fn find(flow: &ControlFlow, predecessors: &[Vec<usize>]) -> Self {
        const NONE: usize = usize::MAX;
        let count = flow.blocks.len();
        let postorder = postorder(flow);
        let mut order = vec![NONE; count];
        for (position, &block) in postorder.iter().enumerate() {
            order[block] = position;
        }
        let mut immediate = vec![NONE; count];
        if count > 0 {
            immediate[0] = 0;
        }
        let mut changed = true;
        while changed {
            changed = false;
            for &block in postorder.iter().rev().filter(|&&block| block != 0) {
                let mut best = NONE;
                for &one in predecessors[block].iter().filter(|&&one| immediate[one] != NONE) {
                    best = if best == NONE { one } else { common(&immediate, &order, best, one) };
                }
                if immediate[block] != best {
                    immediate[block] = best;
                    changed = true;
                }
            }
        }
        Self { immediate, order }
    }

    fn dominates(&self, one: usize, mut other: usize) -> bool {
        if self.order[other] == usize::MAX || self.order[one] == usize::MAX {
            return false;
        }
        while self.order[other] < self.order[one] {
            other = self.immediate[other];
        }
        one == other
    }
}

fn common(immediate: &[usize], order: &[usize], mut one: usize, mut other: usize) -> usize {
    while one != other {
        while order[one] < order[other] {
            one = immediate[one];
        }
        while order[other] < order[one] {
            other = immediate[other];
        }
    }
    one
}

fn postorder(flow: &ControlFlow) -> Vec<usize> {
    let mut seen = vec![false; flow.blocks.len()];
    let mut order = Vec::new();
    let mut pending = Vec::new();
    if !flow.blocks.is_empty() {
        seen[0] = true;
        pending.push((0, 0));
    }
    while let Some((block, next)) = pending.pop() {
        match flow.blocks[block].exit.successors().get(next) {
            Some(&target) => {
                pending.push((block, next + 1));
                if !std::mem::replace(&mut seen[target], true) {
                    pending.push((target, 0));
                }
            }
            None => order.push(block),
        }
    }
    order
}
