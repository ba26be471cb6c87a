//! The column of a hardwired design: simulated in closed form and priced.

use designs::Model;
use reports::{Cell, Origin, Value};
use sim::economics::Estimate;
use sim::{Phase, Simulation};

use super::column::{Class, Column, Reference};
use super::gap::Gap;
use super::origin::origin;
use super::subject::{Hardwired, Question};
use super::terms::Terms;
use crate::StudyError;

/// Price and simulations of a design.
pub struct Known {
    /// Price of the systems of the terms.
    pub estimate: Result<Estimate, Gap>,
    /// Decode and prefill, with the pipeline full.
    runs: Result<(Simulation, Simulation), Gap>,
    discipline: &'static str,
    /// Whether every user gets the speed of the terms.
    fast_enough: bool,
    prompt_share: f64,
}

fn refused(error: StudyError) -> Gap {
    Gap::Refused(error.to_string())
}

impl Known {
    /// Prices and simulates.
    pub fn new(hardwired: &Hardwired, model: &Model, terms: &Terms) -> Self {
        let economics = &hardwired.economics;
        let machine = hardwired.settle(economics, model);
        let runs = machine.and_then(|machine| {
            let run = |phase, context| {
                let question = Question { phase, context, discipline: terms.discipline, beyond: false };
                Hardwired::run(&machine.design, model, question)
            };
            let decode = run(Phase::Decode, terms.context())?;
            let estimate = hardwired.priced(&machine, &decode, economics, terms.systems, terms);
            Ok((estimate, (decode, run(Phase::Prefill, terms.input_tokens.into())?)))
        });
        let (estimate, runs) = match runs {
            Ok((estimate, runs)) => (estimate.map_err(refused), Ok(runs)),
            Err(error) => {
                let gap = refused(error);
                (Err(gap.clone()), Err(gap))
            }
        };
        let runs = estimate.as_ref().map_err(Clone::clone).and(runs);
        let speed = terms.per_user_tokens_per_s;
        let fast_enough = runs.as_ref().is_ok_and(|(decode, _)| decode.tokens_per_s_per_sequence >= speed);
        Self {
            estimate,
            runs,
            discipline: terms.discipline.name(),
            fast_enough,
            prompt_share: f64::from(terms.input_tokens) / f64::from(terms.output_tokens),
        }
    }

    /// Output tokens per second of a system that also processes the prompts, at the speed per user of the terms.
    pub fn output_tokens_per_s(&self) -> Option<f64> {
        let (decode, prefill) = self.runs.as_ref().ok().filter(|_| self.fast_enough)?;
        let (decode, prefill) = (decode.throughput_tokens_per_s, prefill.throughput_tokens_per_s);
        Some(1.0 / (1.0 / decode + self.prompt_share / prefill))
    }

    fn source(&self, what: &str) -> Origin {
        Origin::derived(format!("{what}; closed form, discipline {}", self.discipline))
    }
}

/// The column.
pub fn column(
    hardwired: &Hardwired,
    known: &Known,
    reference: Option<&Reference<'_>>,
    model: &Model,
    terms: &Terms,
) -> Column {
    let mut values = std::collections::BTreeMap::new();
    let mut put = |key: &'static str, cell: Cell| {
        values.insert(key, cell);
    };
    machine(hardwired, known, &mut put);
    speeds(known, &mut put);
    equal(hardwired, known, reference, model, terms, &mut put);
    Column {
        design: hardwired.design.name.clone(),
        summary: hardwired.design.summary.clone(),
        class: Class::Simulated,
        vendor_claims_only: false,
        values,
        serving: Vec::new(),
    }
}

type Put<'a> = &'a mut dyn FnMut(&'static str, Cell);

fn machine(hardwired: &Hardwired, known: &Known, put: Put<'_>) {
    let design = &hardwired.design;
    let of = |path: &str| {
        let provenance = design.provenance.get(path);
        provenance.map_or_else(|| Origin::asked(format!("{}: {path}", design.name)), origin)
    };
    let missing = |gap: &Gap| Cell::from(gap);
    let layout = known.estimate.as_ref().map(|e| &e.layout);
    put(
        "unit",
        layout.map_or_else(missing, |l| Cell::Word {
            word: format!("a system of {} x {} chips", l.grid.rows, l.grid.columns),
            origin: of("grid.rows"),
        }),
    );
    put("node", Cell::Word { word: hardwired.node.name.to_uppercase(), origin: of("node") });
    let chips = |l: &sim::economics::layout::Layout| f64::from(l.grid.chips());
    let area = Origin::derived("blocks of the chips added up; hardwire estimate");
    put(
        "silicon_mm2",
        layout.map_or_else(missing, |l| Value::new(l.chip_mm2 * chips(l), "mm2", area).digits(4).into()),
    );
    let stacks = f64::from(design.hbm.stacks);
    let memory = |per_chip: f64, unit, path: &str| {
        layout.map_or_else(missing, |l| Value::new(per_chip * chips(l), unit, of(path)).into())
    };
    put("memory_gb", memory(stacks * design.hbm.stack_capacity.get() as f64 / 1e9, "GB", "hbm.stack_capacity"));
    let bandwidth = stacks * design.hbm.stack_bandwidth.get() as f64 / 1e12;
    put("memory_tb_per_s", memory(bandwidth, "TB/s", "hbm.stack_bandwidth"));
    put("peak_tflops", Cell::missing("weights are wires: arithmetic is not what bounds it"));
    put(
        "power_kw",
        known.runs.as_ref().map_or_else(missing, |(decode, _)| {
            Value::new(decode.system_power_kw, "kW", known.source("power by area and activity")).into()
        }),
    );
    put(
        "price_usd",
        known.estimate.as_ref().map_or_else(missing, |e| {
            let span = e.span(|o| o.system_usd);
            let rule = "chips, packages, memory, integration; no share of non-recurring cost; hardwire estimate";
            Value::range(span.low, span.high, "USD", Origin::derived(rule)).into()
        }),
    );
}

fn speeds(known: &Known, put: Put<'_>) {
    let missing = |gap: &Gap| Cell::from(gap);
    put(
        "user_tokens_per_s",
        known.runs.as_ref().map_or_else(missing, |(decode, _)| {
            let value = decode.tokens_per_s_per_sequence;
            Value::new(value, "tokens/s", known.source("one of the sequences that fill the pipeline")).into()
        }),
    );
    put("published_user_tokens_per_s", Cell::missing("the publication gives no speed of one user"));
    for key in ["bound_output_tokens_per_s", "bound_total_tokens_per_s", "bound_spread"] {
        put(key, Cell::missing("it is simulated: see the rows below"));
    }
    let rate = known
        .runs
        .as_ref()
        .map_err(Clone::clone)
        .and_then(|(decode, _)| known.output_tokens_per_s().map(|rate| (decode, rate)).ok_or(Gap::TooSlow));
    let output = "decode and prefill share the machine by the traffic's tokens";
    put(
        "output_tokens_per_s",
        rate.as_ref().map_or_else(missing, |(_, r)| Value::new(*r, "tokens/s", known.source(output)).into()),
    );
    put(
        "total_tokens_per_s",
        rate.as_ref().map_or_else(missing, |(_, r)| {
            Value::new(r * (1.0 + known.prompt_share), "tokens/s", known.source(output)).into()
        }),
    );
    put("published_total_tokens_per_s", Cell::missing("no public throughput at this speed per user and traffic"));
    put(
        "energy_per_output_token_j",
        rate.as_ref().map_or_else(missing, |(decode, r)| {
            Value::new(decode.system_power_kw * 1e3 / r, "J", known.source("power over output tokens/s")).into()
        }),
    );
    let silicon = known.estimate.as_ref().map(|e| e.layout.chip_mm2 * f64::from(e.layout.grid.chips()));
    put(
        "output_tokens_per_s_mm2",
        match (&rate, silicon) {
            (Ok((_, r)), Ok(mm2)) => {
                Value::new(r / mm2, "tokens/s/mm2", known.source("output tokens/s over silicon")).into()
            }
            (Err(gap), _) | (_, Err(gap)) => gap.into(),
        },
    );
}

/// Whole systems of this design that equal the reference, including non-recurring cost.
fn equal(
    hardwired: &Hardwired,
    known: &Known,
    reference: Option<&Reference<'_>>,
    model: &Model,
    terms: &Terms,
    put: Put<'_>,
) {
    let systems = reference.ok_or(Gap::NoReference).and_then(|r| {
        let own = known.output_tokens_per_s().ok_or(Gap::NoRate)?;
        Ok((r.output_tokens_per_s * r.estimate.plan.systems / own, r))
    });
    let priced = systems.and_then(|(units, r)| {
        let whole = (units * (1.0 - 1e-9)).ceil().max(1.0);
        let estimate = hardwired.price(model, whole as u64, terms).map_err(refused)?;
        Ok((units, r.output_tokens_per_s * r.estimate.plan.systems, estimate))
    });
    let missing = |gap: &Gap| Cell::from(gap);
    let rule = "output tokens/s of the first hardwired design over those of a system";
    put(
        "equal_units",
        priced.as_ref().map_or_else(missing, |(units, ..)| Value::new(*units, "", known.source(rule)).into()),
    );
    put(
        "equal_silicon_mm2",
        priced.as_ref().map_or_else(missing, |(units, _, e)| {
            let mm2 = units * e.layout.chip_mm2 * f64::from(e.layout.grid.chips());
            Value::new(mm2, "mm2", known.source("silicon of those systems")).digits(4).into()
        }),
    );
    let power = known.runs.as_ref().map(|(decode, _)| decode.system_power_kw);
    put(
        "equal_power_kw",
        match (&priced, power) {
            (Ok((units, ..)), Ok(kw)) => Value::new(units * kw, "kW", known.source("power of those systems")).into(),
            (Err(gap), _) | (_, Err(gap)) => gap.into(),
        },
    );
    let span = |of: fn(&sim::economics::Outcome) -> f64, unit, rule: &str| {
        priced.as_ref().map_or_else(missing, |(_, _, e)| {
            let s = e.span(of);
            Value::range(s.low, s.high, unit, Origin::derived(format!("{rule}; hardwire estimate"))).into()
        })
    };
    put("equal_hardware_usd", span(|o| o.build_usd, "USD", "first build: design, masks and systems"));
    let years = terms.years;
    let rule = format!("build, infrastructure, electricity, spares and re-spins over {years} years");
    put("equal_tco_usd", span(|o| o.tco_dynamic_usd, "USD", &rule));
    put("equal_carbon_t", span(|o| o.carbon_dynamic_t, "t", "electricity and every build's modules"));
    put(
        "usd_per_million_output_tokens",
        priced.as_ref().map_or_else(missing, |(_, rate, e)| {
            let million = rate * years * e.plan.hours_per_year * 3600.0 / 1e6;
            let s = e.span(|o| o.tco_dynamic_usd);
            let rule = format!("total cost over {years} years at full load; hardwire estimate");
            Value::range(s.low / million, s.high / million, "USD", Origin::derived(rule)).into()
        }),
    );
}
