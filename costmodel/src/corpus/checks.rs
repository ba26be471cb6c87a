//! Checks that hold for any set of rows: hashes, duplicates, splits without leaks.

use std::collections::{BTreeMap, BTreeSet};

use super::normal::content_hash;
use super::row::Row;
use super::splits::{Splits, assign, groups};

/// One check and what contradicts it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Check {
    /// What should hold.
    pub name: &'static str,
    /// Cases looked at.
    pub cases: usize,
    /// Cases that contradict it.
    pub failures: usize,
    /// The first of them.
    pub example: Option<String>,
}

impl Check {
    /// A check over cases, each with a complaint or none.
    pub fn over(name: &'static str, cases: impl IntoIterator<Item = Option<String>>) -> Self {
        let mut check = Self { name, cases: 0, failures: 0, example: None };
        for case in cases {
            check.cases += 1;
            if let Some(complaint) = case {
                check.failures += 1;
                check.example.get_or_insert(complaint);
            }
        }
        check
    }
}

/// Checks rows with their stored groups and splits.
pub fn rows(rows: &[Row], stored_groups: &[usize], stored: &[Splits], seed: u64, targets: usize) -> Vec<Check> {
    let mut seen = BTreeSet::new();
    let hashes: BTreeSet<&str> = rows.iter().map(|r| r.hash.as_str()).collect();
    let own = rows.iter().map(|r| (content_hash(&r.text) != r.hash).then(|| r.hash.clone()));
    let twice = rows.iter().map(|r| (!seen.insert(r.hash.as_str())).then(|| r.hash.clone()));
    let lowered = rows.iter().map(|r| {
        let missing = !hashes.contains(r.lowered.as_str());
        missing.then(|| format!("{}: the text that was lowered, {}, is not among the rows", r.hash, r.lowered))
    });
    let found = groups(rows);
    vec![
        Check::over("the hash is that of the text", own),
        Check::over("no text occurs twice", twice),
        Check::over("the text that was lowered is a row", lowered),
        Check::over(
            "rows that differ in numbers only are one group",
            same_partition(&found, stored_groups).map(|row| row.map(|row| rows[row].hash.clone())),
        ),
        split_by_group("no group is in two parts of the split by kernel", stored_groups, stored, |s| s.kernel as usize),
        split_by_group("no group is in two parts of the split by shape", stored_groups, stored, |s| s.shape as usize),
        split_by_group("no group is in two parts of the split by operation", stored_groups, stored, |s| {
            s.operation as usize
        }),
        split_by_group("a group leaves one target out", stored_groups, stored, |s| s.left_out_target),
        families(rows, stored),
        Check::over(
            "the splits are those of the seed",
            assign(rows, stored_groups, seed, targets)
                .iter()
                .zip(stored)
                .zip(rows)
                .map(|((found, stored), row)| (found != stored).then(|| row.hash.clone())),
        ),
    ]
}

/// Whether two numberings group the same rows together; the first row that contradicts.
fn same_partition<'a>(a: &'a [usize], b: &'a [usize]) -> impl Iterator<Item = Option<usize>> + 'a {
    let mut there: BTreeMap<usize, usize> = BTreeMap::new();
    let mut back: BTreeMap<usize, usize> = BTreeMap::new();
    a.iter().zip(b).enumerate().map(move |(row, (&a, &b))| {
        let same = *there.entry(a).or_insert(b) == b && *back.entry(b).or_insert(a) == a;
        (!same).then_some(row)
    })
}

fn split_by_group(
    name: &'static str,
    groups: &[usize],
    splits: &[Splits],
    part: impl Fn(&Splits) -> usize,
) -> Check {
    let mut of_group = BTreeMap::new();
    let cases = groups.iter().zip(splits).map(|(group, split)| {
        (*of_group.entry(*group).or_insert_with(|| part(split)) != part(split)).then(|| format!("group {group}"))
    });
    Check::over(name, cases)
}

fn families(rows: &[Row], splits: &[Splits]) -> Check {
    let mut of_family = BTreeMap::new();
    let cases = rows.iter().zip(splits).map(|(row, split)| {
        (*of_family.entry(row.family.as_str()).or_insert(split.family_fold) != split.family_fold)
            .then(|| row.family.clone())
    });
    Check::over("a family is in one fold", cases)
}
