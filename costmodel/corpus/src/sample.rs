//! Parts of a corpus that are drawn by a seed: kernels in an order in which every family has its turn.

use std::collections::{BTreeMap, BTreeSet};

use crate::normal::digest;
use crate::row::Source;
use crate::table::Entry;

/// Kernels in an order drawn by the seed for a purpose: first one of every family, then a second of every family, and so on, so that
/// a prefix has the same number of kernels of every family as far as it has them. `key` gives the family and the kernel's name.
#[must_use]
pub fn by_turns<T>(kernels: Vec<T>, seed: u64, purpose: &str, key: impl Fn(&T) -> (String, String)) -> Vec<T> {
    let mut families: BTreeMap<String, Vec<(String, T)>> = BTreeMap::new();
    for kernel in kernels {
        let (family, name) = key(&kernel);
        families.entry(family).or_default().push((digest(&format!("{seed}/{purpose}/{name}")), kernel));
    }
    let mut ranked: Vec<((usize, String), T)> = Vec::new();
    for mut own in families.into_values() {
        own.sort_by(|(a, _), (b, _)| a.cmp(b));
        ranked.extend(own.into_iter().enumerate().map(|(rank, (order, kernel))| ((rank, order), kernel)));
    }
    ranked.sort_by(|(a, _), (b, _)| a.cmp(b));
    ranked.into_iter().map(|(_, kernel)| kernel).collect()
}

/// Whole kernels of a corpus with together at most `texts` rows, as numbers of rows in the order of the draw. Only rows that were
/// lowered themselves count; of a kernel with more than `variants` of them so many are drawn. A kernel that does not fit any more is
/// left out.
#[must_use]
pub fn whole_kernels(entries: &[Entry], seed: u64, texts: usize, variants: usize) -> Vec<usize> {
    let mut kernels: BTreeMap<(Source, &str, &str), Vec<usize>> = BTreeMap::new();
    for (index, Entry { row, .. }) in entries.iter().enumerate() {
        if row.lowered == row.hash {
            kernels.entry((row.source, &row.family, &row.kernel)).or_default().push(index);
        }
    }
    let all = kernels.into_iter().collect();
    let ordered = by_turns(all, seed, "kernels", |((source, family, kernel), _)| {
        ((*family).to_owned(), format!("{}/{kernel}", source.name()))
    });
    let mut drawn = Vec::new();
    for (_, mut rows) in ordered {
        if rows.len() > variants {
            let mut order: Vec<(String, usize)> =
                rows.iter().map(|&row| (digest(&format!("{seed}/variants/{}", entries[row].row.hash)), row)).collect();
            order.sort_unstable();
            let kept: BTreeSet<usize> = order.into_iter().take(variants).map(|(_, row)| row).collect();
            rows.retain(|row| kept.contains(row));
        }
        if drawn.len() + rows.len() <= texts {
            drawn.extend(rows);
        }
    }
    drawn
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::normal::content_hash;
    use crate::row::Row;

    fn entries() -> Vec<Entry> {
        let row = |family: &str, kernel: usize, variant: usize| {
            let text = format!("{family} {kernel} {variant}");
            Row {
                hash: content_hash(&text),
                source: Source::Generated,
                family: family.into(),
                kernel: format!("{family}-{kernel}"),
                variant: variant.to_string(),
                dialect: "affine".into(),
                whole_block: false,
                pipeline: String::new(),
                lowered: content_hash(&text),
                largest_elements: 1,
                text,
            }
        };
        let mut rows = Vec::new();
        for (family, kernels, variants) in [("dot", 40, 3), ("sum", 5, 30), ("wave", 2, 1)] {
            for kernel in 0..kernels {
                rows.extend((0..variants).map(|variant| row(family, kernel, variant)));
            }
        }
        // A row whose labels would be those of another text.
        rows[0].lowered = rows[1].hash.clone();
        Entry::of_rows(rows, 1)
    }

    #[test]
    fn families_have_the_same_number_of_whole_kernels() {
        let all = entries();
        let drawn = whole_kernels(&all, 7, 100, 24);
        let mut kernels: BTreeMap<&str, BTreeMap<&str, usize>> = BTreeMap::new();
        for &row in &drawn {
            let row = &all[row].row;
            *kernels.entry(&row.family).or_default().entry(&row.kernel).or_default() += 1;
        }
        assert!(drawn.len() <= 100 && !drawn.contains(&0), "{}", drawn.len());
        assert!(kernels["sum"].values().all(|&rows| rows == 24) && kernels["wave"].len() == 2, "{kernels:?}");
        // A turn has 24 + 3 rows once the small family is used up; the kernels of the last turns are those that still fit.
        assert!(kernels["sum"].len() >= 3 && kernels["dot"].len() >= kernels["sum"].len(), "{kernels:?}");
        assert!(kernels["dot"].iter().all(|(kernel, &rows)| rows == 3 || *kernel == "dot-0"), "{kernels:?}");
        assert_eq!(drawn, whole_kernels(&all, 7, 100, 24));
        assert_ne!(drawn, whole_kernels(&all, 8, 100, 24));
        // The start of a larger draw is a smaller one.
        assert_eq!(whole_kernels(&all, 7, 10_000, 24)[..51], drawn[..51]);
        assert!(whole_kernels(&all, 7, 0, 24).is_empty());
    }
}
