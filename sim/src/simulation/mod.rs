//! One simulation: request and result as plain structs, with units in the names of fields.
//!
//! [`simulate`] maps the model, places the KV cache, runs the requested discipline at the requested fidelity, and
//! adds power. Keys of the serialized result are stable.

mod accounts;
mod answer;
mod contexts;
mod flag;
mod learned;
mod request;
mod trace;

use std::borrow::Cow;
use std::sync::Arc;

use designs::load;

use crate::cycle;
use crate::mapping::{Mapping, smallest_grid};
use crate::mappings::{Mapped, Mappings};
use crate::schedule::cost::{self, activity};
use crate::schedule::dataflow::{self, Measured};
use crate::schedule::machine::{Load, Phase, Start};
use crate::schedule::program::Compiled;
use crate::schedule::request::Request as ServerRequest;
use crate::schedule::router::Router;
use crate::schedule::steady;
use crate::schedule::{lockstep, serial, utilization};
use crate::units::Specs;
use crate::units::hbm::Placement;

pub use crate::schedule::router::{Routing, RoutingError};
pub use crate::schedule::steady::{Keeper, Stop, Unfinished};
use contexts::Contexts;

pub use crate::cycle::measured::Rates;
pub use crate::cycle::{Effect, PerEffect};
pub use answer::{Breakdown, Confidence, CycleAccount, LinkBytes, Simulation, UnitAccount, Utilization, mean_key};
pub use contexts::ContextSpread;
pub use request::{
    Discipline, Fidelity, MAX_CONTEXT, MAX_CONTEXTS, MAX_SEQUENCE_CHIPS, MAX_SEQUENCES, MAX_TOKENS, Request,
    SimulateError,
};
pub use trace::TraceError;

/// A request with its model mapped and compiled.
pub struct Prepared<'a> {
    request: Request<'a>,
    mapped: Arc<Mapped>,
    compiled: Compiled,
    sequences: u64,
    placement: Placement,
    contexts: Contexts,
    router: Router,
    measured: Option<Rates>,
}

impl<'a> Prepared<'a> {
    /// Checks the request, maps the model and compiles the program.
    ///
    /// # Errors
    /// If the request is out of bounds or the model does not fit.
    pub fn new(request: Request<'a>) -> Result<Self, SimulateError> {
        Self::with(request, &mut Mappings::default())
    }

    /// As [`Self::new`], with the mapping from `mappings` where one fits.
    ///
    /// # Errors
    /// As [`Self::new`].
    pub fn with(mut request: Request<'a>, mappings: &mut Mappings) -> Result<Self, SimulateError> {
        Contexts::check(&request)?;
        check_stop(&request)?;
        let (candidates, vocabulary) = (request.design.mapping.sampling_candidates, request.model.vocabulary);
        if candidates > vocabulary {
            return Err(SimulateError::Candidates { candidates, vocabulary, model: request.model.name.clone() });
        }
        let grid = match request.grid {
            Some(grid) => grid,
            None => smallest_grid(request.design, request.model)?,
        };
        let cycle = request.fidelity == Fidelity::Cycle;
        if !cycle && request.effects != PerEffect::ALL {
            return Err(SimulateError::NotInCycles { fidelity: request.fidelity });
        }
        if cycle && request.discipline != Discipline::Dataflow {
            return Err(SimulateError::NoCycles { discipline: request.discipline });
        }
        if request.measured && (cycle || request.discipline == Discipline::Serial) {
            let (fidelity, discipline) = (request.fidelity, request.discipline);
            return Err(SimulateError::NotLearned { fidelity, discipline });
        }
        let in_cycles = cycle || request.measured;
        let design = match in_cycles {
            true => Cow::Owned(cycle::Spec::design(request.design, request.effects)),
            false => Cow::Borrowed(request.design),
        };
        let mapped = mappings.mapped(&design, request.model, grid)?;
        let mapping = &mapped.mapping;
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
        if request.fidelity.simulates() && sequences * u64::from(chips) > MAX_SEQUENCE_CHIPS {
            return Err(SimulateError::TooLarge { sequences, chips, limit: MAX_SEQUENCE_CHIPS });
        }
        let mut specs = Specs::new(&design, mapping);
        let contexts = Contexts::deal(&mut request, sequences);
        let kv = match contexts.of_sequences() {
            [] => mapping.kv_bytes_per_chip(request.context).saturating_mul(kv_sequences(&request, sequences)),
            contexts => {
                let kv = contexts.iter().map(|context| mapping.kv_bytes_per_chip(*context));
                kv.fold(0, u64::saturating_add)
            }
        };
        let capacity = specs.attention_buffer.capacity;
        let mut placement = Placement::new(kv, capacity);
        let mut models = None;
        if in_cycles {
            if request.effects.staging {
                placement = Placement::beside_streams(kv, capacity, staged_share(&request, mapping, sequences));
            }
            let memory = load::memory(&design.hbm.memory, &[], &load::no_files).expect("designs name known presets");
            cycle::memory::Spec::check(&memory)?;
            let staging = capacity - placement.resident_bytes_per_chip;
            if cycle {
                specs = specs.in_cycles(&design, &memory, request.effects, staging);
            } else {
                models = Some(cycle::Spec::new(&design, &memory, request.effects, staging));
            }
        }
        let mut compiled = Compiled::with(mapping, specs, &mapped.messages);
        let context = request.context;
        let measured = models.map(|models| learned::measure(&design, &compiled, &models, &placement, context));
        if let Some(measured) = &measured {
            compiled.specs = compiled.specs.learned(&design, measured);
        }
        let router = Router::new(request.routing, request.model, mapping, request.seed)?;
        let prepared = Self { request, mapped, compiled, sequences, placement, contexts, router, measured };
        prepared.check_kv()?;
        prepared.check_range()?;
        Ok(prepared)
    }

    /// Rejects runs whose cycle count, in any clock domain, would exceed 64 bits.
    fn check_range(&self) -> Result<(), SimulateError> {
        let specs = &self.compiled.specs;
        let longest = self.contexts.of_sequences().iter().copied().max().unwrap_or(self.request.context);
        let activity = activity(&self.compiled, longest, &self.placement, true);
        let clock = specs.clock_hz as f64;
        let rates = [
            (activity.link_bytes, specs.interconnect.bytes_per_second),
            (activity.buffer_bytes * self.compiled.layers() as f64, specs.attention_buffer.bytes_per_second),
            (activity.hbm_bytes, specs.hbm.bytes_per_second.min(specs.hbm.serial_bytes_per_second)),
        ];
        let moving: f64 = rates.iter().map(|&(bytes, rate)| bytes * clock / rate as f64).sum();
        let mut computing = 0.0;
        for (count, layer) in self.compiled.groups(true) {
            let program = self.compiled.program(layer);
            for (_, instr) in &program.instrs {
                let requests = self.compiled.requests(program, instr, longest);
                // Work of memories and links is in `moving`.
                let own = |r: &ServerRequest| r.latency + if r.unit.computes() { r.work } else { 0 };
                let longest = requests.iter().flatten().map(own).max().unwrap_or(0);
                computing += (longest + specs.interconnect.hop) as f64 * f64::from(count);
            }
        }
        let token = moving + computing;
        let tokens = match self.request.phase {
            Phase::Decode => self.request.stop.limit(self.sequences),
            Phase::Prefill => self.request.context,
        };
        let cycles = token * tokens as f64;
        let fastest = specs.hbm.bytes_per_second.max(specs.hbm.serial_bytes_per_second);
        let fastest = fastest.max(specs.interconnect.bytes_per_second).max(specs.attention_buffer.bytes_per_second);
        let ratio = (fastest as f64 / clock).max(1.0);
        if cycles * ratio > 2f64.powi(62) {
            return Err(SimulateError::OutOfRange { cycles, ratio });
        }
        Ok(())
    }

    fn check_kv(&self) -> Result<(), SimulateError> {
        let specs = &self.compiled.specs;
        let table = self.mapped.mapping.embedding.map_or(0, |embedding| embedding.table_bytes_per_chip);
        let Some(left) = specs.hbm.capacity.checked_sub(table) else {
            return Err(SimulateError::EmbeddingCapacity { needed: table, capacity: specs.hbm.capacity });
        };
        let resident = match self.placement.spilled_bytes_per_chip {
            0 => specs.attention_buffer.capacity,
            _ => self.placement.resident_bytes_per_chip,
        };
        let capacity = resident + left;
        let one = self.mapped.mapping.kv_bytes_per_chip(self.request.context);
        let needed = self.placement.kv_bytes_per_chip;
        if needed > capacity {
            return Err(SimulateError::KvCapacity {
                sequences: kv_sequences(&self.request, self.sequences),
                context: self.request.context,
                needed,
                capacity,
                table,
                fits: capacity / one.max(1),
            });
        }
        Ok(())
    }

    /// The mapping of the model.
    #[must_use]
    pub fn mapping(&self) -> &Mapping {
        &self.mapped.mapping
    }

    /// Sequences (decode) or prompt tokens (prefill) of the run.
    #[must_use]
    pub fn sequences(&self) -> u64 {
        self.sequences
    }

    /// Where the KV cache of the fullest chip lies.
    #[must_use]
    pub fn placement(&self) -> Placement {
        self.placement
    }

    /// Approximate number of events of the run; 0 for closed forms.
    #[must_use]
    pub fn expected_events(&self) -> u64 {
        if !self.request.fidelity.simulates() || self.request.discipline != Discipline::Dataflow {
            return 0;
        }
        dataflow::steps_per_token(&self.compiled, self.head()).saturating_mul(self.expected_tokens())
    }

    /// Tokens of a run from events; the most of one that ends at a stated precision.
    #[must_use]
    pub fn expected_tokens(&self) -> u64 {
        let stop = self.request.stop;
        match self.request.phase {
            Phase::Decode if stop.precision.is_some() || stop.window.is_some() => stop.expected(self.sequences),
            Phase::Decode
                if steady::measured(&self.compiled, &self.decode_load(), &self.placement, stop) == Measured::Layers =>
            {
                utilization::least_tokens(self.sequences, self.compiled.sequence.len())
            }
            Phase::Decode => stop.expected(self.sequences),
            Phase::Prefill if self.request.context <= dataflow::WHOLE_PROMPT => self.request.context,
            Phase::Prefill => dataflow::WINDOWS * 2 * self.sequences.min(self.mapped.mapping.stages()),
        }
    }

    /// Mean context of the tokens in the machine: half a prompt in prefill.
    fn mean_context(&self) -> u64 {
        match self.request.phase {
            Phase::Decode => self.request.context,
            Phase::Prefill => (self.request.context / 2).max(1),
        }
    }

    /// Runs the simulation.
    #[must_use]
    pub fn run(&self) -> Simulation {
        self.run_with(&mut |_, _| {})
    }

    /// Runs the simulation; calls `progress` with the number of finished tokens and of all tokens.
    #[must_use]
    pub fn run_with(&self, progress: &mut dataflow::Progress) -> Simulation {
        self.run_keeping(progress, &mut ())
    }

    /// [`Self::run_with`], going on from what `keeper` has; the result does not depend on that. What it has must be of the same
    /// request ([`Self::identity`]). Runs that are not [`Self::is_kept`] are not offered.
    #[must_use]
    pub fn run_keeping(&self, progress: &mut dataflow::Progress, keeper: &mut dyn Keeper) -> Simulation {
        match self.request.discipline {
            Discipline::Serial => self.serial(),
            Discipline::Lockstep => self.lockstep(),
            Discipline::Dataflow => self.dataflow(progress, keeper),
        }
    }

    /// Whether the state of a run can be kept: decode from events or cycles, in rounds.
    #[must_use]
    pub fn is_kept(&self) -> bool {
        let request = &self.request;
        let decodes = request.discipline == Discipline::Dataflow && request.phase == Phase::Decode;
        let simulates = request.fidelity.simulates();
        decodes
            && simulates
            && steady::measured(&self.compiled, &self.decode_load(), &self.placement, request.stop) == Measured::Rounds
    }

    /// All that decides a run, as text: equal requests of one version of the program have the same.
    #[must_use]
    pub fn identity(&self) -> String {
        format!("{} {:?}", env!("CARGO_PKG_VERSION"), self.request)
    }

    fn serial(&self) -> Simulation {
        let context = self.mean_context();
        let result = match self.request.fidelity {
            Fidelity::Cycle | Fidelity::Event => serial::event(&self.compiled, context, &self.placement),
            Fidelity::Analytic => {
                serial::analytic(&self.compiled, context, &self.placement, serial::beat_bytes(&self.compiled))
            }
        };
        let in_flight = self.sequences.min(self.mapped.mapping.stages()) as f64;
        let rate = in_flight / result.token_cycles();
        let mut activity = activity(&self.compiled, context, &self.placement, false);
        // In this accounting one token at a time uses the memory: of the tokens in flight, one streams its cache.
        let rows = (cost::embedding_bytes(&self.compiled) * u64::from(self.mapped.mapping.grid.chips())) as f64;
        activity.hbm_bytes = (activity.hbm_bytes - rows) / in_flight + rows;
        let mut answer = self.answer(rate, result.token_cycles(), result.spent, activity, result.events);
        answer.utilization = self.utilization(&answer, rate);
        let asked = answer.utilization.mean.attention_buffer;
        if asked > 1.0 {
            answer.notes.push(format!(
                "the accounting asks {asked:.1} times the attention buffer's bandwidth at this rate: no machine keeps it up"
            ));
        }
        answer.notes.push(
            "serial is the paper's accounting: links and buffer are charged a full pipeline, sampling is left out"
                .to_owned(),
        );
        answer
    }

    fn lockstep(&self) -> Simulation {
        let context = self.mean_context();
        let from_events = self.request.fidelity.simulates();
        let sequences = match self.request.phase {
            Phase::Decode => self.sequences,
            Phase::Prefill => self.sequences.min(self.request.context),
        };
        let result = lockstep::beat(&self.compiled, context, sequences, &self.placement, from_events);
        let token_cycles = result.beat * result.beats_per_token as f64;
        let in_flight = sequences.min(result.beats_per_token) as f64;
        let rate = in_flight / token_cycles;
        let spent = result.parts.map(|p| p * result.beats_per_token as f64);
        let activity = activity(&self.compiled, context, &self.placement, self.head());
        let mut answer = self.answer(rate, token_cycles, spent, activity, result.events);
        answer.utilization = self.utilization(&answer, rate);
        if !from_events {
            answer.closed_form_flag = self.lockstep_flag(&answer.breakdown_pct, &answer.stall_pct);
            answer.notes.extend(answer.closed_form_flag.clone());
        }
        answer
    }

    fn dataflow_bound(&self, context: u64) -> Simulation {
        let (compiled, placement) = (&self.compiled, &self.placement);
        let shares = self.contexts.shares();
        let (bound, mut spent) = if shares.is_empty() {
            let (bound, spent) = dataflow::bound(compiled, context, placement, self.head(), &self.router);
            (bound, spent.map(|cycles| cycles as f64))
        } else {
            dataflow::mixed_bound(compiled, &shares, placement, &self.router)
        };
        let per_token = activity(compiled, context, placement, self.head());
        let in_flight = self.in_flight();
        let rate = (in_flight / bound.alone_cycles).min(1.0 / bound.bottleneck_cycles);
        // Tokens beyond the capacity of the bottleneck wait there; the latency follows from Little's law.
        let cycles = in_flight / rate;
        let flag = self.flag(&bound, &spent, rate);
        spent[bound.bottleneck.waiting()] += cycles - bound.alone_cycles;
        let mut answer = self.answer(rate, cycles, spent, per_token, 0);
        answer.utilization = self.utilization(&answer, rate);
        answer.closed_form_flag = flag;
        answer.notes.extend(answer.closed_form_flag.clone());
        answer.bound = Some(bound);
        answer
    }

    /// Tokens in flight.
    fn in_flight(&self) -> f64 {
        let sequences = self.sequences.min(self.mapped.mapping.stages());
        match self.request.phase {
            Phase::Decode => sequences as f64,
            Phase::Prefill => sequences.min(self.request.context) as f64,
        }
    }

    fn decode_load(&self) -> Load {
        Load {
            sequences: self.sequences as u32,
            context: self.request.context,
            contexts: self.contexts.of_sequences().to_vec(),
            phase: Phase::Decode,
            start: Start::Spread,
            seed: self.request.seed,
            router: self.router.clone(),
            ..Load::default()
        }
    }

    fn dataflow(&self, progress: &mut dataflow::Progress, keeper: &mut dyn Keeper) -> Simulation {
        let context = self.mean_context();
        if !self.request.fidelity.simulates() {
            return self.dataflow_bound(context);
        }
        let (compiled, seed) = (&self.compiled, self.request.seed);
        let result = match self.request.phase {
            Phase::Decode => {
                let (load, stop) = (self.decode_load(), self.request.stop);
                steady::decode(compiled, load, self.placement, stop, progress, keeper)
            }
            Phase::Prefill => {
                let in_flight = self.sequences.min(self.mapped.mapping.stages());
                dataflow::prefill(
                    compiled,
                    &self.mapped.mapping,
                    self.request.context,
                    in_flight,
                    seed,
                    &self.router,
                    progress,
                )
            }
        };
        let counted = result.counted_tokens;
        let per_token = result.activity.events.map(|events| events as f64 / counted);
        let rate = result.tokens_per_cycle;
        let mut answer = self.answer(rate, result.token_cycles, result.spent, per_token, result.events);
        answer.confidence = self.confidence(&result);
        answer.notes.extend(Self::sample_notes(&answer.confidence));
        answer.prompt_latency_us = result.prompt_cycles.map(|c| self.compiled.specs.seconds(c) * 1e6);
        self.account(&mut answer, &result);
        answer.cycle = self.cycle_account(&result);
        answer.notes.extend(self.memory_notes());
        answer
    }
}

/// Rejects a precision that cannot be asked for.
fn check_stop(request: &Request) -> Result<(), SimulateError> {
    let Stop { precision, max_tokens, window, .. } = request.stop;
    if let Some(tokens) = max_tokens.max(window).filter(|&tokens| tokens > MAX_TOKENS) {
        return Err(SimulateError::TooManyTokens { tokens, limit: MAX_TOKENS });
    }
    if precision.is_none() && window.is_none() {
        return Ok(());
    }
    if let Some(precision) = precision.filter(|&precision| !(precision > 0.0 && precision < 1.0)) {
        return Err(SimulateError::Precision { precision });
    }
    let sampled = request.discipline == Discipline::Dataflow && request.fidelity.simulates();
    if sampled && request.phase == Phase::Decode { Ok(()) } else { Err(SimulateError::NotSampled) }
}

/// Share of the whole cache that streams take in the buffer if all of it is streamed: two layers of every token in flight.
fn staged_share(request: &Request, mapping: &Mapping, sequences: u64) -> f64 {
    let held = kv_sequences(request, sequences);
    let in_flight = sequences.min(mapping.stages()).min(held);
    2.0 * in_flight as f64 / (held as f64 * mapping.layer_kinds.len() as f64)
}

/// Number of sequences whose cache the machine holds.
fn kv_sequences(request: &Request, sequences: u64) -> u64 {
    match (request.discipline, request.phase) {
        // The paper's accounting counts only the token's own sequence; a prompt is one sequence.
        (Discipline::Serial, _) | (_, Phase::Prefill) => 1,
        _ => sequences,
    }
}

/// Simulates one request.
///
/// # Errors
/// If the request is out of bounds or the model does not fit.
pub fn simulate(request: Request) -> Result<Simulation, SimulateError> {
    Ok(Prepared::new(request)?.run())
}
