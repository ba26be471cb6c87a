//! What a listener may hear of a run. The silent listener `()` costs nothing.

use crate::units::Unit;

/// Who asked: a token on a chip, at an instruction of a layer.
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
    /// Kind of the server.
    pub unit: Unit,
    /// Number among its kind.
    pub index: usize,
    /// When it was asked, in cycles of the chip clock.
    pub asked: u64,
    /// Work, in cycles of the server's own domain.
    pub work: u64,
    /// End of the work, in cycles of the server's own domain.
    pub end: u64,
    /// When the result is there, in cycles of the chip clock.
    pub done: u64,
}

impl Service {
    /// When the work begins, in cycles of the server's own domain.
    #[must_use]
    pub fn begin(&self) -> u64 {
        self.end - self.work
    }
}

/// Hears what happens; times are cycles of the chip clock unless said.
pub trait Listener {
    /// `chip` of a token reaches an instruction.
    fn reached(&mut self, _place: Place, _now: u64) {}
    /// A server takes a request.
    fn served(&mut self, _place: Place, _service: Service) {}
    /// A message of phase `phase` arrives at `to` at `arrival`.
    fn message(&mut self, _place: Place, _phase: usize, _to: u32, _bytes: u64, _arrival: u64) {}
}

impl Listener for () {}
