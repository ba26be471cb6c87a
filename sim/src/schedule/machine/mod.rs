//! The event machine: executes the program of every token on every chip, with queues at servers and messages between chips.
//!
//! An event resumes a token on a chip. Servers are first come, first served, so the completion of a request is known when
//! it is made, and one event per instruction suffices. Messages need no events: the receiver is woken at the last arrival
//! that it expects. All state is in [`State`], which is
//! stored in checkpoints; nothing else changes while it runs.

mod compute;
mod cycles;
mod load;
mod memory;
mod messages;
mod regions;
mod state;

use std::collections::BTreeMap;

use designs::Grid;

use super::cost::embedding_bytes;
use super::ids::{ChipId, Id, OnChip, PerChip, SequenceId, Table};
use super::instruction::Instr;
use super::program::Compiled;
use super::trace::{Listener, Place, Service};
use crate::cycle;
use crate::engine::{IdleCause, Queue, Server, Usage};
use crate::units::hbm::Placement;
use crate::units::{PerSpent, PerUnit, Spent, Unit, control};

pub use load::{Load, Phase, Start};
use regions::Regions;
pub use state::{Activity, Settled, State};
use state::{Arrivals, AtChip, Sent, Token};

/// A machine running a load.
pub struct Machine<'a, L: Listener = ()> {
    program: &'a Compiled,
    load: Load,
    placement: Placement,
    grid: Grid,
    chips: usize,
    ring: usize,
    /// Bytes of a token's embedding row that a chip reads; 0 where the embedding is not simulated.
    embedding_bytes: u64,
    regions: Regions,
    state: State,
    listener: L,
}

impl<'a> Machine<'a> {
    /// A machine that will run `load` with its KV cache at `placement`.
    #[must_use]
    pub fn new(program: &'a Compiled, load: Load, placement: Placement) -> Self {
        Machine::with_listener(program, load, placement, ())
    }
}

impl<'a, L: Listener> Machine<'a, L> {
    /// A machine with a listener.
    #[must_use]
    pub fn with_listener(program: &'a Compiled, load: Load, placement: Placement, listener: L) -> Self {
        let load = load.bounded(program);
        let grid = program.specs.interconnect.grid;
        let chips = grid.chips() as usize;
        let ring = 2 * program.max_phases;
        let layers = program.sequence.len();
        let sequences = load.sequences as usize;
        let at = AtChip {
            layer: 0,
            instr: 0,
            since: 0,
            doing: Spent::Communication,
            embedding_ready: 0,
            kv_ready: 0,
            kv_next: 0,
            asks: false,
            issued: false,
            spent: PerSpent::default(),
        };
        let models = |spec| Box::new(cycle::State::new(spec, program.servers(Unit::Links), chips));
        let state = State {
            queue: Queue::new(),
            servers: PerUnit::from_fn(|unit| vec![Server::new(); program.servers(unit)]),
            control: control::State::default(),
            tokens: Vec::with_capacity(sequences),
            at: PerChip::new(sequences, chips, at),
            arrivals: vec![Arrivals::default(); sequences * chips * ring],
            sent: vec![Sent::default(); sequences * chips * ring],
            gates: Table::new(if load.phase == Phase::Prefill { layers } else { 0 }, chips, load.context),
            gated: BTreeMap::new(),
            activity: Activity::default(),
            cycle: program.specs.cycle.as_ref().map(models),
        };
        let regions = Regions::new(program, &load, &placement);
        let embedding_bytes = embedding_bytes(program);
        let mut machine =
            Machine { program, load, placement, grid, chips, ring, embedding_bytes, regions, state, listener };
        if L::WAITS
            && let Some(models) = machine.models()
        {
            models.record_waits();
        }
        machine.admit_all();
        machine
    }

    /// Continues from a stored state of the same program, load and placement.
    #[must_use]
    pub fn resume(program: &'a Compiled, load: Load, placement: Placement, state: State, listener: L) -> Self {
        let load = load.bounded(program);
        let grid = program.specs.interconnect.grid;
        let chips = grid.chips() as usize;
        let ring = 2 * program.max_phases;
        let regions = Regions::new(program, &load, &placement);
        Machine {
            program,
            load,
            placement,
            grid,
            chips,
            ring,
            embedding_bytes: embedding_bytes(program),
            regions,
            state,
            listener,
        }
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

    /// Time of all tokens since the start, finished or not, by class, in cycles. That of a token in flight is the mean over the
    /// chips, since its critical path is known only when it ends.
    #[must_use]
    pub fn spent(&self) -> PerSpent<f64> {
        let (activity, now) = (&self.state.activity, self.now());
        let mut in_flight = PerSpent::<f64>::default();
        for sequence in (0..self.load.sequences).map(SequenceId) {
            for chip in (0..self.chips as u32).map(ChipId::new) {
                let at = &self.state.at[OnChip { sequence, chip }];
                in_flight = in_flight.zip(at.spent).map(|(sum, spent)| sum + spent as f64);
                // A wait that has been charged ahead ends after now.
                in_flight[at.doing] += now as f64 - at.since as f64;
            }
        }
        let finished = activity.spent.zip(activity.spent_later).map(|(own, later)| (own + later) as f64);
        finished.zip(in_flight).map(|(finished, cycles)| finished + cycles / self.chips as f64)
    }

    /// Links, memories and buffers in their own cycles, to look at or to have commands recorded.
    pub fn models(&mut self) -> Option<&mut cycle::State> {
        self.state.cycle.as_deref_mut()
    }

    /// Ends the run and returns the listener.
    pub fn into_listener(self) -> L {
        self.listener
    }

    fn admit_all(&mut self) {
        let layers = self.program.layers() as u64;
        for sequence in (0..self.load.sequences).map(SequenceId) {
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
                Start::Spread => u64::from(sequence.0) * layers / u64::from(self.load.sequences),
                Start::Own(ref entries) => u64::from(entries[sequence.index()].0),
            };
            let own = matches!(self.load.start, Start::Own(_));
            if own || self.state.control.ask(&self.program.specs.control, sequence.0) {
                self.start(sequence, 0, layer as u32, IdleCause::Admission);
            }
        }
    }

    /// Position of the token of a decoding sequence that is `ahead` tokens after the one at work.
    fn decoded(&self, sequence: SequenceId, ahead: u64) -> u64 {
        let stripes = self.program.programs.iter().find_map(|p| p.attention).map_or(1, |a| a.stripes);
        // Sequences start on different stripes, as sequences of different lengths would.
        let offset = match &self.load.start {
            Start::Own(entries) => entries[sequence.index()].1,
            _ => u64::from(sequence.0),
        };
        let number = self.state.tokens[sequence.index()].done + ahead;
        self.load.decoded(sequence.index(), offset, number, stripes.into())
    }

    /// Starts the next token of `sequence` at `now`, if there is one.
    fn start(&mut self, sequence: SequenceId, now: u64, layer: u32, cause: IdleCause) {
        let position = match self.load.phase {
            Phase::Decode => self.decoded(sequence, 0),
            // Positions are assigned round robin, so the next position of a sequence is known in advance.
            Phase::Prefill => {
                let done = self.state.tokens[sequence.index()].done;
                let offset = u64::from(sequence.0) + done * u64::from(self.load.sequences);
                if offset >= self.load.prompt_tokens {
                    return;
                }
                self.load.context + offset
            }
        };
        let token = &mut self.state.tokens[sequence.index()];
        token.position = position;
        token.started = now;
        token.chips_done = 0;
        token.experts_layer = u32::MAX;
        for chip in (0..self.chips as u32).map(ChipId::new) {
            let on = OnChip { sequence, chip };
            let ahead = self.state.at[on].kv_next;
            self.state.at[on] = AtChip {
                layer,
                instr: 0,
                since: now,
                doing: Spent::Communication,
                embedding_ready: 0,
                kv_ready: 0,
                kv_next: ahead,
                asks: false,
                issued: false,
                spent: PerSpent::default(),
            };
            // A token that begins in a later layer has read its row before the run.
            if layer == 0 {
                self.state.at[on].embedding_ready = self.read_embedding(on, now, cause);
            }
            if self.state.tokens[sequence.index()].done == 0 || !self.streams_ahead() {
                self.state.at[on].kv_next = self.stream(on, layer as usize, now, (position, 0), cause);
            }
            self.enter_layer(on, now);
            self.state.queue.push(now, 0, on);
        }
    }

    /// Handles one event; returns false if none is pending.
    #[inline]
    pub fn step(&mut self) -> bool {
        let Some((key, on)) = self.state.queue.pop() else { return false };
        self.go_on(on, key.cycle);
        if L::WAITS {
            self.tell_waits();
        }
        true
    }

    /// Runs until `tokens` tokens have finished; returns false if no event was left before.
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
        let mut links = Vec::new();
        let units = PerUnit::from_fn(|unit| {
            let domain = self.program.specs.domain(unit);
            let mut sum = Usage::default();
            for server in &mut self.state.servers[unit] {
                let usage = server.settle(domain, now);
                sum.add(&usage);
                if unit == Unit::Links {
                    links.push(usage);
                }
            }
            sum
        });
        let cycle = self.state.cycle.as_mut().map(|models| models.settle()).unwrap_or_default();
        Settled { units, links, cycle }
    }

    fn place(&self, on: OnChip) -> Place {
        let at = &self.state.at[on];
        let token = self.state.tokens[on.sequence.index()].done;
        Place { sequence: on.sequence.0, token, chip: on.chip.get(), layer: at.layer, instr: at.instr }
    }

    /// Queues a request at a server of a unit and reports it to the listener. `work` is in cycles of the unit's own domain; the
    /// result arrives `latency` cycles of the chip clock after the end of the work.
    #[inline]
    fn serve(
        &mut self,
        on: OnChip,
        (unit, index): (Unit, usize),
        now: u64,
        (work, latency): (u64, u64),
        cause: IdleCause,
    ) -> Service {
        let server = &mut self.state.servers[unit][index];
        let done = server.request(self.program.specs.domain(unit), now, work, cause) + latency;
        let service = Service { unit, index, asked: now, work, end: server.free_at(), done };
        self.listener.served(self.place(on), service);
        service
    }

    /// Index of the lane group of the vector unit that serves a layer.
    fn lane(&self, layer: usize, chip: ChipId) -> usize {
        self.program.specs.vex.group(layer) * self.chips + chip.index()
    }

    /// Adds the time since the last change to the class of what the chip was doing.
    #[inline]
    fn charge(&mut self, on: OnChip, now: u64) {
        let at = &mut self.state.at[on];
        at.spent[at.doing] += now - at.since;
        at.since = now;
    }

    /// Charges the wait from `now` until `begin` to class `waited`, and the time from then on to class `doing`.
    #[inline]
    fn charge_wait(&mut self, on: OnChip, now: u64, begin: u64, waited: Spent, doing: Spent) {
        let at = &mut self.state.at[on];
        at.spent[waited] += begin - now;
        at.since = begin;
        at.doing = doing;
    }

    fn go_on(&mut self, on: OnChip, now: u64) {
        let program = self.program;
        self.charge(on, now);
        loop {
            let (layer, instr) = (self.state.at[on].layer as usize, self.state.at[on].instr as usize);
            let Some((_, instruction)) = program.program(layer).instrs.get(instr) else {
                if self.next_layer(on, now) {
                    continue;
                }
                return;
            };
            if !self.state.at[on].asks && !self.state.at[on].issued {
                self.listener.reached(self.place(on), now);
            }
            if !instruction.waits() && !self.issue(on, now) {
                return;
            }
            let cause = idle_cause(self.state.at[on].doing);
            let done = match instruction {
                Instr::Hn { fixed, expert, .. } => self.pass(on, now, *fixed, *expert, cause),
                Instr::Nonlinear { fixed, per_expert } => self.nonlinear(on, now, *fixed, *per_expert, cause),
                Instr::AwaitEmbedding { bytes } => {
                    if !self.state.at[on].asks {
                        self.state.activity.events.hbm_bytes += bytes;
                    }
                    let row = self.state.at[on].embedding_ready;
                    let Some(at) = self.await_data(on, now, row) else { return };
                    self.release(on, row, at);
                    at
                }
                Instr::AwaitKv => {
                    if !self.state.at[on].asks && !self.gate(on, layer, now) {
                        return;
                    }
                    let Some(at) = self.await_data(on, now, self.state.at[on].kv_ready) else { return };
                    at
                }
                Instr::Scores => self.attend(on, layer, now, true, cause),
                Instr::Values => self.attend(on, layer, now, false, cause),
                Instr::Phase(phase) => {
                    self.send(on, layer, *phase, now, cause);
                    match self.receive(on, layer, *phase, now) {
                        Some(at) => at,
                        None => return,
                    }
                }
            };
            self.state.activity.events.steps += 1;
            self.state.at[on].instr += 1;
            if done > now {
                self.state.queue.push(done, 1, on);
                return;
            }
        }
    }

    /// Waits for data: those that arrive at cycle `ready`, or those of the ticket `ready` where memory is simulated by commands.
    /// Returns the cycle at which the chip can continue, or `None` if it asks again later.
    fn await_data(&mut self, on: OnChip, now: u64, ready: u64) -> Option<u64> {
        if self.simulates_memory() {
            return self.ask(on, now, ready);
        }
        if ready > now {
            self.state.at[on].doing = Spent::Memory;
        }
        Some(ready.max(now))
    }

    /// Continues with the next layer; returns false if the token is finished on this chip.
    fn next_layer(&mut self, on: OnChip, now: u64) -> bool {
        let own = matches!(self.load.start, Start::Own(_));
        let last = match self.load.phase {
            _ if own => 0,
            Phase::Decode => self.program.sequence.len(),
            // Only the last prompt token needs logits; it is counted with the first decode step.
            Phase::Prefill => self.program.layers(),
        };
        if (self.state.at[on].layer as usize) + 1 < last {
            self.state.at[on].layer += 1;
            self.state.at[on].instr = 0;
            self.enter_layer(on, now);
            return true;
        }
        self.state.at[on].doing = Spent::Communication;
        let token = &mut self.state.tokens[on.sequence.index()];
        token.chips_done += 1;
        if token.chips_done as usize == self.chips {
            self.finish(on, now);
        }
        false
    }

    /// Ends a token; `on` is the last chip to finish it.
    fn finish(&mut self, on: OnChip, now: u64) {
        let spent = self.state.at[on].spent;
        let token = &mut self.state.tokens[on.sequence.index()];
        self.listener.finished(on.sequence.0, token.done, now);
        token.done += 1;
        let activity = &mut self.state.activity;
        activity.tokens += 1;
        // The latency of a token that began in a later layer is not counted.
        if token.counted {
            activity.latency_cycles += now - token.started;
            activity.spent = activity.spent.zip(spent).map(|(sum, spent)| sum + spent);
        } else {
            activity.spent_later = activity.spent_later.zip(spent).map(|(sum, spent)| sum + spent);
        }
        token.counted = true;
        if matches!(self.load.start, Start::Own(_)) {
            return;
        }
        let next = match self.load.phase {
            Phase::Prefill => Some(on.sequence),
            Phase::Decode => {
                let taker = self.state.control.release().map(SequenceId);
                match taker {
                    Some(_) => {
                        let granted = self.state.control.ask(&self.program.specs.control, on.sequence.0);
                        assert!(!granted, "a full pipeline grants no place");
                        taker
                    }
                    None => self.state.control.ask(&self.program.specs.control, on.sequence.0).then_some(on.sequence),
                }
            }
        };
        if let Some(next) = next {
            self.start(next, now, 0, IdleCause::Admission);
        }
    }
}

/// Cause of the idle time of the next server, from what the token did before.
#[inline]
const fn idle_cause(doing: Spent) -> IdleCause {
    match doing {
        Spent::Communication => IdleCause::Communication,
        Spent::Projection | Spent::ArrayBusy => IdleCause::Projection,
        Spent::Nonlinear | Spent::VexBusy => IdleCause::Nonlinear,
        Spent::Attention | Spent::Predecessor => IdleCause::Attention,
        Spent::Memory => IdleCause::Memory,
        Spent::IssueBusy => IdleCause::Admission,
    }
}
