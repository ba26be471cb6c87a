//! The event machine: tokens walk through their programs on every chip, meeting at messages and queues.
//!
//! An event says that a token on a chip can go on. Servers are first come, first served, so a request's
//! completion is known when it is made and one event per instruction suffices; a message needs none of its
//! own, since the receiver is woken at the last arrival it expects. All state is in [`State`], which is
//! stored in checkpoints; nothing else changes while it runs.

use std::collections::BTreeMap;

use designs::Grid;
use rand_core::{RngCore, SeedableRng};
use serde::{Deserialize, Serialize};

use super::program::{Compiled, Instr};
use super::trace::{Listener, Place, Unit};
use crate::engine::{ClockDomain, IdleCause, Queue, Server, Usage};
use crate::mapping::OwnerOf;
use crate::units::hbm::Placement;
use crate::units::{attention_buffer, control, hbm, hn_array, interconnect, vex};

/// Where a token's time goes; the sum over a token is its latency.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Spent {
    /// Links, hops, and waiting for peers in collectives.
    Communication,
    /// Passes of the hardwired-neuron array.
    Projection,
    /// Non-linear functions.
    Nonlinear,
    /// Attention, sharing the buffer's bandwidth included.
    Attention,
    /// Stall: the KV cache has not come from HBM.
    Memory,
    /// Stall: another token occupies the array instance.
    ArrayBusy,
    /// Stall: another token occupies the layer's non-linear pipeline.
    VexBusy,
    /// Stall: in prefill, an earlier token has not yet written its cache entry.
    Predecessor,
}

/// Number of [`Spent`] classes.
pub const SPENT: usize = 8;

/// Names of the classes, in order.
pub const SPENT_NAMES: [&str; SPENT] = [
    "communication",
    "projection",
    "nonlinear",
    "attention",
    "hbm",
    "hn_array_busy",
    "vex_busy",
    "predecessor",
];

/// What the tokens are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Phase {
    /// Every sequence generates tokens one after the other.
    Decode,
    /// The tokens of one prompt follow each other; each attends to the ones before it.
    Prefill,
}

/// Where sequences start.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Start {
    /// All at the first layer.
    First,
    /// Spread over the layers, as in steady state.
    Spread,
    /// Sequence `i` runs entry `i` of the program's sequence once, its position that much further on.
    Own(Vec<u64>),
}

/// What to run.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Load {
    /// Sequences (decode) or prompt tokens in flight (prefill).
    pub sequences: u32,
    /// First position: context of a decoding sequence, or position of the first prompt token.
    pub context: u64,
    /// Decode or prefill.
    pub phase: Phase,
    /// Where they start.
    pub start: Start,
    /// Prompt tokens that start in all (prefill); ignored in decode.
    pub prompt_tokens: u64,
    /// Seed of the router's choices.
    pub seed: u64,
}

/// An event: a token on a chip can go on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
struct Wake {
    sequence: u32,
    chip: u32,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
struct Arrivals {
    count: u32,
    last: u64,
    /// How the token's time was spent on the way to the last arrival.
    path: [u64; SPENT],
}

#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
struct AtChip {
    layer: u32,
    instr: u32,
    /// Since when the chip does what `doing` says.
    since: u64,
    doing: u8,
    waiting: bool,
    kv_ready: u64,
    kv_next: u64,
    /// The token's time up to `since`, along the path that led here.
    spent: [u64; SPENT],
}

#[derive(Debug, Clone, Serialize, Deserialize)]
struct Token {
    position: u64,
    done: u64,
    started: u64,
    counted: bool,
    chips_done: u32,
    experts_layer: u32,
    experts: Vec<u32>,
}

/// Active experts of a token on one chip.
struct Active {
    /// First expert that lives on the chip.
    first: u32,
    /// Expert slots of a chip.
    here: usize,
    /// Indices into the token's list of chosen experts.
    active: std::ops::Range<usize>,
}

/// Everything that happened, for statistics and energy.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Activity {
    /// Tokens finished.
    pub tokens: u64,
    /// Weights times whole activations in the arrays.
    pub hn_weights: u64,
    /// Multiply-accumulates of attention plus elements of non-linear functions.
    pub vex_operations: u64,
    /// Bytes read from the attention buffers.
    pub buffer_bytes: u64,
    /// Bytes sent on links.
    pub link_bytes: u64,
    /// Bytes streamed from HBM.
    pub hbm_bytes: u64,
    /// Instructions issued, over all chips.
    pub steps: u64,
    /// Sum of finished tokens' latencies, cycles.
    pub latency_cycles: u64,
    /// Where that time went, along each token's critical path; adds up to `latency_cycles`.
    pub spent: [u64; SPENT],
}

/// All that changes during a run.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct State {
    queue: Queue<Wake>,
    hn_array: hn_array::State,
    vex: vex::State,
    attention_buffer: attention_buffer::State,
    hbm: hbm::State,
    interconnect: interconnect::State,
    control: control::State,
    tokens: Vec<Token>,
    at: Vec<AtChip>,
    arrivals: Vec<Arrivals>,
    gates: Vec<u64>,
    gated: BTreeMap<(u32, u32, u64), u32>,
    next_position: u64,
    next_token: u64,
    activity: Activity,
}

/// Accounts of all servers of a unit since the last settlement, summed.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Settled {
    /// Hardwired-neuron array, all instances.
    pub hn_array: Usage,
    /// Non-linear pipelines.
    pub vex_nonlinear: Usage,
    /// Attention pipelines.
    pub vex_attention: Usage,
    /// Attention buffers (byte clock).
    pub attention_buffer: Usage,
    /// HBM (byte clock).
    pub hbm: Usage,
    /// Links (byte clock), one by one.
    pub links: Vec<Usage>,
}

/// A machine running a load.
pub struct Machine<'a, L: Listener = ()> {
    program: &'a Compiled,
    load: Load,
    placement: Placement,
    grid: Grid,
    chips: usize,
    ring: usize,
    state: State,
    listener: L,
}

impl<'a> Machine<'a> {
    /// A machine about to run `load`, its KV cache placed as `placement` says.
    #[must_use]
    pub fn new(program: &'a Compiled, load: Load, placement: Placement) -> Self {
        Machine::with_listener(program, load, placement, ())
    }
}

impl<'a, L: Listener> Machine<'a, L> {
    /// A machine whose events a listener hears.
    #[must_use]
    pub fn with_listener(program: &'a Compiled, load: Load, placement: Placement, listener: L) -> Self {
        let grid = program.specs.interconnect.grid;
        let chips = grid.chips() as usize;
        let ring = 2 * program.max_phases;
        let layers = program.sequence.len();
        let sequences = load.sequences as usize;
        let at = AtChip {
            layer: 0, instr: 0, since: 0, doing: Spent::Communication as u8, waiting: false, kv_ready: 0, kv_next: 0,
            spent: [0; SPENT],
        };
        let state = State {
            queue: Queue::new(),
            hn_array: hn_array::State::new(program.hn_instances),
            vex: vex::State::new(layers * chips),
            attention_buffer: attention_buffer::State::new(chips),
            hbm: hbm::State::new(chips),
            interconnect: interconnect::State::new(&program.specs.interconnect),
            control: control::State::default(),
            tokens: Vec::with_capacity(sequences),
            at: vec![at; sequences * chips],
            arrivals: vec![Arrivals::default(); sequences * chips * ring],
            gates: vec![load.context; if load.phase == Phase::Prefill { layers * chips } else { 0 }],
            gated: BTreeMap::new(),
            next_position: load.context,
            next_token: 0,
            activity: Activity::default(),
        };
        let mut machine = Machine { program, load, placement, grid, chips, ring, state, listener };
        machine.admit_all();
        machine
    }

    /// Continues from a stored state of the same program, load and placement.
    #[must_use]
    pub fn resume(program: &'a Compiled, load: Load, placement: Placement, state: State, listener: L) -> Self {
        let grid = program.specs.interconnect.grid;
        let chips = grid.chips() as usize;
        Machine { program, load, placement, grid, chips, ring: 2 * program.max_phases, state, listener }
    }

    /// The state, for a checkpoint.
    #[must_use]
    pub fn state(&self) -> &State {
        &self.state
    }

    /// Current cycle.
    #[must_use]
    pub fn now(&self) -> u64 {
        self.state.queue.now()
    }

    /// Events so far.
    #[must_use]
    pub fn events(&self) -> u64 {
        self.state.queue.events()
    }

    /// Activity since the start.
    #[must_use]
    pub fn activity(&self) -> Activity {
        self.state.activity
    }

    /// The listener, when the run is over.
    pub fn into_listener(self) -> L {
        self.listener
    }

    fn admit_all(&mut self) {
        let layers = self.program.layers() as u64;
        for sequence in 0..self.load.sequences {
            self.state.tokens.push(Token {
                position: 0,
                done: 0,
                started: 0,
                counted: self.load.start != Start::Spread,
                chips_done: 0,
                experts_layer: u32::MAX,
                experts: Vec::new(),
            });
            let layer = match self.load.start {
                Start::First => 0,
                Start::Spread => u64::from(sequence) * layers / u64::from(self.load.sequences),
                Start::Own(_) => u64::from(sequence),
            };
            if matches!(self.load.start, Start::Own(_)) {
                self.start(sequence, 0, layer as u32, IdleCause::Admission);
            } else if self.state.control.ask(&self.program.specs.control, sequence) {
                self.start(sequence, 0, layer as u32, IdleCause::Admission);
            }
        }
    }

    /// Starts the next token of `sequence` at `now`, if there is one.
    fn start(&mut self, sequence: u32, now: u64, layer: u32, cause: IdleCause) {
        let stripes = u64::from(self.program.programs.iter().find_map(|p| p.attention).map_or(1, |a| a.stripes));
        let token = &mut self.state.tokens[sequence as usize];
        match self.load.phase {
            // Sequences are spread over the stripes, as sequences of different length would be.
            // The token at position `context - 1` attends to `context` positions, itself included.
            Phase::Decode => {
                let offset = match &self.load.start {
                    Start::Own(offsets) => offsets[sequence as usize],
                    _ => u64::from(sequence),
                };
                token.position = self.load.context - 1 + offset % stripes + token.done;
            }
            Phase::Prefill => {
                if self.state.next_position >= self.load.context + self.load.prompt_tokens {
                    return;
                }
                token.position = self.state.next_position;
                self.state.next_position += 1;
            }
        }
        token.started = now;
        token.chips_done = 0;
        token.experts_layer = u32::MAX;
        self.state.next_token += 1;
        for chip in 0..self.chips as u32 {
            let index = sequence as usize * self.chips + chip as usize;
            let ahead = self.state.at[index].kv_next;
            self.state.at[index] = AtChip {
                layer,
                instr: 0,
                since: now,
                doing: Spent::Communication as u8,
                waiting: false,
                kv_ready: 0,
                kv_next: ahead,
                spent: [0; SPENT],
            };
            if self.state.tokens[sequence as usize].done == 0 {
                self.state.at[index].kv_next = self.stream(sequence, chip, layer as usize, now, cause);
            }
            self.enter_layer(sequence, chip, now);
            self.state.queue.push(now, 0, Wake { sequence, chip });
        }
    }

    /// Handles one event; false when nothing is pending.
    #[inline]
    pub fn step(&mut self) -> bool {
        let Some((key, wake)) = self.state.queue.pop() else { return false };
        self.go_on(wake.sequence, wake.chip, key.cycle);
        true
    }

    /// Runs until `tokens` tokens have finished in all; false when the machine ran dry before.
    pub fn run_until_tokens(&mut self, tokens: u64) -> bool {
        while self.state.activity.tokens < tokens {
            if !self.step() {
                return false;
            }
        }
        true
    }

    /// Closes the accounts of all servers at the current cycle.
    pub fn settle(&mut self) -> Settled {
        let now = self.now();
        let specs = &self.program.specs;
        let sum = |servers: &mut [Server], domain: ClockDomain| {
            let mut all = Usage::default();
            servers.iter_mut().for_each(|s| all.add(&s.settle(domain, now)));
            all
        };
        let state = &mut self.state;
        Settled {
            hn_array: sum(&mut state.hn_array.instances, ClockDomain::REFERENCE),
            vex_nonlinear: sum(&mut state.vex.nonlinear, ClockDomain::REFERENCE),
            vex_attention: sum(&mut state.vex.attention, ClockDomain::REFERENCE),
            attention_buffer: sum(&mut state.attention_buffer.chips, specs.attention_buffer.domain),
            hbm: sum(&mut state.hbm.chips, specs.hbm.domain),
            links: state.interconnect.links.iter_mut().map(|l| l.settle(specs.interconnect.domain, now)).collect(),
        }
    }

    fn place(&self, sequence: u32, chip: u32) -> Place {
        let at = &self.state.at[sequence as usize * self.chips + chip as usize];
        let token = self.state.tokens[sequence as usize].done;
        Place { sequence, token, chip, layer: at.layer, instr: at.instr }
    }

    /// Charges the time since the chip's last change to what it was doing.
    #[inline]
    fn charge(&mut self, index: usize, now: u64) {
        let at = &mut self.state.at[index];
        at.spent[at.doing as usize] += now - at.since;
        at.since = now;
    }

    /// Begins something of class `doing` that will have waited from `now` until `begin` for class `waited`.
    #[inline]
    fn charge_wait(&mut self, index: usize, now: u64, begin: u64, waited: Spent, doing: Spent) {
        let at = &mut self.state.at[index];
        at.spent[waited as usize] += begin - now;
        at.since = begin;
        at.doing = doing as u8;
    }

    fn go_on(&mut self, sequence: u32, chip: u32, now: u64) {
        let program = self.program;
        let index = sequence as usize * self.chips + chip as usize;
        self.charge(index, now);
        loop {
            let (layer, instr) = (self.state.at[index].layer as usize, self.state.at[index].instr as usize);
            let Some((_, instruction)) = program.program(layer).instrs.get(instr) else {
                if self.next_layer(sequence, chip, now) {
                    continue;
                }
                return;
            };
            self.listener.reached(self.place(sequence, chip), now);
            let cause = idle_cause(self.state.at[index].doing);
            let done = match instruction {
                Instr::Hn { fixed, expert, .. } => self.pass(sequence, chip, now, *fixed, *expert, cause),
                Instr::Nonlinear { fixed, per_expert } => {
                    self.nonlinear(sequence, chip, now, *fixed, *per_expert, cause)
                }
                Instr::AwaitKv => {
                    if !self.gate(sequence, chip, layer, now) {
                        return;
                    }
                    let ready = self.state.at[index].kv_ready.max(now);
                    self.state.at[index].doing = Spent::Memory as u8;
                    ready
                }
                Instr::Scores => self.attend(sequence, chip, layer, now, true, cause),
                Instr::Values => self.attend(sequence, chip, layer, now, false, cause),
                Instr::Phase(phase) => {
                    self.send(sequence, chip, layer, *phase, now, cause);
                    match self.receive(sequence, chip, layer, *phase, now) {
                        Some(at) => at,
                        None => return,
                    }
                }
            };
            self.state.activity.steps += 1;
            self.state.at[index].instr += 1;
            if done > now {
                self.state.queue.push(done, 1, Wake { sequence, chip });
                return;
            }
        }
    }

    /// Goes on to the next layer; false when the token is finished on this chip.
    fn next_layer(&mut self, sequence: u32, chip: u32, now: u64) -> bool {
        let index = sequence as usize * self.chips + chip as usize;
        let own = matches!(self.load.start, Start::Own(_));
        let last = match self.load.phase {
            _ if own => 0,
            Phase::Decode => self.program.sequence.len(),
            // Only the last prompt token needs logits; it is counted with the first decode step.
            Phase::Prefill => self.program.layers(),
        };
        if (self.state.at[index].layer as usize) + 1 < last {
            self.state.at[index].layer += 1;
            self.state.at[index].instr = 0;
            self.enter_layer(sequence, chip, now);
            return true;
        }
        self.state.at[index].doing = Spent::Communication as u8;
        let token = &mut self.state.tokens[sequence as usize];
        token.chips_done += 1;
        if token.chips_done as usize == self.chips {
            self.finish(sequence, chip, now);
        }
        false
    }

    /// Ends the token of `sequence`, whose last chip to finish is `chip`.
    fn finish(&mut self, sequence: u32, chip: u32, now: u64) {
        let spent = self.state.at[sequence as usize * self.chips + chip as usize].spent;
        let token = &mut self.state.tokens[sequence as usize];
        token.done += 1;
        let activity = &mut self.state.activity;
        activity.tokens += 1;
        // A token that began in the middle of the model has no latency to count.
        if token.counted {
            activity.latency_cycles += now - token.started;
            activity.spent.iter_mut().zip(spent).for_each(|(sum, spent)| *sum += spent);
        }
        token.counted = true;
        if matches!(self.load.start, Start::Own(_)) {
            return;
        }
        let next = match self.load.phase {
            Phase::Prefill => Some(sequence),
            Phase::Decode => {
                let taker = self.state.control.release();
                match taker {
                    Some(_) => {
                        let granted = self.state.control.ask(&self.program.specs.control, sequence);
                        assert!(!granted, "a full pipeline grants no place");
                        taker
                    }
                    None => self.state.control.ask(&self.program.specs.control, sequence).then_some(sequence),
                }
            }
        };
        if let Some(next) = next {
            self.start(next, now, 0, IdleCause::Admission);
        }
    }

    /// Streams the next layer's spilled cache while this layer works.
    fn enter_layer(&mut self, sequence: u32, chip: u32, now: u64) {
        let index = sequence as usize * self.chips + chip as usize;
        let layer = self.state.at[index].layer as usize;
        let next = if layer + 1 < self.program.layers() {
            Some(layer + 1)
        } else if layer == self.program.layers() || self.load.phase == Phase::Prefill {
            Some(0)
        } else {
            None
        };
        if layer < self.program.layers() {
            self.state.at[index].kv_ready = self.state.at[index].kv_next;
        }
        if let Some(next) = next {
            let cause = idle_cause(self.state.at[index].doing);
            self.state.at[index].kv_next = self.stream(sequence, chip, next, now, cause);
        }
    }

    fn stream(&mut self, sequence: u32, chip: u32, layer: usize, now: u64, cause: IdleCause) -> u64 {
        if self.placement.spilled_bytes_per_chip == 0 {
            return now;
        }
        let Some((positions, attention)) = self.positions(sequence, chip, layer) else { return now };
        let bytes = self.placement.spilled_of(positions * attention.stored_elements * self.program.kv_element_bytes);
        self.state.activity.hbm_bytes += bytes;
        let spec = &self.program.specs.hbm;
        let done = self.state.hbm.stream(spec, chip as usize, now, bytes, cause);
        if bytes > 0 {
            let end = self.state.hbm.chips[chip as usize].free_at();
            self.listener.served(self.place(sequence, chip), Unit::Hbm, chip as usize, now, bytes, end, done);
        }
        done
    }

    /// Positions of the token's context that `chip` holds, and what they cost.
    #[inline]
    fn positions(&self, sequence: u32, chip: u32, layer: usize) -> Option<(u64, crate::mapping::AttentionCost)> {
        let attention = self.program.program(layer).attention?;
        let stripe = if attention.stripes == self.grid.chips() { chip } else { chip / self.grid.columns };
        // The token itself is the last position it attends to.
        let context = self.state.tokens[sequence as usize].position + 1;
        Some((attention.positions_on(stripe, context), attention))
    }

    fn attend(&mut self, sequence: u32, chip: u32, layer: usize, now: u64, scores: bool, cause: IdleCause) -> u64 {
        let index = sequence as usize * self.chips + chip as usize;
        self.state.at[index].doing = Spent::Attention as u8;
        let (positions, attention) = self.positions(sequence, chip, layer).expect("attention belongs to layers");
        let (elements, vectors) = if scores {
            (attention.score_elements, attention.score_vectors)
        } else {
            (attention.value_elements, attention.value_vectors)
        };
        let bytes = positions * elements * self.program.kv_element_bytes;
        self.state.activity.buffer_bytes += bytes;
        if scores {
            self.state.activity.vex_operations += positions * attention.macs;
        }
        let specs = &self.program.specs;
        let lane = layer * self.chips + chip as usize;
        let vectors = positions * vectors;
        let read = self.state.attention_buffer.read(&specs.attention_buffer, chip as usize, now, bytes, cause);
        let computed = self.state.vex.start_attention(&specs.vex, lane, now, vectors, cause);
        let place = self.place(sequence, chip);
        let end = self.state.attention_buffer.chips[chip as usize].free_at();
        self.listener.served(place, Unit::AttentionBuffer, chip as usize, now, bytes, end, read);
        let cycles = specs.vex.attention_cycles(vectors);
        self.listener.served(place, Unit::VexAttention, lane, now, cycles, computed, computed);
        read.max(computed)
    }

    fn nonlinear(
        &mut self, sequence: u32, chip: u32, now: u64, fixed: u64, per_expert: u64, cause: IdleCause,
    ) -> u64 {
        let index = sequence as usize * self.chips + chip as usize;
        let mut elements = fixed;
        if per_expert > 0 {
            elements += per_expert * self.active_experts(sequence, chip).active.len() as u64;
        }
        if elements == 0 {
            return now;
        }
        self.state.activity.vex_operations += elements;
        let lane = self.state.at[index].layer as usize * self.chips + chip as usize;
        let spec = &self.program.specs.vex;
        let (begin, done) = self.state.vex.start_nonlinear(spec, lane, now, elements, cause);
        let end = self.state.vex.nonlinear[lane].free_at();
        self.listener.served(self.place(sequence, chip), Unit::VexNonlinear, lane, now, end - begin, end, done);
        self.charge_wait(index, now, begin, Spent::VexBusy, Spent::Nonlinear);
        done
    }

    fn pass(
        &mut self, sequence: u32, chip: u32, now: u64, fixed: Option<(usize, hn_array::Pass, u64)>,
        expert: Option<(usize, hn_array::Pass, u64)>, cause: IdleCause,
    ) -> u64 {
        let index = sequence as usize * self.chips + chip as usize;
        let base = self.program.hn_base[self.state.at[index].layer as usize];
        let place = self.place(sequence, chip);
        // The wait is that of the pass that delivers last.
        let mut slowest: Option<(u64, u64)> = None;
        let mut run = |state: &mut State, listener: &mut L, instance: usize, pass: hn_array::Pass, weights: u64| {
            let (begin, done) = state.hn_array.start(instance, now, pass, cause);
            state.activity.hn_weights += weights;
            listener.served(place, Unit::HnArray, instance, now, pass.serial, begin + pass.serial, done);
            if slowest.is_none_or(|(_, latest)| done > latest) {
                slowest = Some((begin, done));
            }
        };
        if let Some((offset, pass, weights)) = fixed {
            run(&mut self.state, &mut self.listener, base + offset + chip as usize, pass, weights);
        }
        if let Some((offset, pass, weights)) = expert {
            let Active { first, here, active } = self.active_experts(sequence, chip);
            for index in active {
                let slot = self.state.tokens[sequence as usize].experts[index] - first;
                let instance = base + offset + chip as usize * here + slot as usize;
                run(&mut self.state, &mut self.listener, instance, pass, weights);
            }
        }
        let Some((begin, done)) = slowest else { return now };
        self.charge_wait(index, now, begin, Spent::ArrayBusy, Spent::Projection);
        done
    }

    /// Experts of the token's current layer that live on `chip`.
    fn active_experts(&mut self, sequence: u32, chip: u32) -> Active {
        let layer = self.state.at[sequence as usize * self.chips + chip as usize].layer;
        let (experts, per_token, here) = self.program.program(layer as usize).experts;
        let seed = self.load.seed;
        let token = &mut self.state.tokens[sequence as usize];
        if token.experts_layer != layer {
            token.experts_layer = layer;
            choose(&mut token.experts, seed, sequence, token.done, layer, experts, per_token);
        }
        // Experts are dealt in blocks, as evenly as whole experts allow.
        let (chips, all) = (u64::from(self.grid.chips()), u64::from(experts));
        let first = (u64::from(chip) * all).div_ceil(chips) as u32;
        let next = ((u64::from(chip) + 1) * all).div_ceil(chips) as u32;
        let active = token.experts.partition_point(|&e| e < first)..token.experts.partition_point(|&e| e < next);
        Active { first, here: here as usize, active }
    }

    fn owner(&self, sequence: u32, layer: usize) -> OwnerOf {
        let stripes = self.program.program(layer).attention.map_or(self.grid.rows, |a| a.stripes);
        OwnerOf::position(self.state.tokens[sequence as usize].position, stripes, self.grid)
    }

    fn arrival_index(&self, sequence: u32, chip: u32, layer: usize, phase: usize) -> usize {
        let slot = (layer & 1) * self.program.max_phases + phase;
        (sequence as usize * self.chips + chip as usize) * self.ring + slot
    }

    fn send(&mut self, sequence: u32, chip: u32, layer: usize, phase: usize, now: u64, cause: IdleCause) {
        let program = self.program;
        let owner = self.owner(sequence, layer);
        let spec = &program.specs.interconnect;
        let table = program.phase(layer, phase);
        let index = sequence as usize * self.chips + chip as usize;
        let place = self.place(sequence, chip);
        for wire in table.from(chip) {
            if !wire.applies(chip, owner, self.grid.columns) {
                continue;
            }
            let arrival = self.state.interconnect.send(spec, wire.link as usize, now, wire.bytes, cause);
            self.state.activity.link_bytes += wire.bytes;
            let end = self.state.interconnect.links[wire.link as usize].free_at();
            self.listener.served(place, Unit::Link, wire.link as usize, now, wire.bytes, end, arrival);
            self.listener.message(place, phase, wire.to, wire.bytes, arrival);
            let mut path = self.state.at[index].spent;
            path[Spent::Communication as usize] += arrival - now;
            self.arrive(sequence, wire.to, layer, phase, arrival, path, owner);
        }
    }

    /// Notes a message under way; wakes the receiver if it waits for this phase and all is under way.
    #[inline]
    #[allow(clippy::too_many_arguments)]
    fn arrive(
        &mut self, sequence: u32, to: u32, layer: usize, phase: usize, arrival: u64, path: [u64; SPENT],
        owner: OwnerOf,
    ) {
        let slot = self.arrival_index(sequence, to, layer, phase);
        let arrivals = &mut self.state.arrivals[slot];
        arrivals.count += 1;
        if arrival > arrivals.last {
            arrivals.last = arrival;
            arrivals.path = path;
        }
        let count = arrivals.count;
        let index = sequence as usize * self.chips + to as usize;
        let at = &self.state.at[index];
        let here = at.waiting
            && at.layer as usize == layer
            && self.program.program(layer).instrs[at.instr as usize].1 == Instr::Phase(phase);
        if here && count == self.program.phase(layer, phase).expected(to, owner, self.grid.columns) {
            self.state.at[index].waiting = false;
            self.state.at[index].instr += 1;
            self.state.activity.steps += 1;
            let go_on = self.take_arrivals(index, slot, self.state.queue.now());
            self.state.queue.push(go_on, 1, Wake { sequence, chip: to });
        }
    }

    /// Empties an arrival slot; the cycle at which the chip can go on, its time charged up to then.
    fn take_arrivals(&mut self, index: usize, slot: usize, now: u64) -> u64 {
        let arrivals = std::mem::take(&mut self.state.arrivals[slot]);
        let at = &mut self.state.at[index];
        if arrivals.last <= now {
            return now;
        }
        // The message that came last is the one that mattered: its way is the token's critical path.
        at.spent = arrivals.path;
        at.since = arrivals.last;
        arrivals.last
    }

    /// When everything expected has been sent, the cycle at which the chip can go on; else it waits.
    fn receive(&mut self, sequence: u32, chip: u32, layer: usize, phase: usize, now: u64) -> Option<u64> {
        let owner = self.owner(sequence, layer);
        let slot = self.arrival_index(sequence, chip, layer, phase);
        let index = sequence as usize * self.chips + chip as usize;
        self.state.at[index].doing = Spent::Communication as u8;
        let expected = self.program.phase(layer, phase).expected(chip, owner, self.grid.columns);
        if self.state.arrivals[slot].count == expected {
            return Some(self.take_arrivals(index, slot, now));
        }
        self.state.at[index].waiting = true;
        None
    }

    /// In prefill, lets tokens read the cache in order of position; false when the token has to wait.
    fn gate(&mut self, sequence: u32, chip: u32, layer: usize, now: u64) -> bool {
        if self.load.phase == Phase::Decode {
            return true;
        }
        let position = self.state.tokens[sequence as usize].position;
        let gate = layer * self.chips + chip as usize;
        let key = |position| (layer as u32, chip, position);
        if self.state.gates[gate] == position {
            self.state.gates[gate] += 1;
            if let Some(next) = self.state.gated.remove(&key(position + 1)) {
                self.state.queue.push(now, 1, Wake { sequence: next, chip });
            }
            return true;
        }
        let index = sequence as usize * self.chips + chip as usize;
        self.state.at[index].doing = Spent::Predecessor as u8;
        self.state.gated.insert(key(position), sequence);
        false
    }
}

/// What kept the next server idle, from what the token had been doing.
#[inline]
fn idle_cause(doing: u8) -> IdleCause {
    const CAUSES: [IdleCause; SPENT] = [
        IdleCause::Communication,
        IdleCause::Projection,
        IdleCause::Nonlinear,
        IdleCause::Attention,
        IdleCause::Memory,
        IdleCause::Projection,
        IdleCause::Nonlinear,
        IdleCause::Attention,
    ];
    CAUSES[doing as usize]
}

/// Draws `per_token` different experts, each equally likely, from the token's own random stream.
fn choose(into: &mut Vec<u32>, seed: u64, sequence: u32, token: u64, layer: u32, experts: u32, per_token: u32) {
    into.clear();
    let stream = (u64::from(sequence) << 32) ^ (token << 12) ^ u64::from(layer);
    let mut rng = rand_pcg::Pcg32::seed_from_u64(seed ^ stream.wrapping_mul(0x9e37_79b9_7f4a_7c15));
    // Floyd's sampling: every subset of the size is equally likely, without rejection.
    for upper in experts - per_token..experts {
        let drawn = ((u64::from(rng.next_u32()) * (u64::from(upper) + 1)) >> 32) as u32;
        into.push(if into.contains(&drawn) { upper } else { drawn });
    }
    into.sort_unstable();
}
