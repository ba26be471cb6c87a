//! Functions as models see them: words as numbers of a vocabulary, features, and counts of work.

use crate::features::{Feature, Numbers};
use crate::kernels::KernelNumbers;

pub use ir::tokenizer::Scheme;

/// Words of one function by tokenizer scheme, as ids of each scheme's vocabulary.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Tokens([Vec<u16>; 3]);

impl Tokens {
    /// The words under each scheme. A scheme that the model does not read may be left empty.
    #[must_use]
    pub fn new(ops: Vec<u16>, ops_operands: Vec<u16>, shaped: Vec<u16>) -> Self {
        Self([ops, ops_operands, shaped])
    }

    /// The words under a scheme.
    #[must_use]
    pub fn of(&self, scheme: Scheme) -> &[u16] {
        &self.0[scheme as usize]
    }
}

/// The inputs that a model predicts one function from.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Input {
    /// Its words.
    pub tokens: Tokens,
    /// One number per [`Feature`], in that order.
    pub features: Vec<f32>,
    /// Counts of work, in the order of [`crate::features::work_names`].
    pub work: Vec<f32>,
    /// Numbers of its kernels; empty if no model of GPUs reads them.
    pub kernels: KernelNumbers,
}

impl Input {
    /// Words and numbers together, without kernels.
    #[must_use]
    pub fn new(tokens: Tokens, Numbers { features, work }: Numbers) -> Self {
        Self { tokens, features, work, kernels: KernelNumbers::default() }
    }

    /// One feature.
    #[must_use]
    pub fn feature(&self, feature: Feature) -> f64 {
        f64::from(self.features[feature as usize])
    }
}

/// `ln(1 + x)` of a count; negative numbers count as 0.
#[must_use]
pub fn logarithm(x: f32) -> f32 {
    libm::log1pf(x.max(0.0))
}
