//! The query log: each text with its predictions, one JSON object per line, as data for later training.

use std::fs::{File, OpenOptions};
use std::io::Write;
use std::path::{Path, PathBuf};

use serde::Serialize;

use super::rows::Row;
use crate::diagnostics::Failure;

/// A log that is appended to; several processes may share one.
pub struct Log {
    path: PathBuf,
    file: File,
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
            file.map(|file| Self { path: path.to_owned(), file })
                .map_err(|error| Failure::File { path: path.display().to_string(), error })
        };
        path.map(open).transpose()
    }

    /// Appends a text with its predictions, in one write so that lines of several processes do not mix.
    pub fn append(&self, text: &str, predictions: &[Row<'_>]) -> Result<(), Failure> {
        let mut line = serde_json::to_vec(&LogLine { text, predictions }).expect("predictions serialize");
        line.push(b'\n');
        (&self.file).write_all(&line).map_err(|error| Failure::File { path: self.path.display().to_string(), error })
    }
}
