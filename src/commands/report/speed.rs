//! Section that compares designs: speed and throughput, and published serving figures against rooflines.

use designs::Model;
use reports::document::{Block, Entry, Figure, Inline, Row, Section, Text, Width};
use reports::plot::{Curves, Plot, Series, Style};
use reports::{Bound, Cell, Origin, Value};
use study::comparison::{self, Class, Column, METRICS, Subject, Table, Terms};

use super::words::{code, derived, design, drawn, more, row, series, systems, table, text};

/// Speeds per user at which curves are computed: ratio of neighbouring speeds, and both ends, in tokens/s.
const SLOWEST: f64 = 10.0;
const FASTEST: f64 = 3000.0;
const RATIO: f64 = 1.189_207_115_002_721;

/// The section that compares designs.
pub fn section(result: &Table, subjects: &[Subject], model: &Model) -> Section {
    let terms = &result.terms;
    let asked =
        |value: f64, unit| Value::new(value, unit, Origin::asked("terms of the comparison, on the command line"));
    let mut heads = vec![text!["per unit, unless a heading says otherwise"]];
    heads.extend(result.designs.iter().map(|c| vec![design(c)]));
    let mut rows: Vec<Row> = Vec::new();
    let mut group = "";
    for metric in METRICS {
        if metric.group != group {
            group = metric.group;
            rows.push(row(text![group], Vec::new()));
        }
        let cells = result.designs.iter().map(|c| match c.values.get(metric.key) {
            Some(cell) => Entry::from(cell.clone()),
            None => Cell::missing("not computed").into(),
        });
        rows.push(row(text![metric.label], cells.collect()));
    }
    let caption = text![
        model.name.clone(),
        " with prompts of ",
        asked(terms.input_tokens.into(), "tokens").digits(1),
        " and ",
        asked(terms.output_tokens.into(), "tokens").digits(1),
        " generated, every user at ",
        asked(terms.per_user_tokens_per_s, "tokens/s").digits(1),
        " or more"
    ];
    let side_by_side = reports::document::Table { caption, columns: heads, rows, folded: false };
    let lead = text![
        "Hardwired designs are simulated in closed form and priced. Other machines have a roofline of their memory and \
         arithmetic, an upper bound, which is scaled by the share of it that published serving figures attain; without such a \
         figure the bound stands, marked \u{2264}, and what falls with it is marked \u{2265}. Output tokens and input and output \
         tokens together are told apart everywhere. Time is accounted by the discipline ",
        code(terms.discipline.name()),
        match terms.discipline {
            sim::Discipline::Serial => ", the publication's, which no schedule runs.",
            _ => ".",
        }
    ];
    let equal = text![
        "The last rows ask what it takes to equal ",
        systems(terms.systems),
        " of the first hardwired design. Its own cost there is that of a first build with all design effort and masks; \
         the section on volume shows how that spreads."
    ];
    let mut blocks = vec![
        Block::Paragraph(message(result)),
        Block::Paragraph(lead),
        Block::Table(side_by_side),
        Block::Paragraph(equal),
        Block::Figure(interactivity(result, subjects, model)),
    ];
    blocks.extend(serving(result));
    Section { id: "comparison", title: "Side by side at equal interactivity".to_owned(), blocks }
}

/// Energy per output token of the described design, and the lowest among machines with public throughput.
fn message(result: &Table) -> Text {
    const KEY: &str = "energy_per_output_token_j";
    let exact = |c: &Column| match c.values.get(KEY) {
        Some(Cell::Value(value)) if value.bound == Bound::Exact => Some(value.clone()),
        _ => None,
    };
    let own = result.designs.iter().filter(|c| c.class == Class::Simulated).filter_map(|c| Some((c, exact(c)?)));
    let mut words = Text::new();
    for (column, value) in own {
        words.extend(text!["An output token takes ", design(column), " ", value, ". "]);
    }
    let others = result.designs.iter().filter(|c| c.class != Class::Simulated).filter_map(|c| Some((c, exact(c)?)));
    match others.min_by(|a, b| a.1.low.total_cmp(&b.1.low)) {
        Some((column, value)) => words.extend(text![
            "Of the others whose throughput is public ",
            design(column),
            " needs least, ",
            value,
            "; bounds of those whose throughput is not are below, marked."
        ]),
        None => words.push("No other design here has a public throughput with this model to compare with.".into()),
    }
    words
}

fn number(column: &Column, key: &str) -> Option<(f64, f64)> {
    match column.values.get(key) {
        Some(Cell::Value(value)) => Some((value.low, value.high)),
        _ => None,
    }
}

/// Output tokens per second and kilowatt over the speed of a user.
fn interactivity(result: &Table, subjects: &[Subject], model: &Model) -> Figure {
    let speeds: Vec<f64> =
        std::iter::successors(Some(SLOWEST), |s| Some(s * RATIO)).take_while(|s| *s <= FASTEST).collect();
    let mut drawn_series = Vec::new();
    let mut rows = Vec::new();
    let shown = [30.0, 100.0, 300.0, 1000.0];
    for (column, subject) in result.designs.iter().zip(subjects) {
        let kw = number(column, "power_kw");
        let curve = kw.map_or_else(
            || Err("no public power: kw is not given".to_owned()),
            |kw| curve(column, subject, model, &result.terms, &speeds, kw),
        );
        let mut cells: Vec<Entry> = Vec::new();
        match &curve {
            Ok((points, style, bound, source)) => {
                let name = drawn(column) + if *bound == Bound::AtMost { ", bound" } else { "" };
                drawn_series.push(Series { design: column.design.clone(), ..series(&name, *style, points.clone()) });
                for speed in shown {
                    // The curve has values at fixed speeds; take the next faster one.
                    let at = points.iter().find(|p| p.0 >= speed * (1.0 - 1e-9));
                    cells.push(match at {
                        Some(p) => derived(p.1, "tokens/s/kW", source).bound(*bound).into(),
                        None => Cell::missing("no user gets that speed").into(),
                    });
                }
            }
            Err(reason) => cells.extend(shown.map(|_| Entry::from(Cell::missing(reason.clone())))),
        }
        rows.push(row(vec![design(column)], cells));
    }
    let mut data = table(
        text!["Output tokens/s per kW where every user gets at least the speed of the column"],
        &["design"],
        rows,
    );
    let source = "speeds of this table";
    data.columns.extend(shown.map(|speed| text![Value::new(speed, "tokens/s", Origin::asked(source)).digits(1)]));
    Figure {
        name: "interactivity".to_owned(),
        caption: text![
            "What a kilowatt generates at a given speed of every user, prompts included. Full lines: simulated, or a roofline \
             scaled by published figures (middle of their range); dashed lines: a roofline alone, which no machine reaches and which \
             does not set the scale. Designs without public power or peaks are not drawn; the table says why."
        ],
        alternative: "Output tokens per second and kilowatt over tokens per second of a user, by design".to_owned(),
        plot: Plot::Curves(Curves {
            title: "Throughput of a kilowatt against speed of a user".to_owned(),
            x: more("output tokens/s of every user", true),
            y: more("output tokens/s per kW", true),
            series: drawn_series,
            marks: Vec::new(),
            diagonal: false,
        }),
        data,
        width: Width::Full,
    }
}

type Curve = (Vec<(f64, f64)>, Style, Bound, String);

fn curve(
    column: &Column,
    subject: &Subject,
    model: &Model,
    terms: &Terms,
    speeds: &[f64],
    kw: (f64, f64),
) -> Result<Curve, String> {
    let kw = (kw.0 + kw.1) / 2.0;
    match subject {
        Subject::Hardwired(_) => {
            let top = number(column, "user_tokens_per_s").ok_or("it cannot be simulated")?.0;
            let rate = number(column, "output_tokens_per_s").ok_or("its users are slower than asked for")?.0;
            let mut points: Vec<(f64, f64)> = speeds.iter().filter(|s| **s < top).map(|s| (*s, rate / kw)).collect();
            points.push((top, rate / kw));
            let source = "simulated with the pipeline full: every user gets the same speed; hardwire compare";
            Ok((points, Style::Line, Bound::Exact, source.to_owned()))
        }
        Subject::Other(other) => {
            let share = comparison::attained(&column.serving, &model.name);
            let bounds =
                comparison::bounds(other, model, terms, speeds, share.is_some()).map_err(|gap| gap.to_string())?;
            let middle = share.map_or(1.0, |s| (s.low + s.high) / 2.0);
            let points = bounds.into_iter().map(|(speed, output)| (speed, output * middle / kw)).collect();
            Ok(match share {
                Some(_) => {
                    let source = "roofline times the middle of the shares that published figures attain, over power";
                    (points, Style::Line, Bound::Exact, source.to_owned())
                }
                None => (points, Style::Dashed, Bound::AtMost, "roofline over power".to_owned()),
            })
        }
    }
}

/// Published serving figures against rooflines.
fn serving(result: &Table) -> Vec<Block> {
    let mut rows = Vec::new();
    for column in &result.designs {
        for check in &column.serving {
            let counts = check.counts.name();
            let of = |value: f64, unit| Value::new(value, unit, check.published.origin.clone());
            let users: Cell = match check.users {
                Some(users) => of(users, "").digits(1).into(),
                None => Cell::missing("as many as fit, or as many as get the speed"),
            };
            let speed: Cell = match check.per_user_tokens_per_s {
                Some(speed) => of(speed, "tokens/s").digits(1).into(),
                None => Cell::missing("the figure states none"),
            };
            rows.push(row(
                vec![design(column), Inline::from(" "), code(&check.figure)],
                vec![
                    vec![code(&check.model)].into(),
                    of(check.input_tokens.into(), "tokens").digits(1).into(),
                    of(check.output_tokens.into(), "tokens").digits(1).into(),
                    users.into(),
                    speed.into(),
                    counts.into(),
                    check.published.clone().into(),
                    check.bound.clone().into(),
                    check.attained_pct.clone().into(),
                    check.within.map_or("no bound", |within| if within { "yes" } else { "NO" }).into(),
                ],
            ));
        }
    }
    let without: Vec<&Column> =
        result.designs.iter().filter(|c| c.class != Class::Simulated && c.serving.is_empty()).collect();
    if rows.is_empty() {
        return vec![Block::Missing(text!["no design here has a public serving figure"])];
    }
    let heads = [
        "figure",
        "model",
        "in",
        "out",
        "users",
        "per user",
        "tokens",
        "published",
        "roofline",
        "attained, %",
        "within",
    ];
    let caption =
        text!["Published serving figures against the roofline of the same traffic, tokens/s per unit or user"];
    let mut words = text![
        "A roofline leaves out launches, synchronisation and links, so every published figure must lie below it; one above would \
         refute the model or the figure. Single users attain little of it: waiting, not moving bytes, takes their time."
    ];
    let attained = result.designs.iter().flat_map(|c| &c.serving).filter_map(|check| match &check.attained_pct {
        Cell::Value(value) => Some((value.low, value.high)),
        _ => None,
    });
    if let Some((low, high)) = attained.reduce(|a, b| (a.0.min(b.0), a.1.max(b.1))) {
        let range = Value::range(low, high, "%", Origin::derived("least and largest share of this table")).digits(2);
        words.extend(text![" It is a loose bound: figures attain ", range, " of it."]);
    }
    let mut blocks = vec![
        Block::Paragraph(words),
        Block::Table(reports::document::Table { folded: true, ..table(caption, &heads, rows) }),
    ];
    if !without.is_empty() {
        let mut names = Text::new();
        for (index, column) in without.iter().enumerate() {
            if index > 0 {
                names.push(", ".into());
            }
            names.push(design(column));
        }
        names.push(": no public serving figure with its traffic".into());
        blocks.push(Block::Missing(names));
    }
    blocks
}
