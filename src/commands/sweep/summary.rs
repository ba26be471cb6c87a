//! The summary of a sweep as text.

use explore::summary::{objectives, shown, shown_part};
use reports::number::{fixed, significant};
use reports::{Align, Table};
use sweep::metric::NEAR_KNEE;
use sweep::verdict::{Sensitivity, Verdict};
use sweep::{Method, Plan};

/// Points of the frontier in the text.
const SHOWN: usize = 12;

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
        let totals = s.axes.iter().any(|effect| effect.total.is_some());
        let mut columns = vec![(s.result.as_str(), Align::Left), ("first order", Align::Right)];
        if totals {
            columns.push(("total", Align::Right));
        }
        if some {
            columns.push(("points", Align::Right));
        }
        let ends =
            [("least mean", Align::Right), ("at", Align::Left), ("largest mean", Align::Right), ("at", Align::Left)];
        columns.extend(ends);
        let mut table = Table::new(&columns);
        for effect in &s.axes {
            let axis = &plan.axes[effect.axis];
            let mut cells = vec![axis.name.path.clone(), fixed(effect.first_order, 3)];
            if totals {
                cells.push(effect.total.map_or("-".to_owned(), |total| fixed(total, 3)));
            }
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
