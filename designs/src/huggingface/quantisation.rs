//! The released weight format: `quantization_config` in the forms of the common methods, or the type of the tensors.
//!
//! A method gives its linear modules some bits and names those that it leaves alone. Bits are means over the weights of a part,
//! with the scales and zero points of their groups. Embedding tables are never quantised, routers only by methods that list
//! what they quantise; the unembedding is where the method converts it unless told otherwise.

use super::json::Object;
use super::modules::Modules;
use super::patterns::Patterns;
use crate::model::Model;
use crate::problem::shorten;
use crate::release::{Part, PerPart, Release, WIDE_BITS};

/// Most modules that a file may except from quantisation.
const MAX_MODULES: usize = 1 << 16;
/// Most groups of modules with bits of their own.
const MAX_GROUPS: usize = 64;

/// What a method does to the linear modules of a model.
struct Method {
    /// Name and numbers, for people.
    name: String,
    /// Bits by the modules they are for; the first that matches counts.
    groups: Vec<(Targets, f64)>,
    /// Modules left alone.
    except: Patterns,
    cache_bits: Option<f64>,
}

/// Which modules a group quantises.
enum Targets {
    /// All linear ones, the unembedding or not.
    Linear { head: bool },
    /// Routed experts.
    Experts,
    /// Those that match.
    Named(Patterns),
}

impl Method {
    fn linear(name: impl Into<String>, bits: f64, head: bool) -> Self {
        let groups = vec![(Targets::Linear { head }, bits)];
        Self { name: name.into(), groups, except: Patterns::default(), cache_bits: None }
    }

    /// Bits of a weight of the module at one of `paths`.
    fn bits(&self, part: Part, paths: &[String], wide: f64) -> f64 {
        let any = |patterns: &Patterns| paths.iter().any(|path| patterns.matches(path));
        if part == Part::Embedding || any(&self.except) {
            return wide;
        }
        let meant = |targets: &Targets| match targets {
            Targets::Linear { head } => part != Part::Router && (*head || part != Part::Unembedding),
            Targets::Experts => part == Part::Experts,
            Targets::Named(patterns) => any(patterns),
        };
        self.groups.iter().find(|(targets, _)| meant(targets)).map_or(wide, |(_, bits)| *bits)
    }
}

/// Reads the format of `model`, whose shapes are known. `outer` is the object around a nested text model.
pub(super) fn release(o: &mut Object<'_>, outer: Option<&mut Object<'_>>, modules: &Modules, model: &Model) -> Release {
    let mut outer = outer;
    let mut dtype = o.text("torch_dtype").or_else(|| o.text("dtype"));
    if let (None, Some(outer)) = (&dtype, outer.as_deref_mut()) {
        dtype = outer.text("torch_dtype").or_else(|| outer.text("dtype"));
    }
    let wide = dtype.as_deref().map_or(WIDE_BITS, bits_of_type);
    let method = if o.get("quantization_config").is_some() { method(o) } else { outer.and_then(method) };
    match method {
        Some(method) => Release {
            bits: mean_bits(model, modules, |part, paths| method.bits(part, paths, wide.max(WIDE_BITS))),
            format: method.name,
            cache_bits: method.cache_bits,
        },
        None => Release {
            bits: mean_bits(model, modules, |_, _| wide),
            format: dtype.unwrap_or_else(|| "unknown, taken as 16 bits".into()),
            cache_bits: None,
        },
    }
}

/// Bits of the tensor type that a file names; unknown ones count as 16 bits.
fn bits_of_type(name: &str) -> f64 {
    match name.strip_prefix("torch.").unwrap_or(name) {
        "float32" | "float" => 32.0,
        name if name.starts_with("float8") || name.starts_with("int8") => 8.0,
        _ => WIDE_BITS,
    }
}

/// Mean bits of the weights of every part; `bits` tells those of one module by its possible paths.
fn mean_bits(model: &Model, modules: &Modules, bits: impl Fn(Part, &[String]) -> f64) -> PerPart<Option<f64>> {
    let mut sums: PerPart<(f64, f64)> = PerPart::default();
    let mut add = |part: Part, paths: &[String], weights: u64| {
        if weights > 0 {
            let (all, of_bits) = &mut sums[part];
            *all += weights as f64;
            *of_bits += weights as f64 * bits(part, paths);
        }
    };
    let table = u64::from(model.hidden) * u64::from(model.vocabulary);
    add(Part::Embedding, &[], table);
    add(model.unembedding(), &["lm_head".to_owned()], table);
    for (index, layer) in model.layers.iter().enumerate() {
        for (name, weights) in layer.attention.matrices(model.hidden) {
            add(Part::Attention, &modules.attention(index, &layer.attention, name), weights);
        }
        for (part, matrices) in layer.ffn.matrices(model.hidden) {
            for (name, weights) in matrices {
                add(part, &modules.feed_forward(index, part, name), weights);
            }
        }
    }
    sums.map(|(all, of_bits)| (all > 0.0).then(|| of_bits / all))
}

/// The method of `quantization_config`; `None` where there is none, or after a problem.
fn method(o: &mut Object<'_>) -> Option<Method> {
    let mut q = o.nested("quantization_config")?;
    let method = read(&mut q);
    o.problems.append(&mut q.problems);
    method
}

fn read(q: &mut Object<'_>) -> Option<Method> {
    let name = match q.text("quant_method").or_else(|| q.text("quant_library")) {
        Some(name) => name,
        // Files of ModelOpt may leave it out.
        None if q.get("quant_algo").is_some() || q.get("quantization").is_some() => "modelopt".to_owned(),
        None => {
            if q.problems.is_empty() {
                let message = "`quantization_config` needs one `quant_method`, a text";
                q.problem("quant_method", message).help = Some("e.g. awq, gptq, fp8, compressed-tensors".into());
            }
            return None;
        }
    };
    let mut method = match name.as_str() {
        "awq" | "gptq" | "auto-round" | "intel/auto-round" | "auto_round" | "autoround" => integer_groups(q, &name),
        "bitsandbytes" => bits_and_bytes(q),
        "fp8" => Some(fp8(q)),
        "fbgemm_fp8" => Some(Method::linear("fbgemm_fp8, 8 bits", 8.0, false)),
        "mxfp4" => Some(Method {
            groups: vec![(Targets::Experts, scaled(4.0, 8.0, 32.0))],
            ..Method::linear("mxfp4", WIDE_BITS, false)
        }),
        "modelopt" | "modelopt_fp4" | "modelopt_fp8" | "modelopt_mixed" | "nvidia" => model_opt(q),
        "compressed-tensors" | "compressed_tensors" => compressed_tensors(q, "compressed-tensors"),
        "quark" => quark(q),
        "hqq" => hqq(q),
        "aqlm" => aqlm(q),
        "quanto" => quanto(q),
        "eetq" => Some(Method::linear("eetq, 8 bits", 8.0, false)),
        // Whatever the method, this key means the same to all that have it.
        other if q.get("bits").is_some() => integer_groups(q, other),
        other => {
            let message = format!("quantisation by \"{}\" is not known", shorten(other));
            let help =
                "state `bits`, the bits of a quantised weight, and `modules_to_not_convert` beside `quant_method`";
            q.problem("quant_method", message).help = Some(help.into());
            None
        }
    }?;
    exceptions(q, &mut method.except);
    Some(method)
}

/// Bits with a scale of `scale` bits for every `group` weights.
fn scaled(bits: f64, scale: f64, group: f64) -> f64 {
    bits + if group > 0.0 { scale / group } else { 0.0 }
}

/// Adds the modules that a method leaves alone, under any of the keys that methods use.
fn exceptions(q: &mut Object<'_>, except: &mut Patterns) {
    const KEYS: [&str; 8] = [
        "modules_to_not_convert",
        "ignore",
        "ignored_layers",
        "exclude_modules",
        "exclude",
        "llm_int8_skip_modules",
        "skip_modules",
        "linear_weights_not_to_quantize",
    ];
    for key in KEYS {
        for module in q.texts(key, MAX_MODULES).unwrap_or_default() {
            if let Err(reason) = except.add(&module) {
                q.problem(key, format!("`{key}`: \"{}\": {reason}", shorten(&module)));
                return;
            }
        }
    }
}

/// Integers with a 16-bit scale and a zero point for every group.
fn integer_groups(q: &mut Object<'_>, name: &str) -> Option<Method> {
    if q.get("bits").is_none() {
        q.problem("bits", format!("quantisation by \"{}\" needs `bits`", shorten(name)));
        return None;
    }
    let bits = q.count("bits", 1, 16)? as f64;
    // -1 is one group per output.
    let group = match q.get("group_size").map(serde_json::value::RawValue::get) {
        None | Some("-1") => 0.0,
        Some(_) => q.count("group_size", 0, 1 << 20)? as f64,
    };
    let zero = if q.flag("sym", false) { 0.0 } else { bits };
    let head = q.flag("lm_head", false);
    let dynamic = q.get("dynamic").or_else(|| q.get("extra_config")).is_some_and(|value| value.get() != "{}");
    if dynamic {
        let key = if q.get("dynamic").is_some() { "dynamic" } else { "extra_config" };
        q.problem(key, format!("`{key}`: bits by module are not read")).help =
            Some("state one `bits` for all, or use the form of compressed-tensors".into());
        return None;
    }
    Some(Method::linear(format!("{}, {bits} bits", shorten(name)), scaled(bits, 16.0 + zero, group), head))
}

fn bits_and_bytes(q: &mut Object<'_>) -> Option<Method> {
    let four = q.flag("load_in_4bit", false) || q.flag("_load_in_4bit", false);
    let eight = q.flag("load_in_8bit", false) || q.flag("_load_in_8bit", false);
    match (four, eight) {
        (true, false) => {
            let kind = q.text("bnb_4bit_quant_type").unwrap_or_else(|| "fp4".into());
            // A 32-bit maximum for every 64 weights, or 8 bits with one of 32 bits for every 256 of these.
            let scale = if q.flag("bnb_4bit_use_double_quant", false) { 8.0 + 32.0 / 256.0 } else { 32.0 };
            Some(Method::linear(format!("bitsandbytes {}", shorten(&kind)), scaled(4.0, scale, 64.0), false))
        }
        (false, true) => Some(Method::linear("bitsandbytes int8", 8.0, false)),
        _ => {
            let message = "bitsandbytes needs one of `load_in_4bit` and `load_in_8bit`";
            q.problem("load_in_4bit", message);
            None
        }
    }
}

fn fp8(q: &mut Object<'_>) -> Method {
    let block: Vec<f64> = q
        .list("weight_block_size", 2)
        .unwrap_or_default()
        .into_iter()
        .filter_map(|side| side.get().parse::<f64>().ok().filter(|side| *side >= 1.0))
        .collect();
    let bits = match block.as_slice() {
        [rows, columns] => scaled(8.0, 32.0, rows * columns),
        _ => 8.0,
    };
    Method::linear("fp8", bits, false)
}

fn model_opt(q: &mut Object<'_>) -> Option<Method> {
    if let Some(mut inner) = q.nested("quantization") {
        let mut method = model_opt(&mut inner);
        if let Some(method) = &mut method {
            exceptions(&mut inner, &mut method.except);
        }
        q.problems.append(&mut inner.problems);
        return method;
    }
    let algorithm = q.text("quant_algo");
    let group = |q: &mut Object<'_>, default: u64| q.count("group_size", 1, 1 << 20).unwrap_or(default) as f64;
    let bits = match algorithm.as_deref() {
        Some("NVFP4" | "W4A8_NVFP4_FP8" | "W4A16_NVFP4" | "NVFP4_AWQ") => scaled(4.0, 8.0, group(q, 16)),
        Some("MXFP4" | "W4A8_MXFP4_FP8") => scaled(4.0, 8.0, group(q, 32)),
        Some("FP8" | "FP8_PER_CHANNEL_PER_TOKEN" | "FP8_PB_WO" | "FP8_PB_REAL") => 8.0,
        Some("MXFP8") => scaled(8.0, 8.0, group(q, 32)),
        Some("W8A8_SQ_PER_CHANNEL" | "W8A16" | "INT8") => 8.0,
        Some("W4A16_AWQ" | "W4A8_AWQ" | "W4A16" | "INT4_AWQ") => scaled(4.0, 16.0, group(q, 128)),
        None if q.get("config_groups").is_some() => return compressed_tensors(q, "modelopt"),
        other => {
            let message = match other {
                Some(other) => format!("`quant_algo` \"{}\" is not known", shorten(other)),
                None => "modelopt needs `quant_algo`".to_owned(),
            };
            q.problem("quant_algo", message).help =
                Some("known are NVFP4, MXFP4, FP8, MXFP8, W8A16, W4A16_AWQ and their variants".into());
            return None;
        }
    };
    let algorithm = algorithm.unwrap_or_default();
    // The library never converts the unembedding by default.
    let mut method = Method::linear(format!("modelopt {algorithm}"), bits, false);
    method.cache_bits = q.text("kv_cache_quant_algo").and_then(|name| match name.as_str() {
        "FP8" | "INT8" => Some(8.0),
        "NVFP4" => Some(scaled(4.0, 8.0, 16.0)),
        _ => None,
    });
    Some(method)
}

fn compressed_tensors(q: &mut Object<'_>, name: &str) -> Option<Method> {
    if let Some(mut sparsity) = q.nested("sparsity_config") {
        let dense = sparsity.text("format").is_none_or(|format| format == "dense");
        if !dense {
            sparsity.problem("format", "sparse weights are not read");
        }
        q.problems.append(&mut sparsity.problems);
    }
    let mut groups = q.nested("config_groups").or_else(|| {
        if q.problems.is_empty() {
            q.problem("config_groups", format!("quantisation by {name} needs `config_groups`"));
        }
        None
    })?;
    let mut found: Vec<(Targets, f64)> = Vec::new();
    let mut words = Vec::new();
    let mut problems = Vec::new();
    for (key, value) in groups.entries().take(MAX_GROUPS + 1) {
        let Some(mut group) = groups.inner(value).filter(|_| found.len() < MAX_GROUPS) else {
            problems
                .push((value, format!("`config_groups.{}` is not one of at most {MAX_GROUPS} objects", shorten(key))));
            continue;
        };
        match config_group(&mut group) {
            Some((targets, bits, word)) => {
                found.push((targets, bits));
                if !words.contains(&word) {
                    words.push(word);
                }
            }
            None if group.problems.is_empty() => {}
            None => q.problems.append(&mut group.problems),
        }
    }
    problems.into_iter().for_each(|(value, message)| groups.problem_at(value, message));
    q.problems.append(&mut groups.problems);
    let cache_bits = q.nested("kv_cache_scheme").and_then(|mut cache| cache.count("num_bits", 1, 32)).map(|b| b as f64);
    let name = format!("{name}, {}", if words.is_empty() { "no weights".to_owned() } else { words.join(" and ") });
    Some(Method { name, groups: found, except: Patterns::default(), cache_bits })
}

/// Targets, bits and a word for them; `None` where the group leaves weights alone, or after a problem.
fn config_group(group: &mut Object<'_>) -> Option<(Targets, f64, String)> {
    let targets = group.texts("targets", MAX_MODULES).unwrap_or_else(|| vec!["Linear".to_owned()]);
    let mut weights = group.nested("weights")?;
    let bits = weights.need("num_bits", 1, 32) as f64;
    let kind = weights.text("type").unwrap_or_else(|| "int".into());
    let size = match weights.get("group_size").map(serde_json::value::RawValue::get) {
        None | Some("-1") => 0.0,
        Some(_) => weights.count("group_size", 0, 1 << 20).unwrap_or(0) as f64,
    };
    // Floats of 4 bits have 8-bit scales (NVFP4 by 16, MXFP4 by 32), integers 16-bit ones.
    let scale = if kind == "float" && bits <= 4.0 { 8.0 } else { 16.0 };
    let zero = if weights.flag("symmetric", true) { 0.0 } else { bits };
    group.problems.append(&mut weights.problems);
    if !group.problems.is_empty() {
        return None;
    }
    let word = format!("{bits} bits {}", shorten(&kind));
    let bits = scaled(bits, scale + zero, size);
    if targets.iter().any(|target| target == "Linear") {
        return Some((Targets::Linear { head: true }, bits, word));
    }
    let mut patterns = Patterns::default();
    for target in &targets {
        if let Err(reason) = patterns.add(target) {
            group.problem("targets", format!("`targets`: \"{}\": {reason}", shorten(target)));
            return None;
        }
    }
    Some((Targets::Named(patterns), bits, word))
}

fn quark(q: &mut Object<'_>) -> Option<Method> {
    for key in ["layer_quant_config", "layer_type_quant_config"] {
        if q.get(key).is_some_and(|value| !matches!(value.get(), "{}" | "null")) {
            q.problem(key, format!("quark: bits by module (`{key}`) are not read"));
            return None;
        }
    }
    let mut global = q.nested("global_quant_config");
    let mut weight = global.as_mut().and_then(|global| global.nested("weight"));
    let Some(weight) = &mut weight else {
        q.problem("global_quant_config", "quark needs `global_quant_config.weight`, an object with `dtype`");
        return None;
    };
    let kind = weight.text("dtype").unwrap_or_default();
    let group = weight.count("group_size", 0, 1 << 20).unwrap_or(0) as f64;
    let bits = match kind.as_str() {
        "fp8_e4m3" | "fp8_e5m2" | "int8" | "uint8" => scaled(8.0, 16.0, group),
        "int4" | "uint4" => scaled(4.0, 16.0, group),
        "fp4" | "mxfp4" => scaled(4.0, 8.0, if group > 0.0 { group } else { 32.0 }),
        "bfloat16" | "float16" => WIDE_BITS,
        other => {
            let message = format!("quark: `dtype` \"{}\" is not known", shorten(other));
            q.problem("global_quant_config", message).help =
                Some("known are fp8_e4m3, fp8_e5m2, int8, uint8, int4, uint4, fp4".into());
            return None;
        }
    };
    Some(Method::linear(format!("quark {kind}"), bits, false))
}

fn hqq(q: &mut Object<'_>) -> Option<Method> {
    let mut config = q.nested("quant_config");
    let mut weights = config.as_mut().and_then(|config| config.nested("weight_quant_params"));
    let Some(weights) = &mut weights else {
        q.problem("quant_config", "hqq needs `quant_config.weight_quant_params`, an object with `nbits`");
        return None;
    };
    let bits = weights.count("nbits", 1, 16);
    let group = weights.count("group_size", 1, 1 << 20).unwrap_or(0) as f64;
    q.problems.append(&mut weights.problems);
    let Some(bits) = bits.map(|bits| bits as f64) else {
        q.problem("quant_config", "hqq needs `quant_config.weight_quant_params.nbits`");
        return None;
    };
    // Scale and zero point, 16 bits each.
    Some(Method::linear(format!("hqq, {bits} bits"), scaled(bits, 32.0, group), false))
}

fn aqlm(q: &mut Object<'_>) -> Option<Method> {
    let [codebooks, bits, inputs, outputs] =
        [("num_codebooks", 1), ("nbits_per_codebook", 16), ("in_group_size", 8), ("out_group_size", 1)].map(
            |(key, default)| match q.get(key) {
                Some(_) => q.count(key, 1, 1024).unwrap_or(1) as f64,
                None => f64::from(default),
            },
        );
    q.problems.is_empty().then(|| Method::linear("aqlm", codebooks * bits / (inputs * outputs), false))
}

fn quanto(q: &mut Object<'_>) -> Option<Method> {
    let kind = q.text("weights").unwrap_or_else(|| "int8".into());
    let bits = match kind.as_str() {
        "float8" | "int8" => 8.0,
        "int4" => 4.0,
        "int2" => 2.0,
        other => {
            q.problem("weights", format!("quanto: `weights` \"{}\" is not known", shorten(other))).help =
                Some("known are float8, int8, int4, int2".into());
            return None;
        }
    };
    Some(Method::linear(format!("quanto {kind}"), bits, false))
}
