//! The record of a run.

use designs::Design;

use crate::mapping::Mapping;
use crate::schedule::machine::{Activity, Load, Machine, Settled};
use crate::schedule::program::Compiled;
use crate::schedule::trace::{Arrival, Listener, Place, Service};
use crate::units::Unit;
use crate::units::hbm::Placement;

/// One thing that happened; see [`Listener`] for the fields.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[allow(missing_docs)]
pub enum Record {
    /// A chip of a token reached an instruction.
    Reached { place: Place, now: u64 },
    /// The control unit issued it.
    Issued { place: Place, now: u64 },
    /// A server took a request.
    Served { place: Place, unit: Unit, index: usize, now: u64, work: u64, end: u64, done: u64 },
    /// A message was sent.
    Message { place: Place, phase: usize, to: u32, bytes: u64, adds: bool, arrival: u64 },
}

impl Record {
    /// Token, chip and instruction.
    #[must_use]
    pub fn place(&self) -> Place {
        match *self {
            Self::Reached { place, .. }
            | Self::Issued { place, .. }
            | Self::Served { place, .. }
            | Self::Message { place, .. } => place,
        }
    }
}

/// Records the events of a run in order.
#[derive(Debug, Clone, Default)]
pub struct Recorder {
    /// Events so far.
    pub records: Vec<Record>,
}

impl Listener for Recorder {
    fn reached(&mut self, place: Place, now: u64) {
        self.records.push(Record::Reached { place, now });
    }

    fn issued(&mut self, place: Place, now: u64) {
        self.records.push(Record::Issued { place, now });
    }

    fn served(&mut self, place: Place, service: Service) {
        let Service { unit, index, asked: now, work, end, done } = service;
        self.records.push(Record::Served { place, unit, index, now, work, end, done });
    }

    fn message(&mut self, place: Place, phase: usize, message: Arrival) {
        let Arrival { to, bytes, adds, at: arrival } = message;
        self.records.push(Record::Message { place, phase, to, bytes, adds, arrival });
    }
}

/// The events of a run from its start, and the machine's accounts at its end.
#[derive(Debug, Clone)]
pub struct Recording {
    /// Events from cycle 0 on.
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

/// The design, mapping, program and load of a recording. Not for loads of [`crate::schedule::machine::Start::Own`].
#[derive(Debug, Clone, Copy)]
pub struct Subject<'a> {
    /// Machine.
    pub design: &'a Design,
    /// Model on it.
    pub mapping: &'a Mapping,
    /// The program it ran; only the numbering of array instances is taken from it.
    pub compiled: &'a Compiled,
    /// Load that it ran.
    pub load: &'a Load,
    /// Where the KV cache lay.
    pub placement: Placement,
}
