//! What all fitted models share.

use crate::input::Input;

/// A fitted model.
pub trait Predict: Send + Sync {
    /// Predictions for one function, one per output in the order of the outputs that the model was fitted to, in the
    /// quantities' units; `None` where the model has no answer.
    fn predict(&self, input: &Input) -> Vec<Option<f64>>;
}
