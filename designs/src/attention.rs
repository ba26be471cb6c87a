//! Kinds of self-attention: the facts about each that do not depend on a machine.
//!
//! A kind is a variant of [`Attention`] and an arm in each method here. How a `config.json` states it is read in
//! `huggingface::family`, how it is laid out on a grid in `sim::mapping`, how it looks as MLIR in `workload::emit`.

use std::fmt;

use serde::{Deserialize, Serialize};

/// The self-attention of one layer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Attention {
    /// Grouped-query attention; multi-head attention is the case `kv_heads == query_heads`.
    Gqa {
        /// Query heads.
        query_heads: u32,
        /// Key/value heads; divides `query_heads`.
        kv_heads: u32,
        /// Elements per head.
        head_dim: u32,
        /// Whether the output of every head is multiplied with a projection of the layer's input (Qwen3-Next).
        output_gate: bool,
    },
    /// Multi-head latent attention (DeepSeek-V2 and later): keys and values share one latent vector.
    Mla {
        /// Query heads.
        heads: u32,
        /// Rank of the query's low-rank projection; `None` where queries are projected directly.
        q_lora: Option<u32>,
        /// Elements of the cached latent vector, without its positional part.
        kv_lora: u32,
        /// Elements per head without position.
        nope: u32,
        /// Elements per head that carry the rotary position; cached once for all heads.
        rope: u32,
        /// Elements per head of the value.
        v: u32,
        /// Selects the positions that a token attends to; `None`: all.
        indexer: Option<Indexer>,
    },
    /// Linear attention by the gated delta rule (Qwen3-Next): a state of constant size instead of a cache.
    Delta {
        /// Heads of queries and keys; divides `value_heads`.
        key_heads: u32,
        /// Heads of values; each has a state of `key_dim` x `value_dim`.
        value_heads: u32,
        /// Elements of a query or key head.
        key_dim: u32,
        /// Elements of a value head.
        value_dim: u32,
        /// Taps of the causal convolution over queries, keys and values.
        kernel: u32,
    },
}

/// The lightning indexer of sparse attention (DeepSeek-V3.2): scores all positions with small heads of its own and keeps the
/// best.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Indexer {
    /// Heads of its queries; all share one key per position.
    pub heads: u32,
    /// Elements of a head and of the cached key.
    pub head_dim: u32,
    /// Positions that attention reads at most.
    pub top_k: u32,
}

/// A matrix of a layer: its name in released checkpoints, and its weights. An empty name has none.
pub type NamedMatrix = (&'static str, u64);

/// Sum over matrices.
pub(crate) fn sum(matrices: &[NamedMatrix]) -> u64 {
    matrices.iter().map(|(_, weights)| weights).sum()
}

impl Attention {
    /// Short name of the kind, as in the names of layer plans.
    #[must_use]
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Gqa { output_gate: false, .. } => "GQA",
            Self::Gqa { output_gate: true, .. } => "gated GQA",
            Self::Mla { indexer: None, .. } => "MLA",
            Self::Mla { indexer: Some(_), .. } => "sparse MLA",
            Self::Delta { .. } => "gated delta",
        }
    }

    /// Query heads of a layer.
    #[must_use]
    pub fn query_heads(&self) -> u32 {
        match *self {
            Self::Gqa { query_heads, .. } => query_heads,
            Self::Mla { heads, .. } => heads,
            Self::Delta { value_heads, .. } => value_heads,
        }
    }

    /// Key/value heads, where a grid divides them over its columns; `None` where all heads share one cached vector.
    #[must_use]
    pub fn divided_kv_heads(&self) -> Option<u32> {
        match *self {
            Self::Gqa { kv_heads, .. } => Some(kv_heads),
            Self::Mla { .. } => None,
            Self::Delta { key_heads, .. } => Some(key_heads),
        }
    }

    /// Elements of a head that carry the rotary position.
    #[must_use]
    pub fn rotary_elements(&self) -> u32 {
        match *self {
            Self::Gqa { head_dim, .. } => head_dim,
            Self::Mla { rope, .. } => rope,
            Self::Delta { .. } => 0,
        }
    }

    /// Multiply-adds of attention for one token that sees `visible` positions of one layer, projections not counted.
    #[must_use]
    pub fn multiply_adds(&self, visible: f64) -> f64 {
        match *self {
            Self::Gqa { query_heads, head_dim, .. } => 2.0 * f64::from(query_heads) * f64::from(head_dim) * visible,
            Self::Mla { heads, kv_lora, rope, indexer, .. } => {
                let each = f64::from(heads) * (2.0 * f64::from(kv_lora) + f64::from(rope));
                let index = indexer.map_or(0.0, |i| f64::from(i.heads) * f64::from(i.head_dim) * visible);
                each * self.attended(visible) + index
            }
            // Decay, prediction, update and read-out each touch the state once; the convolution is part of the weights.
            Self::Delta { .. } => 4.0 * self.delta_state_elements() as f64,
        }
    }

    /// Positions of `visible` ones whose keys and values are read.
    #[must_use]
    pub fn attended(&self, visible: f64) -> f64 {
        match *self {
            Self::Mla { indexer: Some(indexer), .. } => visible.min(f64::from(indexer.top_k)),
            Self::Delta { .. } => 0.0,
            Self::Gqa { .. } | Self::Mla { .. } => visible,
        }
    }

    /// Elements that one token reads of the cache, or of the state, where it sees `visible` positions of one layer.
    #[must_use]
    pub fn elements_read(&self, visible: f64) -> f64 {
        let keys = match *self {
            Self::Mla { indexer: Some(indexer), .. } => f64::from(indexer.head_dim) * visible,
            _ => 0.0,
        };
        let own = self.kv_elements_per_position() as f64 - keys / visible.max(1.0);
        own * self.attended(visible) + keys + self.state_elements() as f64
    }

    /// Elements of the state of a sequence in one layer, which does not grow with the context; 0 for attention with a cache.
    #[must_use]
    pub fn state_elements(&self) -> u64 {
        match *self {
            Self::Gqa { .. } | Self::Mla { .. } => 0,
            Self::Delta { kernel, .. } => {
                self.delta_state_elements() + self.delta_channels() * u64::from(kernel).saturating_sub(1)
            }
        }
    }

    fn delta_state_elements(&self) -> u64 {
        match *self {
            Self::Delta { value_heads, key_dim, value_dim, .. } => {
                u64::from(value_heads) * u64::from(key_dim) * u64::from(value_dim)
            }
            _ => 0,
        }
    }

    /// Elements of a token that pass the convolution: queries, keys and values.
    fn delta_channels(&self) -> u64 {
        match *self {
            Self::Delta { key_heads, value_heads, key_dim, value_dim, .. } => {
                2 * u64::from(key_heads) * u64::from(key_dim) + u64::from(value_heads) * u64::from(value_dim)
            }
            _ => 0,
        }
    }

    /// The same attention with other numbers of heads or another head width; `None` keeps a number.
    ///
    /// # Errors
    /// Where this kind has no such number, or the heads do not divide.
    pub fn resized(&self, change: HeadChange) -> Result<Self, HeadChangeError> {
        match *self {
            Self::Gqa { query_heads, kv_heads, head_dim, output_gate } => {
                let query_heads = change.query_heads.unwrap_or(query_heads);
                let kv_heads = change.kv_heads.unwrap_or(kv_heads);
                if !query_heads.is_multiple_of(kv_heads) {
                    return Err(HeadChangeError::Indivisible { query_heads, kv_heads });
                }
                Ok(Self::Gqa { query_heads, kv_heads, head_dim: change.head_dim.unwrap_or(head_dim), output_gate })
            }
            Self::Mla { heads, q_lora, kv_lora, nope, rope, v, indexer } => {
                for (key, value) in [("kv_heads", change.kv_heads), ("head_dim", change.head_dim)] {
                    if value.is_some() {
                        return Err(HeadChangeError::Absent { key });
                    }
                }
                let heads = change.query_heads.unwrap_or(heads);
                Ok(Self::Mla { heads, q_lora, kv_lora, nope, rope, v, indexer })
            }
            // A change of heads is one of the layers that have such heads.
            Self::Delta { .. } => Ok(*self),
        }
    }

    /// Elements the KV cache holds for one position of one layer, the keys of an indexer included.
    #[must_use]
    pub fn kv_elements_per_position(&self) -> u64 {
        match *self {
            Self::Gqa { kv_heads, head_dim, .. } => 2 * u64::from(kv_heads) * u64::from(head_dim),
            Self::Mla { kv_lora, rope, indexer, .. } => {
                u64::from(kv_lora) + u64::from(rope) + indexer.map_or(0, |i| u64::from(i.head_dim))
            }
            Self::Delta { .. } => 0,
        }
    }

    /// Weights of the attention matrices for a hidden width of `hidden` elements.
    #[must_use]
    pub fn weights(&self, hidden: u32) -> u64 {
        sum(&self.matrices(hidden))
    }

    /// The matrices for a hidden width of `hidden` elements.
    #[must_use]
    pub fn matrices(&self, hidden: u32) -> [NamedMatrix; 8] {
        let hidden = u64::from(hidden);
        let mut all = [("", 0); 8];
        let mut put = |matrices: &[NamedMatrix]| all[..matrices.len()].copy_from_slice(matrices);
        match *self {
            Self::Gqa { query_heads, kv_heads, head_dim, output_gate } => {
                let (q, kv, d) = (u64::from(query_heads), u64::from(kv_heads), u64::from(head_dim));
                let gates = if output_gate { q } else { 0 };
                put(&[
                    ("q_proj", hidden * (q + gates) * d),
                    ("k_proj", hidden * kv * d),
                    ("v_proj", hidden * kv * d),
                    ("o_proj", q * d * hidden),
                ]);
            }
            Self::Mla { heads, q_lora, kv_lora, nope, rope, v, indexer } => {
                let [h, l, n, r, v] = [heads, kv_lora, nope, rope, v].map(u64::from);
                let rank = q_lora.map(u64::from);
                let (queries, down) = match rank {
                    Some(rank) => (("q_b_proj", rank * h * (n + r)), ("q_a_proj", hidden * rank)),
                    None => (("q_proj", hidden * h * (n + r)), ("", 0)),
                };
                let (index_heads, index_dim) = indexer.map_or((0, 0), |i| (i.heads.into(), u64::from(i.head_dim)));
                put(&[
                    queries,
                    down,
                    ("kv_a_proj_with_mqa", hidden * (l + r)),
                    ("kv_b_proj", l * h * (n + v)),
                    ("o_proj", h * v * hidden),
                    ("indexer.wq_b", rank.unwrap_or(hidden) * index_heads * index_dim),
                    ("indexer.wk", hidden * index_dim),
                    ("indexer.weights_proj", hidden * index_heads),
                ]);
            }
            Self::Delta { key_heads, value_heads, key_dim, value_dim, kernel } => {
                let keys = u64::from(key_heads) * u64::from(key_dim);
                let values = u64::from(value_heads) * u64::from(value_dim);
                put(&[
                    ("in_proj_qkvz", hidden * 2 * (keys + values)),
                    ("in_proj_ba", hidden * 2 * u64::from(value_heads)),
                    ("conv1d", self.delta_channels() * u64::from(kernel)),
                    ("out_proj", values * hidden),
                ]);
            }
        }
        all
    }
}

/// The shape in words, as `hardwire designs show` prints it.
impl fmt::Display for Attention {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match *self {
            Self::Gqa { query_heads, kv_heads, head_dim, output_gate } => {
                let gate = if output_gate { ", gated output" } else { "" };
                write!(f, "{query_heads} query heads, {kv_heads} key/value heads of {head_dim}{gate}")
            }
            Self::Mla { heads, q_lora, kv_lora, nope, rope, v, indexer } => {
                let queries = q_lora.map_or_else(|| "direct queries".to_owned(), |rank| format!("query rank {rank}"));
                write!(f, "{heads} latent heads of {nope} + {rope}, values of {v}, {queries}, cached rank {kv_lora}")?;
                indexer.map_or(Ok(()), |i| {
                    write!(f, ", the best {} positions by {} index heads of {}", i.top_k, i.heads, i.head_dim)
                })
            }
            Self::Delta { key_heads, value_heads, key_dim, value_dim, kernel } => write!(
                f,
                "gated delta rule: {key_heads} key heads of {key_dim}, {value_heads} value heads of {value_dim}, \
                 convolution of {kernel}"
            ),
        }
    }
}

/// New numbers for [`Attention::resized`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct HeadChange {
    /// Query heads, at least 1.
    pub query_heads: Option<u32>,
    /// Key/value heads, at least 1.
    pub kv_heads: Option<u32>,
    /// Elements per head.
    pub head_dim: Option<u32>,
}

/// Why an attention cannot be resized.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum HeadChangeError {
    /// Query heads are not a multiple of key/value heads.
    #[error("{query_heads} query heads do not divide over {kv_heads} key/value heads")]
    Indivisible {
        /// Query heads.
        query_heads: u32,
        /// Key/value heads.
        kv_heads: u32,
    },
    /// The kind of attention has no such number.
    #[error("the attention has no `{key}`")]
    Absent {
        /// Name of the number.
        key: &'static str,
    },
}
