//! What a listener may hear of a run. The silent listener `()` costs nothing.

/// A kind of server.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, serde::Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Unit {
    /// An instance of the hardwired-neuron array.
    HnArray,
    /// A pipeline of non-linear functions.
    VexNonlinear,
    /// A pipeline of attention.
    VexAttention,
    /// A chip's attention buffer.
    AttentionBuffer,
    /// A chip's HBM.
    Hbm,
    /// A directed link.
    Link,
}

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

/// Hears what happens; times are cycles of the chip clock unless said.
pub trait Listener {
    /// `chip` of a token reaches an instruction.
    fn reached(&mut self, _place: Place, _now: u64) {}
    /// `unit` number `index` takes `work` cycles of its own domain ending at `end` (own domain), asked
    /// at `now`; the result is there at `done`.
    fn served(&mut self, _place: Place, _unit: Unit, _index: usize, _now: u64, _work: u64, _end: u64, _done: u64) {}
    /// A message of phase `phase` arrives at `to` at `arrival`.
    fn message(&mut self, _place: Place, _phase: usize, _to: u32, _bytes: u64, _arrival: u64) {}
}

impl Listener for () {}
