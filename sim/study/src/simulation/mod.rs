//! One simulation of a settled machine: what `hardwire simulate` and the Python package answer.
//!
//! A [`Question`] names design, changes and load; [`Case::load`] reads and settles the machine; the run itself is the caller's,
//! so that it can show progress or end early; [`Case::answer`] adds what the run alone does not know.

mod explanation;
mod part;
mod workload;

use designs::load::Loader;
use designs::{Model, Override, PerBlock, ProcessNode};
use serde::Serialize;
use sim::economics::area::WeightFormat;
use sim::mapping::ExpertChoice;
use sim::settle::{AreaSource, Build, Machine, Settled, idle};
use sim::{Discipline, Effect, Fidelity, PerEffect, Phase, Prepared, Request, Routing, Simulation, Stop};

pub use explanation::{KindExplanation, Operation, TensorLine, explain};
pub use part::Extrapolation;
use part::Part;
pub use workload::{Contexts, RoutingSource, tokens};

use crate::StudyError;

/// Mean bits beyond those of a format up to which a release counts as having it: scales of groups, and parts kept at 16 bits.
const FORMAT_SLACK_BITS: f64 = 1.0;

/// What is to be simulated.
#[derive(Debug, Clone)]
pub struct Question {
    /// Preset name or path of a design file.
    pub design: String,
    /// Changes of the design.
    pub overrides: Vec<Override>,
    /// Preset name or path of a model; the design's own if absent.
    pub model: Option<String>,
    /// Preset name or path of a process node; the design's own if absent.
    pub node: Option<String>,
    /// Number format of the hardwired weights.
    pub weights: WeightFormat,
    /// Source of the block areas.
    pub area: AreaSource,
    /// Contexts that the sequences take in turn, or the length of the prompt, in tokens; at least one.
    pub contexts: Vec<u64>,
    /// How often routers choose each expert.
    pub routing: Routing,
    /// Sequences (decode) or prompt tokens (prefill) in flight; as many as fill the pipeline if absent.
    pub sequences: Option<u64>,
    /// Phase of inference.
    pub phase: Phase,
    /// Scheduling discipline.
    pub discipline: Discipline,
    /// Cycles, events or closed form.
    pub fidelity: Fidelity,
    /// What is simulated in its own cycles at fidelity `cycle`.
    pub effects: PerEffect<bool>,
    /// Take rates and latencies of links, HBM and buffer that are measured in cycles (fidelities `event` and `analytic`).
    pub measured: bool,
    /// Allow a context longer than the model's maximum.
    pub allow_beyond_model_context: bool,
    /// Seed of the random choice of experts.
    pub seed: u64,
    /// When a run from events ends.
    pub stop: Stop,
    /// Number of layers to simulate, from the first; all if absent.
    pub layers: Option<usize>,
}

impl Question {
    /// The design with its own model and node, 2,048 tokens of context, a full pipeline, decode, dataflow, from events.
    #[must_use]
    pub fn new(design: impl Into<String>) -> Self {
        Self {
            design: design.into(),
            overrides: Vec::new(),
            model: None,
            node: None,
            weights: WeightFormat::Fp4,
            area: AreaSource::Design,
            contexts: vec![2048],
            routing: Routing::Uniform,
            sequences: None,
            phase: Phase::Decode,
            discipline: Discipline::Dataflow,
            fidelity: Fidelity::Event,
            effects: PerEffect::ALL,
            measured: false,
            allow_beyond_model_context: false,
            seed: 1,
            stop: Stop::default(),
            layers: None,
        }
    }

    fn machine(&self, overrides: &[Override], loader: &Loader<'_>) -> Result<Machine, StudyError> {
        Ok(Machine::load(&self.design, overrides, self.model.as_deref(), self.node.as_deref(), loader)?)
    }

    fn request<'a>(&'a self, settled: &'a Settled, model: &'a Model, fidelity: Fidelity) -> Request<'a> {
        Request {
            grid: Some(settled.design.grid),
            contexts: &self.contexts,
            routing: &self.routing,
            sequences: self.sequences,
            phase: self.phase,
            discipline: self.discipline,
            fidelity,
            effects: if fidelity == self.fidelity { self.effects } else { PerEffect::ALL },
            measured: self.measured,
            allow_beyond_model_context: self.allow_beyond_model_context,
            seed: self.seed,
            // A precision is of no use to closed forms, which answer side questions of the same request.
            stop: if fidelity == self.fidelity { self.stop } else { Stop::default() },
            ..Request::of(&settled.design, model)
        }
    }
}

/// A question with its machine read and settled.
pub struct Case<'a> {
    question: &'a Question,
    build: Build,
    notes: Vec<String>,
    /// The part that is simulated, if not all.
    part: Option<Part>,
    /// Machine as asked for.
    pub machine: Machine,
    /// Machine as simulated.
    pub settled: Settled,
}

impl<'a> Case<'a> {
    /// Reads and settles the machine.
    ///
    /// # Errors
    /// Every problem of the texts and overrides, and a machine that cannot be built.
    pub fn load(question: &'a Question, loader: &Loader<'_>) -> Result<Self, StudyError> {
        let machine = question.machine(&question.overrides, loader)?;
        let build = Build { format: question.weights, areas: question.area, ..crate::build::published(loader)? };
        let (settled, notes) = machine.settle(&build)?;
        let whole = question.request(&settled, machine.model(), question.fidelity);
        let part = question.layers.map(|layers| Part::new(&whole, layers)).transpose()?;
        Ok(Self { question, build, notes, part, machine, settled })
    }

    /// What is simulated at `fidelity`: the question's, or that of a part of the machine.
    fn request(&self, fidelity: Fidelity) -> Request<'_> {
        let whole = self.question.request(&self.settled, self.machine.model(), fidelity);
        self.part.as_ref().map_or_else(|| whole.clone(), |part| part.request(&whole))
    }

    /// Maps the model and compiles the program.
    ///
    /// # Errors
    /// If the request is out of bounds or the model does not fit.
    pub fn prepare(&self) -> Result<Prepared<'_>, StudyError> {
        Ok(Prepared::new(self.request(self.question.fidelity))?)
    }

    /// The result as the effects of the question are added one after the other to the event machine; the last is `run`, the
    /// question's own. `progress` is called with the number of the run, tokens done and tokens in all.
    ///
    /// # Errors
    /// As [`Self::prepare`].
    pub fn causes(
        &self,
        run: &Simulation,
        progress: &mut dyn FnMut(usize, u64, u64),
    ) -> Result<Vec<Cause>, StudyError> {
        let fidelity = self.question.fidelity;
        if fidelity != Fidelity::Cycle {
            return Err(sim::SimulateError::NotInCycles { fidelity }.into());
        }
        let added: Vec<Effect> = Effect::ALL.into_iter().filter(|effect| self.question.effects[*effect]).collect();
        let event = self.request(Fidelity::Event);
        let mut causes = vec![Cause::after(None, None, &Prepared::new(event)?.run_with(&mut |a, b| progress(0, a, b)))];
        let mut effects = PerEffect::NONE;
        for (number, &effect) in added.iter().enumerate() {
            effects[effect] = true;
            let own;
            let result = if number + 1 == added.len() {
                run
            } else {
                let request = Request { effects, ..self.request(Fidelity::Cycle) };
                own = Prepared::new(request)?.run_with(&mut |a, b| progress(number + 1, a, b));
                &own
            };
            causes.push(Cause::after(causes.last(), Some(effect), result));
        }
        Ok(causes)
    }

    /// The answer from the run of `prepared`, with the mapping if `explained`.
    #[must_use]
    pub fn answer(
        &self,
        prepared: &Prepared<'_>,
        mut simulation: Simulation,
        explained: bool,
        loader: &Loader<'_>,
    ) -> Answer {
        let (model, format) = (self.machine.model(), self.settled.format);
        simulation.hardwired_weights = format.name();
        let stored = format.traits().stored_bits + FORMAT_SLACK_BITS;
        simulation.weights_are_narrowed = model.mean_released_bits() > stored;
        let notes = self.notes.iter().cloned().chain(self.idle(loader));
        simulation.notes.splice(0..0, notes);
        let densities = sim::energy::densities(&self.settled.design, &simulation.chip_power);
        simulation.notes.extend(densities.iter().filter_map(crate::energy::remark));
        let experts = ExpertChoice::new(&self.settled.design, model, prepared.mapping()).ok().flatten();
        let part = self.part.as_ref().map(|part| part.extrapolate(&simulation));
        simulation.notes.extend(part.iter().map(|part| {
            format!(
                "figures are those of {} of {} layers with {} of {} sequences; {}",
                part.layers, part.of_layers, part.sequences, part.of_sequences, part.reason
            )
        }));
        simulation.notes.extend(experts.iter().filter(|choice| choice.matters()).map(|choice| choice.reason.clone()));
        Answer {
            simulation,
            machine: Built::new(&self.settled, self.machine.node()),
            causes: None,
            part,
            experts: experts.filter(|_| explained),
            explanation: explained.then(|| explain(prepared.mapping())),
        }
    }

    /// Overrides that change nothing.
    fn idle(&self, loader: &Loader<'_>) -> Vec<String> {
        idle(&self.question.overrides, &|overrides| {
            let machine = self.question.machine(overrides, loader).ok()?;
            let (settled, _) = machine.settle(&self.build).ok()?;
            let request = self.question.request(&settled, machine.model(), Fidelity::Analytic);
            let simulation = Prepared::new(request).ok()?.run();
            // Closed forms do not see what is simulated in its own cycles.
            let design = &settled.design;
            let parts = (&design.interconnect, &design.hbm, &design.attention_buffer, design.issue_cycles);
            let parts = (self.question.fidelity == Fidelity::Cycle).then_some(parts);
            Some(format!("{:?}{simulation:?}{parts:?}", settled.layout))
        })
    }
}

/// A simulation with its machine; keys are stable, units in their names.
#[derive(Debug, Serialize)]
pub struct Answer {
    /// The run.
    #[serde(flatten)]
    pub simulation: Simulation,
    /// The machine as settled.
    pub machine: Built,
    /// How the effects that are simulated in their own cycles change the result, one after the other, if asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub causes: Option<Vec<Cause>>,
    /// The whole machine by extrapolation, if a part of it was simulated.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub part: Option<Extrapolation>,
    /// How experts are placed, if the mapping is asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub experts: Option<ExpertChoice>,
    /// The mapping, if asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub explanation: Option<Vec<KindExplanation>>,
}

/// The result with one effect more than in the line before; the first line is that of events.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Cause {
    /// The effect; null for the event machine.
    pub effect: Option<Effect>,
    /// Throughput, tokens per second.
    pub throughput_tokens_per_s: f64,
    /// Its change from the line before, tokens per second; the changes add up to the difference of the fidelities.
    pub throughput_change_tokens_per_s: f64,
    /// Latency of a token, microseconds.
    pub token_latency_us: f64,
    /// Its change from the line before, microseconds.
    pub token_latency_change_us: f64,
}

impl Cause {
    fn after(before: Option<&Self>, effect: Option<Effect>, run: &Simulation) -> Self {
        let (rate, latency) = (run.throughput_tokens_per_s, run.token_latency_us);
        Self {
            effect,
            throughput_tokens_per_s: rate,
            throughput_change_tokens_per_s: before.map_or(0.0, |b| rate - b.throughput_tokens_per_s),
            token_latency_us: latency,
            token_latency_change_us: before.map_or(0.0, |b| latency - b.token_latency_us),
        }
    }
}

/// The machine as settled.
#[derive(Debug, Serialize)]
pub struct Built {
    /// Process node.
    pub node: String,
    /// Format of the weights.
    pub weights: WeightFormat,
    /// Area of each block, mm2.
    pub area_mm2: PerBlock<f64>,
    /// Area of a chip, mm2.
    pub chip_mm2: f64,
    /// Area of a weight, um2.
    pub um2_per_weight: f64,
    /// Weights that fit on a chip.
    pub weight_capacity: u64,
}

impl Built {
    fn new(settled: &Settled, node: &ProcessNode) -> Self {
        let layout = &settled.layout;
        Self {
            node: node.name.clone(),
            weights: settled.format,
            area_mm2: layout.area.map(|area| area.mm2()),
            chip_mm2: layout.chip_mm2,
            um2_per_weight: layout.um2_per_weight,
            weight_capacity: layout.capacity,
        }
    }
}
