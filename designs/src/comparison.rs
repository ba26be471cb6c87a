//! Other machines that a hardwired design is compared with: what is public of price, power and throughput.
//!
//! A unit is what is bought: a GPU, a card, a wafer-scale system. Throughput is for gpt-oss-120b unless the source says
//! otherwise, in tokens per second and unit; `total` counts input and output.

use std::collections::BTreeMap;

use serde::Serialize;

use crate::field::Visitor;
use crate::provenance::Provenance;
use crate::range::Range;
use crate::slot::Limits;

/// A machine to compare with; absent fields are not public.
#[derive(Debug, Clone, PartialEq, Default, Serialize)]
pub struct Comparison {
    /// Name of the preset, or the path of the file.
    pub name: String,
    /// One line for people.
    pub summary: String,
    /// Process.
    pub node: Option<String>,
    /// Silicon of a unit, square millimetres.
    pub area_mm2: Option<Range>,
    /// Memory, in words.
    pub memory: Option<String>,
    /// Power of a unit with its share of the system, kilowatts.
    pub kw: Option<Range>,
    /// Price of a unit, US dollars.
    pub usd: Option<Range>,
    /// Processor modules of a unit, for embodied carbon.
    pub modules: Option<f64>,
    /// Units that share a network node.
    pub units_per_network: Option<f64>,
    /// Licences per unit and year, US dollars.
    pub licence_usd_per_year: Option<f64>,
    /// Upkeep per year as a share of capital expenditure.
    pub upkeep_per_year: Option<f64>,
    /// Throughput in the publication's comparison of total cost.
    pub tco_tokens_per_s: Option<f64>,
    /// Users at once there.
    pub tco_concurrency: Option<f64>,
    /// Throughput in the publication's table of systems.
    pub table_tokens_per_s: Option<f64>,
    /// Input and output tokens at best batching.
    pub total_tokens_per_s: Option<Range>,
    /// Input and output tokens while every user gets the speed below.
    pub interactive_total_tokens_per_s: Option<Range>,
    /// Output tokens per second and user there.
    pub interactive_per_user: Option<f64>,
    /// Share of output in that traffic.
    pub output_share: Option<f64>,
    /// Best speed of one user.
    pub best_per_user: Option<Range>,
    /// Weights hardwired in it.
    pub weights: Option<f64>,
    /// Where every value comes from, by key.
    pub provenance: BTreeMap<String, Provenance>,
}

/// Visits every field of a comparison file.
pub(crate) fn walk(c: &mut Comparison, v: &mut dyn Visitor) {
    let positive = Limits::positive(1e12);
    v.field("summary", &mut c.summary, Limits::NONE, "One line for people");
    v.field("node", &mut c.node, Limits::NONE, "Process");
    v.field("area_mm2", &mut c.area_mm2, positive, "Silicon of a unit");
    v.field("memory", &mut c.memory, Limits::NONE, "Memory");
    v.field("kw", &mut c.kw, positive, "Power of a unit with its share of the system, kilowatts");
    v.field("usd", &mut c.usd, positive, "Price of a unit");
    v.field("modules", &mut c.modules, positive, "Processor modules of a unit");
    v.field(
        "units_per_network",
        &mut c.units_per_network,
        Limits::between(1e-6, 1e6),
        "Units that share a network node",
    );
    v.field(
        "licence_usd_per_year",
        &mut c.licence_usd_per_year,
        Limits::between(0.0, 1e9),
        "Licences per unit and year",
    );
    v.field("upkeep_per_year", &mut c.upkeep_per_year, Limits::between(0.0, 1.0), "Upkeep per year, share of capital");
    v.field("tco_tokens_per_s", &mut c.tco_tokens_per_s, positive, "Throughput in the publication's total cost");
    v.field("tco_concurrency", &mut c.tco_concurrency, positive, "Users at once there");
    v.field("table_tokens_per_s", &mut c.table_tokens_per_s, positive, "Throughput in the publication's table");
    v.field("total_tokens_per_s", &mut c.total_tokens_per_s, positive, "Input and output tokens at best batching");
    let doc = "Input and output tokens while every user gets the speed below";
    v.field("interactive_total_tokens_per_s", &mut c.interactive_total_tokens_per_s, positive, doc);
    v.field("interactive_per_user", &mut c.interactive_per_user, positive, "Output tokens per second and user there");
    v.field("output_share", &mut c.output_share, Limits::positive(1.0), "Share of output in that traffic");
    v.field("best_per_user", &mut c.best_per_user, positive, "Best speed of one user");
    v.field("weights", &mut c.weights, positive, "Weights hardwired in it");
}
