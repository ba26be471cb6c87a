//! `serial`: the paper's accounting, the sum of one token's steps.
//!
//! `T = sum over layers (stages * beat + phases * hop + array passes + non-linear + attention) + stall`,
//! `throughput = tokens in flight / T`. The beat is the busy time of the busiest directed link when every
//! layer has one layer-token on it, attention gets 1/layers of the buffer's bandwidth, and HBM streams the
//! token's own cache a layer ahead at the effective bandwidth of the design. Links and buffer are thus
//! always charged for a full pipeline. No machine could run this schedule.
//! Unembedding and sampling are not part of it.

use serde::{Deserialize, Serialize};

use super::cost::{embedding_bytes, streamed};
use super::instruction::Instr;
use super::program::{Compiled, Program};
use super::request::{Request, attention_work};
use crate::engine::{ClockDomain, IdleCause, Queue, Server};
use crate::mapping::OwnerOf;
use crate::units::hbm::Placement;
use crate::units::{PerSpent, Specs, Spent, Unit};

/// One token's time by class, in cycles.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Serial {
    /// Cycles by [`Spent`] class.
    pub spent: PerSpent<f64>,
    /// Cycles of a beat.
    pub beat: f64,
    /// Events processed; 0 for the closed form.
    pub events: u64,
}

impl Serial {
    /// Latency of a token, cycles.
    #[must_use]
    pub fn token_cycles(&self) -> f64 {
        self.spent.values().sum()
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
enum Event {
    MessageDelivered,
    Resume,
}

/// Clock domain of a unit in this accounting: HBM has the effective bandwidth of the design.
fn domain(specs: &Specs, unit: Unit) -> ClockDomain {
    if unit == Unit::Hbm {
        return ClockDomain::new(specs.hbm.serial_bytes_per_second, specs.clock_hz);
    }
    specs.domain(unit)
}

/// Number of layers that use a server at the same time: all layers for the attention buffer, those of a lane group for the
/// vector unit, one for other units.
fn readers(unit: Unit, compiled: &Compiled) -> u64 {
    match unit {
        Unit::AttentionBuffer => compiled.layers() as u64,
        Unit::VexAttention | Unit::VexNonlinear => compiled.specs.vex.sharing(),
        Unit::HnArray | Unit::Hbm | Unit::Links => 1,
    }
}

/// Cycles charged for an instruction, without beats and without waiting for the cache.
fn charged(compiled: &Compiled, program: &Program, instr: &Instr, context: u64) -> u64 {
    let specs = &compiled.specs;
    if let Instr::Phase(_) = instr {
        return specs.interconnect.hop;
    }
    let requests = compiled.requests(program, instr, context);
    let cycles = |r: Request| domain(specs, r.unit).to_reference(r.work * readers(r.unit, compiled)) + r.latency;
    requests.into_iter().flatten().map(cycles).max().unwrap_or(0)
}

/// Time of a layer: before and after it waits for the cache, and by class.
#[derive(Clone, Copy, Default)]
struct LayerTime {
    parts: [f64; 2],
    spent: PerSpent<f64>,
}

fn layer_time(compiled: &Compiled, program: &Program, context: u64, beat: f64) -> LayerTime {
    let mut time = LayerTime::default();
    let mut part = 0;
    for stage in 0..program.stages {
        time.parts[part] += beat;
        time.spent.communication += beat;
        for (_, instr) in program.instrs.iter().filter(|(s, _)| *s == stage) {
            if *instr == Instr::AwaitKv {
                part = 1;
            }
            let cycles = charged(compiled, program, instr, context) as f64;
            time.parts[part] += cycles;
            time.spent[instr.class()] += cycles;
        }
    }
    time
}

/// The closed form.
#[must_use]
pub fn analytic(compiled: &Compiled, context: u64, placement: &Placement, beat_bytes: f64) -> Serial {
    let specs = &compiled.specs;
    let beat = beat_bytes * specs.clock_hz as f64 / specs.interconnect.bytes_per_second as f64;
    let mut result = Serial { beat, ..Serial::default() };
    let times: Vec<LayerTime> =
        compiled.programs.iter().map(|program| layer_time(compiled, program, context, beat)).collect();
    let hbm = domain(specs, Unit::Hbm);
    let layers = compiled.layers();
    for layer in 0..layers {
        let here = times[compiled.sequence[layer]];
        result.spent = result.spent.zip(here.spent).map(|(sum, one)| sum + one);
        let before = times[compiled.sequence[(layer + layers - 1) % layers]];
        let bytes = streamed(compiled.program(layer), placement, context, compiled.kv_element_bytes);
        let stream = hbm.to_reference(bytes) as f64;
        // A row of the embedding table is read a beat after the start of the first layer, behind the stream of its cache.
        let row = layer == 0 && embedding_bytes(compiled) > 0;
        let queued = if row { (stream - before.parts[1] - beat).max(0.0) } else { 0.0 };
        let window = before.parts[1] + queued + here.parts[0];
        result.spent.hbm += queued + (stream - window).max(0.0);
    }
    result
}

/// Bytes of a beat on the busiest link: one layer-token of every layer, positions spread evenly.
#[must_use]
pub fn beat_bytes(compiled: &Compiled) -> f64 {
    super::cost::link_bytes_per_token(compiled, false).into_iter().fold(0.0, f64::max)
}

/// Simulated beats; each moves the positions, and with them the owners of the new cache entries, on.
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
    let mut links = vec![Server::new(); specs.interconnect.links()];
    for beat in 0..BEATS {
        for layer in 0..compiled.layers() {
            let program = compiled.program(layer);
            let stripes = program.attention.map_or(1, |a| a.stripes);
            let position = context + beat * compiled.layers() as u64 + layer as u64;
            let owner = OwnerOf::position(position, stripes, grid);
            for phase in 0..program.messages.phases() {
                let table = compiled.phase(layer, phase);
                for chip in 0..grid.chips() {
                    for wire in table.from(chip).iter().filter(|w| w.applies(chip, owner, grid.columns)) {
                        let cause = IdleCause::Communication;
                        let link = &mut links[wire.link as usize];
                        let at = link.request(specs.interconnect.domain, queue.now(), wire.bytes, cause);
                        queue.push(at + specs.interconnect.hop, 0, Event::MessageDelivered);
                    }
                }
            }
        }
        while queue.pop().is_some() {}
    }
    let busy = links.iter_mut().map(|l| l.settle(specs.interconnect.domain, queue.now()).busy).max();
    let bytes = busy.unwrap_or(0) as f64 / BEATS as f64;
    (bytes * specs.clock_hz as f64 / specs.interconnect.bytes_per_second as f64, queue.events())
}

/// Simulates two consecutive tokens of a sequence and accounts for the second.
fn walk(compiled: &Compiled, context: u64, placement: &Placement, result: &mut Serial) {
    let specs = &compiled.specs;
    let hbm_domain = domain(specs, Unit::Hbm);
    let mut hbm = Server::new();
    let mut buffer = Server::new();
    let mut queue = Queue::new();
    let layers = compiled.layers();
    let stream =
        |layer: usize| streamed(compiled.program(layer % layers), placement, context, compiled.kv_element_bytes);
    let mut ready = hbm.request(hbm_domain, 0, stream(0), IdleCause::Admission);
    // A beat may be a fraction of a cycle; the rounding error is carried to the next stage.
    let mut charged_beats = 0.0;
    let mut beats = 0u64;
    for step in 0..2 * layers {
        let counted = step >= layers;
        let program = compiled.program(step % layers);
        for stage in 0..program.stages {
            beats += 1;
            let whole = (beats as f64 * result.beat).round() as u64 - charged_beats as u64;
            charged_beats += whole as f64;
            let mut pending = vec![(Spent::Communication, queue.now() + whole)];
            let mut instrs = program.instrs.iter().filter(|(s, _)| *s == stage);
            while let Some((class, at)) = pending.pop() {
                let before = queue.now();
                queue.push(at, 0, Event::Resume);
                queue.pop();
                if counted {
                    result.spent[class] += (queue.now() - before) as f64;
                }
                let now = queue.now();
                let Some((_, instr)) = instrs.next() else { break };
                let until = match instr {
                    Instr::AwaitEmbedding { bytes } => {
                        hbm.request(hbm_domain, now, *bytes, IdleCause::Admission) + specs.hbm.read_latency
                    }
                    Instr::Hn { .. } | Instr::Nonlinear { .. } | Instr::Phase(_) => {
                        now + charged(compiled, program, instr, context)
                    }
                    Instr::AwaitKv => {
                        let until = ready.max(now);
                        ready = hbm.request(hbm_domain, until, stream(step + 1), IdleCause::Attention);
                        until
                    }
                    Instr::Scores | Instr::Values => {
                        let scores = *instr == Instr::Scores;
                        let bytes = compiled.kv_element_bytes;
                        let (bytes, vectors) = attention_work(program.attention(), scores, context, bytes);
                        // All layers in flight read at once; this token's read is served last.
                        let mut read = now;
                        for _ in 0..layers {
                            let cause = IdleCause::Communication;
                            let end = buffer.request(specs.attention_buffer.domain, now, bytes, cause);
                            read = end + specs.attention_buffer.latency;
                        }
                        read.max(now + specs.vex.attention_cycles(vectors) * specs.vex.sharing())
                    }
                };
                pending.push((instr.class(), until));
            }
        }
    }
    result.events += queue.events();
}
