//! The model file: weights as safetensors, everything else as JSON in its metadata.

use ir::tokenizer::{OLDEST, Scheme, VERSION};
use ir::vocabulary::Vocabulary;
use serde::{Deserialize, Serialize};

use super::adaptation::Adaptation;
use super::card::{Card, is_of_gpus};
use super::conformal::{RatioTable, Widths};
use super::embedded::{embedded, embedded_for_gpus};
use super::error::{MAX_BYTES, ModelFileError};
use super::novelty::Novelty;
use super::parts::{TreesShape, get_novelty, get_trees, put_novelty, put_trees};
use super::tensors::{Reader, Writer};
use crate::analytical::{LivenessModel, RooflineModel};
use crate::quantity::{Output, TargetKind};
use crate::trees::TreesModel;

/// Version of the layout.
pub const SCHEMA: u32 = 5;

/// A model with everything that predictions need.
#[derive(Debug, Clone)]
pub struct CostModel {
    /// Name, version, training set and measured errors.
    pub card: Card,
    /// Vocabulary of [`Scheme::Shaped`].
    pub vocabulary: Vocabulary,
    /// The learned model.
    pub trees: TreesModel,
    /// Interval widths of the learned model.
    pub widths: Widths,
    /// Range of the training set, for the novelty score.
    pub novelty: Novelty,
    /// Model of time for functions out of distribution.
    pub roofline: RooflineModel,
    /// Model of register pressure for functions out of distribution.
    pub liveness: LivenessModel,
    /// Interval widths of the two analytical models.
    pub analytical_widths: Widths,
    /// Intervals of ratios.
    pub ratios: RatioTable,
    /// Outputs for targets that the model was not trained for.
    pub adaptations: Vec<Adaptation>,
}

/// Vector that a blend with a network would have: the share of its answer, by output.
const SHARES: &str = "blend.shares";

const RETRAIN: &str = "train again or take a model of this version";

/// Card and structure, as stored.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Header {
    card: Card,
    trees: TreesShape,
    /// Parameters of a network beside the trees. The layout has room for one; this program writes none and reads none.
    network: Option<serde_json::Value>,
    roofline: RooflineModel,
    liveness: LivenessModel,
    /// Pairs that the intervals of ratios were calibrated on.
    ratio_pairs: u64,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    adaptations: Vec<Adaptation>,
}

impl CostModel {
    /// The file's bytes.
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut writer = Writer::default();
        writer.put("vocabulary", self.vocabulary.to_json().as_bytes());
        put_trees(&mut writer, &self.trees);
        // Shares of a network's answer, by output.
        writer.put(SHARES, &vec![0f32; self.trees.outputs.len()]);
        put_novelty(&mut writer, &self.novelty);
        for (name, widths) in
            [("learned", &self.widths), ("analytical", &self.analytical_widths), ("ratios", &self.ratios.widths)]
        {
            writer.put(&format!("{name}.floors"), &widths.floors);
            writer.put(&format!("{name}.factors"), &widths.factors);
        }
        let header = Header {
            card: self.card.clone(),
            trees: TreesShape::of(&self.trees),
            network: None,
            roofline: self.roofline.clone(),
            liveness: self.liveness.clone(),
            ratio_pairs: self.ratios.pairs,
            adaptations: self.adaptations.clone(),
        };
        writer.finish(serde_json::to_string(&header).expect("plain values serialize"))
    }

    /// Whether it predicts quantities of GPUs, and no others.
    #[must_use]
    pub fn is_of_gpus(&self) -> bool {
        is_of_gpus(&self.card.outputs)
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

    /// The embedded model. Its trees are borrowed and not validated at run time; a test validates them.
    ///
    /// # Errors
    /// As [`Self::from_bytes`], if the program was built with another model than its own.
    pub fn shipped() -> Result<Self, ModelFileError> {
        Self::read(&Reader::own(embedded())?)
    }

    /// The embedded model of GPUs.
    ///
    /// # Errors
    /// As [`Self::shipped`].
    pub fn shipped_for_gpus() -> Result<Self, ModelFileError> {
        Self::read(&Reader::own(embedded_for_gpus())?)
    }

    fn read(reader: &Reader<'_>) -> Result<Self, ModelFileError> {
        check_layout(&reader.card)?;
        reader.check_intact()?;
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
        if [header.roofline.0.len(), header.liveness.0.len()] != [outputs.len(); 2] {
            return Err(content("an analytical model answers another number of outputs"));
        }
        if header.trees.kernels != is_of_gpus(outputs)
            || is_of_gpus(outputs) && outputs.iter().any(|output| output.quantity.target_kind() != TargetKind::Gpu)
        {
            return Err(content("it mixes quantities of GPUs and others"));
        }
        check_adaptations(&header.adaptations, outputs)?;
        let trees = get_trees(reader, header.trees, words, outputs)?;
        let shares: Vec<f32> = reader.exactly(SHARES, outputs.len())?;
        if header.network.is_some() || shares.iter().any(|share| *share != 0.0) {
            return Err(content("it blends a network into its answers, which this program cannot compute"));
        }
        let widths = |name: &str| -> Result<Widths, ModelFileError> {
            Ok(Widths {
                floors: reader.exactly(&format!("{name}.floors"), outputs.len())?,
                factors: reader.exactly(&format!("{name}.factors"), outputs.len())?,
            })
        };
        let ratios = RatioTable { widths: widths("ratios")?, pairs: header.ratio_pairs };
        if ratios.widths.floors.iter().chain(&ratios.widths.factors).any(|width| *width < 0.0) {
            return Err(content("an interval of ratios has a negative width"));
        }
        Ok(Self {
            trees,
            ratios,
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

fn damaged(error: serde_json::Error) -> ModelFileError {
    ModelFileError::Damaged(format!("its card: {error}"))
}

fn incompatible(what: &'static str, found: String, ours: String) -> ModelFileError {
    ModelFileError::Incompatible { what, found, ours, remedy: RETRAIN }
}

/// Refuses a file of another layout. Checked before all else, so that such a file is reported as what it is.
fn check_layout(card: &str) -> Result<(), ModelFileError> {
    #[derive(Deserialize)]
    struct Versions {
        card: CardVersions,
    }
    #[derive(Deserialize)]
    struct CardVersions {
        schema: u32,
    }
    let schema = serde_json::from_str::<Versions>(card).map_err(damaged)?.card.schema;
    if schema == SCHEMA { Ok(()) } else { Err(incompatible("layout", schema.to_string(), SCHEMA.to_string())) }
}

/// The header, if this program can use it.
fn header(text: &str) -> Result<Header, ModelFileError> {
    let header: Header = serde_json::from_str(text).map_err(damaged)?;
    let card = &header.card;
    if !(OLDEST..=VERSION).contains(&card.tokenizer_version) {
        return Err(incompatible("tokenizer", card.tokenizer_version.to_string(), VERSION.to_string()));
    }
    let ours = Card::current_features(&card.outputs);
    if card.features != ours {
        let differs = card.features.iter().zip(&ours).position(|(a, b)| a != b);
        let place = differs.unwrap_or(card.features.len().min(ours.len()));
        let name = |names: &[String]| names.get(place).map_or("none".to_owned(), |name| format!("`{name}`"));
        let describe = |names: &[String]| format!("{} of {}", name(names), names.len());
        return Err(incompatible("features", describe(&card.features), describe(&ours)));
    }
    Ok(header)
}
