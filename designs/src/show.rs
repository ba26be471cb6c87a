//! Designs, process nodes and models as flat lists of lines: path, value, origin, meaning.

use std::collections::BTreeMap;

use serde::Serialize;

use crate::comparison::{self, Comparison};
use crate::design::Design;
use crate::dram::{self, Dram};
use crate::economics::{self, Economics};
use crate::field::Visitor;
use crate::huggingface::{Agreement, Checkpoint};
use crate::masks::{MaskLayer, MaskStack};
use crate::model::{Ffn, Model};
use crate::process::{self, ProcessNode};
use crate::provenance::Provenance;
use crate::schema;
use crate::slot::{Limits, Slot};

/// One value for people.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Line {
    /// Dotted path, as in a file or after `--set`.
    pub path: String,
    /// The value with its unit, as it would be written in a file. Numbers without a unit and truth values are serialised as such.
    #[serde(serialize_with = "as_written")]
    pub value: String,
    /// Where it comes from; absent for models, whose origin is their file, and for summaries.
    pub provenance: Option<Provenance>,
    /// What it means.
    pub doc: &'static str,
}

fn as_written<S: serde::Serializer>(value: &str, serializer: S) -> Result<S::Ok, S::Error> {
    // Digits alone: other texts that parse as numbers, such as names, keep their spelling.
    let numeric = value.starts_with(|c: char| c.is_ascii_digit() || c == '-');
    match (value, value.parse::<u64>(), value.parse::<f64>()) {
        ("true", ..) => serializer.serialize_bool(true),
        ("false", ..) => serializer.serialize_bool(false),
        (_, Ok(whole), _) if numeric => serializer.serialize_u64(whole),
        (_, _, Ok(number)) if numeric && number.is_finite() => serializer.serialize_f64(number),
        _ => serializer.serialize_str(value),
    }
}

struct Lines(Vec<Line>);

impl Visitor for Lines {
    fn field(&mut self, path: &str, slot: &mut dyn Slot, _: Limits, doc: &'static str) {
        if let Some(value) = slot.show() {
            self.0.push(Line { path: path.to_owned(), value, provenance: None, doc });
        }
    }
}

/// The fields that `walk` visits, with their origins.
fn lines(provenance: &BTreeMap<String, Provenance>, walk: impl FnOnce(&mut Lines)) -> Vec<Line> {
    let mut lines = Lines(Vec::new());
    walk(&mut lines);
    for line in &mut lines.0 {
        line.provenance = provenance.get(&line.path).cloned();
    }
    lines.0
}

/// Every field of a design in the order of the schema.
#[must_use]
pub fn design(design: &Design) -> Vec<Line> {
    lines(&design.provenance, |lines| schema::walk(&mut design.clone(), lines))
}

/// Every known field of a process node.
#[must_use]
pub fn node(node: &ProcessNode) -> Vec<Line> {
    lines(&node.provenance, |lines| process::walk(&mut node.clone(), lines))
}

/// Every known field of prices and rules.
#[must_use]
pub fn economics(economics: &Economics) -> Vec<Line> {
    lines(&economics.provenance, |lines| economics::walk(&mut economics.clone(), lines))
}

/// Every field of a kind of memory.
#[must_use]
pub fn memory(memory: &Dram) -> Vec<Line> {
    lines(&memory.provenance, |lines| dram::walk(&mut memory.clone(), lines))
}

/// Every known field of a machine to compare with.
#[must_use]
pub fn comparison(comparison: &Comparison) -> Vec<Line> {
    let mut machine = Comparison { serving: Vec::new(), ..comparison.clone() };
    let mut lines = lines(&comparison.provenance, |lines| comparison::walk(&mut machine, lines));
    lines.extend(comparison.serving.iter().map(|serving| Line {
        path: format!("serving.{}", serving.name),
        value: serving.describe(),
        provenance: Some(serving.provenance.clone()),
        doc: "Published serving figure",
    }));
    lines
}

/// The layers of a mask stack, one line each, from the silicon upwards.
#[must_use]
pub fn mask_stack(stack: &MaskStack) -> Vec<Line> {
    let line = |layer: &MaskLayer| {
        let light = layer.lithography.show().unwrap_or_default();
        let sharing = if layer.per_chip { "per chip" } else { "shared" };
        let pitch = layer.pitch_nm.map_or(String::new(), |p| format!(", pitch {p} nm"));
        let masks = if layer.masks == 1 { "mask" } else { "masks" };
        Line {
            path: layer.name.clone(),
            value: format!(
                "{} {masks}, {light} {}, {} units each, {sharing}{pitch}",
                layer.masks, layer.patterning, layer.units
            ),
            provenance: Some(layer.provenance.clone()),
            doc: "Layer of the mask stack",
        }
    };
    stack.layers.iter().map(line).collect()
}

/// The shape of a model; layers that are alike are counted together.
#[must_use]
pub fn model(model: &Model) -> Vec<Line> {
    let line = |path: &str, value: String, doc| Line { path: path.to_owned(), value, provenance: None, doc };
    let mut lines = vec![
        line("family", model.family.clone(), "model_type of the config.json"),
        line("hidden", model.hidden.to_string(), "Width of the residual stream"),
        line("vocabulary", model.vocabulary.to_string(), "Entries of the vocabulary"),
        line("tied_embeddings", model.tied_embeddings.to_string(), "Whether the unembedding reuses the embedding"),
        line("max_context", model.max_context.to_string(), "Largest context in positions"),
        line("weight_format", model.release.describe(), "Format of the released weights"),
        line("parameters", model.parameters().to_string(), "Weights of all matrices"),
        line(
            "active_parameters",
            model.active_parameters().to_string(),
            "Weights that one token uses, its row of the embedding for the table",
        ),
    ];
    if !model.tied_embeddings {
        let table = u64::from(model.hidden) * (u64::from(model.vocabulary) - 1);
        let doc = "The same with the whole embedding table, as some publishers count";
        lines.push(line("active_parameters_with_embedding", (model.active_parameters() + table).to_string(), doc));
    }
    let per_position: u64 = model.layers.iter().map(|layer| layer.attention.kv_elements_per_position()).sum();
    lines.push(line("cached_elements_per_position", per_position.to_string(), "Elements of the cache, all layers"));
    let state: u64 = model.layers.iter().map(|layer| layer.attention.state_elements()).sum();
    if state > 0 {
        lines.push(line(
            "state_elements",
            state.to_string(),
            "Elements of a sequence that do not grow with its context",
        ));
    }
    let mut first = 0;
    for run in model.layers.chunk_by(|a, b| a == b) {
        let last = first + run.len() - 1;
        let path = if run.len() == 1 { format!("layers.{first}") } else { format!("layers.{first}-{last}") };
        let value = format!("{}; {}; {}", run[0].attention, run[0].span.describe(), ffn(&run[0].ffn));
        lines.push(line(&path, value, "Attention and feed-forward part"));
        first += run.len();
    }
    for (index, note) in model.notes.iter().enumerate() {
        lines.push(line(&format!("notes.{index}"), note.clone(), "What the file states beyond this"));
    }
    lines
}

/// The tensors of a checkpoint, counted.
#[must_use]
pub fn checkpoint(checkpoint: &Checkpoint) -> Vec<Line> {
    let line = |path: String, value: String, doc| Line { path, value, provenance: None, doc };
    let mut lines = vec![line("tensors".into(), checkpoint.tensors.len().to_string(), "Tensors of the checkpoint")];
    if let Some(elements) = checkpoint.elements() {
        lines.push(line("elements".into(), elements.to_string(), "Elements of all tensors"));
        for (dtype, elements) in checkpoint.elements_by_type() {
            lines.push(line(format!("elements.{dtype}"), elements.to_string(), "Elements of the tensors of this type"));
        }
    }
    lines
}

/// What agrees between a checkpoint and the model of its config.
#[must_use]
pub fn agreement(agreement: &Agreement) -> Vec<Line> {
    let agrees = agreement.compared.iter().enumerate();
    let line = |(index, words): (usize, &String)| Line {
        path: format!("agrees.{index}"),
        value: words.clone(),
        provenance: None,
        doc: "What the tensors and the config agree in",
    };
    agrees.map(line).collect()
}

fn ffn(ffn: &Ffn) -> String {
    match *ffn {
        Ffn::Dense { width } => format!("dense of {width}"),
        Ffn::Moe { experts, experts_per_token, width, shared_width: 0 } => {
            format!("{experts_per_token} of {experts} experts of {width}")
        }
        Ffn::Moe { experts, experts_per_token, width, shared_width } => {
            format!("{experts_per_token} of {experts} experts of {width}, shared {shared_width}")
        }
    }
}
