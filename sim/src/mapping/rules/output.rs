//! The output projection of attention.

use super::context::{MappingContext, group, hn, transfer};
use crate::mapping::builder::{PlanBuilder, tensor};
use crate::mapping::collective::Collective;
use crate::mapping::plan::{Owner, Scope, TensorId};
use crate::mapping::rule::Rule;

/// Projects `heads`, `inputs` elements held by a column, to the hidden vector on every chip.
pub(super) fn project(context: &MappingContext, plan: &mut PlanBuilder, heads: TensorId, inputs: u64) -> TensorId {
    let (hidden, slice) = (context.hidden, context.hidden_slice());
    plan.apply(Rule::Output);
    let partial = plan.op("o_proj", hn(inputs, slice), &[heads], tensor("xo_partial", slice, Owner::Chip));
    let exchange = transfer([
        group(Collective::AllReduce, Scope::Row, slice),
        group(Collective::AllGather, Scope::Column, hidden),
    ]);
    plan.op("xo_exchange", exchange, &[partial], tensor("xo", hidden, Owner::Every))
}
