//! Contexts of sequences of different lengths.

use rand_core::{RngCore, SeedableRng};
use serde::Serialize;

use super::request::{Discipline, MAX_CONTEXT, MAX_CONTEXTS, Request, SimulateError};
use crate::schedule::machine::Phase;

/// How the contexts of sequences differ.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct ContextSpread {
    /// Shortest, tokens.
    pub shortest_tokens: u64,
    /// Mean, tokens.
    pub mean_tokens: f64,
    /// Longest, tokens.
    pub longest_tokens: u64,
    /// Different contexts.
    pub different: usize,
}

/// Contexts of the sequences of a run, one for each; empty if all are equal.
#[derive(Debug, Clone, Default)]
pub(super) struct Contexts(Vec<u64>);

impl Contexts {
    /// Deals the contexts of a request to `sequences` sequences. A single context becomes that of the request.
    pub(super) fn deal(request: &mut Request, sequences: u64) -> Self {
        let given = request.contexts;
        let Some(&first) = given.first() else { return Self::default() };
        let sequences = sequences as usize;
        let dealt: Vec<u64> = if given.len() <= sequences {
            (0..sequences).map(|sequence| given[sequence % given.len()]).collect()
        } else {
            let mut sorted = given.to_vec();
            sorted.sort_unstable();
            let mut dealt: Vec<u64> =
                (0..sequences).map(|i| sorted[(2 * i + 1) * sorted.len() / (2 * sequences)]).collect();
            // Neighbouring sequences start in neighbouring layers, so long ones are not left side by side.
            let mut random = rand_pcg::Pcg32::seed_from_u64(request.seed);
            for last in (1..dealt.len()).rev() {
                let other = (u64::from(random.next_u32()) * (last as u64 + 1)) >> 32;
                dealt.swap(last, other as usize);
            }
            dealt
        };
        if dealt.iter().all(|context| *context == dealt[0]) {
            request.context = dealt.first().copied().unwrap_or(first);
            return Self::default();
        }
        let sum: u128 = dealt.iter().map(|context| u128::from(*context)).sum();
        request.context = (sum as f64 / dealt.len() as f64).round() as u64;
        Self(dealt)
    }

    /// Rejects contexts that no run takes.
    pub(super) fn check(request: &Request) -> Result<(), SimulateError> {
        let given = request.contexts;
        if given.len() > MAX_CONTEXTS {
            return Err(SimulateError::TooManyContexts { contexts: given.len(), limit: MAX_CONTEXTS });
        }
        let max = request.model.max_context;
        for &context in if given.is_empty() { std::slice::from_ref(&request.context) } else { given } {
            if context == 0 {
                return Err(SimulateError::NoContext);
            }
            if context > MAX_CONTEXT {
                return Err(SimulateError::ContextTooLong { context, limit: MAX_CONTEXT });
            }
            if context > max && !request.allow_beyond_model_context {
                return Err(SimulateError::BeyondModelContext { context, max, model: request.model.name.clone() });
            }
        }
        let (discipline, phase) = (request.discipline, request.phase);
        let one_for_all = discipline != Discipline::Dataflow || phase != Phase::Decode;
        if one_for_all && given.windows(2).any(|pair| pair[0] != pair[1]) {
            return Err(SimulateError::DifferentContexts { discipline, phase });
        }
        Ok(())
    }

    /// One context for each sequence; empty if all are equal.
    pub(super) fn of_sequences(&self) -> &[u64] {
        &self.0
    }

    /// Different contexts in ascending order, each with its share of the sequences.
    pub(super) fn shares(&self) -> Vec<(u64, f64)> {
        let mut sorted = self.0.clone();
        sorted.sort_unstable();
        let share = |same: &[u64]| (same[0], same.len() as f64 / sorted.len() as f64);
        sorted.chunk_by(|a, b| a == b).map(share).collect()
    }

    /// How they differ; `None` if they do not.
    pub(super) fn spread(&self) -> Option<ContextSpread> {
        let shares = self.shares();
        let (shortest, longest) = (shares.first()?, shares.last()?);
        Some(ContextSpread {
            shortest_tokens: shortest.0,
            mean_tokens: shares.iter().map(|(context, share)| *context as f64 * share).sum(),
            longest_tokens: longest.0,
            different: shares.len(),
        })
    }
}
