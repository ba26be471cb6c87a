//! How well the learned cost model predicts: what it was aimed at, errors by quantity and by family, predicted against true, whether
//! intervals hold, and what it costs to decide by predictions.

use std::collections::BTreeMap;

use reports::document::{Block, Entry, Figure, Inline, Row, Section, Table, Text};
use reports::plot::{Curves, DotPlot, DotRow, Plot, Style, Variable};
use reports::{Cell, Value};

use super::evaluation::{Aim, Decision, Evaluation, Interval, Quantity};
use super::words::{code, derived, row, series, table, text};

/// Heads of the two columns of errors.
const MEDIAN: &str = "median error, %";
const NINETIETH: &str = "ninetieth percentile, %";

/// The section on the learned cost model.
pub fn section(evaluation: Option<&Evaluation>) -> Section {
    let (id, title) = ("accuracy", "Learned cost model".to_owned());
    let Some(e) = evaluation else {
        let reason = text![
            "no evaluation file given; ",
            code("--evaluation FILE"),
            " takes what ",
            code("hardwire evaluate --format json"),
            " printed"
        ];
        return Section { id, title, blocks: vec![Block::Missing(reason)] };
    };
    let source = format!("evaluation of the model {}; hardwire evaluate", e.model_version);
    let source = source.as_str();
    let mut blocks = vec![Block::Paragraph(message(e, source)), Block::Paragraph(conditions(e, source))];
    blocks.push(aims(&e.aims, source));
    blocks.push(errors(e, source));
    blocks.extend(e.drawn().into_iter().map(|index| predicted(&e.quantities[index], source)));
    blocks.push(families(e, source));
    blocks.push(calibration(&e.intervals, source));
    blocks.push(decisions(&e.decisions, source));
    blocks.extend(comparisons(e, source));
    blocks.extend(dialects(e, source));
    Section { id, title, blocks }
}

/// What it all says, in a sentence or two.
fn message(e: &Evaluation, source: &str) -> Text {
    let mut words = text!["From the text of a function alone the model predicts what compiling and running it costs. "];
    if !e.aims.is_empty() {
        let count = |n: usize| derived(n as f64, "", source).digits(1);
        words.push(count(e.aims.iter().filter(|a| a.met).count()).into());
        words.extend(text![" of its ", count(e.aims.len()), " aims are met. "]);
    }
    let errors: Vec<(&Quantity, f64)> = e
        .drawn()
        .into_iter()
        .filter_map(|index| Some((&e.quantities[index], e.quantities[index].median_relative_error_pct?)))
        .collect();
    for (index, (quantity, error)) in errors.iter().enumerate() {
        words.push(if index == 0 { "Median errors: " } else { ", " }.into());
        words.extend(text![derived(*error, "%", source), format!(" for {}", spoken(&quantity.quantity))]);
        if let Some(target) = &quantity.target {
            words.extend(text![" on ", code(target)]);
        }
    }
    if !errors.is_empty() {
        words.push(".".into());
    }
    words
}

fn conditions(e: &Evaluation, source: &str) -> Text {
    let count = |value: Option<u64>| match value {
        Some(n) => Inline::from(derived(n as f64, "", source).digits(1)),
        None => "an unstated number of".into(),
    };
    text![
        "Model ",
        code(&e.model_version),
        ", trained and tested on ",
        count(e.rows),
        " rows of ",
        count(e.corpus_families),
        " families (training set ",
        code(e.corpus.clone().unwrap_or_else(|| "not named".to_owned())),
        "), split ",
        code(e.split.clone().unwrap_or_else(|| "not named".to_owned())),
        ": where families are left out, no row of a tested function's family was learned from."
    ]
}

/// `vector_register_pressure` as people say it; the unit is told apart.
fn spoken(name: &str) -> String {
    name.strip_suffix("_cycles")
        .unwrap_or(name)
        .replace('_', " ")
        .replace("xpu", "xPU")
        .replace("ipc", "instructions per cycle")
}

fn number(value: Option<f64>, unit: &'static str, source: &str) -> Entry {
    match value.filter(|v| v.is_finite()) {
        Some(value) => derived(value, unit, source).into(),
        None => Cell::missing("the evaluation does not have it").into(),
    }
}

fn percent(value: Option<f64>, source: &str) -> Entry {
    number(value, "%", source)
}

fn count(value: Option<u64>, source: &str) -> Entry {
    match value {
        Some(value) => derived(value as f64, "", source).digits(1).into(),
        None => Cell::missing("the evaluation does not have it").into(),
    }
}

fn named(quantity: &Quantity) -> String {
    match &quantity.target {
        Some(target) => format!("{}, {target}", spoken(&quantity.quantity)),
        None => spoken(&quantity.quantity),
    }
}

/// A text of the evaluation in which numbers are values.
fn numbered(words: &str) -> Text {
    let origin = || reports::Origin::asked("stated by the evaluation; hardwire evaluate");
    let pieces = words.split_inclusive(' ').map(|piece| match piece.trim_end().parse::<f64>() {
        Ok(number) if number.is_finite() => {
            let end = &piece[piece.trim_end().len()..];
            text![Value::new(number, "", origin()).digits(0), end]
        }
        _ => text![piece],
    });
    pieces.flatten().collect()
}

fn aims(aims: &[Aim], source: &str) -> Block {
    if aims.is_empty() {
        return Block::Missing(text!["aims: the evaluation states none"]);
    }
    let rows = aims.iter().map(|aim| {
        let wanted = Cell::Word {
            word: aim.wanted.clone(),
            origin: reports::Origin::asked("aim of the project; hardwire evaluate"),
        };
        let cells = vec![wanted.into(), number(aim.value, "", source), if aim.met { "yes" } else { "NO" }.into()];
        row(numbered(&aim.aim), cells)
    });
    Block::Table(table(text!["What it was aimed at"], &["aim", "wanted", "measured", "met"], rows.collect()))
}

/// From the least to the largest of what is known.
fn over(values: impl Iterator<Item = Option<f64>>, source: &str) -> Entry {
    let ends = values
        .flatten()
        .filter(|v| v.is_finite())
        .fold(None, |ends: Option<(f64, f64)>, v| Some(ends.map_or((v, v), |(low, high)| (low.min(v), high.max(v)))));
    match ends {
        Some((low, high)) => Value::range(low, high, "", reports::Origin::derived(source)).into(),
        None => Cell::missing("the evaluation does not have it").into(),
    }
}

/// Errors by quantity, over targets.
fn errors(e: &Evaluation, source: &str) -> Block {
    let mut names: Vec<&str> = Vec::new();
    for q in &e.quantities {
        if !names.contains(&q.quantity.as_str()) {
            names.push(&q.quantity);
        }
    }
    if names.is_empty() {
        return Block::Missing(text!["errors by quantity: the evaluation has none"]);
    }
    let rows = names.iter().map(|name| {
        let of = || e.quantities.iter().filter(|q| q.quantity == **name);
        let targets: Vec<&str> = of().filter_map(|q| q.target.as_deref()).collect();
        row(
            text![spoken(name)],
            vec![
                over(of().map(|q| q.median_relative_error_pct), source),
                over(of().map(|q| q.p90_relative_error_pct), source),
                over(of().map(|q| q.baseline.as_ref().and_then(|b| b.median_relative_error_pct)), source),
                over(of().map(|q| q.spearman), source),
                vec![code(targets.join(" "))].into(),
            ],
        )
    });
    let heads = ["quantity", MEDIAN, NINETIETH, "best simple model, median, %", "rank correlation", "targets"];
    let caption = text!["Relative errors, from the best to the worst target"];
    Block::Table(table(caption, &heads, rows.collect()))
}

fn predicted(q: &Quantity, source: &str) -> Block {
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
    // The data of a cloud: what it looks like by tenths of its range, not every dot.
    let mut sorted = points.clone();
    sorted.sort_by(|a, b| a.0.total_cmp(&b.0).then(a.1.total_cmp(&b.1)));
    let tenth = sorted.len().div_ceil(10).max(1);
    let rows = sorted.chunks(tenth).map(|chunk| {
        let middle = chunk[chunk.len() / 2];
        let cells = vec![derived(middle.0, "", source).into(), derived(middle.1, "", source).into()];
        row(text![derived(chunk.len() as f64, "samples", source).digits(1)], cells)
    });
    let heads = ["samples", "true", "predicted"];
    let data = table(text!["A middle sample of every tenth, by the true value"], &heads, rows.collect());
    let axis = |what: &str| {
        let unit = if q.unit.is_empty() || q.unit == q.quantity { String::new() } else { format!(", {}", q.unit) };
        Variable { label: format!("{what} {}{unit}", spoken(&q.quantity)), log: true }
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
            title: format!("Predicted against true: {}", named(q)),
            x: axis("true"),
            y: axis("predicted"),
            series: vec![series("one function", Style::Dots, points)],
            diagonal: true,
        }),
        data,
    })
}

/// How errors spread over families: what share of them has a median error up to a value.
fn families(e: &Evaluation, source: &str) -> Block {
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
        title: "Error by family: the share of families with a median error of at most".to_owned(),
        x: Variable { label: "median relative error of a family, %".to_owned(), log: true },
        y: Variable { label: "share of families, %".to_owned(), log: false },
        series: curves.collect(),
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
    })
}

fn calibration(intervals: &[Interval], source: &str) -> Block {
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
            x: Variable { label: "true values within the interval, %".to_owned(), log: false },
            marks: ["mean over families", "tenth percentile of families", "least family"].map(str::to_owned).into(),
            rows: plot_rows.collect(),
            joined: true,
            reference: Some((nominal, format!("promised {}", reports::plot::short(nominal)))),
        }),
        data: table(text!["True values within the interval, of families left out"], &heads, rows.collect()),
    })
}

fn decisions(decisions: &[Decision], source: &str) -> Block {
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
            "{}: how much more the chosen one costs than the best, in nine of ten cases at most. ",
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
            title: "What choosing by predictions costs over the best choice".to_owned(),
            x: Variable { label: "regret, ninetieth percentile over kernels, %".to_owned(), log: true },
            marks: choosers.iter().map(|c| format!("chosen by: {c}")).collect(),
            rows: plot_rows.collect(),
            joined: false,
            reference: None,
        }),
        data: table(text!["What following a choice costs over the best one"], &heads, rows.collect()),
    })
}

fn folded(caption: Text, heads: &[&str], rows: Vec<Row>) -> Option<Block> {
    (!rows.is_empty()).then(|| Block::Table(Table { folded: true, ..table(caption, heads, rows) }))
}

fn comparisons(e: &Evaluation, source: &str) -> Option<Block> {
    let rows = e.comparisons.iter().map(|c| {
        let measure = match c.measure.as_str() {
            "rmse" => "root of the mean squared error",
            "median_ape_pct" => MEDIAN,
            "f1_above0" | "f1_above_0" => "any spill, F1",
            other => other,
        };
        let ends = c.better_by_low.zip(c.better_by_high).filter(|(l, h)| l.is_finite() && h.is_finite());
        let interval: Entry = match ends {
            Some((low, high)) => Value::range(low, high, "", reports::Origin::derived(source)).into(),
            None => Cell::missing("the evaluation does not have it").into(),
        };
        let cells = vec![
            vec![code(&c.other)].into(),
            text![measure.to_owned()].into(),
            number(c.shipped_value, "", source),
            number(c.other_value, "", source),
            number(c.better_by, "", source),
            interval,
            c.excludes_zero.map_or("unstated", |yes| if yes { "yes" } else { "NO" }).into(),
        ];
        row(text![spoken(&c.quantity)], cells)
    });
    let heads = [
        "quantity",
        "against",
        "measure",
        "shipped",
        "the other's",
        "better by",
        "interval of that",
        "better for sure",
    ];
    let caption = text!["The shipped model against each simpler one, with intervals over draws of families"];
    folded(caption, &heads, rows.collect())
}

fn dialects(e: &Evaluation, source: &str) -> Option<Block> {
    let rows = e.dialects_left_out.iter().map(|d| {
        let cells = vec![
            count(d.rows_of_the_dialect, source),
            number(d.auroc, "", source),
            percent(d.flagged_pct, source),
            percent(d.others_flagged_pct, source),
        ];
        row(vec![code(&d.dialect)], cells)
    });
    let heads = ["dialect left out", "rows", "area under the curve", "called novel, %", "others called novel, %"];
    folded(text!["Does the model know what it does not know?"], &heads, rows.collect())
}
