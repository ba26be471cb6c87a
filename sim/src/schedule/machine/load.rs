//! What to run.

use names::named;
use serde::{Deserialize, Serialize};

use super::super::program::Compiled;

named! {
    /// What the tokens are.
    pub enum Phase {
        /// Every sequence generates tokens one after the other.
        Decode = "decode",
        /// The tokens of one prompt follow each other; each attends to the ones before it.
        Prefill = "prefill",
    }
}

/// Where sequences start.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Start {
    /// All at the first layer.
    First,
    /// Spread over the layers, as in steady state.
    Spread,
    /// Sequence `i` runs one entry of the program's sequence once: index of the entry, and offset of its position.
    Own(Vec<(u32, u64)>),
}

/// What to run.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Load {
    /// Sequences (decode) or prompt tokens in flight (prefill).
    pub sequences: u32,
    /// First position: context of a decoding sequence, or position of the first prompt token.
    pub context: u64,
    /// Decode or prefill.
    pub phase: Phase,
    /// Where they start.
    pub start: Start,
    /// Prompt tokens that start in all (prefill); ignored in decode.
    pub prompt_tokens: u64,
    /// Seed of the router's choices.
    pub seed: u64,
}

impl Load {
    /// Limits the tokens of a prompt in flight to the places of the pipeline; positions are assigned to places round robin.
    pub(super) fn bounded(mut self, program: &Compiled) -> Self {
        if self.phase == Phase::Prefill {
            let places = program.specs.control.slots.min(self.prompt_tokens);
            self.sequences = u64::from(self.sequences).min(places) as u32;
        }
        self
    }
}
