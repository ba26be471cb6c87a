//! The folder of a sweep: its journal, a copy of its file, tables, plots and summary.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use files::replace;
use reports::plot::PlotError;
use storage::columnar::ColumnarError;
use storage::hash::ContentHash;
use sweep::exploration::{Exploration, Stage};
use sweep::record::{Batch, Identity};
use sweep::rows::Rows;
use sweep::{Outcome, Plan};

use crate::journal::{self, Found, Journal, JournalError};
use crate::plots::Drawn;
use crate::tables::{Kind, Tables};

/// Journal of a sweep in its folder.
pub const JOURNAL: &str = "journal";
/// Copy of the sweep file.
const COPY: &str = "sweep.toml";
/// Summary of a sweep in its folder.
pub const SUMMARY: &str = "summary.json";

/// Batches between two syncs of the journal.
const SYNC_EVERY: u64 = 512;

/// Why a folder cannot keep a sweep.
#[derive(Debug, thiserror::Error)]
pub enum FolderError {
    /// A file cannot be read or written.
    #[error("cannot write `{path}`: {error}")]
    File {
        /// Path of the file.
        path: String,
        /// Error of the file system.
        error: io::Error,
    },
    /// The path is a file.
    #[error("`{0}` is a file")]
    IsFile(String),
    /// The folder has files of something else.
    #[error("`{0}` is not empty and holds no sweep: name a new folder")]
    NoSweep(String),
    /// Its journal is none.
    #[error("`{0}` is no journal of a sweep")]
    NoJournal(String),
    /// A process computes the sweep.
    #[error("`{0}` is in use by another sweep that is running")]
    Locked(String),
    /// It holds this sweep as a whole or as a shard.
    #[error("`{path}` holds {}", held(*.shard))]
    OtherShard {
        /// The folder.
        path: String,
        /// Which shard of how many it holds.
        shard: (u32, u32),
    },
    /// It holds another sweep.
    #[error("`{0}` holds another sweep, or this one before its file, design or version changed")]
    Other(String),
    /// A plot cannot be drawn.
    #[error(transparent)]
    Plot(#[from] PlotError),
}

fn held((shard, shards): (u32, u32)) -> String {
    match shards {
        1 => "this sweep as a whole, not a shard of it".to_owned(),
        _ => format!("shard {shard} of {shards} of this sweep"),
    }
}

/// Adds the path to an error of the file system.
fn failure(path: &Path) -> impl Fn(io::Error) -> FolderError + '_ {
    move |error| FolderError::File { path: path.display().to_string(), error }
}

/// The folder of a sweep, whose journal is open.
pub struct Folder {
    path: PathBuf,
    journal: Journal,
    /// Batches since the journal was opened.
    batches: u64,
}

impl Folder {
    /// Opens or creates the folder of a sweep, or of a shard of it, and reads its journal. `fresh` discards earlier results.
    /// Returns the outcomes so far as well.
    ///
    /// # Errors
    /// If the folder holds something else, or another process writes it, or the file system refuses.
    pub fn open<'a>(
        plan: &'a Plan,
        path: &Path,
        shard: (u32, u32),
        fresh: bool,
    ) -> Result<(Self, Exploration<'a>, Found), FolderError> {
        let shown = || path.display().to_string();
        if path.is_file() {
            return Err(FolderError::IsFile(shown()));
        }
        std::fs::create_dir_all(path).map_err(failure(path))?;
        let log = path.join(JOURNAL);
        let empty = std::fs::read_dir(path).map_err(failure(path))?.next().is_none();
        if !empty && !log.exists() {
            return Err(FolderError::NoSweep(shown()));
        }
        if fresh && log.exists() {
            Journal::unused(&log).map_err(|error| refuse(error, path, plan))?;
            discard(path).map_err(failure(path))?;
        }
        let identity = Identity { sweep: identity(plan), columns: plan.columns.len() as u32, shard };
        let mut rows = Rows::new(plan.points as usize, plan.columns.len());
        let mut confirmed = BTreeMap::new();
        let mut sink = |stage: Stage, index: u64, outcome: Outcome| match stage {
            _ if index >= plan.points => {}
            Stage::Screen => rows.set(index as usize, &outcome),
            Stage::Confirm => drop(confirmed.insert(index, outcome)),
        };
        let opened = Journal::open(&log, identity, &mut sink);
        let (journal, found) = opened.map_err(|error| refuse(error, path, plan))?;
        let copy = path.join(COPY);
        replace(&copy, |out| out.write_all(plan.text.as_bytes())).map_err(failure(&copy))?;
        Ok((Self { path: path.to_owned(), journal, batches: 0 }, Exploration::new(plan, rows, confirmed), found))
    }

    /// The file of the journal. Its lock lasts as long as any process has it open: a process that is forked should close it.
    #[must_use]
    pub fn journal(&self) -> &File {
        self.journal.file()
    }

    /// Appends a batch of a stage to the journal; once this returns it outlives the process.
    ///
    /// # Errors
    /// I/O errors.
    pub fn keep(&mut self, stage: Stage, batch: &[(u64, Outcome)]) -> Result<(), FolderError> {
        self.batches += 1;
        let written = self.journal.append(stage, batch);
        let sync = self.batches.is_multiple_of(SYNC_EVERY);
        let synced = written.and_then(|()| if sync { self.journal.sync() } else { Ok(()) });
        synced.map_err(failure(&self.path.join(JOURNAL)))
    }

    /// Writes all tables and returns the names of the files.
    ///
    /// # Errors
    /// I/O errors.
    pub fn write_tables(
        &self,
        tables: &Tables<'_>,
        metadata: &BTreeMap<String, String>,
    ) -> Result<Vec<String>, FolderError> {
        let mut files = Vec::new();
        for kind in tables.kinds() {
            self.write_table(tables, kind, metadata)?;
            files.extend([format!("{kind}.parquet"), format!("{kind}.csv")]);
        }
        Ok(files)
    }

    /// Writes a table as `NAME.parquet` and `NAME.csv`.
    fn write_table(
        &self,
        tables: &Tables<'_>,
        kind: Kind,
        metadata: &BTreeMap<String, String>,
    ) -> Result<(), FolderError> {
        let refused = |path: &Path, error: ColumnarError| {
            failure(path)(match error {
                ColumnarError::Io(error) => error,
                other => io::Error::other(other.to_string()),
            })
        };
        let parquet = || {
            let path = self.path.join(format!("{kind}.parquet"));
            replace(&path, |out| tables.write_parquet(kind, metadata, out)).map_err(|error| refused(&path, error))
        };
        let csv = || {
            let path = self.path.join(format!("{kind}.csv"));
            replace(&path, |out| tables.write_csv(kind, out)).map_err(|error| refused(&path, error))
        };
        std::thread::scope(|scope| {
            let other = scope.spawn(csv);
            let result = parquet();
            result.and(other.join().expect("writing does not panic"))
        })
    }

    /// Writes a plot as SVG and PNG and returns the names of the files.
    ///
    /// # Errors
    /// If it cannot be drawn or written.
    pub fn write_plot(&self, plot: &Drawn) -> Result<Vec<String>, FolderError> {
        let mut files = Vec::new();
        let png = plot.plot.png()?;
        for (kind, bytes) in [("svg", plot.svg.as_bytes()), ("png", &png)] {
            let file = format!("{}.{kind}", plot.name);
            let path = self.path.join(&file);
            replace(&path, |out| out.write_all(bytes)).map_err(failure(&path))?;
            files.push(file);
        }
        Ok(files)
    }

    /// Writes the summary.
    ///
    /// # Errors
    /// I/O errors.
    pub fn write_summary(&self, text: &str) -> Result<(), FolderError> {
        let path = self.path.join(SUMMARY);
        replace(&path, |out| out.write_all(text.as_bytes())).map_err(failure(&path))
    }
}

/// Hash of everything that decides the results of a sweep.
fn identity(plan: &Plan) -> u128 {
    ContentHash::of(plan.identity().as_bytes())
}

/// The outcomes of the first stage in the journal of a shard, `file` in the folder `path`, in the order they were computed; `None`
/// if it belongs to another sweep.
///
/// # Errors
/// If the file is not a journal, or cannot be read.
pub fn shard(plan: &Plan, path: &Path, file: &File) -> Result<Option<Vec<Batch>>, FolderError> {
    let read = journal::read(file).map_err(|error| refuse(error, path, plan))?;
    Ok(read.filter(|(found, _)| found.sweep == identity(plan)).map(|(_, batches)| {
        let screened = batches.into_iter().filter(|(stage, _)| *stage == Stage::Screen);
        screened.map(|(_, batch)| batch).collect()
    }))
}

fn refuse(error: JournalError, path: &Path, plan: &Plan) -> FolderError {
    let shown = path.display().to_string();
    let log = path.join(JOURNAL);
    match error {
        JournalError::Io(error) => failure(&log)(error),
        JournalError::Foreign => FolderError::NoJournal(log.display().to_string()),
        JournalError::Locked => FolderError::Locked(shown),
        JournalError::Other(other) if other.sweep == identity(plan) => {
            FolderError::OtherShard { path: shown, shard: other.shard }
        }
        JournalError::Other(_) => FolderError::Other(shown),
    }
}

/// Removes what an earlier sweep wrote to its folder.
fn discard(folder: &Path) -> io::Result<()> {
    for entry in std::fs::read_dir(folder)? {
        let path = entry?.path();
        let of = |names: &[&str], part: Option<&std::ffi::OsStr>| {
            part.and_then(|part| part.to_str()).is_some_and(|part| names.contains(&part))
        };
        let own =
            of(&[JOURNAL, SUMMARY, COPY], path.file_name()) || of(&["csv", "parquet", "svg", "png"], path.extension());
        if own && path.is_file() {
            std::fs::remove_file(path)?;
        }
    }
    Ok(())
}
