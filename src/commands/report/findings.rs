//! Section on what the publication does not say: what its throughput rests on, what other collectives would change, for how many
//! sequences memory suffices, and on which throughput its total cost stands.

use designs::{Algorithm, AllChip, Comparison, Design, Model};
use reports::document::{Block, Entry, Figure, Section, Text, Width};
use reports::plot::{DotPlot, DotRow, Plot};
use reports::{Cell, Origin, Value};
use sim::economics::compare::{self, Basis};
use sim::{Discipline, Prepared, Request, Simulation};
use study::comparison::Subject;

use super::reproduction::published;
use super::subjects::{CONTEXT, Subjects};
use super::words::{code, derived, design, more, row, table, text};
use crate::diagnostics::Failure;

/// Numbers of systems for which total costs are set against those of other machines.
const SYSTEMS: [u64; 2] = [1, 50];
/// Longest context that is tried, in tokens.
const LONG: u64 = 131_072;

/// A simulated operating point.
struct Run {
    words: &'static str,
    source: String,
    run: Simulation,
}

impl Run {
    fn rate(&self) -> Value {
        Value::new(self.run.throughput_tokens_per_s, "tokens/s", Origin::derived(self.source.clone())).digits(4)
    }

    fn stall(&self) -> Value {
        Value::new(self.run.breakdown_pct.stall, "%", Origin::derived(self.source.clone()))
    }
}

/// What a comparison of total costs rests on.
struct Against<'a> {
    column: &'a study::comparison::Column,
    /// For each of [`SYSTEMS`].
    bases: Vec<Vec<Basis>>,
}

/// All findings on a design.
pub struct Findings<'a> {
    published: f64,
    schedules: Vec<Run>,
    collectives: Vec<Run>,
    one: Run,
    full: Run,
    alone: Run,
    against: Vec<Against<'a>>,
    tco: Option<f64>,
}

/// An operating point to simulate.
struct Ask<'a> {
    design: &'a Design,
    words: &'static str,
    context: u64,
    sequences: Option<u64>,
    discipline: Discipline,
    /// Options of `hardwire simulate` that ask for the same.
    flags: String,
}

impl Ask<'_> {
    fn run(&self, model: &Model) -> Result<Run, Failure> {
        let request = Request {
            grid: Some(self.design.grid),
            context: self.context,
            sequences: self.sequences,
            discipline: self.discipline,
            ..Request::of(self.design, model)
        };
        let run = Prepared::new(request)?.run();
        let source = format!("{}, from events; hardwire simulate {}{}", self.words, self.design.name, self.flags);
        Ok(Run { words: self.words, source, run })
    }
}

/// Simulates all points, each on a thread of its own.
fn simulated(asks: &[Ask<'_>], model: &Model) -> Result<Vec<Run>, Failure> {
    std::thread::scope(|scope| {
        let runs: Vec<_> = asks.iter().map(|ask| scope.spawn(move || ask.run(model))).collect();
        runs.into_iter().map(|run| run.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic))).collect()
    })
}

/// The findings on the published machine, whose throughput is `published_rate`.
///
/// # Errors
/// When the machine cannot be simulated or priced.
pub fn findings<'a>(s: &Subjects<'a>, published_rate: f64) -> Result<Findings<'a>, Failure> {
    let h = s.hardwired;
    let settled = h.settle(&h.economics, s.model)?;
    let (design, model) = (&settled.design, s.model);
    let mut two_phase = design.clone();
    two_phase.mapping.collective = Algorithm::TwoPhase;
    let mut hierarchical = two_phase.clone();
    hierarchical.mapping.all_chip = AllChip::Hierarchical;
    let long = LONG.min(model.max_context);
    let ask = |words, discipline, design, flags: &str| Ask {
        design,
        words,
        context: CONTEXT,
        sequences: None,
        discipline,
        flags: flags.to_owned(),
    };
    let flow = |words, design, flags: &str| ask(words, Discipline::Dataflow, design, flags);
    let two = " --set mapping.collective=two-phase";
    let asks = [
        ask("serial: the publication's accounting", Discipline::Serial, design, " --discipline serial"),
        ask("lockstep: all stages on one beat", Discipline::Lockstep, design, " --discipline lockstep"),
        flow("dataflow: each stage as soon as it can", design, ""),
        flow("dataflow, two-phase collectives", &two_phase, two),
        flow(
            "dataflow, two-phase and hierarchical",
            &hierarchical,
            &format!("{two} --set mapping.all_chip=hierarchical"),
        ),
        Ask {
            context: long,
            sequences: Some(1),
            ..flow("one sequence at the longest context", design, &format!(" --sequences 1 --context {long}"))
        },
        Ask { context: long, ..flow("a full pipeline at the longest context", design, &format!(" --context {long}")) },
        Ask { sequences: Some(1), ..flow("one sequence in an empty machine", design, " --sequences 1") },
    ];
    let mut runs = simulated(&asks, model)?.into_iter();
    let schedules: Vec<Run> = runs.by_ref().take(3).collect();
    let collectives: Vec<Run> = runs.by_ref().take(2).collect();
    let mut next = || runs.next().expect("a run for each point");
    let (one, full, alone) = (next(), next(), next());
    let serial = &schedules[0].run;
    let own = h.economics.equal_chips == Some(f64::from(settled.design.grid.chips()));
    let tco = h.economics.tco_tokens_per_s.filter(|_| own);
    let against = against(s, serial, tco)?;
    Ok(Findings { published: published_rate, schedules, collectives, one, full, alone, against, tco })
}

fn against<'a>(s: &Subjects<'a>, serial: &Simulation, tco: Option<f64>) -> Result<Vec<Against<'a>>, Failure> {
    let terms = study::comparison::Terms { discipline: Discipline::Serial, ..s.table.terms };
    let estimates: Vec<_> = SYSTEMS.iter().map(|n| s.hardwired.price(s.model, *n, &terms)).collect::<Result<_, _>>()?;
    let mut all = Vec::new();
    for (column, subject) in s.table.designs.iter().zip(s.subjects) {
        let Subject::Other(other) = subject else { continue };
        let other: &Comparison = other;
        let (rate, user) = (serial.throughput_tokens_per_s, serial.tokens_per_s_per_sequence);
        let bases: Result<Vec<_>, _> = estimates.iter().map(|e| compare::against(e, other, rate, user, tco)).collect();
        // Machines without public price, power or throughput are in the comparison, with the reason.
        if let Ok(bases) = bases
            && other.total_tokens_per_s.is_some()
        {
            all.push(Against { column, bases });
        }
    }
    Ok(all)
}

/// What is equal on a basis, in words without numbers; `None` for bases that are not shown.
fn spoken(basis: &str) -> Option<&'static str> {
    let known = [
        ("publication's total cost", "as in the publication's total cost"),
        ("equal throughput: our simulated", "equal tokens, theirs as in that cost"),
        ("equal throughput: their best", "equal tokens, their best serving"),
    ];
    known.into_iter().find(|(start, _)| basis.starts_with(start)).map(|(_, words)| words)
}

impl Findings<'_> {
    /// The range of what a machine could run.
    fn feasible(&self) -> Value {
        let rates: Vec<f64> = self.schedules[1..].iter().map(|r| r.run.throughput_tokens_per_s).collect();
        let origin =
            Origin::derived("the two schedules, from events; hardwire simulate --discipline lockstep, dataflow");
        Value::range(rates[0], rates[1], "tokens/s", origin).digits(1)
    }

    fn published(&self) -> Value {
        Value::new(self.published, "tokens/s", published("Table 2")).digits(1)
    }

    /// The finding on throughput in one sentence.
    pub fn throughput(&self) -> Text {
        text![
            "The published ",
            self.published(),
            " follow from an accounting that no schedule runs; two schedules that a machine could run give ",
            self.feasible(),
            "."
        ]
    }

    /// The finding on total cost in one sentence; `None` without the publication's basis.
    pub fn total_cost(&self) -> Option<Text> {
        let tco = self.tco?;
        let serial = self.schedules[0].run.throughput_tokens_per_s;
        let of = |start: &str| {
            let found = self.against.iter().find_map(|a| {
                Some((a.column, a.bases.last()?.iter().find(|b| b.basis.starts_with(start))?.tco_advantage))
            });
            found.map(|(column, span)| (column, advantage(span.low, span.high)))
        };
        let (column, claimed) = of("publication's total cost")?;
        let (_, equal) = of("equal throughput: our simulated")?;
        let (_, best) = of("equal throughput: their best")?;
        let times =
            derived(tco / serial, "times", "throughput of the total cost over the simulated one; hardwire estimate");
        Some(text![
            "The publication's total cost counts ",
            times.digits(2),
            " the throughput of its own table. At equal throughput its advantage over ",
            design(column),
            " at ",
            systems_of(SYSTEMS[1]),
            " falls from ",
            claimed,
            " to ",
            equal,
            ", against the best published serving to ",
            best,
            "."
        ])
    }
}

fn advantage(low: f64, high: f64) -> Value {
    let source = "total cost of theirs over ours with re-spins; hardwire estimate --against NAME --systems N";
    Value::range(low, high, "times", Origin::derived(source)).digits(2)
}

/// The section.
pub fn section(findings: Option<&Findings<'_>>) -> Section {
    let (id, title) = ("findings", "What the publication does not say".to_owned());
    let Some(f) = findings else {
        let reason = text!["findings are about the published machine with its own model, which is not described here"];
        return Section { id, title, blocks: vec![Block::Missing(reason)] };
    };
    let mut blocks = vec![Block::Paragraph(f.throughput())];
    blocks.push(Block::Figure(rates(f)));
    blocks.push(Block::Figure(costs(f)));
    blocks.push(Block::Paragraph(collectives(f)));
    blocks.push(Block::Paragraph(memory(f)));
    blocks.extend(f.total_cost().map(Block::Paragraph));
    blocks.push(Block::Paragraph(power(f)));
    Section { id, title, blocks }
}

fn collectives(f: &Findings<'_>) -> Text {
    let flow = &f.schedules[2].run;
    let times = |r: &Run| {
        let ratio = r.run.throughput_tokens_per_s / flow.throughput_tokens_per_s;
        derived(ratio, "times", "over direct exchange, both from events; hardwire simulate").digits(2)
    };
    text![
        "Links bound the machine, so collectives that send less make it faster: reduce-scatter and all-gather in two phases give ",
        f.collectives[0].rate(),
        " (",
        times(&f.collectives[0]),
        " direct exchange), with a hierarchical all-reduce over all chips ",
        f.collectives[1].rate(),
        " (",
        times(&f.collectives[1]),
        "). Direct exchange is what fits the publication."
    ]
}

fn memory(f: &Findings<'_>) -> Text {
    let context = derived(f.one.run.context_tokens as f64, "tokens", "longest context of the model").digits(1);
    text![
        "\u{201c}No stall\u{201d} is a statement about one sequence. At a context of ",
        context,
        " one sequence waits ",
        f.one.stall(),
        " of its time for memory; a full pipeline waits ",
        f.full.stall(),
        " and makes ",
        f.full.rate(),
        ", because the caches of all sequences do not fit the attention buffers."
    ]
}

fn power(f: &Findings<'_>) -> Text {
    let kw = |r: &Run| Value::new(r.run.system_power_kw, "kW", fitted(&r.source)).digits(3);
    text![
        "Power is predicted from structure, times one factor per block that is fitted to one published operating point. One \
         sequence draws ",
        kw(&f.alone),
        " and a full pipeline ",
        kw(&f.schedules[2]),
        ". The throughput is the one prediction that is neither fed nor fitted; prices and masks repeat the publication's \
         arithmetic on its own inputs. ",
        code("hardwire reproduce hnlpu"),
        " lists what is fitted to what."
    ]
}

fn fitted(source: &str) -> Origin {
    Origin {
        kind: reports::Support::Calibrated,
        grade: "calibrated".to_owned(),
        source: format!("power fitted to Table 1, {source}"),
        year: None,
    }
}

/// Throughput by schedule and collective.
fn rates(f: &Findings<'_>) -> Figure {
    let mut marks = vec![("published", f.published(), f.published)];
    marks.extend(f.schedules.iter().chain(&f.collectives).map(|r| (r.words, r.rate(), r.run.throughput_tokens_per_s)));
    let ratio = |v: f64| derived(v / f.published, "", "over the published figure; hardwire simulate").digits(3);
    let rows = marks
        .iter()
        .map(|(words, value, number)| row(text![*words], vec![value.clone().into(), ratio(*number).into()]));
    let data = table(
        text!["Throughput by schedule and collective"],
        &["schedule", "tokens/s", "over published"],
        rows.collect(),
    );
    Figure {
        name: "schedules".to_owned(),
        caption: text![
            "Tokens per second at a context of ",
            derived(CONTEXT as f64, "tokens", "operating point of the publication").digits(1),
            " with the pipeline full. The first two rows are the publication and its accounting; the next two are schedules; the \
             last two change how chips exchange partial sums."
        ],
        alternative: "Throughput by schedule and by collective algorithm".to_owned(),
        plot: Plot::DotPlot(DotPlot {
            title: "What the throughput rests on".to_owned(),
            x: more("tokens/s", false),
            marks: vec!["tokens/s".to_owned()],
            rows: marks
                .iter()
                .map(|(words, _, number)| DotRow {
                    name: (*words).to_owned(),
                    design: String::new(),
                    values: vec![Some(*number)],
                    note: String::new(),
                })
                .collect(),
            joined: false,
            reference: Some((f.published, "published".to_owned())),
        }),
        data,
        width: Width::Half,
    }
}

/// Total cost of other machines over ours, by what is held equal.
fn costs(f: &Findings<'_>) -> Figure {
    let (mut rows, mut marks) = (Vec::new(), Vec::new());
    for against in &f.against {
        let shown = against.bases[0].iter().enumerate().filter_map(|(i, b)| Some((i, spoken(&b.basis)?)));
        for (index, words) in shown {
            let of = |n: usize| against.bases[n][index].tco_advantage;
            let unit = against.bases[0][index].units;
            let units = Value::range(
                unit.low,
                unit.high,
                "",
                Origin::derived("equal throughput, whole units; hardwire estimate --against NAME"),
            );
            let cells: Vec<Entry> = vec![
                units.digits(1).into(),
                Cell::from(advantage(of(0).low, of(0).high)).into(),
                Cell::from(advantage(of(1).low, of(1).high)).into(),
            ];
            rows.push(row(vec![design(against.column), format!(", {words}").into()], cells));
            marks.push(DotRow {
                name: format!("{}: {words}", against.column.design),
                design: against.column.design.clone(),
                values: vec![Some(of(1).low), Some(of(1).high)],
                note: String::new(),
            });
        }
    }
    let mut data = table(
        text!["Total cost of another machine over ours, by what is equal"],
        &["basis", "units for one system"],
        rows,
    );
    data.columns.extend(SYSTEMS.map(|n| text![systems_of(n)]));
    Figure {
        name: "total-cost-basis".to_owned(),
        caption: text![
            "Total cost of what equals ",
            systems_of(SYSTEMS[1]),
            " over that of the systems with re-spins; above one, ours is cheaper. The advantage depends on which throughput both \
             sides are held to."
        ],
        alternative: "Total cost of other machines over ours, by the throughput that is held equal".to_owned(),
        plot: Plot::DotPlot(DotPlot {
            title: "What the cost advantage rests on".to_owned(),
            x: more("their total cost over ours", true),
            marks: ["ours pessimistic", "ours optimistic"].map(str::to_owned).into(),
            rows: marks,
            joined: true,
            reference: Some((1.0, "equal cost".to_owned())),
        }),
        data,
        width: Width::Half,
    }
}

fn systems_of(n: u64) -> Value {
    let unit = if n == 1 { "system" } else { "systems" };
    Value::new(n as f64, unit, Origin::asked("volumes of this table")).digits(1)
}

/// The published throughput of the machine, tokens per second.
pub fn published_rate(reproduction: &study::reproduction::Reproduction) -> Option<f64> {
    let rows = &reproduction.scoreboard.rows;
    rows.iter().find(|r| r.id == "table2.throughput_tokens_per_s").and_then(|r| r.published)
}
