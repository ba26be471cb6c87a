//! Figures on the learned cost model: predicted against true values, errors by family, calibration of intervals, and regret of
//! decisions.

use std::collections::BTreeMap;

use reports::document::{Block, Entry, Figure, Inline, Width};
use reports::plot::{Curves, DotPlot, DotRow, Plot, Style};
use reports::{Cell, Value};

use super::evaluation::{Decision, Evaluation, Interval, Quantity};
use super::evaluation_cells::{count, named, number, over, percent, spoken};
use super::words::{code, derived, less, row, series, table, text, variable};

/// Predicted against true values.
pub fn predicted(q: &Quantity, source: &str) -> Block {
    let all: Vec<(f64, f64)> = q
        .samples
        .iter()
        .filter_map(|s| s.truth.zip(s.predicted))
        .filter(|(t, p)| t.is_finite() && p.is_finite())
        .collect();
    let points: Vec<(f64, f64)> = all.iter().copied().filter(|(t, p)| *t > 0.0 && *p > 0.0).collect();
    if points.is_empty() {
        return Block::Missing(text!["predicted against true of ", code(named(q)), ": the evaluation has no samples"]);
    }
    // The data table has deciles instead of every point.
    let mut sorted = points.clone();
    sorted.sort_by(|a, b| a.0.total_cmp(&b.0).then(a.1.total_cmp(&b.1)));
    let tenth = sorted.len().div_ceil(10).max(1);
    let rows = sorted.chunks(tenth).map(|chunk| {
        let middle = chunk[chunk.len() / 2];
        let cells = vec![derived(middle.0, "", source).into(), derived(middle.1, "", source).into()];
        row(text![derived(chunk.len() as f64, "samples", source).digits(1)], cells)
    });
    let heads = ["samples", "true", "predicted"];
    let data = table(text!["A middle sample of every tenth, by the true value: ", named(q)], &heads, rows.collect());
    let axis = |what: &str| {
        let unit = if q.unit.is_empty() || q.unit == q.quantity { String::new() } else { format!(", {}", q.unit) };
        variable(format!("{what} {}{unit}", spoken(&q.quantity)), true)
    };
    let within = points.iter().filter(|(t, p)| *p <= 2.0 * t && *t <= 2.0 * p).count();
    let mut caption = text![
        "Each dot is a function, evenly drawn from those tested; on the line both are equal. Within a factor of ",
        Value::new(2.0, "", reports::Origin::asked("chosen for this caption")).digits(1),
        ": ",
        derived(100.0 * within as f64 / points.len() as f64, "%", "counted among the dots; hardwire evaluate")
            .digits(2),
        " of ",
        derived(points.len() as f64, "", source).digits(1),
        " dots."
    ];
    if points.len() < all.len() {
        let left = derived((all.len() - points.len()) as f64, "", source).digits(1);
        caption.extend(text![" Left out, because a logarithmic axis has no zero: ", left, "."]);
    }
    Block::Figure(Figure {
        name: format!("predicted-{}", q.quantity.replace('_', "-")),
        caption,
        alternative: format!("Predicted against true: {}", named(q)),
        plot: Plot::Curves(Curves {
            title: format!("Predicted against true\n{}", named(q)),
            x: axis("true"),
            y: axis("predicted"),
            series: vec![series("one function", Style::Dots, points)],
            marks: Vec::new(),
            diagonal: true,
        }),
        data,
        width: Width::Half,
    })
}

/// Distribution of errors over families: share of families with a median error up to a value.
pub fn families(e: &Evaluation, source: &str) -> Block {
    let drawn: Vec<&Quantity> =
        e.drawn().into_iter().map(|i| &e.quantities[i]).filter(|q| !q.by_family.is_empty()).collect();
    let Some(first) = drawn.iter().find(|q| q.quantity == "cycles").or(drawn.first()) else {
        return Block::Missing(text!["errors by family: the evaluation has none"]);
    };
    let curves = drawn.iter().map(|q| {
        let mut errors: Vec<f64> =
            q.by_family.iter().filter_map(|f| f.median_relative_error_pct).filter(|e| e.is_finite()).collect();
        errors.sort_by(f64::total_cmp);
        let all = errors.len() as f64;
        let points = errors.iter().enumerate().map(|(i, error)| (*error, 100.0 * (i + 1) as f64 / all));
        series(&named(q), Style::Line, points.filter(|p| p.0 > 0.0).collect())
    });
    let plot = Plot::Curves(Curves {
        title: "Errors of families left out".to_owned(),
        x: less("median error of a family, %", true),
        y: variable("share of families, %", false),
        series: curves.collect(),
        marks: Vec::new(),
        diagonal: false,
    });
    let errors: Vec<BTreeMap<&str, Option<f64>>> = drawn
        .iter()
        .map(|q| q.by_family.iter().map(|f| (f.family.as_str(), f.median_relative_error_pct)).collect())
        .collect();
    let worst = |f: &super::evaluation::Family| f.median_relative_error_pct.unwrap_or(f64::NEG_INFINITY);
    let mut order: Vec<_> = first.by_family.iter().collect();
    order.sort_by(|a, b| worst(b).total_cmp(&worst(a)).then_with(|| a.family.cmp(&b.family)));
    let rows = order.iter().map(|family| {
        let mut cells = vec![count(family.rows, source)];
        cells.extend(errors.iter().map(|e| percent(e.get(family.family.as_str()).copied().flatten(), source)));
        row(vec![code(&family.family)], cells)
    });
    let mut heads = vec!["family".to_owned(), "rows".to_owned()];
    heads.extend(drawn.iter().map(|q| format!("{}, %", named(q))));
    let heads: Vec<&str> = heads.iter().map(String::as_str).collect();
    let caption = text!["Median error by family, the worst first by ", spoken(&first.quantity)];
    let data = table(caption, &heads, rows.collect());
    let mut caption =
        text!["Each family was left out of what its predictions were learned from. The further right, the worse. "];
    let names: Vec<Inline> = order.iter().take(3).map(|f| code(&f.family)).collect();
    caption.push(format!("Hardest by {}: ", spoken(&first.quantity)).into());
    for (index, name) in names.into_iter().enumerate() {
        caption.push(if index == 0 { "" } else { ", " }.into());
        caption.push(name);
    }
    caption.push("; the table lists all.".into());
    Block::Figure(Figure {
        name: "families".to_owned(),
        caption,
        alternative: "Share of families over their median error, by quantity".to_owned(),
        plot,
        data,
        width: Width::Half,
    })
}

/// Calibration: nominal and measured coverage of intervals.
pub fn calibration(intervals: &[Interval], source: &str) -> Block {
    let known = |i: &&Interval| i.mean_over_families_pct.is_some_and(f64::is_finite);
    let intervals: Vec<&Interval> = intervals.iter().filter(known).collect();
    let Some(nominal) = intervals.iter().find_map(|i| i.nominal_pct) else {
        return Block::Missing(text!["calibration of the intervals: the evaluation has none"]);
    };
    let mut names: Vec<&str> = Vec::new();
    for i in &intervals {
        if !names.contains(&i.quantity.as_str()) {
            names.push(&i.quantity);
        }
    }
    let least = |name: &str, of: fn(&Interval) -> Option<f64>| {
        intervals.iter().filter(|i| i.quantity == name).filter_map(|i| of(i)).reduce(f64::min)
    };
    let columns: [fn(&Interval) -> Option<f64>; 3] =
        [|i| i.mean_over_families_pct, |i| i.p10_over_families_pct, |i| i.least_family_pct];
    let plot_rows = names.iter().map(|name| DotRow {
        name: spoken(name),
        design: String::new(),
        values: columns.map(|of| least(name, of)).into(),
        note: "none".to_owned(),
    });
    let rows = intervals.iter().map(|i| {
        let mut cells: Vec<Entry> = vec![percent(i.nominal_pct, source)];
        cells.extend(columns.iter().map(|of| percent(of(i), source)));
        cells.push(number(i.median_width, "", source));
        row(text![spoken(&i.quantity), ", ", code(&i.target)], cells)
    });
    let heads =
        ["quantity", "nominal, %", "mean over families, %", "tenth percentile, %", "least family, %", "width, median"];
    let caption = text![
        "An interval that promises ",
        derived(nominal, "%", source).digits(2),
        " should hold the true value that often: on average over families, and in each of them, where a function may resemble \
         nothing that was learned. The marks tell how far that is so. Of several targets the least is drawn."
    ];
    Block::Figure(Figure {
        name: "calibration".to_owned(),
        caption,
        alternative:
            "Share of true values within the interval by quantity: mean over families, tenth percentile, least"
                .to_owned(),
        plot: Plot::DotPlot(DotPlot {
            title: "Do intervals hold what they promise?".to_owned(),
            x: variable("true values within the interval, %", false),
            marks: ["mean over families", "tenth percentile of families", "least family"].map(str::to_owned).into(),
            rows: plot_rows.collect(),
            joined: true,
            reference: Some((nominal, format!("promised {}", reports::number::short(nominal)))),
        }),
        data: table(text!["True values within the interval, of families left out"], &heads, rows.collect()),
        width: Width::Half,
    })
}

/// Regret of decisions made with predictions.
pub fn decisions(decisions: &[Decision], source: &str) -> Block {
    if decisions.is_empty() {
        return Block::Missing(text!["regret of decisions: the evaluation has none"]);
    }
    let place = |d: &Decision| d.target.clone().unwrap_or_else(|| d.decision.clone());
    let chooser = |d: &Decision| d.chooser.clone().unwrap_or_else(|| "shipped".to_owned());
    let (mut places, mut choosers): (Vec<String>, Vec<String>) = (Vec::new(), Vec::new());
    for d in decisions {
        if !places.contains(&place(d)) {
            places.push(place(d));
        }
        if !choosers.contains(&chooser(d)) {
            choosers.push(chooser(d));
        }
    }
    let at = |p: &str, c: &str| decisions.iter().find(|d| place(d) == p && chooser(d) == c);
    let plot_rows = places.iter().map(|p| DotRow {
        name: p.clone(),
        design: String::new(),
        values: choosers.iter().map(|c| at(p, c).and_then(|d| d.p90_regret_pct)).collect(),
        note: "none".to_owned(),
    });
    let rows = decisions.iter().map(|d| {
        let cells = vec![
            text![chooser(d)].into(),
            count(d.rows, source),
            percent(d.right_choice_pct, source),
            percent(d.median_regret_pct, source),
            percent(d.p90_regret_pct, source),
            percent(d.mean_regret_pct, source),
        ];
        row(vec![code(place(d))], cells)
    });
    let heads = [
        "target",
        "chosen by",
        "kernels",
        "right choice, %",
        "regret: median, %",
        "ninetieth percentile, %",
        "mean, %",
    ];
    let mut caption = text![
        format!(
            "Choosing a {}: how much more the chosen one costs than the best, in nine of ten cases at most. ",
            decisions[0].decision
        ),
        "Left is better. "
    ];
    let right = |c: &str| over(decisions.iter().filter(|d| chooser(d) == c).map(|d| d.right_choice_pct), source);
    for (index, c) in choosers.iter().enumerate() {
        if let Entry::Cell(Cell::Value(value)) = right(c) {
            let words = if index == 0 { "Right choices, %: " } else { ", " };
            caption.extend(text![words, format!("{c} "), value]);
        }
    }
    caption.push(". Means, in the table, follow the few kernels whose variants differ most.".into());
    Block::Figure(Figure {
        name: "decisions".to_owned(),
        caption,
        alternative: "Ninetieth percentile of the regret by target and by what chooses".to_owned(),
        plot: Plot::DotPlot(DotPlot {
            title: "What choosing by predictions costs".to_owned(),
            x: less("regret, ninetieth percentile, %", true),
            marks: choosers.iter().map(|c| format!("chosen by: {c}")).collect(),
            rows: plot_rows.collect(),
            joined: false,
            reference: None,
        }),
        data: table(text!["What following a choice costs over the best one"], &heads, rows.collect()),
        width: Width::Half,
    })
}
