//! The lines that a labelling worker reads and writes.
//!
//! A worker reads one [`Batch`] a line as JSON and answers each with one [`BatchReply`] line, replies in the
//! order of the jobs. Labels do not depend on what else is in a batch; several jobs share the cost of starting
//! the block simulator, so batches of 16 to 64 small functions are fastest.
//!
//! A fatal error of LLVM ends the worker without an answer, and no job bounds its own time. Who started the
//! worker then starts another, sends the batch's jobs one by one, and records the job that fails alone with
//! [`Phase::Crash`] or [`Phase::Timeout`]. The worker ends without error when its input ends.

use serde::{Deserialize, Serialize};

use super::{Labels, Settings, Target};

/// What a worker is asked: jobs with common targets and settings.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Batch {
    /// The modules to label.
    pub jobs: Vec<Job>,
    /// For which processors.
    pub targets: Vec<Target>,
    /// Under which settings.
    #[serde(default)]
    pub settings: Settings,
}

/// One module of MLIR text.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Job {
    /// Returned with the reply.
    pub id: u64,
    /// MLIR in any of the dialects that the pipeline lowers.
    pub text: String,
}

/// A worker's answer to a batch: one reply a job, in the order of the jobs.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct BatchReply {
    /// The replies.
    pub replies: Vec<Reply>,
}

/// What became of one job.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Reply {
    /// The job's.
    pub id: u64,
    /// Each public function of the module, in the order of the text; empty if the module failed.
    pub functions: Vec<FunctionLabels>,
    /// Why the whole module has no labels.
    pub failure: Option<Failure>,
}

/// One function on all targets asked for.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct FunctionLabels {
    /// Its symbol name.
    pub function: String,
    /// One outcome a target, in the order asked for.
    pub targets: Vec<TargetOutcome>,
}

/// One function on one target.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct TargetOutcome {
    /// The processor.
    pub target: Target,
    /// Labels, or why there are none.
    pub outcome: Outcome,
}

/// Labels, or why there are none.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// The labels.
    Labels(Box<Labels>),
    /// What failed.
    Failure(Failure),
}

/// Why a function has no labels.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
#[error("{phase}: {reason}")]
pub struct Failure {
    /// Where it failed.
    pub phase: Phase,
    /// What was wrong.
    pub reason: String,
}

/// A step on the way from text to labels.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Phase {
    /// The text or the code exceeds a limit of the settings.
    Size,
    /// MLIR's parser or verifier refused the text.
    Parse,
    /// A pass failed on the way to the LLVM dialect.
    Lower,
    /// The LLVM dialect could not be translated to LLVM IR.
    Translate,
    /// LLVM's optimiser failed.
    Optimise,
    /// Code generation failed.
    Generate,
    /// The block simulator failed.
    Simulate,
    /// The worker took longer than it was given; recorded by who started it.
    Timeout,
    /// The worker died; recorded by who started it.
    Crash,
}

impl std::fmt::Display for Phase {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Size => "size",
            Self::Parse => "parse",
            Self::Lower => "lower",
            Self::Translate => "translate",
            Self::Optimise => "optimise",
            Self::Generate => "generate",
            Self::Simulate => "simulate",
            Self::Timeout => "timeout",
            Self::Crash => "crash",
        })
    }
}
