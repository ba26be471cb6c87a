//! Length of a union of cycle intervals.

/// A union of intervals. Closing it at barriers bounds the number of intervals kept.
#[derive(Debug, Clone, Default)]
pub(super) struct Coverage {
    open: Vec<(u64, u64)>,
    closed: u64,
}

impl Coverage {
    /// Adds the cycles `start..end`.
    pub(super) fn add(&mut self, start: u64, end: u64) {
        if end > start {
            self.open.push((start, end));
        }
    }

    /// Cycles covered so far. Intervals added later must start after all earlier ones end.
    pub(super) fn close(&mut self) -> u64 {
        self.open.sort_unstable();
        let mut reached = 0;
        for &(start, end) in &self.open {
            self.closed = self.closed.saturating_add(end.saturating_sub(start.max(reached)));
            reached = reached.max(end);
        }
        self.open.clear();
        self.closed
    }

    /// Repeats the coverage since `before` (a result of [`Self::close`]) `more` times.
    pub(super) fn repeat(&mut self, before: u64, more: u64) {
        let once = self.close().saturating_sub(before);
        self.closed = self.closed.saturating_add(once.saturating_mul(more));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn covers_what_a_bitmap_covers(intervals in prop::collection::vec((0u64..200, 0u64..40), 0..20)) {
            let mut coverage = Coverage::default();
            let mut bitmap = [false; 256];
            for (start, length) in intervals {
                coverage.add(start, start + length);
                bitmap[start as usize..(start + length) as usize].fill(true);
            }
            prop_assert_eq!(coverage.close(), bitmap.iter().filter(|&&b| b).count() as u64);
        }
    }

    #[test]
    fn a_repeated_part_counts_again() {
        let mut coverage = Coverage::default();
        coverage.add(0, 10);
        let before = coverage.close();
        coverage.add(12, 15);
        coverage.repeat(before, 9);
        assert_eq!(coverage.close(), 10 + 3 * 10);
    }
}
