//! Cost of an instruction: the units that it occupies, for how long, and the events that it counts.
//!
//! Closed forms, disciplines and statistics take the cost of an instruction from here. The event machine uses the same unit
//! specs, with the position and the experts of the actual token, and adds queueing.

use designs::Events;

use super::instruction::{Instr, Matrices};
use super::program::{Compiled, Program};
use crate::mapping::AttentionCost;
use crate::units::Unit;
use crate::units::hbm::Placement;

/// Request of an instruction to one server, on the chip with the most work.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Request {
    /// Unit that serves it.
    pub unit: Unit,
    /// Work in cycles of the unit's own clock domain: bytes for memories and links.
    pub work: u64,
    /// Cycles of the chip clock from the end of the work to its result.
    pub latency: u64,
    /// Whether it is for one of the routed experts, so that only the tokens that chose it use this server.
    pub routed: bool,
}

impl Request {
    fn new(unit: Unit, work: u64, latency: u64) -> Self {
        Self { unit, work, latency, routed: false }
    }

    /// Servers over all `chips` that one token uses.
    #[must_use]
    pub fn uses(&self, program: &Program, chips: u32) -> u32 {
        if self.routed { program.experts.active_parts() } else { chips }
    }
}

impl Compiled {
    /// Requests of an instruction of `program` for a token at `context`; the chip with the most work has one active expert,
    /// or its share of the parts of all where experts are cut.
    ///
    /// Two requests run side by side. Messages are requests to links, which [`Compiled::phase`] lists; streams of the KV
    /// cache belong to no instruction, [`streamed`](super::cost::streamed) says how long they are.
    #[must_use]
    pub fn requests(&self, program: &Program, instr: &Instr, context: u64) -> [Option<Request>; 2] {
        let specs = &self.specs;
        match instr {
            Instr::AwaitEmbedding { bytes } => [Some(Request::new(Unit::Hbm, *bytes, specs.hbm.read_latency)), None],
            Instr::Hn { fixed, expert, .. } => {
                let request = |m: &Matrices| Request::new(Unit::HnArray, m.pass.serial, m.pass.depth);
                [fixed.as_ref().map(request), expert.as_ref().map(|m| Request { routed: true, ..request(m) })]
            }
            Instr::Nonlinear { fixed, per_expert } => {
                let active = u64::from(program.experts.active_on_fullest(specs.interconnect.grid.chips()));
                let service = specs.vex.nonlinear_service(fixed + per_expert * active);
                [Some(Request::new(Unit::VexNonlinear, service, specs.vex.nonlinear_latency())), None]
            }
            Instr::Scores | Instr::Values => {
                let scores = *instr == Instr::Scores;
                let (bytes, vectors) = attention_work(program.attention(), scores, context, self.kv_element_bytes);
                let cycles = specs.vex.attention_cycles(vectors);
                [
                    Some(Request::new(Unit::AttentionBuffer, bytes, specs.attention_buffer.latency)),
                    Some(Request::new(Unit::VexAttention, cycles, 0)),
                ]
            }
            Instr::AwaitKv | Instr::Phase(_) => [None, None],
        }
    }

    /// Cycles of the chip clock that an instruction takes for a token alone in the machine, without waiting for a stream.
    #[must_use]
    pub fn alone_cycles(&self, layer: usize, instr: &Instr, context: u64) -> u64 {
        match instr {
            Instr::Phase(phase) => self.idle_phase(layer, *phase),
            _ => self.longest(self.program(layer), instr, context),
        }
    }

    /// Cycles of the longest of an instruction's requests on idle servers; 0 where it has none.
    #[must_use]
    pub fn longest(&self, program: &Program, instr: &Instr, context: u64) -> u64 {
        let requests = self.requests(program, instr, context);
        let cycles = |r: Request| self.specs.domain(r.unit).to_reference(r.work) + r.latency;
        requests.into_iter().flatten().map(cycles).max().unwrap_or(0)
    }

    /// Events of an instruction of `program` over all chips for one token at `context`; messages are counted by
    /// [`Compiled::link_bytes`].
    #[must_use]
    pub fn events(&self, program: &Program, instr: &Instr, context: u64, placement: &Placement) -> Events<f64> {
        let chips = f64::from(self.specs.interconnect.grid.chips());
        let parts = f64::from(program.experts.active_parts());
        let mut events = Events { steps: chips, ..Events::default() };
        // Every stripe is held by chips / stripes chips, each with its own heads' part.
        let positions =
            |attention: &AttentionCost| attention.visible(context) as f64 * (chips / f64::from(attention.stripes));
        let bytes = self.kv_element_bytes as f64;
        match instr {
            Instr::AwaitEmbedding { bytes } => events.hbm_bytes = *bytes as f64 * chips,
            Instr::Hn { fixed, expert, .. } => {
                let weights = |m: &Option<Matrices>| m.map_or(0.0, |m| m.weights as f64);
                events.hn_weights = weights(fixed) * chips + weights(expert) * parts;
            }
            Instr::Nonlinear { fixed, per_expert } => {
                events.vex_operations = *fixed as f64 * chips + *per_expert as f64 * parts;
            }
            Instr::AwaitKv => {
                let attention = program.attention();
                let share = placement.spilled_share();
                events.hbm_bytes = positions(attention) * attention.stored_elements as f64 * bytes * share;
            }
            Instr::Scores => {
                let attention = program.attention();
                // Multiply-accumulates of scores and values are counted together.
                events.vex_operations = positions(attention) * attention.macs as f64;
                events.buffer_bytes = positions(attention) * attention.score_elements as f64 * bytes;
            }
            Instr::Values => {
                let attention = program.attention();
                events.buffer_bytes = positions(attention) * attention.value_elements as f64 * bytes;
            }
            Instr::Phase(_) => {}
        }
        events
    }
}

/// Bytes an attention instruction reads from the buffer and vector operations it takes, on the fullest chip.
#[must_use]
pub fn attention_work(attention: &AttentionCost, scores: bool, context: u64, element_bytes: u64) -> (u64, u64) {
    let positions = attention.positions_on_fullest(context);
    let (elements, vectors) = per_position(attention, scores);
    (positions * elements * element_bytes, positions * vectors)
}

/// Elements read and vector operations per cached position.
#[inline]
#[must_use]
pub fn per_position(attention: &AttentionCost, scores: bool) -> (u64, u64) {
    if scores {
        (attention.score_elements, attention.score_vectors)
    } else {
        (attention.value_elements, attention.value_vectors)
    }
}
