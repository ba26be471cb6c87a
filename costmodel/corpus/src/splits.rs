//! Splits of the corpus, fixed by the seed and stored with every row.
//!
//! Near duplicates stay together: kernels with rows that differ in numbers only form one group, and every split except the
//! random one is drawn by group. The random split overestimates accuracy; it is kept for comparison with earlier work.

use names::named;
use std::collections::BTreeMap;

use super::normal::{digest, without_numbers};
use super::row::Row;

/// Number of folds of families.
pub const FAMILY_FOLDS: usize = 10;

/// Operations left out of training in the split by operation; groups that contain one are test rows.
pub const LEFT_OUT_OPERATIONS: [&str; 4] = ["math.tanh", "math.rsqrt", "stablehlo.tanh", "stablehlo.rsqrt"];

named! {
    /// Part of a split.
    pub enum Part {
        /// Training rows.
        Train = "train",
        /// Rows for model choice.
        Validation = "validation",
        /// Test rows.
        Test = "test",
    }
}

/// The parts that a row belongs to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Splits {
    /// By row: 80 %, 10 % and 10 %.
    pub random: Part,
    /// By group of kernels: 80 %, 10 % and 10 %.
    pub kernel: Part,
    /// Fold of the family, for leaving families out.
    pub family_fold: usize,
    /// By shape: the 10 % of groups with the largest arrays are test rows.
    pub shape: Part,
    /// By operation: groups with one of [`LEFT_OUT_OPERATIONS`] are test rows.
    pub operation: Part,
    /// By target: index of the target whose labels of this group are test labels.
    pub left_out_target: usize,
}

/// A number in `0..below` that depends on the seed, the purpose and the key alone.
fn ticket(seed: u64, purpose: &str, key: &str, below: u64) -> u64 {
    let hash = digest(&format!("{seed}/{purpose}/{key}"));
    let number = u64::from_str_radix(&hash[..15], 16).expect("fifteen hexadecimal digits");
    number % below
}

fn part(ticket: u64) -> Part {
    match ticket {
        0 => Part::Test,
        1 => Part::Validation,
        _ => Part::Train,
    }
}

/// The part of the random split of a row, drawn by its hash.
pub fn random(seed: u64, hash: &str) -> Part {
    part(ticket(seed, "random", hash, 10))
}

/// A group's number for every row: kernels linked by rows that differ in numbers only.
pub fn groups(rows: &[Row]) -> Vec<usize> {
    let mut parent: Vec<usize> = (0..rows.len()).collect();
    fn root(parent: &mut [usize], mut at: usize) -> usize {
        while parent[at] != at {
            parent[at] = parent[parent[at]];
            at = parent[at];
        }
        at
    }
    let mut first: BTreeMap<String, usize> = BTreeMap::new();
    for (index, row) in rows.iter().enumerate() {
        let shape = digest(&without_numbers(&row.text));
        for key in [format!("kernel {} {}", row.source.name(), row.kernel), format!("text {shape}")] {
            let known = *first.entry(key).or_insert(index);
            let (a, b) = (root(&mut parent, known), root(&mut parent, index));
            let (low, high) = (a.min(b), a.max(b));
            parent[high] = low;
        }
    }
    (0..rows.len()).map(|index| root(&mut parent, index)).collect()
}

/// The splits of every row; `groups` are those of [`groups`].
pub fn assign(rows: &[Row], groups: &[usize], seed: u64, targets: usize) -> Vec<Splits> {
    let mut members: BTreeMap<usize, Vec<usize>> = BTreeMap::new();
    for (index, group) in groups.iter().enumerate() {
        members.entry(*group).or_default().push(index);
    }
    let folds = family_folds(rows);
    let largest = |indices: &[usize]| indices.iter().map(|&i| rows[i].largest_elements).max().unwrap_or(0);
    let mut sizes: Vec<u64> = members.values().map(|indices| largest(indices)).collect();
    sizes.sort_unstable();
    let limit = sizes.get(sizes.len() * 9 / 10).copied().unwrap_or(0);
    let mut splits: Vec<Option<Splits>> = vec![None; rows.len()];
    for indices in members.values() {
        // The group's name does not change when rows are added to other groups.
        let name = indices.iter().map(|&i| rows[i].kernel.as_str()).min().unwrap_or_default();
        let choose_rest = |purpose| if ticket(seed, purpose, name, 9) == 0 { Part::Validation } else { Part::Train };
        let left_out = indices.iter().any(|&i| LEFT_OUT_OPERATIONS.iter().any(|o| rows[i].text.contains(o)));
        for &index in indices {
            splits[index] = Some(Splits {
                random: random(seed, &rows[index].hash),
                kernel: part(ticket(seed, "kernel", name, 10)),
                family_fold: folds[&rows[index].family],
                shape: if largest(indices) > limit { Part::Test } else { choose_rest("shape") },
                operation: if left_out { Part::Test } else { choose_rest("operation") },
                left_out_target: ticket(seed, "target", name, targets.max(1) as u64) as usize,
            });
        }
    }
    splits.into_iter().flatten().collect()
}

/// Distributes families over folds: the largest first, each into the smallest fold so far.
fn family_folds(rows: &[Row]) -> BTreeMap<String, usize> {
    let mut sizes: BTreeMap<&str, usize> = BTreeMap::new();
    for row in rows {
        *sizes.entry(&row.family).or_default() += 1;
    }
    let mut families: Vec<(&str, usize)> = sizes.into_iter().collect();
    families.sort_by_key(|(name, size)| (std::cmp::Reverse(*size), *name));
    let mut filled = [0; FAMILY_FOLDS];
    families
        .into_iter()
        .map(|(name, size)| {
            let fold = (0..FAMILY_FOLDS).min_by_key(|&fold| filled[fold]).expect("there are folds");
            filled[fold] += size;
            (name.to_string(), fold)
        })
        .collect()
}
