//! The lines that a worker for GPU labels reads and writes; the rules are those of the parent's protocol.

use serde::{Deserialize, Serialize};

use super::super::{Failure, Job};
use super::{FunctionKernels, GpuSettings, GpuTarget};

/// A request to a worker: jobs with common targets and settings.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct GpuBatch {
    /// The modules to label.
    pub jobs: Vec<Job>,
    /// The GPUs to label for.
    pub targets: Vec<GpuTarget>,
    /// The settings; the defaults if left out.
    #[serde(default)]
    pub settings: GpuSettings,
    /// Path of NVIDIA's ptxas; without it labels that need it have a reason.
    #[serde(default)]
    pub ptxas: Option<String>,
    /// Whether the kernels that the mapping makes are asked for, as MLIR, instead of labels.
    #[serde(default)]
    pub kernels: bool,
}

/// A worker's reply to a batch.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct GpuBatchReply {
    /// One reply a job, in the order of the jobs.
    pub replies: Vec<GpuReply>,
    /// The tools of the worker.
    pub toolchain: GpuToolchain,
}

/// The result of one job.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct GpuReply {
    /// The job's number.
    pub id: u64,
    /// Each public function of the module, in the order of the text; empty if the module failed.
    pub functions: Vec<FunctionKernels>,
    /// Why the module has no labels; `None` if it was mapped.
    pub failure: Option<Failure>,
    /// Line and column, from 1, of the failure, if it has a place in the text.
    pub place: Option<(usize, usize)>,
    /// The kernels after the mapping, as MLIR, if they are asked for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub kernels: Option<String>,
}

/// Versions and options of the tools that made the labels.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct GpuToolchain {
    /// LLVM's version, `major.minor.patch`.
    pub llvm_version: String,
    /// The pass pipelines from the text to kernels, in order.
    pub mlir_pipelines: Vec<String>,
    /// LLVM's pass pipeline.
    pub llvm_pipeline: String,
    /// First line of ptxas' version, if it is used.
    pub ptxas_version: Option<String>,
    /// The settings.
    pub settings: GpuSettings,
}
