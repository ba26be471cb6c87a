//! From a discipline's result to the answer: shares, utilization, accounts of units, power, notes.

use std::collections::BTreeMap;

use crate::cycle::Effect;
use crate::dram::Stall;
use crate::energy::{self, TokenActivity};
use crate::engine::{IDLE_CAUSES, Usage};
use crate::schedule::cost::link_bytes_per_token;
use crate::schedule::dataflow::{Dataflow, Measured};
use crate::schedule::machine::Phase;
use crate::schedule::statistics::{GROUP, MIN_BATCHES};
use crate::units::{PerSpent, PerUnit, Sharing, Unit};

use super::Prepared;
use super::answer::{Breakdown, Confidence, CycleAccount, LinkBytes, Simulation, UnitAccount, Utilization};
use super::request::Discipline;

/// Scaling of a memory's clock up to which it counts as its own: rounding of bandwidths.
const CLOCK_SLACK: f64 = 0.001;

/// Mean bits up to which a release counts as one of 4 bits: scales of groups and 16-bit attention of sparse models included.
const NARROW_BITS: f64 = 5.0;

impl Prepared<'_> {
    /// Whether tokens pass the unembedding: in decode only.
    pub(super) fn head(&self) -> bool {
        self.request.phase == Phase::Decode
    }

    /// Utilization that follows from an answer's activity at `tokens_per_cycle`.
    pub(super) fn utilization(&self, answer: &Simulation, tokens_per_cycle: f64) -> Utilization {
        let specs = &self.compiled.specs;
        let chips = f64::from(self.mapped.mapping.grid.chips());
        let clock = specs.clock_hz as f64;
        let per_cycle = |unit: Unit| {
            let serial = unit == Unit::Hbm && self.request.discipline == Discipline::Serial;
            let per_second = if serial { specs.hbm.serial_bytes_per_second } else { specs.work_per_second(unit) };
            per_second as f64 / clock
        };
        let link = |bytes: f64| bytes * tokens_per_cycle / per_cycle(Unit::Links);
        let activity = &answer.activity_per_token;
        let links = || answer.links.iter().map(|l| l.bytes_per_token);
        let mean = PerUnit::from_fn(|unit| match unit.sharing() {
            Sharing::Layer | Sharing::LaneGroup => self.busy_per_server(unit) * tokens_per_cycle,
            Sharing::Chip(event) => activity[event] / chips * tokens_per_cycle / per_cycle(unit),
            // Not `sum`, whose empty sum is -0.
            Sharing::Link => link(links().fold(0.0, |sum, bytes| sum + bytes) / answer.links.len().max(1) as f64),
        });
        Utilization { mean, links_max: link(links().fold(0.0, f64::max)) }
    }

    /// Busy cycles per token of an average server of a unit that computes: instance of the array, or pipeline of a layer.
    fn busy_per_server(&self, unit: Unit) -> f64 {
        let compiled = &self.compiled;
        let chips = self.mapped.mapping.grid.chips();
        let mut busy = 0.0;
        for (count, layer) in compiled.groups(true) {
            let program = compiled.program(layer);
            for (_, instr) in &program.instrs {
                let requests = compiled.requests(program, instr, self.mean_context());
                for request in requests.into_iter().flatten().filter(|request| request.unit == unit) {
                    let uses = f64::from(request.uses(program, chips));
                    busy += f64::from(count) * (request.work as f64 * uses);
                }
            }
        }
        busy / compiled.servers(unit).max(1) as f64
    }

    /// Sets utilization and unit accounts from the settled servers.
    pub(super) fn account(&self, answer: &mut Simulation, result: &Dataflow) {
        let settled = &result.settled;
        let busy = |usage: &Usage| usage.busy as f64 / usage.total().max(1) as f64;
        let links_max = settled.links.iter().map(busy).fold(0.0, f64::max);
        answer.utilization = Utilization { mean: settled.units.map(|usage| busy(&usage)), links_max };
        for (unit, usage) in settled.units {
            let total = usage.total().max(1) as f64;
            let idle = IDLE_CAUSES.iter().map(|&(c, name)| (name, usage.idle[c as usize] as f64 / total * 100.0));
            answer.units.push(UnitAccount {
                unit,
                busy_pct: usage.busy as f64 / total * 100.0,
                idle_pct: idle.collect(),
            });
        }
    }

    /// What the models in their own cycles did; `None` at other fidelities.
    pub(super) fn cycle_account(&self, result: &Dataflow) -> Option<CycleAccount> {
        let specs = &self.compiled.specs;
        let cycle = specs.cycle.as_ref()?;
        let totals = &result.settled.cycle;
        let ns = |cycles: f64| specs.seconds(cycles) * 1e9;
        let link_cycles: u64 = result.settled.links.iter().map(Usage::total).sum();
        let reads = result.settled.units.attention_buffer.requests.max(1) as f64;
        let accesses = totals.dram_bursts > 0;
        let of_accesses = |count: u64| accesses.then(|| count as f64 / totals.dram_bursts as f64 * 100.0);
        let on_bus = |stall: Stall| (stall.name(), totals.bus_share(stall) * 100.0);
        let staging = cycle.effects.staging.then_some(self.placement);
        Some(CycleAccount {
            effects: Effect::ALL.iter().copied().filter(|effect| cycle.effects[*effect]).collect(),
            flits_per_token: totals.flits as f64 / result.counted_tokens,
            credit_wait_pct: totals.credit_wait as f64 / link_cycles.max(1) as f64 * 100.0,
            bank_wait_mean_ns: ns(totals.bank_wait as f64 / reads),
            staging_bytes_per_chip: staging.map_or(0, |placement| match placement.spilled_bytes_per_chip {
                0 => 0,
                _ => specs.attention_buffer.capacity - placement.resident_bytes_per_chip,
            }),
            staging_wait_mean_ns: (totals.streams > 0).then(|| ns(totals.staging_wait as f64 / totals.streams as f64)),
            issue_wait_mean_ns: ns(totals.issue_wait as f64 / result.activity.events.steps.max(1) as f64),
            row_hit_pct: of_accesses(totals.row_hits),
            row_conflict_pct: of_accesses(totals.row_conflicts),
            dram_bus_pct: if accesses { Stall::ALL.iter().copied().map(on_bus).collect() } else { BTreeMap::new() },
        })
    }

    /// What a reader must know of the simulated memory.
    pub(super) fn memory_notes(&self) -> Vec<String> {
        let read = self.placement.spilled_bytes_per_chip > 0 || self.mapped.mapping.embedding.is_some();
        let Some(cycle) = self.compiled.specs.cycle.as_ref().filter(|cycle| cycle.effects.dram && read) else {
            return Vec::new();
        };
        let (name, clock) = (&self.request.design.hbm.memory, cycle.memory.clock_ratio());
        let mut notes = vec![format!(
            "HBM is memory `{name}`; one of the {} channels of a chip is simulated and stands for the others",
            cycle.memory.channels()
        )];
        if (clock - 1.0).abs() > CLOCK_SLACK {
            notes.push(format!(
                "the clock of memory `{name}` is scaled by {clock:.3} to the bandwidth of hbm.stack_bandwidth, and its timings with it"
            ));
        }
        notes
    }

    /// How sure the figures of a run are.
    pub(super) fn confidence(&self, result: &Dataflow) -> Confidence {
        let Some(sample) = result.sample else {
            return Confidence { reason: Some("a prompt is simulated once: no sample".to_owned()), ..not_sampled() };
        };
        let stop = self.request.stop;
        let specs = &self.compiled.specs;
        let reason = sample.rate_half_width.is_none().then(|| {
            format!(
                "{} batches of {GROUP} tokens are too few for an interval, which needs {MIN_BATCHES}; a stated precision measures more",
                sample.batches
            )
        });
        Confidence {
            throughput_half_width_tokens_per_s: sample.rate_half_width.map(|half| half * specs.clock_hz as f64),
            throughput_half_width_pct: sample.rate_half_width.map(|half| half / result.tokens_per_cycle * 100.0),
            token_latency_half_width_us: sample.latency_half_width.map(|half| specs.seconds(half) * 1e6),
            batches: Some(sample.batches),
            warm_up_tokens: Some(sample.warm_up_tokens),
            measured_tokens: Some(result.counted_tokens),
            measured_by: Some(sample.measured),
            steady: sample.steady,
            asked_precision_pct: stop.precision.map(|precision| precision * 100.0),
            precision_reached: sample.reached,
            max_tokens: stop.precision.map(|_| stop.limit(self.sequences)),
            reason,
        }
    }

    /// Remarks on a sample that is not what was asked for.
    pub(super) fn sample_notes(confidence: &Confidence) -> Vec<String> {
        let mut notes = Vec::new();
        if confidence.measured_by == Some(Measured::Layers) {
            notes.push(
                "rounds of tokens are long on this machine: throughput follows from the load of its links over a few layers of \
                 every sequence, and latency from Little's law; a smaller --precision runs longer"
                    .to_owned(),
            );
        }
        if let (Some(asked), Some(false), Some(tokens)) =
            (confidence.asked_precision_pct, confidence.precision_reached, confidence.max_tokens)
        {
            notes.push(format!("the precision of {asked} % is not reached within {tokens} tokens"));
        }
        if confidence.steady == Some(false) {
            notes.push("the run was not stationary by its end (MSER-5): its figures still drift".to_owned());
        }
        notes
    }

    pub(super) fn answer(
        &self,
        tokens_per_cycle: f64,
        token_cycles: f64,
        spent: PerSpent<f64>,
        activity: TokenActivity,
        events: u64,
    ) -> Simulation {
        let request = &self.request;
        let specs = &self.compiled.specs;
        let chips = self.mapped.mapping.grid.chips();
        let rate = tokens_per_cycle * specs.clock_hz as f64;
        let power = energy::chip_power(request.design, &activity, rate, chips);
        let system_w = energy::system_w(request.design, &power, &activity, rate, chips);
        let total = spent.values().sum::<f64>().max(f64::MIN_POSITIVE);
        let percent = spent.map(|cycles| cycles / total * 100.0);
        let mut breakdown = Breakdown::default();
        percent.into_iter().for_each(|(class, percent)| breakdown.add(class, percent));
        let head = self.head() && request.discipline != Discipline::Serial;
        let links = link_bytes_per_token(&self.compiled, head);
        let links = links.iter().enumerate().map(|(link, &bytes_per_token)| {
            let (from, to) = specs.interconnect.ends(link);
            LinkBytes { from, to, bytes_per_token }
        });
        let mut notes = Vec::new();
        if request.context > request.model.max_context {
            notes.push(format!(
                "context {} is beyond the {} tokens the model was made for",
                request.context, request.model.max_context
            ));
        }
        let windows = request.model.layers.iter().filter(|l| l.span != designs::Span::Full).count();
        if windows > 0 && !request.design.mapping.sliding_windows {
            notes.push(format!("sliding windows of {windows} layers are ignored, as in the paper"));
        }
        Simulation {
            design: request.design.name.clone(),
            model: request.model.name.clone(),
            released_format: request.model.release.format.clone(),
            released_weights: self.mapped.released.clone(),
            hardwired_weights: "fp4",
            weights_are_narrowed: request.model.mean_released_bits() > NARROW_BITS,
            grid: self.mapped.mapping.grid,
            chips,
            phase: request.phase,
            discipline: request.discipline,
            fidelity: request.fidelity,
            context_tokens: request.context,
            contexts: self.contexts.spread(),
            sequences: self.sequences,
            in_flight_limit: self.mapped.mapping.stages(),
            throughput_tokens_per_s: rate,
            tokens_per_s_per_sequence: match request.phase {
                Phase::Decode => rate / self.sequences as f64,
                Phase::Prefill => rate,
            },
            token_latency_us: specs.seconds(token_cycles) * 1e6,
            confidence: not_sampled(),
            prompt_latency_us: None,
            breakdown_pct: breakdown,
            stall_pct: percent.into_iter().filter(|(class, _)| class.is_stall()).map(|(c, p)| (c.name(), p)).collect(),
            chip_power: power,
            system_power_kw: system_w / 1e3,
            dram_traffic_w: energy::dram_traffic_w(&activity, rate),
            energy_per_token_mj: system_w / rate * 1e3,
            tokens_per_kj: rate / system_w * 1e3,
            utilization: Utilization::default(),
            units: Vec::new(),
            kv_cache: self.placement,
            embedding: self.mapped.mapping.embedding,
            activity_per_token: activity,
            links: links.collect(),
            cycle: None,
            measured: self.measured,
            closed_form_flag: None,
            bound: None,
            weights_per_chip: self.mapped.mapping.weights_per_chip,
            events,
            notes,
        }
    }
}

/// What figures that are not a sample say of their confidence.
fn not_sampled() -> Confidence {
    let reason = "only decode under dataflow from events is sampled".to_owned();
    Confidence { reason: Some(reason), ..Confidence::default() }
}
