//! Designs, small models and loads that the tests of the simulator share.
#![allow(dead_code)]

use designs::{Attention, Design, Ffn, Grid, Layer, Model, Override};
use sim::Phase;
use sim::checker::{Recording, Subject, Violation, check, record};
use sim::cycle::{self, PerEffect};
use sim::mapping::Mapping;
use sim::schedule::cost;
use sim::schedule::machine::{Load, Start};
use sim::schedule::program::Compiled;
use sim::units::Specs;
use sim::units::hbm::Placement;

/// The published machine with `PATH=VALUE` overrides.
pub fn hnlpu(overrides: &[&str]) -> Design {
    let overrides: Vec<Override> = overrides.iter().map(|o| Override::parse(o).expect("a valid override")).collect();
    designs::load::design("hnlpu", &overrides, &designs::load::no_files).expect("a valid design")
}

/// The model the published machine carries.
pub fn gpt_oss() -> Model {
    designs::load::model("gpt-oss-120b", &designs::load::no_files).expect("a valid model")
}

/// A model of `layers`.
pub fn model(hidden: u32, vocabulary: u32, layers: Vec<Layer>) -> Model {
    Model {
        name: "small".into(),
        family: "test".into(),
        hidden,
        vocabulary,
        tied_embeddings: false,
        max_context: 1 << 20,
        release: designs::Release::uniform("bfloat16", 16.0),
        layers,
        prediction_layers: 0,
        notes: Vec::new(),
    }
}

/// Grouped-query attention of eight heads, two KV heads, over all positions.
pub const GQA: Attention = Attention::Gqa { query_heads: 8, kv_heads: 4, head_dim: 32, output_gate: false };
/// Latent attention whose queries have a low rank.
pub const MLA: Attention =
    Attention::Mla { heads: 8, q_lora: Some(96), kv_lora: 64, nope: 32, rope: 16, v: 32, indexer: None };
/// Latent attention with full queries.
pub const MLA_FULL: Attention =
    Attention::Mla { heads: 8, q_lora: None, kv_lora: 64, nope: 32, rope: 16, v: 32, indexer: None };
/// A dense feed-forward part.
pub const DENSE: Ffn = Ffn::Dense { width: 352 };
/// Experts alone.
pub const MOE: Ffn = Ffn::Moe { experts: 24, experts_per_token: 3, width: 96, shared_width: 0 };
/// Experts beside a shared one.
pub const SHARED: Ffn = Ffn::Moe { experts: 20, experts_per_token: 2, width: 96, shared_width: 130 };

/// A layer without window.
pub fn layer(attention: Attention, ffn: Ffn) -> Layer {
    Layer { attention, ffn, span: designs::Span::Full }
}

/// Three layers of every kind: windows, experts with and without a shared one, dense.
pub fn mixed(attention: Attention) -> Model {
    let windowed = Layer { span: designs::Span::Window(20), ..layer(attention, MOE) };
    model(300, 1000, vec![windowed, layer(attention, DENSE), layer(attention, SHARED)])
}

/// A model mapped and compiled for a design's own grid.
pub struct Case {
    /// Machine.
    pub design: Design,
    /// Mapping.
    pub mapping: Mapping,
    /// Program.
    pub compiled: Compiled,
}

impl Case {
    /// `model` on `design`.
    pub fn new(design: Design, model: &Model) -> Self {
        let mapping = Mapping::new(&design, model, design.grid).expect("the model fits");
        let compiled = Compiled::new(&mapping, Specs::new(&design, &mapping));
        Self { design, mapping, compiled }
    }

    /// `model` on `design` with `effects` in their own cycles, and the cache of `sequences` sequences of `context` positions
    /// beside what streams take.
    pub fn in_cycles(
        design: Design,
        model: &Model,
        effects: PerEffect<bool>,
        (context, sequences): (u64, u64),
    ) -> (Self, Placement) {
        let design = cycle::Spec::design(&design, effects);
        let mapping = Mapping::new(&design, model, design.grid).expect("the model fits");
        let memory = designs::load::memory(&design.hbm.memory, &[], &designs::load::no_files).expect("a preset");
        let specs = Specs::new(&design, &mapping);
        let capacity = specs.attention_buffer.capacity;
        let kv = mapping.kv_bytes_per_chip(context) * sequences;
        let placement = if effects.staging {
            Placement::beside_streams(kv, capacity, 2.0 / mapping.layer_kinds.len() as f64)
        } else {
            Placement::new(kv, capacity)
        };
        let specs = specs.in_cycles(&design, &memory, effects, capacity - placement.resident_bytes_per_chip);
        let compiled = Compiled::new(&mapping, specs);
        (Self { design, mapping, compiled }, placement)
    }

    /// A small machine of `rows` x `columns` with overrides, for small models.
    pub fn small(rows: u32, columns: u32, overrides: &[&str], model: &Model) -> Self {
        let mut design = hnlpu(overrides);
        design.grid = Grid { rows, columns };
        Self::new(design, model)
    }

    /// Where the cache of `sequences` sequences of `context` positions lies.
    pub fn placement(&self, context: u64, sequences: u64) -> Placement {
        cost::placement(&self.compiled, &self.mapping, context, sequences)
    }

    /// Runs `load` for at most `tokens` tokens and `events` events.
    pub fn record(&self, load: &Load, placement: Placement, tokens: u64, events: u64) -> Recording {
        record(&self.compiled, load, placement, tokens, events)
    }

    /// What a checker needs to know of a run.
    pub fn subject<'a>(&'a self, load: &'a Load, placement: Placement) -> Subject<'a> {
        Subject { design: &self.design, mapping: &self.mapping, compiled: &self.compiled, load, placement }
    }

    /// Runs and checks.
    pub fn violations(&self, load: &Load, placement: Placement, tokens: u64, events: u64) -> Vec<Violation> {
        let recording = self.record(load, placement, tokens, events);
        let finished = recording.activity.tokens >= tokens || events < u64::MAX;
        assert!(finished, "ran dry after {} of {tokens} tokens", recording.activity.tokens);
        check(&recording, &self.subject(load, placement))
    }

    /// Runs `tokens` tokens of a load, with the cache placed for its context and sequences, and expects no violation.
    #[track_caller]
    pub fn proves(&self, load: &Load, tokens: u64, events: u64) {
        let (sequences, positions) = match load.phase {
            Phase::Decode => (u64::from(load.sequences), load.context),
            Phase::Prefill => (1, load.context + load.prompt_tokens),
        };
        let violations = self.violations(load, self.placement(positions, sequences), tokens, events);
        assert!(
            violations.is_empty(),
            "{} violations: {:#?}",
            violations.len(),
            &violations[..violations.len().min(5)]
        );
    }
}

/// `sequences` decoding at `context`, spread over the layers.
pub fn decode(sequences: u32, context: u64) -> Load {
    Load { sequences, context, start: Start::Spread, seed: 7, ..Load::default() }
}

/// A prompt of `tokens` tokens, `in_flight` of them in the machine.
pub fn prefill(tokens: u64, in_flight: u32) -> Load {
    Load {
        sequences: in_flight,
        context: 0,
        phase: Phase::Prefill,
        start: Start::First,
        prompt_tokens: tokens,
        seed: 7,
        ..Load::default()
    }
}
