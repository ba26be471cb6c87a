//! The mapping of a model for people: rules and operations of each kind of layer.

use serde::Serialize;
use sim::mapping::{LayerPlan, Mapping, Message, Owner, OwnerOf, RuleStatement, Work};

/// Rules and operations of one layer kind.
#[derive(Debug, Serialize)]
pub struct KindExplanation {
    /// Name of the kind.
    pub layer_kind: String,
    /// Layers of this kind.
    pub layers: usize,
    /// Rules that place its operations.
    pub rules: Vec<RuleStatement>,
    /// Its operations in their order.
    pub operations: Vec<Operation>,
    /// Tensors that pass between operations.
    pub tensors: Vec<TensorLine>,
}

/// One operation of a layer.
#[derive(Debug, Serialize)]
pub struct Operation {
    /// Stage of the pipeline.
    pub stage: &'static str,
    /// Name of the operation.
    pub name: &'static str,
    /// What each chip does.
    pub does: String,
    /// Dependent message phases; 0 without messages.
    pub message_phases: usize,
    /// Messages of all chips.
    pub messages: usize,
    /// Bytes of all messages.
    pub bytes: u64,
}

/// A tensor that one operation writes and another reads.
#[derive(Debug, Serialize)]
pub struct TensorLine {
    /// Name of the tensor.
    pub tensor: &'static str,
    /// Operation that writes it.
    pub from: &'static str,
    /// Operation that reads it.
    pub to: &'static str,
    /// Elements on one chip.
    pub elements_per_chip: u64,
    /// Bytes on one chip.
    pub bytes_per_chip: u64,
    /// Chips that hold it.
    pub owner: Owner,
}

/// Explains every kind of layer, the output head last.
#[must_use]
pub fn explain(mapping: &Mapping) -> Vec<KindExplanation> {
    let explanation = |plan: &LayerPlan, layers: usize| KindExplanation {
        layer_kind: plan.name.clone(),
        layers,
        rules: sim::mapping::explain(plan),
        operations: operations(mapping, plan),
        tensors: tensors(plan),
    };
    let count = |kind: usize| mapping.layer_kinds.iter().filter(|&&k| k == kind).count();
    let kinds = mapping.kinds.iter().enumerate().map(|(kind, plan)| explanation(plan, count(kind)));
    kinds.chain([explanation(&mapping.head, 1)]).collect()
}

fn operations(mapping: &Mapping, plan: &LayerPlan) -> Vec<Operation> {
    let mut all = Vec::new();
    for step in plan.steps() {
        for op in plan.ops(step) {
            let does = match &op.work {
                Work::Hn(m) if m.experts > 0 => format!("HN {} x {}, {} experts", m.fan_in, m.fan_out, m.experts),
                Work::Hn(m) => format!("HN {} x {}", m.fan_in, m.fan_out),
                Work::EmbeddingRow { bytes } => format!("HBM read of {bytes} B"),
                Work::Nonlinear(_) => "VEX non-linear".to_owned(),
                Work::Scores => "VEX queries x cached keys".to_owned(),
                Work::Values => "VEX weights x cached values".to_owned(),
                Work::Transfer(_) => "links".to_owned(),
            };
            let phases = match &op.work {
                Work::Transfer(legs) => mapping.transfer_phases(legs),
                _ => Vec::new(),
            };
            // One position's new cache entry has one owner: position 0 stands for all.
            let stripes = plan.attention.map_or(1, |a| a.stripes);
            let owner = OwnerOf::position(0, stripes, mapping.grid);
            let sent = |m: &&Message| m.applies(owner, mapping.grid.columns);
            let messages = phases.iter().flat_map(|p| &p.messages).filter(sent);
            all.push(Operation {
                stage: plan.stages[op.stage],
                name: op.name,
                does,
                message_phases: phases.len(),
                messages: messages.clone().count(),
                bytes: messages.map(|m| m.bytes).sum(),
            });
        }
    }
    all
}

fn tensors(plan: &LayerPlan) -> Vec<TensorLine> {
    let line = |(from, to)| {
        let (from, to) = (plan.op(from), plan.op(to));
        TensorLine {
            tensor: from.writes.name,
            from: from.name,
            to: to.name,
            elements_per_chip: from.writes.elements,
            bytes_per_chip: from.writes.bytes,
            owner: from.writes.owner,
        }
    };
    plan.dependences().into_iter().map(line).collect()
}
