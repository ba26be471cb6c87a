//! The format in which the weights of a model were released: bits of a weight, by part of the model.

use std::fmt::{self, Write as _};

use serde::{Deserialize, Serialize};

crate::keyed! {
    /// A part of a model whose weights share a format in most releases.
    enum Part;
    /// One value for each part of a model.
    struct PerPart;
    /// Matrices of attention.
    Attention => attention, "attention";
    /// Dense feed-forward parts.
    Dense => dense, "dense layers";
    /// Routed experts.
    Experts => experts, "experts";
    /// Experts that every token uses.
    SharedExperts => shared_experts, "shared experts";
    /// Routers of mixtures.
    Router => router, "routers";
    /// Table of the input embedding.
    Embedding => embedding, "embedding";
    /// Unembedding matrix.
    Unembedding => unembedding, "unembedding";
}

/// Bits of an unquantised weight where the release does not say.
pub const WIDE_BITS: f64 = 16.0;

/// Weight format of a release.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Release {
    /// Method of quantisation with its numbers, or the type of the tensors, e.g. "mxfp4", "awq, 4 bits", "bfloat16".
    pub format: String,
    /// Mean bits of a weight by part, scales and zero points of its groups included; `None` for a part that the model lacks.
    pub bits: PerPart<Option<f64>>,
    /// Bits of an element of the KV cache, where the release states them.
    pub cache_bits: Option<f64>,
}

impl Release {
    /// A release that has `bits` for every weight.
    #[must_use]
    pub fn uniform(format: &str, bits: f64) -> Self {
        Self { format: format.to_owned(), bits: PerPart::from_fn(|_| Some(bits)), cache_bits: None }
    }

    /// Bits of a weight of `part`.
    #[must_use]
    pub fn bits(&self, part: Part) -> f64 {
        self.bits[part].unwrap_or(WIDE_BITS)
    }

    /// Whether any part has other than [`WIDE_BITS`].
    #[must_use]
    pub fn is_quantised(&self) -> bool {
        self.bits.values().flatten().any(|bits| *bits < WIDE_BITS)
    }

    /// Format and bits in words, e.g. "mxfp4: 4.25 bits a weight (experts), 16.0 (attention, routers)".
    #[must_use]
    pub fn describe(&self) -> String {
        // Parts of equal bits together, in the order in which the first of them stands.
        let mut groups: Vec<(String, Vec<&'static str>)> = Vec::new();
        for (part, bits) in self.bits.iter() {
            let Some(bits) = bits else { continue };
            let bits = names::number::significant(*bits, 3);
            match groups.iter_mut().find(|(known, _)| *known == bits) {
                Some((_, parts)) => parts.push(part.title()),
                None => groups.push((bits, vec![part.title()])),
            }
        }
        groups.sort_by_key(|(_, parts)| !parts.contains(&Part::Experts.title()));
        let mut text = self.format.clone();
        if let [(bits, _)] = groups.as_slice() {
            let _ = write!(text, ": {bits} bits a weight");
            return text;
        }
        for (index, (bits, parts)) in groups.iter().enumerate() {
            let (lead, unit) = if index == 0 { (": ", " bits a weight") } else { (", ", "") };
            let _ = write!(text, "{lead}{bits}{unit} ({})", parts.join(", "));
        }
        text
    }
}

impl fmt::Display for Release {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.describe())
    }
}
