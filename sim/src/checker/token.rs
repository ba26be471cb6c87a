//! The records of one token, by place.

use std::collections::BTreeMap;

use super::context::{At, Context};
use super::expected::Act;
use super::recording::Record;
use super::served::Served;
use super::violation::{Findings, TokenLayer, Violation};
use crate::schedule::trace::Place;
use crate::units::Unit;

/// Bytes from chip to chip, by layer and exchange within the layer.
pub(super) type Loads = BTreeMap<(u32, usize), BTreeMap<(u32, u32), u64>>;

/// What was recorded of a token.
#[derive(Debug, Default)]
pub(super) struct Token {
    pub sequence: u32,
    pub number: u64,
    pub position: u64,
    /// First and last time that an instruction was reached (it is reached again after a wait for a predecessor).
    pub reached: BTreeMap<At, (u64, u64)>,
    /// When the control unit issued an instruction, where that is simulated.
    pub issued: BTreeMap<At, u64>,
    pub served: BTreeMap<At, Vec<Served>>,
    /// Read of the embedding row by chip: the first request to HBM at the instruction that waits for it.
    pub rows: BTreeMap<u32, Served>,
    /// Bytes that links carried.
    pub links: Loads,
    /// Payload of messages.
    pub messages: Loads,
    /// Bytes that these messages put on links, by the checker's own packing.
    pub framed: Loads,
    /// Number and last arrival of messages by layer, phase and receiver.
    pub arrivals: BTreeMap<(u32, usize, u32), (u32, u64)>,
}

/// Sorts the records of a token (sequence, number) by place.
pub(super) fn collect(
    (sequence, number): (u32, u64),
    records: &[Record],
    context: &Context,
    findings: &mut Findings,
) -> Token {
    let position = context.position(sequence, number);
    let mut token = Token { sequence, number, position, ..Token::default() };
    let flits = context.subject.compiled.specs.cycle.as_ref().is_some_and(|cycle| cycle.effects.flits);
    for record in records {
        let place = record.place();
        let at = At { chip: place.chip, layer: place.layer, instr: place.instr };
        match *record {
            Record::Reached { now, .. } => {
                let times = token.reached.entry(at).or_insert((now, now));
                let before = times.1;
                findings.expect(now >= before, || Violation::ReachedEarlier { place, now, before });
                times.1 = now;
            }
            Record::Issued { now, .. } => {
                let once = token.issued.insert(at, now).is_none();
                findings.expect(once, || Violation::IssuedAgain { place, now });
            }
            Record::Served { unit: Unit::Links, index: link, work, .. } => {
                let ends = context.subject.compiled.specs.interconnect.ends(link);
                let sender = ends.0;
                findings.expect(sender == place.chip, || Violation::ForeignLink { place, link, sender });
                match context.act(at) {
                    // What flits occupy is compared with the messages link by link.
                    Some(Act::Exchange { .. }) if flits => {}
                    Some(Act::Exchange { exchange, .. }) => {
                        *token.links.entry((place.layer, *exchange)).or_default().entry(ends).or_default() += work;
                    }
                    _ => findings.expect(false, || Violation::SendsOutsideExchange { place }),
                }
            }
            Record::Served { unit: unit @ Unit::Hbm, index, now: asked, work, end, done, .. }
                if matches!(context.act(at), Some(Act::AwaitEmbedding { .. }))
                    && !token.rows.contains_key(&at.chip) =>
            {
                token.rows.insert(at.chip, Served { unit, index, asked, work, end, done });
            }
            Record::Served { unit, index, now: asked, work, end, done, .. } => {
                token.served.entry(at).or_default().push(Served { unit, index, asked, work, end, done });
            }
            Record::Message { phase, to, bytes, arrival, .. } => {
                let seen = token.arrivals.entry((place.layer, phase, to)).or_default();
                *seen = (seen.0 + 1, seen.1.max(arrival));
                if let Some(Act::Exchange { exchange, .. }) = context.act(at) {
                    let (key, ends) = ((place.layer, *exchange), (place.chip, to));
                    *token.messages.entry(key).or_default().entry(ends).or_default() += bytes;
                    *token.framed.entry(key).or_default().entry(ends).or_default() += context.framed(bytes);
                    if flits {
                        *token.links.entry(key).or_default().entry(ends).or_default() += context.framed(bytes);
                    }
                }
            }
        }
    }
    token
}

impl Token {
    /// The place `at` of this token.
    pub(super) fn place(&self, At { chip, layer, instr }: At) -> Place {
        Place { sequence: self.sequence, token: self.number, chip, layer, instr }
    }

    /// This token in `layer`.
    pub(super) fn layer(&self, layer: u32) -> TokenLayer {
        TokenLayer { sequence: self.sequence, token: self.number, layer }
    }
}
