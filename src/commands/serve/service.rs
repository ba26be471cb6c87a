//! State shared by all clients.

use costmodel::predictor::Predictor;

use crate::commands::predict::log::Log;
use crate::cost_model::Wanted;

/// State shared by all clients.
pub struct Service {
    /// The predictor.
    pub predictor: Predictor,
    /// Targets of requests that do not name any.
    pub wanted: Wanted,
    /// Log of texts and predictions, if any.
    pub log: Option<Log>,
    /// Longest request, in bytes.
    pub max_bytes: usize,
}
