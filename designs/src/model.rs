//! The architecture of a language model: what a mapping needs to know, nothing about weights' values.
//!
//! Shapes only, in elements. A [`Model`] is read from a Hugging Face `config.json` (see
//! [`crate::huggingface`]); each layer states its own attention, feed-forward kind and window, so a
//! model with dense first layers or alternating windows needs no special case downstream.

use serde::{Deserialize, Serialize};

use crate::attention::{Attention, NamedMatrix, sum};
use crate::release::{Part, PerPart, Release};

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
        self.matrices(hidden).iter().map(|(_, matrices)| sum(matrices)).sum()
    }

    /// The matrices by part, the experts of a part together: gate, up and down.
    #[must_use]
    pub fn matrices(&self, hidden: u32) -> [(Part, [NamedMatrix; 3]); 3] {
        let three = |width: u64| {
            let each = u64::from(hidden) * width;
            [("gate_proj", each), ("up_proj", each), ("down_proj", each)]
        };
        let none = [("", 0); 3];
        match *self {
            Self::Dense { width } => {
                [(Part::Dense, three(width.into())), (Part::Experts, none), (Part::SharedExperts, none)]
            }
            Self::Moe { experts, width, shared_width, .. } => [
                (Part::Router, [("", u64::from(hidden) * u64::from(experts)), ("", 0), ("", 0)]),
                (Part::Experts, three(u64::from(experts) * u64::from(width))),
                (Part::SharedExperts, three(shared_width.into())),
            ],
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
    /// Positions that a token sees.
    pub span: Span,
}

impl Layer {
    /// Elements of cache and state that a sequence of `context` positions takes.
    #[must_use]
    pub fn elements_stored(&self, context: f64) -> f64 {
        let attention = &self.attention;
        self.span.most(context) * attention.kv_elements_per_position() as f64 + attention.state_elements() as f64
    }

    /// Elements of cache and state that a token at `context` reads.
    #[must_use]
    pub fn elements_read(&self, context: f64) -> f64 {
        self.attention.elements_read(self.span.mean(context))
    }

    /// Multiply-adds of attention for a token at `context`, projections not counted.
    #[must_use]
    pub fn attention_multiply_adds(&self, context: f64) -> f64 {
        self.attention.multiply_adds(self.span.mean(context))
    }
}

/// Which positions a token sees, its own included.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Span {
    /// All before it.
    #[default]
    Full,
    /// The last `n` positions.
    Window(u32),
    /// The positions of its own chunk of `n`: chunks begin at multiples of `n` (Llama 4).
    Chunk(u32),
}

impl Span {
    /// First position that the last of `context` positions sees.
    #[must_use]
    pub fn first(self, context: u64) -> u64 {
        match self {
            Self::Full => 0,
            Self::Window(size) => context.saturating_sub(size.into()),
            Self::Chunk(size) => {
                let size = u64::from(size.max(1));
                context.saturating_sub(1) / size * size
            }
        }
    }

    /// Most positions that a token sees up to `context`: what a cache must hold.
    #[must_use]
    pub fn most(self, context: f64) -> f64 {
        match self {
            Self::Full => context,
            Self::Window(size) | Self::Chunk(size) => context.min(f64::from(size)),
        }
    }

    /// Positions that a token around `context` sees: in a chunk half of it on average, once the context is longer.
    #[must_use]
    pub fn mean(self, context: f64) -> f64 {
        match self {
            Self::Chunk(size) if context > f64::from(size) => f64::from(size) / 2.0,
            _ => self.most(context),
        }
    }

    /// In words.
    #[must_use]
    pub fn describe(self) -> String {
        match self {
            Self::Full => "full context".to_owned(),
            Self::Window(size) => format!("window of {size}"),
            Self::Chunk(size) => format!("chunks of {size}"),
        }
    }
}

/// A decoder-only language model.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
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
    /// Format in which the weights were released.
    pub release: Release,
    /// Layers from first to last.
    pub layers: Vec<Layer>,
    /// Extra layers for multi-token prediction that the file states; `layers` leaves them out.
    pub prediction_layers: u32,
    /// What the file states beyond this, e.g. towers for images.
    pub notes: Vec<String>,
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

    /// Weights one token uses: those of the layers and of the unembedding. Of the embedding table it reads one row.
    #[must_use]
    pub fn active_parameters(&self) -> u64 {
        let hidden = u64::from(self.hidden);
        self.active_layer_weights() + hidden * (u64::from(self.vocabulary) + u64::from(!self.tied_embeddings))
    }

    /// Weights of the layers' matrices that one token uses.
    #[must_use]
    pub fn active_layer_weights(&self) -> u64 {
        let hidden = self.hidden;
        self.layers.iter().map(|l| l.attention.weights(hidden) + l.ffn.active_weights(hidden)).sum()
    }

    /// Mean bits of a released weight, without the input embedding.
    #[must_use]
    pub fn mean_released_bits(&self) -> f64 {
        let (mut all, mut of_bits) = (0.0, 0.0);
        for (part, weights) in self.weights_by_part().iter() {
            if part != Part::Embedding || self.unembedding() == part {
                all += *weights as f64;
                of_bits += *weights as f64 * self.release.bits(part);
            }
        }
        of_bits / all
    }

    /// Weights of all matrices by part; a table that embedding and unembedding share is the embedding's.
    #[must_use]
    pub fn weights_by_part(&self) -> PerPart<u64> {
        let table = u64::from(self.hidden) * u64::from(self.vocabulary);
        let mut weights = PerPart::default();
        weights[Part::Embedding] = table;
        weights[self.unembedding()] = table;
        for layer in &self.layers {
            weights[Part::Attention] += layer.attention.weights(self.hidden);
            for (part, matrices) in layer.ffn.matrices(self.hidden) {
                weights[part] += sum(&matrices);
            }
        }
        weights
    }

    /// The part that holds the table of the unembedding.
    #[must_use]
    pub fn unembedding(&self) -> Part {
        if self.tied_embeddings { Part::Embedding } else { Part::Unembedding }
    }

    /// Weights of the layers' matrices, without embedding and unembedding.
    #[must_use]
    pub fn hardwired_layer_weights(&self) -> u64 {
        self.layers.iter().map(|l| l.attention.weights(self.hidden) + l.ffn.weights(self.hidden)).sum()
    }
}
