//! Grouped-query attention: heads divided over columns, positions over rows.

use designs::Span;

use super::context::{MappingContext, group, hn, nonlinear, transfer, vector_operations};
use super::embedding;
use super::output::project;
use crate::mapping::builder::{PlanBuilder, tensor};
use crate::mapping::collective::Collective;
use crate::mapping::plan::{AttentionCost, Leg, Owner, Scope, TensorId, Work};
use crate::mapping::rule::Rule;

/// Shape of a grouped-query attention layer, elements.
pub(super) struct Shape {
    pub query_heads: u64,
    pub kv_heads: u64,
    pub dim: u64,
    /// Whether the output of every head is multiplied with a projection of the layer's input.
    pub output_gate: bool,
}

/// Adds attention to `plan`; returns its cost per cached position and the hidden vector after it.
pub(super) fn place(context: &MappingContext, plan: &mut PlanBuilder, shape: &Shape) -> (AttentionCost, TensorId) {
    let &Shape { query_heads, kv_heads, dim, output_gate } = shape;
    let (rows, columns) = (context.rows(), context.columns());
    let heads = query_heads / columns;
    let kv = (kv_heads / columns).max(1);
    let (q, kv_dim) = (heads * dim, kv * dim);
    plan.apply(Rule::GroupedHeads { columns, query_heads: heads, kv_heads: kv, head_dim: dim });
    if kv_heads < columns {
        plan.apply(Rule::KvCopies { kv_heads, columns });
    }

    plan.stage("1 norm, HN Q/K/V");
    let x: Vec<TensorId> = embedding::place(context, plan).into_iter().collect();
    plan.apply(Rule::Qkv);
    let (hidden, slice) = (context.hidden, context.hidden_slice());
    let x_norm = plan.op("attention_norm", nonlinear(hidden), &x, tensor("x_norm", hidden, Owner::Every));
    // The gate is projected with the queries, as in the released matrix.
    let q_gate = if output_gate { 2 * q } else { q };
    let [q_partial, k_partial, v_partial] = plan.step(|step| {
        [
            step.op("q_proj", hn(slice, q_gate), &[x_norm], tensor("q_partial", q_gate, Owner::Chip)),
            step.op("k_proj", hn(slice, kv_dim), &[x_norm], tensor("k_partial", kv_dim, Owner::Chip)),
            step.op("v_proj", hn(slice, kv_dim), &[x_norm], tensor("v_partial", kv_dim, Owner::Chip)),
        ]
    });

    plan.stage("2 column all-reduce of Q, K and V to the position's chip, scores");
    let (q_all, kv_new) = plan.step(|step| {
        let reduce = transfer([group(Collective::AllReduce, Scope::Column, q_gate)]);
        let q_all = step.op("q_all_reduce", reduce, &[q_partial], tensor("q", q_gate, Owner::Column));
        step.apply(Rule::KvStriping { rows });
        let to_owner = transfer([Leg::ToOwnerRow { elements: 2 * kv_dim }]);
        let kv_new = tensor("kv_new", 2 * kv_dim, Owner::Position);
        (q_all, step.op("kv_to_owner", to_owner, &[k_partial, v_partial], kv_new))
    });
    let o = attend(plan, rows, heads, dim, [q_all, kv_new], kv_dim);

    plan.stage("4 HN Wo, row all-reduce, column all-gather");
    let o = if output_gate {
        plan.apply(Rule::OutputGate);
        plan.op("output_gate", nonlinear(q), &[o, q_all], tensor("o_gated", q, Owner::Column))
    } else {
        o
    };
    let attended = project(context, plan, o, q);
    let queries = (query_heads / kv_heads).min(heads);
    let vectors = vector_operations(kv, dim, queries);
    let cost = AttentionCost {
        stripes: context.grid.rows,
        score_elements: kv_dim,
        value_elements: kv_dim,
        stored_elements: 2 * kv_dim,
        score_vectors: vectors,
        value_vectors: vectors,
        macs: 2 * heads * dim,
        span: Span::Full,
    };
    (cost, attended)
}

/// Scores, softmax and values of a column's `heads` query heads; returns their output.
fn attend(
    plan: &mut PlanBuilder,
    rows: u64,
    heads: u64,
    dim: u64,
    [q_all, kv_new]: [TensorId; 2],
    kv_dim: u64,
) -> TensorId {
    let q = heads * dim;
    plan.apply(Rule::Statistics { rows, query_heads: heads });
    let q_rot = plan.op("rotary", nonlinear(q + kv_dim), &[q_all, kv_new], tensor("q_rot", q, Owner::Column));
    let scores = plan.op("scores", Work::Scores, &[q_rot, kv_new], tensor("scores", heads, Owner::Chip));

    plan.stage("3 all-reduce of softmax statistics, values, all-reduce of the output");
    // Two numbers a head: the running maximum and the sum of exponentials.
    let reduce = transfer([group(Collective::AllReduce, Scope::Column, 2 * heads)]);
    let statistics = tensor("statistics", 2 * heads, Owner::Column);
    let statistics = plan.op("statistics_all_reduce", reduce, &[scores], statistics);
    let probabilities = tensor("probabilities", heads, Owner::Chip);
    let probabilities = plan.op("softmax_merge", nonlinear(2 * heads), &[statistics], probabilities);
    let o_partial = tensor("o_partial", q, Owner::Chip);
    let o_partial = plan.op("values", Work::Values, &[probabilities, scores, kv_new], o_partial);
    let reduce = transfer([group(Collective::AllReduce, Scope::Column, q)]);
    plan.op("o_all_reduce", reduce, &[o_partial], tensor("o", q, Owner::Column))
}
