//! The folder of labels of GPU kernels: the journal of outcomes and `corpus.parquet`.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use corpus::gpu_labels::{self, GpuLabels, GpuOutcomes};
use corpus::labels::reason;
use corpus::table::{self, Entry};
use ir::labels::gpu::{GpuReply, GpuTarget, GpuToolchain};
use serde::{Deserialize, Serialize};
use storage::columnar::{ColumnarError, Frame};
use storage::record_log::Magic;

use crate::error::FolderError;
use crate::folder::{label_all, write_groups};
use crate::gpu::GpuLabelling;
use crate::jobs::{batches, several};
use crate::journal::{Journal, Kind};
use crate::pool::Pool;

/// The journal of labels of kernels. The labels of a text do not depend on what else was drawn.
struct Kernels;

#[derive(Debug, Serialize, Deserialize)]
struct Header {
    targets: Vec<GpuTarget>,
    toolchain: GpuToolchain,
}

impl Kind for Kernels {
    const MAGIC: &'static Magic = b"HWGPULB1";
    type Header = Header;
    type Outcome = GpuOutcomes;
}

/// Rows that were drawn of a corpus.
pub struct Drawn {
    /// Number of each row in the corpus, and the row, in the order of the draw.
    pub rows: Vec<(usize, Entry)>,
    /// Seed of the corpus, by which its splits were drawn.
    pub corpus_seed: u64,
    /// Seed of the draw.
    pub seed: u64,
}

/// Result of a labelling.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct LabelledKernels {
    /// Texts that were drawn.
    pub texts: usize,
    /// Texts with labels on a GPU: the rows of the file.
    pub labelled: usize,
    /// Texts without labels on any GPU.
    pub without_labels: usize,
    /// Texts that were not labelled yet.
    pub without_outcome: usize,
    /// Texts without labels on any GPU, by the reason of the first.
    pub without_labels_by_reason: BTreeMap<String, usize>,
    /// Texts with labels by GPU.
    pub labelled_by_gpu: BTreeMap<String, usize>,
    /// Rows of the file without labels on a GPU, by GPU and reason.
    pub failures_by_gpu: BTreeMap<String, BTreeMap<String, usize>>,
    /// Texts that were labelled by this call.
    pub labelled_this_time: usize,
    /// The corpus, if it was written.
    pub file: Option<String>,
}

/// A folder for which drawn rows are labelled.
pub struct KernelFolder {
    path: PathBuf,
    drawn: Arc<Drawn>,
    toolchain: GpuToolchain,
    journal: Journal<Kernels>,
    outcomes: BTreeMap<String, GpuOutcomes>,
    todo: Vec<usize>,
    this_time: usize,
}

impl KernelFolder {
    /// Opens the journal of a folder. Returns also how many bytes of it were damaged and dropped.
    ///
    /// # Errors
    /// If the journal cannot be read, is something else or was made with other tools, or is in use.
    pub fn open(path: &Path, drawn: Drawn, toolchain: GpuToolchain) -> Result<(Self, u64), FolderError> {
        std::fs::create_dir_all(path).map_err(|error| FolderError::at(path, error))?;
        let header = Header { targets: GpuTarget::ALL.to_vec(), toolchain: toolchain.clone() };
        let (journal, outcomes, dropped) = Journal::open(&path.join("kernels.journal"), &header)?;
        let left = |at: &usize| !outcomes.contains_key(&drawn.rows[*at].1.row.hash);
        let todo = (0..drawn.rows.len()).filter(left).collect();
        let (path, drawn) = (path.to_owned(), Arc::new(drawn));
        Ok((Self { path, drawn, toolchain, journal, outcomes, todo, this_time: 0 }, dropped))
    }

    /// Positions in the draw of the texts that are left to label.
    #[must_use]
    pub fn todo(&self) -> &[usize] {
        &self.todo
    }

    /// Labels what is left in the worker processes of a pool. `more` is called after each text and says whether to go on.
    ///
    /// # Errors
    /// If a worker cannot be started or the journal cannot be written.
    pub fn label_here(
        &mut self,
        pool: &Pool,
        ptxas: Option<&str>,
        mut more: impl FnMut() -> bool,
    ) -> Result<(), FolderError> {
        let drawn = Arc::clone(&self.drawn);
        let text = |at: usize| drawn.rows[at].1.row.text.as_str();
        let batches = batches(&text, &self.todo);
        let settings = self.toolchain.settings.clone();
        let labelling =
            GpuLabelling { text: &text, targets: &GpuTarget::ALL, settings: &settings, ptxas, kernels: false };
        label_all(pool, &labelling, batches, |at, reply| {
            self.keep(at, outcomes(&reply))?;
            Ok(more())
        })
    }

    /// Keeps the outcomes of a text.
    fn keep(&mut self, at: usize, outcomes: GpuOutcomes) -> Result<(), FolderError> {
        let hash = &self.drawn.rows[at].1.row.hash;
        self.journal.append(hash, &outcomes)?;
        self.outcomes.insert(hash.clone(), outcomes);
        self.this_time += 1;
        Ok(())
    }

    /// Writes the rows with labels in the order of the corpus if every text has an outcome, or if a `part` is enough.
    ///
    /// # Errors
    /// If the file cannot be written.
    pub fn finish(&self, part: bool) -> Result<LabelledKernels, FolderError> {
        let mut done: Vec<(usize, &Entry, &GpuOutcomes)> = Vec::new();
        for (number, entry) in &self.drawn.rows {
            done.extend(self.outcomes.get(&entry.row.hash).map(|outcomes| (*number, entry, outcomes)));
        }
        done.sort_unstable_by_key(|(number, ..)| *number);
        let (texts, answered) = (self.drawn.rows.len(), done.len());
        let mut without_labels_by_reason = BTreeMap::new();
        done.retain(|(_, _, outcomes)| match common_reason(outcomes) {
            Some(reason) => {
                *without_labels_by_reason.entry(reason.to_owned()).or_default() += 1;
                false
            }
            None => true,
        });
        let mut labelled_by_gpu = BTreeMap::new();
        let mut failures_by_gpu: BTreeMap<String, BTreeMap<String, usize>> = BTreeMap::new();
        for (_, _, outcomes) in &done {
            for (target, labels) in GpuTarget::ALL.into_iter().zip(*outcomes) {
                match labels {
                    GpuLabels::Totals(_) => *labelled_by_gpu.entry(target.to_string()).or_default() += 1,
                    GpuLabels::Failure(reason) => {
                        *failures_by_gpu.entry(target.to_string()).or_default().entry(reason.clone()).or_default() += 1;
                    }
                }
            }
        }
        let file = self.path.join("corpus.parquet");
        let written = part || answered == texts;
        if written {
            self.write(&file, &done).map_err(|error| FolderError::at(&file, error))?;
        }
        Ok(LabelledKernels {
            texts,
            labelled: done.len(),
            without_labels: answered - done.len(),
            without_outcome: texts - answered,
            without_labels_by_reason,
            labelled_by_gpu,
            failures_by_gpu,
            labelled_this_time: self.this_time,
            file: written.then(|| file.display().to_string()),
        })
    }

    fn write(&self, path: &Path, rows: &[(usize, &Entry, &GpuOutcomes)]) -> Result<(), ColumnarError> {
        let mut metadata = table::metadata(self.drawn.corpus_seed);
        metadata.insert("draw_seed".to_owned(), self.drawn.seed.to_string());
        metadata.insert("llvm_version".to_owned(), self.toolchain.llvm_version.clone());
        metadata.extend(self.toolchain.ptxas_version.clone().map(|version| ("ptxas_version".to_owned(), version)));
        write_groups(path, rows, |part| {
            let entries: Vec<Entry> = part.iter().map(|(_, entry, _)| (*entry).clone()).collect();
            let outcomes: Vec<&GpuOutcomes> = part.iter().map(|(_, _, outcomes)| *outcomes).collect();
            let mut columns = table::columns(&entries);
            columns.extend(gpu_labels::columns(&outcomes));
            Frame { columns, metadata: metadata.clone() }
        })
    }
}

/// Why a text has no labels on any GPU: the reason of the first.
fn common_reason(outcomes: &GpuOutcomes) -> Option<&str> {
    let mut reasons = outcomes.iter().map(|labels| match labels {
        GpuLabels::Totals(_) => None,
        GpuLabels::Failure(reason) => Some(reason.as_str()),
    });
    let first = reasons.next()?;
    if reasons.all(|reason| reason.is_some()) { first } else { None }
}

/// The outcomes of a row, which is one function.
fn outcomes(reply: &GpuReply) -> GpuOutcomes {
    let everywhere = |reason: String| vec![GpuLabels::Failure(reason); GpuTarget::ALL.len()];
    let function = match (&reply.failure, &reply.functions[..]) {
        (Some(failure), _) => return everywhere(reason(failure)),
        (None, [function]) => function,
        (None, functions) => return everywhere(reason(&several(functions.len()))),
    };
    if let Some(refusal) = &function.refusal {
        return everywhere(format!("refused: {}", refusal.reason));
    }
    let of = |target: usize| match function.failure(target) {
        Some(failure) => GpuLabels::Failure(reason(failure)),
        None => GpuLabels::Totals(function.totals(target)),
    };
    (0..GpuTarget::ALL.len()).map(of).collect()
}

#[cfg(test)]
mod tests {
    use corpus::normal::content_hash;
    use corpus::row::Row;
    use corpus::{Source, checks};
    use ir::labels::gpu::{
        FunctionKernels, FunctionTotals, Geometry, GpuOutcome, GpuSettings, Kernel, KernelLabels, Refusal,
    };
    use ir::labels::{Failure, Phase};

    use super::*;

    fn toolchain(llvm_version: &str) -> GpuToolchain {
        GpuToolchain {
            llvm_version: llvm_version.into(),
            mlir_pipelines: Vec::new(),
            llvm_pipeline: String::new(),
            ptxas_version: Some("ptxas 12.9".into()),
            settings: GpuSettings::default(),
        }
    }

    fn drawn(count: usize) -> Drawn {
        let row = |number: usize| {
            let text = format!("kernel {number}");
            Row {
                hash: content_hash(&text),
                source: Source::Generated,
                family: "sum".into(),
                kernel: number.to_string(),
                variant: String::new(),
                dialect: "affine".into(),
                whole_block: false,
                pipeline: String::new(),
                lowered: content_hash(&text),
                largest_elements: 1,
                text,
            }
        };
        let entries = Entry::of_rows((0..count).map(row).collect(), 5);
        // Drawn from the last to the first row of a corpus.
        let rows = entries.into_iter().enumerate().rev().collect();
        Drawn { rows, corpus_seed: 5, seed: 1 }
    }

    /// Every third text has labels on one GPU only, every fifth on none.
    fn labels(number: usize) -> GpuOutcomes {
        let totals = FunctionTotals {
            kernels: Some(1),
            roofline_seconds: Some(0.1 * number as f64),
            ..FunctionTotals::default()
        };
        let mut all = vec![GpuLabels::Totals(totals); GpuTarget::ALL.len()];
        if number.is_multiple_of(3) {
            all[1..].fill(GpuLabels::Failure("translate: no function".into()));
        }
        if number.is_multiple_of(5) {
            all.fill(GpuLabels::Failure("refused: no loop".into()));
        }
        all
    }

    fn folder(name: &str) -> PathBuf {
        let path = std::env::temp_dir().join(format!("hardwire-kernels-{name}-{}", std::process::id()));
        let _ = std::fs::remove_dir_all(&path);
        path
    }

    fn open(path: &Path, count: usize) -> KernelFolder {
        KernelFolder::open(path, drawn(count), toolchain("22")).unwrap().0
    }

    fn keep(folder: &mut KernelFolder, at: usize) {
        let number = folder.drawn.rows[at].0;
        folder.keep(at, labels(number)).unwrap();
    }

    #[test]
    fn the_file_is_the_same_after_interruptions_and_in_any_order() {
        let (one, other) = (folder("one"), folder("other"));
        let mut whole = open(&one, 30);
        (0..30).for_each(|at| keep(&mut whole, at));
        let report = whole.finish(false).unwrap();
        assert_eq!((report.labelled, report.without_labels, report.without_outcome), (24, 6, 0));
        assert_eq!(report.without_labels_by_reason, BTreeMap::from([("refused: no loop".to_owned(), 6)]));
        assert_eq!(
            report.labelled_by_gpu,
            BTreeMap::from([("gfx942", 24), ("gfx1100", 16), ("sm_90", 16)].map(|(n, c)| (n.to_owned(), c)))
        );
        assert_eq!(report.failures_by_gpu["sm_90"]["translate: no function"], 8);

        let mut part = open(&other, 30);
        [7, 3, 29].into_iter().for_each(|at| keep(&mut part, at));
        assert_eq!(part.finish(false).unwrap().file, None);
        assert_eq!(part.finish(true).unwrap().without_outcome, 27);
        drop(part);
        // A kill in the middle of a record: its text is labelled again.
        let journal = other.join("kernels.journal");
        let bytes = std::fs::read(&journal).unwrap();
        std::fs::write(&journal, &bytes[..bytes.len() - 5]).unwrap();
        let mut rest = open(&other, 30);
        assert_eq!(rest.todo().len(), 28);
        rest.todo().to_vec().into_iter().rev().for_each(|at| keep(&mut rest, at));
        assert_eq!(rest.finish(false).unwrap().labelled, 24);
        let bytes = |path: &Path| std::fs::read(path.join("corpus.parquet")).unwrap();
        assert_eq!(bytes(&one), bytes(&other));
        // A smaller draw has what it needs in the journal.
        drop(rest);
        assert_eq!(open(&other, 10).todo(), &[] as &[usize]);
        std::fs::remove_dir_all(one).unwrap();
        std::fs::remove_dir_all(other).unwrap();
    }

    #[test]
    fn the_file_is_a_corpus_with_the_rows_of_its_source() {
        let path = folder("file");
        let mut folder = open(&path, 30);
        (0..30).for_each(|at| keep(&mut folder, at));
        folder.finish(false).unwrap();
        let frame = table::read(std::fs::read(path.join("corpus.parquet")).unwrap()).unwrap();
        let mut source = drawn(30).rows;
        source.reverse();
        let kept: Vec<Entry> =
            source.into_iter().filter(|(number, _)| number % 5 > 0).map(|(_, entry)| entry).collect();
        let entries = table::entries(&frame).unwrap();
        assert_eq!(entries, kept);
        let metadata = ["seed", "draw_seed", "llvm_version", "ptxas_version"].map(|key| frame.metadata[key].as_str());
        assert_eq!(metadata, ["5", "1", "22", "ptxas 12.9"]);
        let rows: Vec<Row> = entries.iter().map(|e| e.row.clone()).collect();
        let groups: Vec<usize> = entries.iter().map(|e| e.group).collect();
        let splits: Vec<_> = entries.iter().map(|e| e.splits.clone()).collect();
        let failing = checks::rows(&rows, &groups, &splits, table::seed(&frame)).into_iter().filter(|c| c.failures > 0);
        assert_eq!(failing.count(), 0);
        std::fs::remove_dir_all(path).unwrap();
    }

    #[test]
    fn a_journal_of_other_tools_is_refused() {
        let path = folder("tools");
        drop(open(&path, 3));
        let refused = KernelFolder::open(&path, drawn(3), toolchain("23")).map(|_| ()).unwrap_err();
        assert!(refused.to_string().contains("kernels.journal: it was kept for other"), "{refused}");
        std::fs::remove_dir_all(path).unwrap();
    }

    #[test]
    fn replies_become_totals_or_reasons() {
        let failure = |reason: &str| Failure { phase: Phase::Lower, reason: reason.into() };
        let reply = |functions, failure| GpuReply { id: 0, functions, failure, place: None, kernels: None };
        let only = |reason: &str| vec![GpuLabels::Failure(reason.to_owned()); GpuTarget::ALL.len()];
        assert_eq!(outcomes(&reply(Vec::new(), Some(failure("3:4: no; note: a")))), only("lower: no"));
        assert_eq!(outcomes(&reply(Vec::new(), None)), only("parse: the module has 0 public functions, a row is one"));
        let function = |kernels, refusal| vec![FunctionKernels { function: "f".into(), kernels, refusal }];
        let refusal = Some(Refusal { reason: "no loop".into(), place: None });
        assert_eq!(outcomes(&reply(function(Vec::new(), refusal), None)), only("refused: no loop"));
        let labels = KernelLabels { vector_registers: Some(9), ..KernelLabels::default() };
        let mut targets = vec![GpuOutcome::Labels(Box::new(labels)); GpuTarget::ALL.len()];
        targets[2] = GpuOutcome::Failure(failure("7:1: no function; note"));
        let unknown = BTreeMap::new();
        let kernel = Kernel { kernel: "k".into(), place: None, geometry: Geometry::default(), unknown, targets };
        let found = outcomes(&reply(function(vec![kernel], None), None));
        assert!(matches!(&found[0], GpuLabels::Totals(totals) if totals.vector_registers_max == Some(9)), "{found:?}");
        assert_eq!(found[2], GpuLabels::Failure("lower: no function".into()));
    }
}
