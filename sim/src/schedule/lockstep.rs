//! `lockstep`: every stage advances on a common beat.
//!
//! `beat = max(communication + slowest stage's compute, HBM)`: all stages' messages share the links in one
//! phase at the start of the beat, then all stages compute, while HBM streams the spilled cache of the
//! next beat. Unembedding and sampling are a stage of their own, so a token takes `stages + 1` beats and
//! `n` sequences finish `n / (stages + 1)` tokens a beat.

use std::collections::BTreeMap;

use super::cost::{attention_work, compute_cycles, streamed};
use super::machine::{Load, Machine, Phase, SPENT, Spent, Start};
use super::program::{Compiled, Instr};
use crate::engine::IdleCause;
use crate::units::attention_buffer;
use crate::units::hbm::Placement;

/// A beat and what it is made of, in cycles.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Lockstep {
    /// Cycles of a beat.
    pub beat: u64,
    /// Its parts by [`Spent`] class: shared communication, the slowest stage's compute, waiting for HBM.
    pub parts: [u64; SPENT],
    /// Beats a token takes.
    pub beats_per_token: u64,
    /// Events processed; 0 for the closed form.
    pub events: u64,
}

/// The (layer, stage) pairs that hold a token when `sequences` are spread evenly over all stages.
fn occupied(compiled: &Compiled, sequences: u64) -> Vec<(usize, usize)> {
    let slots: Vec<(usize, usize)> = (0..=compiled.layers())
        .flat_map(|layer| (0..compiled.program(layer).stages).map(move |stage| (layer, stage)))
        .collect();
    let n = sequences.min(slots.len() as u64);
    (0..n).map(|i| slots[(i * slots.len() as u64 / n) as usize]).collect()
}

/// Cycles of a stage's own computation, without attention.
fn stage_compute(compiled: &Compiled, layer: usize, stage: usize) -> [u64; SPENT] {
    let mut parts = [0; SPENT];
    for (_, instr) in compiled.program(layer).instrs.iter().filter(|(s, _)| *s == stage) {
        let class = match instr {
            Instr::Hn { .. } => Spent::Projection,
            Instr::Nonlinear { .. } => Spent::Nonlinear,
            _ => continue,
        };
        parts[class as usize] += compute_cycles(&compiled.specs, instr);
    }
    parts
}

/// The beat for `sequences` at `context`, communication from events or from the closed form.
#[must_use]
pub fn beat(compiled: &Compiled, context: u64, sequences: u64, placement: &Placement, from_events: bool) -> Lockstep {
    let jobs = occupied(compiled, sequences);
    let (communication, mut events) =
        if from_events { communicate(compiled, context, &jobs) } else { (idle_bound(compiled, &jobs), 0) };
    let specs = &compiled.specs;
    // Reads and streams of the stages in attention share one buffer and one HBM per chip.
    let mut buffer = attention_buffer::State::new(1);
    let (mut read, mut spilled, mut vector_cycles) = (0, 0, 0);
    for &(layer, stage) in &jobs {
        let program = compiled.program(layer);
        for (_, instr) in program.instrs.iter().filter(|(s, _)| *s == stage) {
            let Some(attention) = &program.attention else { continue };
            if matches!(instr, Instr::Scores | Instr::Values) {
                let scores = *instr == Instr::Scores;
                let (bytes, vectors) = attention_work(attention, scores, context, compiled.kv_element_bytes);
                read = buffer.read(&specs.attention_buffer, 0, 0, bytes, IdleCause::Communication);
                vector_cycles = specs.vex.attention_cycles(vectors).max(vector_cycles);
                events += u64::from(from_events);
                if scores {
                    spilled += streamed(program, placement, context, compiled.kv_element_bytes);
                }
            }
        }
    }
    let mut slowest = [0; SPENT];
    for (_, layer) in compiled.groups(true) {
        for stage in 0..compiled.program(layer).stages {
            let mut parts = stage_compute(compiled, layer, stage);
            let instrs = &compiled.program(layer).instrs;
            let attends = instrs.iter().any(|(s, i)| *s == stage && matches!(i, Instr::Scores | Instr::Values));
            if attends {
                parts[Spent::Attention as usize] = read.max(vector_cycles);
            }
            if parts.iter().sum::<u64>() > slowest.iter().sum() {
                slowest = parts;
            }
        }
    }
    let mut result = Lockstep { parts: slowest, events, ..Lockstep::default() };
    result.parts[Spent::Communication as usize] = communication;
    let hbm = specs.hbm.domain.to_reference(spilled);
    let active = result.parts.iter().sum::<u64>();
    result.parts[Spent::Memory as usize] = hbm.saturating_sub(active);
    result.beat = active.max(hbm);
    result.beats_per_token = compiled.programs_stages() + 1;
    result
}

/// Makespan of one beat's messages, all stages starting at once.
fn communicate(compiled: &Compiled, context: u64, jobs: &[(usize, usize)]) -> (u64, u64) {
    let messages = compiled.messages_of(jobs);
    // Neighbouring layers hold tokens of neighbouring positions.
    let offsets = jobs.iter().map(|&(layer, _)| layer as u64).collect();
    let load = Load {
        sequences: jobs.len() as u32,
        context,
        phase: Phase::Decode,
        start: Start::Own(offsets),
        prompt_tokens: 0,
        seed: 0,
    };
    let mut machine = Machine::new(&messages, load, Placement::new(0, 0));
    while machine.step() {}
    (machine.now(), machine.events())
}

/// Closed form: the busiest link's bytes and the last hop, or a stage's phases on idle links if longer.
fn idle_bound(compiled: &Compiled, jobs: &[(usize, usize)]) -> u64 {
    let specs = &compiled.specs;
    let mut groups: BTreeMap<(usize, usize, usize), (u32, usize)> = BTreeMap::new();
    for &(layer, stage) in jobs {
        groups.entry((compiled.sequence[layer], compiled.turn(layer), stage)).or_insert((0, layer)).0 += 1;
    }
    let mut bytes = vec![0.0; specs.interconnect.links()];
    let mut chain = 0;
    for ((_, _, stage), (count, layer)) in groups {
        let instrs = compiled.program(layer).instrs.iter().filter(|(s, _)| *s == stage);
        let phases = instrs.filter_map(|(_, i)| if let Instr::Phase(p) = i { Some(*p) } else { None });
        chain = phases.map(|phase| compiled.idle_phase(layer, phase)).sum::<u64>().max(chain);
        let (sums, over) = compiled.stage_link_bytes(layer, stage);
        let weight = f64::from(count) / over as f64;
        bytes.iter_mut().zip(sums).for_each(|(sum, b)| *sum += b as f64 * weight);
    }
    let busiest = bytes.into_iter().fold(0.0, f64::max).ceil() as u64;
    if busiest == 0 {
        return chain;
    }
    chain.max(specs.interconnect.domain.to_reference(busiest) + specs.interconnect.hop)
}
