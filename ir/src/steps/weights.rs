//! Arguments of a function that are constant and can be hardwired.

use names::named;
use std::collections::{BTreeMap, BTreeSet};

use crate::tree::{AttributeValue, OpId, Tree, ValueId};

use super::shape::extents;
use super::{Step, Steps, Work};

/// Unit attribute of a function argument that is constant and can be hardwired.
pub const WEIGHT_ATTRIBUTE: &str = "hardwire.weight";

named! {
    /// What counts as a weight. Constants (`arith.constant`, `tosa.const`, `memref.get_global`, ...) and what follows
    /// from constants alone always do, except under [`WeightRule::None`].
    pub enum WeightRule (default: Auto) {
        /// Marked arguments where there are any; else arguments of two dimensions or more whose every use is as the
        /// matrix (a convolution's filter; else the second operand, or the one of more dimensions) of products without a
        /// batch dimension.
        Auto = "auto",
        /// Marked arguments only.
        Marked = "marked",
        /// Every argument that is the matrix of any product, batched or not, whatever else it is used for.
        AllRhs = "all-rhs",
        /// Nothing: every product goes to the vector unit.
        None = "none",
    }
}

/// The arguments of a function that are weights under `rule`.
pub(super) fn weights(steps: &Steps<'_>, rule: WeightRule) -> BTreeSet<ValueId> {
    let marked = marked(steps.tree, steps.function, steps.arguments());
    match rule {
        WeightRule::None => BTreeSet::new(),
        WeightRule::Marked => marked,
        WeightRule::Auto if !marked.is_empty() => marked,
        WeightRule::Auto => {
            let uses = uses(steps);
            let only = |u: &Uses| u.plain > 0 && u.batched == 0 && u.other == 0;
            uses.into_iter().filter(|(_, u)| only(u)).map(|(argument, _)| argument).collect()
        }
        WeightRule::AllRhs => {
            let uses = uses(steps);
            uses.into_iter().filter(|(_, u)| u.plain + u.batched > 0).map(|(argument, _)| argument).collect()
        }
    }
}

fn marked(tree: &Tree, function: OpId, arguments: &[ValueId]) -> BTreeSet<ValueId> {
    let Some(AttributeValue::Array(list)) = tree.attribute(function, "arg_attrs") else { return BTreeSet::new() };
    let has = |a: &AttributeValue| matches!(a, AttributeValue::Dictionary(entries) if entries.iter().any(|(name, _)| name == WEIGHT_ATTRIBUTE));
    arguments.iter().zip(list).filter(|(_, a)| has(a)).map(|(&argument, _)| argument).collect()
}

/// How an argument is used.
#[derive(Debug, Clone, Copy, Default)]
struct Uses {
    /// As the matrix of a product without batch dimension, or as a filter.
    plain: usize,
    /// As the matrix of a batched product, or with a function applied before the product.
    batched: usize,
    /// In any other way.
    other: usize,
}

fn uses(steps: &Steps<'_>) -> BTreeMap<ValueId, Uses> {
    let wide = |a: &&ValueId| extents(steps.tree, **a).is_some_and(|e| e.len() >= 2);
    let mut all: BTreeMap<ValueId, Uses> =
        steps.arguments().iter().filter(wide).map(|&a| (a, Uses::default())).collect();
    if !all.is_empty() {
        count(steps, &steps.all, &mut all);
    }
    all
}

fn count(steps: &Steps<'_>, list: &[Step], all: &mut BTreeMap<ValueId, Uses>) {
    for step in list {
        match step {
            Step::Loop { body, .. } => count(steps, body, all),
            Step::Op { work: Work::Contraction(c), reads, writes, .. } => {
                let side = c.matrix();
                let matrix = steps.root(c.sides[side].value);
                if let Some(uses) = all.get_mut(&matrix) {
                    if c.can_be_metal() { uses.plain += 1 } else { uses.batched += 1 }
                }
                // All other values it reads and writes are other uses; the matrix counts once.
                let others: BTreeSet<ValueId> =
                    reads.iter().filter(|&&v| v != c.sides[side].value).map(|&v| steps.root(v)).collect();
                for value in others.iter().chain(writes) {
                    if let Some(uses) = all.get_mut(value) {
                        uses.other += 1;
                    }
                }
            }
            // Views and copies pass their operand on: uses of the result count.
            Step::Op { work: Work::Free(_) | Work::Move(_), op, .. }
                if steps.tree.operation(*op).results.len() == 1 => {}
            Step::Op { reads, writes, .. } | Step::Unplaced { reads, writes, .. } => {
                for value in reads.iter().chain(writes) {
                    if let Some(uses) = all.get_mut(&steps.root(*value)) {
                        uses.other += 1;
                    }
                }
            }
            Step::Alias { .. } => {}
        }
    }
}
