//! Settings of an emission, and why some are refused.

use designs::{Attention, Layer};
use sim::Phase;

use super::text::{Element, Function, WeightStyle};

/// Largest number of tokens and positions; products of shapes stay far below 2^64.
pub const MAX_POSITIONS: u64 = 1 << 24;

/// Phase, sizes and formats of the emitted functions.
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

    /// Refuses settings without tokens, beyond the limit, or with a prompt longer than its cache.
    pub(super) fn check(&self) -> Result<(), EmitError> {
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

    /// An empty function in this format.
    pub(super) fn function(&self) -> Function {
        Function::new(self.element, self.weights)
    }
}

/// Why a setting or model is refused.
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
    /// Tokens or positions above [`MAX_POSITIONS`].
    #[error("{value} tokens or positions are more than the {limit} that are emitted")]
    TooLarge {
        /// Value given.
        value: u64,
        /// Largest value allowed.
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
    /// The rotary embedding needs an even number of positional elements.
    #[error("{width} positional elements per head cannot be halved for the rotary embedding")]
    OddHead {
        /// Elements.
        width: u32,
    },
    /// Attention of a kind that is not written.
    #[error("{kind} attention is not emitted as MLIR")]
    Attention {
        /// Kind.
        kind: &'static str,
    },
    /// The columns do not divide the heads.
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
        /// Index given, from 0.
        layer: usize,
        /// Index of the last layer.
        last: usize,
    },
}

/// Refuses a setting that makes no sense, and heads that the rotary embedding cannot halve.
pub(super) fn checked(layer: &Layer, setting: &Setting) -> Result<(), EmitError> {
    setting.check()?;
    let attention = &layer.attention;
    if matches!(attention, Attention::Delta { .. } | Attention::Mla { indexer: Some(_), .. }) {
        return Err(EmitError::Attention { kind: attention.kind() });
    }
    let width = attention.rotary_elements();
    if width % 2 == 1 { Err(EmitError::OddHead { width }) } else { Ok(()) }
}
