//! `lockstep`: every stage advances on a common beat.
//!
//! `beat = max(communication + slowest stage's compute, HBM)`: all stages' messages share the links in one
//! phase at the start of the beat, then all stages compute, while HBM streams the spilled cache of the
//! next beats. Unembedding and sampling are a stage of their own, so a token takes `stages + 1` beats and
//! `n` sequences finish `n / (stages + 1)` tokens a beat.

use super::cost::{embedding_bytes, link_bytes_per_token, streamed};
use super::instruction::Instr;
use super::machine::{Load, Machine, Phase, Start};
use super::program::Compiled;
use super::request::attention_work;
use crate::engine::{IdleCause, Server};
use crate::units::hbm::Placement;
use crate::units::{PerSpent, Spent, Unit};

/// A beat and its parts, in cycles, averaged over the stages that a token passes.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Lockstep {
    /// Cycles of a beat.
    pub beat: f64,
    /// Its parts by [`Spent`] class: shared communication, the slowest stage's compute, waiting for HBM.
    pub parts: PerSpent<f64>,
    /// Beats a token takes.
    pub beats_per_token: u64,
    /// Events processed; 0 for the closed form.
    pub events: u64,
}

/// A stage of a layer; the head is the last layer.
type Slot = (usize, usize);

fn all_slots(compiled: &Compiled) -> Vec<Slot> {
    let stages = |layer| (0..compiled.program(layer).stages).map(move |stage| (layer, stage));
    (0..=compiled.layers()).flat_map(stages).collect()
}

/// The slots that `n` tokens hold after `beat` beats, spread evenly: indices into all slots.
fn occupied(slots: usize, n: u64, beat: usize) -> impl Iterator<Item = usize> {
    (0..n).map(move |i| ((i * slots as u64 / n) as usize + beat) % slots)
}

/// Cycles of a stage without messages, attention, and waiting for the KV cache.
fn stage_compute(compiled: &Compiled, layer: usize, stage: usize) -> PerSpent<u64> {
    let mut parts = PerSpent::default();
    for (_, instr) in compiled.program(layer).instrs.iter().filter(|(s, _)| *s == stage) {
        match instr {
            Instr::Nonlinear { fixed, per_expert } => {
                // All stages compute at once, so layers take turns on a lane group.
                let queued =
                    (compiled.specs.vex.sharing() - 1) * compiled.specs.vex.nonlinear_service(fixed + per_expert);
                parts[instr.class()] += compiled.alone_cycles(layer, instr, 0) + queued;
            }
            Instr::AwaitEmbedding { .. } | Instr::Hn { .. } => {
                parts[instr.class()] += compiled.alone_cycles(layer, instr, 0);
            }
            Instr::AwaitKv | Instr::Scores | Instr::Values | Instr::Phase(_) => {}
        }
    }
    parts
}

/// The beat for `sequences` at `context`, communication from events or from the closed form.
///
/// The clock of the beat is fixed by the slowest stage; communication differs from beat to beat where the
/// machine is not full, so it is averaged until every slot has been held.
#[must_use]
pub fn beat(compiled: &Compiled, context: u64, sequences: u64, placement: &Placement, from_events: bool) -> Lockstep {
    let slots = all_slots(compiled);
    let n = sequences.min(slots.len() as u64);
    let beats = (slots.len() as u64).div_ceil(n) as usize;
    let specs = &compiled.specs;
    let loads = stage_loads(compiled, context);
    let load_of: Vec<usize> = slots.iter().map(|slot| load_index(compiled, &loads, *slot)).collect();
    let messages = from_events.then(|| compiled.messages_of(&slots));
    let mut events = 0;
    let mut communication = Vec::with_capacity(beats);
    let (mut read, mut vector_cycles) = (0, 0);
    for beat in 0..beats {
        let held = || occupied(slots.len(), n, beat);
        communication.push(match &messages {
            Some(messages) => {
                let (cycles, more) = communicate(messages, context, held().map(|s| (s as u32, slots[s].0 as u64)));
                events += more;
                cycles
            }
            None => idle_bound(compiled, &loads, held().map(|s| load_of[s])),
        });
        // Reads of the stages in attention share one buffer per chip.
        let mut buffer = Server::new();
        // Those of a lane group's layers share its pipeline.
        let mut lanes = vec![0; specs.vex.groups()];
        for (slot, load) in held().map(|s| (slots[s], &loads[load_of[s]])).filter(|(_, load)| load.attends) {
            lanes[specs.vex.group(slot.0)] += load.vector_cycles;
            let domain = specs.attention_buffer.domain;
            let until = buffer.request(domain, 0, load.read_bytes, IdleCause::Communication);
            read = (until + specs.attention_buffer.latency).max(read);
            events += u64::from(from_events);
        }
        vector_cycles = lanes.into_iter().max().unwrap_or(0).max(vector_cycles);
    }
    // The sampled beats may hold some slots more often than others; the mean bytes of a link bound the beat in any case.
    let mean_bytes =
        link_bytes_per_token(compiled, true).into_iter().fold(0.0, f64::max) * n as f64 / slots.len() as f64;
    let at_least = mean_bytes * specs.clock_hz as f64 / specs.interconnect.bytes_per_second as f64;
    let mean = communication.iter().sum::<u64>() as f64 / beats as f64;
    let short = (at_least - mean).max(0.0);
    // Caches stream a layer ahead, so over a few beats only the mean counts: every layer's, for as many
    // tokens as pass it in a beat.
    let stream = |layer| streamed(compiled.program(layer), placement, context, compiled.kv_element_bytes);
    let spilled: u64 = (0..compiled.layers()).map(stream).sum();
    let streamed_cycles =
        specs.hbm.domain.to_reference(spilled + embedding_bytes(compiled)) as f64 * n as f64 / slots.len() as f64;
    let slowest = slowest_stage(compiled, read.max(vector_cycles));
    let mut parts = slowest.map(|p| p as f64);
    // Non-linear functions of different stages of a lane group share its pipeline as well.
    let lanes = nonlinear_work(compiled, context) as f64 * n as f64 / slots.len() as f64;
    parts.vex_busy += (lanes - parts.values().sum::<f64>()).max(0.0);
    let compute = parts.values().sum::<f64>();
    for &cycles in &communication {
        let cycles = cycles as f64 + short;
        let active = compute + cycles;
        parts.communication += cycles / beats as f64;
        parts.hbm += (streamed_cycles - active).max(0.0) / beats as f64;
    }
    Lockstep { beat: parts.values().sum(), parts, beats_per_token: slots.len() as u64, events }
}

/// Cycles of a token's non-linear functions on the lane group that has most of them.
fn nonlinear_work(compiled: &Compiled, context: u64) -> u64 {
    let vex = &compiled.specs.vex;
    let mut groups = vec![0; vex.groups()];
    for layer in 0..=compiled.layers() {
        let program = compiled.program(layer);
        let requests = program.instrs.iter().flat_map(|(_, instr)| compiled.requests(program, instr, context));
        let own = requests.flatten().filter(|request| request.unit == Unit::VexNonlinear);
        groups[vex.group(layer)] += own.map(|request| request.work).sum::<u64>();
    }
    groups.into_iter().max().unwrap_or(0)
}

/// The stage with most to compute, attention taking `attention` cycles where it is part of it.
fn slowest_stage(compiled: &Compiled, attention: u64) -> PerSpent<u64> {
    let mut slowest = PerSpent::default();
    for (_, layer) in compiled.groups(true) {
        for stage in 0..compiled.program(layer).stages {
            let mut parts = stage_compute(compiled, layer, stage);
            let mut instrs = compiled.program(layer).instrs.iter().filter(|(s, _)| *s == stage);
            if instrs.any(|(_, instr)| instr.class() == Spent::Attention) {
                parts.attention = attention;
            }
            if parts.values().sum::<u64>() > slowest.values().sum() {
                slowest = parts;
            }
        }
    }
    slowest
}

/// Makespan of one beat's messages, all stages starting at once. Neighbouring layers hold tokens of
/// neighbouring positions.
fn communicate(messages: &Compiled, context: u64, held: impl Iterator<Item = (u32, u64)>) -> (u64, u64) {
    let entries: Vec<(u32, u64)> = held.collect();
    let load = Load {
        sequences: entries.len() as u32,
        context,
        phase: Phase::Decode,
        start: Start::Own(entries),
        ..Load::default()
    };
    let mut machine = Machine::new(messages, load, Placement::new(0, 0));
    while machine.step() {}
    (machine.now(), machine.events())
}

/// What one token in a stage asks of what all stages share.
struct StageLoad {
    /// Layer kind, rotation and stage.
    key: (usize, usize, usize),
    /// Cycles of its phases on idle links.
    alone: u64,
    /// Bytes per link, averaged over the positions' owners.
    bytes: Vec<f64>,
    /// Whether attention is part of it.
    attends: bool,
    /// Bytes it reads from the attention buffer, fullest chip.
    read_bytes: u64,
    /// Cycles of its vector operations of attention, fullest chip; scores and values are requests of their own.
    vector_cycles: u64,
}

fn stage_loads(compiled: &Compiled, context: u64) -> Vec<StageLoad> {
    let mut loads = Vec::new();
    for (_, layer) in compiled.groups(true) {
        let program = compiled.program(layer);
        for stage in 0..program.stages {
            let (sums, over) = compiled.stage_link_bytes(layer, stage);
            let mut load = StageLoad {
                key: (compiled.sequence[layer], compiled.turn(layer), stage),
                alone: 0,
                bytes: sums.into_iter().map(|b| b as f64 / over as f64).collect(),
                attends: false,
                read_bytes: 0,
                vector_cycles: 0,
            };
            for (_, instr) in program.instrs.iter().filter(|(s, _)| *s == stage) {
                match instr {
                    Instr::Phase(phase) => load.alone += compiled.idle_phase(layer, *phase),
                    Instr::Scores | Instr::Values => {
                        let scores = *instr == Instr::Scores;
                        let bytes = compiled.kv_element_bytes;
                        let (bytes, vectors) = attention_work(program.attention(), scores, context, bytes);
                        load.attends = true;
                        load.read_bytes += bytes;
                        load.vector_cycles += compiled.specs.vex.attention_cycles(vectors);
                    }
                    Instr::AwaitEmbedding { .. } | Instr::Hn { .. } | Instr::Nonlinear { .. } | Instr::AwaitKv => {}
                }
            }
            loads.push(load);
        }
    }
    loads
}

fn load_index(compiled: &Compiled, loads: &[StageLoad], (layer, stage): Slot) -> usize {
    let key = (compiled.sequence[layer], compiled.turn(layer), stage);
    loads.iter().position(|l| l.key == key).expect("every stage has a load")
}

/// Closed form: the busiest link's bytes and the last hop, or a stage's phases on idle links if longer.
fn idle_bound(compiled: &Compiled, loads: &[StageLoad], held: impl Iterator<Item = usize>) -> u64 {
    let specs = &compiled.specs;
    let mut counts = vec![0u32; loads.len()];
    held.for_each(|load| counts[load] += 1);
    let mut bytes = vec![0.0; specs.interconnect.links()];
    let mut chain = 0;
    for (load, count) in loads.iter().zip(counts).filter(|(_, count)| *count > 0) {
        chain = load.alone.max(chain);
        bytes.iter_mut().zip(&load.bytes).for_each(|(sum, b)| *sum += b * f64::from(count));
    }
    let busiest = bytes.into_iter().fold(0.0, f64::max).ceil() as u64;
    if busiest == 0 {
        return chain;
    }
    chain.max(specs.interconnect.domain.to_reference(busiest) + specs.interconnect.hop)
}
