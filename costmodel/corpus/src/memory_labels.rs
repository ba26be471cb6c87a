//! Labels of simulated caches as columns.
//!
//! Columns of a target have its prefix: the method, misses of loads and stores, write-backs and bytes to the next level for each
//! level, the footprint, the cycles of the transfers, and why there are none.

use ir::labels::Target;
use storage::columnar::Column;

use super::labels::prefix;

/// Levels of every target's caches.
pub const LEVELS: [&str; 3] = ["l1", "l2", "l3"];

/// Traffic of one level: lines and bytes of one call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LevelLabel {
    /// Lines that loads missed.
    pub load_misses: u64,
    /// Lines that stores missed.
    pub store_misses: u64,
    /// Lines written back to the next level or to memory.
    pub write_backs: u64,
    /// Bytes that cross the boundary to the next level or to memory.
    pub bytes: u64,
}

/// Cache traffic of a function on one target.
#[derive(Debug, Clone, PartialEq)]
pub struct MemoryLabel {
    /// How it was counted.
    pub method: &'static str,
    /// The levels, nearest first.
    pub levels: [LevelLabel; 3],
    /// Bytes of all lines touched, where they are known.
    pub footprint_bytes: Option<u64>,
    /// Cycles of loads, stores and transfers.
    pub memory_cycles: f64,
}

/// Labels of one row by target, or why there are none.
pub type RowLabels = Vec<Result<MemoryLabel, String>>;

/// The columns of labels, one list per row with a label for each of `targets`.
#[must_use]
pub fn columns(targets: &[Target], rows: &[RowLabels]) -> Vec<(String, Column)> {
    let mut columns = Vec::new();
    for (at, &target) in targets.iter().enumerate() {
        let prefix = prefix(target);
        let labels = || rows.iter().map(move |row| &row[at]);
        let count = |number: &dyn Fn(&MemoryLabel) -> Option<u64>| {
            let stored = |n: u64| i64::try_from(n).unwrap_or(i64::MAX);
            Column::Int(labels().map(|l| l.as_ref().ok().and_then(number).map(stored)).collect())
        };
        let method = labels().map(|l| l.as_ref().ok().map(|l| l.method.to_owned())).collect();
        columns.push((format!("{prefix}_memory_method"), Column::Text(method)));
        for (level, name) in LEVELS.iter().enumerate() {
            columns.push((format!("{prefix}_{name}_load_misses"), count(&|l| Some(l.levels[level].load_misses))));
            columns.push((format!("{prefix}_{name}_store_misses"), count(&|l| Some(l.levels[level].store_misses))));
            columns.push((format!("{prefix}_{name}_write_backs"), count(&|l| Some(l.levels[level].write_backs))));
            columns.push((format!("{prefix}_{name}_bytes"), count(&|l| Some(l.levels[level].bytes))));
        }
        columns.push((format!("{prefix}_footprint_bytes"), count(&|l| l.footprint_bytes)));
        let cycles = labels().map(|l| l.as_ref().ok().map(|l| l.memory_cycles)).collect();
        columns.push((format!("{prefix}_memory_cycles"), Column::Float(cycles)));
        columns.push((
            format!("{prefix}_memory_failure"),
            Column::Text(labels().map(|l| l.as_ref().err().cloned()).collect()),
        ));
    }
    columns
}
