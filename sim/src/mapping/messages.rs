//! Transfers as messages between chips.

use designs::{Algorithm, Grid};

use super::collective::{rotation, schedule};
use super::plan::{Leg, Scope};

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
    /// Sending chip, `row * columns + column`.
    pub from: u32,
    /// Receiving chip.
    pub to: u32,
    /// Payload, bytes.
    pub bytes: u64,
    /// Condition under which it is sent.
    pub when: When,
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
    pub chip: Option<u32>,
}

impl OwnerOf {
    /// The owner of `position` when positions are distributed round-robin over `stripes` stripes of `grid`.
    #[must_use]
    pub fn position(position: u64, stripes: u32, grid: Grid) -> Self {
        let stripe = (position % u64::from(stripes)) as u32;
        if stripes == grid.rows && grid.columns > 1 {
            Self { row: stripe, chip: None }
        } else {
            Self { row: stripe / grid.columns, chip: Some(stripe) }
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
            When::ToOwnerRow => self.to / columns == owner.row,
            When::ToOwner => self.from / columns == owner.row && owner.chip == Some(self.to),
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

fn lower(leg: &Leg, grid: Grid, algorithm: Algorithm, element_bytes: u64, turn: usize) -> Vec<Vec<Message>> {
    let (rows, columns) = (grid.rows, grid.columns);
    match *leg {
        Leg::Group { collective, scope, elements } => {
            let n = group_size(scope, grid);
            let order = rotation(n, turn);
            let groups = grid.chips() / n;
            let chip = |group: u32, member: u32| match scope {
                Scope::Row => group * columns + order[member as usize],
                Scope::Column => order[member as usize] * columns + group,
            };
            schedule(collective, algorithm, n, elements)
                .into_iter()
                .map(|phase| {
                    let message = |group| {
                        phase
                            .iter()
                            .filter(|s| s.elements > 0)
                            .map(move |s| (group, s))
                            .map(|(group, s)| Message {
                                from: chip(group, s.from),
                                to: chip(group, s.to),
                                bytes: s.elements * element_bytes,
                                when: When::Always,
                            })
                            .collect::<Vec<_>>()
                    };
                    (0..groups).flat_map(message).collect()
                })
                .collect()
        }
        Leg::ToOwnerRow { elements } if rows > 1 => {
            let mut messages = Vec::new();
            for from in 0..grid.chips() {
                for row in (0..rows).filter(|&r| r != from / columns) {
                    let to = row * columns + from % columns;
                    messages.push(Message { from, to, bytes: elements * element_bytes, when: When::ToOwnerRow });
                }
            }
            vec![messages]
        }
        Leg::ToOwnerChip { elements } if columns > 1 => {
            let mut messages = Vec::new();
            for from in 0..grid.chips() {
                for column in (0..columns).filter(|&c| c != from % columns) {
                    let to = from / columns * columns + column;
                    messages.push(Message { from, to, bytes: elements * element_bytes, when: When::ToOwner });
                }
            }
            vec![messages]
        }
        Leg::ToOwnerRow { .. } | Leg::ToOwnerChip { .. } => Vec::new(),
    }
}
