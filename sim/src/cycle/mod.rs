//! Links, memory and buffer in their own cycles: flits with credits, DRAM commands, banks.
//!
//! The event machine asks a server how long a request takes. At fidelity `cycle` the same machine, with the same mapping and
//! program, asks these models instead: a message is sent flit by flit ([`link`]), a stream of the KV cache is reads of a memory
//! controller ([`memory`]), a read of the attention buffer occupies banks ([`buffer`]). Each difference from the event machine
//! is an [`Effect`] that can be left out, so that the difference between two fidelities is told by causes.
//!
//! Idle cycles are skipped: each model computes the time of its next step from its own state.

pub mod buffer;
pub mod link;
pub mod memory;
pub mod staging;

use std::collections::BTreeMap;

use designs::{Design, Dram, Framing};
use serde::{Deserialize, Serialize};

use crate::dram::Stall;
use memory::{Progress, Ticket};
use staging::{Staging, StreamId};

designs::keyed! {
    /// What `cycle` models and `event` does not.
    enum Effect;
    /// One value for each effect.
    struct PerEffect;
    /// Messages travel as packets in whole flits.
    Flits => flits, "flits";
    /// A flit needs a credit: a free place in the receive buffer of its link.
    Credits => credits, "credits";
    /// Partial sums pass the adders of the receiving port before they leave its buffer.
    Adders => adders, "adders";
    /// HBM is controllers, banks and rows with refresh; new entries of the cache are written.
    Dram => dram, "DRAM";
    /// The attention buffer is banks with addresses, without a fitted efficiency.
    Banks => banks, "banks";
    /// Streamed layers of the cache take space in the attention buffer until they have been read.
    Staging => staging, "staging";
}

impl PerEffect<bool> {
    /// All effects.
    pub const ALL: Self = Self { flits: true, credits: true, adders: true, dram: true, banks: true, staging: true };
    /// None of them: the event machine.
    pub const NONE: Self =
        Self { flits: false, credits: false, adders: false, dram: false, banks: false, staging: false };

    /// The effects up to and including `last`, in the order of [`Effect::ALL`].
    #[must_use]
    pub fn up_to(last: Effect) -> Self {
        let reached = Effect::ALL.iter().position(|effect| *effect == last).expect("a member of all");
        Self::from_fn(|effect| Effect::ALL[..=reached].contains(&effect))
    }
}

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
    /// Totals at the last settlement.
    settled: Totals,
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
            settled: Totals::default(),
        }
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
            }
        }
        ticket
    }

    /// Reads `bytes` from `address` on that need no space.
    pub fn read(&mut self, spec: &Spec, now: u64, chip: usize, address: u64, bytes: u64) -> Ticket {
        self.run(spec, now);
        let ticket = self.memories[chip].request(&spec.memory, now, address, bytes);
        self.memories[chip].begin(&spec.memory, ticket, now);
        ticket
    }

    /// Writes `bytes` of a chip.
    pub fn write(&mut self, spec: &Spec, now: u64, chip: usize, address: u64, bytes: u64) {
        self.run(spec, now);
        self.memories[chip].write(&spec.memory, now, address, bytes);
    }

    /// Whether a chip's stream or read is complete at cycle `now`.
    pub fn progress(&mut self, spec: &Spec, now: u64, chip: usize, ticket: Ticket) -> Progress {
        self.run(spec, now);
        self.memories[chip].progress(&spec.memory, now, ticket)
    }

    /// Ends a chip's stream or read; what it held is free from cycle `at` on.
    pub fn end(&mut self, chip: usize, ticket: Ticket, at: u64) {
        self.memories[chip].end(ticket);
        if let (Some(id), Some(staging)) = (self.staged[chip].remove(&ticket), &mut self.staging) {
            staging.read(id, at);
        }
    }

    /// Begins the streams that have got space up to cycle `now`, before any memory runs further.
    fn run(&mut self, spec: &Spec, now: u64) {
        let memories = &mut self.memories;
        if let Some(staging) = &mut self.staging {
            staging.run(now, |(chip, ticket), at| memories[chip].begin(&spec.memory, ticket, at));
        }
    }

    /// What the models did since the last call.
    pub fn settle(&mut self) -> Totals {
        let totals = self.totals();
        totals.since(&std::mem::replace(&mut self.settled, totals))
    }

    /// What the models did since the start.
    fn totals(&self) -> Totals {
        let mut totals = Totals::default();
        for link in &self.links {
            totals.flits += link.flits();
            totals.credit_wait += link.waited();
        }
        for buffer in &self.buffers {
            totals.bank_reads += buffer.words();
            totals.bank_wait += buffer.waited();
        }
        for memory in &self.memories {
            memory.add_to(&mut totals);
        }
        totals
    }
}

/// Counts of the models; differences of two are those of a window.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Totals {
    /// Flits sent, all links.
    pub flits: u64,
    /// Time in which a link had a flit and no credit, in cycles of the links' byte clock, all links.
    pub credit_wait: u64,
    /// Words read, all banks.
    pub bank_reads: u64,
    /// Cycles of reads beyond those of an idle buffer with evenly filled banks, all chips.
    pub bank_wait: u64,
    /// Reads and writes of the simulated channels.
    pub dram_bursts: u64,
    /// Of these, those that found their row open.
    pub row_hits: u64,
    /// Those that found another row open.
    pub row_conflicts: u64,
    /// Ticks of the simulated channels' data buses, by use.
    pub bus: crate::dram::PerStall<u64>,
    /// Cycles that streams waited for space in the buffer, all streams.
    pub staging_wait: u64,
    /// Streams requested.
    pub streams: u64,
}

impl Totals {
    /// What was counted since `before`.
    #[must_use]
    pub fn since(&self, before: &Self) -> Self {
        Self {
            flits: self.flits - before.flits,
            credit_wait: self.credit_wait - before.credit_wait,
            bank_reads: self.bank_reads - before.bank_reads,
            bank_wait: self.bank_wait - before.bank_wait,
            dram_bursts: self.dram_bursts - before.dram_bursts,
            row_hits: self.row_hits - before.row_hits,
            row_conflicts: self.row_conflicts - before.row_conflicts,
            bus: self.bus.zip(before.bus).map(|(after, before)| after - before),
            staging_wait: self.staging_wait - before.staging_wait,
            streams: self.streams - before.streams,
        }
    }

    /// Adds the counts of another window.
    pub fn add(&mut self, other: &Self) {
        self.flits += other.flits;
        self.credit_wait += other.credit_wait;
        self.bank_reads += other.bank_reads;
        self.bank_wait += other.bank_wait;
        self.dram_bursts += other.dram_bursts;
        self.row_hits += other.row_hits;
        self.row_conflicts += other.row_conflicts;
        self.bus = self.bus.zip(other.bus).map(|(mine, theirs)| mine + theirs);
        self.staging_wait += other.staging_wait;
        self.streams += other.streams;
    }

    /// Share of the data buses' time in one use, 0 to 1; 0 if no time has passed.
    #[must_use]
    pub fn bus_share(&self, stall: Stall) -> f64 {
        self.bus[stall] as f64 / self.bus.values().sum::<u64>().max(1) as f64
    }
}
