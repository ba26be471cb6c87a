//! Which command starts on a free bus.
//!
//! The column bus serves first the requests that own a bank, then queued hits; the row bus first a due refresh, then
//! the queue. Each takes the oldest ready command. A slot returns whether it issued, and else lowers `wake` to the
//! earliest tick in which one of its commands can be ready: between, nothing changes but by arrival or refresh.

use std::collections::VecDeque;

use designs::{RefreshStops, RowArbiter};

use super::channel::{Channel, Entry, Owner};
use super::state::{CLOSED, CommandKind};

/// The best candidate so far: order of admission and index.
type Best = Option<(u64, usize)>;

fn offer(best: &mut Best, wake: &mut u64, earliest: u64, now: u64, order: u64, index: usize) {
    if earliest > now {
        *wake = (*wake).min(earliest);
    } else if best.is_none_or(|(oldest, _)| order < oldest) {
        *best = Some((order, index));
    }
}

impl Channel {
    /// Chooses between reads and writes.
    fn choose_direction(&mut self) {
        if self.stopped() {
            return;
        }
        if self.draining {
            self.draining = self.writes.len() > self.spec.write_low || self.reads.is_empty();
        } else {
            self.draining = self.writes.len() >= self.spec.write_high || self.reads.is_empty();
        }
    }

    fn queue(&self) -> &VecDeque<Entry> {
        if self.draining { &self.writes } else { &self.reads }
    }

    fn take(&mut self, index: usize) -> Entry {
        let queue = if self.draining { &mut self.writes } else { &mut self.reads };
        queue.remove(index).expect("an index of the queue")
    }

    /// Starts a read or write if one is ready.
    pub(super) fn column_slot(&mut self, now: u64, wake: &mut u64) -> bool {
        let free = self.spec.edge(self.state.column_bus);
        if free > now || self.spec.edge(now) != now {
            *wake = (*wake).min(free.max(self.spec.edge(now)));
            return false;
        }
        let mut best = None;
        for (index, &bank) in self.owned.iter().enumerate() {
            let owner = self.owners[bank as usize].as_ref().expect("listed as owned");
            let earliest = self.state.column_limits(bank, owner.entry.request.write).earliest();
            offer(&mut best, wake, self.spec.edge(earliest), now, owner.entry.order, index);
        }
        if let Some((_, index)) = best {
            let bank = self.owned.swap_remove(index);
            let owner = self.owners[bank as usize].take().expect("listed as owned");
            let pseudo = self.state.pseudo_of(bank);
            self.state.pseudos[pseudo].owned -= 1;
            self.serve(&owner.entry, Some((owner.activated, owner.limits)), now);
            return true;
        }
        self.choose_direction();
        let aged = self.mark_aged(now, wake);
        for (index, entry) in self.queue().iter().enumerate() {
            let r = &entry.request;
            if self.state.banks[r.bank as usize].row != r.row || self.blocked(r.bank) {
                continue;
            }
            // An aged request closes the row: younger hits wait for it.
            if aged
                && self.oldest_hit[r.bank as usize].1 == self.scan
                && entry.order > self.oldest_hit[r.bank as usize].0
            {
                continue;
            }
            let earliest = self.state.column_limits(r.bank, r.write).earliest();
            offer(&mut best, wake, self.spec.edge(earliest), now, entry.order, index);
        }
        let Some((_, index)) = best else { return false };
        let mut entry = self.take(index);
        Self::count(&mut self.outcome, &mut entry, Some(true));
        self.serve(&entry, None, now);
        true
    }

    /// Whether queued requests of a bank wait for a refresh.
    fn blocked(&self, bank: u32) -> bool {
        self.state.pseudos[self.state.pseudo_of(bank)].pending.is_some() || self.stopped()
    }

    /// Whether all queued requests wait for a refresh.
    fn stopped(&self) -> bool {
        self.spec.refresh_stops == RefreshStops::Channel && self.state.pseudos.iter().any(|p| p.pending.is_some())
    }

    /// Marks the banks whose row an aged request wants to close, with the oldest such request; false without a cap.
    fn mark_aged(&mut self, now: u64, wake: &mut u64) -> bool {
        let Some(cap) = self.spec.age_cap else { return false };
        self.scan += 1;
        let queue = if self.draining { &self.writes } else { &self.reads };
        for entry in queue {
            let r = &entry.request;
            if self.state.banks[r.bank as usize].row == r.row {
                continue;
            }
            if now < entry.admitted + cap {
                *wake = (*wake).min(entry.admitted + cap);
                continue;
            }
            let mark = &mut self.oldest_hit[r.bank as usize];
            if mark.1 != self.scan || entry.order < mark.0 {
                *mark = (entry.order, self.scan);
            }
        }
        true
    }

    /// Starts an activation, precharge or refresh if one is ready.
    pub(super) fn row_slot(&mut self, now: u64, wake: &mut u64) -> bool {
        if self.state.row_bus > now {
            *wake = (*wake).min(self.state.row_bus);
            return false;
        }
        if self.refresh_slot(now, wake) {
            return true;
        }
        self.choose_direction();
        self.mark_hits();
        let mut best = None;
        for (index, entry) in self.queue().iter().enumerate() {
            let r = &entry.request;
            if self.blocked(r.bank) {
                continue;
            }
            let row = self.state.banks[r.bank as usize].row;
            let earliest = if row == CLOSED {
                let limits = self.state.activate_limits(r.bank);
                self.spec.edge(limits.bank.max(limits.window).max(now))
            } else if row == r.row || self.owners[r.bank as usize].is_some() {
                continue;
            } else if self.protects(entry, now) {
                if let Some(cap) = self.spec.age_cap.filter(|cap| entry.admitted + cap > now) {
                    *wake = (*wake).min(entry.admitted + cap);
                }
                continue;
            } else {
                self.state.precharge_limit(r.bank)
            };
            offer(&mut best, wake, earliest, now, entry.order, index);
        }
        let Some((_, index)) = best else { return false };
        self.open_or_close(index, now);
        true
    }

    /// Precharges the bank of a queued request, or activates its row and makes the request the owner of the bank.
    fn open_or_close(&mut self, index: usize, now: u64) {
        let bank = self.queue()[index].request.bank;
        if self.state.banks[bank as usize].row != CLOSED {
            let queue = if self.draining { &mut self.writes } else { &mut self.reads };
            Self::count(&mut self.outcome, &mut queue[index], Some(false));
            self.state.precharge(&self.spec, bank, now);
            self.issue(now, CommandKind::Precharge, bank, 0);
            return;
        }
        let mut entry = self.take(index);
        Self::count(&mut self.outcome, &mut entry, None);
        let limits = self.state.activate_limits(bank);
        let row = entry.request.row;
        self.state.activate(&self.spec, bank, row, now);
        self.issue(now, CommandKind::Activate, bank, row);
        let pseudo = self.state.pseudo_of(bank);
        self.state.pseudos[pseudo].owned += 1;
        self.owned.push(bank);
        self.owners[bank as usize] = Some(Owner { entry, activated: now, limits });
    }

    /// Closes the banks of the pseudo-channels whose refresh is due, and refreshes them.
    fn refresh_slot(&mut self, now: u64, wake: &mut u64) -> bool {
        for pseudo in 0..self.state.pseudos.len() {
            if self.state.pseudos[pseudo].pending.is_none() {
                continue;
            }
            if self.refresh(pseudo, now, wake) {
                return true;
            }
            if self.spec.refresh_stops == RefreshStops::Channel {
                break;
            }
        }
        false
    }

    /// Starts the next command of a due refresh if it is ready.
    fn refresh(&mut self, pseudo: usize, now: u64, wake: &mut u64) -> bool {
        let p = &self.state.pseudos[pseudo];
        if p.owned > 0 {
            return false;
        }
        let kind = if p.open > 0 { CommandKind::PrechargeAll } else { CommandKind::Refresh };
        let earliest = match kind {
            CommandKind::PrechargeAll => {
                let banks = &self.state.banks[self.state.banks_of(pseudo)];
                banks.iter().map(|b| b.precharge).fold(p.precharge, u64::max)
            }
            _ => self.spec.edge(p.refresh.max(now)),
        };
        if earliest > now {
            *wake = (*wake).min(earliest);
            return false;
        }
        match kind {
            CommandKind::PrechargeAll => self.state.precharge_all(&self.spec, pseudo, now),
            _ => self.state.refresh(&self.spec, pseudo, now),
        }
        self.issue(now, kind, self.state.first_bank(pseudo), 0);
        true
    }

    /// Notes the oldest queued hit of each bank.
    fn mark_hits(&mut self) {
        if self.spec.arbiter == RowArbiter::OldestReady {
            return;
        }
        self.scan += 1;
        let queue = if self.draining { &self.writes } else { &self.reads };
        for entry in queue {
            let r = &entry.request;
            let mark = &mut self.oldest_hit[r.bank as usize];
            if self.state.banks[r.bank as usize].row == r.row && (mark.1 != self.scan || entry.order < mark.0) {
                *mark = (entry.order, self.scan);
            }
        }
    }

    /// Whether queued hits keep a row open against a request.
    fn protects(&self, entry: &Entry, now: u64) -> bool {
        let (oldest, scan) = self.oldest_hit[entry.request.bank as usize];
        let hit = self.spec.arbiter != RowArbiter::OldestReady && scan == self.scan;
        let aged = self.spec.age_cap.is_some_and(|cap| now >= entry.admitted + cap);
        match self.spec.arbiter {
            RowArbiter::OldestReady => false,
            RowArbiter::OlderHitsFirst => hit && oldest < entry.order,
            RowArbiter::HitsFirst => hit && (!aged || oldest < entry.order),
        }
    }
}
