//! Section on the accuracy of the learned cost model: aims, errors by quantity, baselines. The figures are in
//! `accuracy_figures`.

use reports::document::{Block, Entry, Inline, Row, Section, Table, Text};
use reports::{Cell, Value};

use super::accuracy_figures::{calibration, decisions, families, predicted};
use super::evaluation::{Aim, Evaluation, Quantity};
use super::evaluation_cells::{ABSENT, count, number, over, percent, spoken};
use super::words::{code, derived, row, table, text};

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
    blocks.push(decisions(&e.decisions, source));
    blocks.push(aims(&e.aims, source));
    blocks.push(errors(e, source));
    blocks.extend(e.drawn().into_iter().map(|index| predicted(&e.quantities[index], source)));
    blocks.push(families(e, source));
    blocks.push(calibration(&e.intervals, source));
    blocks.extend(comparisons(e, source));
    blocks.extend(dialects(e, source));
    Section { id, title, blocks }
}

/// Summary in one or two sentences.
fn message(e: &Evaluation, source: &str) -> Text {
    let mut words = text!["From the text of a function alone the model predicts what compiling and running it costs. "];
    let measured = || e.aims.iter().filter(|aim| aim.value.is_some());
    if measured().count() > 0 {
        let count = |n: usize| derived(n as f64, "", source).digits(1);
        words.push(count(measured().filter(|aim| aim.met).count()).into());
        words.extend(text![" of its ", count(measured().count()), " measured aims are met. "]);
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

/// A text of the evaluation with its numbers turned into values.
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
        let measured = match aim.value {
            Some(value) => derived(value, "", source).digits(aim.digits()).into(),
            None => number(None, "", source),
        };
        let cells = vec![wanted.into(), measured, if aim.met { "yes" } else { "NO" }.into()];
        row(numbered(&aim.aim), cells)
    });
    let table = table(text!["What it was aimed at"], &["aim", "wanted", "measured", "met"], rows.collect());
    Block::Table(Table { folded: true, ..table })
}

/// Errors by quantity, as ranges over the targets.
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
            None => Cell::missing(ABSENT).into(),
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
