//! Messages: sending a phase, recording arrivals, and resuming a chip when all expected messages have arrived.

use super::super::ids::{ChipId, Id, OnChip, SequenceId};
use super::super::instruction::Instr;
use super::super::trace::Listener;
use super::Machine;
use crate::engine::IdleCause;
use crate::mapping::OwnerOf;
use crate::units::{PerSpent, Spent, Unit};

impl<L: Listener> Machine<'_, L> {
    fn owner(&self, sequence: SequenceId, layer: usize) -> OwnerOf {
        let stripes = self.program.program(layer).attention.map_or(self.grid.rows, |a| a.stripes);
        OwnerOf::position(self.state.tokens[sequence.index()].position, stripes, self.grid)
    }

    fn arrival_index(&self, on: OnChip, layer: usize, phase: usize) -> usize {
        let slot = (layer & 1) * self.program.max_phases + phase;
        self.state.at.position((on.sequence, on.chip)) * self.ring + slot
    }

    pub(super) fn send(&mut self, on: OnChip, layer: usize, phase: usize, now: u64, cause: IdleCause) {
        let program = self.program;
        let owner = self.owner(on.sequence, layer);
        let hop = program.specs.interconnect.hop;
        let table = program.phase(layer, phase);
        let place = self.place(on);
        for wire in table.from(on.chip.get()) {
            if !wire.applies(on.chip.get(), owner, self.grid.columns) {
                continue;
            }
            self.state.activity.events.link_bytes += wire.bytes;
            let link = (Unit::Links, wire.link as usize);
            let arrival = self.serve(on, link, now, (wire.bytes, hop), cause).done;
            self.listener.message(place, phase, wire.to, wire.bytes, arrival);
            let mut path = self.state.at[on].spent;
            path.communication += arrival - now;
            let to = OnChip { chip: ChipId::new(wire.to), ..on };
            self.arrive(to, layer, phase, arrival, path, owner);
        }
    }

    /// Records a sent message; wakes the receiver `on` if it waits for this phase and the last message has been sent.
    #[inline]
    #[allow(clippy::too_many_arguments)] // one message, all of it
    fn arrive(&mut self, on: OnChip, layer: usize, phase: usize, arrival: u64, path: PerSpent<u64>, owner: OwnerOf) {
        let slot = self.arrival_index(on, layer, phase);
        let arrivals = &mut self.state.arrivals[slot];
        arrivals.count += 1;
        if arrival > arrivals.last {
            arrivals.last = arrival;
            arrivals.path = path;
        }
        let count = arrivals.count;
        let at = &self.state.at[on];
        let here = at.waiting
            && at.layer as usize == layer
            && self.program.program(layer).instrs[at.instr as usize].1 == Instr::Phase(phase);
        if here && count == self.program.phase(layer, phase).expected(on.chip.get(), owner, self.grid.columns) {
            self.state.at[on].waiting = false;
            self.state.at[on].instr += 1;
            self.state.activity.events.steps += 1;
            let go_on = self.take_arrivals(on, slot, self.state.queue.now());
            self.state.queue.push(go_on, 1, on);
        }
    }

    /// Clears an arrival slot and charges the waiting time; returns the cycle at which the chip can continue.
    fn take_arrivals(&mut self, on: OnChip, slot: usize, now: u64) -> u64 {
        let arrivals = std::mem::take(&mut self.state.arrivals[slot]);
        let at = &mut self.state.at[on];
        if arrivals.last <= now {
            return now;
        }
        // The last arrival is on the token's critical path.
        at.spent = arrivals.path;
        at.since = arrivals.last;
        arrivals.last
    }

    /// The cycle at which the chip can continue if all expected messages have been sent; otherwise marks it as waiting.
    pub(super) fn receive(&mut self, on: OnChip, layer: usize, phase: usize, now: u64) -> Option<u64> {
        let owner = self.owner(on.sequence, layer);
        let slot = self.arrival_index(on, layer, phase);
        self.state.at[on].doing = Spent::Communication;
        let expected = self.program.phase(layer, phase).expected(on.chip.get(), owner, self.grid.columns);
        if self.state.arrivals[slot].count == expected {
            return Some(self.take_arrivals(on, slot, now));
        }
        self.state.at[on].waiting = true;
        None
    }
}
