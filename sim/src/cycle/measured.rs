//! What the event machine can learn from models in their own cycles: rates and latencies of links, HBM and attention buffer.
//!
//! Each model is kept busy alone with the requests that the machine makes: the messages of a layer on the busiest link, the streams
//! of the cache with the entries that are written between them, the reads of keys and values. The share of its raw rate that it
//! reaches, and the time of a request beyond that on an idle model, take the place of assumptions in the servers of the event
//! machine. Nothing is fitted.

use serde::Serialize;

use super::memory::{Memory, Progress};
use super::{Spec, buffer, link};

/// Rounds of a layer's messages that keep a link busy.
const MESSAGE_ROUNDS: usize = 64;
/// Reads that keep the attention buffer busy.
const READS: u64 = 512;
/// Bursts of the simulated channel that keep a memory busy, about: several refresh intervals.
const BURSTS: u64 = 40_000;
/// Least number of streams.
const STREAMS: u64 = 4;

/// Requests of the machine.
#[derive(Debug, Clone, Default)]
pub struct Requests {
    /// Messages of one layer on the busiest link: bytes with flits, and whether they are partial sums.
    pub messages: Vec<(u64, bool)>,
    /// Bytes of a layer's cache that a chip streams from HBM; 0 for none.
    pub stream: u64,
    /// Bytes between two streams.
    pub region: u64,
    /// Bytes of a new entry that are written to HBM.
    pub entry: u64,
    /// Words of keys and of values that one layer reads on a chip.
    pub reads: [u64; 2],
    /// Bytes of HBM per cycle of the chip clock, at the raw rate.
    pub hbm_bytes_per_cycle: f64,
}

/// What was measured. Shares are of the raw rate, 0 to 1.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Rates {
    /// Rate of a busy link under its credits and adders; absent without messages.
    pub link_rate_share: Option<f64>,
    /// Mean time until the adders have taken a message, beyond its bytes and the hop, nanoseconds; absent without messages.
    pub link_extra_latency_ns: Option<f64>,
    /// Rate of busy HBM; absent where nothing is streamed.
    pub hbm_rate_share: Option<f64>,
    /// Rate of a busy attention buffer; absent without reads.
    pub buffer_rate_share: Option<f64>,
}

impl Rates {
    /// Keeps each model of `spec` busy; `clock_hz` is the chip's clock, `link_hz` the byte clock of a link.
    #[must_use]
    pub fn new(spec: &Spec, requests: &Requests, link_hz: f64) -> Self {
        let link = links(&spec.link, &requests.messages);
        Self {
            link_rate_share: link.map(|(share, _)| share),
            link_extra_latency_ns: link.map(|(_, extra)| extra / link_hz * 1e9),
            hbm_rate_share: hbm(spec, requests),
            buffer_rate_share: buffer(&spec.buffer, requests.reads),
        }
    }
}

/// Share of the rate of a busy link, and the mean extra latency of a message on an idle one in cycles of the byte clock.
fn links(spec: &link::Spec, messages: &[(u64, bool)]) -> Option<(f64, f64)> {
    let bytes: u64 = messages.iter().map(|(bytes, _)| bytes).sum();
    if bytes == 0 {
        return None;
    }
    let mut busy = link::Link::default();
    let mut now = 0;
    for _ in 0..MESSAGE_ROUNDS {
        for &(bytes, adds) in messages {
            now += busy.send(spec, now, bytes, adds).occupied;
        }
    }
    let extra = |&(bytes, adds): &(u64, bool)| {
        let idle = link::Link::default().send(spec, 0, bytes, adds);
        (idle.taken - (idle.occupied + spec.hop)) as f64 + (idle.occupied - bytes) as f64
    };
    let extra = messages.iter().map(extra).sum::<f64>() / messages.len() as f64;
    Some(((bytes * MESSAGE_ROUNDS as u64) as f64 / now as f64, extra))
}

/// Share of the rate of busy HBM.
fn hbm(spec: &Spec, requests: &Requests) -> Option<f64> {
    if requests.stream == 0 {
        return None;
    }
    let bursts = (spec.memory.share(requests.stream) / spec.memory.burst_bytes()).max(1);
    let streams = (BURSTS / bursts).max(STREAMS);
    let mut memory = Memory::new(&spec.memory);
    let mut last = 0;
    for stream in 0..streams {
        let address = stream * requests.region;
        last = memory.request(&spec.memory, 0, address, requests.stream);
        memory.begin(&spec.memory, last, 0);
        if requests.entry > 0 {
            memory.write(&spec.memory, 0, address, requests.entry);
        }
    }
    let mut now = 0;
    let done = loop {
        match memory.progress(&spec.memory, now, last) {
            Progress::Complete(at) => break at,
            Progress::NotBefore(later) => now = later,
        }
    };
    let bytes = (requests.stream * streams) as f64;
    Some((bytes / (done as f64 * requests.hbm_bytes_per_cycle)).min(1.0))
}

/// Share of the rate of a busy attention buffer.
fn buffer(spec: &buffer::Spec, reads: [u64; 2]) -> Option<f64> {
    let region = reads[0].max(reads[1]);
    if region == 0 {
        return None;
    }
    let mut buffer = buffer::Buffer::default();
    let (mut words, mut done) = (0, 0);
    for read in 0..READS {
        let wanted = reads[(read % 2) as usize];
        words += wanted;
        done = buffer.read(spec, 0, read * region, wanted).done;
    }
    Some(words as f64 / (done as f64 * spec.banks as f64))
}
