//! Stacks of channels behind one address mapping. Channels share nothing, so each runs alone.

use designs::Dram;

use super::address::Mapper;
use super::channel::{Channel, Outcome};
use super::spec::{DramError, MAX_STACKS, Spec};
use super::stream::Stream;

/// Stacks of a memory.
#[derive(Clone, Debug)]
pub struct Device {
    spec: Spec,
    mapper: Mapper,
    channels: u32,
}

/// What a device did.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DeviceOutcome {
    /// Sums over all channels; `ticks` is that of the slowest one.
    pub total: Outcome,
    /// Tick of the last offer.
    pub last_offer: u64,
}

impl Device {
    /// So many stacks of a memory.
    ///
    /// # Errors
    /// When the number of stacks is 0 or above [`MAX_STACKS`].
    pub fn new(memory: &Dram, stacks: u32) -> Result<Self, DramError> {
        if !(1..=MAX_STACKS).contains(&stacks) {
            let right = format!("from 1 to {MAX_STACKS}");
            return Err(DramError::Argument { what: "the number of stacks", value: f64::from(stacks), right });
        }
        let channels = stacks * memory.organization.channels;
        Ok(Self { spec: Spec::new(memory), mapper: Mapper::new(memory, stacks), channels })
    }

    /// The channel of the device.
    #[must_use]
    pub fn spec(&self) -> &Spec {
        &self.spec
    }

    /// Data buses of the device.
    #[must_use]
    pub fn buses(&self) -> u32 {
        self.channels * self.spec.pseudo_channels
    }

    /// Serves a stream at a load, as a share of the peak bandwidth.
    ///
    /// # Errors
    /// When a parameter of the stream is outside its bounds.
    pub fn run(&self, stream: &Stream, load: f64) -> Result<DeviceOutcome, DramError> {
        let (split, last_offer) = stream.split(&self.mapper, &self.spec, self.channels, load)?;
        let outcomes: Vec<Outcome> = split.iter().map(|requests| Channel::new(&self.spec).run(requests).0).collect();
        let ticks = outcomes.iter().map(|channel| channel.ticks).max().unwrap_or(0);
        let total = Outcome { ticks, ..Outcome::default() };
        let total = outcomes.into_iter().fold(total, |sum, channel| self.add(sum, channel));
        Ok(DeviceOutcome { total, last_offer })
    }

    /// Adds a channel to the sum; its buses have no request from its end to that of the device.
    fn add(&self, mut sum: Outcome, mut channel: Outcome) -> Outcome {
        channel.bus.no_request += u64::from(self.spec.pseudo_channels) * (sum.ticks - channel.ticks);
        for (to, from) in [
            (&mut sum.reads, channel.reads),
            (&mut sum.writes, channel.writes),
            (&mut sum.forwarded, channel.forwarded),
            (&mut sum.merged, channel.merged),
            (&mut sum.hits, channel.hits),
            (&mut sum.misses, channel.misses),
            (&mut sum.conflicts, channel.conflicts),
            (&mut sum.queue_latency, channel.queue_latency),
        ] {
            *to += from;
        }
        sum.commands.iter_mut().for_each(|(kind, n)| *n += channel.commands[kind]);
        sum.bus.iter_mut().for_each(|(cause, ticks)| *ticks += channel.bus[cause]);
        sum.latencies.append(&mut channel.latencies);
        sum
    }
}
