//! The lines that a labelling worker reads and writes.
//!
//! A worker reads one [`Batch`] a line as JSON and writes one [`BatchReply`] a line, with replies in the order of the
//! jobs. The labels of a job do not depend on the other jobs of its batch. The jobs of a batch share one process of
//! llvm-mca, so batches of 16 to 64 small functions are fastest.
//!
//! A fatal error in LLVM ends the worker without a reply, and the time of a job is not bounded. The parent process then
//! starts another worker, sends the jobs of the batch one by one, and records [`Phase::Crash`] or [`Phase::Timeout`] for
//! the job that fails. The worker exits without error at the end of its input.

use serde::{Deserialize, Serialize};

use super::{Labels, Settings, Target, Toolchain};

/// A request to a worker: jobs with common targets and settings.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Batch {
    /// The modules to label.
    pub jobs: Vec<Job>,
    /// The processors to label for.
    pub targets: Vec<Target>,
    /// The settings; the defaults if left out.
    #[serde(default)]
    pub settings: Settings,
}

/// One module of MLIR text.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Job {
    /// Number chosen by the sender, repeated in the reply.
    pub id: u64,
    /// MLIR in any of the dialects that `ir::mlir::codegen::lowering` lowers.
    pub text: String,
}

/// A worker's reply to a batch.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct BatchReply {
    /// One reply a job, in the order of the jobs.
    pub replies: Vec<Reply>,
    /// The tools of the worker, in the reply to a batch without jobs.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub toolchain: Option<Toolchain>,
}

/// The result of one job.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Reply {
    /// The job's number.
    pub id: u64,
    /// Each public function of the module, in the order of the text; empty if the module failed.
    pub functions: Vec<FunctionLabels>,
    /// Why the module has no labels; `None` if it was compiled.
    pub failure: Option<Failure>,
}

/// One function on all targets of the batch.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct FunctionLabels {
    /// Its symbol name.
    pub function: String,
    /// One outcome a target, in the order of the batch.
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

/// The labels of one function on one target, or why there are none.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// The labels.
    Labels(Box<Labels>),
    /// Why there are none.
    Failure(Failure),
}

/// Why a function has no labels.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
#[error("{phase}: {reason}")]
pub struct Failure {
    /// The step that failed.
    pub phase: Phase,
    /// The message of the step.
    pub reason: String,
}

/// A step from text to labels.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Phase {
    /// The text or the code exceeds a limit of the settings.
    Size,
    /// MLIR's parser or verifier rejected the text.
    Parse,
    /// A pass failed on the way to the LLVM dialect.
    Lower,
    /// The LLVM dialect could not be translated to LLVM IR.
    Translate,
    /// LLVM's optimiser failed.
    Optimise,
    /// Code generation failed.
    Generate,
    /// llvm-mca failed.
    Simulate,
    /// The worker exceeded its time; recorded by the parent process.
    Timeout,
    /// The worker ended without a reply; recorded by the parent process.
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
