//! The folder of a labelling: `rows.parquet`, the journal of outcomes, `corpus.parquet`.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use corpus::design_labels;
use corpus::labels::{self, Outcome};
use corpus::normal::digest;
use corpus::table::{self, Entry, MAX_FILE_BYTES};
use designs::Design;
use files::replace;
use ir::labels::{Settings, Target};
use serde::{Deserialize, Serialize};
use storage::columnar::{ColumnarError, Frame, Packing, Writer};
use storage::record_log::Magic;

pub use crate::error::{Cause, FolderError};
use crate::jobs::{Labelling, batches, choose};
use crate::journal::{Journal, Kind};
use crate::pool::{Pool, Protocol};
use crate::xpu;

/// Start of a Parquet file. Others are not read further, since they can have any length.
const MAGIC: &[u8] = b"PAR1";
/// Rows of a row group of the corpus.
const ROW_GROUP: usize = 8192;

/// The journal of labels of processors.
struct Functions;

/// What these labels depend on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Header {
    /// Digest of the hashes of all rows.
    rows: String,
    /// The targets that are labelled.
    targets: Vec<Target>,
    /// Settings of the labels.
    settings: Settings,
}

impl Kind for Functions {
    const MAGIC: &'static Magic = b"HWLABEL2";
    type Header = Header;
    type Outcome = Outcome;
}

/// Result of a labelling.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Labelled {
    /// Rows of the folder.
    pub rows: usize,
    /// Rows with labels.
    pub labelled: usize,
    /// Rows that have no labels, for a reason.
    pub failed: usize,
    /// Rows that were not labelled yet.
    pub without_outcome: usize,
    /// Failed rows by reason.
    pub failures_by_reason: BTreeMap<String, usize>,
    /// Texts that were labelled by this call.
    pub labelled_this_time: usize,
    /// The corpus, if it was written.
    pub file: Option<String>,
}

/// A folder whose rows are labelled.
pub struct Folder {
    path: PathBuf,
    pub(crate) entries: Arc<[Entry]>,
    seed: u64,
    pub(crate) settings: Settings,
    journal: Journal<Functions>,
    outcomes: BTreeMap<String, Outcome>,
    todo: Vec<usize>,
    this_time: usize,
    /// Digest of the hashes of all rows.
    pub(crate) identity: String,
}

impl Folder {
    /// Opens the folder and its journal. With `rows`, only so many rows are to be labelled. Returns also how many bytes of the
    /// journal were damaged and dropped.
    ///
    /// # Errors
    /// If a file cannot be read, is something else, or is in use.
    pub fn open(path: &Path, rows: Option<usize>) -> Result<(Self, u64), FolderError> {
        let table = path.join("rows.parquet");
        let frame = read(&table, files::regular(&table))?;
        let entries = table::entries(&frame).map_err(|error| FolderError::at(&table, error))?;
        let seed = table::seed(&frame);
        drop(frame);
        let settings = Settings::default();
        let hashes: Vec<&str> = entries.iter().map(|e| e.row.hash.as_str()).collect();
        let identity = digest(&hashes.join(" "));
        let header = Header { rows: identity.clone(), targets: Target::ALL.to_vec(), settings: settings.clone() };
        let (journal, outcomes, dropped) = Journal::open(&path.join("labels.journal"), &header)?;
        let mut todo = choose(&entries, seed, rows);
        todo.retain(|&index| !outcomes.contains_key(&entries[index].row.hash));
        let (path, entries) = (path.to_owned(), entries.into());
        Ok((Self { path, entries, seed, settings, journal, outcomes, todo, this_time: 0, identity }, dropped))
    }

    /// Numbers of the texts that are left to label.
    #[must_use]
    pub fn todo(&self) -> &[usize] {
        &self.todo
    }

    /// The journal's file, which a process that was forked has open as well, and with it the lock.
    #[must_use]
    pub fn journal(&self) -> &File {
        self.journal.file()
    }

    /// Keeps the outcome of a text.
    ///
    /// # Errors
    /// If the journal cannot be written.
    pub fn keep(&mut self, index: usize, outcome: Outcome) -> Result<(), FolderError> {
        let hash = &self.entries[index].row.hash;
        self.journal.append(hash, &outcome)?;
        self.outcomes.insert(hash.clone(), outcome);
        self.this_time += 1;
        Ok(())
    }

    /// Labels what is left in the worker processes of a pool. `more` is called after each text and says whether to go on.
    ///
    /// # Errors
    /// If a worker cannot be started or the journal cannot be written.
    pub fn label_here(&mut self, pool: &Pool, mut more: impl FnMut() -> bool) -> Result<(), FolderError> {
        let entries = Arc::clone(&self.entries);
        let text = |index: usize| entries[index].row.text.as_str();
        let batches = batches(&text, &self.todo);
        let settings = self.settings.clone();
        label_all(pool, &Labelling { text: &text, settings: &settings }, batches, |index, outcome| {
            self.keep(index, outcome)?;
            Ok(more())
        })
    }

    /// Writes the corpus if every row has an outcome, or if a `part` is enough: rows without one are then left out.
    ///
    /// # Errors
    /// If the corpus cannot be written.
    pub fn finish(&self, part: bool, design: &Design) -> Result<Labelled, FolderError> {
        let done: Vec<&Entry> = self.entries.iter().filter(|e| self.outcomes.contains_key(&e.row.lowered)).collect();
        let file = self.path.join("corpus.parquet");
        let written = part || done.len() == self.entries.len();
        if written {
            self.write(&file, &done, design).map_err(|error| FolderError::at(&file, error))?;
        }
        let mut failures_by_reason = BTreeMap::new();
        for entry in &done {
            if let Some(reason) = labels::failure(&self.outcomes[&entry.row.lowered]) {
                *failures_by_reason.entry(reason).or_default() += 1;
            }
        }
        let failed: usize = failures_by_reason.values().sum();
        Ok(Labelled {
            rows: self.entries.len(),
            labelled: done.len() - failed,
            failed,
            without_outcome: self.entries.len() - done.len(),
            failures_by_reason,
            labelled_this_time: self.this_time,
            file: written.then(|| file.display().to_string()),
        })
    }

    /// Rows in the order of the table, the same bytes for the same outcomes.
    fn write(&self, path: &Path, entries: &[&Entry], design: &Design) -> Result<(), ColumnarError> {
        let frame = |part: &[&Entry]| {
            let owned: Vec<Entry> = part.iter().map(|e| (*e).clone()).collect();
            let of: Vec<&Outcome> = part.iter().map(|e| &self.outcomes[&e.row.lowered]).collect();
            let mut columns = table::columns(&owned);
            columns.extend(labels::columns(&of));
            let placed: Vec<_> = part.iter().map(|e| xpu::label(&e.row.text, design)).collect();
            columns.extend(design_labels::columns(&placed));
            Frame { columns, metadata: table::metadata(self.seed) }
        };
        write_groups(path, entries, frame)
    }
}

/// Has all batches answered by a pool; `keep` takes each answer and says whether to go on.
pub(crate) fn label_all<P: Protocol>(
    pool: &Pool,
    protocol: &P,
    batches: Vec<Vec<usize>>,
    mut keep: impl FnMut(usize, P::Answer) -> Result<bool, FolderError>,
) -> Result<(), FolderError> {
    let mut failed = None;
    pool.run(protocol, batches, |index, answer| {
        Ok(keep(index, answer).unwrap_or_else(|error| {
            failed = Some(error);
            false
        }))
    })
    .map_err(|error| FolderError::at(&pool.command, error))?;
    failed.map_or(Ok(()), Err)
}

/// Writes rows as a table, `frame` makes the columns of some of them.
pub(crate) fn write_groups<T>(path: &Path, rows: &[T], frame: impl Fn(&[T]) -> Frame) -> Result<(), ColumnarError> {
    replace(path, |out| {
        let mut writer = Writer::new(out, &frame(&[]), Packing::Small)?;
        for part in rows.chunks(ROW_GROUP) {
            writer.append(&frame(part))?;
        }
        writer.finish().map(|_| ())
    })
}

/// Reads the table of a corpus file that was opened. `path` is its name for messages.
///
/// # Errors
/// If it cannot be read, or is no corpus of this version.
pub fn read(path: &Path, file: io::Result<File>) -> Result<Frame, FolderError> {
    let refuse = |error: io::Error| FolderError::at(path, error);
    let file = file.map_err(refuse)?;
    // One byte more than allowed shows that there is more.
    let mut file = file.take(MAX_FILE_BYTES + 1);
    let mut bytes = Vec::new();
    file.by_ref().take(MAGIC.len() as u64).read_to_end(&mut bytes).map_err(refuse)?;
    if bytes != MAGIC {
        return Err(FolderError::at(path, Cause::NotParquet));
    }
    file.read_to_end(&mut bytes).map_err(refuse)?;
    table::read(bytes).map_err(|error| FolderError::at(path, error))
}
