//! Assumptions about values, resolved from their names.

use std::collections::BTreeMap;

use super::assumption::{Assumptions, Subject};
use super::evaluate::Interval;
use super::range::Range;
use crate::registry::facts::RegionExecution;
use crate::tree::{Definition, OpId, Tree, ValueId};

/// Numbers that are assumed of a tree.
#[derive(Debug, Clone, Default)]
pub(super) struct Known {
    /// By value that is no variable or result of a loop.
    pub values: BTreeMap<ValueId, Interval>,
    /// Trip counts by loop.
    pub trips: BTreeMap<OpId, Range>,
}

impl Known {
    /// Looks the names up in a tree; `source` is its text.
    pub fn of(tree: &Tree, source: &str, assumptions: &Assumptions) -> Self {
        let mut known = Self::default();
        let named: BTreeMap<&str, Range> = assumptions
            .iter()
            .filter_map(|a| if let Subject::Trips(name) = &a.subject { Some((name.as_str(), a.range)) } else { None })
            .collect();
        if named.is_empty() {
            return known;
        }
        for value in tree.values() {
            let Some(&range) = named.get(tree.value(value).name.text(source)) else { continue };
            if let Some(operation) = loop_of(tree, value) {
                known.trips.insert(operation, range);
            } else if let Some(interval) = interval(range) {
                known.values.insert(value, interval);
            }
        }
        known
    }
}

/// Exact numbers that are assumed of the values and loops of a tree.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Stated {
    /// By value that is no variable or result of a loop.
    pub values: BTreeMap<ValueId, i64>,
    /// Trip counts by loop.
    pub trips: BTreeMap<OpId, i64>,
}

impl Stated {
    /// The exact numbers among the assumptions; `source` is the text of the tree, in which names are looked up.
    #[must_use]
    pub fn of(tree: &Tree, source: &str, assumptions: &Assumptions) -> Self {
        let known = Known::of(tree, source, assumptions);
        let value = |interval: Interval| i64::try_from(interval.value()?).ok();
        let trips = |range: Range| i64::try_from(range.value()?).ok();
        Self {
            values: known.values.into_iter().filter_map(|(id, interval)| Some((id, value(interval)?))).collect(),
            trips: known.trips.into_iter().filter_map(|(id, range)| Some((id, trips(range)?))).collect(),
        }
    }
}

/// The loop whose variable, carried value or result a value is.
fn loop_of(tree: &Tree, value: ValueId) -> Option<OpId> {
    let operation = match tree.value(value).definition {
        Definition::Result { operation, .. } => operation,
        Definition::Argument { block, .. } => tree.region(tree.block(block).region).operation?,
        Definition::Missing => return None,
    };
    matches!(tree.record(operation).regions, RegionExecution::Loop(_)).then_some(operation)
}

fn interval(range: Range) -> Option<Interval> {
    Some(Interval { low: i128::try_from(range.low).ok()?, high: i128::try_from(range.high?).ok()? })
}
