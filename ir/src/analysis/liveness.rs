//! Values and bytes that are live at once, over the order of execution.
//!
//! A value is live from its definition to its last use. A value used inside a loop but defined outside it is live to
//! the loop's end. Between blocks of one region, liveness is the fixed point over the control flow (Aho et al., "Compilers",
//! 9.2.5). Values are counted between operations, as registers are; a result can take the register of an operand.
//! Scalar integer constants do not count, nor indices that are another one and a constant: they are immediate operands of
//! instructions and displacements of addresses.
//!
//! Bytes are counted at operations, where operands and results exist together. A memref's bytes are those of the
//! memory it names (arguments: during the whole function; allocations: until the last use of them or of their views).
//! A tensor that is computed into a fresh one (`tensor.empty`, `linalg.fill`) shares its bytes. Memory passed
//! through branches and loop-carried memrefs is not followed.

use std::collections::BTreeSet;

use serde::Serialize;

use super::dense::{Contents, Dense};
use super::range::Range;
use super::size::bytes;
use super::traffic::output_count;
use crate::registry::facts::{Aliasing, Evaluation, LoopForm, RegionExecution};
use crate::tree::{BlockId, Definition, OpId, Tree, Type, ValueId};

/// Maximum number of values and bytes that are live at once.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Liveness {
    /// Values of any type.
    pub values: usize,
    /// Integers, indices, and memrefs (as addresses).
    pub integers: usize,
    /// Floating-point scalars.
    pub floats: usize,
    /// Vectors.
    pub vectors: usize,
    /// Bytes of vectors; scalable ones with their unscaled length.
    pub vector_bytes: u64,
    /// Tensors.
    pub tensors: usize,
    /// Bytes of tensors, vectors, scalars and the memory that memrefs name.
    pub bytes: Range,
}

/// Most cells (blocks times values that cross blocks) for which the data-flow equations are solved. In larger regions a
/// value that crosses blocks is taken to be live in the whole region.
const MAX_CELLS: usize = 1 << 24;

/// The maximum number of values and bytes that are live at once in a function.
#[must_use]
pub fn liveness(tree: &Tree, function: OpId) -> Liveness {
    let contents = Contents::of(tree, function);
    let mut walk = Walk {
        tree,
        points: contents.per_operation((0, 0)),
        starts: contents.per_block((0, 0)),
        next: 0,
        spans: contents.per_value(Vec::new()),
        roots: contents.per_value(None),
    };
    let mut regions = tree.operation(function).regions.clone();
    for &region in &regions {
        walk.number(&tree.region(region).blocks);
    }
    for &operation in &contents.operations {
        walk.alias(operation);
    }
    walk.uses(&contents);
    for &operation in &contents.operations {
        regions.extend(&tree.operation(operation).regions);
    }
    for region in regions {
        let blocks = &tree.region(region).blocks;
        if blocks.len() > 1 {
            walk.flow(blocks);
        }
    }
    walk.count(&contents, function)
}

struct Walk<'a> {
    tree: &'a Tree,
    /// First and last point of each operation.
    points: Dense<(usize, usize)>,
    /// First and last point of each block.
    starts: Dense<(usize, usize)>,
    next: usize,
    /// Live ranges of each value, as pairs of points.
    spans: Dense<Vec<(usize, usize)>>,
    /// The value whose memory this one shares.
    roots: Dense<Option<ValueId>>,
}

impl Walk<'_> {
    fn number(&mut self, blocks: &[BlockId]) {
        for &block in blocks {
            let start = self.next;
            self.next += 1;
            for &operation in &self.tree.block(block).operations {
                let begin = self.next;
                self.next += 1;
                let node = self.tree.operation(operation);
                for &region in &node.regions {
                    self.number(&self.tree.region(region).blocks);
                }
                let end = if node.regions.is_empty() { begin } else { self.next };
                self.next += usize::from(!node.regions.is_empty());
                set(&mut self.points, operation.index(), (begin, end));
            }
            set(&mut self.starts, block.index(), (start, self.next));
            self.next += 1;
        }
    }

    /// Views and results in fresh tensors share memory with an operand.
    fn alias(&mut self, operation: OpId) {
        let tree = self.tree;
        let node = tree.operation(operation);
        let fresh = |value: ValueId| tree.definer(value).is_some_and(|op| tree.record(op).is_fresh);
        let pairs: Vec<(ValueId, ValueId)> = match tree.record(operation).aliasing {
            Aliasing::None => return,
            Aliasing::MemRefView | Aliasing::TensorView => {
                node.results.iter().copied().zip(node.operands.first().copied()).collect()
            }
            Aliasing::FreshOutputs => {
                let inputs = node.operands.len().saturating_sub(output_count(tree, operation));
                let outputs = node.operands[inputs..].iter().copied();
                node.results.iter().copied().zip(outputs).filter(|(_, output)| fresh(*output)).collect()
            }
        };
        for (result, operand) in pairs {
            let root = self.root(operand);
            set(&mut self.roots, result.index(), Some(root));
        }
    }

    fn root(&self, value: ValueId) -> ValueId {
        self.roots.get(value.index()).copied().flatten().unwrap_or(value)
    }

    fn block_of(&self, value: ValueId) -> Option<BlockId> {
        match self.tree.value(value).definition {
            Definition::Result { operation, .. } => Some(self.tree.operation(operation).block),
            Definition::Argument { block, .. } => Some(block),
            Definition::Missing => None,
        }
    }

    fn definition(&self, value: ValueId) -> Option<usize> {
        match self.tree.value(value).definition {
            Definition::Result { operation, .. } => self.points.get(operation.index()).map(|p| p.1),
            Definition::Argument { block, .. } => self.starts.get(block.index()).map(|s| s.0),
            Definition::Missing => None,
        }
    }

    /// The point at which the use of a value by an operation ends, and the block of the value's region that contains the
    /// use.
    fn end_of_use(&self, value: ValueId, user: OpId) -> Option<(usize, BlockId)> {
        let tree = self.tree;
        let region = tree.block(self.block_of(value)?).region;
        let mut end = self.points.get(user.index())?.0;
        if self.is_held(value, user) {
            end = self.points.get(user.index())?.1;
        }
        let mut at = user;
        loop {
            let block = tree.operation(at).block;
            if tree.block(block).region == region {
                return Some((end, block));
            }
            at = tree.region(tree.block(block).region).operation?;
            if tree.record(at).regions.is_repeated() {
                end = self.points.get(at.index())?.1;
            }
        }
    }

    /// Whether an operation with regions needs an operand until it ends: bounds and steps, which every iteration reads, and
    /// the inputs of structured operations. Initial values of carried variables are read once.
    fn is_held(&self, value: ValueId, user: OpId) -> bool {
        let tree = self.tree;
        let operands = &tree.operation(user).operands;
        let regions = tree.record(user).regions;
        match regions {
            RegionExecution::Loop(LoopForm::For) => operands.iter().skip(1).take(2).any(|&o| o == value),
            RegionExecution::Loop(form) if form.is_while() => false,
            RegionExecution::Loop(LoopForm::AffineFor) => {
                let carried = tree.operation(user).results.len();
                operands[..operands.len().saturating_sub(carried)].contains(&value)
            }
            _ => regions.is_repeated(),
        }
    }

    /// Live ranges within the block of the definition; `flow` adds those in other blocks.
    fn uses(&mut self, contents: &Contents) {
        let tree = self.tree;
        for &user in &contents.operations {
            let node = tree.operation(user);
            let passed = node.successors.iter().flat_map(|s| &s.1);
            for &value in node.operands.iter().chain(passed) {
                let (Some((end, block)), Some(start)) = (self.end_of_use(value, user), self.definition(value)) else {
                    continue;
                };
                if self.block_of(value) == Some(block) {
                    self.extend(value, start, end);
                }
            }
        }
    }

    fn extend(&mut self, value: ValueId, start: usize, end: usize) {
        if let Some(spans) = self.spans.get_mut(value.index()) {
            match spans.iter_mut().find(|s| s.0 == start) {
                Some(span) => span.1 = span.1.max(end),
                None => spans.push((start, end)),
            }
        }
    }

    /// Liveness between the blocks of a region.
    fn flow(&mut self, blocks: &[BlockId]) {
        let tree = self.tree;
        let mut index = Dense::covering(blocks.iter().map(|b| b.index()), tree.written.blocks, &usize::MAX);
        for (i, block) in blocks.iter().enumerate() {
            set(&mut index, block.index(), i);
        }
        let here = |block: BlockId| index.get(block.index()).copied().filter(|&i| i != usize::MAX);
        // Values of other blocks that each block uses, with the point of the last use.
        let mut needs: Vec<std::collections::BTreeMap<ValueId, usize>> = vec![Default::default(); blocks.len()];
        let mut crossing = BTreeSet::new();
        let mut successors: Vec<Vec<usize>> = vec![Vec::new(); blocks.len()];
        for (i, &block) in blocks.iter().enumerate() {
            for user in tree.walk_block(block) {
                let node = tree.operation(user);
                let passed = node.successors.iter().flat_map(|s| &s.1);
                for &value in node.operands.iter().chain(passed) {
                    let home = self.block_of(value).and_then(here);
                    if home.is_none() || home == Some(i) {
                        continue;
                    }
                    if let Some((end, _)) = self.end_of_use(value, user) {
                        let last = needs[i].entry(value).or_insert(end);
                        *last = end.max(*last);
                        crossing.insert(value);
                    }
                }
            }
            if let Some(&last) = tree.block(block).operations.last() {
                successors[i].extend(tree.operation(last).successors.iter().filter_map(|s| here(s.0)));
            }
        }
        let extent = |walk: &Self, i: usize| walk.starts.get(blocks[i].index()).copied().unwrap_or((0, 0));
        if blocks.len().saturating_mul(crossing.len()) > MAX_CELLS {
            let (start, end) = (extent(self, 0).0, extent(self, blocks.len() - 1).1);
            for value in crossing {
                self.extend(value, start, end);
            }
            return;
        }
        let mut live_in: Vec<BTreeSet<ValueId>> = needs.iter().map(|n| n.keys().copied().collect()).collect();
        let mut changed = true;
        while changed {
            changed = false;
            for i in (0..blocks.len()).rev() {
                for s in 0..successors[i].len() {
                    let coming: Vec<ValueId> = live_in[successors[i][s]]
                        .iter()
                        .copied()
                        .filter(|&v| self.block_of(v) != Some(blocks[i]) && !live_in[i].contains(&v))
                        .collect();
                    changed |= !coming.is_empty();
                    live_in[i].extend(coming);
                }
            }
        }
        for (i, &block) in blocks.iter().enumerate() {
            let (start, end) = extent(self, i);
            let out: BTreeSet<ValueId> = successors[i].iter().flat_map(|&s| live_in[s].iter().copied()).collect();
            for &value in &out {
                let from = if self.block_of(value) == Some(block) { self.definition(value) } else { Some(start) };
                self.extend(value, from.unwrap_or(start), end);
            }
            for (&value, &last) in &needs[i] {
                if !out.contains(&value) {
                    self.extend(value, start, last);
                }
            }
        }
    }

    fn count(&self, contents: &Contents, function: OpId) -> Liveness {
        let tree = self.tree;
        let gaps = self.next + 2;
        let mut all = Level::new(gaps);
        let [mut integers, mut floats, mut vectors, mut tensors] = [(); 4].map(|()| Level::new(gaps));
        let (mut least_bytes, mut vector_bytes) = (Level::new(gaps), Level::new(gaps));
        let mut bounded = true;
        // Live ranges of a value and of all values that share its memory.
        let mut memory: Dense<Vec<(usize, usize)>> = contents.per_value(Vec::new());
        let entry = tree.entry(function, 0);
        let is_argument = |value: ValueId| matches!(tree.value(value).definition, Definition::Argument { block, .. } if Some(block) == entry);
        for &value in &contents.values {
            let Some(start) = self.definition(value) else { continue };
            let spans = self.spans.get(value.index()).map_or(&[][..], Vec::as_slice);
            // An unused result is written all the same.
            let unused = [(start, start)];
            let spans = if spans.is_empty() { &unused } else { spans };
            let ty = tree.value(value).ty;
            let class = match tree.ty(ty) {
                Type::Integer(..) | Type::Index if self.is_constant(value) => continue,
                Type::Index if self.is_displaced(value) => continue,
                Type::Integer(..) | Type::Index | Type::MemRef { .. } => Some(&mut integers),
                Type::Float(_) | Type::Complex(_) => Some(&mut floats),
                Type::Vector { .. } => Some(&mut vectors),
                Type::Tensor { .. } => Some(&mut tensors),
                _ => None,
            };
            for &(from, to) in spans {
                all.add(from, to.max(from + 1), 1);
            }
            if let Some(class) = class {
                for &(from, to) in spans {
                    class.add(from, to.max(from + 1), 1);
                }
            }
            if matches!(tree.ty(ty), Type::Vector { .. }) {
                let size = bytes(tree, ty).low;
                spans.iter().for_each(|&(from, to)| vector_bytes.add(from, to.max(from + 1), size));
            }
            if let Some(shared) = memory.get_mut(self.root(value).index()) {
                let whole = is_argument(value) && matches!(tree.ty(ty), Type::MemRef { .. });
                if whole {
                    shared.push((0, self.next));
                } else {
                    shared.extend(spans);
                }
            }
        }
        for &value in &contents.values {
            let Some(spans) = memory.get(value.index()).filter(|s| !s.is_empty()) else { continue };
            let ty = tree.value(value).ty;
            let owns = !matches!(tree.ty(ty), Type::MemRef { .. })
                || is_argument(value)
                || tree.definer(value).is_some_and(|op| tree.record(op).allocates);
            if !owns {
                continue;
            }
            let size = bytes(tree, ty);
            bounded &= size.high.is_some();
            for (from, to) in merged(spans) {
                least_bytes.add(from, to + 1, size.low);
            }
        }
        let least = least_bytes.peak();
        Liveness {
            values: all.peak() as usize,
            integers: integers.peak() as usize,
            floats: floats.peak() as usize,
            vectors: vectors.peak() as usize,
            vector_bytes: u64::try_from(vector_bytes.peak()).unwrap_or(u64::MAX),
            tensors: tensors.peak() as usize,
            bytes: Range { low: least, high: bounded.then_some(least) },
        }
    }

    /// Whether an index is another one and a constant.
    fn is_displaced(&self, value: ValueId) -> bool {
        self.tree.definer(value).is_some_and(|op| {
            matches!(self.tree.record(op).evaluation, Evaluation::Add | Evaluation::Sub)
                && self.tree.operation(op).operands.iter().any(|&operand| self.is_constant(operand))
        })
    }

    fn is_constant(&self, value: ValueId) -> bool {
        self.tree.definer(value).is_some_and(|op| self.tree.record(op).evaluation == Evaluation::Constant)
    }
}

/// Merges overlapping ranges.
fn merged(spans: &[(usize, usize)]) -> Vec<(usize, usize)> {
    let mut sorted = spans.to_vec();
    sorted.sort_unstable();
    let mut all: Vec<(usize, usize)> = Vec::new();
    for (from, to) in sorted {
        match all.last_mut() {
            Some(last) if from <= last.1 => last.1 = last.1.max(to),
            _ => all.push((from, to)),
        }
    }
    all
}

/// A quantity over the points of a function, stored as its increases and decreases.
struct Level {
    changes: Vec<(u128, u128)>,
}

impl Level {
    fn new(points: usize) -> Self {
        Self { changes: vec![(0, 0); points] }
    }

    fn add(&mut self, from: usize, to: usize, amount: u128) {
        self.changes[from].0 = self.changes[from].0.saturating_add(amount);
        let to = to.min(self.changes.len() - 1);
        self.changes[to].1 = self.changes[to].1.saturating_add(amount);
    }

    fn peak(&self) -> u128 {
        let mut level = 0u128;
        let mut peak = 0;
        for &(more, less) in &self.changes {
            level = level.saturating_sub(less).saturating_add(more);
            peak = peak.max(level);
        }
        peak
    }
}

fn set<T: Clone>(table: &mut Dense<T>, index: usize, value: T) {
    if let Some(item) = table.get_mut(index) {
        *item = value;
    }
}
