//! The walk through a function's operations: which of them are used, where they stand, how their results grow.

use std::collections::BTreeMap;

use ir::analysis::Analysis;
use ir::tree::{AffineExpr, AttributeValue, BlockId, Definition, OpId, Tree, Type, ValueId};

use super::super::class::{Class, class};
use super::access::{Access, Course, address, evaluate, root};
use super::kind::{Carried, Kind, carried, kind};
use super::level::{Level, Machine};
use crate::features::extract::{count, executions};

/// Operations back that tell whether two values are made alike.
const ORIGIN: u32 = 3;

/// What is known of a value.
#[derive(Debug, Clone, Copy)]
pub(super) struct Known {
    pub course: Course,
    /// Operands that it is, of operations that are used themselves.
    uses: u32,
}

impl Default for Known {
    fn default() -> Self {
        Self { course: Course::FIXED, uses: 0 }
    }
}

/// Where an operation stands.
#[derive(Debug, Clone, Copy)]
pub(super) struct Frame {
    pub level: usize,
    /// Executions in each iteration of the level: less than 1 on one way of a branch.
    pub weight: f64,
}

/// The levels of a function; the first is its body.
pub fn levels(tree: &Tree, analysis: &Analysis, function: OpId) -> Vec<Level> {
    let Some(entry) = tree.entry(function, 0) else { return vec![Level::new(0, 1.0, 1.0)] };
    let region = tree.block(entry).region;
    let blocks = &tree.region(region).blocks;
    let operations: Vec<OpId> = blocks.iter().flat_map(|&block| tree.walk_block(block)).collect();
    let mut walk = Walk {
        tree,
        analysis,
        function,
        levels: vec![Level::new(0, 1.0, 1.0)],
        spans: vec![(0, operations.len())],
        known: Vec::new(),
        first: tree.block(entry).arguments.first().map_or(0, |v| v.index()),
        places: BTreeMap::new(),
        written: BTreeMap::new(),
        accesses: Vec::new(),
        invariants: Vec::new(),
    };
    walk.prepare(&operations);
    if blocks.len() > 1 {
        walk.branches(blocks);
    } else {
        walk.block(entry, Frame { level: 0, weight: 1.0 });
    }
    walk.settle();
    walk.levels
}

/// Operations that a block has computed, by a hash of what they compute.
#[derive(Debug, Default)]
struct Seen {
    operations: BTreeMap<u64, OpId>,
    /// Grows with every write: what is read after one may differ.
    writes: u64,
}

pub(super) struct Walk<'a> {
    pub tree: &'a Tree,
    pub analysis: &'a Analysis,
    pub function: OpId,
    pub levels: Vec<Level>,
    /// First place of the operations in each level, and the first behind them.
    pub spans: Vec<(usize, usize)>,
    known: Vec<Known>,
    first: usize,
    /// Place of each operation with regions.
    pub places: BTreeMap<OpId, usize>,
    /// Places of the writes to each buffer, ascending.
    written: BTreeMap<ValueId, Vec<usize>>,
    pub accesses: Vec<Access>,
    /// Values from outside, by the level that uses them.
    pub invariants: Vec<(usize, ValueId)>,
}

impl Walk<'_> {
    /// What is known of a value, to be added to.
    pub(super) fn known(&mut self, value: ValueId) -> &mut Known {
        let place = self.place(value);
        if place >= self.known.len() {
            self.known.resize(place + 1, Known::default());
        }
        &mut self.known[place]
    }

    fn place(&self, value: ValueId) -> usize {
        value.index().saturating_sub(self.first)
    }

    fn so_far(&self, value: ValueId) -> Known {
        self.known.get(self.place(value)).copied().unwrap_or_default()
    }

    pub(super) fn course(&self, value: ValueId) -> Course {
        self.so_far(value).course
    }

    pub(super) fn used(&self, value: ValueId) -> bool {
        self.so_far(value).uses > 0
    }

    /// What is used, last use first, and where memory is written.
    fn prepare(&mut self, operations: &[OpId]) {
        let tree = self.tree;
        for (place, &operation) in operations.iter().enumerate().rev() {
            let node = tree.operation(operation);
            let kept =
                node.results.is_empty() || !node.regions.is_empty() || node.results.iter().any(|&r| self.used(r));
            if !kept {
                continue;
            }
            for &operand in &node.operands {
                self.known(operand).uses += 1;
            }
            if !node.regions.is_empty() {
                self.places.insert(operation, place);
            }
            if let Some(target) = self.target(operation) {
                self.written.entry(root(tree, target)).or_default().push(place);
            }
        }
        self.written.values_mut().for_each(|places| places.reverse());
    }

    /// The buffer that an operation writes.
    fn target(&self, operation: OpId) -> Option<ValueId> {
        let tree = self.tree;
        let node = tree.operation(operation);
        match class(tree.name(operation)) {
            Class::Store => node.operands.iter().copied().rfind(|&v| is_shaped(tree, v)),
            Class::Structured => node.operands.last().copied(),
            _ => None,
        }
    }

    /// Whether a level's iterations write a buffer.
    fn writes(&self, level: usize, root: ValueId) -> bool {
        let (from, to) = self.spans[level];
        self.written.get(&root).is_some_and(|places| {
            places.get(places.partition_point(|&place| place < from)).is_some_and(|&place| place < to)
        })
    }

    pub(super) fn block(&mut self, block: BlockId, frame: Frame) {
        let tree = self.tree;
        let mut seen = Seen::default();
        for &operation in &tree.block(block).operations {
            self.operation(operation, frame, &mut seen);
        }
    }

    fn operation(&mut self, operation: OpId, frame: Frame, seen: &mut Seen) {
        let tree = self.tree;
        let node = tree.operation(operation);
        let name = tree.name(operation);
        let class = class(name);
        if !node.regions.is_empty() || class == Class::Structured {
            return self.nest(operation, class, frame);
        }
        let dead = !node.results.is_empty() && node.results.iter().all(|&r| !self.used(r));
        if dead && class != Class::Call {
            return;
        }
        match class {
            Class::Load => return self.access(operation, frame, false, seen),
            Class::Store => return self.access(operation, frame, true, seen),
            _ => {}
        }
        let course = self.result(operation);
        let kind = kind(tree, operation);
        let repeated = kind.is_some() && self.repeats(operation, seen);
        for &result in &node.results {
            self.known(result).course = course;
        }
        let Some(mut kind) = kind.filter(|_| !repeated) else { return };
        if kind == Kind::MinMax && no_nan(tree, operation) {
            kind = Kind::Float;
        }
        if kind == Kind::Float && self.joins_product(operation, course) {
            return;
        }
        let one = self.machine(operation, kind);
        let level = if matches!(kind, Kind::Runtime | Kind::Branch) { frame.level } else { course.level };
        let level = level.min(frame.level);
        for &operand in &node.operands {
            self.uses(operand, level);
        }
        self.levels[level].add(kind, one, frame.weight);
        self.levels[frame.level].vectors |= node.results.iter().any(|&v| is_vector(tree, v));
    }

    fn uses(&mut self, value: ValueId, level: usize) {
        if level == 0 || self.course(value).level >= level {
            return;
        }
        self.invariants.push((level, value));
    }

    /// Where a result stands and how it grows.
    fn result(&self, operation: OpId) -> Course {
        let tree = self.tree;
        let node = tree.operation(operation);
        let courses = || node.operands.iter().map(|&v| self.course(v));
        let all = || courses().fold(Course::FIXED, Course::some);
        let pair = || {
            let mut courses = courses();
            (courses.next().unwrap_or(Course::FIXED), courses.next().unwrap_or(Course::FIXED))
        };
        match tree.name(operation) {
            "arith.constant" => match tree.attribute(operation, "value") {
                Some(AttributeValue::Integer(value, _)) => Course::constant(*value as f64),
                _ => Course::FIXED,
            },
            "arith.addi" | "index.add" => {
                let (a, b) = pair();
                a.plus(b)
            }
            "arith.subi" | "index.sub" => {
                let (a, b) = pair();
                a.plus(b.times(Course::constant(-1.0)))
            }
            "arith.muli" | "index.mul" => {
                let (a, b) = pair();
                a.times(b)
            }
            "arith.index_cast" | "arith.index_castui" | "arith.extsi" | "arith.extui" | "arith.trunci" => pair().0,
            "affine.apply" => match tree.attribute(operation, "map") {
                Some(AttributeValue::AffineMap(map)) => {
                    let names: Vec<Course> = courses().collect();
                    map.results.first().map_or(all(), |r| evaluate(r, map.dimensions, &names))
                }
                _ => all(),
            },
            _ => all(),
        }
    }

    /// Whether the block has computed the same before; notes it otherwise.
    fn repeats(&self, operation: OpId, seen: &mut Seen) -> bool {
        let tree = self.tree;
        let node = tree.operation(operation);
        let mut hash = 0xcbf2_9ce4_8422_2325u64;
        let mut mix = |x: u64| hash = (hash ^ x).wrapping_mul(0x0100_0000_01b3).rotate_left(17);
        mix(node.name.index() as u64);
        if class(tree.name(operation)) == Class::Load {
            mix(seen.writes);
        }
        node.operands.iter().for_each(|v| mix(v.index() as u64));
        let same = |other: OpId| {
            let other = tree.operation(other);
            other.name == node.name
                && other.operands == node.operands
                && other.attributes.len() == node.attributes.len()
                && other.attributes.iter().zip(&node.attributes).all(|(a, b)| a.value == b.value)
        };
        match seen.operations.get(&hash) {
            Some(&other) => same(other),
            None => {
                seen.operations.insert(hash, operation);
                false
            }
        }
    }

    /// Whether a sum becomes one instruction with a product that is its operand and nothing else's.
    fn joins_product(&self, operation: OpId, course: Course) -> bool {
        let tree = self.tree;
        if !matches!(tree.name(operation), "arith.addf" | "arith.subf") || !contracts(tree, operation) {
            return false;
        }
        tree.operation(operation).operands.iter().any(|&value| {
            let Definition::Result { operation: product, .. } = tree.value(value).definition else { return false };
            tree.name(product) == "arith.mulf"
                && contracts(tree, product)
                && self.so_far(value).uses == 1
                && self.course(value).level == course.level
        })
    }

    /// What an operation comes to, on vectors more than one.
    fn machine(&self, operation: OpId, kind: Kind) -> Machine {
        let tree = self.tree;
        let node = tree.operation(operation);
        let wide = node
            .results
            .iter()
            .chain(&node.operands)
            .map(|&v| vector_bits(tree, v))
            .fold((0.0, 0.0), |a: (f64, f64), b| (a.0.max(b.0), a.1.max(b.1)));
        Machine::new(wide, matches!(kind, Kind::Call | Kind::IntegerDivide))
    }

    fn access(&mut self, operation: OpId, frame: Frame, store: bool, seen: &mut Seen) {
        let tree = self.tree;
        let node = tree.operation(operation);
        let Some(place) = node.operands.iter().rposition(|&v| is_shaped(tree, v)) else { return };
        let shaped = node.operands[place];
        let names: Vec<Course> = node.operands[place + 1..].iter().map(|&v| self.course(v)).collect();
        let subscripts: Vec<Course> = match tree.attribute(operation, "map") {
            Some(AttributeValue::AffineMap(map)) => {
                map.results.iter().map(|r| evaluate(r, map.dimensions, &names)).collect()
            }
            _ => names,
        };
        let address = address(tree, tree.value(shaped).ty, &subscripts);
        let root = root(tree, shaped);
        let vector = if store { node.operands.first() } else { node.results.first() }.copied();
        let wide = vector.map_or((0.0, 0.0), |v| vector_bits(tree, v));
        let across = crosses(tree, operation);
        let in_bounds = match tree.attribute(operation, "in_bounds") {
            Some(AttributeValue::Array(all)) => all.iter().all(|b| *b == AttributeValue::Bool(true)),
            _ => false,
        };
        let masked =
            tree.name(operation).starts_with("vector.") && tree.name(operation).contains("transfer") && !in_bounds;
        for &operand in node.operands.iter().take(if store { place } else { 0 }) {
            self.uses(operand, frame.level);
        }
        self.levels[frame.level].vectors |= wide.0 > 0.0;
        let access = Access {
            root,
            at: frame.level,
            address,
            store,
            machine: Machine::new(wide, across),
            across,
            origin: if store { node.operands.first().map_or(0, |&v| self.origin(v, ORIGIN)) } else { 0 },
            weight: frame.weight,
            masked,
            bits: self.element_bits(shaped),
            odd: self.is_odd(shaped),
        };
        if store {
            seen.writes += 1;
            let stored = node.operands.first().copied();
            self.promote(stored, &access);
            self.accesses.push(access);
            return;
        }
        let level = self.settled(frame.level, root, address.level);
        let course = Course::data(level);
        let repeated = self.repeats(operation, seen);
        for &result in &node.results {
            self.known(result).course = course;
        }
        if !repeated {
            self.accesses.push(access);
        }
    }

    /// A hash of how a value is made, so many operations back: values that are made alike can be made together.
    pub(super) fn origin(&self, value: ValueId, back: u32) -> u64 {
        let Definition::Result { operation, .. } = self.tree.value(value).definition else { return 1 };
        let node = self.tree.operation(operation);
        let mut hash = (node.name.index() as u64 + 2).wrapping_mul(0x9e37_79b9_7f4a_7c15);
        if back > 0 && node.regions.is_empty() {
            for &operand in &node.operands {
                hash = (hash.rotate_left(23) ^ self.origin(operand, back - 1)).wrapping_mul(0x0100_0000_01b3);
            }
        }
        hash
    }

    /// The level that a read's value follows: no further out than the last loop that writes the buffer.
    fn settled(&self, at: usize, root: ValueId, address: usize) -> usize {
        let mut level = at;
        while level > address && !self.writes(level, root) {
            level = self.levels[level].parent;
        }
        level
    }

    /// Notes what a write to one place carries from iteration to iteration.
    pub(super) fn promote(&mut self, stored: Option<ValueId>, access: &Access) {
        if access.at == 0 || access.address.level >= access.at || access.address.data {
            return;
        }
        let how = stored.map_or(Carried::Recurrence, |v| self.combiner(v, None));
        self.levels[access.at].carried[how as usize] += 1.0;
    }

    /// How a value is made of the one that `argument` hands on; what else uses that one makes a recurrence of it.
    pub(super) fn combiner(&self, value: ValueId, argument: Option<ValueId>) -> Carried {
        let Definition::Result { operation, .. } = self.tree.value(value).definition else {
            return Carried::Recurrence;
        };
        if let Some(argument) = argument
            && (self.so_far(argument).uses != 1 || !self.tree.operation(operation).operands.contains(&argument))
        {
            return Carried::Recurrence;
        }
        match carried(self.tree.name(operation)) {
            Carried::Floats if free_order(self.tree, operation) => Carried::Integers,
            Carried::Extreme if no_nan(self.tree, operation) => Carried::Integers,
            how => how,
        }
    }

    pub(super) fn element_bits(&self, value: ValueId) -> f64 {
        let ty = self.tree.value(value).ty;
        ir::analysis::size::element_bytes(self.tree, ty).map_or(64.0, |bytes| 8.0 * bytes as f64)
    }

    /// Whether elements fill no whole bytes.
    pub(super) fn is_odd(&self, value: ValueId) -> bool {
        let types = self.tree.types();
        matches!(self.tree.ty(types.element(self.tree.value(value).ty)), Type::Integer(bits, _) if bits % 8 != 0)
    }

    pub(super) fn executions(&self, block: BlockId, guess: f64) -> f64 {
        executions(self.analysis, self.function, block, guess)
    }

    /// An operation with regions, or a whole loop nest.
    fn nest(&mut self, operation: OpId, class: Class, frame: Frame) {
        let tree = self.tree;
        let node = tree.operation(operation);
        for &operand in &node.operands {
            self.uses(operand, frame.level);
        }
        match class {
            Class::Structured => self.structured(operation, frame),
            Class::Loop => self.repeat(operation, frame),
            _ => {
                self.levels[frame.level].work[Kind::Branch as usize] += frame.weight;
                let around = self.levels[frame.level].iterations * frame.weight;
                for &region in &node.regions {
                    for &block in &tree.region(region).blocks {
                        let share = self.executions(block, around / 2.0) / around.max(1.0);
                        let weight = frame.weight * share.clamp(0.0, 1.0);
                        self.block(block, Frame { level: frame.level, weight });
                    }
                }
            }
        }
        let course = Course::data(frame.level);
        for &result in &node.results {
            self.known(result).course = course;
        }
    }
}

/// Whether a vector is read or written across rows: its lanes lie apart.
fn crosses(tree: &Tree, operation: OpId) -> bool {
    match tree.attribute(operation, "permutation_map") {
        Some(AttributeValue::AffineMap(map)) => match map.results.last() {
            Some(AffineExpr::Dimension(dimension)) => *dimension + 1 != map.dimensions,
            _ => false,
        },
        _ => false,
    }
}

/// Whether an operation may be rounded together with the one before.
fn contracts(tree: &Tree, operation: OpId) -> bool {
    flags(tree, operation, &["fast", "contract"])
}

/// Whether an operation sees no NaN: a minimum is then one instruction.
fn no_nan(tree: &Tree, operation: OpId) -> bool {
    flags(tree, operation, &["fast", "nnan"])
}

/// Whether an operation's order may be changed.
fn free_order(tree: &Tree, operation: OpId) -> bool {
    flags(tree, operation, &["fast", "reassoc"])
}

/// Whether one of these is among an operation's flags for floating-point numbers.
fn flags(tree: &Tree, operation: OpId, flags: &[&str]) -> bool {
    match tree.attribute(operation, "fastmath") {
        Some(AttributeValue::Other(text) | AttributeValue::String(text)) => {
            let list = text.split_once('<').map_or(text.as_str(), |(_, list)| list).trim_end_matches('>');
            list.split(',').any(|flag| flags.contains(&flag.trim()))
        }
        _ => false,
    }
}

pub(super) fn is_shaped(tree: &Tree, value: ValueId) -> bool {
    ir::analysis::size::is_shaped(tree, tree.value(value).ty)
}

fn is_vector(tree: &Tree, value: ValueId) -> bool {
    matches!(tree.value_type(value), Type::Vector { .. })
}

/// Bits and lanes of a vector; none for other values.
fn vector_bits(tree: &Tree, value: ValueId) -> (f64, f64) {
    match tree.value_type(value) {
        Type::Vector { shape, .. } => {
            let lanes = count(ir::analysis::size::elements_of(shape)).max(1.0);
            let bytes = ir::analysis::size::element_bytes(tree, tree.value(value).ty).unwrap_or(8);
            (lanes * 8.0 * bytes as f64, lanes)
        }
        _ => (0.0, 0.0),
    }
}
