//! One question to the simulator and its answer, as plain structs with units in the names.
//!
//! [`simulate`] maps the model, places the KV cache, runs the asked discipline at the asked fidelity, and
//! adds power. Keys of the serialized answer are stable.

use std::collections::BTreeMap;

use designs::{Design, Grid, Model};
use serde::Serialize;

use crate::energy::{self, ChipPower};
use crate::engine::{IDLE_CAUSES, Usage};
use crate::mapping::{Mapping, MappingError, smallest_grid};
use crate::schedule::cost::{self, TokenActivity, activity, link_bytes_per_token};
use crate::schedule::dataflow::{self, Bound, Dataflow};
use crate::schedule::machine::{Phase, SPENT, SPENT_NAMES, Spent};
use crate::schedule::program::Compiled;
use crate::schedule::{lockstep, serial};
use crate::units::Specs;
use crate::units::hbm::Placement;

/// How time is accounted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Discipline {
    /// Operations start when inputs, links and memory are free.
    Dataflow,
    /// Stages advance on a common beat.
    Lockstep,
    /// The paper's accounting.
    Serial,
}

/// Whether the answer comes from events or from a closed form.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Fidelity {
    /// From the event engine.
    Event,
    /// From closed forms.
    Analytic,
}

/// A question.
#[derive(Debug, Clone)]
pub struct Request<'a> {
    /// Machine.
    pub design: &'a Design,
    /// Model whose weights it carries.
    pub model: &'a Model,
    /// Grid; `None` takes the smallest near-square one that holds the model.
    pub grid: Option<Grid>,
    /// Context of every sequence, or length of the prompt.
    pub context: u64,
    /// Sequences (decode) or prompt tokens (prefill) in the machine; `None` fills the pipeline.
    pub sequences: Option<u64>,
    /// Decode or prefill.
    pub phase: Phase,
    /// Accounting.
    pub discipline: Discipline,
    /// Events or closed form.
    pub fidelity: Fidelity,
    /// Whether a context beyond the model's maximum is allowed.
    pub allow_beyond_model_context: bool,
    /// Seed of the router's choices.
    pub seed: u64,
}

/// Why there is no answer.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum SimulateError {
    /// The model cannot be mapped.
    #[error(transparent)]
    Mapping(#[from] MappingError),
    /// No sequences.
    #[error("sequences must be at least 1; leave it out to fill the pipeline with {slots}")]
    NoSequences {
        /// Places in the pipeline.
        slots: u64,
    },
    /// More than is simulated.
    #[error("{sequences} sequences are more than the {limit} that a run takes ({slots} are in flight at once)")]
    TooManySequences {
        /// Asked for.
        sequences: u64,
        /// Bound.
        limit: u64,
        /// Places in the pipeline.
        slots: u64,
    },
    /// No context.
    #[error("context must be at least 1 token")]
    NoContext,
    /// The context is longer than the model was made for.
    #[error(
        "context {context} is beyond the {max} tokens {model} was made for; --allow-beyond-model-context simulates it all the same"
    )]
    BeyondModelContext {
        /// Asked for.
        context: u64,
        /// Model's maximum.
        max: u64,
        /// Model.
        model: String,
    },
    /// A context beyond any bound.
    #[error("context {context} is beyond the {limit} tokens the simulator takes")]
    ContextTooLong {
        /// Asked for.
        context: u64,
        /// Bound.
        limit: u64,
    },
    /// The KV cache does not fit in the machine at all.
    #[error(
        "the KV cache of {sequences} sequences of {context} tokens takes {needed} bytes on a chip, beyond its {capacity} \
         bytes of attention buffer and HBM; at this context {fits} sequences fit"
    )]
    KvCapacity {
        /// Sequences.
        sequences: u64,
        /// Context.
        context: u64,
        /// Bytes needed on the fullest chip.
        needed: u64,
        /// Bytes of buffer and HBM.
        capacity: u64,
        /// Sequences that fit.
        fits: u64,
    },
    /// The run would take more memory or time than it may.
    #[error("{sequences} sequences on {chips} chips are too many for the event engine ({limit} sequence-chips); use --fidelity analytic or fewer --sequences")]
    TooLarge {
        /// Sequences.
        sequences: u64,
        /// Chips.
        chips: u32,
        /// Bound on their product.
        limit: u64,
    },
}

/// Longest context taken.
pub const MAX_CONTEXT: u64 = 1 << 32;
/// Most sequences taken.
pub const MAX_SEQUENCES: u64 = 1 << 20;
/// Most sequences times chips the event engine takes.
pub const MAX_SEQUENCE_CHIPS: u64 = 1 << 20;

/// Shares of a token's time; they add up to 100.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
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

/// Account of a unit: percent of its time.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct UnitAccount {
    /// Unit.
    pub unit: &'static str,
    /// At work, percent.
    pub busy_pct: f64,
    /// Idle, percent, by what the next request was doing meanwhile.
    pub idle_pct: BTreeMap<&'static str, f64>,
}

/// Utilization of the units, 0 to 1.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize)]
pub struct Utilization {
    /// Mean over the instances of the hardwired-neuron array.
    pub hn_array: f64,
    /// Mean over the attention pipelines.
    pub vex_attention: f64,
    /// Mean over the non-linear pipelines.
    pub vex_nonlinear: f64,
    /// Mean over the chips, of the effective bandwidth.
    pub attention_buffer: f64,
    /// Mean over the chips, of the bandwidth of the discipline.
    pub hbm: f64,
    /// Mean over the links.
    pub links_mean: f64,
    /// Busiest link.
    pub links_max: f64,
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

/// An answer.
#[derive(Debug, Clone, Serialize)]
pub struct Simulation {
    /// Design.
    pub design: String,
    /// Model.
    pub model: String,
    /// Grid.
    pub grid: Grid,
    /// Chips.
    pub chips: u32,
    /// Decode or prefill.
    pub phase: Phase,
    /// Accounting.
    pub discipline: Discipline,
    /// Events or closed form.
    pub fidelity: Fidelity,
    /// Context of every sequence, or length of the prompt.
    pub context_tokens: u64,
    /// Sequences (decode) or prompt tokens (prefill) in the machine.
    pub sequences: u64,
    /// Most tokens in flight: stages of all layers.
    pub in_flight_limit: u64,
    /// Tokens per second over all sequences.
    pub throughput_tokens_per_s: f64,
    /// Tokens per second of one sequence.
    pub tokens_per_s_per_sequence: f64,
    /// Time of one token from its start to its end.
    pub token_latency_us: f64,
    /// Time until a whole prompt is processed (prefill only).
    pub prompt_latency_us: Option<f64>,
    /// Where a token's time goes.
    pub breakdown_pct: Breakdown,
    /// Causes of stalls, percent of a token's time.
    pub stall_pct: BTreeMap<&'static str, f64>,
    /// Power of an average chip.
    pub chip_power: ChipPower,
    /// Power of the system.
    pub system_power_kw: f64,
    /// Energy per token of the system.
    pub energy_per_token_mj: f64,
    /// Tokens per kilojoule.
    pub tokens_per_kj: f64,
    /// Utilization of the units.
    pub utilization: Utilization,
    /// Accounts of the units; from the event engine under `dataflow`.
    pub units: Vec<UnitAccount>,
    /// KV cache on the fullest chip.
    pub kv_cache: Placement,
    /// What one token does.
    pub activity_per_token: TokenActivity,
    /// Bytes per token on every directed link.
    pub links: Vec<LinkBytes>,
    /// The closed-form bound (`dataflow`, analytic fidelity).
    pub bound: Option<Bound>,
    /// Weights on the fullest chip.
    pub weights_per_chip: u64,
    /// Events processed; 0 for closed forms.
    pub events: u64,
    /// What to keep in mind when reading the figures.
    pub notes: Vec<String>,
}

/// A model mapped and compiled for a machine, ready to be asked about many operating points.
pub struct Prepared<'a> {
    request: Request<'a>,
    mapping: Mapping,
    compiled: Compiled,
    sequences: u64,
}

impl<'a> Prepared<'a> {
    /// Maps and compiles.
    ///
    /// # Errors
    /// When the request makes no sense or the model does not fit.
    pub fn new(request: Request<'a>) -> Result<Self, SimulateError> {
        if request.context == 0 {
            return Err(SimulateError::NoContext);
        }
        if request.context > MAX_CONTEXT {
            return Err(SimulateError::ContextTooLong { context: request.context, limit: MAX_CONTEXT });
        }
        let max = request.model.max_context;
        if request.context > max && !request.allow_beyond_model_context {
            let model = request.model.name.clone();
            return Err(SimulateError::BeyondModelContext { context: request.context, max, model });
        }
        let grid = match request.grid {
            Some(grid) => grid,
            None => smallest_grid(request.design, request.model)?,
        };
        let mapping = Mapping::new(request.design, request.model, grid)?;
        let slots = mapping.stages();
        let sequences = match request.sequences {
            Some(0) => return Err(SimulateError::NoSequences { slots }),
            Some(n) if n > MAX_SEQUENCES => {
                return Err(SimulateError::TooManySequences { sequences: n, limit: MAX_SEQUENCES, slots });
            }
            Some(n) => n,
            None => slots,
        };
        let chips = grid.chips();
        if request.fidelity == Fidelity::Event && sequences * u64::from(chips) > MAX_SEQUENCE_CHIPS {
            return Err(SimulateError::TooLarge { sequences, chips, limit: MAX_SEQUENCE_CHIPS });
        }
        let compiled = Compiled::new(&mapping, Specs::new(request.design, &mapping));
        let prepared = Self { request, mapping, compiled, sequences };
        prepared.check_kv()?;
        Ok(prepared)
    }

    /// Sequences whose cache the machine holds.
    fn kv_sequences(&self) -> u64 {
        match (self.request.discipline, self.request.phase) {
            // The paper's accounting knows the token's own sequence only; a prompt is one sequence.
            (Discipline::Serial, _) | (_, Phase::Prefill) => 1,
            _ => self.sequences,
        }
    }

    fn check_kv(&self) -> Result<(), SimulateError> {
        let specs = &self.compiled.specs;
        let capacity = specs.attention_buffer.capacity + specs.hbm.capacity;
        let one = self.mapping.kv_bytes_per_chip(self.request.context);
        let needed = one.saturating_mul(self.kv_sequences());
        if needed > capacity {
            return Err(SimulateError::KvCapacity {
                sequences: self.kv_sequences(),
                context: self.request.context,
                needed,
                capacity,
                fits: capacity / one.max(1),
            });
        }
        Ok(())
    }

    /// The mapping behind the answers.
    #[must_use]
    pub fn mapping(&self) -> &Mapping {
        &self.mapping
    }

    /// Events the run will take, roughly; 0 for closed forms.
    #[must_use]
    pub fn expected_events(&self) -> u64 {
        if self.request.fidelity == Fidelity::Analytic || self.request.discipline != Discipline::Dataflow {
            return 0;
        }
        let per_token = dataflow::steps_per_token(&self.compiled, self.head());
        let tokens = match self.request.phase {
            Phase::Decode => 2 * self.sequences,
            Phase::Prefill if self.request.context <= dataflow::WHOLE_PROMPT => self.request.context,
            Phase::Prefill => dataflow::WINDOWS * 3 * self.sequences.min(self.mapping.stages()),
        };
        per_token * tokens
    }

    /// Mean context of the tokens in the machine: half a prompt in prefill.
    fn mean_context(&self) -> u64 {
        match self.request.phase {
            Phase::Decode => self.request.context,
            Phase::Prefill => (self.request.context / 2).max(1),
        }
    }

    /// Answers.
    #[must_use]
    pub fn run(&self) -> Simulation {
        let placement = cost::placement(&self.compiled, &self.mapping, self.request.context, self.kv_sequences());
        match self.request.discipline {
            Discipline::Serial => self.serial(placement),
            Discipline::Lockstep => self.lockstep(placement),
            Discipline::Dataflow => self.dataflow(placement),
        }
    }

    fn serial(&self, placement: Placement) -> Simulation {
        let context = self.mean_context();
        let result = match self.request.fidelity {
            Fidelity::Event => serial::event(&self.compiled, context, &placement),
            Fidelity::Analytic => {
                serial::analytic(&self.compiled, context, &placement, serial::beat_bytes(&self.compiled))
            }
        };
        let in_flight = self.sequences.min(self.mapping.stages()) as f64;
        let rate = in_flight / result.token_cycles();
        let mut activity = activity(&self.compiled, context, &placement, false);
        // The accounting has one token at a time on the memory: of the tokens in flight, one streams.
        activity.hbm_bytes /= in_flight;
        let mut answer = self.answer(placement, rate, result.token_cycles(), result.spent, activity, result.events);
        answer.utilization = self.utilization(rate, &activity, false);
        answer.notes.push(
            "serial is the paper's accounting: links and buffer are charged a full pipeline, sampling is left out"
                .to_owned(),
        );
        answer
    }

    fn lockstep(&self, placement: Placement) -> Simulation {
        let context = self.mean_context();
        let from_events = self.request.fidelity == Fidelity::Event;
        let sequences = match self.request.phase {
            Phase::Decode => self.sequences,
            Phase::Prefill => self.sequences.min(self.request.context),
        };
        let result = lockstep::beat(&self.compiled, context, sequences, &placement, from_events);
        let token_cycles = (result.beat * result.beats_per_token) as f64;
        let in_flight = sequences.min(result.beats_per_token) as f64;
        let rate = in_flight / token_cycles;
        let spent = result.parts.map(|p| (p * result.beats_per_token) as f64);
        let activity = activity(&self.compiled, context, &placement, self.head());
        let mut answer = self.answer(placement, rate, token_cycles, spent, activity, result.events);
        answer.utilization = self.utilization(rate, &activity, self.head());
        answer
    }

    fn dataflow(&self, placement: Placement) -> Simulation {
        let context = self.mean_context();
        let per_token = activity(&self.compiled, context, &placement, self.head());
        if self.request.fidelity == Fidelity::Analytic {
            let (bound, spent) = dataflow::bound(&self.compiled, context, &placement, self.head());
            let in_flight = self.sequences.min(self.mapping.stages()) as f64;
            let rate = (in_flight / bound.alone_cycles).min(1.0 / bound.bottleneck_cycles);
            // What does not fit at the bottleneck waits there: Little's law gives the latency.
            let cycles = in_flight / rate;
            let mut spent = spent.map(|s| s as f64);
            let waits = match bound.bottleneck {
                "links" => Spent::Communication,
                "HBM" => Spent::Memory,
                "HN array" => Spent::ArrayBusy,
                "VEX" => Spent::VexBusy,
                _ => Spent::Attention,
            };
            spent[waits as usize] += cycles - bound.alone_cycles;
            let mut answer = self.answer(placement, rate, cycles, spent, per_token, 0);
            answer.utilization = self.utilization(rate, &per_token, self.head());
            let (low, high) = (bound.knee_sequences / 4.0, bound.knee_sequences * 4.0);
            if in_flight > low && in_flight < high && in_flight > 1.0 {
                answer.notes.push(format!(
                    "between {low:.0} and {high:.0} tokens in flight the closed form is an upper bound of throughput; \
                     the event engine says how much is lost"
                ));
            }
            answer.bound = Some(bound);
            return answer;
        }
        let (compiled, seed) = (&self.compiled, self.request.seed);
        let result = match self.request.phase {
            Phase::Decode => dataflow::decode(compiled, self.request.context, self.sequences, placement, seed),
            Phase::Prefill => {
                let in_flight = self.sequences.min(self.mapping.stages());
                dataflow::prefill(compiled, &self.mapping, self.request.context, in_flight, seed)
            }
        };
        let counted = result.counted_tokens;
        let per_token = TokenActivity {
            hn_weights: result.activity.hn_weights as f64 / counted,
            vex_operations: result.activity.vex_operations as f64 / counted,
            buffer_bytes: result.activity.buffer_bytes as f64 / counted,
            link_bytes: result.activity.link_bytes as f64 / counted,
            hbm_bytes: result.activity.hbm_bytes as f64 / counted,
            steps: result.activity.steps as f64 / counted,
        };
        let rate = result.tokens_per_cycle;
        let mut answer = self.answer(placement, rate, result.token_cycles, result.spent, per_token, result.events);
        answer.prompt_latency_us = result.prompt_cycles.map(|c| self.compiled.specs.seconds(c) * 1e6);
        self.account(&mut answer, &result);
        answer
    }

    /// Whether tokens pass the unembedding: not those of a prompt.
    fn head(&self) -> bool {
        self.request.phase == Phase::Decode
    }

    fn utilization(&self, tokens_per_cycle: f64, activity: &TokenActivity, head: bool) -> Utilization {
        let specs = &self.compiled.specs;
        let chips = f64::from(self.mapping.grid.chips());
        let clock = specs.clock_hz as f64;
        let per_cycle = |bytes_per_second: u64| bytes_per_second as f64 / clock;
        let links = link_bytes_per_token(&self.compiled, head);
        let link = |bytes: f64| bytes * tokens_per_cycle / per_cycle(specs.interconnect.bytes_per_second);
        let hbm = match self.request.discipline {
            Discipline::Serial => specs.hbm.serial_bytes_per_second,
            _ => specs.hbm.bytes_per_second,
        };
        let busy = self.compute_busy();
        Utilization {
            hn_array: busy.0 * tokens_per_cycle,
            vex_nonlinear: busy.1 * tokens_per_cycle,
            vex_attention: busy.2 * tokens_per_cycle,
            attention_buffer: activity.buffer_bytes / chips * tokens_per_cycle
                / per_cycle(specs.attention_buffer.bytes_per_second),
            hbm: activity.hbm_bytes / chips * tokens_per_cycle / per_cycle(hbm),
            links_mean: link(links.iter().sum::<f64>() / links.len().max(1) as f64),
            links_max: link(links.iter().copied().fold(0.0, f64::max)),
        }
    }

    /// Busy cycles per token of an average array instance, non-linear and attention pipeline.
    fn compute_busy(&self) -> (f64, f64, f64) {
        use crate::schedule::program::Instr;
        let (mut hn, mut nonlinear, mut attention) = (0.0, 0.0, 0.0);
        let layers = self.compiled.layers() + 1;
        for layer in 0..layers {
            let program = self.compiled.program(layer);
            let chips = f64::from(self.mapping.grid.chips());
            for (_, instr) in &program.instrs {
                match instr {
                    Instr::Hn { fixed, expert, .. } => {
                        hn += fixed.map_or(0.0, |(_, p, _)| p.serial as f64 * chips);
                        hn += expert.map_or(0.0, |(_, p, _)| p.serial as f64 * f64::from(program.experts.1));
                    }
                    Instr::Nonlinear { fixed, per_expert } => {
                        nonlinear += self.compiled.specs.vex.nonlinear_service(fixed + per_expert) as f64;
                    }
                    Instr::Scores | Instr::Values => {
                        let cost = program.attention.as_ref().expect("attention belongs to layers");
                        let scores = *instr == Instr::Scores;
                        let bytes = self.compiled.kv_element_bytes;
                        let (_, vectors) = cost::attention_work(cost, scores, self.mean_context(), bytes);
                        attention += self.compiled.specs.vex.attention_cycles(vectors) as f64;
                    }
                    Instr::AwaitKv | Instr::Phase(_) => {}
                }
            }
        }
        let lanes = layers as f64;
        (hn / self.compiled.hn_instances.max(1) as f64, nonlinear / lanes, attention / lanes)
    }

    /// Takes utilization and accounts from the settled servers.
    fn account(&self, answer: &mut Simulation, result: &Dataflow) {
        let settled = &result.settled;
        let mut links = Usage::default();
        settled.links.iter().for_each(|l| links.add(l));
        let busy = |usage: &Usage| usage.busy as f64 / usage.total().max(1) as f64;
        answer.utilization = Utilization {
            hn_array: busy(&settled.hn_array),
            vex_attention: busy(&settled.vex_attention),
            vex_nonlinear: busy(&settled.vex_nonlinear),
            attention_buffer: busy(&settled.attention_buffer),
            hbm: busy(&settled.hbm),
            links_mean: busy(&links),
            links_max: settled.links.iter().map(busy).fold(0.0, f64::max),
        };
        for (unit, usage) in [
            ("hn_array", &settled.hn_array),
            ("vex_attention", &settled.vex_attention),
            ("vex_nonlinear", &settled.vex_nonlinear),
            ("attention_buffer", &settled.attention_buffer),
            ("hbm", &settled.hbm),
            ("links", &links),
        ] {
            let total = usage.total().max(1) as f64;
            let idle = IDLE_CAUSES.iter().map(|&(c, name)| (name, usage.idle[c as usize] as f64 / total * 100.0));
            answer.units.push(UnitAccount {
                unit,
                busy_pct: usage.busy as f64 / total * 100.0,
                idle_pct: idle.collect(),
            });
        }
    }

    fn answer(
        &self, placement: Placement, tokens_per_cycle: f64, token_cycles: f64, spent: [f64; SPENT],
        activity: TokenActivity, events: u64,
    ) -> Simulation {
        let request = &self.request;
        let specs = &self.compiled.specs;
        let chips = self.mapping.grid.chips();
        let rate = tokens_per_cycle * specs.clock_hz as f64;
        let power = energy::chip_power(request.design, &activity, rate, chips);
        let system_w = power.total_w * f64::from(chips) * request.design.energy.system_factor;
        let total: f64 = spent.iter().sum::<f64>().max(f64::MIN_POSITIVE);
        let pct = |class: Spent| spent[class as usize] / total * 100.0;
        let stalls = [Spent::Memory, Spent::ArrayBusy, Spent::VexBusy, Spent::Predecessor];
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
        let windows = request.model.layers.iter().filter(|l| l.window.is_some()).count();
        if windows > 0 && !request.design.mapping.sliding_windows {
            notes.push(format!("sliding windows of {windows} layers are ignored, as in the paper"));
        }
        Simulation {
            design: request.design.name.clone(),
            model: request.model.name.clone(),
            grid: self.mapping.grid,
            chips,
            phase: request.phase,
            discipline: request.discipline,
            fidelity: request.fidelity,
            context_tokens: request.context,
            sequences: self.sequences,
            in_flight_limit: self.mapping.stages(),
            throughput_tokens_per_s: rate,
            tokens_per_s_per_sequence: match request.phase {
                Phase::Decode => rate / self.sequences as f64,
                Phase::Prefill => rate,
            },
            token_latency_us: specs.seconds(token_cycles) * 1e6,
            prompt_latency_us: None,
            breakdown_pct: Breakdown {
                comm: pct(Spent::Communication),
                projection: pct(Spent::Projection),
                nonlinear: pct(Spent::Nonlinear),
                attention: pct(Spent::Attention),
                stall: stalls.iter().map(|&s| pct(s)).sum(),
            },
            stall_pct: stalls.iter().map(|&s| (SPENT_NAMES[s as usize], pct(s))).collect(),
            chip_power: power,
            system_power_kw: system_w / 1e3,
            energy_per_token_mj: system_w / rate * 1e3,
            tokens_per_kj: rate / system_w * 1e3,
            utilization: Utilization::default(),
            units: Vec::new(),
            kv_cache: placement,
            activity_per_token: activity,
            links: links.collect(),
            bound: None,
            weights_per_chip: self.mapping.weights_per_chip,
            events,
            notes,
        }
    }
}

/// Answers one request.
///
/// # Errors
/// When the request makes no sense or the model does not fit.
pub fn simulate(request: Request) -> Result<Simulation, SimulateError> {
    Ok(Prepared::new(request)?.run())
}
