//! Common to `train` and `evaluate`: the corpus, the folder of finished fits, progress.

use std::io::{Read, Write};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use training::corpus_rows::{self, CorpusRows};
use training::evaluation::{FitsError, Store};

use super::dataset::file;
use crate::diagnostics::Failure;
use crate::progress::Progress;
use files::replace;

/// The number of threads given, or of cores.
pub fn threads(asked: Option<usize>) -> usize {
    asked.unwrap_or_else(|| std::thread::available_parallelism().map_or(1, usize::from)).max(1)
}

/// The corpus of a file, or that of the repository, and its path.
pub fn corpus_rows(path: Option<&Path>, threads: usize) -> Result<(PathBuf, CorpusRows), Failure> {
    let path = file::file_or_default(path);
    let frame = file::read(&path)?;
    let progress = Mutex::new(None);
    let read = |texts: usize, all: usize| {
        let mut progress = progress.lock().unwrap_or_else(PoisonError::into_inner);
        progress.get_or_insert_with(|| Progress::new("reading", "texts", all as u64, 0)).add(texts as u64);
    };
    let corpus = corpus_rows::read(&frame, threads, &read).map_err(|error| file::refuse(&path, error))?;
    if let Some(progress) = progress.into_inner().unwrap_or_else(PoisonError::into_inner) {
        progress.finish();
    }
    Ok((path, corpus))
}

/// A progress callback: called after each fit with the number of fits to do.
pub fn fitting() -> impl Fn(usize) + Sync {
    let progress = Mutex::new(None);
    move |all| {
        let mut progress = progress.lock().unwrap_or_else(PoisonError::into_inner);
        progress.get_or_insert_with(|| Progress::new("fitting", "models", all as u64, 0)).add(1);
    }
}

/// A folder that keeps answers of fits, a file per fit.
pub struct Folder(PathBuf);

impl Folder {
    /// Opens a folder, making it if it is not there.
    pub fn open(path: &Path) -> Result<Self, Failure> {
        std::fs::create_dir_all(path).map_err(|error| Failure::File { path: path.display().to_string(), error })?;
        Ok(Self(path.to_owned()))
    }
}

impl Store for Folder {
    fn read(&self, name: &str, limit: u64) -> Option<Vec<u8>> {
        let mut bytes = Vec::new();
        std::fs::File::open(self.0.join(name)).ok()?.take(limit).read_to_end(&mut bytes).ok()?;
        Some(bytes)
    }

    fn write(&self, name: &str, bytes: &[u8]) -> std::io::Result<()> {
        replace(&self.0.join(name), |out| out.write_all(bytes))
    }
}

impl From<FitsError> for Failure {
    fn from(error: FitsError) -> Self {
        match error {
            FitsError::Store { name, error } => Self::File { path: name, error },
            error => Self::Request(error.to_string()),
        }
    }
}
