//! Counts of a set of rows.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;

use super::table::Entry;

/// Counts of a set of rows.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Summary {
    /// Number of rows.
    pub rows: usize,
    /// Number of kernels and graphs.
    pub kernels: usize,
    /// Kernels and graphs that differ in more than numbers and names.
    pub kernels_beyond_numbers: usize,
    /// Number of families.
    pub families: usize,
    /// Rows that are whole blocks of models.
    pub whole_blocks: usize,
    /// Bytes of all texts.
    pub text_bytes: usize,
    /// Bytes of the median text.
    pub text_bytes_median: usize,
    /// Bytes of the longest text.
    pub text_bytes_max: usize,
    /// Rows by source.
    pub by_source: BTreeMap<String, usize>,
    /// Rows by main dialect.
    pub by_dialect: BTreeMap<String, usize>,
    /// Rows by split and part.
    pub by_split: BTreeMap<String, BTreeMap<String, usize>>,
    /// Kernels and rows by family.
    pub by_family: BTreeMap<String, FamilyCount>,
    /// Dropped rows, by reason.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub dropped: BTreeMap<String, usize>,
}

/// Counts of a family.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct FamilyCount {
    /// Number of kernels.
    pub kernels: usize,
    /// Kernels that differ in more than numbers.
    pub kernels_beyond_numbers: usize,
    /// Number of rows.
    pub rows: usize,
}

impl Summary {
    /// Counts rows.
    #[must_use]
    pub fn of(entries: &[Entry], dropped: BTreeMap<String, usize>) -> Self {
        let mut by_source = BTreeMap::new();
        let mut by_dialect = BTreeMap::new();
        let mut by_split: BTreeMap<String, BTreeMap<String, usize>> = BTreeMap::new();
        let mut by_family: BTreeMap<String, FamilyCount> = BTreeMap::new();
        let mut kernels = BTreeSet::new();
        let mut groups = BTreeSet::new();
        for Entry { row, group, splits } in entries {
            *by_source.entry(row.source.name().to_owned()).or_default() += 1;
            *by_dialect.entry(row.dialect.clone()).or_default() += 1;
            for (split, part) in [
                ("random", splits.random.name().to_owned()),
                ("kernel", splits.kernel.name().to_owned()),
                ("family_fold", splits.family_fold.to_string()),
                ("shape", splits.shape.name().to_owned()),
                ("operation", splits.operation.name().to_owned()),
            ] {
                *by_split.entry(split.to_owned()).or_default().entry(part).or_default() += 1;
            }
            let family = by_family.entry(row.family.clone()).or_default();
            family.rows += 1;
            family.kernels += usize::from(kernels.insert((row.source, &row.kernel)));
            family.kernels_beyond_numbers += usize::from(groups.insert(*group));
        }
        let mut lengths: Vec<usize> = entries.iter().map(|e| e.row.text.len()).collect();
        lengths.sort_unstable();
        Self {
            rows: entries.len(),
            kernels: kernels.len(),
            kernels_beyond_numbers: groups.len(),
            families: by_family.len(),
            whole_blocks: entries.iter().filter(|e| e.row.whole_block).count(),
            text_bytes: lengths.iter().sum(),
            text_bytes_median: lengths.get(lengths.len() / 2).copied().unwrap_or(0),
            text_bytes_max: lengths.last().copied().unwrap_or(0),
            by_source,
            by_dialect,
            by_split,
            by_family,
            dropped,
        }
    }
}
