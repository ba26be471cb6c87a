//! Feed-forward parts: mixtures of experts, dense layers.

use super::context::{MappingContext, hn, nonlinear};
use crate::mapping::builder::{PlanBuilder, tensor};
use crate::mapping::plan::{Elements, Matrix, Owner, RoutedExperts, TensorId, Work};
use crate::mapping::rule::Rule;

/// Adds a mixture of experts of `width` each, with shared experts of `shared` in all (0 for none), to `plan`.
pub(super) fn mixture(
    context: &MappingContext,
    plan: &mut PlanBuilder,
    attended: TensorId,
    routed: RoutedExperts,
    width: u64,
    shared: u64,
) {
    let hidden = context.hidden;
    let experts = u64::from(routed.total);
    plan.stage("5 norm, HN router, top-k");
    plan.apply(Rule::Router);
    let h_norm = plan.op("ffn_norm", nonlinear(hidden), &[attended], tensor("h_norm", hidden, Owner::Every));
    let logits = plan.op("router", hn(hidden, experts), &[h_norm], tensor("logits", experts, Owner::Every));
    let chosen = plan.op("top_k", nonlinear(experts), &[logits], tensor("chosen", experts, Owner::Every));

    plan.stage("6 softmax, HN up/gate, SwiGLU, HN down, expert weights, all-chip all-reduce");
    let weights = tensor("expert_weights", experts, Owner::Every);
    let weights = plan.op("expert_softmax", nonlinear(experts), &[chosen], weights);
    let (y_experts, y_shared) = run_experts(context, plan, [h_norm, chosen], routed, width, shared);

    plan.apply(Rule::ReduceExperts);
    let weigh = Work::Nonlinear(Elements::PerActiveExpert(hidden));
    let reads: Vec<TensorId> = [Some(y_experts), y_shared, Some(weights)].into_iter().flatten().collect();
    let y_partial = plan.op("weigh", weigh, &reads, tensor("y_partial", hidden, Owner::Chip));
    let reduce = Work::Transfer(context.all_reduce(hidden));
    plan.op("y_all_reduce", reduce, &[y_partial], tensor("y", hidden, Owner::Every));
}

/// Up, gate, SwiGLU and down of routed and shared experts; returns the output of each, `None` without shared experts.
fn run_experts(
    context: &MappingContext,
    plan: &mut PlanBuilder,
    [h_norm, chosen]: [TensorId; 2],
    routed: RoutedExperts,
    width: u64,
    shared: u64,
) -> (TensorId, Option<TensorId>) {
    let hidden = context.hidden;
    let (experts, most_per_chip) = (u64::from(routed.total), u64::from(routed.most_per_chip));
    let part = shared.div_ceil(context.chips());
    let cut = u64::from(routed.chips_per_expert);
    let rule = Rule::Experts { experts, most_per_chip, per_token: routed.per_token.into(), width, cut };
    let width = width.div_ceil(cut);
    let shared_rule = Rule::SharedExperts { width: shared };
    let expert = |fan_in, fan_out| Work::Hn(Matrix { fan_in, fan_out, experts: routed.most_per_chip });
    plan.apply(rule);
    let (up, gate, shared_up_gate) = plan.step(|step| {
        let reads = [h_norm, chosen];
        let up = step.op("up_proj", expert(hidden, width), &reads, tensor("up", width, Owner::Chip));
        let gate = step.op("gate_proj", expert(hidden, width), &reads, tensor("gate", width, Owner::Chip));
        let shared_up_gate = (shared > 0).then(|| {
            step.apply(shared_rule);
            [
                step.op("shared_up_proj", hn(hidden, part), &[h_norm], tensor("s_up", part, Owner::Chip)),
                step.op("shared_gate_proj", hn(hidden, part), &[h_norm], tensor("s_gate", part, Owner::Chip)),
            ]
        });
        (up, gate, shared_up_gate)
    });
    let (act, shared_act) = plan.step(|step| {
        step.apply(rule);
        let swiglu = Work::Nonlinear(Elements::PerActiveExpert(width));
        let act = step.op("swiglu", swiglu, &[up, gate], tensor("act", width, Owner::Chip));
        let shared_act = shared_up_gate.map(|reads| {
            step.apply(shared_rule);
            step.op("shared_swiglu", nonlinear(part), &reads, tensor("s_act", part, Owner::Chip))
        });
        (act, shared_act)
    });
    plan.step(|step| {
        step.apply(rule);
        let down = expert(width, hidden);
        let y_experts = step.op("down_proj", down, &[act], tensor("y_experts", hidden, Owner::Chip));
        let y_shared = shared_act.map(|act| {
            step.apply(shared_rule);
            step.op("shared_down_proj", hn(part, hidden), &[act], tensor("y_shared", hidden, Owner::Chip))
        });
        (y_experts, y_shared)
    })
}

/// Adds a gated feed-forward part of `width` to `plan`.
pub(super) fn dense(context: &MappingContext, plan: &mut PlanBuilder, attended: TensorId, width: u64) {
    let (hidden, chips) = (context.hidden, context.chips());
    let part = width.div_ceil(chips);
    plan.stage("5 norm, HN up/gate, SwiGLU, HN down, all-chip all-reduce");
    plan.apply(Rule::Dense { width, chips });
    let h_norm = plan.op("ffn_norm", nonlinear(hidden), &[attended], tensor("h_norm", hidden, Owner::Every));
    let up_gate = plan.step(|step| {
        [
            step.op("up_proj", hn(hidden, part), &[h_norm], tensor("up", part, Owner::Chip)),
            step.op("gate_proj", hn(hidden, part), &[h_norm], tensor("gate", part, Owner::Chip)),
        ]
    });
    let act = plan.op("swiglu", nonlinear(part), &up_gate, tensor("act", part, Owner::Chip));
    let y_partial = plan.op("down_proj", hn(part, hidden), &[act], tensor("y_partial", hidden, Owner::Chip));
    let reduce = Work::Transfer(context.all_reduce(hidden));
    plan.op("y_all_reduce", reduce, &[y_partial], tensor("y", hidden, Owner::Every));
}
