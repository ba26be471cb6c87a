//! The answer, as plain structs with units in the names; serialized keys are stable.

use std::collections::BTreeMap;

use designs::Grid;
use serde::{Serialize, Serializer};

use super::contexts::ContextSpread;
use super::request::{Discipline, Fidelity};
use crate::cycle::Effect;
use crate::cycle::measured::Rates;
use crate::energy::{ChipPower, TokenActivity};
use crate::mapping::EmbeddingTable;
use crate::schedule::dataflow::{Bound, Measured};
use crate::schedule::machine::Phase;
use crate::units::hbm::Placement;
use crate::units::{PerUnit, Spent, Unit};

/// Shares of a token's time in percent; they add up to 100.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize)]
pub struct Breakdown {
    /// Links, percent.
    pub comm: f64,
    /// Hardwired-neuron array, percent.
    pub projection: f64,
    /// Non-linear functions, percent.
    pub nonlinear: f64,
    /// Attention, percent.
    pub attention: f64,
    /// Stalls, percent; see [`Simulation::stall_pct`] for their causes.
    pub stall: f64,
}

impl Breakdown {
    /// Adds the percentages of the classes of time.
    pub(super) fn add(&mut self, class: Spent, percent: f64) {
        let share = match class {
            Spent::Communication => &mut self.comm,
            Spent::Projection => &mut self.projection,
            Spent::Nonlinear => &mut self.nonlinear,
            Spent::Attention => &mut self.attention,
            Spent::Memory | Spent::ArrayBusy | Spent::VexBusy | Spent::Predecessor | Spent::IssueBusy => {
                &mut self.stall
            }
        };
        *share += percent;
    }
}

/// Account of a unit: percent of its time.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct UnitAccount {
    /// Unit; the links are one account.
    pub unit: Unit,
    /// Share of time at work, percent.
    pub busy_pct: f64,
    /// Share of idle time in percent, by what the token of the next request was doing.
    pub idle_pct: BTreeMap<&'static str, f64>,
}

/// Utilization of the units, 0 to 1; memories and links: share of the bandwidth that the discipline uses.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize)]
pub struct Utilization {
    /// Mean over the servers of a unit; that of the links is serialized as `links_mean`.
    #[serde(flatten, serialize_with = "means")]
    pub mean: PerUnit<f64>,
    /// Busiest link.
    pub links_max: f64,
}

impl Utilization {
    /// Utilization of the busiest servers: of the busiest link, of the mean server of other units.
    #[must_use]
    pub fn busiest(&self) -> PerUnit<f64> {
        PerUnit { links: self.links_max, ..self.mean }
    }
}

fn means<S: Serializer>(mean: &PerUnit<f64>, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_map(mean.iter().map(|(unit, share)| (mean_key(unit), share)))
}

/// Key of the mean utilization of a unit.
#[must_use]
pub fn mean_key(unit: Unit) -> &'static str {
    if unit == Unit::Links { "links_mean" } else { unit.name() }
}

/// Bytes on one directed link.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct LinkBytes {
    /// Sending chip, `row * columns + column`.
    pub from: u32,
    /// Receiving chip.
    pub to: u32,
    /// Bytes per token.
    pub bytes_per_token: f64,
}

/// How sure figures from events are: 95 % confidence intervals by batch means. Figures of closed forms, of a common beat and of
/// whole prompts are not sampled; `reason` says so.
#[derive(Debug, Clone, PartialEq, Default, Serialize)]
pub struct Confidence {
    /// Half-width of the interval of throughput, tokens per second.
    pub throughput_half_width_tokens_per_s: Option<f64>,
    /// The same, percent of throughput.
    pub throughput_half_width_pct: Option<f64>,
    /// Half-width of the interval of the mean latency, microseconds.
    pub token_latency_half_width_us: Option<f64>,
    /// Batches of the measurement.
    pub batches: Option<usize>,
    /// Tokens that were discarded as warm-up.
    pub warm_up_tokens: Option<u64>,
    /// Tokens that were measured; those that the window cuts count by the share of their instructions.
    pub measured_tokens: Option<f64>,
    /// What was measured: rounds of tokens, or some layers of every sequence.
    pub measured_by: Option<Measured>,
    /// Whether the measurement was stationary, by MSER-5; absent if the run is too short to tell.
    pub steady: Option<bool>,
    /// Half-width that was asked for, percent of throughput.
    pub asked_precision_pct: Option<f64>,
    /// Whether it was reached.
    pub precision_reached: Option<bool>,
    /// Most tokens that the run was allowed to reach it.
    pub max_tokens: Option<u64>,
    /// Why there is no interval.
    pub reason: Option<String>,
}

/// What the models in their own cycles did (fidelity `cycle`), over the measured window.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct CycleAccount {
    /// What was modelled.
    pub effects: Vec<Effect>,
    /// Flits per token, all links.
    pub flits_per_token: f64,
    /// Share of the links' time in which a flit waited for a credit, percent.
    pub credit_wait_pct: f64,
    /// Mean time by which a read of the attention buffer is longer than on an idle buffer with evenly filled banks, nanoseconds.
    pub bank_wait_mean_ns: f64,
    /// Space of streamed layers in the attention buffer of a chip, bytes.
    pub staging_bytes_per_chip: u64,
    /// Mean time that a stream waits for space, nanoseconds; absent without streams.
    pub staging_wait_mean_ns: Option<f64>,
    /// Mean time that an instruction waits for its issue, nanoseconds.
    pub issue_wait_mean_ns: f64,
    /// Share of DRAM accesses that find their row open, percent; absent without accesses.
    pub row_hit_pct: Option<f64>,
    /// Share of DRAM accesses that find another row open, percent; absent without accesses.
    pub row_conflict_pct: Option<f64>,
    /// Share of the time of DRAM data buses by use, percent: data, and the causes of idle time.
    pub dram_bus_pct: BTreeMap<&'static str, f64>,
}

/// Result of a simulation.
#[derive(Debug, Clone, Serialize)]
pub struct Simulation {
    /// Name of the design.
    pub design: String,
    /// Name of the model.
    pub model: String,
    /// Format in which the model's weights were released.
    pub released_format: String,
    /// The same with bits by part of the model: format and bits in which the model's weights were released.
    pub released_weights: String,
    /// Format in which the machine carries them.
    pub hardwired_weights: &'static str,
    /// Whether most of the released weights have more bits than the machine carries.
    pub weights_are_narrowed: bool,
    /// Rows and columns of chips.
    pub grid: Grid,
    /// Number of chips.
    pub chips: u32,
    /// Decode or prefill.
    pub phase: Phase,
    /// How time is accounted.
    pub discipline: Discipline,
    /// Whether the figures come from events or from closed forms.
    pub fidelity: Fidelity,
    /// Context of every sequence (the mean where they differ), or length of the prompt, tokens.
    pub context_tokens: u64,
    /// How contexts differ; absent if they do not.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub contexts: Option<ContextSpread>,
    /// Sequences (decode) or prompt tokens (prefill) in the machine.
    pub sequences: u64,
    /// Most tokens in flight: the number of stages of all layers.
    pub in_flight_limit: u64,
    /// Tokens per second over all sequences.
    pub throughput_tokens_per_s: f64,
    /// Tokens per second of one sequence.
    pub tokens_per_s_per_sequence: f64,
    /// Mean latency of a token, microseconds.
    pub token_latency_us: f64,
    /// How sure throughput and latency are.
    pub confidence: Confidence,
    /// Time to process a whole prompt, microseconds (prefill only).
    pub prompt_latency_us: Option<f64>,
    /// Time of a token by class.
    pub breakdown_pct: Breakdown,
    /// Causes of stalls, percent of a token's time.
    pub stall_pct: BTreeMap<&'static str, f64>,
    /// Power of an average chip.
    pub chip_power: ChipPower,
    /// Power of the system, kilowatts.
    pub system_power_kw: f64,
    /// Part of it that the DRAM devices' traffic takes, watts.
    pub dram_traffic_w: f64,
    /// Energy of the system per token, millijoules.
    pub energy_per_token_mj: f64,
    /// Tokens per kilojoule.
    pub tokens_per_kj: f64,
    /// Utilization of the units.
    pub utilization: Utilization,
    /// Accounts of the units; from the event engine under `dataflow`.
    pub units: Vec<UnitAccount>,
    /// KV cache on the fullest chip.
    pub kv_cache: Placement,
    /// Table of the input embedding in HBM; absent where it is not simulated.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub embedding: Option<EmbeddingTable>,
    /// Events of one token over all chips.
    pub activity_per_token: TokenActivity,
    /// Bytes per token on every directed link.
    pub links: Vec<LinkBytes>,
    /// What links, memory and buffer did in their own cycles; null at other fidelities.
    pub cycle: Option<CycleAccount>,
    /// Rates and latencies that were measured in cycles and used; absent unless asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub measured: Option<Rates>,
    /// Why the closed form may be off by more than 2 %; null where it is not, and for figures from events.
    pub closed_form_flag: Option<String>,
    /// The closed-form bound (`dataflow`, analytic fidelity).
    pub bound: Option<Bound>,
    /// Weights on the fullest chip.
    pub weights_per_chip: u64,
    /// Events processed; 0 for closed forms.
    pub events: u64,
    /// Remarks on the validity of the figures.
    pub notes: Vec<String>,
}
