//! The attention buffer bank by bank.
//!
//! Words lie in banks by address: word `a` in bank `a mod banks`. A bank reads one word a cycle, in the order of the
//! requests. A read of `n` words from address `a` thus occupies every bank for `n / banks` cycles and those of the remainder for
//! one more; it ends with its last word. Banks differ only where reads left a remainder, so the state is runs of banks that
//! become free at the same cycle.
//!
//! The write ports are separate: new entries and streamed layers are written beside the reads.

use designs::AttentionBuffer;
use serde::{Deserialize, Serialize};

/// Banks and their width.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Spec {
    /// Banks.
    pub banks: u64,
    /// Bits of a word: the width of a bank's port.
    pub word_bits: u64,
}

impl Spec {
    /// The buffer of a design.
    #[must_use]
    pub fn new(buffer: &AttentionBuffer) -> Self {
        Self { banks: buffer.banks.into(), word_bits: buffer.port_bits.into() }
    }

    /// Words of so many bytes.
    #[must_use]
    pub fn words(&self, bytes: u64) -> u64 {
        u64::try_from((u128::from(bytes) * 8).div_ceil(self.word_bits.into())).expect("a word has at least one bit")
    }
}

/// Banks from `first` up to the next run that are free from cycle `free` on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
struct Run {
    first: u64,
    free: u64,
}

/// The later of two cycles with their banks, the first of equal ones.
fn later(a: (u64, u64), b: (u64, u64)) -> (u64, u64) {
    if b.0 > a.0 { b } else { a }
}

/// State of the banks.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Buffer {
    /// In order, the first from bank 0; neighbours differ.
    runs: Vec<Run>,
    waited: u64,
}

impl Default for Buffer {
    fn default() -> Self {
        Self { runs: vec![Run { first: 0, free: 0 }], waited: 0 }
    }
}

/// A read of the buffer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Read {
    /// Cycle at which the last word is read.
    pub done: u64,
    /// Cycles by which it is longer than on an idle buffer with evenly filled banks.
    pub waited: u64,
    /// First of the banks that read the last word.
    pub bank: u64,
}

impl Buffer {
    /// Reads `words` words from address `first` on, requested at cycle `now`.
    pub fn read(&mut self, spec: &Spec, now: u64, first: u64, words: u64) -> Read {
        let (whole, rest) = (words / spec.banks, words % spec.banks);
        let begin = first % spec.banks;
        let end = begin + rest;
        self.runs.iter_mut().for_each(|run| run.free = run.free.max(now));
        let mut last = (now, begin);
        if whole > 0 {
            for run in &mut self.runs {
                run.free += whole;
                last = later(last, (run.free, run.first));
            }
        }
        // The remainder may wrap around.
        for (from, to) in [(begin, end.min(spec.banks)), (0, end.saturating_sub(spec.banks))] {
            if from < to {
                last = later(last, self.one_more(from, to, spec.banks));
            }
        }
        self.runs.dedup_by(|next, run| next.free == run.free);
        let (done, bank) = last;
        let waited = done - now - words.div_ceil(spec.banks);
        self.waited += waited;
        Read { done, waited, bank }
    }

    /// Occupies the banks from `from` up to `to` for one more cycle; returns when the last of them is free, and which that is.
    fn one_more(&mut self, from: u64, to: u64, banks: u64) -> (u64, u64) {
        self.cut(from);
        if to < banks {
            self.cut(to);
        }
        let inside = self.runs.iter_mut().filter(|run| (from..to).contains(&run.first));
        let frees = inside.map(|run| {
            run.free += 1;
            (run.free, run.first)
        });
        frees.reduce(later).expect("a run begins at `from`")
    }

    /// Makes a run begin at `bank`.
    fn cut(&mut self, bank: u64) {
        let next = self.runs.partition_point(|run| run.first < bank);
        if self.runs.get(next).is_none_or(|run| run.first != bank) {
            let free = self.runs[next - 1].free;
            self.runs.insert(next, Run { first: bank, free });
        }
    }

    /// Cycles of all reads beyond those of an idle buffer.
    #[must_use]
    pub fn waited(&self) -> u64 {
        self.waited
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// Every bank on its own.
    fn reference(banks: u64, reads: &[(u64, u64, u64)]) -> Vec<u64> {
        let mut free = vec![0u64; banks as usize];
        let mut ends = Vec::new();
        for &(now, first, words) in reads {
            let mut done = now;
            free.iter_mut().for_each(|bank| *bank = now.max(*bank));
            for word in first..first + words {
                let bank = &mut free[(word % banks) as usize];
                *bank += 1;
                done = done.max(*bank);
            }
            ends.push(done);
        }
        ends
    }

    proptest! {
        #[test]
        fn runs_of_banks_behave_as_the_banks_one_by_one(
            banks in 1u64..40, steps in proptest::collection::vec((0u64..6, 0u64..200, 0u64..150), 1..60),
        ) {
            let mut now = 0;
            let reads: Vec<_> = steps.into_iter().map(|(step, first, words)| { now += step; (now, first, words) }).collect();
            let spec = Spec { banks, word_bits: 32 };
            let mut buffer = Buffer::default();
            let ends: Vec<u64> =
                reads.iter().map(|&(now, first, words)| buffer.read(&spec, now, first, words).done).collect();
            prop_assert_eq!(ends, reference(banks, &reads));
        }
    }

    #[test]
    fn words_are_rounded_up() {
        let spec = Spec { banks: 20_000, word_bits: 32 };
        assert_eq!([0, 1, 4, 5].map(|bytes| spec.words(bytes)), [0, 1, 1, 2]);
        assert_eq!(Spec { word_bits: 12, ..spec }.words(3), 2);
    }
}
