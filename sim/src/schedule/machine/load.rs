//! What to run.

use names::named;
use serde::{Deserialize, Serialize};

use super::super::program::Compiled;
use super::super::router::Router;

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

/// Fewest tokens after which a decoding sequence is followed by another one of the same context.
const LEAST_TOKENS: u64 = 8;

/// What to run.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Load {
    /// Sequences (decode) or prompt tokens in flight (prefill).
    pub sequences: u32,
    /// First position: context of a decoding sequence, or position of the first prompt token.
    pub context: u64,
    /// Context of each decoding sequence; empty if that of all is `context`.
    pub contexts: Vec<u64>,
    /// Decode or prefill.
    pub phase: Phase,
    /// Where they start.
    pub start: Start,
    /// Prompt tokens that start in all (prefill); ignored in decode.
    pub prompt_tokens: u64,
    /// Seed of the router's choices.
    pub seed: u64,
    /// How the routers choose.
    pub router: Router,
}

impl Default for Load {
    /// One sequence that decodes its first tokens, from the first layer on.
    fn default() -> Self {
        Self {
            sequences: 1,
            context: 1,
            contexts: Vec::new(),
            phase: Phase::Decode,
            start: Start::First,
            prompt_tokens: 0,
            seed: 0,
            router: Router::default(),
        }
    }
}

impl Load {
    /// Position of token `number` of decoding sequence `sequence`, whose positions start `offset` later than its context says.
    /// `stripes` chips or rows take turns in holding new positions.
    ///
    /// A sequence takes a whole number of turns, then another one of the same context follows it: a steady state has contexts
    /// that do not grow with the length of the run.
    pub(super) fn decoded(&self, sequence: usize, offset: u64, number: u64, stripes: u64) -> u64 {
        let context = self.contexts.get(sequence).copied().unwrap_or(self.context);
        // The token at position `context - 1` attends to `context` positions, itself included.
        context - 1 + offset % stripes + number % LEAST_TOKENS.next_multiple_of(stripes)
    }

    /// Limits the tokens of a prompt in flight to the places of the pipeline; positions are assigned to places round robin.
    pub(super) fn bounded(mut self, program: &Compiled) -> Self {
        if self.phase == Phase::Prefill {
            let places = program.specs.control.slots.min(self.prompt_tokens);
            self.sequences = u64::from(self.sequences).min(places) as u32;
        }
        self
    }
}
