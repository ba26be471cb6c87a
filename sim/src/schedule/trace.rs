//! Callbacks of a run. The empty listener `()` compiles to nothing.

use crate::cycle::Wait;
use crate::units::Unit;

/// Where a request comes from: a token on a chip, at an instruction of a layer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Place {
    /// Sequence in flight.
    pub sequence: u32,
    /// Tokens the sequence had finished before this one.
    pub token: u64,
    /// Chip.
    pub chip: u32,
    /// Layer, the head last.
    pub layer: u32,
    /// Instruction within the layer's program.
    pub instr: u32,
}

/// A request that a server takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Service {
    /// Unit of the server.
    pub unit: Unit,
    /// Index of the server within its unit.
    pub index: usize,
    /// Time of the request, in cycles of the chip clock.
    pub asked: u64,
    /// Work, in cycles of the server's own domain.
    pub work: u64,
    /// End of the work, in cycles of the server's own domain.
    pub end: u64,
    /// Time of the result, in cycles of the chip clock.
    pub done: u64,
}

impl Service {
    /// When the work begins, in cycles of the server's own domain.
    #[must_use]
    pub fn begin(&self) -> u64 {
        self.end - self.work
    }
}

/// A message that arrives.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Arrival {
    /// Receiving chip.
    pub to: u32,
    /// Payload.
    pub bytes: u64,
    /// Whether it is a partial sum that the receiver adds.
    pub adds: bool,
    /// When it has arrived whole, and has been added if it is a partial sum and adders are simulated.
    pub at: u64,
}

/// Receives the events of a run. Times are cycles of the chip clock unless stated otherwise.
pub trait Listener {
    /// Whether waits of the models in their own cycles are recorded for it.
    const WAITS: bool = false;

    /// `chip` of a token reaches an instruction.
    fn reached(&mut self, _place: Place, _now: u64) {}
    /// The control unit issues the instruction, where that is simulated.
    fn issued(&mut self, _place: Place, _now: u64) {}
    /// A server takes a request.
    fn served(&mut self, _place: Place, _service: Service) {}
    /// The message of the last request served, of phase `phase`, arrives.
    fn message(&mut self, _place: Place, _phase: usize, _message: Arrival) {}
    /// A model in its own cycles explains a wait; told at `now`, and in order for each of [`crate::cycle::Waiting`].
    fn waited(&mut self, _wait: Wait, _now: u64) {}
    /// The last chip ends a token of a sequence that had finished `token` before.
    fn finished(&mut self, _sequence: u32, _token: u64, _now: u64) {}
}

impl Listener for () {}
