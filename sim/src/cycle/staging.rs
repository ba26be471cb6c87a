//! Space in the attention buffers for layers of the KV cache that are streamed from HBM.
//!
//! The stream of a layer for a token takes space on all chips at once, first come, first served, and gives it back when the last
//! chip has read it. If each chip gave its space on its own, one could wait for a token whose other chips wait for this one. A stream
//! that is larger than all of the space takes all of it and reuses it as it is read.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use serde::{Deserialize, Serialize};

use super::memory::Ticket;

/// A stream on all chips.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct StreamId(u64);

impl StreamId {
    /// Stream `number` of a sequence.
    #[must_use]
    pub fn new(sequence: u32, number: u64) -> Self {
        Self(u64::from(sequence) << 40 | number)
    }
}

/// A chip's part of a stream that waits for space.
pub type Part = (usize, Ticket);

#[derive(Debug, Clone, Serialize, Deserialize)]
struct Stream {
    space: u64,
    /// Whether it has its space.
    granted: bool,
    /// Chips that have not read it.
    left: u32,
    /// Cycle at which the last chip so far has read it.
    read: u64,
    waiting: Vec<Part>,
}

/// Space, and the streams that hold it or wait for it.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Staging {
    all: u64,
    free: u64,
    chips: u32,
    streams: BTreeMap<StreamId, Stream>,
    queue: VecDeque<StreamId>,
    /// Streams that all chips have read: cycle from which on their space is free, name, and space.
    releases: BTreeSet<(u64, StreamId, u64)>,
}

impl Staging {
    /// `all` bytes of space on each of `chips` chips.
    #[must_use]
    pub fn new(all: u64, chips: u32) -> Self {
        Self { all, free: all, chips, streams: BTreeMap::new(), queue: VecDeque::new(), releases: BTreeSet::new() }
    }

    /// A chip asks for its part of a stream, or has none of it; `bytes` is the largest part of any chip. Returns whether the
    /// part can begin now; if not, [`Self::run`] tells when.
    pub fn ask(&mut self, id: StreamId, bytes: u64, part: Option<Part>) -> bool {
        if !self.streams.contains_key(&id) {
            let space = bytes.min(self.all);
            let granted = self.queue.is_empty() && space <= self.free;
            if granted {
                self.free -= space;
            } else {
                self.queue.push_back(id);
            }
            self.streams.insert(id, Stream { space, granted, left: self.chips, read: 0, waiting: Vec::new() });
        }
        let stream = self.streams.get_mut(&id).expect("it is known");
        let granted = stream.granted;
        match part {
            Some(part) if !granted => stream.waiting.push(part),
            Some(_) => {}
            None => self.read(id, 0),
        }
        granted
    }

    /// A chip has read its part of a stream at cycle `at`.
    pub fn read(&mut self, id: StreamId, at: u64) {
        let Some(stream) = self.streams.get_mut(&id) else { return };
        stream.left -= 1;
        stream.read = stream.read.max(at);
        // A stream of which no chip has a part may still wait.
        if stream.left == 0 && stream.granted {
            let (read, space) = (stream.read, stream.space);
            self.streams.remove(&id);
            self.releases.insert((read, id, space));
        }
    }

    /// Frees the space of streams that have been read by cycle `now` and gives it to the streams that wait; calls `begin` with
    /// each of their parts and the cycle, which does not fall.
    pub fn run(&mut self, now: u64, mut begin: impl FnMut(Part, u64)) {
        while let Some((at, _, space)) = self.releases.first().copied().filter(|(at, ..)| *at <= now) {
            self.releases.pop_first();
            self.free += space;
            while let Some(&next) = self.queue.front() {
                let stream = self.streams.get_mut(&next).expect("queued streams are known");
                if stream.space > self.free {
                    break;
                }
                self.queue.pop_front();
                self.free -= stream.space;
                stream.granted = true;
                std::mem::take(&mut stream.waiting).into_iter().for_each(|part| begin(part, at));
                if stream.left == 0 {
                    let space = stream.space;
                    self.streams.remove(&next);
                    self.releases.insert((at, next, space));
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stream_takes_space_on_all_chips_at_once_and_in_order() {
        let mut staging = Staging::new(100, 2);
        assert!(staging.ask(StreamId::new(0, 0), 60, Some((0, 1))));
        assert!(!staging.ask(StreamId::new(1, 0), 60, Some((1, 1))), "chip 1 has no space of its own");
        assert!(!staging.ask(StreamId::new(2, 0), 10, Some((0, 2))), "not before the one that waits");
        assert!(staging.ask(StreamId::new(0, 0), 60, Some((1, 2))));
        let mut begun = Vec::new();
        staging.read(StreamId::new(0, 0), 500);
        staging.run(1000, |part, at| begun.push((part, at)));
        assert!(begun.is_empty(), "one chip has not read it");
        staging.read(StreamId::new(0, 0), 700);
        staging.run(699, |part, at| begun.push((part, at)));
        assert!(begun.is_empty());
        staging.run(1000, |part, at| begun.push((part, at)));
        assert_eq!(begun, [((1, 1), 700), ((0, 2), 700)]);
        assert!(staging.ask(StreamId::new(1, 0), 60, Some((0, 3))), "its other part begins at once");
    }

    #[test]
    fn large_streams_take_all_space_and_empty_ones_pass() {
        let mut staging = Staging::new(100, 2);
        assert!(staging.ask(StreamId::new(0, 0), 1_000_000, Some((0, 1))));
        assert!(!staging.ask(StreamId::new(1, 0), 1, None));
        assert!(!staging.ask(StreamId::new(1, 0), 1, None));
        assert!(staging.ask(StreamId::new(0, 0), 1_000_000, None));
        staging.read(StreamId::new(0, 0), 9);
        let mut begun = 0;
        staging.run(10, |_, _| begun += 1);
        assert_eq!((begun, staging.free, staging.streams.len()), (0, 100, 0));
    }
}
