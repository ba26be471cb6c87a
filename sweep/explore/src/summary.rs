//! The summary of a sweep with stable keys, and the metadata of its tables.

use std::collections::BTreeMap;

use names::number::significant;
use serde::Serialize;
use serde_json::Value as Json;
use storage::hash::ContentHash;
use sweep::verdict::{Best, Branch, Counts, Effect, Part, PartMean, Reason, Screening, Sensitivity, Verdict, best_of};
use sweep::{Axis, Domain, Objective, Plan, Value};

/// Content hashes of what a sweep was computed from, in hexadecimal.
pub struct Hashes {
    /// Of the design.
    pub design: String,
    /// Of everything that decides the results, this version included.
    pub sweep: String,
}

impl Hashes {
    /// The hashes of a plan.
    #[must_use]
    pub fn of(plan: &Plan) -> Self {
        let hash = |text: &str| format!("{:032x}", ContentHash::of(text.as_bytes()));
        Self { design: hash(&plan.design_text()), sweep: hash(&plan.identity()) }
    }
}

/// What every table of a sweep says about itself.
#[must_use]
pub fn metadata(plan: &Plan, hashes: &Hashes) -> BTreeMap<String, String> {
    BTreeMap::from([
        ("hardwire_version".to_owned(), env!("CARGO_PKG_VERSION").to_owned()),
        ("sweep".to_owned(), plan.text.clone()),
        ("sweep_hash".to_owned(), hashes.sweep.clone()),
        ("design".to_owned(), plan.state.design.name.clone()),
        ("design_hash".to_owned(), hashes.design.clone()),
        ("provenance".to_owned(), provenance(plan)),
    ])
}

/// The summary; its keys are stable.
#[derive(Serialize)]
pub struct Summary {
    sweep: String,
    summary: String,
    design: String,
    design_hash: String,
    sweep_hash: String,
    hardwire_version: &'static str,
    method: &'static str,
    seed: u64,
    fidelity: &'static str,
    #[serde(flatten)]
    counts: Counts,
    reasons: Vec<Reason>,
    axes: Vec<AxisLine>,
    constraints: Vec<String>,
    objectives: Vec<ObjectiveLine>,
    frontier_fidelity: &'static str,
    frontier: Vec<BTreeMap<String, Json>>,
    knee_point: Option<u64>,
    frontier_by: Vec<BranchLine>,
    screening_error: Vec<Screening>,
    near_knee: u64,
    unconfirmed_rivals: u64,
    sensitivity: Vec<SensitivityLine>,
    files: Vec<String>,
    provenance: BTreeMap<String, Origin>,
}

#[derive(Serialize)]
struct AxisLine {
    path: String,
    column: String,
    values: Option<usize>,
    from: String,
    to: String,
}

/// An objective and its best value.
#[derive(Serialize)]
pub struct ObjectiveLine {
    result: String,
    direction: &'static str,
    /// The best value; none over no points.
    pub best: Option<f64>,
}

#[derive(Serialize)]
struct BranchLine {
    axis: String,
    value: Json,
    points: Vec<u64>,
    objectives: Vec<ObjectiveLine>,
}

#[derive(Serialize)]
struct SensitivityLine {
    result: String,
    /// Points that meet every constraint and have the result.
    points: u64,
    mean: f64,
    axes: Vec<EffectLine>,
    /// Axes whose values cannot be compared over the same points.
    left_out: Vec<String>,
}

#[derive(Serialize)]
struct EffectLine {
    axis: String,
    first_order: f64,
    total: Option<f64>,
    /// Points by which the values of the axis are compared, and the mean over them.
    points: u64,
    mean: f64,
    low: MeanLine,
    high: MeanLine,
}

#[derive(Serialize)]
struct MeanLine {
    value: String,
    mean: f64,
}

#[derive(Serialize)]
struct Origin {
    value: String,
    #[serde(flatten)]
    provenance: designs::Provenance,
}

fn json(value: &Value) -> Json {
    match value {
        Value::Number(number) => Json::from(*number),
        Value::Word(word) => Json::from(word.as_ref()),
    }
}

/// The objectives with their best values over some points.
#[must_use]
pub fn objectives(plan: &Plan, points: &[Best]) -> Vec<ObjectiveLine> {
    let line = |objective: &Objective| ObjectiveLine {
        result: plan.columns[objective.column].name().to_owned(),
        direction: if objective.maximise { "maximise" } else { "minimise" },
        best: best_of(objective, points),
    };
    plan.objectives.iter().map(line).collect()
}

impl Summary {
    /// The summary of a verdict. `hashes` are those of design and sweep, `files` what was written beside it.
    #[must_use]
    pub fn new(plan: &Plan, verdict: &Verdict, hashes: &Hashes, files: Vec<String>) -> Self {
        let axes = plan.axes.iter().map(|axis| {
            let show = |value: f64| value.to_string();
            let (values, from, to) = match &axis.domain {
                Domain::Listed(v) => (Some(v.len()), v[0].show(), v[v.len() - 1].show()),
                Domain::Between { from, to, .. } => (None, show(*from), show(*to)),
            };
            AxisLine { path: axis.name.path.clone(), column: axis.name.column(), values, from, to }
        });
        let branch = |branch: &Branch| BranchLine {
            axis: plan.axes[plan.frontier_by.expect("there are branches")].name.path.clone(),
            value: json(&branch.value),
            points: branch.frontier.iter().map(|best| best.index).collect(),
            objectives: objectives(plan, &branch.frontier),
        };
        let frontier = verdict.frontier.iter().map(|best| {
            let axes = plan.axes.iter().zip(&best.values).map(|(axis, value)| (axis.name.column(), json(value)));
            let results = plan.columns.iter().zip(&best.row).filter(|(_, number)| !number.is_nan());
            let results = results.map(|(column, number)| match column.words() {
                Some(words) => (column.name().to_owned(), Json::from(words[*number as usize])),
                None => (column.name().to_owned(), Json::from(*number)),
            });
            results.chain(axes).chain([("point".to_owned(), Json::from(best.index))]).collect()
        });
        Self {
            sweep: plan.name.clone(),
            summary: plan.summary.clone(),
            design: plan.state.design.name.clone(),
            design_hash: hashes.design.clone(),
            sweep_hash: hashes.sweep.clone(),
            hardwire_version: env!("CARGO_PKG_VERSION"),
            method: plan.method.name(),
            seed: plan.seed,
            fidelity: plan.fidelity.name(),
            counts: verdict.counts.clone(),
            reasons: verdict.reasons.clone(),
            axes: axes.collect(),
            constraints: plan.constraints.iter().map(|constraint| constraint.text.clone()).collect(),
            objectives: objectives(plan, &verdict.frontier),
            frontier_fidelity: verdict.frontier_fidelity.name(),
            frontier: frontier.collect(),
            knee_point: verdict.frontier.iter().find(|best| best.knee).map(|best| best.index),
            frontier_by: verdict.branches.iter().map(branch).collect(),
            screening_error: verdict.screening.clone(),
            near_knee: verdict.near_knee,
            unconfirmed_rivals: verdict.rivals,
            sensitivity: verdict.sensitivity.iter().map(|s| sensitivity_line(plan, s)).collect(),
            files,
            provenance: origins(plan),
        }
    }
}

fn sensitivity_line(plan: &Plan, sensitivity: &Sensitivity) -> SensitivityLine {
    let effect = |effect: &Effect| {
        let axis = &plan.axes[effect.axis];
        let mean = |of: &PartMean| MeanLine { value: shown_part(axis, &of.part), mean: of.mean };
        EffectLine {
            axis: axis.name.path.clone(),
            first_order: effect.first_order,
            total: effect.total,
            points: effect.points,
            mean: effect.mean,
            low: mean(&effect.low),
            high: mean(&effect.high),
        }
    };
    let axes = sensitivity.axes.iter().map(effect).collect();
    let left_out = sensitivity.left_out.iter().map(|&axis| plan.axes[axis].name.path.clone()).collect();
    let Sensitivity { result, points, mean, .. } = sensitivity;
    SensitivityLine { result: result.clone(), points: *points, mean: *mean, axes, left_out }
}

fn origins(plan: &Plan) -> BTreeMap<String, Origin> {
    plan.origins().into_iter().map(|(path, value, provenance)| (path, Origin { value, provenance })).collect()
}

/// Origins of all base values as JSON, for the metadata of tables.
#[must_use]
pub fn provenance(plan: &Plan) -> String {
    serde_json::to_string(&origins(plan)).expect("results serialize")
}

/// A value of an axis in its unit, as text.
#[must_use]
pub fn shown(axis: &Axis, value: &Value) -> String {
    match (value, axis.name.measure) {
        (Value::Number(number), designs::Measure::Whole(unit) | designs::Measure::Quantity(unit)) => {
            designs::edit::show(*number, unit)
        }
        (Value::Number(number), designs::Measure::Count) => significant(*number, 1),
        (Value::Number(number), _) => significant(*number, 4),
        (Value::Word(word), _) => word.to_string(),
    }
}

/// A part of an axis as text.
#[must_use]
pub fn shown_part(axis: &Axis, part: &Part) -> String {
    match part {
        Part::Value(value) => shown(axis, value),
        Part::Around(middle) => format!("about {}", shown(axis, &Value::Number(*middle))),
    }
}
