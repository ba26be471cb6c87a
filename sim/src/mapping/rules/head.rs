//! Final norm, unembedding and sampling.

use super::context::{MappingContext, group, hn, nonlinear, transfer};
use crate::mapping::builder::{PlanBuilder, tensor};
use crate::mapping::collective::Collective;
use crate::mapping::plan::{LayerPlan, Owner, RoutedExperts, Scope};
use crate::mapping::rule::Rule;

/// The plan of the head for `vocabulary` tokens: final norm, unembedding, local top-k, exchange of candidates, sampling.
#[must_use]
pub fn head(context: &MappingContext, vocabulary: u64) -> LayerPlan {
    let (hidden, chips) = (context.hidden, context.chips());
    let part = vocabulary.div_ceil(chips);
    // A candidate is a logit and a 4-byte token id.
    let id_elements = 4u64.div_ceil(u64::from(context.options.link_element_bytes));
    let candidates = u64::from(context.options.sampling_candidates) * (1 + id_elements);
    let all = candidates * chips;
    let mut plan = PlanBuilder::new("head".to_owned(), context.options.link_element_bytes);
    plan.stage("head: norm, HN unembedding, local top-k, exchange of candidates, sampling");
    plan.apply(Rule::Sampling { candidates: context.options.sampling_candidates.into() });
    let x_norm = plan.op("final_norm", nonlinear(hidden), &[], tensor("x_norm", hidden, Owner::Every));
    let logits = plan.op("unembed", hn(hidden, part), &[x_norm], tensor("logits", part, Owner::Chip));
    let best = plan.op("local_top_k", nonlinear(part), &[logits], tensor("candidates", candidates, Owner::Chip));
    let gather = transfer([
        group(Collective::AllGather, Scope::Row, candidates * context.columns()),
        group(Collective::AllGather, Scope::Column, all),
    ]);
    let gathered = plan.op("candidate_gather", gather, &[best], tensor("all_candidates", all, Owner::Every));
    plan.op("sample", nonlinear(all), &[gathered], tensor("token", 1, Owner::Every));
    plan.finish(None, RoutedExperts::default())
}
