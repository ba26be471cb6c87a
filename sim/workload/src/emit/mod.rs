//! Layers of a [`designs::Model`] as MLIR text: `linalg` on tensors, accepted by upstream MLIR.
//!
//! [`layer`] writes a whole layer with its KV cache, [`head`] the final norm, unembedding and greedy choice,
//! [`pieces`] the parts between which a machine or compiler would cut, also as one chip of a grid holds them. The
//! functions are those of the mapping (`sim::mapping`): the same matrices, absorbed latent attention, the cache
//! with the new token in its last place. Shapes are static; the same question gives the same bytes.
//!
//! Weights are arguments marked with [`ir::steps::WEIGHT_ATTRIBUTE`] or payload-free constants. Experts are one stacked
//! tensor from which the chosen matrices are read inside the contraction. A cache is updated in its argument
//! (`tensor.insert_slice`); the new entries are results too, for callers that keep it themselves. Left out, as in
//! [`designs::Model`]: biases, attention sinks, scaling of router weights and of long rotary contexts.

mod attention;
mod corpus;
mod feed_forward;
mod operations;
mod pieces;
mod text;

use designs::{Attention, Ffn, Layer, Model};
use sim::Phase;

use attention::{Gqa, Mla};
use feed_forward::Mixture;
use operations as op;
use text::{Function, Scalar};

pub use corpus::corpus;
pub use pieces::pieces;
pub use text::{Element, WeightStyle};

/// Most tokens and positions: shapes stay far from overflow.
pub const MAX_POSITIONS: u64 = 1 << 24;

/// What to emit for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Setting {
    /// Decode: one new token for each of `tokens` sequences. Prefill: `tokens` tokens of one prompt.
    pub phase: Phase,
    /// New tokens.
    pub tokens: u64,
    /// Positions of the cache, the new tokens included.
    pub context: u64,
    /// Format of weights and caches.
    pub element: Element,
    /// Where weights come from.
    pub weights: WeightStyle,
}

impl Setting {
    /// f32, weights as arguments.
    #[must_use]
    pub fn new(phase: Phase, tokens: u64, context: u64) -> Self {
        Self { phase, tokens, context, element: Element::F32, weights: WeightStyle::Arguments }
    }

    fn check(&self) -> Result<(), EmitError> {
        let Self { tokens, context, .. } = *self;
        if tokens == 0 || context == 0 {
            return Err(EmitError::Nothing { tokens, context });
        }
        if tokens > MAX_POSITIONS || context > MAX_POSITIONS {
            return Err(EmitError::TooLarge { value: tokens.max(context), limit: MAX_POSITIONS });
        }
        if self.phase == Phase::Prefill && tokens > context {
            return Err(EmitError::Context { tokens, context });
        }
        Ok(())
    }

    fn function(&self) -> Function {
        Function::new(self.element, self.weights)
    }
}

/// Why nothing can be emitted.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum EmitError {
    /// No tokens or no positions.
    #[error("tokens and context must be at least 1, not {tokens} and {context}")]
    Nothing {
        /// Tokens.
        tokens: u64,
        /// Context.
        context: u64,
    },
    /// Beyond what is emitted.
    #[error("{value} tokens or positions are more than the {limit} that are emitted")]
    TooLarge {
        /// What was asked.
        value: u64,
        /// Limit.
        limit: u64,
    },
    /// A prompt longer than its cache.
    #[error("a prompt of {tokens} tokens does not fit into a context of {context}; the context includes the prompt")]
    Context {
        /// Tokens.
        tokens: u64,
        /// Context.
        context: u64,
    },
    /// Rotary embedding turns halves of a head.
    #[error("{width} positional elements per head cannot be halved for the rotary embedding")]
    OddHead {
        /// Elements.
        width: u32,
    },
    /// Heads are dealt to columns.
    #[error("{heads} query heads cannot be dealt evenly to {columns} columns")]
    Columns {
        /// Query heads.
        heads: u32,
        /// Columns.
        columns: u32,
    },
    /// The model has no such layer.
    #[error("{model} has layers 0 to {last}, not {layer}")]
    NoLayer {
        /// Model.
        model: String,
        /// What was asked.
        layer: usize,
        /// Last layer.
        last: usize,
    },
}

/// One function's text with what it is.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct Emitted {
    /// Unique among what one call returns: model, grid, setting and piece.
    pub name: String,
    /// Family of pieces, e.g. `llm-attention`.
    pub family: &'static str,
    /// Model it comes from.
    pub model: String,
    /// What part of the model, also the function's name.
    pub piece: &'static str,
    /// Whether it is a whole layer.
    pub whole: bool,
    /// The MLIR text.
    pub text: String,
}

fn checked(layer: &Layer, setting: &Setting) -> Result<(), EmitError> {
    setting.check()?;
    let width = match layer.attention {
        Attention::Gqa { head_dim, .. } => head_dim,
        Attention::Mla { rope, .. } => rope,
    };
    if width % 2 == 1 { Err(EmitError::OddHead { width }) } else { Ok(()) }
}

/// Positions a layer's cache holds in decode: a window needs no older ones.
fn cached_positions(layer: &Layer, setting: &Setting) -> u64 {
    match (setting.phase, layer.window) {
        (Phase::Decode, Some(window)) => setting.context.min(u64::from(window).max(1)),
        _ => setting.context,
    }
}

fn gqa(layer: &Layer, setting: &Setting, (query_heads, kv_heads, dim): (u64, u64, u64)) -> Gqa {
    Gqa {
        phase: setting.phase,
        tokens: setting.tokens,
        context: cached_positions(layer, setting),
        kv_heads,
        group: query_heads / kv_heads,
        dim,
        window: layer.window.map(u64::from),
    }
}

fn mla(layer: &Layer, setting: &Setting, heads: u64, [latent, nope, rope, v]: [u64; 4]) -> Mla {
    Mla {
        phase: setting.phase,
        tokens: setting.tokens,
        context: cached_positions(layer, setting),
        heads,
        latent,
        nope,
        rope,
        v,
        window: layer.window.map(u64::from),
    }
}

/// Layer number `index` of `model` as one function: norm, attention, residual, norm, feed-forward, residual. A
/// window of the layer limits the cache (decode) or the mask (prefill).
///
/// # Errors
/// When the setting makes no sense or the model has no such layer.
pub fn layer(model: &Model, index: usize, setting: &Setting) -> Result<String, EmitError> {
    let Some(layer) = model.layers.get(index) else {
        let last = model.layers.len().saturating_sub(1);
        return Err(EmitError::NoLayer { model: model.name.clone(), layer: index, last });
    };
    checked(layer, setting)?;
    let hidden = u64::from(model.hidden);
    let mut f = setting.function();
    let x = f.input("x", &[setting.tokens, hidden], Scalar::F32);
    let normed = op::rms_norm(&mut f, &x, "attention_norm");
    let (o, new) = match layer.attention {
        Attention::Gqa { query_heads, kv_heads, head_dim } => {
            let shape = (query_heads.into(), kv_heads.into(), head_dim.into());
            let [o, k, v] = gqa(layer, setting, shape).block(&mut f, &normed, hidden);
            (o, vec![k, v])
        }
        Attention::Mla { heads, q_lora, kv_lora, nope, rope, v } => {
            let shape = [kv_lora, nope, rope, v].map(u64::from);
            let mla = mla(layer, setting, heads.into(), shape);
            let [o, entry] = mla.block(&mut f, &normed, hidden, q_lora.map(u64::from));
            (o, vec![entry])
        }
    };
    let h = op::add(&mut f, &x, &o);
    let normed = op::rms_norm(&mut f, &h, "ffn_norm");
    let y = match layer.ffn {
        Ffn::Dense { width } => feed_forward::gated(&mut f, &normed, "w_", width.into()),
        Ffn::Moe { experts, experts_per_token, width, shared_width } => {
            mixture(experts, experts_per_token, width, shared_width).block(&mut f, &normed)
        }
    };
    let y = op::add(&mut f, &h, &y);
    let results: Vec<_> = std::iter::once(&y).chain(&new).collect();
    Ok(f.finish("layer", &results))
}

fn mixture(experts: u32, per_token: u32, width: u32, shared_width: u32) -> Mixture {
    let [experts, per_token, width, shared_width] = [experts, per_token, width, shared_width].map(u64::from);
    Mixture { experts, per_token, width, shared_width }
}

/// Final norm, unembedding and the largest logit of each token as one function.
///
/// # Errors
/// When the setting makes no sense.
pub fn head(model: &Model, setting: &Setting) -> Result<String, EmitError> {
    setting.check()?;
    let mut f = setting.function();
    let x = f.input("x", &[setting.tokens, model.hidden.into()], Scalar::F32);
    let normed = op::rms_norm(&mut f, &x, "final_norm");
    let logits = op::linear(&mut f, &normed, "w_unembed", model.vocabulary.into());
    let token = op::argmax(&mut f, &logits);
    Ok(f.finish("head", &[&token]))
}

/// Indices of the first layer of every distinct kind of `model`.
#[must_use]
pub fn layer_kinds(model: &Model) -> Vec<usize> {
    let mut first: Vec<usize> = Vec::new();
    for (index, layer) in model.layers.iter().enumerate() {
        if !first.iter().any(|&known| model.layers[known] == *layer) {
            first.push(index);
        }
    }
    first
}
