//! Control unit: admits sequences to the pipeline, continuous batching up to stages x layers in flight.
//!
//! A sequence keeps its place from token to token as long as none waits. With more sequences than places, waiting
//! sequences are admitted first come, first served.

use std::collections::VecDeque;

use serde::{Deserialize, Serialize};

use crate::mapping::Mapping;

/// Capacity of the pipeline.
#[derive(Debug, Clone)]
pub struct Spec {
    /// Tokens that may be in flight.
    pub slots: u64,
}

impl Spec {
    /// One place for each stage of the mapping.
    #[must_use]
    pub fn new(mapping: &Mapping) -> Self {
        Self { slots: mapping.stages() }
    }
}

/// Waiting sequences, and the number of tokens in flight.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct State {
    waiting: VecDeque<u32>,
    in_flight: u64,
}

impl State {
    /// Requests a place for a sequence; returns whether it may start now. Otherwise it is queued.
    pub fn ask(&mut self, spec: &Spec, sequence: u32) -> bool {
        if self.in_flight < spec.slots && self.waiting.is_empty() {
            self.in_flight += 1;
            return true;
        }
        self.waiting.push_back(sequence);
        false
    }

    /// Releases a place; returns the waiting sequence that takes it, if any.
    pub fn release(&mut self) -> Option<u32> {
        let next = self.waiting.pop_front();
        if next.is_none() {
            self.in_flight -= 1;
        }
        next
    }
}
