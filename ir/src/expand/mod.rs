//! The normal form of a tree, in which everything is counted: one way to write each computation.
//!
//! - Named structured operations (`linalg.conv_2d_nhwc_hwcf`, `linalg.softmax`, `linalg.pack`, ...) and element-wise
//!   arithmetic on whole tensors are `linalg.generic`, with the loops and subscripts of their definition. A definition of
//!   several steps is a region executed once ([`COMPOSITE`](crate::registry::COMPOSITE)).
//! - A call is a region with the body of its callee, whose arguments are the values passed, where the text has the body.
//!   Recursive calls stay calls, and so do calls that would make the tree too deep or too large.
//! - Dynamic extents that are assumed to be exact are static.
//!
//! A normal form is a tree of its own, which only the analyses see. It keeps the ids of the text's operations, blocks and
//! values and appends its own; an expanded operation keeps its name and has the record of what it is written as. What is
//! appended has the span of the operation that it stands for.

mod builder;
mod calls;
mod elements;
mod extents;
mod operations;
mod relayout;
mod softmax;
mod structured;
mod winograd;

use std::borrow::Cow;

use crate::analysis::Assumptions;
use crate::registry::facts::Expansion;
use crate::tree::Tree;
use builder::Builder;

/// The normal form of a tree; the tree itself where it is in normal form. `source` is the tree's text, in which names of
/// `assumptions` are looked up.
#[must_use]
pub fn normal_form<'t>(tree: &'t Tree, source: &str, assumptions: &Assumptions) -> Cow<'t, Tree> {
    let dynamic = extents::assumed(tree, source, assumptions);
    if dynamic.is_empty() && !has_expansions(tree) {
        return Cow::Borrowed(tree);
    }
    let mut builder = Builder::new(tree);
    extents::set(&mut builder, dynamic);
    // Functions one by one, so that what is appended for one has ids close together.
    let mut calls = calls::Calls::new(tree);
    for function in tree.functions() {
        calls.expand(&mut builder, function);
    }
    Cow::Owned(builder.finish())
}

fn has_expansions(tree: &Tree) -> bool {
    let names = tree.records.iter().any(|record| record.expansion != Expansion::None || record.is_call);
    names && tree.walk().any(|op| tree.record(op).is_call || operations::is_expanded(tree, op))
}
