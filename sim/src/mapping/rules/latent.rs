//! Latent attention (MLA): heads divided over columns, one latent vector per position cached on one chip.

use designs::Span;

use super::context::{MappingContext, group, hn, nonlinear, transfer, vector_operations};
use super::embedding;
use super::output::project;
use crate::mapping::builder::{PlanBuilder, tensor};
use crate::mapping::collective::Collective;
use crate::mapping::plan::{AttentionCost, Leg, Owner, Scope, TensorId, Work};
use crate::mapping::rule::Rule;

/// Shape of a latent attention layer, elements.
pub(super) struct Shape {
    pub heads: u64,
    /// Rank of the query projection; `None` where queries are projected directly.
    pub query_rank: Option<u64>,
    /// Width of the cached latent vector.
    pub latent: u64,
    /// Part of a query head without positions.
    pub nope: u64,
    /// Positional part of a query head and of a cache entry.
    pub rope: u64,
    /// Output of a head.
    pub value: u64,
}

/// Queries of a column and the new cache entry of a position.
struct Projected {
    q_partial: TensorId,
    kv_new: TensorId,
}

/// Adds attention to `plan`; returns its cost per cached position and the hidden vector after it.
pub(super) fn place(context: &MappingContext, plan: &mut PlanBuilder, shape: &Shape) -> (AttentionCost, TensorId) {
    let (heads, latent, cached) = (shape.heads, shape.latent, shape.latent + shape.rope);
    let own = heads / context.columns();
    plan.apply(Rule::LatentHeads { columns: context.columns(), query_heads: own, latent, rope: shape.rope });
    let projected = projections(context, plan, shape, own);
    let latent_output = attend(context, plan, shape, own, &projected);

    plan.stage("4 HN value up-projection, HN Wo, row all-reduce, column all-gather");
    let part = own * shape.value.div_ceil(context.rows());
    let o_part = plan.op("v_up_proj", hn(latent, part), &[latent_output], tensor("o_part", part, Owner::Chip));
    let outputs = own * shape.value;
    let gather = transfer([group(Collective::AllGather, Scope::Column, outputs)]);
    let o = plan.op("o_gather", gather, &[o_part], tensor("o", outputs, Owner::Column));
    let attended = project(context, plan, o, outputs);
    let cost = AttentionCost {
        stripes: context.grid.chips(),
        score_elements: cached,
        value_elements: latent,
        stored_elements: cached,
        score_vectors: vector_operations(1, cached, heads),
        value_vectors: vector_operations(1, latent, heads),
        macs: heads * (cached + latent),
        span: Span::Full,
    };
    (cost, attended)
}

/// Query and latent down-projections, with the new latent vector sent to the chip of its position.
fn projections(context: &MappingContext, plan: &mut PlanBuilder, shape: &Shape, own: u64) -> Projected {
    let (hidden, slice, columns) = (context.hidden, context.hidden_slice(), context.columns());
    let cached = shape.latent + shape.rope;
    let cached_part = cached.div_ceil(columns);
    let q = own * (shape.nope + shape.rope);
    let striping = Rule::LatentStriping { chips: context.chips() };
    let to_owner = transfer([Leg::ToOwnerRow { elements: cached_part }, Leg::ToOwnerChip { elements: cached_part }]);
    let kv_new = tensor("kv_new", cached, Owner::Position);
    plan.stage("1 norm, HN query and latent down-projections");
    let x: Vec<TensorId> = embedding::place(context, plan).into_iter().collect();
    plan.apply(if shape.query_rank.is_some() { Rule::LowRankQuery } else { Rule::FullQuery });
    let x_norm = plan.op("attention_norm", nonlinear(hidden), &x, tensor("x_norm", hidden, Owner::Every));
    let Some(rank) = shape.query_rank else {
        let (q_partial, kv_partial) = plan.step(|step| {
            let q_partial = step.op("q_proj", hn(slice, q), &[x_norm], tensor("q_partial", q, Owner::Chip));
            step.apply(striping);
            let kv_partial = tensor("kv_partial", cached_part, Owner::Chip);
            (q_partial, step.op("kv_a_proj", hn(slice, cached_part), &[x_norm], kv_partial))
        });
        plan.stage("2 latent to the position's chip");
        let kv_new = plan.op("kv_to_owner", to_owner, &[kv_partial], kv_new);
        plan.op("latent_norm", nonlinear(cached), &[kv_new], tensor("kv_norm", cached, Owner::Position));
        return Projected { q_partial, kv_new };
    };
    let part = rank.div_ceil(columns);
    let (qa_partial, kv_partial) = plan.step(|step| {
        let qa_partial = step.op("q_a_proj", hn(slice, part), &[x_norm], tensor("qa_partial", part, Owner::Chip));
        step.apply(striping);
        let kv_partial = tensor("kv_partial", cached_part, Owner::Chip);
        (qa_partial, step.op("kv_a_proj", hn(slice, cached_part), &[x_norm], kv_partial))
    });
    plan.stage("2 column all-reduce and row all-gather, HN query up-projection");
    let (qa, kv_new) = plan.step(|step| {
        step.apply(Rule::LowRankQuery);
        let exchange = transfer([
            group(Collective::AllReduce, Scope::Column, part),
            group(Collective::AllGather, Scope::Row, rank),
        ]);
        let qa = step.op("q_a_exchange", exchange, &[qa_partial], tensor("qa", rank, Owner::Every));
        step.apply(striping);
        (qa, step.op("kv_to_owner", to_owner, &[kv_partial], kv_new))
    });
    let qa_norm = tensor("qa_norm", rank, Owner::Every);
    let qa_norm = plan.op("latent_norm", nonlinear(rank + cached), &[qa, kv_new], qa_norm);
    plan.apply(Rule::LowRankQuery);
    let up = hn(rank.div_ceil(context.rows()), q);
    let q_partial = plan.op("q_b_proj", up, &[qa_norm], tensor("q_partial", q, Owner::Chip));
    Projected { q_partial, kv_new }
}

/// Scores, softmax and values in the latent space; returns the output of a column's heads there.
fn attend(
    context: &MappingContext,
    plan: &mut PlanBuilder,
    shape: &Shape,
    own: u64,
    projected: &Projected,
) -> TensorId {
    let &Projected { q_partial, kv_new } = projected;
    let &Shape { heads, latent, nope, rope, .. } = shape;
    let cached = latent + rope;
    let q = own * (nope + rope);
    plan.stage("2b column all-reduce of Q, HN absorption, queries to all chips, scores");
    plan.apply(Rule::Absorption { heads });
    let reduce = transfer([group(Collective::AllReduce, Scope::Column, q)]);
    let q_all = plan.op("q_all_reduce", reduce, &[q_partial], tensor("q", q, Owner::Column));
    let rotary = nonlinear(own * rope + rope);
    let q_rot = plan.op("rotary", rotary, &[q_all, kv_new], tensor("q_rot", q, Owner::Column));
    // Wk folded into the query (absorption): scores are taken against the cached latent vector itself.
    let absorbed = own * latent.div_ceil(context.rows());
    let ql_part = plan.op("k_absorb", hn(nope, absorbed), &[q_rot], tensor("ql_part", absorbed, Owner::Chip));
    let gather = transfer([
        group(Collective::AllGather, Scope::Column, own * latent),
        group(Collective::AllGather, Scope::Row, heads * cached),
    ]);
    let queries = plan.op("q_gather", gather, &[ql_part, q_rot], tensor("q_all", heads * cached, Owner::Every));
    let scores = plan.op("scores", Work::Scores, &[queries, kv_new], tensor("scores", heads, Owner::Chip));

    plan.stage("3 all-chip all-reduce of softmax statistics, values, output back to its column");
    let reduce = Work::Transfer(context.all_reduce(2 * heads));
    let statistics = tensor("statistics", 2 * heads, Owner::Every);
    let statistics = plan.op("statistics_all_reduce", reduce, &[scores], statistics);
    let probabilities = tensor("probabilities", heads, Owner::Chip);
    let probabilities = plan.op("softmax_merge", nonlinear(2 * heads), &[statistics], probabilities);
    let output = heads * latent;
    let ol_partial = tensor("ol_partial", output, Owner::Chip);
    let ol_partial = plan.op("values", Work::Values, &[probabilities, scores, kv_new], ol_partial);
    let exchange = transfer([
        group(Collective::ReduceScatter, Scope::Row, output),
        group(Collective::AllReduce, Scope::Column, own * latent),
    ]);
    plan.op("ol_exchange", exchange, &[ol_partial], tensor("ol", own * latent, Owner::Column))
}
