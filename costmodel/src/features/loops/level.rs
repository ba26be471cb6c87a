//! One level of a function: its body, or a loop.

use super::kind::Kind;

/// The function's body (the first) or a loop.
#[derive(Debug, Clone)]
pub struct Level {
    /// The level around it; its own for the first.
    pub parent: usize,
    /// Iterations in one call of the function.
    pub iterations: f64,
    /// Times that it is entered.
    pub entries: f64,
    /// Machine work of one iteration by kind; vectors count once for every 256 bits.
    pub work: [f64; Kind::COUNT],
    /// Whether a loop is in it.
    pub has_inner: bool,
    /// How many values it hands on in each way of [`Carried`].
    pub carried: [f64; 4],
    /// Whether the text itself computes on vectors in it.
    pub vectors: bool,
    /// Whether it writes memory and reads it at other places.
    pub conflicts: bool,
    /// Bits of the narrowest and widest elements that it reads or writes; 0 if none.
    pub narrowest: f64,
    /// See `narrowest`.
    pub widest: f64,
    /// Most writes to neighbouring places in one iteration.
    pub neighbours: f64,
    /// Values from outside that it uses.
    pub invariants: f64,
    /// Buffers that it walks.
    pub buffers: f64,
}

impl Level {
    pub fn new(parent: usize, iterations: f64, entries: f64) -> Self {
        Self {
            parent,
            iterations,
            entries,
            work: [0.0; Kind::COUNT],
            has_inner: false,
            carried: [0.0; 4],
            vectors: false,
            conflicts: false,
            narrowest: 0.0,
            widest: 0.0,
            neighbours: 0.0,
            invariants: 0.0,
            buffers: 0.0,
        }
    }

    /// Work of one iteration of a kind.
    pub fn of(&self, kind: Kind) -> f64 {
        self.work[kind as usize]
    }

    /// Elements of its widest kind that so many bits hold.
    pub fn lanes(&self, bits: f64) -> f64 {
        bits / self.widest.max(8.0)
    }
}
