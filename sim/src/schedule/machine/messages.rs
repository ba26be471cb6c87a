//! Messages: sending a phase, recording arrivals, and resuming a chip when all expected messages have arrived.

use super::super::ids::{ChipId, Id, OnChip, SequenceId};
use super::super::trace::{Arrival, Listener, Service};
use super::Machine;
use super::state::Sent;
use crate::engine::IdleCause;
use crate::mapping::OwnerOf;
use crate::units::{Spent, Unit};

impl<L: Listener> Machine<'_, L> {
    fn owner(&self, sequence: SequenceId, layer: usize) -> OwnerOf {
        let stripes = self.program.program(layer).attention.map_or(self.grid.rows, |a| a.stripes);
        OwnerOf::position(self.state.tokens[sequence.index()].position, stripes, self.grid)
    }

    /// Where the slots of a phase of a sequence begin, one slot per chip.
    fn slots(&self, sequence: SequenceId, layer: usize, phase: usize) -> usize {
        let turn = (layer & 1) * self.program.max_phases + phase;
        (sequence.index() * self.ring + turn) * self.chips
    }

    pub(super) fn send(&mut self, on: OnChip, layer: usize, phase: usize, now: u64, cause: IdleCause) {
        let program = self.program;
        let wires = program.phase(layer, phase).from(on.chip.get());
        let owner = self.owner(on.sequence, layer);
        let slots = self.slots(on.sequence, layer, phase);
        self.state.sent[slots + on.chip.index()] = Sent { at: now, spent: self.state.at[on].spent };
        let (hop, domain) = (program.specs.interconnect.hop, program.specs.domain(Unit::Links));
        let asked = domain.from_reference(now);
        // Most links of a chip become free at the same cycle: convert it once.
        let mut converted = (u64::MAX, 0);
        let mut bytes = 0;
        for wire in wires {
            if !wire.applies(on.chip.get(), owner, self.grid.columns) {
                continue;
            }
            bytes += wire.bytes;
            let (index, mut work) = (wire.link as usize, wire.bytes);
            let (end, done) = match self.send_flits(index, asked, wire.bytes, wire.adds, cause) {
                Some((occupied, end, taken)) => {
                    work = occupied;
                    (end, taken)
                }
                None => {
                    let end = self.state.servers[Unit::Links][index].queue(asked, wire.bytes, cause);
                    if converted.0 != end {
                        converted = (end, domain.to_reference(end) + hop);
                    }
                    (end, converted.1)
                }
            };
            let place = self.place(on);
            let service = Service { unit: Unit::Links, index, asked: now, work, end, done };
            self.listener.served(place, service);
            self.listener.message(
                place,
                phase,
                Arrival { to: wire.to, bytes: wire.payload, adds: wire.adds, at: done },
            );
            let arrivals = &mut self.state.arrivals[slots + wire.slot as usize];
            arrivals.count += 1;
            if done > arrivals.last {
                arrivals.last = done;
                arrivals.from = on.chip.get();
            }
            if arrivals.count == arrivals.awaited {
                self.wake(OnChip { chip: ChipId::new(wire.to), ..on }, slots, wire.slot as usize);
            }
        }
        self.state.activity.events.link_bytes += bytes;
    }

    /// Resumes a chip that waits for a phase whose last message has been sent.
    fn wake(&mut self, on: OnChip, slots: usize, slot: usize) {
        self.state.at[on].instr += 1;
        self.state.activity.events.steps += 1;
        let go_on = self.take_arrivals(on, slots, slot, self.state.queue.now());
        self.state.queue.push(go_on, 1, on);
    }

    /// Clears an arrival slot and charges the waiting time; returns the cycle at which the chip can continue.
    fn take_arrivals(&mut self, on: OnChip, slots: usize, slot: usize, now: u64) -> u64 {
        let arrivals = std::mem::take(&mut self.state.arrivals[slots + slot]);
        if arrivals.last <= now {
            return now;
        }
        // The last arrival is on the token's critical path.
        let sent = &self.state.sent[slots + arrivals.from as usize];
        let at = &mut self.state.at[on];
        at.spent = sent.spent;
        at.spent.communication += arrivals.last - sent.at;
        at.since = arrivals.last;
        arrivals.last
    }

    /// The cycle at which the chip can continue if all expected messages have been sent; otherwise marks it as waiting.
    pub(super) fn receive(&mut self, on: OnChip, layer: usize, phase: usize, now: u64) -> Option<u64> {
        let owner = self.owner(on.sequence, layer);
        let slots = self.slots(on.sequence, layer, phase);
        self.state.at[on].doing = Spent::Communication;
        let table = self.program.phase(layer, phase);
        let (expected, slot) = (table.expected(on.chip.get(), owner, self.grid.columns), table.slot(on.chip));
        let arrivals = &mut self.state.arrivals[slots + slot];
        if arrivals.count == expected {
            return Some(self.take_arrivals(on, slots, slot, now));
        }
        arrivals.awaited = expected;
        None
    }
}
