//! Messages: sending a phase, noting what is under way, going on when all expected has arrived.

use super::super::instruction::Instr;
use super::super::trace::{Listener, Service};
use super::Machine;
use super::state::Wake;
use crate::engine::IdleCause;
use crate::mapping::OwnerOf;
use crate::units::{PerSpent, Spent, Unit};

impl<L: Listener> Machine<'_, L> {
    fn owner(&self, sequence: u32, layer: usize) -> OwnerOf {
        let stripes = self.program.program(layer).attention.map_or(self.grid.rows, |a| a.stripes);
        OwnerOf::position(self.state.tokens[sequence as usize].position, stripes, self.grid)
    }

    fn arrival_index(&self, sequence: u32, chip: u32, layer: usize, phase: usize) -> usize {
        let slot = (layer & 1) * self.program.max_phases + phase;
        (sequence as usize * self.chips + chip as usize) * self.ring + slot
    }

    pub(super) fn send(&mut self, sequence: u32, chip: u32, layer: usize, phase: usize, now: u64, cause: IdleCause) {
        let program = self.program;
        let owner = self.owner(sequence, layer);
        let spec = &program.specs.interconnect;
        let table = program.phase(layer, phase);
        let index = sequence as usize * self.chips + chip as usize;
        let place = self.place(sequence, chip);
        for wire in table.from(chip) {
            if !wire.applies(chip, owner, self.grid.columns) {
                continue;
            }
            let arrival = self.state.interconnect.send(spec, wire.link as usize, now, wire.bytes, cause);
            self.state.activity.events.link_bytes += wire.bytes;
            let end = self.state.interconnect.links[wire.link as usize].free_at();
            self.listener.served(
                place,
                Service {
                    unit: Unit::Links,
                    index: wire.link as usize,
                    asked: now,
                    work: wire.bytes,
                    end,
                    done: arrival,
                },
            );
            self.listener.message(place, phase, wire.to, wire.bytes, arrival);
            let mut path = self.state.at[index].spent;
            path.communication += arrival - now;
            self.arrive(sequence, wire.to, layer, phase, arrival, path, owner);
        }
    }

    /// Notes a message under way; wakes the receiver if it waits for this phase and all is under way.
    #[inline]
    #[allow(clippy::too_many_arguments)] // one message, all of it
    fn arrive(
        &mut self,
        sequence: u32,
        to: u32,
        layer: usize,
        phase: usize,
        arrival: u64,
        path: PerSpent<u64>,
        owner: OwnerOf,
    ) {
        let slot = self.arrival_index(sequence, to, layer, phase);
        let arrivals = &mut self.state.arrivals[slot];
        arrivals.count += 1;
        if arrival > arrivals.last {
            arrivals.last = arrival;
            arrivals.path = path;
        }
        let count = arrivals.count;
        let index = sequence as usize * self.chips + to as usize;
        let at = &self.state.at[index];
        let here = at.waiting
            && at.layer as usize == layer
            && self.program.program(layer).instrs[at.instr as usize].1 == Instr::Phase(phase);
        if here && count == self.program.phase(layer, phase).expected(to, owner, self.grid.columns) {
            self.state.at[index].waiting = false;
            self.state.at[index].instr += 1;
            self.state.activity.events.steps += 1;
            let go_on = self.take_arrivals(index, slot, self.state.queue.now());
            self.state.queue.push(go_on, 1, Wake { sequence, chip: to });
        }
    }

    /// Empties an arrival slot; the cycle at which the chip can go on, its time charged up to then.
    fn take_arrivals(&mut self, index: usize, slot: usize, now: u64) -> u64 {
        let arrivals = std::mem::take(&mut self.state.arrivals[slot]);
        let at = &mut self.state.at[index];
        if arrivals.last <= now {
            return now;
        }
        // The message that came last is the one that mattered: its way is the token's critical path.
        at.spent = arrivals.path;
        at.since = arrivals.last;
        arrivals.last
    }

    /// When everything expected has been sent, the cycle at which the chip can go on; else it waits.
    pub(super) fn receive(&mut self, sequence: u32, chip: u32, layer: usize, phase: usize, now: u64) -> Option<u64> {
        let owner = self.owner(sequence, layer);
        let slot = self.arrival_index(sequence, chip, layer, phase);
        let index = sequence as usize * self.chips + chip as usize;
        self.state.at[index].doing = Spent::Communication;
        let expected = self.program.phase(layer, phase).expected(chip, owner, self.grid.columns);
        if self.state.arrivals[slot].count == expected {
            return Some(self.take_arrivals(index, slot, now));
        }
        self.state.at[index].waiting = true;
        None
    }
}
