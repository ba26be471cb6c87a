//! Parts of a layer as functions: the work between two collectives of the machine, or what a compiler dispatches as
//! one kernel. On a grid of more than one chip the shapes are those of one chip (rounded up).

use designs::{Ffn, Grid, Layer, Model};

use super::attention;
use super::feed_forward::Mixture;
use super::operations as op;
use super::piece_writer::{Emitted, PieceWriter};
use super::setting::{EmitError, Setting, checked};
use super::text::Scalar;

/// The pieces of layer number `index` of `model` and of its head, as one chip of `grid` holds them; (1, 1) for
/// whole shapes. Pieces that do not depend on the context are named without it. Experts are whole: where the mapping cuts them
/// over chips, a chip holds a part of a piece.
///
/// # Errors
/// When the setting makes no sense, the model has no such layer, or its heads do not divide over the columns.
pub fn pieces(model: &Model, index: usize, setting: &Setting, grid: Grid) -> Result<Vec<Emitted>, EmitError> {
    let Some(layer) = model.layers.get(index) else {
        let last = model.layers.len().saturating_sub(1);
        return Err(EmitError::NoLayer { model: model.name.clone(), layer: index, last });
    };
    checked(layer, setting)?;
    let heads = layer.attention.query_heads();
    if grid.chips() == 0 || heads % grid.columns != 0 {
        return Err(EmitError::Columns { heads, columns: grid.columns });
    }
    let mut pieces = PieceWriter::new(model, index, setting, grid);
    attention::pieces(&mut pieces, layer);
    feed_forward(&mut pieces, layer);
    head(&mut pieces);
    Ok(pieces.finish())
}

/// Pieces of the feed-forward part.
fn feed_forward(pieces: &mut PieceWriter<'_>, layer: &Layer) {
    let (hidden, chips) = (pieces.hidden(), pieces.chips());
    let (experts, per_token, width, shared) = match layer.ffn {
        Ffn::Dense { width } => {
            let width = u64::from(width).div_ceil(chips);
            pieces.gated(["up_proj", "up_gate", "down_proj", "ffn"], width);
            return pieces.swiglu(width);
        }
        Ffn::Moe { experts, experts_per_token, width, shared_width } => {
            (experts, experts_per_token, width, shared_width)
        }
    };
    let moe = Mixture::new(experts, per_token, width, shared);
    pieces.gated(["expert_up_proj", "expert_up_gate", "expert_down_proj", "expert"], moe.width);
    pieces.swiglu(moe.width);
    pieces.linear("llm-router", "router", hidden, moe.experts);
    pieces.add("llm-router", "top_k", None, |f, tokens| {
        let logits = f.input("logits", &[tokens, moe.experts], Scalar::F32);
        let (values, indices) = op::top_k(f, &logits, moe.per_token);
        vec![values, indices]
    });
    pieces.add("llm-softmax", "expert_softmax", None, |f, tokens| {
        let values = f.input("values", &[tokens, moe.per_token], Scalar::F32);
        vec![op::softmax(f, &values, None, None)]
    });
    pieces.add("llm-router", "route", None, |f, tokens| {
        let x = f.input("x", &[tokens, hidden], Scalar::F32);
        let (weights, indices) = moe.route(f, &x);
        vec![weights, indices]
    });
    // Experts that one chip holds; the router is a piece of its own.
    let here = moe.experts.div_ceil(chips);
    let active = moe.per_token.min(here);
    pieces.add("llm-experts", "experts_up", None, |f, tokens| {
        let x = f.input("x", &[tokens, hidden], Scalar::F32);
        let chosen = f.input("chosen", &[tokens, active], Scalar::Index);
        vec![op::experts(f, &x, &chosen, "w_up", here, moe.width)]
    });
    pieces.add("llm-experts", "experts_down", None, |f, tokens| {
        let x = f.input("x", &[tokens, active, moe.width], Scalar::F32);
        let chosen = f.input("chosen", &[tokens, active], Scalar::Index);
        vec![op::experts(f, &x, &chosen, "w_down", here, hidden)]
    });
    pieces.add("llm-experts", "weigh", None, |f, tokens| {
        let y = f.input("outputs", &[tokens, active, hidden], Scalar::F32);
        let weights = f.input("weights", &[tokens, active], Scalar::F32);
        vec![op::weigh(f, &y, &weights)]
    });
    if moe.shared_width > 0 {
        let part = moe.shared_width.div_ceil(chips);
        pieces.gated(["shared_up_proj", "shared_up_gate", "shared_down_proj", "shared_expert"], part);
    }
}

/// Pieces of the head: unembedding and greedy choice.
fn head(pieces: &mut PieceWriter<'_>) {
    let part = u64::from(pieces.model().vocabulary).div_ceil(pieces.chips());
    let hidden = pieces.hidden();
    pieces.linear("llm-head", "unembed", hidden, part);
    pieces.add("llm-head", "argmax", None, |f, tokens| {
        let logits = f.input("logits", &[tokens, part], Scalar::F32);
        vec![op::argmax(f, &logits)]
    });
}
