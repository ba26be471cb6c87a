//! Whole layers and the head as one function each.

use designs::{Ffn, Model};

use super::attention;
use super::feed_forward::{Mixture, gated};
use super::operations as op;
use super::setting::{EmitError, Setting, checked};
use super::text::Scalar;

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
    let (o, new) = attention::block(&mut f, &normed, layer, setting);
    let h = op::add(&mut f, &x, &o);
    let normed = op::rms_norm(&mut f, &h, "ffn_norm");
    let y = match layer.ffn {
        Ffn::Dense { width } => gated(&mut f, &normed, "w_", width.into()),
        Ffn::Moe { experts, experts_per_token, width, shared_width } => {
            Mixture::new(experts, experts_per_token, width, shared_width).block(&mut f, &normed)
        }
    };
    let y = op::add(&mut f, &h, &y);
    let results: Vec<_> = std::iter::once(&y).chain(&new).collect();
    Ok(f.finish("layer", &results))
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
