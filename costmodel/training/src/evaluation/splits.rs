//! Splits that the corpus stores with its rows, as cells of one fit each.

use corpus::Part;
use corpus::splits::FAMILY_FOLDS;
use ir::labels::Target;
use names::named;

use crate::corpus_rows::CorpusRows;
use crate::dataset::Dataset;
use crate::fit::Rows;

named! {
    /// How test rows differ from training rows.
    pub enum Split {
        /// Another family: every row once, in folds of whole families
        Families = "families",
        /// Nothing: a tenth of the rows, whatever their kernel
        Random = "random",
        /// Another kernel: a tenth of the groups of near duplicates
        Kernel = "kernel",
        /// Larger arrays than any that was learned from
        Shape = "shape",
        /// An operation that was not learned from
        Operation = "operation",
        /// Another processor: labels of one processor are hidden for each group
        Target = "target",
    }
}

impl Split {
    /// Title in tables.
    #[must_use]
    pub fn title(self) -> &'static str {
        match self {
            Self::Random => "random rows",
            Self::Kernel => "kernels left out",
            Self::Families => "families left out",
            Self::Shape => "larger shapes left out",
            Self::Operation => "operations left out",
            Self::Target => "a target left out",
        }
    }
}

/// One fit of one split.
#[derive(Debug, Clone, PartialEq)]
pub struct Cell {
    /// The split.
    pub split: Split,
    /// Index of the fold.
    pub fold: usize,
    /// Training and validation rows.
    pub rows: Rows,
    /// Test rows.
    pub test: Vec<usize>,
}

/// The fits of a split. Families are left out in `folds` folds; the ten stored folds are distributed over these.
#[must_use]
pub fn cells(corpus: &CorpusRows, split: Split, folds: usize) -> Vec<Cell> {
    let part = |row: usize| -> Part {
        let splits = &corpus.entries[row].splits;
        match split {
            Split::Random => splits.random,
            Split::Kernel => splits.kernel,
            Split::Shape => splits.shape,
            Split::Operation => splits.operation,
            Split::Families | Split::Target => unreachable!("these have no parts"),
        }
    };
    let all = || 0..corpus.entries.len();
    match split {
        Split::Families => (0..folds)
            .map(|fold| {
                let stored = |row: usize| corpus.entries[row].splits.family_fold;
                let tested = |row: &usize| stored(*row) % folds == fold;
                // Early stopping uses families that are not trained on.
                let validation = (fold + 1) % FAMILY_FOLDS;
                let judges = |row: &usize| !tested(row) && stored(*row) == validation;
                Cell {
                    split,
                    fold,
                    rows: Rows {
                        training: all().filter(|row| !tested(row) && !judges(row)).collect(),
                        validation: all().filter(judges).collect(),
                    },
                    test: all().filter(tested).collect(),
                }
            })
            .collect(),
        Split::Target => {
            let validation = |row: &usize| corpus.entries[*row].splits.kernel == Part::Validation;
            let (validation, training) = all().partition(validation);
            vec![Cell { split, fold: 0, rows: Rows { training, validation }, test: all().collect() }]
        }
        _ => {
            let of = |wanted: Part| all().filter(|&row| part(row) == wanted).collect();
            let rows = Rows { training: of(Part::Train), validation: of(Part::Validation) };
            vec![Cell { split, fold: 0, rows, test: of(Part::Test) }]
        }
    }
}

/// Whether the split tests an output of a row.
#[must_use]
pub fn is_tested(corpus: &CorpusRows, split: Split, row: usize, output: usize) -> bool {
    split != Split::Target || hidden(corpus, row, output)
}

/// Whether the split by target hides a label.
fn hidden(corpus: &CorpusRows, row: usize, output: usize) -> bool {
    corpus.data.outputs()[output].target == Target::ALL[corpus.entries[row].splits.left_out_target].cpu()
}

/// The data without the labels that the split by target hides.
#[must_use]
pub fn without_hidden_targets(corpus: &CorpusRows) -> Dataset {
    let mut samples = corpus.data.samples().to_vec();
    for (row, sample) in samples.iter_mut().enumerate() {
        for (output, label) in sample.labels.iter_mut().enumerate() {
            if hidden(corpus, row, output) {
                *label = None;
            }
        }
    }
    let sizes = [0, 1, 2].map(|scheme| corpus.vocabularies[scheme].size());
    Dataset::new(corpus.data.outputs().to_vec(), sizes, corpus.data.families().to_vec(), samples)
        .expect("fewer labels fit as well")
}
