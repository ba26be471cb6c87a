//! One cache: sets of lines in the order of their last use.

use crate::hierarchy::Level;

/// Number of a line of memory; below [`MOST_LINES`].
pub(crate) type Line = u32;

/// Lines that the simulator can tell apart: 127 GiB.
pub(crate) const MOST_LINES: u64 = (1 << 31) - 1;

/// No line: `EMPTY >> 1` is no line's number.
const EMPTY: u32 = u32::MAX;

/// A set-associative cache with least recently used replacement.
#[derive(Debug, Clone)]
pub(crate) struct Cache {
    sets: u32,
    /// `sets - 1` if that is a mask of the lowest bits.
    mask: Option<u32>,
    ways: usize,
    /// `line << 1 | dirty` of every set, last used first.
    tags: Vec<u32>,
}

/// What a touch of a cache did.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Touched {
    /// The line was there.
    Hit,
    /// The line was not there and is now.
    Miss {
        /// The line that was replaced, if it was written to.
        written_back: Option<Line>,
    },
}

impl Cache {
    pub fn new(level: &Level) -> Self {
        let sets = u32::try_from(level.sets()).expect("levels are checked");
        let ways = usize::try_from(level.ways).expect("levels are checked");
        Self { sets, mask: sets.is_power_of_two().then(|| sets - 1), ways, tags: vec![EMPTY; sets as usize * ways] }
    }

    #[inline]
    fn set(&mut self, line: Line) -> &mut [u32] {
        let set = match self.mask {
            Some(mask) => line & mask,
            None => line % self.sets,
        };
        let start = set as usize * self.ways;
        &mut self.tags[start..start + self.ways]
    }

    /// Reads or writes a line.
    #[inline]
    pub fn touch(&mut self, line: Line, write: bool) -> Touched {
        let set = self.set(line);
        let dirty = u32::from(write);
        if set[0] >> 1 == line {
            set[0] |= dirty;
            return Touched::Hit;
        }
        if let Some(way) = set.iter().position(|&tag| tag >> 1 == line) {
            let tag = set[way] | dirty;
            set.copy_within(0..way, 1);
            set[0] = tag;
            return Touched::Hit;
        }
        let last = set.len() - 1;
        let replaced = set[last];
        set.copy_within(0..last, 1);
        set[0] = line << 1 | dirty;
        Touched::Miss { written_back: (replaced != EMPTY && replaced & 1 == 1).then_some(replaced >> 1) }
    }

    /// Takes a line that the level before writes back, if it is here; its place in the order stays.
    pub fn take_back(&mut self, line: Line) -> bool {
        match self.set(line).iter_mut().find(|tag| **tag >> 1 == line) {
            Some(tag) => {
                *tag |= 1;
                true
            }
            None => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::VecDeque;

    use proptest::prelude::*;

    use super::*;

    fn level(sets: u64, ways: u64) -> Level {
        Level { name: "L".into(), bytes: 64 * sets * ways, ways, bytes_per_cycle: 1.0, source: String::new() }
    }

    #[test]
    fn the_least_recently_used_line_is_replaced() {
        let mut cache = Cache::new(&level(64, 2));
        assert_eq!(cache.touch(0, true), Touched::Miss { written_back: None });
        assert_eq!(cache.touch(64, false), Touched::Miss { written_back: None });
        assert_eq!(cache.touch(0, false), Touched::Hit);
        assert_eq!(cache.touch(128, false), Touched::Miss { written_back: None });
        assert_eq!(cache.touch(192, false), Touched::Miss { written_back: Some(0) });
        assert!(cache.take_back(128) && !cache.take_back(0));
    }

    proptest! {
        /// Against a list for each set.
        #[test]
        fn it_agrees_with_lists(touches in prop::collection::vec((0u32..400, any::<bool>()), 1..400), ways in 1u64..6, odd in any::<bool>()) {
            let sets = if odd { 192 } else { 64 };
            let mut cache = Cache::new(&level(sets, ways));
            let mut lists: Vec<VecDeque<(u32, bool)>> = vec![VecDeque::new(); sets as usize];
            for (line, write) in touches {
                let list = &mut lists[line as usize % sets as usize];
                let expected = match list.iter().position(|&(l, _)| l == line) {
                    Some(at) => {
                        let (l, dirty) = list.remove(at).unwrap();
                        list.push_front((l, dirty || write));
                        Touched::Hit
                    }
                    None => {
                        list.push_front((line, write));
                        let replaced = if list.len() as u64 > ways { list.pop_back() } else { None };
                        Touched::Miss { written_back: replaced.filter(|r| r.1).map(|r| r.0) }
                    }
                };
                prop_assert_eq!(cache.touch(line, write), expected);
            }
        }
    }
}
