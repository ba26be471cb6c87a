//! Layers of a [`designs::Model`] as MLIR text: `linalg` on tensors, accepted by upstream MLIR.
//!
//! [`layer`] writes a whole layer with its KV cache, [`head`] the final norm, unembedding and greedy choice,
//! [`pieces`] the parts that a machine or compiler would separate, whole or as one chip of a grid holds them. The
//! functions are those of the mapping (`sim::mapping`): the same matrices, absorbed latent attention, the cache
//! with the new token in its last place. Shapes are static; equal arguments give equal bytes.
//!
//! Weights are arguments marked with [`ir::steps::WEIGHT_ATTRIBUTE`] or payload-free constants. Experts are one stacked
//! tensor from which the chosen matrices are read inside the contraction. A cache is updated in its argument
//! (`tensor.insert_slice`); the new entries are results too, for callers that keep the cache themselves. Left out,
//! because [`designs::Model`] does not have them: biases, attention sinks, scaling of router weights and of long rotary contexts.

mod attention;
mod corpus;
mod feed_forward;
mod layer;
mod operations;
mod piece_writer;
mod pieces;
mod setting;
mod text;

pub use corpus::corpus;
pub use layer::{head, layer, layer_kinds};
pub use piece_writer::Emitted;
pub use pieces::pieces;
pub use setting::{EmitError, MAX_POSITIONS, Setting};
pub use text::{Element, WeightStyle};
