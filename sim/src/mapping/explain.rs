//! The rules behind a plan in words, with the operations that each of them placed.

use super::collective::Collective;
use super::plan::{LayerPlan, Leg, Op, Scope, Work};
use super::rule::Rule;

/// A rule of a plan as text.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct RuleStatement {
    /// Short name.
    pub rule: &'static str,
    /// What it says, and the matrices and transfers that it placed, with their sizes in elements on one chip.
    pub statement: String,
    /// Where it comes from.
    pub source: &'static str,
}

/// The rules of `plan` in the order in which they were first applied.
#[must_use]
pub fn explain(plan: &LayerPlan) -> Vec<RuleStatement> {
    let state = |rule: &Rule| {
        let placed: Vec<String> = plan.all_ops().filter(|op| op.rule == *rule).filter_map(describe).collect();
        let statement = std::iter::once(rule.principle()).chain(placed).collect::<Vec<_>>().join("; ");
        RuleStatement { rule: rule.name(), statement, source: rule.source().citation() }
    };
    plan.rules().iter().map(state).collect()
}

/// Shape of a matrix or sizes of a transfer; nothing for work on the vector unit, which moves and holds no weights.
fn describe(op: &Op) -> Option<String> {
    match &op.work {
        Work::Hn(matrix) => Some(format!("{} {} x {}", op.name, matrix.fan_in, matrix.fan_out)),
        Work::EmbeddingRow { bytes } => Some(format!("{} of {bytes} bytes", op.name)),
        Work::Transfer(legs) => {
            let legs: Vec<String> = legs.iter().map(leg).collect();
            Some(format!("{}: {}", op.name, legs.join(", ")))
        }
        Work::Nonlinear(_) | Work::Scores | Work::Values => None,
    }
}

fn leg(leg: &Leg) -> String {
    match *leg {
        Leg::Group { collective, scope, elements } => {
            let scope = match scope {
                Scope::Row => "row",
                Scope::Column => "column",
            };
            match collective {
                Collective::AllReduce => format!("{scope} all-reduce of {elements}"),
                Collective::ReduceScatter => format!("{scope} reduce-scatter of {elements}"),
                Collective::AllGather => format!("{scope} all-gather to {elements}"),
            }
        }
        Leg::ToOwnerRow { elements } => format!("{elements} to the position's row"),
        Leg::ToOwnerChip { elements } => format!("{elements} to the position's chip"),
    }
}
