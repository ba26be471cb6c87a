//! Links, memory and buffer in their own cycles: flits with credits, DRAM commands, banks.
//!
//! The event machine asks a server how long a request takes. At fidelity `cycle` the same machine, with the same mapping and
//! program, asks these models instead: a message is sent flit by flit ([`link`]), a stream of the KV cache is reads of a memory
//! controller ([`memory`]), a read of the attention buffer occupies banks ([`buffer`]). Each difference from the event machine
//! is an [`Effect`] that can be left out, so that the difference between two fidelities is told by causes.
//!
//! Idle cycles are skipped: each model computes the time of its next step from its own state.

pub mod buffer;
mod effect;
pub mod link;
pub mod measured;
pub mod memory;
pub mod staging;
mod totals;
mod waits;

use std::collections::BTreeMap;

use designs::{Design, Dram, Framing};
use serde::{Deserialize, Serialize};

use crate::dram::BusWait;

pub use effect::{Effect, PerEffect};
use memory::{Progress, Ticket};
use staging::{Staging, StreamId};
pub use totals::Totals;
use waits::Log;
pub use waits::{Wait, WaitCause, Waiting};

/// The models of a design.
#[derive(Debug, Clone)]
pub struct Spec {
    /// What is modelled; the rest is as in the event machine.
    pub effects: PerEffect<bool>,
    /// Links.
    pub link: link::Spec,
    /// Attention buffer.
    pub buffer: buffer::Spec,
    /// HBM.
    pub memory: memory::Spec,
    /// Bytes of the attention buffer of a chip for streamed layers; `None` where space is not modelled.
    pub staging: Option<u64>,
    /// Cycles in which a control unit issues one instruction.
    pub issue: u64,
}

impl Spec {
    /// The design as its event machine has to see it beside these models: messages in flits, the buffer at its full rate.
    #[must_use]
    pub fn design(design: &Design, effects: PerEffect<bool>) -> Design {
        let mut design = design.clone();
        if effects.flits {
            design.interconnect.framing = Framing::Flits;
        }
        if effects.banks {
            design.attention_buffer.efficiency = 1.0;
        }
        design
    }

    /// The models of a design whose stacks are of kind `memory`; `staging_bytes` of the buffer hold streamed layers.
    #[must_use]
    pub fn new(design: &Design, memory: &Dram, effects: PerEffect<bool>, staging_bytes: u64) -> Self {
        Self {
            effects,
            link: link::Spec::new(design, effects),
            buffer: buffer::Spec::new(&design.attention_buffer),
            memory: memory::Spec::new(design, memory),
            staging: effects.staging.then_some(staging_bytes),
            issue: design.issue_cycles.into(),
        }
    }
}

/// State of all models.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct State {
    /// By link.
    pub links: Vec<link::Link>,
    /// By chip.
    pub buffers: Vec<buffer::Buffer>,
    /// By chip.
    pub memories: Vec<memory::Memory>,
    staging: Option<Staging>,
    /// By chip: streams by ticket, where space is modelled.
    staged: Vec<BTreeMap<Ticket, StreamId>>,
    /// By chip: cycle from which on the control unit is free.
    control_free: Vec<u64>,
    issue_wait: u64,
    /// Totals at the last settlement.
    settled: Totals,
    /// Not a part of checkpoints: waits are recorded for a timeline, which is never resumed.
    #[serde(skip)]
    log: Log,
}

impl State {
    /// Idle models.
    #[must_use]
    pub fn new(spec: &Spec, links: usize, chips: usize) -> Self {
        Self {
            links: vec![link::Link::default(); links],
            buffers: vec![buffer::Buffer::default(); chips],
            memories: vec![memory::Memory::new(&spec.memory); chips],
            staging: spec.staging.map(|all| Staging::new(all, chips as u32)),
            staged: vec![BTreeMap::new(); chips],
            control_free: vec![0; chips],
            issue_wait: 0,
            settled: Totals::default(),
            log: Log::default(),
        }
    }

    /// Records waits from now on.
    pub fn record_waits(&mut self) {
        self.log.start();
        self.memories.iter_mut().for_each(memory::Memory::record_waits);
    }

    /// Waits recorded since the last call. They may end later than now, where a model knows that.
    pub fn take_waits(&mut self) -> Vec<Wait> {
        self.log.take()
    }

    /// Sends a message over a link, which is free for it from cycle `begin` of the byte clock on.
    pub fn send(&mut self, spec: &Spec, link: usize, begin: u64, bytes: u64, adds: bool) -> link::Transfer {
        let log = &mut self.log;
        self.links[link].send_reporting(&spec.link, begin, bytes, adds, |from, to| {
            log.add(Waiting::Link(link), WaitCause::Credit, from, to);
        })
    }

    /// Reads words of the attention buffer of a chip; returns the cycle at which the last is read.
    pub fn read_buffer(&mut self, spec: &Spec, now: u64, chip: usize, first: u64, words: u64) -> u64 {
        let read = self.buffers[chip].read(&spec.buffer, now, first, words);
        self.log.add(Waiting::Buffer(chip), WaitCause::BufferBank(read.bank), now, now + read.waited);
        read.done
    }

    /// Streams `bytes` from `address` on to a chip, as soon as there is space; `most` is the largest part of a chip. 0 for nothing.
    pub fn stream(
        &mut self,
        spec: &Spec,
        now: u64,
        chip: usize,
        id: StreamId,
        [address, bytes, most]: [u64; 3],
    ) -> Ticket {
        self.run(spec, now);
        let ticket = if bytes > 0 { self.memories[chip].request(&spec.memory, now, address, bytes) } else { 0 };
        let begins = match &mut self.staging {
            Some(staging) if most > 0 => staging.ask(id, most, (bytes > 0).then_some((chip, ticket))),
            _ => true,
        };
        if bytes > 0 {
            if self.staging.is_some() {
                self.staged[chip].insert(ticket, id);
            }
            if begins {
                self.memories[chip].begin(&spec.memory, ticket, now);
                self.log_bus(chip);
            }
        }
        ticket
    }

    /// Reads `bytes` from `address` on that need no space.
    pub fn read(&mut self, spec: &Spec, now: u64, chip: usize, address: u64, bytes: u64) -> Ticket {
        self.run(spec, now);
        let ticket = self.memories[chip].request(&spec.memory, now, address, bytes);
        self.memories[chip].begin(&spec.memory, ticket, now);
        self.log_bus(chip);
        ticket
    }

    /// Writes `bytes` of a chip.
    pub fn write(&mut self, spec: &Spec, now: u64, chip: usize, address: u64, bytes: u64) {
        self.run(spec, now);
        self.memories[chip].write(&spec.memory, now, address, bytes);
        self.log_bus(chip);
    }

    /// Whether a chip's stream or read is complete at cycle `now`.
    pub fn progress(&mut self, spec: &Spec, now: u64, chip: usize, ticket: Ticket) -> Progress {
        self.run(spec, now);
        let progress = self.memories[chip].progress(&spec.memory, now, ticket);
        self.log_bus(chip);
        progress
    }

    /// Ends a chip's stream or read; what it held is free from cycle `at` on.
    pub fn end(&mut self, chip: usize, ticket: Ticket, at: u64) {
        self.memories[chip].end(ticket);
        if let (Some(id), Some(staging)) = (self.staged[chip].remove(&ticket), &mut self.staging) {
            staging.read(id, at);
        }
    }

    /// The cycle, `now` or later, at which the control unit of a chip issues an instruction that it is asked for at cycle `now`.
    pub fn issue(&mut self, spec: &Spec, chip: usize, now: u64) -> u64 {
        let free = &mut self.control_free[chip];
        let turn = now.max(*free);
        *free = turn + spec.issue;
        self.issue_wait += turn - now;
        self.log.add(Waiting::Control(chip), WaitCause::Issue, now, turn);
        turn
    }

    /// Begins the streams that have got space up to cycle `now`, before any memory runs further.
    fn run(&mut self, spec: &Spec, now: u64) {
        let (memories, log) = (&mut self.memories, &mut self.log);
        if let Some(staging) = &mut self.staging {
            staging.run(now, |(chip, ticket), at| {
                let asked = memories[chip].begin(&spec.memory, ticket, at);
                log.add(Waiting::Space(chip), WaitCause::Space, asked, at);
            });
        }
    }

    /// Takes over what the memory of a chip recorded.
    fn log_bus(&mut self, chip: usize) {
        if !self.log.on() {
            return;
        }
        for wait in self.memories[chip].take_waits() {
            let BusWait { pseudo, bank, row, write, stall, begin, end } = wait;
            self.log.add(Waiting::Bus { chip, pseudo }, WaitCause::Dram { stall, bank, row, write }, begin, end);
        }
    }

    /// What the models did since the last call.
    pub fn settle(&mut self) -> Totals {
        let totals = self.totals();
        totals.since(&std::mem::replace(&mut self.settled, totals))
    }

    /// What the models did since the start.
    fn totals(&self) -> Totals {
        let mut totals = Totals { issue_wait: self.issue_wait, ..Totals::default() };
        for link in &self.links {
            totals.flits += link.flits();
            totals.credit_wait += link.waited();
        }
        for buffer in &self.buffers {
            totals.bank_wait += buffer.waited();
        }
        for memory in &self.memories {
            memory.add_to(&mut totals);
        }
        totals
    }
}
