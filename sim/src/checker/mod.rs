//! Checks a recorded run against the laws of the machine, by a logic of its own.
//!
//! A [`Recorder`] records a run; [`check`] returns every [`Violation`] that it finds. The checker uses the figures of the
//! design, the operations of the mapping and closed forms of the collectives, but neither the state of the machine nor
//! the message schedules.
//!
//! # Laws
//!
//! Notation: `f` is the chip clock; a server with `hz` cycles per second of its own counts time in own cycles; a
//! request made at chip cycle `t` with work `w` is served in own cycles `[end - w, end)` and has its result at chip
//! cycle `done`; `start = end - w`; `own(t) = ceil(t hz / f)`; `chip(e) = ceil(e f / hz)`.
//!
//! 1. [`Law::Server`]. For the requests of one server in the order of recording, with `free` the end of the request
//!    before (0 at first): `t` does not fall, and `start = max(own(t), free)`. Hence service is exclusive, first come
//!    first served, never early and never idle while a request waits. `done = chip(end) + latency`; for a pass of
//!    the array, whose latency is the depth of its matrix, `done > chip(end)` here and law 3 fixes the depth.
//! 2. [`Law::Bytes`]. A chip sends only on its own links and only in exchanges. For every token, layer and exchange,
//!    messages and links carry the same bytes between the same chips; the owner of the new cache entry receives
//!    exactly that entry; the remaining loads of every sender, sorted, equal the closed form of the collectives, and so
//!    does their sum.
//! 3. [`Law::Operations`]. For every token, layer and chip: every matrix of the step is passed once, with the serial
//!    cycles and the depth of its shape; as many different experts as the model says are used, the same ones in every
//!    pass of the layer; non-linear work is the elements of the step over the lanes; the cached positions read over all
//!    chips are the visible ones, once per part of the heads; the bytes streamed from HBM are those of the spilled
//!    share of the positions, requested one layer ahead; where the embedding table lies in HBM, every chip reads its part of
//!    the token's row once.
//! 4. [`Law::Causality`]. A chip that reaches an instruction at `r` reaches the next one at the maximum of `r` and the
//!    times of everything the instruction waits for: results of its own requests, the last message of the phase (of
//!    which there are exactly as many as the collectives send), the embedding row, the streamed cache, in prefill the
//!    cache entry of the predecessor.
//! 5. [`Law::Accounts`]. Busy cycles of every account are the recorded work; busy and idle cycles add up to the elapsed
//!    time; tokens, latencies and counters are the sums over the recording; a token's cycles by class add up to its
//!    latency.
//!
//! Where links, memory or buffer are simulated in their own cycles ([`crate::cycle`]), laws 1 and 4 read:
//!
//! - A message occupies its link for its flits and their waits for credits, and has its result when the last flit has left the
//!   receive buffer, both by the history of all flits of the link.
//! - The control unit of a chip issues an instruction when it is reached, or in the first cycle after it in which it is free.
//! - A chip continues from a wait for HBM not before the bytes can have come at the full bandwidth, and from a read of the
//!   buffer not before its full rate allows; [`crate::dram::checker`] proves the commands of the memories.
//!
//! Not checked, because [`crate::schedule::machine`] may choose: which experts the router draws, and along which path
//! a token's time is attributed to classes.

mod context;
mod expected;
mod flits;
mod issue;
mod recording;
mod served;
mod servers;
mod streams;
mod token;
mod tokens;
mod violation;
mod work;

use std::collections::BTreeMap;

pub use recording::{Record, Recorder, Recording, Subject, record};
use violation::Findings;
pub use violation::{Counter, ExchangeId, Law, ServerId, TokenLayer, Violation};

/// Violations of the laws in `recording`, the first 64; empty if the run is correct.
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
