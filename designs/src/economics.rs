//! What a machine costs to design, build and run: prices, rules of counting, and their uncertainty.
//!
//! Money is in US dollars of the year each value states. A [`Range`] is a cost whose low end is optimistic. Fields that
//! a process node knows (wafer, mask set, defects) may be absent and then come from the node.

use std::collections::BTreeMap;

use names::named;
use serde::Serialize;

use crate::field::{Reader, Visitor};
use crate::problem::nearest;
use crate::provenance::Provenance;
use crate::range::Range;
use crate::slot::Limits;

named! {
    /// Share of dies without a killing defect, as a function of x = area times defect density.
    pub enum YieldModel {
        /// e^-x.
        Poisson = "poisson",
        /// ((1 - e^-x) / x)^2.
        Murphy = "murphy",
        /// 1 / (1 + x).
        Seeds = "seeds",
        /// (1 + x / alpha)^-alpha.
        NegativeBinomial = "negative-binomial",
        /// (1 + x / n)^-n over n critical layers that share the defects evenly.
        BoseEinstein = "bose-einstein",
    }
}

named! {
    /// How dies of a wafer are counted.
    pub enum DieFormula {
        /// pi r^2 / A - pi d / sqrt(2 A): no scribe line, no edge exclusion.
        FirstOrder = "first-order",
        /// The same with the die grown by scribe lines and the wafer shrunk by its edge (Chiplet Actuary).
        Actuary = "actuary",
    }
}

crate::slot::choice_slots!(YieldModel, DieFormula);

macro_rules! economics {
    ($($(#[$doc:meta])* $field:ident: $type:ty = $initial:expr, $path:literal, $limits:expr, $text:literal;)*) => {
        /// Prices and rules.
        #[derive(Debug, Clone, PartialEq, Serialize)]
        pub struct Economics {
            /// Name of the preset, or the path of the file.
            pub name: String,
            /// One line for people.
            pub summary: String,
            $(#[doc = $text] pub $field: $type,)*
            /// Where every value comes from, by dotted path.
            pub provenance: BTreeMap<String, Provenance>,
        }

        impl Economics {
            pub(crate) fn blank(name: &str) -> Self {
                Self {
                    name: name.to_owned(),
                    summary: String::new(),
                    $($field: $initial,)*
                    provenance: BTreeMap::new(),
                }
            }
        }

        /// Visits every field of an economics file.
        pub(crate) fn walk(e: &mut Economics, v: &mut dyn Visitor) {
            v.field("summary", &mut e.summary, Limits::NONE, "One line for people");
            $(v.field($path, &mut e.$field, $limits, $text);)*
        }
    };
}

const MONEY: Limits = Limits::between(0.0, 1e12);
const SHARE: Limits = Limits::between(0.0, 1.0);

economics! {
    wafer_usd: Option<Range> = None, "wafer.usd", Limits::positive(1e9), "Price of a processed wafer; the node's unless given";
    wafer_diameter_mm: f64 = 0.0, "wafer.diameter_mm", Limits::between(25.0, 1000.0), "Diameter of a wafer, millimetres";
    reticle_mm2: f64 = 0.0, "reticle.mm2", Limits::positive(1e5), "Largest die one exposure prints, square millimetres";
    reticle_utilization: f64 = 0.0, "reticle.utilization", Limits::positive(1.0), "Share of the reticle a chip fills when chips are counted for a model";
    die_formula: DieFormula = DieFormula::FirstOrder, "dies.formula", Limits::NONE, "How dies of a wafer are counted";
    scribe_mm: f64 = 0.0, "dies.scribe_mm", Limits::between(0.0, 10.0), "Scribe line, millimetres (actuary only)";
    edge_mm: f64 = 0.0, "dies.edge_mm", Limits::between(0.0, 20.0), "Edge exclusion, millimetres (actuary only)";
    whole_dies: bool = false, "dies.whole", Limits::NONE, "Whether dies are rounded down and good dies to the nearest whole number";
    whole_wafers: bool = false, "dies.whole_wafers", Limits::NONE, "Whether every chip variant buys whole wafers";
    banking: bool = false, "banking.enabled", Limits::NONE, "Whether wafers for re-spins wait after the last shared layer";
    banking_share: f64 = 0.0, "banking.share", SHARE, "Share of a wafer's price spent before the first layer that carries weights";
    banking_rate: f64 = 0.0, "banking.rate_per_year", SHARE, "Yearly cost of holding a banked wafer, share of what was spent on it";
    yield_model: YieldModel = YieldModel::Murphy, "yield.model", Limits::NONE, "Yield model";
    yield_alpha: f64 = 0.0, "yield.alpha", Limits::positive(1e6), "Clustering of defects (negative-binomial only)";
    yield_layers: u32 = 0, "yield.layers", Limits::between(1.0, 1000.0), "Critical layers (bose-einstein only)";
    yield_tolerant_share: f64 = 0.0, "yield.tolerant_share", SHARE, "Share of the array of weights in which a defect drops a weight, not the die";
    yield_fixed: Option<f64> = None, "yield.fixed", Limits::positive(1.0), "Yield of a die, in place of a model";
    defects_per_cm2: Option<Range> = None, "yield.defects_per_cm2", Limits::between(0.0, 1e3), "Defects per square centimetre; the node's unless given";
    mask_set_usd: Option<Range> = None, "masks.set_usd", Limits::positive(1e12), "Price of a full mask set; the node's unless given";
    cell_transistors: f64 = 0.0, "masks.cell_embedding_transistors", Limits::between(1.0, 1e5), "Transistors of a weight embedded in cells";
    via_only_fill: f64 = 0.0, "masks.via_only_fill", Limits::positive(1.0), "Use of wires that are prefabricated, over wires made to measure (embeddings in vias alone)";
    package_usd_per_wafer: Range = Range::point(0.0), "package.usd_per_wafer", MONEY, "Packaging and test of the good dies of a wafer";
    memory_usd_per_gb: Range = Range::point(0.0), "memory.usd_per_gb", MONEY, "Stacked memory, per gigabyte";
    integration_usd: Range = Range::point(0.0), "integration.usd_per_chip", MONEY, "System integration, per chip";
    architecture_usd: Range = Range::point(0.0), "design_effort.architecture_usd", MONEY, "Architecture";
    verification_usd: Range = Range::point(0.0), "design_effort.verification_usd", MONEY, "Verification";
    physical_usd: Range = Range::point(0.0), "design_effort.physical_usd", MONEY, "Physical design";
    ip_usd: Range = Range::point(0.0), "design_effort.ip_usd", MONEY, "Licensed blocks";
    kw_per_chip: Option<Range> = None, "system.kw_per_chip", Limits::between(0.0, 1e3), "Power of the system per chip that is priced, kilowatts; the simulated power unless given";
    power_ratio: Option<Range> = None, "system.power_ratio", Limits::between(0.01, 100.0), "Power drawn over simulated power; equal unless given";
    tco_tokens_per_s: Option<f64> = None, "system.tco_tokens_per_s", Limits::positive(1e12), "Throughput of a system in the comparison of total cost, tokens per second";
    equal_chips: Option<f64> = None, "system.tco_chips", Limits::between(1.0, 1e6), "Chips of the system to which that throughput belongs";
    utilization: f64 = 0.0, "system.utilization", Limits::positive(1.0), "Share of time at full throughput, for the cost of a token";
    pue: Range = Range::point(0.0), "facility.pue", Limits::between(1.0, 10.0), "Power of the facility over power of the systems";
    facility_step_mw: f64 = 0.0, "facility.step_mw", Limits::between(0.0, 1e3), "Facility power is rounded to a multiple of this; zero does not round";
    infrastructure_usd_per_mw: Range = Range::point(0.0), "facility.usd_per_mw", MONEY, "Building, cooling and supply per megawatt";
    network_usd: Range = Range::point(0.0), "facility.network_usd", MONEY, "Network of one node of processors";
    processors_per_network: f64 = 0.0, "facility.processors_per_network", Limits::between(1.0, 1e6), "Processors that share it";
    electricity_usd_per_kwh: Range = Range::point(0.0), "facility.electricity_usd_per_kwh", MONEY, "Electricity";
    hours_per_year: f64 = 0.0, "facility.hours_per_year", Limits::positive(8784.0), "Hours of operation in a year";
    systems_per_spare: f64 = 0.0, "maintenance.systems_per_spare", Limits::between(1.0, 1e6), "Systems that share a spare one; at least one is kept";
    module_kg: Range = Range::point(0.0), "carbon.kg_per_module", Limits::between(0.0, 1e6), "Embodied carbon of a processor module, kilograms";
    grid_kg_per_kwh: Range = Range::point(0.0), "carbon.grid_kg_per_kwh", Limits::between(0.0, 10.0), "Carbon of electricity, kilograms per kilowatt-hour";
    fab_kg_per_kwh: f64 = 0.0, "carbon.fab_kg_per_kwh", Limits::between(0.0, 10.0), "Carbon of the fab's electricity (ACT)";
    fab_kwh_per_cm2: Option<f64> = None, "carbon.fab_kwh_per_cm2", Limits::between(0.0, 1e3), "Energy of manufacturing, kilowatt-hours per square centimetre (ACT's EPA)";
    gas_kg_per_cm2: Option<Range> = None, "carbon.gas_kg_per_cm2", Limits::between(0.0, 1e3), "Gases of manufacturing (ACT's GPA)";
    material_kg_per_cm2: Option<f64> = None, "carbon.material_kg_per_cm2", Limits::between(0.0, 1e3), "Materials of manufacturing (ACT's MPA)";
    memory_kg_per_gb: f64 = 0.0, "carbon.memory_kg_per_gb", Limits::between(0.0, 1e3), "Embodied carbon of memory (ACT)";
    act_node_nm: u32 = 0, "carbon.act_node_nm", Limits::between(1.0, 1000.0), "Node to which ACT's figures belong, nanometres";
}

/// Sections that belong to economics; the others of an override belong to the design.
const SECTIONS: [&str; 14] = [
    "wafer",
    "reticle",
    "dies",
    "banking",
    "yield",
    "masks",
    "package",
    "memory",
    "integration",
    "design_effort",
    "system",
    "facility",
    "maintenance",
    "carbon",
];

/// Sections and keys of a design.
const DESIGN: [&str; 13] = [
    "summary",
    "model",
    "node",
    "grid",
    "chip",
    "hn_array",
    "vex",
    "attention_buffer",
    "hbm",
    "interconnect",
    "mapping",
    "area",
    "energy",
];

/// Whether an override of `section` belongs to economics: an exact name, or one nearer to a section of economics than to
/// one of a design.
#[must_use]
pub fn owns(section: &str) -> bool {
    let near = || nearest(section, SECTIONS.into_iter().chain(DESIGN)).is_some_and(|name| SECTIONS.contains(&name));
    SECTIONS.contains(&section) || (!DESIGN.contains(&section) && near())
}

/// Rules that concern several fields.
pub(crate) fn check(e: &Economics, r: &mut Reader<'_>) {
    if !r.clean() {
        return;
    }
    if e.edge_mm * 2.0 >= e.wafer_diameter_mm {
        r.problem("dies.edge_mm", "`dies.edge_mm` leaves nothing of the wafer".into(), None);
    }
    if e.tco_tokens_per_s.is_some() != e.equal_chips.is_some() {
        let message = "`system.tco_tokens_per_s` and `system.tco_chips` go together".to_owned();
        r.problem("system.tco_tokens_per_s", message, None);
    }
}
