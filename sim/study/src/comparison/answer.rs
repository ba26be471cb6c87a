//! A comparison with the words of its rows, reduced to chosen metrics.

use serde::Serialize;

use super::column::Table;
use super::metric::Metric;

/// A comparison as `hardwire compare` and the Python package write it.
#[derive(Debug, Serialize)]
pub struct Answer {
    /// The comparison; columns have the chosen metrics only.
    #[serde(flatten)]
    pub table: Table,
    metrics: Vec<Words>,
}

/// A row.
#[derive(Debug, Serialize)]
struct Words {
    key: &'static str,
    group: &'static str,
    label: &'static str,
}

impl Answer {
    /// The chosen metrics of a comparison.
    #[must_use]
    pub fn new(mut table: Table, metrics: &[Metric]) -> Self {
        for column in &mut table.designs {
            column.values.retain(|key, _| metrics.iter().any(|m| m.key == *key));
        }
        let words = |m: &Metric| Words { key: m.key, group: m.group, label: m.label };
        Self { table, metrics: metrics.iter().map(words).collect() }
    }
}
