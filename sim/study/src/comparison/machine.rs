//! The column of another machine: public figures, roofline, and values derived from both.

use designs::load::Loader;
use designs::{Comparison, Counts, Model, Range};
use reports::{Bound, Cell, Origin, Support, Value};
use sim::economics::compare;

use super::column::{Class, Column, Reference};
use super::gap::Gap;
use super::origin::origin;
use super::serving::{Check, Copies, attained, checks};
use super::terms::Terms;

/// Output and total tokens per second of a unit, with bound and origin.
#[derive(Clone)]
struct Rate {
    output: Range,
    total: Range,
    bound: Bound,
    origin: Origin,
}

/// The column.
pub fn column(
    other: &Comparison,
    reference: Option<&Reference<'_>>,
    model: &Model,
    terms: &Terms,
    loader: &Loader<'_>,
) -> Column {
    let serving = checks(other, loader);
    let copies = match &other.hardwired_model {
        Some(own) if *own != model.name => Err(Gap::OtherModel(own.clone())),
        Some(_) => Err(Gap::HardwiredWeights),
        None => Copies::new(other, model, terms.traffic(), None),
    };
    let mut values = std::collections::BTreeMap::new();
    let mut put = |key: &'static str, cell: Cell| {
        values.insert(key, cell);
    };
    public(other, &copies, &mut put);
    alone(other, &copies, model, &mut put);
    let rate = together(other, &copies, &serving, model, terms, &mut put);
    efficiency(other, rate.as_ref(), &mut put);
    equal(other, rate.as_ref(), reference, terms, &mut put);
    Column {
        design: other.name.clone(),
        summary: other.summary.clone(),
        class: if copies.is_ok() { Class::Roofline } else { Class::Figures },
        vendor_claims_only: other.vendor_claims_only(),
        values,
        serving,
    }
}

type Put<'a> = &'a mut dyn FnMut(&'static str, Cell);

/// A number of the file, or the reason that it is not public.
fn given(other: &Comparison, key: &str, value: Option<Range>, unit: &'static str, what: &str) -> Cell {
    match value.zip(other.provenance.get(key)) {
        Some((range, provenance)) => Value::range(range.low, range.high, unit, origin(provenance)).digits(0).into(),
        None => Cell::missing(format!("no public {what}: {key} is not given")),
    }
}

fn public(other: &Comparison, copies: &Result<Copies, Gap>, put: Put<'_>) {
    let unit = match copies {
        Ok(copies) if copies.least() > 1.0 => format!("one of the {} that hold a copy", copies.least()),
        _ => "one, as it is bought".to_owned(),
    };
    put(
        "unit",
        Cell::Word { word: unit, origin: Origin::derived("weights and one user's cache over the memory of one") },
    );
    put(
        "node",
        match other.node.as_ref().zip(other.provenance.get("node")) {
            Some((node, provenance)) => Cell::Word { word: node.clone(), origin: origin(provenance) },
            None => Cell::missing("no public process: node is not given"),
        },
    );
    let point = |value: Option<f64>| value.map(Range::point);
    put("silicon_mm2", given(other, "area_mm2", other.area_mm2, "mm2", "area"));
    put("memory_gb", given(other, "memory_gb", point(other.memory_gb), "GB", "size of memory"));
    put("memory_tb_per_s", given(other, "memory_tb_per_s", other.memory_tb_per_s, "TB/s", "bandwidth of memory"));
    put("peak_tflops", given(other, "peak_tflops", point(other.peak_tflops), "Tflop/s", "peak arithmetic"));
    put("power_kw", given(other, "kw", other.kw, "kW", "power"));
    put("price_usd", given(other, "usd", other.usd, "USD", "price"));
}

fn alone(other: &Comparison, copies: &Result<Copies, Gap>, model: &Model, put: Put<'_>) {
    let source = "roofline: weights of one token and its cache over peak bandwidth, waits and links left out";
    put(
        "user_tokens_per_s",
        match copies {
            Ok(copies) => {
                Value::new(copies.user_tokens_per_s(), "tokens/s", Origin::derived(source)).bound(Bound::AtMost).into()
            }
            Err(gap) => gap.into(),
        },
    );
    let figure = other.serving.iter().find(|f| f.counts == Counts::User && f.model == model.name);
    put(
        "published_user_tokens_per_s",
        match (figure, &other.hardwired_model) {
            (Some(f), _) => {
                let range = f.tokens_per_s;
                Value::range(range.low, range.high, "tokens/s", origin(&f.provenance)).digits(0).into()
            }
            (None, Some(own)) if *own != model.name => {
                Cell::missing(format!("it is hardwired with {own}; its own figure is among the serving figures"))
            }
            _ => Cell::missing(format!("no public speed of one user with {}", model.name)),
        },
    );
}

/// The rate at equal interactivity: the bound, scaled by the attained share if a throughput is published.
fn together(
    other: &Comparison,
    copies: &Result<Copies, Gap>,
    serving: &[Check],
    model: &Model,
    terms: &Terms,
    put: Put<'_>,
) -> Option<Rate> {
    let speed = terms.per_user_tokens_per_s;
    let bound = copies.as_ref().map_err(Clone::clone).and_then(|copies| copies.at_speed(speed).ok_or(Gap::BelowTerms));
    let source = "roofline: as many users as get the speed asked for, prompts included, waits and links left out";
    let cell = |value: f64| Value::new(value, "tokens/s", Origin::derived(source)).bound(Bound::AtMost).into();
    let missing = |gap: &Gap| Cell::from(gap);
    put("bound_output_tokens_per_s", bound.as_ref().map_or_else(missing, |b| cell(b.output)));
    put("bound_total_tokens_per_s", bound.as_ref().map_or_else(missing, |b| cell(b.total)));
    put(
        "bound_spread",
        bound.as_ref().map_or_else(missing, |b| Cell::Word {
            word: b.spread.describe(),
            origin: Origin::derived("the spread of a copy that bounds output tokens/s from above"),
        }),
    );
    let share = attained(serving, &model.name);
    // Published figures were measured within one fabric, so their share of that bound is the one that carries over.
    let in_one_fabric = copies.as_ref().map_err(Clone::clone);
    let in_one_fabric = in_one_fabric.and_then(|copies| copies.in_one_fabric().at_speed(speed).ok_or(Gap::BelowTerms));
    let estimate = match (&in_one_fabric, share) {
        (Ok(best), Some(share)) => {
            let percent = |share: f64| format!("{:.0}", share * 100.0);
            let (low, high) = (percent(share.low), percent(share.high));
            let share_words = if low == high { format!("{low} %") } else { format!("{low} to {high} %") };
            let origin = Origin {
                kind: Support::Calibrated,
                grade: "calibrated".to_owned(),
                source: format!(
                    "roofline within one fabric times the share that published serving figures attain, {share_words}"
                ),
                year: None,
            };
            let scaled = |value: f64| Range { low: value * share.low, mode: None, high: value * share.high };
            Ok(Rate { output: scaled(best.output), total: scaled(best.total), bound: Bound::Exact, origin })
        }
        (Ok(_), None) => Err(Gap::NoThroughput(model.name.clone())),
        (Err(reason), _) => Err(reason.clone()),
    };
    let cell = |range: Range, rate: &Rate| Value::range(range.low, range.high, "tokens/s", rate.origin.clone()).into();
    put("output_tokens_per_s", estimate.as_ref().map_or_else(missing, |r| cell(r.output, r)));
    put("total_tokens_per_s", estimate.as_ref().map_or_else(missing, |r| cell(r.total, r)));
    let published = other.serving.iter().find(|f| {
        f.counts == Counts::Total
            && f.model == model.name
            && f.per_user == Some(speed)
            && (f.input_tokens, f.output_tokens) == (terms.input_tokens, terms.output_tokens)
    });
    put(
        "published_total_tokens_per_s",
        published.map_or_else(
            || Cell::missing("no public throughput at this speed per user and traffic"),
            |f| {
                let range = f.tokens_per_s;
                Value::range(range.low, range.high, "tokens/s", origin(&f.provenance)).digits(0).into()
            },
        ),
    );
    match (estimate, bound) {
        (Ok(rate), _) => Some(rate),
        (Err(_), Ok(best)) => Some(Rate {
            output: Range::point(best.output),
            total: Range::point(best.total),
            bound: Bound::AtMost,
            origin: Origin::derived(source),
        }),
        _ => None,
    }
}

/// A value that falls with the rate: bounded from below where the rate is bounded from above.
fn falling(rate: &Rate, low: f64, high: f64, unit: &'static str, rule: &str) -> Value {
    let bound = if rate.bound == Bound::AtMost { Bound::AtLeast } else { rate.bound };
    Value::range(low, high, unit, Origin { source: format!("{rule}; {}", rate.origin.source), ..rate.origin.clone() })
        .bound(bound)
}

fn efficiency(other: &Comparison, rate: Option<&Rate>, put: Put<'_>) {
    const NO_RATE: &str = "no output tokens/s to divide by";
    let energy = match (rate, other.kw) {
        (None, _) => Cell::missing(NO_RATE),
        (_, None) => Cell::missing("no public power: kw is not given"),
        (Some(rate), Some(kw)) => {
            let (low, high) = (kw.low * 1e3 / rate.output.high, kw.high * 1e3 / rate.output.low);
            falling(rate, low, high, "J", "power of a unit over its output tokens/s").into()
        }
    };
    put("energy_per_output_token_j", energy);
    let density = match (rate, other.area_mm2) {
        (None, _) => Cell::missing(NO_RATE),
        (_, None) => Cell::missing("no public area: area_mm2 is not given"),
        (Some(rate), Some(area)) => {
            let rule = format!("output tokens/s over silicon; {}", rate.origin.source);
            let origin = Origin { source: rule, ..rate.origin.clone() };
            let (low, high) = (rate.output.low / area.high, rate.output.high / area.low);
            Value::range(low, high, "tokens/s/mm2", origin).bound(rate.bound).into()
        }
    };
    put("output_tokens_per_s_mm2", density);
}

fn equal(other: &Comparison, rate: Option<&Rate>, reference: Option<&Reference<'_>>, terms: &Terms, put: Put<'_>) {
    const KEYS: [&str; 7] = [
        "equal_units",
        "equal_silicon_mm2",
        "equal_power_kw",
        "equal_hardware_usd",
        "equal_tco_usd",
        "equal_carbon_t",
        "usd_per_million_output_tokens",
    ];
    let (Some(rate), Some(reference)) = (rate, reference) else {
        let reason = if rate.is_none() { "no output tokens/s" } else { "no hardwired design to be equal to" };
        KEYS.into_iter().for_each(|key| put(key, Cell::missing(reason)));
        return;
    };
    let ours = reference.output_tokens_per_s * reference.estimate.plan.systems;
    let units = Range { low: ours / rate.output.high, mode: None, high: ours / rate.output.low };
    let per_unit = |range: Range, unit, rule: &str| -> Cell {
        falling(rate, units.low * range.low, units.high * range.high, unit, rule).into()
    };
    let rule = format!("output tokens/s of {} over those of a unit", reference.name);
    put("equal_units", falling(rate, units.low, units.high, "", &rule).into());
    put(
        "equal_silicon_mm2",
        other.area_mm2.map_or_else(
            || Cell::missing("no public area: area_mm2 is not given"),
            |area| per_unit(area, "mm2", "silicon of those units"),
        ),
    );
    put(
        "equal_power_kw",
        other.kw.map_or_else(
            || Cell::missing("no public power: kw is not given"),
            |kw| per_unit(kw, "kW", "power of those units"),
        ),
    );
    let lacking = match (other.usd, other.kw) {
        (None, _) => Some("no public price: usd is not given"),
        (_, None) => Some("no public power: kw is not given"),
        _ => None,
    };
    const NO_MODULES: &str = "no public count of modules, so no embodied carbon: modules is not given";
    if let Some(reason) = lacking {
        KEYS[3..].iter().for_each(|key| put(key, Cell::missing(reason)));
        if other.modules.is_none() {
            put("equal_carbon_t", Cell::missing(NO_MODULES));
        }
        return;
    }
    let basis = compare::basis(reference.estimate, other, String::new(), reference.output_tokens_per_s, rate.output);
    let basis = match basis {
        Ok(basis) => basis,
        Err(error) => {
            let reason = error.to_string();
            KEYS[3..].iter().for_each(|key| put(key, Cell::missing(reason.clone())));
            return;
        }
    };
    let rules = "units rounded up";
    let span = |s: sim::economics::Span, unit, what: &str| -> Cell {
        falling(rate, s.low, s.high, unit, &format!("{what}, {rules}")).into()
    };
    put("equal_hardware_usd", span(basis.hardware_usd, "USD", "price of those units"));
    let years = terms.years;
    let what = format!("hardware, infrastructure, electricity, licences and upkeep over {years} years");
    put("equal_tco_usd", span(basis.tco_usd, "USD", &what));
    let carbon = other
        .modules
        .map_or_else(|| Cell::missing(NO_MODULES), |_| span(basis.carbon_t, "t", "electricity and modules"));
    put("equal_carbon_t", carbon);
    let million = ours * years * reference.estimate.plan.hours_per_year * 3600.0 / 1e6;
    let (low, high) = (basis.tco_usd.low / million, basis.tco_usd.high / million);
    let what = format!("total cost over {years} years at full load, {rules}");
    put("usd_per_million_output_tokens", falling(rate, low, high, "USD", &what).into());
}
