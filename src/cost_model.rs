//! Loads the cost model of a command.

use std::io::Read;

use costmodel::predictor::{Predictor, Settings};
use costmodel::shipped::{CostModel, MAX_BYTES, checksum, embedded};

use crate::cli::predict::Asked;
use crate::diagnostics::Failure;

/// The model of a file, or the embedded one.
pub fn load(file: Option<&str>) -> Result<CostModel, Failure> {
    load_with_checksum(file).map(|(model, _)| model)
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
    Ok(Predictor::new(load(asked.cost_model.as_deref())?, settings))
}
