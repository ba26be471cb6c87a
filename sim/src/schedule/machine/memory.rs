//! Reads from HBM: the spilled KV cache one layer ahead, embedding rows; and the order of tokens in prefill.

use super::super::ids::{Id, LayerId, OnChip};
use super::super::trace::Listener;
use super::load::Phase;
use super::{Machine, idle_cause};
use crate::engine::IdleCause;
use crate::units::{Spent, Unit};

impl<L: Listener> Machine<'_, L> {
    /// Streams the next layer's spilled cache while this layer works.
    pub(super) fn enter_layer(&mut self, on: OnChip, now: u64) {
        let layer = self.state.at[on].layer as usize;
        let position = self.state.tokens[on.sequence.index()].position;
        // Layer to stream for, position of its token, and how many tokens that is ahead: the first layer's cache is that of the sequence's next token.
        let next = if layer + 1 < self.program.layers() {
            Some((layer + 1, position, 0))
        } else if layer == self.program.layers() && !self.streams_ahead() {
            None
        } else if layer == self.program.layers() {
            Some((0, self.decoded(on.sequence, 1), 1))
        } else if self.load.phase == Phase::Prefill {
            let ahead = u64::from(self.load.sequences);
            let left = self.load.context + self.load.prompt_tokens - position;
            (ahead < left).then_some((0, position + ahead, 1))
        } else {
            None
        };
        if layer < self.program.layers() {
            self.state.at[on].kv_ready = self.state.at[on].kv_next;
        }
        if let Some((next, position, ahead)) = next {
            let cause = idle_cause(self.state.at[on].doing);
            self.state.at[on].kv_next = self.stream(on, next, now, (position, ahead), cause);
        }
    }

    /// Requests the chip's part of the token's embedding row; returns the cycle at which it has arrived, or its ticket. The bytes are counted
    /// when the token waits for them, so a measured window counts those of its own tokens.
    pub(super) fn read_embedding(&mut self, on: OnChip, now: u64, cause: IdleCause) -> u64 {
        let bytes = self.embedding_bytes;
        if bytes == 0 {
            return now;
        }
        let work = (bytes, self.program.specs.hbm.read_latency);
        let done = self.serve(on, (Unit::Hbm, on.chip.index()), now, work, cause).done;
        if self.simulates_memory() { self.request_row(on, now, bytes) } else { done }
    }

    /// Streams the spilled cache of `layer` for a token at `position`, `ahead` tokens after the one at work; returns when it is there, or its
    /// ticket. 0 if there is none.
    pub(super) fn stream(
        &mut self,
        on: OnChip,
        layer: usize,
        now: u64,
        (position, ahead): (u64, u64),
        cause: IdleCause,
    ) -> u64 {
        if self.placement.spilled_bytes_per_chip == 0 {
            return 0;
        }
        let Some((positions, attention)) = self.positions(on, layer, position) else { return 0 };
        let spilled = |positions: u64| {
            self.placement.spilled_of(positions * attention.stored_elements * self.program.kv_element_bytes)
        };
        let bytes = spilled(positions);
        let most = if self.simulates_memory() { spilled(attention.positions_on_fullest(position + 1)) } else { 0 };
        self.state.activity.events.hbm_bytes += bytes;
        let done = match bytes {
            0 => 0,
            _ => self.serve(on, (Unit::Hbm, on.chip.index()), now, (bytes, 0), cause).done,
        };
        if self.simulates_memory() { self.request_stream(on, layer, ahead, now, (bytes, most)) } else { done }
    }

    /// Number of cached positions on the chip for a token at `position`, and the cost of each.
    #[inline]
    pub(super) fn positions(
        &self,
        on: OnChip,
        layer: usize,
        position: u64,
    ) -> Option<(u64, crate::mapping::AttentionCost)> {
        let attention = self.program.program(layer).attention?;
        // The token itself is the last position it attends to.
        Some((attention.positions_on(self.stripe(on, attention.stripes), position + 1), attention))
    }

    /// The chip's share of the positions, of so many that take turns.
    pub(super) fn stripe(&self, on: OnChip, stripes: u32) -> u32 {
        if stripes == self.grid.chips() { on.chip.get() } else { on.chip.get() / self.grid.columns }
    }

    /// In prefill, lets tokens read the cache in order of position; false when the token has to wait.
    pub(super) fn gate(&mut self, on: OnChip, layer: usize, now: u64) -> bool {
        if self.load.phase == Phase::Decode {
            return true;
        }
        let position = self.state.tokens[on.sequence.index()].position;
        let gate = (LayerId(layer as u32), on.chip);
        let key = |position| (gate.0, gate.1, position);
        if self.state.gates[gate] == position {
            self.state.gates[gate] += 1;
            if let Some(next) = self.state.gated.remove(&key(position + 1)) {
                self.state.queue.push(now, 1, OnChip { sequence: next, chip: on.chip });
            }
            return true;
        }
        self.state.at[on].doing = Spent::Predecessor;
        self.state.gated.insert(key(position), on.sequence);
        false
    }
}
