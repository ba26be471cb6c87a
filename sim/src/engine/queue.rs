//! Pending events in total order: by cycle, then priority, then order of scheduling.
//!
//! Most events lie within a few thousand cycles, so near ones sit in a wheel of one-cycle buckets, far ones in lists by epoch
//! until the wheel reaches it: both take constant time. Events leave in the order of a sorted list; a property test compares
//! the two.

use std::cmp::Reverse;
use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// Rank among events of one cycle; the lower one goes first.
pub type Priority = u8;

/// Key of an event in the total order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Key {
    /// Reference cycle.
    pub cycle: u64,
    /// Rank within the cycle.
    pub priority: Priority,
    /// Order of scheduling, unique per queue.
    pub sequence: u64,
}

const BUCKETS: usize = 1 << 13;
const MASK: u64 = BUCKETS as u64 - 1;
/// The wheel holds the epoch of the current cycle and the next one.
const EPOCH: u64 = BUCKETS as u64 / 2;

const fn epoch(cycle: u64) -> u64 {
    cycle / EPOCH
}

#[derive(Debug, Clone, Copy)]
struct Entry<E> {
    rank: u64,
    event: E,
}

/// A queue of events `E`; `E` is small and copied.
#[derive(Debug, Clone)]
pub struct Queue<E> {
    now: u64,
    sequence: u64,
    popped: u64,
    wheel: Vec<Vec<Entry<E>>>,
    occupied: Vec<u64>,
    near: usize,
    /// Events of the current cycle, the next one last.
    current: Vec<Entry<E>>,
    /// Events beyond the wheel with their cycles, by epoch.
    far: BTreeMap<u64, Vec<(u64, Entry<E>)>>,
    /// Number of events in `far`.
    distant: usize,
}

/// A queue as it is stored in a checkpoint: the pending events in order.
#[derive(Serialize, Deserialize)]
struct Stored<E> {
    now: u64,
    sequence: u64,
    popped: u64,
    pending: Vec<(Key, E)>,
}

/// The priority is in the top byte, so that one comparison orders the events of a cycle.
const fn rank(priority: Priority, sequence: u64) -> u64 {
    ((priority as u64) << 56) | sequence
}

const fn key(cycle: u64, rank: u64) -> Key {
    Key { cycle, priority: (rank >> 56) as u8, sequence: rank & ((1 << 56) - 1) }
}

impl<E: Copy + Ord> Default for Queue<E> {
    fn default() -> Self {
        Self::new()
    }
}

impl<E: Copy + Ord> Queue<E> {
    /// An empty queue at cycle 0.
    #[must_use]
    pub fn new() -> Self {
        Self {
            now: 0,
            sequence: 0,
            popped: 0,
            wheel: (0..BUCKETS).map(|_| Vec::new()).collect(),
            occupied: vec![0; BUCKETS / 64],
            near: 0,
            current: Vec::new(),
            far: BTreeMap::new(),
            distant: 0,
        }
    }

    /// The cycle of the last event taken.
    #[must_use]
    pub fn now(&self) -> u64 {
        self.now
    }

    /// Events taken so far.
    #[must_use]
    pub fn events(&self) -> u64 {
        self.popped
    }

    /// Whether nothing is pending.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Number of pending events.
    #[must_use]
    pub fn len(&self) -> usize {
        self.near + self.current.len() + self.distant
    }

    /// Schedules `event` at `cycle`, which must not lie in the past.
    #[inline]
    pub fn push(&mut self, cycle: u64, priority: Priority, event: E) {
        assert!(cycle >= self.now, "an event at cycle {cycle} lies before now, cycle {}", self.now);
        let rank = rank(priority, self.sequence);
        self.sequence += 1;
        self.place(cycle, Entry { rank, event });
    }

    #[inline]
    fn place(&mut self, cycle: u64, entry: Entry<E>) {
        if cycle == self.now {
            let at = self.current.partition_point(|e| e.rank > entry.rank);
            self.current.insert(at, entry);
        } else if epoch(cycle) - epoch(self.now) <= 1 {
            self.turn(cycle, entry);
        } else {
            self.far.entry(epoch(cycle)).or_default().push((cycle, entry));
            self.distant += 1;
        }
    }

    /// Puts an event into its bucket of the wheel.
    #[inline]
    fn turn(&mut self, cycle: u64, entry: Entry<E>) {
        let bucket = (cycle & MASK) as usize;
        self.wheel[bucket].push(entry);
        self.occupied[bucket / 64] |= 1 << (bucket % 64);
        self.near += 1;
    }

    /// Takes the next event.
    #[inline]
    pub fn pop(&mut self) -> Option<(Key, E)> {
        if self.current.is_empty() && !self.advance() {
            return None;
        }
        let entry = self.current.pop().expect("advance leaves events of the current cycle");
        self.popped += 1;
        Some((key(self.now, entry.rank), entry.event))
    }

    /// Moves to the next cycle that has events; false when nothing is pending.
    fn advance(&mut self) -> bool {
        if self.near == 0 {
            let Some((&first, _)) = self.far.first_key_value() else { return false };
            // Nothing is pending before that epoch.
            self.now = first * EPOCH - 1;
            self.reach(first);
        }
        let cycle = self.next_occupied();
        let entered = epoch(cycle) > epoch(self.now);
        self.now = cycle;
        let bucket = (cycle & MASK) as usize;
        std::mem::swap(&mut self.current, &mut self.wheel[bucket]);
        self.occupied[bucket / 64] &= !(1 << (bucket % 64));
        self.near -= self.current.len();
        if entered {
            self.reach(epoch(cycle) + 1);
        }
        if self.current.len() > 1 {
            self.current.sort_unstable_by_key(|e| Reverse(e.rank));
        }
        true
    }

    /// Moves the events of an epoch that the wheel has reached.
    fn reach(&mut self, epoch: u64) {
        let Some(list) = self.far.remove(&epoch) else { return };
        self.distant -= list.len();
        for (cycle, entry) in list {
            self.turn(cycle, entry);
        }
    }

    /// Cycle of the nearest occupied bucket after now.
    #[inline]
    fn next_occupied(&self) -> u64 {
        let start = ((self.now + 1) & MASK) as usize;
        let words = self.occupied.len();
        let mut word = start / 64;
        let mut bits = self.occupied[word] & (!0 << (start % 64));
        for _ in 0..=words {
            if bits != 0 {
                let bucket = (word * 64) as u64 + u64::from(bits.trailing_zeros());
                return self.now + (bucket.wrapping_sub(self.now) & MASK);
            }
            word = (word + 1) % words;
            bits = self.occupied[word];
        }
        unreachable!("near events without an occupied bucket")
    }

    fn pending(&self) -> Vec<(Key, E)> {
        let mut all: Vec<(Key, E)> = self.current.iter().map(|e| (key(self.now, e.rank), e.event)).collect();
        for (index, bucket) in self.wheel.iter().enumerate() {
            let cycle = self.now + ((index as u64).wrapping_sub(self.now) & MASK);
            all.extend(bucket.iter().map(|e| (key(cycle, e.rank), e.event)));
        }
        all.extend(self.far.values().flatten().map(|&(cycle, entry)| (key(cycle, entry.rank), entry.event)));
        all.sort_unstable_by_key(|(key, _)| *key);
        all
    }
}

impl<E: Copy + Ord + Serialize> Serialize for Queue<E> {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        Stored { now: self.now, sequence: self.sequence, popped: self.popped, pending: self.pending() }
            .serialize(serializer)
    }
}

impl<'de, E: Copy + Ord + Deserialize<'de>> Deserialize<'de> for Queue<E> {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let stored = Stored::<E>::deserialize(deserializer)?;
        let mut queue = Self::new();
        queue.now = stored.now;
        queue.sequence = stored.sequence;
        queue.popped = stored.popped;
        for (key, event) in stored.pending {
            if key.cycle < queue.now {
                return Err(serde::de::Error::custom("a stored event lies before the stored time"));
            }
            queue.place(key.cycle, Entry { rank: rank(key.priority, key.sequence), event });
        }
        Ok(queue)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn the_order_is_cycle_then_priority_then_scheduling() {
        let mut queue = Queue::new();
        queue.push(5, 1, 'c');
        queue.push(5, 0, 'b');
        queue.push(100_000, 0, 'e');
        queue.push(5, 1, 'd');
        queue.push(3, 9, 'a');
        let order: String = std::iter::from_fn(|| queue.pop()).map(|(_, e)| e).collect();
        assert_eq!(order, "abcde");
    }

    proptest! {
        #[test]
        fn the_wheel_orders_like_a_sorted_list(steps in prop::collection::vec((0u64..40_000, 0u8..3, any::<bool>()), 1..400)) {
            let mut queue = Queue::new();
            let mut list: Vec<(Key, u32)> = Vec::new();
            for (i, &(delay, priority, pop)) in steps.iter().enumerate() {
                let cycle = queue.now() + delay;
                queue.push(cycle, priority, i as u32);
                list.push((Key { cycle, priority, sequence: i as u64 }, i as u32));
                if pop {
                    list.sort();
                    prop_assert_eq!(queue.pop(), Some(list.remove(0)));
                }
            }
            let stored = serde_json::to_string(&queue).unwrap();
            let mut queue: Queue<u32> = serde_json::from_str(&stored).unwrap();
            list.sort();
            for expected in list {
                prop_assert_eq!(queue.pop(), Some(expected));
            }
            prop_assert!(queue.pop().is_none());
        }
    }
}
