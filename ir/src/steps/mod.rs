//! A function as steps of a tensor machine: sums of products, functions of elements, moves of data.
//!
//! Steps have sizes, but no units and no time. The same computation gives the same steps in every dialect, on tensors
//! or as a loop nest over memrefs:
//!
//! | module | provides |
//! | --- | --- |
//! | `classify` | class and work of each operation, by its record |
//! | `contraction` | sums of products in tensor operations, with their extents |
//! | `nest`, `product`, `points`, `access` | the same for scalar code in loops |
//! | `build` | steps in the order of the text, views and aliases resolved |
//! | [`constants`] | constant values, and the work of each step that remains in each call |
//! | `weights` | arguments that are constant |
//!
//! Both branches of a condition count, and loops run to their upper bounds. Elements count alike in all formats. Not
//! modelled: fusion (every function of elements is a step of its own) and the place of intermediate results.

mod access;
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
    /// For each view, the argument or storage behind it.
    roots: BTreeMap<ValueId, ValueId>,
}

impl<'a> Steps<'a> {
    /// The steps of a function, in the normal form and with the trip counts of an analysis.
    #[must_use]
    pub fn of(analysis: &'a Analysis<'_>, function: OpId) -> Self {
        let (all, roots) = build::steps(analysis, function);
        Self { tree: analysis.tree(), function, all, roots }
    }

    /// The steps in the order of the text.
    #[must_use]
    pub fn all(&self) -> &[Step] {
        &self.all
    }

    /// The tree they are read from, a normal form.
    #[must_use]
    pub fn tree(&self) -> &'a Tree {
        self.tree
    }

    /// The argument or storage behind a value.
    #[must_use]
    pub fn root(&self, value: ValueId) -> ValueId {
        build::root(&self.roots, value)
    }

    /// The value that orders reads and writes: the storage behind a view of a memref; the tensor itself.
    #[must_use]
    pub fn place(&self, value: ValueId) -> ValueId {
        if is_memref(self.tree, value) { self.root(value) } else { value }
    }

    /// The arguments of the function.
    fn arguments(&self) -> &'a [ValueId] {
        self.tree.entry(self.function, 0).map_or(&[][..], |block| &self.tree.block(block).arguments)
    }

    /// Whether a value is a tensor or memref argument of the function.
    #[must_use]
    pub fn is_argument(&self, value: ValueId) -> bool {
        let given = matches!(self.tree.value(value).definition,
            Definition::Argument { block, .. } if self.tree.entry(self.function, 0) == Some(block));
        given && (is_tensor(self.tree, value) || is_memref(self.tree, value))
    }

    /// The side (0 or 1) of a product of two non-constant operands that is kept and read again: an argument rather than a
    /// result, else [`Contraction::matrix`].
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

    /// For each tensor or memref argument that `counts`: the most elements that one step reads of it.
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
