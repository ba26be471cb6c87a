//! Reads the `config.json` that Hugging Face models are published with.
//!
//! Keys that bear on shapes must be there and right, because a guessed shape is a wrong machine; one that is there and not read
//! is refused (`keys`). In particular a dense family with expert keys is refused, and so is a family of mixtures without
//! experts. A model of several modalities is read as its text model alone. Left out, as nowhere modelled: biases, norms,
//! attention sinks, the gate of a shared expert, and extra layers for multi-token prediction.

mod attention;
mod family;
mod json;
mod keys;
mod layers;
mod limits;
mod modules;
mod patterns;
mod quantisation;
mod rope;
mod tensors;
#[cfg(test)]
mod tests;

pub use tensors::{Agreement, Checkpoint, MAX_HEADER, Tensor};

use crate::model::{Ffn, Layer, Model, Span};
use crate::problem::{Location, Problem, Problems, Source, SourceKind, cap, nearest, shorten};
use crate::release::Release;
use family::{FAMILIES, Family, OUTER};
use json::Object;
use layers::Sight;
use limits::*;

impl Model {
    /// Reads a `config.json`; `name` is that of the preset or file.
    ///
    /// # Errors
    /// Every problem of the text, each at its place.
    pub fn from_config_json(name: &str, text: &str) -> Result<Self, Problems> {
        read(name, text).map_err(|problems| {
            let source = Source { name: name.to_owned(), text: text.to_owned(), kind: SourceKind::File };
            Problems { sources: vec![source], problems }
        })
    }
}

fn read(name: &str, text: &str) -> Result<Model, Vec<Problem>> {
    if text.len() > MAX_TEXT {
        let message = format!("the text has {} bytes; at most {MAX_TEXT} are read", text.len());
        return Err(vec![Problem::at(Location { source: 0, span: 0..0 }, message)]);
    }
    let mut object = Object::parse(text).map_err(|problem| vec![problem])?;
    let model = match object.nested("text_config") {
        Some(mut inner) => {
            let model = read_text_model(name, &mut inner, Some(&mut object));
            object.problems.append(&mut inner.problems);
            model
        }
        None if object.problems.is_empty() => read_text_model(name, &mut object, None),
        None => None,
    };
    if object.problems.is_empty()
        && let Some(model) = model
    {
        return Ok(model);
    }
    object.problems.sort_by_key(|problem| problem.at.as_ref().map(|at| at.span.start));
    cap(&mut object.problems);
    Err(object.problems)
}

/// The model that `o` states; `outer` is the object around it in a model of several modalities.
fn read_text_model(name: &str, o: &mut Object<'_>, mut outer: Option<&mut Object<'_>>) -> Option<Model> {
    let family = find_family(o, outer.as_deref_mut())?;
    o.set_defaults(family.defaults);
    let mut model = assemble(name, family, o, outer.as_deref_mut());
    if o.problems.is_empty() {
        check_size(&model, o);
    }
    keys::refuse_unread(o, family);
    model.release = quantisation::release(o, outer.as_deref_mut(), &family.modules, &model);
    model.notes.extend(towers(o, outer));
    for key in ["num_nextn_predict_layers", "num_mtp_modules", "mtp_num_hidden_layers"] {
        if let Some(extra) = o.count(key, 0, MAX_LAYERS).filter(|extra| *extra > 0) {
            model.prediction_layers += narrow(extra);
            model.notes.push(format!("{extra} extra layers for multi-token prediction are not counted (`{key}`)"));
        }
    }
    Some(model)
}

/// The family that the text claims, unless it is not supported.
fn find_family(o: &mut Object<'_>, outer: Option<&mut Object<'_>>) -> Option<&'static Family> {
    let supported = || {
        let names: Vec<&str> = FAMILIES.iter().map(|family| family.name).collect();
        format!("supported are {}", names.join(", "))
    };
    let around = outer.and_then(|outer| outer.text("model_type"));
    let implied = around.and_then(|around| OUTER.iter().find(|(name, _)| *name == around)).map(|(_, text)| *text);
    let model_type = match implied {
        Some(text) if o.get("model_type").is_none() => text.to_owned(),
        _ => {
            if o.get("model_type").is_none() {
                o.problem("model_type", "`model_type` is missing").help = Some(supported());
                return None;
            }
            o.text("model_type")?
        }
    };
    let family = FAMILIES.iter().find(|family| family.name == model_type);
    if family.is_none() {
        let help = match suggestion(&model_type) {
            Some(near) => format!("did you mean `{near}`? ({})", supported()),
            None => supported(),
        };
        let message = format!("`model_type` \"{}\" is not supported", shorten(&model_type));
        o.problem("model_type", message).help = Some(help);
    }
    family
}

/// The supported family that a misspelt name means. Names that differ in their numbers are different architectures.
fn suggestion(model_type: &str) -> Option<&'static str> {
    let digits = |text: &str| text.chars().filter(char::is_ascii_digit).collect::<String>();
    let near = nearest(model_type, FAMILIES.iter().map(|family| family.name))?;
    (digits(near) == digits(model_type)).then_some(near)
}

fn assemble(name: &str, family: &Family, o: &mut Object<'_>, outer: Option<&mut Object<'_>>) -> Model {
    let layers = o.need("num_hidden_layers", 1, MAX_LAYERS);
    let hidden = o.need("hidden_size", 1, MAX_HIDDEN);
    let vocabulary = o.need("vocab_size", 1, MAX_VOCABULARY);
    let stated_context = o.need("max_position_embeddings", 1, MAX_CONTEXT);
    let (max_context, scaling) = rope::context(o, stated_context, family.context_is_extended);
    let tied_outside = outer.map_or(family.tied, |outer| outer.flag("tie_word_embeddings", family.tied));
    let tied_embeddings = o.flag("tie_word_embeddings", tied_outside);
    let attention = (family.attention)(o, hidden);
    let ffns = match &family.experts {
        Some(experts) => layers::mixtures(o, experts, layers),
        None => vec![Ffn::Dense { width: narrow(o.need("intermediate_size", 1, MAX_WIDTH)) }; layers as usize],
    };
    let sights = layers::sights(o, family, layers);
    let linear = sights.contains(&Sight::Linear).then(|| attention::delta(o));
    let layer = |(ffn, sight)| match (sight, linear) {
        (Sight::Linear, Some(linear)) => Layer { attention: linear, ffn, span: Span::Full },
        (Sight::Cached(span), _) => Layer { attention, ffn, span },
        (Sight::Linear, None) => unreachable!("linear layers have their attention"),
    };
    Model {
        name: name.to_owned(),
        family: family.name.to_owned(),
        hidden: narrow(hidden),
        vocabulary: narrow(vocabulary),
        tied_embeddings,
        max_context,
        release: Release::uniform("unknown", crate::release::WIDE_BITS),
        layers: ffns.into_iter().zip(sights).map(layer).collect(),
        prediction_layers: 0,
        notes: scaling.into_iter().collect(),
    }
}

/// A note on the towers for other modalities.
fn towers(o: &Object<'_>, outer: Option<&mut Object<'_>>) -> Option<String> {
    let of = |object: &Object<'_>| {
        const TOWERS: [&str; 4] = ["vision_config", "audio_config", "speech_config", "vision_tower_config"];
        TOWERS.into_iter().filter(|key| object.get(key).is_some()).collect::<Vec<_>>()
    };
    let towers = [of(o), outer.map(|outer| of(outer)).unwrap_or_default()].concat();
    (!towers.is_empty()).then(|| format!("not part of the language model, and not counted: {}", towers.join(", ")))
}

/// Bounds the product of all shapes, each of which is within its own bound.
fn check_size(model: &Model, o: &mut Object<'_>) {
    let weights =
        |layer: &Layer| u128::from(layer.attention.weights(model.hidden)) + u128::from(layer.ffn.weights(model.hidden));
    let total: u128 = model.layers.iter().map(weights).sum();
    if total > MAX_PARAMETERS {
        o.problem("num_hidden_layers", format!("the layers hold {total} weights; at most {MAX_PARAMETERS}"));
    }
}
