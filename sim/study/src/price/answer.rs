//! The answer: stable keys with units in the names; every figure is a range or percentiles.

use std::collections::BTreeMap;

use designs::comparison::FIGURES_MODEL;
use designs::{Comparison, Grade, Provenance};
use serde::Serialize;
use sim::Discipline;
use sim::economics::area::{RETICLE_MM2, WeightFormat};
use sim::economics::compare::Basis;
use sim::economics::masks::MaskBill;
use sim::economics::monte_carlo::{Bar, MonteCarlo, Percentiles};
use sim::economics::{Act, Estimate, Input, Outcome, Span, act};
use sim::settle::{AreaSource, Settled};

use super::power::Power;
use super::question::Question;
use super::structure::Structure;
use super::subject::{Subject, Throughput};

/// A figure: a range or percentiles.
#[derive(Debug, Clone, Copy, Serialize)]
#[serde(untagged)]
pub enum Figure {
    /// Optimistic and pessimistic.
    Span(Span),
    /// Percentiles of a Monte Carlo.
    Percentiles(Percentiles),
}

/// Range of an input and its provenance.
#[derive(Debug, Clone, Serialize)]
pub struct Origin {
    /// Optimistic end.
    pub low: f64,
    /// Most likely value of a triangular input; absent for a uniform one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub mode: Option<f64>,
    /// Pessimistic end.
    pub high: f64,
    /// Source, grade and year.
    #[serde(flatten)]
    pub provenance: Option<Provenance>,
}

/// Comparison with another machine on every basis.
#[derive(Debug, Serialize)]
pub struct Against {
    /// Name of the machine.
    pub machine: String,
    /// What is missing for a comparison at equal interactivity.
    pub note: Option<String>,
    /// Figures of each basis of comparison.
    pub bases: Vec<Basis>,
}

/// What a question is answered with.
#[derive(Debug, Serialize)]
pub struct Answer {
    /// Name of the design.
    pub design: String,
    /// Name of the model.
    pub model: String,
    /// Process node.
    pub node: String,
    /// Mask stack.
    pub mask_stack: String,
    /// Prices and rules.
    pub economics: String,
    /// Layers that encode the weights.
    pub embedding: String,
    /// Format of the weights.
    pub weights: WeightFormat,
    /// Accounting of time.
    pub discipline: Discipline,
    /// Systems built.
    pub systems: u64,
    /// Years of operation.
    pub years: f64,
    /// Re-spins in all.
    pub respins: f64,
    /// Samples, if figures are percentiles.
    pub monte_carlo_samples: Option<usize>,
    /// Chips of a system.
    pub chips: u32,
    /// Rows and columns of chips.
    pub grid: designs::Grid,
    /// Weights on the fullest chip.
    pub weights_per_chip: u64,
    /// Area of a weight, um2.
    pub um2_per_weight: f64,
    /// Throughput of a system; absent if it cannot be simulated.
    pub throughput: Option<Throughput>,
    /// Areas that are priced, mm2: blocks, chip, system.
    pub area_mm2: BTreeMap<&'static str, Figure>,
    /// Areas from structure.
    pub structure: Option<Structure>,
    /// Power of a chip and of the system.
    pub power_w: Option<Power>,
    /// Masks by layer and group.
    pub masks: MaskBill,
    /// All masks, USD.
    pub mask_usd: Figure,
    /// Masks by group, USD.
    pub mask_group_usd: BTreeMap<&'static str, Figure>,
    /// Yield, dies of a wafer, cost of a good die.
    pub dies: BTreeMap<&'static str, Figure>,
    /// Recurring cost of a system by part, USD.
    pub recurring_usd: BTreeMap<&'static str, Figure>,
    /// Design effort, USD.
    pub design_usd: Figure,
    /// Masks and design, USD.
    pub nre_usd: Figure,
    /// All systems with masks and design, USD.
    pub build_usd: Figure,
    /// A re-spin, USD.
    pub respin_usd: Figure,
    /// Facility in MW; infrastructure, electricity and maintenance in USD.
    pub running: BTreeMap<&'static str, Figure>,
    /// Investment, USD.
    pub capex_usd: Figure,
    /// Total without re-spins, USD.
    pub tco_static_usd: Figure,
    /// Total with re-spins, USD.
    pub tco_usd: Figure,
    /// Cost of a million tokens, USD.
    pub usd_per_million_tokens: Option<Figure>,
    /// Carbon without re-spins, t CO2e.
    pub carbon_static_t: Figure,
    /// Carbon with re-spins, t CO2e.
    pub carbon_t: Figure,
    /// Embodied carbon of a chip by ACT, kg.
    pub act_kg_per_chip: Option<Act>,
    /// Effect of each input; with Monte Carlo.
    pub tornado: Vec<Bar>,
    /// Comparisons with other machines.
    pub against: Vec<Against>,
    /// Unconfirmed values that were used.
    pub unconfirmed: Vec<String>,
    /// Notes.
    pub notes: Vec<String>,
    /// Range and source of every input.
    pub provenance: BTreeMap<String, Origin>,
}

/// What was computed.
pub(super) struct Parts<'a> {
    pub question: &'a Question,
    pub subject: &'a Subject,
    pub machine: &'a Settled,
    pub estimate: &'a Estimate,
    pub throughput: Option<Throughput>,
    pub monte_carlo: Option<MonteCarlo>,
    pub tornado: Vec<Bar>,
    pub structure: Option<Structure>,
    pub power: Option<Power>,
    /// Other machines; `None` where their figures are for another model.
    pub comparisons: Vec<(&'a Comparison, Option<Vec<Basis>>)>,
    pub notes: Vec<String>,
}

impl Answer {
    /// Gathers the answer.
    pub(super) fn new(parts: Parts<'_>) -> Self {
        let Parts { question, subject, machine, estimate, throughput, monte_carlo, .. } = parts;
        let figure = |name: &'static str| {
            let index = Outcome::NAMES.iter().position(|n| *n == name).expect("a name of an outcome");
            match &monte_carlo {
                Some(mc) => Figure::Percentiles(mc.percentiles[index]),
                None => Figure::Span(estimate.span(|o| o.values()[index])),
            }
        };
        let exact = |value: f64| match monte_carlo {
            Some(_) => Figure::Percentiles(Percentiles { p10: value, p50: value, p90: value }),
            None => Figure::Span(Span::new(value, value)),
        };
        let named = |names: &[(&'static str, &'static str)]| names.iter().map(|(key, n)| (*key, figure(n))).collect();
        let chips = estimate.layout.grid.chips();
        let mut area: BTreeMap<_, _> =
            estimate.layout.area.iter().map(|(block, area)| (block.name(), exact(area.mm2()))).collect();
        area.insert("chip", exact(estimate.layout.chip_mm2));
        area.insert("system", exact(estimate.layout.chip_mm2 * f64::from(chips)));
        let mut dies: BTreeMap<_, _> =
            named(&[("yield", "yield_share"), ("good_dies", "good_dies"), ("usd_per_good_die", "die_usd")]);
        dies.insert("dies_per_wafer", exact(estimate.plan.dies));
        Self {
            design: machine.design.name.clone(),
            model: subject.machine.model().name.clone(),
            node: subject.machine.node().name.clone(),
            mask_stack: subject.stack.name.clone(),
            economics: subject.economics.name.clone(),
            embedding: question.embedding.clone(),
            weights: question.weights,
            discipline: question.discipline,
            systems: question.systems,
            years: question.years,
            respins: estimate.plan.respins,
            monte_carlo_samples: monte_carlo.as_ref().map(|mc| mc.samples),
            chips,
            grid: estimate.layout.grid,
            weights_per_chip: estimate.layout.weights_per_chip,
            um2_per_weight: estimate.layout.um2_per_weight,
            throughput,
            area_mm2: area,
            structure: parts.structure,
            power_w: parts.power,
            masks: estimate.masks.clone(),
            mask_usd: figure("mask_total_usd"),
            mask_group_usd: named(&[
                ("full_set", "mask_set_usd"),
                ("shared", "mask_shared_usd"),
                ("per_chip", "mask_per_chip_usd"),
                ("all_chips", "mask_all_chips_usd"),
            ]),
            dies,
            recurring_usd: named(&[
                ("die", "die_usd"),
                ("package_and_test", "package_usd"),
                ("memory", "memory_usd"),
                ("integration", "integration_usd"),
                ("system", "system_usd"),
            ]),
            design_usd: figure("design_usd"),
            nre_usd: figure("nre_usd"),
            build_usd: figure("build_usd"),
            respin_usd: figure("respin_usd"),
            running: named(&[
                ("facility_mw", "facility_mw"),
                ("infrastructure_usd", "infrastructure_usd"),
                ("electricity_usd", "electricity_usd"),
                ("maintenance_usd", "maintenance_usd"),
            ]),
            capex_usd: figure("capex_usd"),
            tco_static_usd: figure("tco_static_usd"),
            tco_usd: figure("tco_dynamic_usd"),
            usd_per_million_tokens: throughput.map(|_| figure("usd_per_million_tokens")),
            carbon_static_t: figure("carbon_static_t"),
            carbon_t: figure("carbon_dynamic_t"),
            act_kg_per_chip: embodied(subject, estimate),
            tornado: parts.tornado,
            against: parts
                .comparisons
                .into_iter()
                .map(|(other, bases)| against(other, &subject.machine.model().name, bases))
                .collect(),
            unconfirmed: estimate.unconfirmed.clone(),
            notes: notes(subject, estimate, parts.notes),
            provenance: provenance(subject, machine, estimate),
        }
    }
}

/// Embodied carbon of a chip by ACT.
pub(super) fn embodied(subject: &Subject, estimate: &Estimate) -> Option<Act> {
    act(
        &subject.economics,
        subject.machine.node().feature_nm,
        estimate.layout.chip_mm2,
        estimate.span(|o| o.yield_share),
        estimate.plan.memory_gb,
    )
}

fn against(other: &Comparison, model: &str, bases: Option<Vec<Basis>>) -> Against {
    let Some(bases) = bases else {
        let note = format!(
            "no comparison with {}: its published throughputs are for {FIGURES_MODEL}, not for {model}; \
             `hardwire compare` bounds it",
            other.name
        );
        return Against { machine: other.name.clone(), note: Some(note), bases: Vec::new() };
    };
    let note = match other.interactive_total_tokens_per_s {
        Some(_) => None,
        None => {
            let nearest = other.tco_tokens_per_s.zip(other.tco_concurrency);
            let nearest = nearest.map_or(String::new(), |(t, users)| {
                format!("; the nearest figure is {t} tokens/s at {users} users, {:.1} each", t / users)
            });
            Some(format!("no public throughput of {} at a stated speed per user{nearest}", other.name))
        }
    };
    Against { machine: other.name.clone(), note, bases }
}

/// Notes on the machine and its simulation, of the estimate, and one about an unusual reticle.
fn notes(subject: &Subject, estimate: &Estimate, machine: Vec<String>) -> Vec<String> {
    let reticle_mm2 = subject.economics.reticle_mm2;
    let unusual = (reticle_mm2 - RETICLE_MM2).abs() > 1e-9;
    let note = unusual.then(|| format!("the reticle is {reticle_mm2} mm2, not the usual {RETICLE_MM2}"));
    machine.into_iter().chain(estimate.notes.iter().cloned()).chain(note).collect()
}

fn provenance(subject: &Subject, machine: &Settled, estimate: &Estimate) -> BTreeMap<String, Origin> {
    let inputs = Input::ALL.iter().zip(&estimate.inputs.ranges).zip(&estimate.inputs.provenance);
    let mut all: BTreeMap<String, Origin> = inputs
        .map(|((input, range), p)| {
            let origin = Origin { low: range.low, mode: range.mode, high: range.high, provenance: p.clone() };
            (input.path().to_owned(), origin)
        })
        .collect();
    let asked = subject.machine.design();
    for (block, area) in machine.layout.area {
        let path = format!("area.{}", block.name());
        let mut provenance = asked.provenance.get(&path).cloned();
        if let Some(p) = provenance.as_mut().filter(|_| area != asked.area[block]) {
            p.source = match subject.build.areas {
                AreaSource::Structure => "area model from structure".to_owned(),
                AreaSource::Design => format!("{}; scaled", p.source),
            };
            p.grade = Grade::Derived;
        }
        all.insert(path, Origin { low: area.mm2(), mode: None, high: area.mm2(), provenance });
    }
    all
}
