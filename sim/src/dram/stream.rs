//! Streams of requests at an offered load.
//!
//! Every channel brings a source that offers a burst in a tick with a fixed probability, so that all together offer a
//! share of the peak bandwidth. The n-th burst of the device has the n-th address of the pattern and goes to the
//! channel of that address. A channel takes its bursts in order and makes them wait where a queue is full; channels do
//! not wait for each other.
//!
//! Random numbers are PCG-32 (O'Neill 2014), drawn in this order: one for each source and tick, then for each burst one
//! for its direction and, for random addresses, two for the low and the high half.

use rand_core::RngCore;
use rand_pcg::Pcg32;

use super::address::Mapper;
use super::channel::Request;
use super::spec::{DramError, MAX_REQUESTS, Spec};

/// Least load: bounds the time that no burst is offered.
pub const MIN_LOAD: f64 = 0.001;
/// 1 in the fixed-point numbers of probabilities.
const ONE: f64 = 4_294_967_296.0;
/// Increment of the random numbers' sequence.
const SEQUENCE: u64 = 0x0a02_bdbf_7bb3_c0a7;

/// Addresses of a stream.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pattern {
    /// One burst after the other.
    Sequential,
    /// So many bytes apart.
    Strided(u64),
    /// Drawn from the whole device.
    Random,
}

/// Requests to a device.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Stream {
    /// Addresses.
    pub pattern: Pattern,
    /// Share of reads, 0 to 1.
    pub reads: f64,
    /// Number of bursts.
    pub requests: u64,
    /// Seed of arrivals, directions and random addresses.
    pub seed: u64,
}

impl Stream {
    /// Checks every bound.
    ///
    /// # Errors
    /// When a parameter is outside its bounds.
    pub fn validate(&self, load: f64) -> Result<(), DramError> {
        let error = |what, value, right: String| Err(DramError::Argument { what, value, right });
        if !(MIN_LOAD..=1.0).contains(&load) {
            return error("the load", load, format!("from {MIN_LOAD} to 1, as a share of the peak bandwidth"));
        }
        if !(0.0..=1.0).contains(&self.reads) {
            return error("the share of reads", self.reads, "from 0 to 1".into());
        }
        if !(1..=MAX_REQUESTS).contains(&self.requests) {
            let right = format!("from 1 to {MAX_REQUESTS}");
            return error("the number of requests", self.requests as f64, right);
        }
        if self.pattern == Pattern::Strided(0) {
            return error("the stride", 0.0, "at least 1 byte".into());
        }
        Ok(())
    }

    /// The requests of each of `channels` channels at a load, and the tick of the last offer.
    ///
    /// # Errors
    /// When a parameter is outside its bounds.
    pub fn split(
        &self,
        mapper: &Mapper,
        spec: &Spec,
        channels: u32,
        load: f64,
    ) -> Result<(Vec<Vec<Request>>, u64), DramError> {
        self.validate(load)?;
        let rate = libm::round(load * f64::from(spec.pseudo_channels) / spec.burst as f64 * ONE) as u64;
        let reads = libm::round(self.reads * ONE) as u64;
        let burst_bytes = u64::from(spec.burst_bytes);
        let mut random = Pcg32::new(self.seed, SEQUENCE);
        let mut split = vec![Vec::new(); channels as usize];
        let (mut sent, mut tick) = (0, 0);
        loop {
            for _ in 0..channels {
                let bursts = (rate >> 32) + u64::from(u64::from(random.next_u32()) < rate & 0xffff_ffff);
                for _ in 0..bursts {
                    let write = u64::from(random.next_u32()) >= reads;
                    let address = match self.pattern {
                        Pattern::Sequential => sent * burst_bytes,
                        Pattern::Strided(bytes) => sent.wrapping_mul(bytes),
                        Pattern::Random => u64::from(random.next_u32()) | u64::from(random.next_u32()) << 32,
                    };
                    let place = mapper.place(address);
                    let burst = address / burst_bytes % mapper.bursts();
                    let request = Request { offered: tick, burst, bank: place.bank, row: place.row, write, tag: 0 };
                    split[place.channel as usize].push(request);
                    sent += 1;
                    if sent == self.requests {
                        return Ok((split, tick));
                    }
                }
            }
            tick += 1;
        }
    }
}
