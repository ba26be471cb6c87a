//! What the machine asks models in their own cycles.

use super::super::ids::{Id, OnChip};
use super::super::trace::Listener;
use super::Machine;
use super::load::Phase;
use crate::cycle;
use crate::cycle::memory::Progress;
use crate::cycle::staging::StreamId;
use crate::units::{Spent, Unit};

impl<L: Listener> Machine<'_, L> {
    /// Passes recorded waits on to the listener.
    pub(super) fn tell_waits(&mut self) {
        let now = self.now();
        for wait in self.state.cycle.as_mut().map(|models| models.take_waits()).unwrap_or_default() {
            self.listener.waited(wait, now);
        }
    }

    /// Whether HBM is simulated by commands.
    pub(super) fn simulates_memory(&self) -> bool {
        self.program.specs.cycle.as_ref().is_some_and(|cycle| cycle.effects.dram)
    }

    /// Issues the instruction that a chip has reached; false if it has to wait for its turn.
    pub(super) fn issue(&mut self, on: OnChip, now: u64) -> bool {
        let Some(cycle) = self.program.specs.cycle.as_ref().filter(|cycle| cycle.effects.issue) else { return true };
        let models = self.state.cycle.as_mut().expect("their specification is there");
        let at = &mut self.state.at[on];
        if !std::mem::take(&mut at.issued) {
            let turn = models.issue(cycle, on.chip.index(), now);
            if turn > now {
                at.issued = true;
                at.doing = Spent::IssueBusy;
                self.state.queue.push(turn, 1, on);
                return false;
            }
        }
        self.listener.issued(self.place(on), now);
        true
    }

    /// Whether the first layer's cache is streamed before its token begins. Sequences that take turns in the places of the pipeline
    /// must not hold space while they wait for one.
    pub(super) fn streams_ahead(&self) -> bool {
        let slots = self.program.specs.control.slots;
        !self.simulates_memory() || u64::from(self.load.sequences) <= slots || self.load.phase == Phase::Prefill
    }

    /// Asks memory for the streamed part of a layer's cache, for the token of the sequence that is `ahead` after the one at work;
    /// returns the ticket. `bytes` are the chip's, `most` those of the chip with most.
    pub(super) fn request_stream(&mut self, on: OnChip, layer: usize, ahead: u64, now: u64, sizes: (u64, u64)) -> u64 {
        let token = self.state.tokens[on.sequence.index()].done + ahead;
        let id = StreamId::new(on.sequence.0, token * self.regions.layers + layer as u64);
        let address = self.regions.index(on, layer) * self.regions.hbm_bytes;
        let (spec, models) = self.in_cycles().expect("memory is simulated");
        models.stream(spec, now, on.chip.index(), id, [address, sizes.0, sizes.1])
    }

    /// Asks memory for the chip's part of a row of the embedding table, which lies anywhere; returns the ticket.
    pub(super) fn request_row(&mut self, on: OnChip, now: u64, bytes: u64) -> u64 {
        let token = (u64::from(on.sequence.0) << 32) ^ self.state.tokens[on.sequence.index()].done;
        let address = token.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 24;
        let (spec, models) = self.in_cycles().expect("memory is simulated");
        models.read(spec, now, on.chip.index(), address, bytes)
    }

    /// The models, where memory is simulated.
    fn in_cycles(&mut self) -> Option<(&cycle::Spec, &mut cycle::State)> {
        let spec = self.program.specs.cycle.as_ref().filter(|cycle| cycle.effects.dram)?;
        Some((spec, self.state.cycle.as_deref_mut()?))
    }

    /// Whether the data of a ticket have arrived; if not, the chip asks again when they can have.
    pub(super) fn ask(&mut self, on: OnChip, now: u64, ticket: u64) -> Option<u64> {
        let (spec, models) = self.in_cycles()?;
        match models.progress(spec, now, on.chip.index(), ticket) {
            Progress::Complete(_) => {
                self.state.at[on].asks = false;
                Some(now)
            }
            Progress::NotBefore(later) => {
                let at = &mut self.state.at[on];
                at.asks = true;
                at.doing = Spent::Memory;
                self.state.queue.push(later, 1, on);
                None
            }
        }
    }

    /// Writes the token's own entry of the cache where that part of it lies in HBM.
    pub(super) fn write_entry(&mut self, on: OnChip, layer: usize, now: u64) {
        if !self.simulates_memory() || self.placement.spilled_bytes_per_chip == 0 {
            return;
        }
        let Some(attention) = self.program.program(layer).attention else { return };
        let position = self.state.tokens[on.sequence.index()].position;
        let stripe = self.stripe(on, attention.stripes);
        let before = attention.positions_on(stripe, position);
        if attention.positions_on(stripe, position + 1) == before {
            return;
        }
        let entry = attention.stored_elements * self.program.kv_element_bytes;
        let region = self.regions.index(on, layer) * self.regions.hbm_bytes;
        let (address, bytes) = (region + self.placement.spilled_of(before * entry), self.placement.spilled_of(entry));
        let (spec, models) = self.in_cycles().expect("memory is simulated");
        models.write(spec, now, on.chip.index(), address, bytes);
    }

    /// Ends the use of a read at cycle `at`.
    pub(super) fn release(&mut self, on: OnChip, ticket: u64, at: u64) {
        if let Some((_, models)) = self.in_cycles() {
            models.end(on.chip.index(), ticket, at);
        }
    }

    /// Reads keys or values from the banks of the attention buffer; `None` where banks are not simulated.
    pub(super) fn read_banks(&mut self, on: OnChip, layer: usize, now: u64, bytes: u64, keys: bool) -> Option<u64> {
        let program = self.program;
        let spec = program.specs.cycle.as_ref().filter(|cycle| cycle.effects.banks)?;
        let address = (2 * self.regions.index(on, layer) + u64::from(!keys)) * self.regions.words;
        let models = self.state.cycle.as_mut()?;
        let done = models.read_buffer(spec, now, on.chip.index(), address, spec.buffer.words(bytes));
        Some(done + program.specs.attention_buffer.latency)
    }

    /// Sends a message flit by flit: its time on the link in the link's own cycles, the end of it there, and the cycle at which
    /// its last flit has been taken by the receiver; `None` where links are not simulated by flits.
    pub(super) fn send_flits(
        &mut self,
        link: usize,
        asked: u64,
        bytes: u64,
        adds: bool,
        cause: crate::engine::IdleCause,
    ) -> Option<(u64, u64, u64)> {
        let program = self.program;
        let spec = program.specs.cycle.as_ref()?;
        let models = self.state.cycle.as_mut()?;
        let server = &mut self.state.servers[Unit::Links][link];
        let transfer = models.send(spec, link, server.free_at().max(asked), bytes, adds);
        let end = server.queue(asked, transfer.occupied, cause);
        Some((transfer.occupied, end, program.specs.interconnect.domain.to_reference(transfer.taken)))
    }
}
