//! What one token costs without anybody else in the machine, on the fullest chip; closed forms shared by
//! the `serial` and `lockstep` disciplines and the analytic fidelity. Cycles of the chip clock, bytes.

use super::machine::{SPENT, Spent};
use super::program::{Compiled, Instr, Program};
use crate::energy::TokenActivity;
use crate::mapping::{AttentionCost, Mapping};
use crate::units::Specs;
use crate::units::hbm::Placement;

/// Cycles of an instruction that needs no shared resource; the critical chip has one active expert.
#[must_use]
pub fn compute_cycles(specs: &Specs, instr: &Instr) -> u64 {
    match instr {
        Instr::Hn { fixed, expert, .. } => {
            fixed.iter().chain(expert.iter()).map(|(_, pass, _)| pass.latency()).max().unwrap_or(0)
        }
        Instr::Nonlinear { fixed, per_expert } => {
            specs.vex.nonlinear_service(fixed + per_expert) + specs.vex.nonlinear_latency()
        }
        _ => 0,
    }
}

/// Bytes an attention instruction reads from the buffer and vector operations it takes, fullest chip.
#[must_use]
pub fn attention_work(attention: &AttentionCost, scores: bool, context: u64, element_bytes: u64) -> (u64, u64) {
    let positions = attention.positions_on_fullest(context);
    let (elements, vectors) = if scores {
        (attention.score_elements, attention.score_vectors)
    } else {
        (attention.value_elements, attention.value_vectors)
    };
    (positions * elements * element_bytes, positions * vectors)
}

/// Bytes of a layer's cache that come from HBM for one token, fullest chip.
#[must_use]
pub fn streamed(program: &Program, placement: &Placement, context: u64, element_bytes: u64) -> u64 {
    let Some(attention) = &program.attention else { return 0 };
    placement.spilled_of(attention.positions_on_fullest(context) * attention.stored_elements * element_bytes)
}

/// Activity of one token at `context` in layer `layer` (the head is the last).
fn layer_activity(compiled: &Compiled, layer: usize, context: u64, placement: &Placement) -> TokenActivity {
    let program = compiled.program(layer);
    let chips = f64::from(compiled.specs.interconnect.grid.chips());
    let mut sum = TokenActivity::default();
    let per_token = f64::from(program.experts.per_token);
    for (_, instr) in &program.instrs {
        sum.steps += chips;
        match instr {
            Instr::Hn { fixed, expert, .. } => {
                sum.hn_weights += fixed.map_or(0.0, |(_, _, w)| w as f64 * chips);
                sum.hn_weights += expert.map_or(0.0, |(_, _, w)| w as f64 * per_token);
            }
            Instr::Nonlinear { fixed, per_expert } => {
                sum.vex_operations += *fixed as f64 * chips + *per_expert as f64 * per_token;
            }
            _ => {}
        }
    }
    if let Some(attention) = &program.attention {
        // Every stripe is held by chips / stripes chips, each with its own heads' part.
        let copies = chips / f64::from(attention.stripes);
        let positions = attention.visible(context) as f64 * copies;
        let bytes = compiled.kv_element_bytes as f64;
        sum.vex_operations += positions * attention.macs as f64;
        sum.buffer_bytes += positions * (attention.score_elements + attention.value_elements) as f64 * bytes;
        let share = if placement.kv_bytes_per_chip == 0 {
            0.0
        } else {
            placement.spilled_bytes_per_chip as f64 / placement.kv_bytes_per_chip as f64
        };
        sum.hbm_bytes += positions * attention.stored_elements as f64 * bytes * share;
    }
    let (bytes, over) = compiled.link_bytes(layer);
    sum.link_bytes += bytes.iter().sum::<u64>() as f64 / over as f64;
    sum
}

/// Activity of one token at `context`; with the head only where `head` says so.
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
        sum.iter_mut().zip(bytes).for_each(|(sum, bytes)| *sum += bytes as f64 * weight);
    }
    sum
}

/// A layer's time alone in the machine, waiting for its cache left out.
struct LayerAlone {
    spent: [u64; SPENT],
    /// Cycles before and after the wait for the cache.
    parts: [u64; 2],
    /// Cycles its spilled cache takes to stream.
    stream: u64,
}

fn layer_alone(compiled: &Compiled, layer: usize, context: u64, placement: &Placement) -> LayerAlone {
    let specs = &compiled.specs;
    let program = compiled.program(layer);
    let bytes = streamed(program, placement, context, compiled.kv_element_bytes);
    let mut alone = LayerAlone { spent: [0; SPENT], parts: [0; 2], stream: specs.hbm.domain.to_reference(bytes) };
    let mut part = 0;
    for (_, instr) in &program.instrs {
        let (class, cycles) = match instr {
            Instr::Hn { .. } => (Spent::Projection, compute_cycles(specs, instr)),
            Instr::Nonlinear { .. } => (Spent::Nonlinear, compute_cycles(specs, instr)),
            Instr::AwaitKv => {
                part = 1;
                continue;
            }
            Instr::Scores | Instr::Values => {
                let attention = program.attention.as_ref().expect("attention belongs to layers");
                let scores = *instr == Instr::Scores;
                let (bytes, vectors) = attention_work(attention, scores, context, compiled.kv_element_bytes);
                let read = specs.attention_buffer.domain.to_reference(bytes) + specs.attention_buffer.latency;
                (Spent::Attention, read.max(specs.vex.attention_cycles(vectors)))
            }
            Instr::Phase(phase) => (Spent::Communication, compiled.idle_phase(layer, *phase)),
        };
        alone.spent[class as usize] += cycles;
        alone.parts[part] += cycles;
    }
    alone
}

/// Time of one token alone in the machine, by class: every queue is empty when it comes.
#[must_use]
pub fn alone(compiled: &Compiled, context: u64, placement: &Placement, head: bool) -> [u64; SPENT] {
    let groups: Vec<(usize, LayerAlone)> = compiled
        .groups(head)
        .into_iter()
        .map(|(_, layer)| (layer, layer_alone(compiled, layer, context, placement)))
        .collect();
    let of = |layer: usize| {
        let same = |&&(other, _): &&(usize, LayerAlone)| {
            compiled.sequence[other] == compiled.sequence[layer] && compiled.turn(other) == compiled.turn(layer)
        };
        &groups.iter().find(same).expect("every layer is in a group").1
    };
    let layers = compiled.layers() + usize::from(head);
    let mut spent = [0; SPENT];
    // A layer's spilled cache streams from the start of the layer before it; the first one's from the
    // start of the head, or of the last layer where there is none.
    let mut before = of(layers - 1);
    let mut waited = 0;
    for round in 0..2 {
        spent = [0; SPENT];
        for layer in 0..layers {
            let here = of(layer);
            let window = before.parts[0] + waited + before.parts[1] + here.parts[0];
            waited = here.stream.saturating_sub(window);
            if round == 1 {
                (0..SPENT).for_each(|class| spent[class] += here.spent[class]);
                spent[Spent::Memory as usize] += waited;
            }
            before = here;
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
