//! Reads the `config.json` that Hugging Face models are published with.
//!
//! Keys that do not bear on shapes are ignored; those that do must be there and right, because a
//! guessed shape is a wrong machine. In particular a dense family with expert keys is refused, and so
//! is a family of mixtures without experts. Left out, as nowhere modelled: biases, norms, attention
//! sinks, the gate of a shared expert, and extra layers for multi-token prediction.

mod family;
mod json;
mod limits;
#[cfg(test)]
mod tests;

use crate::model::{Ffn, Layer, Model};
use crate::problem::{Location, Problem, Problems, Source, SourceKind, cap, did_you_mean, shorten};
use family::{EXPERT_KEYS, Experts, FAMILIES, Family, Shared, Sparse, Windows};
use json::{Object, whole};
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
    let Some(family) = find_family(&mut object) else {
        cap(&mut object.problems);
        return Err(object.problems);
    };
    let model = assemble(name, &family, &mut object);
    if object.problems.is_empty() {
        check_size(&model, &mut object);
    }
    if object.problems.is_empty() {
        return Ok(model);
    }
    object.problems.sort_by_key(|problem| problem.at.as_ref().map(|at| at.span.start));
    cap(&mut object.problems);
    Err(object.problems)
}

/// The family that the text claims, unless it is not a supported text model.
fn find_family(object: &mut Object<'_>) -> Option<Family> {
    for key in ["text_config", "vision_config", "audio_config"] {
        if object.get(key).is_some() {
            object.problem(key, format!("`{key}`: models of several modalities are not supported")).help =
                Some("give the configuration of the text model alone".into());
            return None;
        }
    }
    let names = FAMILIES.map(|family| family.name);
    let supported = format!("supported are {}", names.join(", "));
    if object.get("model_type").is_none() {
        object.problem("model_type", "`model_type` is missing").help = Some(supported);
        return None;
    }
    let model_type = object.text("model_type")?;
    let family = FAMILIES.into_iter().find(|family| family.name == model_type);
    if family.is_none() {
        let short = shorten(&model_type);
        let near = did_you_mean(&short, &names);
        let help = if near.starts_with("did") { format!("{near} ({supported})") } else { supported };
        object.problem("model_type", format!("`model_type` \"{short}\" is not supported")).help = Some(help);
    }
    family
}

fn assemble(name: &str, family: &Family, o: &mut Object<'_>) -> Model {
    let layers = o.need("num_hidden_layers", 1, MAX_LAYERS);
    let hidden = o.need("hidden_size", 1, MAX_HIDDEN);
    let vocabulary = o.need("vocab_size", 1, MAX_VOCABULARY);
    let max_context = o.need("max_position_embeddings", 1, MAX_CONTEXT);
    let tied_embeddings = o.flag("tie_word_embeddings", false);
    let attention = (family.attention)(o, family, hidden);
    let ffns = match &family.experts {
        Some(experts) => mixtures(o, experts, layers),
        None => {
            refuse_experts(o, family);
            vec![Ffn::Dense { width: narrow(o.need("intermediate_size", 1, MAX_WIDTH)) }; layers as usize]
        }
    };
    let windows = windows(o, family, layers);
    Model {
        name: name.to_owned(),
        family: family.name.to_owned(),
        hidden: narrow(hidden),
        vocabulary: narrow(vocabulary),
        tied_embeddings,
        max_context,
        weight_format: weight_format(o),
        layers: ffns.into_iter().zip(windows).map(|(ffn, window)| Layer { attention, ffn, window }).collect(),
    }
}

/// A dense family must not say anything of experts.
fn refuse_experts(o: &mut Object<'_>, family: &Family) {
    for key in EXPERT_KEYS {
        if o.get(key).is_some_and(|value| value.get() != "0") {
            let message = format!("`{key}` is set, but `model_type` \"{}\" has no experts", family.name);
            o.problem(key, message).help = Some("one of the two is wrong: dense or mixture is never guessed".into());
            return;
        }
    }
}

fn mixtures(o: &mut Object<'_>, experts: &Experts, layers: u64) -> Vec<Ffn> {
    let count_keys = experts.count;
    if let Some(key) = count_keys.iter().find(|key| o.get(key).is_some_and(|value| value.get() == "0")) {
        o.problem(key, format!("`{key}` is 0, but this `model_type` is a mixture of experts"));
        return vec![Ffn::Dense { width: 1 }; layers as usize];
    }
    let count = o.need_any(count_keys, 1, MAX_EXPERTS);
    let active = o.need_any(&["num_experts_per_tok", "experts_per_token"], 1, MAX_EXPERTS);
    if o.problems.is_empty() && active > count {
        let key = if o.get("num_experts_per_tok").is_some() { "num_experts_per_tok" } else { "experts_per_token" };
        o.problem(key, format!("`{key}` {active} is more than the {count} experts"));
    }
    let width = o.need(experts.width, 1, MAX_WIDTH);
    let shared_width = match experts.shared {
        Shared::None => 0,
        Shared::Width => o.need("shared_expert_intermediate_size", 0, MAX_WIDTH),
        Shared::Count => {
            if o.raw("n_shared_experts").is_none() {
                o.problem("n_shared_experts", "`n_shared_experts` is missing").help = Some("0 or null without".into());
            }
            o.count("n_shared_experts", 0, 64).unwrap_or(0) * width
        }
    };
    let mixture = Ffn::Moe {
        experts: narrow(count),
        experts_per_token: narrow(active),
        width: narrow(width),
        shared_width: narrow(shared_width),
    };
    let sparse = sparse_layers(o, experts.sparse, layers);
    if sparse.iter().all(|sparse| *sparse) {
        return vec![mixture; sparse.len()];
    }
    let dense = Ffn::Dense { width: narrow(o.need("intermediate_size", 1, MAX_WIDTH)) };
    if o.problems.is_empty() && !sparse.contains(&true) {
        o.problem(count_keys[0], "no layer is a mixture of experts, but this `model_type` is one");
    }
    sparse.into_iter().map(|sparse| if sparse { mixture } else { dense }).collect()
}

/// For each layer whether it is a mixture.
fn sparse_layers(o: &mut Object<'_>, rule: Sparse, layers: u64) -> Vec<bool> {
    match rule {
        Sparse::Every => vec![true; layers as usize],
        Sparse::Step => {
            let step = o.count("decoder_sparse_step", 1, MAX_LAYERS).unwrap_or(1);
            let mut sparse: Vec<bool> = (1..=layers).map(|number| number.is_multiple_of(step)).collect();
            for value in o.list("mlp_only_layers", MAX_LAYERS as usize).unwrap_or_default() {
                match whole(value, 0, layers - 1) {
                    Ok(layer) => sparse[layer as usize] = false,
                    Err(reason) => o.problem_at(value, format!("an entry of `mlp_only_layers` {reason}")),
                }
            }
            sparse
        }
        Sparse::FromLayer => {
            let first = o.need("first_k_dense_replace", 0, MAX_LAYERS);
            let frequency = o.count("moe_layer_freq", 1, MAX_LAYERS).unwrap_or(1);
            (0..layers).map(|layer| layer >= first && layer.is_multiple_of(frequency)).collect()
        }
    }
}

/// For each layer the window of its attention.
fn windows(o: &mut Object<'_>, family: &Family, layers: u64) -> Vec<Option<u32>> {
    let none = vec![None; layers as usize];
    let default = match family.windows {
        Windows::Never => return none,
        Windows::FromLayer | Windows::AllIfUsed | Windows::Stated => {
            if !o.flag("use_sliding_window", false) {
                return none;
            }
            if o.get("sliding_window").is_none() {
                o.problem("use_sliding_window", "`use_sliding_window` is true, but `sliding_window` is missing");
                return none;
            }
            None
        }
        Windows::All(default) => default,
        Windows::Alternating(default) => Some(default),
    };
    let window = match o.raw("sliding_window") {
        None => default,
        Some(_) => o.count("sliding_window", 1, MAX_CONTEXT.min(u64::from(u32::MAX))).map(narrow),
    };
    if let Some(types) = o.list("layer_types", MAX_LAYERS as usize) {
        return windows_of_types(o, &types, window, layers);
    }
    let slides: Box<dyn Fn(u64) -> bool> = match family.windows {
        Windows::Never | Windows::All(_) | Windows::AllIfUsed => Box::new(|_| true),
        Windows::Alternating(_) => Box::new(|layer| layer.is_multiple_of(2)),
        Windows::FromLayer => {
            let first = o.need("max_window_layers", 0, MAX_LAYERS);
            Box::new(move |layer| layer >= first)
        }
        Windows::Stated => {
            o.problem("use_sliding_window", "`use_sliding_window` is true, but `layer_types` is missing");
            Box::new(|_| false)
        }
    };
    (0..layers).map(|layer| window.filter(|_| slides(layer))).collect()
}

fn windows_of_types(
    o: &mut Object<'_>,
    types: &[&serde_json::value::RawValue],
    window: Option<u32>,
    layers: u64,
) -> Vec<Option<u32>> {
    if types.len() as u64 != layers && o.problems.is_empty() {
        let message = format!("`layer_types` has {} entries for {layers} layers", types.len());
        o.problem("layer_types", message);
    }
    let mut windows = Vec::with_capacity(types.len());
    for value in types {
        let name = serde_json::from_str::<String>(value.get()).unwrap_or_default();
        match name.as_str() {
            "full_attention" => windows.push(None),
            "sliding_attention" => {
                if window.is_none() && o.problems.is_empty() {
                    o.problem_at(value, "a layer slides, but `sliding_window` is missing".into());
                }
                windows.push(window);
            }
            _ => {
                let message = format!("an entry of `layer_types` is {}, which is not supported", shorten(value.get()));
                let help = "supported are \"full_attention\" and \"sliding_attention\"";
                o.problem_at(value, message);
                o.problems.last_mut().expect("one was just pushed").help = Some(help.into());
            }
        }
    }
    windows
}

/// The released format: the quantisation method, else the type of the tensors.
fn weight_format(o: &mut Object<'_>) -> String {
    if let Some(quantisation) = o.get("quantization_config") {
        let Ok(mut inner) = Object::parse(quantisation.get()) else {
            o.problem("quantization_config", "`quantization_config` must be an object");
            return String::new();
        };
        let method = inner.text("quant_method");
        if !inner.problems.is_empty() {
            o.problem("quantization_config", "`quantization_config` needs one `quant_method`, a text");
        }
        if let Some(method) = method {
            return method;
        }
    }
    o.text("torch_dtype").or_else(|| o.text("dtype")).unwrap_or_else(|| "unknown".into())
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
