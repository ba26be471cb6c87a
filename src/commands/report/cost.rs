//! Money and carbon: from design effort to total cost in steps, over volume against other machines, and what moves it.

use designs::{Comparison, Range};
use reports::document::{Block, Entry, Figure, Section};
use reports::plot::{Bar, Curves, Plot, Step, Style, Tornado, Variable, Waterfall};
use reports::{Bound, Cell, Origin, Value};
use sim::economics::compare::{self, Basis};
use sim::economics::monte_carlo::{MonteCarlo, tornado};
use sim::economics::{Estimate, Input, Outcome, Span, act};

use super::Subjects;
use super::words::{code, derived, design, drawn, row, series, systems, table, text};
use crate::comparison::{Column, Subject};
use crate::diagnostics::Failure;
use crate::input;

/// Volumes at which totals are computed.
const VOLUMES: [u64; 11] = [1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000];
/// Volumes in the table.
const SHOWN: [u64; 4] = [1, 10, 100, 1000];
/// Largest volume searched for a break-even.
const MOST: u64 = 1_000_000;
/// Samples of the Monte Carlo, and its seed.
const SAMPLES: usize = 20_000;
const SEED: u64 = 1;

fn million(span: Span, source: &str) -> Value {
    Value::range(span.low / 1e6, span.high / 1e6, "", Origin::derived(source)).digits(4)
}

/// The section on the cost of the systems asked for.
pub fn waterfall(s: &Subjects<'_>) -> Section {
    let e = s.estimate;
    let economics = &s.hardwired.economics;
    let range = |range: Range| Span::new(range.low, range.high);
    let of = |get: fn(&Outcome) -> f64| e.span(get);
    let built = e.plan.systems;
    let recurring = Span::new(e.low.system_usd * built, e.high.system_usd * built);
    let respins = Span::new(e.low.respin_usd * e.plan.respins, e.high.respin_usd * e.plan.respins);
    let steps: [(&str, Span, &str); 12] = [
        ("architecture", range(economics.architecture_usd), "design effort"),
        ("verification", range(economics.verification_usd), "design effort"),
        ("physical design", range(economics.physical_usd), "design effort"),
        ("licensed blocks", range(economics.ip_usd), "design effort"),
        ("shared masks", of(|o| o.mask_shared_usd), "masks by weight; hardwire estimate"),
        ("masks of all chips", of(|o| o.mask_all_chips_usd), "masks by weight; hardwire estimate"),
        ("systems", recurring, "dies, packages, memory, integration; hardwire estimate"),
        ("infrastructure", of(|o| o.infrastructure_usd), "network and facility by power; hardwire estimate"),
        ("electricity", of(|o| o.electricity_usd), "facility power over the years; hardwire estimate"),
        ("spares", of(|o| o.maintenance_usd), "systems kept as spares; hardwire estimate"),
        ("re-spins", respins, "masks of all chips and complete systems again; hardwire estimate"),
        ("total cost", of(|o| o.tco_dynamic_usd), "all of the above; hardwire estimate"),
    ];
    let rows = steps.iter().enumerate().map(|(index, (name, span, source))| {
        let path = ["architecture_usd", "verification_usd", "physical_usd", "ip_usd"].get(index);
        let given = path.and_then(|p| economics.provenance.get(&format!("design_effort.{p}")));
        let value = match given {
            Some(provenance) => Value { origin: crate::comparison::origin(provenance), ..million(*span, "") },
            None => million(*span, source),
        };
        row(text![*name], vec![value.into()])
    });
    let heads = ["step", "million USD, optimistic to pessimistic"];
    let data = table(text!["From design effort to total cost"], &heads, rows.collect());
    let plot_steps = steps.iter().enumerate().map(|(index, (name, span, _))| Step {
        name: (*name).to_owned(),
        low: span.low / 1e6,
        high: span.high / 1e6,
        sum: index == 11,
    });
    let years = derived(e.plan.years, "years", "terms of the report").digits(1);
    let count = systems(s.table.terms.systems);
    let caption = text![
        count,
        " over ",
        years,
        " with ",
        derived(e.plan.respins, "", "builds follow each other from the start; hardwire estimate").digits(1),
        " re-spins. Ranges run from every input optimistic to every input pessimistic."
    ];
    let figure = Figure {
        name: "cost".to_owned(),
        caption,
        alternative: "Waterfall of the total cost, optimistic and pessimistic".to_owned(),
        plot: Plot::Waterfall(Waterfall {
            title: "From design effort to total cost".to_owned(),
            label: "million USD".to_owned(),
            steps: plot_steps.collect(),
        }),
        data,
    };
    let die = |get: fn(&Outcome) -> f64, unit, source: &str| -> Entry {
        let span = e.span(get);
        Value::range(span.low, span.high, unit, Origin::derived(format!("{source}; hardwire estimate")))
            .digits(4)
            .into()
    };
    let rows = vec![
        row(text!["good dies of a wafer"], vec![die(|o| o.good_dies, "", "dies times yield")]),
        row(text!["yield of a die"], vec![die(|o| o.yield_share, "", "defects over area by the yield model")]),
        row(text!["good die, USD"], vec![die(|o| o.die_usd, "USD", "wafer over good dies")]),
        row(text!["package and test of a chip, USD"], vec![die(|o| o.package_usd, "USD", "per wafer over good dies")]),
        row(text!["memory of a chip, USD"], vec![die(|o| o.memory_usd, "USD", "price per gigabyte")]),
        row(text!["system, USD"], vec![die(|o| o.system_usd, "USD", "chips complete")]),
        row(text!["non-recurring, USD"], vec![die(|o| o.nre_usd, "USD", "design effort and first masks")]),
    ];
    let recurring = table(text!["What a system is made of"], &["", "optimistic to pessimistic"], rows);
    let blocks = vec![Block::Figure(figure), Block::Table(recurring)];
    Section { id: "cost", title: "Cost".to_owned(), blocks }
}

/// Another machine that can be priced: its column, and output tokens per second of a unit.
struct Rival<'a> {
    column: &'a Column,
    other: &'a Comparison,
    rate: Range,
    bound: Bound,
}

/// The machines with a rate and a price; reasons for the others.
fn rivals<'a>(s: &Subjects<'a>) -> (Vec<Rival<'a>>, Vec<(&'a Column, String)>) {
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

fn basis(estimate: &Estimate, rival: &Rival<'_>, ours: f64) -> Option<Basis> {
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

/// The section on volume.
pub fn volume(s: &Subjects<'_>) -> Result<Section, Failure> {
    let (id, title) = ("volume", "Total cost and break-even over volume".to_owned());
    let Some(ours) = s.output_tokens_per_s else {
        let reason = text!["no output tokens/s at the speed asked for, so nothing to be equal to"];
        return Ok(Section { id, title, blocks: vec![Block::Missing(reason)] });
    };
    let price = |systems: u64| s.hardwired.price(s.model, systems, &s.table.terms);
    let estimates: Vec<Estimate> = VOLUMES.iter().map(|n| price(*n)).collect::<Result<_, _>>()?;
    let (rivals, without) = rivals(s);
    let mut drawn_series = Vec::new();
    let mut rows = Vec::new();
    let years = s.table.terms.years;
    let mut add = |name: &str, words: reports::document::Text, style, bound, totals: &[Option<Span>], source: &str| {
        let ends: [fn(&Span) -> f64; 2] = [|t| t.low, |t| t.high];
        for end in ends {
            let points = VOLUMES.iter().zip(totals).filter_map(|(n, t)| t.as_ref().map(|t| (*n as f64, end(t) / 1e6)));
            drawn_series.push(series(name, style, points.collect()));
        }
        let cells = SHOWN.map(|n| {
            let index = VOLUMES.iter().position(|v| *v == n).expect("shown volumes are computed");
            totals[index].map_or_else(
                || Cell::missing("cannot be priced").into(),
                |t| Entry::from(million(t, source).bound(bound)),
            )
        });
        rows.push(row(words, cells.into()));
    };
    let own: Vec<Option<Span>> = estimates.iter().map(|e| Some(e.span(|o| o.tco_dynamic_usd))).collect();
    let source = format!(
        "build, infrastructure, electricity, spares, re-spins over {years} years; hardwire estimate --systems N"
    );
    let column = s.column();
    add(&drawn(column), vec![design(column)], Style::Line, Bound::Exact, &own, &source);
    for rival in &rivals {
        let totals: Vec<Option<Span>> = estimates.iter().map(|e| basis(e, rival, ours).map(|b| b.tco_usd)).collect();
        let source = format!("units of equal output tokens/s, whole, over {years} years; hardwire compare --systems N");
        let style = if rival.bound == Bound::Exact { Style::Line } else { Style::Thin };
        let name = drawn(rival.column) + if rival.bound == Bound::Exact { "" } else { ", at least" };
        add(&name, vec![design(rival.column)], style, rival.bound, &totals, &source);
    }
    let mut data =
        table(text!["Total cost, million USD, by systems of the first design or their equal"], &["design"], rows);
    let asked = Origin::asked("volumes of this table");
    data.columns.extend(SHOWN.map(|n| text![Value::new(n as f64, "systems", asked.clone()).digits(1)]));
    let figure = Figure {
        name: "volume".to_owned(),
        caption: text![
            "Total cost of ",
            design(column),
            " systems against machines of equal output tokens per second at the speed per user asked for. Two lines each: \
             optimistic and pessimistic. Thin lines are bounds from a roofline alone: that design costs at least as much."
        ],
        alternative: "Total cost over the number of systems, by design, optimistic and pessimistic".to_owned(),
        plot: Plot::Curves(Curves {
            title: format!("Total cost over {years} years against volume"),
            x: Variable { label: "systems, or as many units of the other as equal them".to_owned(), log: true },
            y: Variable { label: "million USD".to_owned(), log: true },
            series: drawn_series,
            diagonal: false,
        }),
        data,
    };
    let mut rows = Vec::new();
    for rival in &rivals {
        let at =
            |n: u64| price(n).ok().and_then(|e| basis(&e, rival, ours).map(|b| (e.span(|o| o.tco_dynamic_usd), b)));
        let cell = |n: Option<u64>, rule: &str| -> Entry {
            match n {
                Some(n) => {
                    let source = format!("{rule}, by bisection over volumes; hardwire compare --systems N");
                    derived(n as f64, "systems", &source).digits(1).into()
                }
                None => Cell::missing("it stays dearer at any volume searched").into(),
            }
        };
        let optimistic = fewest(|n| at(n).is_some_and(|(own, b)| own.low <= b.tco_usd.high));
        let pessimistic = fewest(|n| at(n).is_some_and(|(own, b)| own.high <= b.tco_usd.low));
        let per_unit = Value::range(rival.rate.low, rival.rate.high, "tokens/s", rate_origin(rival));
        let bound = if rival.bound == Bound::Exact { Bound::Exact } else { Bound::AtMost };
        rows.push(row(
            vec![design(rival.column)],
            vec![
                per_unit.bound(bound).into(),
                cell(optimistic, "our optimistic total below their pessimistic one"),
                cell(pessimistic, "our pessimistic total below their optimistic one"),
            ],
        ));
    }
    for (column, reason) in &without {
        let missing = || Entry::from(Cell::missing(reason.clone()));
        rows.push(row(vec![design(column)], vec![missing(), missing(), missing()]));
    }
    let heads = ["against", "output tokens/s of a unit", "cheaper from, optimistic", "cheaper from, pessimistic"];
    let caption = text!["Systems from which the total cost of ", design(column), " with re-spins is lower"];
    let break_even = table(caption, &heads, rows);
    let note = text![
        "The comparison counts output tokens on both sides and whole units. Where a design only has a roofline, it may need more \
         units than this, and break-even may come earlier."
    ];
    Ok(Section { id, title, blocks: vec![Block::Figure(figure), Block::Table(break_even), Block::Paragraph(note)] })
}

fn rate_origin(rival: &Rival<'_>) -> Origin {
    let keys = ["output_tokens_per_s", "bound_output_tokens_per_s"];
    let found = keys.iter().find_map(|key| match rival.column.values.get(key) {
        Some(Cell::Value(value)) => Some(value.origin.clone()),
        _ => None,
    });
    found.unwrap_or_else(|| Origin::derived("hardwire compare"))
}

/// The section on carbon.
pub fn carbon(s: &Subjects<'_>) -> Section {
    let e = s.estimate;
    let source = "energy at the grid's intensity and every build's modules; hardwire estimate";
    let span = |get: fn(&Outcome) -> f64| -> Entry {
        let span = e.span(get);
        Value::range(span.low, span.high, "t", Origin::derived(source)).digits(4).into()
    };
    let mut rows = vec![
        row(vec![design(s.column()), ", without re-spins".into()], vec![span(|o| o.carbon_static_t)]),
        row(vec![design(s.column()), ", with re-spins".into()], vec![span(|o| o.carbon_dynamic_t)]),
    ];
    for (column, subject) in s.table.designs.iter().zip(s.subjects) {
        if matches!(subject, Subject::Other(_)) {
            let cell = column.values.get("equal_carbon_t").cloned();
            let cell = cell.unwrap_or_else(|| Cell::missing("not computed"));
            rows.push(row(vec![design(column), ", units that equal it".into()], vec![cell.into()]));
        }
    }
    let asked = systems(s.table.terms.systems);
    let years = derived(e.plan.years, "years", "terms of the report").digits(1);
    let caption = text!["Carbon of ", asked, " over ", years, ", and of what equals them, tonnes of CO2 equivalent"];
    let mut blocks = vec![Block::Table(table(caption, &["design", "t"], rows))];
    let economics = &s.hardwired.economics;
    let yields = e.span(|o| o.yield_share);
    match act(economics, s.hardwired.node.feature_nm, e.layout.chip_mm2, yields, e.plan.memory_gb) {
        Some(act) => {
            let source = "ACT: (fab energy, gases, materials) per area over yield; hardwire estimate";
            let value = |span: Span| Value::range(span.low, span.high, "kg", Origin::derived(source));
            let module = economics.provenance.get("carbon.kg_per_module");
            let module = module.map_or_else(|| Origin::asked("carbon.kg_per_module"), crate::comparison::origin);
            blocks.push(Block::Paragraph(text![
                "Embodied carbon of a chip by another method, ACT: ",
                value(act.good_die_kg),
                " for a good die and ",
                Value::new(act.memory_kg, "kg", Origin::derived(source)),
                " for its memory, where the publication counts ",
                Value::new(economics.module_kg.low, "kg", module).digits(4),
                " for a module."
            ]));
        }
        None => blocks.push(Block::Missing(text!["embodied carbon by ACT: no parameters for this node"])),
    }
    Section { id: "carbon", title: "Carbon".to_owned(), blocks }
}

/// The section on what moves the total cost.
pub fn sensitivity(s: &Subjects<'_>) -> Result<Section, Failure> {
    let (id, title) = ("sensitivity", "What moves the total cost".to_owned());
    let wide = designs::load::economics("wide", &[], &input::read)?;
    let estimate = s.hardwired.price_with(&wide, s.model, s.table.terms.systems, &s.table.terms)?;
    let bars = tornado(&estimate.plan, &estimate.inputs);
    let short = reports::plot::short;
    let at = |input: &str, share: f64| {
        let index = Input::ALL.iter().position(|i| i.path() == input).expect("bars are inputs");
        estimate.inputs.ranges[index].quantile(share)
    };
    // What hardly moves the total is in the table alone.
    let most = bars.first().map_or(0.0, |b| b.swing.abs());
    let plot_bars = bars.iter().filter(|b| b.swing.abs() >= most / 100.0).map(|b| {
        let ends = [(b.at_p10 / 1e6, short(at(b.input, 0.1))), (b.at_p90 / 1e6, short(at(b.input, 0.9)))];
        let [low, high] = if b.at_p10 <= b.at_p90 { ends } else { [ends[1].clone(), ends[0].clone()] };
        Bar { name: b.input.to_owned(), low, high }
    });
    let source = "closed form with the others at their medians; hardwire estimate --economics wide --monte-carlo N";
    let rows = bars.iter().map(|b| {
        let index = Input::ALL.iter().position(|i| i.path() == b.input).expect("bars are inputs");
        let provenance = estimate.inputs.provenance[index].as_ref();
        let origin = provenance.map_or_else(|| Origin::asked(b.input), crate::comparison::origin);
        let given = |share| Value::new(at(b.input, share), "", origin.clone());
        let total = |usd: f64| derived(usd / 1e6, "", source).digits(4).into();
        row(
            vec![code(b.input)],
            vec![
                given(0.1).into(),
                given(0.9).into(),
                total(b.at_p10),
                total(b.at_p90),
                derived(b.swing / 1e6, "", source).signed().into(),
            ],
        )
    });
    let heads =
        ["input", "at its tenth percentile", "at its ninetieth", "total then", "total then", "swing, million USD"];
    let data =
        table(text!["Inputs by their effect on the total cost with re-spins, million USD"], &heads, rows.collect());
    let median = estimate.plan.evaluate(&estimate.inputs.at(0.5)).tco_dynamic_usd / 1e6;
    let figure = Figure {
        name: "sensitivity".to_owned(),
        caption: text![
            "Each input from its tenth to its ninetieth percentile, the others at their medians, under the wide ranges of ",
            code("economics:wide"),
            ". Design effort and the price of a mask set decide; wafers, yield and electricity hardly matter at low volume."
        ],
        alternative: "Tornado of the total cost by input".to_owned(),
        plot: Plot::Tornado(Tornado {
            title: "Total cost with re-spins by input".to_owned(),
            label: "million USD".to_owned(),
            mean: median,
            bars: plot_bars.collect(),
        }),
        data,
    };
    let mc = MonteCarlo::run(&estimate.plan, &estimate.inputs, SAMPLES, SEED);
    let source =
        format!("{SAMPLES} independent draws, seed {SEED}; hardwire estimate --economics wide --monte-carlo {SAMPLES}");
    let rows = [
        ("non-recurring, million USD", "nre_usd", 1e6),
        ("first build, million USD", "build_usd", 1e6),
        ("one re-spin, million USD", "respin_usd", 1e6),
        ("total with re-spins, million USD", "tco_dynamic_usd", 1e6),
        ("carbon with re-spins, t", "carbon_dynamic_t", 1.0),
    ];
    let rows = rows.map(|(words, name, scale)| {
        let index = Outcome::NAMES.iter().position(|n| *n == name).expect("a name of an outcome");
        let p = mc.percentiles[index];
        let cell = |value: f64| derived(value / scale, "", &source).digits(4).into();
        row(text![words], vec![cell(p.p10), cell(p.p50), cell(p.p90)])
    });
    let heads = ["", "tenth percentile", "median", "ninetieth percentile"];
    let percentiles = table(text!["Uncertainty of the outcomes, by Monte Carlo"], &heads, rows.into());
    Ok(Section { id, title, blocks: vec![Block::Figure(figure), Block::Table(percentiles)] })
}
