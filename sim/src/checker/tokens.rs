//! Tokens one by one: order of instructions, causes before effects, latency.
//!
//! A chip continues exactly at `max(reached, everything the instruction waits for)`: results of its own requests, the
//! last message of a phase, the streamed cache, in prefill the predecessor's cache entry.

use std::collections::BTreeMap;

use super::context::{At, Context};
use super::expected::Act;
use super::issue;
use super::recording::{Record, Recording, Subject};
use super::streams::{Streamed, streams};
use super::token::{Token, collect};
use super::violation::{Counter, Findings, Violation};
use super::work;
use crate::schedule::machine::{Phase, Start};
use crate::units::Unit;

/// Checks all tokens, given their records.
pub(super) fn check(
    recording: &Recording,
    records: &BTreeMap<(u32, u64), Vec<Record>>,
    subject: &Subject,
    findings: &mut Findings,
) {
    let context = Context::new(subject);
    let tokens: Vec<Token> = records.iter().map(|(key, records)| collect(*key, records, &context, findings)).collect();
    let streamed = streams(&tokens, &context, findings);
    let mut gates = BTreeMap::new();
    let mut totals = Totals::default();
    for token in &tokens {
        order(token, &context, &streamed, &mut gates, findings);
        work::check(token, &context, &mut totals.work, findings);
        if let Some((from, to)) = lifetime(token, &context, &streamed) {
            totals.finish(from, to, recording.end, !uncounted(token, subject));
        }
    }
    predecessors(&gates, subject, findings);
    if let Some(cycles) = context.issue_cycles() {
        issue::check(&tokens, cycles, findings);
    }
    totals.compare(recording, findings);
}

/// Whether a token may begin in the middle of the model and so has no latency.
fn uncounted(token: &Token, subject: &Subject) -> bool {
    subject.load.start == Start::Spread && token.number == 0
}

/// Cycle at which a chip continues from `at`, by everything it waits for.
fn completion(token: &Token, at: At, context: &Context, streamed: &Streamed) -> Option<u64> {
    let At { chip, layer, .. } = at;
    let (_, reached) = *token.reached.get(&at)?;
    // Where instructions are issued one after the other, nothing happens before that.
    let begun = match (context.issue_cycles(), context.act(at)?) {
        (Some(_), act) if !act.waits() => *token.issued.get(&at)?,
        _ => reached,
    };
    let own = token.served.get(&at).into_iter().flatten().filter(|s| s.unit != Unit::Hbm).map(|s| s.done);
    let waited = match context.act(at)? {
        Act::AwaitEmbedding { .. } => Some(context.arrival(token.rows.get(&chip)?)),
        Act::AwaitKv => streamed.get(&(token.sequence, chip, token.number, layer)).copied(),
        Act::Exchange { exchange, phase } => {
            let phase = context.layer(layer).exchanges[*exchange].first_phase + phase;
            token.arrivals.get(&(layer, phase, chip)).map(|(_, last)| *last)
        }
        _ => None,
    };
    Some(own.chain(waited).fold(begun, u64::max))
}

/// Whether the models in their own cycles decide when a chip continues, so that [`completion`] is the earliest time.
fn bounded(act: &Act, context: &Context) -> bool {
    let Some(cycle) = &context.subject.compiled.specs.cycle else { return false };
    match act {
        Act::AwaitEmbedding { .. } | Act::AwaitKv => cycle.effects.dram,
        Act::Scores | Act::Values => cycle.effects.banks,
        _ => false,
    }
}

/// Times of first reaching and of passing the wait for the cache, by chip, layer and position.
type Gates = BTreeMap<(u32, u32, u64), (u64, u64)>;

fn order(token: &Token, context: &Context, streamed: &Streamed, gates: &mut Gates, findings: &mut Findings) {
    let first = context.first_layer(token.sequence, token.number);
    for (&at, &(reached, again)) in &token.reached {
        let place = token.place(at);
        let Some(act) = context.act(at) else {
            findings.expect(false, || Violation::NoInstruction { place });
            continue;
        };
        let before = if at.instr > 0 {
            Some(At { instr: at.instr - 1, ..at })
        } else if at.layer > first {
            let layer = at.layer - 1;
            Some(At { layer, instr: context.layer(layer).acts.len() as u32 - 1, ..at })
        } else {
            None
        };
        if let Some(before) = before {
            findings.expect(token.reached.contains_key(&before), || Violation::Skipped { place });
        }
        let next = token.reached.get(&context.next(at));
        if *act == Act::AwaitKv {
            gates.insert((at.chip, at.layer, token.position), (reached, if next.is_some() { again } else { u64::MAX }));
        } else {
            findings.expect(again == reached, || Violation::ReachedAgain { place, first: reached, again });
        }
        let Some(&(next, _)) = next else { continue };
        let expected = completion(token, at, context, streamed);
        let continues = if bounded(act, context) { Some(next) >= expected } else { Some(next) == expected };
        findings.expect(continues, || Violation::Continues { place, next, expected });
        match act {
            Act::AwaitKv => {
                let needs = context.subject.placement.spilled_bytes_per_chip > 0;
                let has = streamed.contains_key(&(token.sequence, at.chip, token.number, at.layer));
                findings.expect(has || !needs, || Violation::CacheNeverCame { place });
            }
            Act::Exchange { exchange, phase } => received(token, at, *exchange, *phase, context, findings),
            _ => {}
        }
    }
}

/// Checks that a chip that continues from a phase has received all messages of its collectives.
fn received(token: &Token, at: At, exchange: usize, phase: usize, context: &Context, findings: &mut Findings) {
    let At { chip, layer, .. } = at;
    let exchange = &context.layer(layer).exchanges[exchange];
    let Some(mut expected) = exchange.incoming[phase] else { return };
    let grid = context.subject.mapping.grid;
    let (row, one) = context.owner(layer, token.position);
    if exchange.owner_phases[0] == Some(phase) && chip / grid.columns == row {
        expected += grid.rows - 1;
    }
    if exchange.owner_phases[1] == Some(phase) && chip == one {
        expected += grid.columns - 1;
    }
    let found = token.arrivals.get(&(layer, exchange.first_phase + phase, chip)).map_or(0, |(count, _)| *count);
    let place = token.place(at);
    findings.expect(found == expected, || Violation::MessageCount { place, found, expected });
}

/// In prefill a token passes the wait for the cache when it is there and its predecessor has passed.
fn predecessors(gates: &Gates, subject: &Subject, findings: &mut Findings) {
    for (&(chip, layer, position), &(reached, passed)) in gates.iter().filter(|(_, (_, passed))| *passed != u64::MAX) {
        let before = match subject.load.phase {
            Phase::Prefill if position > subject.load.context => gates.get(&(chip, layer, position - 1)).map(|g| g.1),
            _ => Some(0),
        };
        let expected = before.map(|b| b.max(reached));
        let violation = || Violation::Predecessor { chip, layer, position, passed, expected };
        findings.expect(Some(passed) == expected, violation);
    }
}

/// Start and end of a token; `None` while it is in flight.
fn lifetime(token: &Token, context: &Context, streamed: &Streamed) -> Option<(u64, u64)> {
    let last = context.layers - 1;
    let instr = context.layer(last).acts.len() as u32 - 1;
    let start =
        token.reached.get(&At { chip: 0, layer: context.first_layer(token.sequence, token.number), instr: 0 })?.0;
    let mut end = 0;
    for chip in 0..context.chips {
        end = completion(token, At { chip, layer: last, instr }, context, streamed)?.max(end);
    }
    Some((start, end))
}

/// Sums over tokens, to compare with the machine's counters.
#[derive(Default)]
struct Totals {
    /// Tokens, and cycles of those counted, that ended before the end, and at the end at the latest.
    before: (u64, u64),
    until: (u64, u64),
    work: work::Sums,
}

impl Totals {
    fn finish(&mut self, from: u64, to: u64, end: u64, counted: bool) {
        let cycles = if counted { to - from } else { 0 };
        if to < end {
            self.before = (self.before.0 + 1, self.before.1 + cycles);
        }
        if to <= end {
            self.until = (self.until.0 + 1, self.until.1 + cycles);
        }
    }

    fn compare(&self, recording: &Recording, findings: &mut Findings) {
        let activity = &recording.activity;
        // Of the tokens that end in the last cycle, the machine may have seen some.
        let (counted, least, most) = (activity.tokens, self.before.0, self.until.0);
        let within = (least..=most).contains(&counted);
        findings.expect(within, || Violation::TokenCount { counted, least, most });
        let (counted, least, most) = (activity.latency_cycles, self.before.1, self.until.1);
        let within = (least..=most).contains(&counted);
        findings.expect(within, || Violation::LatencySum { counted, least, most });
        for (counter, found, expected) in [
            (Counter::CyclesByClass, activity.spent.values().sum(), activity.latency_cycles),
            (Counter::HnWeights, activity.events.hn_weights, self.work.weights),
            (Counter::VexOperations, activity.events.vex_operations, self.work.vex_operations),
            (Counter::BufferBytes, activity.events.buffer_bytes, self.work.buffer_bytes),
            (Counter::LinkBytes, activity.events.link_bytes, self.work.link_bytes),
            (Counter::HbmBytes, activity.events.hbm_bytes, self.work.hbm_bytes),
        ] {
            findings.expect(found == expected, || Violation::Counted { counter, found, expected });
        }
    }
}
