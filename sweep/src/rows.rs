//! The outcome of every point, in memory: rows of numbers beside each other, reasons once each.

use std::collections::BTreeMap;

use crate::Outcome;

/// Not computed yet.
const MISSING: u32 = 0;
/// A row of numbers.
const ROW: u32 = 1;
/// Ruled out beforehand.
const EXCLUDED: u32 = 2;
/// From here on: failed, for the reason at this distance.
const FAILED: u32 = 3;

/// The outcome of a point.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Row<'a> {
    /// Not computed yet.
    Missing,
    /// Results, one per column.
    Numbers(&'a [f64]),
    /// A constraint on the axes ruled it out.
    Excluded,
    /// Why it has none.
    Failed(&'a str),
}

/// All points of a stage.
pub struct Rows {
    columns: usize,
    numbers: Vec<f64>,
    states: Vec<u32>,
    reasons: Vec<String>,
    known: BTreeMap<String, u32>,
}

impl Rows {
    /// `points` points of `columns` results each, none computed yet.
    #[must_use]
    pub fn new(points: usize, columns: usize) -> Self {
        Self {
            columns,
            numbers: vec![0.0; points * columns],
            states: vec![MISSING; points],
            reasons: Vec::new(),
            known: BTreeMap::new(),
        }
    }

    /// Number of points.
    #[must_use]
    pub fn len(&self) -> usize {
        self.states.len()
    }

    /// Whether there are no points.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.states.is_empty()
    }

    /// Whether the point `index` was computed.
    #[must_use]
    pub fn has(&self, index: usize) -> bool {
        self.states[index] != MISSING
    }

    /// Keeps an outcome.
    pub fn set(&mut self, index: usize, outcome: &Outcome) {
        self.states[index] = match outcome {
            Outcome::Row(row) => {
                self.numbers[index * self.columns..(index + 1) * self.columns].copy_from_slice(row);
                ROW
            }
            Outcome::Excluded => EXCLUDED,
            Outcome::Failed(reason) => {
                let next = self.reasons.len() as u32;
                let position = *self.known.entry(reason.clone()).or_insert(next);
                if position == next {
                    self.reasons.push(reason.clone());
                }
                FAILED + position
            }
        };
    }

    /// The outcome of the point `index`.
    #[must_use]
    pub fn get(&self, index: usize) -> Row<'_> {
        match self.states[index] {
            MISSING => Row::Missing,
            ROW => Row::Numbers(&self.numbers[index * self.columns..(index + 1) * self.columns]),
            EXCLUDED => Row::Excluded,
            failed => Row::Failed(&self.reasons[(failed - FAILED) as usize]),
        }
    }

    /// The same as an outcome.
    #[must_use]
    pub fn outcome(&self, index: usize) -> Option<Outcome> {
        match self.get(index) {
            Row::Missing => None,
            Row::Numbers(row) => Some(Outcome::Row(row.to_vec())),
            Row::Excluded => Some(Outcome::Excluded),
            Row::Failed(reason) => Some(Outcome::Failed(reason.to_owned())),
        }
    }
}
