//! The row of the input embedding, read from HBM where the design places the table there.

use super::context::{MappingContext, group, transfer};
use crate::mapping::builder::{PlanBuilder, tensor};
use crate::mapping::collective::Collective;
use crate::mapping::embedding_table::EmbeddingTable;
use crate::mapping::plan::{Owner, Scope, TensorId, Work};
use crate::mapping::rule::Rule;

/// Adds the read of a row and the gathering of its parts; returns the hidden vector, `None` where the layer reads no row.
pub(super) fn place(context: &MappingContext, plan: &mut PlanBuilder) -> Option<TensorId> {
    let EmbeddingTable { table_bytes_per_chip: table_bytes, row_bytes_per_chip: bytes, elements } = context.embedding?;
    plan.apply(Rule::Embedding { table_bytes, elements });
    let part = tensor("x_part", elements, Owner::Chip);
    let part = plan.op("embedding_row", Work::EmbeddingRow { bytes }, &[], part);
    let gather = transfer([
        group(Collective::AllGather, Scope::Row, elements * context.columns()),
        group(Collective::AllGather, Scope::Column, context.hidden),
    ]);
    Some(plan.op("embedding_gather", gather, &[part], tensor("x", context.hidden, Owner::Every)))
}
