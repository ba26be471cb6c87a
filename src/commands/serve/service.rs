//! What all clients share.

use costmodel::predictor::Predictor;

use crate::commands::predict::log::Log;
use crate::cost_model::Wanted;

/// What all clients share.
pub struct Service {
    /// Answers.
    pub predictor: Predictor,
    /// What is predicted for where a request does not say.
    pub wanted: Wanted,
    /// Where requests and predictions are kept.
    pub log: Option<Log>,
    /// Longest request, in bytes.
    pub max_bytes: usize,
}
