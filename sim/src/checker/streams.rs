//! Streams from HBM: one for every layer of every token and chip, of the size of the spilled cache, one layer ahead.

use std::collections::BTreeMap;

use super::context::{At, Context};
use super::served::Served;
use super::token::Token;
use super::violation::{Findings, TokenLayer, Violation};
use crate::schedule::machine::Phase;
use crate::units::Unit;

/// Cycle at which each layer's cache has arrived from HBM, by sequence, chip, token and layer.
pub(super) type Streamed = BTreeMap<(u32, u32, u64, u32), u64>;

/// Matches streams with the layers they are for: the first token's first layer, then always the one after. The first
/// layer's cache is fetched during the last layer of the token before, for the position of the next token.
pub(super) fn streams(tokens: &[Token], context: &Context, findings: &mut Findings) -> Streamed {
    let mut streamed = Streamed::new();
    if context.subject.placement.spilled_bytes_per_chip == 0 {
        for token in tokens {
            let streams = token.served.values().flatten().filter(|s| s.unit == Unit::Hbm).count();
            let (sequence, token) = (token.sequence, token.number);
            findings.expect(streams == 0, || Violation::StreamsWithoutSpill { sequence, token, streams });
        }
        return streamed;
    }
    let layers = context.subject.mapping.layer_kinds.len() as u32;
    for tokens in tokens.chunk_by(|a, b| a.sequence == b.sequence) {
        for chip in 0..context.chips {
            chip_streams(tokens, chip, layers, context, &mut streamed, findings);
        }
    }
    streamed
}

/// Matches the streams of one chip with the layers of one sequence's `tokens`.
fn chip_streams(
    tokens: &[Token],
    chip: u32,
    layers: u32,
    context: &Context,
    streamed: &mut Streamed,
    findings: &mut Findings,
) {
    let sequence = tokens[0].sequence;
    let first = context.first_layer(sequence, tokens[0].number);
    let targets = targets(tokens, context);
    let wanted = targets.iter().enumerate().flat_map(|(number, &position)| {
        let from = if number == 0 { first } else { 0 };
        (from..layers).map(move |layer| (number as u64, layer, context.spilled(chip, layer, position)))
    });
    let of = |token: &'_ Token| -> Vec<(u64, u32, Served)> {
        let start = |chip| At { chip, layer: 0, instr: 0 };
        let here = token.served.range(start(chip)..start(chip + 1));
        here.flat_map(|(at, all)| all.iter().map(|s| (token.number, at.layer, *s))).collect()
    };
    let mut recorded = tokens.iter().flat_map(of).filter(|(_, _, s)| s.unit == Unit::Hbm);
    for (number, layer, bytes) in wanted {
        // A chip without positions in the window has nothing to stream.
        let done = if bytes == 0 {
            0
        } else {
            let Some((by, during, stream)) = recorded.next() else { break };
            let requested = match (number, layer) {
                (0, l) if l == first => (0, l),
                (n, 0) if context.streams_ahead() => (n - 1, context.layers - 1),
                (n, 0) => (n, 0),
                (n, l) => (n, l - 1),
            };
            let (found, expected) = ((stream.work, (by, during)), (bytes, requested));
            let at = TokenLayer { sequence, token: number, layer };
            findings.expect(found == expected, || Violation::Stream { at, chip, found, expected });
            context.arrival(&stream)
        };
        streamed.insert((sequence, chip, number, layer), done);
    }
    let streams = recorded.count();
    findings.expect(streams == 0, || Violation::ExtraStreams { sequence, chip, streams });
}

/// Positions for which the caches of a sequence's tokens are fetched, the one after the last recorded token included.
fn targets(sequence: &[Token], context: &Context) -> Vec<u64> {
    let load = context.subject.load;
    let end = match load.phase {
        Phase::Decode => u64::MAX,
        Phase::Prefill => load.context + load.prompt_tokens,
    };
    let after = sequence.last().map(|t| context.position(t.sequence, t.number + 1)).filter(|p| *p < end);
    sequence.iter().map(|t| t.position).chain(after).collect()
}
