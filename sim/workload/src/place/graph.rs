//! A function as steps with the buffers that they read and write, and the element-wise functions that can be fused.

use std::collections::{BTreeMap, BTreeSet};

use ir::registry::facts::StepClass;
use ir::span::Span;
use ir::steps::constants::{Constants, Task};
use ir::steps::shape::{elements, is_memref, is_tensor};
use ir::steps::{Step, Steps, Unplaced, WeightRule, Work};
use ir::tree::{OpId, Tree, ValueId};

use crate::lower::plan::{Access, Buffer};

/// A step: an operation of the text, or a statement of a loop nest.
#[derive(Debug, Clone)]
pub(super) struct Node {
    pub(super) op: OpId,
    /// Its work in each call, with constant matrices in the array.
    pub(super) task: Task,
    /// Most chips that it can be divided among.
    pub(super) divides: u64,
}

/// Two element-wise functions that can be fused: only the second one reads the result of the first one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Fusion {
    pub(super) producer: usize,
    pub(super) consumer: usize,
    /// The result between them.
    pub(super) buffer: usize,
}

/// Why a function has no placement.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Unknown {
    pub(super) operation: String,
    pub(super) span: Span,
    pub(super) why: Unplaced,
}

/// A function that is to be placed.
#[derive(Debug, Clone)]
pub(super) struct Graph {
    pub(super) nodes: Vec<Node>,
    pub(super) buffers: Vec<Buffer>,
    /// Accesses of each step.
    pub(super) accesses: Vec<Vec<Access>>,
    pub(super) fusions: Vec<Fusion>,
    pub(super) unknown: Vec<Unknown>,
    /// The first loop over tensors.
    pub(super) repeats: Option<OpId>,
    /// Arguments of the function.
    pub(super) arguments: Vec<ValueId>,
    /// Values that it returns.
    returned: Vec<ValueId>,
}

/// Arguments of a function, and the values that it returns.
fn ends(tree: &Tree, function: OpId) -> (Vec<ValueId>, Vec<ValueId>) {
    let Some(entry) = tree.entry(function, 0).map(|block| tree.block(block)) else { return Default::default() };
    let last = entry.operations.last().filter(|&&op| matches!(tree.record(op).steps, StepClass::Terminator));
    (entry.arguments.clone(), last.map_or_else(Vec::new, |&op| tree.operation(op).operands.clone()))
}

impl Graph {
    pub(super) fn of(steps: &Steps<'_>, function: OpId, rule: WeightRule) -> Self {
        let (arguments, returned) = ends(steps.tree(), function);
        let graph = Self {
            arguments,
            returned,
            nodes: Vec::new(),
            buffers: Vec::new(),
            accesses: Vec::new(),
            fusions: Vec::new(),
            unknown: Vec::new(),
            repeats: None,
        };
        let mut builder = Builder { steps, constants: Constants::new(steps, rule), graph, of: BTreeMap::new() };
        builder.steps(steps.all());
        for value in builder.graph.returned.clone() {
            if let Some(buffer) = builder.buffer_of(value) {
                builder.graph.buffers[buffer].returned = true;
            }
        }
        builder.graph.fusions = builder.fusions();
        builder.graph
    }

    /// Whether a step takes time.
    pub(super) fn takes_time(&self, step: usize) -> bool {
        !matches!(self.nodes[step].task, Task::Free | Task::Folded | Task::Nonlinear { elements: 0, .. })
    }

    /// Steps that multiply by a constant matrix.
    pub(super) fn passes(&self) -> Vec<usize> {
        (0..self.nodes.len()).filter(|&step| matches!(self.nodes[step].task, Task::Pass(..))).collect()
    }

    /// Accesses of each step if the functions of `fused` steps are part of those that read their results.
    pub(super) fn accesses_with(&self, fused: &BTreeSet<usize>) -> Vec<Vec<Access>> {
        let mut all = self.accesses.clone();
        // In the order of the text, so that a chain hands its operands on to its end.
        for fusion in self.fusions.iter().filter(|fusion| fused.contains(&fusion.producer)) {
            let taken = std::mem::take(&mut all[fusion.producer]);
            let consumer = &mut all[fusion.consumer];
            consumer.retain(|access| access.buffer != fusion.buffer);
            for access in taken.into_iter().filter(|access| !access.writes) {
                if !consumer.contains(&access) {
                    consumer.push(access);
                }
            }
        }
        all
    }
}

struct Builder<'a> {
    steps: &'a Steps<'a>,
    constants: Constants<'a>,
    graph: Graph,
    /// Buffer of each value; views share it.
    of: BTreeMap<ValueId, usize>,
}

impl Builder<'_> {
    fn steps(&mut self, steps: &[Step]) {
        let tree = self.steps.tree();
        for step in steps {
            match step {
                Step::Op { op, work, reads, writes } => self.step(*op, work, reads, writes),
                Step::Unplaced { op, why, .. } => self.graph.unknown.push(Unknown {
                    operation: tree.name(*op).to_owned(),
                    span: tree.operation(*op).span,
                    why: *why,
                }),
                Step::Alias { from, to } => {
                    self.constants.alias(*from, *to);
                    if let Some(buffer) = self.buffer_of(*from) {
                        self.of.insert(self.steps.place(*to), buffer);
                    }
                }
                Step::Loop { op, body, .. } => {
                    self.graph.repeats.get_or_insert(*op);
                    self.steps(body);
                }
            }
        }
    }

    fn new_buffer(&mut self, value: ValueId, elements: u64, argument: bool, constant: bool) -> usize {
        let buffer = Buffer { value, elements, argument, constant, written: false, returned: false };
        self.graph.buffers.push(buffer);
        self.of.insert(value, self.graph.buffers.len() - 1);
        self.graph.buffers.len() - 1
    }

    /// The buffer of a value; an argument gets one when it is first asked for. None for what takes no space: addresses,
    /// constants, values that were never written.
    fn buffer_of(&mut self, value: ValueId) -> Option<usize> {
        let place = self.steps.place(value);
        if let Some(&buffer) = self.of.get(&place) {
            return Some(buffer);
        }
        if self.constants.contains(value) {
            return None;
        }
        let root = self.steps.root(value);
        if !self.steps.is_argument(root) {
            return None;
        }
        let buffer = self.of.get(&root).copied().unwrap_or_else(|| self.new_buffer(root, 0, true, false));
        self.of.insert(place, buffer);
        Some(buffer)
    }

    fn step(&mut self, op: OpId, work: &Work, reads: &[ValueId], writes: &[ValueId]) {
        let tree = self.steps.tree();
        let is_data = |v: ValueId| is_tensor(tree, v) || is_memref(tree, v);
        let task = self.constants.step(op, work, reads, writes);
        let mut accesses = Vec::new();
        match task {
            Task::Folded => {}
            Task::Free => {
                // A view is where its operand is.
                let source = reads.iter().copied().filter(|&v| is_data(v)).find_map(|v| self.buffer_of(v));
                if let Some(buffer) = source {
                    for &value in writes.iter().filter(|v| is_tensor(tree, **v)) {
                        self.of.insert(value, buffer);
                    }
                }
            }
            _ => {
                self.reads(&task, work, reads, &mut accesses);
                self.writes(op, &task, writes, &mut accesses);
            }
        }
        for access in &accesses {
            let buffer = &mut self.graph.buffers[access.buffer];
            buffer.written |= access.writes;
            if buffer.argument {
                buffer.elements = buffer.elements.max(access.elements);
            }
        }
        let divides = divides(tree, &task, writes);
        self.graph.nodes.push(Node { op, task, divides });
        self.graph.accesses.push(accesses);
    }

    fn reads(&mut self, task: &Task, work: &Work, reads: &[ValueId], accesses: &mut Vec<Access>) {
        let tree = self.steps.tree();
        let kept = match task {
            Task::Pass(c, side) | Task::Product(c, side) => Some(c.sides[*side].value),
            _ => None,
        };
        for (place, &value) in reads.iter().enumerate() {
            if !(is_tensor(tree, value) || is_memref(tree, value)) || reads[..place].contains(&value) {
                continue;
            }
            let is_kept = kept == Some(value);
            let elements = self.steps.read(work, value, self.steps.root(value), 1);
            let matrix = matches!(task, Task::Pass(..)) && is_kept;
            let buffer = if matrix {
                let source = self.constants.source(value);
                Some(match self.of.get(&source) {
                    Some(&buffer) => buffer,
                    None => self.new_buffer(source, elements, false, true),
                })
            } else {
                self.buffer_of(value)
            };
            if let Some(buffer) = buffer {
                let known = &mut self.graph.buffers[buffer];
                if matrix {
                    known.elements = known.elements.max(elements);
                }
                let divides = is_kept || !matches!(task, Task::Pass(..) | Task::Product(..));
                accesses.push(Access { buffer, elements, writes: false, divides });
            }
        }
    }

    fn writes(&mut self, op: OpId, task: &Task, writes: &[ValueId], accesses: &mut Vec<Access>) {
        let tree = self.steps.tree();
        let operands = &tree.operation(op).operands;
        let inserts = matches!(tree.record(op).steps, StepClass::Insert);
        for &value in writes {
            let Some(all) = elements(tree, value) else { continue };
            let made = match task {
                Task::Move(moved) => all.min(*moved),
                Task::Nonlinear { elements, .. } => all.min(*elements),
                Task::Pass(c, side) | Task::Product(c, side) => all.min(c.macs / c.sides[*side].fan_in.max(1)),
                Task::Folded | Task::Free => 0,
            };
            let buffer = if is_memref(tree, value) {
                let place = self.steps.place(value);
                self.buffer_of(value).unwrap_or_else(|| self.new_buffer(place, all, false, false))
            } else if is_tensor(tree, value) {
                // What is written into another tensor stays in its place.
                let into = operands.get(1).filter(|_| inserts).and_then(|&operand| self.buffer_of(operand));
                match into {
                    Some(buffer) => {
                        self.of.insert(value, buffer);
                        buffer
                    }
                    None => self.new_buffer(value, all, false, false),
                }
            } else {
                continue;
            };
            accesses.push(Access { buffer, elements: made, writes: true, divides: false });
        }
    }

    /// Pairs of element-wise functions of one shape, of which only the second one reads the result of the first one.
    fn fusions(&self) -> Vec<Fusion> {
        let tree = self.steps.tree();
        let mut readers: BTreeMap<ValueId, Vec<usize>> = BTreeMap::new();
        let mut step = 0;
        let mut count = |value: ValueId, step: usize| {
            let all = readers.entry(value).or_default();
            if all.last() != Some(&step) {
                all.push(step);
            }
        };
        let mut elementwise: Vec<Option<ValueId>> = Vec::new();
        for item in self.steps.all() {
            match item {
                Step::Op { reads, writes, .. } => {
                    reads.iter().for_each(|&v| count(v, step));
                    elementwise.push(result_by_element(tree, &self.graph.nodes[step].task, writes));
                    step += 1;
                }
                // Names for the same value are uses that no step makes.
                Step::Alias { from, .. } => count(*from, usize::MAX),
                Step::Unplaced { reads, .. } => reads.iter().for_each(|&v| count(v, usize::MAX)),
                Step::Loop { .. } => return Vec::new(),
            }
        }
        let shape = |value: ValueId| tree.types().shape(tree.value(value).ty);
        let mut all = Vec::new();
        for (producer, result) in elementwise.iter().enumerate() {
            let Some(result) = *result else { continue };
            let Some(&[consumer]) = readers.get(&result).map(Vec::as_slice) else { continue };
            let Some(Some(next)) = elementwise.get(consumer) else { continue };
            // A tensor that the body indexes itself may be read in any order.
            let is_operand = tree.operation(self.graph.nodes[consumer].op).operands.contains(&result);
            if is_operand && shape(result) == shape(*next) && !self.graph.returned.contains(&result) {
                all.push(Fusion { producer, consumer, buffer: self.of[&result] });
            }
        }
        all
    }
}

/// The only result of a step that computes each element of it from elements of its operands.
fn result_by_element(tree: &Tree, task: &Task, writes: &[ValueId]) -> Option<ValueId> {
    match (task, writes) {
        (Task::Nonlinear { elements: work, chain: 1 }, &[result]) => {
            (is_tensor(tree, result) && elements(tree, result) == Some(*work)).then_some(result)
        }
        _ => None,
    }
}

/// Most parts that a step can be divided into such that each part computes elements of the result of its own.
fn divides(tree: &Tree, task: &Task, writes: &[ValueId]) -> u64 {
    let results = || writes.iter().filter_map(|&v| elements(tree, v)).min().unwrap_or(1);
    match task {
        Task::Folded | Task::Free => 1,
        Task::Move(elements) => *elements,
        Task::Nonlinear { elements, chain: 1 } => results().min(*elements),
        // Several functions one after the other may combine the elements of a row.
        Task::Nonlinear { .. } => {
            let rows = |&v: &ValueId| {
                let inner = tree.types().shape(tree.value(v).ty)?.last()?;
                let ir::tree::Dimension::Static(inner) = inner else { return None };
                Some(elements(tree, v)? / (*inner).max(1))
            };
            writes.iter().filter_map(rows).min().unwrap_or(1)
        }
        Task::Pass(c, side) | Task::Product(c, side) => {
            let side = c.sides[*side];
            side.elements / side.fan_in.max(1)
        }
    }
}
