//! Other machines that a hardwired design is compared with: published price, power and throughput.
//!
//! A unit is a product: a GPU, a card, a wafer-scale system. Throughput is for gpt-oss-120b unless the source says
//! otherwise, in tokens per second and unit; `total` counts input and output. Peaks are those of one unit; `[serving.*]`
//! are published measurements that a roofline over these peaks can be checked against, each with its traffic.

use std::collections::BTreeMap;

use names::named;
use serde::Serialize;

use crate::field::{Reader, Visitor};
use crate::provenance::{Grade, Provenance};
use crate::range::Range;
use crate::slot::Limits;

/// Model of the throughputs that are not serving figures, by the name of its preset.
pub const FIGURES_MODEL: &str = "gpt-oss-120b";

/// Most published serving figures of a machine.
pub const MAX_SERVING: usize = 64;

named! {
    /// Which tokens a serving figure counts.
    pub enum Counts {
        /// Generated tokens of all users.
        Output = "output",
        /// Prompt and generated tokens of all users.
        Total = "total",
        /// Generated tokens of one user.
        User = "user",
    }
}

crate::slot::choice_slots!(Counts);

/// A published serving figure with its traffic.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Serving {
    /// Name within the file.
    pub name: String,
    /// Model served, by the name of its preset.
    pub model: String,
    /// Tokens of a prompt.
    pub input_tokens: u32,
    /// Tokens generated for it.
    pub output_tokens: u32,
    /// Concurrent users; absent if the machine was filled.
    pub users: Option<f64>,
    /// Output tokens per second of each user; absent if unknown.
    pub per_user: Option<f64>,
    /// Which tokens are counted.
    pub counts: Counts,
    /// Units that served one copy of the model together; absent if unknown.
    pub units: Option<f64>,
    /// Tokens per second and unit, or of one user.
    pub tokens_per_s: Range,
    /// Origin.
    pub provenance: Provenance,
}

impl Serving {
    /// One line for people.
    #[must_use]
    pub fn describe(&self) -> String {
        let number = |range: Range| match range.low == range.high {
            true => range.low.to_string(),
            false => format!("{} to {}", range.low, range.high),
        };
        let counts = match self.counts {
            Counts::Output => "output tokens/s per unit",
            Counts::Total => "input and output tokens/s per unit",
            Counts::User => "output tokens/s of one user",
        };
        let users = match (self.users, self.per_user) {
            (Some(users), _) => format!(", {users} users"),
            (None, Some(speed)) => format!(", {speed} tokens/s per user"),
            (None, None) if self.counts == Counts::User => String::new(),
            (None, None) => ", filled".to_owned(),
        };
        let units = self.units.map_or(String::new(), |units| format!(", a copy on {units}"));
        format!(
            "{} {counts}: {}, {} in and {} out{users}{units}",
            number(self.tokens_per_s),
            self.model,
            self.input_tokens,
            self.output_tokens
        )
    }
}

/// A machine to compare with; absent fields have not been published.
#[derive(Debug, Clone, PartialEq, Default, Serialize)]
pub struct Comparison {
    /// Name of the preset, or the path of the file.
    pub name: String,
    /// One line for people.
    pub summary: String,
    /// Process node, in words.
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
    /// Concurrent users at that throughput.
    pub tco_concurrency: Option<f64>,
    /// Throughput in the publication's table of systems.
    pub table_tokens_per_s: Option<f64>,
    /// Input and output tokens at best batching.
    pub total_tokens_per_s: Option<Range>,
    /// Input and output tokens per second while every user gets [`Self::interactive_per_user`].
    pub interactive_total_tokens_per_s: Option<Range>,
    /// Output tokens per second and user at that throughput.
    pub interactive_per_user: Option<f64>,
    /// Share of output in that traffic.
    pub output_share: Option<f64>,
    /// Best speed of one user.
    pub best_per_user: Option<Range>,
    /// Weights hardwired in it.
    pub weights: Option<f64>,
    /// The only model it runs, by the name of its preset; absent if it runs any model.
    pub hardwired_model: Option<String>,
    /// Memory that weights and KV cache share, gigabytes.
    pub memory_gb: Option<f64>,
    /// Peak bandwidth of that memory, terabytes per second.
    pub memory_tb_per_s: Option<Range>,
    /// Peak dense arithmetic in the format weights are multiplied in, trillions of operations per second.
    pub peak_tflops: Option<f64>,
    /// Peak dense arithmetic on 8-bit floats, where it is more than [`Self::peak_tflops`].
    pub peak_8bit_tflops: Option<f64>,
    /// Number format of [`Self::peak_tflops`].
    pub peak_format: Option<String>,
    /// Units over which one copy of the model can be spread at full speed.
    pub units_per_copy: Option<f64>,
    /// Published serving figures.
    pub serving: Vec<Serving>,
    /// Provenance of every value, by key.
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
    v.field("hardwired_model", &mut c.hardwired_model, Limits::NONE, "The only model it runs");
    v.field("memory_gb", &mut c.memory_gb, Limits::positive(1e9), "Memory that weights and KV cache share, gigabytes");
    v.field(
        "memory_tb_per_s",
        &mut c.memory_tb_per_s,
        Limits::positive(1e9),
        "Its peak bandwidth, terabytes per second",
    );
    v.field("peak_tflops", &mut c.peak_tflops, positive, "Peak dense arithmetic, trillions of operations per second");
    let doc = "Peak dense arithmetic on floats of one byte, for weights of at most one byte and their scales";
    v.field("peak_8bit_tflops", &mut c.peak_8bit_tflops, positive, doc);
    v.field("peak_format", &mut c.peak_format, Limits::NONE, "Format of that arithmetic");
    v.field(
        "units_per_copy",
        &mut c.units_per_copy,
        Limits::between(1.0, 1e6),
        "Units that can share one copy of the model",
    );
    for serving in &mut c.serving {
        let path = |key: &str| format!("serving.{}.{key}", serving.name);
        let tokens = Limits::between(1.0, 1e7);
        v.field(&path("model"), &mut serving.model, Limits::NONE, "Model served");
        v.field(&path("input_tokens"), &mut serving.input_tokens, tokens, "Tokens of a prompt");
        v.field(&path("output_tokens"), &mut serving.output_tokens, tokens, "Tokens generated for it");
        v.field(&path("users"), &mut serving.users, Limits::positive(1e9), "Users at once");
        v.field(&path("per_user"), &mut serving.per_user, positive, "Output tokens per second of every user");
        v.field(&path("counts"), &mut serving.counts, Limits::NONE, "Which tokens are counted");
        v.field(&path("units"), &mut serving.units, Limits::positive(1e6), "Units that served one copy of the model");
        v.field(
            &path("tokens_per_s"),
            &mut serving.tokens_per_s,
            positive,
            "Tokens per second and unit, or of one user",
        );
        v.field(&path("source"), &mut serving.provenance.source, Limits::NONE, "Origin");
        v.field(&path("grade"), &mut serving.provenance.grade, Limits::NONE, "Support");
        let mut year = serving.provenance.year.map(u32::from);
        v.field(&path("year"), &mut year, Limits::between(1900.0, 2100.0), "Year");
        serving.provenance.year = year.and_then(|y| u16::try_from(y).ok());
    }
}

/// Rules that concern several fields.
pub(crate) fn check(c: &Comparison, r: &mut Reader<'_>) {
    if !r.clean() {
        return;
    }
    for serving in c.serving.iter().filter(|s| s.counts == Counts::User && s.users.is_some_and(|users| users != 1.0)) {
        let message = format!("`serving.{}` counts one user's tokens, but has several users", serving.name);
        r.problem(&format!("serving.{}.users", serving.name), message, None);
    }
}

impl Comparison {
    pub(crate) fn blank(name: &str, serving: Vec<String>) -> Self {
        let figure = |name| Serving {
            name,
            model: String::new(),
            input_tokens: 0,
            output_tokens: 0,
            users: None,
            per_user: None,
            counts: Counts::Output,
            units: None,
            tokens_per_s: Range::point(0.0),
            provenance: Provenance { source: String::new(), grade: Grade::User, year: None },
        };
        Self { name: name.to_owned(), serving: serving.into_iter().map(figure).collect(), ..Self::default() }
    }

    /// Whether every value is at best a vendor's claim.
    #[must_use]
    pub fn vendor_claims_only(&self) -> bool {
        let grades = || self.provenance.values().chain(self.serving.iter().map(|s| &s.provenance)).map(|p| p.grade);
        let weak = |grade| matches!(grade, Grade::VendorClaim | Grade::Unconfirmed | Grade::Assumed);
        grades().any(|grade| grade == Grade::VendorClaim) && grades().all(weak)
    }
}
