//! One file: weights as safetensors, all else as JSON in its metadata.

use ir::tokenizer::{Scheme, VERSION};
use ir::vocabulary::{Vocabulary, VocabularyError};
use serde::{Deserialize, Serialize};

use super::adaptation::Adaptation;
use super::blend::Blend;
use super::card::Card;
use super::conformal::Widths;
use super::embedded::embedded;
use super::novelty::Novelty;
use super::parts::{ColumnsShape, get_network, get_novelty, get_trees, put_network, put_novelty, put_trees};
use super::tensors::{Reader, Writer};
use crate::baselines::{LivenessModel, RooflineModel};
use crate::network::NetworkParameters;
use crate::quantity::Output;

/// Version of the layout.
pub const SCHEMA: u32 = 3;

/// Largest file that is read, in bytes.
pub const MAX_BYTES: u64 = 256 << 20;

/// A model with all that its answers need.
#[derive(Debug, Clone)]
pub struct CostModel {
    /// What it says of itself.
    pub card: Card,
    /// Its words, of [`Scheme::Shaped`].
    pub vocabulary: Vocabulary,
    /// The learned part.
    pub blend: Blend,
    /// Intervals of the learned part.
    pub widths: Widths,
    /// What is familiar to it.
    pub novelty: Novelty,
    /// Time where it is not.
    pub roofline: RooflineModel,
    /// Registers where it is not.
    pub liveness: LivenessModel,
    /// Intervals of both.
    pub analytical_widths: Widths,
    /// Outputs of targets that it was not trained for.
    pub adaptations: Vec<Adaptation>,
}

/// Why a file gives no model.
#[derive(Debug, thiserror::Error)]
pub enum ModelFileError {
    /// Too long.
    #[error("the file has {0} bytes; a model has at most {MAX_BYTES}")]
    TooLarge(u64),
    /// Cut short or changed.
    #[error("not a whole model file: {0}")]
    Damaged(String),
    /// A safetensors file of another program.
    #[error("a safetensors file, but not a cost model: it has no card")]
    Foreign,
    /// Of another version of this program.
    #[error("the model has {what} {found}, this program {ours}: {remedy}")]
    Incompatible {
        /// What differs.
        what: &'static str,
        /// The model's.
        found: String,
        /// This program's.
        ours: String,
        /// What would help.
        remedy: &'static str,
    },
    /// The vocabulary cannot be used.
    #[error("the model's vocabulary: {0}")]
    Vocabulary(#[from] VocabularyError),
    /// Vectors that do not fit together.
    #[error("the model is inconsistent: {0}")]
    Content(String),
}

const RETRAIN: &str = "train again or take a model of this version";

/// Card and structure, as stored.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Header {
    card: Card,
    trees: ColumnsShape,
    network: Option<NetworkParameters>,
    roofline: RooflineModel,
    liveness: LivenessModel,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    adaptations: Vec<Adaptation>,
}

impl CostModel {
    /// The file's bytes.
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut writer = Writer::default();
        writer.put("vocabulary", self.vocabulary.to_json().as_bytes());
        let blend = &self.blend;
        put_trees(&mut writer, &blend.trees);
        if let Some(network) = &blend.network {
            put_network(&mut writer, network);
        }
        writer.put("blend.shares", &blend.shares);
        put_novelty(&mut writer, &self.novelty);
        for (name, widths) in [("learned", &self.widths), ("analytical", &self.analytical_widths)] {
            writer.put(&format!("{name}.floors"), &widths.floors);
            writer.put(&format!("{name}.factors"), &widths.factors);
        }
        let header = Header {
            card: self.card.clone(),
            trees: ColumnsShape::of(&blend.trees.columns),
            network: blend.network.as_ref().map(|network| network.parameters.clone()),
            roofline: self.roofline.clone(),
            liveness: self.liveness.clone(),
            adaptations: self.adaptations.clone(),
        };
        writer.finish(serde_json::to_string(&header).expect("plain values serialize"))
    }

    /// Reads a file's bytes.
    ///
    /// # Errors
    /// If they are no model, or one for another version of tokenizer, features or layout; the message says what
    /// differs.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, ModelFileError> {
        if bytes.len() as u64 > MAX_BYTES {
            return Err(ModelFileError::TooLarge(bytes.len() as u64));
        }
        Self::read(&Reader::new(bytes)?)
    }

    /// The model that comes with the program. It is used where it lies, and its trees are not checked again: a test does
    /// that.
    ///
    /// # Errors
    /// As [`Self::from_bytes`], if the program was built with another model than its own.
    pub fn shipped() -> Result<Self, ModelFileError> {
        Self::read(&Reader::own(embedded())?)
    }

    fn read(reader: &Reader<'_>) -> Result<Self, ModelFileError> {
        let header = header(&reader.card)?;
        let card = header.card;
        let vocabulary: Vec<u8> = reader.get("vocabulary")?;
        let vocabulary = String::from_utf8(vocabulary).map_err(|_| content("the vocabulary is not UTF-8"))?;
        let vocabulary = Vocabulary::from_json(&vocabulary)?;
        if vocabulary.scheme() != Scheme::Shaped {
            return Err(content("the vocabulary is of another scheme"));
        }
        if vocabulary.hash() != card.vocabulary_hash {
            let (found, ours) = (card.vocabulary_hash, vocabulary.hash().to_owned());
            return Err(content(&format!("the card names vocabulary {found}, the file holds {ours}")));
        }
        let (words, outputs) = (vocabulary.size(), &card.outputs);
        let distinct: std::collections::BTreeSet<_> = outputs.iter().collect();
        let grouped = crate::quantity::groups(outputs).len();
        let quantities: std::collections::BTreeSet<_> = outputs.iter().map(|output| output.quantity).collect();
        if outputs.is_empty() || distinct.len() != outputs.len() || grouped != quantities.len() {
            return Err(content("the outputs are empty, repeated or not sorted by quantity"));
        }
        if [header.roofline.outputs(), header.liveness.outputs()] != [outputs.len(); 2] {
            return Err(content("an analytical model answers another number of outputs"));
        }
        check_adaptations(&header.adaptations, outputs)?;
        let trees = get_trees(reader, header.trees, words, outputs)?;
        let network = header.network.map(|p| get_network(reader, p, words, outputs)).transpose()?;
        let shares = reader.exactly("blend.shares", outputs.len())?;
        let widths = |name: &str| -> Result<Widths, ModelFileError> {
            Ok(Widths {
                floors: reader.exactly(&format!("{name}.floors"), outputs.len())?,
                factors: reader.exactly(&format!("{name}.factors"), outputs.len())?,
            })
        };
        Ok(Self {
            blend: Blend { outputs: outputs.clone(), trees, network, shares },
            widths: widths("learned")?,
            analytical_widths: widths("analytical")?,
            novelty: get_novelty(reader, words)?,
            roofline: header.roofline,
            liveness: header.liveness,
            adaptations: header.adaptations,
            vocabulary,
            card,
        })
    }
}

fn check_adaptations(adaptations: &[Adaptation], outputs: &[Output]) -> Result<(), ModelFileError> {
    let mut taken: std::collections::BTreeSet<&Output> = outputs.iter().collect();
    for adaptation in adaptations {
        let known = |o: &Output| o.target == adaptation.base && o.quantity == adaptation.output.quantity;
        let sound = adaptation.learned.is_sound() && adaptation.analytical.is_none_or(|line| line.is_sound());
        if !sound || !outputs.iter().any(known) || !taken.insert(&adaptation.output) {
            let output = &adaptation.output;
            return Err(content(&format!("the adaptation for {output} is repeated, not finite or without a base")));
        }
    }
    Ok(())
}

fn content(what: &str) -> ModelFileError {
    ModelFileError::Content(what.to_owned())
}

/// The header, if this program can use it. Where it has another shape, its version says so before anything else is said.
fn header(text: &str) -> Result<Header, ModelFileError> {
    #[derive(Deserialize)]
    struct Versions {
        card: CardVersions,
    }
    #[derive(Deserialize)]
    struct CardVersions {
        schema: u32,
    }
    let damaged = |error: serde_json::Error| ModelFileError::Damaged(format!("its card: {error}"));
    let incompatible =
        |what, found: String, ours: String| Err(ModelFileError::Incompatible { what, found, ours, remedy: RETRAIN });
    let header = serde_json::from_str::<Header>(text);
    let schema = match &header {
        Ok(header) => header.card.schema,
        Err(_) => serde_json::from_str::<Versions>(text).map_err(damaged)?.card.schema,
    };
    if schema != SCHEMA {
        return incompatible("layout", schema.to_string(), SCHEMA.to_string());
    }
    let header = header.map_err(damaged)?;
    let card = &header.card;
    if card.tokenizer_version != VERSION {
        return incompatible("tokenizer", card.tokenizer_version.to_string(), VERSION.to_string());
    }
    let ours = Card::current_features();
    if card.features != ours {
        let differs = card.features.iter().zip(&ours).position(|(a, b)| a != b);
        let place = differs.unwrap_or(card.features.len().min(ours.len()));
        let name = |names: &[String]| names.get(place).map_or("none".to_owned(), |name| format!("`{name}`"));
        let describe = |names: &[String]| format!("{} of {}", name(names), names.len());
        return incompatible("features", describe(&card.features), describe(&ours));
    }
    Ok(header)
}
