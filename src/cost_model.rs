//! Loads the cost model of a command.

use std::io::Read;

use costmodel::predictor::{Predictor, Settings};
use costmodel::shipped::{CostModel, MAX_BYTES, checksum, embedded, embedded_for_gpus};
use ir::labels::gpu::GpuTarget;

use crate::cli::predict::Asked;
use crate::diagnostics::Failure;

/// The model of a file, or the embedded one.
pub fn load(file: Option<&str>) -> Result<CostModel, Failure> {
    load_with_checksum(file).map(|(model, _)| model)
}

/// The embedded model of GPUs with the checksum of its file.
pub fn load_for_gpus() -> Result<(CostModel, String), Failure> {
    let model =
        CostModel::shipped_for_gpus().map_err(|e| Failure::Request(format!("the shipped model of GPUs: {e}")))?;
    Ok((model, checksum(embedded_for_gpus())))
}

/// The model of the arguments with the checksum of its file: a file, or the embedded one that predicts for the targets.
pub fn load_asked(asked: &Asked) -> Result<(CostModel, String), Failure> {
    let is_gpu = |target: &&String| GpuTarget::from_cpu(target).is_some();
    let gpus: Vec<&String> = asked.targets.iter().filter(is_gpu).collect();
    if asked.cost_model.is_some() || gpus.is_empty() {
        return load_with_checksum(asked.cost_model.as_deref());
    }
    let other = asked.targets.iter().find(|target| !is_gpu(target)).or(asked.designs.first());
    if let Some(other) = other {
        let gpu = gpus[0];
        return Err(Failure::Request(format!(
            "`{gpu}` is a GPU and `{other}` is none: two models predict them, so ask for them in two commands"
        )));
    }
    load_for_gpus()
}

/// The same with the checksum of the file, in hexadecimal.
pub fn load_with_checksum(file: Option<&str>) -> Result<(CostModel, String), Failure> {
    let Some(path) = file else {
        let model = CostModel::shipped().map_err(|e| Failure::Request(format!("the shipped model: {e}")))?;
        return Ok((model, checksum(embedded())));
    };
    let refuse = |why: String| Failure::Request(format!("{path}: {why}"));
    let opened = crate::input::open(path).map_err(|e| refuse(e.to_string()))?;
    let mut bytes = Vec::new();
    // One byte more than allowed shows that the file is too long.
    opened.take(MAX_BYTES + 1).read_to_end(&mut bytes).map_err(|e| refuse(e.to_string()))?;
    let model = CostModel::from_bytes(&bytes).map_err(|e| refuse(e.to_string()))?;
    Ok((model, checksum(&bytes)))
}

/// A predictor with the model and provider of the arguments.
pub fn predictor(asked: &Asked, settings: Settings) -> Result<Predictor, Failure> {
    let settings = Settings { choice: asked.provider, ..settings };
    Ok(Predictor::new(load_asked(asked)?.0, settings))
}
