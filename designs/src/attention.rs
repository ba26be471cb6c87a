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
    },
}

impl Attention {
    /// Short name of the kind, as in the names of layer plans.
    #[must_use]
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Gqa { .. } => "GQA",
            Self::Mla { .. } => "MLA",
        }
    }

    /// Query heads of a layer.
    #[must_use]
    pub fn query_heads(&self) -> u32 {
        match *self {
            Self::Gqa { query_heads, .. } => query_heads,
            Self::Mla { heads, .. } => heads,
        }
    }

    /// Key/value heads, where a grid divides them over its columns; `None` where all heads share one cached vector.
    #[must_use]
    pub fn divided_kv_heads(&self) -> Option<u32> {
        match *self {
            Self::Gqa { kv_heads, .. } => Some(kv_heads),
            Self::Mla { .. } => None,
        }
    }

    /// Elements of a head that carry the rotary position.
    #[must_use]
    pub fn rotary_elements(&self) -> u32 {
        match *self {
            Self::Gqa { head_dim, .. } => head_dim,
            Self::Mla { rope, .. } => rope,
        }
    }

    /// Multiply-adds of scores and weighted values for one token and one cached position of one layer.
    #[must_use]
    pub fn multiply_adds_per_position(&self) -> f64 {
        match *self {
            Self::Gqa { query_heads, head_dim, .. } => 2.0 * f64::from(query_heads) * f64::from(head_dim),
            Self::Mla { heads, kv_lora, rope, .. } => f64::from(heads) * (2.0 * f64::from(kv_lora) + f64::from(rope)),
        }
    }

    /// The same attention with other numbers of heads or another head width; `None` keeps a number.
    ///
    /// # Errors
    /// Where this kind has no such number, or the heads do not divide.
    pub fn resized(&self, change: HeadChange) -> Result<Self, HeadChangeError> {
        match *self {
            Self::Gqa { query_heads, kv_heads, head_dim } => {
                let query_heads = change.query_heads.unwrap_or(query_heads);
                let kv_heads = change.kv_heads.unwrap_or(kv_heads);
                if !query_heads.is_multiple_of(kv_heads) {
                    return Err(HeadChangeError::Indivisible { query_heads, kv_heads });
                }
                Ok(Self::Gqa { query_heads, kv_heads, head_dim: change.head_dim.unwrap_or(head_dim) })
            }
            Self::Mla { heads, q_lora, kv_lora, nope, rope, v } => {
                for (key, value) in [("kv_heads", change.kv_heads), ("head_dim", change.head_dim)] {
                    if value.is_some() {
                        return Err(HeadChangeError::Absent { key });
                    }
                }
                Ok(Self::Mla { heads: change.query_heads.unwrap_or(heads), q_lora, kv_lora, nope, rope, v })
            }
        }
    }

    /// Elements the KV cache holds for one position of one layer.
    #[must_use]
    pub fn kv_elements_per_position(&self) -> u64 {
        match *self {
            Self::Gqa { kv_heads, head_dim, .. } => 2 * u64::from(kv_heads) * u64::from(head_dim),
            Self::Mla { kv_lora, rope, .. } => u64::from(kv_lora) + u64::from(rope),
        }
    }

    /// Weights of the attention matrices for a hidden width of `hidden` elements.
    #[must_use]
    pub fn weights(&self, hidden: u32) -> u64 {
        let hidden = u64::from(hidden);
        match *self {
            Self::Gqa { query_heads, kv_heads, head_dim } => {
                let (q, kv, d) = (u64::from(query_heads), u64::from(kv_heads), u64::from(head_dim));
                hidden * (q + 2 * kv) * d + q * d * hidden
            }
            Self::Mla { heads, q_lora, kv_lora, nope, rope, v } => {
                let [h, l, n, r, v] = [heads, kv_lora, nope, rope, v].map(u64::from);
                let q = match q_lora.map(u64::from) {
                    Some(rank) => hidden * rank + rank * h * (n + r),
                    None => hidden * h * (n + r),
                };
                q + hidden * (l + r) + l * h * (n + v) + h * v * hidden
            }
        }
    }
}

/// The shape in words, as `hardwire designs show` prints it.
impl fmt::Display for Attention {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match *self {
            Self::Gqa { query_heads, kv_heads, head_dim } => {
                write!(f, "{query_heads} query heads, {kv_heads} key/value heads of {head_dim}")
            }
            Self::Mla { heads, q_lora, kv_lora, nope, rope, v } => {
                let queries = q_lora.map_or_else(|| "direct queries".to_owned(), |rank| format!("query rank {rank}"));
                write!(f, "{heads} latent heads of {nope} + {rope}, values of {v}, {queries}, cached rank {kv_lora}")
            }
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
