//! Tokens one by one: order of instructions, causes before effects, latency.
//!
//! A chip goes on at `max(reached, everything the instruction waits for)`, exactly: results of its own requests,
//! the last message of a phase, the streamed cache, in prefill the predecessor's cache entry.

use std::collections::BTreeMap;

use super::expected::{Act, Expected, owner};
use super::streams::{Streamed, streams};
use super::{Findings, Law, Record, Recording, Subject, work};
use crate::schedule::machine::{Phase, Start};
use crate::schedule::trace::Unit;

/// Chip, layer, instruction.
pub(super) type At = (u32, u32, u32);
/// Bytes from chip to chip, by layer and exchange within the layer.
pub(super) type Loads = BTreeMap<(u32, usize), BTreeMap<(u32, u32), u64>>;

/// A request that was served.
#[derive(Debug, Clone, Copy)]
pub(super) struct Served {
    pub unit: Unit,
    pub index: usize,
    pub work: u64,
    pub end: u64,
    pub done: u64,
}

/// What was recorded of a token.
#[derive(Debug, Default)]
pub(super) struct Token {
    pub sequence: u32,
    pub number: u64,
    pub position: u64,
    /// First and last time that an instruction was reached (it is reached again after a wait for a predecessor).
    pub reached: BTreeMap<At, (u64, u64)>,
    pub served: BTreeMap<At, Vec<Served>>,
    pub links: Loads,
    pub messages: Loads,
    /// Number and last arrival of messages by layer, phase and receiver.
    arrivals: BTreeMap<(u32, usize, u32), (u32, u64)>,
}

/// What all checks of tokens share.
pub(super) struct Context<'a> {
    pub subject: &'a Subject<'a>,
    pub chips: u32,
    /// Layers a token passes, the head included in decode.
    pub layers: u32,
    kinds: Vec<Expected>,
}

impl Context<'_> {
    /// What a layer (the head is the last) must do.
    pub(super) fn layer(&self, layer: u32) -> &Expected {
        let last = self.kinds.len() - 1;
        &self.kinds[self.subject.mapping.layer_kinds.get(layer as usize).copied().unwrap_or(last)]
    }

    /// Act at a place, if there is one.
    pub(super) fn act(&self, (_, layer, instr): At) -> Option<&Act> {
        self.layer(layer).acts.get(instr as usize)
    }

    /// Layer a token begins at.
    pub(super) fn first_layer(&self, token: &Token) -> u32 {
        let load = self.subject.load;
        match load.start {
            // Sequences beyond the places of the pipeline come later and begin at the beginning.
            Start::Spread if token.number == 0 && u64::from(token.sequence) < self.subject.mapping.stages() => {
                let layers = self.subject.mapping.layer_kinds.len() as u64;
                (u64::from(token.sequence) * layers / u64::from(load.sequences)) as u32
            }
            _ => 0,
        }
    }

    fn next(&self, (chip, layer, instr): At) -> At {
        if (instr as usize) + 1 < self.layer(layer).acts.len() {
            (chip, layer, instr + 1)
        } else {
            (chip, layer + 1, 0)
        }
    }

    /// Cached positions that `chip` reads in `layer` for a token at `position`.
    pub(super) fn positions(&self, chip: u32, layer: u32, position: u64) -> Option<u64> {
        let kind = *self.subject.mapping.layer_kinds.get(layer as usize)?;
        let attention = self.subject.mapping.kinds[kind].attention?;
        let context = position + 1;
        let first = attention.window.map_or(0, |w| context.saturating_sub(w.into()));
        let stripe =
            u64::from(if attention.stripes == self.chips { chip } else { chip / self.subject.mapping.grid.columns });
        let below = |end: u64| if end > stripe { (end - stripe - 1) / u64::from(attention.stripes) + 1 } else { 0 };
        Some(below(context) - below(first))
    }

    /// Row and chip that take the token's cache entry in `layer`.
    pub(super) fn owner(&self, layer: u32, position: u64) -> (u32, u32) {
        let kind = self.subject.mapping.layer_kinds.get(layer as usize);
        let stripes = kind.and_then(|&k| self.subject.mapping.kinds[k].attention).map_or(1, |a| a.stripes);
        owner(position, stripes, self.subject.mapping.grid)
    }

    /// Bytes of the cache of `layer` that `chip` streams for a token at `position`.
    pub(super) fn spilled(&self, chip: u32, layer: u32, position: u64) -> u64 {
        let placement = &self.subject.placement;
        let kind = self.subject.mapping.layer_kinds[layer as usize];
        let Some(attention) = self.subject.mapping.kinds[kind].attention else { return 0 };
        let positions = self.positions(chip, layer, position).unwrap_or(0);
        let bytes = positions * attention.stored_elements * u64::from(self.subject.mapping.options().kv_element_bytes);
        if placement.spilled_bytes_per_chip == 0 {
            return 0;
        }
        (u128::from(bytes) * u128::from(placement.spilled_bytes_per_chip)).div_ceil(placement.kv_bytes_per_chip.into())
            as u64
    }
}

/// Checks all tokens, given their records.
pub(super) fn check(
    recording: &Recording,
    records: &BTreeMap<(u32, u64), Vec<Record>>,
    subject: &Subject,
    findings: &mut Findings,
) {
    let mapping = subject.mapping;
    let plans = mapping.kinds.iter().chain([&mapping.head]);
    let context = Context {
        subject,
        chips: mapping.grid.chips(),
        layers: mapping.layer_kinds.len() as u32 + u32::from(subject.load.phase == Phase::Decode),
        kinds: plans.map(|plan| Expected::new(subject.design, mapping, plan)).collect(),
    };
    let tokens: Vec<Token> = records
        .iter()
        .map(|(key, records)| collect(*key, position(*key, subject), records, &context, findings))
        .collect();
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
    totals.compare(recording, findings);
}

/// A token that may begin in the middle of the model has no latency.
fn uncounted(token: &Token, subject: &Subject) -> bool {
    subject.load.start == Start::Spread && token.number == 0
}

/// Position of a token: sequences are spread over the stripes in decode, take turns in prefill.
fn position((sequence, number): (u32, u64), subject: &Subject) -> u64 {
    let stripes = subject.mapping.kinds.iter().find_map(|k| k.attention).map_or(1, |a| u64::from(a.stripes));
    let load = subject.load;
    match load.phase {
        Phase::Decode => load.context - 1 + u64::from(sequence) % stripes + number,
        Phase::Prefill => load.context + u64::from(sequence) + number * places(subject),
    }
}

/// Prompt tokens in flight: as many as asked for, as places in the pipeline, or as the prompt has.
pub(super) fn places(subject: &Subject) -> u64 {
    u64::from(subject.load.sequences).min(subject.mapping.stages()).min(subject.load.prompt_tokens)
}

fn collect(
    (sequence, number): (u32, u64),
    position: u64,
    records: &[Record],
    context: &Context,
    findings: &mut Findings,
) -> Token {
    let mut token = Token { sequence, number, position, ..Token::default() };
    for record in records {
        let place = record.place();
        let at = (place.chip, place.layer, place.instr);
        match *record {
            Record::Reached { now, .. } => {
                let times = token.reached.entry(at).or_insert((now, now));
                findings.expect(now >= times.1, Law::Causality, || format!("{place:?} reached at {now} again"));
                times.1 = now;
            }
            Record::Served { unit: Unit::Link, index, work, .. } => {
                let ends = context.subject.compiled.specs.interconnect.ends(index);
                findings.equal(ends.0, place.chip, Law::Bytes, || format!("sender on link {index} of {place:?}"));
                match context.act(at) {
                    Some(Act::Exchange { exchange, .. }) => {
                        *token.links.entry((place.layer, *exchange)).or_default().entry(ends).or_default() += work;
                    }
                    other => findings.expect(false, Law::Bytes, || format!("{place:?} sends during {other:?}")),
                }
            }
            Record::Served { unit, index, work, end, done, .. } => {
                token.served.entry(at).or_default().push(Served { unit, index, work, end, done });
            }
            Record::Message { phase, to, bytes, arrival, .. } => {
                let seen = token.arrivals.entry((place.layer, phase, to)).or_default();
                *seen = (seen.0 + 1, seen.1.max(arrival));
                if let Some(Act::Exchange { exchange, .. }) = context.act(at) {
                    let loads = token.messages.entry((place.layer, *exchange)).or_default();
                    *loads.entry((place.chip, to)).or_default() += bytes;
                }
            }
        }
    }
    token
}

/// Cycle at which a chip goes on from `at`, by everything it waits for.
fn completion(token: &Token, at: At, context: &Context, streamed: &Streamed) -> Option<u64> {
    let (chip, layer, _) = at;
    let (_, reached) = *token.reached.get(&at)?;
    let own = token.served.get(&at).into_iter().flatten().filter(|s| s.unit != Unit::Hbm).map(|s| s.done);
    let waited = match context.act(at)? {
        Act::AwaitKv => streamed.get(&(token.sequence, chip, token.number, layer)).copied(),
        Act::Exchange { exchange, phase } => {
            let phase = context.layer(layer).exchanges[*exchange].first_phase + phase;
            token.arrivals.get(&(layer, phase, chip)).map(|(_, last)| *last)
        }
        _ => None,
    };
    Some(own.chain(waited).fold(reached, u64::max))
}

/// Times of first reaching and of passing the wait for the cache, by chip, layer and position.
type Gates = BTreeMap<(u32, u32, u64), (u64, u64)>;

fn order(token: &Token, context: &Context, streamed: &Streamed, gates: &mut Gates, findings: &mut Findings) {
    let whom =
        |at: At| format!("sequence {} token {} at (chip, layer, instruction) {at:?}", token.sequence, token.number);
    let first = context.first_layer(token);
    for (&at, &(reached, again)) in &token.reached {
        let Some(act) = context.act(at) else {
            findings.expect(false, Law::Causality, || format!("{}: no such instruction", whom(at)));
            continue;
        };
        let before = if at.2 > 0 {
            Some((at.0, at.1, at.2 - 1))
        } else if at.1 > first {
            Some((at.0, at.1 - 1, context.layer(at.1 - 1).acts.len() as u32 - 1))
        } else {
            None
        };
        if let Some(before) = before {
            findings.expect(token.reached.contains_key(&before), Law::Causality, || {
                format!("{}: reached without the one before", whom(at))
            });
        }
        let next = token.reached.get(&context.next(at));
        if *act == Act::AwaitKv {
            gates.insert((at.0, at.1, token.position), (reached, if next.is_some() { again } else { u64::MAX }));
        } else {
            findings.equal(again, reached, Law::Causality, || format!("{}: reached again", whom(at)));
        }
        let Some(&(next, _)) = next else { continue };
        findings.equal(Some(next), completion(token, at, context, streamed), Law::Causality, || {
            format!("{}: goes on from {act:?}", whom(at))
        });
        match act {
            Act::AwaitKv => {
                let needs = context.subject.placement.spilled_bytes_per_chip > 0;
                let has = streamed.contains_key(&(token.sequence, at.0, token.number, at.1));
                findings.expect(has || !needs, Law::Causality, || format!("{}: its cache never came", whom(at)));
            }
            Act::Exchange { exchange, phase } => received(token, at, *exchange, *phase, context, findings),
            _ => {}
        }
    }
}

/// A chip that went on from a phase has received as many messages as its collectives send it.
fn received(token: &Token, at: At, exchange: usize, phase: usize, context: &Context, findings: &mut Findings) {
    let (chip, layer, _) = at;
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
    let got = token.arrivals.get(&(layer, exchange.first_phase + phase, chip)).map_or(0, |(count, _)| *count);
    findings.equal(got, expected, Law::Causality, || {
        format!("messages for sequence {} token {} at {at:?}", token.sequence, token.number)
    });
}

/// In prefill a token passes the wait for the cache when it is there and its predecessor has passed.
fn predecessors(gates: &Gates, subject: &Subject, findings: &mut Findings) {
    for (&(chip, layer, position), &(reached, passed)) in gates.iter().filter(|(_, (_, passed))| *passed != u64::MAX) {
        let before = match subject.load.phase {
            Phase::Prefill if position > subject.load.context => gates.get(&(chip, layer, position - 1)).map(|g| g.1),
            _ => Some(0),
        };
        findings.equal(Some(passed), before.map(|b| b.max(reached)), Law::Causality, || {
            format!("position {position} passes the cache of layer {layer} on chip {chip}")
        });
    }
}

/// Start and end of a token; `None` while it is under way.
fn lifetime(token: &Token, context: &Context, streamed: &Streamed) -> Option<(u64, u64)> {
    let last = context.layers - 1;
    let instr = context.layer(last).acts.len() as u32 - 1;
    let start = token.reached.get(&(0, context.first_layer(token), 0))?.0;
    let mut end = 0;
    for chip in 0..context.chips {
        end = completion(token, (chip, last, instr), context, streamed)?.max(end);
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
        let within = |value, low, high| value >= low && value <= high;
        findings.expect(within(activity.tokens, self.before.0, self.until.0), Law::Accounts, || {
            format!("{} tokens counted, {} to {} finished", activity.tokens, self.before.0, self.until.0)
        });
        findings.expect(within(activity.latency_cycles, self.before.1, self.until.1), Law::Accounts, || {
            format!(
                "latencies of {} cycles counted, {} to {} passed",
                activity.latency_cycles, self.before.1, self.until.1
            )
        });
        findings
            .equal(activity.spent.iter().sum(), activity.latency_cycles, Law::Accounts, || "time by class".to_owned());
        let work = work::Sums {
            weights: activity.hn_weights,
            vex_operations: activity.vex_operations,
            buffer_bytes: activity.buffer_bytes,
            link_bytes: activity.link_bytes,
            hbm_bytes: activity.hbm_bytes,
        };
        findings.equal(work, self.work, Law::Accounts, || "counters".to_owned());
    }
}
