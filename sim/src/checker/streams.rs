//! Streams from HBM: one for every layer of every token and chip, as large as what was spilled, a layer ahead.

use std::collections::BTreeMap;

use super::tokens::{Context, Served, Token, places};
use super::{Findings, Law};
use crate::schedule::machine::Phase;
use crate::schedule::trace::Unit;

/// When each layer's cache has come from HBM, by sequence, chip, token and layer.
pub(super) type Streamed = BTreeMap<(u32, u32, u64, u32), u64>;

/// Matches streams with the layers they are for: the first token's first layer, then always the one after. The first
/// layer's cache is fetched while the token before is at work, for the position where the next one is bound to be.
pub(super) fn streams(tokens: &[Token], context: &Context, findings: &mut Findings) -> Streamed {
    let mut streamed = Streamed::new();
    if context.subject.placement.spilled_bytes_per_chip == 0 {
        for token in tokens {
            let all = token.served.values().flatten().filter(|s| s.unit == Unit::Hbm).count();
            findings.equal(all, 0, Law::Operations, || "streams though nothing is spilled".to_owned());
        }
        return streamed;
    }
    let layers = context.subject.mapping.layer_kinds.len() as u32;
    for sequence in tokens.chunk_by(|a, b| a.sequence == b.sequence) {
        let first = context.first_layer(&sequence[0]);
        let positions = targets(sequence, context);
        let mut targets = Vec::new();
        for (number, position) in positions.iter().enumerate() {
            let from = if number == 0 { first } else { 0 };
            targets.extend((from..layers).map(|layer| (number as u64, layer, *position)));
        }
        for chip in 0..context.chips {
            let mut expected = targets.iter().map(|&(n, l, position)| (n, l, context.spilled(chip, l, position)));
            let of = |t: &'_ Token| -> Vec<(u64, u32, Served)> {
                let here = t.served.range((chip, 0, 0)..(chip + 1, 0, 0));
                here.flat_map(|(at, all)| all.iter().map(|s| (t.number, at.1, *s))).collect()
            };
            let mut recorded = sequence.iter().flat_map(of).filter(|(_, _, s)| s.unit == Unit::Hbm);
            // A chip without positions in the window has nothing to stream.
            for (number, layer, bytes) in &mut expected {
                let done = match bytes {
                    0 => 0,
                    _ => {
                        let Some((by, during, stream)) = recorded.next() else { break };
                        let asked = match (number, layer) {
                            (0, l) if l == first => (0, l),
                            (n, 0) => (n - 1, context.layers - 1),
                            (n, l) => (n, l - 1),
                        };
                        findings.equal((stream.work, (by, during)), (bytes, asked), Law::Operations, || {
                            format!("bytes streamed by chip {chip} for sequence {} token {number} layer {layer}, asked in (token, layer)", sequence[0].sequence)
                        });
                        stream.done
                    }
                };
                streamed.insert((sequence[0].sequence, chip, number, layer), done);
            }
            findings.equal(recorded.count(), 0, Law::Operations, || {
                format!("streams of chip {chip} for no layer of sequence {}", sequence[0].sequence)
            });
        }
    }
    streamed
}

/// Positions for which the caches of a sequence's tokens are fetched, the one after the last recorded token included.
fn targets(sequence: &[Token], context: &Context) -> Vec<u64> {
    let load = context.subject.load;
    let (step, end) = match load.phase {
        Phase::Decode => (1, u64::MAX),
        Phase::Prefill => (places(context.subject), load.context + load.prompt_tokens),
    };
    let after = sequence.last().map(|t| t.position + step).filter(|p| *p < end);
    sequence.iter().map(|t| t.position).chain(after).collect()
}
