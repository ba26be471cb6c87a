//! HBM of a chip, command by command.
//!
//! Addresses interleave all channels of a chip burst by burst, so every channel gets the same share of every stream. One
//! channel with its controller, pseudo-channels and banks is simulated for each chip; it stands for the others. A stream is a
//! contiguous range of its addresses, read in order from the moment at which it has space ([`super::staging`]).
//!
//! The model runs no further than the machine's time, because later requests can change the order in which a controller serves
//! earlier ones: whoever waits for a stream asks again at the earliest cycle at which it can be complete.

use std::collections::BTreeMap;

use designs::{AddressOrder, Design, Dram};
use serde::{Deserialize, Serialize};

use super::totals::Totals;
use crate::dram::{self, BusWait, Channel, Mapper, Request};
use crate::engine::{Clock, ClockDomain};

/// Channels and rates of a chip's memory.
#[derive(Debug, Clone)]
pub struct Spec {
    channel: dram::Spec,
    mapper: Mapper,
    /// Channels of the chip.
    channels: u64,
    /// Ticks of the memory, and of a second; beside the design's clock.
    ticks: ClockDomain,
    hz: u64,
    /// Their frequency over that of the memory's data.
    clock_ratio: f64,
}

/// Why a memory cannot be simulated for a design.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum MemoryError {
    /// Channels are blocks of addresses.
    #[error(
        "controller.address of memory `{memory}` is {order}: a stream would lie in one channel; fidelity cycle needs an order that \
         interleaves channels"
    )]
    NotInterleaved {
        /// Name of the memory.
        memory: String,
        /// Its order of addresses.
        order: AddressOrder,
    },
}

impl Spec {
    /// The memory of a design whose stacks are of kind `memory`. Its clock is scaled to the design's bandwidth.
    #[must_use]
    pub fn new(design: &Design, memory: &Dram) -> Self {
        // One channel of one stack: the digits of channel and stack have one value.
        let mut one = memory.clone();
        one.organization.channels = 1;
        let channel = dram::Spec::new(memory);
        let o = &memory.organization;
        let per_burst = u128::from(o.channels) * u128::from(o.pseudo_channels) * u128::from(o.burst_bytes);
        let hz = u128::from(design.hbm.stack_bandwidth.get()) * u128::from(channel.burst) / per_burst;
        let ticks = u64::try_from(hz).expect("bounded by the schema").max(1);
        Self {
            mapper: Mapper::new(&one, 1),
            channels: u64::from(design.hbm.stacks) * u64::from(o.channels),
            ticks: ClockDomain::new(ticks, design.clock.hz()),
            hz: ticks,
            clock_ratio: hz as f64 * channel.tick_fs as f64 / 1e15,
            channel,
        }
    }

    /// Clock of the memory.
    #[must_use]
    pub fn clock(&self) -> Clock {
        Clock { domain: self.ticks, hz: self.hz }
    }

    /// Channels of a chip.
    #[must_use]
    pub fn channels(&self) -> u64 {
        self.channels
    }

    /// Bytes of a burst of one channel.
    #[must_use]
    pub fn burst_bytes(&self) -> u64 {
        self.channel.burst_bytes.into()
    }

    /// Clock of the memory, scaled to the design's bandwidth, over that of its file.
    #[must_use]
    pub fn clock_ratio(&self) -> f64 {
        self.clock_ratio
    }

    /// Whether streams spread over the channels, as the model supposes.
    ///
    /// # Errors
    /// If they do not.
    pub fn check(memory: &Dram) -> Result<(), MemoryError> {
        let order = memory.controller.address;
        match order {
            AddressOrder::ChannelBankGroupRowColumn => {
                Err(MemoryError::NotInterleaved { memory: memory.name.clone(), order })
            }
            _ => Ok(()),
        }
    }

    /// Bytes of a range of `bytes` that lie in one channel, in whole bursts.
    #[must_use]
    pub fn share(&self, bytes: u64) -> u64 {
        bytes.div_ceil(self.channels).next_multiple_of(self.channel.burst_bytes.into())
    }
}

/// A stream of a chip: 0 names none.
pub type Ticket = u64;

/// A stream that has been asked for.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
struct Stream {
    /// First address within the channel, and bytes there.
    address: u64,
    bytes: u64,
    /// Cycle at which it was asked for.
    asked: u64,
    /// Bursts that are not read.
    left: u64,
    /// Tick at which the last burst read so far ends.
    end: u64,
}

/// Whether a stream is complete.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Progress {
    /// Since this cycle.
    Complete(u64),
    /// It is not complete before this cycle.
    NotBefore(u64),
}

/// State of a chip's memory.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Memory {
    channel: Channel,
    streams: BTreeMap<Ticket, Stream>,
    last: Ticket,
    /// Bytes of new entries of the cache in this channel that do not fill a burst yet.
    unwritten: u64,
    staging_wait: u64,
}

impl Memory {
    /// An idle memory.
    #[must_use]
    pub fn new(spec: &Spec) -> Self {
        Self { channel: Channel::new(&spec.channel), streams: BTreeMap::new(), last: 0, unwritten: 0, staging_wait: 0 }
    }

    /// The simulated channel.
    #[must_use]
    pub fn channel(&self) -> &Channel {
        &self.channel
    }

    /// Records every command from now on.
    pub fn record(&mut self) {
        self.channel.record();
    }

    /// Records idle times of the data buses from now on.
    pub fn record_waits(&mut self) {
        self.channel.record_waits();
    }

    /// Idle times recorded since the last call.
    pub fn take_waits(&mut self) -> Vec<BusWait> {
        self.channel.take_waits()
    }

    /// Asks for `bytes` of the chip from `address` on, both as they are over all channels. Nothing is read before [`Self::begin`].
    pub fn request(&mut self, spec: &Spec, now: u64, address: u64, bytes: u64) -> Ticket {
        self.last += 1;
        let share = spec.share(bytes);
        let stream = Stream {
            address: spec.share(address),
            bytes: share,
            asked: now,
            left: share / u64::from(spec.channel.burst_bytes),
            end: 0,
        };
        self.streams.insert(self.last, stream);
        self.last
    }

    /// Writes `bytes` of the chip: the channel's share, as soon as it fills a burst.
    pub fn write(&mut self, spec: &Spec, now: u64, address: u64, bytes: u64) {
        self.advance(spec, now);
        let burst = u64::from(spec.channel.burst_bytes) * spec.channels;
        self.unwritten += bytes;
        let mut address = spec.share(address);
        while self.unwritten >= burst {
            self.unwritten -= burst;
            self.offer(spec, spec.ticks.from_reference(now), address, true, 0);
            address += u64::from(spec.channel.burst_bytes);
        }
    }

    /// Whether a stream is complete at cycle `now`.
    pub fn progress(&mut self, spec: &Spec, now: u64, ticket: Ticket) -> Progress {
        self.advance(spec, now);
        let Some(stream) = self.streams.get(&ticket) else { return Progress::Complete(now) };
        let end = spec.ticks.to_reference(stream.end);
        if stream.left == 0 && end <= now {
            return Progress::Complete(end);
        }
        // Every data bus moves a burst at a time.
        let least = stream.left.div_ceil(spec.channel.pseudo_channels.into()) * spec.channel.burst;
        let tick = spec.ticks.from_reference(now) + least;
        Progress::NotBefore(spec.ticks.to_reference(tick.max(stream.end)).max(now + 1))
    }

    /// Forgets a stream that has been read.
    pub fn end(&mut self, ticket: Ticket) {
        self.streams.remove(&ticket);
    }

    fn advance(&mut self, spec: &Spec, now: u64) {
        self.channel.advance(spec.ticks.from_reference(now));
        for (ticket, end) in self.channel.take_served() {
            if let Some(stream) = self.streams.get_mut(&ticket) {
                stream.left -= 1;
                stream.end = stream.end.max(end);
            }
        }
    }

    /// Offers the reads of a stream at cycle `now`, up to which the memory has run at most. Returns the cycle at which the stream was
    /// asked for.
    pub fn begin(&mut self, spec: &Spec, ticket: Ticket, now: u64) -> u64 {
        self.advance(spec, now);
        let stream = self.streams[&ticket];
        self.staging_wait += now - stream.asked;
        let tick = spec.ticks.from_reference(now);
        for offset in (0..stream.bytes).step_by(spec.channel.burst_bytes as usize) {
            self.offer(spec, tick, stream.address + offset, false, ticket);
        }
        stream.asked
    }

    fn offer(&mut self, spec: &Spec, offered: u64, address: u64, write: bool, tag: Ticket) {
        let place = spec.mapper.place(address);
        let burst = address / u64::from(spec.channel.burst_bytes) % spec.mapper.bursts();
        self.channel.offer(Request { offered, burst, bank: place.bank, row: place.row, write, tag });
    }

    /// Adds what was done so far.
    pub fn add_to(&self, totals: &mut Totals) {
        let outcome = self.channel.outcome();
        totals.dram_bursts += outcome.reads + outcome.writes;
        totals.row_hits += outcome.hits;
        totals.row_conflicts += outcome.conflicts;
        totals.bus = totals.bus.zip(outcome.bus).map(|(sum, one)| sum + one);
        totals.staging_wait += self.staging_wait;
        totals.streams += self.last;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn spec() -> Spec {
        let design = designs::load::design("hnlpu", &[], &designs::load::no_files).expect("a preset");
        let memory = designs::load::memory("hbm3", &[], &designs::load::no_files).expect("a preset");
        Spec::new(&design, &memory)
    }

    /// The cycle at which a stream is complete, and how often one asks.
    fn wait(memory: &mut Memory, spec: &Spec, mut now: u64, ticket: Ticket) -> (u64, u32) {
        let mut asked = 0;
        loop {
            asked += 1;
            match memory.progress(spec, now, ticket) {
                Progress::Complete(at) => return (at, asked),
                Progress::NotBefore(later) => now = later,
            }
        }
    }

    /// Eight stacks of 819 GB/s: 64 MiB take 10.2 us at the peak, and longer by refresh, row changes and the first access.
    #[test]
    fn a_long_stream_runs_near_the_peak() {
        let spec = spec();
        let mut memory = Memory::new(&spec);
        let ticket = memory.request(&spec, 0, 0, 64 << 20);
        memory.begin(&spec, ticket, 0);
        let (done, asked) = wait(&mut memory, &spec, 0, ticket);
        let peak = (64u64 << 20) as f64 / (8.0 * 819.0);
        let efficiency = peak / done as f64;
        assert!((0.75..0.95).contains(&efficiency), "{efficiency}");
        assert!(asked < 200, "{asked} questions");
        let mut totals = Totals::default();
        memory.add_to(&mut totals);
        assert_eq!(totals.dram_bursts, spec.share(64 << 20) / 32);
    }

    /// Whoever asks more often gets the same answer.
    #[test]
    fn completion_does_not_depend_on_who_asks() {
        let spec = spec();
        let run = |step: u64| {
            let mut memory = Memory::new(&spec);
            let mut ends = Vec::new();
            let first = memory.request(&spec, 100, 0, 300_000);
            memory.begin(&spec, first, 100);
            let mut now = 100;
            while now < 140 {
                now += step;
                memory.progress(&spec, now, first);
            }
            memory.write(&spec, 140, 5_000_000, 10_000);
            let second = memory.request(&spec, 140, 9_000_000, 200_000);
            memory.begin(&spec, second, 140);
            for ticket in [first, second] {
                ends.push(wait(&mut memory, &spec, 140, ticket).0);
            }
            ends
        };
        assert_eq!(run(1), run(40));
        assert_eq!(run(1), run(8));
    }
}
