//! The paper's mapping rules, for any supported layer on any R x C grid.
//!
//! Source: HNLPU, ASPLOS '26, Sec. 5 and Fig. 11, App. A for gpt-oss. Rules for other layers (dense feed-forward
//! parts, latent attention, shared experts) are this project's extension; [`Rule::source`](super::rule::Rule::source)
//! tells which is which. Chip (r, c) sits in row r and column c. Uneven slices are rounded up: a plan describes the
//! fullest chip.

mod context;
mod embedding;
mod feed_forward;
mod grouped_query;
mod head;
mod latent;
mod output;

use designs::{Attention, Ffn, Layer, Span};

use super::builder::PlanBuilder;
use super::plan::{LayerPlan, RoutedExperts};

pub use context::{MappingContext, vector_operations};
pub use head::head;

/// The plan of one layer.
#[must_use]
pub fn layer(context: &MappingContext, layer: &Layer) -> LayerPlan {
    let attention = layer.attention.kind();
    let ffn = match layer.ffn {
        Ffn::Dense { .. } => "dense",
        Ffn::Moe { .. } => "MoE",
    };
    let span = if context.options.sliding_windows { layer.span } else { Span::Full };
    let name = match span {
        Span::Window(size) => format!("{attention} (window {size}) + {ffn}"),
        Span::Chunk(size) => format!("{attention} (chunks of {size}) + {ffn}"),
        Span::Full => format!("{attention} + {ffn}"),
    };
    let name = if context.embedding.is_some() { format!("embedding, {name}") } else { name };
    let mut plan = PlanBuilder::new(name, context.options.link_element_bytes);
    let (mut cost, attended) = match layer.attention {
        Attention::Gqa { query_heads, kv_heads, head_dim, output_gate } => {
            let shape = grouped_query::Shape {
                query_heads: query_heads.into(),
                kv_heads: kv_heads.into(),
                dim: head_dim.into(),
                output_gate,
            };
            grouped_query::place(context, &mut plan, &shape)
        }
        Attention::Mla { heads, q_lora, kv_lora, nope, rope, v, indexer: _ } => {
            let shape = latent::Shape {
                heads: heads.into(),
                query_rank: q_lora.map(u64::from),
                latent: kv_lora.into(),
                nope: nope.into(),
                rope: rope.into(),
                value: v.into(),
            };
            latent::place(context, &mut plan, &shape)
        }
        Attention::Delta { .. } => unreachable!("refused before a layer is placed"),
    };
    cost.span = span;
    let experts = match layer.ffn {
        Ffn::Dense { width } => {
            feed_forward::dense(context, &mut plan, attended, width.into());
            RoutedExperts::default()
        }
        Ffn::Moe { experts, experts_per_token, width, shared_width } => {
            let cut = context.expert_chips;
            let most_per_chip = u64::from(experts).div_ceil(context.chips() / u64::from(cut)) as u32;
            let routed =
                RoutedExperts { total: experts, per_token: experts_per_token, most_per_chip, chips_per_expert: cut };
            feed_forward::mixture(context, &mut plan, attended, routed, width.into(), shared_width.into());
            routed
        }
    };
    plan.finish(Some(cost), experts)
}
