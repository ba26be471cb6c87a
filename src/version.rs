//! What `hardwire --version` says: version, commit, and the built-in cost models.

use costmodel::shipped::CostModel;

use crate::cost_model;
use crate::diagnostics::Failure;

/// Version, commit, name and checksum of the built-in models, each on a line.
pub fn long() -> &'static str {
    let version = env!("CARGO_PKG_VERSION");
    let named = |loaded: Result<(CostModel, String), Failure>| match loaded {
        Ok((model, checksum)) => format!("{}, checksum {checksum}", model.card.version()),
        Err(_) => "none".to_owned(),
    };
    let (model, of_gpus) = (named(cost_model::load_with_checksum(None)), named(cost_model::load_for_gpus()));
    // The parser keeps it for the life of the process.
    format!("{version}\ncommit: {}\ncost model: {model}\ncost model of GPUs: {of_gpus}", env!("HARDWIRE_COMMIT")).leak()
}
