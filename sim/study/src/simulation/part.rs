//! A part of a machine: the first layers of the model on all chips, with their share of sequences and of the attention buffer.
//!
//! The layers of a machine share links, memory and buffer. A part of `N` of `L` layers with `N / L` of the sequences keeps the
//! flow of layers per second, so the shared servers are as busy as in the whole machine where they bound it. The attention buffer is
//! made smaller, so that the same share of the cache lies in HBM and streams have the same share of the buffer. Figures of the whole
//! machine are extrapolated: its closed form times what the part measures over the part's closed form.

use designs::{Bytes, Design, Model};
use serde::Serialize;
use sim::units::Unit;
use sim::{Discipline, Fidelity, PerEffect, Phase, Prepared, Request, Simulation, Stop};

use crate::StudyError;

/// A part of a machine, ready to be simulated.
#[derive(Debug, Clone)]
pub(super) struct Part {
    /// The design with the part's buffer.
    pub design: Design,
    /// The first layers of the model.
    pub model: Model,
    /// Its sequences.
    pub sequences: u64,
    whole: Closed,
    part: Closed,
}

/// What the closed form says of a machine.
#[derive(Debug, Clone, Copy)]
struct Closed {
    layers: usize,
    sequences: u64,
    in_flight: f64,
    tokens_per_s: f64,
    bottleneck: Unit,
    /// Whether the bottleneck bounds throughput; else the latency of a token does.
    saturated: bool,
}

/// How figures of the whole machine follow from a part of it.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Extrapolation {
    /// Layers that were simulated.
    pub layers: usize,
    /// Layers of the model.
    pub of_layers: usize,
    /// Sequences that were simulated.
    pub sequences: u64,
    /// Sequences of the whole machine.
    pub of_sequences: u64,
    /// Throughput of the part over its closed form.
    pub measured_over_closed_form: f64,
    /// Throughput of the whole machine: its closed form times that, tokens per second.
    pub throughput_tokens_per_s: f64,
    /// Latency of a token of the whole machine: tokens in flight over throughput, microseconds.
    pub token_latency_us: f64,
    /// Whether the same server bounds part and whole, so that the figures can be trusted.
    pub same_bound: bool,
    /// What bounds part and whole.
    pub reason: String,
}

impl Part {
    /// The first `layers` layers of what `request` asks.
    ///
    /// # Errors
    /// If there are not as many, or the request is not one of decode under `dataflow`.
    pub fn new(request: &Request<'_>, layers: usize) -> Result<Self, StudyError> {
        let (design, model) = (request.design, request.model);
        let most = model.layers.len();
        if !(1..=most).contains(&layers) {
            let range = format!("at least 1 and at most {most}, the layers of {}", model.name);
            return Err(StudyError::Term { term: "layers", value: layers.to_string(), range });
        }
        if request.phase != Phase::Decode || request.discipline != Discipline::Dataflow {
            let range = "left out: a part of the machine is simulated in decode under dataflow only".to_owned();
            return Err(StudyError::Term { term: "layers", value: layers.to_string(), range });
        }
        let whole = Prepared::new(request.clone())?;
        let sequences = whole.sequences();
        let share = layers as f64 / most as f64;
        let mine = ((sequences as f64 * share).round() as u64).max(1);
        let closed = Closed::new(request, most)?;
        let part = Self {
            design: design.clone(),
            model: Model { layers: model.layers[..layers].to_vec(), ..model.clone() },
            sequences: mine,
            whole: closed,
            part: closed,
        };
        part.sized(request, &whole, mine as f64 / sequences as f64)
    }

    /// The part with its share of the buffer, and its closed form.
    fn sized(mut self, request: &Request<'_>, whole: &Prepared<'_>, of_sequences: f64) -> Result<Self, StudyError> {
        let placement = whole.placement();
        let capacity = self.design.attention_buffer.capacity.get();
        if placement.spilled_bytes_per_chip > 0 {
            let own = |prepared: &Prepared<'_>| prepared.mapping().kv_bytes_per_chip(request.context).max(1) as f64;
            let cut = Prepared::new(self.request(request))?;
            let of_cache = own(&cut) / own(whole) * of_sequences;
            let streams = (capacity - placement.resident_bytes_per_chip) as f64;
            let bytes = placement.resident_bytes_per_chip as f64 * of_cache + streams * of_sequences;
            self.design.attention_buffer.capacity = Bytes::new((bytes as u64).max(1));
        }
        self.part = Closed::new(&self.request(request), self.model.layers.len())?;
        Ok(self)
    }

    /// The request for the part, otherwise as `whole`.
    pub fn request<'a>(&'a self, whole: &Request<'a>) -> Request<'a> {
        Request { design: &self.design, model: &self.model, sequences: Some(self.sequences), ..whole.clone() }
    }

    /// What `run` of the part says of the whole.
    pub fn extrapolate(&self, run: &Simulation) -> Extrapolation {
        let (part, whole) = (&self.part, &self.whole);
        let ratio = run.throughput_tokens_per_s / part.tokens_per_s;
        let rate = whole.tokens_per_s * ratio;
        let bound = |closed: &Closed| match closed.saturated {
            true => format!("the {}", closed.bottleneck.title()),
            false => "the latency of a token".to_owned(),
        };
        let same_bound = bound(part) == bound(whole);
        let advice = if same_bound { "" } else { ": simulate more layers" };
        Extrapolation {
            layers: part.layers,
            of_layers: whole.layers,
            sequences: part.sequences,
            of_sequences: whole.sequences,
            measured_over_closed_form: ratio,
            throughput_tokens_per_s: rate,
            token_latency_us: whole.in_flight / rate * 1e6,
            same_bound,
            reason: format!("the part is bound by {}, the whole by {}{advice}", bound(part), bound(whole)),
        }
    }
}

impl Closed {
    fn new(request: &Request<'_>, layers: usize) -> Result<Self, StudyError> {
        let request =
            Request { fidelity: Fidelity::Analytic, effects: PerEffect::ALL, stop: Stop::default(), ..request.clone() };
        let run = Prepared::new(request)?.run();
        let bound = run.bound.as_ref().expect("dataflow has a bound");
        let in_flight = run.sequences.min(run.in_flight_limit) as f64;
        Ok(Self {
            layers,
            sequences: run.sequences,
            in_flight,
            tokens_per_s: run.throughput_tokens_per_s,
            bottleneck: bound.bottleneck,
            saturated: in_flight >= bound.knee_sequences,
        })
    }
}
