//! Names, types and shapes of the tensors of a checkpoint, from the header of a safetensors file or from the index of several,
//! and whether they agree with a `config.json`. Weights are never read.

use std::collections::BTreeMap;

use super::json::{Object, whole};
use super::limits::MAX_LAYERS;
use crate::model::Model;
use crate::problem::{Location, Problem, Problems, Source, SourceKind, cap, shorten};
use crate::release::Part;

/// Largest header or index that is read, bytes.
pub const MAX_HEADER: u64 = 64 << 20;
/// Most tensors of a checkpoint.
const MAX_TENSORS: usize = 1 << 20;
/// Most dimensions of a tensor.
const MAX_DIMENSIONS: usize = 16;
/// Largest side of a tensor.
const MAX_SIDE: u64 = 1 << 40;
/// Most differences that are listed.
const MAX_DIFFERENCES: usize = 20;

/// A tensor of a checkpoint.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tensor {
    /// Name, e.g. "model.layers.0.self_attn.q_proj.weight".
    pub name: String,
    /// Type, e.g. "BF16"; empty where an index gives names alone.
    pub dtype: String,
    /// Sizes, outermost first; empty where an index gives names alone.
    pub shape: Vec<u64>,
}

impl Tensor {
    /// Elements; saturates.
    #[must_use]
    pub fn elements(&self) -> u64 {
        self.shape.iter().fold(1, |product, side| product.saturating_mul(*side))
    }

    /// Whether several weights share an element, so that the shape is not that of the matrix.
    fn is_packed(&self) -> bool {
        matches!(self.dtype.as_str(), "I32" | "I64" | "U8" | "U16" | "U32")
    }
}

/// The tensors of a checkpoint.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Checkpoint {
    /// Tensors in the order of the text.
    pub tensors: Vec<Tensor>,
    /// Whether types and shapes are known: not from an index.
    pub has_shapes: bool,
}

/// What a comparison of a checkpoint with a model found.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Agreement {
    /// What agrees, in words.
    pub compared: Vec<String>,
    /// What differs, in words.
    pub differences: Vec<String>,
}

impl Checkpoint {
    /// Reads the header of a safetensors file: the JSON text after its length.
    ///
    /// # Errors
    /// Every problem of the text, each at its place.
    pub fn from_header(name: &str, text: &str) -> Result<Self, Problems> {
        read(name, text, |o, tensors| {
            for (key, value) in o.entries().filter(|(key, _)| *key != "__metadata__") {
                let Some(mut inner) = o.inner(value) else {
                    tensors.problem(o, value, format!("tensor `{}` must be an object", shorten(key)));
                    continue;
                };
                let dtype = inner.text("dtype");
                let shape = inner.list("shape", MAX_DIMENSIONS);
                match (dtype, shape) {
                    (Some(dtype), Some(sides)) => {
                        let shape = sides.iter().map(|side| whole(side, 0, MAX_SIDE)).collect::<Result<Vec<u64>, _>>();
                        match shape {
                            Ok(shape) => tensors.found.push(Tensor { name: key.to_owned(), dtype, shape }),
                            Err(reason) => {
                                tensors.problem(o, value, format!("a size of tensor `{}` {reason}", shorten(key)));
                            }
                        }
                    }
                    _ => tensors.problem(o, value, format!("tensor `{}` needs `dtype` and `shape`", shorten(key))),
                }
            }
            true
        })
    }

    /// Reads a `model.safetensors.index.json`.
    ///
    /// # Errors
    /// Every problem of the text, each at its place.
    pub fn from_index(name: &str, text: &str) -> Result<Self, Problems> {
        read(name, text, |o, tensors| {
            let Some(map) = o.nested("weight_map") else {
                if o.problems.is_empty() {
                    o.problem("weight_map", "`weight_map` is missing: this is no index of safetensors files");
                }
                return false;
            };
            let names = map.entries().map(|(key, _)| key.to_owned());
            tensors.found = names.map(|name| Tensor { name, dtype: String::new(), shape: Vec::new() }).collect();
            false
        })
    }

    /// Elements of all tensors; `None` from an index, which states no shapes.
    #[must_use]
    pub fn elements(&self) -> Option<u64> {
        let all = || self.tensors.iter().fold(0u64, |sum, tensor| sum.saturating_add(tensor.elements()));
        self.has_shapes.then(all)
    }

    /// Elements by type, in order of the type's name.
    #[must_use]
    pub fn elements_by_type(&self) -> BTreeMap<&str, u64> {
        let mut by_type = BTreeMap::new();
        for tensor in self.tensors.iter().filter(|_| self.has_shapes) {
            let sum: &mut u64 = by_type.entry(tensor.dtype.as_str()).or_default();
            *sum = sum.saturating_add(tensor.elements());
        }
        by_type
    }

    /// Compares with what `model` says: layers, tables, and the matrices of every layer where their shapes are known.
    #[must_use]
    pub fn compare(&self, model: &Model) -> Agreement {
        let mut agreement = Agreement::default();
        self.compare_tables(model, &mut agreement);
        let mut layers: BTreeMap<u64, [Sum; 2]> = BTreeMap::new();
        for tensor in &self.tensors {
            let Some((layer, attention)) = place(&tensor.name) else { continue };
            layers.entry(layer).or_default()[usize::from(!attention)].add(tensor);
        }
        let stated = model.layers.len() as u64;
        let found = layers.range(..stated).count() as u64;
        let beyond = layers.range(stated..).count();
        if found == stated && (beyond == 0 || model.prediction_layers > 0) {
            agreement.compared.push(format!("{stated} layers"));
        } else {
            let found = found + beyond as u64;
            agreement.differences.push(format!("{found} layers in the tensors, {stated} in the config"));
        }
        if self.has_shapes {
            compare_layers(model, &layers, &mut agreement);
        }
        if agreement.differences.len() > MAX_DIFFERENCES {
            let more = agreement.differences.len() - MAX_DIFFERENCES;
            agreement.differences.truncate(MAX_DIFFERENCES);
            agreement.differences.push(format!("{more} more"));
        }
        agreement
    }

    fn compare_tables(&self, model: &Model, agreement: &mut Agreement) {
        let ends = |end: &str| self.tensors.iter().find(|tensor| tensor.name.ends_with(end));
        let expected = [u64::from(model.vocabulary), u64::from(model.hidden)];
        match ends("embed_tokens.weight") {
            None => agreement.differences.push("no tensor `embed_tokens.weight`".to_owned()),
            Some(table) if self.has_shapes && table.shape != expected => {
                agreement.differences.push(format!(
                    "`{}` is {:?}, not {expected:?}",
                    shorten(&table.name),
                    table.shape
                ));
            }
            Some(_) => agreement.compared.push("table of the embedding".to_owned()),
        }
        match (ends("lm_head.weight").is_some(), model.tied_embeddings) {
            (false, false) => {
                agreement.differences.push("no tensor `lm_head.weight`, but tables are not tied".to_owned())
            }
            (true, true) => agreement.differences.push("a tensor `lm_head.weight`, but tables are tied".to_owned()),
            _ => agreement.compared.push("unembedding".to_owned()),
        }
    }
}

/// Weights of a part of a layer.
#[derive(Debug, Clone, Copy, Default)]
struct Sum {
    weights: u64,
    packed: bool,
}

impl Sum {
    fn add(&mut self, tensor: &Tensor) {
        // Norms, biases and scales are no matrices of the model.
        let scale = ["scale", "scale_inv", "zero", "zeros", "g_idx", "shape", "bias"];
        if tensor.shape.len() < 2 || scale.iter().any(|end| tensor.name.ends_with(end)) {
            return;
        }
        self.packed |= tensor.is_packed();
        self.weights = self.weights.saturating_add(tensor.elements());
    }
}

fn compare_layers(model: &Model, layers: &BTreeMap<u64, [Sum; 2]>, agreement: &mut Agreement) {
    let (mut same, mut packed) = (0, 0);
    for (index, layer) in model.layers.iter().enumerate() {
        let Some(found) = layers.get(&(index as u64)) else { continue };
        // The gate of a shared expert, one row, is left out of the model.
        let shared =
            layer.ffn.matrices(model.hidden).iter().any(|(part, m)| *part == Part::SharedExperts && m[0].1 > 0);
        let gate = if shared { u64::from(model.hidden) } else { 0 };
        let expected = [layer.attention.weights(model.hidden), layer.ffn.weights(model.hidden)];
        let parts = [("attention", 0), ("the feed-forward part", gate)];
        for (((part, beside), found), expected) in parts.into_iter().zip(found).zip(expected) {
            if found.packed {
                packed += 1;
            } else if found.weights == expected || found.weights == expected + beside {
                same += 1;
            } else {
                let found = found.weights;
                let text = format!("layer {index}: {found} weights of {part} in the tensors, {expected} by the config");
                agreement.differences.push(text);
            }
        }
    }
    if same > 0 {
        agreement.compared.push(format!("weights of {same} parts of layers"));
    }
    if packed > 0 {
        agreement.compared.push(format!("not compared, because packed: {packed} parts of layers"));
    }
}

/// Number of the layer that a tensor belongs to, and whether it is of attention; `None` for others.
fn place(name: &str) -> Option<(u64, bool)> {
    let (_, rest) = name.split_once("layers.")?;
    if name.contains("vision") || name.contains("visual") || name.contains("audio") {
        return None;
    }
    let (number, rest) = rest.split_once('.')?;
    let layer = number.parse::<u64>().ok().filter(|layer| *layer < MAX_LAYERS)?;
    if ["self_attn.", "linear_attn."].iter().any(|module| rest.starts_with(module)) {
        return Some((layer, true));
    }
    let feed_forward = ["mlp.", "block_sparse_moe.", "feed_forward."].iter().any(|module| rest.starts_with(module));
    feed_forward.then_some((layer, false))
}

/// Tensors found so far, and problems at their places.
#[derive(Default)]
struct Found {
    found: Vec<Tensor>,
    problems: Vec<Problem>,
}

impl Found {
    fn problem(&mut self, o: &Object<'_>, value: &serde_json::value::RawValue, message: String) {
        self.problems.push(Problem::at(o.place(value), message));
    }
}

fn read(name: &str, text: &str, of: impl FnOnce(&mut Object<'_>, &mut Found) -> bool) -> Result<Checkpoint, Problems> {
    let refuse = |mut problems: Vec<Problem>| {
        cap(&mut problems);
        let source = Source { name: name.to_owned(), text: text.to_owned(), kind: SourceKind::File };
        Problems { sources: vec![source], problems }
    };
    if text.len() as u64 > MAX_HEADER {
        let message = format!("the text has {} bytes; at most {MAX_HEADER} are read", text.len());
        return Err(refuse(vec![Problem::at(Location { source: 0, span: 0..0 }, message)]));
    }
    let mut object = Object::parse(text).map_err(|problem| refuse(vec![problem]))?;
    let mut found = Found::default();
    let has_shapes = of(&mut object, &mut found);
    object.problems.append(&mut found.problems);
    if found.found.len() > MAX_TENSORS {
        object.problem("", format!("{} tensors; at most {MAX_TENSORS} are read", found.found.len()));
    }
    if !object.problems.is_empty() {
        return Err(refuse(object.problems));
    }
    Ok(Checkpoint { tensors: found.found, has_shapes })
}
