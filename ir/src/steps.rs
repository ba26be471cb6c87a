//! A function as the steps a machine for tensors takes: sums of products, functions of elements, moves of data.
//!
//! Steps say what is asked, with sizes; which unit does it, and when, is the machine's affair. What a text says in
//! one dialect or another, on tensors or as a loop nest over memories, comes to the same steps:
//!
//! | module | tells |
//! | --- | --- |
//! | `classify` | what an operation is, by its name |
//! | `contraction` | which operations are sums of products, of what extents |
//! | `nest`, `product`, `points` | the same of scalar code in loops |
//! | `build` | steps in the order of the text, views and aliases resolved |
//! | [`constants`] | which values never change, and what a step comes to when they are made beforehand |
//! | `weights` | which arguments never change |
//!
//! Conditions are taken as met and loops as long as the text bounds them. Every element counts alike, whatever its
//! format. Left out: fusion (every function of elements is a step of its own) and where intermediate results lie.

mod build;
mod classify;
pub mod constants;
mod contraction;
mod nest;
mod points;
mod product;
mod set;
pub mod shape;
mod step;
mod weights;

use std::collections::BTreeMap;

use crate::analysis::Analysis;
use crate::tree::{Definition, OpId, Tree, ValueId};
use shape::{elements, is_memref, is_tensor};

pub use step::{Contraction, Side, Step, Unplaced, Values, Work};
pub use weights::{WEIGHT_ATTRIBUTE, WeightRule};

/// The steps of one function.
#[derive(Debug, Clone)]
pub struct Steps<'a> {
    tree: &'a Tree,
    function: OpId,
    all: Vec<Step>,
    /// For a view, what it is a view of, in the end an argument or storage.
    roots: BTreeMap<ValueId, ValueId>,
}

impl<'a> Steps<'a> {
    /// Reads a function; any tree has an answer.
    #[must_use]
    pub fn of(tree: &'a Tree, function: OpId) -> Self {
        build::steps(tree, function, None)
    }

    /// Likewise, with counts of loops that `analysis` of the same tree has made.
    #[must_use]
    pub fn analysed(tree: &'a Tree, function: OpId, analysis: &'a Analysis) -> Self {
        build::steps(tree, function, Some(analysis))
    }

    /// The steps in the order of the text.
    #[must_use]
    pub fn all(&self) -> &[Step] {
        &self.all
    }

    /// The tree they are read from.
    #[must_use]
    pub fn tree(&self) -> &'a Tree {
        self.tree
    }

    /// The argument or storage behind a value.
    #[must_use]
    pub fn root(&self, value: ValueId) -> ValueId {
        build::root(&self.roots, value)
    }

    /// What stands for a value where it matters when it is made and used: the storage behind a view of memory, which
    /// changes with it; a tensor is a value of its own.
    #[must_use]
    pub fn place(&self, value: ValueId) -> ValueId {
        if is_memref(self.tree, value) { self.root(value) } else { value }
    }

    /// The arguments of the function.
    fn arguments(&self) -> &'a [ValueId] {
        self.tree.entry(self.function, 0).map_or(&[][..], |block| &self.tree.block(block).arguments)
    }

    /// Whether a value is a tensor or memory that the function is given.
    #[must_use]
    pub fn is_argument(&self, value: ValueId) -> bool {
        let given = matches!(self.tree.value(value).definition,
            Definition::Argument { block, .. } if self.tree.entry(self.function, 0) == Some(block));
        given && (is_tensor(self.tree, value) || is_memref(self.tree, value))
    }

    /// The side of a product of two changing operands that is kept and read again: an argument rather than a result,
    /// else the matrix by its place.
    #[must_use]
    pub fn kept(&self, contraction: &Contraction) -> usize {
        match contraction.sides.map(|side| self.is_argument(self.root(side.value))) {
            [true, false] => 0,
            [false, true] => 1,
            _ => contraction.matrix(),
        }
    }

    /// Elements of the argument `root` that `times` executions of a step read through `value`.
    #[must_use]
    pub fn read(&self, work: &Work, value: ValueId, root: ValueId, times: u64) -> u64 {
        let whole = elements(self.tree, value).unwrap_or(0);
        let once = match work {
            Work::Free(_) => 0,
            Work::Move(moved) => whole.min(*moved),
            Work::Nonlinear { .. } => whole,
            Work::Contraction(c) => c.sides.iter().find(|s| s.value == value).map_or(0, |s| s.elements.min(whole)),
        };
        once.saturating_mul(times).min(elements(self.tree, root).unwrap_or(0))
    }

    /// For every tensor or memory that the function is given and that `counts`: elements that steps read of it, at
    /// most by one of them.
    #[must_use]
    pub fn arguments_read(&self, counts: impl Fn(ValueId) -> bool) -> BTreeMap<ValueId, u64> {
        let given = self.arguments().iter().copied().filter(|&a| self.is_argument(a) && counts(a));
        let mut most = given.map(|a| (a, 0)).collect();
        self.read_by(&self.all, 1, &mut most);
        most
    }

    fn read_by(&self, steps: &[Step], times: u64, most: &mut BTreeMap<ValueId, u64>) {
        for step in steps {
            match step {
                Step::Loop { trips, body, .. } => self.read_by(body, times.saturating_mul(*trips), most),
                Step::Op { work, reads, .. } => {
                    for &value in reads {
                        let root = self.root(value);
                        if let Some(elements) = most.get_mut(&root) {
                            *elements = (*elements).max(self.read(work, value, root, times));
                        }
                    }
                }
                _ => {}
            }
        }
    }
}
