//! One estimate: from a [`Request`] to a [`Plan`], its inputs, and its outcomes at both ends of all inputs.

use designs::{Economics, Grade, MaskStack, Megawatts, ProcessNode, SquareMm, YieldModel};
use serde::Serialize;

use super::dies::{Wafer, Yield};
use super::error::EconomicsError;
use super::inputs::{Input, Inputs};
use super::layout::Layout;
use super::masks::{MaskBill, wiring_growth};
use super::plan::{Outcome, Plan, respins};
use crate::settle::Settled;
use crate::simulation::Simulation;

/// The range of a figure.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Span {
    /// Lower end.
    pub low: f64,
    /// Upper end.
    pub high: f64,
}

impl Span {
    /// From two values in any order.
    #[must_use]
    pub fn new(a: f64, b: f64) -> Self {
        Self { low: a.min(b), high: a.max(b) }
    }
}

/// The question that [`Estimate::new`] answers.
#[derive(Debug, Clone, Copy)]
pub struct Request<'a> {
    /// The machine to price.
    pub machine: &'a Settled,
    /// Node on which it is built.
    pub node: &'a ProcessNode,
    /// Mask stack of the node.
    pub stack: &'a MaskStack,
    /// Layers that carry the weights, see [`MaskStack::select`].
    pub embedding: &'a str,
    /// What the machine does: its power and its throughput. Without it the economics must state `system.kw_per_chip`.
    pub simulation: Option<&'a Simulation>,
    /// Prices and rules.
    pub economics: &'a Economics,
    /// Yield model in place of the economics file's.
    pub yield_model: Option<YieldModel>,
    /// Number of systems, 1 to [`MAX_SYSTEMS`].
    pub systems: u64,
    /// Years of operation.
    pub years: f64,
    /// Re-spins per year.
    pub respins_per_year: f64,
    /// Whether unconfirmed values may be used; they are refused otherwise.
    pub allow_unconfirmed: bool,
}

/// A priced machine.
#[derive(Debug, Clone)]
pub struct Estimate {
    /// Chips and areas.
    pub layout: Layout,
    /// Masks.
    pub masks: MaskBill,
    /// Closed form with everything that is not uncertain.
    pub plan: Plan,
    /// Uncertain inputs.
    pub inputs: Inputs,
    /// Outcome with every input optimistic.
    pub low: Outcome,
    /// Outcome with every input pessimistic.
    pub high: Outcome,
    /// Area of the array over its area with the published wires, at least 1.
    pub wiring_growth: f64,
    /// Keys of the unconfirmed values in use.
    pub unconfirmed: Vec<String>,
    /// Assumptions, one sentence each.
    pub notes: Vec<String>,
}

/// Largest number of systems.
pub const MAX_SYSTEMS: u64 = 10_000_000;

impl Estimate {
    /// Prices a machine.
    ///
    /// # Errors
    /// See [`EconomicsError`].
    pub fn new(r: &Request<'_>) -> Result<Self, EconomicsError> {
        let e = r.economics;
        if !(1..=MAX_SYSTEMS).contains(&r.systems) {
            return Err(EconomicsError::Bounds {
                what: "the number of systems",
                value: r.systems,
                least: 1,
                most: MAX_SYSTEMS,
            });
        }
        let layout = r.machine.layout.clone();
        let inputs = Inputs::new(e, r.node, r.machine, r.simulation)?;
        let mut notes = inputs.notes.clone();
        let unconfirmed = unconfirmed(r, &inputs);
        if !unconfirmed.is_empty() && !r.allow_unconfirmed {
            return Err(EconomicsError::Unconfirmed { keys: unconfirmed.join(", ") });
        }
        r.machine.check_reticle()?;
        let chosen = r.stack.select(r.embedding)?;
        let wiring = wiring(r.stack, r.embedding, e)?;
        let masks = MaskBill::new(r.stack, &chosen);
        let plan = plan(r, &layout, &masks)?;
        if wiring > 1.0 {
            notes.push(format!("fewer wires than published carry the weights: the array grows {wiring:.2} times"));
        }
        let (low, high) = (plan.evaluate(&inputs.at(0.0)), plan.evaluate(&inputs.at(1.0)));
        if !(low.die_usd.is_finite() && high.die_usd.is_finite()) {
            return Err(EconomicsError::NoGoodDie {
                defects: inputs.at(1.0).get(Input::Defects),
                die: layout.chip_mm2,
            });
        }
        Ok(Self { layout, masks, plan, inputs, low, high, wiring_growth: wiring, unconfirmed, notes })
    }

    /// One outcome at both ends.
    #[must_use]
    pub fn span(&self, of: impl Fn(&Outcome) -> f64) -> Span {
        Span::new(of(&self.low), of(&self.high))
    }
}

/// Growth of the array where the layers of an embedding carry the weights.
///
/// # Errors
/// If the stack has no such layer, or they cannot carry weights.
pub fn wiring(stack: &MaskStack, embedding: &str, economics: &Economics) -> Result<f64, EconomicsError> {
    let chosen = stack.select(embedding)?;
    Ok(wiring_growth(stack, &chosen, economics.via_only_fill)?)
}

/// Values of node and inputs that are in use and unconfirmed.
fn unconfirmed(r: &Request<'_>, inputs: &Inputs) -> Vec<String> {
    let mut keys = inputs.unconfirmed();
    let node = r.node;
    if r.machine.other_node {
        let used = ["transistor_density_mtr_per_mm2", "sram_cell_um2"];
        let bad = |key: &&str| node.provenance.get(*key).is_some_and(|p| p.grade == Grade::Unconfirmed);
        keys.extend(used.iter().filter(|key| bad(key)).map(|key| format!("{}: {key}", node.name)));
    }
    if r.stack.layers.iter().any(|l| l.provenance.grade == Grade::Unconfirmed) {
        keys.push(format!("mask stack {}", r.stack.name));
    }
    keys
}

fn plan(r: &Request<'_>, layout: &Layout, masks: &MaskBill) -> Result<Plan, EconomicsError> {
    let e = r.economics;
    let wafer =
        Wafer { formula: e.die_formula, diameter_mm: e.wafer_diameter_mm, scribe_mm: e.scribe_mm, edge_mm: e.edge_mm };
    let chip = SquareMm::from_mm2(layout.chip_mm2);
    let dies = Plan::dies_of(&wafer, chip, e.whole_dies);
    if dies <= 0.0 || (e.whole_dies && dies < 1.0) {
        return Err(EconomicsError::Wafer { die: layout.chip_mm2, diameter: e.wafer_diameter_mm });
    }
    let killing = chip - layout.area.hn_array * e.yield_tolerant_share;
    let hbm = &r.machine.design.hbm;
    let seconds = r.years * e.hours_per_year * 3600.0;
    let tokens = |s: &Simulation| s.throughput_tokens_per_s * r.systems as f64 * seconds * e.utilization / 1e6;
    Ok(Plan {
        chips: layout.grid.chips().into(),
        systems: r.systems as f64,
        years: r.years,
        respins: respins(r.respins_per_year, r.years),
        dies,
        whole_dies: e.whole_dies,
        killing_area: killing.square_cm(),
        yield_model: Yield {
            model: r.yield_model.unwrap_or(e.yield_model),
            alpha: e.yield_alpha,
            layers: e.yield_layers.into(),
        },
        yield_fixed: e.yield_fixed,
        whole_wafers: e.whole_wafers,
        // A banked wafer waits for half of the years on average.
        banking: if e.banking { e.banking_share * e.banking_rate * r.years / 2.0 } else { 0.0 },
        shared_masks: masks.shared.units / masks.total.units,
        chip_masks: masks.per_chip.units / masks.total.units,
        memory_gb: f64::from(hbm.stacks) * hbm.stack_capacity.get() as f64 / 1e9,
        processors_per_network: e.processors_per_network,
        power_step: Megawatts::from_mw(e.facility_step_mw),
        hours_per_year: e.hours_per_year,
        systems_per_spare: e.systems_per_spare,
        million_tokens: r.simulation.map_or(f64::NAN, tokens),
    })
}
