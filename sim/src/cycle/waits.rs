//! Waits that the models explain, for timelines.

use crate::dram;

/// Whose time passes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Waiting {
    /// A directed link, by its index. Times are cycles of its byte clock.
    Link(usize),
    /// The control unit of a chip. Times are cycles of the chip clock, as of the next two.
    Control(usize),
    /// The attention buffer of a chip, read by its own tokens.
    Buffer(usize),
    /// The attention buffer of a chip, as space for streams from HBM.
    Space(usize),
    /// The data bus of a pseudo-channel of the simulated channel of a chip. Times are ticks of the memory.
    Bus {
        /// Chip.
        chip: usize,
        /// Pseudo-channel.
        pseudo: usize,
    },
}

/// What is waited for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum WaitCause {
    /// A flit, for a free place in the receive buffer.
    Credit,
    /// An instruction, for its issue.
    Issue,
    /// A read, for this bank of the attention buffer, the last of its banks to be free.
    BufferBank(u64),
    /// A stream, for space that streams before it take.
    Space,
    /// The data of a request to DRAM.
    Dram {
        /// Why the bus is idle.
        stall: dram::Stall,
        /// Bank of the channel.
        bank: u32,
        /// Row of the bank.
        row: u32,
        /// Whether it is a write.
        write: bool,
    },
}

/// A wait, in cycles of the clock of `of`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Wait {
    /// Whose time it is.
    pub of: Waiting,
    /// What is waited for.
    pub cause: WaitCause,
    /// First cycle.
    pub begin: u64,
    /// Cycle at which it ends.
    pub end: u64,
}

/// Waits since they were last taken, once they are recorded.
#[derive(Debug, Clone, Default)]
pub(super) struct Log(Option<Vec<Wait>>);

impl Log {
    pub(super) fn start(&mut self) {
        self.0.get_or_insert_default();
    }

    pub(super) fn on(&self) -> bool {
        self.0.is_some()
    }

    /// Adds a wait, if waits are recorded and it takes time.
    pub(super) fn add(&mut self, of: Waiting, cause: WaitCause, begin: u64, end: u64) {
        if let Some(waits) = &mut self.0
            && begin < end
        {
            waits.push(Wait { of, cause, begin, end });
        }
    }

    pub(super) fn take(&mut self) -> Vec<Wait> {
        self.0.as_mut().map(std::mem::take).unwrap_or_default()
    }
}
