//! The search for the placement with the least predicted latency.
//!
//! A prediction is the longest path of dependent operations, or the work of the busiest server if that is more: the schedule
//! without waiting. Both are bounds, so no simulated latency is below its prediction. Among equal latencies the fewest bytes
//! of HBM win, then the fewest chips.
//!
//! What is tried: the whole function on one chip; up to one stage for each chip; every group size of a row or column. For
//! each, constant matrices in the array or on the vector unit. Up to [`MOST_MATRICES`] matrices and [`MOST_STEPS`] steps are
//! tried in all combinations. Beyond, stages are cut one after the other where the latency falls most, and matrices change
//! their unit one after the other as long as it falls. The candidates for fewer chips are among those for more.

use std::collections::{BTreeMap, BTreeSet};

use designs::Design;
use ir::steps::{Steps, WeightRule};
use sim::mapping::collective::supports;

use super::buffers::{self, Policy};
use super::graph::Graph;
use crate::lower::plan::{Access, Cut, Plan};
use crate::lower::schedule::{Outcome, Schedule};
use crate::lower::server::Queues;
use crate::lower::traffic::Planned;

/// Most constant matrices whose units are tried in all combinations.
pub(super) const MOST_MATRICES: usize = 6;

/// Most steps that take time of a function whose stages are tried in all combinations.
pub(super) const MOST_STEPS: usize = 8;

/// Most rounds over the matrices of a larger function.
const ROUNDS: usize = 4;

/// What is compared; less is better, in this order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Score {
    /// Operations that the schedule leaves out, because they would end too late.
    pub(super) left_out: usize,
    /// Weights beyond the capacity of the arrays; a plan with any cannot be built.
    pub(super) excess_weights: u64,
    /// Predicted latency, cycles.
    pub(super) latency: u64,
    /// Bytes of HBM, all chips together.
    pub(super) hbm_bytes: u64,
    /// Chips.
    pub(super) chips: usize,
}

/// A cut without its units.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Shape {
    Stages(Vec<usize>),
    Split { chips: u32, matrices: bool },
}

/// A plan with its prediction.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Candidate {
    pub(super) plan: Plan,
    pub(super) score: Score,
}

pub(super) struct Search<'a> {
    pub(super) steps: &'a Steps<'a>,
    pub(super) graph: &'a Graph,
    pub(super) design: &'a Design,
    pub(super) rule: WeightRule,
    /// Bytes of the attention buffer of each chip.
    pub(super) budget: u64,
    /// Accesses of the steps, and with all fusions.
    accesses: [Vec<Vec<Access>>; 2],
    fused: BTreeSet<usize>,
    /// The first plan of every score.
    pub(super) found: BTreeMap<Score, Plan>,
    pub(super) considered: usize,
}

impl<'a> Search<'a> {
    pub(super) fn new(
        steps: &'a Steps<'a>,
        graph: &'a Graph,
        design: &'a Design,
        rule: WeightRule,
        budget: u64,
    ) -> Self {
        let fused: BTreeSet<usize> = graph.fusions.iter().map(|fusion| fusion.producer).collect();
        let accesses = [graph.accesses.clone(), graph.accesses_with(&fused)];
        Self { steps, graph, design, rule, budget, accesses, fused, found: BTreeMap::new(), considered: 0 }
    }

    pub(super) fn planned<'p>(&'p self, plan: &'p Plan) -> Planned<'p> {
        let accesses = &self.accesses[usize::from(!plan.fused.is_empty())];
        Planned { plan, buffers: &self.graph.buffers, accesses }
    }

    /// The schedule of a plan.
    pub(super) fn run(&self, plan: &Plan, queues: Queues) -> Outcome {
        Schedule::new(self.steps, self.rule, self.design).planned(self.planned(plan), self.design, queues).run()
    }

    /// Bytes of an element in the attention buffer or in HBM.
    pub(super) fn element_bytes(&self) -> u64 {
        self.design.mapping.kv_element_bytes.into()
    }

    /// The plan with its data placed, and its prediction.
    pub(super) fn candidate(&self, mut plan: Plan, policy: Policy) -> Candidate {
        plan.in_hbm.clear();
        let instances = buffers::instances(self.planned(&plan), self.element_bytes());
        plan.in_hbm = buffers::assign(&instances, self.budget, policy).in_hbm;
        let score = self.score(&plan);
        Candidate { plan, score }
    }

    pub(super) fn score(&self, plan: &Plan) -> Score {
        let outcome = self.run(plan, Queues::Ignored);
        let capacity = self.design.hn_array.weight_capacity;
        Score {
            left_out: outcome.lowered.unplaced.len(),
            excess_weights: outcome.weights.iter().map(|&n| n.saturating_sub(capacity)).fold(0, u64::saturating_add),
            latency: outcome.lowered.latency_cycles.max(outcome.busiest),
            hbm_bytes: outcome.lowered.work.hbm_bytes,
            chips: plan.chips(),
        }
    }

    /// As [`crate::lower()`] puts it, with results in the attention buffer in the order of the text.
    pub(super) fn all_default(&self) -> Candidate {
        self.candidate(Plan::default(), Policy::FirstCome)
    }

    /// Cycles from the start of each step to its result on all chips, if nothing waits.
    pub(super) fn alone(&self, plan: &Plan) -> Vec<u64> {
        let mut all = vec![0u64; self.graph.nodes.len()];
        for placed in self.run(plan, Queues::Ignored).lowered.operations {
            all[placed.step] += placed.done_cycle.saturating_sub(placed.start_cycle);
        }
        all
    }

    /// The steps that a split of `chips` divides: where a part and the gathering of all results take less time than the
    /// whole; and, if `matrices`, every matrix in the array, since that makes room for weights.
    fn divided(&self, chips: u32, matrices: bool, on_vector: &BTreeSet<usize>) -> BTreeSet<usize> {
        let able = |step: &usize| self.graph.nodes[*step].divides >= u64::from(chips);
        let candidates: BTreeSet<usize> = self.timed().into_iter().filter(able).collect();
        let plan = |divided: BTreeSet<usize>| Plan {
            cut: Cut::Split { chips, divided },
            on_vector: on_vector.clone(),
            fused: self.fused.clone(),
            in_hbm: BTreeMap::new(),
        };
        let whole = self.alone(&plan(BTreeSet::new()));
        let part = self.alone(&plan(candidates.clone()));
        let in_array: BTreeSet<usize> =
            self.graph.passes().into_iter().filter(|step| !on_vector.contains(step)).collect();
        candidates
            .into_iter()
            .filter(|step| part[*step] < whole[*step] || (matrices && in_array.contains(step)))
            .collect()
    }

    /// Predicts a cut with given units.
    fn try_shape(&mut self, shape: &Shape, on_vector: &BTreeSet<usize>) -> Candidate {
        let cut = match shape {
            Shape::Stages(starts) => Cut::Stages(starts.clone()),
            &Shape::Split { chips, matrices } => {
                Cut::Split { chips, divided: self.divided(chips, matrices, on_vector) }
            }
        };
        let plan = Plan { cut, on_vector: on_vector.clone(), fused: self.fused.clone(), in_hbm: BTreeMap::new() };
        let candidate = self.candidate(plan, Policy::FewestBytes);
        self.considered += 1;
        self.found.entry(candidate.score).or_insert_with(|| candidate.plan.clone());
        candidate
    }

    /// The best units of a cut; with many matrices, the best on the way from each of `seeds`.
    fn units(&mut self, shape: &Shape, seeds: &[BTreeSet<usize>]) -> BTreeSet<usize> {
        let passes = self.graph.passes();
        let mut best: Option<(Score, BTreeSet<usize>)> = None;
        let mut keep = |score: Score, units: &BTreeSet<usize>| {
            if best.as_ref().is_none_or(|(least, _)| score < *least) {
                best = Some((score, units.clone()));
            }
        };
        if passes.len() <= MOST_MATRICES {
            for set in 0..1u32 << passes.len() {
                let units =
                    passes.iter().enumerate().filter(|(at, _)| set >> at & 1 == 1).map(|(_, &step)| step).collect();
                keep(self.try_shape(shape, &units).score, &units);
            }
        } else {
            for seed in seeds {
                let (score, units) = self.descend(shape, seed, &passes);
                keep(score, &units);
            }
        }
        best.map(|(_, units)| units).unwrap_or_default()
    }

    fn descend(&mut self, shape: &Shape, seed: &BTreeSet<usize>, passes: &[usize]) -> (Score, BTreeSet<usize>) {
        let mut units = seed.clone();
        let mut score = self.try_shape(shape, &units).score;
        for _ in 0..ROUNDS {
            let before = score;
            for step in passes {
                let mut other = units.clone();
                if !other.remove(step) {
                    other.insert(*step);
                }
                let next = self.try_shape(shape, &other).score;
                if next < score {
                    (score, units) = (next, other);
                }
            }
            if score == before {
                break;
            }
        }
        (score, units)
    }

    /// Whether all combinations of units and stages were tried.
    pub(super) fn is_exact(&self) -> bool {
        self.graph.passes().len() <= MOST_MATRICES && self.timed().len() <= MOST_STEPS
    }

    /// Steps that take time by themselves.
    fn timed(&self) -> Vec<usize> {
        let timed = |step: &usize| self.graph.takes_time(*step) && !self.fused.contains(step);
        (0..self.graph.nodes.len()).filter(timed).collect()
    }

    /// Tries all cuts over up to `chips` chips; returns the best candidate.
    pub(super) fn best(&mut self, chips: u32) -> Candidate {
        let none = BTreeSet::new();
        let all: BTreeSet<usize> = self.graph.passes().into_iter().collect();
        let one = Shape::Stages(vec![0]);
        let units = self.units(&one, &[none.clone(), all]);
        let seeds = if units.is_empty() { vec![none] } else { vec![none, units] };
        let timed = self.timed();
        if timed.len() <= MOST_STEPS {
            for set in 1..1u32 << timed.len().saturating_sub(1) {
                if set.count_ones() < chips {
                    let starts = timed.iter().skip(1).enumerate().filter(|(at, _)| set >> at & 1 == 1);
                    let starts = [0].into_iter().chain(starts.map(|(_, &step)| step)).collect();
                    self.units(&Shape::Stages(starts), &seeds);
                }
            }
        } else {
            for seed in &seeds {
                self.cut_one_by_one(chips, seed, &timed);
            }
        }
        let grid = self.design.grid;
        for group in 2..=chips.min(grid.rows.max(grid.columns)) {
            if supports(self.design.mapping.collective, group) {
                self.units(&Shape::Split { chips: group, matrices: false }, &seeds);
                if !self.graph.passes().is_empty() {
                    self.units(&Shape::Split { chips: group, matrices: true }, &seeds);
                }
            }
        }
        let (&score, plan) = self.found.first_key_value().expect("one chip is tried");
        Candidate { plan: plan.clone(), score }
    }

    /// Cuts off one stage after the other where the prediction falls most, as long as it falls.
    fn cut_one_by_one(&mut self, chips: u32, units: &BTreeSet<usize>, timed: &[usize]) {
        let mut starts = vec![0];
        let mut score = self.try_shape(&Shape::Stages(starts.clone()), units).score;
        while starts.len() < chips as usize {
            let mut best: Option<(Score, Vec<usize>)> = None;
            for &step in timed.iter().skip(1).filter(|step| !starts.contains(step)) {
                let mut more = starts.clone();
                more.push(step);
                more.sort_unstable();
                let next = self.try_shape(&Shape::Stages(more.clone()), units).score;
                if best.as_ref().is_none_or(|(least, _)| next < *least) {
                    best = Some((next, more));
                }
            }
            let Some((next, more)) = best.filter(|(next, _)| *next < score) else { return };
            (score, starts) = (next, more);
            self.units(&Shape::Stages(starts.clone()), std::slice::from_ref(units));
        }
    }
}
