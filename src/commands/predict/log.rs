//! The query log: each text with its predictions, one JSON object per line, as data for later training.

use std::fs::{File, OpenOptions};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};

use costmodel::rows::Row;
use serde::Serialize;

use crate::diagnostics::Failure;

/// A log that is appended to; several processes may share one.
pub struct Log {
    path: PathBuf,
    file: File,
    /// Whether the last write failed.
    torn: AtomicBool,
}

#[derive(Serialize)]
struct LogLine<'a> {
    text: &'a str,
    predictions: &'a [Row<'a>],
}

impl Log {
    /// Opens the log at `path`, if given.
    pub fn open(path: Option<&Path>) -> Result<Option<Self>, Failure> {
        let open = |path: &Path| {
            let file = OpenOptions::new().create(true).append(true).open(path);
            file.map(|file| Self { path: path.to_owned(), file, torn: false.into() })
                .map_err(|error| Failure::File { path: path.display().to_string(), error })
        };
        path.map(open).transpose()
    }

    /// Appends a text with its predictions, in one write so that lines of several processes do not mix.
    pub fn append(&self, text: &str, predictions: &[Row<'_>]) -> Result<(), Failure> {
        let mut line = Vec::new();
        // A failed write may have left part of a line.
        if self.torn.swap(false, Ordering::SeqCst) {
            line.push(b'\n');
        }
        serde_json::to_writer(&mut line, &LogLine { text, predictions }).expect("predictions serialize");
        line.push(b'\n');
        (&self.file).write_all(&line).map_err(|error| {
            self.torn.store(true, Ordering::SeqCst);
            Failure::File { path: self.path.display().to_string(), error }
        })
    }
}
