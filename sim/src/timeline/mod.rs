//! A window of a run as spans in simulated time: what every server did, and where every token was.
//!
//! The window begins after a warm-up and ends with a number of finished tokens, or with a number of spans, so it is bounded in
//! size. Spans are cut at its edges. They go to a [`Sink`] as soon as they have ended; of one track they come in order and never
//! overlap, except that a layer lies within its token.

mod chrome;
mod record;

use crate::cycle::{WaitCause, Waiting};
use crate::schedule::machine::Settled;
use crate::schedule::trace::Place;
use crate::units::Unit;

pub use chrome::{Chrome, Names};
pub use record::record;

/// Largest number of spans that a caller may ask for: about 3 GB as Chrome's JSON.
pub const MAX_SPANS: u64 = 20_000_000;

/// A line of the timeline.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Track {
    /// A server of a unit, by its index within the unit.
    Server(Unit, usize),
    /// The tokens of a sequence, one after the other.
    Sequence(u32),
    /// Waits that a model in its own cycles explains.
    Waits(Waiting),
}

/// A point of simulated time: a count of cycles of a clock domain.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Instant {
    /// Cycles since the start of the run.
    pub cycles: u64,
    /// Cycles per second of the domain.
    pub hz: u64,
}

impl Instant {
    /// Attoseconds since the start of the run, rounded down, so that order is kept.
    #[must_use]
    pub fn attoseconds(self) -> u128 {
        u128::from(self.cycles) * 1_000_000_000_000_000_000 / u128::from(self.hz)
    }
}

/// What takes the time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Span {
    /// A server works for a token.
    Service {
        /// Token, chip and instruction that asked for it.
        place: Place,
        /// First cycle of the work within the window, in the server's own domain.
        begin: u64,
        /// Cycles of it within the window, in the server's own domain.
        cycles: u64,
    },
    /// A model in its own cycles explains a wait.
    Wait {
        /// What is waited for.
        cause: WaitCause,
        /// First cycle of it within the window, in the clock of the track.
        begin: u64,
        /// Cycles of it within the window, in the clock of the track.
        cycles: u64,
    },
    /// A token is in the machine.
    Token {
        /// Tokens that the sequence had finished before.
        token: u64,
    },
    /// A token is in a layer, as its first chip sees it.
    Layer {
        /// Layer, the head last.
        layer: u32,
    },
}

/// Receives spans.
pub trait Sink {
    /// A span begins. It lies within the spans of the track that have begun and not ended.
    fn begin(&mut self, track: Track, at: Instant, span: Span);
    /// The last span of the track that began ends.
    fn end(&mut self, track: Track, at: Instant);
}

/// Where a window begins and ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Tokens that finish before it.
    pub warm_up: u64,
    /// Tokens that finish within it.
    pub tokens: u64,
    /// Spans at which it ends early.
    pub spans: u64,
}

/// A recorded window.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Timeline {
    /// Its first cycle of the chip clock.
    pub from: u64,
    /// The cycle of the chip clock at which it ends.
    pub to: u64,
    /// Tokens that finished within it.
    pub tokens: u64,
    /// Spans of it.
    pub spans: u64,
    /// Whether all wanted tokens finished; otherwise the limit of spans ended it.
    pub complete: bool,
    /// Accounts of the units over the window.
    pub settled: Settled,
}
