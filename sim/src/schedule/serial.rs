//! `serial`: the paper's accounting, one token's steps added up.
//!
//! `T = sum over layers (stages * beat + phases * hop + array passes + non-linear + attention) + stall`,
//! `throughput = tokens in flight / T`. The beat is the busy time of the busiest directed link when every
//! layer has one layer-token on it, attention gets 1/layers of the buffer's bandwidth, and HBM streams the
//! token's own cache a layer ahead at the effective bandwidth of the design. Links and buffer are thus
//! always charged a full pipeline. It is the published accounting, not a schedule a machine could run.
//! Unembedding and sampling are not part of it.

use serde::{Deserialize, Serialize};

use super::cost::{attention_work, compute_cycles, streamed};
use super::machine::{SPENT, Spent};
use super::program::{Compiled, Instr};
use crate::engine::{ClockDomain, IdleCause, Queue, Server};
use crate::mapping::OwnerOf;
use crate::units::hbm::Placement;
use crate::units::{attention_buffer, interconnect};

/// One token's time by class, in cycles.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Serial {
    /// Cycles by [`Spent`] class.
    pub spent: [f64; SPENT],
    /// Cycles of a beat.
    pub beat: f64,
    /// Events processed; 0 for the closed form.
    pub events: u64,
}

impl Serial {
    /// Cycles from a token's first step to its last.
    #[must_use]
    pub fn token_cycles(&self) -> f64 {
        self.spent.iter().sum()
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
enum Event {
    MessageDelivered,
    Resume,
}

/// The closed form.
#[must_use]
pub fn analytic(compiled: &Compiled, context: u64, placement: &Placement, beat_bytes: f64) -> Serial {
    let specs = &compiled.specs;
    let layers = compiled.layers() as u64;
    let beat = beat_bytes * specs.clock_hz as f64 / specs.interconnect.bytes_per_second as f64;
    let mut result = Serial { beat, ..Serial::default() };
    // Cycles between a layer's start and its wait for the cache, and from there to its end.
    let mut parts = Vec::with_capacity(compiled.programs.len());
    for program in &compiled.programs {
        let mut part = [0.0; 2];
        let mut spent = [0.0; SPENT];
        let mut after = 0;
        for stage in 0..program.stages {
            part[after] += beat;
            spent[Spent::Communication as usize] += beat;
            for (_, instr) in program.instrs.iter().filter(|(s, _)| *s == stage) {
                let (class, cycles) = match instr {
                    Instr::Hn { .. } => (Spent::Projection, compute_cycles(specs, instr)),
                    Instr::Nonlinear { .. } => (Spent::Nonlinear, compute_cycles(specs, instr)),
                    Instr::Phase(_) => (Spent::Communication, specs.interconnect.hop),
                    Instr::AwaitKv => {
                        after = 1;
                        continue;
                    }
                    Instr::Scores | Instr::Values => {
                        let attention = program.attention.as_ref().expect("attention belongs to layers");
                        let bytes = compiled.kv_element_bytes;
                        let (bytes, vectors) = attention_work(attention, *instr == Instr::Scores, context, bytes);
                        let shared = specs.attention_buffer.domain.to_reference(bytes * layers);
                        let cycles = shared + specs.attention_buffer.latency;
                        (Spent::Attention, cycles.max(specs.vex.attention_cycles(vectors)))
                    }
                };
                part[after] += cycles as f64;
                spent[class as usize] += cycles as f64;
            }
        }
        parts.push((part, spent));
    }
    let hbm = ClockDomain::new(specs.hbm.serial_bytes_per_second, specs.clock_hz);
    for layer in 0..compiled.layers() {
        let (part, spent) = parts[compiled.sequence[layer]];
        (0..SPENT).for_each(|class| result.spent[class] += spent[class]);
        let before = compiled.sequence[(layer + compiled.layers() - 1) % compiled.layers()];
        let window = parts[before].0[1] + part[0];
        let bytes = streamed(compiled.program(layer), placement, context, compiled.kv_element_bytes);
        let stream = hbm.to_reference(bytes) as f64;
        result.spent[Spent::Memory as usize] += (stream - window).max(0.0);
    }
    result
}

/// Bytes of a beat on the busiest link: one layer-token of every layer, positions spread evenly.
#[must_use]
pub fn beat_bytes(compiled: &Compiled) -> f64 {
    super::cost::link_bytes_per_token(compiled, false).into_iter().fold(0.0, f64::max)
}

/// Beats over which the positions' owners take turns.
const BEATS: u64 = 4;

/// The same accounting from events: messages on links, reads on the buffer, a stream from HBM.
#[must_use]
pub fn event(compiled: &Compiled, context: u64, placement: &Placement) -> Serial {
    let mut result = Serial::default();
    let (beat, events) = simulate_beats(compiled, context);
    result.beat = beat;
    result.events = events;
    walk(compiled, context, placement, &mut result);
    result
}

/// Puts one layer-token of every layer on the links, [`BEATS`] times with the next position each, and
/// takes the busy time of the busiest link per beat.
fn simulate_beats(compiled: &Compiled, context: u64) -> (f64, u64) {
    let specs = &compiled.specs;
    let grid = specs.interconnect.grid;
    let mut queue = Queue::new();
    let mut links = interconnect::State::new(&specs.interconnect);
    for beat in 0..BEATS {
        for layer in 0..compiled.layers() {
            let program = compiled.program(layer);
            let stripes = program.attention.map_or(1, |a| a.stripes);
            let position = context + beat * compiled.layers() as u64 + layer as u64;
            let owner = OwnerOf::position(position, stripes, grid);
            for phase in 0..program.phases[0].len() {
                let table = compiled.phase(layer, phase);
                for chip in 0..grid.chips() {
                    for wire in table.from(chip).iter().filter(|w| w.applies(chip, owner, grid.columns)) {
                        let cause = IdleCause::Communication;
                        let at = links.send(&specs.interconnect, wire.link as usize, queue.now(), wire.bytes, cause);
                        queue.push(at, 0, Event::MessageDelivered);
                    }
                }
            }
        }
        while queue.pop().is_some() {}
    }
    let busy = links.links.iter_mut().map(|l| l.settle(specs.interconnect.domain, queue.now()).busy).max();
    let bytes = busy.unwrap_or(0) as f64 / BEATS as f64;
    (bytes * specs.clock_hz as f64 / specs.interconnect.bytes_per_second as f64, queue.events())
}

/// Walks two tokens of a sequence, one after the other, and accounts for the second.
fn walk(compiled: &Compiled, context: u64, placement: &Placement, result: &mut Serial) {
    let specs = &compiled.specs;
    let hbm_domain = ClockDomain::new(specs.hbm.serial_bytes_per_second, specs.clock_hz);
    let mut hbm = Server::new();
    let mut buffer = attention_buffer::State::new(1);
    let mut queue = Queue::new();
    let layers = compiled.layers();
    let stream = |layer: usize| {
        streamed(compiled.program(layer % layers), placement, context, compiled.kv_element_bytes)
    };
    let mut ready = hbm.request(hbm_domain, 0, stream(0), IdleCause::Admission);
    // Beats need not be whole cycles: what a stage is charged is carried exactly.
    let mut charged = 0.0;
    let mut beats = 0u64;
    for step in 0..2 * layers {
        let counted = step >= layers;
        let program = compiled.program(step % layers);
        for stage in 0..program.stages {
            beats += 1;
            let whole = (beats as f64 * result.beat).round() as u64 - charged as u64;
            charged += whole as f64;
            let mut pending = vec![(Spent::Communication, queue.now() + whole)];
            let mut instrs = program.instrs.iter().filter(|(s, _)| *s == stage);
            while let Some((class, at)) = pending.pop() {
                let before = queue.now();
                queue.push(at, 0, Event::Resume);
                queue.pop();
                if counted {
                    result.spent[class as usize] += (queue.now() - before) as f64;
                }
                let now = queue.now();
                let Some((_, instr)) = instrs.next() else { break };
                pending.push(match instr {
                    Instr::Hn { .. } => (Spent::Projection, now + compute_cycles(specs, instr)),
                    Instr::Nonlinear { .. } => (Spent::Nonlinear, now + compute_cycles(specs, instr)),
                    Instr::Phase(_) => (Spent::Communication, now + specs.interconnect.hop),
                    Instr::AwaitKv => {
                        let until = ready.max(now);
                        ready = hbm.request(hbm_domain, until, stream(step + 1), IdleCause::Attention);
                        (Spent::Memory, until)
                    }
                    Instr::Scores | Instr::Values => {
                        let attention = program.attention.as_ref().expect("attention belongs to layers");
                        let bytes = compiled.kv_element_bytes;
                        let (bytes, vectors) = attention_work(attention, *instr == Instr::Scores, context, bytes);
                        // All layers in flight read at once; this token's read is served last.
                        let mut read = now;
                        for _ in 0..layers {
                            let cause = IdleCause::Communication;
                            read = buffer.read(&specs.attention_buffer, 0, now, bytes, cause);
                        }
                        (Spent::Attention, read.max(now + specs.vex.attention_cycles(vectors)))
                    }
                });
            }
        }
    }
    result.events += queue.events();
}
