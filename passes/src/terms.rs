//! What is asked of the passes and what they answer.

use costmodel::predictor::Predictor;
use costmodel::quantity::Output;

use crate::decision::Decision;

names::named! {
    /// A kind of transformation.
    pub enum Kind {
        /// Merge two neighbouring nests.
        Fuse = "fuse",
        /// Move code that does not change out of loops.
        Hoist = "hoist",
        /// Permute the loops of a perfect nest.
        Interchange = "interchange",
        /// Tile the loops of a perfect nest.
        Tile = "tile",
        /// Unroll a loop and merge the copies of its inner loops.
        Jam = "jam",
        /// Run an innermost loop as vectors.
        Vectorize = "vectorize",
        /// Unroll an innermost loop.
        Unroll = "unroll",
    }
}

/// What is decided, and how.
#[derive(Debug, Clone, PartialEq)]
pub struct Options {
    /// Kinds of steps; all if empty.
    pub kinds: Vec<Kind>,
    /// Steps to take instead of a search, e.g. `interchange:0:1x0+unroll:1:4`.
    pub steps: Option<String>,
    /// Part of the ratio's interval below the prediction that must lie above 1 for a change, on the logarithmic scale; 0 for the
    /// prediction alone.
    pub caution: f64,
    /// Largest novelty score of a candidate.
    pub max_novelty: f64,
    /// Candidates that are compiled and measured before the choice; 0 for none.
    pub verify: u32,
    /// Least measured ratio for a change.
    pub verify_margin: f64,
    /// Most steps of a sequence.
    pub depth: u32,
    /// Sequences that are continued.
    pub beam: u32,
    /// Most candidates of a nest.
    pub max_candidates: u32,
    /// Whether spills count by their cost only.
    pub allow_spills: bool,
    /// Whether floating-point reductions may be computed in another order.
    pub reassociate: bool,
    /// Whether different memref arguments do not overlap.
    pub assume_no_alias: bool,
    /// Whether candidates are reported with their texts.
    pub texts: bool,
    /// Whether linalg operations on buffers become affine loops first.
    pub lower_linalg: bool,
    /// Whether the decisions are written as a transform script as well.
    pub schedule: bool,
}

impl Options {
    /// The least caution, in steps of 0.05, with which at most 1 % of the decisions on kernels of the corpus are slower than the
    /// original by more than 2 %, predicted by models that had left their families out (docs/passes.md).
    pub const CAUTION: f64 = 1.0;
}

impl Default for Options {
    fn default() -> Self {
        Self {
            kinds: Vec::new(),
            steps: None,
            caution: Self::CAUTION,
            max_novelty: 1.0,
            verify: 0,
            verify_margin: 1.02,
            depth: 2,
            beam: 4,
            max_candidates: 128,
            allow_spills: false,
            reassociate: false,
            assume_no_alias: true,
            texts: false,
            lower_linalg: false,
            schedule: false,
        }
    }
}

/// A transformed module.
#[derive(Debug, Clone, PartialEq)]
pub struct Optimized {
    /// Its text.
    pub text: String,
    /// One decision for each nest, in the order of the text.
    pub decisions: Vec<Decision>,
    /// Loops, structured operations and unknown operations without a decision.
    pub passed_over: Vec<PassedOver>,
    /// The decisions as a transform script, if it was asked for.
    pub schedule: Option<Schedule>,
}

/// Decisions as a script of the transform dialect.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Schedule {
    /// The script; `transform-interpreter` of stock `mlir-opt` runs it.
    pub text: String,
    /// Nests that it changes.
    pub taken: u64,
    /// Decisions that it does not have.
    pub omitted: Vec<Omitted>,
}

/// A decision that a script does not have.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Omitted {
    /// Symbol of the function.
    pub function: String,
    /// Place of the nest among those of the function.
    pub nest: u32,
    /// Its steps.
    pub steps: String,
    /// Why upstream's operations do not do it.
    pub why: String,
}

/// Operations that no decision is about: they pass through unchanged.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct PassedOver {
    /// Name of the operation.
    pub operation: String,
    /// How many there are.
    pub count: u64,
    /// Line of the first one, from 1; 0 if it has no place in the text.
    pub line: usize,
    /// Its column, from 1.
    pub column: usize,
    /// Why they are passed over.
    pub why: String,
}

/// What a compiled candidate costs.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Cost {
    /// In the quantity's unit.
    pub cost: f64,
    /// Spill instructions in the code.
    pub spills: u32,
}

/// Measures texts of one function each.
pub trait Measure {
    /// One cost for each text, or why there is none.
    fn measure(&mut self, texts: &[String]) -> Vec<Result<Cost, String>>;
}

/// What is asked: a model and the output that is minimised.
pub struct Question<'a> {
    /// The model. Its provider answers for all candidates.
    pub predictor: &'a Predictor,
    /// Target and quantity.
    pub output: &'a Output,
    /// Returns whether the time is over; results then depend on the speed of the machine.
    pub expired: Option<&'a dyn Fn() -> bool>,
    /// Measures the best candidates if `verify` is not 0; without it LLVM's back end does, as labels are made.
    pub measurer: Option<&'a mut dyn Measure>,
}

/// Whether a transformed function gives the same results.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct Checked {
    /// Name of the function.
    pub function: String,
    /// Elements of buffers and results that differ; `None` if the function was not run.
    pub differing: Option<u64>,
    /// Why it was not run.
    pub why: Option<String>,
}

/// A message of upstream's parser, verifier or passes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Message {
    /// The message.
    pub text: String,
    /// Line and column, both from 1, if it has a place in the text.
    pub place: Option<(usize, usize)>,
}

impl std::fmt::Display for Message {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        if let Some((line, column)) = self.place {
            write!(f, "{line}:{column}: ")?;
        }
        f.write_str(&self.text)
    }
}

fn joined(messages: &[Message]) -> String {
    messages.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n")
}

/// Why a module is not transformed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PassError {
    /// The feature `mlir` is off.
    #[error("{}", ir::mlir::NOT_BUILT)]
    NotBuilt,
    /// Upstream's parser or verifier refuses the text.
    #[error("{}", joined(.0))]
    Text(Vec<Message>),
    /// An option is malformed.
    #[error("{0}")]
    Option(String),
    /// The model does not predict the output.
    #[error("the model does not predict {0}")]
    NotPredicted(Output),
    /// Candidates cannot be measured.
    #[error("candidates cannot be measured: {0}")]
    Measure(String),
    /// The programs cannot be run.
    #[error("the result cannot be run against the original: {0}")]
    Run(String),
}
