//! One corpus of two: the rows of both with groups and splits over all of them.

use std::collections::BTreeSet;

use storage::columnar::{Column, Frame};

use crate::row::Row;
use crate::table::{self, Entry, TableError};

/// Tables that make no corpus.
#[derive(Debug, thiserror::Error)]
pub enum UnionError {
    /// One of them is no corpus.
    #[error(transparent)]
    Table(#[from] TableError),
    /// A column that only one of them has.
    #[error("the column `{0}` is in one of the tables only; label both with the same version")]
    Column(String),
    /// Tables that were drawn by different seeds.
    #[error("the tables are of different seeds, {0} and {1}; splits are drawn by one")]
    Seeds(u64, u64),
}

/// Joins two tables. A row of the second whose text is in the first is left out. Groups and splits are drawn again, because they
/// depend on all rows.
///
/// # Errors
/// If a table is no corpus, or they have different columns or seeds.
pub fn union(first: &Frame, second: &Frame) -> Result<Frame, UnionError> {
    let seed = table::seed(first);
    if seed != table::seed(second) {
        return Err(UnionError::Seeds(seed, table::seed(second)));
    }
    let names = |frame: &Frame| frame.columns.iter().map(|(name, _)| name.clone()).collect::<BTreeSet<String>>();
    if let Some(name) = names(first).symmetric_difference(&names(second)).next() {
        return Err(UnionError::Column(name.clone()));
    }
    let (a, b) = (table::entries(first)?, table::entries(second)?);
    let mut known: BTreeSet<&str> = a.iter().map(|e| e.row.hash.as_str()).collect();
    let kept: Vec<usize> = (0..b.len()).filter(|&i| known.insert(&b[i].row.hash)).collect();
    let rows: Vec<Row> = a.iter().chain(kept.iter().map(|&i| &b[i])).map(|e| e.row.clone()).collect();
    let mut columns = table::columns(&Entry::of_rows(rows, seed));
    let own: BTreeSet<String> = columns.iter().map(|(name, _)| name.clone()).collect();
    for (name, column) in first.columns.iter().filter(|(name, _)| !own.contains(name)) {
        let other = second.column(name).ok_or_else(|| UnionError::Column(name.clone()))?;
        let joined = joined(column, other, &kept).ok_or_else(|| UnionError::Column(name.clone()))?;
        columns.push((name.clone(), joined));
    }
    Ok(Frame { columns, metadata: first.metadata.clone() })
}

/// A column followed by some rows of another; `None` if they are of different kinds.
fn joined(first: &Column, second: &Column, rows: &[usize]) -> Option<Column> {
    fn with<T: Clone>(first: &[T], second: &[T], rows: &[usize]) -> Vec<T> {
        first.iter().cloned().chain(rows.iter().map(|&row| second[row].clone())).collect()
    }
    Some(match (first, second) {
        (Column::Int(a), Column::Int(b)) => Column::Int(with(a, b, rows)),
        (Column::Float(a), Column::Float(b)) => Column::Float(with(a, b, rows)),
        (Column::Bool(a), Column::Bool(b)) => Column::Bool(with(a, b, rows)),
        (Column::Text(a), Column::Text(b)) => Column::Text(with(a, b, rows)),
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::normal::content_hash;
    use crate::row::Source;

    fn table(texts: &[&str], seed: u64) -> Frame {
        let row = |text: &&str| Row {
            hash: content_hash(text),
            source: Source::Generated,
            family: "sum".into(),
            kernel: format!("kernel-{}", text.len()),
            variant: "affine-s0".into(),
            dialect: "arith".into(),
            whole_block: false,
            pipeline: String::new(),
            lowered: content_hash(text),
            largest_elements: 1,
            text: (*text).to_owned(),
        };
        let mut columns = table::columns(&Entry::of_rows(texts.iter().map(row).collect(), seed));
        columns.push(("znver4_cycles".into(), Column::Float(texts.iter().map(|t| Some(t.len() as f64)).collect())));
        Frame { columns, metadata: table::metadata(seed) }
    }

    #[test]
    fn rows_of_both_are_kept_once_with_their_labels() {
        let joined = union(&table(&["a", "bb"], 1), &table(&["bb", "ccc", "dddd"], 1)).unwrap();
        let texts: Vec<String> = table::entries(&joined).unwrap().into_iter().map(|e| e.row.text).collect();
        assert_eq!(texts, ["a", "bb", "ccc", "dddd"]);
        assert_eq!(joined.column("znver4_cycles"), Some(&Column::Float([1.0, 2.0, 3.0, 4.0].map(Some).to_vec())));
        // Splits are those of a corpus that was drawn as a whole.
        let whole = table::entries(&table(&["a", "bb", "ccc", "dddd"], 1)).unwrap();
        assert_eq!(table::entries(&joined).unwrap(), whole);
    }

    #[test]
    fn other_seeds_and_other_columns_are_refused() {
        let first = table(&["a"], 1);
        assert!(matches!(union(&first, &table(&["bb"], 2)), Err(UnionError::Seeds(1, 2))));
        let mut second = table(&["bb"], 1);
        second.columns.retain(|(name, _)| name != "znver4_cycles");
        let refused = union(&first, &second).unwrap_err().to_string();
        assert!(refused.contains("`znver4_cycles` is in one of the tables only"), "{refused}");
    }
}
