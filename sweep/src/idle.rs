//! Axes that change no result.

use sim::Fidelity;

use crate::plan::Plan;
use crate::point::{Outcome, Worker};
use crate::value::Value;

/// Shares of an axis that are tried.
const SHARES: [f64; 3] = [0.0, 0.5, 1.0 - f64::EPSILON];

/// Names of the axes without effect: changing one changes no column while all others are at the start, in the middle or at the
/// end of their values. Points that fail have equal results.
#[must_use]
pub fn idle(plan: &Plan) -> Vec<String> {
    let mut worker = Worker::new(plan);
    let mut row = |values: &[Value]| match worker.evaluate(values, Fidelity::Analytic) {
        Outcome::Row(row) => row.iter().map(|number| number.to_bits()).collect::<Vec<_>>(),
        Outcome::Excluded | Outcome::Failed(_) => Vec::new(),
    };
    let mut idle = Vec::new();
    for (index, axis) in plan.axes.iter().enumerate() {
        let changes = SHARES.iter().any(|&others| {
            let mut values = plan.at(&vec![others; plan.axes.len()]);
            let rows = SHARES.map(|share| {
                values[index] = axis.at(share);
                row(&values)
            });
            rows.iter().any(|other| *other != rows[0])
        });
        if !changes && axis.levels() != Some(1) {
            idle.push(axis.name.path.clone());
        }
    }
    idle
}
