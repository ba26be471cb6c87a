//! Links under a plan, and which data have been sent or streamed.
//!
//! - Stages are on consecutive chips of a path through the grid in which neighbours share a row or column. What a later stage
//!   reads is sent when it is there, over one link if the chips share a row or column and else over two, once for each chip.
//!   Arguments are on the chip that uses them first.
//! - The results of a divided step are gathered with the design's collective; all chips do the same, so one link stands for
//!   each of them.

use std::collections::BTreeMap;

use designs::{Algorithm, Design, Grid};
use ir::steps::Unplaced;
use sim::mapping::collective::{Collective, schedule};
use sim::units::interconnect;

use super::plan::{Access, Buffer, Plan};
use super::server::{Queues, Server, ends};

/// What a schedule is given: a plan, and the buffers and accesses that it is about.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Planned<'a> {
    pub(crate) plan: &'a Plan,
    pub(crate) buffers: &'a [Buffer],
    /// By step.
    pub(crate) accesses: &'a [Vec<Access>],
}

/// State of links, and of data that are sent or streamed.
pub(crate) struct Traffic<'a> {
    pub(super) planned: Planned<'a>,
    links: interconnect::Spec,
    algorithm: Algorithm,
    /// Bytes that an element has when it is sent over a link.
    pub(super) element_bytes: u64,
    /// By link; the links of a split stand for each other.
    servers: BTreeMap<usize, Server>,
    sent_bytes: u64,
    /// Chip of each buffer, and the cycle from which it can be sent.
    pub(super) located: BTreeMap<usize, (usize, u64)>,
    /// Arrival of a buffer on a chip.
    pub(super) arrived: BTreeMap<(usize, usize), u64>,
    /// Elements streamed so far and their arrival, by buffer and chip.
    pub(super) streamed: BTreeMap<(usize, usize), (u64, u64)>,
}

/// The chip of a stage: rows are walked in alternating directions, so consecutive stages have a link.
pub(crate) fn chip_of_stage(grid: Grid, stage: usize) -> u32 {
    let (row, place) = (stage as u32 / grid.columns, stage as u32 % grid.columns);
    row * grid.columns + if row % 2 == 0 { place } else { grid.columns - 1 - place }
}

impl<'a> Traffic<'a> {
    pub(super) fn new(planned: Planned<'a>, design: &Design) -> Self {
        Self {
            planned,
            links: interconnect::Spec::new(design, design.grid),
            algorithm: design.mapping.collective,
            element_bytes: design.mapping.link_element_bytes.into(),
            servers: BTreeMap::new(),
            sent_bytes: 0,
            located: BTreeMap::new(),
            arrived: BTreeMap::new(),
            streamed: BTreeMap::new(),
        }
    }

    pub(super) fn plan(&self) -> &'a Plan {
        self.planned.plan
    }

    pub(super) fn busiest_link(&self) -> u64 {
        self.servers.values().map(Server::load).max().unwrap_or(0)
    }

    pub(super) fn link_bytes(&self) -> u64 {
        self.sent_bytes
    }

    /// Sends `bytes` over one link from `ready` on; returns the arrival.
    fn hop(&mut self, link: usize, ready: u64, bytes: u64, copies: u64, queues: Queues) -> Result<u64, Unplaced> {
        let carried = self.links.packing.carried(bytes);
        let cycles = self.links.domain.checked_to_reference(carried).ok_or(Unplaced::TooLarge)?;
        let (_, end) = self.servers.entry(link).or_default().serve(ready, cycles, queues)?;
        self.sent_bytes = self.sent_bytes.saturating_add(carried.saturating_mul(copies));
        ends(end, self.links.hop)
    }

    /// Sends data between the chips of two stages; returns their arrival.
    pub(super) fn send(
        &mut self,
        from: usize,
        to: usize,
        ready: u64,
        bytes: u64,
        queues: Queues,
    ) -> Result<u64, Unplaced> {
        let grid = self.links.grid;
        let (from, to) = (chip_of_stage(grid, from), chip_of_stage(grid, to));
        let corner = from / grid.columns * grid.columns + to % grid.columns;
        let mut at = ready;
        for (from, to) in [(from, corner), (corner, to)] {
            if from != to {
                at = self.hop(interconnect::link(grid, from, to), at, bytes, 1, queues)?;
            }
        }
        Ok(at)
    }

    /// Gathers `elements`, of which every one of `chips` chips has a part; returns when all chips have them.
    pub(super) fn gather(&mut self, chips: u32, ready: u64, elements: u64, queues: Queues) -> Result<u64, Unplaced> {
        let mut at = ready;
        for phase in schedule(Collective::AllGather, self.algorithm, chips, elements) {
            let mut links: BTreeMap<(u32, u32), u64> = BTreeMap::new();
            for send in &phase {
                *links.entry((send.from, send.to)).or_default() += send.elements;
            }
            let busiest = links.values().max().copied().unwrap_or(0);
            if busiest > 0 {
                let bytes = busiest.checked_mul(self.element_bytes).ok_or(Unplaced::TooLarge)?;
                at = self.hop(0, at, bytes, links.len() as u64, queues)?;
            }
        }
        Ok(at)
    }
}

impl Planned<'_> {
    /// Whether the data of an access are stored: a matrix in the array is not.
    pub(crate) fn stores(&self, step: usize, access: &Access) -> bool {
        !self.buffers[access.buffer].constant || self.plan.on_vector.contains(&step)
    }

    /// Elements of an access on one chip.
    pub(crate) fn part(&self, step: usize, access: &Access) -> u64 {
        if access.divides { access.elements.div_ceil(self.plan.parts(step)) } else { access.elements }
    }
}
