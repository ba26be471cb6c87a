//! Cost of one token alone in the machine, on the chip with the most work: closed forms shared by the `serial` and
//! `lockstep` disciplines and the analytic fidelity. Times are cycles of the chip clock, data are bytes.

use super::instruction::Instr;
use super::program::{Compiled, Program};
use crate::energy::TokenActivity;
use crate::mapping::Mapping;
use crate::units::PerSpent;
use crate::units::hbm::Placement;

/// Bytes of a layer's cache that come from HBM for one token, on the chip with the most positions.
#[must_use]
pub fn streamed(program: &Program, placement: &Placement, context: u64, element_bytes: u64) -> u64 {
    let Some(attention) = &program.attention else { return 0 };
    placement.spilled_of(attention.positions_on_fullest(context) * attention.stored_elements * element_bytes)
}

/// Bytes of the embedding row of one token that a chip reads from HBM; 0 where the embedding is not simulated.
#[must_use]
pub fn embedding_bytes(compiled: &Compiled) -> u64 {
    let instrs = compiled.program(0).instrs.iter();
    instrs.map(|(_, instr)| if let Instr::AwaitEmbedding { bytes } = instr { *bytes } else { 0 }).sum()
}

/// Activity of one token at `context` in layer `layer` (the head is the last).
fn layer_activity(compiled: &Compiled, layer: usize, context: u64, placement: &Placement) -> TokenActivity {
    let program = compiled.program(layer);
    let mut sum = TokenActivity::default();
    for (_, instr) in &program.instrs {
        sum = sum.zip(compiled.events(program, instr, context, placement)).map(|(sum, one)| sum + one);
    }
    let (bytes, over) = compiled.link_bytes(layer);
    sum.link_bytes += bytes.iter().sum::<u64>() as f64 / over as f64;
    sum
}

/// Activity of one token at `context`; `head` includes unembedding and sampling.
#[must_use]
pub fn activity(compiled: &Compiled, context: u64, placement: &Placement, head: bool) -> TokenActivity {
    let layers = compiled.layers() + usize::from(head);
    // Layers of one kind differ at most in rotation, which moves bytes between links but not their sum.
    let mut counts = vec![(0u32, 0usize); compiled.programs.len()];
    for layer in 0..layers {
        let entry = &mut counts[compiled.sequence[layer]];
        *entry = (entry.0 + 1, layer);
    }
    let mut sum = TokenActivity::default();
    for (count, layer) in counts.into_iter().filter(|(count, _)| *count > 0) {
        let one = layer_activity(compiled, layer, context, placement);
        sum = sum.zip(one).map(|(sum, one)| sum + one * f64::from(count));
    }
    sum
}

/// Bytes one token puts on each link on average, layers (and head) together.
#[must_use]
pub fn link_bytes_per_token(compiled: &Compiled, head: bool) -> Vec<f64> {
    let mut sum = vec![0.0; compiled.specs.interconnect.links()];
    for (count, layer) in compiled.groups(head) {
        let (bytes, over) = compiled.link_bytes(layer);
        let weight = f64::from(count) / over as f64;
        sum.iter_mut().zip(bytes).for_each(|(sum, bytes)| *sum += *bytes as f64 * weight);
    }
    sum
}

/// Time of a layer alone in the machine, without waiting for its cache.
struct LayerAlone {
    spent: PerSpent<u64>,
    /// Cycles before and after the wait for the cache.
    parts: [u64; 2],
    /// Cycles its spilled cache takes to stream.
    stream: u64,
}

fn layer_alone(compiled: &Compiled, layer: usize, context: u64, placement: &Placement) -> LayerAlone {
    let program = compiled.program(layer);
    let bytes = streamed(program, placement, context, compiled.kv_element_bytes);
    let stream = compiled.specs.hbm.domain.to_reference(bytes);
    let mut alone = LayerAlone { spent: PerSpent::default(), parts: [0; 2], stream };
    let mut part = 0;
    for (_, instr) in &program.instrs {
        if *instr == Instr::AwaitKv {
            part = 1;
        }
        let cycles = compiled.alone_cycles(layer, instr, context);
        alone.spent[instr.class()] += cycles;
        alone.parts[part] += cycles;
    }
    alone
}

/// Tokens of a sequence alone in the machine until one is like the one before.
const ROUNDS: u32 = 3;

/// Time of one token alone in the machine, by class: no request waits for another token.
#[must_use]
pub fn alone(compiled: &Compiled, context: u64, placement: &Placement, head: bool) -> PerSpent<u64> {
    let groups: Vec<(usize, LayerAlone)> =
        compiled.groups(head).map(|(_, layer)| (layer, layer_alone(compiled, layer, context, placement))).collect();
    let of = |layer: usize| {
        let same = |&&(other, _): &&(usize, LayerAlone)| {
            compiled.sequence[other] == compiled.sequence[layer] && compiled.turn(other) == compiled.turn(layer)
        };
        &groups.iter().find(same).expect("every layer is in a group").1
    };
    let layers = compiled.layers() + usize::from(head);
    let mut spent = PerSpent::default();
    let row = compiled.specs.hbm.domain.to_reference(embedding_bytes(compiled));
    // A layer's spilled cache streams from the start of the layer before it, behind what is still streaming; the first one's from
    // the start of the head, or of the last layer where there is none. At the start of the first layer the row of the embedding is
    // read, behind the stream of that layer and before the stream of the next. Rounds are repeated until the streams of one token
    // have their place behind those of the token before.
    let (mut now, mut free, mut ready) = (0u64, 0u64, 0u64);
    for _ in 0..ROUNDS {
        spent = PerSpent::default();
        for layer in 0..layers {
            let here = of(layer);
            let arrives = ready;
            let mut waited = 0;
            if layer == 0 && row > 0 {
                let begins = free.max(now);
                waited = begins - now;
                free = begins + row;
            }
            let stream = of((layer + 1) % layers).stream;
            ready = now;
            if stream > 0 {
                free = free.max(now) + stream;
                ready = free;
            }
            now += waited + here.parts[0];
            let wait = arrives.saturating_sub(now);
            now += wait + here.parts[1];
            spent = spent.zip(here.spent).map(|(sum, one)| sum + one);
            spent.hbm += waited + wait;
        }
    }
    spent
}

/// Placement of the KV cache of `sequences` sequences of `context` positions.
#[must_use]
pub fn placement(compiled: &Compiled, mapping: &Mapping, context: u64, sequences: u64) -> Placement {
    let kv = mapping.kv_bytes_per_chip(context).saturating_mul(sequences);
    Placement::new(kv, compiled.specs.attention_buffer.capacity)
}
