//! The placement of a function on the chips of a design by predicted latency, checked by the simulator.
//!
//! | decision | choices |
//! | --- | --- |
//! | unit of a product with a constant matrix | HN array; vector unit, which reads the matrix from where it is stored |
//! | cut | one chip; stages of consecutive steps; every step on all chips of a row, with divided steps and gathered results |
//! | data | attention buffer, within a budget for each chip, or HBM |
//! | element-wise functions | by themselves; with the only function that reads their result, if shapes are the same |
//!
//! [`place`] predicts candidates, chooses one, and simulates it beside those that it rejects. Prices are those of
//! [`lower`](crate::lower()): prediction and simulation are its schedule under a plan, without and with waiting for units. The
//! default is what [`lower`](crate::lower()) does, with results in the attention buffer in the order of the text where they fit.
//!
//! Left out: addresses within the attention buffer (sizes add up at every step of the text), the capacity of HBM, several
//! calls at a time, the receive buffers of links, and loops over tensors, whose functions keep the default.

mod answer;
mod buffers;
mod graph;
mod search;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;

use designs::Design;
use ir::analysis::Analysis;
use ir::steps::{Steps, Unplaced};
use ir::tree::{OpId, Tree};
use sim::units::attention_buffer;

use crate::lower::plan::{Cut, Plan};
use crate::lower::schedule::Outcome;
use crate::lower::server::Queues;
use crate::lower::traffic::chip_of_stage;
use crate::lower::{MissingPlace, Placed};
pub use answer::{
    Alternative, Choice, ChosenCut, Data, Figures, Fused, Home, Operation, Order, PlaceError, PlaceOptions, Placement,
    Rejected,
};
use buffers::Policy;
use graph::Graph;
use search::{Candidate, Search};

/// Places `function` of `tree` on the chips of `design`.
///
/// # Errors
/// When the options do not suit the design, or a shape is dynamic.
pub fn place(tree: &Tree, function: OpId, design: &Design, options: &PlaceOptions) -> Result<Placement, PlaceError> {
    let available = design.grid.chips();
    let chips = options.chips.unwrap_or(available);
    if chips == 0 || chips > available {
        return Err(PlaceError::Chips { asked: chips, design: design.name.clone(), chips: available });
    }
    let capacity = attention_buffer::Spec::new(design).capacity;
    let budget = options.budget_bytes.unwrap_or(capacity);
    if budget == 0 || budget > capacity {
        return Err(PlaceError::Budget { asked: budget, design: design.name.clone(), capacity });
    }
    let analysis = Analysis::of(tree);
    let steps = Steps::of(&analysis, function);
    let graph = Graph::of(&steps, function, options.weights);
    if let Some(dynamic) = graph.unknown.iter().find(|unknown| unknown.why == Unplaced::UnknownShape) {
        return Err(PlaceError::DynamicShape { operation: dynamic.operation.clone(), span: dynamic.span });
    }
    if let Some(kept) = unplaceable(&steps, &graph) {
        let unknown = graph.unknown.iter().map(|unknown| MissingPlace {
            operation: unknown.operation.clone(),
            span: unknown.span,
            reason: unknown.why,
            executions: 1,
        });
        return Ok(unknown_because(kept, unknown.collect()));
    }
    let mut search = Search::new(&steps, &graph, design, options.weights, budget);
    let default = search.all_default();
    let best = search.best(chips);
    if best.score.left_out > 0 {
        let unknown = search.run(&best.plan, Queues::Ignored).lowered.unplaced;
        return Ok(unknown_because(kept_because(&unknown[0].operation, unknown.len()), unknown));
    }
    let gains = |score: search::Score| (score.left_out, score.excess_weights, score.latency, score.hbm_bytes);
    let kept = gains(best.score) >= gains(default.score);
    let chosen = if kept { default.clone() } else { best };
    let choice = choice(&search, &chosen, &default);
    let kept = kept.then(|| "no placement is predicted to be faster, or as fast with fewer bytes of HBM".to_owned());
    Ok(Placement {
        kept,
        considered: search.considered,
        exact: search.is_exact(),
        choice: Some(choice),
        unknown: Vec::new(),
    })
}

/// The answer for a function whose latency is not known.
fn unknown_because(kept: String, unknown: Vec<MissingPlace>) -> Placement {
    Placement { kept: Some(kept), considered: 0, exact: false, choice: None, unknown }
}

/// The sentence about `count` operations without a cost.
fn kept_because(first: &str, count: usize) -> String {
    let more = if count > 1 { format!(" and {} more", count - 1) } else { String::new() };
    format!("the cost of `{first}`{more} is not known")
}

/// Why the latency of a function is not known, or its steps cannot be moved.
fn unplaceable(steps: &Steps<'_>, graph: &Graph) -> Option<String> {
    if let Some(first) = graph.unknown.first() {
        return Some(kept_because(&first.operation, graph.unknown.len()));
    }
    let op = graph.repeats?;
    Some(format!("`{}` repeats operations on tensors; loops over tensors are not placed", steps.tree().name(op)))
}

fn figures(score: search::Score, simulated: &Outcome) -> Figures {
    Figures {
        fits_array: score.excess_weights == 0,
        chips: score.chips,
        predicted_latency_cycles: score.latency,
        simulated_latency_cycles: simulated.lowered.latency_cycles,
        hbm_bytes: score.hbm_bytes,
        link_bytes: simulated.link_bytes,
    }
}

fn choice(search: &Search<'_>, chosen: &Candidate, default: &Candidate) -> Choice {
    let simulated = search.run(&chosen.plan, Queues::Served);
    let figures = figures(chosen.score, &simulated);
    let instances = buffers::instances(search.planned(&chosen.plan), search.element_bytes());
    let homes = buffers::assign(&instances, search.budget, Policy::FewestBytes);
    let split = match chosen.plan.cut {
        Cut::Split { chips, .. } => u64::from(chips),
        Cut::Stages(_) => 1,
    };
    Choice {
        figures,
        cut: cut(search, &chosen.plan),
        operations: operations(search, &chosen.plan, simulated),
        data: data(search, &chosen.plan, &instances),
        hbm_bytes_bound: homes.bound.saturating_mul(split),
        data_exact: homes.exact,
        fused: fused(search, &chosen.plan),
        rejected: rejected(search, chosen, default, &figures),
    }
}

fn rejected(search: &Search<'_>, chosen: &Candidate, default: &Candidate, own: &Figures) -> Vec<Rejected> {
    let variant = |change: &dyn Fn(&mut Plan), policy| {
        let mut plan = chosen.plan.clone();
        change(&mut plan);
        search.candidate(plan, policy)
    };
    let fewest = Policy::FewestBytes;
    let mut all = vec![(Alternative::AllDefault, default.clone())];
    let other = |score: &&search::Score| score.excess_weights == 0 && score.latency > chosen.score.latency;
    if let Some(score) = search.found.keys().find(other) {
        all.push((Alternative::RunnerUp, Candidate { plan: search.found[score].clone(), score: *score }));
    }
    all.push((Alternative::OneChip, variant(&|plan| plan.cut = Cut::default(), fewest)));
    all.push((Alternative::MatricesInArray, variant(&|plan| plan.on_vector.clear(), fewest)));
    all.push((Alternative::FirstComeBuffers, variant(&|_| (), Policy::FirstCome)));
    all.push((Alternative::NotFused, variant(&|plan| plan.fused.clear(), fewest)));
    all.into_iter()
        // A latency that leaves operations out does not compare.
        .filter(|(_, candidate)| candidate.plan != chosen.plan && candidate.score.left_out == 0)
        .map(|(alternative, candidate)| {
            let simulated = search.run(&candidate.plan, Queues::Served);
            let figures = figures(candidate.score, &simulated);
            let order = if figures.predicted_latency_cycles == own.predicted_latency_cycles {
                Order::Tie
            } else if (figures.predicted_latency_cycles > own.predicted_latency_cycles)
                == (figures.simulated_latency_cycles >= own.simulated_latency_cycles)
            {
                Order::Right
            } else {
                Order::Wrong
            };
            Rejected { alternative, figures, order: figures.fits_array.then_some(order) }
        })
        .collect()
}

fn cut(search: &Search<'_>, plan: &Plan) -> ChosenCut {
    match &plan.cut {
        Cut::Stages(starts) if starts.len() == 1 => ChosenCut::OneChip,
        Cut::Stages(starts) => ChosenCut::Stages {
            chips: (0..starts.len()).map(|stage| chip_of_stage(search.design.grid, stage)).collect(),
        },
        Cut::Split { chips, divided } => ChosenCut::Split { chips: *chips, divided_steps: divided.len() },
    }
}

fn operations(search: &Search<'_>, plan: &Plan, simulated: Outcome) -> Vec<Operation> {
    let passes = search.graph.passes();
    let whole = |on_vector| Plan { on_vector, ..Plan::default() };
    let array = search.alone(&whole([].into()));
    let vector = search.alone(&whole(passes.iter().copied().collect()));
    let consumers: BTreeMap<usize, usize> =
        search.graph.fusions.iter().map(|fusion| (fusion.producer, fusion.consumer)).collect();
    let span = |step: usize| search.steps.tree().operation(search.graph.nodes[step].op).span;
    let operation = |placed: Placed| {
        let step = placed.step;
        let product = passes.contains(&step);
        let fused_with = consumers.get(&step).filter(|_| plan.fused.contains(&step)).map(|&consumer| span(consumer));
        Operation {
            chip: chip_of_stage(search.design.grid, plan.chip(step)),
            parts: plan.parts(step),
            array_cycles: product.then(|| array[step]),
            vector_cycles: product.then(|| vector[step]),
            fused_with,
            placed,
        }
    };
    simulated.lowered.operations.into_iter().map(operation).collect()
}

fn data(search: &Search<'_>, plan: &Plan, instances: &[buffers::Instance]) -> Vec<Data> {
    let tree = search.steps.tree();
    let mut all: Vec<Data> = instances
        .iter()
        .map(|one| {
            let value = search.graph.buffers[one.buffer].value;
            let in_hbm = plan.in_hbm.get(&(one.buffer, one.chip)).map_or(0, |kept| kept.bytes);
            Data {
                argument: search.graph.arguments.iter().position(|argument| *argument == value),
                span: tree.definer(value).map(|op| tree.operation(op).span),
                chip: chip_of_stage(search.design.grid, one.chip),
                home: match in_hbm {
                    0 => Home::AttentionBuffer,
                    all if all == one.bytes => Home::Hbm,
                    _ => Home::Both,
                },
                bytes: one.bytes,
                in_hbm_bytes: in_hbm,
            }
        })
        .collect();
    all.sort_by_key(|one| (one.argument.is_none(), one.argument, one.span.map(|span| span.start), one.chip));
    all
}

fn fused(search: &Search<'_>, plan: &Plan) -> Vec<Fused> {
    let span = |step: usize| search.steps.tree().operation(search.graph.nodes[step].op).span;
    let chosen = search.graph.fusions.iter().filter(|fusion| plan.fused.contains(&fusion.producer));
    chosen
        .map(|fusion| Fused {
            producer: span(fusion.producer),
            consumer: span(fusion.consumer),
            saved_bytes: search.graph.buffers[fusion.buffer].elements.saturating_mul(search.element_bytes()),
        })
        .collect()
}
