//! Induction variables: bounds, steps, trip counts and values.

use super::evaluate::{Interval, ceil_div};
use super::range::Range;
use crate::tree::ValueId;

/// An induction variable; `None` for what is not known.
#[derive(Debug, Clone, Copy)]
pub(super) struct Variable {
    pub value: Option<ValueId>,
    pub lower: Option<Interval>,
    pub upper: Option<Interval>,
    pub step: Option<Interval>,
}

/// Trip count of the loop over a variable.
pub(super) fn trips(variable: &Variable) -> Range {
    let Some(step) = variable.step.filter(|s| s.low > 0) else { return Range::UNKNOWN };
    let (Some(lower), Some(upper)) = (variable.lower, variable.upper) else { return Range::UNKNOWN };
    let count = |from: i128, to: i128, step: i128| {
        let distance = to.checked_sub(from)?;
        u128::try_from(ceil_div(distance, step)?.max(0)).ok()
    };
    Range { low: count(lower.high, upper.low, step.high).unwrap_or(0), high: count(lower.low, upper.high, step.low) }
}

/// Interval of all values that a variable takes.
pub(super) fn all_values(variable: &Variable, trips: Range) -> Option<Interval> {
    let (lower, upper, step) = (variable.lower?, variable.upper?, variable.step?);
    let last = match (lower.value(), step.value(), trips.value()) {
        (Some(first), Some(step), Some(count)) if count > 0 => {
            i128::try_from(count - 1).ok()?.checked_mul(step)?.checked_add(first)?
        }
        _ => upper.high.checked_sub(1)?,
    };
    Some(Interval { low: lower.low, high: last.max(lower.low) })
}
