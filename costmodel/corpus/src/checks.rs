//! Checks that hold for any set of rows: hashes, duplicates, splits without leaks.

use std::collections::{BTreeMap, BTreeSet};

use super::normal::content_hash;
use super::row::Row;
use super::splits::{Splits, groups, random};

/// One check and its counterexamples.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Check {
    /// Property that is checked.
    pub name: &'static str,
    /// Number of cases.
    pub cases: usize,
    /// Number of counterexamples.
    pub failures: usize,
    /// The first counterexample.
    pub example: Option<String>,
}

impl Check {
    /// A check over cases; `Some` is the description of a counterexample.
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
pub fn rows(rows: &[Row], stored_groups: &[usize], stored: &[Splits], seed: u64) -> Vec<Check> {
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
            kept_together(&found, stored_groups).map(|row| row.map(|row| rows[row].hash.clone())),
        ),
        split_by_group("no group is in two parts of the split by kernel", stored_groups, stored, |s| s.kernel as usize),
        split_by_group("no group is in two parts of the split by shape", stored_groups, stored, |s| s.shape as usize),
        split_by_group("no group is in two parts of the split by operation", stored_groups, stored, |s| {
            s.operation as usize
        }),
        split_by_group("a group leaves one target out", stored_groups, stored, |s| s.left_out_target),
        families(rows, stored),
        Check::over(
            "the random split is that of the seed",
            rows.iter().zip(stored).map(|(r, s)| (random(seed, &r.hash) != s.random).then(|| r.hash.clone())),
        ),
    ]
}

/// By row: `Some` if its group in `found` is split in `stored`. Stored groups may be larger, because rows that linked them may
/// have been dropped.
fn kept_together<'a>(found: &'a [usize], stored: &'a [usize]) -> impl Iterator<Item = Option<usize>> + 'a {
    let mut of_found: BTreeMap<usize, usize> = BTreeMap::new();
    found
        .iter()
        .zip(stored)
        .enumerate()
        .map(move |(row, (&found, &stored))| (*of_found.entry(found).or_insert(stored) != stored).then_some(row))
}

fn split_by_group(name: &'static str, groups: &[usize], splits: &[Splits], part: impl Fn(&Splits) -> usize) -> Check {
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

#[cfg(test)]
mod tests {
    use super::super::kernels::{FamilySet, Form, kernels};
    use super::super::row::{Source, largest_elements};
    use super::super::splits::assign;
    use super::*;

    fn sample() -> (Vec<Row>, Vec<usize>, Vec<Splits>) {
        let mut all = Vec::new();
        for kernel in FamilySet::ALL.into_iter().flat_map(|set| kernels(set, 3, 150)) {
            for &form in kernel.forms {
                let text = kernel.source(form, 0);
                let hash = content_hash(&text);
                all.push(Row {
                    lowered: hash.clone(),
                    hash,
                    source: Source::Generated,
                    family: kernel.family.into(),
                    kernel: kernel.name.clone(),
                    variant: format!("{form:?}"),
                    dialect: if form == Form::Linalg { "linalg" } else { "affine" }.into(),
                    whole_block: false,
                    pipeline: String::new(),
                    largest_elements: largest_elements(&text),
                    text,
                });
            }
        }
        let groups = groups(&all);
        let splits = assign(&all, &groups, 3, 4);
        (all, groups, splits)
    }

    fn failing(rows: &[Row], groups: &[usize], splits: &[Splits]) -> Vec<&'static str> {
        super::rows(rows, groups, splits, 3).into_iter().filter(|c| c.failures > 0).map(|c| c.name).collect()
    }

    #[test]
    fn a_drawn_set_passes_and_so_does_any_part_of_it() {
        let (rows, groups, splits) = sample();
        assert_eq!(failing(&rows, &groups, &splits), Vec::<&str>::new());
        let half: Vec<usize> = (0..rows.len()).filter(|i| i % 3 != 1).collect();
        let rows: Vec<Row> = half.iter().map(|&i| rows[i].clone()).collect();
        let groups: Vec<usize> = half.iter().map(|&i| groups[i]).collect();
        let splits: Vec<Splits> = half.iter().map(|&i| splits[i].clone()).collect();
        assert_eq!(failing(&rows, &groups, &splits), Vec::<&str>::new());
    }

    #[test]
    fn damage_of_every_kind_is_found() {
        let (rows, groups, splits) = sample();
        let mut changed = rows.clone();
        changed[5].text = changed[5].text.replace("func.func @kernel", "func.func @kernels");
        assert!(failing(&changed, &groups, &splits).contains(&"the hash is that of the text"));
        let mut doubled = rows.clone();
        doubled[6] = doubled[7].clone();
        assert!(failing(&doubled, &groups, &splits).contains(&"no text occurs twice"));
        let mut orphan = rows.clone();
        orphan[8].lowered = "0".into();
        assert!(failing(&orphan, &groups, &splits).contains(&"the text that was lowered is a row"));
        let several = (0..groups.len()).find(|&i| groups[..i].contains(&groups[i])).expect("a group of several");
        let mut torn = groups.clone();
        torn[several] = usize::MAX;
        assert!(failing(&rows, &torn, &splits).contains(&"rows that differ in numbers only are one group"));
        let mut leaking = splits.clone();
        leaking[several].kernel = if leaking[several].kernel == super::super::Part::Test {
            super::super::Part::Train
        } else {
            super::super::Part::Test
        };
        assert!(failing(&rows, &groups, &leaking).contains(&"no group is in two parts of the split by kernel"));
    }
}
