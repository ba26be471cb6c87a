//! An independent referee: proves from a recording that a run obeyed the machine's laws.
//!
//! A [`Recorder`] writes down what a run did; [`check`] proves it right by a logic of its own. It knows the
//! design's figures, the mapping's operations and closed forms of the collectives, but neither the machine's
//! state nor the message schedules. What it proves:
//!
//! - **servers**: no link, bank or pipeline does two things at once, starts before it is asked, idles while
//!   asked, or delivers at any other cycle than `ceil(end) + latency`;
//! - **conservation**: every token-layer puts exactly the bytes of its collectives on the links, uses exactly its
//!   weights and experts, reads exactly the positions it sees, streams exactly what was spilled;
//! - **causality**: a chip goes on when what it waits for is there, no cycle earlier and no cycle later;
//! - **accounts**: busy and idle add up to the elapsed time, time by class to the latency.
//!
//! It leaves out what [`crate::schedule::machine`] decides freely: which experts the router draws (only that they are
//! different and as many as asked for) and along which path time is attributed (only that it adds up).

mod expected;
mod servers;
mod streams;
mod tokens;
mod work;

use std::collections::BTreeMap;

use designs::Design;

use crate::mapping::Mapping;
use crate::schedule::machine::{Activity, Load, Machine, Settled};
use crate::schedule::program::Compiled;
use crate::schedule::trace::{Listener, Place, Service, Unit};
use crate::units::hbm::Placement;

/// One thing that happened; see [`Listener`] for the fields.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[allow(missing_docs)]
pub enum Record {
    /// A chip of a token reached an instruction.
    Reached { place: Place, now: u64 },
    /// A server took a request.
    Served { place: Place, unit: Unit, index: usize, now: u64, work: u64, end: u64, done: u64 },
    /// A message was sent.
    Message { place: Place, phase: usize, to: u32, bytes: u64, arrival: u64 },
}

impl Record {
    /// Who did it.
    #[must_use]
    pub fn place(&self) -> Place {
        match *self {
            Self::Reached { place, .. } | Self::Served { place, .. } | Self::Message { place, .. } => place,
        }
    }
}

/// Writes down what a run does, in order.
#[derive(Debug, Clone, Default)]
pub struct Recorder {
    /// What happened so far.
    pub records: Vec<Record>,
}

impl Listener for Recorder {
    fn reached(&mut self, place: Place, now: u64) {
        self.records.push(Record::Reached { place, now });
    }

    fn served(&mut self, place: Place, service: Service) {
        let Service { unit, index, asked: now, work, end, done } = service;
        self.records.push(Record::Served { place, unit, index, now, work, end, done });
    }

    fn message(&mut self, place: Place, phase: usize, to: u32, bytes: u64, arrival: u64) {
        self.records.push(Record::Message { place, phase, to, bytes, arrival });
    }
}

/// A run from its start, and what the machine says of it at the end.
#[derive(Debug, Clone)]
pub struct Recording {
    /// What happened, from cycle 0 on.
    pub records: Vec<Record>,
    /// Cycle of the end.
    pub end: u64,
    /// The machine's counters.
    pub activity: Activity,
    /// The machine's accounts.
    pub settled: Settled,
}

/// Runs a machine until `tokens` tokens are finished, it runs dry, or `events` events have passed.
#[must_use]
pub fn record(compiled: &Compiled, load: &Load, placement: Placement, tokens: u64, events: u64) -> Recording {
    let mut machine = Machine::with_listener(compiled, load.clone(), placement, Recorder::default());
    while machine.activity().tokens < tokens && machine.events() < events && machine.step() {}
    let settled = machine.settle();
    let (end, activity) = (machine.now(), machine.activity());
    Recording { records: machine.into_listener().records, end, activity, settled }
}

/// What a recording is a recording of. Not for loads of [`crate::schedule::machine::Start::Own`].
#[derive(Debug, Clone, Copy)]
pub struct Subject<'a> {
    /// Machine.
    pub design: &'a Design,
    /// Model on it.
    pub mapping: &'a Mapping,
    /// The program it ran; only the numbering of array instances is taken from it.
    pub compiled: &'a Compiled,
    /// What it ran.
    pub load: &'a Load,
    /// Where the KV cache lay.
    pub placement: Placement,
}

/// Which law was broken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Law {
    /// A server did two things at once, started early, idled while asked, or delivered at the wrong cycle.
    Server,
    /// Bytes on links are not those of the collectives.
    Bytes,
    /// Weights, experts, positions or elements are not those of the mapping.
    Operations,
    /// A chip went on before or after what it waited for.
    Causality,
    /// Accounts or counters do not add up.
    Accounts,
}

/// A broken law.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Violation {
    /// Which.
    pub law: Law,
    /// Where and how.
    pub detail: String,
}

/// Violations found so far; stops writing them out at [`Findings::LIMIT`].
#[derive(Debug, Default)]
struct Findings {
    violations: Vec<Violation>,
}

impl Findings {
    const LIMIT: usize = 64;

    fn expect(&mut self, holds: bool, law: Law, detail: impl FnOnce() -> String) {
        if !holds && self.violations.len() < Self::LIMIT {
            self.violations.push(Violation { law, detail: detail() });
        }
    }

    fn equal<T: PartialEq + std::fmt::Debug>(&mut self, got: T, expected: T, law: Law, what: impl FnOnce() -> String) {
        if got != expected {
            self.expect(false, law, || format!("{}: {got:?}, expected {expected:?}", what()));
        }
    }
}

/// Every law that `recording` breaks (the first 64); empty when it proves right.
#[must_use]
pub fn check(recording: &Recording, subject: &Subject) -> Vec<Violation> {
    let mut findings = Findings::default();
    servers::check(recording, subject, &mut findings);
    // Records of one token, in order; the sort by key keeps the order of recording.
    let mut tokens: BTreeMap<(u32, u64), Vec<Record>> = BTreeMap::new();
    for record in &recording.records {
        let place = record.place();
        tokens.entry((place.sequence, place.token)).or_default().push(*record);
    }
    tokens::check(recording, &tokens, subject, &mut findings);
    findings.violations
}
