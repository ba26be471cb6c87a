//! Transfers as messages between chips.

use designs::{Algorithm, Grid};

use super::collective::{Send, adding_phases, rotation, schedule};
use super::plan::{Leg, Scope};
use crate::ids::ChipId;

/// When a message is sent; positions select the owner of a new cache entry.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, serde::Serialize)]
#[serde(rename_all = "snake_case")]
pub enum When {
    /// For every token.
    Always,
    /// When the destination lies in the owner's row.
    ToOwnerRow,
    /// When the source lies in the owner's row and the destination is the owner.
    ToOwner,
}

/// One message between two chips with a common row or column.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize)]
pub struct Message {
    /// Sending chip.
    pub from: ChipId,
    /// Receiving chip.
    pub to: ChipId,
    /// Payload, bytes.
    pub bytes: u64,
    /// Condition under which it is sent.
    pub when: When,
    /// Whether it is a partial sum that the receiver adds.
    pub adds: bool,
}

/// Messages that start together. A chip continues when all messages to it have arrived.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Phase {
    /// Messages ordered by sender.
    pub messages: Vec<Message>,
}

/// Owner of the cache entry of a position.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct OwnerOf {
    /// Row of the owner.
    pub row: u32,
    /// The owning chip; `None` if the chips of the row each own the part of their column.
    pub chip: Option<ChipId>,
}

impl OwnerOf {
    /// The owner of `position` when positions are distributed round-robin over `stripes` stripes of `grid`.
    #[must_use]
    pub fn position(position: u64, stripes: u32, grid: Grid) -> Self {
        let stripe = (position % u64::from(stripes)) as u32;
        if stripes == grid.rows && grid.columns > 1 {
            Self { row: stripe, chip: None }
        } else {
            Self { row: stripe / grid.columns, chip: Some(ChipId::new(stripe)) }
        }
    }
}

impl Message {
    /// Whether it is sent when `owner` owns the new cache entry.
    #[inline]
    #[must_use]
    pub fn applies(&self, owner: OwnerOf, columns: u32) -> bool {
        match self.when {
            When::Always => true,
            When::ToOwnerRow => self.to.row(columns) == owner.row,
            When::ToOwner => self.from.row(columns) == owner.row && owner.chip == Some(self.to),
        }
    }
}

/// The phases of transfers that start together; phase `i` of each travels with phase `i` of the others.
#[must_use]
pub fn phases(transfers: &[&[Leg]], grid: Grid, algorithm: Algorithm, element_bytes: u32, turn: usize) -> Vec<Phase> {
    let mut all: Vec<Phase> = Vec::new();
    for legs in transfers {
        let lowered = legs.iter().flat_map(|leg| lower(leg, grid, algorithm, u64::from(element_bytes), turn));
        for (index, messages) in lowered.enumerate() {
            if all.len() <= index {
                all.push(Phase::default());
            }
            all[index].messages.extend(messages);
        }
    }
    for phase in &mut all {
        phase.messages.sort_by_key(|m| m.from);
    }
    all
}

fn group_size(scope: Scope, grid: Grid) -> u32 {
    match scope {
        Scope::Row => grid.columns,
        Scope::Column => grid.rows,
    }
}

/// The phases of one leg; empty where a group or row has one member.
fn lower(leg: &Leg, grid: Grid, algorithm: Algorithm, element_bytes: u64, turn: usize) -> Vec<Vec<Message>> {
    let (rows, columns) = (grid.rows, grid.columns);
    match *leg {
        Leg::Group { collective, scope, elements } => {
            let n = group_size(scope, grid);
            let order = rotation(n, turn);
            let groups = grid.chips() / n;
            let chip = |group: u32, member: u32| match scope {
                Scope::Row => ChipId::at(group, order[member as usize], columns),
                Scope::Column => ChipId::at(order[member as usize], group, columns),
            };
            let message = |group: u32, send: &Send, adds: bool| Message {
                from: chip(group, send.from),
                to: chip(group, send.to),
                bytes: send.elements * element_bytes,
                when: When::Always,
                adds,
            };
            let of_group = |group: u32, phase: &[Send], adds: bool| -> Vec<Message> {
                phase.iter().filter(|send| send.elements > 0).map(|send| message(group, send, adds)).collect()
            };
            let phases = schedule(collective, algorithm, n, elements);
            let adding = adding_phases(collective, algorithm, n);
            let of_phase = |(index, phase): (usize, &Vec<Send>)| {
                (0..groups).flat_map(|group| of_group(group, phase, index < adding)).collect()
            };
            phases.iter().enumerate().map(of_phase).collect()
        }
        Leg::ToOwnerRow { elements } if rows > 1 => {
            let to_row = |from: ChipId| {
                let others = (0..rows).filter(move |&row| row != from.row(columns));
                others.map(move |row| (from, ChipId::at(row, from.column(columns), columns)))
            };
            vec![owner_messages(grid, to_row, elements * element_bytes, When::ToOwnerRow)]
        }
        Leg::ToOwnerChip { elements } if columns > 1 => {
            let to_chip = |from: ChipId| {
                let others = (0..columns).filter(move |&column| column != from.column(columns));
                others.map(move |column| (from, ChipId::at(from.row(columns), column, columns)))
            };
            vec![owner_messages(grid, to_chip, elements * element_bytes, When::ToOwner)]
        }
        Leg::ToOwnerRow { .. } | Leg::ToOwnerChip { .. } => Vec::new(),
    }
}

/// Messages of `bytes` bytes from every chip to the chips that `targets` pairs it with.
fn owner_messages<I: Iterator<Item = (ChipId, ChipId)>>(
    grid: Grid,
    targets: impl Fn(ChipId) -> I,
    bytes: u64,
    when: When,
) -> Vec<Message> {
    // The chips of a column hold partial sums of the entry, those of a row its parts.
    let adds = when == When::ToOwnerRow;
    ChipId::all(grid.chips()).flat_map(targets).map(|(from, to)| Message { from, to, bytes, when, adds }).collect()
}
