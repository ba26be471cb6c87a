//! Size of an array of hardwired neurons.

use serde::{Deserialize, Serialize};

/// Weights and output neurons that an array holds; fan-in is their ratio.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct ArrayShape {
    /// Weights.
    pub weights: f64,
    /// Output neurons.
    pub neurons: f64,
}

impl ArrayShape {
    /// One chip of HNLPU with gpt-oss-120b. Neurons by fan-in, per layer of 36: Q, K and V slices 1,280 of 720; Wo 720
    /// of 1,024; router 128 of 2,880; eight experts 69,120 of 2,880; once: unembedding 12,568 of 2,880.
    pub const HNLPU: Self = Self {
        weights: 36.0 * (1_280.0 * 720.0 + 720.0 * 1_024.0 + (128.0 + 69_120.0) * 2_880.0) + 12_568.0 * 2_880.0,
        neurons: 36.0 * (1_280.0 + 720.0 + 128.0 + 69_120.0) + 12_568.0,
    };

    /// Mean fan-in of the neurons.
    pub fn fan_in(&self) -> f64 {
        self.weights / self.neurons
    }
}
