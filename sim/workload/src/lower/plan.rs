//! Where the operations and the data of a function are put: what a schedule takes as given and a placement decides.

use std::collections::{BTreeMap, BTreeSet};

use ir::steps::Contraction;
use ir::steps::constants::Task;
use ir::tree::ValueId;

/// How a function is cut over chips.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Cut {
    /// Stages of consecutive steps, one on each chip; for each stage, its first step. The first one is 0.
    Stages(Vec<usize>),
    /// Every chip of a row or column of `chips` chips runs every step; steps of `divided` are divided among the chips, and
    /// their results are gathered on all of them.
    Split { chips: u32, divided: BTreeSet<usize> },
}

impl Default for Cut {
    fn default() -> Self {
        Self::Stages(vec![0])
    }
}

/// A placement of all steps of a function. Steps are numbered in the order of the text.
#[derive(Debug, Clone, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Plan {
    /// How the function is cut.
    pub(crate) cut: Cut,
    /// Steps whose product with a constant matrix runs on the vector unit.
    pub(crate) on_vector: BTreeSet<usize>,
    /// Steps that are fused with the step that reads their result.
    pub(crate) fused: BTreeSet<usize>,
    /// The buffers that are not whole in the attention buffer, by buffer and chip.
    pub(crate) in_hbm: BTreeMap<(usize, usize), InHbm>,
}

/// The part of a buffer that is in HBM; every part of its data is there in the same share.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct InHbm {
    /// Bytes in HBM.
    pub(crate) bytes: u64,
    /// Bytes of the whole buffer on the chip.
    pub(crate) whole: u64,
}

impl InHbm {
    /// Of `bytes` of the buffer, those that are in HBM, rounded up.
    pub(crate) fn of(self, bytes: u64) -> u64 {
        let exact = (u128::from(bytes) * u128::from(self.bytes)).div_ceil(u128::from(self.whole.max(1)));
        u64::try_from(exact).unwrap_or(u64::MAX).min(bytes)
    }
}

impl Plan {
    /// Chips that it uses.
    pub(crate) fn chips(&self) -> usize {
        match &self.cut {
            Cut::Stages(starts) => starts.len(),
            Cut::Split { chips, .. } => *chips as usize,
        }
    }

    /// Chip of a step; chips of a split do the same, so the first one stands for all.
    pub(crate) fn chip(&self, step: usize) -> usize {
        match &self.cut {
            Cut::Stages(starts) => starts.partition_point(|&start| start <= step) - 1,
            Cut::Split { .. } => 0,
        }
    }

    /// Number of chips that a step is divided among.
    pub(crate) fn parts(&self, step: usize) -> u64 {
        match &self.cut {
            Cut::Split { chips, divided } if divided.contains(&step) => u64::from(*chips),
            _ => 1,
        }
    }

    /// The largest part of a step's task on one chip.
    pub(crate) fn task(&self, step: usize, task: Task) -> Task {
        let task = match task {
            Task::Pass(c, side) if self.on_vector.contains(&step) => Task::Product(c, side),
            other => other,
        };
        let parts = self.parts(step);
        let part = |c: Contraction, side: usize| {
            let (passes, mut part) = (c.passes(side), c);
            part.sides[side].elements = c.sides[side].elements.div_ceil(parts);
            part.macs = passes.saturating_mul(part.sides[side].elements).saturating_mul(c.slots);
            part
        };
        match task {
            _ if parts == 1 => task,
            Task::Pass(c, side) => Task::Pass(part(c, side), side),
            Task::Product(c, side) => Task::Product(part(c, side), side),
            Task::Move(elements) => Task::Move(elements.div_ceil(parts)),
            Task::Nonlinear { elements, chain } => Task::Nonlinear { elements: elements.div_ceil(parts), chain },
            Task::Folded | Task::Free => task,
        }
    }
}

/// Data that a step reads or writes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Access {
    /// The buffer.
    pub(crate) buffer: usize,
    /// Elements.
    pub(crate) elements: u64,
    /// Whether they are written.
    pub(crate) writes: bool,
    /// Whether a chip that does a part of the step reads only a part of them.
    pub(crate) divides: bool,
}

/// Storage of the call: an argument, or a result that later steps read. Views share the buffer of what they are views of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Buffer {
    /// The argument or result.
    pub(crate) value: ValueId,
    /// Elements of the buffer. For an argument of the function, the most elements that one step accesses.
    pub(crate) elements: u64,
    /// Whether the caller gives it: it is there from the first cycle, and keeps its place until the call returns.
    pub(crate) argument: bool,
    /// A constant matrix: stored only if the vector unit multiplies by it.
    pub(crate) constant: bool,
    /// Whether a step writes it.
    pub(crate) written: bool,
    /// Whether it is returned.
    pub(crate) returned: bool,
}

impl Buffer {
    /// Whether it can be requested from HBM before it is needed, as the simulator prefetches a layer's cache.
    pub(crate) fn comes_ahead(&self) -> bool {
        (self.argument || self.constant) && !self.written
    }
}
