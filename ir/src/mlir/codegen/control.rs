//! Execution counts of a function's branches, from a run of its control flow alone.
//!
//! Loops over shapes known at compile time have bounds that depend on nothing but constants and other loop
//! counters. [`ControlFlow`] holds just the integer values that branches depend on; [`run`] executes them and
//! counts every edge. A loop entered again with the same values of everything it reads takes the same way, so
//! its counts are remembered: a rectangular nest costs the sum of its trip counts, not their product.
//!
//! A branch on data (a loaded value, an argument) has no count. The run then takes one side throughout, and
//! again the other, and the counts are the mean of both: a guess of one half, reported as such.

use std::collections::BTreeMap;

/// Most entries into loops whose course is remembered; bounds memory, not the counts.
const MOST_REMEMBERED: usize = 100_000;

/// The integers that branches of a function depend on, block by block; block 0 is the entry.
#[derive(Debug, Clone, Default)]
pub struct ControlFlow {
    /// The blocks.
    pub blocks: Vec<Block>,
    /// How many values there are.
    pub values: usize,
}

/// A basic block.
#[derive(Debug, Clone, Default)]
pub struct Block {
    /// Values that depend on where control came from.
    pub phis: Vec<Phi>,
    /// Values computed in order.
    pub operations: Vec<Assignment>,
    /// Where control goes.
    pub exit: Exit,
}

/// A value chosen by the edge that was taken.
#[derive(Debug, Clone)]
pub struct Phi {
    /// The value defined.
    pub result: usize,
    /// For each predecessor block, the value taken.
    pub incoming: Vec<(usize, Operand)>,
}

/// A value and how it is computed.
#[derive(Debug, Clone)]
pub struct Assignment {
    /// The value defined.
    pub result: usize,
    /// Bits of the result, 1 to 64.
    pub width: u32,
    /// What is computed.
    pub operation: Operation,
    /// Of what.
    pub operands: Vec<Operand>,
}

/// A constant, a value, or something that only a run with data would tell.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Operand {
    /// Bits of a constant, zero-extended.
    Constant(u64),
    /// A value of the function.
    Value(usize),
    /// Depends on data.
    Unknown,
}

/// Integer operations that loop control is made of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[allow(missing_docs)]
pub enum Operation {
    Add,
    Subtract,
    Multiply,
    DivideUnsigned,
    DivideSigned {
        width: u32,
    },
    RemainderUnsigned,
    RemainderSigned {
        width: u32,
    },
    ShiftLeft,
    ShiftRightLogical,
    ShiftRightArithmetic {
        width: u32,
    },
    And,
    Or,
    Xor,
    /// The first operand, zero-extended or cut to the result's width.
    Copy,
    SignExtend {
        width: u32,
    },
    Select,
    MinimumSigned {
        width: u32,
    },
    MaximumSigned {
        width: u32,
    },
    MinimumUnsigned,
    MaximumUnsigned,
    SubtractSaturating,
    /// The first operand plus the sum of products of the pairs that follow.
    Address,
    Compare(Comparison, u32),
}

/// A comparison of integers of a given width.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[allow(missing_docs)]
pub enum Comparison {
    Equal,
    NotEqual,
    LessUnsigned,
    LessEqualUnsigned,
    GreaterUnsigned,
    GreaterEqualUnsigned,
    LessSigned,
    LessEqualSigned,
    GreaterSigned,
    GreaterEqualSigned,
}

/// How a block ends.
#[derive(Debug, Clone, Default)]
pub enum Exit {
    /// The function returns, or control never gets here.
    #[default]
    End,
    /// Always to one block.
    Jump(usize),
    /// To the first block if the condition is 1, else to the second.
    Branch(Operand, [usize; 2]),
    /// To the target of the equal case; the default target comes first.
    Switch(Operand, usize, Vec<(u64, usize)>),
}

impl Exit {
    /// The blocks that may follow, in the order of LLVM's successors.
    #[must_use]
    pub fn successors(&self) -> Vec<usize> {
        match self {
            Self::End => Vec::new(),
            Self::Jump(target) => vec![*target],
            Self::Branch(_, targets) => targets.to_vec(),
            Self::Switch(_, default, cases) => {
                std::iter::once(*default).chain(cases.iter().map(|case| case.1)).collect()
            }
        }
    }
}

/// Execution counts for one call of the function.
#[derive(Debug, Clone, PartialEq)]
pub struct Counts {
    /// Executions of each block.
    pub blocks: Vec<f64>,
    /// For each block, how often each successor followed.
    pub edges: Vec<Vec<f64>>,
    /// For each block, whether its count is that of every run.
    pub exact: Vec<bool>,
    /// Whether any branch depended on data.
    pub data_dependent: bool,
}

/// Runs the control flow and counts; `None` if it does not end within `fuel` block executions.
#[must_use]
pub fn run(flow: &ControlFlow, fuel: u64) -> Option<Counts> {
    let loops = Loops::find(flow);
    let first = Run::new(flow, &loops, 0, fuel).whole();
    match first {
        Some((edges, false)) => Some(counts(flow, &edges, None, false)),
        Some((edges, true)) => {
            let other = Run::new(flow, &loops, 1, fuel).whole().map(|(edges, _)| edges);
            Some(counts(flow, &edges, other.as_ref(), true))
        }
        None => Run::new(flow, &loops, 1, fuel)
            .whole()
            .filter(|(_, data_dependent)| *data_dependent)
            .map(|(edges, _)| counts(flow, &edges, None, true)),
    }
}

/// Edges taken, by block and index of the successor.
type Edges = BTreeMap<(usize, usize), u64>;

fn counts(flow: &ControlFlow, one: &Edges, other: Option<&Edges>, data_dependent: bool) -> Counts {
    let of = |edges: &Edges| {
        let taken: Vec<Vec<u64>> = (0..flow.blocks.len())
            .map(|block| {
                let ways = flow.blocks[block].exit.successors().len();
                (0..ways).map(|way| edges.get(&(block, way)).copied().unwrap_or(0)).collect()
            })
            .collect();
        let mut blocks = vec![0_u64; flow.blocks.len()];
        if let Some(entry) = blocks.first_mut() {
            *entry = 1;
        }
        for (block, ways) in taken.iter().enumerate() {
            for (target, count) in flow.blocks[block].exit.successors().into_iter().zip(ways) {
                blocks[target] += count;
            }
        }
        (blocks, taken)
    };
    let (blocks, edges) = of(one);
    let (other_blocks, other_edges) = other.map_or_else(|| (blocks.clone(), edges.clone()), of);
    let mean = |a: u64, b: u64| (a as f64 + b as f64) / 2.0;
    // Where the second run does not end, no count is certain.
    let comparable = !data_dependent || other.is_some();
    Counts {
        exact: blocks.iter().zip(&other_blocks).map(|(a, b)| comparable && a == b).collect(),
        blocks: blocks.iter().zip(&other_blocks).map(|(&a, &b)| mean(a, b)).collect(),
        edges: edges
            .iter()
            .zip(&other_edges)
            .map(|(a, b)| a.iter().zip(b).map(|(&a, &b)| mean(a, b)).collect())
            .collect(),
        data_dependent,
    }
}

/// The natural loops of a function.
struct Loops {
    /// For each block, the header of the innermost loop around it.
    innermost: Vec<Option<usize>>,
    /// For each loop by header, the header of the loop around it.
    parent: BTreeMap<usize, Option<usize>>,
    /// For each loop by header, the values from outside that it reads, sorted.
    reads: BTreeMap<usize, Vec<usize>>,
    /// For each loop by header, the values it defines that are read outside.
    leaves: BTreeMap<usize, Vec<usize>>,
}

impl Loops {
    fn find(flow: &ControlFlow) -> Self {
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
        let defined_in = definitions(flow);
        for (&header, body) in &bodies {
            let (inside, outside) = uses(flow, header, body);
            reads.insert(header, inside.into_iter().filter(|&value| !body[defined_in[value]]).collect());
            leaves.insert(header, outside.into_iter().filter(|&value| body[defined_in[value]]).collect());
        }
        Self { innermost, parent, reads, leaves }
    }

    /// Whether control that is in `current` and goes to `block` enters a loop there.
    fn entered(&self, current: Option<usize>, block: usize) -> bool {
        self.parent.contains_key(&block) && current != Some(block)
    }

    /// Whether `block` belongs to the loop of `header` (or the function, if `None`).
    fn contains(&self, header: Option<usize>, block: usize) -> bool {
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
struct Run<'f> {
    flow: &'f ControlFlow,
    loops: &'f Loops,
    /// Which successor a branch on data takes.
    side: usize,
    fuel: u64,
    values: Vec<Option<u64>>,
    remembered: BTreeMap<(usize, Vec<Option<u64>>), Passage>,
}

impl<'f> Run<'f> {
    fn new(flow: &'f ControlFlow, loops: &'f Loops, side: usize, fuel: u64) -> Self {
        Self { flow, loops, side, fuel, values: vec![None; flow.values], remembered: BTreeMap::new() }
    }

    /// The whole function: edges taken and whether any branch depended on data.
    fn whole(mut self) -> Option<(Edges, bool)> {
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
        }
        if let Some(header) = header {
            passage.values = self.loops.leaves[&header].iter().map(|&value| self.values[value]).collect();
        }
        Some(passage)
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

fn truncate(bits: u64, width: u32) -> u64 {
    if width >= 64 { bits } else { bits & ((1 << width) - 1) }
}

fn signed(bits: u64, width: u32) -> i64 {
    let unused = 64 - width.clamp(1, 64);
    ((bits << unused) as i64) >> unused
}

/// The result of an operation, not yet cut to its width; `None` if data or an undefined result is involved.
fn compute(operation: Operation, operands: &[Option<u64>]) -> Option<u64> {
    let operand = |index: usize| operands.get(index).copied().flatten();
    if operation == Operation::Select {
        return operand(if operand(0)? & 1 == 1 { 1 } else { 2 });
    }
    if operation == Operation::Address {
        let mut sum = operand(0)?;
        for pair in operands[1..].chunks(2) {
            sum = sum.wrapping_add((*pair.first()?)?.wrapping_mul((*pair.last()?)?));
        }
        return Some(sum);
    }
    // Zero decides a product or a conjunction whatever the data.
    if matches!(operation, Operation::And | Operation::Multiply) && operands.contains(&Some(0)) {
        return Some(0);
    }
    let a = operand(0)?;
    let b = match operation {
        Operation::Copy | Operation::SignExtend { .. } => 0,
        _ => operand(1)?,
    };
    Some(match operation {
        Operation::Add => a.wrapping_add(b),
        Operation::Subtract => a.wrapping_sub(b),
        Operation::Multiply => a.wrapping_mul(b),
        Operation::DivideUnsigned => a.checked_div(b)?,
        Operation::DivideSigned { width } => signed(a, width).checked_div(signed(b, width))? as u64,
        Operation::RemainderUnsigned => a.checked_rem(b)?,
        Operation::RemainderSigned { width } => signed(a, width).checked_rem(signed(b, width))? as u64,
        Operation::ShiftLeft => a.checked_shl(u32::try_from(b).ok()?)?,
        Operation::ShiftRightLogical => a.checked_shr(u32::try_from(b).ok()?)?,
        Operation::ShiftRightArithmetic { width } => signed(a, width).checked_shr(u32::try_from(b).ok()?)? as u64,
        Operation::And => a & b,
        Operation::Or => a | b,
        Operation::Xor => a ^ b,
        Operation::Copy | Operation::Select | Operation::Address => a,
        Operation::SignExtend { width } => signed(a, width) as u64,
        Operation::MinimumSigned { width } => signed(a, width).min(signed(b, width)) as u64,
        Operation::MaximumSigned { width } => signed(a, width).max(signed(b, width)) as u64,
        Operation::MinimumUnsigned => a.min(b),
        Operation::MaximumUnsigned => a.max(b),
        Operation::SubtractSaturating => a.saturating_sub(b),
        Operation::Compare(comparison, width) => u64::from(compare(comparison, a, b, width)),
    })
}

fn compare(comparison: Comparison, a: u64, b: u64, width: u32) -> bool {
    let (c, d) = (signed(a, width), signed(b, width));
    match comparison {
        Comparison::Equal => a == b,
        Comparison::NotEqual => a != b,
        Comparison::LessUnsigned => a < b,
        Comparison::LessEqualUnsigned => a <= b,
        Comparison::GreaterUnsigned => a > b,
        Comparison::GreaterEqualUnsigned => a >= b,
        Comparison::LessSigned => c < d,
        Comparison::LessEqualSigned => c <= d,
        Comparison::GreaterSigned => c > d,
        Comparison::GreaterEqualSigned => c >= d,
    }
}
