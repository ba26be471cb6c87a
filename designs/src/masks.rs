//! The mask stack of a process: every layer with lithography, patterning, masks and their weight in the price.
//!
//! A mask set's price is divided by weight: one unit is an immersion mask, an EUV mask weighs several. Layers marked
//! `per_chip` differ between chips and carry the weights; the others are shared. Which layers do is a choice
//! ([`MaskStack::select`]). Layers whose split is not public stand for a group (front end).

use std::collections::BTreeMap;

use names::named;
use serde::Serialize;
use thiserror::Error;

use crate::field::{Reader, Visitor};
use crate::problem::did_you_mean;
use crate::provenance::{Grade, Provenance};
use crate::slot::Limits;

/// Most layers of a stack.
pub const MAX_LAYERS: usize = 256;

named! {
    /// Light source.
    pub enum Lithography {
        /// Extreme ultraviolet, 13.5 nm.
        Euv = "euv",
        /// Deep ultraviolet: 193 nm, immersion or dry, and longer waves.
        Duv = "duv",
    }
}

crate::slot::choice_slots!(Lithography);

/// One layer, or a group whose split is not public.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct MaskLayer {
    /// Name.
    pub name: String,
    /// Position from the silicon upwards.
    pub order: u32,
    /// Light source.
    pub lithography: Lithography,
    /// Patterning in the words of the field: se, sadp (mandrel and cut), lele, saqp, mixed.
    pub patterning: String,
    /// Masks.
    pub masks: u32,
    /// Weight of one mask in the price, immersion masks = 1.
    pub units: f64,
    /// Whether it differs between chips as the machine is published.
    pub per_chip: bool,
    /// Pitch of wires, for metal layers that can carry weights.
    pub pitch_nm: Option<f64>,
    /// Origin.
    pub provenance: Provenance,
}

/// All layers, from the silicon upwards.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct MaskStack {
    /// Name of the preset, or the path of the file.
    pub name: String,
    /// One line for people.
    pub summary: String,
    /// What `one-via` means here, a list of layers.
    pub one_via: String,
    /// What `two-metal` means here, a list of layers.
    pub two_metal: String,
    /// Layers.
    pub layers: Vec<MaskLayer>,
}

/// Names of embeddings that every stack knows.
pub const EMBEDDINGS: [&str; 4] = ["published", "one-via", "two-metal", "all"];

impl MaskStack {
    pub(crate) fn blank(name: &str, layers: Vec<String>) -> Self {
        let blank = |name| MaskLayer {
            name,
            order: 0,
            lithography: Lithography::Duv,
            patterning: String::new(),
            masks: 0,
            units: 0.0,
            per_chip: false,
            pitch_nm: None,
            provenance: Provenance { source: String::new(), grade: Grade::User, year: None },
        };
        Self {
            name: name.to_owned(),
            summary: String::new(),
            one_via: String::new(),
            two_metal: String::new(),
            layers: layers.into_iter().map(blank).collect(),
        }
    }

    /// The layers that carry weights under an embedding: `published`, `one-via`, `two-metal`, `all`, or a list such as
    /// `m8,via8,m9` or `m8-m11` (a range, with the via below its first metal).
    ///
    /// # Errors
    /// When a layer is not in the stack, or a range runs downwards.
    pub fn select(&self, embedding: &str) -> Result<Vec<bool>, LayerError> {
        let list = match embedding {
            "published" => return Ok(self.layers.iter().map(|l| l.per_chip).collect()),
            "all" => return Ok(vec![true; self.layers.len()]),
            "one-via" => &self.one_via,
            "two-metal" => &self.two_metal,
            list => list,
        };
        let mut chosen = vec![false; self.layers.len()];
        for part in list.split(',').map(|part| part.trim().to_lowercase()) {
            if let Some(index) = self.layers.iter().position(|l| l.name == part) {
                chosen[index] = true;
                continue;
            }
            let (first, last) = part.split_once('-').unwrap_or((&part, &part));
            let (mut first, last) = (self.index(first.trim())?, self.index(last.trim())?);
            if first > last {
                let upwards = format!("{}-{}", self.layers[last].name, self.layers[first].name);
                return Err(LayerError::Downwards { range: part, upwards });
            }
            // Wires reach the cells through the via below.
            if first > 0 && self.layers[first].pitch_nm.is_some() && self.layers[first - 1].name.starts_with("via") {
                first -= 1;
            }
            chosen[first..=last].fill(true);
        }
        Ok(chosen)
    }

    fn index(&self, name: &str) -> Result<usize, LayerError> {
        self.layers.iter().position(|l| l.name == name).ok_or_else(|| {
            let names: Vec<&str> = EMBEDDINGS.into_iter().chain(self.layers.iter().map(|l| l.name.as_str())).collect();
            LayerError::Unknown {
                stack: self.name.clone(),
                layer: crate::problem::shorten(name),
                help: did_you_mean(name, &names),
            }
        })
    }
}

/// Why a list of layers cannot be taken from a stack.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum LayerError {
    /// The stack has no such layer.
    #[error("the stack `{stack}` has no layer `{layer}`; {help}")]
    Unknown {
        /// Name of the stack.
        stack: String,
        /// The layer as written, shortened.
        layer: String,
        /// Similar names, or all of them.
        help: String,
    },
    /// A range whose first layer lies above its last.
    #[error("`{range}` runs downwards; write `{upwards}`")]
    Downwards {
        /// The range as written.
        range: String,
        /// The same layers from below.
        upwards: String,
    },
}

/// Visits every field of a mask-stack file.
pub(crate) fn walk(s: &mut MaskStack, v: &mut dyn Visitor) {
    v.field("summary", &mut s.summary, Limits::NONE, "One line for people");
    v.field("one_via", &mut s.one_via, Limits::NONE, "Layers of the embedding `one-via`");
    v.field("two_metal", &mut s.two_metal, Limits::NONE, "Layers of the embedding `two-metal`");
    for layer in &mut s.layers {
        let path = |key: &str| format!("layers.{}.{key}", layer.name);
        v.field(&path("order"), &mut layer.order, Limits::between(0.0, 1e6), "Position from the silicon upwards");
        v.field(&path("lithography"), &mut layer.lithography, Limits::NONE, "Light source");
        v.field(&path("patterning"), &mut layer.patterning, Limits::NONE, "Patterning");
        v.field(&path("masks"), &mut layer.masks, Limits::between(1.0, 1000.0), "Masks");
        v.field(&path("units"), &mut layer.units, Limits::positive(1000.0), "Weight of a mask in the price");
        v.field(&path("per_chip"), &mut layer.per_chip, Limits::NONE, "Whether it differs between chips");
        v.field(&path("pitch_nm"), &mut layer.pitch_nm, Limits::positive(1e5), "Pitch of wires that can carry weights");
        v.field(&path("source"), &mut layer.provenance.source, Limits::NONE, "Origin");
        v.field(&path("grade"), &mut layer.provenance.grade, Limits::NONE, "Support");
        let mut year = layer.provenance.year.map(u32::from);
        v.field(&path("year"), &mut year, Limits::between(1900.0, 2100.0), "Year");
        layer.provenance.year = year.and_then(|y| u16::try_from(y).ok());
    }
}

/// Rules that concern several layers.
pub(crate) fn check(s: &MaskStack, r: &mut Reader<'_>) {
    if !r.clean() {
        return;
    }
    let mut seen: BTreeMap<u32, &str> = BTreeMap::new();
    for layer in &s.layers {
        if let Some(other) = seen.insert(layer.order, &layer.name) {
            let path = format!("layers.{}.order", layer.name);
            r.problem(
                &path,
                format!("layers `{other}` and `{}` have the same order {}", layer.name, layer.order),
                None,
            );
        }
    }
}
