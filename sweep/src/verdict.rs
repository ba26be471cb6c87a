//! Results of a sweep: the frontier and its knee, the error of the closed form, and sensitivities to the axes.

use std::collections::BTreeMap;

use names::number;
use serde::Serialize;
use sim::Fidelity;

use crate::exploration::Exploration;
use crate::metric::NEAR_KNEE;
use crate::pareto;
use crate::plan::{Axis, Domain, Objective};
use crate::point::{Outcome, Worker};
use crate::rows::Row;
use crate::sampler::Method;
use crate::sensitivity::{self, BINS};
use crate::value::Value;

/// Reasons listed in the summary, the most frequent first.
const REASONS: usize = 10;

/// Number of points by outcome.
#[derive(Debug, Clone, Default, Serialize)]
pub struct Counts {
    /// Points of the sweep.
    pub points: u64,
    /// With results that meet every constraint.
    pub feasible: u64,
    /// With results that violate a constraint.
    pub infeasible: u64,
    /// Excluded by a constraint on the axes, not computed.
    pub excluded: u64,
    /// Failed.
    pub failed: u64,
}

/// A reason of failed points.
#[derive(Debug, Clone, Serialize)]
pub struct Reason {
    /// Message.
    pub reason: String,
    /// Points that failed with it.
    pub points: u64,
}

/// Error of the closed form on points that were confirmed from events.
#[derive(Debug, Clone, Serialize)]
pub struct Screening {
    /// Name of the result.
    pub result: String,
    /// Points compared.
    pub points: u64,
    /// Mean of (closed form - events) / events, percent.
    pub mean_error_pct: f64,
    /// Largest absolute error, percent.
    pub max_error_pct: f64,
    /// Index of the point where it is largest.
    pub max_error_point: u64,
}

/// A part of an axis: one of its values, or an interval.
#[derive(Debug, Clone, PartialEq)]
pub enum Part {
    /// A value of the list.
    Value(Value),
    /// An interval around this number, three significant digits.
    Around(f64),
}

/// A mean over the points of one part of an axis.
#[derive(Debug, Clone)]
pub struct PartMean {
    /// Part of the axis.
    pub part: Part,
    /// Mean result.
    pub mean: f64,
}

/// Effect of one axis on one result.
#[derive(Debug, Clone)]
pub struct Effect {
    /// Index of the axis in the plan.
    pub axis: usize,
    /// Sobol' index of first order.
    pub first_order: f64,
    /// Total Sobol' index; on full grids.
    pub total: Option<f64>,
    /// Points by which its values are compared.
    pub points: u64,
    /// Mean result over them.
    pub mean: f64,
    /// Part with the least mean.
    pub low: PartMean,
    /// Part with the largest mean.
    pub high: PartMean,
}

/// Effects of all axes on one result.
#[derive(Debug, Clone)]
pub struct Sensitivity {
    /// Name of the result.
    pub result: String,
    /// Points that meet every constraint and have the result.
    pub points: u64,
    /// Mean over them.
    pub mean: f64,
    /// By axis, the strongest first.
    pub axes: Vec<Effect>,
    /// Axes whose values cannot be compared over the same points.
    pub left_out: Vec<usize>,
}

/// A point of the frontier.
#[derive(Debug, Clone)]
pub struct Best {
    /// Index of the point.
    pub index: u64,
    /// Values of the axes.
    pub values: Vec<Value>,
    /// Results, from events where the point was confirmed.
    pub row: Vec<f64>,
    /// Whether it is the knee.
    pub knee: bool,
}

/// The frontier among the points with one value of the axis that `plots.frontier_by` names.
#[derive(Debug, Clone)]
pub struct Branch {
    /// Value of the axis.
    pub value: Value,
    /// The frontier among its points.
    pub frontier: Vec<Best>,
}

/// Results of a finished sweep.
pub struct Verdict {
    /// Points by outcome.
    pub counts: Counts,
    /// Most frequent reasons of failed points.
    pub reasons: Vec<Reason>,
    /// By point: whether it meets every constraint.
    pub feasible: Vec<bool>,
    /// The frontier, by point.
    pub frontier: Vec<Best>,
    /// Frontiers by value of the axis `plots.frontier_by`; empty without one.
    pub branches: Vec<Branch>,
    /// Fidelity of the frontier.
    pub frontier_fidelity: Fidelity,
    /// Error of the closed form, by objective.
    pub screening: Vec<Screening>,
    /// Points that meet every constraint and whose closed form is an upper bound of throughput.
    pub near_knee: u64,
    /// Unconfirmed points that the frontier does not dominate, by their closed form.
    pub rivals: u64,
    /// Sensitivities, by objective.
    pub sensitivity: Vec<Sensitivity>,
}

/// The best number of an objective over some points; `None` without points.
#[must_use]
pub fn best_of(objective: &Objective, points: &[Best]) -> Option<f64> {
    let of = points.iter().map(|best| best.row[objective.column]);
    if objective.maximise { of.reduce(f64::max) } else { of.reduce(f64::min) }
}

impl Verdict {
    /// The verdict on a finished exploration; `feasible` is that of [`Exploration::feasible`].
    #[must_use]
    pub fn new(e: &Exploration<'_>, feasible: Vec<bool>) -> Self {
        let (counts, reasons) = count(e, &feasible);
        let confirmed = e.plan.confirm > 0;
        let candidates = candidates(e, &feasible, confirmed);
        let event = confirmed || e.plan.fidelity == Fidelity::Event;
        let (frontier, branches) = (frontier(e, &candidates), branches(e, &candidates));
        Self {
            counts,
            reasons,
            near_knee: near_knee(e, &feasible),
            rivals: if confirmed { rivals(e, &feasible, &frontier, &branches) } else { 0 },
            frontier,
            branches,
            frontier_fidelity: if event { Fidelity::Event } else { Fidelity::Analytic },
            screening: screening(e),
            sensitivity: sensitivities(e, &feasible),
            feasible,
        }
    }
}

fn count(e: &Exploration<'_>, feasible: &[bool]) -> (Counts, Vec<Reason>) {
    let mut counts = Counts { points: e.rows.len() as u64, ..Counts::default() };
    let mut reasons: BTreeMap<&str, u64> = BTreeMap::new();
    for (index, feasible) in feasible.iter().enumerate() {
        match e.rows.get(index) {
            Row::Numbers(_) if *feasible => counts.feasible += 1,
            Row::Numbers(_) => counts.infeasible += 1,
            Row::Excluded => counts.excluded += 1,
            Row::Failed(reason) => {
                counts.failed += 1;
                *reasons.entry(reason).or_default() += 1;
            }
            Row::Missing => {}
        }
    }
    let mut reasons: Vec<Reason> =
        reasons.into_iter().map(|(reason, points)| Reason { reason: reason.to_owned(), points }).collect();
    reasons.sort_by_key(|reason| std::cmp::Reverse(reason.points));
    reasons.truncate(REASONS);
    (counts, reasons)
}

/// Points that may be on the frontier: the confirmed ones where points are confirmed, else all that meet every constraint.
fn candidates<'a>(e: &'a Exploration<'_>, feasible: &'a [bool], confirmed: bool) -> Vec<(u64, &'a [f64])> {
    if e.plan.objectives.is_empty() {
        return Vec::new();
    }
    if confirmed {
        let mut worker = Worker::new(e.plan);
        let rows = e.confirmed.iter().filter_map(|(&index, outcome)| match outcome {
            Outcome::Row(row) => Some((index, row.as_slice())),
            _ => None,
        });
        return rows.filter(|(index, row)| worker.feasible(&e.values(*index), row)).collect();
    }
    numbers(e, feasible).collect()
}

fn frontier(e: &Exploration<'_>, candidates: &[(u64, &[f64])]) -> Vec<Best> {
    let costs: Vec<Vec<f64>> = candidates.iter().map(|(_, row)| e.plan.costs(row)).collect();
    let front = pareto::frontier(&costs);
    let knee = pareto::knee(&costs, &front);
    let best = |&i: &usize| {
        let (index, row) = candidates[i];
        Best { index, values: e.values(index), row: row.to_vec(), knee: knee == Some(i) }
    };
    front.iter().map(best).collect()
}

/// A frontier for each value of the axis that the sweep names.
fn branches(e: &Exploration<'_>, candidates: &[(u64, &[f64])]) -> Vec<Branch> {
    let Some(axis) = e.plan.frontier_by else { return Vec::new() };
    let Domain::Listed(values) = &e.plan.axes[axis].domain else { return Vec::new() };
    let branch = |value: &Value| {
        let own = candidates.iter().filter(|(index, _)| e.values(*index)[axis] == *value).copied();
        Branch { value: value.clone(), frontier: frontier(e, &own.collect::<Vec<_>>()) }
    };
    values.iter().map(branch).collect()
}

/// The numbers of the points that meet every constraint.
fn numbers<'a>(e: &'a Exploration<'_>, feasible: &'a [bool]) -> impl Iterator<Item = (u64, &'a [f64])> {
    let indices = (0..feasible.len()).filter(|&i| feasible[i]);
    indices.filter_map(|i| match e.rows.get(i) {
        Row::Numbers(row) => Some((i as u64, row)),
        _ => None,
    })
}

fn near_knee(e: &Exploration<'_>, feasible: &[bool]) -> u64 {
    let column = e.plan.columns.iter().position(|column| column.name() == NEAR_KNEE);
    column.map_or(0, |column| numbers(e, feasible).filter(|(_, row)| row[column] == 1.0).count() as u64)
}

/// Relative differences of costs below this count as equal: the accuracy of the closed form.
const ALIKE: f64 = 0.01;

/// Number of unconfirmed points that their frontier does not dominate, by their closed form.
fn rivals(e: &Exploration<'_>, feasible: &[bool], frontier: &[Best], branches: &[Branch]) -> u64 {
    let costs = |points: &[Best]| points.iter().map(|best| e.plan.costs(&best.row)).collect::<Vec<_>>();
    let whole = costs(frontier);
    let parts: Vec<(&Value, Vec<Vec<f64>>)> = branches.iter().map(|b| (&b.value, costs(&b.frontier))).collect();
    let unbeaten = |&(index, row): &(u64, &[f64])| {
        let own = e.plan.frontier_by.and_then(|axis| {
            let value = &e.values(index)[axis];
            parts.iter().find(|(of, _)| *of == value).map(|(_, costs)| costs)
        });
        let mine = e.plan.costs(row);
        let beaten = |best: &Vec<f64>| best.iter().zip(&mine).all(|(best, mine)| *best <= mine + ALIKE * mine.abs());
        !mine.iter().any(|cost| cost.is_nan()) && !own.unwrap_or(&whole).iter().any(beaten)
    };
    let others = numbers(e, feasible).filter(|(index, _)| !e.confirmed.contains_key(index));
    others.filter(unbeaten).count() as u64
}

fn screening(e: &Exploration<'_>) -> Vec<Screening> {
    let compare = |column: usize| {
        let pairs: Vec<(u64, f64)> = e
            .confirmed
            .iter()
            .filter_map(|(&index, outcome)| match (outcome, e.rows.get(index as usize)) {
                (Outcome::Row(event), Row::Numbers(closed)) => {
                    Some((index, (closed[column] - event[column]) / event[column].abs() * 100.0))
                }
                _ => None,
            })
            .filter(|(_, error)| error.is_finite())
            .collect();
        let worst = pairs.iter().max_by(|a, b| a.1.abs().total_cmp(&b.1.abs()))?;
        Some(Screening {
            result: e.plan.columns[column].name().to_owned(),
            points: pairs.len() as u64,
            mean_error_pct: pairs.iter().map(|(_, error)| error).sum::<f64>() / pairs.len() as f64,
            max_error_pct: worst.1.abs(),
            max_error_point: worst.0,
        })
    };
    e.plan.objectives.iter().filter_map(|objective| compare(objective.column)).collect()
}

/// Partition of an axis into its values or into intervals.
pub struct Parts<'a> {
    /// The axis.
    pub axis: &'a Axis,
    listed: BTreeMap<String, u32>,
}

impl<'a> Parts<'a> {
    /// One part per value, or [`BINS`] intervals of equal width for an axis with many values.
    #[must_use]
    pub fn new(axis: &'a Axis) -> Self {
        let listed = match &axis.domain {
            Domain::Listed(values) if values.len() <= 4 * BINS || matches!(values[0], Value::Word(_)) => {
                values.iter().enumerate().map(|(i, value)| (value.show(), i as u32)).collect()
            }
            _ => BTreeMap::new(),
        };
        Self { axis, listed }
    }

    fn ends(&self) -> (f64, f64, bool) {
        match &self.axis.domain {
            Domain::Between { from, to, log } => (*from, *to, *log),
            Domain::Listed(values) => {
                let (first, last) = (values[0].number(), values[values.len() - 1].number());
                (first.min(last), first.max(last), false)
            }
        }
    }

    /// Number of parts.
    #[must_use]
    pub fn count(&self) -> usize {
        if self.listed.is_empty() { BINS } else { self.listed.len() }
    }

    /// The part that a value lies in.
    #[must_use]
    pub fn of(&self, value: &Value) -> u32 {
        if !self.listed.is_empty() {
            return self.listed.get(&value.show()).copied().unwrap_or(0);
        }
        let (from, to, log) = self.ends();
        let position = |x: f64| if log { libm::log(x) } else { x };
        let share = (position(value.number()) - position(from)) / (position(to) - position(from));
        ((share * BINS as f64) as u32).min(BINS as u32 - 1)
    }

    /// The part of this number.
    #[must_use]
    pub fn part(&self, part: usize) -> Part {
        match &self.axis.domain {
            Domain::Listed(values) if !self.listed.is_empty() => Part::Value(values[part].clone()),
            _ => {
                let (from, to, log) = self.ends();
                let share = (part as f64 + 0.5) / BINS as f64;
                let middle = if log { from * libm::pow(to / from, share) } else { from + share * (to - from) };
                Part::Around(number::rounded(middle, 3))
            }
        }
    }
}

/// Effects of the axes over the points that meet every constraint.
fn sensitivities(e: &Exploration<'_>, feasible: &[bool]) -> Vec<Sensitivity> {
    // The points of an optimiser are not a representative sample of the space.
    if e.plan.method == Method::Nsga2 {
        return Vec::new();
    }
    let parts: Vec<Parts<'_>> = e.plan.axes.iter().map(Parts::new).collect();
    let mut levels: Vec<Vec<u32>> = vec![Vec::with_capacity(e.rows.len()); parts.len()];
    for index in 0..e.rows.len() {
        let values = e.values(index as u64);
        parts.iter().zip(&values).zip(&mut levels).for_each(|((part, value), levels)| levels.push(part.of(value)));
    }
    let listed = parts.iter().all(|part| !part.listed.is_empty());
    let grid = e.plan.method == Method::Grid && listed;
    let wanted: Vec<usize> = match e.plan.objectives.len() {
        0 => vec![0],
        _ => e.plan.objectives.iter().map(|objective| objective.column).collect(),
    };
    wanted
        .into_iter()
        .filter_map(|column| {
            let result = |index: usize| match e.rows.get(index) {
                Row::Numbers(row) if feasible[index] => row[column],
                _ => f64::NAN,
            };
            let results: Vec<f64> = (0..e.rows.len()).map(result).collect();
            let effects = sensitivity::effects(&levels, &results, grid)?;
            let known = || results.iter().filter(|result| result.is_finite());
            let points = known().count() as u64;
            let mean = known().sum::<f64>() / points as f64;
            let left_out = (0..effects.len()).filter(|&axis| effects[axis].is_none()).collect();
            let stated = effects.into_iter().zip(&parts).enumerate().filter_map(|(axis, (effect, part))| {
                let effect = effect?;
                Some(Effect {
                    axis,
                    first_order: effect.first_order,
                    total: effect.total,
                    points: effect.points,
                    mean: effect.mean,
                    low: PartMean { part: part.part(effect.low.1), mean: effect.low.0 },
                    high: PartMean { part: part.part(effect.high.1), mean: effect.high.0 },
                })
            });
            let mut axes: Vec<Effect> = stated.collect();
            axes.sort_by(|a, b| {
                let key = |effect: &Effect| effect.total.unwrap_or(effect.first_order);
                key(b).total_cmp(&key(a))
            });
            let result = e.plan.columns[column].name().to_owned();
            Some(Sensitivity { result, points, mean, axes, left_out })
        })
        .collect()
}
