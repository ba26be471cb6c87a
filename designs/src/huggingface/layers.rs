//! What differs from layer to layer: the kind of attention, the positions it sees, dense or mixture.

use serde_json::value::RawValue;

use super::family::{Experts, Family, Shared, Spans, Sparse};
use super::json::{Object, whole};
use super::limits::{MAX_CONTEXT, MAX_EXPERTS, MAX_LAYERS, MAX_WIDTH, narrow};
use crate::model::{Ffn, Span};
use crate::problem::shorten;

/// What a layer's attention sees.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Sight {
    /// Attention with a cache.
    Cached(Span),
    /// Linear attention.
    Linear,
}

const FULL: Sight = Sight::Cached(Span::Full);

fn window(size: Option<u32>) -> Sight {
    Sight::Cached(size.map_or(Span::Full, Span::Window))
}

/// For each layer what it sees.
pub(super) fn sights(o: &mut Object<'_>, family: &Family, layers: u64) -> Vec<Sight> {
    let largest = MAX_CONTEXT.min(u64::from(u32::MAX));
    let size = match family.spans {
        Spans::Full | Spans::Linear => None,
        Spans::Chunked => o.count("attention_chunk_size", 1, largest).map(narrow),
        Spans::FromLayer | Spans::AllIfUsed | Spans::Stated => window_if_used(o, largest),
        Spans::All(default) => windows_or(o, default, largest),
        Spans::Alternating(default) | Spans::Periodic(default, _) => windows_or(o, Some(default), largest),
    };
    // The rule's keys are read in any case, so that none of them counts as unread.
    let by_rule = by_rule(o, family, size, layers);
    match o.list("layer_types", MAX_LAYERS as usize) {
        Some(types) => of_types(o, family, &types, size, layers),
        None => by_rule,
    }
}

/// `sliding_window`, or the default where it is absent.
fn windows_or(o: &mut Object<'_>, default: Option<u32>, largest: u64) -> Option<u32> {
    match o.raw("sliding_window") {
        None => default,
        Some(_) => o.count("sliding_window", 1, largest).map(narrow),
    }
}

/// `sliding_window` where `use_sliding_window` is true.
fn window_if_used(o: &mut Object<'_>, largest: u64) -> Option<u32> {
    if !o.flag("use_sliding_window", false) {
        o.pass_over(&["sliding_window", "max_window_layers"]);
        return None;
    }
    let size = o.count("sliding_window", 1, largest).map(narrow);
    if size.is_none() && o.problems.is_empty() {
        o.problem("use_sliding_window", "`use_sliding_window` is true, but `sliding_window` is missing");
    }
    size
}

/// What the layers see where `layer_types` does not say.
fn by_rule(o: &mut Object<'_>, family: &Family, size: Option<u32>, layers: u64) -> Vec<Sight> {
    let listed = o.get("layer_types").is_some();
    let all = |sight: &dyn Fn(u64) -> Sight| (0..layers).map(sight).collect();
    match family.spans {
        Spans::Full => all(&|_| FULL),
        Spans::All(_) | Spans::AllIfUsed => all(&|_| window(size)),
        Spans::Alternating(_) => all(&|layer| window(size.filter(|_| layer.is_multiple_of(2)))),
        Spans::Periodic(_, default) => {
            let stated = o.count("sliding_window_pattern", 1, MAX_LAYERS);
            let stated = stated.or_else(|| o.count("_sliding_window_pattern", 1, MAX_LAYERS));
            let period = stated.unwrap_or(default);
            all(&|layer| window(size.filter(|_| !(layer + 1).is_multiple_of(period))))
        }
        Spans::FromLayer => {
            let first = if size.is_some() && !listed { o.need("max_window_layers", 0, MAX_LAYERS) } else { 0 };
            all(&|layer| window(size.filter(|_| layer >= first)))
        }
        Spans::Stated => {
            if size.is_some() && !listed {
                o.problem("use_sliding_window", "`use_sliding_window` is true, but `layer_types` is missing");
            }
            all(&|_| FULL)
        }
        Spans::Chunked => {
            let chunk = Sight::Cached(size.map_or(Span::Full, Span::Chunk));
            let rotary = rotary_layers(o, layers);
            rotary.into_iter().map(|rotary| if rotary { chunk } else { FULL }).collect()
        }
        Spans::Linear => {
            let interval = o.need("full_attention_interval", 1, MAX_LAYERS);
            all(&|layer| if (layer + 1).is_multiple_of(interval) { FULL } else { Sight::Linear })
        }
    }
}

/// For each layer of a chunked model whether it has rotary positions: `no_rope_layers` (1 where it has), or else all but every
/// fourth.
fn rotary_layers(o: &mut Object<'_>, layers: u64) -> Vec<bool> {
    let interval = o.count("no_rope_layer_interval", 1, MAX_LAYERS).unwrap_or(4);
    let listed = o.list("no_rope_layers", MAX_LAYERS as usize).unwrap_or_default();
    if listed.is_empty() {
        return (1..=layers).map(|number| !number.is_multiple_of(interval)).collect();
    }
    flags(o, "no_rope_layers", &listed, layers)
}

/// A list with 0 or 1 for every layer.
fn flags(o: &mut Object<'_>, key: &str, values: &[&RawValue], layers: u64) -> Vec<bool> {
    if values.len() as u64 != layers && o.problems.is_empty() {
        o.problem(key, format!("`{key}` has {} entries for {layers} layers", values.len()));
    }
    let mut flags = Vec::with_capacity(values.len());
    for value in values {
        match whole(value, 0, 1) {
            Ok(flag) => flags.push(flag == 1),
            Err(reason) => {
                o.problem_at(value, format!("an entry of `{key}` {reason}"));
                flags.push(false);
            }
        }
    }
    flags.resize(layers as usize, false);
    flags
}

/// What the layers see by `layer_types`.
fn of_types(o: &mut Object<'_>, family: &Family, types: &[&RawValue], size: Option<u32>, layers: u64) -> Vec<Sight> {
    if types.len() as u64 != layers && o.problems.is_empty() {
        let message = format!("`layer_types` has {} entries for {layers} layers", types.len());
        o.problem("layer_types", message);
    }
    let (slides, chunks, linear) = match family.spans {
        Spans::Full => (false, false, false),
        Spans::Chunked => (false, true, false),
        Spans::Linear => (false, false, true),
        _ => (true, false, false),
    };
    let mut sights = Vec::with_capacity(types.len());
    for value in types {
        let name = serde_json::from_str::<String>(value.get()).unwrap_or_default();
        match name.as_str() {
            "full_attention" => sights.push(FULL),
            "sliding_attention" if slides => {
                if size.is_none() && o.problems.is_empty() {
                    o.problem_at(value, "a layer slides, but `sliding_window` is missing".into());
                }
                sights.push(window(size));
            }
            "chunked_attention" if chunks => sights.push(Sight::Cached(size.map_or(Span::Full, Span::Chunk))),
            "linear_attention" if linear => sights.push(Sight::Linear),
            _ => {
                let message = format!(
                    "an entry of `layer_types` is {}, which is not supported in family {}",
                    shorten(value.get()),
                    family.name
                );
                let known =
                    [("sliding_attention", slides), ("chunked_attention", chunks), ("linear_attention", linear)];
                let known = known.iter().filter(|(_, is)| *is).map(|(name, _)| format!(" and \"{name}\""));
                o.problem_at(value, message);
                let help = format!("supported are \"full_attention\"{}", known.collect::<String>());
                o.problems.last_mut().expect("one was just pushed").help = Some(help);
                sights.push(FULL);
            }
        }
    }
    sights.resize(layers as usize, FULL);
    sights
}

/// The feed-forward part of each layer of a family of mixtures.
pub(super) fn mixtures(o: &mut Object<'_>, experts: &Experts, layers: u64) -> Vec<Ffn> {
    let count_keys = experts.count;
    if let Some(key) = count_keys.iter().find(|key| o.get(key).is_some_and(|value| value.get() == "0")) {
        o.problem(key, format!("`{key}` is 0, but this `model_type` is a mixture of experts"));
        return vec![Ffn::Dense { width: 1 }; layers as usize];
    }
    let count = o.need_any(count_keys, 1, MAX_EXPERTS);
    let active = o.need_any(experts.active, 1, MAX_EXPERTS);
    if o.problems.is_empty() && active > count {
        let key = experts.active.iter().find(|key| o.get(key).is_some()).copied().unwrap_or(experts.active[0]);
        o.problem(key, format!("`{key}` {active} is more than the {count} experts"));
    }
    let width = o.need(experts.width, 1, MAX_WIDTH);
    let mixture = Ffn::Moe {
        experts: narrow(count),
        experts_per_token: narrow(active),
        width: narrow(width),
        shared_width: narrow(shared_width(o, experts.shared, width)),
    };
    let sparse = sparse_layers(o, experts.sparse, layers);
    if sparse.iter().all(|sparse| *sparse) {
        o.pass_over(&[experts.dense_width]);
        return vec![mixture; sparse.len()];
    }
    let dense = Ffn::Dense { width: narrow(o.need(experts.dense_width, 1, MAX_WIDTH)) };
    if o.problems.is_empty() && !sparse.contains(&true) {
        o.problem(count_keys[0], "no layer is a mixture of experts, but this `model_type` is one");
    }
    sparse.into_iter().map(|sparse| if sparse { mixture } else { dense }).collect()
}

/// Width of all shared experts together.
fn shared_width(o: &mut Object<'_>, shared: Shared, width: u64) -> u64 {
    match shared {
        Shared::None => 0,
        Shared::One => width,
        Shared::Width(key) => o.need(key, 0, MAX_WIDTH),
        Shared::WidthIfGiven(key) => o.count(key, 0, MAX_WIDTH).unwrap_or(0),
        Shared::Count(key) | Shared::CountIfGiven(key) => {
            if o.raw(key).is_none() && matches!(shared, Shared::Count(_)) {
                o.problem(key, format!("`{key}` is missing")).help = Some("0 or null without".into());
            }
            o.count(key, 0, 64).unwrap_or(0) * width
        }
    }
}

/// For each layer whether it is a mixture.
fn sparse_layers(o: &mut Object<'_>, rule: Sparse, layers: u64) -> Vec<bool> {
    match rule {
        Sparse::Every => vec![true; layers as usize],
        Sparse::Step => {
            let step = o.count("decoder_sparse_step", 1, MAX_LAYERS).unwrap_or(1);
            let mut sparse: Vec<bool> = (1..=layers).map(|number| number.is_multiple_of(step)).collect();
            for layer in numbered(o, "mlp_only_layers", layers) {
                sparse[layer] = false;
            }
            sparse
        }
        Sparse::FromLayer => {
            let first = o.need("first_k_dense_replace", 0, MAX_LAYERS);
            let from = |layer: u64| layer >= first;
            if o.get("moe_layer_freq").is_some_and(|value| value.get().starts_with('[')) {
                let listed = o.list("moe_layer_freq", MAX_LAYERS as usize).unwrap_or_default();
                let listed = flags(o, "moe_layer_freq", &listed, layers);
                return (0..layers).zip(listed).map(|(layer, sparse)| sparse && from(layer)).collect();
            }
            let frequency = o.count("moe_layer_freq", 1, MAX_LAYERS).unwrap_or(1);
            (0..layers).map(|layer| from(layer) && layer.is_multiple_of(frequency)).collect()
        }
        Sparse::Interleaved => {
            let step = o.count("interleave_moe_layer_step", 1, MAX_LAYERS).unwrap_or(1);
            if o.get("moe_layers").is_some_and(|value| value.get() != "[]") {
                let mut sparse = vec![false; layers as usize];
                for layer in numbered(o, "moe_layers", layers) {
                    sparse[layer] = true;
                }
                return sparse;
            }
            (1..=layers).map(|number| number.is_multiple_of(step)).collect()
        }
        Sparse::Between => {
            let first = o.count("moe_layer_start_index", 0, MAX_LAYERS).unwrap_or(1);
            let last = match o.get("moe_layer_end_index").map(RawValue::get) {
                None | Some("-1") => layers,
                Some(_) => o.count("moe_layer_end_index", 0, MAX_LAYERS).unwrap_or(layers),
            };
            let interval = o.count("moe_layer_interval", 1, MAX_LAYERS).unwrap_or(1);
            (0..layers).map(|l| (first..=last).contains(&l) && (l + 1).is_multiple_of(interval)).collect()
        }
    }
}

/// Numbers of layers in a list.
fn numbered(o: &mut Object<'_>, key: &str, layers: u64) -> Vec<usize> {
    let mut numbers = Vec::new();
    for value in o.list(key, MAX_LAYERS as usize).unwrap_or_default() {
        match whole(value, 0, layers - 1) {
            Ok(layer) => numbers.push(layer as usize),
            Err(reason) => o.problem_at(value, format!("an entry of `{key}` {reason}")),
        }
    }
    numbers
}
