//! The journal of labelling: the outcome of every row so far. A killed process loses only the batches in flight.
//!
//! A record log whose identity is the rows, targets and settings as JSON and whose records are hash and outcome as JSON. A
//! journal of other rows, targets or settings is refused; rows of a damaged end are labelled again.

use std::collections::BTreeMap;
use std::fs::File;
use std::path::Path;

use corpus::labels::Outcome;
use ir::labels::{Settings, Target};
use serde::{Deserialize, Serialize};
use storage::record_log::Magic;

use crate::error::FolderError;
use files::record_file::RecordFile;

/// Kind and version of the log.
const MAGIC: &Magic = b"HWLABEL2";

/// What the labels of a journal depend on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Header {
    /// Digest of the hashes of all rows.
    pub rows: String,
    /// The targets that are labelled.
    pub targets: Vec<Target>,
    /// Settings of the labels.
    pub settings: Settings,
}

#[derive(Debug, Serialize, Deserialize)]
struct Record {
    hash: String,
    outcome: Outcome,
}

/// An open journal.
pub struct Journal {
    log: RecordFile,
    path: std::path::PathBuf,
}

impl Journal {
    /// Opens the journal at `path`, or starts it; returns what it holds and how many damaged bytes were dropped.
    pub fn open(path: &Path, header: &Header) -> Result<(Self, BTreeMap<String, Outcome>, u64), FolderError> {
        let identity = serde_json::to_vec(header).expect("settings serialize");
        let mut outcomes = BTreeMap::new();
        let mut keep = |payload: &[u8]| match serde_json::from_slice::<Record>(payload) {
            Ok(record) => {
                outcomes.insert(record.hash, record.outcome);
                true
            }
            Err(_) => false,
        };
        let opened = RecordFile::open(path, MAGIC, &identity, &mut keep);
        let (log, dropped) = opened.map_err(|error| FolderError::at(path, error))?;
        Ok((Self { log, path: path.to_owned() }, outcomes, dropped))
    }

    /// The file.
    pub fn file(&self) -> &File {
        self.log.file()
    }

    /// Appends an outcome.
    pub fn append(&mut self, hash: &str, outcome: &Outcome) -> Result<(), FolderError> {
        let record = Record { hash: hash.to_owned(), outcome: outcome.clone() };
        let payload = serde_json::to_vec(&record).expect("labels serialize");
        self.log.append(&payload).map_err(|error| FolderError::at(&self.path, error))
    }
}

#[cfg(test)]
mod tests {
    use ir::labels::{Failure as LabelFailure, Phase};

    use super::*;

    fn header(rows: &str) -> Header {
        Header { rows: rows.into(), targets: Target::ALL.to_vec(), settings: Settings::default() }
    }

    fn failure(reason: &str) -> Outcome {
        Outcome::Failure(LabelFailure { phase: Phase::Lower, reason: reason.into() })
    }

    #[test]
    fn a_cut_or_damaged_tail_is_dropped_and_written_again() {
        let path = std::env::temp_dir().join(format!("hardwire-journal-{}", std::process::id()));
        let _ = std::fs::remove_file(&path);
        let (mut journal, known, _) = Journal::open(&path, &header("a")).unwrap();
        assert!(known.is_empty());
        journal.append("one", &failure("no")).unwrap();
        journal.append("two", &failure("ä")).unwrap();
        drop(journal);
        let whole = std::fs::read(&path).unwrap();
        let first = 8 + 4 + serde_json::to_vec(&header("a")).unwrap().len() + 8;
        let second = first + (whole.len() - first) / 2;
        for length in first..whole.len() {
            std::fs::write(&path, &whole[..length]).unwrap();
            let (mut journal, known, dropped) = Journal::open(&path, &header("a")).unwrap();
            assert!(known.len() < 2);
            assert_eq!(dropped, (length - if known.is_empty() { first } else { second }) as u64);
            journal.append("two", &failure("ä")).unwrap();
            drop(journal);
            let (_, known, dropped) = Journal::open(&path, &header("a")).unwrap();
            assert_eq!((known.get("two"), dropped), (Some(&failure("ä")), 0));
        }
        let mut flipped = whole.clone();
        flipped[first + 20] ^= 1;
        std::fs::write(&path, &flipped).unwrap();
        let (_, known, dropped) = Journal::open(&path, &header("a")).unwrap();
        assert_eq!((known.len(), dropped), (0, (whole.len() - first) as u64));
        std::fs::remove_file(&path).unwrap();
    }

    #[test]
    fn a_journal_of_other_rows_is_refused() {
        let path = std::env::temp_dir().join(format!("hardwire-journal-other-{}", std::process::id()));
        let _ = std::fs::remove_file(&path);
        Journal::open(&path, &header("a")).unwrap();
        assert!(Journal::open(&path, &header("b")).is_err());
        std::fs::remove_file(&path).unwrap();
    }
}
