//! The loops of a function as an optimising compiler leaves them: what is not used is gone, what repeats is computed
//! once, and what does not follow a loop stands before it.
//!
//! A [`level::Level`] is the function's body or one loop (structured operations open one a dimension) with the machine work of
//! one iteration by [`kind::Kind`], and what decides whether its iterations can share vector instructions: what is carried
//! from one to the next, and how memory is walked. Values know the innermost loop they follow and by how much they
//! grow with it. Pointers do not alias, as the labels assume. Control flow between blocks is not followed.

mod access;
mod estimate;
mod kind;
mod level;
mod nests;
mod settle;
mod structured;
mod walk;
pub(super) mod work;

use ir::analysis::Analysis;
use ir::tree::{OpId, Tree};

use super::Feature;

/// Sets the features of a function's loops; their [`work`].
pub(super) fn put(
    tree: &Tree,
    analysis: &Analysis,
    function: OpId,
    live: work::Live,
    set: &mut dyn FnMut(Feature, f64),
) -> Vec<f64> {
    let levels = walk::levels(tree, analysis, function);
    estimate::put(&levels, set);
    work::work(&levels, live)
}

#[cfg(test)]
mod tests;
