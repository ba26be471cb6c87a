//! Texts as requests to workers for GPU labels, and what the workers reply.

use std::path::{Path, PathBuf};
use std::time::Duration;

use ir::labels::gpu::{GpuBatch, GpuBatchReply, GpuReply, GpuSettings, GpuTarget, GpuToolchain};

use crate::pool::{self, Loss, Pool, Protocol, same_jobs, texts};

/// The hidden action of `hardwire dataset` that labels kernels.
pub const ACTION: &str = "gpu-worker";

/// Workers that label kernels; `command` is the `hardwire` of a build with LLVM, `timeout` the longest time for one text.
#[must_use]
pub fn pool(command: PathBuf, workers: usize, timeout: Duration) -> Pool {
    Pool::labelling(command, ACTION, workers, timeout)
}

/// Longest time to start a worker.
const START: Duration = Duration::from_secs(60);

/// The tools of the workers: the answer to a batch without texts.
///
/// # Errors
/// If the command cannot label, or ptxas cannot be run: the reason.
pub fn toolchain(command: &Path, targets: &[GpuTarget], ptxas: Option<&str>) -> Result<GpuToolchain, String> {
    let settings = GpuSettings::default();
    let none = GpuLabelling { text: &|_| "", targets, settings: &settings, ptxas, kernels: false };
    let line = pool::once(command, ACTION, &none.request(&[]), START)?;
    let reply: GpuBatchReply = serde_json::from_str(&line).map_err(|error| error.to_string())?;
    match ptxas {
        Some(path) if reply.toolchain.ptxas_version.is_none() => {
            Err(format!("{path}: it does not state a version as ptxas does"))
        }
        _ => Ok(reply.toolchain),
    }
}

/// Texts by number.
pub struct GpuLabelling<'a> {
    /// The text of a number.
    pub text: &'a (dyn Fn(usize) -> &'a str + Sync),
    /// The GPUs.
    pub targets: &'a [GpuTarget],
    /// Settings of the labels.
    pub settings: &'a GpuSettings,
    /// Path of NVIDIA's ptxas.
    pub ptxas: Option<&'a str>,
    /// Whether the kernels after the mapping are asked for instead of labels.
    pub kernels: bool,
}

impl Protocol for GpuLabelling<'_> {
    type Answer = GpuReply;

    fn request(&self, jobs: &[usize]) -> String {
        let jobs = texts(self.text, jobs);
        let batch = GpuBatch {
            jobs,
            targets: self.targets.to_vec(),
            settings: self.settings.clone(),
            ptxas: self.ptxas.map(str::to_owned),
            kernels: self.kernels,
        };
        serde_json::to_string(&batch).expect("text serializes")
    }

    fn answers(&self, jobs: &[usize], line: &str) -> Result<Vec<GpuReply>, String> {
        let reply: GpuBatchReply = serde_json::from_str(line).map_err(|e| e.to_string())?;
        same_jobs(reply.replies.iter().map(|reply| reply.id), jobs)?;
        Ok(reply.replies)
    }

    fn lost(&self, job: usize, loss: Loss) -> GpuReply {
        let failure = Some(loss.failure());
        GpuReply { id: job as u64, functions: Vec::new(), failure, place: None, kernels: None }
    }
}
