//! Columns as bins with edges at quantiles of the training rows.

use costmodel::columns::Columns;

use crate::dataset::Dataset;

/// Maximum number of bins of a column.
const MAX_BINS: usize = 64;

/// Binned rows in two layouts: dense by column to partition rows, sparse by row to add up histograms. A sparse row leaves out
/// the most frequent bin of each column, whose sums follow from the total.
#[derive(Debug)]
pub(super) struct Bins {
    /// First bin of each column among all bins, and their number at the end.
    pub offsets: Vec<u32>,
    /// Upper ends of the bins of each column, one fewer than bins.
    pub edges: Vec<Vec<f32>>,
    /// Most frequent bin of each column.
    pub common: Vec<u8>,
    /// Bin by column and row.
    dense: Vec<Vec<u8>>,
    starts: Vec<u32>,
    entries: Vec<u32>,
}

impl Bins {
    /// Bins `rows`; edges come from the first `training` of them.
    pub fn new(data: &Dataset, columns: &Columns, rows: &[usize], training: usize) -> Self {
        let width = columns.len();
        let mut values = vec![Vec::with_capacity(rows.len()); width];
        for &row in rows {
            for (column, value) in columns.row(&data.samples()[row].input).into_iter().enumerate() {
                values[column].push(value);
            }
        }
        let edges: Vec<Vec<f32>> = values.iter().map(|column| edges(&column[..training])).collect();
        let dense: Vec<Vec<u8>> = values
            .iter()
            .zip(&edges)
            .map(|(column, edges)| column.iter().map(|v| edges.partition_point(|e| e < v) as u8).collect())
            .collect();
        drop(values);
        let common: Vec<u8> = dense.iter().map(|column| commonest(&column[..training])).collect();
        let mut offsets = vec![0u32];
        for edges in &edges {
            offsets.push(offsets[offsets.len() - 1] + edges.len() as u32 + 1);
        }
        let mut starts = vec![0u32];
        let mut entries = Vec::new();
        for row in 0..rows.len() {
            let own =
                dense.iter().zip(&offsets).zip(&common).map(|((column, first), common)| (column[row], *first, *common));
            entries.extend(own.filter(|(bin, _, common)| bin != common).map(|(bin, first, _)| first + u32::from(bin)));
            starts.push(entries.len() as u32);
        }
        Self { offsets, edges, common, dense, starts, entries }
    }

    pub fn columns(&self) -> usize {
        self.edges.len()
    }

    /// Number of bins of all columns.
    pub fn total(&self) -> usize {
        self.offsets[self.columns()] as usize
    }

    pub fn bin(&self, column: usize, row: u32) -> u8 {
        self.dense[column][row as usize]
    }

    /// The bins of a row, as indices among all bins, without the most frequent ones.
    pub fn uncommon(&self, row: u32) -> &[u32] {
        &self.entries[self.starts[row as usize] as usize..self.starts[row as usize + 1] as usize]
    }
}

/// Edges between bins of about equal numbers of rows, midway between neighbouring values.
fn edges(values: &[f32]) -> Vec<f32> {
    let mut sorted = values.to_vec();
    sorted.sort_by(f32::total_cmp);
    let runs: Vec<&[f32]> = sorted.chunk_by(|a, b| a == b).collect();
    let per_bin = sorted.len().div_ceil(MAX_BINS);
    let (mut edges, mut held) = (Vec::new(), 0);
    for (run, next) in runs.iter().zip(runs.iter().skip(1)) {
        held += run.len();
        if (held >= per_bin || runs.len() <= MAX_BINS) && edges.len() + 1 < MAX_BINS {
            let edge = run[0] + (next[0] - run[0]) / 2.0;
            // Rounding must not move the edge to the upper value.
            edges.push(if edge < next[0] { edge } else { run[0] });
            held = 0;
        }
    }
    edges
}

fn commonest(bins: &[u8]) -> u8 {
    let mut counts = [0u32; 256];
    bins.iter().for_each(|&b| counts[usize::from(b)] += 1);
    (0..=255).max_by_key(|&b: &u8| (counts[usize::from(b)], std::cmp::Reverse(b))).expect("there are 256 bins")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn few_values_get_a_bin_each_and_many_share() {
        assert_eq!(edges(&[3.0, 1.0, 3.0, 2.0]), [1.5, 2.5]);
        assert!(edges(&[4.0; 10]).is_empty());
        let many: Vec<f32> = (0..10_000).map(|i| i as f32).collect();
        let edges = edges(&many);
        assert!(edges.len() < MAX_BINS && edges.len() > MAX_BINS - 3, "{}", edges.len());
        assert!(edges.is_sorted());
    }
}
