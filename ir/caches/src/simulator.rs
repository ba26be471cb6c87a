//! The levels one behind the other, with what every access site causes.
//!
//! A line that misses in a level is fetched from the next one. A written line that a level replaces goes to the next level
//! that has it, else to memory; that changes no order of use. So hits and misses of a level do not depend on write-backs, as
//! in cachegrind, which has none.

use crate::cache::{Cache, Line, Touched};
use crate::hierarchy::{Hierarchy, SET_CLASSES};

/// Counts of one level.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Counts {
    pub load_misses: u64,
    pub store_misses: u64,
    /// Misses next to the line that the same site missed before.
    pub streamed: u64,
}

impl Counts {
    pub fn misses(self) -> u64 {
        self.load_misses + self.store_misses
    }
}

/// What was counted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Counters {
    levels: usize,
    /// By site and level; counts of one site are side by side.
    counts: Vec<Counts>,
    write_backs: Vec<u64>,
    footprint: u64,
    /// Misses and write-backs of each level in [`HALF`].
    half: Vec<[u64; 2]>,
}

impl Counters {
    /// Counts of a site, by level.
    pub fn site(&self, site: usize) -> &[Counts] {
        &self.counts[site * self.levels..(site + 1) * self.levels]
    }

    /// Misses of a level, of all sites.
    pub fn misses(&self, level: usize) -> u64 {
        self.counts.iter().skip(level).step_by(self.levels).map(|counts| counts.misses()).sum()
    }

    /// Lines that each level gave to the next one (or to memory).
    pub fn write_backs(&self) -> &[u64] {
        &self.write_backs
    }

    /// Different lines that were touched.
    pub fn footprint(&self) -> u64 {
        self.footprint
    }

    /// Misses and write-backs of a level in [`HALF`] of the sampled sets.
    pub fn half(&self, level: usize) -> [u64; 2] {
        self.half[level]
    }
}

/// The caches and their counters.
#[derive(Debug, Clone)]
pub(crate) struct Simulator {
    levels: Vec<Cache>,
    /// A bit for each value of the lowest bits of a line: whether it is simulated.
    sampled: u64,
    counters: Counters,
    /// Line that a site missed last, by site and level.
    last: Vec<Line>,
    /// Misses of the first level, in all.
    first_misses: u64,
    /// A bit for each line: whether it was ever touched.
    touched: Vec<u64>,
}

/// All lines are simulated.
pub(crate) const ALL_SETS: u64 = u64::MAX;

/// One eighth of the sets: one value of the lowest six bits of a line in each group of eight, at all eight places.
pub(crate) const SAMPLED: u64 =
    1 << 1 | 1 << (8 + 4) | 1 << (16 + 7) | 1 << (24 + 2) | 1 << (32 + 5) | 1 << 40 | 1 << (48 + 3) | 1 << (56 + 6);

/// Half of [`SAMPLED`].
pub(crate) const HALF: u64 = 1 << 1 | 1 << (16 + 7) | 1 << (32 + 5) | 1 << (48 + 3);

fn is_in(sets: u64, line: Line) -> bool {
    sets >> (u64::from(line) % SET_CLASSES) & 1 == 1
}

impl Simulator {
    /// Empty caches. `lines` is one more than the last line; `sampled` has a bit for each value of the lowest six bits of
    /// the lines to simulate.
    pub fn new(hierarchy: &Hierarchy, sites: usize, lines: u64, sampled: u64) -> Self {
        let levels: Vec<Cache> = hierarchy.levels.iter().map(Cache::new).collect();
        let entries = sites * levels.len();
        Self {
            sampled,
            counters: Counters {
                levels: levels.len(),
                counts: vec![Counts::default(); entries],
                write_backs: vec![0; levels.len()],
                footprint: 0,
                half: vec![[0; 2]; levels.len()],
            },
            last: vec![Line::MAX; entries],
            levels,
            first_misses: 0,
            touched: vec![0; (lines / 64 + 1) as usize],
        }
    }

    /// Reads or writes a line.
    #[inline]
    pub fn touch(&mut self, line: Line, site: u32, store: bool) {
        if !is_in(self.sampled, line) {
            return;
        }
        if let Touched::Miss { written_back } = self.levels[0].touch(line, store) {
            self.first_misses += 1;
            self.missed(0, line, site, store);
            self.fetch(line, site, store);
            if let Some(written) = written_back {
                self.write_back(0, written);
            }
        }
    }

    /// Fetches a line that missed in the first level.
    fn fetch(&mut self, line: Line, site: u32, store: bool) {
        for level in 1..self.levels.len() {
            let Touched::Miss { written_back } = self.levels[level].touch(line, false) else { return };
            self.missed(level, line, site, store);
            if let Some(written) = written_back {
                self.write_back(level, written);
            }
        }
        let (word, bit) = (line as usize / 64, 1 << (line % 64));
        self.counters.footprint += u64::from(self.touched[word] & bit == 0);
        self.touched[word] |= bit;
    }

    fn missed(&mut self, level: usize, line: Line, site: u32, store: bool) {
        let at = site as usize * self.levels.len() + level;
        let counts = &mut self.counters.counts[at];
        if store {
            counts.store_misses += 1;
        } else {
            counts.load_misses += 1;
        }
        counts.streamed += u64::from(line.abs_diff(self.last[at]) == 1);
        self.last[at] = line;
        self.counters.half[level][0] += u64::from(is_in(HALF, line));
    }

    /// A level gives a written line away: it crosses every boundary to the level that has it.
    fn write_back(&mut self, from: usize, line: Line) {
        for level in from..self.levels.len() {
            self.counters.write_backs[level] += 1;
            self.counters.half[level][1] += u64::from(is_in(HALF, line));
            if self.levels.get_mut(level + 1).is_some_and(|next| next.take_back(line)) {
                return;
            }
        }
    }

    pub fn counters(&self) -> &Counters {
        &self.counters
    }

    pub fn first_misses(&self) -> u64 {
        self.first_misses
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::hierarchy::Level;

    fn two_levels() -> Hierarchy {
        let level = |name: &str, sets: u64, ways| Level {
            name: name.into(),
            bytes: 64 * sets * ways,
            ways,
            bytes_per_cycle: 1.0,
            source: String::new(),
        };
        Hierarchy { description: String::new(), processor: None, levels: vec![level("L1", 64, 1), level("L2", 64, 2)] }
    }

    #[test]
    fn written_lines_go_to_the_level_that_has_them() {
        let mut simulator = Simulator::new(&two_levels(), 1, 1024, ALL_SETS);
        // Line 0 is written, and replaced in the first level by 64: the second level takes it.
        simulator.touch(0, 0, true);
        simulator.touch(64, 0, false);
        assert_eq!(simulator.counters().write_backs(), [1, 0]);
        // 128 replaces 0, now written, in the second level.
        simulator.touch(128, 0, false);
        assert_eq!(simulator.counters().write_backs(), [1, 1]);
        assert_eq!(
            (simulator.counters().misses(0), simulator.counters().misses(1), simulator.counters().footprint()),
            (3, 3, 3)
        );
        assert_eq!(simulator.counters().site(0)[0], Counts { load_misses: 2, store_misses: 1, streamed: 0 });
    }

    #[test]
    fn a_written_line_that_no_level_has_goes_to_memory() {
        let mut simulator = Simulator::new(&two_levels(), 1, 1024, ALL_SETS);
        simulator.touch(0, 0, true);
        // The first level keeps line 0; the second replaces it.
        for line in [1, 2] {
            simulator.touch(64 * line + 1, 0, false);
        }
        for line in [64, 128] {
            simulator.fetch(line, 0, false);
        }
        simulator.touch(192, 0, false);
        assert_eq!(simulator.counters().write_backs(), [1, 1]);
    }

    #[test]
    fn only_sampled_sets_count() {
        let mut simulator = Simulator::new(&two_levels(), 1, 1024, 0b10);
        (0..128).for_each(|line| simulator.touch(line, 0, false));
        assert_eq!(simulator.counters().misses(0), 2);
    }
}
