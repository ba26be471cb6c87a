//! Section on volume: total cost over the number of systems, compared with machines of equal throughput, and the break-even volume.

use designs::{Comparison, Range};
use reports::document::{Block, Entry, Figure, Section, Text, Width};
use reports::plot::{Curves, DotPlot, DotRow, Mark, Plot, Series, Style};
use reports::{Bound, Cell, Origin, Value};
use sim::economics::compare::{self, Basis};
use sim::economics::{Estimate, Span};
use study::comparison::{Column, Subject};

use super::subjects::Subjects;
use super::words::{derived, design, drawn, less, million, row, series, table, text, variable};
use crate::diagnostics::Failure;

/// Numbers of systems for which totals are computed.
pub const VOLUMES: [u64; 11] = [1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000];
/// Numbers of systems in the table.
pub const SHOWN: [u64; 4] = [1, 10, 100, 1000];
/// Largest number of systems in the search for a break-even.
const MOST: u64 = 1_000_000;

/// Another machine with a price and a throughput.
pub struct Rival<'a> {
    pub column: &'a Column,
    pub other: &'a Comparison,
    rate: Range,
    pub bound: Bound,
}

/// The machines with throughput and price, and the reasons why others are left out.
pub fn rivals<'a>(s: &Subjects<'a>) -> (Vec<Rival<'a>>, Vec<(&'a Column, String)>) {
    let (mut rivals, mut without) = (Vec::new(), Vec::new());
    for (column, subject) in s.table.designs.iter().zip(s.subjects) {
        let Subject::Other(other) = subject else { continue };
        let range = |key| match column.values.get(key) {
            Some(Cell::Value(v)) => Some(Range { low: v.low, mode: None, high: v.high }),
            _ => None,
        };
        let rate = match (range("output_tokens_per_s"), range("bound_output_tokens_per_s")) {
            (Some(rate), _) => Some((rate, Bound::Exact)),
            (None, Some(bound)) => Some((bound, Bound::AtLeast)),
            _ => None,
        };
        let reason = match (rate, other.usd, other.kw) {
            (Some((rate, bound)), Some(_), Some(_)) => {
                rivals.push(Rival { column, other, rate, bound });
                continue;
            }
            (None, ..) => "no output tokens/s at equal interactivity",
            (_, None, _) => "no public price: usd is not given",
            _ => "no public power: kw is not given",
        };
        without.push((column, reason.to_owned()));
    }
    (rivals, without)
}

/// The units of a machine with the throughput of all systems of an estimate.
pub fn basis(estimate: &Estimate, rival: &Rival<'_>, ours: f64) -> Option<Basis> {
    compare::basis(estimate, rival.other, String::new(), ours, rival.rate).ok()
}

/// Fewest systems at which `cheaper` holds, by doubling and bisection; `None` up to [`MOST`].
fn fewest(mut cheaper: impl FnMut(u64) -> bool) -> Option<u64> {
    let mut high = 1;
    while !cheaper(high) {
        high *= 2;
        if high > MOST {
            return None;
        }
    }
    let mut low = high / 2;
    while low + 1 < high {
        let middle = low.midpoint(high);
        if cheaper(middle) { high = middle } else { low = middle }
    }
    Some(high)
}

/// Fewest systems at which the total cost is lower than that of a rival.
pub struct BreakEven<'a> {
    pub rival: Rival<'a>,
    /// With our optimistic and their pessimistic total.
    pub optimistic: Option<u64>,
    /// With our pessimistic and their optimistic total.
    pub pessimistic: Option<u64>,
}

const OPTIMISTIC: &str = "our optimistic total below their pessimistic one";
const PESSIMISTIC: &str = "our pessimistic total below their optimistic one";

impl BreakEven<'_> {
    fn cell(&self, n: Option<u64>, rule: &str) -> Entry {
        match n {
            Some(n) => self.systems(n, rule).into(),
            None => Cell::missing("it stays dearer at any volume searched").into(),
        }
    }

    /// Whether this is an upper bound, because the cost of the other machine is a lower bound.
    fn systems(&self, n: u64, rule: &str) -> Value {
        let source = format!("{rule}, by bisection over volumes; hardwire compare --systems N");
        let bound = if self.rival.bound == Bound::Exact { Bound::Exact } else { Bound::AtMost };
        derived(n as f64, if n == 1 { "system" } else { "systems" }, &source).digits(1).bound(bound)
    }

    /// Both numbers of systems, if there are both.
    pub fn both(&self) -> Option<(Value, Value)> {
        let (optimistic, pessimistic) = self.optimistic.zip(self.pessimistic)?;
        Some((self.systems(optimistic, OPTIMISTIC), self.systems(pessimistic, PESSIMISTIC)))
    }

    /// Text such as "from 116 systems (optimistic) to 394 (pessimistic)".
    pub fn words(&self) -> Option<Text> {
        let (optimistic, pessimistic) = self.both()?;
        Some(text![
            "from ",
            optimistic,
            " on if every input is optimistic, from ",
            pessimistic,
            " on if every input is pessimistic"
        ])
    }
}

/// Break-even against every rival.
pub fn break_even<'a>(s: &Subjects<'a>) -> Vec<BreakEven<'a>> {
    let Some(ours) = s.output_tokens_per_s else { return Vec::new() };
    let all = rivals(s).0.into_iter().map(|rival| {
        let at = |n: u64| {
            let estimate = s.hardwired.price(s.model, n, &s.table.terms).ok()?;
            Some((estimate.span(|o| o.tco_dynamic_usd), basis(&estimate, &rival, ours)?.tco_usd))
        };
        let optimistic = fewest(|n| at(n).is_some_and(|(own, their)| own.low <= their.high));
        let pessimistic = fewest(|n| at(n).is_some_and(|(own, their)| own.high <= their.low));
        BreakEven { optimistic, pessimistic, rival }
    });
    all.collect()
}

/// Curves of one quantity over volume: series of the plot and rows of its data table.
#[derive(Default)]
pub struct OverVolume {
    pub series: Vec<Series>,
    pub rows: Vec<reports::document::Row>,
}

/// One end of a range.
type EndOf = fn(Span) -> f64;

impl OverVolume {
    /// Adds a design with its totals at every volume of [`VOLUMES`]; `show` turns a total into a table cell.
    pub fn add(&mut self, column: &Column, bound: Bound, totals: &[Option<Span>], shown: impl Fn(Span) -> Value) {
        let style = if bound == Bound::Exact { Style::Line } else { Style::Dashed };
        let name = drawn(column) + if bound == Bound::Exact { "" } else { ", at least" };
        let ends: [(&str, EndOf); 2] = [("optimistic", |t| t.low), ("pessimistic", |t| t.high)];
        let mut lines = ends.map(|(end, of)| {
            let at = |t: &Option<Span>| t.map(|t| of(Span { low: shown(t).low, high: shown(t).high }));
            let points = VOLUMES.iter().zip(totals).filter_map(|(n, t)| Some((*n as f64, at(t)?)));
            let line = series(&name, style, points.collect());
            Series { design: column.design.clone(), end: end.to_owned(), ..line }
        });
        if lines[0].points == lines[1].points {
            // One line without a range.
            lines[0].end.clear();
            self.series.push(lines[0].clone());
        } else {
            self.series.extend(lines);
        }
        let cells = SHOWN.map(|n| {
            let index = VOLUMES.iter().position(|v| *v == n).expect("shown volumes are computed");
            totals[index]
                .map_or_else(|| Cell::missing("cannot be computed").into(), |t| Entry::from(shown(t).bound(bound)))
        });
        self.rows.push(row(vec![design(column)], cells.into()));
    }

    /// The data table.
    pub fn table(&mut self, caption: Text) -> reports::document::Table {
        let mut data = table(caption, &["design"], std::mem::take(&mut self.rows));
        let asked = Origin::asked("volumes of this table");
        data.columns.extend(SHOWN.map(|n| {
            let unit = if n == 1 { "system" } else { "systems" };
            text![Value::new(n as f64, unit, asked.clone()).digits(1)]
        }));
        data
    }
}

/// Estimates at every volume.
pub fn estimates(s: &Subjects<'_>) -> Result<Vec<Estimate>, Failure> {
    VOLUMES.iter().map(|n| Ok(s.hardwired.price(s.model, *n, &s.table.terms)?)).collect()
}

/// The section on volume.
pub fn section(s: &Subjects<'_>, even: &[BreakEven<'_>]) -> Result<Section, Failure> {
    let (id, title) = ("volume", "Total cost and break-even over volume".to_owned());
    let Some(ours) = s.output_tokens_per_s else {
        let reason = text!["no output tokens/s at the speed asked for, so nothing to be equal to"];
        return Ok(Section { id, title, blocks: vec![Block::Missing(reason)] });
    };
    let note = text![
        "The comparison counts output tokens on both sides and whole units. Where a design only has a roofline, it may need more \
         units than this, and break-even may come earlier."
    ];
    let blocks = vec![
        Block::Paragraph(message(s, even)),
        Block::Figure(totals(s, even, ours, "Total cost against volume, by design")?),
        Block::Figure(figure(s, even)),
        Block::Paragraph(note),
    ];
    Ok(Section { id, title, blocks })
}

fn message(s: &Subjects<'_>, even: &[BreakEven<'_>]) -> Text {
    let mut words = text!["What design and masks cost is spread over all systems, so volume decides. "];
    if even.is_empty() {
        words.push("No other design here has throughput, price and power that are public.".into());
    }
    for even in even {
        match even.words() {
            Some(from) => {
                words.extend(text![
                    "Against ",
                    design(even.rival.column),
                    " the total cost of ",
                    design(s.column()),
                    " is lower "
                ]);
                words.extend(from);
                words.push(". ".into());
            }
            None => words.extend(text![
                "Against ",
                design(even.rival.column),
                if even.rival.bound == Bound::Exact {
                    " no volume searched makes it cheaper for sure. "
                } else {
                    ", of which only a roofline is known, no volume searched makes it cheaper for sure. "
                }
            ]),
        }
    }
    words
}

/// Where the totals cross, as marks of a plot: `own` and `their` are the totals at every volume of [`VOLUMES`].
fn crossings(even: &BreakEven<'_>, own: &[Option<Span>]) -> Vec<Mark> {
    let ends: [(Option<u64>, &str, EndOf); 2] =
        [(even.optimistic, "at best", |t| t.low), (even.pessimistic, "at worst", |t| t.high)];
    let marks = ends.into_iter().filter_map(|(n, words, of)| {
        let n = n? as f64;
        // Between two volumes the total is interpolated as the plot draws it, in logarithms.
        let known: Vec<(f64, f64)> =
            VOLUMES.iter().zip(own).filter_map(|(v, t)| Some((*v as f64, of((*t)?) / 1e6))).collect();
        let pair = known.windows(2).find(|pair| pair[0].0 <= n && n <= pair[1].0)?;
        let share = libm::log(n / pair[0].0) / libm::log(pair[1].0 / pair[0].0);
        let total = pair[0].1 * libm::pow(pair[1].1 / pair[0].1, share);
        let value = format!("cheaper than {} from {n} systems on, {words}", even.rival.column.design);
        Some(Mark { at: (n, total), label: n.to_string(), value, design: even.rival.column.design.clone() })
    });
    marks.collect()
}

/// The figure of the first screen: total cost against that of the machine that the summary compares with.
pub fn main_figure(s: &Subjects<'_>, even: &BreakEven<'_>, ours: f64) -> Result<Figure, Failure> {
    let own = s.column();
    let rival = &even.rival;
    Ok(Figure {
        name: "main".to_owned(),
        caption: text![
            "Total cost of ",
            design(own),
            " systems, re-spins included, and of ",
            design(rival.column),
            " units with the same output tokens per second. Each band runs from every input optimistic to every input \
             pessimistic; squares mark from how many systems on ",
            design(own),
            " costs less, at best and at worst."
        ],
        alternative: format!("Total cost over the number of systems: {} against {}", own.design, rival.column.design),
        width: Width::Half,
        ..totals(s, std::slice::from_ref(even), ours, "Total cost against volume")?
    })
}

fn totals(s: &Subjects<'_>, even: &[BreakEven<'_>], ours: f64, title: &str) -> Result<Figure, Failure> {
    let estimates = estimates(s)?;
    let years = s.table.terms.years;
    let column = s.column();
    let mut curves = OverVolume::default();
    let source = format!(
        "build, infrastructure, electricity, spares, re-spins over {years} years; hardwire estimate --systems N"
    );
    let own: Vec<Option<Span>> = estimates.iter().map(|e| Some(e.span(|o| o.tco_dynamic_usd))).collect();
    curves.add(column, Bound::Exact, &own, |t| million(t, &source));
    let mut marks = Vec::new();
    for even in even {
        let rival = &even.rival;
        let totals: Vec<Option<Span>> = estimates.iter().map(|e| basis(e, rival, ours).map(|b| b.tco_usd)).collect();
        let source = format!("units of equal output tokens/s, whole, over {years} years; hardwire compare --systems N");
        curves.add(rival.column, rival.bound, &totals, |t| million(t, &source));
        if rival.bound == Bound::Exact {
            marks.extend(crossings(even, &own));
        }
    }
    let data = curves.table(text!["Total cost, million USD, by systems of the first design or their equal"]);
    Ok(Figure {
        name: "volume".to_owned(),
        caption: text![
            "Total cost of ",
            design(column),
            " systems against machines of equal output tokens per second at the speed per user asked for, from optimistic to \
             pessimistic; squares mark from how many systems on it costs less, at best and at worst. Dashed lines are bounds from a \
             roofline alone: that design costs at least as much."
        ],
        alternative: "Total cost over the number of systems, by design, optimistic and pessimistic".to_owned(),
        plot: Plot::Curves(Curves {
            title: title.to_owned(),
            x: variable("systems, or units that equal them", true),
            y: less("total cost, million USD", true),
            series: curves.series,
            marks,
            diagonal: false,
        }),
        data,
        width: Width::Full,
    })
}

/// Break-even volumes as a dot plot and a table.
fn figure(s: &Subjects<'_>, even: &[BreakEven<'_>]) -> Figure {
    let (mut rows, mut marks) = (Vec::new(), Vec::new());
    for e in even {
        let rival = &e.rival;
        let per_unit = Value::range(rival.rate.low, rival.rate.high, "tokens/s", rate_origin(rival));
        let bound = if rival.bound == Bound::Exact { Bound::Exact } else { Bound::AtMost };
        rows.push(row(
            vec![design(rival.column)],
            vec![per_unit.bound(bound).into(), e.cell(e.optimistic, OPTIMISTIC), e.cell(e.pessimistic, PESSIMISTIC)],
        ));
        marks.push(DotRow {
            name: drawn(rival.column),
            design: rival.column.design.clone(),
            values: [e.optimistic, e.pessimistic].map(|n| n.map(|n| n as f64)).into(),
            note: "missing: it stays dearer at any volume searched".to_owned(),
        });
    }
    for (column, reason) in rivals(s).1 {
        let missing = || Entry::from(Cell::missing(reason.clone()));
        rows.push(row(vec![design(column)], vec![missing(), missing(), missing()]));
    }
    let heads = ["against", "output tokens/s of a unit", "cheaper from, optimistic", "cheaper from, pessimistic"];
    let caption = text!["Systems from which the total cost of ", design(s.column()), " with re-spins is lower"];
    Figure {
        name: "break-even".to_owned(),
        caption: text![
            "From how many systems on ",
            design(s.column()),
            " costs less in total, re-spins included, than machines of equal output tokens per second. Optimistic: our optimistic \
             total is below their pessimistic one; pessimistic: the other way round, so that from there on it is cheaper for sure. Designs \
             without public price, power or throughput are in the table, with the reason."
        ],
        alternative: "Number of systems at break-even, optimistic and pessimistic, by design".to_owned(),
        plot: Plot::DotPlot(DotPlot {
            title: "Break-even: cheaper from this many systems on".to_owned(),
            x: less("systems", true),
            marks: ["every input optimistic", "every input pessimistic"].map(str::to_owned).into(),
            rows: marks,
            joined: true,
            reference: None,
        }),
        data: table(caption, &heads, rows),
        width: Width::Full,
    }
}

fn rate_origin(rival: &Rival<'_>) -> Origin {
    let keys = ["output_tokens_per_s", "bound_output_tokens_per_s"];
    let found = keys.iter().find_map(|key| match rival.column.values.get(key) {
        Some(Cell::Value(value)) => Some(value.origin.clone()),
        _ => None,
    });
    found.unwrap_or_else(|| Origin::derived("hardwire compare"))
}
