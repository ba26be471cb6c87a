//! Plots of a sweep as SVG and PNG: frontier, parallel coordinates, heat maps of two axes, tornado charts.
//!
//! Grey points have the fidelity of the sweep, frontiers are confirmed points, heat maps use the best fidelity of each point. Axes
//! with few values are labelled with the values, others with numbers or intervals.

use std::path::Path;

use reports::plot::{
    Bar, Better, Form, Frontier, HeatCell, HeatMap, Line, Parallel, ParallelAxis, Plot, PlotError, Scatter, Ticks,
    Tornado, Variable,
};
use sweep::exploration::Exploration;
use sweep::rows::Row;
use sweep::verdict::{Best, Effect, Parts, Verdict};
use sweep::{Axis, Domain, Objective, Outcome, Value};

use crate::label;
use crate::summary::{shown, shown_part};

/// Maximum number of values of an axis that parallel coordinates label one by one.
const MOST_WORDS: usize = 12;
/// Largest ratio of values on a linear axis; wider ranges get a logarithmic axis.
const LINEAR: f64 = 20.0;

const MEANS: &str = "mean over points with one value of an axis, over the same settings of the others";
const MEANS_OF_OWN: &str =
    "mean by value of an axis, and over all its values (black), over settings at which all are possible";

/// A plot that was drawn.
pub struct Drawn {
    /// Name of its file, without extension.
    pub name: String,
    /// As SVG.
    pub svg: String,
    /// The plot, for other formats.
    pub plot: Plot,
}

/// All plots of a sweep as SVG.
///
/// # Errors
/// If one cannot be drawn.
pub fn drawn(e: &Exploration<'_>, verdict: &Verdict) -> Result<Vec<Drawn>, PlotError> {
    let draw = |(name, plot): (String, Plot)| Ok(Drawn { name, svg: plot.svg(Form::Wide)?, plot });
    plots(e, verdict).into_iter().map(draw).collect()
}

/// All plots with the names of their files, without extension.
#[must_use]
pub fn plots(e: &Exploration<'_>, verdict: &Verdict) -> Vec<(String, Plot)> {
    let plan = e.plan;
    let name = |objective: &Objective| plan.columns[objective.column].name();
    let mut plots = Vec::new();
    if let [first, others @ ..] = &plan.objectives[..] {
        for other in others {
            plots.push((format!("frontier-{}", name(other)), Plot::Scatter(scatter(e, verdict, *other, *first))));
        }
        if !verdict.frontier.is_empty() {
            plots.push(("parallel".to_owned(), Plot::Parallel(parallel(e, verdict))));
        }
    }
    if let Some((x, y)) = axes_of_map(e, verdict) {
        for objective in &plan.objectives {
            plots.push((
                format!("heat-map-{}", name(objective)),
                Plot::HeatMap(heat_map(e, verdict, (x, y), *objective)),
            ));
        }
    }
    for sensitivity in verdict.sensitivity.iter().filter(|sensitivity| !sensitivity.axes.is_empty()) {
        // Axes are compared over different points where some settings are refused.
        let alike = sensitivity.axes.iter().all(|effect| effect.points == sensitivity.points);
        let bar = |effect: &Effect| {
            let axis = &plan.axes[effect.axis];
            Bar {
                name: label::axis(axis),
                middle: (!alike).then_some(effect.mean),
                low: (effect.low.mean, shown_part(axis, &effect.low.part)),
                high: (effect.high.mean, shown_part(axis, &effect.high.part)),
            }
        };
        let mut axes: Vec<_> = sensitivity.axes.iter().collect();
        axes.sort_by(|a, b| (b.high.mean - b.low.mean).total_cmp(&(a.high.mean - a.low.mean)));
        let plot = Tornado {
            title: title(e, if alike { MEANS } else { MEANS_OF_OWN }),
            label: label::result(&sensitivity.result),
            middle: sensitivity.mean,
            middle_label: "mean".to_owned(),
            bars: axes.into_iter().map(bar).collect(),
        };
        plots.push((format!("tornado-{}", sensitivity.result), Plot::Tornado(plot)));
    }
    plots
}

/// Title of a plot: the sweep, and what the plot shows.
fn title(e: &Exploration<'_>, what: &str) -> String {
    let plan = e.plan;
    let name =
        Path::new(&plan.name).file_stem().map_or_else(|| plan.name.clone(), |n| n.to_string_lossy().into_owned());
    let summary = if plan.summary.is_empty() { name } else { plan.summary.clone() };
    format!("{summary}\n{what}")
}

/// Whether positive values need a logarithmic axis.
fn wide(values: impl Iterator<Item = f64>) -> bool {
    let (low, high) =
        values.filter(|v| v.is_finite()).fold((f64::INFINITY, f64::NEG_INFINITY), |(l, h), v| (l.min(v), h.max(v)));
    low > 0.0 && high / low > LINEAR
}

fn scatter(e: &Exploration<'_>, verdict: &Verdict, x: Objective, y: Objective) -> Scatter {
    let plan = e.plan;
    let at = |row: &[f64]| (row[x.column], row[y.column]);
    let feasible = (0..verdict.feasible.len()).filter(|&i| verdict.feasible[i]);
    let points: Vec<(f64, f64)> = feasible
        .filter_map(|i| match e.rows.get(i) {
            Row::Numbers(row) => Some(at(row)),
            _ => None,
        })
        .collect();
    let series = |label: String, best: &[Best]| Frontier {
        label,
        points: best.iter().map(|b| at(&b.row)).collect(),
        names: best.iter().map(|b| point_name(plan, &b.values)).collect(),
    };
    let confirmed = if verdict.frontier_fidelity == sim::Fidelity::Event { "from events" } else { "closed form" };
    let frontiers = match plan.frontier_by {
        Some(axis) => {
            let named = |value: &Value| shown(&plan.axes[axis], value);
            verdict.branches.iter().map(|branch| series(named(&branch.value), &branch.frontier)).collect()
        }
        None => vec![series(format!("frontier ({confirmed})"), &verdict.frontier)],
    };
    let variable = |objective: Objective, values: &mut dyn Iterator<Item = f64>| Variable {
        label: label::result(plan.columns[objective.column].name()),
        log: wide(values),
        better: if objective.maximise { Better::Higher } else { Better::Lower },
    };
    let what = match plan.frontier_by {
        Some(axis) => format!("frontier ({confirmed}) by {}", label::axis(&plan.axes[axis])),
        None => "all points and the frontier".to_owned(),
    };
    // Points of different models are no alternatives to each other.
    let models = plan.axes.iter().position(|axis| axis.name.path == "model");
    let what = match plan.objectives.len() {
        0..=2 => what,
        n => format!("{what}; {n} objectives: what looks worse here is better in one that is not drawn"),
    };
    Scatter {
        title: title(e, &what),
        x: variable(x, &mut points.iter().map(|p| p.0)),
        y: variable(y, &mut points.iter().map(|p| p.1)),
        points_label: format!("meets every constraint ({})", plan.fidelity.phrase()),
        points,
        // With three objectives the frontier is not a line in the plane of two.
        joined: plan.objectives.len() == 2 && (models.is_none() || models == plan.frontier_by),
        frontiers,
        knee: verdict.frontier.iter().find(|best| best.knee).map(|best| at(&best.row)),
    }
}

/// The name of a point of a frontier: its values of the first two axes by which no branch is made.
fn point_name(plan: &sweep::Plan, values: &[Value]) -> String {
    let named = plan.axes.iter().zip(values).enumerate().filter(|(index, _)| plan.frontier_by != Some(*index));
    named.take(2).map(|(_, (axis, value))| shown(axis, value)).collect::<Vec<_>>().join(", ")
}

fn parallel(e: &Exploration<'_>, verdict: &Verdict) -> Parallel {
    let plan = e.plan;
    let listed = |axis: &Axis| match &axis.domain {
        Domain::Listed(values) if values.len() <= MOST_WORDS || matches!(values[0], Value::Word(_)) => {
            Some(values.clone())
        }
        _ => None,
    };
    let words: Vec<Option<Vec<Value>>> = plan.axes.iter().map(listed).collect();
    let range = |values: &mut dyn Iterator<Item = f64>| {
        let values: Vec<f64> = values.filter(|v| v.is_finite()).collect();
        let (low, high) = values.iter().fold((f64::INFINITY, f64::NEG_INFINITY), |(l, h), v| (l.min(*v), h.max(*v)));
        Ticks::Range { low, high, log: wide(values.into_iter()) }
    };
    let of_axis = |(i, axis): (usize, &Axis)| match &words[i] {
        Some(values) => ParallelAxis {
            label: label::axis(axis),
            ticks: Ticks::Words(values.iter().map(|value| shown(axis, value)).collect()),
        },
        None => ParallelAxis {
            label: label::axis_with_unit(axis),
            ticks: range(&mut verdict.frontier.iter().map(|best| best.values[i].number())),
        },
    };
    let of_objective = |objective: &Objective| ParallelAxis {
        label: label::result(plan.columns[objective.column].name()),
        ticks: range(&mut verdict.frontier.iter().map(|best| best.row[objective.column])),
    };
    let line = |best: &Best| {
        let axes = best.values.iter().zip(&words).map(|(value, words)| match words {
            Some(words) => words.iter().position(|word| word == value).unwrap_or(0) as f64,
            None => value.number(),
        });
        Line { values: axes.chain(plan.objectives.iter().map(|o| best.row[o.column])).collect(), marked: best.knee }
    };
    Parallel {
        title: title(e, "every point of the frontier"),
        axes: plan.axes.iter().enumerate().map(of_axis).chain(plan.objectives.iter().map(of_objective)).collect(),
        lines: verdict.frontier.iter().map(line).collect(),
        lines_label: "frontier".to_owned(),
        marked_label: "knee".to_owned(),
    }
}

/// The axes of the heat maps: those of the file, else the two with the strongest effect on the first objective.
fn axes_of_map(e: &Exploration<'_>, verdict: &Verdict) -> Option<(usize, usize)> {
    let plan = e.plan;
    plan.heat_map.or_else(|| match verdict.sensitivity.first().map(|s| &s.axes[..]) {
        Some([x, y, ..]) => Some((x.axis, y.axis)),
        _ => (plan.axes.len() > 1).then_some((0, 1)),
    })
}

/// The best result of every pair of values, over all values of the other axes.
fn heat_map(e: &Exploration<'_>, verdict: &Verdict, (x, y): (usize, usize), objective: Objective) -> HeatMap {
    let plan = e.plan;
    let (columns, rows) = (Parts::new(&plan.axes[x]), Parts::new(&plan.axes[y]));
    let mut cells = vec![vec![HeatCell::Unknown; columns.count()]; rows.count()];
    for index in 0..verdict.feasible.len() {
        let row = match (e.confirmed.get(&(index as u64)), e.rows.get(index)) {
            (Some(Outcome::Row(row)), _) => row.as_slice(),
            (_, Row::Numbers(row)) => row,
            _ => continue,
        };
        let (value, values) = (row[objective.column], e.values(index as u64));
        if value.is_nan() {
            continue;
        }
        let cell = &mut cells[rows.of(&values[y]) as usize][columns.of(&values[x]) as usize];
        let best = if objective.maximise { f64::max } else { f64::min };
        *cell = match *cell {
            known @ HeatCell::Value(_) if !verdict.feasible[index] => known,
            _ if !verdict.feasible[index] => HeatCell::Refused,
            HeatCell::Value(known) => HeatCell::Value(best(known, value)),
            _ => HeatCell::Value(value),
        };
    }
    let all = cells.iter().flatten().filter_map(|cell| match cell {
        HeatCell::Value(value) => Some(*value),
        _ => None,
    });
    let log = wide(all);
    let rest = if plan.axes.len() > 2 { "best over all other axes" } else { "every pair" };
    let known = verdict.counts.feasible as usize;
    let origin = match e.confirmed.len() {
        0 => plan.fidelity.phrase(),
        all if all == known => "from events",
        _ => "closed form, from events where confirmed",
    };
    let names = |parts: &Parts<'_>| (0..parts.count()).map(|part| shown_part(parts.axis, &parts.part(part))).collect();
    HeatMap {
        title: title(e, &format!("{rest}, {origin}; grey: against a constraint, ?: no answer")),
        x_label: label::axis(&plan.axes[x]),
        y_label: label::axis(&plan.axes[y]),
        value_label: label::result(plan.columns[objective.column].name()),
        x: names(&columns),
        y: names(&rows),
        cells,
        log,
        better: if objective.maximise { Better::Higher } else { Better::Lower },
    }
}
