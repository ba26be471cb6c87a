//! Control unit: admits sequences to the pipeline, continuous batching up to stages x layers in flight.
//!
//! A sequence keeps its place from token to token while places last; with more sequences than places the
//! waiting ones take turns, first come first served.

use std::collections::VecDeque;

use serde::{Deserialize, Serialize};

use crate::mapping::Mapping;

/// Bound of the pipeline.
#[derive(Debug, Clone)]
pub struct Spec {
    /// Tokens that may be in flight.
    pub slots: u64,
}

impl Spec {
    /// As many places as the mapping has stages.
    #[must_use]
    pub fn new(mapping: &Mapping) -> Self {
        Self { slots: mapping.stages() }
    }
}

/// Who is waiting and how many are in flight.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct State {
    waiting: VecDeque<u32>,
    in_flight: u64,
}

impl State {
    /// A sequence asks for a place; true when it may start.
    pub fn ask(&mut self, spec: &Spec, sequence: u32) -> bool {
        if self.in_flight < spec.slots && self.waiting.is_empty() {
            self.in_flight += 1;
            return true;
        }
        self.waiting.push_back(sequence);
        false
    }

    /// A place is given back; the sequence that takes it, if any waits.
    pub fn release(&mut self) -> Option<u32> {
        let next = self.waiting.pop_front();
        if next.is_none() {
            self.in_flight -= 1;
        }
        next
    }
}
