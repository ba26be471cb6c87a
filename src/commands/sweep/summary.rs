//! The summary of a sweep as `summary.json` and as text.

use std::collections::BTreeMap;

use reports::number::{fixed, significant};
use reports::{Align, Table};
use serde::Serialize;
use serde_json::Value as Json;
use sweep::metric::NEAR_KNEE;
use sweep::verdict::{Best, Branch, Counts, Effect, Part, PartMean, Reason, Screening, Sensitivity, Verdict, best_of};
use sweep::{Axis, Domain, Method, Objective, Plan, Value};

/// Points of the frontier in the text.
const SHOWN: usize = 12;

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

#[derive(Serialize)]
struct ObjectiveLine {
    result: String,
    direction: &'static str,
    best: Option<f64>,
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
fn objectives(plan: &Plan, points: &[Best]) -> Vec<ObjectiveLine> {
    let line = |objective: &Objective| ObjectiveLine {
        result: plan.columns[objective.column].name().to_owned(),
        direction: if objective.maximise { "maximise" } else { "minimise" },
        best: best_of(objective, points),
    };
    plan.objectives.iter().map(line).collect()
}

impl Summary {
    /// The summary of a verdict.
    pub fn new(plan: &Plan, verdict: &Verdict, hashes: (&str, &str), files: Vec<String>) -> Self {
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
            design_hash: hashes.0.to_owned(),
            sweep_hash: hashes.1.to_owned(),
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
pub fn provenance(plan: &Plan) -> String {
    serde_json::to_string(&origins(plan)).expect("results serialize")
}

/// A value of an axis in its unit, as text.
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
pub fn shown_part(axis: &Axis, part: &Part) -> String {
    match part {
        Part::Value(value) => shown(axis, value),
        Part::Around(middle) => format!("about {}", shown(axis, &Value::Number(*middle))),
    }
}

/// A number of points in words.
pub fn points(count: u64) -> String {
    format!("{} point{}", significant(count as f64, 1), if count == 1 { "" } else { "s" })
}

/// The summary as text.
pub fn render(plan: &Plan, verdict: &Verdict, folder: &str, files: &[String]) -> String {
    let c = &verdict.counts;
    let count = |n: u64| significant(n as f64, 1);
    let mut text =
        format!("{}: {} by {} on {}", plan.name, points(c.points), plan.method.name(), plan.state.design.name);
    text.push_str(&format!(
        ", {}\n",
        if plan.fidelity == sim::Fidelity::Event { "from events" } else { "closed form" }
    ));
    if !plan.summary.is_empty() {
        text.push_str(&format!("{}\n", plan.summary));
    }
    text.push_str(&format!("{} meet every constraint", count(c.feasible)));
    for (n, what) in
        [(c.infeasible, "break one"), (c.excluded, "were ruled out beforehand"), (c.failed, "have no answer")]
    {
        if n > 0 {
            text.push_str(&format!(", {} {what}", count(n)));
        }
    }
    text.push('\n');
    for reason in verdict.reasons.iter().take(3) {
        text.push_str(&format!("  {} x {}\n", count(reason.points), reason.reason));
    }
    text.push('\n');
    text.push_str(&frontier(plan, verdict));
    text.push_str(&branches(plan, verdict));
    text.push_str(&screening(verdict));
    text.push_str(&sensitivity(plan, verdict));
    text.push_str(&format!("written to {folder}: {}\n", files.join(", ")));
    text
}

fn frontier(plan: &Plan, verdict: &Verdict) -> String {
    if plan.objectives.is_empty() {
        return String::new();
    }
    if verdict.frontier.is_empty() {
        return "no point meets every constraint: the frontier is empty\n\n".to_owned();
    }
    let event = verdict.frontier_fidelity == sim::Fidelity::Event;
    let origin = if event { "confirmed from events" } else { "closed form, not confirmed" };
    let mut columns: Vec<(String, Align)> = vec![("point".into(), Align::Right)];
    columns.extend(plan.axes.iter().map(|axis| (axis.name.path.clone(), Align::Right)));
    columns.extend(plan.objectives.iter().map(|o| (plan.columns[o.column].name().to_owned(), Align::Right)));
    columns.push(("".into(), Align::Left));
    let heads: Vec<(&str, Align)> = columns.iter().map(|(name, align)| (name.as_str(), *align)).collect();
    let mut table = Table::new(&heads);
    let total = verdict.frontier.len();
    let mut order: Vec<usize> = (0..total).collect();
    let first = plan.objectives[0].column;
    order.sort_by(|&a, &b| verdict.frontier[a].row[first].total_cmp(&verdict.frontier[b].row[first]));
    for (position, &i) in order.iter().enumerate() {
        let best = &verdict.frontier[i];
        // Evenly along the first objective, and the knee.
        let step = total.div_ceil(SHOWN);
        if !(best.knee || position % step == 0 || position + 1 == total) {
            continue;
        }
        let mut cells = vec![best.index.to_string()];
        cells.extend(plan.axes.iter().zip(&best.values).map(|(axis, value)| shown(axis, value)));
        cells.extend(plan.objectives.iter().map(|o| significant(best.row[o.column], 4)));
        cells.push(if best.knee { "knee".to_owned() } else { String::new() });
        table.row(cells);
    }
    format!("frontier of {}, {origin}\n{}\n", points(total as u64), table.render())
}

/// The best of every objective on each frontier of an axis.
fn branches(plan: &Plan, verdict: &Verdict) -> String {
    let Some(axis) = plan.frontier_by.map(|axis| &plan.axes[axis]) else { return String::new() };
    let head = format!("frontier by {}", axis.name.path);
    let best: Vec<String> = plan.objectives.iter().map(|o| format!("best {}", plan.columns[o.column].name())).collect();
    let mut columns = vec![(head.as_str(), Align::Left), ("points", Align::Right)];
    columns.extend(best.iter().map(|name| (name.as_str(), Align::Right)));
    let mut table = Table::new(&columns);
    for branch in &verdict.branches {
        let mut cells = vec![shown(axis, &branch.value), branch.frontier.len().to_string()];
        let lines = objectives(plan, &branch.frontier);
        cells.extend(lines.iter().map(|line| line.best.map_or("-".to_owned(), |best| significant(best, 4))));
        table.row(cells);
    }
    format!("{}\n", table.render())
}

fn screening(verdict: &Verdict) -> String {
    if verdict.screening.is_empty() {
        return String::new();
    }
    let mut table = Table::new(&[
        ("closed form against events", Align::Left),
        ("points", Align::Right),
        ("mean error", Align::Right),
        ("largest", Align::Right),
        ("at point", Align::Right),
    ]);
    for s in &verdict.screening {
        table.row([
            s.result.clone(),
            s.points.to_string(),
            format!("{:+.2} %", s.mean_error_pct),
            format!("{:.2} %", s.max_error_pct),
            s.max_error_point.to_string(),
        ]);
    }
    let mut text = table.render();
    if verdict.near_knee > 0 {
        let (near, of) = (verdict.near_knee, verdict.counts.feasible);
        text.push_str(&format!(
            "the closed form is an upper bound of throughput for {} of {} ({NEAR_KNEE})\n",
            significant(near as f64, 1),
            points(of)
        ));
    }
    if verdict.rivals > 0 {
        text.push_str(&format!(
            "{} more might be on the frontier by their closed form: a larger `confirm` tells\n",
            significant(verdict.rivals as f64, 1)
        ));
    }
    text.push('\n');
    text
}

fn sensitivity(plan: &Plan, verdict: &Verdict) -> String {
    let mut text = String::new();
    for s in &verdict.sensitivity {
        let some = s.points != verdict.counts.points;
        let mut columns =
            vec![(s.result.as_str(), Align::Left), ("first order", Align::Right), ("total", Align::Right)];
        if some {
            columns.push(("points", Align::Right));
        }
        let ends =
            [("least mean", Align::Right), ("at", Align::Left), ("largest mean", Align::Right), ("at", Align::Left)];
        columns.extend(ends);
        let mut table = Table::new(&columns);
        for effect in &s.axes {
            let axis = &plan.axes[effect.axis];
            let mut cells = vec![
                axis.name.path.clone(),
                fixed(effect.first_order, 3),
                effect.total.map_or("-".to_owned(), |total| fixed(total, 3)),
            ];
            if some {
                cells.push(significant(effect.points as f64, 1));
            }
            for end in [&effect.low, &effect.high] {
                cells.extend([significant(end.mean, 4), shown_part(axis, &end.part)]);
            }
            table.row(cells);
        }
        text.push_str(&table.render());
        text.push_str(&compared(plan, verdict, s));
        text.push('\n');
    }
    text
}

/// Over which points a sensitivity is taken, where these are not all.
fn compared(plan: &Plan, verdict: &Verdict, s: &Sensitivity) -> String {
    let all = verdict.counts.points;
    if s.points == all {
        return String::new();
    }
    let count = |n: u64| significant(n as f64, 1);
    let same = match plan.method {
        Method::Grid => "over the settings of the others at which all its values do",
        _ => "over its parts in which all points do",
    };
    let mut text = format!(
        "{} of {} meet every constraint; the values of an axis are compared {same}\n",
        count(s.points),
        points(all)
    );
    for &axis in &s.left_out {
        text.push_str(&format!("{}: there are none, so nothing is said of it\n", plan.axes[axis].name.path));
    }
    text
}
