//! The architecture of a language model: what a mapping needs to know, nothing about weights' values.
//!
//! Shapes only, in elements. A [`Model`] is read from a Hugging Face `config.json` (see
//! [`crate::huggingface`]); each layer states its own attention, feed-forward kind and window, so a
//! model with dense first layers or alternating windows needs no special case downstream.

use serde::{Deserialize, Serialize};

use crate::attention::Attention;

/// The feed-forward part of one layer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Ffn {
    /// Gated feed-forward network: up, gate and down matrices of `width` intermediate elements.
    Dense {
        /// Intermediate width.
        width: u32,
    },
    /// Mixture of experts behind a router.
    Moe {
        /// Routed experts.
        experts: u32,
        /// Routed experts active for one token.
        experts_per_token: u32,
        /// Intermediate width of a routed expert.
        width: u32,
        /// Intermediate width of all shared (always active) experts together; 0 without.
        shared_width: u32,
    },
}

impl Ffn {
    /// Weights of the feed-forward matrices (router included) for a hidden width of `hidden`.
    #[must_use]
    pub fn weights(&self, hidden: u32) -> u64 {
        let hidden = u64::from(hidden);
        match *self {
            Self::Dense { width } => 3 * hidden * u64::from(width),
            Self::Moe { experts, width, shared_width, .. } => {
                hidden * (3 * (u64::from(experts) * u64::from(width) + u64::from(shared_width)) + u64::from(experts))
            }
        }
    }

    /// Weights that one token uses.
    #[must_use]
    pub fn active_weights(&self, hidden: u32) -> u64 {
        match *self {
            Self::Dense { .. } => self.weights(hidden),
            Self::Moe { experts, experts_per_token, width, shared_width } => {
                u64::from(hidden)
                    * (3 * (u64::from(experts_per_token) * u64::from(width) + u64::from(shared_width))
                        + u64::from(experts))
            }
        }
    }
}

/// One transformer layer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Layer {
    /// Self-attention.
    pub attention: Attention,
    /// Feed-forward part.
    pub ffn: Ffn,
    /// Sliding window in positions; `None` attends to the whole context.
    pub window: Option<u32>,
}

/// A decoder-only language model.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Model {
    /// Preset name or the file it was read from.
    pub name: String,
    /// `model_type` of the config file.
    pub family: String,
    /// Width of the residual stream.
    pub hidden: u32,
    /// Entries of the vocabulary.
    pub vocabulary: u32,
    /// Whether the unembedding reuses the embedding table.
    pub tied_embeddings: bool,
    /// Largest context the model was made for, in positions.
    pub max_context: u64,
    /// Released weight format as the config file states it, e.g. "mxfp4", "fp8", "bfloat16".
    pub weight_format: String,
    /// Layers from first to last.
    pub layers: Vec<Layer>,
}

impl Model {
    /// Bytes of KV cache per position over the whole model, windows ignored.
    #[must_use]
    pub fn kv_bytes_per_position(&self, bytes_per_element: u64) -> u64 {
        self.layers.iter().map(|l| l.attention.kv_elements_per_position() * bytes_per_element).sum()
    }

    /// Weights of all matrices, embedding table counted once more unless tied. Norms and biases, below
    /// 0.1 % in every supported model, are left out.
    #[must_use]
    pub fn parameters(&self) -> u64 {
        let tables = if self.tied_embeddings { 1 } else { 2 };
        self.hardwired_layer_weights() + tables * u64::from(self.hidden) * u64::from(self.vocabulary)
    }

    /// Weights one token uses, with both embedding tables as [`Self::parameters`] counts them.
    #[must_use]
    pub fn active_parameters(&self) -> u64 {
        let tables = if self.tied_embeddings { 1 } else { 2 };
        let layers: u64 =
            self.layers.iter().map(|l| l.attention.weights(self.hidden) + l.ffn.active_weights(self.hidden)).sum();
        layers + tables * u64::from(self.hidden) * u64::from(self.vocabulary)
    }

    /// Weights of the layers' matrices, without embedding and unembedding.
    #[must_use]
    pub fn hardwired_layer_weights(&self) -> u64 {
        self.layers.iter().map(|l| l.attention.weights(self.hidden) + l.ffn.weights(self.hidden)).sum()
    }
}
