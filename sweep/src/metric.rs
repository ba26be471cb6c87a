//! Results that can be an objective, a constraint or a column: names with units, and their sources.
//!
//! Results of the simulation have the dotted keys of `hardwire simulate --format json`; prices are `estimate.` and an outcome
//! at the optimistic (`low`), median (`mid`) or pessimistic (`high`) end of every input; `program.` is what the sweep's MLIR
//! function takes on one chip, where the sweep has one.

use designs::{Block, Event};
use sim::Simulation;
use sim::economics::{Estimate, OUTCOMES, Outcome};
use sim::units::{Spent, Unit};
use workload::Lowered;

/// A result.
#[derive(Debug, Clone, PartialEq)]
pub struct Metric {
    /// Dotted name with the unit.
    pub name: String,
    source: Source,
}

#[derive(Debug, Clone, Copy, PartialEq)]
enum Source {
    /// Index in [`HEADLINES`].
    Headline(usize),
    /// Mean utilization of a unit's servers.
    Utilization(Unit),
    /// Utilization of the busiest link.
    BusiestLink,
    /// Watts of a block of an average chip.
    Power(Block),
    /// Index in [`DETAILS`].
    Detail(usize),
    /// Events of a token.
    Activity(Event),
    /// Percent of a token's time in a class of stalls.
    Stall(Spent),
    /// Index in [`LAID`].
    Laid(usize),
    /// Area of a block.
    Area(Block),
    /// Index in [`LAID_AFTER_BLOCKS`].
    LaidAfterBlocks(usize),
    /// Index in [`PROGRAMMED`].
    Programmed(usize),
    /// Index of the outcome, and the end of every input's range.
    Priced(usize, End),
}

#[derive(Debug, Clone, Copy, PartialEq)]
enum End {
    Low,
    Mid,
    High,
}

const ENDS: [(&str, End); 3] = [("low", End::Low), ("mid", End::Mid), ("high", End::High)];

type OfSimulation = fn(&Simulation) -> f64;
type OfEstimate = fn(&Estimate) -> f64;
type OfProgram = fn(&OnChip) -> f64;

/// An MLIR function on one chip of a point.
pub(crate) struct OnChip {
    pub(crate) lowered: Lowered,
    /// Clock of the chip, cycles per second.
    pub(crate) hertz: f64,
}

/// Prefix of results that need a program.
pub(crate) const PROGRAM: &str = "program.";

/// Name of the result that tells whether the closed form is only an upper bound.
pub const NEAR_KNEE: &str = "bound.near_knee";

/// Values of `bottleneck` in the order of their numbers: latency, then the units.
pub const BOTTLENECKS: [&str; 1 + Unit::COUNT] = {
    let mut names = ["latency"; 1 + Unit::COUNT];
    let mut unit = 0;
    while unit < Unit::COUNT {
        names[1 + unit] = Unit::ALL[unit].name();
        unit += 1;
    }
    names
};

/// Lowest utilization of a unit that counts as the bottleneck.
const SATURATED: f64 = 0.95;

/// Index in [`BOTTLENECKS`] of the busiest unit, or of `latency` if no unit is saturated.
fn bottleneck(s: &Simulation) -> f64 {
    let busy = s.utilization.busiest();
    let best = Unit::ALL.into_iter().reduce(|best, unit| if busy[unit] > busy[best] { unit } else { best });
    let best = best.expect("a machine has units");
    if busy[best] >= SATURATED { (best as usize + 1) as f64 } else { 0.0 }
}

/// Results of a simulation, up to those of single units and blocks.
const HEADLINES: [(&str, OfSimulation); 20] = [
    ("throughput_tokens_per_s", |s| s.throughput_tokens_per_s),
    ("tokens_per_s_per_sequence", |s| s.tokens_per_s_per_sequence),
    ("token_latency_us", |s| s.token_latency_us),
    ("prompt_latency_us", |s| s.prompt_latency_us.unwrap_or(f64::NAN)),
    ("system_power_kw", |s| s.system_power_kw),
    ("energy_per_token_mj", |s| s.energy_per_token_mj),
    ("tokens_per_kj", |s| s.tokens_per_kj),
    ("chips", |s| s.chips.into()),
    ("grid.rows", |s| s.grid.rows.into()),
    ("grid.columns", |s| s.grid.columns.into()),
    ("bottleneck", bottleneck),
    ("sequences", |s| s.sequences as f64),
    ("in_flight_limit", |s| s.in_flight_limit as f64),
    ("weights_per_chip", |s| s.weights_per_chip as f64),
    ("events", |s| s.events as f64),
    ("breakdown_pct.comm", |s| s.breakdown_pct.comm),
    ("breakdown_pct.projection", |s| s.breakdown_pct.projection),
    ("breakdown_pct.nonlinear", |s| s.breakdown_pct.nonlinear),
    ("breakdown_pct.attention", |s| s.breakdown_pct.attention),
    ("breakdown_pct.stall", |s| s.breakdown_pct.stall),
];

/// Results of a simulation after the power of single blocks.
const DETAILS: [(&str, OfSimulation); 8] = [
    ("chip_power.total_w", |s| s.chip_power.total_w),
    ("kv_cache.kv_bytes_per_chip", |s| s.kv_cache.kv_bytes_per_chip as f64),
    ("kv_cache.resident_bytes_per_chip", |s| s.kv_cache.resident_bytes_per_chip as f64),
    ("kv_cache.spilled_bytes_per_chip", |s| s.kv_cache.spilled_bytes_per_chip as f64),
    ("bound.alone_cycles", |s| s.bound.as_ref().map_or(f64::NAN, |b| b.alone_cycles)),
    ("bound.bottleneck_cycles", |s| s.bound.as_ref().map_or(f64::NAN, |b| b.bottleneck_cycles)),
    ("bound.knee_sequences", |s| s.bound.as_ref().map_or(f64::NAN, |b| b.knee_sequences)),
    (NEAR_KNEE, near_knee),
];

/// Index in [`NO_YES`]; NaN without a closed form.
fn near_knee(s: &Simulation) -> f64 {
    s.bound.as_ref().map_or(f64::NAN, |_| f64::from(u8::from(s.closed_form_flag.is_some())))
}

const NO_YES: [&str; 2] = ["no", "yes"];

/// Results of a layout before the areas of single blocks.
const LAID: [(&str, OfEstimate); 3] = [
    ("estimate.chip_mm2", |e| e.layout.chip_mm2),
    ("estimate.system_mm2", |e| e.layout.chip_mm2 * f64::from(e.layout.grid.chips())),
    ("estimate.um2_per_weight", |e| e.layout.um2_per_weight),
];

/// Results of a layout after the areas of single blocks.
const LAID_AFTER_BLOCKS: [(&str, OfEstimate); 3] = [
    ("estimate.masks.total", |e| e.masks.total.masks.into()),
    ("estimate.masks.per_chip", |e| e.masks.per_chip.masks.into()),
    ("estimate.dies_per_wafer", |e| e.plan.dies),
];

const PROGRAMMED: [(&str, OfProgram); 6] = [
    ("program.latency_us", |p| p.lowered.latency_cycles as f64 / p.hertz * 1e6),
    ("program.latency_cycles", |p| p.lowered.latency_cycles as f64),
    ("program.xpu_utilization", |p| p.lowered.xpu_utilization),
    ("program.weights", |p| p.lowered.work.weights as f64),
    ("program.hbm_bytes", |p| p.lowered.work.hbm_bytes as f64),
    ("program.unplaced_operations", |p| p.lowered.unplaced.len() as f64),
];

impl Metric {
    /// Every result.
    #[must_use]
    pub fn all() -> Vec<Self> {
        let mut all = Vec::new();
        let mut add = |name: String, source| all.push(Self { name, source });
        HEADLINES.iter().enumerate().for_each(|(i, (name, _))| add((*name).to_owned(), Source::Headline(i)));
        for unit in Unit::ALL {
            add(format!("utilization.{}", sim::mean_key(unit)), Source::Utilization(unit));
        }
        add("utilization.links_max".to_owned(), Source::BusiestLink);
        for block in Block::ALL {
            add(format!("chip_power.{}_w", block.name()), Source::Power(block));
        }
        DETAILS.iter().enumerate().for_each(|(i, (name, _))| add((*name).to_owned(), Source::Detail(i)));
        for event in Event::ALL {
            add(format!("activity_per_token.{}", event.name()), Source::Activity(event));
        }
        for class in Spent::ALL.into_iter().filter(|class| class.is_stall()) {
            add(format!("stall_pct.{}", class.name()), Source::Stall(class));
        }
        LAID.iter().enumerate().for_each(|(i, (name, _))| add((*name).to_owned(), Source::Laid(i)));
        for block in Block::ALL {
            add(format!("estimate.area_mm2.{}", block.name()), Source::Area(block));
        }
        let laid = LAID_AFTER_BLOCKS.iter().enumerate();
        laid.for_each(|(i, (name, _))| add((*name).to_owned(), Source::LaidAfterBlocks(i)));
        PROGRAMMED.iter().enumerate().for_each(|(i, (name, _))| add((*name).to_owned(), Source::Programmed(i)));
        for (i, outcome) in Outcome::NAMES.iter().enumerate() {
            for (end, at) in ENDS {
                add(format!("estimate.{outcome}.{end}"), Source::Priced(i, at));
            }
        }
        all
    }

    /// Whether the machine has to be priced for it.
    #[must_use]
    pub fn is_price(&self) -> bool {
        match self.source {
            Source::Laid(_) | Source::Area(_) | Source::LaidAfterBlocks(_) | Source::Priced(..) => true,
            Source::Headline(_)
            | Source::Utilization(_)
            | Source::BusiestLink
            | Source::Power(_)
            | Source::Detail(_)
            | Source::Activity(_)
            | Source::Stall(_)
            | Source::Programmed(_) => false,
        }
    }

    /// Whether the sweep has to have a program for it.
    #[must_use]
    pub fn is_of_program(&self) -> bool {
        matches!(self.source, Source::Programmed(_))
    }

    /// Words that its numbers index, if any.
    #[must_use]
    pub fn words(&self) -> Option<&'static [&'static str]> {
        match self.name.as_str() {
            "bottleneck" => Some(&BOTTLENECKS),
            NEAR_KNEE => Some(&NO_YES),
            _ => None,
        }
    }
}

/// A simulated and perhaps priced point, from which metrics are read.
pub(crate) struct Answers<'a> {
    simulation: &'a Simulation,
    estimate: Option<(&'a Estimate, [[f64; OUTCOMES]; 3])>,
    program: Option<&'a OnChip>,
}

impl<'a> Answers<'a> {
    pub(crate) fn new(simulation: &'a Simulation, estimate: Option<&'a Estimate>, program: Option<&'a OnChip>) -> Self {
        let estimate = estimate.map(|e| {
            let mid = e.plan.evaluate(&e.inputs.at(0.5)).values();
            // "low" is the cheaper end: what is optimistic for a yield is its high value, and prices of it low.
            let (low, high) = (e.low.values(), e.high.values());
            (e, [low, mid, high])
        });
        Self { simulation, estimate, program }
    }

    /// The value of a metric; NaN if the point has none.
    pub(crate) fn get(&self, metric: &Metric) -> f64 {
        let simulation = self.simulation;
        let priced = |of: &dyn Fn(&Estimate) -> f64| self.estimate.as_ref().map_or(f64::NAN, |(e, _)| of(e));
        match metric.source {
            Source::Headline(i) => HEADLINES[i].1(simulation),
            Source::Utilization(unit) => simulation.utilization.mean[unit],
            Source::BusiestLink => simulation.utilization.links_max,
            Source::Power(block) => simulation.chip_power.blocks[block],
            Source::Detail(i) => DETAILS[i].1(simulation),
            Source::Activity(event) => simulation.activity_per_token[event],
            Source::Stall(class) => simulation.stall_pct.get(class.name()).copied().unwrap_or(f64::NAN),
            Source::Laid(i) => priced(&LAID[i].1),
            Source::Area(block) => priced(&|e| e.layout.area[block].mm2()),
            Source::LaidAfterBlocks(i) => priced(&LAID_AFTER_BLOCKS[i].1),
            Source::Programmed(i) => self.program.map_or(f64::NAN, |program| PROGRAMMED[i].1(program)),
            Source::Priced(i, end) => self.estimate.as_ref().map_or(f64::NAN, |(_, ends)| ends[end as usize][i]),
        }
    }
}
