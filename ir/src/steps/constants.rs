//! Values that are the same in every call, and the work of each step that remains after everything computed from these
//! alone is computed before the first call.

use std::collections::BTreeSet;

use super::shape::{is_memref, is_tensor};
use super::{Contraction, Steps, WeightRule, Work};
use crate::registry::facts::StepClass;
use crate::tree::{OpId, ValueId};

/// Work of a step in each call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Task {
    /// Works on constants alone: done before the first call.
    Folded,
    /// Takes no time.
    Free,
    /// Number of elements that are moved.
    Move(u64),
    /// Element-wise functions.
    Nonlinear {
        /// Elements that each function is applied to.
        elements: u64,
        /// Functions applied one after the other.
        chain: u64,
    },
    /// Input vectors times a constant matrix, which is the side given (0 or 1).
    Pass(Contraction, usize),
    /// Neither side is constant; the side given (0 or 1) is kept and read again.
    Product(Contraction, usize),
}

/// Constant values after the steps visited so far; steps are visited in order.
#[derive(Debug, Clone)]
pub struct Constants<'s> {
    steps: &'s Steps<'s>,
    known: BTreeSet<ValueId>,
    /// Whether constants of the text count.
    of_text: bool,
}

impl<'s> Constants<'s> {
    /// What is constant before the first of `steps`.
    #[must_use]
    pub fn new(steps: &'s Steps<'s>, rule: WeightRule) -> Self {
        Self { steps, known: super::weights::weights(steps, rule), of_text: rule != WeightRule::None }
    }

    /// Whether a value is constant.
    #[must_use]
    pub fn contains(&self, value: ValueId) -> bool {
        self.known.contains(&value) || self.known.contains(&self.steps.place(value))
    }

    /// The constant that the matrix `value` is a part or view of; itself where it is none.
    #[must_use]
    pub fn source(&self, value: ValueId) -> ValueId {
        let root = self.steps.root(value);
        if self.known.contains(&root) { root } else { value }
    }

    /// Visits a [`Step::Alias`](super::Step::Alias).
    pub fn alias(&mut self, from: ValueId, to: ValueId) {
        let (from, to) = (self.steps.place(from), self.steps.place(to));
        if from == to {
            return;
        }
        if self.known.contains(&from) {
            self.known.insert(to);
        } else {
            // A second call, or the second iteration, may pass a value that changes.
            self.known.remove(&to);
        }
    }

    /// Visits a [`Step::Op`](super::Step::Op); returns its work in each call.
    pub fn step(&mut self, op: OpId, work: &Work, reads: &[ValueId], writes: &[ValueId]) -> Task {
        if self.fold(op, work, reads, writes) {
            return Task::Folded;
        }
        match *work {
            Work::Free(_) => Task::Free,
            Work::Move(elements) => Task::Move(elements),
            Work::Nonlinear { elements, chain } => Task::Nonlinear { elements, chain },
            Work::Contraction(c) => match c.sides.map(|side| self.contains(side.value)) {
                [_, true] => Task::Pass(c, 1),
                [true, false] => Task::Pass(c, 0),
                [false, false] => Task::Product(c, self.steps.kept(&c)),
            },
        }
    }

    /// Elements of the functions applied to each side before a product, in each call.
    #[must_use]
    pub fn before(&self, contraction: &Contraction) -> [u64; 2] {
        let of = |side: usize| {
            if self.contains(contraction.sides[side].value) { 0 } else { contraction.before[side] }
        };
        [of(0), of(1)]
    }

    /// Whether an operation reads data, and constants only.
    fn folds(&self, reads: &[ValueId]) -> bool {
        let tree = self.steps.tree();
        let mut data = reads.iter().filter(|v| is_tensor(tree, **v) || is_memref(tree, **v)).peekable();
        data.peek().is_some() && data.all(|&v| self.contains(v))
    }

    /// Results computed from constants are constants, unless they are in memory that can be written again.
    fn fold(&mut self, op: OpId, work: &Work, reads: &[ValueId], writes: &[ValueId]) -> bool {
        let tree = self.steps.tree();
        let free = matches!(work, Work::Free(_));
        let in_memory = writes.iter().any(|&v| is_memref(tree, v));
        let constant = if reads.is_empty() {
            free && self.of_text && (!in_memory || tree.record(op).steps == StepClass::Constant)
        } else {
            // A view of constant memory is constant; memory that is filled is not.
            self.folds(reads) && (!in_memory || (free && !writes.iter().any(|v| reads.contains(v))))
        };
        if constant {
            self.known.extend(writes.iter().copied());
        }
        constant && !free
    }
}
