//! Messages of a plan as dense tables, per rotation and phase: bytes and links, no time.

use std::ops::Range;
use std::sync::Arc;

use designs::Grid;

use crate::ids::ChipId;
use crate::mapping::{LayerPlan, Mapping, Message, OwnerOf, Phase, When, collective};
use crate::units::interconnect::{self, Packing};

/// A message ready to be sent.
#[derive(Debug, Clone, Copy)]
pub struct Wire {
    /// Receiving chip.
    pub to: u32,
    /// Its slot in the phase.
    pub slot: u32,
    /// Index of the link.
    pub link: u32,
    /// Payload.
    pub payload: u64,
    /// Bytes on the link: payload and framing.
    pub bytes: u64,
    /// Condition.
    pub when: When,
    /// Whether it is a partial sum that the receiver adds.
    pub adds: bool,
}

impl Wire {
    /// Whether `from` sends it when `owner` takes the new cache entry.
    #[inline]
    #[must_use]
    pub fn applies(&self, from: u32, owner: OwnerOf, columns: u32) -> bool {
        let (from, to) = (ChipId::new(from), ChipId::new(self.to));
        Message { from, to, bytes: self.payload, when: self.when, adds: self.adds }.applies(owner, columns)
    }
}

/// Messages of a phase by sender, and the number that each chip receives.
#[derive(Debug, Clone, Default)]
pub struct PhaseTable {
    starts: Vec<u32>,
    wires: Vec<Wire>,
    expect: Vec<[u32; 3]>,
    /// Slot of each chip: the receivers of one sender have neighbouring slots.
    slots: Vec<u32>,
    /// Bytes on the busiest link if every conditional message is sent.
    pub(super) busiest: u64,
}

impl PhaseTable {
    fn new(phase: &Phase, grid: Grid, packing: Packing) -> Self {
        let chips = grid.chips() as usize;
        let in_columns = phase.messages.iter().all(|m| m.from.column(grid.columns) == m.to.column(grid.columns));
        let slot = |chip: ChipId| {
            if in_columns { chip.column(grid.columns) * grid.rows + chip.row(grid.columns) } else { chip.get() }
        };
        let mut table = Self {
            starts: vec![0; chips + 1],
            wires: Vec::new(),
            expect: vec![[0; 3]; chips],
            slots: ChipId::all(grid.chips()).map(slot).collect(),
            busiest: 0,
        };
        table.wires.reserve(phase.messages.len());
        for message in &phase.messages {
            let link = interconnect::link(grid, message.from.get(), message.to.get()) as u32;
            let to = message.to.get();
            let (payload, bytes) = (message.bytes, packing.carried(message.bytes));
            let (when, adds) = (message.when, message.adds);
            table.wires.push(Wire { to, slot: slot(message.to), link, payload, bytes, when, adds });
            table.starts[message.from.index() + 1] += 1;
            table.expect[message.to.index()][message.when as usize] += 1;
        }
        for chip in 0..chips {
            table.starts[chip + 1] += table.starts[chip];
        }
        for chip in 0..chips as u32 {
            let wires = table.from(chip);
            let on = |link| wires.iter().filter(|w| w.link == link).map(|w| w.bytes).sum::<u64>();
            table.busiest = wires.iter().map(|w| on(w.link)).max().unwrap_or(0).max(table.busiest);
        }
        table
    }

    /// What `chip` sends, conditions not yet applied.
    #[inline]
    #[must_use]
    pub fn from(&self, chip: u32) -> &[Wire] {
        &self.wires[self.starts[chip as usize] as usize..self.starts[chip as usize + 1] as usize]
    }

    /// Slot of a chip: a permutation of the chips.
    #[inline]
    #[must_use]
    pub fn slot(&self, chip: ChipId) -> usize {
        self.slots[chip.index()] as usize
    }

    /// Messages `chip` receives when `owner` takes the new cache entry.
    #[inline]
    #[must_use]
    pub fn expected(&self, chip: u32, owner: OwnerOf, columns: u32) -> u32 {
        let [always, row, one] = self.expect[chip as usize];
        let mut count = always;
        if row > 0 && chip / columns == owner.row {
            count += row;
        }
        if one > 0 && owner.chip == Some(ChipId::new(chip)) {
            // Of the senders wired to the owner, all lie in its row.
            count += one;
        }
        count
    }
}

/// Messages of a plan.
#[derive(Debug, Clone, Default)]
pub struct Messages {
    /// Tables by rotation and phase.
    tables: Vec<Vec<PhaseTable>>,
    /// Phases of each step of the plan.
    steps: Vec<Range<usize>>,
    /// Bytes on each link by rotation, summed over the owners of a position.
    link_bytes: Vec<Vec<u64>>,
    /// Number of owners.
    stripes: u64,
    rows: u64,
}

impl Messages {
    fn new(mapping: &Mapping, plan: &LayerPlan, packing: Packing) -> Self {
        let rotations = if mapping.options().rotate_partners { collective::ROTATIONS } else { 1 };
        let grid = mapping.grid;
        let mut messages = Self {
            tables: vec![Vec::new(); rotations],
            stripes: plan.attention.map_or(1, |a| u64::from(a.stripes)),
            rows: u64::from(grid.rows),
            ..Self::default()
        };
        for step in plan.steps() {
            // All rotations have the same number of phases: the group sizes do not change.
            let first = messages.phases();
            for (turn, tables) in messages.tables.iter_mut().enumerate() {
                let lowered = mapping.step_phases(plan, step, turn);
                tables.extend(lowered.iter().map(|phase| PhaseTable::new(phase, grid, packing)));
            }
            messages.steps.push(first..messages.phases());
        }
        for turn in 0..rotations {
            let mut bytes = vec![0; interconnect::links(grid)];
            for phase in 0..messages.phases() {
                messages.add_link_bytes(turn, phase, &mut bytes);
            }
            messages.link_bytes.push(bytes);
        }
        messages
    }

    /// Number of rotations.
    #[must_use]
    pub fn rotations(&self) -> usize {
        self.tables.len()
    }

    /// Number of phases.
    #[must_use]
    pub fn phases(&self) -> usize {
        self.tables[0].len()
    }

    /// Phases of each step of the plan.
    pub fn of_steps(&self) -> impl Iterator<Item = Range<usize>> {
        self.steps.iter().cloned()
    }

    /// The table of a phase.
    #[inline]
    #[must_use]
    pub fn phase(&self, turn: usize, phase: usize) -> &PhaseTable {
        &self.tables[turn][phase]
    }

    /// Bytes on each link in one rotation, summed over [`Self::stripes`] owners of a position.
    #[must_use]
    pub fn link_bytes(&self, turn: usize) -> &[u64] {
        &self.link_bytes[turn]
    }

    /// Chips, or rows of chips, that own positions in turn.
    #[must_use]
    pub fn stripes(&self) -> u64 {
        self.stripes
    }

    /// Adds the bytes that a phase puts on each link, summed over the owners.
    pub fn add_link_bytes(&self, turn: usize, phase: usize, bytes: &mut [u64]) {
        for wire in &self.tables[turn][phase].wires {
            // A message to the owner is sent for as many stripes as its condition selects.
            let share = match wire.when {
                When::Always => self.stripes,
                When::ToOwnerRow => self.stripes / self.rows,
                When::ToOwner => 1,
            };
            bytes[wire.link as usize] += wire.bytes * share;
        }
    }
}

/// Messages of the plans of a mapping, the head's last, on links with `packing`.
#[must_use]
pub fn messages_of_plans(mapping: &Mapping, packing: Packing) -> Vec<Arc<Messages>> {
    let plans = mapping.kinds.iter().chain([&mapping.head]);
    plans.map(|plan| Arc::new(Messages::new(mapping, plan, packing))).collect()
}
