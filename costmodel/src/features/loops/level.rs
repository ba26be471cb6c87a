//! One level of a function: its body, or a loop.

use super::kind::Kind;

/// Bits of the vector registers that work is counted in.
pub const REGISTER_BITS: f64 = 256.0;

/// Operations on vectors that stand in the text.
#[derive(Debug, Clone, Copy, Default)]
pub struct Explicit {
    /// What they count among the work.
    pub units: f64,
    /// How many.
    pub operations: f64,
    /// Their parts, see [`Machine`].
    pub parts: f64,
}

/// What an operation comes to.
#[derive(Debug, Clone, Copy)]
pub struct Machine {
    /// Operations of a machine with registers of [`REGISTER_BITS`].
    pub units: f64,
    /// Of an operation on vectors that stands in the text, its parts: lanes where each is worked on alone, else 128 bits
    /// each. None for scalars.
    pub parts: f64,
}

impl Machine {
    /// A scalar operation.
    pub const SCALAR: Self = Self { units: 1.0, parts: 0.0 };

    /// One on vectors of so many bits and lanes; `apart` where each lane is worked on alone.
    pub fn new((bits, lanes): (f64, f64), apart: bool) -> Self {
        match apart {
            _ if bits == 0.0 => Self::SCALAR,
            true => Self { units: lanes, parts: lanes },
            false => Self { units: (bits / REGISTER_BITS).ceil(), parts: bits / 128.0 },
        }
    }

    /// Whether it is on vectors that stand in the text.
    pub fn is_explicit(self) -> bool {
        self.parts > 0.0
    }
}

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
    /// Of that, what the text itself computes on vectors.
    pub explicit: [Explicit; Kind::COUNT],
    /// Whether a loop is in it.
    pub has_inner: bool,
    /// How many values it hands on in each way of [`Carried`].
    pub carried: [f64; 4],
    /// Whether the text itself computes on vectors in it.
    pub vectors: bool,
    /// Whether it reads or writes elements that fill no whole bytes.
    pub odd: bool,
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
            explicit: [Explicit::default(); Kind::COUNT],
            has_inner: false,
            carried: [0.0; 4],
            vectors: false,
            odd: false,
            conflicts: false,
            narrowest: 0.0,
            widest: 0.0,
            neighbours: 0.0,
            invariants: 0.0,
            buffers: 0.0,
        }
    }

    /// Adds work of a kind, `often` in each iteration.
    pub fn add(&mut self, kind: Kind, one: Machine, often: f64) {
        self.work[kind as usize] += one.units * often;
        if one.is_explicit() {
            let own = &mut self.explicit[kind as usize];
            own.units += one.units * often;
            own.operations += often;
            own.parts += one.parts * often;
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
