//! Servers of a schedule: units, matrices and links serve requests first come, first served.

use ir::steps::Unplaced;

/// Latest end of an operation; one that would end later is reported as too large and takes no time.
pub(super) const MAX_CYCLES: u64 = 1 << 62;

/// When something that starts at `start` and lasts `cycles` ends.
pub(super) fn ends(start: u64, cycles: u64) -> Result<u64, Unplaced> {
    start.checked_add(cycles).filter(|&end| end <= MAX_CYCLES).ok_or(Unplaced::TooLarge)
}

/// Whether operations wait for units that others occupy.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Queues {
    /// A unit serves one operation at a time.
    Served,
    /// No operation waits for a unit, only for its operands.
    Ignored,
}

/// A server of the machine: when it is free again, and the cycles it has worked.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Server {
    free: u64,
    load: u64,
}

impl Server {
    /// Serves a request of `cycles` that arrives at `ready`; returns (start, end).
    pub(super) fn serve(&mut self, ready: u64, cycles: u64, queues: Queues) -> Result<(u64, u64), Unplaced> {
        let start = if queues == Queues::Served { self.free.max(ready) } else { ready };
        let end = ends(start, cycles)?;
        self.free = end;
        self.load = self.load.saturating_add(cycles);
        Ok((start, end))
    }

    pub(super) fn load(&self) -> u64 {
        self.load
    }
}
