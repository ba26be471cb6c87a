//! Sections on the reproduction: the scoreboard, and the breakdown of token latency by context length.

use designs::Provenance;
use reports::document::{Block, Entry, Figure, Row, Section, Text, Width};
use reports::number::digits_beside;
use reports::plot::{Plot, Stack, Stacked};
use reports::{Bound, Cell, Kind, Origin, Support, Value};
use study::comparison::Hardwired;
use study::reproduction::{Reproduction, hnlpu};

use super::words::{code, derived, row, table, text};
use crate::diagnostics::Failure;

/// The published machine.
const PUBLISHED: &str = "hnlpu";

/// The reproduction; `None` if the design is not the published machine.
pub fn reproduction(hardwired: &Hardwired) -> Result<Option<Reproduction>, Failure> {
    if hardwired.design.name != PUBLISHED {
        return Ok(None);
    }
    Ok(Some(hnlpu(&hardwired.design, &hardwired.home)?))
}

/// Origin of a published figure.
pub fn published(source: &str) -> Origin {
    let source = format!("ASPLOS '26 (HNLPU), {source}");
    Origin { kind: Support::Input, grade: "published".to_owned(), source, year: Some(2026) }
}

fn ours(kind: Kind) -> Origin {
    let of = |kind, grade: &str, source: &str| Origin {
        kind,
        grade: grade.to_owned(),
        source: format!("{source}; hardwire reproduce hnlpu"),
        year: None,
    };
    match kind {
        Kind::Input => of(Support::Input, "published", "the design's own value, fed to the model"),
        Kind::Calibrated => {
            of(Support::Calibrated, "calibrated", "model whose parameter was fitted to this very figure")
        }
        Kind::Derived => of(Support::Derived, "derived", "model, event engine under the discipline serial or prices"),
        Kind::Estimate => of(Support::Derived, "derived", "best effort: the publication does not give its method"),
    }
}

fn deviation(row: &reports::Row) -> Cell {
    let source = "ours against published; hardwire reproduce hnlpu";
    match (row.deviation_pct, row.deviation_pp) {
        (Some(pct), _) => derived(pct, "%", source).decimals(2).signed().into(),
        (None, Some(points)) => derived(points, "points", source).decimals(2).signed().into(),
        _ => Cell::missing("nothing was published to compare with"),
    }
}

fn within(row: &reports::Row) -> &'static str {
    match (row.kind, row.published) {
        (_, None) => "",
        (Kind::Estimate, _) => "no tolerance",
        _ if row.ok => "yes",
        _ => "NO",
    }
}

/// The section on the scoreboard.
pub fn scoreboard(hardwired: &Hardwired, reproduction: Option<&Reproduction>) -> Section {
    let (id, title) = ("reproduction", "Published against ours".to_owned());
    let Some(reproduction) = reproduction else {
        let reason =
            text!["no figures are published of ", code(&hardwired.design.name), "; ", code(PUBLISHED), " has them"];
        return Section { id, title, blocks: vec![Block::Missing(reason)] };
    };
    let rows = &reproduction.scoreboard.rows;
    let count = |kind: Kind, ok: Option<bool>| {
        let n =
            rows.iter().filter(|r| r.kind == kind && r.published.is_some() && ok.is_none_or(|ok| r.ok == ok)).count();
        derived(n as f64, "", "counted in the table below").digits(1)
    };
    let meaning = |kind: Kind| match kind {
        Kind::Derived => "comes out of the model: agreement is evidence",
        Kind::Calibrated => "fitted to this very figure: agreement shows that the fit works",
        Kind::Input => "fed to the model: agreement proves nothing",
        Kind::Estimate => "best effort without a tolerance",
    };
    let kinds = [Kind::Derived, Kind::Calibrated, Kind::Input, Kind::Estimate];
    let summary = kinds.map(|kind| {
        let within: Entry = match kind {
            Kind::Estimate => "no tolerance".into(),
            _ => count(kind, Some(true)).into(),
        };
        row(text![kind.name()], vec![count(kind, None).into(), within, meaning(kind).into()])
    });
    let heads = ["kind", "published figures", "within tolerance", "what agreement means"];
    let summary = table(text!["Figures by kind"], &heads, summary.into());
    let all: Vec<Row> = rows
        .iter()
        .map(|r| {
            let digits = digits_beside([Some(r.ours), r.published].into_iter().flatten(), 4);
            let published: Cell = match r.published {
                Some(value) => Value::new(value, "", published(&r.source)).digits(digits).into(),
                None => Cell::missing("the publication has no label for it"),
            };
            let tolerance: Entry = match r.tolerance.filter(|_| r.published.is_some()) {
                Some(t) => {
                    Value::new(t, "", Origin::asked("tolerance set before the comparison, src/reproduce/targets.toml"))
                        .digits(1)
                        .into()
                }
                None => Cell::missing("no tolerance").into(),
            };
            row(
                vec![code(&r.id)],
                vec![
                    published.into(),
                    Value::new(r.ours, "", ours(r.kind)).digits(digits).into(),
                    deviation(r).into(),
                    tolerance,
                    r.kind.name().into(),
                    within(r).into(),
                ],
            )
        })
        .collect();
    let heads = ["figure", "published", "ours", "deviation, % or points", "tolerance", "kind", "within"];
    let mut all = table(text!["Every figure: published, ours, deviation, kind"], &heads, all);
    all.folded = true;
    let fitted: Vec<Row> = reproduction
        .calibration
        .iter()
        .map(|p| {
            let provenance = hardwired.design.provenance.get(p.parameter);
            let origin = provenance.map_or_else(|| Origin::asked(p.parameter), study::comparison::origin);
            let fit = Origin {
                kind: Support::Calibrated,
                grade: "calibrated".to_owned(),
                source: format!("fitted anew to {}; hardwire reproduce hnlpu", p.fitted_to),
                year: None,
            };
            let unit: Text = text![p.unit];
            let cells = vec![
                Value::new(p.design, "", origin).digits(4).into(),
                Value::new(p.fitted, "", fit).digits(4).into(),
                unit.into(),
            ];
            row(vec![code(p.parameter)], cells)
        })
        .collect();
    let fitted = table(text!["Calibrated parameters"], &["parameter", "design", "fitted anew", "unit"], fitted);
    let failures = reproduction.scoreboard.failures().len();
    let verdict = if failures == 0 {
        text!["Every derived figure is within its tolerance. The closed form deviates from the event engine by "]
    } else {
        text![
            derived(failures as f64, "", "counted in the table below").digits(1),
            " derived figures are out of tolerance. The closed form deviates from the event engine by "
        ]
    };
    // Round up to four decimals: the two may be equal to the last bit.
    let analytic = ((reproduction.analytic_deviation_pct * 1e4).ceil() / 1e4).max(1e-4);
    let analytic = derived(analytic, "%", "closed form against events; hardwire reproduce hnlpu").bound(Bound::AtMost);
    let verdict: Text = verdict.into_iter().chain(text![analytic.digits(1), "."]).collect();
    let blocks = vec![Block::Paragraph(verdict), Block::Table(summary), Block::Table(fitted), Block::Table(all)];
    Section { id, title, blocks }
}

const PARTS: [(&str, &str); 4] =
    [("comm", "links"), ("projection", "weights"), ("attention", "attention"), ("stall", "memory stall")];

/// The section on token latency: the simulated breakdown with the published one as marks.
pub fn breakdown(reproduction: Option<&Reproduction>, contexts: &[u64]) -> Section {
    let (id, title) = ("breakdown", "Where a token's time goes".to_owned());
    let Some(reproduction) = reproduction else {
        let reason = text!["no breakdown is published of this design"];
        return Section { id, title, blocks: vec![Block::Missing(reason)] };
    };
    let find = |part: &str, context: u64| {
        let id = format!("fig14.{part}.{context}");
        reproduction.scoreboard.rows.iter().find(|r| r.id == id)
    };
    let mut bars = Vec::new();
    let mut rows = Vec::new();
    for &context in contexts {
        let found: Vec<_> = PARTS.iter().filter_map(|(part, _)| find(part, context)).collect();
        let rest = 100.0 - found.iter().map(|r| r.ours).sum::<f64>();
        let mut values: Vec<f64> = found.iter().map(|r| r.ours).collect();
        let mut marks: Vec<Option<f64>> = found.iter().map(|r| r.published.filter(|p| *p > 0.0)).collect();
        values.push(rest.max(0.0));
        marks.push(None);
        bars.push(Stack { name: format!("{}K", context / 1024), values, marks });
        let name = Value::new(context as f64, "tokens", published("Fig. 14, contexts"));
        let mut cells: Vec<Entry> = Vec::new();
        for r in &found {
            cells.push(Value::new(r.ours, "%", ours(r.kind)).into());
            cells.push(match r.published {
                Some(p) => Value::new(p, "%", published(&r.source)).into(),
                None => Cell::missing("the publication has no label for it").into(),
            });
        }
        cells.push(derived(rest, "%", "what the other shares leave; hardwire reproduce hnlpu").digits(2).into());
        rows.push(row(text![name], cells));
    }
    let mut heads = vec!["context".to_owned()];
    for (_, words) in PARTS {
        heads.extend([format!("{words}, %"), format!("{words}, published")]);
    }
    heads.push("non-linear, %".to_owned());
    let heads: Vec<&str> = heads.iter().map(String::as_str).collect();
    let mut names: Vec<String> = PARTS.iter().map(|(_, words)| (*words).to_owned()).collect();
    names.push("non-linear".to_owned());
    let plot = Plot::Stacked(Stacked {
        title: "A token's time, by context".to_owned(),
        x_label: "context, tokens".to_owned(),
        y_label: "share of a token's time, %".to_owned(),
        parts: names,
        mark_label: "published".to_owned(),
        bars,
    });
    let calibrated = Provenance {
        source: "figures that the fit uses, src/reproduce/targets.toml".to_owned(),
        grade: designs::Grade::Calibrated,
        year: None,
    };
    let fitted = |context: f64| Value::new(context, "tokens", study::comparison::origin(&calibrated)).digits(1);
    let caption = text![
        "Bars are ours, by the publication's accounting; the lines across are the published shares, each over our parts below it. \
         The bars at ",
        fitted(2048.0),
        " and ",
        fitted(65536.0),
        " and the stall at ",
        fitted(524_288.0),
        " were fitted to; the others come out."
    ];
    let figure = Figure {
        name: "breakdown".to_owned(),
        caption,
        alternative: "Stacked bars of a token's time by context: links shrink as attention grows".to_owned(),
        plot,
        data: table(text!["Shares of a token's time, ours beside published"], &heads, rows),
        width: Width::Half,
    };
    // The largest part at the shortest and at the longest context.
    let mut message = Text::new();
    for &context in contexts.first().into_iter().chain(contexts.last().filter(|_| contexts.len() > 1)) {
        let shares = PARTS.iter().filter_map(|(part, words)| Some((*words, find(part, context)?)));
        if let Some((words, r)) = shares.max_by(|a, b| a.1.ours.total_cmp(&b.1.ours)) {
            let context = Value::new(context as f64, "tokens", published("Fig. 14, contexts")).digits(1);
            let share = Value::new(r.ours, "%", ours(r.kind));
            message.extend(text!["At a context of ", context, format!(" most time goes to {words}: "), share, ". "]);
        }
    }
    let note = text![
        "The shares are those of one token in the publication's accounting, with the pipeline full: each of its steps is charged \
         the links of all others. In a schedule that a machine could run, steps of different tokens overlap; the section on findings \
         says what that changes."
    ];
    Section { id, title, blocks: vec![Block::Paragraph(message), Block::Figure(figure), Block::Paragraph(note)] }
}
