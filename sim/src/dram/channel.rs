//! A channel with its controller, from request to data.

use std::collections::VecDeque;

use serde::{Deserialize, Serialize};

use super::spec::Spec;
use super::stall::{PerStall, Stall};
use super::state::{ActivateLimits, Command, CommandKind, PerCommand, State};

/// A request of a burst.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Request {
    /// Tick from which on it is offered; requests are given in this order.
    pub offered: u64,
    /// Number of the burst: equal numbers are the same bytes.
    pub burst: u64,
    /// Bank of the channel.
    pub bank: u32,
    /// Row of the bank.
    pub row: u32,
    /// Write instead of read.
    pub write: bool,
    /// Names the request to whoever waits for it; 0 if nobody does.
    pub tag: u64,
}

/// A request in the controller.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Entry {
    pub request: Request,
    /// Tick in which it entered its queue.
    pub admitted: u64,
    /// Place in the order of admission.
    pub order: u64,
    /// Its first command has been counted as hit, miss or conflict.
    pub counted: bool,
}

/// A request whose row was opened for it.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Owner {
    pub entry: Entry,
    pub activated: u64,
    pub limits: ActivateLimits,
}

/// What a run did.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Outcome {
    /// Tick in which the last data ended.
    pub ticks: u64,
    /// Reads and writes served, forwarded and merged ones included.
    pub reads: u64,
    /// Writes.
    pub writes: u64,
    /// Reads that were answered from the queue of writes.
    pub forwarded: u64,
    /// Writes to a burst whose write waited.
    pub merged: u64,
    /// Requests that found their row open.
    pub hits: u64,
    /// Requests that found their bank closed.
    pub misses: u64,
    /// Requests that found another row open.
    pub conflicts: u64,
    /// Commands.
    pub commands: PerCommand<u64>,
    /// Ticks of all data buses by use; they add up to `ticks` x pseudo-channels.
    pub bus: PerStall<u64>,
    /// Ticks from offer to end of data of each read, in the order of service.
    pub latencies: Vec<u64>,
    /// Sum of the ticks from admission to end of data of all reads.
    pub queue_latency: u64,
}

/// Idle time of a data bus, by the request that ends it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BusWait {
    /// Pseudo-channel of the bus.
    pub pseudo: usize,
    /// Bank of the channel that the request is for.
    pub bank: u32,
    /// Row of the request.
    pub row: u32,
    /// Whether it is a write.
    pub write: bool,
    /// Why the bus is idle.
    pub stall: Stall,
    /// First tick.
    pub begin: u64,
    /// Tick at which it ends.
    pub end: u64,
}

/// A channel and its controller.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Channel {
    pub(super) spec: Spec,
    pub(super) state: State,
    pub(super) reads: VecDeque<Entry>,
    pub(super) writes: VecDeque<Entry>,
    /// By bank.
    pub(super) owners: Vec<Option<Owner>>,
    /// Banks with an owner.
    pub(super) owned: Vec<u32>,
    pub(super) draining: bool,
    /// Order of the oldest queued hit of each bank, valid where the mark is that of the scan.
    pub(super) oldest_hit: Vec<(u64, u64)>,
    pub(super) scan: u64,
    admitted: u64,
    /// Requests that have not entered a queue, in the order of their offers.
    offers: VecDeque<Request>,
    /// Tick up to which the channel has run.
    now: u64,
    /// Tags and ends of the requests served since they were taken, of those with a tag.
    served: Vec<(u64, u64)>,
    pub(super) outcome: Outcome,
    trace: Option<Vec<Command>>,
    #[serde(skip)]
    waits: Option<Vec<BusWait>>,
}

impl Channel {
    /// An idle channel.
    #[must_use]
    pub fn new(spec: &Spec) -> Self {
        let banks = (spec.pseudo_channels * spec.banks()) as usize;
        Self {
            state: State::new(spec),
            reads: VecDeque::with_capacity(spec.read_queue),
            writes: VecDeque::with_capacity(spec.write_queue),
            owners: vec![None; banks],
            owned: Vec::with_capacity(banks),
            draining: false,
            oldest_hit: vec![(0, 0); banks],
            scan: 0,
            admitted: 0,
            offers: VecDeque::new(),
            now: 0,
            served: Vec::new(),
            outcome: Outcome::default(),
            trace: None,
            waits: None,
            spec: spec.clone(),
        }
    }

    /// Records every command of the run.
    #[must_use]
    pub fn recording(mut self) -> Self {
        self.record();
        self
    }

    /// Records every command from now on.
    pub fn record(&mut self) {
        self.trace.get_or_insert_default();
    }

    /// Records idle time of the data buses between requests from now on.
    pub fn record_waits(&mut self) {
        self.waits.get_or_insert_default();
    }

    /// Idle times recorded since the last call. Those of one gap between data follow each other by cause.
    pub fn take_waits(&mut self) -> Vec<BusWait> {
        self.waits.as_mut().map(std::mem::take).unwrap_or_default()
    }

    /// Commands recorded so far.
    #[must_use]
    pub fn commands(&self) -> &[Command] {
        self.trace.as_deref().unwrap_or_default()
    }

    /// Serves all requests, which come in the order of their offers; returns what was done and the recorded commands.
    #[must_use]
    pub fn run(mut self, requests: &[Request]) -> (Outcome, Vec<Command>) {
        requests.iter().for_each(|request| self.offer(*request));
        self.drain();
        self.finish()
    }

    /// Offers a request: not before the offers so far, nor before the tick up to which the channel has run.
    pub fn offer(&mut self, request: Request) {
        debug_assert!(request.offered >= self.now);
        debug_assert!(self.offers.back().is_none_or(|last| last.offered <= request.offered));
        self.offers.push_back(request);
    }

    /// Runs up to tick `until`. Commands of earlier ticks are those of a run that knows all later offers.
    pub fn advance(&mut self, until: u64) {
        while self.now < until {
            self.now = self.step(until).min(until);
        }
    }

    /// Runs until all requests are served.
    fn drain(&mut self) {
        loop {
            self.admit_offers();
            if self.offers.is_empty() && self.idle() {
                break;
            }
            self.now = self.step(u64::MAX);
        }
    }

    /// Takes the offers of this tick and issues what is ready; returns the next tick in which anything can happen, at most `until`
    /// where nothing can.
    fn step(&mut self, until: u64) -> u64 {
        let now = self.now;
        self.admit_offers();
        self.due(now);
        let mut wake = until;
        let column = self.column_slot(now, &mut wake);
        let row = self.row_slot(now, &mut wake);
        if column || row {
            return now + 1;
        }
        // A request that waits for its queue waits for a command.
        let offer = self.offers.front().map(|r| r.offered).filter(|tick| *tick > now).unwrap_or(u64::MAX);
        let due = self.state.pseudos.iter().map(|p| p.due).min().unwrap_or(u64::MAX);
        wake.min(offer).min(due).max(now + 1)
    }

    fn report(&mut self, tag: u64, end: u64) {
        if tag != 0 {
            self.served.push((tag, end));
        }
    }

    fn admit_offers(&mut self) {
        while let Some(request) = self.offers.front().filter(|r| r.offered <= self.now).copied() {
            if !self.admit(request, self.now) {
                break;
            }
            self.offers.pop_front();
        }
    }

    /// Tags of the requests served since the last call, with the ticks at which their data end; those ticks can lie after the one
    /// up to which the channel has run.
    pub fn take_served(&mut self) -> std::vec::Drain<'_, (u64, u64)> {
        // Kept for whoever runs a whole list; a long run would fill memory.
        self.outcome.latencies.clear();
        self.served.drain(..)
    }

    /// What was done so far.
    #[must_use]
    pub fn outcome(&self) -> &Outcome {
        &self.outcome
    }

    fn idle(&self) -> bool {
        self.reads.is_empty() && self.writes.is_empty() && self.owned.is_empty()
    }

    /// Marks the refreshes that are due.
    fn due(&mut self, now: u64) {
        let interval = self.spec.refresh_interval.unwrap_or(u64::MAX);
        for pseudo in self.state.pseudos.iter_mut().filter(|p| p.due <= now) {
            pseudo.pending.get_or_insert(pseudo.due);
            pseudo.due = pseudo.due.saturating_add(interval);
        }
    }

    /// Takes a request into its queue; false if that is full.
    fn admit(&mut self, request: Request, now: u64) -> bool {
        let is_write = |entry: &Entry| entry.request.write && entry.request.burst == request.burst;
        let queued = self.writes.iter().any(is_write);
        let owned = || self.owners[request.bank as usize].as_ref().is_some_and(|owner| is_write(&owner.entry));
        if request.write {
            if queued {
                self.outcome.writes += 1;
                self.outcome.merged += 1;
                self.report(request.tag, now + 1);
                return true;
            }
        } else if queued || owned() {
            self.outcome.reads += 1;
            self.outcome.forwarded += 1;
            self.report(request.tag, now + 1);
            self.outcome.latencies.push(now + 1 - request.offered);
            self.outcome.queue_latency += 1;
            return true;
        }
        let (queue, size) = match request.write {
            true => (&mut self.writes, self.spec.write_queue),
            false => (&mut self.reads, self.spec.read_queue),
        };
        if queue.len() == size {
            return false;
        }
        queue.push_back(Entry { request, admitted: now, order: self.admitted, counted: false });
        self.admitted += 1;
        true
    }

    pub(super) fn issue(&mut self, tick: u64, kind: CommandKind, bank: u32, row: u32) {
        self.outcome.commands[kind] += 1;
        if let Some(trace) = &mut self.trace {
            trace.push(Command { tick, kind, bank, row });
        }
    }

    /// Counts the first command of a request.
    pub(super) fn count(outcome: &mut Outcome, entry: &mut Entry, open: Option<bool>) {
        if !std::mem::replace(&mut entry.counted, true) {
            match open {
                Some(true) => outcome.hits += 1,
                Some(false) => outcome.conflicts += 1,
                None => outcome.misses += 1,
            }
        }
    }

    /// Serves a request with a read or write that starts now.
    pub(super) fn serve(&mut self, entry: &Entry, opened: Option<(u64, ActivateLimits)>, now: u64) {
        let Request { bank, row, write, offered, .. } = entry.request;
        let wanted = |e: &Entry| e.request.bank == bank && e.request.row == row;
        let close = self.spec.closed_page
            && self.owners[bank as usize].is_none()
            && !self.reads.iter().chain(&self.writes).any(wanted);
        self.explain(entry, opened, now);
        self.state.column(&self.spec, bank, write, close, now);
        let kind = match (write, close) {
            (false, false) => CommandKind::Read,
            (false, true) => CommandKind::ReadClose,
            (true, false) => CommandKind::Write,
            (true, true) => CommandKind::WriteClose,
        };
        self.issue(now, kind, bank, row);
        let end = self.state.pseudos[self.state.pseudo_of(bank)].data_end;
        self.outcome.ticks = self.outcome.ticks.max(end);
        self.report(entry.request.tag, end);
        if write {
            self.outcome.writes += 1;
        } else {
            self.outcome.reads += 1;
            self.outcome.latencies.push(end - offered);
            self.outcome.queue_latency += end - entry.admitted;
        }
    }

    /// Accounts for the idle time of the data bus before the data of a column command that starts now.
    fn explain(&mut self, entry: &Entry, opened: Option<(u64, ActivateLimits)>, now: u64) {
        let Request { bank, row, write, offered, .. } = entry.request;
        let limits = self.state.column_limits(bank, write);
        let number = self.state.pseudo_of(bank);
        let pseudo = &self.state.pseudos[number];
        let latency = if write { self.spec.write_latency } else { self.spec.read_latency };
        let gap = now + latency - pseudo.data_end;
        let mut begin = pseudo.data_end;
        let bus = &mut self.outcome.bus;
        bus.data += self.spec.burst;
        // The idle ticks, shifted to the time of commands: they end now. Before tick 0 there was no request.
        let since = |tick: u64| gap.min(now - tick.min(now));
        let mut rest = gap;
        let waits = &mut self.waits;
        let mut blame = |cause: Stall, ticks: u64| {
            let ticks = ticks.min(rest);
            bus[cause] += ticks;
            rest -= ticks;
            if let Some(waits) = waits
                && ticks > 0
                && cause != Stall::NoRequest
            {
                waits.push(BusWait { pseudo: number, bank, row, write, stall: cause, begin, end: begin + ticks });
            }
            begin += ticks;
        };
        blame(Stall::NoRequest, gap - since(offered));
        blame(Stall::QueueFull, since(offered) - since(entry.admitted));
        // What bounds the rate comes before the time that it takes to open a row, which other requests can hide.
        let from = entry.admitted;
        let ready = limits.row.max(from);
        blame(Stall::SameBankGroup, limits.spacing.saturating_sub(ready));
        blame(Stall::Turnaround, limits.turnaround.saturating_sub(ready.max(limits.spacing)));
        let (due, refreshed) = pseudo.refreshed;
        blame(Stall::Refresh, refreshed.saturating_sub(due.max(from)));
        if let Some((_, opening)) = opened {
            blame(Stall::ActivateWindow, opening.window.saturating_sub(opening.bank.max(from)));
            blame(Stall::Precharge, opening.bank.saturating_sub(from.max(refreshed)));
        }
        let activated = opened.map_or(limits.row, |(activated, _)| activated);
        blame(Stall::Activate, limits.row.saturating_sub(activated.max(from)));
        blame(Stall::Scheduling, gap);
    }

    /// Closes the accounts of the data buses.
    fn finish(mut self) -> (Outcome, Vec<Command>) {
        for pseudo in &self.state.pseudos {
            self.outcome.bus.no_request += self.outcome.ticks - pseudo.data_end;
        }
        (self.outcome, self.trace.unwrap_or_default())
    }
}
