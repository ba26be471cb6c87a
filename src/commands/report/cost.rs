//! Sections on cost: a waterfall from design effort to total cost, and the sensitivity of the total.

use designs::Range;
use reports::document::{Block, Entry, Figure, Section, Text, Width};
use reports::plot::{Bar, Plot, Step, Tornado, Waterfall};
use reports::{Origin, Value};
use sim::economics::monte_carlo::{MonteCarlo, tornado};
use sim::economics::{Input, Outcome, Span};

use super::subjects::Subjects;
use super::words::{code, derived, million, row, systems, table, text};
use crate::diagnostics::Failure;
use crate::input;

/// Number and seed of the Monte Carlo samples.
const SAMPLES: usize = 20_000;
const SEED: u64 = 1;

/// The section on the cost of the requested number of systems.
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
            Some(provenance) => Value { origin: study::comparison::origin(provenance), ..million(*span, "") },
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
        width: Width::Half,
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
    let recurring = table(text!["What a system is made of"], &["part", "optimistic to pessimistic"], rows);
    let message = text![
        "Before the first system works, ",
        million(of(|o| o.nre_usd), "design effort and first masks; hardwire estimate"),
        " million USD are spent on design and masks, and every change of the weights costs ",
        million(of(|o| o.respin_usd), "masks of all chips and systems; hardwire estimate"),
        "; a further system costs only ",
        million(of(|o| o.system_usd), "dies, packages, memory, integration; hardwire estimate"),
        " million."
    ];
    let blocks = vec![Block::Paragraph(message), Block::Figure(figure), Block::Table(recurring)];
    Section { id: "cost", title: "Cost".to_owned(), blocks }
}

/// The section on the sensitivity of the total cost, and its first finding in one sentence.
pub fn sensitivity(s: &Subjects<'_>) -> Result<(Section, Option<Text>), Failure> {
    let (id, title) = ("sensitivity", "What moves the total cost".to_owned());
    let wide = designs::load::economics("wide", &[], &input::read)?;
    let estimate = s.hardwired.price_with(&wide, s.model, s.table.terms.systems, &s.table.terms)?;
    let bars = tornado(&estimate.plan, &estimate.inputs);
    let short = reports::number::short;
    let at = |input: &str, share: f64| {
        let index = Input::ALL.iter().position(|i| i.path() == input).expect("bars are inputs");
        estimate.inputs.ranges[index].quantile(share)
    };
    // Inputs with little effect are in the table only.
    let most = bars.first().map_or(0.0, |b| b.swing.abs());
    let plot_bars = bars.iter().filter(|b| b.swing.abs() >= most / 100.0).map(|b| {
        let ends = [(b.at_p10 / 1e6, short(at(b.input, 0.1))), (b.at_p90 / 1e6, short(at(b.input, 0.9)))];
        let [low, high] = if b.at_p10 <= b.at_p90 { ends } else { [ends[1].clone(), ends[0].clone()] };
        Bar { name: b.input.to_owned(), middle: None, low, high }
    });
    let source = "closed form with the others at their medians; hardwire estimate --economics wide --monte-carlo N";
    let rows = bars.iter().map(|b| {
        let index = Input::ALL.iter().position(|i| i.path() == b.input).expect("bars are inputs");
        let provenance = estimate.inputs.provenance[index].as_ref();
        let origin = provenance.map_or_else(|| Origin::asked(b.input), study::comparison::origin);
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
            ". Values of the input stand at the ends of its bar. What moves the total by less than a hundredth of the first is in the table \
             alone."
        ],
        alternative: "Tornado of the total cost by input".to_owned(),
        plot: Plot::Tornado(Tornado {
            title: "Total cost with re-spins by input".to_owned(),
            label: "million USD".to_owned(),
            middle: median,
            middle_label: "all at their medians:".to_owned(),
            bars: plot_bars.collect(),
        }),
        data,
        width: Width::Half,
    };
    let mut message = text!["What moves the total cost most: "];
    for (index, bar) in bars.iter().take(3).enumerate() {
        let swing = derived(bar.swing.abs() / 1e6, "", source);
        message.extend(text![if index == 0 { "" } else { ", " }, code(bar.input), " (by ", swing, " million USD)"]);
    }
    message.push(". To know these better is worth more than any other number on this page.".into());
    let mc = MonteCarlo::run(&estimate.plan, &estimate.inputs, SAMPLES, SEED);
    let drawn =
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
        let cell = |value: f64| derived(value / scale, "", &drawn).digits(4).into();
        row(text![words], vec![cell(p.p10), cell(p.p50), cell(p.p90)])
    });
    let heads = ["outcome", "tenth percentile", "median", "ninetieth percentile"];
    let percentiles = table(text!["Uncertainty of the outcomes, by Monte Carlo"], &heads, rows.into());
    let dearest = bars.first().map(|bar| {
        text![
            "What moves the total cost most is ",
            code(bar.input),
            ": by ",
            derived(bar.swing.abs() / 1e6, "million USD", source),
            " around ",
            derived(median, "million USD", source),
            "."
        ]
    });
    let blocks = vec![Block::Paragraph(message), Block::Figure(figure), Block::Table(percentiles)];
    Ok((Section { id, title, blocks }, dearest))
}
