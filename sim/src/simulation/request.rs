//! Requests and their errors.

use designs::{Design, Grid, Model};
use names::named;

use crate::cycle::PerEffect;
use crate::cycle::memory::MemoryError;
use crate::mapping::MappingError;
use crate::schedule::machine::Phase;
use crate::schedule::router::{Routing, RoutingError};
use crate::schedule::steady::Stop;

named! {
    /// How time is accounted.
    pub enum Discipline {
        /// Operations start when inputs, links and memory are free.
        Dataflow = "dataflow",
        /// Stages advance on a common beat.
        Lockstep = "lockstep",
        /// The paper's accounting.
        Serial = "serial",
    }
}

named! {
    /// How much of the machine is simulated.
    pub enum Fidelity {
        /// Events, with links by flits and credits, HBM by commands and the attention buffer by banks.
        Cycle = "cycle",
        /// Events, with links, HBM and the attention buffer as servers of a rate.
        Event = "event",
        /// From closed forms.
        Analytic = "analytic",
    }
}

impl Fidelity {
    /// How a figure was computed, as a phrase of a sentence or title.
    #[must_use]
    pub const fn phrase(self) -> &'static str {
        match self {
            Self::Cycle => "from cycles",
            Self::Event => "from events",
            Self::Analytic => "closed form",
        }
    }

    /// Whether it runs the event machine.
    #[must_use]
    pub const fn simulates(self) -> bool {
        match self {
            Self::Cycle | Self::Event => true,
            Self::Analytic => false,
        }
    }
}

/// A simulation request.
#[derive(Debug, Clone)]
pub struct Request<'a> {
    /// Design of the machine.
    pub design: &'a Design,
    /// Model whose weights are hardwired.
    pub model: &'a Model,
    /// Grid; `None` takes the smallest near-square one that holds the model.
    pub grid: Option<Grid>,
    /// Context of every sequence, or length of the prompt.
    pub context: u64,
    /// Contexts of sequences of different lengths, which sequences take in turn; of more contexts than sequences, evenly spaced
    /// quantiles are taken. Empty if all have `context`.
    pub contexts: &'a [u64],
    /// Sequences (decode) or prompt tokens (prefill) in the machine; `None` fills the pipeline.
    pub sequences: Option<u64>,
    /// Decode or prefill.
    pub phase: Phase,
    /// How time is accounted.
    pub discipline: Discipline,
    /// Whether to simulate cycles or events, or to evaluate closed forms.
    pub fidelity: Fidelity,
    /// What is simulated in its own cycles at fidelity `cycle`.
    pub effects: PerEffect<bool>,
    /// Whether events and closed forms take rates and latencies of links, HBM and buffer that are measured in cycles.
    pub measured: bool,
    /// Whether a context beyond the model's maximum is allowed.
    pub allow_beyond_model_context: bool,
    /// How routers choose experts.
    pub routing: &'a Routing,
    /// Seed of the router's choices.
    pub seed: u64,
    /// When a measurement of the steady state ends (`dataflow` decode from events).
    pub stop: Stop,
}

impl<'a> Request<'a> {
    /// Decode of `model` at 2,048 positions on the smallest grid of `design` that holds it, with a full pipeline, from events.
    #[must_use]
    pub fn of(design: &'a Design, model: &'a Model) -> Self {
        Self {
            design,
            model,
            grid: None,
            context: 2048,
            contexts: &[],
            sequences: None,
            phase: Phase::Decode,
            discipline: Discipline::Dataflow,
            fidelity: Fidelity::Event,
            effects: PerEffect::ALL,
            measured: false,
            allow_beyond_model_context: false,
            routing: &Routing::Uniform,
            seed: 1,
            stop: Stop::default(),
        }
    }
}

/// Why a request was rejected.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum SimulateError {
    /// The model cannot be mapped.
    #[error(transparent)]
    Mapping(#[from] MappingError),
    /// The routing does not suit the model.
    #[error(transparent)]
    Routing(#[from] RoutingError),
    /// The design's memory cannot be simulated.
    #[error(transparent)]
    Memory(#[from] MemoryError),
    /// Accountings have no cycles.
    #[error("fidelity cycle needs discipline dataflow: {discipline} is an accounting without a machine that runs")]
    NoCycles {
        /// Discipline.
        discipline: Discipline,
    },
    /// Effects of another fidelity.
    #[error("effects are simulated in their own cycles at fidelity cycle only, not at {fidelity}")]
    NotInCycles {
        /// Fidelity.
        fidelity: Fidelity,
    },
    /// Measured rates where none are used.
    #[error(
        "rates that are measured in cycles are for the fidelities event and analytic under dataflow and lockstep, not for \
         fidelity {fidelity} under {discipline}"
    )]
    NotLearned {
        /// Fidelity.
        fidelity: Fidelity,
        /// Discipline.
        discipline: Discipline,
    },
    /// Different contexts where one is needed.
    #[error(
        "sequences of different lengths need decode under dataflow: {discipline} {phase} takes one context for all"
    )]
    DifferentContexts {
        /// Discipline.
        discipline: Discipline,
        /// Phase.
        phase: Phase,
    },
    /// More contexts than [`MAX_CONTEXTS`].
    #[error("{contexts} contexts are more than the {limit} that a run takes")]
    TooManyContexts {
        /// Contexts given.
        contexts: usize,
        /// Largest number accepted.
        limit: usize,
    },
    /// No sequences.
    #[error("sequences must be at least 1; leave it out to fill the pipeline with {slots}")]
    NoSequences {
        /// Places in the pipeline.
        slots: u64,
    },
    /// More sequences than [`MAX_SEQUENCES`].
    #[error("{sequences} sequences are more than the {limit} that a run takes ({slots} are in flight at once)")]
    TooManySequences {
        /// Requested sequences.
        sequences: u64,
        /// Largest value accepted.
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
        /// Requested context, tokens.
        context: u64,
        /// Maximum of the model, tokens.
        max: u64,
        /// Name of the model.
        model: String,
    },
    /// A context longer than [`MAX_CONTEXT`].
    #[error("context {context} is beyond the {limit} tokens the simulator takes")]
    ContextTooLong {
        /// Requested context, tokens.
        context: u64,
        /// Largest value accepted.
        limit: u64,
    },
    /// The KV cache does not fit in the machine at all.
    #[error(
        "the KV cache of {sequences} sequences of {context} tokens takes {needed} bytes on a chip, beyond its {capacity} \
         bytes of attention buffer and HBM{}; at this context {fits} sequences fit",
        beside(*table)
    )]
    KvCapacity {
        /// Number of sequences.
        sequences: u64,
        /// Context of a sequence, tokens.
        context: u64,
        /// Bytes needed on the fullest chip.
        needed: u64,
        /// Bytes of buffer and HBM that are left for it.
        capacity: u64,
        /// Bytes of HBM that the embedding table takes.
        table: u64,
        /// Sequences that fit.
        fits: u64,
    },
    /// A precision that no run can be asked for.
    #[error("precision must be above 0 and below 100 %, not {} %", .precision * 100.0)]
    Precision {
        /// Requested half-width, relative.
        precision: f64,
    },
    /// More tokens than [`MAX_TOKENS`].
    #[error("a run of {tokens} tokens is more than the {limit} that the event engine takes")]
    TooManyTokens {
        /// Requested tokens.
        tokens: u64,
        /// Largest value accepted.
        limit: u64,
    },
    /// A precision or a window for figures that are not a sample.
    #[error("a precision or a window needs decode under dataflow from events: other figures are not sampled")]
    NotSampled,
    /// More candidates than tokens of the vocabulary.
    #[error("mapping.sampling_candidates is {candidates}, more than the {vocabulary} tokens of {model}")]
    Candidates {
        /// Candidates of each chip.
        candidates: u32,
        /// Tokens of the vocabulary.
        vocabulary: u32,
        /// Model.
        model: String,
    },
    /// The embedding table does not fit in HBM.
    #[error(
        "the embedding table takes {needed} bytes on a chip, beyond its {capacity} bytes of HBM; use more chips, fewer \
         mapping.embedding_bits, or mapping.embedding=none"
    )]
    EmbeddingCapacity {
        /// Bytes needed on one chip.
        needed: u64,
        /// Bytes of HBM of a chip.
        capacity: u64,
    },
    /// Clock rates differ so much that a cycle count would exceed 64 bits.
    #[error(
        "the run would last about {cycles:.0e} cycles, and the fastest part of the design counts {ratio:.0e} for each of \
         them: more than 64 bits hold; bring chip.clock, bandwidths and latencies closer together"
    )]
    OutOfRange {
        /// Cycles of the chip clock.
        cycles: f64,
        /// Cycles of the fastest domain per cycle of the chip clock.
        ratio: f64,
    },
    /// The event engine would need too much memory or time.
    #[error(
        "{sequences} sequences on {chips} chips are too many for the event engine ({limit} sequence-chips); use --fidelity analytic or fewer --sequences"
    )]
    TooLarge {
        /// Number of sequences.
        sequences: u64,
        /// Number of chips.
        chips: u32,
        /// Largest product of sequences and chips.
        limit: u64,
    },
}

fn beside(table: u64) -> String {
    if table == 0 { String::new() } else { format!(" beside {table} bytes of embedding table") }
}

/// Longest context accepted, tokens.
pub const MAX_CONTEXT: u64 = 1 << 32;
/// Most sequences accepted.
pub const MAX_SEQUENCES: u64 = 1 << 20;
/// Largest product of sequences and chips that the event engine accepts.
pub const MAX_SEQUENCE_CHIPS: u64 = 1 << 20;
/// Most tokens of a run that ends at a stated precision.
pub const MAX_TOKENS: u64 = 1 << 26;
/// Most contexts of a request.
pub const MAX_CONTEXTS: usize = 1 << 16;
