//! How well the novelty score tells a dialect that was left out of training.

use super::document::Dialect;
use super::splits::{Split, cells};
use crate::corpus_rows::CorpusRows;
use crate::metrics::auroc;
use crate::novelty;

/// Dialects that are left out, one at a time.
const DIALECTS: [&str; 8] = ["affine", "scf", "cf", "linalg", "tensor", "vector", "math", "stablehlo"];

/// Novelty scores of a dialect's rows against those of other rows. The training rows have neither the dialect nor the family of
/// the scored row.
pub(super) fn dialects(corpus: &CorpusRows, folds: usize, threads: usize) -> Vec<Dialect> {
    let cells = cells(corpus, Split::Families, folds);
    let scored = costmodel::parallel::map(threads, DIALECTS.len(), |d| {
        let (start, quoted) = (format!(" {}.", DIALECTS[d]), format!("\"{}.", DIALECTS[d]));
        let has: Vec<bool> =
            corpus.entries.iter().map(|e| e.row.text.contains(&start) || e.row.text.contains(&quoted)).collect();
        let (mut members, mut others) = (Vec::new(), Vec::new());
        for cell in &cells {
            let known = cell.rows.training.iter().chain(&cell.rows.validation).copied();
            let known: Vec<usize> = known.filter(|&row| !has[row]).collect();
            if known.is_empty() {
                continue;
            }
            let novelty = novelty::fit(&corpus.data, &known);
            for &row in &cell.test {
                let score = novelty.score(&corpus.data.samples()[row].input);
                if has[row] { members.push(score) } else { others.push(score) }
            }
        }
        let flagged = |s: &[f64]| 100.0 * s.iter().filter(|x| **x > 1.0).count() as f64 / s.len().max(1) as f64;
        Some(Dialect {
            dialect: DIALECTS[d].to_owned(),
            rows_of_the_dialect: Some(members.len() as u64),
            other_rows: Some(others.len() as u64),
            auroc: Some(auroc(&members, &others)?),
            flagged_pct: Some(flagged(&members)),
            others_flagged_pct: Some(flagged(&others)),
        })
    });
    scored.into_iter().flatten().collect()
}
